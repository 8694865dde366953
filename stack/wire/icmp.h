/* ICMP message codec (RFC 792, RFC 1191). Pure: no state, no allocation. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"

#define ICMP_HEADER_BYTES 8

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_DESTINATION_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4, /* deprecated by RFC 6633 */
	ICMP_REDIRECT = 5,
	ICMP_ECHO_REQUEST = 8,
	ICMP_ROUTER_ADVERTISEMENT = 9, /* RFC 1256 */
	ICMP_ROUTER_SOLICITATION = 10,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
	ICMP_TIMESTAMP_REQUEST = 13,
	ICMP_TIMESTAMP_REPLY = 14,
};

/* Codes of ICMP_DESTINATION_UNREACHABLE (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812). */
enum icmp_unreachable_code {
	ICMP_NET_UNREACHABLE = 0,
	ICMP_HOST_UNREACHABLE = 1,
	ICMP_PROTOCOL_UNREACHABLE = 2,
	ICMP_PORT_UNREACHABLE = 3,
	ICMP_FRAGMENTATION_NEEDED = 4,
	ICMP_SOURCE_ROUTE_FAILED = 5,
	ICMP_NET_PROHIBITED = 9,
	ICMP_HOST_PROHIBITED = 10,
	ICMP_ADMINISTRATIVELY_PROHIBITED = 13,
};

/* Codes of ICMP_TIME_EXCEEDED. */
enum icmp_time_exceeded_code {
	ICMP_TTL_EXCEEDED = 0,
	ICMP_REASSEMBLY_TIME_EXCEEDED = 1,
};

struct icmp_header { /* all fields in host byte order */
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint32_t rest; /* meaning depends on type: see the functions below */
};

/* `rest` of an echo message. */
static inline uint32_t icmp_echo_rest(uint16_t identifier, uint16_t sequence)
{
	return (uint32_t)identifier << 16 | sequence;
}

static inline uint16_t icmp_echo_identifier(const struct icmp_header *header)
{
	return (uint16_t)(header->rest >> 16);
}

static inline uint16_t icmp_echo_sequence(const struct icmp_header *header)
{
	return (uint16_t)header->rest;
}

/* Of ICMP_FRAGMENTATION_NEEDED (RFC 1191 section 4); `rest` is the MTU itself. */
static inline uint16_t icmp_next_hop_mtu(const struct icmp_header *header)
{
	return (uint16_t)header->rest;
}

/* Of ICMP_REDIRECT (RFC 792): the router to use, in host order. */
static inline uint32_t icmp_redirect_gateway(const struct icmp_header *header)
{
	return header->rest;
}

/* True for errors, which quote a datagram and are never answered by an error. */
static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP_DESTINATION_UNREACHABLE || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM ||
	       type == ICMP_SOURCE_QUENCH;
}

/* The fields of a message of this type and code, for views. */
const struct field_table *icmp_fields(uint8_t type, uint8_t code);

/*
 * Parses the message `in`; `payload` is what follows the 8 bytes of header: echo data, or the
 * quoted datagram. Does not verify the checksum: icmp_checksum_is_right().
 */
enum parse_status icmp_header_parse(struct bytes in, struct icmp_header *header,
				    struct bytes *payload);

/* Writes exactly ICMP_HEADER_BYTES bytes at `out`, `header->checksum` as it is. */
void icmp_header_emit(const struct icmp_header *header, uint8_t *out);

/* Computes the checksum of the message at `out`, `length_bytes` with its header, and writes it. */
void icmp_checksum_set(uint8_t *out, size_t length_bytes);

bool icmp_checksum_is_right(struct bytes message);
