/* Nodes and cables; events, packets and TCP segments; connections. */
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "sim/world.h"
#include "stack/tcp/names.h"
#include "stack/wire/tcp.h"
#include "views/names.h"
#include "views/page_private.h"
#include "views/text.h"

static void append_text_member(GString *out, const char *key, const char *text)
{
	page_append_key(out, key);
	text_json(out, text, strlen(text));
}

static void append_number_member(GString *out, const char *key, double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	page_append_key(out, key);
	text_append(out, g_ascii_formatd(text, sizeof text, "%.10g", number));
}

/* Interface numbers count from 1; there may be gaps. */
static void append_interface(GString *out, const struct model_interface *interface)
{
	char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

	if (interface == NULL) {
		text_append(out, "null");
		return;
	}
	g_string_append_c(out, '{');
	append_text_member(out, "name", interface->name);
	append_text_member(out, "label", interface->label);
	append_text_member(out, "mac", mac_print(interface->mac, mac));
	if (interface->address != 0) {
		append_text_member(out, "address", ipv4_print(interface->address, address));
		append_number_member(out, "prefix", interface->prefix_length);
	}
	if (interface->network != NULL)
		append_text_member(out, "network", interface->network);
	append_number_member(out, "peer", (double)(interface->peer >> 16));
	append_number_member(out, "peerInterface", (double)(interface->peer & 0xffff));
	g_string_append_c(out, '}');
}

static void append_node(struct page_data *data, uint32_t number)
{
	const struct model_node *node = model_node(data->model, number);
	GString *out = data->out;

	if (node == NULL) {
		text_append(out, "null");
		return;
	}
	g_string_append_c(out, '{');
	append_text_member(out, "name", node->name);
	append_text_member(out, "kind",
			   node->kind == NODE_SWITCH   ? "switch"
			   : node->kind == NODE_ROUTER ? "router"
						       : "host");
	append_number_member(out, "x", data->options->places[number].x);
	append_number_member(out, "y", data->options->places[number].y);
	page_append_key(out, "interfaces");
	g_string_append_c(out, '[');
	for (guint i = 0; i < node->interfaces->len; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		append_interface(out, node->interfaces->pdata[i]);
	}
	text_append(out, "]}");
}

static void append_names(GString *out, const char *key, unsigned count,
			 const char *(*name)(unsigned number))
{
	page_append_key(out, key);
	g_string_append_c(out, '[');
	for (unsigned i = 0; i < count; i++) {
		const char *text = name(i);

		if (i > 0)
			g_string_append_c(out, ',');
		text_json(out, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
	}
	g_string_append_c(out, ']');
}

static const char *name_of_actor(unsigned actor)
{
	return actor_name((uint8_t)actor);
}

void page_append_world(struct page_data *data)
{
	append_names(data->out, "layers", LAYER_COUNT, view_layer_name);
	append_names(data->out, "layerKeys", LAYER_COUNT, view_layer_key);
	append_names(data->out, "actors", ACTOR_COUNT, name_of_actor);
	page_append_key(data->out, "nodes");
	text_append(data->out, "[null");
	for (uint32_t i = 1; i <= model_node_count(data->model); i++) {
		g_string_append_c(data->out, ',');
		append_node(data, i);
	}
	g_string_append_c(data->out, ']');
}

/* Events. */

enum event_column {
	EVENT_TIME,
	EVENT_TOOK,
	EVENT_MOMENT,
	EVENT_KIND,
	EVENT_LAYER,
	EVENT_ENCRYPTED,
	EVENT_NODE,
	EVENT_MAIL,
	EVENT_CONNECTION, /* from 1; 0: none */
	EVENT_DIRECTION,
	EVENT_TITLE, /* texts */
	EVENT_WHY,
	EVENT_CAUSE, /* the event that led to it, from 1; 0: none */
	EVENT_ACTOR,
	EVENT_COLUMNS
};

static const char *const event_keys[EVENT_COLUMNS] = {
	"time", "took",       "moment",    "kind",  "layer", "encrypted", "node",
	"mail", "connection", "direction", "title", "why",   "cause",     "actor",
};

static int64_t cause_of(const struct page_data *data, uint32_t event)
{
	g_autoptr(GArray) causes = history_causes(data->history, event);

	return causes->len > 1 ? (int64_t)g_array_index(causes, uint32_t, 1) + 1 : 0;
}

static void add_event(struct page_data *data, uint32_t index, GArray *columns[EVENT_COLUMNS],
		      GString *text)
{
	const struct history_event *event = history_event(data->history, index);
	const struct trace_record *record =
	    trace_store_record(history_store(data->history), event->record);

	page_put(columns[EVENT_TIME], event->time_ns);
	page_put(columns[EVENT_TOOK], event->last_ns - event->time_ns);
	page_put(columns[EVENT_MOMENT], (int64_t)event->moment);
	page_put(columns[EVENT_KIND], event->kind);
	page_put(columns[EVENT_LAYER], event->layer);
	page_put(columns[EVENT_ENCRYPTED], event->is_encrypted);
	page_put(columns[EVENT_NODE], event->node);
	page_put(columns[EVENT_MAIL], event->mail);
	page_put(columns[EVENT_CONNECTION],
		 event->connection == HISTORY_NONE ? 0 : (int64_t)event->connection + 1);
	page_put(columns[EVENT_DIRECTION], event->direction);
	history_title(text, data->history, event);
	page_put(columns[EVENT_TITLE], page_text_take(data, text));
	history_explain_event(text, data->history, event);
	page_put(columns[EVENT_WHY], page_text_take(data, text));
	page_put(columns[EVENT_CAUSE], cause_of(data, index));
	page_put(columns[EVENT_ACTOR], record->actor);
}

static void append_events(struct page_data *data)
{
	GArray *columns[EVENT_COLUMNS];
	g_autoptr(GString) text = g_string_new(NULL);

	for (unsigned i = 0; i < EVENT_COLUMNS; i++)
		columns[i] = page_numbers_new();
	for (uint32_t i = 0; i < data->event_count; i++)
		add_event(data, i, columns, text);
	page_append_key(data->out, "events");
	page_append_columns(data->out, event_keys, columns, EVENT_COLUMNS,
			    1 << EVENT_TIME | 1 << EVENT_MOMENT);
}

/* Packets, and those of them that are TCP segments. */

enum packet_column { PACKET_EVENT, PACKET_FRAME, PACKET_FLAGS, PACKET_COLUMNS };

static const char *const packet_keys[PACKET_COLUMNS] = { "event", "frame", "flags" };

enum packet_flag { PACKET_IS_REPEATED = 1, PACKET_IS_LOST = 2 };

enum segment_column {
	SEGMENT_PACKET,
	SEGMENT_CONNECTION, /* from 1 */
	SEGMENT_DIRECTION,
	SEGMENT_FLAGS,
	SEGMENT_SEQUENCE,
	SEGMENT_LENGTH,
	SEGMENT_ACKNOWLEDGMENT,
	SEGMENT_WINDOW,
	SEGMENT_WHY, /* text: why it was sent */
	SEGMENT_COLUMNS
};

static const char *const segment_keys[SEGMENT_COLUMNS] = {
	"packet", "connection",     "direction", "flags", "sequence",
	"length", "acknowledgment", "window",    "why",
};

/* TCP's record of making what begins its way at this hop; NULL: there is none. */
static const struct trace_record *record_of_making(const struct page_data *data,
						   const struct history_hop *hop)
{
	const struct trace_store *store = history_store(data->history);
	uint32_t crossing = trace_store_record(store, hop->first_record)->crossing;

	for (uint64_t i = hop->first_record; i < hop->moment; i++) {
		const struct trace_record *record = trace_store_record(store, i);

		if (record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_TCP &&
		    record->crossing == crossing && trace_node_of(record->id) == hop->node)
			return record;
	}
	return NULL;
}

/* Which way the trace's name for a direction leads: connection (from 1) and direction. */
static void keep_way(struct page_data *data, const struct trace_record *made, uint32_t connection,
		     bool is_from_server)
{
	if (!g_hash_table_contains(data->ways, &made->object))
		g_hash_table_insert(data->ways, g_memdup2(&made->object, sizeof made->object),
				    GUINT_TO_POINTER(connection << 1 | is_from_server));
}

static void add_segment(struct page_data *data, uint32_t index, const struct history_packet *packet,
			GArray *columns[SEGMENT_COLUMNS])
{
	const struct history_event *event = history_event(data->history, packet->event);
	const struct trace_record *made;
	const struct history_hop *hop;
	struct model_segment segment;
	uint32_t first;

	if (packet->hop_count == 0 || event->connection == HISTORY_NONE)
		return;
	first = history_packet_hop(data->history, packet, 0);
	if (first >= data->hop_count)
		return;
	hop = history_hop(data->history, first);
	if (!model_find_segment(data->model, hop->sent.length > 0 ? hop->sent : hop->received,
				&segment))
		return;
	page_put(columns[SEGMENT_PACKET], index);
	page_put(columns[SEGMENT_CONNECTION], (int64_t)event->connection + 1);
	page_put(columns[SEGMENT_DIRECTION], segment.direction->is_from_server);
	page_put(columns[SEGMENT_FLAGS], segment.flags);
	page_put(columns[SEGMENT_SEQUENCE], segment.sequence);
	page_put(columns[SEGMENT_LENGTH], (int64_t)segment.length);
	page_put(columns[SEGMENT_ACKNOWLEDGMENT],
		 (segment.flags & TCP_ACK) != 0 ? (int64_t)segment.acknowledgment : -1);
	page_put(columns[SEGMENT_WINDOW], segment.window_bytes);
	made = record_of_making(data, hop);
	page_put(columns[SEGMENT_WHY],
		 made == NULL ? 0 : (int64_t)page_text(data, view_detail_name(made)));
	if (made != NULL)
		keep_way(data, made, event->connection + 1, segment.direction->is_from_server);
}

static void append_packets(struct page_data *data)
{
	GArray *columns[PACKET_COLUMNS], *segments[SEGMENT_COLUMNS];

	for (unsigned i = 0; i < PACKET_COLUMNS; i++)
		columns[i] = page_numbers_new();
	for (unsigned i = 0; i < SEGMENT_COLUMNS; i++)
		segments[i] = page_numbers_new();
	for (uint32_t i = 0; i < data->packet_count; i++) {
		const struct history_packet *packet = history_packet(data->history, i);

		page_put(columns[PACKET_EVENT], packet->event);
		page_put(columns[PACKET_FRAME], (int64_t)packet->frame);
		page_put(columns[PACKET_FLAGS],
			 (packet->is_retransmission ? PACKET_IS_REPEATED : 0) |
			     (packet->is_lost ? PACKET_IS_LOST : 0));
		add_segment(data, i, packet, segments);
	}
	page_append_key(data->out, "packets");
	page_append_columns(data->out, packet_keys, columns, PACKET_COLUMNS, 0);
	page_append_key(data->out, "segments");
	page_append_columns(data->out, segment_keys, segments, SEGMENT_COLUMNS,
			    1 << SEGMENT_PACKET);
}

/* Congestion windows, from change to change. */

enum window_column {
	WINDOW_TIME,
	WINDOW_CONNECTION, /* from 1 */
	WINDOW_DIRECTION,
	WINDOW_BYTES,
	WINDOW_THRESHOLD, /* -1: none yet */
	WINDOW_WHY,       /* text */
	WINDOW_COLUMNS
};

static const char *const window_keys[WINDOW_COLUMNS] = {
	"time", "connection", "direction", "bytes", "threshold", "why",
};

static void add_window(struct page_data *data, const struct trace_record *record,
		       GArray *columns[WINDOW_COLUMNS])
{
	struct bytes bytes = trace_store_bytes(history_store(data->history), record);
	guint way = GPOINTER_TO_UINT(g_hash_table_lookup(data->ways, &record->object));

	if (way == 0)
		return;
	page_put(columns[WINDOW_TIME], record->time_ns);
	page_put(columns[WINDOW_CONNECTION], way >> 1);
	page_put(columns[WINDOW_DIRECTION], way & 1);
	page_put(columns[WINDOW_BYTES], (int64_t)record->after);
	page_put(columns[WINDOW_THRESHOLD],
		 bytes.length == TCP_CONGESTION_RECORD_BYTES ? (int64_t)get_be32(bytes.data) : -1);
	page_put(columns[WINDOW_WHY], page_text(data, view_detail_name(record)));
}

static void append_windows(struct page_data *data)
{
	const struct trace_store *store = history_store(data->history);
	GArray *columns[WINDOW_COLUMNS];

	for (unsigned i = 0; i < WINDOW_COLUMNS; i++)
		columns[i] = page_numbers_new();
	for (uint64_t i = 0; i < data->moment_count; i++) {
		const struct trace_record *record = trace_store_record(store, i);

		if (record->kind == TRACE_CONGESTION)
			add_window(data, record, columns);
	}
	page_append_key(data->out, "windows");
	page_append_columns(data->out, window_keys, columns, WINDOW_COLUMNS, 1 << WINDOW_TIME);
}

/* Connections. */

static void append_endpoint(struct page_data *data, const char *key, struct endpoint endpoint,
			    uint8_t actor)
{
	const char *name = model_name_of_address(data->model, endpoint.address);
	char address[IPV4_TEXT_BYTES];

	page_append_key(data->out, key);
	g_string_append_c(data->out, '{');
	append_text_member(data->out, "name",
			   name != NULL ? name : ipv4_print(endpoint.address, address));
	append_number_member(data->out, "node",
			     name != NULL ? model_find_node(data->model, name) : 0);
	append_text_member(data->out, "address", ipv4_print(endpoint.address, address));
	append_number_member(data->out, "port", endpoint.port);
	append_text_member(data->out, "actor", actor_name(actor));
	g_string_append_c(data->out, '}');
}

static void append_connections(struct page_data *data)
{
	page_append_key(data->out, "connections");
	g_string_append_c(data->out, '[');
	for (unsigned i = 0; i < model_connection_count(data->model); i++) {
		const struct model_connection *connection = model_connection(data->model, i);

		text_append(data->out, i > 0 ? ",{" : "{");
		append_text_member(data->out, "protocol", model_protocol(connection));
		append_endpoint(data, "client", connection->client, connection->actors[0]);
		append_endpoint(data, "server", connection->server, connection->actors[1]);
		append_number_member(data->out, "tls", connection->is_tls);
		append_number_member(data->out, "reset", connection->was_reset);
		append_number_member(data->out, "opened", (double)connection->opened_ns);
		append_number_member(data->out, "closed", (double)connection->closed_ns);
		g_string_append_c(data->out, '}');
	}
	g_string_append_c(data->out, ']');
}

void page_append_events(struct page_data *data)
{
	append_events(data);
	append_packets(data);
	append_windows(data);
	append_connections(data);
}
