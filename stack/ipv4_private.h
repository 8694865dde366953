/* The parts of IPv4 that only its neighbouring modules use. */
#pragma once
#include "stack/ipv4.h"

struct interface;
struct trace_record;

/*
 * Takes a datagram from `interface`; it starts at its IPv4 header and nobody else refers to it.
 * `is_group` tells that its frame was broadcast.
 */
void ipv4_receive(struct host *host, struct interface *interface, struct packet *packet,
		  bool is_group);

/* Takes a valid datagram that is for this host: reassembles, takes the header off, hands it on. */
void ipv4_deliver(struct host *host, struct packet *packet, struct ipv4_header *header,
		  bool is_broadcast);

/* Drops a datagram with a record of layer IPv4. */
void ipv4_drop(struct host *host, struct packet *packet, const struct trace_record *why);

/* Frees `packet` (taken) after sending it in fragments that fit into `mtu_bytes`. */
void ipv4_send_fragments(struct host *host, struct interface *interface, uint32_t next_hop,
			 struct packet *packet, size_t mtu_bytes);

/* Sends a datagram, which fits into the MTU, to `next_hop`: itself or its gateway. */
void ipv4_output(struct host *host, struct interface *interface, uint32_t next_hop,
		 struct packet *packet);
