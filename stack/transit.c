#include "stack/transit.h"

#include <glib.h>

/* An empty ring that a burst made larger than this is given back. */
#define KEPT_CAPACITY 64

static struct transit_frame *frame_at(const struct transit *transit, uint32_t index)
{
	return &transit->frames[(transit->first + index) & (transit->capacity - 1)];
}

static void ring_free(struct transit *transit)
{
	if (transit->frames != &transit->single)
		g_free(transit->frames);
	transit->frames = NULL;
	transit->capacity = 0;
}

void transit_clear(struct transit *transit)
{
	for (uint32_t i = 0; i < transit->count; i++)
		packet_free(frame_at(transit, i)->packet);
	ring_free(transit);
	transit->count = 0;
}

static void grow(struct transit *transit)
{
	uint32_t capacity = 2 * transit->capacity;

	if (capacity == 0) {
		transit->frames = &transit->single;
		transit->first = 0;
		transit->capacity = 1;
		return;
	}
	struct transit_frame *frames = g_new(struct transit_frame, capacity);

	for (uint32_t i = 0; i < transit->count; i++)
		frames[i] = *frame_at(transit, i);
	ring_free(transit);
	transit->frames = frames;
	transit->first = 0;
	transit->capacity = capacity;
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
