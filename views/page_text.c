/* Numbers and texts as JSON. */
#include "views/page_private.h"
#include "views/text.h"

uint32_t page_text_bytes(struct page_data *data, const char *text, size_t length)
{
	GBytes *bytes;
	gpointer number;

	if (length == 0)
		return 0;
	bytes = g_bytes_new(text, length);
	if (g_hash_table_lookup_extended(data->numbers, bytes, NULL, &number)) {
		g_bytes_unref(bytes);
		return GPOINTER_TO_UINT(number);
	}
	g_hash_table_insert(data->numbers, bytes, GUINT_TO_POINTER(data->texts->len));
	g_ptr_array_add(data->texts, bytes);
	return data->texts->len - 1;
}

uint32_t page_text(struct page_data *data, const char *text)
{
	return text == NULL ? 0 : page_text_bytes(data, text, strlen(text));
}

uint32_t page_text_take(struct page_data *data, GString *text)
{
	uint32_t number = page_text_bytes(data, text->str, text->len);

	g_string_truncate(text, 0);
	return number;
}

void page_append_key(GString *out, const char *key)
{
	if (out->len > 0 && out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
		g_string_append_c(out, ',');
	g_string_append_printf(out, "\"%s\":", key);
}

static void append_signed(GString *out, int64_t number)
{
	if (number < 0)
		g_string_append_c(out, '-');
	text_number(out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

static void append_all(GString *out, const char *key, const GArray *numbers, bool is_delta)
{
	int64_t before = 0;

	page_append_key(out, key);
	g_string_append_c(out, '[');
	for (guint i = 0; i < numbers->len; i++) {
		int64_t number = g_array_index(numbers, int64_t, i);

		if (i > 0)
			g_string_append_c(out, ',');
		append_signed(out, number - before);
		if (is_delta)
			before = number;
	}
	g_string_append_c(out, ']');
}

void page_append_numbers(GString *out, const char *key, const GArray *numbers)
{
	append_all(out, key, numbers, false);
}

void page_append_deltas(GString *out, const char *key, const GArray *numbers)
{
	append_all(out, key, numbers, true);
}

GArray *page_numbers_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(int64_t));
}

void page_append_columns(GString *out, const char *const *keys, GArray **columns, unsigned count,
			 unsigned deltas)
{
	g_string_append_c(out, '{');
	for (unsigned i = 0; i < count; i++) {
		append_all(out, keys[i], columns[i], (deltas >> i & 1) != 0);
		g_array_unref(columns[i]);
	}
	g_string_append_c(out, '}');
}
