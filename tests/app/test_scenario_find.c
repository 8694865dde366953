/* What a FILE argument means, and what `list` shows. */
#include <check.h>
#include <glib/gstdio.h>
#include "app/scenario.h"

static char *folder;

static void make_folder(void)
{
	g_autofree char *path = NULL;

	folder = g_dir_make_tmp("scenario-XXXXXX", NULL);
	path = g_build_filename(folder, "only-here.yaml", NULL);
	ck_assert(g_file_set_contents(path, "mailwire: 1\ntitle: From elsewhere\n", -1, NULL));
	g_setenv("MAILWIRE_SCENARIOS", folder, TRUE);
}

static void remove_folder(void)
{
	g_autofree char *path = g_build_filename(folder, "only-here.yaml", NULL);

	g_remove(path);
	g_rmdir(folder);
	g_free(folder);
}

static void check_found(const char *name, const char *expected)
{
	struct diagnostics *diagnostics = diagnostics_new();
	g_autofree char *path = scenario_find(name, diagnostics);

	ck_assert_ptr_nonnull(path);
	ck_assert_msg(g_str_has_suffix(path, expected), "%s", path);
	diagnostics_free(diagnostics);
}

START_TEST(a_path_is_taken_as_it_is)
{
	check_found("scenarios/office.yaml", "scenarios/office.yaml");
}
END_TEST

START_TEST(a_name_is_found_in_the_folders_of_scenarios)
{
	check_found("office", "scenarios/office.yaml");
	check_found("office.yaml", "scenarios/office.yaml");
	check_found("only-here", "/only-here.yaml");
}
END_TEST

START_TEST(a_folder_is_no_scenario)
{
	struct diagnostics *diagnostics = diagnostics_new();

	ck_assert_ptr_null(scenario_find("scenarios", diagnostics));
	g_autofree char *text = diagnostics_print(diagnostics);

	ck_assert_ptr_nonnull(strstr(text, "`scenarios` is a folder"));
	diagnostics_free(diagnostics);
}
END_TEST

START_TEST(a_name_that_is_not_there_gets_the_nearest)
{
	struct diagnostics *diagnostics = diagnostics_new();

	ck_assert_ptr_null(scenario_find("offise", diagnostics));
	g_autofree char *text = diagnostics_print(diagnostics);

	ck_assert_ptr_nonnull(strstr(text, "did you mean `office`?"));
	diagnostics_free(diagnostics);
}
END_TEST

START_TEST(the_list_is_sorted_and_has_titles)
{
	g_autoptr(GPtrArray) list = scenario_list();
	const struct scenario_listed *previous = NULL;
	unsigned seen = 0;

	for (unsigned i = 0; i < list->len; i++) {
		const struct scenario_listed *listed = g_ptr_array_index(list, i);

		ck_assert_ptr_nonnull(listed->title);
		ck_assert(previous == NULL || strcmp(previous->name, listed->name) < 0);
		seen += strcmp(listed->name, "office") == 0 || strcmp(listed->name, "hello") == 0;
		if (strcmp(listed->name, "only-here") == 0) {
			ck_assert_str_eq(listed->title, "From elsewhere");
			seen++;
		}
		previous = listed;
	}
	ck_assert_uint_eq(seen, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_find");
	TCase *tests = tcase_create("scenario_find");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, a_path_is_taken_as_it_is);
	tcase_add_test(tests, a_name_is_found_in_the_folders_of_scenarios);
	tcase_add_test(tests, a_folder_is_no_scenario);
	tcase_add_test(tests, a_name_that_is_not_there_gets_the_nearest);
	tcase_add_test(tests, the_list_is_sorted_and_has_titles);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
