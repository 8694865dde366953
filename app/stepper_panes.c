/* The list of steps, the boxes before and after, and the bytes. */
#include <string.h>
#include "app/stepper_private.h"
#include "protocols/layer.h"
#include "stack/wire/tcp.h"
#include "views/names.h"

/* The list. */

static void append_layers(GString *out, const struct stepper *stepper,
			  const struct history_hop *hop)
{
	const struct trace_store *store = history_store(stepper->history);
	const struct trace_record *first = trace_store_record(store, hop->first_record);

	for (uint64_t i = hop->first_record; i < hop->moment; i++) {
		const struct trace_record *record = trace_store_record(store, i);
		const char *name;

		if (record->crossing != first->crossing || trace_node_of(record->id) != hop->node ||
		    (record->kind != TRACE_ENCAPSULATE && record->kind != TRACE_DECAPSULATE &&
		     record->kind != TRACE_FORWARD))
			continue;
		name = record->layer == LAYER_ETHERNET ? "Eth"
		       : record->layer == LAYER_IPV4   ? "IP"
						       : view_layer_name(record->layer);
		if (record->kind == TRACE_FORWARD && record->layer == LAYER_ETHERNET)
			g_string_append(out, "switch ");
		else
			g_string_append_printf(out, "%s%s ",
					       record->kind == TRACE_ENCAPSULATE   ? "+ "
					       : record->kind == TRACE_DECAPSULATE ? "− "
										   : "~ ",
					       name);
	}
}

static void append_hop(GString *out, const struct stepper *stepper, const struct history_hop *hop)
{
	const char *name = model_node_name(history_model(stepper->history), hop->node);

	g_string_append_printf(out, "     %-11s ", name);
	append_layers(out, stepper, hop);
	if (hop->outcome == HISTORY_DROPPED || hop->outcome == HISTORY_IGNORED)
		g_string_append_printf(out, "%s %s", hop->outcome == HISTORY_DROPPED ? "✗" : "·",
				       hop->reason == NULL ? "" : hop->reason);
	if (hop->outcome == HISTORY_WAITING)
		g_string_append(out, "waits");
}

static void append_packet(GString *out, const struct stepper *stepper,
			  const struct history_packet *packet)
{
	const struct history_hop *hop =
	    history_hop(stepper->history, history_packet_hop(stepper->history, packet, 0));
	struct bytes frame = hop->sent.length > 0 ? hop->sent : hop->received;
	const struct model *model = history_model(stepper->history);
	struct model_segment segment;
	char flags[TCP_FLAGS_TEXT_BYTES];

	g_string_append(out, "   ");
	if (packet->frame != 0)
		g_string_append_printf(out, "frame %" G_GUINT64_FORMAT " ", packet->frame);
	g_string_append_printf(out, "%s %zu B", model_node_name(model, hop->node), frame.length);
	if (frame.length > 0 && model_find_segment(model, frame, &segment))
		g_string_append_printf(out, " %s", tcp_flags_print(segment.flags, flags));
	if (packet->is_retransmission)
		g_string_append(out, " AGAIN");
	if (packet->is_lost)
		g_string_append(out, " LOST");
}

/* Columns of the greatest number in the list. */
static int number_columns(const struct stepper *stepper)
{
	int columns = 1;

	for (guint count = stepper->visible->len; count >= 10; count /= 10)
		columns++;
	return columns;
}

static void draw_event(struct stepper *stepper, struct canvas *canvas, unsigned row,
		       unsigned column, unsigned columns, uint32_t index, bool is_open)
{
	const struct history_event *event = history_event(stepper->history, index);
	GString *text = g_string_new(NULL);
	const char *name = view_layer_name(event->layer);
	unsigned used;

	g_string_append_printf(text, "%s%*u ",
			       event->packet_count == 0 ? " "
			       : is_open                ? "▾"
							: "▸",
			       number_columns(stepper), stepper_visible_place(stepper, index) + 1);
	used = canvas_write(canvas, row, column, columns, CANVAS_PLAIN, CANVAS_NO_LAYER, text->str);
	g_string_printf(text, "%-4s", name);
	used += canvas_write(canvas, row, column + used, columns - MIN(columns, used), CANVAS_BOLD,
			     event->layer, text->str);
	g_string_truncate(text, 0);
	if (event->is_encrypted)
		g_string_append(text, "🔒");
	g_string_append_c(text, ' ');
	history_title(text, stepper->history, event);
	canvas_write(canvas, row, column + used, columns - MIN(columns, used), CANVAS_PLAIN,
		     CANVAS_NO_LAYER, text->str);
	g_string_free(text, TRUE);
}

static void draw_row(struct stepper *stepper, struct canvas *canvas, unsigned row, unsigned column,
		     unsigned columns, const struct position *position)
{
	const struct history_packet *packet;
	GString *text;

	if (position->packet == HISTORY_NONE) {
		draw_event(stepper, canvas, row, column, columns, position->event,
			   position->event == stepper->at.event && !stepper->is_folded);
		return;
	}
	packet = history_packet(
	    stepper->history,
	    history_event_packet(stepper->history, history_event(stepper->history, position->event),
				 position->packet));
	text = g_string_new(NULL);
	if (position->hop == HISTORY_NONE)
		append_packet(text, stepper, packet);
	else
		append_hop(
		    text, stepper,
		    history_hop(stepper->history,
				history_packet_hop(stepper->history, packet, position->hop)));
	canvas_write(canvas, row, column, columns, CANVAS_PLAIN, CANVAS_NO_LAYER, text->str);
	g_string_free(text, TRUE);
}

void stepper_draw_list(struct stepper *stepper, struct canvas *canvas, unsigned row,
		       unsigned column, unsigned rows, unsigned columns)
{
	guint cursor, first, heading;
	GArray *all = stepper_rows(stepper, rows, &cursor);

	first = cursor > rows / 3 ? cursor - rows / 3 : 0;
	heading = cursor;
	while (heading > 0 && g_array_index(all, struct position, heading).packet != HISTORY_NONE)
		heading--;
	if (cursor - heading < rows) /* the event itself stays in sight */
		first = MIN(first, heading);
	if (all->len > rows)
		first = MIN(first, all->len - rows);
	else
		first = 0;
	for (guint i = first; i < all->len && i - first < rows; i++) {
		unsigned at = row + (i - first);

		draw_row(stepper, canvas, at, column + 1, columns - 1,
			 &g_array_index(all, struct position, i));
		if (i != cursor)
			continue;
		canvas_write(canvas, at, column, 1, CANVAS_BOLD, CANVAS_NO_LAYER, "▶");
		canvas_mark(canvas, at, column, columns, CANVAS_REVERSE);
	}
	g_array_unref(all);
}

/* Boxes. */

static bool is_payload(const struct box *box)
{
	return box->protocol == DECODE_APPLICATION || box->protocol == DECODE_DATA;
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
					box->header_bytes, box->is_encrypted ? " 🔒" : ""),
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
	for (guint i = 0; box->change != BOX_SAME && i < box->fields->len; i++) {
		const struct box_field *field = &g_array_index(box->fields, struct box_field, i);
		bool is_changed = field->change == BOX_CHANGED;

		if (field->is_main || is_changed)
			add_line(lines, box, field->change, is_changed ? 1 : 2, field_text(field));
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

/* Bytes. */

struct bytes stepper_frame(const struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);

	if (hop == NULL)
		return (struct bytes) { 0 };
	if (hop->sent.length == 0 || (stepper->shows_received && hop->received.length > 0))
		return hop->received;
	return hop->sent;
}

static uint32_t first_change(const GPtrArray *boxes)
{
	for (guint i = boxes->len; i > 0; i--) {
		const struct box *box = boxes->pdata[i - 1];

		for (guint k = 0; k < box->fields->len; k++) {
			const struct box_field *field =
			    &g_array_index(box->fields, struct box_field, k);

			if (field->change == BOX_CHANGED)
				return field->start_bit / 8;
		}
	}
	return 0;
}

void stepper_look_at_change(struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);
	const struct model *model = history_model(stepper->history);
	GPtrArray *before, *after;

	stepper->byte = 0;
	if (hop == NULL || hop->received.length == 0 || hop->sent.length == 0)
		return;
	before = boxes_new(model, hop->received);
	after = boxes_new(model, hop->sent);
	boxes_compare(before, after);
	stepper->byte = first_change(after);
	boxes_free(before);
	boxes_free(after);
}

static void draw_byte(const struct stepper *stepper, struct canvas *canvas, unsigned row,
		      unsigned column, const GPtrArray *boxes, uint32_t at,
		      const struct box_field *marked)
{
	const struct box *box;
	struct bytes frame = stepper_frame(stepper);
	bool is_marked = marked == NULL ? at == stepper->byte
					: at >= marked->start_bit / 8 &&
					      at <= (marked->start_bit + marked->bits - 1) / 8;
	char text[3];

	boxes_field_at(boxes, at, &box);
	g_snprintf(text, sizeof text, "%02x", frame.data[at]);
	canvas_write(canvas, row, column, 2,
		     (is_marked ? CANVAS_REVERSE : CANVAS_PLAIN) |
			 (at == stepper->byte ? CANVAS_BOLD : CANVAS_PLAIN),
		     box == NULL ? CANVAS_NO_LAYER : box->layer, text);
	if (is_marked && marked != NULL && at == marked->start_bit / 8)
		canvas_write(canvas, row, column - 1, 1, CANVAS_BOLD, CANVAS_NO_LAYER, "[");
	if (is_marked && marked != NULL && at == (marked->start_bit + marked->bits - 1) / 8)
		canvas_write(canvas, row, column + 2, 1, CANVAS_BOLD, CANVAS_NO_LAYER, "]");
}

/* What the field at the cursor is, beside the bytes. */
static void draw_field(struct canvas *canvas, unsigned row, unsigned column, unsigned rows,
		       const struct box *box, const struct box_field *field)
{
	unsigned columns = canvas->columns > column + 1 ? canvas->columns - column - 1 : 0;
	GString *text = g_string_new(NULL);

	if (columns < 12 || box == NULL) {
		g_string_free(text, TRUE);
		return;
	}
	g_string_append_printf(text, "%s %s", box->name, field == NULL ? "" : field->name);
	if (field != NULL)
		g_string_append_printf(
		    text, " = %s%s%s%s", field->value, field->who == NULL ? "" : " (",
		    field->who == NULL ? "" : field->who, field->who == NULL ? "" : ")");
	if (field != NULL && field->purpose != NULL)
		g_string_append_printf(text, ": %s", field->purpose);
	if (field != NULL && field->reference != NULL)
		g_string_append_printf(text, " [%s]", field->reference);
	canvas_paragraph(canvas, row, column, columns, rows, text->str, NULL);
	g_string_free(text, TRUE);
}

#define ROW_BYTES 16

void stepper_draw_bytes(struct stepper *stepper, struct canvas *canvas, unsigned row, unsigned rows)
{
	struct bytes frame = stepper_frame(stepper);
	GPtrArray *boxes = boxes_new(history_model(stepper->history), frame);
	const struct box *box;
	const struct box_field *field = boxes_field_at(boxes, stepper->byte, &box);
	uint32_t first = stepper->byte / ROW_BYTES;

	first = first >= rows ? first - rows + 1 : 0;
	for (unsigned i = 0; i < rows; i++) {
		uint32_t offset = (first + i) * ROW_BYTES;
		char text[12];

		if (offset >= frame.length)
			break;
		g_snprintf(text, sizeof text, "%04x", offset);
		canvas_write(canvas, row + i, 1, 4, CANVAS_FAINT, CANVAS_NO_LAYER, text);
		for (uint32_t k = 0; k < ROW_BYTES && offset + k < frame.length; k++)
			draw_byte(stepper, canvas, row + i, 6 + k * 3, boxes, offset + k, field);
	}
	if (frame.length > 0)
		draw_field(canvas, row, 6 + ROW_BYTES * 3 + 1, rows, box, field);
	boxes_free(boxes);
}
