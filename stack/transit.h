/*
 * Frames on their way, in the order in which they arrive. Almost always they arrive as they were
 * sent; one that was held back is put in its place.
 */
#pragma once
#include <stdint.h>
#include "sim/packet.h"

struct transit_frame {
	struct packet *packet;
	int64_t arrival_ns;
	uint64_t number; /* counts the frames sent this way */
	uint64_t cause;  /* the record that sent it */
};

struct transit {                      /* all zero is empty; must not move while it is not */
	struct transit_frame *frames; /* a ring: `single`, or allocated */
	uint32_t first, count;
	uint32_t capacity;           /* a power of two, or 0 */
	struct transit_frame single; /* most cables carry one frame at a time */
};

/* Frees the ring and the packets in it. */
void transit_clear(struct transit *transit);

/* Adds a frame; among frames of the same arrival time it is the last. */
void transit_push(struct transit *transit, const struct transit_frame *frame);

/* Takes the frame that arrives first; there must be one. */
struct transit_frame transit_pop(struct transit *transit);

/* The frame that arrives first, or NULL. */
static inline const struct transit_frame *transit_first(const struct transit *transit)
{
	return transit->count > 0 ? &transit->frames[transit->first] : NULL;
}
