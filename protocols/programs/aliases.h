/*
 * Names of a mail server that stand for others: aliases, which only redirect, and lists, which take
 * responsibility too (RFC 5321 section 3.9).
 */
#pragma once
#include <glib.h>
#include "protocols/smtp/envelope.h"

struct aliases;

struct aliases *aliases_new(void);
void aliases_free(struct aliases *aliases); /* NULL is fine */

/*
 * `address` stands for the `targets`. With an `owner` it is a list: what is sent to it goes on with
 * that reverse-path, so that the owner hears of failures (section 3.9.2). Strings are copied.
 */
void aliases_add(struct aliases *aliases, const char *address, const char *const *targets,
		 unsigned target_count, const char *owner);

bool aliases_has(const struct aliases *aliases, const char *address);

/* What an alias stands for when it is one address alone, and no list; NULL otherwise. Borrowed. */
const char *aliases_target(const struct aliases *aliases, const char *address);

/* Recipients that share a reverse-path. */
struct expansion {
	const char *sender;    /* borrowed from the list; NULL: that of the message */
	GPtrArray *recipients; /* of char * */
	GArray *wishes;        /* of struct smtp_recipient_wish, theirs */
};

/*
 * What is left of the recipients when no name stands for others any more, of struct expansion *; the
 * first, which may be empty, has the sender of the message, then one for each list. Nobody is in
 * one twice, and names that stand for each other come to an end. An alias passes its wishes on,
 * with itself as the original recipient (RFC 3461 section 5.2.7); a list has none.
 */
GPtrArray *aliases_expand(const struct aliases *aliases, const char *const *recipients,
			  const struct smtp_recipient_wish *wishes, unsigned count);
