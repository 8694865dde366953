/*
 * Frames on their way, in the order in which they arrive. Almost always they arrive as they were
 * sent; one that was held back is put in its place.
 */
#pragma once
#include <stdint.h>
#include "sim/packet.h"

/* An empty ring that a burst made larger than this is given back. */
#define TRANSIT_KEPT_CAPACITY 64

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

/* transit_place() where the ring is full, or the frame overtakes others. */
struct transit_frame *transit_insert(struct transit *transit, int64_t arrival_ns);

/* Gives a large ring back that has become empty. */
void transit_shrink(struct transit *transit);

static inline struct transit_frame *transit_at(const struct transit *transit, uint32_t index)
{
	return &transit->frames[(transit->first + index) & (transit->capacity - 1)];
}

/*
 * Adds a frame that arrives at `arrival_ns`, among frames of the same time as the last, and returns the
 * place that the caller fills in.
 */
static inline struct transit_frame *transit_place(struct transit *transit, int64_t arrival_ns)
{
	uint32_t count = transit->count;

	if (count == transit->capacity ||
	    (count > 0 && transit_at(transit, count - 1)->arrival_ns > arrival_ns))
		return transit_insert(transit, arrival_ns);
	transit->count = count + 1;
	return transit_at(transit, count);
}

/* Takes the frame that arrives first; there must be one. */
static inline struct transit_frame transit_pop(struct transit *transit)
{
	g_assert(transit->count > 0);
	struct transit_frame frame = transit->frames[transit->first];

	transit->first = (transit->first + 1) & (transit->capacity - 1);
	if (--transit->count == 0 && transit->capacity > TRANSIT_KEPT_CAPACITY)
		transit_shrink(transit);
	return frame;
}

/* The frame that arrives first, or NULL. */
static inline const struct transit_frame *transit_first(const struct transit *transit)
{
	return transit->count > 0 ? &transit->frames[transit->first] : NULL;
}
