#include "stack/key_map.h"

#include <glib.h>
#include <stdlib.h>

#define FIRST_CAPACITY 4

void key_map_clear(struct key_map *map)
{
	g_free(map->cells);
	*map = (struct key_map) { 0 };
}

/* Multiplicative hashing with the bits of both halves mixed in first. */
static uint32_t home_of(const struct key_map *map, uint64_t key)
{
	key ^= key >> 32;
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(key >> 32) & (map->capacity - 1);
}

/* The cell that holds `key`, or the empty one where it would go. */
static struct key_map_cell *cell_of(const struct key_map *map, uint64_t key)
{
	uint32_t at = home_of(map, key);

	while (map->cells[at].value != 0 && map->cells[at].key != key)
		at = (at + 1) & (map->capacity - 1);
	return &map->cells[at];
}

uint64_t *key_map_find(const struct key_map *map, uint64_t key)
{
	if (map->count == 0)
		return NULL;
	struct key_map_cell *cell = cell_of(map, key);

	return cell->value != 0 ? &cell->value : NULL;
}

static void grow(struct key_map *map)
{
	struct key_map_cell *old = map->cells;
	uint32_t old_capacity = map->capacity;

	map->capacity = old_capacity ? 2 * old_capacity : FIRST_CAPACITY;
	map->cells = g_new0(struct key_map_cell, map->capacity);
	for (uint32_t i = 0; i < old_capacity; i++)
		if (old[i].value != 0)
			*cell_of(map, old[i].key) = old[i];
	g_free(old);
}

void key_map_set(struct key_map *map, uint64_t key, uint64_t value)
{
	g_assert(value != 0);
	/* A quarter of the cells stays empty, so that every search ends soon. */
	if (4 * ((uint64_t)map->count + 1) > 3 * (uint64_t)map->capacity)
		grow(map);
	struct key_map_cell *cell = cell_of(map, key);

	if (cell->value == 0)
		map->count++;
	*cell = (struct key_map_cell) { key, value };
}

bool key_map_remove(struct key_map *map, uint64_t key)
{
	if (map->count == 0)
		return false;
	struct key_map_cell *cell = cell_of(map, key);
	uint32_t mask = map->capacity - 1;
	uint32_t hole = (uint32_t)(cell - map->cells);

	if (cell->value == 0)
		return false;
	map->cells[hole].value = 0;
	map->count--;

	/* Cells behind the hole that were pushed past it move up, so that no search stops early. */
	for (uint32_t at = (hole + 1) & mask; map->cells[at].value != 0; at = (at + 1) & mask) {
		uint32_t home = home_of(map, map->cells[at].key);

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		map->cells[hole] = map->cells[at];
		map->cells[at].value = 0;
		hole = at;
	}
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t left = ((const struct key_map_cell *)a)->key;
	uint64_t right = ((const struct key_map_cell *)b)->key;

	return left < right ? -1 : left > right;
}

struct key_map_cell *key_map_sorted(const struct key_map *map)
{
	if (map->count == 0)
		return NULL;
	struct key_map_cell *cells = g_new(struct key_map_cell, map->count);
	uint32_t count = 0;

	for (uint32_t i = 0; i < map->capacity; i++)
		if (map->cells[i].value != 0)
			cells[count++] = map->cells[i];
	qsort(cells, count, sizeof *cells, compare_keys);
	return cells;
}
