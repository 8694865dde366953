#include "stack/wire/ethernet.h"
#include "stack/wire/crc32.h"

enum { DESTINATION = 0, SOURCE = 6, TYPE = 12 };

void ethernet_addresses_parse(struct bytes in, struct ethernet_header *header)
{
	memcpy(header->destination.octets, in.data + DESTINATION,
	       sizeof header->destination.octets);
	memcpy(header->source.octets, in.data + SOURCE, sizeof header->source.octets);
}

enum parse_status ethernet_header_parse(struct bytes in, struct ethernet_header *header,
					struct bytes *payload)
{
	if (in.length < ETHERNET_HEADER_BYTES)
		return PARSE_TRUNCATED;

	uint16_t type = get_be16(in.data + TYPE);
	if (type < ETHERNET_TYPE_MIN)
		return PARSE_UNSUPPORTED;

	ethernet_addresses_parse(in, header);
	header->type = type;
	*payload = bytes_from(in, ETHERNET_HEADER_BYTES);
	return PARSE_OK;
}

bool ethernet_length(struct bytes in, uint16_t *length_bytes)
{
	if (in.length < ETHERNET_HEADER_BYTES)
		return false;
	*length_bytes = get_be16(in.data + TYPE);
	return *length_bytes <= ETHERNET_MTU_BYTES;
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

/* clang-format off */
const struct field_name ethertype_names[] = {
	{ ETHERTYPE_IPV4, "IPv4" },
	{ ETHERTYPE_ARP, "ARP" },
	{ ETHERTYPE_VLAN, "VLAN tag" },
	{ ETHERTYPE_IPV6, "IPv6" },
	{ ETHERTYPE_SERVICE_VLAN, "service VLAN tag" },
	{ ETHERTYPE_OLD_SERVICE_VLAN, "service VLAN tag" },
	{ 0x8847, "MPLS" }, { 0x8863, "PPPoE discovery" }, { 0x8864, "PPPoE session" },
	{ 0x888e, "802.1X" }, { 0x88cc, "LLDP" },
	{ 0, NULL },
};

#define ADDRESSES                                                                                  \
	{ "Destination Address", 0, 48, FIELD_MAC,                                                 \
	  .purpose = "The interface on this network that shall take the frame; all ones for everyone.", \
	  .reference = "IEEE 802.3 section 3.2.4" },                                               \
	{ "Source Address", 48, 48, FIELD_MAC,                                                     \
	  .purpose = "The interface that put the frame on this network; switches learn from it.",  \
	  .reference = "IEEE 802.3 section 3.2.5" }

static const struct field length_fields[] = {
	ADDRESSES,
	{ "Length", 96, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How much belongs to the frame; an LLC header, not a type, says what it is.",
	  .reference = "IEEE 802.3 section 3.2.6" },
};

static const struct field fields[] = {
	ADDRESSES,
	{ "Type", 96, 16, FIELD_ENUM, .names = ethertype_names,
	  .purpose = "The protocol whose packet the frame carries.",
	  .reference = "IEEE 802.3 section 3.2.6" },
};
/* clang-format on */

const struct field_table ethernet_fields = {
	.name = "Ethernet header",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.purpose = "Carries a packet to the next interface on the same network.",
};

const struct field_table ethernet_length_fields = {
	.name = "IEEE 802.3 header",
	.fields = length_fields,
	.field_count = sizeof length_fields / sizeof *length_fields,
	.purpose = "Carries a packet to the next interface on the same network.",
};
