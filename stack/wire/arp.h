/* ARP packet codec (RFC 826) for Ethernet and IPv4, the only pair that exists here. Pure. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/address.h"
#include "stack/wire/field.h"

#define ARP_PACKET_BYTES 28

enum arp_operation {
	ARP_REQUEST = 1,
	ARP_REPLY = 2,
	ARP_REVERSE_REQUEST =
	    3, /* RFC 903; these are named where they are seen, and not answered */
	ARP_REVERSE_REPLY = 4,
	ARP_INVERSE_REQUEST = 8, /* RFC 2390 */
	ARP_INVERSE_REPLY = 9,
};

struct arp_packet {
	uint16_t operation; /* enum arp_operation; others are parsed too */
	struct mac sender_mac;
	uint32_t sender_address;
	struct mac target_mac; /* zero in requests that ask for it */
	uint32_t target_address;
};

extern const struct field_table arp_fields;

/*
 * Parses the packet at the front of `in`; what follows is padding. Hardware or protocol types
 * other than Ethernet and IPv4 are PARSE_UNSUPPORTED, address lengths other than 6 and 4
 * PARSE_BAD_LENGTH.
 */
enum parse_status arp_packet_parse(struct bytes in, struct arp_packet *packet);

/* Writes exactly ARP_PACKET_BYTES bytes at `out`. */
void arp_packet_emit(const struct arp_packet *packet, uint8_t *out);
