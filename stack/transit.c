#include "stack/transit.h"

#include <glib.h>

#define FIRST_CAPACITY 2

/* An empty ring that a burst made larger than this is given back. */
#define KEPT_CAPACITY 64

static struct transit_frame *frame_at(const struct transit *transit, uint32_t index)
{
	return &transit->frames[(transit->first + index) & (transit->capacity - 1)];
}

static void ring_free(struct transit *transit)
{
	g_free(transit->frames);
	*transit = (struct transit) { 0 };
}

void transit_clear(struct transit *transit)
{
	for (uint32_t i = 0; i < transit->count; i++)
		packet_free(frame_at(transit, i)->packet);
	ring_free(transit);
}

static void grow(struct transit *transit)
{
	struct transit larger = {
		.count = transit->count,
		.capacity = transit->capacity ? 2 * transit->capacity : FIRST_CAPACITY,
	};

	larger.frames = g_new(struct transit_frame, larger.capacity);
	for (uint32_t i = 0; i < transit->count; i++)
		larger.frames[i] = *frame_at(transit, i);
	g_free(transit->frames);
	*transit = larger;
}

void transit_push(struct transit *transit, const struct transit_frame *frame)
{
	if (transit->count == transit->capacity)
		grow(transit);
	uint32_t at = transit->count++;

	for (; at > 0 && frame_at(transit, at - 1)->arrival_ns > frame->arrival_ns; at--)
		*frame_at(transit, at) = *frame_at(transit, at - 1);
	*frame_at(transit, at) = *frame;
}

struct transit_frame transit_pop(struct transit *transit)
{
	g_assert(transit->count > 0);
	struct transit_frame frame = transit->frames[transit->first];

	transit->first = (transit->first + 1) & (transit->capacity - 1);
	if (--transit->count == 0 && transit->capacity > KEPT_CAPACITY)
		ring_free(transit);
	return frame;
}
