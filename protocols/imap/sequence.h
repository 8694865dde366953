/* Sequence sets: which messages a command means (RFC 3501 section 9, sequence-set). */
#pragma once
#include "protocols/imap/parser.h"

struct imap_range {
	uint32_t first, last;
};

/* Ranges of numbers; after resolving ascending, apart from each other. */
struct imap_sequence_set {
	GArray *ranges; /* of struct imap_range; "*" is 0 until resolved */
	bool has_star;  /* resolving met "*" */
};

#define IMAP_SEQUENCE_INIT                                                                         \
	{                                                                                          \
		NULL, false                                                                        \
	}

bool imap_parse_sequence_set(struct imap_parser *parser, struct imap_sequence_set *set);
void imap_sequence_clear(struct imap_sequence_set *set);

/* Puts `largest` in place of "*", orders and joins the ranges. */
void imap_sequence_resolve(struct imap_sequence_set *set, uint32_t largest);

/* After resolving: is `number` in the set? */
bool imap_sequence_contains(const struct imap_sequence_set *set, uint32_t number);

/* After resolving: the smallest number in the set that is `from` or more; 0 when there is none. */
uint32_t imap_sequence_next(const struct imap_sequence_set *set, uint32_t from);

/* After resolving: the largest number in it. */
uint32_t imap_sequence_largest(const struct imap_sequence_set *set);

/* Adds ascending numbers one by one to a resolved set; "1,2,3" becomes 1:3. */
void imap_sequence_add(struct imap_sequence_set *set, uint32_t number);

/* Appends the set as it goes on the wire: "1:3,7". */
void imap_sequence_print(const struct imap_sequence_set *set, GString *out);
