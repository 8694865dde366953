#include "stack/route.h"

#include <glib.h>
#include <stdlib.h>
#include "stack/address.h"

/* Up to so many routes, looking at each is fastest, and there is no index. */
#define SCANNED_ROUTES 8

void route_table_clear(struct route_table *table)
{
	key_map_clear(&table->index);
	g_free(table->routes);
	*table = (struct route_table) { 0 };
}

static bool has_index(const struct route_table *table)
{
	return table->index.count > 0;
}

static uint64_t key_of(uint32_t prefix, unsigned prefix_length)
{
	return (uint64_t)(prefix & ipv4_mask(prefix_length)) << 8 | prefix_length;
}

static uint64_t route_key(const struct route *route)
{
	return key_of(route->prefix, route->prefix_length);
}

static struct route *find_exactly(const struct route_table *table, uint64_t key)
{
	if (has_index(table)) {
		uint64_t *position = key_map_find(&table->index, key);

		return position != NULL ? &table->routes[*position - 1] : NULL;
	}
	for (unsigned i = 0; i < table->count; i++)
		if (route_key(&table->routes[i]) == key)
			return &table->routes[i];
	return NULL;
}

/* Notes in the index that routes[position] is where it is. */
static void index_route(struct route_table *table, unsigned position)
{
	key_map_set(&table->index, route_key(&table->routes[position]), position + 1);
}

static void append(struct route_table *table, const struct route *route)
{
	if (table->count == table->capacity) {
		table->capacity = table->capacity ? 2 * table->capacity : 4;
		table->routes = g_renew(struct route, table->routes, table->capacity);
	}
	unsigned at = table->count++;

	if (!has_index(table))
		for (; at > 0 && table->routes[at - 1].prefix_length < route->prefix_length; at--)
			table->routes[at] = table->routes[at - 1];
	table->routes[at] = *route;
	table->lengths |= UINT64_C(1) << route->prefix_length;

	unsigned first = has_index(table) ? table->count - 1 : 0;

	if (table->count > SCANNED_ROUTES)
		for (unsigned i = first; i < table->count; i++)
			index_route(table, i);
}

bool route_table_set(struct route_table *table, const struct route *route, struct route *old)
{
	struct route *place = find_exactly(table, route_key(route));
	struct route masked = *route;

	masked.mask = ipv4_mask(route->prefix_length);
	masked.prefix &= masked.mask;
	if (place == NULL) {
		append(table, &masked);
		return false;
	}
	*old = *place;
	*place = masked;
	return true;
}

/* Sets the bits of the prefix lengths in use anew: removing is rare. */
static void note_lengths(struct route_table *table)
{
	table->lengths = 0;
	for (unsigned i = 0; i < table->count; i++)
		table->lengths |= UINT64_C(1) << table->routes[i].prefix_length;
}

bool route_table_remove(struct route_table *table, uint32_t prefix, unsigned prefix_length,
			struct route *old)
{
	struct route *gone = find_exactly(table, key_of(prefix, prefix_length));

	if (gone == NULL)
		return false;
	bool is_indexed = has_index(table);

	*old = *gone;
	table->count--;
	if (is_indexed) {
		*gone = table->routes[table->count];
		if (gone != &table->routes[table->count])
			index_route(table, (unsigned)(gone - table->routes));
		key_map_remove(&table->index, route_key(old));
	} else {
		memmove(gone, gone + 1,
			(size_t)(&table->routes[table->count] - gone) * sizeof *gone);
	}
	note_lengths(table);
	return true;
}

static const struct route *find_by_scan(const struct route_table *table, uint32_t destination)
{
	for (unsigned i = 0; i < table->count; i++) {
		const struct route *route = &table->routes[i];

		if (((destination ^ route->prefix) & route->mask) == 0)
			return route;
	}
	return NULL;
}

const struct route *route_table_find(const struct route_table *table, uint32_t destination)
{
	if (!has_index(table))
		return find_by_scan(table, destination);

	for (uint64_t left = table->lengths; left != 0;) {
		unsigned prefix_length = 63 - (unsigned)__builtin_clzll(left);
		const struct route *route = find_exactly(table, key_of(destination, prefix_length));

		if (route != NULL)
			return route;
		left &= ~(UINT64_C(1) << prefix_length);
	}
	return NULL;
}

unsigned route_table_count(const struct route_table *table)
{
	return table->count;
}

static int compare_routes(const void *a, const void *b)
{
	uint64_t left = route_key(a), right = route_key(b);

	return left < right ? -1 : left > right;
}

void route_table_each(const struct route_table *table,
		      void (*each)(void *owner, const struct route *route), void *owner)
{
	if (table->count == 0)
		return;
	struct route *sorted = g_memdup2(table->routes, table->count * sizeof *sorted);

	qsort(sorted, table->count, sizeof *sorted, compare_routes);
	for (unsigned i = 0; i < table->count; i++)
		each(owner, &sorted[i]);
	g_free(sorted);
}
