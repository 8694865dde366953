#include "views/lru_table.h"
#include <glib.h>
#include <stdint.h>
#include <string.h>

struct lru_table {
	size_t key_bytes, value_offset, entry_bytes;
	size_t bucket_count;
	uint64_t clock; /* counts uses; an entry whose last use is 0 is free */
	uint32_t *tags; /* of each entry: bits of its key's hash, so that few keys are compared */
	uint8_t *entries;
	uint8_t *
	    *recent; /* RECENT entries that were found last, by the end of their key; NULL: none */
	void (*forget)(void *owner, void *value);
	void *owner;
};

/*
 * An entry: when it was used last, its key, its value. One that yields is older than all in use, and
 * remembers when it was.
 */
#define IN_USE (UINT64_C(1) << 63)
#define RECENT 64

struct lru_table *lru_table_new(size_t key_bytes, size_t value_bytes, size_t capacity,
				void (*forget)(void *owner, void *value), void *owner)
{
	struct lru_table *table = g_new0(struct lru_table, 1);

	g_assert(key_bytes >= 2 && capacity >= LRU_WAYS && (capacity & (capacity - 1)) == 0);
	table->key_bytes = key_bytes;
	table->value_offset = (sizeof table->clock + key_bytes + 7) & ~(size_t)7;
	table->entry_bytes = (table->value_offset + value_bytes + 7) & ~(size_t)7;
	table->bucket_count = capacity / LRU_WAYS;
	table->forget = forget;
	table->owner = owner;
	/* Zeros from the system: what is never used takes no memory. */
	table->entries = g_malloc0_n(capacity, table->entry_bytes);
	table->tags = g_new0(uint32_t, capacity);
	table->recent = g_new0(uint8_t *, RECENT);
	return table;
}

static uint64_t *last_use(uint8_t *entry)
{
	return (uint64_t *)(void *)entry;
}

static uint8_t *entry_at(const struct lru_table *table, size_t index)
{
	return table->entries + index * table->entry_bytes;
}

void lru_table_free(struct lru_table *table)
{
	size_t count = table == NULL ? 0 : table->bucket_count * LRU_WAYS;

	if (table == NULL)
		return;
	for (size_t i = 0; table->forget != NULL && i < count; i++) {
		if (table->tags[i] != 0)
			table->forget(table->owner, entry_at(table, i) + table->value_offset);
	}
	g_free(table->entries);
	g_free(table->tags);
	g_free(table->recent);
	g_free(table);
}

/* Both halves of a product: each bit of it depends on many of both factors. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last bytes of a key, fewer than 16, as two words, which may overlap. */
static void read_tail(const uint8_t *key, size_t length, uint64_t words[2])
{
	uint32_t low, high;

	if (length >= sizeof words[0]) {
		memcpy(&words[0], key, sizeof words[0]);
		memcpy(&words[1], key + length - sizeof words[1], sizeof words[1]);
	} else if (length >= sizeof low) {
		memcpy(&low, key, sizeof low);
		memcpy(&high, key + length - sizeof high, sizeof high);
		words[0] = low;
		words[1] = high;
	} else {
		for (size_t i = 0; i < length; i++)
			words[0] = words[0] << 8 | key[i];
	}
}

/* Sixteen bytes at a time. */
static uint64_t hash(const uint8_t *key, size_t length)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15), other = UINT64_C(0xd1b54a32d192ed03);
	uint64_t value = length * odd, words[2];

	for (; length >= sizeof words; key += sizeof words, length -= sizeof words) {
		memcpy(words, key, sizeof words);
		value = mix(words[0] ^ odd, words[1] ^ value);
	}
	if (length > 0) {
		words[0] = words[1] = 0;
		read_tail(key, length, words);
		value = mix(words[0] ^ odd, words[1] ^ value);
	}
	return mix(value ^ odd, other);
}

/* The first entry of the bucket for a key that hashes to `hashed`. */
static size_t bucket_of(const struct lru_table *table, uint64_t hashed)
{
	return (hashed & (table->bucket_count - 1)) * LRU_WAYS;
}

static uint32_t tag_of(uint64_t hashed)
{
	return (uint32_t)(hashed >> 32) | 1; /* 0: free */
}

static bool has_key(const struct lru_table *table, const uint8_t *entry, const void *key)
{
	return memcmp(entry + sizeof table->clock, key, table->key_bytes) == 0;
}

/*
 * The entry that was found last for a key that ends like this one, most often the same. An entry stays in
 * its place, and its key tells whose it is by now.
 */
static uint8_t **recent_of(const struct lru_table *table, const uint8_t *key)
{
	return &table->recent[(key[table->key_bytes - 1] ^ key[table->key_bytes - 2]) % RECENT];
}

static uint8_t *entry_in_bucket(const struct lru_table *table, const void *key)
{
	uint64_t hashed;
	size_t bucket;
	const uint32_t *tags;
	uint32_t tag;

	hashed = hash(key, table->key_bytes);
	bucket = bucket_of(table, hashed);
	tags = table->tags + bucket;
	tag = tag_of(hashed);
	for (unsigned i = 0; i < LRU_WAYS && tags[i] != 0; i++) { /* filled from the first on */
		uint8_t *entry;

		if (tags[i] != tag)
			continue;
		entry = entry_at(table, bucket + i);
		if (has_key(table, entry, key))
			return entry;
	}
	return NULL;
}

static uint8_t *entry_of(const struct lru_table *table, const void *key)
{
	uint8_t **recent = recent_of(table, key), *entry = *recent;

	if (table->clock == 0)
		return NULL; /* nothing was put in yet */
	if (entry != NULL && has_key(table, entry, key))
		return entry;
	entry = entry_in_bucket(table, key);
	if (entry != NULL)
		*recent = entry;
	return entry;
}

const void *lru_table_look(const struct lru_table *table, const void *key)
{
	const uint8_t *entry = entry_of(table, key);

	return entry == NULL ? NULL : entry + table->value_offset;
}

void *lru_table_find(struct lru_table *table, const void *key)
{
	uint8_t *entry = entry_of(table, key);

	if (entry == NULL)
		return NULL;
	*last_use(entry) = ++table->clock | IN_USE;
	return entry + table->value_offset;
}

void *lru_table_put(struct lru_table *table, const void *key)
{
	void *found = lru_table_find(table, key);
	uint64_t hashed = hash(key, table->key_bytes);
	size_t bucket = bucket_of(table, hashed), at = bucket;
	uint8_t *oldest;

	if (found != NULL)
		return found;
	for (size_t i = bucket; i < bucket + LRU_WAYS; i++)
		if (*last_use(entry_at(table, i)) < *last_use(entry_at(table, at)))
			at = i;
	oldest = entry_at(table, at);
	if (*last_use(oldest) != 0 && table->forget != NULL)
		table->forget(table->owner, oldest + table->value_offset);
	memset(oldest, 0, table->entry_bytes);
	table->tags[at] = tag_of(hashed);
	*last_use(oldest) = ++table->clock | IN_USE;
	memcpy(oldest + sizeof table->clock, key, table->key_bytes);
	return oldest + table->value_offset;
}

void lru_table_yield(struct lru_table *table, void *value)
{
	*last_use((uint8_t *)value - table->value_offset) &= ~IN_USE;
}
