/* The parts of views/streams.c that its files share: flows, and the bytes of their directions. */
#pragma once
#include "protocols/tls/decrypt.h"
#include "stack/wire/tcp.h"
#include "views/streams.h"

/* A segment that came before bytes in front of it, or damaged. */
struct held {
	uint64_t offset; /* in the stream */
	uint32_t length; /* on the wire; fewer were captured if `bytes` is shorter */
	bool is_damaged; /* read only if its receiver acknowledges it */
	GBytes *bytes;
};

struct flow_direction {
	bool is_begun;         /* its first sequence number is known */
	uint64_t acknowledged; /* by the other side: stream offset */
	uint32_t interface;    /* where its first segment was captured */
	bool has_answered;     /* it has acknowledged something: */
	uint32_t answered;     /* the highest acknowledgment number that it sent, */
	uint32_t window_bytes; /* and the window that it announced with it last */
	bool has_surprised;    /* its last bytes came early or again: the answer may be as before */
	GArray *held;          /* of struct held, by offset; NULL: none yet */
	size_t held_bytes;
};

struct flow {
	struct model_connection connection; /* its units are those of the segment followed last */
	struct ip_address server;
	struct flow_direction directions[2]; /* 0 from the client, 1 from the server */
	struct tls_decrypter *decrypter;     /* NULL: no TLS was spoken yet, or it is not read */
};

struct streams {
	const struct dissector *const *dissectors;
	void (*hear)(void *owner, const struct stream_said *said); /* NULL: nobody listens */
	void *hear_owner;
	bool is_outline; /* parts of units are left out */
	struct tls_decryption *decryption;
	uint64_t opened_count, closed_count; /* encrypted records: read, and not */
	struct lru_table *table;             /* of flows, by addresses and ports */
	unsigned count;
	size_t forgotten;                     /* that were not over */
	size_t held_bytes;                    /* early segments and unfinished lines */
	uint64_t waiting_bytes, untold_bytes; /* of early segments: held now, and given up */
	GPtrArray *units[2]; /* of struct model_unit *: views of the found ones of depth 0 */
	struct model_unit shown[STREAM_UNITS_MAX];
	struct dissect_unit found[STREAM_UNITS_MAX];
	struct {
		uint64_t base; /* stream offset that its offset counts from */
		const struct dissector *dissector;
		bool is_from_server, is_encrypted;
	} about[STREAM_UNITS_MAX];                     /* each of them */
	struct dissect_unit records[STREAM_UNITS_MAX]; /* of TLS, in the bytes read now */
	unsigned found_count;
	unsigned found_before, found_behind; /* those between are of the segment itself */
};

/* A payload and its place in the stream. */
struct stream_piece {
	uint64_t offset;
	uint32_t length; /* on the wire; `bytes` may be shorter */
	bool is_damaged;
	struct bytes bytes;
};

/* The peer's window is closed: one byte at most may ask whether it still is (streams_window.c). */
bool stream_is_closed(const struct flow *flow, unsigned index);

/*
 * What a segment without payload says, of what it acknowledges and of its window, beside the one before
 * it: enum segment_known. And takes both in.
 */
void stream_note_answer(struct flow *flow, unsigned index, const struct tcp_header *header,
			struct model_segment *segment);

/* Lets the dissector read the piece, as far as it is new, which does not lie behind a gap. */
void stream_read(struct streams *streams, struct flow *flow, unsigned index,
		 const struct stream_piece *piece);

/* What was found next, by whom, counted from which stream offset. */
struct stream_source {
	const struct dissector *dissector;
	uint64_t base;
	bool is_encrypted;
	struct bytes bytes; /* those that their offsets count in */
};

/*
 * Takes in `count` units that were written to `streams->found` behind the others; those of depth 0 are
 * shown. At most as many as there is room for.
 */
void stream_add_found(struct streams *streams, struct model_direction *direction, size_t count,
		      const struct stream_source *source);

/*
 * Reads the next bytes of a TLS connection, behind `missing` that nobody has: records, and in place of
 * those that can be decrypted what is in them. What is cut off behind them is not to be waited for.
 */
void stream_read_tls(struct streams *streams, struct flow *flow, unsigned index, struct bytes bytes,
		     uint64_t missing);

/* Lets go of what is kept for decryption. */
void stream_forget_tls(struct streams *streams, struct flow *flow);

/* Reads what was held and lies behind no gap now; what is damaged only if it is wanted. */
void stream_read_held(struct streams *streams, struct flow *flow, unsigned index,
		      bool wants_damaged);

/* Keeps a piece that lies behind a gap, or is damaged; false when no more can be kept. */
bool stream_hold(struct streams *streams, struct flow *flow, unsigned index,
		 const struct stream_piece *piece);

/*
 * The bytes up to `offset` will not come any more: passes over what is missing, and reads what was
 * held behind it. Returns how many bytes are missing.
 */
uint64_t stream_pass_over(struct streams *streams, struct flow *flow, unsigned index,
			  uint64_t offset);

/* The stream offset where what was held ends; 0: nothing is. And of its first byte. */
uint64_t stream_held_end(const struct flow_direction *direction);
uint64_t stream_held_begin(const struct flow_direction *direction);

/* Lets go of all that is held of a direction. */
void stream_forget(struct streams *streams, struct flow *flow, unsigned index);
