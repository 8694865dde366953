/* What the comment at the top of a scenario says to type can be typed. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/app/program.h"

static char **scenarios; /* names without .yaml, in order; none when they are not there */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **names_new(void)
{
	g_autoptr(GDir) folder = g_dir_open("scenarios", 0, NULL);
	GPtrArray *names = g_ptr_array_new();
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, ".yaml"))
			g_ptr_array_add(names, g_strndup(name, strlen(name) - strlen(".yaml")));
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

/* The comment a scenario begins with, "# " taken off. The caller frees it. */
static char *comment_of(const char *scenario)
{
	g_autofree char *path = g_strdup_printf("scenarios/%s.yaml", scenario);
	g_autofree char *text = NULL;
	GString *comment = g_string_new("\n");

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL && **line == '#'; line++)
		g_string_append_printf(comment, "%s\n", *line + 1);
	return g_string_free(comment, FALSE);
}

static bool begins_line(const char *comment, const char *at)
{
	while (at > comment && at[-1] == ' ')
		at--;
	return at[-1] == '\n';
}

/* On a line of its own it ends at a gap, a pipe or the line's end. */
static size_t length_on_line(const char *command)
{
	static const char *const ends[] = { "  ", " | ", "\n" };
	size_t length = strlen(command);

	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		const char *end = strstr(command, ends[i]);

		if (end != NULL)
			length = MIN(length, (size_t)(end - command));
	}
	return length;
}

/*
 * Its commands: in backquotes, over several lines if need be, or at the beginning of a line. Of char *;
 * the caller unreferences it.
 */
static GPtrArray *commands_of(const char *scenario)
{
	GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *comment = comment_of(scenario);

	for (const char *at = strstr(comment, "mailwire "); at != NULL;
	     at = strstr(at + 1, "mailwire ")) {
		size_t length = 0;

		if (at[-1] == '`')
			length = strcspn(at, "`");
		else if (begins_line(comment, at))
			length = length_on_line(at);
		ck_assert_msg(length > 0, "%s: a command without backquotes: %.60s", scenario, at);
		g_ptr_array_add(commands, g_strdelimit(g_strndup(at, length), "\n", ' '));
	}
	return commands;
}

/* Needs rights that a test has not: the scenario shared with real programs. */
static bool is_for_root(char *const *words)
{
	return strcmp(words[1], "shell") == 0 || strcmp(words[1], "live") == 0;
}

static void run_in(const char *folder, const char *scenario, const char *command)
{
	g_auto(GStrv) words = NULL;
	struct surroundings surroundings = { .folder = folder };
	struct outcome *outcome;

	ck_assert_msg(g_shell_parse_argv(command, NULL, &words, NULL), "%s: %s", scenario, command);
	if (is_for_root(words))
		return;
	outcome = program_run_in(&surroundings, (const char *const *)words + 1);
	ck_assert_msg(outcome->status == 0, "%s: \"%s\" has status %d: %.1000s", scenario, command,
		      outcome->status, outcome->err);
	outcome_free(outcome);
}

START_TEST(what_it_says_to_type_can_be_typed)
{
	const char *scenario = scenarios[_i];
	GPtrArray *commands = commands_of(scenario);
	char *folder = folder_new();
	g_autofree char *link = g_build_filename(folder, "scenarios", NULL);
	g_autofree char *target = g_canonicalize_filename("scenarios", NULL);

	ck_assert_int_eq(symlink(target, link), 0);
	for (guint i = 0; i < commands->len; i++)
		run_in(folder, scenario, commands->pdata[i]);
	folder_remove(folder);
	g_ptr_array_unref(commands);
}
END_TEST

/* Otherwise the tests above would look at nothing. */
START_TEST(most_scenarios_say_what_to_type)
{
	unsigned count = 0, telling = 0;

	for (; scenarios[count] != NULL; count++) {
		GPtrArray *commands = commands_of(scenarios[count]);

		telling += commands->len > 0;
		g_ptr_array_unref(commands);
	}
	ck_assert_uint_gt(count, 50);
	ck_assert_uint_gt(telling * 2, count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("comments");
	TCase *tests = tcase_create("comments");

	scenarios = names_new();
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, what_it_says_to_type_can_be_typed, 0,
			    (int)g_strv_length(scenarios));
	tcase_add_test(tests, most_scenarios_say_what_to_type);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_strfreev(scenarios);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
