#include "views/lru_table.h"
#include <glib.h>
#include <stdint.h>
#include <string.h>

#define RECENT_BITS 9
#define RECENT      (1u << RECENT_BITS)

struct lru_table {
	size_t key_bytes, value_offset, entry_bytes;
	size_t bucket_count;
	uint64_t clock; /* counts uses */
	uint8_t *
	    tags; /* of each place: bits of its key's hash, so that few keys are compared; 0: free */
	uint32_t *numbers; /* of each place that is not free: which entry is there */
	uint32_t entry_count;
	uint32_t *recent; /* 1 + numbers of entries found last, by the end of their key; 0: none */
	uint8_t *entries; /* in the order in which they were first needed: few take little memory */
	void (*forget)(void *owner, void *value);
	void *owner;
};

/*
 * An entry: when it was used last, its key, its value. One that yields is older than all in use, and
 * remembers when it was.
 */
#define IN_USE (UINT64_C(1) << 63)

struct lru_table *lru_table_new(size_t key_bytes, size_t value_bytes, size_t capacity,
				void (*forget)(void *owner, void *value), void *owner)
{
	struct lru_table *table = g_new0(struct lru_table, 1);

	g_assert(key_bytes > 0 && capacity >= LRU_WAYS && capacity <= UINT32_MAX &&
		 (capacity & (capacity - 1)) == 0);
	table->key_bytes = key_bytes;
	table->value_offset = (sizeof table->clock + key_bytes + 7) & ~(size_t)7;
	table->entry_bytes = (table->value_offset + value_bytes + 7) & ~(size_t)7;
	table->bucket_count = capacity / LRU_WAYS;
	table->forget = forget;
	table->owner = owner;
	/* Zeros from the system: what is never used takes no memory. */
	table->entries = g_malloc0_n(capacity, table->entry_bytes);
	table->tags = g_new0(uint8_t, capacity);
	table->numbers = g_new0(uint32_t, capacity);
	table->recent = g_new0(uint32_t, RECENT);
	return table;
}

static uint64_t *last_use(uint8_t *entry)
{
	return (uint64_t *)(void *)entry;
}

static uint8_t *entry_of_number(const struct lru_table *table, uint32_t number)
{
	return table->entries + number * table->entry_bytes;
}

static uint8_t *entry_at(const struct lru_table *table, size_t place)
{
	return entry_of_number(table, table->numbers[place]);
}

void lru_table_free(struct lru_table *table)
{
	if (table == NULL)
		return;
	for (uint32_t i = 0; table->forget != NULL && i < table->entry_count; i++)
		table->forget(table->owner, entry_of_number(table, i) + table->value_offset);
	g_free(table->entries);
	g_free(table->tags);
	g_free(table->numbers);
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

/* The first place of the bucket for a key that hashes to `hashed`. */
static size_t bucket_of(const struct lru_table *table, uint64_t hashed)
{
	return (hashed & (table->bucket_count - 1)) * LRU_WAYS;
}

static uint8_t tag_of(uint64_t hashed)
{
	return (uint8_t)(hashed >> 56 | 1); /* 0: free */
}

/* Word by word, as keys are written: what was just written could not be read in larger pieces yet. */
static inline bool has_key(const struct lru_table *table, const uint8_t *entry, const uint8_t *key)
{
	const uint8_t *own = entry + sizeof table->clock;
	size_t length = table->key_bytes;

	for (; length >= 8; own += 8, key += 8, length -= 8)
		if (memcmp(own, key, 8) != 0)
			return false;
	if (length < 4)
		return length == 0 || memcmp(own, key, length) == 0;
	return memcmp(own, key, 4) == 0 &&
	       (length == 4 || memcmp(own + 4, key + 4, length - 4) == 0);
}

#define TAGS_BYTES 8 /* looked at together */
G_STATIC_ASSERT(LRU_WAYS % TAGS_BYTES == 0);

/* The highest bit of each byte that is `tag`, the first in the lowest. */
static uint64_t tags_like(const uint8_t *tags, uint8_t tag)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), rest = ones * 0x7f;
	uint64_t word;

	memcpy(&word, tags, sizeof word);
	word = GUINT64_FROM_LE(word) ^ ones * tag;
	return ~(((word & rest) + rest) | word | rest);
}

/* 1 + the number of the entry that has the key; 0: there is none. */
static uint32_t find_in_bucket(const struct lru_table *table, const void *key)
{
	uint64_t hashed = hash(key, table->key_bytes);
	size_t bucket = bucket_of(table, hashed);

	for (size_t i = bucket; i < bucket + LRU_WAYS; i += TAGS_BYTES) {
		uint64_t like = tags_like(table->tags + i, tag_of(hashed));

		for (; like != 0; like &= like - 1) {
			size_t place = i + (size_t)__builtin_ctzll(like) / 8;

			if (has_key(table, entry_at(table, place), key))
				return table->numbers[place] + 1;
		}
	}
	return 0;
}

/*
 * The entry that was found last for a key that ends like this one, most often the same. An entry stays in
 * its place, and its key tells whose it is by now.
 */
static inline uint32_t *recent_of(const struct lru_table *table, const uint8_t *key)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t words[2] = { 0, 0 };

	if (table->key_bytes >= sizeof words[0])
		memcpy(words, key + table->key_bytes - sizeof words[0], sizeof words[0]);
	else
		read_tail(key, table->key_bytes, words);
	return &table->recent[(words[0] ^ words[1] << 32) * odd >> (64 - RECENT_BITS)];
}

static uint8_t *entry_of(const struct lru_table *table, const void *key)
{
	uint32_t *recent = recent_of(table, key), found = *recent;

	if (found != 0 && has_key(table, entry_of_number(table, found - 1), key))
		return entry_of_number(table, found - 1);
	found = find_in_bucket(table, key);
	if (found == 0)
		return NULL;
	*recent = found;
	return entry_of_number(table, found - 1);
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

/* The place in a bucket that is free, or what was used longest ago. */
static size_t place_to_take(struct lru_table *table, size_t bucket)
{
	size_t oldest = bucket;

	for (size_t i = bucket; i < bucket + LRU_WAYS; i++) {
		if (table->tags[i] == 0)
			return i;
		if (*last_use(entry_at(table, i)) < *last_use(entry_at(table, oldest)))
			oldest = i;
	}
	return oldest;
}

void *lru_table_put(struct lru_table *table, const void *key)
{
	void *found = lru_table_find(table, key);
	uint64_t hashed = hash(key, table->key_bytes);
	size_t place;
	uint8_t *entry;

	if (found != NULL)
		return found;
	place = place_to_take(table, bucket_of(table, hashed));
	if (table->tags[place] == 0)
		table->numbers[place] = table->entry_count++;
	else if (table->forget != NULL)
		table->forget(table->owner, entry_at(table, place) + table->value_offset);
	table->tags[place] = tag_of(hashed);
	entry = entry_at(table, place);
	memset(entry, 0, table->entry_bytes);
	*last_use(entry) = ++table->clock | IN_USE;
	memcpy(entry + sizeof table->clock, key, table->key_bytes);
	return entry + table->value_offset;
}

void lru_table_yield(struct lru_table *table, void *value)
{
	*last_use((uint8_t *)value - table->value_offset) &= ~IN_USE;
}
