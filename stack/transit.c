#include "stack/transit.h"

#include <glib.h>

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
		packet_free(transit_at(transit, i)->packet);
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
		frames[i] = *transit_at(transit, i);
	ring_free(transit);
	transit->frames = frames;
	transit->first = 0;
	transit->capacity = capacity;
}

struct transit_frame *transit_insert(struct transit *transit, int64_t arrival_ns)
{
	if (transit->count == transit->capacity)
		grow(transit);
	uint32_t at = transit->count++;

	for (; at > 0 && transit_at(transit, at - 1)->arrival_ns > arrival_ns; at--)
		*transit_at(transit, at) = *transit_at(transit, at - 1);
	return transit_at(transit, at);
}

void transit_shrink(struct transit *transit)
{
	ring_free(transit);
}
