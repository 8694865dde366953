/*
 * A host: interfaces and the layers above them, wired together. A router is a host that forwards.
 * What programs use of it is in stack/socket.h, what transports use in stack/ipv4.h.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/world.h"
#include "stack/address.h"
#include "stack/interface.h"
#include "stack/route.h"

struct arp;
struct host;
struct tcp;

#define HOST_PROCESSING_NS   10000 /* a host's work on a packet before it can go out */
#define ROUTER_PROCESSING_NS 10000 /* a router's */

/* A host without interfaces; NODE_ROUTER forwards. `name` is copied. */
struct host *host_new(struct world *world, const char *name, enum node_kind kind);

/* Frees the host, its interfaces and all it holds. Its cables must be gone. NULL is fine. */
void host_free(struct host *host);

struct node *host_node(struct host *host);
struct world *host_world(struct host *host);

/* True for routers. */
bool host_forwards(const struct host *host);

/* The time it takes from receiving or making a packet to having it ready to go out. */
void host_set_processing(struct host *host, uint32_t processing_ns);

/*
 * Adds an interface, with routes to its own address, its network and its broadcast address. The
 * pointer lives as long as the host. `config->processing_ns` is ignored: it is the host's.
 */
struct interface *host_add_interface(struct host *host, const struct interface_config *config);

unsigned host_interface_count(const struct host *host);

/* Interface `index`, from 1; NULL when there is none. */
struct interface *host_interface(const struct host *host, unsigned index);

/* The interface of this name ("eth0"), or NULL. */
struct interface *host_interface_named(const struct host *host, const char *name);

/*
 * Routes `prefix` by `gateway`, which must be on the link of an interface; or straight onto the
 * link of `interface` with gateway 0. `interface` may be NULL with a gateway. False when that
 * cannot work. Replaces a route of the same prefix.
 */
bool host_add_route(struct host *host, uint32_t prefix, unsigned prefix_length, uint32_t gateway,
		    struct interface *interface);

/* Removes the route of this very prefix; false when there is none. */
bool host_remove_route(struct host *host, uint32_t prefix, unsigned prefix_length);

/* Read access for statistics and tests. */
const struct route_table *host_routes(const struct host *host);
struct arp *host_arp(struct host *host);

/* The host's TCP, made at its first use: when a program asks, or a segment arrives. */
struct tcp *host_tcp(struct host *host);
