/* The headers before and after a hop, as boxes. */
#include <string.h>
#include "app/stepper_private.h"
#include "protocols/layer.h"
#include "views/names.h"

/* What a program says, or has said to it; records of TLS around it are no part of that. */
static bool is_payload(const struct box *box)
{
	return (box->protocol == DECODE_APPLICATION && !box->is_around) ||
	       box->protocol == DECODE_DATA;
}

/* A line of a pane; less important ones are left out where there is little room. */
struct line {
	char *text;
	uint8_t layer, change, importance; /* 0: the most important */
	bool is_head;
};

static void line_clear(gpointer data)
{
	g_free(((struct line *)data)->text);
}

/* "…:01:0a": the end of a MAC address is what tells cards apart. */
static char *field_text(const struct box_field *field)
{
	static const struct {
		const char *name, *brief;
	} briefs[] = {
		{"Destination Address",      "to"  },
		{ "Source Address",          "from"},
		{ "Time to Live",            "TTL" },
		{ "Header Checksum",         "sum" },
		{ "Destination Port",        "to"  },
		{ "Source Port",             "from"},
		{ "Sequence Number",         "seq" },
		{ "Acknowledgment Number",   "ack" },
		{ "Sender Protocol Address", "from"},
		{ "Sender Hardware Address", "MAC" },
		{ "Target Protocol Address", "asks"},
	};
	const char *name = field->name;

	for (size_t i = 0; i < G_N_ELEMENTS(briefs); i++)
		if (strcmp(briefs[i].name, field->name) == 0)
			name = briefs[i].brief;
	if (field->who == NULL)
		return g_strdup_printf("%-4s %s", name, field->value);
	/* The name says more than the first half of a MAC address. */
	if (strlen(field->value) == 17 && strchr(field->value, ':') != NULL)
		return g_strdup_printf("%-4s …%s %s", name, field->value + 11, field->who);
	return g_strdup_printf("%-4s %s %s", name, field->value, field->who);
}

static void add_line(GArray *lines, const struct box *box, uint8_t change, uint8_t importance,
		     char *text)
{
	struct line line = { text, box->layer, change, importance, false };

	g_array_append_val(lines, line);
}

static void add_head(GArray *lines, const struct box *box)
{
	struct line line = {
		.text = g_strdup_printf("%s%s %u B%s", box->is_quoted ? "quoted " : "", box->name,
					box->header_bytes, box->is_encrypted ? ", encrypted" : ""),
		.layer = box->layer,
		.change = box->change,
		.is_head = true,
	};

	g_array_append_val(lines, line);
	if (box->complaint != NULL)
		add_line(lines, box, BOX_SAME, 0, g_strdup_printf("!! %s", box->complaint));
}

static void add_box(GArray *lines, const struct box *box, bool is_after)
{
	add_head(lines, box);
	if (is_payload(box) && is_after && box->change == BOX_SAME)
		add_line(lines, box, BOX_SAME, 1, g_strdup("(untouched)"));
	else
		for (guint i = 0; is_payload(box) && i < box->lines->len; i++)
			add_line(lines, box, box->change, i == 0 ? 1 : 3,
				 g_strdup(box->lines->pdata[i]));
	if (is_payload(box))
		return;
	if (box->change == BOX_SAME)
		add_line(lines, box, BOX_SAME, 2,
			 g_strdup(is_after ? "(untouched)" : box->summary));
	for (guint i = 0; (box->change != BOX_SAME || !is_after) && i < box->fields->len; i++) {
		const struct box_field *field = &g_array_index(box->fields, struct box_field, i);
		bool is_changed = field->change == BOX_CHANGED;
		bool is_told = field->is_main && box->change != BOX_SAME;

		add_line(lines, box, field->change,
			 is_changed ? 1
			 : is_told  ? 2
				    : 3,
			 field_text(field));
	}
}

/* The most that fits: lines of less importance go first. */
static unsigned limit_of(const GArray *lines, unsigned rows)
{
	for (unsigned limit = 3; limit > 0; limit--) {
		unsigned count = 0;

		for (guint i = 0; i < lines->len; i++)
			count += g_array_index(lines, struct line, i).importance <= limit;
		if (count <= rows)
			return limit;
	}
	return 1;
}

static void draw_line(struct canvas *canvas, unsigned row, unsigned column, unsigned columns,
		      const struct line *line)
{
	static const char *const marks[] = {
		[BOX_SAME] = " ", [BOX_CHANGED] = "*", [BOX_ADDED] = "+", [BOX_REMOVED] = "−"
	};
	unsigned used;

	canvas_write(canvas, row, column, 1, CANVAS_BOLD, line->layer, marks[line->change]);
	if (!line->is_head) {
		canvas_write(canvas, row, column + 1, 1, CANVAS_PLAIN, line->layer, "│");
		canvas_write(canvas, row, column + 2, columns - 2,
			     line->change == BOX_CHANGED ? CANVAS_BOLD : CANVAS_PLAIN,
			     line->change == BOX_SAME ? CANVAS_NO_LAYER : line->layer, line->text);
		return;
	}
	canvas_fill(canvas, row, column + 1, columns - 1, 0x2500);
	for (unsigned i = 1; i < columns; i++)
		canvas_cell(canvas, row, column + i)->layer = line->layer;
	canvas_write(canvas, row, column + 1, 1, CANVAS_PLAIN, line->layer, "┌");
	used = canvas_write(canvas, row, column + 2, columns - 3, CANVAS_BOLD, line->layer,
			    line->text);
	if (used + 3 < columns)
		canvas_write(canvas, row, column + 2 + used, 1, CANVAS_PLAIN, CANVAS_NO_LAYER, " ");
}

static void draw_boxes(struct canvas *canvas, unsigned row, unsigned column, unsigned rows,
		       unsigned columns, const GPtrArray *boxes, bool only_payload, bool is_after)
{
	GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	unsigned limit, used = 0;

	g_array_set_clear_func(lines, line_clear);
	for (guint i = 0; i < boxes->len; i++)
		if (!only_payload || is_payload(boxes->pdata[i]))
			add_box(lines, boxes->pdata[i], is_after);
	limit = limit_of(lines, rows);
	for (guint i = 0; i < lines->len && used < rows; i++) {
		const struct line *line = &g_array_index(lines, struct line, i);

		if (line->importance <= limit)
			draw_line(canvas, row + used++, column, columns, line);
	}
	if (lines->len == 0)
		canvas_write(canvas, row, column + 2, columns - 2, CANVAS_FAINT, CANVAS_NO_LAYER,
			     "(nothing)");
	g_array_unref(lines);
}

/* Payload alone is not added or taken off here: it is what the program has. */
static void unmark_payload(GPtrArray *boxes)
{
	for (guint i = 0; i < boxes->len; i++)
		if (is_payload(boxes->pdata[i]))
			((struct box *)boxes->pdata[i])->change = BOX_SAME;
}

/* Without a packet: the way of the message that the step is due to, as far as it has come. */
static void draw_stations(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned column, unsigned rows, unsigned columns)
{
	const struct model *model = history_model(stepper->history);
	uint32_t mail = stepper_event(stepper)->mail, count;
	uint32_t until = history_stations_until(stepper->history, mail, stepper_moment(stepper));
	const struct history_station *stations = history_stations(stepper->history, mail, &count);
	uint32_t first = until > rows / 2 ? until - rows / 2 : 0;

	for (uint32_t i = first; i < count && i - first < rows; i++) {
		const struct history_station *station = &stations[i];
		GString *text = g_string_new(NULL);

		g_string_append_printf(text, "%s %9.3f s ",
				       i + 1 == until ? "◉"
				       : i < until    ? "●"
						      : "○",
				       (double)station->time_ns / 1e9);
		view_append_place(text, model_node_name(model, station->node), station->actor);
		g_string_append_printf(text, "  %s",
				       view_detail_name(&(struct trace_record) {
					   .layer = LAYER_MAIL, .detail = station->detail }));
		canvas_write(canvas, row + (i - first), column + 1, columns - 1,
			     i + 1 == until ? CANVAS_BOLD
			     : i < until    ? CANVAS_PLAIN
					    : CANVAS_FAINT,
			     LAYER_MAIL, text->str);
		g_string_free(text, TRUE);
	}
}

void stepper_draw_boxes(struct stepper *stepper, struct canvas *canvas, unsigned row,
			unsigned column, unsigned rows, unsigned columns)
{
	const struct history_hop *hop = stepper_hop(stepper);
	const struct model *model = history_model(stepper->history);
	unsigned half = (columns - 1) / 2;
	GPtrArray *before, *after;
	bool is_made, is_taken;

	if (hop == NULL) {
		draw_stations(stepper, canvas, row, column, rows, columns);
		return;
	}
	for (unsigned i = 0; i < rows; i++)
		canvas_fill(canvas, row + i, column + half, 1, 0x2502);
	before = boxes_new(model, hop->received);
	after = boxes_new(model, hop->sent);
	is_made = before->len == 0;
	is_taken = after->len == 0 && hop->outcome == HISTORY_DELIVERED;
	boxes_compare(before, after);
	if (is_made || is_taken) {
		unmark_payload(before);
		unmark_payload(after);
	}
	draw_boxes(canvas, row, column, rows, half, is_made ? after : before, is_made, false);
	draw_boxes(canvas, row, column + half + 1, rows, columns - half - 1,
		   is_taken ? before : after, is_taken, !is_made && !is_taken);
	boxes_free(before);
	boxes_free(after);
}
