/* Policies of domains (MTA-STS) in a scenario: kept, fetched anew, refused. */
#include <check.h>
#include <stdlib.h>
#include "tests/app/program.h"

static unsigned count_of(const char *text, const char *word)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		count++;
	return count;
}

/* What is set, and how often the log of the sender says what. */
static const struct {
	const char *setting;
	const char *said[2];
	unsigned times[2];
} changes[] = {
  /* Two mails to alpha.example; bea's is tried twice. */
	{"title=as written",				      { "source fetched", "source kept" }, { 3, 2 }},
	{ "domains/alpha.example/mta-sts/max-age=1s",
         { "source fetched", "source kept" },
         { 4, 1 }											      },
	{ "domains/alpha.example/mta-sts/mode=testing",
         { "mode testing, exchanger mx.mallory.example, violation it is not in the policy",
	    "transferred  al@alpha.example, server mx.mallory.example" },
         { 2, 2 }											      },
	{ "domains/alpha.example/mta-sts/mode=none",
         { "mode none", "exchanger mx.mallory" },
         { 2, 0 }											      },
	{ "domains/alpha.example/mta-sts/mx='*.mallory.example'",
         { "exchanger alpha-mail.alpha.example, violation it is not in the policy",
	    "transferred  al@alpha.example, server mx.mallory.example" },
         { 0, 2 }											      },
	{ "domains/alpha.example/mta-sts/mx=none.example",
         { "no exchanger of alpha.example is in its MTA-STS policy", "transferred  al@" },
         { 4, 0 }											      },
 /* Who cannot prove to be the site has no policy to tell. */
	{ "domains/beta.example/mta-sts/tls=wrong-name",
         { "trouble the policy's site cannot be reached: the server's certificate is not trusted: "
	    "hostname mismatch",
	    "transferred  bea@beta.example" },
         { 1, 1 }											      },
	{ "servers/mail/mta-sts=no",
         { "MTA-STS policy of", "transferred  bea@beta.example" },
         { 0, 1 }											      },
};

START_TEST(mail_goes_where_the_policy_lets_it)
{
	struct outcome *outcome = program_run("run", "scenarios/mta-sts.yaml", "--host", "mail",
					      "--set", changes[_i].setting, NULL);

	for (unsigned i = 0; i < 2; i++)
		ck_assert_msg(count_of(outcome->out, changes[_i].said[i]) == changes[_i].times[i],
			      "\"%s\": \"%s\" is there %u times, not %u", changes[_i].setting,
			      changes[_i].said[i], count_of(outcome->out, changes[_i].said[i]),
			      changes[_i].times[i]);
	outcome_free(outcome);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
	static const struct {
		const char *setting, *complaint;
	} wrong[] = {
		{"domains/beta.example/mta-sts/id=a-b",          "an id is 1 to 32 letters and digits"},
		{ "domains/beta.example/mta-sts/host=alpha-web", "by HTTPS already"                   },
		{ "domains/beta.example/mta-sts/tls=none",       "it needs a certificate"             },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct outcome *outcome = program_run("run", "scenarios/mta-sts.yaml", "--quiet",
						      "--set", wrong[i].setting, NULL);

		ck_assert_status(outcome, 2);
		ck_assert_msg(strstr(outcome->err, wrong[i].complaint) != NULL, "%s", outcome->err);
		outcome_free(outcome);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mta_sts");
	TCase *tests = tcase_create("tests");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, mail_goes_where_the_policy_lets_it, 0,
			    (int)G_N_ELEMENTS(changes));
	tcase_add_test(tests, what_makes_no_sense_is_refused);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
