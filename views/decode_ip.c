/* The layers of the network: IPv4 and its options, IPv6 and its extension headers, ARP. */
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "views/decode_private.h"

static void note_addresses(struct walk *walk, struct ip_address source,
			   struct ip_address destination)
{
	walk->source = source;
	walk->destination = destination;
	if (walk->is_quoted)
		return;
	walk->decode->has_addresses = true;
	walk->decode->source = source;
	walk->decode->destination = destination;
}

/*
 * How much of a datagram is behind the end of the frame. Where the capture has only the beginning of
 * frames, a header that is not here to its end is no fault.
 */
static void note_cut(struct walk *walk, struct decode_layer *layer, uint32_t cut_bytes)
{
	walk->cut_bytes = walk->is_quoted ? 0 : cut_bytes;
	layer->cut_payload_bytes = walk->cut_bytes;
	if (layer->status != PARSE_TRUNCATED || !walk->is_snapped || walk->is_quoted)
		return;
	layer->status = PARSE_OK;
	layer->note = DECODE_NOTE_SNAPPED;
}

/* A packet that visits other nodes first has a checksum for where it ends (RFC 8200 section 8.1). */
static void note_way(struct walk *walk, struct bytes header)
{
	if (header.data[3] > 0 && !ipv6_routing_destination(header, &walk->destination))
		walk->has_unknown_way = true;
}

/*
 * Steps over the extension headers at the front of `range`; returns the protocol behind them, and
 * sets `range` to what is behind. IP_PROTOCOL_NO_NEXT where that cannot be told. IPv4 has one of them
 * as well, for authentication (RFC 4302 section 2).
 */
static uint8_t decode_extensions(struct walk *walk, bool is_ipv6, uint8_t next_header,
				 struct range *range)
{
	for (unsigned count = 0;
	     is_ipv6 ? ipv6_is_extension(next_header) : next_header == IP_PROTOCOL_AUTHENTICATION;
	     count++) {
		struct ipv6_extension extension = { .length_bytes = 8 };
		struct bytes payload;
		const struct field_table *table = ipv6_extension_fields(next_header);
		struct bytes header = walk_bytes(walk, *range);

		if (count == IPV6_EXTENSIONS_MAX)
			return IP_PROTOCOL_NO_NEXT;

		enum parse_status status =
		    ipv6_extension_parse(next_header, header, &extension, &payload);
		struct decode_layer *layer = walk_add_layer(
		    walk, DECODE_IPV6_EXTENSION, table->name, *range, extension.length_bytes);

		layer->status = (uint8_t)status;
		walk_add_header(walk, layer, table, extension.length_bytes);
		*range = range_from(*range, extension.length_bytes);
		if (status != PARSE_OK)
			return IP_PROTOCOL_NO_NEXT;
		if (next_header == IP_PROTOCOL_ROUTING)
			note_way(walk, bytes_first(header, extension.length_bytes));
		if (next_header == IP_PROTOCOL_FRAGMENT &&
		    (extension.more_fragments || extension.fragment_offset_bytes > 0)) {
			walk->is_fragment = true;
			walk->is_whole = false;
		}
		if (extension.fragment_offset_bytes > 0) {
			walk_add_data(walk, DECODE_FRAGMENT, "fragment", *range);
			range->start = range->end;
			return IP_PROTOCOL_NO_NEXT;
		}
		next_header = extension.next_header;
	}
	return next_header;
}

static uint32_t walk_ipv4(struct walk *walk, struct range range)
{
	struct ipv4_header header;
	struct bytes payload, datagram = walk_bytes(walk, range);
	enum parse_status status = ipv4_header_parse_captured(datagram, &header, &payload);
	size_t header_bytes = status == PARSE_OK ? header.header_bytes : IPV4_HEADER_BYTES;
	struct decode_layer *layer = walk_add_layer(walk, DECODE_IPV4, "IPv4", range, header_bytes);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &ipv4_fields, IPV4_HEADER_BYTES);
	if (status != PARSE_OK) {
		note_cut(walk, layer, 0);
		walk_add_data(walk, DECODE_DATA, "data", range_from(range, IPV4_HEADER_BYTES));
		return range.end;
	}

	bool is_cut = header.total_length_bytes > range_length(range);

	walk->has_no_length = get_be16(datagram.data + 2) == 0;
	note_cut(walk, layer, is_cut ? header.total_length_bytes - range_length(range) : 0);

	walk_add_options(walk, layer, IPV4_HEADER_BYTES, ipv4_option_fields);
	layer->checksum = ipv4_checksum_is_right(datagram) ? CHECKSUM_RIGHT : CHECKSUM_WRONG;
	layer->payload_bytes = (uint32_t)payload.length;
	if (is_cut && !walk->is_quoted && !walk->is_snapped)
		layer->status = PARSE_TRUNCATED;
	if (is_cut && walk->is_quoted && layer->note == DECODE_NOTE_NONE)
		layer->note = DECODE_NOTE_QUOTED_CUT;
	if (walk->has_no_length && layer->note == DECODE_NOTE_NONE)
		layer->note = DECODE_NOTE_NO_LENGTH;
	note_addresses(walk, ip_address_from_ipv4(header.source),
		       ip_address_from_ipv4(header.destination));
	walk->has_unknown_way = false;
	walk->is_fragment = header.more_fragments || header.fragment_offset_bytes > 0;
	walk->is_whole = !is_cut && !walk->is_fragment;

	range.end = layer->start + layer->header_bytes + layer->payload_bytes;

	struct range inner = range_from(range, header_bytes);

	if (header.fragment_offset_bytes > 0) {
		walk_add_data(walk, DECODE_FRAGMENT, "fragment", inner);
		return range.end;
	}

	uint8_t protocol = decode_extensions(walk, false, header.protocol, &inner);

	walk_transport(walk, protocol, inner);
	return range.end;
}

static uint32_t walk_arp(struct walk *walk, struct range range)
{
	struct arp_packet packet;
	enum parse_status status = arp_packet_parse(walk_bytes(walk, range), &packet);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_ARP, "ARP", range, ARP_PACKET_BYTES);

	layer->status = (uint8_t)status;
	layer->payload_bytes = 0;
	note_cut(walk, layer, 0);
	walk_add_header(walk, layer, &arp_fields, ARP_PACKET_BYTES);
	return layer->start + layer->header_bytes;
}

static uint32_t walk_ipv6(struct walk *walk, struct range range)
{
	struct ipv6_header header;
	struct bytes payload, packet = walk_bytes(walk, range);
	enum parse_status status = ipv6_header_parse(packet, &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_IPV6, "IPv6", range, IPV6_HEADER_BYTES);
	struct range inner = range_from(range, IPV6_HEADER_BYTES);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &ipv6_fields, IPV6_HEADER_BYTES);
	if (status != PARSE_OK) {
		note_cut(walk, layer, 0);
		walk_add_data(walk, DECODE_DATA, "data", inner);
		return range.end;
	}
	walk->has_no_length = header.payload_bytes == 0 && header.next_header == IP_PROTOCOL_TCP;
	if (walk->has_no_length)
		payload = walk_bytes(walk, inner);

	bool is_cut = header.payload_bytes > payload.length;

	note_cut(walk, layer, is_cut ? header.payload_bytes - (uint32_t)payload.length : 0);
	layer->payload_bytes = (uint32_t)payload.length;
	if (is_cut && walk->is_quoted)
		layer->note = DECODE_NOTE_QUOTED_CUT;
	else if (is_cut && !walk->is_snapped)
		layer->status = PARSE_TRUNCATED;
	else if (walk->has_no_length)
		layer->note = DECODE_NOTE_NO_LENGTH;
	note_addresses(walk, header.source, header.destination);
	walk->hop_limit = header.hop_limit;
	walk->is_fragment = walk->has_unknown_way = false;
	walk->is_whole = !is_cut;
	inner.end = inner.start + (uint32_t)payload.length;
	range.end = inner.end;

	uint8_t protocol = decode_extensions(walk, true, header.next_header, &inner);

	walk_transport(walk, protocol, inner);
	return range.end;
}

uint32_t walk_ip(struct walk *walk, struct range range)
{
	struct bytes packet = walk_bytes(walk, range);
	bool is_ipv6 = packet.length > 0 && packet.data[0] >> 4 == 6;

	return is_ipv6 ? walk_ipv6(walk, range) : walk_ipv4(walk, range);
}

uint32_t walk_network(struct walk *walk, uint16_t ethertype, struct range range)
{
	switch (ethertype) {
	case ETHERTYPE_IPV4:
		return walk_ipv4(walk, range);
	case ETHERTYPE_IPV6:
		return walk_ipv6(walk, range);
	case ETHERTYPE_ARP:
		return walk_arp(walk, range);
	default:
		walk_add_data(walk, DECODE_DATA, "data", range);
		return range.end;
	}
}
