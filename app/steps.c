#include "app/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "app/simulation.h"
#include "views/crossing.h"
#include "views/log.h"

struct steps {
	struct trace_sink sink;
	struct model *model;
	struct log *log;
	FILE *memory; /* what the log prints into: `printed` */
	char *printed;
	size_t printed_bytes;
	GArray *all; /* of struct step */
};

static bool begins_unit(const struct model *model, const struct crossing *crossing)
{
	struct model_segment segment;

	return crossing->received == NULL &&
	       model_find_segment(model, crossing_sent(crossing), &segment) && segment.length > 0 &&
	       segment.connection->dissector != NULL;
}

/* What the log has printed since the last step, without the line ends around it. */
static char *take_text(struct steps *steps)
{
	char *text;

	fflush(steps->memory);
	text = g_strndup(steps->printed, steps->printed_bytes);
	rewind(steps->memory);
	return g_strchomp(text);
}

static void add_crossing(void *owner, const struct crossing *crossing)
{
	struct steps *steps = owner;
	const struct model_interface *interface =
	    model_interface(steps->model, crossing->node, crossing_interface(crossing));
	struct step step = {
		.text = take_text(steps),
		.where =
		    g_strdup(interface != NULL ? interface->label
					       : model_node_name(steps->model, crossing->node)),
		.time_ns = crossing->last_ns,
		.frame = model_frame(steps->model, crossing->packet),
		.node = crossing->node,
		.begins_unit = begins_unit(steps->model, crossing),
	};

	g_array_append_val(steps->all, step);
}

static void add_event(void *owner, const struct trace_record *record)
{
	struct steps *steps = owner;
	struct step step = {
		.text = take_text(steps),
		.where = g_strdup(model_node_name(steps->model, trace_node_of(record->id))),
		.time_ns = record->time_ns,
		.node = trace_node_of(record->id),
	};

	g_array_append_val(steps->all, step);
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct steps *steps = owner;

	model_feed(steps->model, record, bytes);
	log_feed(steps->log, record, bytes);
}

static void step_clear(gpointer data)
{
	struct step *step = data;

	g_free(step->text);
	g_free(step->where);
}

static void run(struct steps *steps, const struct scenario *scenario)
{
	struct trace_sink *sinks[] = { &steps->sink };
	struct simulation *simulation = simulation_new(scenario, &(struct simulation_options) {
								     .seed = scenario->seed,
								     .sinks = sinks,
								     .sink_count = 1,
								 });

	simulation_run(simulation, TIME_NEVER);
	log_finish(steps->log);
	simulation_free(simulation);
}

struct steps *steps_record(const struct scenario *scenario, unsigned columns, bool colour)
{
	struct steps *steps = g_new0(struct steps, 1);

	steps->sink = (struct trace_sink) { .kinds = TRACE_ALL, .owner = steps, .record = observe };
	steps->model = model_new(all_dissectors);
	steps->all = g_array_new(FALSE, FALSE, sizeof(struct step));
	g_array_set_clear_func(steps->all, step_clear);
	steps->memory = open_memstream(&steps->printed, &steps->printed_bytes);
	steps->log = log_new(steps->model, &(struct log_options) {
					       .out = steps->memory,
					       .colour = colour,
					       .unfold = true,
					       .repeat_purposes = true,
					       .columns = columns,
					       .dissectors = all_dissectors,
					       .crossing_printed = add_crossing,
					       .event_printed = add_event,
					       .owner = steps,
					   });
	run(steps, scenario);
	fclose(steps->memory);
	free(steps->printed);
	return steps;
}

void steps_free(struct steps *steps)
{
	if (steps == NULL)
		return;
	g_array_free(steps->all, TRUE);
	model_free(steps->model);
	g_free(steps);
}

guint steps_count(const struct steps *steps)
{
	return steps->all->len;
}

const struct step *steps_at(const struct steps *steps, guint index)
{
	return &g_array_index(steps->all, struct step, index);
}

static bool is_wanted(const struct steps *steps, enum step_way way, guint from, guint index)
{
	switch (way) {
	case STEP_NEXT_HOST:
	case STEP_LAST_HOST:
		return steps_at(steps, index)->node != steps_at(steps, from)->node;
	case STEP_NEXT_UNIT:
	case STEP_LAST_UNIT:
		return steps_at(steps, index)->begins_unit;
	default:
		return true;
	}
}

bool steps_follow(const struct steps *steps, enum step_way way, guint *index)
{
	bool is_back = way == STEP_BACK || way == STEP_LAST_HOST || way == STEP_LAST_UNIT;
	guint at = *index;

	while (is_back ? at > 0 : at + 1 < steps->all->len) {
		at = is_back ? at - 1 : at + 1;
		if (!is_wanted(steps, way, *index, at))
			continue;
		*index = at;
		return true;
	}
	return false;
}

/* The text as it is read: no escape sequences, white space of any length one space. */
static char *readable(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (*text == '\033') {
			const char *end = strchr(text, 'm');

			text = end == NULL ? text : end;
		} else if (!g_ascii_isspace(*text)) {
			g_string_append_c(out, *text);
		} else if (out->len > 0 && out->str[out->len - 1] != ' ') {
			g_string_append_c(out, ' ');
		}
	}
	char *folded = g_utf8_casefold(out->str, (gssize)out->len);

	g_string_free(out, TRUE);
	return folded;
}

bool steps_search(const struct steps *steps, const char *text, guint *index)
{
	char *wanted = readable(text);
	bool is_found = false;

	for (guint i = 1; *wanted != '\0' && i <= steps->all->len && !is_found; i++) {
		guint at = (*index + i) % steps->all->len;
		char *there = readable(steps_at(steps, at)->text);

		is_found = strstr(there, wanted) != NULL;
		g_free(there);
		if (is_found)
			*index = at;
	}
	g_free(wanted);
	return is_found;
}

bool steps_parse(const struct steps *steps, const char *text, guint *index)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 1, steps->all->len, &number, NULL))
		return false;
	*index = (guint)number - 1;
	return true;
}
