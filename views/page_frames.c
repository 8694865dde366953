/*
 * Hops, and the frames that came in and went out at them. A frame is kept once however often it passes.
 * Its boxes are rows of numbers: how a header is laid out is one of few shapes, what its fields say are
 * texts that come again and again.
 */
#include "views/boxes.h"
#include "protocols/layer.h"
#include "views/page_private.h"
#include "views/text.h"

struct frames {
	struct page_data *data;
	GHashTable *known;   /* bytes to index; look-ups only */
	GHashTable *shapes;  /* a box shape as text to index; look-ups only */
	GString *shape_list; /* JSON of all shapes */
	GHashTable *fields;  /* likewise, of field descriptions */
	GString *field_list;
	GArray *at;   /* of int64_t: where each frame's row starts */
	GArray *rows; /* of int64_t */
	GArray *bytes_at, *lengths;
	GString *base64;
	GByteArray *padded; /* of one frame */
	bool is_cut;        /* bytes are cut to PAGE_FRAME_BYTES_CUT */
};

/* The number of `text` in `list`, a JSON array of what `text` is the JSON of. */
static uint32_t intern(GHashTable *known, GString *list, const char *text)
{
	gpointer number;
	uint32_t next = g_hash_table_size(known);

	if (g_hash_table_lookup_extended(known, text, NULL, &number))
		return GPOINTER_TO_UINT(number);
	g_hash_table_insert(known, g_strdup(text), GUINT_TO_POINTER(next));
	if (next > 0)
		g_string_append_c(list, ',');
	text_append(list, text);
	return next;
}

/* What a field is, whatever it says: name, purpose, reference, whether it is a main one. */
static uint32_t field_of(struct frames *frames, const struct box_field *field)
{
	g_autofree char *text =
	    g_strdup_printf("[%u,%u,%u,%d]", page_text(frames->data, field->name),
			    page_text(frames->data, field->purpose),
			    page_text(frames->data, field->reference), field->is_main);

	return intern(frames->fields, frames->field_list, text);
}

/* What a box is, wherever it stands: name, layer, bytes of its header, encrypted?, its fields. */
static uint32_t shape_of(struct frames *frames, const struct box *box)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_printf(text, "[%u,%u,%u,%d", page_text(frames->data, box->name), box->layer,
			box->header_bytes, box->is_encrypted);
	for (guint i = 0; i < box->fields->len; i++) {
		const struct box_field *field = &g_array_index(box->fields, struct box_field, i);

		g_string_append_printf(text, ",%u,%d,%u", field_of(frames, field),
				       (int)field->start_bit - (int)(8 * box->start), field->bits);
	}
	g_string_append_c(text, ']');
	return intern(frames->shapes, frames->shape_list, text->str);
}

/* The value, and behind a tab whose address it is. */
static uint32_t value_of(struct frames *frames, const struct box_field *field)
{
	g_autofree char *text =
	    field->who == NULL ? NULL : g_strdup_printf("%s\t%s", field->value, field->who);

	return page_text(frames->data, text == NULL ? field->value : text);
}

/* Shape, start, all its bytes, summary, complaint, count of lines, lines, values of the fields. */
static void append_box(struct frames *frames, const struct box *box)
{
	page_put(frames->rows, shape_of(frames, box));
	page_put(frames->rows, box->start);
	page_put(frames->rows, box->total_bytes);
	page_put(frames->rows, page_text(frames->data, box->summary));
	page_put(frames->rows, page_text(frames->data, box->complaint));
	page_put(frames->rows, box->lines->len);
	for (guint i = 0; i < box->lines->len; i++)
		page_put(frames->rows, page_text(frames->data, box->lines->pdata[i]));
	for (guint i = 0; i < box->fields->len; i++)
		page_put(frames->rows,
			 value_of(frames, &g_array_index(box->fields, struct box_field, i)));
}

/* Bytes in base64, filled up to a multiple of three, so that each frame can be read alone. */
static void append_bytes(struct frames *frames, struct bytes bytes)
{
	struct bytes shown = frames->is_cut ? bytes_first(bytes, PAGE_FRAME_BYTES_CUT) : bytes;
	size_t padded = (shown.length + 2) / 3 * 3;
	char *text;

	g_byte_array_set_size(frames->padded, (guint)padded);
	memset(frames->padded->data, 0, padded);
	memcpy(frames->padded->data, shown.data, shown.length);
	text = g_base64_encode(frames->padded->data, padded);
	page_put(frames->bytes_at, (int64_t)frames->base64->len);
	page_put(frames->lengths, (int64_t)bytes.length);
	text_append(frames->base64, text);
	g_free(text);
}

/* The number of a frame from 1; 0: there is none. */
static uint32_t frame_of(struct frames *frames, struct bytes bytes)
{
	GBytes *key;
	gpointer number;
	GPtrArray *boxes;

	if (bytes.length == 0)
		return 0;
	key = g_bytes_new_static(bytes.data, bytes.length); /* lives as long as the history */
	if (g_hash_table_lookup_extended(frames->known, key, NULL, &number)) {
		g_bytes_unref(key);
		return GPOINTER_TO_UINT(number);
	}
	g_hash_table_insert(frames->known, key, GUINT_TO_POINTER(frames->at->len + 1));
	page_put(frames->at, frames->rows->len);
	append_bytes(frames, bytes);
	boxes = boxes_new(frames->data->model, bytes);
	for (guint i = 0; i < boxes->len; i++)
		append_box(frames, boxes->pdata[i]);
	boxes_free(boxes);
	return frames->at->len;
}

static void append_part(GString *text, char sign, unsigned layer, uint64_t bytes)
{
	g_string_append_printf(text, "%s%c%u %" G_GUINT64_FORMAT, text->len > 0 ? "," : "", sign,
			       layer, bytes);
}

/* What was put on and taken off at a hop, as text: "+TCP 32" with layers as numbers. */
static uint32_t ledger_of(struct page_data *data, const struct history_hop *hop)
{
	const struct trace_store *store = history_store(data->history);
	const struct trace_record *first = trace_store_record(store, hop->first_record);
	g_autoptr(GString) text = g_string_new(NULL);
	uint64_t tls_bytes = history_hop_tls_bytes(data->history, hop);

	if (tls_bytes > 0 && hop->outcome == HISTORY_MADE)
		append_part(text, '+', LAYER_TLS, tls_bytes);
	for (uint64_t i = hop->first_record; i < hop->moment; i++) {
		const struct trace_record *record = trace_store_record(store, i);

		if (record->crossing != first->crossing || trace_node_of(record->id) != hop->node)
			continue;
		if (record->kind == TRACE_ENCAPSULATE || record->kind == TRACE_DECAPSULATE)
			append_part(text, record->kind == TRACE_ENCAPSULATE ? '+' : '-',
				    record->layer, record->header_bytes);
	}
	if (tls_bytes > 0 && hop->outcome == HISTORY_DELIVERED)
		append_part(text, '-', LAYER_TLS, tls_bytes);
	return page_text_take(data, text);
}

/*
 * By record, of those that tell of a frame's arrival: when it had left, which is the last time before
 * that its packet was put on a wire.
 */
static int64_t *departures(const struct page_data *data)
{
	const struct trace_store *store = history_store(data->history);
	uint64_t count = trace_store_count(store);
	int64_t *times = g_new0(int64_t, count + 1);
	GHashTable *sent = g_hash_table_new(trace_id_hash, g_int64_equal);

	for (uint64_t i = 0; i < count; i++) {
		struct trace_record *record = (void *)trace_store_record(store, i);
		const struct trace_record *left;

		if (record->kind == TRACE_TRANSMIT)
			g_hash_table_replace(sent, &record->packet, record);
		if (record->kind != TRACE_RECEIVE)
			continue;
		left = g_hash_table_lookup(sent, &record->packet);
		times[i] = left != NULL ? left->time_ns : record->time_ns;
	}
	g_hash_table_destroy(sent);
	return times;
}

enum hop_column {
	HOP_TIME,   /* of its first record, */
	HOP_TOOK,   /* and how much later its last was */
	HOP_FLIGHT, /* how long before it came the frame had left; 0: it did not come */
	HOP_PACKET,
	HOP_NODE,
	HOP_IN,
	HOP_OUT,
	HOP_OUTCOME,
	HOP_RECEIVED, /* frames, from 1 */
	HOP_SENT,
	HOP_REASON, /* texts */
	HOP_WHY,
	HOP_LEDGER,
	HOP_MOMENT,
	HOP_COLUMNS
};

static const char *const hop_keys[HOP_COLUMNS] = {
	"time",    "took",     "flight", "packet", "node", "in",     "out",
	"outcome", "received", "sent",   "reason", "why",  "ledger", "moment",
};

static void add_hop(struct frames *frames, const struct history_hop *hop, const int64_t *departed,
		    GArray *columns[HOP_COLUMNS], GString *why)
{
	struct page_data *data = frames->data;
	int64_t left_ns = departed[hop->first_record];

	history_explain_hop(why, data->history, hop);
	page_put(columns[HOP_TIME], hop->time_ns);
	page_put(columns[HOP_TOOK], hop->last_ns - hop->time_ns);
	page_put(columns[HOP_FLIGHT], hop->in != 0 && left_ns > 0 ? hop->time_ns - left_ns : 0);
	page_put(columns[HOP_PACKET], hop->packet);
	page_put(columns[HOP_NODE], hop->node);
	page_put(columns[HOP_IN], hop->in);
	page_put(columns[HOP_OUT], hop->out);
	page_put(columns[HOP_OUTCOME], hop->outcome);
	page_put(columns[HOP_RECEIVED], frame_of(frames, hop->received));
	page_put(columns[HOP_SENT], frame_of(frames, hop->sent));
	page_put(columns[HOP_REASON], page_text(data, hop->reason));
	page_put(columns[HOP_WHY], page_text_take(data, why));
	page_put(columns[HOP_LEDGER], ledger_of(data, hop));
	page_put(columns[HOP_MOMENT], (int64_t)hop->moment);
}

static void append_hops(struct frames *frames)
{
	struct page_data *data = frames->data;
	GArray *columns[HOP_COLUMNS];
	g_autofree int64_t *departed = departures(data);
	g_autoptr(GString) why = g_string_new(NULL);

	for (unsigned i = 0; i < HOP_COLUMNS; i++)
		columns[i] = page_numbers_new();
	for (uint32_t i = 0; i < data->hop_count; i++)
		add_hop(frames, history_hop(data->history, i), departed, columns, why);
	page_append_key(data->out, "hops");
	page_append_columns(data->out, hop_keys, columns, HOP_COLUMNS, 1 << HOP_TIME);
}

static void append_frames(struct frames *frames)
{
	GString *out = frames->data->out;

	page_append_key(out, "fields");
	g_string_append_printf(out, "[%s]", frames->field_list->str);
	page_append_key(out, "shapes");
	g_string_append_printf(out, "[%s]", frames->shape_list->str);
	page_append_key(out, "frames");
	g_string_append_c(out, '{');
	page_append_deltas(out, "at", frames->at);
	page_append_numbers(out, "rows", frames->rows);
	page_append_deltas(out, "bytesAt", frames->bytes_at);
	page_append_numbers(out, "length", frames->lengths);
	g_string_append_printf(out, ",\"cut\":%d", frames->is_cut ? PAGE_FRAME_BYTES_CUT : 0);
	g_string_append_printf(out, ",\"bytes\":\"%s\"}", frames->base64->str);
}

/* Whether all that hops send is more than is kept of it. */
static bool is_too_much(const struct page_data *data)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < data->hop_count; i++) {
		const struct history_hop *hop = history_hop(data->history, i);

		if (hop->outcome != HISTORY_SWITCHED) /* which sends what came */
			sum += hop->sent.length;
	}
	return sum > PAGE_FRAME_BYTES_MAX;
}

void page_append_frames(struct page_data *data)
{
	struct frames frames = {
		.data = data,
		.known = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
					       (GDestroyNotify)g_bytes_unref, NULL),
		.shapes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.shape_list = g_string_new(NULL),
		.field_list = g_string_new(NULL),
		.at = page_numbers_new(),
		.rows = page_numbers_new(),
		.bytes_at = page_numbers_new(),
		.lengths = page_numbers_new(),
		.base64 = g_string_new(NULL),
		.padded = g_byte_array_new(),
		.is_cut = is_too_much(data),
	};

	if (frames.is_cut)
		g_string_append_printf(data->omitted, "Of each frame only the first %d bytes. ",
				       PAGE_FRAME_BYTES_CUT);
	append_hops(&frames);
	append_frames(&frames);
	g_hash_table_destroy(frames.known);
	g_hash_table_destroy(frames.shapes);
	g_hash_table_destroy(frames.fields);
	g_string_free(frames.shape_list, TRUE);
	g_string_free(frames.field_list, TRUE);
	g_string_free(frames.base64, TRUE);
	g_byte_array_unref(frames.padded);
	g_array_unref(frames.at);
	g_array_unref(frames.rows);
	g_array_unref(frames.bytes_at);
	g_array_unref(frames.lengths);
}
