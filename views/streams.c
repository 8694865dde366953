#include "views/streams.h"

#include "stack/tcp/names.h"
#include "views/lru_table.h"
#include "views/streams_private.h"
#include "views/window.h"

/* Both directions have the same key: the lower end comes first. No padding: compared as bytes. */
struct flow_key {
	struct ip_address low, high;
	uint64_t ports; /* of both, the lower end's above the other's */
};

/* What a packet says about its segment. */
struct view {
	struct ip_address source, destination;
	struct tcp_header header;
	struct bytes payload;
	uint32_t length; /* of the payload on the wire */
	bool is_damaged;
	int64_t time_ns;
	uint32_t interface;
};

static void forget_flow(void *owner, void *value)
{
	stream_forget(owner, value, 0);
	stream_forget(owner, value, 1);
	stream_forget_tls(owner, value);
}

/* Closed by both sides, or reset: little of it is to come. */
static bool is_over(const struct model_connection *connection)
{
	return connection->was_reset || connection->fins == 3;
}

static void make_room(void *owner, void *value)
{
	struct streams *streams = owner;
	const struct flow *flow = value;

	streams->forgotten += !is_over(&flow->connection);
	forget_flow(owner, value);
}

struct streams *streams_new(const struct dissector *const *dissectors)
{
	struct streams *streams = g_new0(struct streams, 1);

	streams->dissectors = dissectors;
	streams->decryption = tls_decryption_new();
	streams->units[0] = g_ptr_array_new();
	streams->units[1] = g_ptr_array_new();
	streams->table = lru_table_new(sizeof(struct flow_key), sizeof(struct flow), STREAMS_MAX,
				       make_room, streams);
	return streams;
}

void streams_free(struct streams *streams)
{
	if (streams == NULL)
		return;
	lru_table_free(streams->table);
	tls_decryption_free(streams->decryption);
	g_ptr_array_free(streams->units[0], TRUE);
	g_ptr_array_free(streams->units[1], TRUE);
	g_free(streams);
}

void streams_outline(struct streams *streams)
{
	streams->is_outline = true;
}

void streams_listen(struct streams *streams,
		    void (*hear)(void *owner, const struct stream_said *said), void *owner)
{
	streams->hear = hear;
	streams->hear_owner = owner;
}

static bool view_of(const struct decode *decode, const struct stream_packet *packet,
		    struct view *view)
{
	const struct decode_layer *tcp = decode_find(decode, DECODE_TCP);

	if (tcp == NULL || tcp->is_quoted || tcp->status != PARSE_OK ||
	    tcp->note == DECODE_NOTE_FIRST_FRAGMENT || !decode->has_ports)
		return false;
	*view = (struct view) {
		.source = decode->source,
		.destination = decode->destination,
		.length = tcp->payload_bytes + tcp->cut_payload_bytes,
		.is_damaged = packet->is_damaged || tcp->checksum == CHECKSUM_WRONG,
		.time_ns = packet->time_ns,
		.interface = packet->interface,
	};
	return tcp_header_parse_cut(bytes_first(bytes_from(decode->frame, tcp->start),
						(size_t)tcp->header_bytes + tcp->payload_bytes),
				    &view->header, &view->payload) == PARSE_OK;
}

/* Which of two addresses is the lower one does not matter, as long as it is the same whenever they meet. */
static bool is_below(struct ip_address a, struct ip_address b)
{
	uint64_t last_of_a = get_be64(a.octets + 8), last_of_b = get_be64(b.octets + 8);

	return last_of_a != last_of_b ? last_of_a < last_of_b
				      : get_be64(a.octets) < get_be64(b.octets);
}

static struct flow_key key_of(const struct view *view)
{
	uint64_t source = view->header.source_port, destination = view->header.destination_port;
	bool is_low = ip_address_equal(view->source, view->destination)
			  ? source <= destination
			  : is_below(view->source, view->destination);

	return is_low ? (struct flow_key) { view->source, view->destination,
					    source << 16 | destination }
		      : (struct flow_key) { view->destination, view->source,
					    destination << 16 | source };
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

static void flow_begin(struct streams *streams, struct flow *flow, const struct view *view)
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
		.opened_ns = view->time_ns,
	};
	for (int i = 0; i < 2; i++)
		flow->connection.directions[i] = (struct model_direction) {
			.connection = &flow->connection,
			.is_from_server = i == 1,
			.units = streams->units[i],
		};
}

static bool is_sent_by_server(const struct flow *flow, const struct view *view)
{
	return ip_address_equal(flow->server, view->source) &&
	       flow->connection.server.port == view->header.source_port;
}

/*
 * The first answer to a SYN, and to no byte of this connection: who gives it still has an earlier one of
 * these ports open (RFC 9293 section 3.5.1, RFC 5961 section 4). What is a little ahead, the capture lacks.
 */
static bool is_of_earlier(const struct flow *flow, const struct view *view)
{
	enum { AHEAD_MAX = 1 << 30 };
	unsigned index = is_sent_by_server(flow, view);
	const struct model_direction *other = &flow->connection.directions[!index];

	return !flow->directions[index].is_begun && other->has_syn && !other->is_answer &&
	       other->fed_bytes == 0 &&
	       (view->header.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK &&
	       view->length == 0 &&
	       view->header.acknowledgment - other->initial_sequence > AHEAD_MAX;
}

/*
 * The sequence number of the SYN, seen, or where the capture begins later, assumed. An RST may count
 * as it likes (RFC 9293 section 3.10.7.1): its numbers are shown, and nothing begins with them. So may
 * who answers for an earlier connection.
 */
static void direction_begin(struct flow *flow, unsigned index, uint32_t initial_sequence,
			    const struct view *view)
{
	struct flow_direction *direction = &flow->directions[index];
	bool is_other = (view->header.flags & TCP_RST) != 0 ||
			(index == is_sent_by_server(flow, view) && is_of_earlier(flow, view));

	if (direction->is_begun)
		return;
	direction->is_begun = !is_other;
	direction->interface = view->interface;
	flow->connection.directions[index].initial_sequence = initial_sequence;
	flow->connection.directions[index].has_initial_sequence = !is_other;
}

static struct flow *flow_of(struct streams *streams, const struct view *view)
{
	struct flow_key key = key_of(view);
	struct flow *flow = lru_table_find(streams->table, &key);
	uint8_t flags = view->header.flags;
	unsigned index;

	if (flow == NULL) {
		flow = lru_table_put(streams->table, &key);
		flow_begin(streams, flow, view);
	}
	index = is_sent_by_server(flow, view);
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && flow->directions[index].is_begun &&
	    flow->connection.directions[index].initial_sequence != view->header.sequence) {
		flow_begin(streams, flow, view); /* the same ports, opened anew */
		index = is_sent_by_server(flow, view);
	}
	direction_begin(flow, index, view->header.sequence - !(flags & TCP_SYN), view);
	if (flags & TCP_ACK)
		direction_begin(flow, !index, view->header.acknowledgment - 1, view);
	return flow;
}

/*
 * Bytes that the receiver has acknowledged did arrive: those that were not seen, the capture lacks.
 * Where nothing behind them was seen either, they may still come: the capture has packets in the
 * order of its interfaces. One byte more may be a FIN that it lacks.
 */
static void acknowledge(struct streams *streams, struct flow *flow, unsigned index,
			uint32_t acknowledgment, struct model_segment *segment)
{
	const struct model_direction *stream = &flow->connection.directions[index];
	struct flow_direction *direction = &flow->directions[index];
	uint32_t relative = acknowledgment - stream->initial_sequence - 1;
	int32_t beyond = (int32_t)(relative - (uint32_t)stream->fed_bytes);
	uint64_t end = stream_held_end(direction), acknowledged;

	if (!direction->is_begun || beyond < 1 || (beyond == 1 && end == 0))
		return;
	acknowledged = stream->fed_bytes + (uint32_t)beyond;
	if (stream->has_fin && acknowledged > stream->fin_offset) {
		acknowledged = stream->fin_offset;
		end = MAX(end, acknowledged);
	}
	direction->acknowledged = MAX(direction->acknowledged, acknowledged);
	if (stream_held_begin(direction) >= acknowledged && end > acknowledged)
		return;
	segment->other_missing_bytes =
	    stream_pass_over(streams, flow, index, MIN(acknowledged, end));
	segment->tells_other = stream->units->len > 0 || segment->other_missing_bytes > 0;
}

/* An RST ends all waiting. */
static void give_up(struct streams *streams, struct flow *flow, unsigned index,
		    struct model_segment *segment)
{
	uint64_t missing[2];

	for (unsigned i = 0; i < 2; i++)
		missing[i] =
		    stream_pass_over(streams, flow, i, stream_held_end(&flow->directions[i]));
	segment->missing_bytes += missing[index];
	segment->other_missing_bytes += missing[!index];
	if (missing[index] > 0)
		segment->order = SEGMENT_AFTER_LOSS;
	segment->tells_held = missing[index] > 0;
	segment->tells_other = segment->tells_other || missing[!index] > 0;
}

static enum segment_order repeated(const struct flow *flow, unsigned index, const struct view *view)
{
	return view->interface != flow->directions[index].interface ? SEGMENT_ELSEWHERE
								    : SEGMENT_REPEATED;
}

/* Of segments without payload: a SYN and a FIN have numbers in the sequence, too. */
static enum segment_order order_of_control(const struct flow *flow, unsigned index,
					   const struct view *view, int64_t offset)
{
	const struct model_direction *stream = &flow->connection.directions[index];
	uint8_t flags = view->header.flags & (TCP_SYN | TCP_FIN | TCP_RST);
	bool is_answer = (view->header.flags & TCP_ACK) != 0;
	bool is_known_syn = stream->has_syn && is_answer == stream->is_answer &&
			    view->header.sequence == stream->initial_sequence;
	bool is_known_fin = stream->has_fin && offset == (int64_t)stream->fin_offset;

	if (view->is_damaged)
		return SEGMENT_DAMAGED;
	if (flags == 0 && offset + 1 == (int64_t)stream->fed_bytes)
		return stream_is_closed(flow, index) ? SEGMENT_PROBE : SEGMENT_KEEPALIVE;
	if ((flags == TCP_SYN && is_known_syn) || (flags == TCP_FIN && is_known_fin))
		return repeated(flow, index, view);
	return SEGMENT_IN_ORDER;
}

/* The part of a payload that is not from before the first byte known. */
static struct stream_piece piece_of(const struct view *view, int64_t offset, uint32_t before)
{
	return (struct stream_piece) {
		.offset = (uint64_t)(offset + before),
		.length = view->length - before,
		.is_damaged = view->is_damaged,
		.bytes = bytes_from(view->payload, before),
	};
}

static enum segment_order take_piece(struct streams *streams, struct flow *flow, unsigned index,
				     const struct stream_piece *piece,
				     struct model_segment *segment)
{
	struct model_direction *stream = &flow->connection.directions[index];
	const struct flow_direction *direction = &flow->directions[index];
	uint64_t end;

	if (piece->offset > stream->fed_bytes && direction->acknowledged > stream->fed_bytes)
		segment->missing_bytes = stream_pass_over(
		    streams, flow, index, MIN(piece->offset, direction->acknowledged));
	if (piece->offset > stream->fed_bytes) {
		if (stream_hold(streams, flow, index, piece))
			return SEGMENT_EARLY;
		segment->missing_bytes += stream_pass_over(streams, flow, index, piece->offset);
	}
	streams->found_before = streams->found_count;
	stream_read(streams, flow, index, piece);
	streams->found_behind = streams->found_count;
	end = stream->fed_bytes;
	stream_read_held(streams, flow, index, false);
	if (segment->missing_bytes > 0)
		return SEGMENT_AFTER_LOSS;
	return stream->fed_bytes > end ? SEGMENT_FILLS_GAP : SEGMENT_IN_ORDER;
}

static enum segment_order take_payload(struct streams *streams, struct flow *flow, unsigned index,
				       const struct view *view, int64_t offset,
				       struct model_segment *segment)
{
	const struct model_direction *stream = &flow->connection.directions[index];
	uint32_t before = offset < 0 ? (uint32_t)MIN(-offset, (int64_t)view->length) : 0;
	struct stream_piece piece = piece_of(view, offset, before);

	segment->before_bytes = before;
	if (!view->is_damaged && view->length <= 1 && offset + 1 == (int64_t)stream->fed_bytes)
		return stream_is_closed(flow, index) ? SEGMENT_PROBE : SEGMENT_KEEPALIVE;
	if (before == view->length)
		return SEGMENT_BEFORE;
	if (view->is_damaged) {
		if (piece.offset + piece.length > stream->fed_bytes)
			stream_hold(streams, flow, index, &piece);
		return SEGMENT_DAMAGED;
	}
	if (piece.offset + piece.length <= stream->fed_bytes)
		return repeated(flow, index, view);

	enum segment_order order = take_piece(streams, flow, index, &piece, segment);

	return order == SEGMENT_IN_ORDER && view->length == 1 && stream_is_closed(flow, index)
		   ? SEGMENT_PROBE
		   : order;
}

static void note_flags(struct flow *flow, unsigned index, const struct view *view, int64_t offset)
{
	struct model_direction *stream = &flow->connection.directions[index];

	flow->connection.closed_ns = view->time_ns;
	if (!view->is_damaged && view->header.flags & TCP_RST)
		flow->connection.was_reset = true;
	if (!view->is_damaged && view->header.flags & TCP_FIN) {
		flow->connection.fins |= index == 1 ? 2 : 1;
		stream->has_fin = true;
		stream->fin_offset = (uint64_t)MAX(offset + view->length, 0);
	}
	/* A SYN of another sequence number is not of this connection, but left over from an older. */
	if (view->header.flags & TCP_SYN && view->header.sequence == stream->initial_sequence)
		window_learn(stream, &view->header);
}

/*
 * Where the payload begins in the stream: sequence numbers go round, offsets do not. Less than 0:
 * before the first byte known.
 */
static int64_t offset_of(const struct model_direction *stream, const struct view *view)
{
	uint32_t first = view->header.sequence + ((view->header.flags & TCP_SYN) != 0);
	uint32_t relative = first - stream->initial_sequence - 1;

	return (int64_t)stream->fed_bytes + (int32_t)(relative - (uint32_t)stream->fed_bytes);
}

/* Both sides open at once (RFC 9293 section 3.5): each sends a SYN before it has that of the other. */
static bool is_simultaneous(const struct flow *flow, unsigned index, const struct view *view)
{
	const struct model_direction *stream = &flow->connection.directions[index];
	const struct model_direction *other = &flow->connection.directions[!index];

	if (view->is_damaged || view->header.sequence != stream->initial_sequence)
		return false;
	if (view->header.flags & TCP_ACK)
		return stream->has_syn && !stream->is_answer;
	return !stream->has_syn && other->has_syn && !other->is_answer;
}

/* At another interface than the first it is the same answer on its way, and says nothing more. */
static void note_answer(struct flow *flow, unsigned index, const struct view *view,
			struct model_segment *segment)
{
	struct flow_direction *direction = &flow->directions[index];

	if (view->interface != direction->interface || segment->known == SEGMENT_OF_EARLIER)
		return;
	stream_note_answer(flow, index, &view->header, segment);
	if (view->length > 0 || segment->order != SEGMENT_IN_ORDER)
		direction->has_surprised = segment->order != SEGMENT_IN_ORDER;
}

/* Why it is sent, where its place in the stream says that. */
static uint8_t why_of(const struct model_segment *segment)
{
	if (segment->known == SEGMENT_OF_EARLIER)
		return TCP_ACK_CHALLENGE;
	if (segment->order == SEGMENT_PROBE)
		return TCP_PROBE_WINDOW;
	return segment->order == SEGMENT_KEEPALIVE ? TCP_PROBE_KEEPALIVE : TCP_PLAIN;
}

static void take_segment(struct streams *streams, struct flow *flow, unsigned index,
			 const struct view *view, struct model_segment *segment)
{
	struct model_direction *stream = &flow->connection.directions[index];
	const struct model_direction *other = &flow->connection.directions[!index];
	int64_t offset = offset_of(stream, view);
	bool has_ack = (view->header.flags & TCP_ACK) != 0;

	*segment = (struct model_segment) {
		.connection = &flow->connection,
		.direction = stream,
		.offset = (uint64_t)MAX(offset, 0),
		.length = view->length,
		.sequence = view->header.sequence - stream->initial_sequence,
		.acknowledgment =
		    has_ack ? view->header.acknowledgment - other->initial_sequence : 0,
		.flags = view->header.flags,
	};
	if (is_of_earlier(flow, view))
		segment->known = SEGMENT_OF_EARLIER;
	else if (has_ack && !view->is_damaged)
		acknowledge(streams, flow, !index, view->header.acknowledgment, segment);
	segment->order = (uint8_t)order_of_control(flow, index, view, offset);
	if (view->header.flags & TCP_SYN && is_simultaneous(flow, index, view))
		segment->known = SEGMENT_SIMULTANEOUS;
	note_flags(flow, index, view, offset);
	window_find(segment, &view->header);
	stream->segments++;
	streams->found_before = streams->found_behind = streams->found_count;
	if (view->length > 0 &&
	    !(view->header.flags & TCP_RST)) /* its payload would be for people */
		segment->order = (uint8_t)take_payload(streams, flow, index, view, offset, segment);
	if (!view->is_damaged)
		note_answer(flow, index, view, segment);
	if (segment->why == TCP_PLAIN)
		segment->why = why_of(segment);
	if (view->header.flags & TCP_RST && !view->is_damaged)
		give_up(streams, flow, index, segment);
	if (segment->order == SEGMENT_REPEATED)
		stream->retransmissions++;
	else
		stream->bytes_sent += view->length;
}

static void forget_units(GPtrArray *units)
{
	if (units->len > 0)
		g_ptr_array_set_size(units, 0);
}

bool streams_follow(struct streams *streams, const struct decode *decode,
		    const struct stream_packet *packet, struct model_segment *segment)
{
	struct view view;
	struct flow *flow;

	streams->found_count = streams->found_before = streams->found_behind = 0;
	forget_units(streams->units[0]);
	forget_units(streams->units[1]);
	if (!view_of(decode, packet, &view))
		return false;
	flow = flow_of(streams, &view);
	take_segment(streams, flow, is_sent_by_server(flow, &view), &view, segment);
	if (is_over(&flow->connection))
		lru_table_yield(streams->table, flow);
	return true;
}

unsigned streams_unit_count(const struct streams *streams)
{
	return streams->found_count;
}

struct stream_unit streams_unit(const struct streams *streams, unsigned index)
{
	return (struct stream_unit) {
		.offset = streams->about[index].base + streams->found[index].offset,
		.dissector = streams->about[index].dissector,
		.is_from_server = streams->about[index].is_from_server,
		.is_encrypted = streams->about[index].is_encrypted,
		.is_of_segment = index >= streams->found_before && index < streams->found_behind,
		.unit = &streams->found[index],
	};
}

struct tls_secrets *streams_secrets(struct streams *streams)
{
	return tls_decryption_secrets(streams->decryption);
}

struct streams_decrypted streams_decrypted(const struct streams *streams)
{
	return (struct streams_decrypted) { streams->opened_count, streams->closed_count };
}

unsigned streams_count(const struct streams *streams)
{
	return streams->count;
}

uint64_t streams_untold(const struct streams *streams)
{
	return streams->untold_bytes + streams->waiting_bytes;
}

size_t streams_forgotten(const struct streams *streams)
{
	return streams->forgotten;
}
