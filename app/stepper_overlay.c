/* What lies over the screen: help, the state of things, causes, differences, and questions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "app/stepper_private.h"
#include "views/layout.h"
#include "views/mailboxes.h"
#include "views/state.h"

static const char *const help[] = {
	"A step is what a person would name: an action, a command, an answer, a",
	"handshake. Packets carry it, and each of them hops from node to node.",
	"",
	"  → Space  ←         next step, the step before (in predict mode: asks first)",
	"  ⇧→ .     ⇧← ,      next hop of the same packet, the hop before",
	"  ↓ ↑ PgDn PgUp      up and down the list; Enter folds a step",
	"  m M                next mail command or reply; back",
	"  y Y    h H         next event at this layer; at this host; back",
	"  12 Enter  t        step number 12; jumps to a time",
	"  Home End           first step, last step",
	"  /  n N             searches titles, sentences, fields (time to live = 63)",
	"                     and what is carried; once more, forwards and back",
	"  b  c               goes on to a condition: a filter of tcpdump (tcp port 25),",
	"                     /550 a text, state ESTABLISHED a change; c: once more",
	"  r  < >             runs; slower, faster",
	"  f                  follows this message: shows only its steps; again: all",
	"  l o                shows only some layers, hosts (nothing: all)",
	"  z                  shows states, tables and phases in the list as well",
	"  Tab x   a          to the bytes and back; as the frame came, or left",
	"  d                  pins this frame; on another one: compares the two",
	"  s                  sockets, queues, mailboxes, tables at this instant",
	"  w                  why? the causes, back to what a user did; 1 to 9, or ↓ ↑",
	"                     and Enter, lead to one of them",
	"  e                  the whole sentence",
	"  p                  predict: you say what comes next, and scores are kept",
	"  q                  quit",
};

static void add(struct stepper *stepper, char *line)
{
	g_ptr_array_add(stepper->lines, line);
}

void stepper_append_event(GString *out, const struct stepper *stepper, uint32_t index)
{
	const struct history_event *event = history_event(stepper->history, index);

	g_string_append_printf(
	    out, "%s: ", model_node_name(history_model(stepper->history), event->node));
	history_title(out, stepper->history, event);
}

/* State. */

static void add_messages(struct stepper *stepper, uint32_t node)
{
	const struct mailboxes *mailboxes =
	    history_mailboxes(stepper->history, stepper_moment(stepper));

	for (unsigned i = 0; i < mailboxes_count(mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(mailboxes, i);

		for (guint k = 0; mailbox->node == node && k < mailbox->messages->len; k++) {
			const struct mailbox_message *message = mailbox->messages->pdata[k];
			GString *line = g_string_new(NULL);

			g_string_append_printf(line, "    %s %s: UID %u, \"%s\" from %s ",
					       mailbox->owner, mailbox->name, message->uid,
					       message->subject, message->from);
			mailbox_flags_append(line, message->flags);
			add(stepper, g_string_free(line, FALSE));
		}
	}
}

static void show_state(struct stepper *stepper)
{
	const struct model *model = history_model(stepper->history);
	const struct history_hop *hop = stepper_hop(stepper);
	bool *nodes = g_new0(bool, model_node_count(model) + 1);
	uint32_t node = hop != NULL ? hop->node : stepper_event(stepper)->node;
	char *text = NULL;
	size_t bytes;
	FILE *memory = open_memstream(&text, &bytes);

	if (node <=
	    model_node_count(model)) /* a trace may speak of nodes that it did not introduce */
		nodes[node] = true;
	state_print(history_state(stepper->history, stepper_moment(stepper)), memory,
		    stepper_time(stepper), nodes, false);
	g_free(nodes);
	fclose(memory);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		add(stepper, g_strdup(*line));
	add_messages(stepper, node);
	free(text);
}

/* Why? */

/* "  3  because of     1.004835 s  mail: Greeting: 220 ...". */
static void add_cause(struct stepper *stepper, guint number, uint32_t index)
{
	GString *line = g_string_new(NULL);

	if (number == 0)
		g_string_append(line, "     this       ");
	else if (number < 10)
		g_string_append_printf(line, "  %u  because of ", number);
	else
		g_string_append(line, "     because of ");
	g_string_append_printf(line, "%12.6f s  ",
			       (double)history_event(stepper->history, index)->time_ns / 1e9);
	stepper_append_event(line, stepper, index);
	add(stepper, g_string_free(line, FALSE));
	g_array_append_val(stepper->causes, index);
}

static void show_why(struct stepper *stepper)
{
	GArray *causes = history_causes(stepper->history, stepper->at.event);

	g_array_set_size(stepper->causes, 0);
	for (guint i = 0; i < causes->len; i++) {
		uint32_t index = g_array_index(causes, uint32_t, i);

		if (i == 0 || stepper->has_changes ||
		    history_event(stepper->history, index)->kind != HISTORY_CHANGE)
			add_cause(stepper, stepper->causes->len, index);
	}
	stepper->chosen = stepper->causes->len > 1 ? 1 : 0;
	g_array_unref(causes);
}

void stepper_choose_cause(struct stepper *stepper, int way)
{
	if (way < 0 ? stepper->chosen > 0 : stepper->chosen + 1 < stepper->causes->len)
		stepper->chosen += (unsigned)way;
}

void stepper_go_to_cause(struct stepper *stepper, unsigned line)
{
	uint32_t event = g_array_index(stepper->causes, uint32_t, line);

	stepper->overlay = OVERLAY_NONE;
	if (!stepper_is_listed(stepper, event)) {
		stepper->layers = 0;
		stepper->mail = 0;
		g_clear_pointer(&stepper->nodes, g_free);
		stepper_filter(stepper);
		stepper_say(stepper, g_strdup("all steps are shown again: this one was hidden"));
	}
	stepper_go_to(stepper, event);
}

/* Differences. */

static void add_difference(struct stepper *stepper, const struct box *box,
			   const struct box_field *field, const struct box_field *other)
{
	add(stepper,
	    g_strdup_printf("%c %-9s %-24s %s%s%s",
			    field->change == BOX_CHANGED   ? '*'
			    : field->change == BOX_REMOVED ? '-'
							   : '+',
			    box->name, field->name, field->value, other == NULL ? "" : "  →  ",
			    other == NULL ? "" : other->value));
}

/* The field of the same name in the box of the same name. */
static const struct box_field *find_field(const GPtrArray *boxes, const struct box *box,
					  const char *name)
{
	for (guint i = 0; i < boxes->len; i++) {
		const struct box *other = boxes->pdata[i];

		for (guint k = 0; strcmp(other->name, box->name) == 0 && k < other->fields->len;
		     k++) {
			const struct box_field *field =
			    &g_array_index(other->fields, struct box_field, k);

			if (strcmp(field->name, name) == 0)
				return field;
		}
	}
	return NULL;
}

static void add_differences(struct stepper *stepper, const GPtrArray *boxes,
			    const GPtrArray *others, bool is_before)
{
	for (guint i = 0; i < boxes->len; i++) {
		const struct box *box = boxes->pdata[i];

		for (guint k = 0; k < box->fields->len; k++) {
			const struct box_field *field =
			    &g_array_index(box->fields, struct box_field, k);

			if (field->change == BOX_SAME ||
			    (!is_before && field->change == BOX_CHANGED))
				continue;
			add_difference(stepper, box, field,
				       field->change == BOX_CHANGED
					   ? find_field(others, box, field->name)
					   : NULL);
		}
	}
}

static struct bytes frame_of(const struct stepper *stepper, uint32_t index)
{
	const struct history_hop *hop = history_hop(stepper->history, index);

	return hop->sent.length > 0 ? hop->sent : hop->received;
}

static void add_pin(struct stepper *stepper, const char *what, uint32_t index)
{
	const struct history_hop *hop = history_hop(stepper->history, index);
	GString *line = g_string_new(NULL);

	g_string_append_printf(line, "%s frame %" G_GUINT64_FORMAT ", %.6f s, ", what,
			       history_packet(stepper->history, hop->packet)->frame,
			       (double)hop->last_ns / 1e9);
	g_string_append_printf(
	    line, "at %s: ", model_node_name(history_model(stepper->history), hop->node));
	history_title(line, stepper->history, history_event(stepper->history, hop->event));
	add(stepper, g_string_free(line, FALSE));
}

static void show_difference(struct stepper *stepper)
{
	const struct model *model = history_model(stepper->history);
	GPtrArray *before = boxes_new(model, frame_of(stepper, stepper->pinned[0]));
	GPtrArray *after = boxes_new(model, frame_of(stepper, stepper->pinned[1]));

	boxes_compare(before, after);
	add_pin(stepper, "first: ", stepper->pinned[0]);
	add_pin(stepper, "second:", stepper->pinned[1]);
	add(stepper, g_strdup(""));
	add_differences(stepper, before, after, true);
	add_differences(stepper, after, before, false);
	if (stepper->lines->len == 3)
		add(stepper, g_strdup("not one field differs"));
	boxes_free(before);
	boxes_free(after);
}

void stepper_pin(struct stepper *stepper)
{
	uint32_t hop = stepper_hop_index(stepper);

	if (hop == HISTORY_NONE || frame_of(stepper, hop).length == 0) {
		stepper_say(stepper, g_strdup("this step has no frame to pin"));
		return;
	}
	stepper->pinned[stepper->pin_count++] = hop;
	if (stepper->pin_count < 2) {
		stepper_say(stepper, g_strdup("pinned; d on another frame compares the two"));
		return;
	}
	stepper->pin_count = 0;
	stepper_show(stepper, OVERLAY_DIFF);
}

/* The whole sentence. */

static void show_sentence(struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);
	GString *text = g_string_new(NULL);

	history_title(text, stepper->history, stepper_event(stepper));
	add(stepper, g_strdup(text->str));
	add(stepper, g_strdup(""));
	g_string_truncate(text, 0);
	history_explain_event(text, stepper->history, stepper_event(stepper));
	add(stepper, g_strdup(text->str));
	if (hop != NULL) {
		add(stepper, g_strdup(""));
		g_string_truncate(text, 0);
		history_explain_hop(text, stepper->history, hop);
		add(stepper, g_strdup(text->str));
	}
	g_string_free(text, TRUE);
}

/* What comes next? */

static bool has_option(const struct question *question, const struct stepper *stepper,
		       uint32_t event)
{
	GString *one = g_string_new(NULL), *other = g_string_new(NULL);
	bool is_there = false;

	stepper_append_event(one, stepper, event);
	for (unsigned i = 0; i < question->count && !is_there; i++) {
		g_string_truncate(other, 0);
		stepper_append_event(other, stepper, question->events[i]);
		is_there = g_string_equal(one, other);
	}
	g_string_free(one, TRUE);
	g_string_free(other, TRUE);
	return is_there;
}

/* Others that come near: first what follows later, then what was before. */
static void add_options(struct stepper *stepper, guint place)
{
	struct question *question = &stepper->question;
	int count = (int)stepper->visible->len;

	for (int i = 1; i <= 40 && question->count < STEPPER_OPTIONS; i++) {
		int at = (int)place + (i % 3 == 0 ? -(i / 3) - 1 : i - i / 3);

		if (at < 0 || at >= count)
			continue;
		uint32_t event = g_array_index(stepper->visible, uint32_t, at);

		if (!has_option(question, stepper, event))
			question->events[question->count++] = event;
	}
}

void stepper_ask(struct stepper *stepper)
{
	struct question *question = &stepper->question;
	guint place = stepper_visible_place(stepper, stepper->at.event) + 1;
	uint32_t next, moved;

	if (stepper_is_empty(stepper) || place >= stepper->visible->len) {
		stepper_go_event(stepper, 1);
		return;
	}
	next = g_array_index(stepper->visible, uint32_t, place);
	question->count = 1;
	question->events[0] = next;
	add_options(stepper, place);
	/* Where the right one stands is as good as chance, and always the same. */
	question->right = (next * 2654435761u >> 16) % question->count;
	moved = question->events[question->right];
	question->events[question->right] = next;
	question->events[0] = question->right == 0 ? next : moved;
	stepper_show(stepper, OVERLAY_QUESTION);
}

static void show_question(struct stepper *stepper)
{
	add(stepper, g_strdup("What comes next? Press its number; any other key leaves it open."));
	add(stepper, g_strdup(""));
	for (unsigned i = 0; i < stepper->question.count; i++) {
		GString *line = g_string_new(NULL);

		g_string_append_printf(line, "  %u  ", i + 1);
		stepper_append_event(line, stepper, stepper->question.events[i]);
		add(stepper, g_string_free(line, FALSE));
	}
}

void stepper_answer(struct stepper *stepper, unsigned option)
{
	const struct question *question = &stepper->question;
	bool is_right = option == question->right;

	stepper->overlay = OVERLAY_NONE;
	stepper->answered++;
	stepper->right += is_right;
	stepper_go_to(stepper, question->events[question->right]);
	stepper_say(stepper, g_strdup_printf("%s  %u of %u right so far",
					     is_right ? "right!" : "no: this is what comes next.",
					     stepper->right, stepper->answered));
}

/* Showing. */

void stepper_show(struct stepper *stepper, enum overlay overlay)
{
	g_ptr_array_set_size(stepper->lines, 0);
	stepper->scrolled = 0;
	if (stepper_is_empty(stepper) && overlay != OVERLAY_HELP) {
		stepper_say(stepper, g_strdup("there is no step"));
		return;
	}
	stepper->overlay = overlay;
	switch (overlay) {
	case OVERLAY_HELP:
		for (size_t i = 0; i < G_N_ELEMENTS(help); i++)
			add(stepper, g_strdup(help[i]));
		break;
	case OVERLAY_STATE:
		show_state(stepper);
		break;
	case OVERLAY_WHY:
		show_why(stepper);
		break;
	case OVERLAY_DIFF:
		show_difference(stepper);
		break;
	case OVERLAY_SENTENCE:
		show_sentence(stepper);
		break;
	case OVERLAY_QUESTION:
		show_question(stepper);
		break;
	case OVERLAY_NONE:
		break;
	}
}

static const char *overlay_title(enum overlay overlay)
{
	static const char *const titles[] = {
		[OVERLAY_HELP] = "keys",
		[OVERLAY_STATE] = "state at this instant",
		[OVERLAY_WHY] = "why?",
		[OVERLAY_DIFF] = "two frames compared",
		[OVERLAY_SENTENCE] = "what happens here",
		[OVERLAY_QUESTION] = "predict",
	};

	return titles[overlay];
}

static bool is_chosen(const struct stepper *stepper, guint line)
{
	return stepper->overlay == OVERLAY_WHY && line == stepper->chosen;
}

void stepper_draw_overlay(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned rows)
{
	unsigned used = 0, room = rows > 1 ? rows - 1 : 0;
	guint most = stepper->lines->len > room ? stepper->lines->len - room : 0;

	if (stepper->overlay == OVERLAY_WHY)
		stepper->scrolled = stepper->chosen < room ? 0 : stepper->chosen + 1 - room;
	stepper->scrolled = MIN(stepper->scrolled, most);
	for (unsigned i = 0; i < rows; i++)
		canvas_fill(canvas, row + i, 0, canvas->columns, ' ');
	const char *keys = stepper->overlay == OVERLAY_WHY
			       ? "   ↓ ↑ Enter, or 1 to 9: to that cause; any other key leads back"
			   : most > 0 ? "   ↓ ↑ PgDn PgUp: more; any other key leads back"
				      : "   any key leads back";
	g_autofree char *title = g_strdup_printf(" %s%s", overlay_title(stepper->overlay), keys);

	canvas_write(canvas, row, 0, canvas->columns, CANVAS_BOLD | CANVAS_REVERSE, CANVAS_NO_LAYER,
		     title);
	for (guint i = stepper->scrolled; i < stepper->lines->len && used < room; i++) {
		const char *line = stepper->lines->pdata[i];

		if (stepper->overlay == OVERLAY_SENTENCE && *line != '\0')
			used += canvas_paragraph(canvas, row + 1 + used, 1, canvas->columns - 2,
						 room - used, line, NULL);
		else
			canvas_write(canvas, row + 1 + used++, 1, canvas->columns - 2,
				     is_chosen(stepper, i) ? CANVAS_REVERSE : CANVAS_PLAIN,
				     CANVAS_NO_LAYER, line);
	}
}
