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

/*
 * Ends the judging and says on `out` of each expectation whether it was met, and if not where it is
 * written, what was expected and what was found. With `quiet`, only of those not met. Returns how
 * many were not met.
 */
unsigned expect_finish(struct expect *expect, const char *file, FILE *out, bool colour, bool quiet);
