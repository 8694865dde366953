#include "stack/wire/icmpv6.h"

size_t icmpv6_fixed_bytes(uint8_t type)
{
	switch (type) {
	case ICMPV6_ROUTER_ADVERTISEMENT:
		return 16;
	case ICMPV6_LISTENER_QUERY:
	case ICMPV6_LISTENER_REPORT:
	case ICMPV6_LISTENER_DONE:
	case ICMPV6_NEIGHBOR_SOLICITATION:
	case ICMPV6_NEIGHBOR_ADVERTISEMENT:
		return 24;
	case ICMPV6_REDIRECT:
		return 40;
	default:
		return ICMPV6_HEADER_BYTES;
	}
}

bool icmpv6_has_target(uint8_t type)
{
	return icmpv6_fixed_bytes(type) >= 24;
}

bool icmpv6_has_options(uint8_t type)
{
	return type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT;
}

enum parse_status icmpv6_header_parse(struct bytes in, struct icmpv6_header *header,
				      struct bytes *payload)
{
	if (in.length < ICMPV6_HEADER_BYTES || in.length < icmpv6_fixed_bytes(in.data[0]))
		return PARSE_TRUNCATED;
	*header = (struct icmpv6_header) {
		.type = in.data[0],
		.code = in.data[1],
		.checksum = get_be16(in.data + 2),
		.rest = get_be32(in.data + 4),
	};
	if (icmpv6_has_target(header->type))
		memcpy(header->target.octets, in.data + 8, sizeof header->target.octets);
	if (header->type == ICMPV6_REDIRECT)
		memcpy(header->destination.octets, in.data + 24, sizeof header->destination.octets);
	*payload = bytes_from(in, icmpv6_fixed_bytes(header->type));
	return PARSE_OK;
}

size_t icmpv6_record_bytes(struct bytes in)
{
	enum { FIXED_BYTES = 20, ADDRESS_BYTES = 16, AUX_UNIT = 4 };
	size_t length;

	if (in.length < FIXED_BYTES)
		return 0;
	length = FIXED_BYTES + (size_t)get_be16(in.data + 2) * ADDRESS_BYTES +
		 (size_t)in.data[1] * AUX_UNIT;
	return length <= in.length ? length : 0;
}
