/*
 * Cuts what crossed an IMAP connection in one direction into its units (lines and literals), and
 * names each: pure, resumable at every byte. Sessions note what they send with it, views dissect.
 */
#pragma once
#include "protocols/imap/names.h"
#include "sim/bytes.h"

/* Where in the stream we are. Zero, but for `is_server`, at the start. */
struct imap_tiler {
	uint64_t number;     /* size of a literal being announced, then bytes of it still to come */
	uint8_t detail;      /* enum imap_detail of the line we are in */
	uint8_t marker;      /* how much of "{number+}" CRLF we have just seen */
	bool is_server;      /* the direction: what the server sends */
	bool is_inside_line; /* we stand behind the first byte of a line */
	bool is_literal;     /* inside a literal, or in front of its first byte */
	bool is_continued;   /* the next line goes on with a command or response */
	bool awaits_leave;   /* nothing of the literal was sent, and the peer may still refuse it */
};

struct imap_tile {
	enum imap_detail detail;
	size_t length; /* of the piece of it that is here */
	bool is_begun_here, is_ended_here;
};

/* The next unit or piece of one at the front of `in`, which is not empty. */
struct imap_tile imap_tile_next(struct imap_tiler *tiler, struct bytes in);

/* The peer refused the literal that was announced: the next line is a command again. */
void imap_tile_refused(struct imap_tiler *tiler);

/* So many bytes are not known: they end a line, and are part of a literal. */
void imap_tile_pass_over(struct imap_tiler *tiler, uint64_t bytes);

/* What a line is that begins with `line`. */
enum imap_detail imap_name_line(struct bytes line, bool is_server);
