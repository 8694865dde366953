#include "stack/wire/ipv6.h"
#include <stdio.h>
#include "stack/wire/address.h"
#include "stack/wire/checksum.h"

enum {
	PAYLOAD_LENGTH = 4,
	NEXT_HEADER = 6,
	HOP_LIMIT = 7,
	SOURCE = 8,
	DESTINATION = 24,
};

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

struct ip_address ip_address_from_ipv4(uint32_t address)
{
	struct ip_address mapped;

	memcpy(mapped.octets, mapped_prefix, sizeof mapped_prefix);
	put_be32(mapped.octets + sizeof mapped_prefix, address);
	return mapped;
}

bool ip_address_is_ipv4(struct ip_address address)
{
	return memcmp(address.octets, mapped_prefix, sizeof mapped_prefix) == 0;
}

uint32_t ip_address_ipv4(struct ip_address address)
{
	return get_be32(address.octets + sizeof mapped_prefix);
}

/* The longest run of two or more groups of zero, the first of equals (RFC 5952 section 4.2). */
static unsigned zero_run(const uint16_t groups[8], unsigned *length)
{
	unsigned best = 8;

	*length = 1;
	for (unsigned i = 0; i < 8; i++) {
		unsigned end = i;

		while (end < 8 && groups[end] == 0)
			end++;
		if (end - i > *length) {
			best = i;
			*length = end - i;
		}
	}
	return best;
}

char *ip_address_print(struct ip_address address, char out[IPV6_ADDRESS_TEXT_BYTES])
{
	uint16_t groups[8];
	unsigned run_length, run;
	char *p = out;

	if (ip_address_is_ipv4(address))
		return ipv4_print(ip_address_ipv4(address), out);
	for (unsigned i = 0; i < 8; i++)
		groups[i] = get_be16(address.octets + 2 * i);
	run = zero_run(groups, &run_length);
	*p = '\0';
	for (unsigned i = 0; i < 8; i++) {
		if (i == run) {
			p = stpcpy(p, i == 0 ? "::" : ":");
			i += run_length - 1;
			continue;
		}
		p += sprintf(p, i == 7 ? "%x" : "%x:", groups[i]);
	}
	return out;
}

enum parse_status ipv6_header_parse(struct bytes in, struct ipv6_header *header,
				    struct bytes *payload)
{
	if (in.length < 1)
		return PARSE_TRUNCATED;
	if (in.data[0] >> 4 != 6)
		return PARSE_UNSUPPORTED;
	if (in.length < IPV6_HEADER_BYTES)
		return PARSE_TRUNCATED;

	uint32_t first = get_be32(in.data);

	*header = (struct ipv6_header) {
		.traffic_class = (uint8_t)(first >> 20),
		.flow_label = first & 0xfffff,
		.payload_bytes = get_be16(in.data + PAYLOAD_LENGTH),
		.next_header = in.data[NEXT_HEADER],
		.hop_limit = in.data[HOP_LIMIT],
	};
	memcpy(header->source.octets, in.data + SOURCE, sizeof header->source.octets);
	memcpy(header->destination.octets, in.data + DESTINATION,
	       sizeof header->destination.octets);
	*payload = bytes_first(bytes_from(in, IPV6_HEADER_BYTES), header->payload_bytes);
	return PARSE_OK;
}

bool ipv6_is_extension(uint8_t next_header)
{
	return next_header == IP_PROTOCOL_HOP_BY_HOP || next_header == IP_PROTOCOL_ROUTING ||
	       next_header == IP_PROTOCOL_FRAGMENT || next_header == IP_PROTOCOL_AUTHENTICATION ||
	       next_header == IP_PROTOCOL_DESTINATION_OPTIONS;
}

enum parse_status ipv6_extension_parse(uint8_t kind, struct bytes in,
				       struct ipv6_extension *extension, struct bytes *payload)
{
	if (in.length < 8)
		return PARSE_TRUNCATED;

	bool is_fragment = kind == IP_PROTOCOL_FRAGMENT;
	uint16_t length_bytes = (uint16_t)((in.data[1] + 1) * 8);

	if (is_fragment)
		length_bytes = IPV6_FRAGMENT_BYTES;
	else if (kind == IP_PROTOCOL_AUTHENTICATION) /* RFC 4302 section 2.2 */
		length_bytes = (uint16_t)((in.data[1] + 2) * 4);

	if (length_bytes > in.length)
		return PARSE_TRUNCATED;
	*extension = (struct ipv6_extension) {
		.next_header = in.data[0],
		.length_bytes = length_bytes,
	};
	if (is_fragment) {
		extension->fragment_offset_bytes = get_be16(in.data + 2) & 0xfff8;
		extension->more_fragments = (in.data[3] & 1) != 0;
		extension->identification = get_be32(in.data + 4);
	}
	*payload = bytes_from(in, length_bytes);
	return PARSE_OK;
}

/* Types whose addresses are known: source route (RFC 5095), Mobile IPv6 (RFC 6275), SRv6 (RFC 8754). */
enum { ROUTING_SOURCE = 0, ROUTING_MOBILE = 2, ROUTING_SEGMENTS = 4 };

bool ipv6_routing_destination(struct bytes header, struct ip_address *destination)
{
	const size_t address_bytes = sizeof destination->octets;
	size_t at = 8; /* of the first address: SRv6 lists the last segment first */

	if (header.length < 8 + address_bytes || header.data[3] == 0)
		return false;
	if (header.data[2] == ROUTING_SOURCE || header.data[2] == ROUTING_MOBILE)
		at = header.length - address_bytes;
	else if (header.data[2] != ROUTING_SEGMENTS)
		return false;
	memcpy(destination->octets, header.data + at, address_bytes);
	return true;
}

uint32_t ipv6_checksum_pseudo(struct ip_address source, struct ip_address destination,
			      uint8_t protocol, size_t length_bytes)
{
	uint32_t sum = checksum_add(0, (struct bytes) { source.octets, sizeof source.octets });

	sum = checksum_add(sum, (struct bytes) { destination.octets, sizeof destination.octets });
	return sum + (uint32_t)(length_bytes >> 16) + (uint32_t)(length_bytes & 0xffff) + protocol;
}
