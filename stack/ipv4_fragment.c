/* Fragmentation of datagrams that are larger than the MTU (RFC 791 section 3.2). */
#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"

/* The flag of options that go into every fragment (RFC 791 section 3.1). */
enum { OPTION_COPIED = 0x80 };

/* Copies those of `options` that every fragment carries to `out`; returns their length, padded. */
static size_t copied_options(struct bytes options, uint8_t *out)
{
	struct option option;
	size_t length = 0;

	while (options.length > 0 && option_next(&options, &option) == PARSE_OK) {
		if (option.kind == OPTION_END)
			break;
		if (!(option.kind & OPTION_COPIED))
			continue;
		memcpy(out + length, option.whole.data, option.whole.length);
		length += option.whole.length;
	}
	while (length % 4 != 0)
		out[length++] = OPTION_END;
	return length;
}

/*
 * Makes the fragment of `original` that carries `piece` under `header`. The record of the first
 * has the whole datagram with it: nothing else tells its bytes.
 */
static struct packet *fragment_new(struct host *host, const struct packet *original,
				   struct ipv4_header *header, struct bytes piece, bool is_first)
{
	size_t header_bytes = ipv4_header_length(header);
	struct packet *fragment = node_new_packet(&host->node, header_bytes + piece.length);
	uint8_t *out = packet_data(fragment);

	header->total_length_bytes = (uint16_t)(header_bytes + piece.length);
	ipv4_header_emit(header, out);
	ipv4_checksum_set(out);
	memcpy(out + header_bytes, piece.data, piece.length);
	fragment->root = original->root;
	fragment->interface = original->interface;
	fragment->crossing = original->crossing;
	fragment->is_piece = true;
	trace_emit(&host->node, fragment,
		   &(struct trace_record) {
		       .kind = TRACE_DERIVE,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_FRAGMENT,
		       .object = original->id,
		       .before = header->fragment_offset_bytes,
		   },
		   is_first ? packet_bytes(original) : (struct bytes) { 0 });
	trace_emit(&host->node, fragment,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_FRAGMENT,
		       .start = (uint16_t)fragment->start,
		       .header_bytes = (uint16_t)header_bytes,
		   },
		   (struct bytes) { 0 });
	return fragment;
}

void ipv4_send_fragments(struct host *host, struct interface *interface, uint32_t next_hop,
			 struct packet *packet, size_t mtu_bytes)
{
	uint8_t options[IPV4_HEADER_MAX_BYTES - IPV4_HEADER_BYTES];
	struct ipv4_header header;
	struct bytes rest;
	enum parse_status status = ipv4_header_parse(packet_bytes(packet), &header, &rest);

	g_assert(status == PARSE_OK);
	bool original_has_more = header.more_fragments;
	size_t later_options_bytes = copied_options(header.options, options);

	for (bool is_first = true; rest.length > 0; is_first = false) {
		size_t room = (mtu_bytes - ipv4_header_length(&header)) & ~(size_t)7;
		struct bytes piece = bytes_first(rest, room);

		rest = bytes_from(rest, room);
		header.more_fragments = rest.length > 0 || original_has_more;
		ipv4_output(host, interface, next_hop,
			    fragment_new(host, packet, &header, piece, is_first));
		header.fragment_offset_bytes =
		    (uint16_t)(header.fragment_offset_bytes + piece.length);
		header.options = (struct bytes) { options, later_options_bytes };
	}
	packet_free(packet);
}
