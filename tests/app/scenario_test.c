#include "tests/app/scenario_test.h"

#include <check.h>

struct scenario *load_good(const char *yaml)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario =
	    scenario_load_bytes(bytes_of(yaml), "t", "scenarios", diagnostics);
	char *text = diagnostics_print(diagnostics);

	ck_assert_msg(scenario != NULL, "%s", text);
	g_free(text);
	diagnostics_free(diagnostics);
	return scenario;
}

struct scenario *load_good_file(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario = scenario_load(path, diagnostics);
	char *text = diagnostics_print(diagnostics);

	ck_assert_msg(scenario != NULL, "%s", text);
	ck_assert_str_eq(text, "");
	g_free(text);
	diagnostics_free(diagnostics);
	return scenario;
}

char *diagnose(const char *yaml)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario =
	    scenario_load_bytes(bytes_of(yaml), "t", "scenarios", diagnostics);
	char *text = diagnostics_print(diagnostics);

	scenario_free(scenario);
	diagnostics_free(diagnostics);
	return text;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Not the claims, nor the glossary. */
static bool is_scenario(const char *path)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) &&
	       (g_str_has_prefix(text, "mailwire: ") || strstr(text, "\nmailwire: ") != NULL);
}

GPtrArray *all_scenarios(void)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) directory = g_dir_open("scenarios", 0, NULL);
	const char *name;

	/* Not an assertion of Check: loop tests ask before any test runs. */
	if (directory == NULL)
		g_error("run the tests from the top of the project");
	while ((name = g_dir_read_name(directory)) != NULL) {
		g_autofree char *path = g_build_filename("scenarios", name, NULL);

		if (g_str_has_suffix(name, ".yaml") && is_scenario(path))
			g_ptr_array_add(paths, g_steal_pointer(&path));
	}
	g_ptr_array_sort(paths, compare_paths);
	return paths;
}
