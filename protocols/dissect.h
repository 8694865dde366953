/*
 * What a dissector of an application protocol is: it names the units (commands, replies, literals,
 * messages, parts of them) in a range of bytes. Pure: no session, no allocation, no output.
 *
 * Each protocol exports one `const struct dissector <protocol>_dissector` in its dissect.h. Whoever
 * decodes passes the list of those it knows; nothing registers itself.
 */
#pragma once
#include "sim/bytes.h"
#include "stack/layer.h"

#define DISSECT_TEXT_BYTES 120 /* room for a summary with its NUL; longer ones end in "..." */
#define DISSECT_PORTS_MAX  8
#define DISSECT_LINE_MAX   2048   /* bytes of a line that is kept until its end has come */
#define DISSECT_PART       0xffff /* the `kind` of a piece of such a line */

struct dissect_unit {
	const char *name;      /* constant: "MAIL command", "Reply 250", "Question", "QTYPE" */
	const char *purpose;   /* what it is for, one sentence; NULL: nothing to say */
	const char *reference; /* "RFC 5321 section 4.1.1.2"; NULL: none */
	uint16_t kind;         /* the protocol's own enum, e.g. the details of its UNIT records */
	uint8_t depth;         /* 0: a unit of its own; 1: a part of the depth 0 before it; ... */
	bool is_complete;      /* false: it began or ends outside the range */
	uint32_t offset;       /* from the start of the range */
	uint32_t length;
	uint8_t bit,
	    bits; /* a part of these bytes: from that bit (0: the highest) on; bits 0: all */
	char summary
	    [DISSECT_TEXT_BYTES]; /* one line of printable UTF-8: "MAIL FROM:<a@office.example>" */
};

/*
 * What a dissector remembers of one connection, both directions: that a message body follows, that
 * 300 bytes of a literal are still to come, ... Zero at the start; its meaning is the dissector's.
 */
struct dissect_state {
	uint64_t words[5];
};

struct dissect_input {
	struct bytes bytes;  /* borrowed */
	bool is_from_server; /* sent by the side that listens */
	bool is_stream;      /* a piece of a TCP stream; else a whole datagram, */
	bool is_cut;         /* or only the beginning of one */
	bool is_outline;     /* units of depth 0 are wanted: parts of others may be left out */
	struct dissect_state *state; /* NULL: nothing is known of what came before, so guess */
	uint64_t missing; /* bytes of the stream just in front of these that nobody has; 0: none */
	/*
	 * Where it is not NULL, an unfinished line at the end is told of as a part only, and how long
	 * it is goes here: these bytes are to be handed in again, with more behind them, so that the
	 * line can be named when it is whole. 0: there is none.
	 */
	size_t *unfinished;
};

struct dissector {
	const char *name;                      /* "SMTP" */
	const char *key;                       /* "smtp" */
	uint16_t tcp_ports[DISSECT_PORTS_MAX]; /* where servers listen; 0 ends the list */
	uint16_t udp_ports[DISSECT_PORTS_MAX];
	/*
	 * Writes up to `capacity` units, in order of offset, and returns how many there are: more than
	 * `capacity` when not all fitted. Depth 0 units do not overlap and cover the range but for
	 * what is unintelligible. Any bytes are fine.
	 */
	size_t (*dissect)(const struct dissect_input *input, struct dissect_unit *units,
			  size_t capacity);
};

/*
 * For those who write dissectors.
 */

/* What is said of all units of a kind; constant text, as in struct dissect_unit. */
struct dissect_text {
	const char *name, *purpose, *reference;
};

/* Units that are called as their records are: the names, and what is said of each kind. */
struct dissect_meaning {
	const char *purpose, *reference;
};

struct dissect_legend {
	const struct layer_names *names;
	const struct dissect_meaning *meanings; /* one for each of the names */
};

/* Where the units of one call go; `count` is what dissect() returns. */
struct dissect_writer {
	const struct dissect_input *input;
	struct dissect_unit *units;
	size_t capacity, count;
};

/*
 * Adds a unit that is complete, `part` of the input's bytes, with its first line as the summary.
 * NULL: it is counted, but there is no room; or it is a part where an outline is wanted.
 */
struct dissect_unit *dissect_add(struct dissect_writer *writer, const struct dissect_text *text,
				 unsigned kind, unsigned depth, struct bytes part);

/* The same, of depth 0, for a kind of `legend`. */
struct dissect_unit *dissect_add_known(struct dissect_writer *writer,
				       const struct dissect_legend *legend, unsigned kind,
				       struct bytes part);

/* The unit that was added last; NULL: there was no room for it. */
struct dissect_unit *dissect_last(const struct dissect_writer *writer);

/*
 * Whether `line`, which ends the range and has no end itself, is kept until it is whole: then says
 * so to the caller, and adds it as a part of a line.
 */
bool dissect_keep(struct dissect_writer *writer, struct bytes line);

/* `memory` becomes what the last call remembered, all zero where there was none. */
void dissect_recall(const struct dissect_input *input, void *memory, size_t size);

/* Keeps `memory` of `size` bytes, at most those of struct dissect_state, for the next call. */
void dissect_remember(const struct dissect_input *input, const void *memory, size_t size);

/* The bytes up to and with the first LF; all of them, and not `is_whole`, when there is none. */
struct bytes dissect_take_line(struct bytes in, bool *is_whole);

/* The line without the CR and LF at its end. */
struct bytes dissect_trim_line(struct bytes line);

/* What follows the first word of a line and a space; empty when it has one word. */
struct bytes dissect_behind_word(struct bytes line);

/*
 * Writes the first line of `in` as a summary: printable ASCII as it is, anything else as '.', cut
 * with "..." where it is too long. For dissectors of line protocols.
 */
void dissect_print_line(struct bytes in, char out[DISSECT_TEXT_BYTES]);
