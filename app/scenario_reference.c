/* The reference of all keys as Markdown, made from the tables of the scenario language. */
#include <string.h>
#include "app/scenario_table.h"
#include "app/scenario_value.h"

/* Markdown tables take no bar in a cell. */
static void append_cell(GString *out, const char *text)
{
	for (; *text != '\0'; text++)
		g_string_append_printf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

/* What a key takes: "a time", "a list of actions", "`lan`, `link`". */
static void append_type(GString *out, const struct key *key)
{
	switch (key->type) {
	case KEY_WORD: {
		g_autofree char *words = words_print(key->words, ", ");

		g_string_append(out, words);
		break;
	}
	case KEY_LIST:
		g_string_append_printf(out, "%ss, one or a list", key->mapping->title);
		break;
	case KEY_TABLE:
		g_string_append_printf(out, "%s: {...} for each %s", key->mapping->name_title,
				       key->mapping->title);
		break;
	case KEY_MAPPING:
		g_string_append(out, key->mapping->article);
		break;
	default:
		g_string_append(out, value_types[key->type].title);
	}
}

static void append_default(GString *out, const struct key *key)
{
	if (key->flags & KEY_REQUIRED)
		g_string_append(out, "must be written");
	else if (key->fallback != NULL)
		g_string_append_printf(out, "`%s`", key->fallback);
	else if (key->computed != NULL)
		append_cell(out, key->computed);
	else
		g_string_append(out, "none");
}

static const char *variant_text(const struct mapping *mapping, unsigned variant)
{
	if (!mapping->variant_is_word)
		return mapping->keys[variant].name;
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (mapping->keys[i].offset == mapping->variant_offset)
			return mapping->keys[i].words[variant].text;
	}
	return NULL;
}

/* "With `ping`, `dig`" for keys that not every variant has. */
static void append_variants(GString *out, const struct mapping *mapping, const struct key *key)
{
	bool is_first = true;

	if (!mapping->has_variants || key->variants == 0 || (key->flags & KEY_SELECTS))
		return;
	for (unsigned variant = 0; variant < 32; variant++) {
		if (!(key->variants >> variant & 1))
			continue;
		g_string_append_printf(out, "%s`%s`", is_first ? " (with " : ", ",
				       variant_text(mapping, variant));
		is_first = false;
	}
	g_string_append_c(out, ')');
}

static void append_words(GString *out, const struct key *key)
{
	bool has_meanings = false;

	for (const struct word *word = key->words; word != NULL && word->text != NULL; word++)
		has_meanings |= word->meaning != NULL;
	if (!has_meanings)
		return;
	g_string_append_printf(out, "\nThe words of `%s`:\n\n", key->name);
	for (const struct word *word = key->words; word->text != NULL; word++)
		g_string_append_printf(out, "- `%s`%s%s\n", word->text,
				       word->meaning == NULL ? "" : ": ",
				       word->meaning == NULL ? "" : word->meaning);
}

static void append_mapping(GString *out, const struct mapping *mapping)
{
	g_string_append_printf(out, "\n### %c%s\n\n%s.\n", g_ascii_toupper(mapping->title[0]),
			       mapping->title + 1, mapping->meaning);
	if (mapping->key_count == 0)
		return;
	g_string_append(out, "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		g_string_append_printf(out, "| `%s` | ", key->name);
		append_type(out, key);
		g_string_append(out, " | ");
		append_default(out, key);
		g_string_append(out, " | ");
		append_cell(out, key->meaning);
		append_variants(out, mapping, key);
		g_string_append(out, " |\n");
	}
	for (unsigned i = 0; i < mapping->key_count; i++)
		append_words(out, &mapping->keys[i]);
}

/* Each mapping behind the one that first mentions it. */
static void append_with_parts(GString *out, const struct mapping *mapping, GPtrArray *seen)
{
	if (mapping->is_scalar || g_ptr_array_find(seen, mapping, NULL))
		return;
	g_ptr_array_add(seen, (void *)mapping);
	append_mapping(out, mapping);
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (mapping->keys[i].mapping != NULL)
			append_with_parts(out, mapping->keys[i].mapping, seen);
	}
}

static void append_values(GString *out)
{
	g_string_append(out, "### Values\n\n| value | for example |\n| --- | --- |\n");
	for (unsigned i = 0; i < KEY_TYPE_COUNT; i++) {
		if (value_types[i].example == NULL)
			continue;
		g_string_append_printf(out, "| %s | ", value_types[i].title);
		append_cell(out, value_types[i].example);
		g_string_append(out, " |\n");
	}
}

char *scenario_reference(void)
{
	GString *out = g_string_new(NULL);
	g_autoptr(GPtrArray) seen = g_ptr_array_new();

	append_values(out);
	append_with_parts(out, &scenario_mapping, seen);
	return g_string_free(out, FALSE);
}
