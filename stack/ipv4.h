/* IPv4 of a host or router (RFC 791, 1122, 1812): what the layers above use. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/wire/ipv4.h"

struct host;

/* How to send a datagram. Zero values mean the defaults. */
struct ipv4_route_request {
	uint32_t source; /* 0: the address of the outgoing interface */
	uint32_t destination;
	uint8_t protocol; /* enum ip_protocol */
	uint8_t ttl;      /* 0: IPV4_DEFAULT_TTL */
	uint8_t tos;
	bool dont_fragment;      /* then larger than the MTU is refused with an error to icmp */
	uint16_t identification; /* used only with has_identification */
	bool has_identification; /* else: the next of the host's */
};

#define IPV4_DEFAULT_TTL 64

/*
 * Sends `packet` (taken), whose bytes are a whole TCP segment, UDP datagram or ICMP message with
 * its checksum already right. Fragments where needed and allowed; waits for ARP; drops with a
 * record when there is no route. Returns the interface in whose queue it was put, or in whose name it
 * waits for ARP; NULL when it left by none.
 */
const struct interface *ipv4_send(struct host *host, struct packet *packet,
				  const struct ipv4_route_request *request);

/* The next identification that the host itself gives to what goes to `destination`: they rise. */
uint16_t ipv4_identification(struct host *host, uint32_t destination);

/* The source address a datagram to `destination` would carry; 0 when there is no route. */
uint32_t ipv4_source_for(const struct host *host, uint32_t destination);

/* True when `address` is one of this host's own. */
bool ipv4_is_local(const struct host *host, uint32_t address);

/*
 * The largest IPv4 datagram, in bytes with its header, that now reaches `destination` unfragmented:
 * the MTU of the outgoing interface, or less where path MTU discovery (RFC 1191) found less.
 */
uint16_t ipv4_path_mtu(const struct host *host, uint32_t destination);

/*
 * Tells that the way to `destination` works, because an answer to what we sent came: its neighbour
 * need not be probed (RFC 1122 section 2.3.2.1). For TCP, when an ACK acknowledges new data.
 */
void ipv4_confirm(struct host *host, uint32_t destination);

/*
 * What a transport offers to IPv4. `packet` (taken) starts at the transport header; `header` is
 * the datagram's, borrowed. `error` tells of an ICMP error about a datagram we sent: `original`
 * starts at the transport header of the datagram in question, at least 8 bytes.
 */
struct ipv4_transport {
	void (*receive)(void *owner, struct packet *packet, const struct ipv4_header *header);
	void (*error)(void *owner, uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_info,
		      const struct ipv4_header *header, struct bytes original);
};
