/* The trace as JSON Lines: one object per record. Every field is described in docs/TRACE.md. */
#pragma once
#include <stdio.h>
#include "views/found.h"
#include "views/model.h"

struct json_view;

/*
 * Which records are wanted. Those that say what nodes, interfaces and cables there are always come:
 * the others cannot be read without. What filters by mails or nodes needs a model.
 */
struct json_options {
	uint64_t layers;   /* set of 1 << layer; 0: all */
	const bool *nodes; /* by node index, at least as many as nodes exist; NULL: all */
	unsigned message;  /* only those whose root is this mail's; 0: all */
};

/*
 * Writes to `out` (not closed) through a buffer of its own. `model` gives names, and must be fed each
 * record first; NULL: none. `options` may be NULL: all records.
 */
struct json_view *json_view_new(FILE *out, const struct model *model,
				const struct json_options *options);

void json_view_feed(struct json_view *json, const struct trace_record *record, struct bytes bytes);

/* Hands what is buffered to `out`. */
void json_view_flush(struct json_view *json);

/* What of the options was met so far; nodes, interfaces and cables do not count. */
struct view_found json_view_found(const struct json_view *json);

/* Writes what is left and frees. False when something could not be written; errno tells why. */
bool json_view_finish(struct json_view *json);
