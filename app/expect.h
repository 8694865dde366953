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
