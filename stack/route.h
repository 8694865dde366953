/*
 * A host's or router's table of IPv4 routes: the longest prefix that covers the destination wins
 * (RFC 1812 section 5.2.4.3). Fast with many routes: one hash probe per prefix length in use.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "stack/key_map.h"

struct interface;

enum route_kind {
	ROUTE_UNICAST,   /* to another host, on the link or by a gateway */
	ROUTE_LOCAL,     /* one of our own addresses */
	ROUTE_BROADCAST, /* the directed broadcast address of an interface's network */
};

struct route {
	struct interface *interface; /* where packets go out; of a local address: whose it is */
	uint32_t prefix;
	uint32_t gateway; /* 0: the destination is on the link */
	uint32_t mask;    /* of prefix_length, set by the table */
	uint8_t prefix_length;
	uint8_t kind; /* enum route_kind */
};

struct route_table {          /* all zero is an empty table */
	struct route *routes; /* without index: long prefixes first; else in no order */
	unsigned count, capacity;
	uint64_t lengths;     /* bit n: there are routes of prefix length n */
	struct key_map index; /* of prefix << 8 | length: position + 1; empty in small tables */
};

/* Frees what the table owns; it is empty then. */
void route_table_clear(struct route_table *table);

/*
 * Adds a route, or replaces the one of the same prefix; then it returns true, and `old` is what was
 * there. Bits of `prefix` beyond its length are ignored.
 */
bool route_table_set(struct route_table *table, const struct route *route, struct route *old);

/* Removes the route of this very prefix and gives it in `old`; false when there is none. */
bool route_table_remove(struct route_table *table, uint32_t prefix, unsigned prefix_length,
			struct route *old);

/* The best route to `destination`, valid until the table changes; NULL: none. */
const struct route *route_table_find(const struct route_table *table, uint32_t destination);

unsigned route_table_count(const struct route_table *table);

/* Calls `each` for every route, in the order of prefix, then prefix length. */
void route_table_each(const struct route_table *table,
		      void (*each)(void *owner, const struct route *route), void *owner);
