#include "views/held.h"

#include "stack/tcp/names.h"
#include "views/ranges.h"

struct held {
	GHashTable *next;  /* direction to the first byte that has not come; look-ups only */
	GHashTable *early; /* direction to what of it came behind a gap (ranges.h); look-ups only */
};

static void ranges_free(gpointer data)
{
	g_array_unref(data);
}

struct held *held_new(void)
{
	struct held *held = g_new(struct held, 1);

	held->next = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	held->early = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, ranges_free);
	return held;
}

void held_free(struct held *held)
{
	if (held == NULL)
		return;
	g_hash_table_unref(held->next);
	g_hash_table_unref(held->early);
	g_free(held);
}

static uint64_t *next_of(struct held *held, uint64_t object)
{
	uint64_t *next = g_hash_table_lookup(held->next, &object);

	if (next == NULL) {
		next = g_new0(uint64_t, 1);
		g_hash_table_insert(held->next, g_memdup2(&object, sizeof object), next);
	}
	return next;
}

/* Keeps what came behind a gap; returns where that ends. */
static uint64_t keep_early(struct held *held, const struct trace_record *record)
{
	GArray *early = g_hash_table_lookup(held->early, &record->object);

	if (early == NULL) {
		early = ranges_new();
		g_hash_table_insert(held->early, g_memdup2(&record->object, sizeof(uint64_t)),
				    early);
	}
	ranges_add(early, (struct range) { record->before, record->before + record->after });
	return ranges_at(early, 0)->begin;
}

/* Where the stream is whole up to, with what was held; forgets that. */
static uint64_t release(struct held *held, uint64_t object, uint64_t next)
{
	GArray *early = g_hash_table_lookup(held->early, &object);
	guint done = 0;

	for (; early != NULL && done < early->len; done++) {
		if (ranges_at(early, done)->begin > next)
			break;
		next = MAX(next, ranges_at(early, done)->end);
	}
	if (early != NULL && done == early->len)
		g_hash_table_remove(held->early, &object);
	else if (done > 0)
		g_array_remove_range(early, 0, done);
	return next;
}

void held_feed(struct held *held, const struct trace_record *record, struct held_news *news)
{
	uint64_t end = record->before + record->after, *next;

	*news = (struct held_news) { 0 };
	if (record->kind != TRACE_DECAPSULATE || record->layer != LAYER_TCP || record->after == 0 ||
	    record->object == 0)
		return;
	next = next_of(held, record->object);
	if (record->detail == TCP_OUT_OF_ORDER) {
		news->missing_begin = *next;
		news->missing_end = keep_early(held, record);
		return;
	}
	end = MAX(end, *next);
	*next = release(held, record->object, end);
	if (*next > end)
		news->released_end = *next;
}

uint64_t held_next(const struct held *held, uint64_t object)
{
	const uint64_t *next = g_hash_table_lookup(held->next, &object);

	return next == NULL ? 0 : *next;
}

uint64_t held_bytes(const struct held *held, uint64_t object)
{
	const GArray *early = g_hash_table_lookup(held->early, &object);
	uint64_t bytes = 0;

	for (guint i = 0; early != NULL && i < early->len; i++)
		bytes += ranges_at(early, i)->end - ranges_at(early, i)->begin;
	return bytes;
}
