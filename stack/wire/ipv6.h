/*
 * IPv6 header codec (RFC 8200), its extension headers, and addresses (RFC 4291). Pure. For views:
 * the simulated stack speaks IPv4.
 */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"
#include "stack/wire/ipv4.h"

#define IPV6_HEADER_BYTES       40
#define IPV6_FRAGMENT_BYTES     8
#define IPV6_ADDRESS_TEXT_BYTES 48
#define IPV6_EXTENSIONS_MAX     8 /* told of one packet; RFC 8200 section 4.1 knows six */

/*
 * An address of either version; IPv4 as ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2), so that tables
 * and comparisons are the same for both.
 */
struct ip_address {
	uint8_t octets[16];
};

struct ipv6_header {
	uint8_t traffic_class; /* DSCP << 2 | ECN */
	uint32_t flow_label;
	uint16_t payload_bytes; /* extension headers included */
	uint8_t next_header;    /* enum ip_protocol */
	uint8_t hop_limit;
	struct ip_address source, destination;
};

struct ipv6_extension {
	uint8_t next_header;            /* enum ip_protocol */
	uint16_t length_bytes;          /* whole; a multiple of 8, of 4 in authentication headers */
	uint16_t fragment_offset_bytes; /* of a fragment header; */
	bool more_fragments;
	uint32_t identification;
};

extern const struct field_table ipv6_fields;

struct ip_address ip_address_from_ipv4(uint32_t address);
bool ip_address_is_ipv4(struct ip_address address);
uint32_t ip_address_ipv4(struct ip_address address); /* of one that is */
static inline bool ip_address_equal(struct ip_address a, struct ip_address b)
{
	return memcmp(a.octets, b.octets, sizeof a.octets) == 0;
}

/* "192.0.2.1", or as RFC 5952 has it "2001:db8::1", into `out`, which it returns. */
char *ip_address_print(struct ip_address address, char out[IPV6_ADDRESS_TEXT_BYTES]);

/*
 * Parses the packet at the front of `in`. `payload` is what follows the header up to its payload
 * length, or what there is of it. A version other than 6 is PARSE_UNSUPPORTED.
 */
enum parse_status ipv6_header_parse(struct bytes in, struct ipv6_header *header,
				    struct bytes *payload);

/* True when `next_header` announces an extension header that ipv6_extension_parse() reads. */
bool ipv6_is_extension(uint8_t next_header);

/* Parses the extension header of `kind` at the front of `in`. */
enum parse_status ipv6_extension_parse(uint8_t kind, struct bytes in,
				       struct ipv6_extension *extension, struct bytes *payload);

/*
 * Where a packet with the routing header `header` ends its way, which checksums are made for (RFC 8200
 * section 8.1). False: it is there already, or the header is of a type that does not say.
 */
bool ipv6_routing_destination(struct bytes header, struct ip_address *destination);

/* Its name ("Hop-by-Hop Options") and fields. */
const struct field_table *ipv6_extension_fields(uint8_t kind);

/* The sum of the pseudo header (RFC 8200 section 8.1), to begin a checksum with. */
uint32_t ipv6_checksum_pseudo(struct ip_address source, struct ip_address destination,
			      uint8_t protocol, size_t length_bytes);
