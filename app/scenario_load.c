#include <string.h>
#include "app/scenario_private.h"
#include "app/scenario_value.h"

/* ---- Memory ---- */

GPtrArray *scenario_new_array(struct scenario *scenario)
{
	GPtrArray *array = g_ptr_array_new();

	g_ptr_array_add(scenario->memory->arrays, array);
	return array;
}

const char *scenario_string(struct scenario *scenario, const char *text)
{
	return g_string_chunk_insert(scenario->memory->strings, text);
}

const char *scenario_format(struct scenario *scenario, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return scenario_string(scenario, text);
}

static void init_field(struct scenario *scenario, const struct key *key, void *field)
{
	if (key->type == KEY_MAPPING) {
		scenario_init_item(scenario, key->mapping, field);
	} else if (key->type == KEY_TABLE || key->type == KEY_LIST) {
		*(GPtrArray **)field = scenario_new_array(scenario);
	} else if (key->fallback != NULL) {
		const char *problem =
		    value_parse(key, key->fallback, field, scenario->memory->strings);

		g_assert(problem == NULL);
	} else if (key->type == KEY_TIME) {
		*(int64_t *)field = TIME_NEVER;
	} else if (key->type == KEY_RANGE || key->type == KEY_MONEY_RANGE) {
		*(struct scenario_range *)field = (struct scenario_range) { 0, UINT64_MAX };
	}
}

void scenario_init_item(struct scenario *scenario, const struct mapping *mapping, void *item)
{
	((struct scenario_item *)item)->kind = mapping->kind;
	for (unsigned i = 0; i < mapping->key_count; i++)
		init_field(scenario, &mapping->keys[i], key_field(&mapping->keys[i], item));
}

void *scenario_new_item(struct scenario *scenario, const struct mapping *mapping)
{
	void *item = g_malloc0(mapping->size);

	g_ptr_array_add(scenario->memory->items, item);
	scenario_init_item(scenario, mapping, item);
	return item;
}

/* ---- Places ---- */

bool load_is_given(const struct load *load, const void *field)
{
	return g_hash_table_contains(load->marks, field);
}

struct mark load_mark(const struct load *load, const void *field, const void *item)
{
	const struct mark *mark = g_hash_table_lookup(load->marks, field);

	return mark != NULL ? *mark : ((const struct scenario_item *)item)->mark;
}

bool load_misses(struct load *load, unsigned kinds, const char *name)
{
	if (load->lost_kinds & kinds)
		return false;
	return g_hash_table_add(load->missed, g_strdup(name));
}

/* ---- Loading ---- */

static void array_free(void *array)
{
	g_ptr_array_unref(array);
}

static void contents_free(void *bytes)
{
	g_bytes_unref(bytes);
}

static struct scenario *scenario_new(void)
{
	struct scenario *scenario = g_new0(struct scenario, 1);
	struct scenario_memory *memory = g_new0(struct scenario_memory, 1);

	memory->strings = g_string_chunk_new(4096);
	memory->items = g_ptr_array_new_with_free_func(g_free);
	memory->arrays = g_ptr_array_new_with_free_func(array_free);
	memory->contents = g_ptr_array_new_with_free_func(contents_free);
	for (unsigned i = 0; i < G_N_ELEMENTS(memory->names); i++)
		memory->names[i] = g_hash_table_new(g_str_hash, g_str_equal);
	memory->addresses = g_hash_table_new(g_str_hash, g_str_equal);
	memory->locals = g_hash_table_new(g_str_hash, g_str_equal);
	scenario->memory = memory;
	scenario_init_item(scenario, &scenario_mapping, scenario);
	return scenario;
}

void scenario_free(struct scenario *scenario)
{
	if (scenario == NULL)
		return;
	struct scenario_memory *memory = scenario->memory;

	for (unsigned i = 0; i < G_N_ELEMENTS(memory->names); i++)
		g_hash_table_unref(memory->names[i]);
	g_hash_table_unref(memory->addresses);
	g_hash_table_unref(memory->locals);
	g_ptr_array_unref(memory->contents);
	g_ptr_array_unref(memory->arrays);
	g_ptr_array_unref(memory->items);
	g_string_chunk_free(memory->strings);
	g_free(memory);
	g_free(scenario);
}

static bool has_errors(const struct load *load)
{
	return diagnostics_count(load->diagnostics, SEVERITY_ERROR) > 0;
}

static void load_tree(struct load *load, const struct yaml_node *root)
{
	scenario_read(load, root);
	if (load->receive != NULL)
		scenario_receive(load);
	scenario_complete(load);
	load->is_sound = !has_errors(load);
	scenario_check(load);
}

/* Puts other expectations in place of those that are written. */
static void change_expectations(struct yaml_node *root, const GPtrArray *expect, unsigned lines)
{
	struct yaml_node *list = yaml_new_collection(YAML_SEQUENCE, root->mark);

	for (guint i = 0; i < expect->len; i++)
		g_ptr_array_add(list->children, yaml_copy(expect->pdata[i], lines));
	for (guint i = 0; i + 1 < root->children->len; i += 2) {
		const struct yaml_node *key = g_ptr_array_index(root->children, i);

		if (key->kind == YAML_SCALAR && strcmp(key->text, "expect") == 0) {
			yaml_free(root->children->pdata[i + 1]);
			root->children->pdata[i + 1] = list;
			return;
		}
	}
	g_ptr_array_add(root->children, yaml_new_scalar("expect", root->mark));
	g_ptr_array_add(root->children, list);
}

/* Changes the tree. False, with an error, when that cannot be. */
static bool change(struct yaml_node *root, const struct scenario_changes *changes,
		   struct diagnostics *diagnostics)
{
	const struct scenario_settings *settings = changes->settings;
	unsigned lines;

	if (settings == NULL || root->kind != YAML_MAPPING)
		return true;
	lines = diagnostics_add_source(
	    diagnostics, settings->source_name,
	    (struct bytes) { (const uint8_t *)settings->source, strlen(settings->source) });
	for (guint i = 0; i < settings->list->len; i++)
		if (!scenario_set(root, settings->list->pdata[i], lines, diagnostics))
			return false;
	if (changes->expect != NULL)
		change_expectations(root, changes->expect, lines);
	return true;
}

struct scenario *scenario_load_bytes_changed(struct bytes yaml, const char *name,
					     const char *directory,
					     const struct scenario_changes *changes,
					     struct diagnostics *diagnostics)
{
	if (yaml.length > SCENARIO_BYTES_MAX) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 },
				"%s is longer than %u bytes", name, SCENARIO_BYTES_MAX);
		return NULL;
	}
	diagnostics_set_source(diagnostics, name, yaml);
	struct yaml_node *root = yaml_parse(yaml, diagnostics);

	if (root == NULL || !change(root, changes, diagnostics)) {
		yaml_free(root);
		return NULL;
	}
	struct load load = {
		.scenario = scenario_new(),
		.diagnostics = diagnostics,
		.directory = directory,
		.receive = changes->receive,
		.marks = g_hash_table_new_full(NULL, NULL, NULL, g_free),
		.pending = g_array_new(FALSE, TRUE, sizeof(struct pending_name)),
		.missed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	load_tree(&load, root);
	if (has_errors(&load))
		g_clear_pointer(&load.scenario, scenario_free);
	g_array_unref(load.pending);
	g_hash_table_unref(load.marks);
	g_hash_table_unref(load.missed);
	g_clear_pointer(&load.subjects, g_hash_table_unref);
	yaml_free(root);
	return load.scenario;
}

static const struct scenario_changes no_changes;

struct scenario *scenario_load_bytes(struct bytes yaml, const char *name, const char *directory,
				     struct diagnostics *diagnostics)
{
	return scenario_load_bytes_changed(yaml, name, directory, &no_changes, diagnostics);
}

struct scenario *scenario_load_changed(const char *path, const struct scenario_changes *changes,
				       struct diagnostics *diagnostics)
{
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;

	if (!g_file_get_contents(path, &text, &length, &error)) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 }, "%s",
				error->message);
		return NULL;
	}
	struct bytes yaml = { (const uint8_t *)text, length };

	return scenario_load_bytes_changed(yaml, path, directory, changes, diagnostics);
}

struct scenario *scenario_load(const char *path, struct diagnostics *diagnostics)
{
	return scenario_load_changed(path, &no_changes, diagnostics);
}
