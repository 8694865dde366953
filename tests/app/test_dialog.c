/* The conversations: nothing that was said is missing, however much of it one segment holds. */
#include <check.h>
#include <stdlib.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

#define RECIPIENTS 150

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
	ck_assert_uint_eq(count_in(outcome->out, "C: RCPT TO:<u"), 2 * RECIPIENTS);
	ck_assert_uint_eq(count_in(outcome->out, "S: 250 2.1.5 Ok"), 2 * RECIPIENTS);
	outcome_free(outcome);
	g_free(path);
	folder_remove(folder);
	g_string_free(text, TRUE);
}
END_TEST

#define MESSAGES 60 /* their listing is longer than a record of TLS may be */

/* Lines in TLS are cut where a segment ends, and where a record does; they are told of as a whole. */
START_TEST(lines_cut_across_records_of_tls_are_put_together)
{
	char *folder = folder_new(), *path,
	     *text = g_strdup_printf(
		 "mailwire: 1\n"
		 "hosts: {pc: , other: , mail: }\n"
		 "domains: {a.example: {mail: mail, accounts: {ann: , bob: }}}\n"
		 "servers: {mail: {tls: {certificate: valid}}}\n"
		 "clients:\n"
		 "  ann: {host: pc, security: tls}\n"
		 "  bob: {host: other, incoming: imap, security: tls}\n"
		 "timeline:\n"
		 "  - {at: 1s, who: ann, do: send, to: bob, subject: One, every: 1s, times: %d}\n"
		 "  - {at: 5min, who: bob, do: check}\n",
		 MESSAGES);
	struct outcome *outcome;

	path = scenario_write(folder, text);
	outcome = program_run("run", path, "--dialog", NULL);
	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(count_in(outcome->out, "FETCH (UID "), MESSAGES);
	for (unsigned i = 1; i <= MESSAGES; i++) {
		char *line = g_strdup_printf("  S= * %u FETCH (UID %u FLAGS", i, i);

		ck_assert_msg(count_in(outcome->out, line) == 1, "%s", line);
		g_free(line);
	}
	outcome_free(outcome);
	outcome = program_run("run", path, NULL);
	ck_assert_status(outcome, 0);
	ck_assert_uint_ge(count_in(outcome->out, "IMAP            part of a line: * "), 5);
	ck_assert_uint_eq(count_in(outcome->out, "IMAP            (blank line)"), 0);
	outcome_free(outcome);
	g_free(path);
	g_free(text);
	folder_remove(folder);
}
END_TEST

/* What the client says when the server lacks `without`: the mail is the same, the commands are not. */
static char *said_without(const char *without)
{
	char *text = g_strdup_printf(
	    "mailwire: 1\n"
	    "hosts: {pc: , other: , mail: }\n"
	    "domains: {a.example: {mail: mail, accounts: {ann: {folders: [Archive]}, bob: "
	    "secret}}}\n"
	    "servers: {mail: {without: [%s]}}\n"
	    "clients:\n"
	    "  ann: {host: pc, account: ann@a.example, incoming: {protocol: imap, stay: 1h}}\n"
	    "  ann2: {host: other, account: ann@a.example, incoming: imap}\n"
	    "  bob: {host: other, account: bob@a.example}\n"
	    "timeline:\n"
	    "  - {at: 1s, who: bob, do: send, to: ann, subject: One}\n"
	    "  - {at: 2s, who: bob, do: send, to: ann, subject: Two}\n"
	    "  - {at: 9s, who: ann2, do: check}\n"
	    "  - {at: 10s, who: ann, do: check}\n"
	    "  - {at: 20s, who: ann, do: move, message: One, into: Archive}\n"
	    "  - {at: 30s, who: ann2, do: delete, message: Two}\n"
	    "expect:\n"
	    "  - {mailbox: ann@a.example, folder: Archive, messages: 1}\n"
	    "  - {mailbox: ann@a.example, messages: 0}\n",
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

static const struct {
	const char *without;
	const char *with;    /* said where all is offered, and not without */
	const char *instead; /* said without */
} takings[] = {
	{"IDLE",                " IDLE\n",                      " NOOP\n"                      },
	{ "MOVE",               " UID MOVE ",                   " UID COPY "                   },
	{ "UIDPLUS",            " UID EXPUNGE ",                " EXPUNGE\n"                   },
	{ "QRESYNC",            "(QRESYNC (",                   "(CHANGEDSINCE "               },
	{ "ENABLE",             "C: a2 ENABLE QRESYNC",         "(CHANGEDSINCE "               },
	{ "CONDSTORE",          "HIGHESTMODSEQ",                " SELECT INBOX\n"              },
	{ "SASL-IR",            " AUTHENTICATE SCRAM-SHA-256 ", " AUTHENTICATE SCRAM-SHA-256\n"},
	{ "AUTH=SCRAM-SHA-256", " AUTHENTICATE SCRAM-SHA-256 ", " AUTHENTICATE CRAM-MD5\n"     },
	{ "LITERAL+",           " LITERAL+ ",                   " LIST "                       },
};

START_TEST(capabilities_taken_away_change_what_is_said)
{
	char *all = said_without(""), *some = said_without(takings[_i].without);

	ck_assert_msg(strstr(all, takings[_i].with) != NULL, "%s", takings[_i].with);
	ck_assert_msg(strstr(some, takings[_i].with) == NULL, "%s", takings[_i].with);
	ck_assert_msg(strstr(some, takings[_i].instead) != NULL, "%s", takings[_i].instead);
	g_free(all);
	g_free(some);
}
END_TEST

/* A folder of support@ that three people use: by their rights. */
START_TEST(shared_folder_is_used_by_rights)
{
	char *
	    folder = folder_new(),
	   *path = scenario_write(
	       folder,
	       "mailwire: 1\n"
	       "hosts: {pc: , mail: }\n"
	       "domains:\n"
	       "  a.b:\n"
	       "    mail: mail\n"
	       "    accounts:\n"
	       "      support: {password: s, shared: [{with: ann@a.b, rights: lrswite}, bob@a.b]}\n"
	       "      ann: p\n"
	       "      bob: p\n"
	       "      eve: p\n"
	       "clients:\n"
	       "  ann: {host: pc, account: ann@a.b}\n"
	       "  bob: {host: pc, account: bob@a.b}\n"
	       "  eve: {host: pc, account: eve@a.b}\n"
	       "timeline:\n"
	       "  - {at: 1s, who: eve, do: send, to: support@a.b, subject: Help}\n"
	       "  - {at: 10s, who: bob, do: read, message: Help, folder: "
	       "shared/support@a.b/INBOX}\n"
	       "  - {at: 20s, who: bob, do: delete, message: Help, folder: "
	       "shared/support@a.b/INBOX}\n"
	       "  - {at: 30s, who: eve, do: check, folder: shared/support@a.b/INBOX}\n"
	       "  - {at: 40s, who: ann, do: delete, message: Help, folder: "
	       "shared/support@a.b/INBOX}\n"
	       "expect:\n"
	       "  - {mailbox: support@a.b, messages: 1, at: 35s}\n"
	       "  - {mailbox: support@a.b, messages: 0}\n");
	struct outcome *outcome = program_run("run", path, "--dialog", NULL);

	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(count_in(outcome->out, " NO [NOPERM] "), 1);
	ck_assert_uint_eq(count_in(outcome->out, " NO [NONEXISTENT] "), 1);
	outcome_free(outcome);
	outcome = program_run("state", path, "--at", "15s", NULL);
	ck_assert_uint_eq(
	    count_in(outcome->out,
		     "1 message, 0 unread, shared with ann@a.b (lrswite), bob@a.b (lrs)\n"),
	    1);
	outcome_free(outcome);
	g_free(path);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dialog");
	TCase *tests = tcase_create("dialog");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, many_pipelined_commands_are_all_there);
	tcase_add_test(tests, lines_cut_across_records_of_tls_are_put_together);
	tcase_add_loop_test(tests, capabilities_taken_away_change_what_is_said, 0,
			    G_N_ELEMENTS(takings));
	tcase_add_test(tests, shared_folder_is_used_by_rights);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
