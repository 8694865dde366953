/* The trace as JSON Lines: one object per record. Every field is described in docs/TRACE.md. */
#pragma once
#include <stdio.h>
#include "views/model.h"

struct json_view;

/* Writes to `out` (not closed) through a buffer of its own. `model` gives names; NULL: none. */
struct json_view *json_view_new(FILE *out, const struct model *model);

void json_view_feed(struct json_view *json, const struct trace_record *record, struct bytes bytes);

/* Hands what is buffered to `out`. */
void json_view_flush(struct json_view *json);

/* Writes what is left and frees. False when something could not be written; errno tells why. */
bool json_view_finish(struct json_view *json);
