/* The layers of transport: TCP, UDP, ICMP of both versions, and what they carry. */
#include "protocols/tls/dissect.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmp.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "stack/wire/udp.h"
#include "views/decode_private.h"

enum { UDP_CHECKSUM_OFFSET = 6, TCP_CHECKSUM_OFFSET = 16 };

/*
 * Of a message with the checksum over the pseudo header that IPv4 and IPv6 share but for its
 * addresses. The bytes in front of an IPv4 address in struct ip_address add 0xffff, which is 0.
 */
static uint8_t checksum_state(const struct walk *walk, struct bytes message, uint8_t protocol,
			      unsigned offset)
{
	if (!walk->is_whole || walk->has_unknown_way)
		return CHECKSUM_UNCHECKED;

	uint32_t pseudo =
	    ipv6_checksum_pseudo(walk->source, walk->destination, protocol, message.length);

	if (checksum_finish(checksum_add(pseudo, message)) == 0)
		return CHECKSUM_RIGHT;

	/* What is yet to be cut into packets has no checksum of its own. */
	if (walk->has_no_length)
		return CHECKSUM_UNFINISHED;

	/* What a host leaves in the field for its network card to finish is this sum. */
	uint16_t unfinished = (uint16_t)~checksum_finish(pseudo);

	return get_be16(message.data + offset) == unfinished ? CHECKSUM_UNFINISHED : CHECKSUM_WRONG;
}

/* Of a transport header: that it stands in a first fragment, or is quoted in part. */
static void note_parts(const struct walk *walk, struct decode_layer *layer)
{
	if (layer->note != DECODE_NOTE_NONE || walk->is_whole)
		return;
	if (walk->is_fragment)
		layer->note = DECODE_NOTE_FIRST_FRAGMENT;
	else if (walk->is_quoted)
		layer->note = DECODE_NOTE_QUOTED_CUT;
}

static void note_ports(struct walk *walk, uint16_t source_port, uint16_t destination_port)
{
	if (walk->is_quoted)
		return;
	walk->decode->has_ports = true;
	walk->decode->source_port = source_port;
	walk->decode->destination_port = destination_port;
}

static void walk_application(struct walk *walk, struct range range, bool is_tcp,
			     uint16_t source_port, uint16_t destination_port)
{
	struct decode *decode = walk->decode;
	bool is_from_server = false;
	const struct dissector *dissector =
	    walk->is_quoted ? NULL
			    : decode_dissector(walk->dissectors, is_tcp, source_port,
					       destination_port, &is_from_server);

	if (is_tcp && !walk->is_quoted && walk->dissectors != NULL &&
	    tls_is_record(walk_bytes(walk, range)))
		dissector = &tls_dissector;
	if (dissector == NULL || range_length(range) == 0) {
		walk_add_data(walk, DECODE_DATA, "data", range);
		return;
	}

	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_APPLICATION, dissector->name, range, range_length(range));
	struct dissect_input input = {
		.bytes = walk_bytes(walk, range),
		.is_from_server = is_from_server,
		.is_stream = is_tcp,
	};
	size_t total = dissector->dissect(&input, decode->units, DECODE_UNITS_MAX);

	layer->dissector = dissector;
	decode->unit_total = (uint32_t)total;
	decode->unit_count = (uint16_t)MIN(total, DECODE_UNITS_MAX);
}

/* Of the present datagram only the beginning was captured. */
static bool is_cut(const struct walk *walk)
{
	return walk->is_snapped && walk->cut_bytes > 0 && !walk->is_quoted;
}

/* The ports stand in the first four bytes: they are known even where the rest was not captured. */
static void note_snapped(struct walk *walk, struct decode_layer *layer, struct bytes segment)
{
	layer->status = PARSE_OK;
	layer->note = DECODE_NOTE_SNAPPED;
	if (segment.length >= 4)
		note_ports(walk, get_be16(segment.data), get_be16(segment.data + 2));
}

/* How much of a header of `header_bytes` is not here: that is no payload. */
static void note_cut_header(struct decode_layer *layer, size_t header_bytes)
{
	uint32_t missing = (uint32_t)header_bytes - layer->header_bytes;

	layer->cut_header_bytes = MIN(missing, layer->cut_payload_bytes);
	layer->cut_payload_bytes -= layer->cut_header_bytes;
}

/* The capture has a part of the header, which has `header_bytes`: what is behind them was cut as well. */
static void note_cut_layer(struct walk *walk, struct decode_layer *layer, size_t header_bytes)
{
	layer->status = PARSE_OK;
	layer->note = DECODE_NOTE_SNAPPED;
	note_cut_header(layer, header_bytes);
	walk->cut_bytes = layer->cut_payload_bytes;
}

/*
 * A header of TCP that was cut says in its 13th byte how long it is. Cut before that, nothing is known of
 * where it ends: what is missing stands behind it, and none of it is told of as data.
 */
static void note_cut_tcp(struct walk *walk, struct decode_layer *layer, struct bytes segment)
{
	enum { DATA_OFFSET = 12 };
	size_t header_bytes =
	    segment.length > DATA_OFFSET ? (size_t)(segment.data[DATA_OFFSET] >> 4) * 4 : 0;

	note_cut_layer(walk, layer, MAX(header_bytes, layer->header_bytes));
	if (header_bytes < TCP_HEADER_BYTES)
		walk->cut_bytes = 0;
}

static void walk_tcp(struct walk *walk, struct range range)
{
	struct tcp_header header;
	struct bytes payload, segment = walk_bytes(walk, range);
	bool may_be_cut = is_cut(walk);
	enum parse_status status = may_be_cut ? tcp_header_parse_cut(segment, &header, &payload)
					      : tcp_header_parse(segment, &header, &payload);
	size_t header_bytes = status == PARSE_OK ? header.header_bytes : TCP_HEADER_BYTES;
	struct decode_layer *layer = walk_add_layer(walk, DECODE_TCP, "TCP", range, header_bytes);

	layer->status = (uint8_t)status;
	if (may_be_cut && status == PARSE_TRUNCATED)
		note_cut_tcp(walk, layer, segment);
	else
		note_cut_header(layer, header_bytes);
	if (may_be_cut && (status == PARSE_TRUNCATED || layer->cut_header_bytes > 0))
		note_snapped(walk, layer, segment);
	walk_add_header(walk, layer, &tcp_fields, TCP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK) {
		walk_add_data(walk, DECODE_DATA, "data", range_from(range, TCP_HEADER_BYTES));
		return;
	}

	walk_add_options(walk, layer, TCP_HEADER_BYTES, tcp_option_fields);
	if (layer->cut_header_bytes > 0)
		layer->note = DECODE_NOTE_SNAPPED; /* that the options end early is no fault */
	walk->cut_bytes = layer->cut_payload_bytes;
	layer->checksum = checksum_state(walk, segment, IP_PROTOCOL_TCP, TCP_CHECKSUM_OFFSET);
	note_ports(walk, header.source_port, header.destination_port);
	walk_application(walk, range_from(range, header_bytes), true, header.source_port,
			 header.destination_port);
}

static void walk_udp(struct walk *walk, struct range range)
{
	struct udp_header header;
	struct bytes payload, datagram = walk_bytes(walk, range);
	enum parse_status status = udp_header_parse(datagram, &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_UDP, "UDP", range, UDP_HEADER_BYTES);

	/* Cut off by fragmentation or quoting, the length is right but more than there is. */
	if (status == PARSE_BAD_LENGTH && !walk->is_whole)
		status = PARSE_TRUNCATED;
	layer->status = (uint8_t)status;
	if (status == PARSE_TRUNCATED && is_cut(walk))
		note_snapped(walk, layer, datagram);
	if (layer->note == DECODE_NOTE_SNAPPED && datagram.length < UDP_HEADER_BYTES)
		note_cut_layer(walk, layer, UDP_HEADER_BYTES);
	if (layer->note == DECODE_NOTE_SNAPPED && datagram.length >= UDP_HEADER_BYTES) {
		header = (struct udp_header) {
			.source_port = walk->decode->source_port,
			.destination_port = walk->decode->destination_port,
			.length_bytes = (uint16_t)datagram.length,
			.checksum = get_be16(datagram.data + UDP_CHECKSUM_OFFSET),
		};
		payload = bytes_from(datagram, UDP_HEADER_BYTES);
		status = PARSE_OK;
		layer->note = DECODE_NOTE_NONE;
	}
	walk_add_header(walk, layer, &udp_fields, UDP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK) {
		walk_add_data(walk, DECODE_DATA, "data", range_from(range, UDP_HEADER_BYTES));
		return;
	}

	struct range behind = range_from(range, header.length_bytes);

	range.end = behind.start;
	layer->payload_bytes = (uint32_t)payload.length;
	if (header.checksum != 0)
		layer->checksum = checksum_state(walk, bytes_first(datagram, header.length_bytes),
						 IP_PROTOCOL_UDP, UDP_CHECKSUM_OFFSET);
	else if (!ip_address_is_ipv4(walk->source))
		layer->checksum = CHECKSUM_FORGONE;
	note_ports(walk, header.source_port, header.destination_port);
	walk_application(walk, range_from(range, UDP_HEADER_BYTES), false, header.source_port,
			 header.destination_port);
	if (range_length(behind) > 0)
		walk_add_data(walk, DECODE_DATA, "data behind the datagram", behind);
}

static void walk_icmp(struct walk *walk, struct range range)
{
	struct icmp_header header;
	struct bytes payload, message = walk_bytes(walk, range);
	enum parse_status status = icmp_header_parse(message, &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_ICMP, "ICMP", range, ICMP_HEADER_BYTES);
	uint8_t type = message.length > 0 ? message.data[0] : 0;
	uint8_t code = message.length > 1 ? message.data[1] : 0;

	layer->status = (uint8_t)status;
	if (status == PARSE_TRUNCATED && is_cut(walk))
		note_cut_layer(walk, layer, ICMP_HEADER_BYTES);
	walk_add_header(walk, layer, icmp_fields(type, code), ICMP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK)
		return;

	if (!walk->is_whole)
		layer->checksum = CHECKSUM_UNCHECKED;
	else
		layer->checksum = icmp_checksum_is_right(message) ? CHECKSUM_RIGHT : CHECKSUM_WRONG;
	range = range_from(range, ICMP_HEADER_BYTES);
	if (icmp_is_error(type) && !walk->is_quoted && range_length(range) > 0) {
		struct walk quoted = *walk;

		quoted.is_quoted = true;
		range.start = walk_ip(&quoted, range);
		walk_add_data(walk, DECODE_DATA, "data behind the quoted datagram", range);
	} else {
		walk_add_data(walk, DECODE_DATA, "data", range);
	}
}

/* How long the next part behind the fixed one is: a record, or an option, which says that in units of 8 bytes. */
static size_t part_bytes(struct bytes rest, bool is_record)
{
	if (is_record)
		return icmpv6_record_bytes(rest);
	return rest.length < 2 ? 0 : (size_t)rest.data[1] * ICMPV6_OPTION_UNIT;
}

/*
 * What follows the fixed part: options of Neighbor Discovery (RFC 4861 section 4.6), or records of a
 * multicast listener report.
 */
static void add_parts(struct walk *walk, struct decode_layer *layer, struct range range,
		      bool has_records)
{
	for (unsigned i = 0; range_length(range) > 0 && i < ICMPV6_OPTIONS_MAX; i++) {
		struct bytes rest = walk_bytes(walk, range);
		size_t length = part_bytes(rest, has_records);

		if (length == 0 || length > rest.length) {
			layer->note = DECODE_NOTE_OPTIONS_BAD;
			return;
		}

		struct range next = range_from(range, length);

		walk_add_structure(walk, layer,
				   has_records ? icmpv6_record_fields()
					       : icmpv6_option_fields(rest.data[0]),
				   (struct range) { range.start, next.start });
		range = next;
	}
}

static void walk_icmpv6(struct walk *walk, struct range range)
{
	struct icmpv6_header header;
	struct bytes payload, message = walk_bytes(walk, range);
	enum parse_status status = icmpv6_header_parse(message, &header, &payload);
	uint8_t type = message.length > 0 ? message.data[0] : 0;
	size_t fixed_bytes = icmpv6_fixed_bytes(type);
	bool has_options = status == PARSE_OK && icmpv6_has_options(type);
	bool has_records = status == PARSE_OK && type == ICMPV6_LISTENER_REPORT_2;
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_ICMPV6, "ICMPv6", range,
			   has_options || has_records ? message.length : fixed_bytes);

	layer->status = (uint8_t)status;
	if (status == PARSE_TRUNCATED && is_cut(walk))
		note_cut_layer(walk, layer, fixed_bytes);
	walk_add_header(walk, layer, icmpv6_fields(type), fixed_bytes);
	note_parts(walk, layer);
	range = range_from(range, layer->header_bytes);
	if (status != PARSE_OK)
		return;
	layer->checksum = checksum_state(walk, message, IP_PROTOCOL_ICMPV6, 2);
	if (has_options && !walk->is_quoted && walk->hop_limit != ICMPV6_DISCOVERY_HOPS)
		layer->note = DECODE_NOTE_HOP_LIMIT;
	if (has_options || has_records) {
		add_parts(walk, layer,
			  (struct range) { layer->start + (uint32_t)fixed_bytes, range.end },
			  has_records);
	} else if (icmpv6_is_error(type) && !walk->is_quoted && range_length(range) > 0) {
		struct walk quoted = *walk;

		quoted.is_quoted = true;
		range.start = walk_ip(&quoted, range);
		walk_add_data(walk, DECODE_DATA, "data behind the quoted packet", range);
	} else {
		walk_add_data(walk, DECODE_DATA, "data", range);
	}
}

/* A packet inside a packet (RFC 2003, RFC 4213, RFC 2473): one is looked into, not what that may hold. */
static void walk_tunnel(struct walk *walk, struct range range)
{
	if (walk->is_tunnelled || walk->is_fragment || range_length(range) == 0) {
		walk_add_data(walk, DECODE_DATA, "data", range);
		return;
	}
	walk->is_tunnelled = true;
	range.start = walk_ip(walk, range);
	walk->cut_bytes = 0; /* told with the inner packet */
	walk_add_data(walk, DECODE_DATA, "data behind the inner packet", range);
}

void walk_transport(struct walk *walk, uint8_t protocol, struct range range)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP:
		walk_tcp(walk, range);
		break;
	case IP_PROTOCOL_UDP:
		walk_udp(walk, range);
		break;
	case IP_PROTOCOL_ICMP:
		walk_icmp(walk, range);
		break;
	case IP_PROTOCOL_ICMPV6:
		walk_icmpv6(walk, range);
		break;
	case IP_PROTOCOL_IPV4:
	case IP_PROTOCOL_IPV6:
		walk_tunnel(walk, range);
		break;
	default:
		walk_add_data(walk, DECODE_DATA, "data", range);
		break;
	}
}
