/* Sockets, tables and queues of all nodes, from change to change. */
#include "sim/time.h"
#include "views/page_private.h"

enum row_column {
	ROW_MOMENT,
	ROW_TIME,
	ROW_NUMBER, /* index into rows */
	ROW_TEXT,   /* text; 0: it is gone */
	ROW_UNTIL,  /* time when it goes by itself; -1: it does not */
	ROW_COLUMNS
};

static const char *const row_keys[ROW_COLUMNS] = { "moment", "time", "row", "text", "until" };

struct table_rows {
	struct page_data *data;
	struct state *state;
	GArray *columns[ROW_COLUMNS];
	GHashTable *numbers; /* section << 32 | row, to its index + 1 */
	GString *list;       /* of rows as JSON: [node, section] */
};

/* The index of a row, which is told of when it is new. */
static int64_t number_of(struct table_rows *rows, const struct state_change *change)
{
	uint64_t key = (uint64_t)change->section << 32 | change->row;
	guint found = GPOINTER_TO_UINT(g_hash_table_lookup(rows->numbers, &key));

	if (found != 0)
		return found - 1;
	found = g_hash_table_size(rows->numbers) + 1;
	g_hash_table_insert(rows->numbers, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(found));
	g_string_append_printf(rows->list, "%s[%u,%u]", found > 1 ? "," : "", change->node,
			       change->section);
	return found - 1;
}

static void tell_change(struct table_rows *rows, uint64_t index, GString *text)
{
	const struct trace_store *store = history_store(rows->data->history);
	const struct trace_record *record = trace_store_record(store, index);
	struct state_change change;

	state_feed(rows->state, record, trace_store_bytes(store, record));
	if (!state_last_change(rows->state, &change, text))
		return;
	page_put(rows->columns[ROW_MOMENT], (int64_t)index + 1);
	page_put(rows->columns[ROW_TIME], record->time_ns);
	page_put(rows->columns[ROW_NUMBER], number_of(rows, &change));
	page_put(rows->columns[ROW_UNTIL], change.until_ns == TIME_NEVER ? -1 : change.until_ns);
	page_put(rows->columns[ROW_TEXT], page_text_take(rows->data, text));
}

static void append_sections(GString *out)
{
	page_append_key(out, "sections");
	g_string_append_c(out, '[');
	for (unsigned i = 0; i < state_section_count(); i++)
		g_string_append_printf(out, "%s\"%s\"", i > 0 ? "," : "", state_section_title(i));
	g_string_append_c(out, ']');
}

void page_append_tables(struct page_data *data)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct table_rows rows = {
		.data = data,
		.state = state_new(data->model),
		.numbers = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL),
		.list = g_string_new(NULL),
	};

	for (unsigned i = 0; i < ROW_COLUMNS; i++)
		rows.columns[i] = page_numbers_new();
	for (uint64_t i = 0; i < data->moment_count; i++)
		tell_change(&rows, i, text);
	append_sections(data->out);
	page_append_key(data->out, "rows");
	g_string_append_printf(data->out, "[%s]", rows.list->str);
	page_append_key(data->out, "rowChanges");
	page_append_columns(data->out, row_keys, rows.columns, ROW_COLUMNS,
			    1 << ROW_MOMENT | 1 << ROW_TIME);
	g_string_free(rows.list, TRUE);
	g_hash_table_destroy(rows.numbers);
	state_free(rows.state);
}
