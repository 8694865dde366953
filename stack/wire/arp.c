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
