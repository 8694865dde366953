/* The README stays true: its excerpt is what the program prints. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>

/* The indented block behind `heading`, its indentation taken off. The caller frees it. */
static char **excerpt(const char *readme, const char *heading)
{
	const char *from = strstr(readme, heading);
	GPtrArray *lines = g_ptr_array_new();
	char **all;

	ck_assert_ptr_nonnull(from);
	all = g_strsplit(from, "\n", -1);
	for (char **line = all + 1; *line != NULL; line++) {
		if (g_str_has_prefix(*line, "    "))
			g_ptr_array_add(lines, g_strdup(*line + 4));
		else if (**line != '\0' && lines->len > 0)
			break;
	}
	g_strfreev(all);
	g_ptr_array_add(lines, NULL);
	return (char **)g_ptr_array_free(lines, FALSE);
}

START_TEST(the_excerpt_of_the_log_is_what_the_program_prints)
{
	const char *program = g_getenv("MAILWIRE");
	const char *command[] = { program == NULL ? "build/release/mailwire" : program, "run",
				  "scenarios/office.yaml", "--unfold", NULL };
	char *readme = NULL, *printed = NULL;
	int status;

	ck_assert(g_file_get_contents("README.md", &readme, NULL, NULL));
	ck_assert(g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
			       &printed, NULL, &status, NULL));
	ck_assert_int_eq(status, 0);
	char **lines = excerpt(readme, "## What it prints");

	ck_assert_uint_gt(g_strv_length(lines), 15);
	for (char **line = lines; *line != NULL; line++)
		ck_assert_msg(strstr(printed, *line) != NULL, "the log has no line \"%s\"", *line);
	g_strfreev(lines);
	g_free(printed);
	g_free(readme);
}
END_TEST

static const struct {
	const char *row, *command; /* in the README, and in tools/deps.sh */
} systems[] = {
	{"| Fedora | `",            "dnf install " },
	{ "| Arch | `",             "pacman -S "   },
	{ "| macOS (Homebrew) | `", "brew install "},
};

/* The text in `file` behind `before`, up to any of `ends`. The caller frees it. */
static char *text_behind(const char *file, const char *before, const char *ends)
{
	g_autofree char *text = NULL;
	const char *found;

	ck_assert(g_file_get_contents(file, &text, NULL, NULL));
	found = strstr(text, before);
	ck_assert_msg(found != NULL, "%s has no \"%s\"", file, before);
	found += strlen(before);
	return g_strndup(found, strcspn(found, ends));
}

START_TEST(packages_are_those_that_make_deps_names)
{
	g_autofree char *readme = text_behind("README.md", systems[_i].row, "`\n");
	g_autofree char *deps = text_behind("tools/deps.sh", systems[_i].command, "\n");

	ck_assert_str_eq(readme, deps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("readme");
	TCase *tests = tcase_create("readme");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_excerpt_of_the_log_is_what_the_program_prints);
	tcase_add_loop_test(tests, packages_are_those_that_make_deps_names, 0,
			    G_N_ELEMENTS(systems));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
