/* ICMPv6 message codec (RFC 4443), with Neighbor Discovery (RFC 4861), for views. Pure. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"
#include "stack/wire/ipv6.h"

#define ICMPV6_HEADER_BYTES   8
#define ICMPV6_OPTION_UNIT    8   /* lengths of options count units of 8 bytes */
#define ICMPV6_DISCOVERY_HOPS 255 /* of Neighbor Discovery, which so came by no router: RFC 4861 */
#define ICMPV6_OPTIONS_MAX    8   /* of Neighbor Discovery, told of one message; so are records */

enum icmpv6_type {
	ICMPV6_DESTINATION_UNREACHABLE = 1,
	ICMPV6_PACKET_TOO_BIG = 2,
	ICMPV6_TIME_EXCEEDED = 3,
	ICMPV6_PARAMETER_PROBLEM = 4,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
	ICMPV6_LISTENER_QUERY = 130, /* RFC 2710; RFC 9777 puts more behind it */
	ICMPV6_LISTENER_REPORT = 131,
	ICMPV6_LISTENER_DONE = 132,
	ICMPV6_ROUTER_SOLICITATION = 133,
	ICMPV6_ROUTER_ADVERTISEMENT = 134,
	ICMPV6_NEIGHBOR_SOLICITATION = 135,
	ICMPV6_NEIGHBOR_ADVERTISEMENT = 136,
	ICMPV6_REDIRECT = 137,
	ICMPV6_LISTENER_REPORT_2 = 143, /* RFC 9777: records follow */
};

struct icmpv6_header {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t rest; /* identifier << 16 | sequence of an echo; the MTU of PACKET_TOO_BIG */
	struct ip_address target;      /* of messages that have one, or a multicast address */
	struct ip_address destination; /* of a redirect; else zeros */
};

/* Errors quote a packet; their types are below 128. */
static inline bool icmpv6_is_error(uint8_t type)
{
	return type < 128;
}

/* The length of the fixed part of a message of `type`: what its table describes. */
size_t icmpv6_fixed_bytes(uint8_t type);

/* True for messages with an address behind the first 8 bytes: whom they are about. */
bool icmpv6_has_target(uint8_t type);

/* True for messages of Neighbor Discovery: options follow the fixed part. */
bool icmpv6_has_options(uint8_t type);

const struct field_table *icmpv6_fields(uint8_t type);
const struct field_table *icmpv6_option_fields(uint8_t option_type);

/* Of a record of ICMPV6_LISTENER_REPORT_2, and how long one is that begins `in`; 0: cut off. */
const struct field_table *icmpv6_record_fields(void);
size_t icmpv6_record_bytes(struct bytes in);

/* Parses the message `in`; `payload` follows the fixed part. */
enum parse_status icmpv6_header_parse(struct bytes in, struct icmpv6_header *header,
				      struct bytes *payload);
