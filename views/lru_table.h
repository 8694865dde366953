/*
 * A table of bounded size in memory and time: keys of fixed length to values of fixed length, in
 * buckets of LRU_WAYS. Where a bucket is full, what was used longest ago makes room. So bytes from
 * outside can neither make it grow nor make a look-up long, whatever keys they choose.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define LRU_WAYS 16

struct lru_table;

/*
 * A table for `capacity` values, a power of two and at least LRU_WAYS. Keys are compared byte by
 * byte: no padding in them. `forget` (may be NULL) is called with each value that makes room, and
 * with all when the table is freed; `owner` is handed to it.
 */
struct lru_table *lru_table_new(size_t key_bytes, size_t value_bytes, size_t capacity,
				void (*forget)(void *owner, void *value), void *owner);
void lru_table_free(struct lru_table *table);

/* The value of `key`, which counts as used now; NULL: there is none. */
void *lru_table_find(struct lru_table *table, const void *key);

/* The same without counting as a use. */
const void *lru_table_look(const struct lru_table *table, const void *key);

/* The value of `key`, made of zeros where there was none. It stays in place until it makes room. */
void *lru_table_put(struct lru_table *table, const void *key);

/* `value`, of this table, makes room before all others of its bucket until it is used again. */
void lru_table_yield(struct lru_table *table, void *value);
