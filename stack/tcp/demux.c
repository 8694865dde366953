#include "stack/tcp/demux.h"

#include <glib.h>

#define FIRST_CAPACITY 16

void flow_table_init(struct flow_table *table, uint64_t key)
{
	*table = (struct flow_table) { .key = key };
}

void flow_table_clear(struct flow_table *table)
{
	g_free(table->flows);
	g_free(table->tags);
	*table = (struct flow_table) { 0 };
}

/* Multiplies and folds: every bit of the input reaches the bits used as index and as tag. */
static uint64_t flow_hash(const struct flow_table *table, const struct flow *flow)
{
	uint64_t addresses = (uint64_t)flow->local_address << 32 | flow->remote_address;
	uint64_t ports = (uint64_t)flow->local_port << 16 | flow->remote_port;
	uint64_t hash = (addresses ^ table->key) * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ (hash >> 32) ^ ports) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ^ (hash >> 29);
}

static uint16_t tag_of(uint64_t hash)
{
	return (uint16_t)(hash >> 48 | 1);
}

static bool is_same(const struct flow *a, const struct flow *b)
{
	return a->remote_address == b->remote_address && a->remote_port == b->remote_port &&
	       a->local_port == b->local_port && a->local_address == b->local_address;
}

struct flow *flow_table_find(const struct flow_table *table, const struct flow *wanted)
{
	if (table->count == 0)
		return NULL;
	uint64_t hash = flow_hash(table, wanted);
	uint32_t mask = table->capacity - 1;
	uint16_t tag = tag_of(hash);

	for (uint32_t i = (uint32_t)hash & mask; table->tags[i] != 0; i = (i + 1) & mask)
		if (table->tags[i] == tag && is_same(table->flows[i], wanted))
			return table->flows[i];
	return NULL;
}

static void place(struct flow_table *table, struct flow *flow)
{
	uint64_t hash = flow_hash(table, flow);
	uint32_t mask = table->capacity - 1;
	uint32_t i = (uint32_t)hash & mask;

	while (table->tags[i] != 0)
		i = (i + 1) & mask;
	table->tags[i] = tag_of(hash);
	table->flows[i] = flow;
}

static void resize(struct flow_table *table, uint32_t capacity)
{
	struct flow_table old = *table;

	table->capacity = capacity;
	table->flows = g_new(struct flow *, table->capacity);
	table->tags = g_new0(uint16_t, table->capacity);
	for (uint32_t i = 0; i < old.capacity; i++)
		if (old.tags[i] != 0)
			place(table, old.flows[i]);
	g_free(old.flows);
	g_free(old.tags);
}

void flow_table_add(struct flow_table *table, struct flow *flow)
{
	/* At most seven eighths full: runs of occupied slots are longer then, but the tags of a run of
	 * 32 lie in one or two lines of the cache. */
	if (8 * (uint64_t)(table->count + 1) > 7 * (uint64_t)table->capacity)
		resize(table, MAX(2 * table->capacity, FIRST_CAPACITY));
	table->count++;
	place(table, flow);
}

void flow_table_remove(struct flow_table *table, const struct flow *flow)
{
	uint32_t mask = table->capacity - 1;
	uint32_t hole = (uint32_t)flow_hash(table, flow) & mask;

	while (table->flows[hole] != flow || table->tags[hole] == 0) {
		g_assert(table->tags[hole] != 0);
		hole = (hole + 1) & mask;
	}

	/* Linear probing without markers: what follows moves up unless it already lies at home. */
	for (uint32_t i = (hole + 1) & mask; table->tags[i] != 0; i = (i + 1) & mask) {
		uint32_t home = (uint32_t)flow_hash(table, table->flows[i]) & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		table->flows[hole] = table->flows[i];
		table->tags[hole] = table->tags[i];
		hole = i;
	}
	table->tags[hole] = 0;
	table->count--;
	if (table->count < table->capacity / 8 && table->capacity > FIRST_CAPACITY)
		resize(table, table->capacity / 2);
}
