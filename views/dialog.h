/* The conversations of a run alone: what client (C:) and server (S:) say, with times. */
#pragma once
#include <stdio.h>
#include "views/found.h"
#include "views/model.h"

struct dialog_options {
	FILE *out;         /* not closed */
	bool colour;       /* client and server in different ones */
	uint64_t layers;   /* set of 1 << layer: TCP, or what is spoken; 0: all */
	const bool *nodes; /* by node index: one of them is client or server; NULL: all */
	unsigned message;  /* only conversations in which a part of this mail is said; 0: all */
};

/*
 * Prints every connection that is wanted, whole, in order of opening, each line with its time since
 * the run began. Returns what of the options was met.
 */
struct view_found dialog_print(const struct model *model, const struct dialog_options *options);
