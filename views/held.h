/*
 * What a receiver of TCP holds because bytes before it are missing, and when they come: folded from the
 * DECAPSULATE records of segments, in their order.
 */
#pragma once
#include <glib.h>
#include "sim/trace.h"

struct held;

/* What a segment did to its stream direction; offsets in that. */
struct held_news {
	uint64_t missing_begin,
	    missing_end;       /* it is held until these have come; equal: it is not */
	uint64_t released_end; /* what was held behind it, up to here, follows it; 0: nothing */
};

struct held *held_new(void);
void held_free(struct held *held);

/* Takes in a DECAPSULATE record of TCP; all 0 in `news` where there is nothing to tell. */
void held_feed(struct held *held, const struct trace_record *record, struct held_news *news);

/* The first byte of the direction that has not come; and how many bytes from behind it have. */
uint64_t held_next(const struct held *held, uint64_t object);
uint64_t held_bytes(const struct held *held, uint64_t object);
