/* TCP connections as they are found in the bytes of the frames, and what was said in them. */
#include "protocols/tls/dissect.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "views/conversation_private.h"
#include "views/pieces.h"
#include "views/window.h"

/* Both directions of a connection have the same key: the lower endpoint comes first. */
struct conversation_key {
	struct endpoint low, high;
};

/* What a frame says about its segment. */
struct segment_view {
	struct endpoint source, destination; /* inside ones where a router translates */
	uint16_t service_port;               /* the destination port in the frame */
	struct tcp_header header;
	struct bytes payload;
};

static guint endpoint_hash(struct endpoint endpoint)
{
	return endpoint.address * 2654435761u ^ endpoint.port;
}

static guint key_hash(gconstpointer data)
{
	const struct conversation_key *key = data;

	return endpoint_hash(key->low) * 31 + endpoint_hash(key->high);
}

static bool endpoint_equal(struct endpoint a, struct endpoint b)
{
	return a.address == b.address && a.port == b.port;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct conversation_key *left = a, *right = b;

	return endpoint_equal(left->low, right->low) && endpoint_equal(left->high, right->high);
}

static struct conversation_key key_of(struct endpoint a, struct endpoint b)
{
	bool in_order = a.address < b.address || (a.address == b.address && a.port <= b.port);

	return in_order ? (struct conversation_key) { a, b } : (struct conversation_key) { b, a };
}

void conversations_init(struct conversations *conversations,
			const struct dissector *const *dissectors)
{
	conversations->dissectors = dissectors;
	conversations->connections = g_ptr_array_new();
	conversations->by_endpoints = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	conversation_roots_init(conversations);
	conversation_units_init(conversations);
	conversations->translations =
	    g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
}

void conversations_clear(struct conversations *conversations)
{
	for (guint i = 0; i < conversations->connections->len; i++) {
		struct model_connection *connection = conversations->connections->pdata[i];

		pieces_forget(&connection->directions[0]);
		pieces_forget(&connection->directions[1]);
		g_ptr_array_free(connection->directions[0].units, TRUE);
		g_ptr_array_free(connection->directions[1].units, TRUE);
		g_free(connection);
	}
	g_ptr_array_free(conversations->connections, TRUE);
	g_hash_table_destroy(conversations->by_endpoints);
	g_hash_table_destroy(conversations->roots);
	g_hash_table_destroy(conversations->protected);
	g_hash_table_destroy(conversations->translations);
}

void conversations_translate(struct conversations *conversations, struct endpoint outside,
			     uint64_t inside)
{
	uint64_t key = (uint64_t)outside.address << 16 | outside.port;

	g_hash_table_replace(conversations->translations, g_memdup2(&key, sizeof key),
			     g_memdup2(&inside, sizeof inside));
}

#define TRANSLATIONS_IN_A_ROW_MAX 8

/* Who really has an endpoint; routers that translate may stand one behind the other. */
static struct endpoint find_inside(const struct conversations *conversations,
				   struct endpoint endpoint)
{
	for (int i = 0; i < TRANSLATIONS_IN_A_ROW_MAX; i++) {
		uint64_t key = (uint64_t)endpoint.address << 16 | endpoint.port;
		const uint64_t *inside = g_hash_table_lookup(conversations->translations, &key);

		if (inside == NULL)
			break;
		endpoint = (struct endpoint) { (uint32_t)(*inside >> 16), (uint16_t)*inside };
	}
	return endpoint;
}

/* Reads the segment in `frame`; false when it holds none, or a fragment. */
static bool segment_view(const struct conversations *conversations, struct bytes frame,
			 struct segment_view *view)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct bytes datagram, segment;

	if (ethernet_header_parse(frame, &ethernet, &datagram) != PARSE_OK ||
	    ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(datagram, &ipv4, &segment) != PARSE_OK ||
	    ipv4.protocol != IP_PROTOCOL_NUMBER_TCP || ipv4.more_fragments ||
	    ipv4.fragment_offset_bytes != 0 ||
	    tcp_header_parse(segment, &view->header, &view->payload) != PARSE_OK)
		return false;
	view->source =
	    find_inside(conversations, (struct endpoint) { ipv4.source, view->header.source_port });
	view->destination = find_inside(
	    conversations, (struct endpoint) { ipv4.destination, view->header.destination_port });
	view->service_port = view->header.destination_port;
	return true;
}

static const struct dissector *dissector_of(const struct conversations *conversations,
					    uint16_t port)
{
	for (const struct dissector *const *at = conversations->dissectors; *at != NULL; at++)
		for (int i = 0; i < DISSECT_PORTS_MAX && (*at)->tcp_ports[i] != 0; i++)
			if ((*at)->tcp_ports[i] == port)
				return *at;
	return NULL;
}

static void direction_init(struct model_connection *connection, bool is_from_server)
{
	connection->directions[is_from_server] = (struct model_direction) {
		.connection = connection,
		.is_from_server = is_from_server,
		.units = conversation_units_new(),
	};
}

static struct model_connection *connection_new(struct conversations *conversations,
					       const struct segment_view *view, int64_t time_ns)
{
	struct model_connection *connection = g_new0(struct model_connection, 1);
	struct conversation_key *key = g_new(struct conversation_key, 1);

	g_ptr_array_add(conversations->connections, connection);
	connection->number = conversations->connections->len;
	connection->client = view->source;
	connection->server = view->destination;
	connection->dissector = dissector_of(conversations, view->service_port);
	connection->opened_ns = time_ns;
	direction_init(connection, false);
	direction_init(connection, true);
	*key = key_of(view->source, view->destination);
	g_hash_table_replace(conversations->by_endpoints, key, connection);
	return connection;
}

static struct model_connection *connection_find(const struct conversations *conversations,
						const struct segment_view *view)
{
	struct conversation_key key = key_of(view->source, view->destination);

	return g_hash_table_lookup(conversations->by_endpoints, &key);
}

static struct model_direction *direction_of(struct model_connection *connection,
					    const struct segment_view *view)
{
	return &connection->directions[endpoint_equal(view->source, connection->server)];
}

/* The end of a direction, and where in the stream that is: it takes a sequence number itself. */
static void note_fin(struct model_direction *direction, const struct segment_view *view)
{
	uint32_t end = view->header.sequence + (uint32_t)view->payload.length -
		       direction->initial_sequence - 1;

	direction->connection->fins |= direction->is_from_server ? 2 : 1;
	direction->has_fin = true;
	direction->fin_offset =
	    direction->fed_bytes + (uint64_t)(int32_t)(end - (uint32_t)direction->fed_bytes);
}

/* A SYN with a sequence number not seen before opens a connection anew. */
static struct model_direction *direction_for(struct conversations *conversations,
					     const struct segment_view *view, int64_t time_ns)
{
	struct model_connection *connection = connection_find(conversations, view);
	struct model_direction *direction;
	bool is_opening = (view->header.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	if (connection == NULL && !is_opening)
		return NULL;
	if (connection == NULL)
		connection = connection_new(conversations, view, time_ns);
	direction = direction_of(connection, view);
	if (is_opening && direction->has_initial_sequence &&
	    direction->initial_sequence != view->header.sequence) {
		connection = connection_new(conversations, view, time_ns);
		direction = direction_of(connection, view);
	}
	if (view->header.flags & TCP_SYN) {
		direction->initial_sequence = view->header.sequence;
		direction->has_initial_sequence = true;
		window_learn(direction, &view->header);
	} else if (!direction->has_initial_sequence) { /* a refusal: counted as Wireshark does */
		direction->initial_sequence = view->header.sequence - 1;
	}
	connection->closed_ns = time_ns;
	if (view->header.flags & TCP_RST)
		connection->was_reset = true;
	if (view->header.flags & TCP_FIN)
		note_fin(direction, view);
	return direction;
}

void conversations_feed_frame(struct conversations *conversations,
			      const struct trace_record *record, struct bytes frame,
			      const struct sent_segment *segment)
{
	struct segment_view view;
	struct model_direction *direction;
	struct stream_part part = { .record = record, .object = segment->object };

	if (!segment_view(conversations, frame, &view))
		return;
	direction = direction_for(conversations, &view, record->time_ns);
	if (direction == NULL)
		return;
	direction->segments++;
	direction->retransmissions += segment->is_again;
	if (view.payload.length == 0)
		return;
	uint32_t offset = view.header.sequence - direction->initial_sequence - 1;
	uint32_t known = (uint32_t)direction->fed_bytes;

	/* A sender puts its stream on the wire in order, but for what it repeats. */
	if ((int32_t)(offset + (uint32_t)view.payload.length - known) <= 0)
		return;
	if ((int32_t)(offset - known) < 0)
		view.payload = bytes_from(view.payload, known - offset);
	if ((int32_t)(offset - known) > 0) {
		pieces_forget(direction);
		direction->missing_bytes += offset - known;
		direction->fed_bytes += offset - known;
	}
	part.bytes = view.payload;
	part.offset = part.object_offset = direction->fed_bytes;
	conversation_add_units(conversations, direction, &part);
	direction->fed_bytes += view.payload.length;
	direction->bytes_sent += view.payload.length;
}

bool conversations_find(const struct conversations *conversations, struct bytes frame,
			struct model_segment *segment)
{
	struct segment_view view;
	struct model_connection *connection;
	const struct model_direction *direction, *other;

	if (!segment_view(conversations, frame, &view))
		return false;
	connection = connection_find(conversations, &view);
	if (connection == NULL)
		return false;
	direction = direction_of(connection, &view);
	other = &connection->directions[!direction->is_from_server];
	uint32_t relative = view.header.sequence - direction->initial_sequence;
	bool has_syn = (view.header.flags & TCP_SYN) != 0;

	*segment = (struct model_segment) {
		.connection = connection,
		.direction = direction,
		.offset = has_syn ? 0 : relative - 1,
		.length = view.payload.length,
		.sequence = relative,
		.acknowledgment = view.header.flags & TCP_ACK
				      ? view.header.acknowledgment - other->initial_sequence
				      : 0,
		.flags = view.header.flags,
	};
	window_find(segment, &view.header);
	return true;
}

const char *model_protocol(const struct model_connection *connection)
{
	if (connection->is_tls)
		return tls_dissector.name;
	return connection->dissector != NULL ? connection->dissector->name : "stream";
}
