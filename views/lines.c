#include "views/lines.h"

#include <inttypes.h>
#include "sim/time.h"
#include "stack/layer.h"
#include "views/names.h"

#define MINUTE_NS (60 * NS_PER_S)
#define MILLION   UINT64_C(1000000)

struct lines {
	GArray *lines;        /* of struct dial_line */
	GHashTable *networks; /* link object -> name, of every cable: look-ups only */
};

static void line_clear(gpointer line)
{
	g_free(((struct dial_line *)line)->network);
}

struct lines *lines_new(void)
{
	struct lines *lines = g_new0(struct lines, 1);

	lines->lines = g_array_new(FALSE, TRUE, sizeof(struct dial_line));
	g_array_set_clear_func(lines->lines, line_clear);
	lines->networks = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	return lines;
}

void lines_free(struct lines *lines)
{
	if (lines == NULL)
		return;
	g_array_unref(lines->lines);
	g_hash_table_unref(lines->networks);
	g_free(lines);
}

unsigned lines_count(const struct lines *lines)
{
	return lines->lines->len;
}

const struct dial_line *lines_get(const struct lines *lines, unsigned index)
{
	return &g_array_index(lines->lines, struct dial_line, index);
}

const struct dial_line *lines_find(const struct lines *lines, uint64_t object)
{
	for (unsigned i = 0; i < lines->lines->len; i++)
		if (lines_get(lines, i)->link == object)
			return lines_get(lines, i);
	return NULL;
}

static uint64_t begun_minutes(int64_t duration_ns)
{
	return (uint64_t)MAX((duration_ns + MINUTE_NS - 1) / MINUTE_NS, 1);
}

static void change(struct dial_line *line, const struct trace_record *record)
{
	if (line->state == LINE_UP) {
		line->up_ns += record->time_ns - line->since_ns;
		line->minutes += begun_minutes(record->time_ns - line->since_ns);
	}
	line->state = (enum link_line)record->after;
	if (line->state == LINE_UP) {
		line->since_ns = record->time_ns;
		line->calls++;
	}
}

static void add(struct lines *lines, const struct trace_record *record)
{
	struct dial_line line = {
		.link = record->object,
		.network = g_strdup(g_hash_table_lookup(lines->networks, &record->object)),
		.price_per_minute = record->after,
		.idle_ns = (int64_t)record->before,
	};

	g_array_append_val(lines->lines, line);
}

static void name(struct lines *lines, uint64_t object, struct bytes network)
{
	uint64_t *key = g_new(uint64_t, 1);

	*key = object;
	g_hash_table_replace(lines->networks, key, bytes_to_text(network));
}

void lines_feed(struct lines *lines, const struct trace_record *record, struct bytes bytes)
{
	struct dial_line *line;

	if (record->kind == TRACE_LINK)
		name(lines, record->object, bytes);
	if (record->kind != TRACE_STATE || record->layer != LAYER_LINK)
		return;
	if (record->detail == LINK_TARIFF)
		add(lines, record);
	line = (struct dial_line *)lines_find(lines, record->object);
	if (record->detail == LINK_LINE && line != NULL)
		change(line, record);
}

static int64_t under_way_ns(const struct dial_line *line, int64_t now_ns)
{
	return line->state == LINE_UP ? MAX(now_ns - line->since_ns, 0) : 0;
}

uint64_t line_minutes(const struct dial_line *line, int64_t now_ns)
{
	return line->minutes +
	       (line->state == LINE_UP ? begun_minutes(under_way_ns(line, now_ns)) : 0);
}

uint64_t line_cost(const struct dial_line *line, int64_t now_ns)
{
	return line_minutes(line, now_ns) * line->price_per_minute;
}

int64_t line_up_ns(const struct dial_line *line, int64_t now_ns)
{
	return line->up_ns + under_way_ns(line, now_ns);
}

void line_append(GString *out, const struct dial_line *line, int64_t now_ns)
{
	uint64_t minutes = line_minutes(line, now_ns), cost = line_cost(line, now_ns);
	unsigned fraction = (unsigned)(cost % MILLION);
	int digits = 6;

	while (digits > 2 && fraction % 10 == 0) {
		fraction /= 10;
		digits--;
	}
	g_string_append_printf(
	    out, "%u call%s, %" PRIu64 " begun minute%s, %.3f s up, cost %" PRIu64 ".%0*u",
	    line->calls, line->calls == 1 ? "" : "s", minutes, minutes == 1 ? "" : "s",
	    time_seconds(line_up_ns(line, now_ns)), cost / MILLION, digits, fraction);
}
