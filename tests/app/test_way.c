/* The way of a message: its steps and actors in every view, and the expectations about it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"

/* Runs scenarios/nine-steps.yaml after `from` in it, unless NULL, was replaced by `to`. */
static struct outcome *run_altered(const char *from, const char *to)
{
	g_autoptr(GBytes) bytes = file_read("scenarios/nine-steps.yaml");
	g_autoptr(GString) text =
	    g_string_new_len(g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
	char *folder = folder_new();

	if (from != NULL)
		ck_assert_uint_eq(g_string_replace(text, from, to, 0), 1);
	g_autofree char *path = scenario_write(folder, text->str);
	struct outcome *outcome = program_run("run", path, NULL);

	folder_remove(folder);
	return outcome;
}

/* The place and the step of each tick, in the order of the log. */
static char *ticks_of(const char *log)
{
	g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
	GString *ticks = g_string_new(NULL);

	for (char **line = lines; *line != NULL; line++) {
		const char *tick = strstr(*line, "✓ ");
		const char *place = *line + strlen("   1.000 000 s  ");
		const char *mark = strstr(*line, " ✉");

		if (tick == NULL || mark == NULL)
			continue;
		g_autofree char *who = g_strndup(place, (gsize)(mark - place));

		g_string_append_printf(ticks, "%s: %s\n", g_strstrip(who), tick + strlen("✓ "));
	}
	return g_string_free(ticks, FALSE);
}

START_TEST(the_log_ticks_the_nine_steps_with_their_actors)
{
	struct outcome *outcome = run_altered(NULL, NULL);
	g_autofree char *ticks = ticks_of(outcome->out);

	ck_assert_status(outcome, 0);
	ck_assert_str_eq(ticks, "abc-pc (MUA): step 1 of 9\n"
				"abc-pc (MUA): step 2 of 9\n"
				"abc-pc (MUA): step 3 of 9\n"
				"ibm-mail (MSA): step 4 of 9\n"
				"ibm-mail (MSA): step 5 of 9\n"
				"ibm-mail (MTA): step 6 of 9\n"
				"ibm-mail (MTA): step 7 of 9\n"
				"example-mail (MTA): step 8 of 9\n"
				"example-mail (MDA): step 9 of 9\n");
	outcome_free(outcome);
}
END_TEST

static size_t place_in(const char *log, const char *what)
{
	const char *at = strstr(log, what);

	ck_assert_msg(at != NULL, "no %s", what);
	return (size_t)(at - log);
}

/* Who is not answered is not connected. */
START_TEST(the_step_of_connecting_comes_behind_the_handshake_and_not_without_one)
{
	struct outcome *open = run_altered(NULL, NULL);
	struct outcome *closed = run_altered(
	    "expect:\n", "servers:\n  ibm-mail: {services: [smtp, pop3, imap]}\n"
			 "expect:\n  - {connection: refused, to: ibm-mail, port: 587}\n");

	ck_assert_uint_lt(place_in(open->out, "587 (submission) → 55571, SYN ACK"),
			  place_in(open->out, "✓ step 2 of 9"));
	ck_assert_uint_lt(place_in(open->out, "✓ step 2 of 9"),
			  place_in(open->out, "220 ibm-mail.ibm.com ESMTP"));
	ck_assert_int_ne(closed->status, 0);
	ck_assert_ptr_nonnull(strstr(closed->out, "✓ step 1 of 9"));
	ck_assert_ptr_null(strstr(closed->out, "✓ step 2 of 9"));
	outcome_free(open);
	outcome_free(closed);
}
END_TEST

/* What is no longer true of the run: another actor, host, text or order; a step that is not to be. */
static const struct {
	const char *from, *to;
} lies[] = {
	{"step: check, actor: MSA",					    "step: check, actor: MDA"         },
	{ "step: deliver, actor: MDA",					 "step: deliver, actor: MTA"       },
	{ "step: receive, actor: MTA, by: example-mail",
         "step: receive, actor: MTA, by: ibm-mail"							       },
	{ "authenticated as abc@ibm.com",                                      "authenticated as xyz@example.com"},
	{ "evidence: mailbox=INBOX",					   "evidence: mailbox=Junk"          },
	{ "step: queue, actor: MTA, by: ibm-mail, recipient: xyz@example.com",
         "step: queue, actor: MTA, by: ibm-mail, recipient: abc@ibm.com"                                         },
	{ "step: compose, actor: MUA, by: abc-pc",                             "step: deliver, actor: MDA"       },
	{ "step: connect, actor: MUA, by: abc-pc, evidence: smtp.ibm.com",
         "step: look-up, times: 0"									       },
};

START_TEST(an_expectation_about_the_way_fails_when_it_is_not_so)
{
	struct outcome *outcome = run_altered(lies[_i].from, lies[_i].to);

	ck_assert_status(outcome, 1);
	ck_assert_ptr_nonnull(strstr(outcome->out, "NOT AS EXPECTED"));
	outcome_free(outcome);
}
END_TEST

START_TEST(conversations_state_and_topology_name_host_and_program)
{
	struct outcome *dialog = program_run("run", "nine-steps", "--dialog", NULL);
	struct outcome *state = program_run("state", "nine-steps", "--at", "1600ms", NULL);
	struct outcome *topology = program_run("topology", "nine-steps", NULL);

	ck_assert_ptr_nonnull(strstr(dialog->out, "abc-pc (MUA) → ibm-mail (MSA) port 587"));
	ck_assert_ptr_nonnull(strstr(dialog->out, "ibm-mail (MTA) → example-mail (MTA) port 25"));
	ck_assert_ptr_nonnull(strstr(dialog->out, "xyz-pc (MUA) → example-mail (mailbox) port"));
	ck_assert_ptr_nonnull(strstr(state->out, "TCP  LISTEN        *:587    MSA"));
	ck_assert_ptr_nonnull(strstr(state->out, "MTA with example-mail (MTA), since"));
	ck_assert_ptr_nonnull(strstr(state->out, "mail queue (MTA)"));
	ck_assert_ptr_nonnull(strstr(topology->out, "submission 587 (MSA), POP3 110 (mailbox)"));
	outcome_free(dialog);
	outcome_free(state);
	outcome_free(topology);
}
END_TEST

START_TEST(the_trace_has_step_actor_message_and_evidence)
{
	struct outcome *outcome =
	    program_run("run", "nine-steps", "--format", "json", "--layer", "mail", NULL);

	ck_assert_status(outcome, 0);
	ck_assert_ptr_nonnull(strstr(outcome->out, "\"actor\":\"MDA\""));
	ck_assert_ptr_nonnull(strstr(outcome->out,
				     "\"step\":\"deliver\",\"evidence\":{\"recipient\":"
				     "\"xyz@example.com\",\"mailbox\":\"INBOX\",\"uid\":\"1\"}"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "\"message\":1,\"message_id\":\"<"));
	outcome_free(outcome);
}
END_TEST

START_TEST(the_report_has_the_way_with_times_and_actors)
{
	struct outcome *outcome = program_run("run", "nine-steps", "--report", "--quiet", NULL);

	ck_assert_ptr_nonnull(strstr(outcome->out, "its way"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "ibm-mail     MSA     checked"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "example-mail MDA     delivered"));
	ck_assert_ptr_nonnull(strstr(outcome->out, "by IMAP, UID 1"));
	outcome_free(outcome);
}
END_TEST

/* The same but for the MDA: with it running nothing waits. */
START_TEST(mail_waits_in_the_queue_while_the_delivery_agent_is_stopped)
{
	struct outcome *stopped = program_run("state", "mda-stopped", "--at", "5min", NULL);
	struct outcome *runs = program_run("state", "mda-stopped", "--at", "20min", NULL);

	ck_assert_ptr_nonnull(strstr(stopped->out, "the delivery agent (MDA) is not running"));
	ck_assert_ptr_nonnull(strstr(stopped->out, "mail queue (MTA)"));
	ck_assert_ptr_null(strstr(runs->out, "mail queue (MTA)"));
	outcome_free(stopped);
	outcome_free(runs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("way");
	TCase *tests = tcase_create("way");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, the_log_ticks_the_nine_steps_with_their_actors);
	tcase_add_test(tests,
		       the_step_of_connecting_comes_behind_the_handshake_and_not_without_one);
	tcase_add_loop_test(tests, an_expectation_about_the_way_fails_when_it_is_not_so, 0,
			    G_N_ELEMENTS(lies));
	tcase_add_test(tests, conversations_state_and_topology_name_host_and_program);
	tcase_add_test(tests, the_trace_has_step_actor_message_and_evidence);
	tcase_add_test(tests, the_report_has_the_way_with_times_and_actors);
	tcase_add_test(tests, mail_waits_in_the_queue_while_the_delivery_agent_is_stopped);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
