/* The names of mailboxes that a user sees, and patterns that choose among them (RFC 3501 6.3.8). */
#pragma once
#include "protocols/imap/command.h"

/* A name of the hierarchy: a mailbox, or a name only because there are some below it. */
struct imap_listed {
	char *name;              /* UTF-8 */
	struct mailbox *mailbox; /* NULL: there is none of that name */
	bool is_subscribed;
	bool has_children;
};

/*
 * All names the user may see, each once, in order: of mailboxes, of what is above them, and of what is
 * subscribed to though it does not exist. The caller unrefs the array of struct imap_listed *.
 */
GPtrArray *imap_hierarchy(const struct imap_session *session);

/* "*" stands for any characters, "%" for any but the separator; INBOX has no letter case. */
bool imap_pattern_matches(const char *pattern, const char *name);

/* The special use of the user's own mailbox (RFC 6154): "\Sent" and so on; NULL: none. */
const char *imap_special_use(const struct imap_session *session, const struct imap_listed *listed);
