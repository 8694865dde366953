/*
 * A learning Ethernet switch (IEEE 802.1D section 7): store and forward, floods what it does not
 * know, forgets addresses not seen for 300 s.
 */
#pragma once
#include <stdint.h>
#include "stack/address.h"

struct interface;
struct node;
struct switch_node;
struct world;

#define SWITCH_AGEING_NS     (300 * INT64_C(1000000000)) /* IEEE 802.1D table 7-5 */
#define SWITCH_PROCESSING_NS 1000
#define SWITCH_ADDRESSES_MAX 65536 /* when full, a switch stops learning */

/* A switch with `port_count` ports, none connected. `name` is copied. */
struct switch_node *switch_new(struct world *world, const char *name, unsigned port_count);
void switch_free(struct switch_node *switch_node);

struct node *switch_get_node(struct switch_node *switch_node);
unsigned switch_port_count(const struct switch_node *switch_node);

/*
 * Makes `port` the mirror: it is sent a copy of each frame that comes in at another port, and has no
 * other part in switching; what comes in there is dropped. 0: there is none.
 */
void switch_mirror(struct switch_node *switch_node, unsigned port);

/* Port 1 to port_count, to lay a cable to. */
struct interface *switch_port(struct switch_node *switch_node, unsigned number);

/* A row of the address table. */
struct switch_row {
	struct mac mac;
	unsigned port;
	int64_t seen_ns;
};

/* Calls `row` for each address not yet aged, in the order of addresses. */
void switch_each_address(const struct switch_node *switch_node,
			 void (*row)(void *owner, const struct switch_row *row), void *owner);

/* Records now which addresses have aged, which would be noticed at their next use only. */
void switch_age(struct switch_node *switch_node);
