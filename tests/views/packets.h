/* Packets as they are captured, of every link type that is decoded: VLAN tags, IPv6, cooked, raw. */
#pragma once
#include <stdint.h>

struct test_packet {
	const char *name;
	uint16_t link_type;
	uint16_t length_bytes;
	const char *bytes;
};

/* Ends with a NULL name. One, whose name has "bad" in it, has a wrong checksum. */
extern const struct test_packet test_packets[];
