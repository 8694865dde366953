/* A session as a ladder: who says what in which frame. */
#include <string.h>
#include "protocols/layer.h"
#include "views/figures.h"
#include "views/names.h"
#include "views/narrate_parts.h"

#define STEPS_MAX         22
#define LADDERS_MAX       24

#define SUMMARY_BYTES_MAX 400 /* of a label */

static struct figure_step segment(struct narrator *narrator, const struct trace_record *frame,
				  bool is_from_server, const char *text)
{
	return (struct figure_step) {
		.is_from_server = is_from_server,
		.layer = LAYER_TCP,
		.frame = fact_frame(narrator, frame).text,
		.time = fact_instant(narrator, frame).text,
		.text = text,
	};
}

static void add_opening(struct narrator *narrator, const struct leg *leg, GArray *steps)
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

/* What each frame carries; further units of one frame go with the first. True: there are more. */
static bool add_sayings(struct narrator *narrator, const GArray *sayings, GArray *steps,
			GPtrArray *frames)
{
	uint64_t packet = 0;

	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);
		struct figure_step step;

		if (saying->unit->packet == packet)
			continue;
		if (steps->len >= STEPS_MAX)
			return true;
		packet = saying->unit->packet;
		step =
		    segment(narrator, saying->frame, saying->is_from_server, saying->unit->summary);
		step.layer = layer_of(saying);
		g_array_append_val(steps, step);
		g_ptr_array_add(frames, (void *)saying);
	}
	return false;
}

/* What is said is quoted where it is in the bytes as it is; what had to be decoded rests on its frame. */
static void label_saying(struct narrator *narrator, const struct saying *saying,
			 struct story_block *figure)
{
	struct bytes summary = bytes_of(saying->unit->summary);
	struct bytes bytes = narrate_bytes(narrator, saying->frame);

	if (summary.length > 0 &&
	    memmem(bytes.data, bytes.length, summary.data, summary.length) != NULL)
		LABEL(figure, "{}", fact_quote(narrator, saying->frame, summary, STORY_CODE));
	else
		LABEL(figure, "{}",
		      fact_word(story_clean(narrator->story, summary, SUMMARY_BYTES_MAX)),
		      fact_because(saying->frame));
}

static void label_frame(struct narrator *narrator, const struct trace_record *frame,
			struct story_block *figure)
{
	LABEL(figure, "{}", fact_instant(narrator, frame));
	LABEL(figure, "{}", fact_frame(narrator, frame));
}

static void label_all(struct narrator *narrator, const struct leg *leg, const GPtrArray *sayings,
		      struct story_block *figure)
{
	LABEL(figure, "{}", fact_node(narrator, leg->client));
	LABEL(figure, "{}", fact_node(narrator, leg->server));
	if (leg->syn_ack != NULL && leg->ack != NULL) {
		label_frame(narrator, leg->syn, figure);
		label_frame(narrator, leg->syn_ack, figure);
		label_frame(narrator, leg->ack, figure);
	}
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = sayings->pdata[i];

		label_frame(narrator, saying->frame, figure);
		label_saying(narrator, saying, figure);
	}
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
	g_autoptr(GPtrArray) drawn = g_ptr_array_new();
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
		.has_more = add_sayings(narrator, sayings, steps, drawn),
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
	label_all(narrator, leg, drawn, figure);
	g_array_unref(steps);
}
