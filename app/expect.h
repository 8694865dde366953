/* The `expect:` lines of a scenario, judged from the trace: a sink that reads records only. */
#pragma once
#include <stdio.h>
#include "app/scenario.h"
#include "sim/trace.h"

struct expect;

/* Judges the expectations of `scenario`, which must outlive it. */
struct expect *expect_new(const struct scenario *scenario);
void expect_free(struct expect *expect);

/* The sink to add to a simulation; owned by `expect`. Asks only for the kinds it needs. */
struct trace_sink *expect_sink(struct expect *expect);

/* A step of a message's way that met the line it was expected by. */
struct expect_tick {
	uint64_t record; /* of the step */
	unsigned number,
	    count; /* the line among those about this message's way, and how many they are */
};

/* The tick of this record, which must be the newest; NULL: it met no line. */
const struct expect_tick *expect_tick(const struct expect *expect, uint64_t record);

struct expect_ending {
	FILE *out;
	const char *file; /* where the expectations are written */
	bool colour;
	bool is_quiet;      /* say only what is not met */
	int64_t cut_ns;     /* the run was cut off here, before its end; TIME_NEVER: it was not */
	const char *cut_by; /* "after --until" */
};

/*
 * Ends the judging and says of each expectation whether it was met, and if not where it is written,
 * what was expected and what was found. In a run that was cut off one is judged only when nothing
 * that might still have come could change the verdict; the others are "not judged". Returns how many
 * were not met.
 */
unsigned expect_finish(struct expect *expect, const struct expect_ending *ending);
