/*
 * TCP connections followed in a capture as it is read: bytes put in order, what is repeated, early or
 * missing told apart, and what they say named. The same as views/conversation.c does for a whole
 * trace, but of bounded size, and ready for everything that a capture may lack.
 */
#pragma once
#include "protocols/tls/secrets.h"
#include "views/decode.h"
#include "views/model.h"

/*
 * Connections followed at once, in buckets of 16 by their addresses and ports: where a bucket is full,
 * one that has ended is forgotten, else the one that is silent longest. Up to 8,000 or so at once none is, unless
 * somebody chose their ports for it.
 */
#define STREAMS_MAX            32768
#define STREAM_HELD_MAX        512         /* early segments held, per direction, */
#define STREAM_HELD_BYTES_MAX  (1u << 20)  /* and their bytes; */
#define STREAMS_HELD_BYTES_MAX (16u << 20) /* and, with unfinished lines, of all together */
#define STREAM_UNITS_MAX       256 /* commands and replies told of one packet; more are counted */

struct streams;

struct streams *streams_new(const struct dissector *const *dissectors);
void streams_free(struct streams *streams);

/* From here on units of depth 0 are all that is wanted: dissectors may leave out their parts. */
void streams_outline(struct streams *streams);

/* By which TLS is decrypted; they may be added to as the capture is read. */
struct tls_secrets *streams_secrets(struct streams *streams);

/* Where and when a packet was captured, and in which state. */
struct stream_packet {
	int64_t time_ns;
	uint32_t interface; /* by its number in the capture */
	bool is_damaged;    /* its frame check sequence is wrong */
};

/*
 * Follows the segment in `decode`. False: there is none, it is a fragment, or too little of its header
 * was captured. `segment` is valid until the next call.
 *
 * A segment whose checksum is wrong is numbered, and not taken in: its bytes are read only if the
 * receiver acknowledges them and no better ones come, as where a network card was to make the sum.
 */
bool streams_follow(struct streams *streams, const struct decode *decode,
		    const struct stream_packet *packet, struct model_segment *segment);

/* A unit of its own, or a piece of one, with its bytes: valid during the call. */
struct stream_said {
	const struct model_connection *connection;
	bool is_from_server;
	const struct dissector *dissector;
	const struct dissect_unit *unit;
	struct bytes bytes;
};

/* Has `hear` told of each, in the order of its direction, while segments are followed. */
void streams_listen(struct streams *streams,
		    void (*hear)(void *owner, const struct stream_said *said), void *owner);

/* What the dissector found on the segment followed last, parts of units as well unless they are left out. */
struct stream_unit {
	uint64_t offset;     /* in the stream */
	bool is_from_server; /* whose stream: one side's bytes may wait for the other's */
	bool is_of_segment;  /* else in bytes that were held since before */
	bool is_encrypted;   /* on the wire: TLS protects it */
	const struct dissector *dissector; /* which found it */
	const struct dissect_unit *unit;   /* of its own offset, only differences mean anything */
};
unsigned streams_unit_count(const struct streams *streams);
struct stream_unit streams_unit(const struct streams *streams, unsigned index);

/* Encrypted records of TLS so far. */
struct streams_decrypted {
	uint64_t read, unread;
};
struct streams_decrypted streams_decrypted(const struct streams *streams);

/* Connections seen so far; those not over that were forgotten for lack of room: if they go on, as new ones. */
unsigned streams_count(const struct streams *streams);
size_t streams_forgotten(const struct streams *streams);

/*
 * At the end of the capture: bytes that came and were not told of, since bytes in front of them never
 * came, nor an acknowledgment that would show these to be lost in the capture alone.
 */
uint64_t streams_untold(const struct streams *streams);
