/* The screen as a whole: what stands where, at any size. */
#include <string.h>
#include "app/stepper_private.h"
#include "views/names.h"

#define LIST_COLUMNS_MIN  34
#define COLUMNS_FOR_BOXES 60
#define HORIZONTAL        0x2500

static const char keys_line[] =
    "←→ step ⇧←→ hop m command / search w why? s state d diff p predict ? help";

/* Which rows what has; 0: there is no room for it. */
struct plan {
	unsigned map, list, bytes, sentence; /* the list with the rule above it, others without */
};

static struct plan plan_for(const struct stepper *stepper, unsigned rows)
{
	struct plan plan = { .list = rows > 2 ? rows - 2 : 0 };
	unsigned nodes = model_node_count(history_model(stepper->history));

	if (rows >= 9) {
		plan.sentence = rows >= 30 ? 4 : rows >= 20 ? 3 : 2;
		plan.list -= plan.sentence + 1;
	}
	if (rows >= 14) {
		plan.map = rows >= 30 ? MIN(3 + nodes / 12, 6) : rows >= 20 ? 3 : 2;
		plan.list -= plan.map;
	}
	if (rows >= 18) {
		plan.bytes = rows >= 40 ? 8 : rows >= 30 ? 5 : 3;
		plan.list -= plan.bytes + 1;
	}
	return plan;
}

static void draw_rule(struct canvas *canvas, unsigned row, const char *title)
{
	canvas_fill(canvas, row, 0, canvas->columns, HORIZONTAL);
	canvas_write(canvas, row, 1, canvas->columns - MIN(canvas->columns, 2), CANVAS_BOLD,
		     CANVAS_NO_LAYER, title);
}

static void draw_status(struct stepper *stepper, struct canvas *canvas)
{
	GString *text = g_string_new(NULL);
	int64_t us = stepper_time(stepper) / 1000;
	g_autofree char *title = NULL;
	unsigned used;

	if (stepper_is_empty(stepper))
		g_string_append(text, " no step ");
	else
		g_string_append_printf(text, " %d.%03d %03d s │ step %u/%u ", (int)(us / 1000000),
				       (int)(us / 1000 % 1000), (int)(us % 1000),
				       stepper_visible_place(stepper, stepper->at.event) + 1,
				       stepper->visible->len);
	if (stepper->mail != 0)
		g_string_append_printf(text, "│ mail %u only ", stepper->mail);
	if (stepper->layers != 0 || stepper->nodes != NULL)
		g_string_append(text, "│ filtered ");
	if (stepper->answered > 0)
		g_string_append_printf(text, "│ %u/%u right ", stepper->right, stepper->answered);
	if (stepper->pin_count > 0)
		g_string_append(text, "│ pinned ");
	if (stepper->is_running)
		g_string_append_printf(text, "│ ▶ %g/s ", stepper_speeds[stepper->speed]);
	if (history_error(stepper->history) != NULL)
		g_string_append(text, "│ trace incomplete: no room ");
	canvas_fill(canvas, 0, 0, canvas->columns, ' ');
	canvas_mark(canvas, 0, 0, canvas->columns, CANVAS_REVERSE);
	used = canvas_write(canvas, 0, 0, canvas->columns, CANVAS_REVERSE | CANVAS_BOLD,
			    CANVAS_NO_LAYER, text->str);
	title = g_strdup_printf("│ %s", stepper->title);
	canvas_write(canvas, 0, used, canvas->columns - used, CANVAS_REVERSE, CANVAS_NO_LAYER,
		     *stepper->title == '\0' ? "" : title);
	g_string_free(text, TRUE);
}

static const char *prompt_text(enum prompt prompt)
{
	static const char *const texts[] = {
		[PROMPT_NONE] = "",
		[PROMPT_SEARCH] = "search: ",
		[PROMPT_NUMBER] = "step: ",
		[PROMPT_TIME] = "time (1.5s, 300ms): ",
		[PROMPT_BREAK] = "stop at (tcp port 25, /text, state text): ",
		[PROMPT_LAYERS] = "layers (dns,smtp; none: all): ",
		[PROMPT_HOSTS] = "hosts (mail,gw; none: all): ",
	};

	return texts[prompt];
}

static void draw_foot(const struct stepper *stepper, struct canvas *canvas)
{
	unsigned row = canvas->rows - 1, used;

	canvas_fill(canvas, row, 0, canvas->columns, ' ');
	if (stepper->prompt != PROMPT_NONE) {
		used = canvas_write(canvas, row, 1, canvas->columns, CANVAS_BOLD, CANVAS_NO_LAYER,
				    prompt_text(stepper->prompt));
		used += canvas_write(canvas, row, 1 + used, canvas->columns, CANVAS_PLAIN,
				     CANVAS_NO_LAYER, stepper->typed->str);
		canvas_write(canvas, row, 1 + used, 1, CANVAS_REVERSE, CANVAS_NO_LAYER, " ");
		return;
	}
	canvas_write(canvas, row, 1, canvas->columns - MIN(canvas->columns, 1),
		     stepper->message != NULL ? CANVAS_BOLD : CANVAS_FAINT, CANVAS_NO_LAYER,
		     stepper->message != NULL ? stepper->message
		     : stepper->is_in_bytes
			 ? "arrows: over the bytes   a: as it came, as it left   "
			   "Tab: back to the steps"
			 : keys_line);
}

/* Lists and boxes side by side. */
static void draw_middle(struct stepper *stepper, struct canvas *canvas, unsigned row, unsigned rows)
{
	unsigned columns = canvas->columns;
	unsigned list =
	    columns >= COLUMNS_FOR_BOXES ? MAX(LIST_COLUMNS_MIN, columns * 2 / 5) : columns;

	draw_rule(canvas, row, " steps ");
	stepper_draw_list(stepper, canvas, row + 1, 0, rows - 1, list);
	if (list == columns)
		return;

	const struct history_hop *hop = stepper_hop(stepper);
	unsigned right = columns - list - 1, half = (right - 1) / 2;
	g_autofree char *before =
	    hop == NULL
		? g_strdup("")
		: g_strdup_printf(" %s: before ",
				  model_node_name(history_model(stepper->history), hop->node));

	for (unsigned i = 1; i < rows; i++)
		canvas_fill(canvas, row + i, list, 1, 0x2502);
	canvas_write(canvas, row, list + 1, half, CANVAS_BOLD, CANVAS_NO_LAYER, before);
	if (hop != NULL)
		canvas_write(canvas, row, list + 2 + half, right - half, CANVAS_BOLD,
			     CANVAS_NO_LAYER, " after ");
	stepper_draw_boxes(stepper, canvas, row + 1, list + 1, rows - 1, right);
}

static void draw_sentence(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned rows)
{
	const struct history_hop *hop = stepper_hop(stepper);
	GString *text = g_string_new(NULL);

	if (hop != NULL && stepper->at.packet != HISTORY_NONE)
		history_explain_hop(text, stepper->history, hop);
	else
		history_explain_event(text, stepper->history, stepper_event(stepper));
	canvas_paragraph(canvas, row, 1, canvas->columns - MIN(canvas->columns, 2), rows, text->str,
			 "… e: all of it");
	g_string_free(text, TRUE);
}

static void draw_bytes(struct stepper *stepper, struct canvas *canvas, unsigned row, unsigned rows)
{
	const struct history_packet *packet = stepper_packet(stepper);
	size_t length = stepper_frame(stepper).length;
	g_autofree char *title =
	    length == 0 ? g_strdup(" no frame ")
	    : packet->frame == 0
		? g_strdup_printf(" %zu bytes ", length)
		: g_strdup_printf(" frame %" G_GUINT64_FORMAT ", %zu bytes%s ", packet->frame,
				  length,
				  stepper_hop(stepper)->sent.length == 0 ? ", as it came" : "");

	draw_rule(canvas, row, title);
	stepper_draw_bytes(stepper, canvas, row + 1, rows);
}

static void draw_parts(struct stepper *stepper, struct canvas *canvas)
{
	struct plan plan = plan_for(stepper, canvas->rows);
	unsigned row = 1;

	if (plan.map > 0) {
		stepper_draw_map(stepper, canvas, row, plan.map);
		row += plan.map;
	}
	draw_middle(stepper, canvas, row, plan.list);
	row += plan.list;
	if (plan.bytes > 0) {
		draw_bytes(stepper, canvas, row, plan.bytes);
		row += plan.bytes + 1;
	}
	if (plan.sentence > 0) {
		draw_rule(canvas, row, "");
		draw_sentence(stepper, canvas, row + 1, plan.sentence);
	}
}

/* Why there is no step to show. */
static const char *why_empty(const struct stepper *stepper)
{
	if (history_event_count(stepper->history) == 0)
		return "nothing happens in this run";
	if (stepper->layers == 0 && stepper->mail == 0 && stepper->nodes == NULL)
		return "nothing happens in this run: only states are set up, which z shows";
	return "no step passes the filters: l, o, f and z change them";
}

void stepper_draw(struct stepper *stepper, struct canvas *canvas)
{
	if (canvas->rows < 3 || canvas->columns < 4)
		return;
	draw_status(stepper, canvas);
	if (stepper->overlay != OVERLAY_NONE)
		stepper_draw_overlay(stepper, canvas, 1, canvas->rows - 2);
	else if (stepper_is_empty(stepper))
		canvas_write(canvas, 1, 1, canvas->columns - 1, CANVAS_PLAIN, CANVAS_NO_LAYER,
			     why_empty(stepper));
	else
		draw_parts(stepper, canvas);
	draw_foot(stepper, canvas);
}
