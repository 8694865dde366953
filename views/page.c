#include "views/page.h"

#include "views/page_private.h"
#include "views/text.h"

/* How much of the history there is room for. */
static void limit(struct page_data *data)
{
	uint32_t hops = history_hop_count(data->history);

	data->hop_count = MIN(hops, PAGE_HOPS_MAX);
	data->event_count = history_event_count(data->history);
	data->packet_count = history_packet_count(data->history);
	data->moment_count = trace_store_count(history_store(data->history));
	if (hops > PAGE_HOPS_MAX) {
		const struct history_hop *last = history_hop(data->history, PAGE_HOPS_MAX - 1);
		uint32_t event = history_event_at(data->history, last->last_ns);

		data->event_count = event == HISTORY_NONE ? 0 : event + 1;
		data->moment_count = last->moment;
		g_string_append_printf(data->omitted,
				       "All that comes after %.6f s, the time of hop %d of %u. ",
				       (double)last->last_ns / 1e9, PAGE_HOPS_MAX, hops);
	}
	if (data->options->left_out != NULL)
		text_append(data->omitted, data->options->left_out);
	if (history_error(data->history) != NULL)
		g_string_append_printf(data->omitted, "What could not be kept: %s. ",
				       history_error(data->history));
}

static void append_texts(struct page_data *data)
{
	page_append_key(data->out, "texts");
	g_string_append_c(data->out, '[');
	for (guint i = 0; i < data->texts->len; i++) {
		gsize length;
		const char *text = g_bytes_get_data(data->texts->pdata[i], &length);

		if (i > 0)
			text_append(data->out, ",\n");
		text_json(data->out, text, length);
	}
	g_string_append_c(data->out, ']');
}

static void append_member(struct page_data *data, const char *key, const char *text)
{
	page_append_key(data->out, key);
	text_json(data->out, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
}

static void append_head(struct page_data *data)
{
	const struct page_options *options = data->options;
	const struct trace_store *store = history_store(data->history);
	uint64_t count = trace_store_count(store);

	append_member(data, "title", options->title);
	append_member(data, "file", options->file);
	g_string_append_printf(data->out, ",\"seed\":\"%" G_GUINT64_FORMAT "\"", options->seed);
	g_string_append_printf(data->out, ",\"moments\":%" G_GUINT64_FORMAT, count);
	g_string_append_printf(data->out, ",\"end\":%" G_GINT64_FORMAT,
			       count == 0 ? 0 : trace_store_record(store, count - 1)->time_ns);
}

static GString *make_data(struct history *history, const struct page_options *options)
{
	struct page_data data = {
		.history = history,
		.model = history_model(history),
		.options = options,
		.numbers = g_hash_table_new(g_bytes_hash, g_bytes_equal),
		.texts = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref),
		.out = g_string_new("{"),
		.ways = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL),
		.omitted = g_string_new(NULL),
	};

	g_ptr_array_add(data.texts, g_bytes_new_static("", 0));
	limit(&data);
	append_head(&data);
	page_append_world(&data);
	page_append_events(&data);
	page_append_frames(&data);
	page_append_mail(&data);
	page_append_mailboxes(&data);
	page_append_tables(&data);
	append_member(&data, "omitted", data.omitted->str);
	append_texts(&data);
	g_string_append_c(data.out, '}');
	g_hash_table_destroy(data.numbers);
	g_hash_table_destroy(data.ways);
	g_ptr_array_unref(data.texts);
	g_string_free(data.omitted, TRUE);
	return data.out;
}

/* "sha256-...", which a policy allows a script or a style sheet by. */
static void append_hash(GString *out, const unsigned char *bytes, size_t length)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *text = NULL;
	guint8 digest[32];
	gsize digest_bytes = sizeof digest;

	g_checksum_update(checksum, bytes, (gssize)length);
	g_checksum_get_digest(checksum, digest, &digest_bytes);
	text = g_base64_encode(digest, digest_bytes);
	g_string_append_printf(out, "'sha256-%s'", text);
}

/* Nothing may be loaded from anywhere, and only this script and this style may act. */
static void append_policy(GString *out)
{
	text_append(
	    out, "<meta http-equiv=\"Content-Security-Policy\" "
		 "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; script-src ");
	append_hash(out, page_script, page_script_bytes);
	text_append(out, "; style-src ");
	append_hash(out, page_style, page_style_bytes);
	text_append(out, "\">\n");
}

static void append_markup(GString *out, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *escaped = g_markup_escape_text(valid, -1);

	text_append(out, escaped);
}

static void append_begin(GString *out, const struct page_options *options)
{
	text_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			 "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
			 "<meta name=\"color-scheme\" content=\"light dark\">\n");
	append_policy(out);
	text_append(out, "<title>");
	if (options->title != NULL) {
		append_markup(out, options->title);
		text_append(out, " · ");
	}
	append_markup(out, options->file);
	text_append(out, "</title>\n<style>");
	text_append_bytes(out, (const char *)page_style, page_style_bytes);
	text_append(out, "</style>\n</head>\n<body>\n"
			 "<noscript>This page shows a run by a script, which is switched off "
			 "here.</noscript>\n"
			 "<script type=\"application/json\" id=\"data\">");
}

static void append_end(GString *out)
{
	text_append(out, "</script>\n<script type=\"module\">");
	text_append_bytes(out, (const char *)page_script, page_script_bytes);
	text_append(out, "</script>\n</body>\n</html>\n");
}

static void write_text(struct output *output, GString *text)
{
	output_write(output, (struct bytes) { (const uint8_t *)text->str, text->len });
	g_string_free(text, TRUE);
}

void page_write(struct output *output, struct history *history, const struct page_options *options)
{
	GString *begin = g_string_new(NULL), *end = g_string_new(NULL);

	append_begin(begin, options);
	write_text(output, begin);
	write_text(output, make_data(history, options));
	append_end(end);
	write_text(output, end);
}
