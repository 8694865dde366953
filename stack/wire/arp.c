#include "stack/wire/arp.h"

enum {
	HARDWARE_TYPE = 0,
	PROTOCOL_TYPE = 2,
	HARDWARE_LENGTH = 4,
	PROTOCOL_LENGTH = 5,
	OPERATION = 6,
	SENDER_MAC = 8,
	SENDER_ADDRESS = 14,
	TARGET_MAC = 18,
	TARGET_ADDRESS = 24,
};

enum { HARDWARE_ETHERNET = 1, PROTOCOL_IPV4 = 0x0800 };

enum parse_status arp_packet_parse(struct bytes in, struct arp_packet *packet)
{
	if (in.length < ARP_PACKET_BYTES)
		return PARSE_TRUNCATED;
	if (get_be16(in.data + HARDWARE_TYPE) != HARDWARE_ETHERNET ||
	    get_be16(in.data + PROTOCOL_TYPE) != PROTOCOL_IPV4)
		return PARSE_UNSUPPORTED;
	if (in.data[HARDWARE_LENGTH] != 6 || in.data[PROTOCOL_LENGTH] != 4)
		return PARSE_BAD_LENGTH;

	packet->operation = get_be16(in.data + OPERATION);
	memcpy(packet->sender_mac.octets, in.data + SENDER_MAC, 6);
	packet->sender_address = get_be32(in.data + SENDER_ADDRESS);
	memcpy(packet->target_mac.octets, in.data + TARGET_MAC, 6);
	packet->target_address = get_be32(in.data + TARGET_ADDRESS);
	return PARSE_OK;
}

void arp_packet_emit(const struct arp_packet *packet, uint8_t *out)
{
	put_be16(out + HARDWARE_TYPE, HARDWARE_ETHERNET);
	put_be16(out + PROTOCOL_TYPE, PROTOCOL_IPV4);
	out[HARDWARE_LENGTH] = 6;
	out[PROTOCOL_LENGTH] = 4;
	put_be16(out + OPERATION, packet->operation);
	memcpy(out + SENDER_MAC, packet->sender_mac.octets, 6);
	put_be32(out + SENDER_ADDRESS, packet->sender_address);
	memcpy(out + TARGET_MAC, packet->target_mac.octets, 6);
	put_be32(out + TARGET_ADDRESS, packet->target_address);
}

/* clang-format off */
static const struct field_name hardware_names[] = {
	{ HARDWARE_ETHERNET, "Ethernet" },
	{ 0, NULL },
};

static const struct field_name protocol_names[] = {
	{ PROTOCOL_IPV4, "IPv4" },
	{ 0, NULL },
};

static const struct field_name operation_names[] = {
	{ ARP_REQUEST, "request" },
	{ ARP_REPLY, "reply" },
	{ ARP_REVERSE_REQUEST, "reverse request" },
	{ ARP_REVERSE_REPLY, "reverse reply" },
	{ ARP_INVERSE_REQUEST, "inverse request" },
	{ ARP_INVERSE_REPLY, "inverse reply" },
	{ 0, NULL },
};

static const struct field fields[] = {
	{ "Hardware Type", 0, 16, FIELD_ENUM, .names = hardware_names,
	  .purpose = "The kind of network whose addresses are asked for.",
	  .reference = "RFC 826, ar$hrd" },
	{ "Protocol Type", 16, 16, FIELD_ENUM, .names = protocol_names,
	  .purpose = "The protocol whose addresses are known.",
	  .reference = "RFC 826, ar$pro" },
	{ "Hardware Address Length", 32, 8, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How long a hardware address is: 6 for a MAC address.",
	  .reference = "RFC 826, ar$hln" },
	{ "Protocol Address Length", 40, 8, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How long a protocol address is: 4 for IPv4.",
	  .reference = "RFC 826, ar$pln" },
	{ "Operation", 48, 16, FIELD_ENUM, .names = operation_names,
	  .purpose = "Whether this asks who has an address, or answers.",
	  .reference = "RFC 826, ar$op" },
	{ "Sender Hardware Address", 64, 48, FIELD_MAC,
	  .purpose = "The MAC address of who speaks; in a reply, the answer.",
	  .reference = "RFC 826, ar$sha" },
	{ "Sender Protocol Address", 112, 32, FIELD_IPV4,
	  .purpose = "The IPv4 address of who speaks; the listener may learn the pair.",
	  .reference = "RFC 826, ar$spa" },
	{ "Target Hardware Address", 144, 48, FIELD_MAC,
	  .purpose = "What a request asks for, so it is zero there; the asker in a reply.",
	  .reference = "RFC 826, ar$tha" },
	{ "Target Protocol Address", 192, 32, FIELD_IPV4,
	  .purpose = "The IPv4 address whose MAC address is wanted.",
	  .reference = "RFC 826, ar$tpa" },
};
/* clang-format on */

const struct field_table arp_fields = {
	.name = "ARP packet",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.purpose = "Finds the MAC address that belongs to an IPv4 address on the same network.",
};
