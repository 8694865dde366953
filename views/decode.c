#include "views/decode.h"
#include <glib.h>
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/option.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "stack/wire/udp.h"

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* What is carried along on the way down. */
struct walk {
	struct decode *decode;
	const struct dissector *const *dissectors;
	bool is_quoted;               /* inside the datagram that an ICMP error quotes */
	bool is_whole;                /* all of the present datagram's payload is here */
	bool is_fragment;             /* its first fragment */
	uint32_t source, destination; /* of the present datagram */
};

/* The bytes of the frame from offset `start` up to `end`. */
struct range {
	uint32_t start, end;
};

static struct bytes range_bytes(const struct walk *walk, struct range range)
{
	return (struct bytes) { walk->decode->frame.data + range.start, range.end - range.start };
}

static uint32_t range_length(struct range range)
{
	return range.end - range.start;
}

/* The range without its first `length` bytes. */
static struct range range_from(struct range range, size_t length)
{
	return (struct range) { range.start + (uint32_t)MIN(length, range_length(range)),
				range.end };
}

static struct decode_layer *add_layer(struct walk *walk, enum decode_protocol protocol,
				      const char *name, struct range range, size_t header_bytes)
{
	struct decode *decode = walk->decode;
	struct decode_layer *layer = &decode->layers[decode->layer_count];

	g_assert(decode->layer_count < DECODE_LAYERS_MAX);
	decode->layer_count++;
	header_bytes = MIN(header_bytes, range_length(range));
	*layer = (struct decode_layer) {
		.protocol = (uint8_t)protocol,
		.name = name,
		.is_quoted = walk->is_quoted,
		.start = range.start,
		.header_bytes = (uint32_t)header_bytes,
		.payload_bytes = range_length(range) - (uint32_t)header_bytes,
		.first_field = decode->field_count,
	};
	return layer;
}

static void add_data(struct walk *walk, enum decode_protocol protocol, const char *name,
		     struct range range)
{
	if (range_length(range) > 0)
		add_layer(walk, protocol, name, range, range_length(range));
}

/*
 * Adds one field of a structure, unless the frame ends before it. There is room: a field takes at
 * least a bit of a fixed header or a byte of options, and there are at most five headers.
 */
static void add_field(struct walk *walk, struct decode_layer *layer,
		      const struct field_table *table, const struct field *field,
		      struct range structure, uint32_t shift)
{
	struct decode *decode = walk->decode;
	struct bytes bytes = bytes_from(range_bytes(walk, structure), shift);
	size_t first_byte = field->bit_offset / 8;

	if (first_byte >= bytes.length)
		return;
	g_assert(decode->field_count < DECODE_FIELDS_MAX);

	struct decode_field *added = &decode->fields[decode->field_count++];
	size_t rest_bits = (bytes.length - first_byte) * 8;

	layer->field_count++;
	*added = (struct decode_field) {
		.field = field,
		.table = table,
		.structure = structure.start,
		.structure_bytes = range_length(structure),
		.shift = shift,
		.bit_offset = (structure.start + shift) * 8 + field->bit_offset,
		.bit_width = field->bit_width ? field->bit_width : (uint32_t)rest_bits,
	};
	added->is_missing = field_value(field, bytes, &added->value) == PARSE_TRUNCATED;
}

/* Adds all fields of a structure; those that repeat as often as there are bytes for them. */
static void add_structure(struct walk *walk, struct decode_layer *layer,
			  const struct field_table *table, struct range structure)
{
	unsigned fixed = table->repeat_bytes ? table->repeat_first : table->field_count;
	uint32_t length = range_length(structure);

	for (unsigned i = 0; i < fixed; i++)
		add_field(walk, layer, table, &table->fields[i], structure, 0);
	if (table->repeat_bytes == 0)
		return;

	uint32_t begin = table->fields[table->repeat_first].bit_offset / 8;

	for (uint32_t shift = 0; begin + shift < length; shift += table->repeat_bytes) {
		for (unsigned i = fixed; i < table->field_count; i++)
			add_field(walk, layer, table, &table->fields[i], structure, shift);
	}
}

static void add_header(struct walk *walk, struct decode_layer *layer,
		       const struct field_table *table, size_t header_bytes)
{
	uint32_t end = layer->start + (uint32_t)MIN(header_bytes, layer->header_bytes);

	layer->table = table;
	add_structure(walk, layer, table, (struct range) { layer->start, end });
}

/* The options behind the first `fixed_bytes` of the layer's header. */
static void add_options(struct walk *walk, struct decode_layer *layer, size_t fixed_bytes,
			const struct field_table *(*table_of)(uint8_t kind))
{
	struct range header = { layer->start, layer->start + layer->header_bytes };
	struct range range = range_from(header, fixed_bytes);

	while (range_length(range) > 0) {
		struct bytes rest = range_bytes(walk, range);
		struct option option;

		if (option_next(&rest, &option) != PARSE_OK) {
			layer->note = DECODE_NOTE_OPTIONS_BAD;
			return;
		}

		/* Behind the end of the list there is only padding, and its table takes that in. */
		bool is_end = option.kind == OPTION_END;
		size_t length = is_end ? range_length(range) : option.whole.length;
		struct range next = range_from(range, length);

		add_structure(walk, layer, table_of(option.kind),
			      (struct range) { range.start, next.start });
		range = next;
	}
}

static uint8_t checksum_state(const struct walk *walk, bool is_right)
{
	if (!walk->is_whole)
		return CHECKSUM_UNCHECKED;
	return is_right ? CHECKSUM_RIGHT : CHECKSUM_WRONG;
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

static void decode_application(struct walk *walk, struct range range, bool is_tcp,
			       uint16_t source_port, uint16_t destination_port)
{
	struct decode *decode = walk->decode;
	bool is_from_server = false;
	const struct dissector *dissector =
	    walk->is_quoted ? NULL
			    : decode_dissector(walk->dissectors, is_tcp, source_port,
					       destination_port, &is_from_server);

	if (dissector == NULL || range_length(range) == 0) {
		add_data(walk, DECODE_DATA, "data", range);
		return;
	}

	struct decode_layer *layer =
	    add_layer(walk, DECODE_APPLICATION, dissector->name, range, range_length(range));
	struct dissect_input input = {
		.bytes = range_bytes(walk, range),
		.is_from_server = is_from_server,
		.is_stream = is_tcp,
	};
	size_t total = dissector->dissect(&input, decode->units, DECODE_UNITS_MAX);

	layer->dissector = dissector;
	decode->unit_total = (uint32_t)total;
	decode->unit_count = (uint16_t)MIN(total, DECODE_UNITS_MAX);
}

static void decode_tcp(struct walk *walk, struct range range)
{
	struct tcp_header header;
	struct bytes payload, segment = range_bytes(walk, range);
	enum parse_status status = tcp_header_parse(segment, &header, &payload);
	size_t header_bytes = status == PARSE_OK ? header.header_bytes : TCP_HEADER_BYTES;
	struct decode_layer *layer = add_layer(walk, DECODE_TCP, "TCP", range, header_bytes);

	layer->status = (uint8_t)status;
	add_header(walk, layer, &tcp_fields, TCP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK) {
		add_data(walk, DECODE_DATA, "data", range_from(range, TCP_HEADER_BYTES));
		return;
	}

	add_options(walk, layer, TCP_HEADER_BYTES, tcp_option_fields);
	layer->checksum =
	    checksum_state(walk, tcp_checksum_is_right(segment, walk->source, walk->destination));
	note_ports(walk, header.source_port, header.destination_port);
	decode_application(walk, range_from(range, header_bytes), true, header.source_port,
			   header.destination_port);
}

static void decode_udp(struct walk *walk, struct range range)
{
	struct udp_header header;
	struct bytes payload, datagram = range_bytes(walk, range);
	enum parse_status status = udp_header_parse(datagram, &header, &payload);
	struct decode_layer *layer = add_layer(walk, DECODE_UDP, "UDP", range, UDP_HEADER_BYTES);

	/* Cut off by fragmentation or quoting, the length is right but more than there is. */
	if (status == PARSE_BAD_LENGTH && !walk->is_whole)
		status = PARSE_TRUNCATED;
	layer->status = (uint8_t)status;
	add_header(walk, layer, &udp_fields, UDP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK) {
		add_data(walk, DECODE_DATA, "data", range_from(range, UDP_HEADER_BYTES));
		return;
	}

	struct range behind = range_from(range, header.length_bytes);

	range.end = behind.start;
	layer->payload_bytes = (uint32_t)payload.length;
	if (header.checksum != 0)
		layer->checksum = checksum_state(
		    walk, udp_checksum_is_right(bytes_first(datagram, header.length_bytes),
						walk->source, walk->destination));
	note_ports(walk, header.source_port, header.destination_port);
	decode_application(walk, range_from(range, UDP_HEADER_BYTES), false, header.source_port,
			   header.destination_port);
	add_data(walk, DECODE_DATA, "data behind the datagram", behind);
}

static uint32_t decode_ipv4(struct walk *walk, struct range range);

static void decode_icmp(struct walk *walk, struct range range)
{
	struct icmp_header header;
	struct bytes payload, message = range_bytes(walk, range);
	enum parse_status status = icmp_header_parse(message, &header, &payload);
	struct decode_layer *layer = add_layer(walk, DECODE_ICMP, "ICMP", range, ICMP_HEADER_BYTES);
	uint8_t type = message.length > 0 ? message.data[0] : 0;
	uint8_t code = message.length > 1 ? message.data[1] : 0;

	layer->status = (uint8_t)status;
	add_header(walk, layer, icmp_fields(type, code), ICMP_HEADER_BYTES);
	note_parts(walk, layer);
	if (status != PARSE_OK)
		return;

	layer->checksum = checksum_state(walk, icmp_checksum_is_right(message));
	range = range_from(range, ICMP_HEADER_BYTES);
	if (icmp_is_error(type) && !walk->is_quoted && range_length(range) > 0) {
		struct walk quoted = *walk;

		quoted.is_quoted = true;
		range.start = decode_ipv4(&quoted, range);
		add_data(walk, DECODE_DATA, "data behind the quoted datagram", range);
	} else {
		add_data(walk, DECODE_DATA, "data", range);
	}
}

static void decode_transport(struct walk *walk, struct range range,
			     const struct ipv4_header *header)
{
	if (header->fragment_offset_bytes > 0)
		add_data(walk, DECODE_FRAGMENT, "fragment", range);
	else if (header->protocol == PROTOCOL_TCP)
		decode_tcp(walk, range);
	else if (header->protocol == PROTOCOL_UDP)
		decode_udp(walk, range);
	else if (header->protocol == PROTOCOL_ICMP)
		decode_icmp(walk, range);
	else
		add_data(walk, DECODE_DATA, "data", range);
}

static void note_addresses(struct walk *walk, const struct ipv4_header *header)
{
	walk->source = header->source;
	walk->destination = header->destination;
	if (walk->is_quoted)
		return;
	walk->decode->has_addresses = true;
	walk->decode->source = header->source;
	walk->decode->destination = header->destination;
}

/* Returns where the datagram ends: padding may follow. */
static uint32_t decode_ipv4(struct walk *walk, struct range range)
{
	struct ipv4_header header;
	struct bytes payload, datagram = range_bytes(walk, range);
	enum parse_status status = ipv4_header_parse_quoted(datagram, &header, &payload);
	size_t header_bytes = status == PARSE_OK ? header.header_bytes : IPV4_HEADER_BYTES;
	struct decode_layer *layer = add_layer(walk, DECODE_IPV4, "IPv4", range, header_bytes);

	layer->status = (uint8_t)status;
	add_header(walk, layer, &ipv4_fields, IPV4_HEADER_BYTES);
	if (status != PARSE_OK) {
		add_data(walk, DECODE_DATA, "data", range_from(range, IPV4_HEADER_BYTES));
		return range.end;
	}

	bool is_cut = header.total_length_bytes > range_length(range);

	add_options(walk, layer, IPV4_HEADER_BYTES, ipv4_option_fields);
	layer->checksum = ipv4_checksum_is_right(datagram) ? CHECKSUM_RIGHT : CHECKSUM_WRONG;
	layer->payload_bytes = (uint32_t)payload.length;
	if (is_cut && !walk->is_quoted)
		layer->status = PARSE_TRUNCATED;
	if (is_cut && walk->is_quoted && layer->note == DECODE_NOTE_NONE)
		layer->note = DECODE_NOTE_QUOTED_CUT;
	note_addresses(walk, &header);
	walk->is_fragment = header.more_fragments || header.fragment_offset_bytes > 0;
	walk->is_whole = !is_cut && !walk->is_fragment;

	range.end = layer->start + layer->header_bytes + layer->payload_bytes;
	decode_transport(walk, range_from(range, header_bytes), &header);
	return range.end;
}

/* Returns where the packet ends: padding may follow. */
static uint32_t decode_arp(struct walk *walk, struct range range)
{
	struct arp_packet packet;
	enum parse_status status = arp_packet_parse(range_bytes(walk, range), &packet);
	struct decode_layer *layer = add_layer(walk, DECODE_ARP, "ARP", range, ARP_PACKET_BYTES);

	layer->status = (uint8_t)status;
	layer->payload_bytes = 0;
	add_header(walk, layer, &arp_fields, ARP_PACKET_BYTES);
	return layer->start + layer->header_bytes;
}

static void decode_ethernet(struct walk *walk, struct range range)
{
	struct ethernet_header header;
	struct bytes payload;
	enum parse_status status =
	    ethernet_header_parse(range_bytes(walk, range), &header, &payload);
	struct decode_layer *layer =
	    add_layer(walk, DECODE_ETHERNET, "Ethernet", range, ETHERNET_HEADER_BYTES);
	struct range inner = range_from(range, ETHERNET_HEADER_BYTES);

	layer->status = (uint8_t)status;
	add_header(walk, layer, &ethernet_fields, ETHERNET_HEADER_BYTES);
	if (status != PARSE_OK || (header.type != ETHERTYPE_IPV4 && header.type != ETHERTYPE_ARP)) {
		add_data(walk, DECODE_DATA, "data", inner);
		return;
	}

	uint32_t end =
	    header.type == ETHERTYPE_IPV4 ? decode_ipv4(walk, inner) : decode_arp(walk, inner);

	layer->payload_bytes = end - inner.start;
	add_data(walk, DECODE_PADDING, "padding", (struct range) { end, range.end });
}

/* Begins a walk over `bytes`; a frame is never longer than 2^16 and a bit, and offsets are 32 bits. */
static struct walk walk_begin(struct bytes bytes, const struct dissector *const *dissectors,
			      struct decode *decode)
{
	decode->frame = bytes_first(bytes, UINT16_MAX + 64);
	decode->layer_count = decode->field_count = decode->unit_count = 0;
	decode->unit_total = 0;
	decode->has_addresses = decode->has_ports = false;
	return (struct walk) { .decode = decode, .dissectors = dissectors };
}

void decode_frame(struct bytes frame, const struct dissector *const *dissectors,
		  struct decode *decode)
{
	struct walk walk = walk_begin(frame, dissectors, decode);

	decode_ethernet(&walk, (struct range) { 0, (uint32_t)decode->frame.length });
}

void decode_datagram(struct bytes datagram, const struct dissector *const *dissectors,
		     struct decode *decode)
{
	struct walk walk = walk_begin(datagram, dissectors, decode);
	struct range range = { 0, (uint32_t)decode->frame.length };

	range.start = decode_ipv4(&walk, range);
	add_data(&walk, DECODE_PADDING, "padding", range);
}
