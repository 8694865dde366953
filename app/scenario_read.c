#include <string.h>
#include "app/scenario_private.h"
#include "app/scenario_unit.h"
#include "app/scenario_value.h"

/* ---- Values ---- */

static void set_mark(struct load *load, void *field, struct mark mark)
{
	g_hash_table_insert(load->marks, field, g_memdup2(&mark, sizeof mark));
}

static void read_item(struct load *load, const struct yaml_node *yaml,
		      const struct mapping *mapping, void *item);

static const char *kind_of(const struct yaml_node *yaml)
{
	if (yaml->kind == YAML_SEQUENCE)
		return "a list";
	return yaml->kind == YAML_MAPPING ? "a mapping"
	       : yaml_is_null(yaml)       ? "nothing"
					  : "a value";
}

static void hint_bounds(struct load *load, const struct key *key)
{
	g_autoptr(GString) out = g_string_new("it may be from ");

	uint64_t most = key->most;

	if (key->type == KEY_TIME)
		most = most == 0 ? SCENARIO_TIME_MAX_NS : MIN(most, SCENARIO_TIME_MAX_NS);
	else if (most == 0)
		most = UINT64_MAX;
	/* Bounds are in the units of the field, whatever type it has. */
	if (key->type == KEY_PERCENT) {
		g_string_append(out, "0% to 100%");
	} else if (key->least == most) {
		g_string_printf(out, "write `%s: ", key->name);
		value_print(key, &most, out);
		g_string_append_c(out, '`');
	} else {
		value_print(key, &key->least, out);
		g_string_append(out, " to ");
		value_print(key, &most, out);
	}
	load_hint(load, "%s", out->str);
}

/* Whether `problem` is that the number is out of the bounds, and the form is right. */
static bool is_out_of_bounds(const struct key *key, const char *problem)
{
	static const char *const problems[] = { "it is too large", "it is too small",
						"it has too many digits", "there is no such one",
						NULL };

	return (key->type == KEY_COUNT || key->type == KEY_SIZE || key->type == KEY_RATE ||
		key->type == KEY_TIME || key->type == KEY_PERCENT) &&
	       g_strv_contains(problems, problem);
}

static void hint_word(struct load *load, const struct key *key, const char *text)
{
	struct suggestion suggestion = { .word = text };

	for (const struct word *word = key->words; word->text != NULL; word++)
		suggest_offer(&suggestion, word->text);
	if (suggestion.best != NULL) {
		load_hint(load, "did you mean `%s`?", suggestion.best);
		return;
	}
	g_autofree char *words = words_print(key->words, ", ");

	load_hint(load, "it is one of %s", words);
}

/* Says what was meant: words and bounds as they are, units and forms by an example. */
static void hint_value(struct load *load, const struct key *key, const char *text,
		       const char *problem)
{
	if (key->type == KEY_WORD)
		hint_word(load, key, text);
	else if ((key->least == key->most && key->most != 0) || is_out_of_bounds(key, problem))
		hint_bounds(load, key);
	else if (key->type == KEY_PREFIX && key->most != 0 &&
		 g_str_has_prefix(problem, "it is too"))
		load_hint(load, "the length behind the slash may be from %u to %u",
			  (unsigned)key->least, (unsigned)key->most);
	else
		load_hint(load, "write %s such as %s", value_types[key->type].title,
			  value_types[key->type].example);
}

/* Remembers a name that is to be resolved. */
static void read_reference(struct load *load, const struct key *key, const struct yaml_node *yaml,
			   struct scenario_item *owner, void *field)
{
	struct pending_name pending = {
		.text = yaml->text,
		.mark = yaml->mark,
		.type = key->type,
		.kinds = key->kinds,
		.flags = key->flags,
		.field = field,
		.owner = owner,
	};

	pending.text = scenario_string(load->scenario, yaml->text);
	pending.is_done = (key->flags & KEY_MAY_BE_NONE) && strcmp(yaml->text, "none") == 0;
	g_array_append_val(load->pending, pending);
}

static void read_scalar(struct load *load, const struct key *key, const struct yaml_node *yaml,
			void *item)
{
	void *field = key_field(key, item);

	if (yaml->kind != YAML_SCALAR || yaml_is_null(yaml)) {
		if (key->type == KEY_WORD) /* what follows from it is not known */
			g_hash_table_remove(load->marks, field);
		load_error(load, yaml->mark, "`%s` is %s here, and should be %s", key->name,
			   kind_of(yaml), value_types[key->type].title);
		if (key->type == KEY_WORD || value_types[key->type].example != NULL)
			hint_value(load, key, "", "");
		return;
	}
	if (key->type == KEY_REFERENCE || key->type == KEY_PORT_OF || key->type == KEY_LINK) {
		read_reference(load, key, yaml, item, field);
		return;
	}
	const char *problem = value_parse(key, yaml->text, field, load->scenario->memory->strings);

	if (problem == NULL)
		return;
	g_hash_table_remove(load->marks, field); /* what cannot be read is not given */
	load_error(load, yaml->mark, "`%s: %s`: %s", key->name, yaml->text, problem);
	hint_value(load, key, yaml->text, problem);
}

/* The name of an entry of a table: new, or that of a part which is elsewhere. */
static void read_name(struct load *load, const struct mapping *mapping,
		      const struct yaml_node *name, void *item)
{
	struct key key = { .name = mapping->title, .type = mapping->name_type };
	const char *text = "";
	const char *problem = value_parse(&key, name->text, &text, load->scenario->memory->strings);
	struct scenario_item *base = item;

	base->mark = name->mark;
	base->name = scenario_string(load->scenario, name->text);
	if (problem != NULL) {
		load_error(load, name->mark, "`%s` cannot be the name of %s: %s", name->text,
			   mapping->article, problem);
		load_hint(load, "write %s such as %s", value_types[mapping->name_type].title,
			  value_types[mapping->name_type].example);
	}
	if (mapping->name_kinds != 0) {
		key = (struct key) { .type = KEY_REFERENCE, .kinds = mapping->name_kinds };
		read_reference(load, &key, name, base, (char *)item + mapping->name_offset);
	}
}

static const struct yaml_node *child(const struct yaml_node *yaml, unsigned index)
{
	return g_ptr_array_index(yaml->children, index);
}

/* Reports keys that stand twice, and those that are no words. False for such a one. */
static bool check_key(struct load *load, const struct yaml_node *yaml, unsigned index,
		      GHashTable *seen)
{
	const struct yaml_node *name = child(yaml, index);

	if (name->kind != YAML_SCALAR || name->text[0] == '\0') {
		/* A key that is not there has no place; what stands behind it has. */
		load_error(load,
			   name->kind == YAML_SCALAR && name->is_plain
			       ? child(yaml, index + 1)->mark
			       : name->mark,
			   "a key must be a word");
		load_hint(load, "write `key: value`");
		return false;
	}
	const struct yaml_node *first = g_hash_table_lookup(seen, name->text);

	if (first != NULL) {
		load_error(load, name->mark, "`%s` stands here twice", name->text);
		load_hint(load, "it first stands on line %u", first->mark.line);
		return false;
	}
	g_hash_table_insert(seen, name->text, (void *)name);
	return true;
}

/* What stands behind a key that is unknown or misused is not read: its parts are not known then. */
static void lose_parts(struct load *load, const struct key *key)
{
	if (key == NULL || (key->type != KEY_TABLE && key->type != KEY_LIST))
		return;
	load->lost_kinds |= key->mapping->kind;
	if (key->mapping->kind == SCENARIO_DOMAIN)
		load->lost_kinds |= SCENARIO_ACCOUNT;
	if (key->mapping->kind == SCENARIO_NETWORK)
		load->lost_kinds |= SCENARIO_SWITCH;
}

static void read_table(struct load *load, const struct key *key, const struct yaml_node *yaml,
		       GPtrArray *items)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	if (yaml_is_null(yaml))
		return;
	if (yaml->kind != YAML_MAPPING) {
		load_error(load, yaml->mark, "`%s` is %s here, and should be a mapping", key->name,
			   kind_of(yaml));
		load_hint(load, "write a line `name: {...}` for each %s", key->mapping->title);
		lose_parts(load, key);
		return;
	}
	for (unsigned i = 0; i + 1 < yaml->children->len; i += 2) {
		if (!check_key(load, yaml, i, seen))
			continue;
		void *item = scenario_new_item(load->scenario, key->mapping);

		read_name(load, key->mapping, child(yaml, i), item);
		read_item(load, child(yaml, i + 1), key->mapping, item);
		g_ptr_array_add(items, item);
	}
}

static void read_list_element(struct load *load, const struct mapping *mapping,
			      const struct yaml_node *yaml, GPtrArray *items)
{
	void *item = scenario_new_item(load->scenario, mapping);

	((struct scenario_item *)item)->mark = yaml->mark;
	read_item(load, yaml, mapping, item);
	g_ptr_array_add(items, item);
}

/* A list, or what could be its only element. */
static void read_list(struct load *load, const struct key *key, const struct yaml_node *yaml,
		      GPtrArray *items)
{
	if (yaml_is_null(yaml))
		return;
	if (yaml->kind != YAML_SEQUENCE) {
		read_list_element(load, key->mapping, yaml, items);
		return;
	}
	for (unsigned i = 0; i < yaml->children->len; i++)
		read_list_element(load, key->mapping, child(yaml, i), items);
}

static void read_value(struct load *load, const struct key *key, const struct yaml_node *yaml,
		       void *item)
{
	void *field = key_field(key, item);

	set_mark(load, field, yaml->mark);
	switch (key->type) {
	case KEY_MAPPING:
		((struct scenario_item *)field)->mark = yaml->mark;
		read_item(load, yaml, key->mapping, field);
		break;
	case KEY_TABLE:
		read_table(load, key, yaml, *(GPtrArray **)field);
		break;
	case KEY_LIST:
		read_list(load, key, yaml, *(GPtrArray **)field);
		break;
	default:
		read_scalar(load, key, yaml, item);
	}
}

/* ---- Mappings ---- */

static void report_unknown_key(struct load *load, const struct mapping *mapping,
			       const struct yaml_node *name)
{
	struct suggestion suggestion = { .word = name->text };
	g_autoptr(GString) keys = g_string_new(NULL);

	for (unsigned i = 0; i < mapping->key_count; i++) {
		suggest_offer(&suggestion, mapping->keys[i].name);
		g_string_append_printf(keys, "%s`%s`", i == 0 ? "" : ", ", mapping->keys[i].name);
	}
	load_error(load, name->mark, "%s has no key `%s`", mapping->article, name->text);
	if (suggestion.best != NULL)
		lose_parts(load, mapping_key(mapping, suggestion.best));
	if (suggestion.best != NULL)
		load_hint(load, "did you mean `%s`?", suggestion.best);
	else if (mapping->key_count > 0)
		load_hint(load, "its keys are %s", keys->str);
}

/*
 * Which variant a mapping is, by its selecting keys or by what was read as its word. False, with
 * an error, when it cannot be told.
 */
static bool find_variant(struct load *load, const struct yaml_node *yaml,
			 const struct mapping *mapping, void *item)
{
	int variant = -1;

	if (mapping->variant_is_word)
		return load_is_given(load, (char *)item + mapping->variant_offset);
	for (unsigned i = 0; i < mapping->key_count && (mapping->keys[i].flags & KEY_SELECTS);
	     i++) {
		if (yaml_get(yaml, mapping->keys[i].name) == NULL)
			continue;
		if (variant >= 0) {
			load_error(load, yaml->mark, "`%s` and `%s` cannot stand together",
				   mapping->keys[variant].name, mapping->keys[i].name);
			return false;
		}
		variant = (int)i;
	}
	if (variant >= 0) {
		memcpy((char *)item + mapping->variant_offset, &variant, sizeof variant);
		return true;
	}
	g_autoptr(GString) keys = g_string_new(NULL);

	for (unsigned i = 0; mapping->keys[i].flags & KEY_SELECTS; i++)
		g_string_append_printf(keys, "%s`%s`", i == 0 ? "" : ", ", mapping->keys[i].name);
	load_error(load, yaml->mark, "this does not say what is meant: %s has one of the keys %s",
		   mapping->article, keys->str);
	return false;
}

/* What a variant is called in messages: its word, or its selecting key. */
static const char *variant_name(const struct mapping *mapping, unsigned variant)
{
	if (!mapping->variant_is_word)
		return mapping->keys[variant].name;
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		if (key->offset == mapping->variant_offset)
			return key->words[variant].text;
	}
	return mapping->title;
}

static void report_missing_key(struct load *load, struct mark mark, const char *what,
			       const struct key *key)
{
	load_error(load, mark, "%s needs the key `%s`", what, key->name);
	load_hint(load, "%s", key->meaning);
}

/* The next key that the variant needs and that is not there, from `*index` on; NULL: none. */
static const struct key *next_missing(const struct yaml_node *yaml, const struct mapping *mapping,
				      unsigned variant, unsigned *index)
{
	while (*index < mapping->key_count) {
		const struct key *key = &mapping->keys[(*index)++];

		if ((key->required_in >> variant & 1) && yaml_get(yaml, key->name) == NULL)
			return key;
	}
	return NULL;
}

/*
 * Keys that the variant does not have, and those it needs. One that it does not have was probably meant
 * to be one that it needs: that is one mistake.
 */
static void check_variant(struct load *load, const struct yaml_node *yaml,
			  const struct mapping *mapping, unsigned variant)
{
	g_autofree char *name = g_strdup_printf("`%s`", variant_name(mapping, variant));
	const struct key *missing;
	unsigned index = 0;

	for (unsigned i = 0; i + 1 < yaml->children->len; i += 2) {
		const struct key *key = mapping_key(mapping, child(yaml, i)->text);

		if (key == NULL || key_is_in_variant(key, variant))
			continue;
		load_error(load, child(yaml, i)->mark, "`%s` does not go with %s", key->name, name);
		missing = next_missing(yaml, mapping, variant, &index);
		if (missing != NULL)
			load_hint(load, "%s needs the key `%s`: %s", name, missing->name,
				  missing->meaning);
	}
	while ((missing = next_missing(yaml, mapping, variant, &index)) != NULL)
		report_missing_key(load, yaml->mark, name, missing);
}

static void check_required(struct load *load, const struct yaml_node *yaml, struct mark mark,
			   const struct mapping *mapping)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		if ((key->flags & KEY_REQUIRED) && yaml_get(yaml, key->name) == NULL)
			report_missing_key(load, mark, mapping->article, key);
	}
}

static void read_keys(struct load *load, const struct yaml_node *yaml,
		      const struct mapping *mapping, void *item)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	bool keys_are_known = true;

	for (unsigned i = 0; i + 1 < yaml->children->len; i += 2) {
		if (!check_key(load, yaml, i, seen)) {
			keys_are_known = false;
			continue;
		}
		const struct key *key = mapping_key(mapping, child(yaml, i)->text);

		if (key == NULL) {
			report_unknown_key(load, mapping, child(yaml, i));
			keys_are_known = false;
			continue;
		}
		read_value(load, key, child(yaml, i + 1), item);
	}
	/* A key that is misspelt would also be missed: one error is enough. */
	if (keys_are_known && mapping->has_variants && find_variant(load, yaml, mapping, item))
		check_variant(load, yaml, mapping, item_variant(mapping, item));
}

/* Reads `yaml` into `item`, which has its defaults and its place. */
static void read_item(struct load *load, const struct yaml_node *yaml,
		      const struct mapping *mapping, void *item)
{
	struct mark mark = ((struct scenario_item *)item)->mark;
	bool may_be_short = mapping->has_short_form;

	if (yaml->kind == YAML_SCALAR && may_be_short &&
	    (!yaml_is_null(yaml) || mapping->is_scalar)) {
		read_value(load, &mapping->keys[0], yaml, item);
		return;
	}
	if (mapping->is_scalar || (yaml->kind != YAML_MAPPING && !yaml_is_null(yaml))) {
		load_error(load, yaml->mark, "%s is %s here, and should be %s", mapping->article,
			   kind_of(yaml), mapping->is_scalar ? "a value" : "a mapping");
		if (mapping->is_scalar)
			hint_value(load, &mapping->keys[0], "", "");
		else if (mapping->key_count > 0)
			load_hint(load, "write `{%s: ...}`", mapping->keys[0].name);
		else
			load_hint(load, "write nothing behind the colon");
		return;
	}
	if (yaml->kind == YAML_MAPPING) {
		unsigned errors = diagnostics_count(load->diagnostics, SEVERITY_ERROR);

		read_keys(load, yaml, mapping, item);
		if (diagnostics_count(load->diagnostics, SEVERITY_ERROR) != errors)
			return;
	} else if (mapping->has_variants && !mapping->variant_is_word) {
		find_variant(load, yaml, mapping, item); /* says that nothing is said */
	}
	check_required(load, yaml, mark, mapping);
}

void scenario_read(struct load *load, const struct yaml_node *root)
{
	struct scenario *scenario = load->scenario;

	scenario->item.mark = root->mark;
	if (root->kind != YAML_MAPPING) {
		load_error(load, root->mark, "this is %s, not a scenario", kind_of(root));
		load_hint(load, "a scenario starts with the line `mailwire: 1`");
		return;
	}
	if (yaml_get(root, "mailwire") != NULL &&
	    (child(root, 0)->kind != YAML_SCALAR || strcmp(child(root, 0)->text, "mailwire") != 0))
		load_error(load, root->mark, "a scenario starts with the line `mailwire: 1`");
	read_item(load, root, &scenario_mapping, scenario);
}
