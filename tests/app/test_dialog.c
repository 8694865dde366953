/* The conversations: nothing that was said is missing, however much of it one segment holds. */
#include <check.h>
#include <stdlib.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

#define RECIPIENTS 150

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		found++;
	return found;
}

START_TEST(many_pipelined_commands_are_all_there)
{
	GString *text = g_string_new("mailwire: 1\n"
				     "hosts: {pc: , mail: , far: }\n"
				     "domains:\n"
				     "  a.example: {mail: mail, accounts: {ann: secret}}\n"
				     "  b.example:\n    mail: far\n    accounts:\n");
	char *folder = folder_new(), *path;
	struct outcome *outcome;

	for (int i = 0; i < RECIPIENTS; i++)
		g_string_append_printf(text, "      u%d: secret\n", i);
	g_string_append(text,
			"clients: {ann: {host: pc, account: ann@a.example}}\n"
			"timeline:\n"
			"  - at: 1s\n    who: ann\n    do: send\n    subject: All\n    to: [");
	for (int i = 0; i < RECIPIENTS; i++)
		g_string_append_printf(text, "%su%d@b.example", i == 0 ? "" : ", ", i);
	g_string_append(text, "]\n");
	path = scenario_write(folder, text->str);
	outcome = program_run("run", path, "--dialog", NULL);
	ck_assert_status(outcome, 0);
	/* Once to the submission server, once from there to the exchanger. */
	ck_assert_uint_eq(count(outcome->out, "C: RCPT TO:<u"), 2 * RECIPIENTS);
	ck_assert_uint_eq(count(outcome->out, "S: 250 2.1.5 Ok"), 2 * RECIPIENTS);
	outcome_free(outcome);
	g_free(path);
	folder_remove(folder);
	g_string_free(text, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dialog");
	TCase *tests = tcase_create("dialog");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, many_pipelined_commands_are_all_there);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
