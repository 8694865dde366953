/* The network with the packet in it, and where the message is now. */
#include <string.h>
#include "app/stepper_private.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"

/* A row that grows to the right, and goes on below. */
struct pen {
	struct canvas *canvas;
	unsigned row, rows, column; /* rows: how many there are in all */
	bool is_full;
};

static void draw_text(struct pen *pen, unsigned look, unsigned layer, const char *text)
{
	pen->column += canvas_write(
	    pen->canvas, pen->row, pen->column,
	    pen->canvas->columns - MIN(pen->canvas->columns, pen->column + 1), look, layer, text);
}

/* The message tracker. */

enum place {
	PLACE_OUTBOX,
	PLACE_SUBMISSION,
	PLACE_QUEUE,
	PLACE_TRANSIT,
	PLACE_MAILBOX,
	PLACE_READ,
	PLACE_COUNT
};

static enum place place_of(const struct history_station *station, enum place before)
{
	switch (station->detail) {
	case MAIL_ARRIVED:
	case MAIL_CHECKED:
	case MAIL_SUBMITTED:
	case MAIL_SIGNED:
		return before <= PLACE_SUBMISSION ? PLACE_SUBMISSION : before;
	case MAIL_QUEUED:
	case MAIL_LOOKED_UP:
	case MAIL_DEFERRED:
		return PLACE_QUEUE;
	case MAIL_CONNECTS:
	case MAIL_TRANSFERS:
		return before >= PLACE_SUBMISSION ? PLACE_TRANSIT : before;
	case MAIL_DELIVERED:
		return PLACE_MAILBOX;
	case MAIL_RETRIEVED:
	case MAIL_READ:
		return PLACE_READ;
	default:
		return before;
	}
}

/* The message that the step is due to, else the last one composed before it; 0: none. */
static uint32_t mail_at_hand(const struct stepper *stepper)
{
	const struct model *model = history_model(stepper->history);
	uint32_t mail = stepper_event(stepper)->mail;

	if (mail != 0)
		return mail;
	for (uint32_t i = model_mail_count(model); i > 0; i--)
		if (history_stations_until(stepper->history, i, stepper_moment(stepper)) > 0)
			return i;
	return 0;
}

static void draw_places(struct pen *pen, enum place at)
{
	static const char *const names[PLACE_COUNT] = { "outbox",  "MSA",     "queue",
							"transit", "mailbox", "read" };

	for (int i = 0; i < PLACE_COUNT; i++) {
		unsigned look = (enum place)i == at  ? CANVAS_BOLD
				: (enum place)i < at ? CANVAS_PLAIN
						     : CANVAS_FAINT;

		draw_text(pen, look, LAYER_MAIL, names[i]);
		draw_text(pen, look, LAYER_MAIL,
			  (enum place)i == at  ? " ◉ "
			  : (enum place)i < at ? " ● "
					       : " ○ ");
	}
}

static void draw_tracker(const struct stepper *stepper, struct pen *pen)
{
	uint32_t mail = mail_at_hand(stepper), count, until;
	const struct history_station *stations;
	enum place place = PLACE_OUTBOX;

	if (mail == 0) {
		draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER, "no message has been written yet");
		return;
	}
	stations = history_stations(stepper->history, mail, &count);
	until = history_stations_until(stepper->history, mail, stepper_moment(stepper));
	g_autofree char *title = g_strdup_printf("mail %u  ", mail);

	draw_text(pen, CANVAS_BOLD, LAYER_MAIL, title);
	if (until == 0) {
		draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER, "is not written yet");
		return;
	}
	for (uint32_t i = 0; i < until; i++)
		place = place_of(&stations[i], place);
	draw_places(pen, place);

	const struct history_station *last = &stations[until - 1];
	const char *name = mail_layer_names.details[last->detail];
	g_autofree char *text =
	    g_strdup_printf(" %s: %s", model_node_name(history_model(stepper->history), last->node),
			    name == NULL ? "?" : name);

	draw_text(pen, CANVAS_PLAIN, CANVAS_NO_LAYER, text);
}

/* The way of the packet: the nodes that it comes through, and where it is. */

static bool is_first_at(const struct stepper *stepper, const struct history_packet *packet,
			uint32_t place)
{
	const struct history_hop *hop =
	    history_hop(stepper->history, history_packet_hop(stepper->history, packet, place));

	for (uint32_t i = 0; i < place; i++)
		if (history_hop(stepper->history, history_packet_hop(stepper->history, packet, i))
			->node == hop->node)
			return false;
	return true;
}

static void draw_stop(const struct stepper *stepper, struct pen *pen, const struct history_hop *hop,
		      bool is_here, bool is_past, bool is_first)
{
	const struct model *model = history_model(stepper->history);
	const struct model_node *node = model_node(model, hop->node);
	unsigned layer = stepper_event(stepper)->layer;
	bool is_switch = node != NULL && node->kind == NODE_SWITCH;
	g_autofree char *name =
	    g_strdup_printf(is_switch ? "[%s]" : "%s", model_node_name(model, hop->node));

	if (!is_first)
		draw_text(pen, is_past || is_here ? CANVAS_BOLD : CANVAS_FAINT,
			  is_past || is_here ? layer : CANVAS_NO_LAYER,
			  is_here   ? " ══▶ "
			  : is_past ? " ═══ "
				    : " ─── ");
	draw_text(pen, is_here ? CANVAS_REVERSE | CANVAS_BOLD : CANVAS_PLAIN, CANVAS_NO_LAYER,
		  name);
	if (hop->outcome == HISTORY_DROPPED)
		draw_text(pen, CANVAS_BOLD, CANVAS_NO_LAYER, " ✗");
}

static void draw_way(const struct stepper *stepper, struct pen *pen)
{
	const struct history_packet *packet = stepper_packet(stepper);
	uint32_t here = stepper->at.hop == HISTORY_NONE ? 0 : stepper->at.hop;

	if (packet == NULL) {
		g_autofree char *name =
		    g_strdup_printf("at %s", model_node_name(history_model(stepper->history),
							     stepper_event(stepper)->node));

		draw_text(pen, CANVAS_REVERSE | CANVAS_BOLD, CANVAS_NO_LAYER, name);
		draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER,
			  "  no packet: it happens inside the host");
		return;
	}
	for (uint32_t i = 0; i < packet->hop_count; i++) {
		const struct history_hop *hop =
		    history_hop(stepper->history, history_packet_hop(stepper->history, packet, i));

		if (i != here && !is_first_at(stepper, packet, i))
			continue;
		draw_stop(stepper, pen, hop, i == here, i < here, i == 0);
	}
}

/* The whole network: each switch with what is plugged into it, then the other cables. */

static bool is_busy(const struct stepper *stepper, uint32_t node)
{
	const struct history_hop *hop = stepper_hop(stepper);

	return node == (hop != NULL ? hop->node : stepper_event(stepper)->node);
}

static void draw_name(const struct stepper *stepper, struct pen *pen, uint32_t node,
		      const char *format)
{
	bool is_here = is_busy(stepper, node);
	g_autofree char *name =
	    g_strdup_printf(format, model_node_name(history_model(stepper->history), node));

	if (is_here)
		draw_text(pen, CANVAS_BOLD, stepper_event(stepper)->layer, "▶");
	draw_text(pen, is_here ? CANVAS_BOLD | CANVAS_UNDERLINE : CANVAS_PLAIN, CANVAS_NO_LAYER,
		  name);
}

/* Goes on in the next row where `columns` are not left; false: there is none. */
static bool make_room(struct pen *pen, unsigned columns)
{
	if (pen->column + columns < pen->canvas->columns - 2)
		return true;
	if (pen->is_full || pen->rows <= 1) {
		if (!pen->is_full)
			draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER, "…");
		pen->is_full = true;
		return false;
	}
	pen->row++;
	pen->rows--;
	pen->column = 2;
	return true;
}

static unsigned name_columns(const struct model *model, uint32_t node)
{
	return (unsigned)g_utf8_strlen(model_node_name(model, node), -1) + 2;
}

static void draw_switch(const struct stepper *stepper, struct pen *pen, uint32_t index)
{
	const struct model *model = history_model(stepper->history);
	const struct model_node *node = model_node(model, index);

	if (!make_room(pen, name_columns(model, index) + 12))
		return;
	draw_name(stepper, pen, index, "[%s]");
	draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER, "─");
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *port = node->interfaces->pdata[i];

		if (port == NULL || port->peer == 0)
			continue;
		if (!make_room(pen, name_columns(model, (uint32_t)(port->peer >> 16))))
			return;
		draw_name(stepper, pen, (uint32_t)(port->peer >> 16), "%s");
		draw_text(pen, CANVAS_PLAIN, CANVAS_NO_LAYER, " ");
	}
	draw_text(pen, CANVAS_PLAIN, CANVAS_NO_LAYER, "  ");
}

static bool is_switch(const struct model *model, uint32_t index)
{
	return model_node(model, index) != NULL && model_node(model, index)->kind == NODE_SWITCH;
}

/* Cables from this node to ones behind it that touch no switch. */
static void draw_cables(const struct stepper *stepper, struct pen *pen, uint32_t index)
{
	const struct model *model = history_model(stepper->history);
	const struct model_node *node = model_node(model, index);

	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct model_interface *interface = node->interfaces->pdata[i];
		uint32_t peer = interface == NULL ? 0 : (uint32_t)(interface->peer >> 16);

		if (peer <= index || is_switch(model, peer))
			continue;
		if (!make_room(pen, name_columns(model, index) + name_columns(model, peer) + 3))
			return;
		draw_name(stepper, pen, index, "%s");
		draw_text(pen, CANVAS_FAINT, CANVAS_NO_LAYER, "───");
		draw_name(stepper, pen, peer, "%s");
		draw_text(pen, CANVAS_PLAIN, CANVAS_NO_LAYER, "   ");
	}
}

static void draw_network(const struct stepper *stepper, struct pen *pen)
{
	const struct model *model = history_model(stepper->history);

	for (uint32_t i = 1; i <= model_node_count(model); i++)
		if (is_switch(model, i))
			draw_switch(stepper, pen, i);
	for (uint32_t i = 1; i <= model_node_count(model); i++)
		if (!is_switch(model, i))
			draw_cables(stepper, pen, i);
}

unsigned stepper_draw_map(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned rows)
{
	struct pen pen = { .canvas = canvas, .row = row, .rows = 1, .column = 2 };

	if (rows == 0)
		return 0;
	draw_way(stepper, &pen);
	if (rows > 1) {
		pen = (struct pen) { .canvas = canvas, .row = row + 1, .rows = 1, .column = 2 };
		draw_tracker(stepper, &pen);
	}
	if (rows < 3)
		return rows;
	pen = (struct pen) { .canvas = canvas, .row = row + 2, .rows = rows - 2, .column = 2 };
	draw_network(stepper, &pen);
	return pen.row + 1 - row;
}
