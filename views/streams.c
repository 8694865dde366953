#include "views/streams.h"

#include "protocols/tls/dissect.h"
#include "stack/wire/tcp.h"
#include "views/lru_table.h"
#include "views/window.h"

/* Both directions have the same key: the lower end comes first. No padding: compared as bytes. */
struct flow_key {
	struct ip_address low, high;
	uint16_t low_port, high_port;
};

/* A segment that came before bytes in front of it. */
struct held {
	uint64_t offset; /* in the stream */
	uint32_t length; /* on the wire; fewer were captured if `bytes` is shorter */
	GBytes *bytes;
};

struct flow_direction {
	bool is_begun;         /* its first sequence number is known */
	uint64_t acknowledged; /* by the other side: stream offset */
	uint32_t interface;    /* where its first segment was captured */
	GArray *held;          /* of struct held, by offset; NULL: none yet */
	size_t held_bytes;
};

struct flow {
	struct model_connection connection; /* its units are those of the segment followed last */
	struct ip_address server;
	struct flow_direction directions[2]; /* 0 from the client, 1 from the server */
};

struct streams {
	const struct dissector *const *dissectors;
	struct lru_table *table; /* struct flow_key to struct flow */
	unsigned count;
	size_t held_bytes;
	GPtrArray *units; /* of struct model_unit *: views of the found ones of depth 0 */
	struct model_unit shown[STREAM_UNITS_MAX];
	struct dissect_unit found[STREAM_UNITS_MAX];
	uint64_t bases[STREAM_UNITS_MAX]; /* stream offset that their offsets count from */
	unsigned found_count;
	unsigned found_before, found_behind; /* those between are of the segment itself */
};

/* What a packet says about its segment. */
struct view {
	struct ip_address source, destination;
	struct tcp_header header;
	struct bytes payload;
	uint32_t length; /* of the payload on the wire */
	uint32_t interface;
};

static void release(struct streams *streams, struct flow_direction *direction, guint count)
{
	for (guint i = 0; direction->held != NULL && i < count; i++) {
		struct held *held = &g_array_index(direction->held, struct held, i);
		size_t size = g_bytes_get_size(held->bytes);

		direction->held_bytes -= size;
		streams->held_bytes -= size;
		g_bytes_unref(held->bytes);
	}
	if (count > 0)
		g_array_remove_range(direction->held, 0, count);
}

static void forget_direction(struct streams *streams, struct flow_direction *direction)
{
	if (direction->held == NULL)
		return;
	release(streams, direction, direction->held->len);
	g_array_free(direction->held, TRUE);
	direction->held = NULL;
}

static void forget_flow(void *owner, void *value)
{
	struct flow *flow = value;

	forget_direction(owner, &flow->directions[0]);
	forget_direction(owner, &flow->directions[1]);
}

struct streams *streams_new(const struct dissector *const *dissectors)
{
	struct streams *streams = g_new0(struct streams, 1);

	streams->dissectors = dissectors;
	streams->units = g_ptr_array_sized_new(STREAM_UNITS_MAX);
	streams->table = lru_table_new(sizeof(struct flow_key), sizeof(struct flow), STREAMS_MAX,
				       forget_flow, streams);
	return streams;
}

void streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	lru_table_free(streams->table);
	g_ptr_array_free(streams->units, TRUE);
	g_free(streams);
}

/* How long the payload was on the wire: as IP says, even where less was captured. */
static uint32_t wire_length(const struct decode *decode, const struct decode_layer *tcp)
{
	uint32_t length = tcp->payload_bytes;

	for (unsigned i = 0; i < decode->layer_count; i++) {
		const struct decode_layer *layer = &decode->layers[i];
		const uint8_t *header = decode->frame.data + layer->start;
		uint32_t end = 0;

		if (layer->status != PARSE_TRUNCATED)
			continue;
		if (layer->protocol == DECODE_IPV4)
			end = layer->start + get_be16(header + 2);
		else if (layer->protocol == DECODE_IPV6)
			end = layer->start + IPV6_HEADER_BYTES + get_be16(header + 4);
		if (end > tcp->start + tcp->header_bytes)
			length = end - tcp->start - tcp->header_bytes;
	}
	return length;
}

static bool view_of(const struct decode *decode, struct view *view)
{
	const struct decode_layer *tcp = decode_find(decode, DECODE_TCP);

	if (tcp == NULL || tcp->is_quoted || tcp->status != PARSE_OK ||
	    tcp->note == DECODE_NOTE_FIRST_FRAGMENT || !decode->has_ports)
		return false;
	*view = (struct view) { .source = decode->source, .destination = decode->destination };
	if (tcp_header_parse(bytes_first(bytes_from(decode->frame, tcp->start),
					 (size_t)tcp->header_bytes + tcp->payload_bytes),
			     &view->header, &view->payload) != PARSE_OK)
		return false;
	view->length = wire_length(decode, tcp);
	return true;
}

static struct flow_key key_of(const struct view *view)
{
	int order = memcmp(&view->source, &view->destination, sizeof view->source);
	bool is_low =
	    order < 0 || (order == 0 && view->header.source_port <= view->header.destination_port);
	struct flow_key key = {
		view->source,
		view->destination,
		view->header.source_port,
		view->header.destination_port,
	};

	return is_low ? key : (struct flow_key) { key.high, key.low, key.high_port, key.low_port };
}

/* Who opened it, as far as one segment shows: SYNs tell, then ports where servers listen. */
static bool is_from_client(const struct streams *streams, const struct view *view)
{
	const struct tcp_header *header = &view->header;
	bool is_from_server;

	if (header->flags & TCP_SYN)
		return (header->flags & TCP_ACK) == 0;
	if (decode_dissector(streams->dissectors, true, header->source_port,
			     header->destination_port, &is_from_server) != NULL)
		return !is_from_server;
	return header->source_port >= header->destination_port;
}

static void flow_begin(struct streams *streams, struct flow *flow, const struct view *view,
		       int64_t time_ns)
{
	bool is_client = is_from_client(streams, view), is_from_server;
	struct endpoint source = { 0, view->header.source_port };
	struct endpoint destination = { 0, view->header.destination_port };

	forget_flow(streams, flow);
	if (ip_address_is_ipv4(view->source) && ip_address_is_ipv4(view->destination)) {
		source.address = ip_address_ipv4(view->source);
		destination.address = ip_address_ipv4(view->destination);
	}
	*flow = (struct flow) { .server = is_client ? view->destination : view->source };
	flow->connection = (struct model_connection) {
		.number = ++streams->count,
		.client = is_client ? source : destination,
		.server = is_client ? destination : source,
		.dissector = decode_dissector(
		    streams->dissectors, true, is_client ? source.port : destination.port,
		    is_client ? destination.port : source.port, &is_from_server),
		.opened_ns = time_ns,
	};
	for (int i = 0; i < 2; i++)
		flow->connection.directions[i] = (struct model_direction) {
			.connection = &flow->connection,
			.is_from_server = i == 1,
			.units = streams->units,
		};
}

static bool is_sent_by_server(const struct flow *flow, const struct view *view)
{
	return ip_address_equal(flow->server, view->source) &&
	       flow->connection.server.port == view->header.source_port;
}

/* The sequence number of the SYN: seen, or where the capture begins later, assumed. */
static void direction_begin(struct flow *flow, unsigned index, uint32_t initial_sequence,
			    uint32_t interface)
{
	flow->directions[index].is_begun = true;
	flow->directions[index].interface = interface;
	flow->connection.directions[index].initial_sequence = initial_sequence;
	flow->connection.directions[index].has_initial_sequence = true;
}

static struct flow *flow_of(struct streams *streams, const struct view *view, int64_t time_ns)
{
	struct flow_key key = key_of(view);
	struct flow *flow = lru_table_find(streams->table, &key);
	uint8_t flags = view->header.flags;
	unsigned index;

	if (flow == NULL) {
		flow = lru_table_put(streams->table, &key);
		flow_begin(streams, flow, view, time_ns);
	}
	index = is_sent_by_server(flow, view);
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && flow->directions[index].is_begun &&
	    flow->connection.directions[index].initial_sequence != view->header.sequence) {
		flow_begin(streams, flow, view, time_ns); /* the same ports, opened anew */
		index = is_sent_by_server(flow, view);
	}
	if (!flow->directions[index].is_begun && !(flags & TCP_RST))
		direction_begin(flow, index, view->header.sequence - !(flags & TCP_SYN),
				view->interface);
	else if (!flow->directions[index].is_begun) /* a refusal: counted as Wireshark does */
		flow->connection.directions[index].initial_sequence = view->header.sequence - 1;
	if (!flow->directions[!index].is_begun && flags & TCP_ACK && !(flags & (TCP_RST | TCP_SYN)))
		direction_begin(flow, !index, view->header.acknowledgment - 1, view->interface);
	return flow;
}

/* The dissector for what comes next: TLS from the first ClientHello on, wherever that comes. */
static const struct dissector *dissector_for(struct model_direction *direction, struct bytes bytes)
{
	struct model_connection *connection = direction->connection;

	connection->is_tls |=
	    tls_begins(bytes) || (direction->fed_bytes == 0 && tls_is_record(bytes));
	return connection->is_tls ? &tls_dissector : connection->dissector;
}

/* Lets the dissector read `bytes`, the next of the stream, and keeps what it finds. */
static void read_bytes(struct streams *streams, struct model_direction *direction,
		       struct bytes bytes)
{
	struct model_connection *connection = direction->connection;
	const struct dissector *dissector = dissector_for(direction, bytes);
	struct dissect_input input = {
		.bytes = bytes,
		.is_from_server = direction->is_from_server,
		.is_stream = true,
		.state = connection->is_tls ? &connection->tls_state : &connection->state,
	};
	struct dissect_unit *found = streams->found + streams->found_count;
	size_t room = STREAM_UNITS_MAX - streams->found_count, count;

	if (dissector != NULL && bytes.length > 0) {
		count = dissector->dissect(&input, found, room);
		count = MIN(count, room);
		for (size_t i = 0; i < count; i++) {
			struct model_unit *unit = &streams->shown[streams->units->len];

			streams->bases[streams->found_count++] = direction->fed_bytes;
			if (found[i].depth > 0)
				continue;
			*unit = (struct model_unit) {
				.offset = direction->fed_bytes + found[i].offset,
				.length = found[i].length,
				.name = found[i].name,
				.dissector = dissector,
				.kind = found[i].kind,
				.is_complete = found[i].is_complete,
				.summary = found[i].summary,
				.purpose = found[i].purpose,
			};
			g_ptr_array_add(streams->units, unit);
		}
	}
	direction->fed_bytes += bytes.length;
}

/* Reads what the stream has next; `length` on the wire, of which `bytes` were captured. */
static void read_segment(struct streams *streams, struct model_direction *direction,
			 uint64_t offset, uint32_t length, struct bytes bytes)
{
	uint64_t end = offset + length;

	if (end <= direction->fed_bytes)
		return;
	read_bytes(streams, direction, bytes_from(bytes, direction->fed_bytes - offset));
	direction->fed_bytes = end; /* what was not captured is passed over */
}

static void read_held(struct streams *streams, struct flow *flow, unsigned index)
{
	struct flow_direction *direction = &flow->directions[index];
	struct model_direction *stream = &flow->connection.directions[index];
	guint count = 0;

	for (; direction->held != NULL && count < direction->held->len; count++) {
		struct held *held = &g_array_index(direction->held, struct held, count);
		size_t length;
		const uint8_t *data = g_bytes_get_data(held->bytes, &length);

		if (held->offset > stream->fed_bytes)
			break;
		read_segment(streams, stream, held->offset, held->length,
			     (struct bytes) { data, length });
	}
	release(streams, direction, count);
}

/* True when all of `part` is in `whole`, which does not begin behind it. */
static bool is_within(const struct held *whole, const struct held *part)
{
	return part->offset + part->length <= whole->offset + whole->length;
}

/* Keeps an early segment; false when no more can be kept. */
static bool hold(struct streams *streams, struct flow_direction *direction, uint64_t offset,
		 const struct view *view)
{
	struct held held = { offset, view->length, NULL };
	guint at;

	if (direction->held == NULL)
		direction->held = g_array_new(FALSE, FALSE, sizeof(struct held));
	for (at = direction->held->len; at > 0; at--)
		if (g_array_index(direction->held, struct held, at - 1).offset <= offset)
			break;
	if (at > 0 && is_within(&g_array_index(direction->held, struct held, at - 1), &held))
		return true; /* repeated before its turn */
	if (direction->held->len >= STREAM_HELD_MAX ||
	    direction->held_bytes + view->payload.length > STREAM_HELD_BYTES_MAX ||
	    streams->held_bytes + view->payload.length > STREAMS_HELD_BYTES_MAX)
		return false;
	held.bytes = g_bytes_new(view->payload.data, view->payload.length);
	direction->held_bytes += view->payload.length;
	streams->held_bytes += view->payload.length;
	g_array_insert_val(direction->held, at, held);
	return true;
}

/*
 * The bytes up to `offset` will not come any more: passes over what is missing, and reads what was
 * held behind it. Returns how many bytes are missing.
 */
static uint64_t pass_over(struct streams *streams, struct flow *flow, unsigned index,
			  uint64_t offset)
{
	struct model_direction *stream = &flow->connection.directions[index];
	struct flow_direction *direction = &flow->directions[index];
	uint64_t missing = 0;

	while (stream->fed_bytes < offset) {
		uint64_t next = offset;

		if (direction->held != NULL && direction->held->len > 0)
			next = MIN(next, g_array_index(direction->held, struct held, 0).offset);
		missing += next - stream->fed_bytes;
		stream->fed_bytes = next;
		read_held(streams, flow, index);
	}
	return missing;
}

/*
 * Bytes that the receiver has acknowledged did arrive: where they were not seen by the time that the
 * sender goes on, the capture lacks them. One byte may be a FIN.
 */
static void acknowledge(struct flow *flow, unsigned index, uint32_t acknowledgment)
{
	const struct model_direction *stream = &flow->connection.directions[index];
	struct flow_direction *direction = &flow->directions[index];
	uint32_t relative = acknowledgment - stream->initial_sequence - 1;
	int32_t beyond = (int32_t)(relative - (uint32_t)stream->fed_bytes);

	if (direction->is_begun && beyond > 1)
		direction->acknowledged =
		    MAX(direction->acknowledged, stream->fed_bytes + (uint32_t)beyond);
}

static enum segment_order repeated(const struct flow *flow, unsigned index, const struct view *view,
				   uint64_t offset)
{
	const struct model_direction *stream = &flow->connection.directions[index];

	if (view->interface != flow->directions[index].interface)
		return SEGMENT_ELSEWHERE;
	if (view->length <= 1 && offset + 1 == stream->fed_bytes)
		return SEGMENT_KEEPALIVE;
	return SEGMENT_REPEATED;
}

static enum segment_order take_payload(struct streams *streams, struct flow *flow, unsigned index,
				       const struct view *view, uint64_t offset,
				       uint64_t *missing_bytes)
{
	struct model_direction *stream = &flow->connection.directions[index];
	struct flow_direction *direction = &flow->directions[index];
	uint64_t end;

	if (offset + view->length <= stream->fed_bytes)
		return repeated(flow, index, view, offset);
	if (offset > stream->fed_bytes && direction->acknowledged > stream->fed_bytes)
		*missing_bytes =
		    pass_over(streams, flow, index, MIN(offset, direction->acknowledged));
	if (offset > stream->fed_bytes) {
		if (hold(streams, direction, offset, view))
			return SEGMENT_EARLY;
		*missing_bytes += pass_over(streams, flow, index, offset);
	}
	streams->found_before = streams->found_count;
	read_segment(streams, stream, offset, view->length, view->payload);
	streams->found_behind = streams->found_count;
	end = stream->fed_bytes;
	read_held(streams, flow, index);
	if (*missing_bytes > 0)
		return SEGMENT_AFTER_LOSS;
	return stream->fed_bytes > end ? SEGMENT_FILLS_GAP : SEGMENT_IN_ORDER;
}

static void note_flags(struct flow *flow, unsigned index, const struct view *view, int64_t time_ns)
{
	flow->connection.closed_ns = time_ns;
	if (view->header.flags & TCP_RST)
		flow->connection.was_reset = true;
	if (view->header.flags & TCP_FIN)
		flow->connection.fins |= index == 1 ? 2 : 1;
}

/* Where the payload begins in the stream: sequence numbers go round, offsets do not. */
static uint64_t offset_of(const struct model_direction *stream, const struct view *view)
{
	uint32_t first = view->header.sequence + ((view->header.flags & TCP_SYN) != 0);
	uint32_t relative = first - stream->initial_sequence - 1;
	int32_t ahead = (int32_t)(relative - (uint32_t)stream->fed_bytes);

	if (ahead < 0 && (uint32_t) - (int64_t)ahead > stream->fed_bytes)
		return 0; /* before the first byte known */
	return stream->fed_bytes + (uint64_t)(int64_t)ahead;
}

static void take_segment(struct streams *streams, struct flow *flow, unsigned index,
			 const struct view *view, struct model_segment *segment)
{
	struct model_direction *stream = &flow->connection.directions[index];
	const struct model_direction *other = &flow->connection.directions[!index];
	uint64_t offset = offset_of(stream, view);
	bool is_probe = view->length == 0 && offset + 1 == stream->fed_bytes &&
			(view->header.flags & (TCP_SYN | TCP_FIN | TCP_RST)) == 0;

	*segment = (struct model_segment) {
		.connection = &flow->connection,
		.direction = stream,
		.offset = offset,
		.length = view->length,
		.sequence = view->header.sequence - stream->initial_sequence,
		.acknowledgment = view->header.flags & TCP_ACK
				      ? view->header.acknowledgment - other->initial_sequence
				      : 0,
		.flags = view->header.flags,
		.order = is_probe ? SEGMENT_KEEPALIVE : SEGMENT_IN_ORDER,
	};
	/* A SYN of another sequence number is not of this connection, but left over from an older one. */
	if (view->header.flags & TCP_SYN && view->header.sequence == stream->initial_sequence)
		window_learn(stream, &view->header);
	window_find(segment, &view->header);
	stream->segments++;
	if (view->length == 0)
		return;
	segment->order =
	    (uint8_t)take_payload(streams, flow, index, view, offset, &segment->missing_bytes);
	if (segment->order == SEGMENT_REPEATED)
		stream->retransmissions++;
	else
		stream->bytes_sent += view->length;
}

bool streams_follow(struct streams *streams, const struct decode *decode, int64_t time_ns,
		    uint32_t interface, struct model_segment *segment)
{
	struct view view;
	struct flow *flow;
	unsigned index;

	streams->found_count = streams->found_before = streams->found_behind = 0;
	g_ptr_array_set_size(streams->units, 0);
	if (!view_of(decode, &view))
		return false;
	view.interface = interface;
	flow = flow_of(streams, &view, time_ns);
	index = is_sent_by_server(flow, &view);
	note_flags(flow, index, &view, time_ns);
	if (!flow->directions[index].is_begun)
		return false; /* a reset of something that was never seen */
	take_segment(streams, flow, index, &view, segment);
	if (view.header.flags & TCP_ACK)
		acknowledge(flow, !index, view.header.acknowledgment);
	return true;
}

unsigned streams_unit_count(const struct streams *streams)
{
	return streams->found_count;
}

struct stream_unit streams_unit(const struct streams *streams, unsigned index)
{
	return (struct stream_unit) {
		.offset = streams->bases[index] + streams->found[index].offset,
		.is_of_segment = index >= streams->found_before && index < streams->found_behind,
		.unit = &streams->found[index],
	};
}

unsigned streams_count(const struct streams *streams)
{
	return streams->count;
}

size_t streams_forgotten(const struct streams *streams)
{
	return lru_table_forgotten(streams->table);
}
