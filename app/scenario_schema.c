/* The JSON Schema of the scenario language (draft 2020-12), made from its tables. */
#include <inttypes.h>
#include <string.h>
#include "app/scenario_table.h"
#include "app/scenario_value.h"

/* JSON text that is being written, one member to a line. */
struct json {
	GString *out;
	unsigned depth;
	bool is_first;      /* nothing in the open object or array yet */
	GPtrArray *defined; /* of const struct mapping *: definitions, in the order of their use */
};

static void next_member(struct json *json, const char *name)
{
	if (json->out->len > 0)
		g_string_append(json->out, json->is_first ? "\n" : ",\n");
	for (unsigned i = 0; i < json->depth; i++)
		g_string_append(json->out, "  ");
	if (name != NULL)
		g_string_append_printf(json->out, "\"%s\": ", name);
	json->is_first = false;
}

static void open_member(struct json *json, const char *name, char bracket)
{
	next_member(json, name);
	g_string_append_c(json->out, bracket);
	json->depth++;
	json->is_first = true;
}

static void close_member(struct json *json, char bracket)
{
	json->depth--;
	if (!json->is_first) {
		g_string_append_c(json->out, '\n');
		for (unsigned i = 0; i < json->depth; i++)
			g_string_append(json->out, "  ");
	}
	g_string_append_c(json->out, bracket);
	json->is_first = false;
}

static void raw_member(struct json *json, const char *name, const char *value)
{
	next_member(json, name);
	g_string_append(json->out, value);
}

static void text_member(struct json *json, const char *name, const char *text)
{
	next_member(json, name);
	g_string_append_c(json->out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(json->out, '\\');
		g_string_append_c(json->out, *text);
	}
	g_string_append_c(json->out, '"');
}

static void reference_member(struct json *json, const char *name, const struct mapping *mapping)
{
	g_autofree char *title = g_strdup(mapping->title);

	if (!g_ptr_array_find(json->defined, mapping, NULL))
		g_ptr_array_add(json->defined, (void *)mapping);
	g_autofree char *path = g_strconcat("#/$defs/", g_strdelimit(title, " ", '-'), NULL);

	text_member(json, name, path);
}

/* ---- Values ---- */

/* "integer" from 1 to 65535, a string of a pattern, or one of some words. */
static void write_scalar(struct json *json, const struct key *key)
{
	const char *form = value_types[key->type].json;

	if (key->type == KEY_WORD) {
		open_member(json, "enum", '[');
		for (const struct word *word = key->words; word->text != NULL; word++)
			text_member(json, NULL, word->text);
		close_member(json, ']');
		return;
	}
	raw_member(json, NULL, form);
	if (key->type != KEY_COUNT)
		return;
	g_autofree char *least = g_strdup_printf("%" PRIu64, key->least);
	g_autofree char *most = g_strdup_printf("%" PRIu64, key->most);

	raw_member(json, "minimum", least);
	if (key->most != 0 && key->most != UINT64_MAX)
		raw_member(json, "maximum", most);
}

static void write_description(struct json *json, const struct key *key)
{
	g_autoptr(GString) text = g_string_new(key->meaning);

	for (const struct word *word = key->words; word != NULL && word->text != NULL; word++) {
		if (word->meaning != NULL)
			g_string_append_printf(text, "; %s: %s", word->text, word->meaning);
	}
	/* What a number or a text looks like needs no example. */
	if (value_types[key->type].example != NULL && key->type != KEY_COUNT &&
	    key->type != KEY_TEXT)
		g_string_append_printf(text, "; for example %s", value_types[key->type].example);
	if (key->fallback != NULL)
		g_string_append_printf(text, "; default %s", key->fallback);
	else if (key->computed != NULL)
		g_string_append_printf(text, "; default: %s", key->computed);
	text_member(json, "description", text->str);
}

/* A list; its only element may stand alone. */
static void write_list(struct json *json, const struct key *key)
{
	open_member(json, "anyOf", '[');
	open_member(json, NULL, '{');
	raw_member(json, "type", "\"null\"");
	close_member(json, '}');
	open_member(json, NULL, '{');
	reference_member(json, "$ref", key->mapping);
	close_member(json, '}');
	open_member(json, NULL, '{');
	text_member(json, "type", "array");
	open_member(json, "items", '{');
	reference_member(json, "$ref", key->mapping);
	close_member(json, '}');
	close_member(json, '}');
	close_member(json, ']');
}

static void write_table(struct json *json, const struct key *key)
{
	raw_member(json, "type", "[\"object\", \"null\"]");
	open_member(json, "propertyNames", '{');
	raw_member(json, NULL, value_types[key->mapping->name_type].json);
	close_member(json, '}');
	open_member(json, "additionalProperties", '{');
	reference_member(json, "$ref", key->mapping);
	close_member(json, '}');
}

static void write_key(struct json *json, const struct key *key)
{
	open_member(json, key->name, '{');
	write_description(json, key);
	switch (key->type) {
	case KEY_MAPPING:
		reference_member(json, "$ref", key->mapping);
		break;
	case KEY_LIST:
		write_list(json, key);
		break;
	case KEY_TABLE:
		write_table(json, key);
		break;
	default:
		write_scalar(json, key);
	}
	close_member(json, '}');
}

/* ---- Mappings ---- */

static bool has_required(const struct mapping *mapping, unsigned variant, bool is_general)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		if (is_general ? (key->flags & KEY_REQUIRED) != 0
			       : (key->required_in >> variant & 1) != 0)
			return true;
	}
	return false;
}

/* "required": what every variant needs, or with `is_general` false what this one does besides. */
static void write_required(struct json *json, const struct mapping *mapping, unsigned variant,
			   bool is_general)
{
	if (!has_required(mapping, variant, is_general))
		return;
	open_member(json, "required", '[');
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		if (is_general ? (key->flags & KEY_REQUIRED) != 0
			       : (key->required_in >> variant & 1) != 0)
			text_member(json, NULL, key->name);
	}
	close_member(json, ']');
}

/* The word that makes a mapping this variant, or the key whose presence does. */
static void write_condition(struct json *json, const struct key *selector, const char *word)
{
	open_member(json, "if", '{');
	open_member(json, "required", '[');
	text_member(json, NULL, selector->name);
	close_member(json, ']');
	if (word != NULL) {
		open_member(json, "properties", '{');
		open_member(json, selector->name, '{');
		text_member(json, "const", word);
		close_member(json, '}');
		close_member(json, '}');
	}
	close_member(json, '}');
}

static void write_variant(struct json *json, const struct mapping *mapping, unsigned variant,
			  const struct key *selector, const char *word)
{
	open_member(json, NULL, '{');
	write_condition(json, selector, word);
	open_member(json, "then", '{');
	write_required(json, mapping, variant, false);
	open_member(json, "properties", '{');
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (!key_is_in_variant(&mapping->keys[i], variant))
			raw_member(json, mapping->keys[i].name, "false");
	}
	close_member(json, '}');
	close_member(json, '}');
	close_member(json, '}');
}

static const struct key *variant_key(const struct mapping *mapping)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (mapping->keys[i].offset == mapping->variant_offset)
			return &mapping->keys[i];
	}
	return NULL;
}

static void write_variants(struct json *json, const struct mapping *mapping)
{
	const struct key *word_key = variant_key(mapping);

	open_member(json, "allOf", '[');
	for (unsigned i = 0; mapping->variant_is_word && word_key->words[i].text != NULL; i++)
		write_variant(json, mapping, i, word_key, word_key->words[i].text);
	for (unsigned i = 0; mapping->keys[i].flags & KEY_SELECTS; i++)
		write_variant(json, mapping, i, &mapping->keys[i], NULL);
	close_member(json, ']');
	if (mapping->variant_is_word)
		return;
	open_member(json, "anyOf", '[');
	for (unsigned i = 0; mapping->keys[i].flags & KEY_SELECTS; i++) {
		open_member(json, NULL, '{');
		open_member(json, "required", '[');
		text_member(json, NULL, mapping->keys[i].name);
		close_member(json, ']');
		close_member(json, '}');
	}
	close_member(json, ']');
}

/* An object may be left empty when nothing in it is required. */
static void write_object(struct json *json, const struct mapping *mapping)
{
	bool may_be_empty =
	    !has_required(mapping, 0, true) && (!mapping->has_variants || mapping->variant_is_word);

	raw_member(json, "type", may_be_empty ? "[\"object\", \"null\"]" : "\"object\"");
	open_member(json, "properties", '{');
	for (unsigned i = 0; i < mapping->key_count; i++)
		write_key(json, &mapping->keys[i]);
	close_member(json, '}');
	write_required(json, mapping, 0, true);
	if (mapping->has_variants)
		write_variants(json, mapping);
	raw_member(json, "additionalProperties", "false");
}

/* What a scalar stands for: the first key; of a list its only element. */
static const struct key *short_key(const struct mapping *mapping)
{
	const struct key *key = &mapping->keys[0];

	while (key->type == KEY_LIST)
		key = &key->mapping->keys[0];
	return key;
}

static void write_definition(struct json *json, const struct mapping *mapping)
{
	g_autofree char *title = g_strdup(mapping->title);

	open_member(json, g_strdelimit(title, " ", '-'), '{');
	text_member(json, "description", mapping->meaning);
	if (mapping->is_scalar) {
		write_scalar(json, &mapping->keys[0]);
	} else if (mapping->has_short_form) {
		open_member(json, "anyOf", '[');
		open_member(json, NULL, '{');
		write_scalar(json, short_key(mapping));
		close_member(json, '}');
		open_member(json, NULL, '{');
		write_object(json, mapping);
		close_member(json, '}');
		close_member(json, ']');
	} else {
		write_object(json, mapping);
	}
	close_member(json, '}');
}

char *scenario_schema(void)
{
	struct json json = { .out = g_string_new(NULL), .defined = g_ptr_array_new() };

	open_member(&json, NULL, '{');
	text_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
	text_member(&json, "title", scenario_mapping.meaning);
	write_object(&json, &scenario_mapping);
	open_member(&json, "$defs", '{');
	/* Definitions may add definitions. */
	for (unsigned i = 0; i < json.defined->len; i++)
		write_definition(&json, g_ptr_array_index(json.defined, i));
	close_member(&json, '}');
	close_member(&json, '}');
	g_string_append_c(json.out, '\n');
	g_ptr_array_unref(json.defined);
	return g_string_free(json.out, FALSE);
}
