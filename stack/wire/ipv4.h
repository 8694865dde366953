/* IPv4 header codec (RFC 791). Pure: no state, no allocation. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"
#include "stack/wire/option.h"

#define IPV4_HEADER_BYTES     20
#define IPV4_HEADER_MAX_BYTES 60
#define IPV4_DATAGRAM_MAX     65535
#define IPV4_FRAGMENT_UNIT    8 /* fragment offsets count units of 8 bytes */

/* Numbers of protocols, in IPv4 and in Next Header of IPv6 (IANA protocol-numbers). */
enum ip_protocol {
	IP_PROTOCOL_HOP_BY_HOP = 0,
	IP_PROTOCOL_ICMP = 1,
	IP_PROTOCOL_IPV4 = 4, /* a whole packet inside: RFC 2003 */
	IP_PROTOCOL_TCP = 6,
	IP_PROTOCOL_UDP = 17,
	IP_PROTOCOL_IPV6 = 41, /* likewise: RFC 2473, RFC 4213 */
	IP_PROTOCOL_ROUTING = 43,
	IP_PROTOCOL_FRAGMENT = 44,
	IP_PROTOCOL_AUTHENTICATION = 51,
	IP_PROTOCOL_ICMPV6 = 58,
	IP_PROTOCOL_NO_NEXT = 59,
	IP_PROTOCOL_DESTINATION_OPTIONS = 60,
};

struct ipv4_header {                 /* all fields in host byte order */
	uint8_t header_bytes;        /* 20 to 60, a multiple of 4; set by parse, ignored by emit */
	uint8_t tos;                 /* DSCP << 2 | ECN (RFC 2474, RFC 3168) */
	uint16_t total_length_bytes; /* header and payload together */
	uint16_t identification;
	bool dont_fragment;
	bool more_fragments;
	uint16_t fragment_offset_bytes; /* a multiple of 8 */
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	uint32_t source;
	uint32_t destination;
	struct bytes options; /* borrowed; a multiple of 4 bytes up to 40 */
};

/* Option types (RFC 791 section 3.1, RFC 2113). */
enum ipv4_option_type {
	IPV4_OPTION_END = 0,
	IPV4_OPTION_NOP = 1,
	IPV4_OPTION_RECORD_ROUTE = 7,
	IPV4_OPTION_TIMESTAMP = 68,
	IPV4_OPTION_SECURITY = 130,
	IPV4_OPTION_LOOSE_SOURCE_ROUTE = 131,
	IPV4_OPTION_STREAM_ID = 136,
	IPV4_OPTION_STRICT_SOURCE_ROUTE = 137,
	IPV4_OPTION_ROUTER_ALERT = 148,
};

extern const struct field_table ipv4_fields;
/* Names of values that IPv6 has too. */
extern const struct field_name ipv4_dscp_names[], ipv4_ecn_names[], ip_protocol_names[];

/* The fields of an option of `type`, for views; of any option when the type is not known. */
const struct field_table *ipv4_option_fields(uint8_t type);

/*
 * Parses the datagram at the front of `in`. `payload` is the part after the header up to the total
 * length: Ethernet pads short frames. A version other than 4 is PARSE_UNSUPPORTED. Does not
 * verify the checksum: ipv4_checksum_is_right().
 */
enum parse_status ipv4_header_parse(struct bytes in, struct ipv4_header *header,
				    struct bytes *payload);

/* Whether a header, of which all is there, is that of a fragment. */
static inline bool ipv4_is_fragment(const uint8_t header[IPV4_HEADER_BYTES])
{
	return (get_be16(header + 6) & 0x3fff) != 0; /* more are to come, or it is not the first */
}

/*
 * The same for a datagram whose end may be missing, as ICMP errors quote them: `payload` is what
 * there is of it. The header must be whole.
 */
enum parse_status ipv4_header_parse_quoted(struct bytes in, struct ipv4_header *header,
					   struct bytes *payload);

/*
 * As ipv4_header_parse_quoted(), and a total length of 0 is taken as all of `in`, which is then in the
 * header's total_length_bytes as far as it fits: captures have it so where a network card was left
 * to cut the datagram into packets.
 */
enum parse_status ipv4_header_parse_captured(struct bytes in, struct ipv4_header *header,
					     struct bytes *payload);

/* The bytes that ipv4_header_emit() will write: 20 plus the options. */
static inline size_t ipv4_header_length(const struct ipv4_header *header)
{
	return IPV4_HEADER_BYTES + header->options.length;
}

/*
 * Writes ipv4_header_length() bytes at `out`, `header->checksum` as it is. The payload, whose
 * length is in total_length_bytes, is the caller's.
 */
void ipv4_header_emit(const struct ipv4_header *header, uint8_t *out);

/* Computes the checksum of the emitted header at `out` and writes it there. */
void ipv4_checksum_set(uint8_t *out);

/* Verifies a header that ipv4_header_parse() accepted. */
bool ipv4_checksum_is_right(struct bytes datagram);

/* Lowers the TTL of the header at `out` by one and corrects its checksum (RFC 1624). TTL is not 0. */
void ipv4_ttl_decrement(uint8_t *out);
