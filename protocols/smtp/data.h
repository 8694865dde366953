/* The transparency of mail data: lines, and the dot that ends them (RFC 5321 section 4.5.2). */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

/* Where a reader stands within mail data. Zero is the start of the data. */
enum smtp_data_state {
	SMTP_LINE_START, /* behind CRLF, or at the beginning */
	SMTP_IN_LINE,
	SMTP_AFTER_RETURN,
	SMTP_AFTER_DOT,        /* a dot at the start of a line; it is not passed on */
	SMTP_AFTER_DOT_RETURN, /* and a CR behind it */
	SMTP_DATA_END,         /* <CR><LF>.<CR><LF> has come */
};

/*
 * Reads mail data from `in`, appends it to `out` without the added dots, until the end of the data
 * or of `in`. Only CR LF ends a line, so no message can smuggle an end that other servers would not
 * see: a dot behind a bare LF or CR is text. In `out` a bare LF has become CR LF, for it must not be
 * sent on (RFC 5321 section 2.3.8). Beyond `limit` octets in `out`, text is dropped, and
 * `overflowed` is set. Returns how many octets of `in` were read. With `out` NULL it
 * only finds the end.
 */
size_t smtp_data_decode(enum smtp_data_state *state, struct bytes in, GByteArray *out, size_t limit,
			bool *overflowed);

/* A writer of mail data: how far it came. Zero is the start. */
struct smtp_data_writer {
	size_t offset;    /* octets of the message that were written */
	bool is_in_line;  /* the last octet written was not the LF of a CRLF */
	bool is_finished; /* the closing dot was written */
};

/*
 * Appends at most `room` octets (and at least one line's dot) of `message` to `out`, with dots
 * added, and when all of it is written the closing line; a message that does not end in CRLF gets
 * one. Call until `is_finished`.
 */
void smtp_data_encode(struct smtp_data_writer *writer, struct bytes message, size_t room,
		      GByteArray *out);
