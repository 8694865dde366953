/* A scenario at work: its world, network, programs and timeline, with the sinks that watch it. */
#pragma once
#include "app/network.h"
#include "app/scenario.h"
#include "sim/world.h"

struct simulation;

struct simulation_options {
	uint64_t seed;
	struct trace_sink **sinks; /* added before anything is built, in this order */
	size_t sink_count;
	struct network_attachments attachments; /* what is plugged in from outside */
};

/* Builds it, ready to run from time 0. `scenario` must outlive it. */
struct simulation *simulation_new(const struct scenario *scenario,
				  const struct simulation_options *options);
void simulation_free(struct simulation *simulation);

struct world *simulation_world(const struct simulation *simulation);
const struct scenario *simulation_scenario(const struct simulation *simulation);
struct network *simulation_network(const struct simulation *simulation);

/*
 * Runs until `until_ns`, or TIME_NEVER: until all is quiet, and then at most up to the scenario's
 * own end. Returns as engine_run() does; may be called again when it was stopped.
 */
enum engine_outcome simulation_run(struct simulation *simulation, int64_t until_ns);

/*
 * Runs all that is due until `until_ns`, also when nothing is, and leaves the clock there: for
 * frames that come from outside at times of their own. From the first such call on the simulation
 * is never quiet. False when a program goes round in circles.
 */
bool simulation_advance(struct simulation *simulation, int64_t until_ns);
