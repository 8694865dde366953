/* Settings: parts of a scenario written otherwise, as if the file said so. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

static const char text[] = "mailwire: 1\n"
			   "hosts: {alice-pc: , bob-pc: , mail: }\n"
			   "domains: {a.example: {accounts: {alice: , bob: }}}\n"
			   "clients:\n"
			   "  alice: {host: alice-pc}\n"
			   "  bob: {host: bob-pc, incoming: pop3}\n"
			   "timeline:\n"
			   "  - {at: 1s, who: alice, do: send, to: bob, subject: One}\n"
			   "  - {at: 3s, who: bob, do: check}\n";

/* What comes of the text with up to three settings, written out; or the complaints. */
static char *changed(const char *const *settings, bool *is_good)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario_settings *parsed = scenario_settings_parse(settings, diagnostics);
	struct scenario_changes changes = { .settings = parsed };
	struct scenario *scenario = NULL;
	char *said;

	if (parsed != NULL)
		scenario =
		    scenario_load_bytes_changed(bytes_of(text), "t", NULL, &changes, diagnostics);
	*is_good = scenario != NULL;
	said = scenario != NULL ? scenario_print(scenario) : diagnostics_print(diagnostics);
	scenario_free(scenario);
	scenario_settings_free(parsed);
	diagnostics_free(diagnostics);
	return said;
}

/* Settings, and what is written out then. */
static const char *const made[][4] = {
	{"seed=7",				    NULL,			  NULL,                      "seed: 7"                             },
	{ "clients/alice/incoming=pop3",              NULL,                          NULL,                      "{protocol: pop3, server: pop.a"      },
	{ "clients/bob/incoming/leave-on-server=yes", NULL,                          NULL,
         "port: 110, leave-on-server: yes"													    },
	{ "domains/a.example/accounts/carol=",        NULL,                          NULL,                      "password: carol-password"            },
	{ "timeline/+={at: 9s, who: bob, do: check}", "timeline/3/at=8s",            NULL,
         "at: 8s, times: 1, who: bob"														 },
	{ "timeline/1/to=[bob, alice]",               NULL,                          NULL,                      "to: [bob@a.example, alice@a.example]"},
	{ "timeline/1/subject=",                      NULL,                          NULL,                      "subject: \"(no subject)\""           },
	{ "servers/mail/without=PIPELINING",          "servers/mail/without/+=SIZE",
         "servers/mail/without/1=",									     "without: [SIZE]"                     },
	{ "networks/lan/rate=10Mbps",                 "networks/lan={delay: 1ms}",   "networks/lan/rate=1Mbps",
         "rate: 1Mbps\n    delay: 1ms"														},
	{ "timeline/1/text=\"a: b, [c]\"",            NULL,                          NULL,                      "a: b, [c]"                           },
};

START_TEST(a_part_is_written_otherwise)
{
	const char *const settings[] = { made[_i][0], made[_i][1], made[_i][2], NULL };
	bool is_good;
	g_autofree char *shown = changed(settings, &is_good);

	ck_assert_msg(is_good, "%s", shown);
	ck_assert_msg(strstr(shown, made[_i][3]) != NULL, "%.3000s", shown);
}
END_TEST

/* Two settings, and two parts of what is said of the second. */
static const char *const refused[][4] = {
	{"seed=7",  "clients/bob/incomming=imap",
         "--set:2:1: error: a client has no key `incomming`",                             "did you mean `incoming`?"         },
	{ "seed=7", "clients/bob/incoming=pop4",
         "--set:2:22: error:",							    "    2 | clients/bob/incoming=pop4"},
	{ "seed=7", "timeline/7/at=3s",
         "--set:2:1: error: `timeline/7/at`: the list has no element",		    "numbered 1 to 2; `+` is a new one"},
	{ "seed=7", "expect/1/retransmissions=0", "the list has no element `1`",
         "it is empty; `+` is a new element"										 },
	{ "seed=7", "timeline/0/at=3s",           "the list has no element `0`",          "numbered 1 to 2"                  },
	{ "seed=7", "seed/x=3",                   "there is nothing below a value",       "mailwire show"                    },
	{ "seed=7", "clients//host=mail",         "a step of the path is empty",          ""                                 },
	{ "seed=7", "seed",                       "--set:2:1: error: this is no setting", "write PATH=VALUE"                 },
	{ "seed=7", "=3",                         "this is no setting",                   "write PATH=VALUE"                 },
	{ "seed=7", "hosts/bob-pc={network: [a}", "not YAML",                             ""                                 },
	{ "seed=7", "clients/alice/host=tablet",  "--set:2:20: error:",                   "there is no"                      },
};

START_TEST(what_cannot_be_is_refused_with_its_place)
{
	const char *const settings[] = { refused[_i][0], refused[_i][1], NULL };
	bool is_good;
	g_autofree char *said = changed(settings, &is_good);

	ck_assert(!is_good);
	ck_assert_msg(strstr(said, refused[_i][2]) != NULL, "%s", said);
	ck_assert_msg(strstr(said, refused[_i][3]) != NULL, "%s", said);
}
END_TEST

/* A complaint about the file itself keeps its place, whatever is set. */
START_TEST(places_in_the_file_stay)
{
	const char *const settings[] = { "hosts/bob-pc/network=lan", "clients/bob/host=alice-pc",
					 "domains/a.example/accounts=", NULL };
	bool is_good;
	g_autofree char *said = changed(settings, &is_good);

	ck_assert(!is_good);
	ck_assert_msg(strstr(said, "t:8:") != NULL || strstr(said, "t:5:") != NULL, "%s", said);
}
END_TEST

/* With --set a run is that of a file which says the same. */
START_TEST(a_run_with_settings_is_that_of_the_file_written_so)
{
	char *folder = folder_new(), *path = path_in(folder, "written.yaml");
	char *captures[] = { path_in(folder, "1.pcapng"), path_in(folder, "2.pcapng") };
	struct outcome *shown = program_run("show", "hello", "--set", "clients/bob/incoming=imap",
					    "--set", "seed=5", NULL);

	ck_assert_status(shown, 0);
	file_write(path, shown->out);
	struct outcome *one = program_run("run", "hello", "--quiet", "--pcap", captures[0], "--set",
					  "clients/bob/incoming=imap", "--set", "seed=5", NULL);
	struct outcome *two = program_run("run", path, "--quiet", "--pcap", captures[1], NULL);
	GBytes *left = file_read(captures[0]), *right = file_read(captures[1]);

	ck_assert_int_eq(one->status, two->status);
	ck_assert(g_bytes_equal(left, right));
	g_bytes_unref(left);
	g_bytes_unref(right);
	outcome_free(shown);
	outcome_free(one);
	outcome_free(two);
	g_free(captures[0]);
	g_free(captures[1]);
	g_free(path);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_set");
	TCase *tests = tcase_create("scenario_set");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, a_part_is_written_otherwise, 0, G_N_ELEMENTS(made));
	tcase_add_loop_test(tests, what_cannot_be_is_refused_with_its_place, 0,
			    G_N_ELEMENTS(refused));
	tcase_add_test(tests, places_in_the_file_stay);
	tcase_add_test(tests, a_run_with_settings_is_that_of_the_file_written_so);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
