/*
 * From the four addresses and ports of a segment to what it belongs to: an open-addressing hash
 * table that grows, of connections and of what is left of them in TIME-WAIT.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The identity of a connection; embedded in what the table holds. Addresses in host order. */
struct flow {
	uint32_t local_address, remote_address;
	uint16_t local_port, remote_port;
	bool is_time_wait; /* embedded in a struct time_wait, not in a struct tcp_connection */
};

struct flow_table {
	struct flow **flows; /* slots */
	uint16_t *tags;      /* of each slot: bits of the hash; 0: empty */
	uint32_t capacity;   /* a power of two, or 0 */
	uint32_t count;
	uint64_t key; /* mixed into every hash */
};

void flow_table_init(struct flow_table *table, uint64_t key);
void flow_table_clear(struct flow_table *table);

/* The entry with the addresses and ports of `wanted`, or NULL. */
struct flow *flow_table_find(const struct flow_table *table, const struct flow *wanted);

/* Adds `flow`, which must not be there, and must stay where it is until it is removed. */
void flow_table_add(struct flow_table *table, struct flow *flow);

/* Removes `flow`, which must be there. */
void flow_table_remove(struct flow_table *table, const struct flow *flow);
