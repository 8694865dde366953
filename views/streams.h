/*
 * TCP connections followed in a capture as it is read: bytes put in order, what is repeated, early or
 * missing told apart, and what they say named. The same as views/conversation.c does for a whole
 * trace, but of bounded size, and ready for everything that a capture may lack.
 */
#pragma once
#include "views/decode.h"
#include "views/model.h"

#define STREAMS_MAX            4096 /* connections at once; the one silent longest is forgotten */
#define STREAM_HELD_MAX        512  /* early segments held, per direction, */
#define STREAM_HELD_BYTES_MAX  (1u << 20)  /* and their bytes; */
#define STREAMS_HELD_BYTES_MAX (16u << 20) /* and of all connections together */
#define STREAM_UNITS_MAX       256 /* commands and replies told of one packet; more are counted */

struct streams;

struct streams *streams_new(const struct dissector *const *dissectors);
void streams_free(struct streams *streams);

/*
 * Follows the segment in `decode`, which was captured at `time_ns` at the interface numbered so.
 * False: there is none, or it is a fragment. `segment` is valid until the next call.
 */
bool streams_follow(struct streams *streams, const struct decode *decode, int64_t time_ns,
		    uint32_t interface, struct model_segment *segment);

/* What the dissector found on the segment followed last, parts of units as well. */
struct stream_unit {
	uint64_t offset;                 /* in the stream */
	bool is_of_segment;              /* else in bytes that were held since before */
	const struct dissect_unit *unit; /* of its own offset, only differences mean anything */
};
unsigned streams_unit_count(const struct streams *streams);
struct stream_unit streams_unit(const struct streams *streams, unsigned index);

/* Connections seen so far; those that were forgotten for lack of room. */
unsigned streams_count(const struct streams *streams);
size_t streams_forgotten(const struct streams *streams);
