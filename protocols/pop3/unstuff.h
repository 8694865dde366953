/* Undoing the byte-stuffing of a multi-line answer (RFC 1939 section 3), a piece at a time. Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

enum pop3_unstuff_state {
	UNSTUFF_LINE_START, /* the last bytes were CRLF, or none have come */
	UNSTUFF_DOT,        /* a dot began the line: the end, or one too many */
	UNSTUFF_DOT_CR,     /* dot and CR: LF makes it the end */
	UNSTUFF_IN_LINE,
	UNSTUFF_CR,   /* CR within a line */
	UNSTUFF_DONE, /* the line of a single dot has come */
};

/* Zero at the start. */
struct pop3_unstuffer {
	enum pop3_unstuff_state state;
};

/*
 * Takes bytes from `in` up to and with the final dot's line, appends what they mean to `out`, and
 * returns how many it took. At the end the state is UNSTUFF_DONE.
 */
size_t pop3_unstuff(struct pop3_unstuffer *unstuffer, struct bytes in, GByteArray *out);
