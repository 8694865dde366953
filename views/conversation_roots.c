/* Which message a range of a stream is about, as its sender tells of it. */
#include "views/conversation_private.h"

/* A range of a stream direction that belongs to a message; kept in order of offset. */
struct root_range {
	uint64_t offset, end, root;
	uint64_t reach; /* the furthest end of all ranges up to this one */
};

static void ranges_free(gpointer data)
{
	g_array_free(data, TRUE);
}

void conversation_roots_init(struct conversations *conversations)
{
	conversations->roots =
	    g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, ranges_free);
}

static struct root_range *range_at(const GArray *ranges, guint index)
{
	return &g_array_index(ranges, struct root_range, index);
}

/* How many ranges begin at or before `offset`. */
static guint ranges_until(const GArray *ranges, uint64_t offset)
{
	guint low = 0, high = ranges->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (range_at(ranges, middle)->offset > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t conversation_root_at(const struct conversations *conversations, uint64_t object,
			      uint64_t offset)
{
	const GArray *ranges = g_hash_table_lookup(conversations->roots, &object);

	for (guint i = ranges == NULL ? 0 : ranges_until(ranges, offset); i > 0; i--) {
		const struct root_range *range = range_at(ranges, i - 1);

		if (range->reach <= offset)
			break;
		if (offset < range->end)
			return range->root;
	}
	return 0;
}

/* Sessions tell of a stream in its order, nearly: few ranges are put in before others. */
static void add_range(GArray *ranges, struct root_range range)
{
	guint index = ranges_until(ranges, range.offset);

	g_array_insert_val(ranges, index, range);
	for (; index < ranges->len; index++) {
		struct root_range *at = range_at(ranges, index);
		uint64_t reach = index == 0 ? 0 : range_at(ranges, index - 1)->reach;

		at->reach = MAX(reach, at->end);
	}
}

void conversations_feed_unit(struct conversations *conversations, const struct trace_record *record)
{
	struct root_range range = {
		.offset = record->before,
		.end = record->before + record->after,
		.root = record->root,
	};
	GArray *ranges = g_hash_table_lookup(conversations->roots, &record->object);

	if (record->root == 0)
		return;
	if (ranges == NULL) {
		uint64_t *key = g_new(uint64_t, 1);

		*key = record->object;
		ranges = g_array_new(FALSE, FALSE, sizeof(struct root_range));
		g_hash_table_insert(conversations->roots, key, ranges);
	}
	add_range(ranges, range);
}
