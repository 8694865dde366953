/* What a view that selects by layers, nodes and a mail found. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct view_found {
	bool has_any;    /* something was of all that was asked for */
	uint64_t layers; /* set of 1 << layer: of what was of the nodes and the mail; may lack some
			    where `has_any` */
};

/* Notes that something of `layers` was of the nodes and the mail. True when `wanted` has one of them; 0: all. */
static inline bool view_found_note(struct view_found *found, uint64_t layers, uint64_t wanted)
{
	bool is_wanted = wanted == 0 || (layers & wanted) != 0;

	found->layers |= layers;
	found->has_any |= is_wanted;
	return is_wanted;
}
