/* MAC addresses, IPv4 addresses and endpoints. IPv4 addresses are uint32_t in host order. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "sim/bytes.h"

struct mac {
	uint8_t octets[6];
};

struct endpoint {
	uint32_t address; /* IPv4, host order */
	uint16_t port;
};

#define MAC_TEXT_BYTES      18
#define IPV4_TEXT_BYTES     16
#define ENDPOINT_TEXT_BYTES 22

#define IPV4_BROADCAST      UINT32_C(0xffffffff)

extern const struct mac mac_broadcast;

static inline bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.octets, b.octets, sizeof a.octets) == 0;
}

/* True for broadcast and multicast addresses (the I/G bit, IEEE 802.3 section 3.2.3). */
static inline bool mac_is_group(struct mac mac)
{
	return (mac.octets[0] & 1) != 0;
}

/* An address as a number of 48 bits, for tables and records, and back. */
static inline uint64_t mac_number(struct mac mac)
{
	return (uint64_t)get_be16(mac.octets) << 32 | get_be32(mac.octets + 2);
}

static inline struct mac mac_from_number(uint64_t number)
{
	struct mac mac = { { 0 } };

	put_be16(mac.octets, (uint16_t)(number >> 32));
	put_be32(mac.octets + 2, (uint32_t)number);
	return mac;
}

/* The mask of a prefix of `prefix_length` 0 to 32 bits, host order. */
static inline uint32_t ipv4_mask(unsigned prefix_length)
{
	return (uint32_t)(UINT64_C(0xffffffff00000000) >> prefix_length);
}

/* Print into `out`, which they return: "02:00:00:00:01:0a", "192.0.2.1", "192.0.2.1:25". */
char *mac_print(struct mac mac, char out[MAC_TEXT_BYTES]);
char *ipv4_print(uint32_t address, char out[IPV4_TEXT_BYTES]);
char *endpoint_print(struct endpoint endpoint, char out[ENDPOINT_TEXT_BYTES]);

/* Parse the whole of `text`; false leaves the output untouched. No leading zeros in IPv4. */
bool mac_parse(const char *text, struct mac *mac);
bool ipv4_parse(const char *text, uint32_t *address);

/* Parses "192.0.2.0/26"; host bits may be set. */
bool ipv4_prefix_parse(const char *text, uint32_t *address, unsigned *prefix_length);
