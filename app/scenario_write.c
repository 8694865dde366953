#include <inttypes.h>
#include <string.h>
#include "app/scenario_private.h"
#include "app/scenario_value.h"

static void write_flow(const struct mapping *mapping, const void *item, GString *out);

static const GPtrArray *array_of(const struct key *key, const void *item)
{
	return *(GPtrArray *const *)((const char *)item + key->offset);
}

/* An optional number is absent when it is 0. */
static bool is_absent_number(const struct key *key, const void *field)
{
	return key->fallback == NULL && !(key->flags & KEY_REQUIRED) &&
	       (key->type == KEY_COUNT || key->type == KEY_SIZE || key->type == KEY_RATE) &&
	       *(const uint64_t *)field == 0;
}

/* A mapping that may be left out is, when the reference that it needs leads nowhere. */
static bool is_absent_mapping(const struct key *key, const void *field)
{
	if (key->type != KEY_MAPPING)
		return false;
	const struct key *first = &key->mapping->keys[0];

	return first->type == KEY_REFERENCE && (first->flags & KEY_REQUIRED) &&
	       *(struct scenario_item *const *)((const char *)field + first->offset) == NULL;
}

static bool is_written(const struct mapping *mapping, const struct key *key, const void *item)
{
	const void *field = (const char *)item + key->offset;

	if ((key->flags & KEY_INPUT_ONLY) || !key_is_in_variant(key, item_variant(mapping, item)))
		return false;
	if (key->type == KEY_LIST || key->type == KEY_TABLE)
		return array_of(key, item)->len > 0 || (key->flags & KEY_MAY_BE_EMPTY) != 0;
	if (key->flags & KEY_OPTIONAL)
		return ((const struct scenario_item *)field)->mark.line != 0;
	return !is_absent_number(key, field) && !is_absent_mapping(key, field);
}

/* "[a, b]", or "[{...}, {...}]" */
static void write_flow_list(const struct key *key, const GPtrArray *items, GString *out)
{
	g_string_append_c(out, '[');
	for (unsigned i = 0; i < items->len; i++) {
		g_string_append(out, i == 0 ? "" : ", ");
		write_flow(key->mapping, g_ptr_array_index(items, i), out);
	}
	g_string_append_c(out, ']');
}

/* Appends the value in flow style; false when there is nothing to write. */
static bool write_flow_value(const struct key *key, const void *item, GString *out)
{
	const void *field = (const char *)item + key->offset;

	if (key->type == KEY_LIST) {
		write_flow_list(key, array_of(key, item), out);
		return true;
	}
	if (key->type == KEY_MAPPING) {
		write_flow(key->mapping, field, out);
		return true;
	}
	return value_print(key, field, out);
}

/* "{key: value, key: value}", or the value alone where that is the only form. */
static void write_flow(const struct mapping *mapping, const void *item, GString *out)
{
	bool is_first = true;

	if (mapping->is_scalar) {
		write_flow_value(&mapping->keys[0], item, out);
		return;
	}
	g_string_append_c(out, '{');
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];
		size_t before = out->len;

		if (!is_written(mapping, key, item))
			continue;
		g_string_append_printf(out, "%s%s: ", is_first ? "" : ", ", key->name);
		if (write_flow_value(key, item, out))
			is_first = false;
		else
			g_string_truncate(out, before);
	}
	g_string_append_c(out, '}');
}

static void write_keys(const struct mapping *mapping, const void *item, unsigned indent,
		       GString *out);

static void write_indent(unsigned indent, GString *out)
{
	for (unsigned i = 0; i < indent; i++)
		g_string_append(out, "  ");
}

/* A name needs quotes where a value would: "." or "10.in-addr.arpa". */
static void write_name(const char *name, GString *out)
{
	static const struct key text = { .type = KEY_TEXT };

	value_print(&text, &name, out);
}

static void write_table(const struct key *key, const GPtrArray *items, unsigned indent,
			GString *out)
{
	for (unsigned i = 0; i < items->len; i++) {
		const struct scenario_item *item = g_ptr_array_index(items, i);
		size_t before;

		write_indent(indent, out);
		write_name(item->name, out);
		g_string_append(out, ":\n");
		before = out->len;
		write_keys(key->mapping, item, indent + 1, out);
		if (out->len == before) {
			g_string_truncate(out, before - 1);
			g_string_append(out, " {}\n");
		}
	}
}

/* One line for each element. */
static void write_list(const struct key *key, const GPtrArray *items, unsigned indent, GString *out)
{
	for (unsigned i = 0; i < items->len; i++) {
		write_indent(indent, out);
		g_string_append(out, "- ");
		write_flow(key->mapping, g_ptr_array_index(items, i), out);
		g_string_append_c(out, '\n');
	}
}

static bool is_list_of_lines(const struct key *key)
{
	return key->type == KEY_TABLE || (key->type == KEY_LIST && !key->mapping->is_scalar);
}

static void write_key(const struct key *key, const void *item, unsigned indent, GString *out)
{
	size_t before = out->len;

	write_indent(indent, out);
	g_string_append_printf(out, "%s:", key->name);
	if (is_list_of_lines(key)) {
		if (array_of(key, item)->len == 0) {
			g_string_append(out, key->type == KEY_TABLE ? " {}\n" : " []\n");
			return;
		}
		g_string_append_c(out, '\n');
		if (key->type == KEY_TABLE)
			write_table(key, array_of(key, item), indent + 1, out);
		else
			write_list(key, array_of(key, item), indent + 1, out);
		return;
	}
	g_string_append_c(out, ' ');
	if (write_flow_value(key, item, out))
		g_string_append_c(out, '\n');
	else
		g_string_truncate(out, before);
}

/* A line for each key, in the order of the table. */
static void write_keys(const struct mapping *mapping, const void *item, unsigned indent,
		       GString *out)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (is_written(mapping, &mapping->keys[i], item))
			write_key(&mapping->keys[i], item, indent, out);
	}
}

char *scenario_print(const struct scenario *scenario)
{
	GString *out = g_string_new(NULL);

	write_keys(&scenario_mapping, scenario, 0, out);
	return g_string_free(out, FALSE);
}
