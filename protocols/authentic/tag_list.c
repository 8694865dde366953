#include "protocols/authentic/tag_list.h"

static void free_tag(gpointer data)
{
	struct tag *tag = data;

	g_free(tag->name);
	g_free(tag->value);
	g_free(tag);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes text)
{
	while (text.length > 0 && is_space(text.data[0]))
		text = bytes_from(text, 1);
	while (text.length > 0 && is_space(text.data[text.length - 1]))
		text.length--;
	return text;
}

static char *copy(struct bytes text)
{
	return g_strndup((const char *)text.data, text.length);
}

/* tag-name = ALPHA *ALNUMPUNC */
static bool is_tag_name(struct bytes name)
{
	if (name.length == 0 || !g_ascii_isalpha((char)name.data[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!g_ascii_isalnum((char)name.data[i]) && name.data[i] != '_')
			return false;
	return true;
}

/* tval = 1*VALCHAR ; %x21-3A / %x3C-7E, with folding white space between */
static bool is_tag_value(struct bytes value)
{
	for (size_t i = 0; i < value.length; i++)
		if (!is_space(value.data[i]) && (value.data[i] < 0x21 || value.data[i] > 0x7e))
			return false;
	return true;
}

/* tag-spec = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS], that starts at `start` of the text. */
static bool parse_tag(struct bytes spec, size_t start, GPtrArray *tags)
{
	const uint8_t *equals = bytes_find_byte(spec, '=');
	struct bytes name, value;
	struct tag *tag;

	if (equals == NULL)
		return false;
	name = trim(bytes_first(spec, (size_t)(equals - spec.data)));
	value = bytes_from(spec, (size_t)(equals - spec.data) + 1);
	if (!is_tag_name(name) || !is_tag_value(value))
		return false;
	tag = g_new0(struct tag, 1);
	tag->name = copy(name);
	tag->value = copy(trim(value));
	tag->start = start + (size_t)(equals - spec.data) + 1;
	tag->end = start + spec.length;
	if (tag_list_find(tags, tag->name) != NULL || tags->len == TAG_LIST_MAX) {
		free_tag(tag);
		return false;
	}
	g_ptr_array_add(tags, tag);
	return true;
}

/* tag-list = tag-spec *( ";" tag-spec ) [ ";" ] */
GPtrArray *tag_list_parse(struct bytes text)
{
	GPtrArray *tags = g_ptr_array_new_with_free_func(free_tag);

	for (size_t start = 0; start < text.length;) {
		struct bytes rest = bytes_from(text, start);
		const uint8_t *semicolon = bytes_find_byte(rest, ';');
		struct bytes spec = bytes_first(
		    rest, semicolon != NULL ? (size_t)(semicolon - rest.data) : rest.length);
		bool is_last = semicolon == NULL && trim(spec).length == 0 && tags->len > 0;

		if (!is_last && !parse_tag(spec, start, tags)) {
			g_ptr_array_unref(tags);
			return NULL;
		}
		start += spec.length + 1;
	}
	return tags;
}

const char *tag_list_find(const GPtrArray *tags, const char *name)
{
	for (guint i = 0; i < tags->len; i++) {
		const struct tag *tag = tags->pdata[i];

		if (strcmp(tag->name, name) == 0)
			return tag->value;
	}
	return NULL;
}

char *tag_value_compact(const char *value)
{
	GString *out = g_string_new(NULL);

	for (; *value != '\0'; value++)
		if (!is_space((uint8_t)*value))
			g_string_append_c(out, *value);
	return g_string_free(out, FALSE);
}

char **tag_value_split(const char *value, char separator)
{
	char between[2] = { separator, '\0' };
	char **parts = g_strsplit(value, between, -1);

	for (char **part = parts; *part != NULL; part++)
		g_strstrip(*part);
	return parts;
}

bool tag_value_number(const char *value, uint64_t *number)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 12 || value[digits] != '\0')
		return false;
	*number = g_ascii_strtoull(value, NULL, 10);
	return true;
}
