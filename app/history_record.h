/* A scenario's run as a history: for all commands that look back on it. */
#pragma once
#include "app/scenario.h"
#include "views/history.h"

struct history_options {
	uint64_t seed;
	int64_t until_ns; /* TIME_NEVER: to the scenario's own end */
};

/* As the scenario says. */
static inline struct history_options history_options_of(const struct scenario *scenario)
{
	return (struct history_options) { scenario->seed, TIME_NEVER };
}

/* Runs `scenario` to its end, or to `options.until_ns`. To be freed with history_free(). */
struct history *history_record(const struct scenario *scenario, struct history_options options);
