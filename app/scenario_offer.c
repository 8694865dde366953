#include "app/scenario_offer.h"

#include <string.h>
#include "app/scenario_private.h"
#include "app/scenario_value.h"

/* Stands in the tree for the word that is being written. */
#define PLACEHOLDER "mailwire-word-being-written"

struct search {
	const struct yaml_node *root;
	struct scenario_offers *offers;
	GHashTable *seen; /* set: words that are offered already */
};

static void offer_free(void *data)
{
	struct scenario_offer *offer = data;

	g_free(offer->word);
	g_free(offer->meaning);
	g_free(offer);
}

void scenario_offers_free(struct scenario_offers *offers)
{
	if (offers == NULL)
		return;
	g_ptr_array_unref(offers->list);
	g_free(offers->hint);
	g_free(offers);
}

static void offer(struct search *search, const char *word, bool is_key, char *meaning)
{
	struct scenario_offer *new_offer;

	if (search->offers->list->len >= SCENARIO_OFFERS_MAX ||
	    !g_hash_table_add(search->seen, g_strdup(word))) {
		g_free(meaning);
		return;
	}
	new_offer = g_new0(struct scenario_offer, 1);
	new_offer->word = g_strdup(word);
	new_offer->is_key = is_key;
	new_offer->meaning = meaning;
	g_ptr_array_add(search->offers->list, new_offer);
}

/* ---- Names of parts, as they are written so far ---- */

static void offer_part(struct search *search, const struct mapping *mapping, unsigned kinds,
		       const char *name, const char *outer)
{
	if ((mapping->kind & kinds) == 0 || mapping->name_kinds != 0)
		return;
	if (mapping->kind == SCENARIO_ACCOUNT && outer != NULL) {
		g_autofree char *address = g_strconcat(name, "@", outer, NULL);

		offer(search, address, false, g_strdup(mapping->title));
		return;
	}
	offer(search, name, false, g_strdup(mapping->title));
}

/* All names of `kinds` below a mapping of the file; `outer` is the name of the entry it is. */
static void offer_parts(struct search *search, const struct yaml_node *yaml,
			const struct mapping *mapping, unsigned kinds, const char *outer)
{
	for (guint i = 0; yaml->kind == YAML_MAPPING && i + 1 < yaml->children->len; i += 2) {
		const struct yaml_node *name = yaml->children->pdata[i];
		const struct yaml_node *table = yaml->children->pdata[i + 1];
		const struct key *key =
		    name->kind == YAML_SCALAR ? mapping_key(mapping, name->text) : NULL;

		if (key == NULL || key->type != KEY_TABLE || table->kind != YAML_MAPPING)
			continue;
		for (guint j = 0; j + 1 < table->children->len; j += 2) {
			const struct yaml_node *entry = table->children->pdata[j];

			if (entry->kind != YAML_SCALAR || strcmp(entry->text, PLACEHOLDER) == 0)
				continue;
			offer_part(search, key->mapping, kinds, entry->text, outer);
			offer_parts(search, table->children->pdata[j + 1], key->mapping, kinds,
				    entry->text);
		}
	}
}

static void offer_names(struct search *search, unsigned kinds)
{
	offer_parts(search, search->root, &scenario_mapping, kinds, NULL);
}

/* ---- Values and keys ---- */

static void hint(struct search *search, const struct key *key)
{
	const struct value_type *type = &value_types[key->type];
	GString *text;

	if (search->offers->hint != NULL)
		return;
	text = g_string_new(key->meaning == NULL ? type->title : key->meaning);
	if (type->example != NULL)
		g_string_append_printf(text, "; %s such as %s", type->title, type->example);
	if (key->fallback != NULL)
		g_string_append_printf(text, "; default %s", key->fallback);
	search->offers->hint = g_string_free(text, FALSE);
}

static void offer_values(struct search *search, const struct key *key)
{
	hint(search, key);
	for (const struct word *word = key->words; word != NULL && word->text != NULL; word++)
		offer(search, word->text, false, g_strdup(word->meaning));
	switch (key->type) {
	case KEY_BOOL:
		offer(search, "yes", false, NULL);
		offer(search, "no", false, NULL);
		break;
	case KEY_REFERENCE:
		offer_names(search, key->kinds);
		break;
	case KEY_PORT_OF:
		offer_names(search, SCENARIO_ROUTER | SCENARIO_HOST);
		break;
	case KEY_LINK:
		offer_names(search, SCENARIO_HOST | SCENARIO_NETWORK);
		offer(search, "all", false, g_strdup("all cables"));
		break;
	case KEY_MAIL:
		offer_names(search, SCENARIO_ACCOUNT);
		break;
	case KEY_DOMAIN:
		offer_names(search, SCENARIO_DOMAIN);
		break;
	default:
		break;
	}
	if (key->flags & KEY_MAY_BE_NONE)
		offer(search, "none", false, NULL);
}

/* Which variant a mapping is that is being written; -1: that cannot be told yet. */
static int variant_of(const struct yaml_node *yaml, const struct mapping *mapping)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];
		const struct yaml_node *value = yaml_get(yaml, key->name);

		if (value == NULL)
			continue;
		if (!mapping->variant_is_word && (key->flags & KEY_SELECTS))
			return (int)i;
		if (!mapping->variant_is_word || key->offset != mapping->variant_offset ||
		    value->kind != YAML_SCALAR)
			continue;
		for (const struct word *word = key->words; word->text != NULL; word++)
			if (strcmp(word->text, value->text) == 0)
				return word->value;
	}
	return -1;
}

static char *meaning_of(const struct key *key)
{
	if (key->fallback != NULL)
		return g_strdup_printf("%s (default %s)", key->meaning, key->fallback);
	return g_strdup(key->meaning);
}

/* Keys that do not stand there yet and go with those that do. */
static void offer_keys(struct search *search, const struct yaml_node *yaml,
		       const struct mapping *mapping)
{
	int variant = mapping->has_variants ? variant_of(yaml, mapping) : -1;

	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];
		bool is_other = variant >= 0 && (!key_is_in_variant(key, (unsigned)variant) ||
						 (key->flags & KEY_SELECTS) != 0);

		if (!is_other && yaml_get(yaml, key->name) == NULL)
			offer(search, key->name, true, meaning_of(key));
	}
}

/* ---- The way to the placeholder ---- */

static bool is_placeholder(const struct yaml_node *yaml)
{
	return yaml->kind == YAML_SCALAR && strcmp(yaml->text, PLACEHOLDER) == 0;
}

static void seek_value(struct search *search, const struct yaml_node *yaml, const struct key *key);

static void seek_item(struct search *search, const struct yaml_node *yaml,
		      const struct mapping *mapping)
{
	if (is_placeholder(yaml) && mapping->has_short_form)
		seek_value(search, yaml, &mapping->keys[0]);
	for (guint i = 0; yaml->kind == YAML_MAPPING && i + 1 < yaml->children->len; i += 2) {
		const struct yaml_node *name = yaml->children->pdata[i];
		const struct key *key =
		    name->kind == YAML_SCALAR ? mapping_key(mapping, name->text) : NULL;

		if (is_placeholder(name))
			offer_keys(search, yaml, mapping);
		else if (key != NULL)
			seek_value(search, yaml->children->pdata[i + 1], key);
	}
}

/* New names are the user's own; others are of parts that stand elsewhere. */
static void seek_entry(struct search *search, const struct yaml_node *name,
		       const struct yaml_node *value, const struct mapping *mapping)
{
	struct key of_name = {
		.type = mapping->name_type,
		.meaning = mapping->meaning,
	};

	if (!is_placeholder(name)) {
		seek_item(search, value, mapping);
		return;
	}
	hint(search, &of_name);
	if (mapping->name_kinds != 0)
		offer_names(search, mapping->name_kinds);
	for (guint i = 0; i < search->offers->list->len; i++)
		((struct scenario_offer *)search->offers->list->pdata[i])->is_key = true;
}

static void seek_value(struct search *search, const struct yaml_node *yaml, const struct key *key)
{
	if (key->type == KEY_MAPPING) {
		seek_item(search, yaml, key->mapping);
	} else if (key->type == KEY_TABLE && yaml->kind == YAML_MAPPING) {
		for (guint i = 0; i + 1 < yaml->children->len; i += 2)
			seek_entry(search, yaml->children->pdata[i], yaml->children->pdata[i + 1],
				   key->mapping);
	} else if (key->type == KEY_LIST && yaml->kind == YAML_SEQUENCE) {
		for (guint i = 0; i < yaml->children->len; i++)
			seek_item(search, yaml->children->pdata[i], key->mapping);
	} else if (key->type == KEY_LIST) {
		seek_item(search, yaml, key->mapping);
	} else if (key->type != KEY_TABLE && is_placeholder(yaml)) {
		offer_values(search, key);
	}
}

/* ---- The word and what is around it ---- */

struct word_place {
	const char *line, *begin, *end, *line_end;
	const char *text_end;
};

/* A character of a word: a colon is one when something follows at once, as in gw:eth1. */
static bool is_in_word(const char *at, const char *end)
{
	if (*at == ':')
		return at + 1 < end && !g_ascii_isspace(at[1]) && strchr(",}]", at[1]) == NULL;
	return !g_ascii_isspace(*at) && strchr("{}[],\"'#", *at) == NULL;
}

static struct word_place find_word(struct bytes text, unsigned line, unsigned column)
{
	const char *at = (const char *)text.data, *end = at + text.length;
	struct word_place place = { .text_end = end };
	const char *cursor;

	for (unsigned i = 1; i < line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline == NULL ? end : newline + 1;
	}
	place.line = at;
	place.line_end = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	if (place.line_end == NULL)
		place.line_end = end;
	cursor = at;
	/* Characters of UTF-8: what continues one is no column. */
	for (unsigned i = 1; i < column && cursor < place.line_end; i++) {
		cursor++;
		while (cursor < place.line_end && ((unsigned char)*cursor & 0xc0) == 0x80)
			cursor++;
	}
	place.begin = place.end = cursor;
	while (place.begin > place.line && is_in_word(place.begin - 1, place.line_end))
		place.begin--;
	while (place.end < place.line_end && is_in_word(place.end, place.line_end))
		place.end++;
	return place;
}

/* What closes the brackets that are open at the end of the word, on its line. */
static char *closing_brackets(const struct word_place *place)
{
	GString *open = g_string_new(NULL);
	char quote = '\0';

	for (const char *at = place->line; at < place->end; at++) {
		if (quote != '\0')
			quote = *at == quote ? '\0' : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
		else if (*at == '{' || *at == '[')
			g_string_prepend_c(open, *at == '{' ? '}' : ']');
		else if ((*at == '}' || *at == ']') && open->len > 0)
			g_string_erase(open, 0, 1);
	}
	return g_string_free(open, FALSE);
}

/* What the tree says of the text with `stand_in` for the word and `rest` behind it. */
static bool look(struct scenario_offers *offers, GHashTable *seen, const char *begin,
		 const struct word_place *place, const char *stand_in, const char *rest,
		 size_t rest_bytes)
{
	GString *text = g_string_new_len(begin, place->begin - begin);
	struct diagnostics *ignored = diagnostics_new();
	struct yaml_node *root;
	guint before = offers->list->len;
	bool had_hint = offers->hint != NULL;

	g_string_append(text, stand_in);
	g_string_append_len(text, rest, (gssize)rest_bytes);
	root = yaml_parse((struct bytes) { (const uint8_t *)text->str, text->len }, ignored);
	if (root != NULL)
		seek_item(&(struct search) { root, offers, seen }, root, &scenario_mapping);
	yaml_free(root);
	diagnostics_free(ignored);
	g_string_free(text, TRUE);
	return offers->list->len > before || (offers->hint != NULL && !had_hint);
}

/* As a value and as a key; with what follows, or when that is not in order yet without. */
static void look_all_ways(struct scenario_offers *offers, const char *begin,
			  const struct word_place *place)
{
	static const char *const stand_ins[] = { PLACEHOLDER, PLACEHOLDER ":" };
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *closing = closing_brackets(place);
	bool has_colon = place->end < place->line_end && *place->end == ':';
	size_t rest_bytes = (size_t)(place->text_end - place->end);
	bool is_found = false;

	for (size_t i = 0; i < (has_colon ? 1 : G_N_ELEMENTS(stand_ins)); i++)
		is_found = look(offers, seen, begin, place, stand_ins[i], place->end, rest_bytes) ||
			   is_found;
	for (size_t i = 0; !is_found && i < G_N_ELEMENTS(stand_ins); i++)
		is_found = look(offers, seen, begin, place, stand_ins[i], closing, strlen(closing));
}

struct scenario_offers *scenario_offer(struct bytes text, unsigned line, unsigned column)
{
	struct scenario_offers *offers = g_new0(struct scenario_offers, 1);
	struct word_place place = find_word(text, line, column);

	offers->list = g_ptr_array_new_with_free_func(offer_free);
	offers->column = 1;
	for (const char *at = place.line; at < place.begin; at++)
		offers->column += ((unsigned char)*at & 0xc0) != 0x80;
	for (const char *at = place.begin; at < place.end; at++)
		offers->length += ((unsigned char)*at & 0xc0) != 0x80;
	if (text.length <= SCENARIO_BYTES_MAX)
		look_all_ways(offers, (const char *)text.data, &place);
	return offers;
}
