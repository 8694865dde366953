/* A scenario at work: its world, network, programs and timeline, with the sinks that watch it. */
#pragma once
#include "app/scenario.h"
#include "sim/world.h"

struct simulation;

struct simulation_options {
	uint64_t seed;
	struct trace_sink **sinks; /* added before anything is built, in this order */
	size_t sink_count;
};

/* Builds it, ready to run from time 0. `scenario` must outlive it. */
struct simulation *simulation_new(const struct scenario *scenario,
                                  const struct simulation_options *options);
void simulation_free(struct simulation *simulation);

struct world *simulation_world(const struct simulation *simulation);

/*
 * Runs until `until_ns`, or TIME_NEVER: until all is quiet, and then at most up to the scenario's
 * own end. Returns as engine_run() does; may be called again when it was stopped.
 */
enum engine_outcome simulation_run(struct simulation *simulation, int64_t until_ns);
