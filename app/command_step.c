/* mailwire step: one crossing after the other, forwards and backwards; going back costs nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/simulation.h"
#include "views/crossing.h"
#include "views/log.h"

/* A crossing as it is shown. */
struct step {
	char *text;
	uint32_t node;
	bool begins_unit; /* a mail command or reply is sent here */
};

struct stepper {
	struct trace_sink sink;
	struct model *model;
	struct crossings *crossings;
	GArray *steps; /* of struct step */
	bool colour;
};

static bool begins_unit(const struct model *model, const struct crossing *crossing)
{
	struct model_segment segment;

	return crossing->received == NULL &&
	       model_find_segment(model, crossing_sent(crossing), &segment) && segment.length > 0 &&
	       segment.connection->dissector != NULL;
}

static void add_step(void *owner, const struct crossing *crossing)
{
	struct stepper *stepper = owner;
	struct step step = { .node = crossing->node };
	size_t length;
	FILE *memory = open_memstream(&step.text, &length);
	struct log *log = log_new(stepper->model, &(struct log_options) {
						      .out = memory,
						      .colour = stepper->colour,
						      .unfold = true,
						      .dissectors = all_dissectors,
						  });

	log_print_crossing(log, crossing);
	log_finish(log);
	fclose(memory);
	step.begins_unit = begins_unit(stepper->model, crossing);
	g_array_append_val(stepper->steps, step);
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct stepper *stepper = owner;

	model_feed(stepper->model, record, bytes);
	crossings_feed(stepper->crossings, record, bytes);
}

static const struct step *step_at(const struct stepper *stepper, guint index)
{
	return &g_array_index(stepper->steps, struct step, index);
}

static void show(const struct stepper *stepper, guint index)
{
	printf("step %u of %u\n%s", index + 1, stepper->steps->len, step_at(stepper, index)->text);
	fflush(stdout);
}

/* Where a key leads from `index`; the same place when there is no such step. */
static guint follow(const struct stepper *stepper, guint index, char key)
{
	guint next = index + 1;

	switch (key) {
	case 'b':
		return index > 0 ? index - 1 : index;
	case 'n':
		while (next < stepper->steps->len &&
		       step_at(stepper, next)->node == step_at(stepper, index)->node)
			next++;
		break;
	case 'm':
		while (next < stepper->steps->len && !step_at(stepper, next)->begins_unit)
			next++;
		break;
	default:
		break;
	}
	return next < stepper->steps->len ? next : index;
}

static const char keys_help[] =
    "Enter: next step; or a letter and Enter: b back, n next host, m next mail command, q quit\n";

static void interact(const struct stepper *stepper)
{
	char *line = NULL;
	size_t size = 0;
	guint index = 0;

	if (stepper->steps->len == 0) {
		puts("nothing happens in this scenario");
		return;
	}
	fputs(keys_help, stdout);
	show(stepper, index);
	while (getline(&line, &size, stdin) >= 0 && line[0] != 'q') {
		guint next;

		if (strchr("\nbnm", line[0]) == NULL ||
		    (line[0] != '\n' && strcmp(line + 1, "\n") != 0)) {
			fputs(keys_help, stdout);
			continue;
		}
		next = follow(stepper, index, line[0]);
		if (next == index)
			puts(line[0] == 'b' ? "this is the first step"
					    : "there is no such step any more");
		else
			show(stepper, next);
		index = next;
	}
	free(line);
}

static void record_steps(struct stepper *stepper, const struct scenario *scenario)
{
	struct trace_sink *sinks[] = { &stepper->sink };
	struct simulation *simulation;

	stepper->sink =
	    (struct trace_sink) { .kinds = TRACE_ALL, .owner = stepper, .record = observe };
	simulation = simulation_new(scenario, &(struct simulation_options) {
						  .seed = scenario->seed,
						  .sinks = sinks,
						  .sink_count = 1,
					      });
	simulation_run(simulation, TIME_NEVER);
	crossings_finish(stepper->crossings);
	simulation_free(simulation);
}

int command_step(const struct command *command, int argc, char **argv)
{
	const char *file;
	struct stepper stepper = { .colour = command_colours(STDOUT_FILENO) };
	struct scenario *scenario;
	int status = command_parse(command, argc, argv, NULL, 1, &file);

	if (status >= 0)
		return status;
	scenario = command_load(file);
	if (scenario == NULL)
		return EXIT_USAGE;
	stepper.model = model_new(all_dissectors);
	stepper.crossings = crossings_new(add_step, &stepper);
	stepper.steps = g_array_new(FALSE, FALSE, sizeof(struct step));
	record_steps(&stepper, scenario);
	interact(&stepper);
	for (guint i = 0; i < stepper.steps->len; i++)
		free(g_array_index(stepper.steps, struct step, i).text);
	g_array_free(stepper.steps, TRUE);
	crossings_free(stepper.crossings);
	model_free(stepper.model);
	scenario_free(scenario);
	return command_flush();
}
