/* ICMP of a host or router (RFC 792, RFC 1122 section 3.2.2, RFC 1812 section 4.3). */
#pragma once
#include "stack/ipv4.h"
#include "stack/wire/icmp.h"

struct icmp;

/* Errors are limited as in Linux: a bucket of 50, filled at 1000 a second. */
#define ICMP_ERROR_BURST     50
#define ICMP_ERROR_NS        INT64_C(1000000)
#define ICMP_ERROR_MAX_BYTES 576 /* of the whole datagram (RFC 1812 section 4.3.2.3) */

void icmp_free(struct icmp *icmp);

/* Takes an ICMP message for this host; it starts at the ICMP header. */
void icmp_receive(struct host *host, struct packet *packet, const struct ipv4_header *header);

/*
 * Tells the source of `original`, whose bytes start at its IPv4 header, what went wrong, unless
 * the RFCs forbid it (RFC 1122 section 3.2.2). `info` is the second word of the message: MTU or
 * pointer << 24. Does not take `original`. An error about a packet of our own comes back to its
 * transport the same way, over the loopback.
 */
void icmp_send_error(struct host *host, const struct packet *original, uint8_t type, uint8_t code,
		     uint32_t info);

/*
 * Completes an ICMP message (taken), which starts at its header, with its checksum and sends it. For
 * stack/ping.c.
 */
void icmp_send(struct host *host, struct packet *packet, const struct ipv4_route_request *request);

/* Where the host keeps its pings under way, made and looked after by stack/ping.c. */
struct ping_table;
struct ping_table **icmp_pings(struct host *host);
