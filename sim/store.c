#include "sim/store.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_BYTES       ((size_t)4 << 20)
#define RECORDS_PER_CHUNK (CHUNK_BYTES / sizeof(struct trace_record))
#define RECENT_COUNT      4096 /* packets whose last bytes are remembered for sharing */

/* Chunks come from memory until the bound is reached, then from a mapped temporary file. */
struct chunk {
	uint8_t *data;
	size_t length;
	bool is_mapped;
};

/* Where the bytes of a packet's last frame are: the next hop often stores the same ones. */
struct recent {
	uint64_t packet;
	uint64_t blob;
	uint32_t length;
};

struct trace_store {
	struct trace_sink sink;
	GArray *record_chunks; /* of struct chunk */
	GArray *blob_chunks;
	uint64_t count;
	uint64_t blob_end; /* arena offset behind the last byte; chunk index << 32 | offset */
	size_t memory_left;
	int spool; /* descriptor of the unlinked file; -1: none yet */
	int64_t spool_bytes;
	char *error;
	GHashTable *by_id; /* record id to index + 1; made by the first look-up */
	uint64_t indexed;
	struct recent recent[RECENT_COUNT];
};

static bool spool_open(struct trace_store *store)
{
	char *path = g_build_filename(g_get_tmp_dir(), "mailwire-trace-XXXXXX", NULL);

	store->spool = g_mkstemp(path);
	if (store->spool >= 0)
		g_unlink(path);
	else
		store->error = g_strdup_printf("%s: %s", path, g_strerror(errno));
	g_free(path);
	return store->spool >= 0;
}

static bool chunk_map(struct trace_store *store, struct chunk *chunk)
{
	if (store->spool < 0 && !spool_open(store))
		return false;
	int failure = posix_fallocate(store->spool, store->spool_bytes, (off_t)chunk->length);

	if (failure != 0) {
		store->error = g_strdup_printf("temporary trace file in %s: %s", g_get_tmp_dir(),
					       g_strerror(failure));
		return false;
	}
	chunk->data = mmap(NULL, chunk->length, PROT_READ | PROT_WRITE, MAP_SHARED, store->spool,
			   store->spool_bytes);
	if (chunk->data == MAP_FAILED) {
		store->error = g_strdup_printf("temporary trace file: %s", g_strerror(errno));
		return false;
	}
	chunk->is_mapped = true;
	store->spool_bytes += (int64_t)chunk->length;
	return true;
}

static uint8_t *chunk_add(struct trace_store *store, GArray *chunks, size_t length)
{
	struct chunk chunk = { .length = (length + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES };

	if (store->error != NULL)
		return NULL;
	if (store->memory_left >= chunk.length) {
		chunk.data = g_malloc(chunk.length);
		store->memory_left -= chunk.length;
	} else if (!chunk_map(store, &chunk)) {
		return NULL;
	}
	g_array_append_val(chunks, chunk);
	return chunk.data;
}

static void chunks_free(GArray *chunks)
{
	for (guint i = 0; i < chunks->len; i++) {
		struct chunk *chunk = &g_array_index(chunks, struct chunk, i);

		if (chunk->is_mapped)
			munmap(chunk->data, chunk->length);
		else
			g_free(chunk->data);
	}
	g_array_free(chunks, TRUE);
}

/* Copies `bytes` into the arena; returns its offset + 1, or 0 when there is no room. */
static uint64_t arena_append(struct trace_store *store, struct bytes bytes)
{
	GArray *chunks = store->blob_chunks;
	uint32_t offset = (uint32_t)store->blob_end;

	if (chunks->len == 0 ||
	    offset + bytes.length > g_array_index(chunks, struct chunk, chunks->len - 1).length) {
		if (chunk_add(store, chunks, bytes.length) == NULL)
			return 0;
		offset = 0;
	}
	uint64_t at = (uint64_t)(chunks->len - 1) << 32 | offset;

	memcpy(g_array_index(chunks, struct chunk, chunks->len - 1).data + offset, bytes.data,
	       bytes.length);
	store->blob_end = at + bytes.length;
	return at + 1;
}

static struct bytes arena_bytes(const struct trace_store *store, uint64_t blob, uint32_t length)
{
	uint64_t at = blob - 1;

	return (struct bytes) { g_array_index(store->blob_chunks, struct chunk, at >> 32).data +
				    (uint32_t)at,
				length };
}

/* Frames mostly cross a switch unchanged: the bytes of the packet's previous hop are shared. */
static uint64_t arena_store(struct trace_store *store, uint64_t packet, struct bytes bytes)
{
	struct recent *recent = &store->recent[packet % RECENT_COUNT];

	if (packet == 0)
		return arena_append(store, bytes);
	if (recent->packet == packet && recent->length == bytes.length && recent->blob != 0 &&
	    bytes_equal(arena_bytes(store, recent->blob, recent->length), bytes))
		return recent->blob;
	*recent = (struct recent) { packet, arena_append(store, bytes), (uint32_t)bytes.length };
	return recent->blob;
}

static void store_record(void *owner, const struct trace_record *record, struct bytes borrowed)
{
	struct trace_store *store = owner;
	size_t index = store->count % RECORDS_PER_CHUNK;

	if (index == 0 && chunk_add(store, store->record_chunks, CHUNK_BYTES) == NULL)
		return;
	struct chunk *chunk =
	    &g_array_index(store->record_chunks, struct chunk, store->record_chunks->len - 1);
	struct trace_record *kept = (struct trace_record *)chunk->data + index;

	*kept = *record;
	if (borrowed.length > 0)
		kept->blob = arena_store(store, record->packet, borrowed);
	store->count++;
}

struct trace_store *trace_store_new(size_t memory_bytes)
{
	struct trace_store *store = g_new0(struct trace_store, 1);

	store->sink =
	    (struct trace_sink) { .kinds = TRACE_ALL, .owner = store, .record = store_record };
	store->record_chunks = g_array_new(FALSE, FALSE, sizeof(struct chunk));
	store->blob_chunks = g_array_new(FALSE, FALSE, sizeof(struct chunk));
	store->memory_left = memory_bytes;
	store->spool = -1;
	return store;
}

void trace_store_free(struct trace_store *store)
{
	if (store == NULL)
		return;
	chunks_free(store->record_chunks);
	chunks_free(store->blob_chunks);
	if (store->by_id != NULL)
		g_hash_table_destroy(store->by_id);
	if (store->spool >= 0)
		close(store->spool);
	g_free(store->error);
	g_free(store);
}

struct trace_sink *trace_store_sink(struct trace_store *store)
{
	return &store->sink;
}

const char *trace_store_error(const struct trace_store *store)
{
	return store->error;
}

uint64_t trace_store_count(const struct trace_store *store)
{
	return store->count;
}

const struct trace_record *trace_store_record(const struct trace_store *store, uint64_t index)
{
	const struct chunk *chunk =
	    &g_array_index(store->record_chunks, struct chunk, index / RECORDS_PER_CHUNK);

	return (const struct trace_record *)chunk->data + index % RECORDS_PER_CHUNK;
}

struct bytes trace_store_bytes(const struct trace_store *store, const struct trace_record *record)
{
	if (record->blob == 0)
		return (struct bytes) { 0 };
	return arena_bytes(store, record->blob, record->blob_bytes);
}

uint64_t trace_store_find(const struct trace_store *store, uint64_t id)
{
	/* The index is a cache beside the records: the look-up is constant to the outside. */
	struct trace_store *cache = (struct trace_store *)store;

	if (cache->by_id == NULL)
		cache->by_id = g_hash_table_new(trace_id_hash, g_int64_equal);
	for (; cache->indexed < cache->count; cache->indexed++) {
		const struct trace_record *record = trace_store_record(store, cache->indexed);

		g_hash_table_insert(cache->by_id, (gpointer)&record->id,
				    GSIZE_TO_POINTER(cache->indexed + 1));
	}
	gpointer found = g_hash_table_lookup(cache->by_id, &id);

	return found == NULL ? UINT64_MAX : GPOINTER_TO_SIZE(found) - 1;
}
