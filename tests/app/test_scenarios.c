/* Every scenario that comes with the program: it runs, ends as it expects, and its books balance. */
#include <check.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"
#include "tests/app/watched.h"

static GPtrArray *paths;

START_TEST(it_is_right_and_says_so)
{
	struct outcome *outcome = program_run("check", paths->pdata[_i], NULL);

	ck_assert_status(outcome, 0);
	ck_assert_str_eq(outcome->err, "");
	outcome_free(outcome);
}
END_TEST

/* Warnings of passwords that are readable are no complaints. */
static bool only_warns(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		if (**line != '\0' && !g_str_has_prefix(*line, "  password readable on the wire: "))
			return false;
	return true;
}

/* In the sanitized build this is also the proof that nothing leaks: a leak ends with a status. */
START_TEST(it_runs_and_meets_its_expectations)
{
	struct outcome *quiet = program_run("run", paths->pdata[_i], "--quiet", NULL);
	struct outcome *full = program_run("run", paths->pdata[_i], "--unfold", "--report",
					   "--pcap", "/dev/null", NULL);

	ck_assert_status(quiet, 0);
	ck_assert_msg(only_warns(quiet->err), "%s", quiet->err);
	ck_assert_status(full, 0);
	ck_assert_str_eq(full->err, "");
	ck_assert_ptr_null(strstr(full->out, "NOT as expected"));
	outcome_free(quiet);
	outcome_free(full);
}
END_TEST

/* Bytes in - headers removed + headers added = bytes out, at every crossing of every packet. */
START_TEST(its_encapsulation_ledger_balances)
{
	struct watched *watched =
	    watched_run(load_good_file(paths->pdata[_i]), 1, TIME_NEVER, NULL, true);

	ck_assert_int_ne(watched->outcome, ENGINE_LIVELOCK);
	ck_assert_uint_eq(report_unbalanced(watched->observer.report), 0);
	watched_free(watched);
}
END_TEST

static char *shown_beside_files(const char *folder, const char *path)
{
	struct outcome *shown = program_run("show", path, NULL);
	char *copy;

	ck_assert_status(shown, 0);
	copy = scenario_write(folder, shown->out);
	outcome_free(shown);
	return copy;
}

START_TEST(written_out_in_full_it_is_the_same_scenario)
{
	char *folder = folder_new();
	char *copy = shown_beside_files(folder, paths->pdata[_i]);
	char *captures[] = { path_in(folder, "1.pcapng"), path_in(folder, "2.pcapng") };
	struct outcome *outcomes[] = {
		program_run("show", copy, NULL),
		program_run("run", paths->pdata[_i], "--quiet", "--pcap", captures[0], NULL),
		program_run("run", copy, "--quiet", "--pcap", captures[1], NULL),
	};

	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++)
		ck_assert_status(outcomes[i], 0);

	GBytes *shown = file_read(copy), *one = file_read(captures[0]),
	       *two = file_read(captures[1]);

	ck_assert_uint_eq(g_bytes_get_size(shown), outcomes[0]->out_bytes);
	ck_assert_mem_eq(g_bytes_get_data(shown, NULL), outcomes[0]->out, outcomes[0]->out_bytes);
	ck_assert_msg(g_bytes_equal(one, two), "what `show` writes runs otherwise");
	g_bytes_unref(shown);
	g_bytes_unref(one);
	g_bytes_unref(two);
	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++)
		outcome_free(outcomes[i]);
	g_free(captures[0]);
	g_free(captures[1]);
	g_free(copy);
	folder_remove(folder);
}
END_TEST

START_TEST(an_expectation_that_is_not_met_ends_with_1_and_is_shown)
{
	char *folder = folder_new(), *path = path_in(folder, "wrong.yaml");
	GBytes *hello = file_read("scenarios/hello.yaml");
	char *text = g_strdup_printf("%.*s  - {retransmissions: 7}\n", (int)g_bytes_get_size(hello),
				     (const char *)g_bytes_get_data(hello, NULL));

	file_write(path, text);

	struct outcome *outcome = program_run("run", path, "--quiet", NULL);

	ck_assert_int_eq(outcome->status, 1);
	ck_assert_ptr_nonnull(strstr(outcome->err, "wrong.yaml"));
	ck_assert_ptr_nonnull(strstr(outcome->err, "retransmissions"));
	outcome_free(outcome);
	g_bytes_unref(hello);
	g_free(text);
	g_free(path);
	folder_remove(folder);
}
END_TEST

/* Lines that are not met by the dial-up scenario, and what is said of them. */
static const char *const unmet[][2] = {
	{"{cost: ..0.5}",				   "cost of all dial-up lines: 0 to 0.5; there were 2.2"},
	{ "{minutes-online: 1, network: phone}",            "begun minutes of phone: 1; there were 4"            },
	{ "{minutes-online: 4, network: phone, at: 10min}", "there were 2"                                       },
	{ "{packets: 1.., of: search, by: erin}",
         "packets caused by `search` of erin: at least 1; there were 0"                                          },
	{ "{device: frank, messages: 9}",                   "INBOX at frank holds: 9 messages; there were 2"     },
	{ "{device: erin, messages: 1, within: 30s}",       "within 30 s; there were 5"                          },
};

START_TEST(lines_devices_and_packets_are_counted)
{
	char *folder = folder_new(), *path = path_in(folder, "wrong.yaml");
	GBytes *right = file_read("scenarios/dial-up.yaml");
	char *text = g_strdup_printf("%.*s  - %s\n", (int)g_bytes_get_size(right),
				     (const char *)g_bytes_get_data(right, NULL), unmet[_i][0]);

	file_write(path, text);

	struct outcome *outcome = program_run("run", path, "--quiet", NULL);

	ck_assert_int_eq(outcome->status, 1);
	ck_assert_msg(strstr(outcome->err, unmet[_i][1]) != NULL, "%s", outcome->err);
	outcome_free(outcome);
	g_bytes_unref(right);
	g_free(text);
	g_free(path);
	folder_remove(folder);
}
END_TEST

START_TEST(minutes_and_cost_are_told_in_log_summary_and_report)
{
	struct outcome *outcome = program_run("run", "dial-up", "--report", NULL);
	const char *const told[] = {
		"line phone: hung up after 60 s of silence; modems and PPP are not modelled",
		"dial-up line phone: dialling",
		"dial-up line phone: up\n",
		"dial-up line phone: down; so far 1 call, 2 begun minutes, ",
		"\nDial-up lines\n",
		"\n  dial-up line phone: 2 calls, 4 begun minutes, ",
		"cost 0.20\n",
	};

	ck_assert_status(outcome, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
		ck_assert_msg(strstr(outcome->out, told[i]) != NULL, "%s", told[i]);
	outcome_free(outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenarios");
	TCase *tests = tcase_create("scenarios");

	paths = all_scenarios();
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, it_is_right_and_says_so, 0, (int)paths->len);
	tcase_add_loop_test(tests, it_runs_and_meets_its_expectations, 0, (int)paths->len);
	tcase_add_loop_test(tests, its_encapsulation_ledger_balances, 0, (int)paths->len);
	tcase_add_loop_test(tests, written_out_in_full_it_is_the_same_scenario, 0, (int)paths->len);
	tcase_add_test(tests, an_expectation_that_is_not_met_ends_with_1_and_is_shown);
	tcase_add_loop_test(tests, lines_devices_and_packets_are_counted, 0, G_N_ELEMENTS(unmet));
	tcase_add_test(tests, minutes_and_cost_are_told_in_log_summary_and_report);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
