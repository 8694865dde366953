/*
 * TCP segments between being made and being on a wire: why each is sent, and which of them put bytes on
 * a wire that were on one before. That alone is a retransmission here, as it is for who captures: a
 * segment whose first copy died in its own host is seen for the first time.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "sim/trace.h"

struct sent_segments;

struct sent_segment {
	uint64_t object;         /* the stream direction; 0: of no connection */
	uint64_t offset, length; /* of the payload in it */
	uint8_t flags;           /* of the header */
	uint8_t why;             /* enum tcp_detail */
	bool is_again;           /* some of it was on a wire before; known when it leaves */
};

struct sent_segments *sent_segments_new(void);
void sent_segments_free(struct sent_segments *segments);

/* Takes in an ENCAPSULATE of TCP and its bytes, which begin with the header. Others are ignored. */
void sent_segments_make(struct sent_segments *segments, const struct trace_record *record,
			struct bytes bytes);

/* The segment that `packet` is, while it has not left; NULL: none. */
const struct sent_segment *sent_segments_find(const struct sent_segments *segments,
					      uint64_t packet);

/*
 * `packet` leaves: on a wire, where its bytes count from now on, or by the loopback interface. False: it
 * is no segment that has not left yet.
 */
bool sent_segments_leave(struct sent_segments *segments, uint64_t packet, bool is_on_wire,
			 struct sent_segment *segment);

/*
 * True when this record, of all of these kinds in their order, puts a segment on a wire again. For who needs
 * nothing else: it makes and leaves as the record says, and forgets what ends in its own host.
 */
#define SENT_SEGMENTS_KINDS                                                                        \
	(TRACE_BIT(TRACE_ENCAPSULATE) | TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_LOOPBACK) |    \
	 TRACE_BIT(TRACE_DROP))
bool sent_segments_repeat(struct sent_segments *segments, const struct trace_record *record,
			  struct bytes bytes);
