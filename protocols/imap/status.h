/* What STATUS tells of a mailbox (RFC 3501 section 6.3.10); LIST may ask for it too (RFC 5819). */
#pragma once
#include "protocols/imap/command.h"

/* "(" status-att *(SP status-att) ")": adds to the set of items. */
bool imap_parse_status_items(struct imap_session *session, struct imap_parser *parser,
			     unsigned *items);

/* Appends the STATUS response for the mailbox, called `name` here. */
void imap_print_status(GString *out, struct imap_session *session, const char *name,
		       const struct mailbox *mailbox, unsigned items);
