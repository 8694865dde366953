/* Mailbox names on the wire: modified UTF-7 (RFC 3501 section 5.1.3). */
#pragma once
#include "sim/bytes.h"

/* UTF-8 for the name `in`, freed by the caller; NULL when it is not valid modified UTF-7. */
char *imap_utf7_decode(struct bytes in);

/* The name `utf8` (valid UTF-8) as it goes on the wire; freed by the caller. */
char *imap_utf7_encode(const char *utf8);
