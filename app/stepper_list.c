/* The list of steps: events, their packets, and the hops of those. */
#include <string.h>
#include "app/stepper_private.h"
#include "protocols/layer.h"
#include "stack/wire/tcp.h"
#include "views/names.h"

/* TLS leaves no record of what it puts around or takes off: the bytes say it. */
static void append_tls(GString *out, const struct stepper *stepper, const struct history_hop *hop)
{
	if (history_hop_tls_bytes(stepper->history, hop) > 0)
		g_string_append_printf(out, "%s TLS ", hop->outcome == HISTORY_MADE ? "+" : "−");
}

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
		if (record->kind == TRACE_FORWARD && record->layer == LAYER_ETHERNET) {
			g_string_append(out, "switch "); /* one for each port: once is enough */
			break;
		}
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
	if (hop->outcome == HISTORY_MADE)
		append_tls(out, stepper, hop);
	append_layers(out, stepper, hop);
	if (hop->outcome == HISTORY_DELIVERED)
		append_tls(out, stepper, hop);
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
		g_string_append(text, " TLS:");
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
