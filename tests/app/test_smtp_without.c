/*
 * What a client says depends on what the server offers: each capability taken away from a server by
 * the scenario changes the commands of whoever speaks to it, and the mail still arrives.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"

/* Alice, with a text beyond ASCII, to bob at a server that lacks `%s`, by way of one that does too. */
static const char scenario[] =
    "mailwire: 1\n"
    "networks: {lan: {subnet: 192.0.2.0/24}}\n"
    "hosts: {a: {network: lan}, mail: {network: lan}, other: {network: lan, fqdn: mx.b.example}}\n"
    "domains:\n"
    "  a.example: {mail: mail, accounts: {alice: wonderland}}\n"
    "  b.example: {mail: other, accounts: {bob: builder}}\n"
    "servers: {mail: {without: [%s]}, other: {without: [%s]}}\n"
    "clients: {alice: {host: a, outgoing: {server: smtp.a.example, chunking: yes}}}\n"
    "timeline:\n"
    "  - {at: 1s, who: alice, do: send, to: bob@b.example, subject: x, text: gr\303\274n,\n"
    "     encoding: 8bit, notify: success}\n"
    "expect:\n"
    "  - {message: x, is: delivered, times: 1}\n";

/* What is said with all capabilities, and said otherwise or not at all without this one. */
static const struct {
	const char *without, *with_it, *without_it; /* NULL: nothing in its place */
} rows[] = {
	{"SIZE",					   " SIZE=",                      NULL              },
	{ "8BITMIME",				      " BODY=8BITMIME",              "gr=C3=BCn"       },
	{ "DSN",					   " ORCPT=rfc822;bob@b.example", NULL              },
	{ "DSN",					   " NOTIFY=SUCCESS",             NULL              },
	{ "CHUNKING",				      "C: BDAT ",                    NULL              },
	{ "ENHANCEDSTATUSCODES",                           "S: 250 2.1.5 Ok",             "S: 250 Ok"       },
	{ "AUTH=SCRAM-SHA-256",                            "C: AUTH SCRAM-SHA-256 ",      "C: AUTH CRAM-MD5"},
	{ "AUTH=SCRAM-SHA-256, AUTH=CRAM-MD5",             "C: AUTH SCRAM-SHA-256 ",      "C: AUTH PLAIN "  },
	{ "AUTH=SCRAM-SHA-256, AUTH=CRAM-MD5, AUTH=PLAIN", "C: AUTH SCRAM-SHA-256 ",
         "C: AUTH LOGIN"										    },
	{ "VRFY",					  "S: 250-VRFY",                 NULL              },
	{ "SMTPUTF8",				      "S: 250-SMTPUTF8",             NULL              },
};

static char *dialog_without(const char *capabilities)
{
	char *folder = folder_new();
	char *text = g_strdup(scenario), **parts = g_strsplit(text, "%s", -1);
	char *whole = g_strjoinv(capabilities, parts), *path = scenario_write(folder, whole);
	struct outcome *outcome = program_run("run", path, "--dialog", NULL);
	char *dialog = g_strdup(outcome->out);

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
	g_free(path);
	g_free(whole);
	g_strfreev(parts);
	g_free(text);
	folder_remove(folder);
	return dialog;
}

START_TEST(what_is_not_offered_is_not_used)
{
	char *all = dialog_without(""), *some = dialog_without(rows[_i].without);

	ck_assert_ptr_nonnull(strstr(all, rows[_i].with_it));
	ck_assert_ptr_null(strstr(some, rows[_i].with_it));
	if (rows[_i].without_it != NULL) {
		ck_assert_ptr_null(strstr(all, rows[_i].without_it));
		ck_assert_ptr_nonnull(strstr(some, rows[_i].without_it));
	}
	g_free(all);
	g_free(some);
}
END_TEST

/* The moments of the lines that begin like that, as printed, one after the other. */
static GPtrArray *moments_of(const char *dialog, const char *line)
{
	GPtrArray *moments = g_ptr_array_new_with_free_func(g_free);
	char **lines = g_strsplit(dialog, "\n", -1);

	for (char **each = lines; *each != NULL; each++) {
		const char *found = strstr(*each, line);

		if (found != NULL)
			g_ptr_array_add(moments, g_strndup(*each, (gsize)(found - *each)));
	}
	g_strfreev(lines);
	return moments;
}

/* Between servers MAIL and RCPT leave together; without PIPELINING one waits for the other's reply. */
START_TEST(without_pipelining_each_command_waits_for_its_reply)
{
	for (int is_without = 0; is_without < 2; is_without++) {
		char *dialog = dialog_without(is_without ? "PIPELINING" : "");
		GPtrArray *mail = moments_of(dialog, "C: MAIL FROM:"),
			  *rcpt = moments_of(dialog, "C: RCPT TO:");

		ck_assert_uint_ge(mail->len, 2);
		ck_assert_uint_eq(mail->len, rcpt->len);
		/* The first is the client's, which never pipelines; the second the server's. */
		ck_assert_int_eq(strcmp(mail->pdata[1], rcpt->pdata[1]) != 0, is_without);
		g_ptr_array_unref(mail);
		g_ptr_array_unref(rcpt);
		g_free(dialog);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_without");
	TCase *tests = tcase_create("smtp_without");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, what_is_not_offered_is_not_used, 0, G_N_ELEMENTS(rows));
	tcase_add_test(tests, without_pipelining_each_command_waits_for_its_reply);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
