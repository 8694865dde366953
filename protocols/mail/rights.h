/*
 * Who may do what with a mailbox (RFC 4314). Its owner may do all; others what the list says that is
 * kept with the mailbox: identifiers (addresses, "anyone", with "-" in front: taken away) and rights.
 */
#pragma once
#include "protocols/mail/mailbox.h"
#include "protocols/mail/names.h"

/* Sets of rights: one bit for each letter of MAILBOX_RIGHT_LETTERS, in their order. */
enum mailbox_right {
	RIGHT_LOOKUP = 1 << 0,         /* l: the name is listed */
	RIGHT_READ = 1 << 1,           /* r: SELECT, STATUS, FETCH */
	RIGHT_SEEN = 1 << 2,           /* s: \Seen is kept */
	RIGHT_WRITE = 1 << 3,          /* w: flags but \Seen and \Deleted */
	RIGHT_INSERT = 1 << 4,         /* i: APPEND, COPY into it */
	RIGHT_POST = 1 << 5,           /* p: no meaning here */
	RIGHT_CREATE = 1 << 6,         /* k: CREATE below it */
	RIGHT_DELETE_MAILBOX = 1 << 7, /* x: DELETE, RENAME it */
	RIGHT_DELETE = 1 << 8,         /* t: \Deleted */
	RIGHT_EXPUNGE = 1 << 9,        /* e: EXPUNGE */
	RIGHT_ADMINISTER = 1 << 10,    /* a: SETACL and its like */
	RIGHTS_ALL = (1 << 11) - 1,
};

#define MAILBOX_GRANTS_MAX 100 /* identifiers on one list */

struct mailbox_grant {
	char *identifier; /* in lower case */
	uint32_t rights;  /* enum mailbox_right */
};

/* What the user with `address` may do. */
uint32_t mailbox_rights_of(const struct mailbox *mailbox, const char *address);

/* What is on the list for the identifier; 0 when it is not there. */
uint32_t mailbox_granted(const struct mailbox *mailbox, const char *identifier);

/* Puts the rights on the list, or with 0 takes the identifier off it. False when the list is full. */
bool mailbox_grant(struct mailbox *mailbox, const char *identifier, uint32_t rights);

/* Gives a new mailbox the list of the one above it. */
void mailbox_grant_like(struct mailbox *mailbox, const struct mailbox *parent);

/* Adds the rights of the letters to `rights`; the old "c" is kx, "d" is te. False: no such right. */
bool mailbox_rights_parse(const char *letters, uint32_t *rights);

/* Appends the letters, with c and d for old clients when some of what they stand for is there. */
void mailbox_rights_print(GString *out, uint32_t rights);
