#include "stack/wire/ethernet.h"
#include "stack/wire/crc32.h"

enum { DESTINATION = 0, SOURCE = 6, TYPE = 12 };

enum parse_status ethernet_header_parse(struct bytes in, struct ethernet_header *header,
					struct bytes *payload)
{
	if (in.length < ETHERNET_HEADER_BYTES)
		return PARSE_TRUNCATED;

	uint16_t type = get_be16(in.data + TYPE);
	if (type < ETHERNET_TYPE_MIN)
		return PARSE_UNSUPPORTED;

	memcpy(header->destination.octets, in.data + DESTINATION,
	       sizeof header->destination.octets);
	memcpy(header->source.octets, in.data + SOURCE, sizeof header->source.octets);
	header->type = type;
	*payload = bytes_from(in, ETHERNET_HEADER_BYTES);
	return PARSE_OK;
}

void ethernet_header_emit(const struct ethernet_header *header, uint8_t *out)
{
	memcpy(out + DESTINATION, header->destination.octets, sizeof header->destination.octets);
	memcpy(out + SOURCE, header->source.octets, sizeof header->source.octets);
	put_be16(out + TYPE, header->type);
}

uint32_t ethernet_fcs(struct bytes frame)
{
	return crc32_add(0, frame);
}

void ethernet_fcs_emit(uint32_t fcs, uint8_t *out)
{
	for (int i = 0; i < ETHERNET_FCS_BYTES; i++)
		out[i] = (uint8_t)(fcs >> 8 * i);
}
