/* Looks for text in messages as a reader sees them: words decoded, encodings undone, case ignored. */
#pragma once
#include "protocols/mail/message.h"

/* `text` (UTF-8) as it is compared: without case. The caller frees it. */
char *imap_fold(const char *text);

/*
 * Does a field called `name` of the header section, or any field when it is NULL, contain `folded`?
 * An empty text is in every field there is.
 */
bool imap_field_contains(struct bytes header, const char *name, const char *folded);

/*
 * The same for a field of addresses, or one of these without comments and folding: "name <local@domain>"
 * (RFC 3501 section 6.4.4 asks for the envelope's).
 */
bool imap_address_field_contains(struct bytes header, const char *name, const char *folded);

/* Does the body of the message contain `folded`: its text parts, and messages inside it? */
bool imap_body_contains(struct message *message, const char *folded);
