/*
 * What others on the way could read in a run: passwords, found in the bytes of its frames. And what
 * Wireshark has to be told to read it, too.
 */
#pragma once
#include <stdio.h>
#include "app/scenario.h"
#include "sim/trace.h"

struct readable;

/* `scenario` gives addresses their names, and must outlive it. */
struct readable *readable_new(const struct scenario *scenario);
void readable_free(struct readable *readable); /* NULL is fine */

/* The sink to add to a simulation; owned by `readable`. */
struct trace_sink *readable_sink(struct readable *readable);

/* A line for each login whose password crossed a wire readable; frames are those of the default capture. */
void readable_warn(const struct readable *readable, FILE *out, bool colour);

/* A line where SMTP was spoken at a port that Wireshark does not know. */
void readable_hint(const struct readable *readable, FILE *out);
