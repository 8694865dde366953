/*
 * Carries the exchanges of an asking machine (recursion.h, stub.h) over the sockets of a host: a UDP
 * socket with a random port for each, or for several that join, or a TCP connection. Emits the machine's
 * trace records.
 */
#pragma once
#include "protocols/dns/exchange.h"
#include "stack/socket.h"

struct dns_transport;

/* What the machine is told. It may end the exchange meanwhile, or free the transport. */
struct dns_transport_events {
	void (*receive)(void *owner, uint64_t exchange, struct endpoint from, struct bytes message);
	void (*failed)(void *owner, uint64_t exchange);
};

/* `wakeup_ns` passes between a message's arrival and its being heard of. */
struct dns_transport *dns_transport_new(struct host *host, int64_t wakeup_ns,
					const struct dns_transport_events *events, void *owner);
void dns_transport_free(struct dns_transport *transport); /* NULL is fine */

/* To be given to a machine, with the transport as its owner. */
extern const struct dns_network dns_transport_network;
