/* A session as a ladder: who says what in which frame. */
#include "protocols/layer.h"
#include "views/figures.h"
#include "views/names.h"
#include "views/narrate_parts.h"

#define STEPS_MAX   22
#define LADDERS_MAX 24

static struct figure_step segment(const struct narrator *narrator, const struct trace_record *frame,
				  bool is_from_server, const char *text)
{
	return (struct figure_step) {
		.is_from_server = is_from_server,
		.layer = LAYER_TCP,
		.frame = model_frame(narrator->model, frame->packet),
		.time_ns = frame->time_ns,
		.text = text,
	};
}

static void add_opening(const struct narrator *narrator, const struct leg *leg, GArray *steps)
{
	if (leg->syn == NULL || leg->syn_ack == NULL || leg->ack == NULL)
		return;
	struct figure_step opening[] = {
		segment(narrator, leg->syn, false, "SYN"),
		segment(narrator, leg->syn_ack, true, "SYN, ACK"),
		segment(narrator, leg->ack, false, "ACK"),
	};

	g_array_append_vals(steps, opening, G_N_ELEMENTS(opening));
}

static uint8_t layer_of(const struct saying *saying)
{
	int layer = saying->unit->is_encrypted ? LAYER_TLS
		    : saying->unit->dissector == NULL
			? -1
			: view_layer_find(saying->unit->dissector->key);

	return layer < 0 ? 0 : (uint8_t)layer;
}

/* What each frame carries; further units of one frame go with the first. Returns how many are left out. */
static size_t add_sayings(const struct narrator *narrator, const GArray *sayings, GArray *steps)
{
	uint64_t packet = 0;
	size_t left_out = 0;

	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);
		struct figure_step step =
		    segment(narrator, saying->frame, saying->is_from_server, saying->unit->summary);

		if (saying->unit->packet == packet)
			continue;
		packet = saying->unit->packet;
		step.layer = layer_of(saying);
		step.time_ns = saying->unit->time_ns;
		if (steps->len < STEPS_MAX)
			g_array_append_val(steps, step);
		else
			left_out++;
	}
	return left_out;
}

/* The same protocol between the same kinds of programs has a picture already. */
static bool is_drawn(const struct narrator *narrator, const struct leg *leg)
{
	for (unsigned i = 0; i + 1 < leg->connection->number; i++) {
		const struct model_connection *other = narrate_leg(narrator, i)->connection;

		if (other->dissector == leg->connection->dissector &&
		    other->actors[0] == leg->connection->actors[0] &&
		    other->actors[1] == leg->connection->actors[1])
			return true;
	}
	return false;
}

void narrate_ladder(struct narrator *narrator, const struct leg *leg, const GArray *sayings)
{
	GArray *steps;
	struct figure_ladder ladder;
	struct story_block *figure;
	g_autofree char *anchor = g_strdup_printf("session-%u", leg->connection->number);

	if (narrator->level == NARRATE_SHORT || leg->syn == NULL ||
	    narrator->ladders >= LADDERS_MAX ||
	    (narrator->level == NARRATE_COURSE && is_drawn(narrator, leg)))
		return;
	narrator->ladders++;
	steps = g_array_new(FALSE, FALSE, sizeof(struct figure_step));
	add_opening(narrator, leg, steps);
	ladder = (struct figure_ladder) {
		.client = model_node_name(narrator->model, leg->client),
		.server = model_node_name(narrator->model, leg->server),
		.left_out = add_sayings(narrator, sayings, steps),
	};
	ladder.steps = (const struct figure_step *)(void *)steps->data;
	ladder.step_count = steps->len;
	figure =
	    story_figure(narrator->story, anchor, figure_ladder(&ladder),
			 "Ladder: what client and server say to each other, one arrow for each "
			 "frame, from top to bottom");
	SAY(figure,
	    "The session between {} and {}, from frame {} on; the numbers on the left are times "
	    "and frames.",
	    fact_node(narrator, leg->client), fact_node(narrator, leg->server),
	    fact_frame(narrator, leg->syn));
	g_array_unref(steps);
}
