#include <string.h>
#include "app/scenario.h"
#include "app/scenario_yaml.h"

#ifndef DATADIR
#define DATADIR "/usr/local/share/mailwire" /* the build says where it is installed */
#endif

#define SUFFIX             ".yaml"
#define SCHEMA             "schema.json"
#define SCENARIOS_VARIABLE "MAILWIRE_SCENARIOS"

/*
 * Beside the program that runs, wherever it was put: bin/mailwire finds share/mailwire/scenarios,
 * and build/release/mailwire the scenarios of its source. None where the system does not say where
 * the program is.
 */
static void add_beside_program(GPtrArray *folders)
{
	static const char *const beside[] = { "../share/mailwire/scenarios", "../../scenarios" };
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *bin = program == NULL ? NULL : g_path_get_dirname(program);

	for (size_t i = 0; bin != NULL && i < G_N_ELEMENTS(beside); i++) {
		g_autofree char *folder = g_build_filename(bin, beside[i], NULL);

		if (g_file_test(folder, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(folders, g_canonicalize_filename(folder, NULL));
	}
}

/* Where scenarios with names are, best first: an array of char * that frees its elements. */
static GPtrArray *scenario_folders(void)
{
	const char *chosen = g_getenv(SCENARIOS_VARIABLE);
	GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(folders, g_strdup("scenarios"));
	if (chosen != NULL && chosen[0] != '\0')
		g_ptr_array_add(folders, g_strdup(chosen));
	add_beside_program(folders);
	g_ptr_array_add(folders, g_strdup(DATADIR "/scenarios"));
	return folders;
}

static bool is_file(const char *path)
{
	return g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_DIR);
}

static char *find_in_folder(const char *folder, const char *name)
{
	g_autofree char *exact = g_build_filename(folder, name, NULL);
	g_autofree char *with_suffix = g_strconcat(exact, SUFFIX, NULL);

	if (is_file(exact))
		return g_steal_pointer(&exact);
	return is_file(with_suffix) ? g_steal_pointer(&with_suffix) : NULL;
}

static void report_missing(const char *name, struct diagnostics *diagnostics)
{
	g_autoptr(GPtrArray) known = scenario_list();
	struct suggestion suggestion = { .word = name };

	if (g_file_test(name, G_FILE_TEST_IS_DIR)) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 },
				"`%s` is a folder, and a scenario is a file", name);
		diagnostics_hint(diagnostics, "name one of the files in it");
		return;
	}
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 },
			"there is no scenario `%s`, neither a file nor one that came with mailwire",
			name);
	for (unsigned i = 0; i < known->len; i++)
		suggest_offer(&suggestion,
			      ((struct scenario_listed *)g_ptr_array_index(known, i))->name);
	if (suggestion.best != NULL)
		diagnostics_hint(diagnostics, "did you mean `%s`?", suggestion.best);
	else
		diagnostics_hint(diagnostics, "`mailwire list` shows those that came with it");
}

char *scenario_find(const char *name, struct diagnostics *diagnostics)
{
	g_autoptr(GPtrArray) folders = scenario_folders();

	if (is_file(name))
		return g_strdup(name);
	for (guint i = 0; i < folders->len && !g_path_is_absolute(name); i++) {
		char *path = find_in_folder(folders->pdata[i], name);

		if (path != NULL)
			return path;
	}
	report_missing(name, diagnostics);
	return NULL;
}

char *scenario_schema_uri(void)
{
	g_autoptr(GPtrArray) folders = scenario_folders();

	for (guint i = 0; i < folders->len; i++) {
		g_autofree char *path = g_build_filename(folders->pdata[i], SCHEMA, NULL);
		g_autofree char *absolute = g_canonicalize_filename(path, NULL);

		if (is_file(path))
			return g_filename_to_uri(absolute, NULL, NULL);
	}
	return NULL;
}

/* ---- Listing ---- */

static void listed_free(void *data)
{
	struct scenario_listed *listed = data;

	g_free(listed->name);
	g_free(listed->path);
	g_free(listed->title);
	g_free(listed);
}

/*
 * The title alone: a scenario with errors is listed too. NULL when the file cannot be read as YAML. False
 * when it can, and is none: a list of claims, say.
 */
static bool read_title(const char *path, char **title)
{
	struct diagnostics *diagnostics = diagnostics_new();
	g_autofree char *text = NULL;
	struct yaml_node *root = NULL;
	bool is_scenario = true;
	gsize length;

	*title = NULL;
	if (g_file_get_contents(path, &text, &length, NULL) && length <= SCENARIO_BYTES_MAX)
		root = yaml_parse((struct bytes) { (const uint8_t *)text, length }, diagnostics);
	const struct yaml_node *value = root == NULL ? NULL : yaml_get(root, "title");

	if (value != NULL && value->kind == YAML_SCALAR)
		*title = g_strdup(value->text);
	if (root != NULL && root->kind == YAML_MAPPING)
		is_scenario = yaml_get(root, "mailwire") != NULL || value != NULL;
	yaml_free(root);
	diagnostics_free(diagnostics);
	return is_scenario;
}

static bool has_name(const GPtrArray *list, const char *name)
{
	for (unsigned i = 0; i < list->len; i++) {
		const struct scenario_listed *listed = g_ptr_array_index(list, i);

		if (strcmp(listed->name, name) == 0)
			return true;
	}
	return false;
}

/* A name found in a better folder hides the same one in this. */
static void list_folder(const char *folder, GPtrArray *list)
{
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *file;

	while (directory != NULL && (file = g_dir_read_name(directory)) != NULL) {
		if (!g_str_has_suffix(file, SUFFIX))
			continue;
		g_autofree char *name = g_strndup(file, strlen(file) - strlen(SUFFIX));
		g_autofree char *path = g_build_filename(folder, file, NULL);

		char *title;

		if (has_name(list, name) || !is_file(path) || !read_title(path, &title))
			continue;
		struct scenario_listed *listed = g_new0(struct scenario_listed, 1);

		listed->title = title;
		listed->name = g_steal_pointer(&name);
		listed->path = g_steal_pointer(&path);
		g_ptr_array_add(list, listed);
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct scenario_listed *left = *(struct scenario_listed *const *)a;
	const struct scenario_listed *right = *(struct scenario_listed *const *)b;

	return strcmp(left->name, right->name);
}

GPtrArray *scenario_list(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(listed_free);
	g_autoptr(GPtrArray) folders = scenario_folders();

	for (guint i = 0; i < folders->len; i++)
		list_folder(folders->pdata[i], list);
	g_ptr_array_sort(list, compare_names);
	return list;
}
