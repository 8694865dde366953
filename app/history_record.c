#include "app/history_record.h"

#include "app/dissectors.h"
#include "app/simulation.h"

struct recording {
	struct history *history;
	struct simulation *simulation;
	uint64_t records_left; /* UINT64_MAX: however many */
	bool is_over;          /* what taking the world down may still record is no part of it */
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct recording *recording = owner;

	if (recording->is_over)
		return;
	history_feed(recording->history, record, bytes);
	if (recording->records_left == UINT64_MAX)
		return;
	if (recording->records_left > 0)
		recording->records_left--;
	if (recording->records_left == 0 && recording->simulation != NULL)
		engine_stop(simulation_world(recording->simulation)->engine);
}

struct history *history_record(const struct scenario *scenario, struct history_options options)
{
	struct recording recording = {
		.history = history_new(all_dissectors),
		.records_left = options.records_max == 0 ? UINT64_MAX : options.records_max,
	};
	struct trace_sink sink = { .kinds = TRACE_ALL, .owner = &recording, .record = observe };
	struct trace_sink *sinks[] = { &sink, options.sink };
	enum engine_outcome outcome;

	recording.simulation =
	    simulation_new(scenario, &(struct simulation_options) {
					 .seed = options.seed,
					 .sinks = sinks,
					 .sink_count = options.sink == NULL ? 1 : 2,
				     });
	outcome = simulation_run(recording.simulation, options.until_ns);
	if (options.outcome != NULL)
		*options.outcome = outcome;
	recording.is_over = true;
	simulation_free(recording.simulation);
	recording.simulation = NULL;
	history_finish(recording.history);
	return recording.history;
}
