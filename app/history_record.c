#include "app/history_record.h"

#include "app/dissectors.h"
#include "app/simulation.h"

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	history_feed(owner, record, bytes);
}

struct history *history_record(const struct scenario *scenario, struct history_options options)
{
	struct history *history = history_new(all_dissectors);
	struct trace_sink sink = { .kinds = TRACE_ALL, .owner = history, .record = observe };
	struct trace_sink *sinks[] = { &sink };
	struct simulation *simulation = simulation_new(scenario, &(struct simulation_options) {
								     .seed = options.seed,
								     .sinks = sinks,
								     .sink_count = 1,
								 });

	simulation_run(simulation, options.until_ns);
	simulation_free(simulation);
	history_finish(history);
	return history;
}
