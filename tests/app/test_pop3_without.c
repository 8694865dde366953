/*
 * What a POP3 client says depends on what its server offers: each capability taken away by the scenario
 * changes the commands, and the mail still arrives.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"

/* Ann leaves her mail on the server and looks twice; between the looks one message comes. */
static char *said_without(const char *without)
{
	char *text = g_strdup_printf(
	    "mailwire: 1\n"
	    "hosts: {pc: , other: , mail: , far: }\n"
	    "domains:\n"
	    "  a.example: {mail: mail, accounts: {ann: secret}}\n"
	    "  b.example: {mail: far, accounts: {bob: secret}}\n"
	    "servers: {mail: {without: [%s]}}\n"
	    "clients:\n"
	    "  ann: {host: pc, account: ann@a.example,\n"
	    "        incoming: {protocol: pop3, leave-on-server: yes, pipelining: yes}}\n"
	    "  bob: {host: other, account: bob@b.example}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: bob, do: send, to: ann@a.example, subject: One}\n"
	    "  - {at: 2s, who: bob, do: send, to: ann@a.example, subject: Two}\n"
	    "  - {at: 10s, who: ann, do: check}\n"
	    "  - {at: 20s, who: bob, do: send, to: ann@a.example, subject: Three}\n"
	    "  - {at: 30s, who: ann, do: check}\n"
	    "expect:\n"
	    "  - {message: Three, is: retrieved, by: ann}\n",
	    without);
	char *folder = folder_new(), *path = scenario_write(folder, text);
	struct outcome *outcome = program_run("run", path, "--dialog", NULL);

	ck_assert_status(outcome, 0);
	char *said = g_strdup(outcome->out);
	outcome_free(outcome);
	g_free(path);
	g_free(text);
	folder_remove(folder);
	return said;
}

#define NO_SCRAM  "AUTH=SCRAM-SHA-256"
#define NO_DIGEST NO_SCRAM ", AUTH=CRAM-MD5, APOP"

static const struct {
	const char *without;
	const char *with;    /* said where all is offered, and not without */
	const char *instead; /* said without, and not where all is offered; NULL: nothing is */
} takings[] = {
	{NO_SCRAM,			      "S: SASL SCRAM-SHA-256 ", "C: AUTH CRAM-MD5\n"   },
	{ NO_SCRAM ", AUTH=CRAM-MD5",           "S: SASL SCRAM-SHA-256 ", "C: APOP ann@a.examp"  },
	{ NO_DIGEST,			    "S: SASL SCRAM-SHA-256 ", "C: AUTH PLAIN AGFubk" },
	{ NO_DIGEST ", AUTH=PLAIN",             "S: SASL SCRAM-SHA-256 ", "C: AUTH LOGIN\n"      },
	{ NO_DIGEST ", AUTH=PLAIN, AUTH=LOGIN", "S: SASL ",               "C: PASS secret\n"     },
	{ "APOP",			       "+OK mailwire ready. <",  "+OK mailwire ready.\n"},
	{ "UTF8",			       "C: UTF8\n",              NULL                   },
	{ "UIDL",			       "C: UIDL\n",              NULL                   },
	{ "TOP",				"S: TOP\n",               NULL                   },
	{ "LANG",			       "S: LANG\n",              NULL                   },
	{ "PIPELINING",			 "S: PIPELINING\n",        NULL                   },
};

START_TEST(capabilities_taken_away_change_what_is_said)
{
	const char *with = takings[_i].with, *instead = takings[_i].instead;
	char *all = said_without(""), *some = said_without(takings[_i].without);

	ck_assert_msg(strstr(all, with) != NULL, "with all there is no \"%s\"", with);
	ck_assert_msg(strstr(some, with) == NULL, "without %s: %s", takings[_i].without, with);
	if (instead != NULL) {
		ck_assert_msg(strstr(all, instead) == NULL, "with all: %s", instead);
		ck_assert_msg(strstr(some, instead) != NULL, "no \"%s\"", instead);
	}
	g_free(all);
	g_free(some);
}
END_TEST

/* Without unique ids nothing is known from before: the second look fetches all again. */
START_TEST(without_unique_ids_all_is_fetched_again)
{
	char *all = said_without(""), *some = said_without("UIDL");

	ck_assert_uint_eq(count_in(all, "C: RETR 1\n"), 1);
	ck_assert_uint_eq(count_in(all, "C: RETR 3\n"), 1);
	ck_assert_uint_eq(count_in(some, "C: RETR 1\n"), 2);
	ck_assert_uint_eq(count_in(some, "C: RETR 3\n"), 1);
	g_free(all);
	g_free(some);
}
END_TEST

/* True: the two lines follow each other, with nothing from the server between them. */
static bool is_pipelined(const char *dialog, const char *first, const char *second)
{
	const char *line = strstr(dialog, first);

	ck_assert_msg(line != NULL, "no \"%s\"", first);
	line = strchr(line, '\n') + 1;
	return g_str_has_prefix(strchr(line, ':') - 1, second);
}

START_TEST(without_pipelining_each_command_waits_for_its_answer)
{
	static const char *const pairs[][2] = {
		{"C: STAT\n",    "C: UIDL\n"  },
		{ "C: UIDL\n",   "C: LIST\n"  },
		{ "C: RETR 1\n", "C: RETR 2\n"},
	};
	char *all = said_without(""), *some = said_without("PIPELINING");

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		ck_assert_msg(is_pipelined(all, pairs[i][0], pairs[i][1]), "%s", pairs[i][0]);
		ck_assert_msg(!is_pipelined(some, pairs[i][0], pairs[i][1]), "%s", pairs[i][0]);
	}
	g_free(all);
	g_free(some);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3_without");
	TCase *tests = tcase_create("pop3_without");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, capabilities_taken_away_change_what_is_said, 0,
			    G_N_ELEMENTS(takings));
	tcase_add_test(tests, without_unique_ids_all_is_fetched_again);
	tcase_add_test(tests, without_pipelining_each_command_waits_for_its_answer);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
