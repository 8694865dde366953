/* Sets of bytes of a stream, as ranges in order and apart from each other: nearly always one or none. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes from `begin` to before `end`. */
struct range {
	uint64_t begin, end;
};

/* An empty set, for g_array_unref(). */
GArray *ranges_new(void);

/* Adds `added`, which is not empty; true when some of it was there. */
bool ranges_add(GArray *ranges, struct range added);

/* The range at `index`, which is less than the array's `len`. */
static inline struct range *ranges_at(const GArray *ranges, guint index)
{
	return &g_array_index(ranges, struct range, index);
}
