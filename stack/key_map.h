/*
 * A small map from 64-bit keys to 64-bit values that are not 0, by open addressing: the index of
 * the MAC, neighbour, route and port tables. An empty map owns no memory.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct key_map_cell {
	uint64_t key;
	uint64_t value; /* 0: the cell is empty */
};

struct key_map { /* all zero is an empty map */
	struct key_map_cell *cells;
	uint32_t count;
	uint32_t capacity; /* a power of two, or 0 */
};

/* Frees what the map owns; it is empty then. */
void key_map_clear(struct key_map *map);

/* The value of `key`, which may be changed in place to another that is not 0; NULL: none. */
uint64_t *key_map_find(const struct key_map *map, uint64_t key);

/* Sets the value of `key`, new or not. */
void key_map_set(struct key_map *map, uint64_t key, uint64_t value);

/* Removes `key`; false when it is not there. */
bool key_map_remove(struct key_map *map, uint64_t key);

/*
 * The cells in the order of their keys, to be freed with g_free(); NULL when the map is empty. Use
 * this where the order can be seen: the order of the cells themselves means nothing.
 */
struct key_map_cell *key_map_sorted(const struct key_map *map);
