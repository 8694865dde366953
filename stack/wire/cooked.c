#include "stack/wire/cooked.h"
#include "stack/wire/ethernet.h"

static void copy_address(struct cooked_header *header, const uint8_t *at, unsigned length)
{
	if (length > COOKED_ADDRESS_BYTES_MAX)
		length = COOKED_ADDRESS_BYTES_MAX;
	header->address_bytes = (uint8_t)length;
	memcpy(header->address, at, length);
}

enum parse_status cooked_header_parse(struct bytes in, struct cooked_header *header,
				      struct bytes *payload)
{
	if (in.length < COOKED_HEADER_BYTES)
		return PARSE_TRUNCATED;
	*header = (struct cooked_header) {
		.packet_type = get_be16(in.data),
		.hardware_type = get_be16(in.data + 2),
		.protocol = get_be16(in.data + 14),
	};
	copy_address(header, in.data + 6, get_be16(in.data + 4));
	*payload = bytes_from(in, COOKED_HEADER_BYTES);
	return PARSE_OK;
}

enum parse_status cooked_v2_header_parse(struct bytes in, struct cooked_header *header,
					 struct bytes *payload)
{
	if (in.length < COOKED_V2_HEADER_BYTES)
		return PARSE_TRUNCATED;
	*header = (struct cooked_header) {
		.protocol = get_be16(in.data),
		.interface_index = get_be32(in.data + 4),
		.hardware_type = get_be16(in.data + 8),
		.packet_type = in.data[10],
	};
	copy_address(header, in.data + 12, in.data[11]);
	*payload = bytes_from(in, COOKED_V2_HEADER_BYTES);
	return PARSE_OK;
}

/* AF_INET is 2 everywhere; AF_INET6 is what each system chose. */
static bool ethertype_of_family(uint32_t family, uint16_t *ethertype)
{
	switch (family) {
	case 2:
		*ethertype = ETHERTYPE_IPV4;
		return true;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		*ethertype = ETHERTYPE_IPV6;
		return true;
	default:
		return false;
	}
}

enum parse_status loopback_header_parse(struct bytes in, uint16_t *ethertype, struct bytes *payload)
{
	if (in.length < LOOPBACK_HEADER_BYTES)
		return PARSE_TRUNCATED;

	uint32_t family = get_be32(in.data);

	if (!ethertype_of_family(family, ethertype) &&
	    !ethertype_of_family(__builtin_bswap32(family), ethertype))
		return PARSE_UNSUPPORTED;
	*payload = bytes_from(in, LOOPBACK_HEADER_BYTES);
	return PARSE_OK;
}

/* clang-format off */
static const struct field_name packet_type_names[] = {
	{ COOKED_TO_US, "to us" },
	{ COOKED_BROADCAST, "broadcast" },
	{ COOKED_MULTICAST, "multicast" },
	{ COOKED_TO_OTHER, "from another host to another" },
	{ COOKED_FROM_US, "from us" },
	{ 0, NULL },
};

static const struct field_name hardware_names[] = {
	{ COOKED_HARDWARE_ETHERNET, "Ethernet" }, { 512, "PPP" },
	{ COOKED_HARDWARE_LOOPBACK, "loopback" }, { 65534, "none" },
	{ 0, NULL },
};

#define SLL  "LINKTYPE_LINUX_SLL, tcpdump.org"
#define SLL2 "LINKTYPE_LINUX_SLL2, tcpdump.org"
#define PACKET_TYPE(bit_offset, bit_width, source)                                                 \
	{ "Packet Type", (bit_offset), (bit_width), FIELD_ENUM, .names = packet_type_names,        \
	  .purpose = "Which way the packet went, seen from the host that captured it.",            \
	  .reference = (source) }
#define HARDWARE_TYPE(bit_offset, source)                                                          \
	{ "Hardware Type", (bit_offset), 16, FIELD_ENUM, .names = hardware_names,                  \
	  .purpose = "What kind of interface it passed (ARPHRD of Linux).", .reference = (source) }
#define ADDRESS_LENGTH(bit_offset, bit_width, source)                                              \
	{ "Address Length", (bit_offset), (bit_width), FIELD_DECIMAL, .unit = "bytes",             \
	  .purpose = "How much of the next field is an address.", .reference = (source) }
#define ADDRESS(bit_offset, source)                                                                \
	{ "Sender Address", (bit_offset), 48, FIELD_MAC,                                           \
	  .purpose = "The link-layer address of the sender, filled up with zeros.",                \
	  .reference = (source) },                                                                 \
	{ "Rest of Address", (bit_offset) + 48, 16, FIELD_BYTES,                                   \
	  .purpose = "Of an address longer than 6 bytes what is left, else unused.",               \
	  .reference = (source) }
#define PROTOCOL(bit_offset, source)                                                               \
	{ "Protocol", (bit_offset), 16, FIELD_ENUM, .names = ethertype_names,                      \
	  .purpose = "The protocol of the packet behind this header.", .reference = (source) }

static const struct field fields[] = {
	PACKET_TYPE(0, 16, SLL), HARDWARE_TYPE(16, SLL), ADDRESS_LENGTH(32, 16, SLL),
	ADDRESS(48, SLL), PROTOCOL(112, SLL),
};

static const struct field v2_fields[] = {
	PROTOCOL(0, SLL2),
	{ "Reserved", 16, 16, FIELD_HEX, .purpose = "Must be zero.", .reference = SLL2 },
	{ "Interface Index", 32, 32, FIELD_DECIMAL,
	  .purpose = "The number that Linux gives to the interface.", .reference = SLL2 },
	HARDWARE_TYPE(64, SLL2), PACKET_TYPE(80, 8, SLL2), ADDRESS_LENGTH(88, 8, SLL2),
	ADDRESS(96, SLL2),
};

static const struct field_name family_names[] = {
	{ 2, "IPv4" }, { 10, "IPv6" }, { 24, "IPv6" }, { 28, "IPv6" }, { 30, "IPv6" },
	{ 0x02000000, "IPv4" }, { 0x0a000000, "IPv6" }, { 0x18000000, "IPv6" },
	{ 0x1c000000, "IPv6" }, { 0x1e000000, "IPv6" },
	{ 0, NULL },
};

static const struct field family_fields[] = {
	{ "Address Family", 0, 32, FIELD_ENUM, .names = family_names,
	  .purpose = "The protocol of the packet, in the byte order of the host that captured it.",
	  .reference = "LINKTYPE_NULL, tcpdump.org" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows),           \
	.purpose = "Written by the capturing host where Ethernet would stand."

const struct field_table cooked_fields = { TABLE("Linux cooked header", fields) };
const struct field_table cooked_v2_fields = { TABLE("Linux cooked header, version 2", v2_fields) };
const struct field_table loopback_fields = { TABLE("Loopback header", family_fields) };
