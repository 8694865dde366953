/* The ENVELOPE of a message (RFC 3501 section 7.4.2): made from a header, printed, read back. */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/mail/address.h"

/* Raw strings, NULL for NIL; lists of struct address *, NULL for NIL. */
struct imap_envelope {
	char *date, *subject, *in_reply_to, *message_id;
	GPtrArray *from, *sender, *reply_to, *to, *cc, *bcc;
};

/* What the header section `header` says. A missing Sender or Reply-To is From. */
struct imap_envelope *imap_envelope_of(struct bytes header);
void imap_envelope_free(struct imap_envelope *envelope);

/* Appends the envelope in parentheses. */
void imap_envelope_print(GString *out, const struct imap_envelope *envelope);

/* The same from a response; the caller frees it. */
bool imap_parse_envelope(struct imap_parser *parser, struct imap_envelope **envelope);

/* Appends `text` as nstring: NIL when NULL, quoted where that can hold it, else a literal. */
void imap_print_nstring(GString *out, const char *text);

/* Appends `text` as astring: an atom where that can hold it. */
void imap_print_astring(GString *out, const char *text);
