/* mailwire narrate: runs a scenario and writes its explanation. */
#include <stdio.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/simulation.h"
#include "views/narrate.h"
#include "views/narrate_private.h"
#include "views/story_write.h"

struct told {
	struct trace_sink sink;
	struct model *model;
	struct trace_store *store;
	bool is_over;
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct told *told = owner;
	struct trace_sink *store = trace_store_sink(told->store);

	if (told->is_over)
		return;
	model_feed(told->model, record, bytes);
	store->record(store->owner, record, bytes);
}

int command_narrate(const struct command *command, int argc, char **argv)
{
	const char *file;
	struct scenario *scenario;
	int status = command_parse(command, argc, argv, NULL, 1, &file);

	if (status >= 0)
		return status;
	scenario = command_load(file);
	if (scenario == NULL)
		return EXIT_USAGE;
	struct told told = {
		.sink = {.kinds = TRACE_ALL, .owner = &told, .record = observe},
		.model = model_new(all_dissectors),
		.store = trace_store_new(TRACE_STORE_MEMORY_BYTES),
	};
	struct trace_sink *sinks[] = { &told.sink };
	struct simulation *simulation = simulation_new(
	    scenario, &(struct simulation_options) {
			  .seed = scenario->seed, .sinks = sinks, .sink_count = 1 });
	simulation_run(simulation, TIME_NEVER);
	told.is_over = true;
	simulation_free(simulation);
	struct narrator narrator = { .model = told.model, .store = told.store,
		.level = NARRATE_COURSE,
		.story = story_new(scenario->title, scenario->epoch_s) };
	narrate_index(&narrator);
	for (guint i = 0; i < narrator.scenes->len; i++) {
		const struct scene *scene = narrate_scene(&narrator, i);
		printf("scene %u %s: %u stations %u lookups %u arps %u legs\n", i,
		       model_node_name(told.model, scene->node), scene->stations->len,
		       scene->lookups->len, scene->arps->len, scene->legs->len);
	}
	for (guint i = 0; i < narrator.legs->len; i++) {
		struct leg *leg = narrate_leg(&narrator, i);
		printf("leg %u scene %d %s -> %s:%u %s syn %d %d %d fin %d\n", i, (int)leg->scene,
		       model_node_name(told.model, leg->client), model_node_name(told.model, leg->server),
		       leg->connection->server.port, model_protocol(leg->connection),
		       leg->syn != NULL, leg->syn_ack != NULL, leg->ack != NULL, leg->fin != NULL);
		for (int d = 0; d < 2; d++)
			for (guint u = 0; u < leg->connection->directions[d].units->len; u++) {
				const struct model_unit *unit = leg->connection->directions[d].units->pdata[u];
				printf("  %c scene %d kind %u %s [%s] complete %d enc %d bytes %d len %lu frame %lu\n", "CS"[d],
				       (int)narrate_unit_scene(&narrator, unit), unit->kind, unit->name, unit->summary,
				       unit->is_complete, unit->is_encrypted, unit->bytes != NULL, unit->length, model_frame(told.model, unit->packet));
			}
	}
	return command_flush();
}
