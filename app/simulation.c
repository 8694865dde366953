#include "app/simulation.h"

#include "app/network.h"
#include "app/programs.h"
#include "app/timeline.h"

struct simulation {
	const struct scenario *scenario;
	struct world *world;
	struct network *network;
	struct programs *programs;
	struct timeline *timeline;
	struct timer wakefulness; /* armed beyond all times: keeps the engine from being quiet */
};

struct simulation *simulation_new(const struct scenario *scenario,
				  const struct simulation_options *options)
{
	struct simulation *simulation = g_new0(struct simulation, 1);

	simulation->scenario = scenario;
	simulation->world = world_new(options->seed, scenario->epoch_s);
	timer_init(&simulation->wakefulness, 0, NULL, NULL);
	for (size_t i = 0; i < options->sink_count; i++)
		trace_add_sink(&simulation->world->trace, options->sinks[i]);
	simulation->network = network_new(simulation->world, scenario, &options->attachments);
	simulation->programs = programs_new(simulation->world, scenario, simulation->network);
	simulation->timeline =
	    timeline_new(simulation->world, scenario, simulation->network, simulation->programs);
	return simulation;
}

void simulation_free(struct simulation *simulation)
{
	if (simulation == NULL)
		return;
	simulation->world->trace.kinds = 0; /* taking it apart is no part of the run */
	timer_cancel(simulation->world->engine, &simulation->wakefulness);
	timeline_free(simulation->timeline);
	programs_free(simulation->programs);
	network_free(simulation->network);
	world_free(simulation->world);
	g_free(simulation);
}

struct world *simulation_world(const struct simulation *simulation)
{
	return simulation->world;
}

const struct scenario *simulation_scenario(const struct simulation *simulation)
{
	return simulation->scenario;
}

struct network *simulation_network(const struct simulation *simulation)
{
	return simulation->network;
}

enum engine_outcome simulation_run(struct simulation *simulation, int64_t until_ns)
{
	int64_t end_ns = MIN(until_ns, simulation->scenario->until_ns);

	/* Never quite TIME_NEVER: that is the deadline of a timer that is not armed. */
	return engine_run(simulation->world->engine, MIN(end_ns, TIME_NEVER - 1));
}

bool simulation_advance(struct simulation *simulation, int64_t until_ns)
{
	struct engine *engine = simulation->world->engine;

	if (!timer_is_armed(&simulation->wakefulness))
		timer_schedule(engine, &simulation->wakefulness, TIME_NEVER - 1);
	return engine_run(engine, until_ns) != ENGINE_LIVELOCK;
}
