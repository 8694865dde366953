/* Mail addresses in header fields (RFC 5322 section 3.4, obsolete forms read too). Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>

/*
 * One entry of an address list, as ENVELOPE shows it (RFC 3501 section 7.4.2). The start of a group
 * has its name in `local` and no `domain`; its end has nothing at all.
 */
struct address {
	char *name;   /* display name, quoting undone, RFC 2047 words as they are; NULL: none */
	char *route;  /* "@a,@b" (obsolete source route); NULL: none */
	char *local;  /* quoting undone */
	char *domain; /* "" when missing */
};

#define ADDRESS_LIST_MAX 1000 /* entries read from one field */

/* All entries of a field body, of struct address *; what is no address is skipped. Never NULL. */
GPtrArray *address_list_parse(const char *text);

/* "local@domain" with the local part quoted where it must be; the caller frees it. */
char *address_spec(const struct address *address);

/* The specs of all mailboxes with a domain in a list, of char *, without groups. Never NULL. */
GPtrArray *address_specs(const char *text);

/*
 * True for an addr-spec that an envelope can carry: a dot-string or quoted string of at most 64
 * bytes, '@', and a domain name or address literal of at most 255 bytes (RFC 5321 section 4.1.2,
 * 4.5.3.1). 8-bit characters are refused (no SMTPUTF8).
 */
bool address_is_valid(const char *spec);

/* What follows the last '@'; "" without one. Borrowed from `spec`. */
const char *address_domain(const char *spec);

/* True when both are the same mailbox; letter case does not count (as in the mail store). */
bool address_equal(const char *a, const char *b);
