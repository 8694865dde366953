/* The list of steps, and the ways through it. */
#include "app/stepper_private.h"
#include "protocols/layer.h"

static uint32_t visible_at(const struct stepper *stepper, guint place)
{
	return g_array_index(stepper->visible, uint32_t, place);
}

bool stepper_is_empty(const struct stepper *stepper)
{
	return stepper->at.event == HISTORY_NONE;
}

const struct history_event *stepper_event(const struct stepper *stepper)
{
	return history_event(stepper->history, stepper->at.event);
}

const struct history_packet *stepper_packet(const struct stepper *stepper)
{
	const struct history_event *event;
	uint32_t place = stepper->at.packet == HISTORY_NONE ? 0 : stepper->at.packet;

	if (stepper_is_empty(stepper))
		return NULL;
	event = stepper_event(stepper);
	return event->packet_count == 0
		   ? NULL
		   : history_packet(stepper->history,
				    history_event_packet(stepper->history, event, place));
}

uint32_t stepper_hop_index(const struct stepper *stepper)
{
	const struct history_packet *packet = stepper_packet(stepper);
	uint32_t place = stepper->at.hop == HISTORY_NONE ? 0 : stepper->at.hop;

	return packet == NULL || packet->hop_count == 0
		   ? HISTORY_NONE
		   : history_packet_hop(stepper->history, packet, place);
}

const struct history_hop *stepper_hop(const struct stepper *stepper)
{
	uint32_t index = stepper_hop_index(stepper);

	return index == HISTORY_NONE ? NULL : history_hop(stepper->history, index);
}

uint64_t stepper_moment(const struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);

	if (stepper_is_empty(stepper))
		return 0;
	return hop == NULL ? stepper_event(stepper)->moment : hop->moment;
}

int64_t stepper_time(const struct stepper *stepper)
{
	const struct history_hop *hop = stepper_hop(stepper);

	if (stepper_is_empty(stepper))
		return 0;
	return hop == NULL ? stepper_event(stepper)->time_ns : hop->last_ns;
}

/* Filters. */

/* A trace may speak of nodes that it did not introduce. */
static bool is_wanted_node(const struct stepper *stepper, uint32_t node)
{
	return node <= model_node_count(history_model(stepper->history)) && stepper->nodes[node];
}

static bool is_at_nodes(const struct stepper *stepper, const struct history_event *event)
{
	if (stepper->nodes == NULL || is_wanted_node(stepper, event->node))
		return true;
	for (uint32_t i = 0; i < event->packet_count; i++) {
		const struct history_packet *packet = history_packet(
		    stepper->history, history_event_packet(stepper->history, event, i));

		for (uint32_t k = 0; k < packet->hop_count; k++) {
			uint32_t hop = history_packet_hop(stepper->history, packet, k);

			if (is_wanted_node(stepper, history_hop(stepper->history, hop)->node))
				return true;
		}
	}
	return false;
}

static bool is_visible(const struct stepper *stepper, const struct history_event *event)
{
	if (event->kind == HISTORY_CHANGE && !stepper->has_changes)
		return false;
	if (stepper->layers != 0 && !(stepper->layers & UINT64_C(1) << event->layer))
		return false;
	if (stepper->mail != 0 && event->mail != stepper->mail)
		return false;
	return is_at_nodes(stepper, event);
}

guint stepper_visible_place(const struct stepper *stepper, uint32_t event)
{
	guint low = 0, high = stepper->visible->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (visible_at(stepper, middle) < event)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void stepper_filter(struct stepper *stepper)
{
	uint32_t at = stepper->at.event == HISTORY_NONE ? 0 : stepper->at.event;
	guint place;

	g_array_set_size(stepper->visible, 0);
	for (uint32_t i = 0; i < history_event_count(stepper->history); i++)
		if (is_visible(stepper, history_event(stepper->history, i)))
			g_array_append_val(stepper->visible, i);
	place = stepper_visible_place(stepper, at);
	if (stepper->visible->len == 0)
		stepper->at = (struct position) { HISTORY_NONE, HISTORY_NONE, HISTORY_NONE };
	else if (place == stepper->visible->len)
		stepper_go_to(stepper, visible_at(stepper, place - 1));
	else if (visible_at(stepper, place) != stepper->at.event)
		stepper_go_to(stepper, visible_at(stepper, place));
}

/* Rows. */

static void add_row(GArray *rows, uint32_t event, uint32_t packet, uint32_t hop)
{
	struct position row = { event, packet, hop };

	g_array_append_val(rows, row);
}

/* Hops of a packet; of the only one of its event its own row would say nothing. */
static void add_hops(const struct stepper *stepper, GArray *rows, uint32_t place)
{
	const struct history_event *event = stepper_event(stepper);
	const struct history_packet *packet =
	    history_packet(stepper->history, history_event_packet(stepper->history, event, place));

	for (uint32_t i = 0; i < packet->hop_count; i++)
		add_row(rows, stepper->at.event, place, i);
}

static void add_inside(const struct stepper *stepper, GArray *rows)
{
	const struct history_event *event = stepper_event(stepper);
	uint32_t open = stepper->at.packet == HISTORY_NONE ? 0 : stepper->at.packet;

	for (uint32_t i = 0; i < event->packet_count; i++) {
		if (event->packet_count > 1)
			add_row(rows, stepper->at.event, i, HISTORY_NONE);
		if (i == open)
			add_hops(stepper, rows, i);
	}
}

static bool is_same(const struct position *a, const struct position *b)
{
	return a->event == b->event && a->packet == b->packet && a->hop == b->hop;
}

GArray *stepper_rows(const struct stepper *stepper, guint room, guint *cursor)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct position));
	guint place, first, last;

	*cursor = 0;
	if (stepper_is_empty(stepper))
		return rows;
	place = stepper_visible_place(stepper, stepper->at.event);
	first = place > room ? place - room : 0;
	last = MIN(place + room + 1, stepper->visible->len);
	for (guint i = first; i < last; i++) {
		add_row(rows, visible_at(stepper, i), HISTORY_NONE, HISTORY_NONE);
		if (i == place && !stepper->is_folded)
			add_inside(stepper, rows);
	}
	for (guint i = 0; i < rows->len; i++)
		if (is_same(&g_array_index(rows, struct position, i), &stepper->at))
			*cursor = i;
	return rows;
}

/* Ways. */

void stepper_go_to(struct stepper *stepper, uint32_t event)
{
	stepper->at = (struct position) { event, HISTORY_NONE, HISTORY_NONE };
	stepper->byte = 0;
}

static void say_no_more(struct stepper *stepper, int way, const char *what)
{
	stepper_say(stepper, g_strdup_printf("%s %s", what, way > 0 ? "follows" : "comes before"));
}

void stepper_go_event(struct stepper *stepper, int way)
{
	guint place = stepper_visible_place(stepper, stepper->at.event);

	if (stepper_is_empty(stepper))
		return;
	/* Back from inside an event is to its own row. */
	if (way < 0 && stepper->at.packet != HISTORY_NONE)
		stepper_go_to(stepper, stepper->at.event);
	else if (way < 0 ? place > 0 : place + 1 < stepper->visible->len)
		stepper_go_to(stepper, visible_at(stepper, place + (way > 0 ? 1 : -1)));
	else
		stepper_say(stepper,
			    g_strdup(way > 0 ? "this is the last step" : "this is the first step"));
}

void stepper_go_row(struct stepper *stepper, int way)
{
	guint cursor;
	GArray *rows = stepper_rows(stepper, (guint)ABS(way), &cursor);
	int to = (int)cursor + way;

	if (rows->len > 0) {
		to = CLAMP(to, 0, (int)rows->len - 1);
		if (to == (int)cursor)
			say_no_more(stepper, way, "no step");
		stepper->at = g_array_index(rows, struct position, to);
		stepper->byte = 0;
	}
	g_array_unref(rows);
}

/* Goes to a hop of this event's packets; false: it has none in this direction. */
static bool go_hop_inside(struct stepper *stepper, int way)
{
	const struct history_event *event = stepper_event(stepper);
	const struct history_packet *packet = stepper_packet(stepper);
	uint32_t place = stepper->at.packet == HISTORY_NONE ? 0 : stepper->at.packet;
	int64_t hop = stepper->at.hop == HISTORY_NONE ? -1 : (int64_t)stepper->at.hop;

	if (packet == NULL)
		return false;
	if (stepper->at.packet == HISTORY_NONE && way < 0)
		return false;
	hop += way;
	if (hop >= (int64_t)packet->hop_count || hop < 0) {
		if (way < 0 ? place == 0 : place + 1 >= event->packet_count)
			return false;
		place += (uint32_t)way;
		packet = history_packet(stepper->history,
					history_event_packet(stepper->history, event, place));
		hop = way > 0 ? 0 : packet->hop_count - 1;
	}
	stepper->at.packet = place;
	stepper->at.hop = (uint32_t)hop;
	stepper->byte = 0;
	return true;
}

void stepper_go_hop(struct stepper *stepper, int way)
{
	if (stepper_is_empty(stepper))
		return;
	stepper->is_folded = false;
	if (!go_hop_inside(stepper, way))
		stepper_go_event(stepper, way);
}

/* The next event in this direction of which `is_wanted` says so. */
static void go_where(struct stepper *stepper, int way,
		     bool (*is_wanted)(const struct stepper *stepper,
				       const struct history_event *event),
		     const char *what)
{
	int place = (int)stepper_visible_place(stepper, stepper->at.event);

	if (stepper_is_empty(stepper))
		return;
	for (int i = place + way; i >= 0 && i < (int)stepper->visible->len; i += way) {
		uint32_t index = visible_at(stepper, (guint)i);

		if (is_wanted(stepper, history_event(stepper->history, index))) {
			stepper_go_to(stepper, index);
			return;
		}
	}
	say_no_more(stepper, way, what);
}

static bool is_command(const struct stepper *stepper, const struct history_event *event)
{
	(void)stepper;
	return event->kind == HISTORY_UNIT && event->layer != LAYER_TLS;
}

void stepper_go_command(struct stepper *stepper, int way)
{
	go_where(stepper, way, is_command, "no mail command or reply");
}

static bool is_of_layer(const struct stepper *stepper, const struct history_event *event)
{
	return event->layer == stepper_event(stepper)->layer;
}

void stepper_go_layer(struct stepper *stepper, int way)
{
	go_where(stepper, way, is_of_layer, "no event of this layer");
}

static bool begins_here(const struct stepper *stepper, const struct history_event *event)
{
	const struct history_hop *hop = stepper_hop(stepper);

	return event->node == (hop == NULL ? stepper_event(stepper)->node : hop->node);
}

void stepper_go_node(struct stepper *stepper, int way)
{
	go_where(stepper, way, begins_here, "no event at this host");
}

void stepper_go_time(struct stepper *stepper, int64_t time_ns)
{
	if (stepper_is_empty(stepper))
		return;
	for (guint i = 0; i < stepper->visible->len; i++) {
		uint32_t index = visible_at(stepper, i);

		if (history_event(stepper->history, index)->time_ns >= time_ns) {
			stepper_go_to(stepper, index);
			return;
		}
	}
	stepper_go_to(stepper, visible_at(stepper, stepper->visible->len - 1));
	stepper_say(stepper, g_strdup("nothing happens after that: this is the last step"));
}
