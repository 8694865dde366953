/*
 * The parts of a message as a scanner sees them: every leaf of its MIME structure with the transfer
 * encoding undone, also in messages within, encoded or not. Bounded against what is built to exhaust a
 * scanner: what is beyond the bounds is not looked at, and said so.
 */
#pragma once
#include "protocols/mail/message.h"

#define SCREEN_NESTED_MAX  8                  /* encoded messages within each other */
#define SCREEN_DECODED_MAX (64 * 1024 * 1024) /* octets of all decoded parts together */

struct screen_part {
	char *number;            /* as IMAP counts (RFC 9051 section 6.4.5): "2.1" */
	struct message *message; /* it is in: the whole one, or one that came encoded */
	const struct message_part *part;
	char *file;      /* name of the attached file; NULL: none */
	GBytes *content; /* decoded */
};

/* Which bound was met first. */
enum screen_limit {
	SCREEN_LIMIT_NONE,
	SCREEN_LIMIT_DEPTH, /* MESSAGE_DEPTH_MAX, or SCREEN_NESTED_MAX */
	SCREEN_LIMIT_PARTS, /* MESSAGE_PARTS_MAX */
	SCREEN_LIMIT_BYTES, /* SCREEN_DECODED_MAX */
};

struct screen_parts {
	GPtrArray *list; /* of struct screen_part *, in the order of the bytes */
	enum screen_limit limit;
};

struct screen_parts *screen_parts_new(GBytes *data);
void screen_parts_free(struct screen_parts *parts); /* NULL is fine */

static inline const struct screen_part *screen_part_at(const struct screen_parts *parts,
						       unsigned index)
{
	return (const struct screen_part *)parts->list->pdata[index];
}

/* True when the part is of a type "text/...". */
bool screen_part_is_text(const struct screen_part *part);

/* Its text in UTF-8. The caller frees it. */
char *screen_part_text(const struct screen_part *part);
