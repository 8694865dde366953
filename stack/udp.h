/* UDP of a host (RFC 768, RFC 1122 section 4.1). Programs use stack/socket.h. */
#pragma once
#include "stack/ipv4.h"
#include "stack/socket.h"

struct udp;

#define UDP_PAYLOAD_MAX     65507
#define UDP_EPHEMERAL_FIRST 32768 /* Linux's net.ipv4.ip_local_port_range */
#define UDP_EPHEMERAL_LAST  60999

void udp_free(struct udp *udp);

/* Whether a program of the host has the port. */
bool udp_is_taken(const struct host *host, uint16_t port);

/* Takes a datagram for this host; it starts at the UDP header. */
void udp_receive(struct host *host, struct packet *packet, const struct ipv4_header *header);

/* An ICMP error about a datagram that `header` and `original` quote. */
void udp_error(struct host *host, uint8_t type, uint8_t code, const struct ipv4_header *header,
	       struct bytes original);
