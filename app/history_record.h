/* A scenario's run as a history: for all commands that look back on it. */
#pragma once
#include "app/scenario.h"
#include "sim/engine.h"
#include "views/history.h"

struct history_options {
	uint64_t seed;
	int64_t until_ns; /* TIME_NEVER: to the scenario's own end */
	/* The run is stopped behind about so many records (ENGINE_STOPPED); 0: never. */
	uint64_t records_max;
	struct trace_sink *sink;      /* of one that watches too; NULL: none */
	enum engine_outcome *outcome; /* gets how the run ended; NULL: not asked */
};

/* As the scenario says. */
static inline struct history_options history_options_of(const struct scenario *scenario)
{
	return (struct history_options) { .seed = scenario->seed, .until_ns = TIME_NEVER };
}

/* Runs `scenario` to its end, or to `options.until_ns`. To be freed with history_free(). */
struct history *history_record(const struct scenario *scenario, struct history_options options);
