#include <string.h>
#include "app/scenario_private.h"

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
	scenario_complete(load);
	scenario_check(load);
}

struct scenario *scenario_load_bytes(struct bytes yaml, const char *name, const char *directory,
				     struct diagnostics *diagnostics)
{
	if (yaml.length > SCENARIO_BYTES_MAX) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 },
				"%s is longer than %u bytes", name, SCENARIO_BYTES_MAX);
		return NULL;
	}
	diagnostics_set_source(diagnostics, name, yaml);
	struct yaml_node *root = yaml_parse(yaml, diagnostics);

	if (root == NULL)
		return NULL;
	struct load load = {
		.scenario = scenario_new(),
		.diagnostics = diagnostics,
		.directory = directory,
		.marks = g_hash_table_new_full(NULL, NULL, NULL, g_free),
		.pending = g_array_new(FALSE, TRUE, sizeof(struct pending_name)),
	};

	load_tree(&load, root);
	if (has_errors(&load))
		g_clear_pointer(&load.scenario, scenario_free);
	g_array_unref(load.pending);
	g_hash_table_unref(load.marks);
	yaml_free(root);
	return load.scenario;
}

struct scenario *scenario_load(const char *path, struct diagnostics *diagnostics)
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

	return scenario_load_bytes(yaml, path, directory, diagnostics);
}
