#include "views/held.h"

#include "stack/tcp/names.h"

struct range {
	uint64_t begin, end;
};

struct held {
	GHashTable *next; /* direction to the first byte that has not come; look-ups only */
	GHashTable *gaps; /* direction to GArray of struct range; look-ups only */
};

static void ranges_free(gpointer data)
{
	g_array_unref(data);
}

struct held *held_new(void)
{
	struct held *held = g_new(struct held, 1);

	held->next = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	held->gaps = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, ranges_free);
	return held;
}

void held_free(struct held *held)
{
	if (held == NULL)
		return;
	g_hash_table_unref(held->next);
	g_hash_table_unref(held->gaps);
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

static void keep_early(struct held *held, const struct trace_record *record)
{
	struct range added = { record->before, record->before + record->after };
	GArray *early = g_hash_table_lookup(held->gaps, &record->object);
	guint i = 0;

	if (early == NULL) {
		early = g_array_new(FALSE, FALSE, sizeof(struct range));
		g_hash_table_insert(held->gaps, g_memdup2(&record->object, sizeof(uint64_t)),
				    early);
	}
	while (i < early->len && g_array_index(early, struct range, i).begin <= added.begin)
		i++;
	g_array_insert_val(early, i, added);
}

/* Where the stream is whole up to, with what was held; forgets that. */
static uint64_t release(struct held *held, uint64_t object, uint64_t next)
{
	GArray *early = g_hash_table_lookup(held->gaps, &object);
	guint done = 0;

	for (; early != NULL && done < early->len; done++) {
		const struct range *range = &g_array_index(early, struct range, done);

		if (range->begin > next)
			break;
		next = MAX(next, range->end);
	}
	if (early != NULL && done == early->len)
		g_hash_table_remove(held->gaps, &object);
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
		keep_early(held, record);
		GArray *early = g_hash_table_lookup(held->gaps, &record->object);

		news->missing_begin = *next;
		news->missing_end = g_array_index(early, struct range, 0).begin;
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
	const GArray *early = g_hash_table_lookup(held->gaps, &object);
	uint64_t bytes = 0, end = 0;

	for (guint i = 0; early != NULL && i < early->len; i++) {
		const struct range *range = &g_array_index(early, struct range, i);

		end = MAX(end, range->begin);
		bytes += range->end > end ? range->end - end : 0;
		end = MAX(end, range->end);
	}
	return bytes;
}
