#include "protocols/dns/cache.h"

struct cached {
	struct dns_cache_entry entry; /* first: found by the address of its members */
	GList link;                   /* in the cache's order of use */
};

struct dns_cache {
	GHashTable *table; /* struct cached by name and type; never iterated over */
	GQueue order;      /* of struct cached, the one used last at the head */
	unsigned entries_max;
	uint64_t numbers;
	dns_cache_changed_fn *changed;
	void *owner;
};

static guint hash_entry(gconstpointer data)
{
	const struct dns_cache_entry *entry = data;

	return dns_name_hash(entry->name) * 31 + entry->type;
}

static gboolean equal_entries(gconstpointer a, gconstpointer b)
{
	const struct dns_cache_entry *one = a, *other = b;

	return one->type == other->type && dns_name_equal(one->name, other->name);
}

struct dns_cache *dns_cache_new(unsigned entries_max, dns_cache_changed_fn *changed, void *owner)
{
	struct dns_cache *cache = g_new0(struct dns_cache, 1);

	g_assert(entries_max > 0);
	cache->table = g_hash_table_new_full(hash_entry, equal_entries, NULL, g_free);
	g_queue_init(&cache->order);
	cache->entries_max = entries_max;
	cache->changed = changed;
	cache->owner = owner;
	return cache;
}

void dns_cache_free(struct dns_cache *cache)
{
	if (cache == NULL)
		return;
	g_hash_table_destroy(cache->table);
	g_free(cache);
}

unsigned dns_cache_count(const struct dns_cache *cache)
{
	return g_hash_table_size(cache->table);
}

static void report(struct dns_cache *cache, enum dns_cache_change change,
		   const struct cached *cached)
{
	if (cache->changed != NULL)
		cache->changed(cache->owner, change, &cached->entry);
}

static void drop(struct dns_cache *cache, struct cached *cached, enum dns_cache_change why)
{
	report(cache, why, cached);
	g_queue_unlink(&cache->order, &cached->link);
	g_hash_table_remove(cache->table, cached);
}

/* The entry with exactly this name and type that has not expired; NULL when there is none. */
static struct cached *find_live(struct dns_cache *cache, int64_t now_ns, struct dns_name name,
				uint16_t type)
{
	const struct dns_cache_entry key = { .name = name, .type = type };
	struct cached *cached = g_hash_table_lookup(cache->table, &key);

	if (cached != NULL && cached->entry.expires_ns <= now_ns) {
		drop(cache, cached, DNS_CACHE_EXPIRED);
		return NULL;
	}
	return cached;
}

/* The proof that `name`, or one above it, does not exist (RFC 8020 section 2); or NULL. */
static struct cached *find_no_name(struct dns_cache *cache, int64_t now_ns, struct dns_name name)
{
	struct cached *cached = find_live(cache, now_ns, name, 0);

	while (cached == NULL && name.length > 1) {
		name = dns_name_parent(name);
		cached = find_live(cache, now_ns, name, 0);
	}
	return cached;
}

static size_t storage_bytes(const struct dns_cache_entry *entry)
{
	size_t size = entry->name.length;

	for (unsigned i = 0; i < entry->count; i++)
		size += entry->records[i].name.length + entry->records[i].data.length;
	return size;
}

static uint8_t *store(uint8_t **storage, const uint8_t *data, size_t length)
{
	uint8_t *stored = *storage;

	if (length > 0)
		memcpy(stored, data, length);
	*storage += length;
	return stored;
}

/* A copy in one block: the entry, its records, and behind them their names and data. */
static struct cached *copy_entry(const struct dns_cache_entry *entry, uint32_t ttl_s)
{
	size_t records_bytes = entry->count * sizeof *entry->records;
	struct cached *copy = g_malloc(sizeof *copy + records_bytes + storage_bytes(entry));
	uint8_t *storage = (uint8_t *)(copy + 1) + records_bytes;

	*copy = (struct cached) { .entry = *entry };
	copy->link.data = copy;
	copy->entry.name.wire = store(&storage, entry->name.wire, entry->name.length);
	copy->entry.records = (struct dns_record *)(void *)(copy + 1);
	for (unsigned i = 0; i < entry->count; i++) {
		const struct dns_record *from = &entry->records[i];
		struct dns_record *to = &copy->entry.records[i];

		*to = *from;
		to->ttl_s = MIN(from->ttl_s, ttl_s);
		to->name.wire = store(&storage, from->name.wire, from->name.length);
		to->data.data = store(&storage, from->data.data, from->data.length);
	}
	return copy;
}

static uint32_t limit_ttl(enum dns_cache_kind kind, uint32_t ttl_s)
{
	return MIN(ttl_s, kind == DNS_CACHE_RECORDS ? DNS_CACHE_TTL_S : DNS_CACHE_NEGATIVE_TTL_S);
}

/* Makes way for an entry under this name and type; false when what is there is worth more. */
static bool make_way(struct dns_cache *cache, int64_t now_ns, const struct dns_cache_entry *entry)
{
	struct cached *before = find_live(cache, now_ns, entry->name, entry->type);

	if (before != NULL) {
		if (before->entry.trust > entry->trust || entry->kind == DNS_CACHE_FAILURE)
			return false;
		drop(cache, before, DNS_CACHE_REPLACED);
	}
	/* A name that has records exists again, and with it those above. */
	if (entry->kind == DNS_CACHE_RECORDS && entry->trust == DNS_TRUST_ANSWER)
		while ((before = find_no_name(cache, now_ns, entry->name)) != NULL)
			drop(cache, before, DNS_CACHE_REPLACED);
	return true;
}

void dns_cache_put(struct dns_cache *cache, int64_t now_ns, const struct dns_cache_entry *entry,
		   uint32_t ttl_s)
{
	ttl_s = limit_ttl(entry->kind, ttl_s);
	if (ttl_s == 0 || !make_way(cache, now_ns, entry))
		return;
	if (dns_cache_count(cache) == cache->entries_max)
		drop(cache, cache->order.tail->data, DNS_CACHE_EVICTED);

	struct cached *cached = copy_entry(entry, ttl_s);
	cached->entry.number = ++cache->numbers;
	cached->entry.expires_ns = now_ns + ttl_s * NS_PER_S;
	g_hash_table_add(cache->table, cached);
	g_queue_push_head_link(&cache->order, &cached->link);
	report(cache, DNS_CACHE_ADDED, cached);
}

const struct dns_cache_entry *dns_cache_find(struct dns_cache *cache, int64_t now_ns,
					     struct dns_name name, uint16_t type,
					     enum dns_trust trust)
{
	struct cached *cached = find_live(cache, now_ns, name, type);

	if (cached == NULL || cached->entry.trust < trust)
		cached = find_no_name(cache, now_ns, name);
	if (cached == NULL)
		return NULL;
	g_queue_unlink(&cache->order, &cached->link);
	g_queue_push_head_link(&cache->order, &cached->link);
	return &cached->entry;
}

uint32_t dns_cache_ttl(const struct dns_cache_entry *entry, int64_t now_ns)
{
	return (uint32_t)((entry->expires_ns - now_ns) / NS_PER_S);
}
