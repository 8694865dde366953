/*
 * The headers that captures hold in place of Ethernet: Linux "cooked" captures of all interfaces,
 * version 1 and 2 (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2), and the address family in front of
 * packets of BSD loopback interfaces (LINKTYPE_NULL, LINKTYPE_LOOP). No wire ever carries them. Pure.
 */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"

#define COOKED_HEADER_BYTES      16
#define COOKED_V2_HEADER_BYTES   20
#define LOOPBACK_HEADER_BYTES    4
#define COOKED_ADDRESS_BYTES_MAX 8

enum cooked_packet_type {
	COOKED_TO_US,
	COOKED_BROADCAST,
	COOKED_MULTICAST,
	COOKED_TO_OTHER,
	COOKED_FROM_US,
};

enum { COOKED_HARDWARE_ETHERNET = 1, COOKED_HARDWARE_LOOPBACK = 772 }; /* ARPHRD_ of Linux */

struct cooked_header {
	uint16_t packet_type;   /* enum cooked_packet_type */
	uint16_t hardware_type; /* ARPHRD_ of Linux; 1: Ethernet, 772: loopback */
	uint8_t address_bytes;  /* of the link-layer address that are here, at most 8 */
	uint8_t address[COOKED_ADDRESS_BYTES_MAX]; /* of the sender */
	uint16_t protocol;                         /* an Ethernet type */
	uint32_t interface_index;                  /* version 2; else 0 */
};

extern const struct field_table cooked_fields, cooked_v2_fields;
extern const struct field_table loopback_fields;

/* Parse the header at the front of `in`; `payload` is the rest. */
enum parse_status cooked_header_parse(struct bytes in, struct cooked_header *header,
				      struct bytes *payload);
enum parse_status cooked_v2_header_parse(struct bytes in, struct cooked_header *header,
					 struct bytes *payload);

/*
 * Parses the address family, in the byte order of whoever captured (LINKTYPE_NULL; no family is as
 * large as its bytes swapped), and gives the Ethernet type that it means; other families are
 * PARSE_UNSUPPORTED.
 */
enum parse_status loopback_header_parse(struct bytes in, uint16_t *ethertype,
					struct bytes *payload);
