/* Walks lists of options as IPv4 (RFC 791 section 3.1) and TCP (RFC 9293 section 3.1) write them. */
#pragma once
#include "sim/bytes.h"

enum { OPTION_END = 0, OPTION_NOP = 1 }; /* the two that are a single byte, alike in IPv4 and TCP */

struct option {
	uint8_t kind;
	struct bytes whole; /* with kind and length bytes; borrowed */
	struct bytes data;  /* after them; empty for END and NOP */
};

/*
 * Takes the next option off the front of `rest`, which must not be empty. After OPTION_END, `rest`
 * is what follows it: padding. PARSE_TRUNCATED or PARSE_BAD_LENGTH leave both as they were.
 */
enum parse_status option_next(struct bytes *rest, struct option *option);
