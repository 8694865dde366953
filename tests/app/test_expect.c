/* Expectations that count what is said, stored and passed on: met by what happened, and not by more. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "app/expect.h"
#include "app/simulation.h"
#include "tests/app/scenario_test.h"

static const char world[] = "mailwire: 1\n"
			    "networks: {lan: {subnet: 192.0.2.0/26}, far: {subnet: "
			    "192.0.2.64/26, delay: 5ms}}\n"
			    "routers: {gw: {interfaces: [lan, far]}}\n"
			    "hosts: {alice-pc: {network: lan}, bob-pc: {network: far}, mail: "
			    "{network: lan}}\n"
			    "domains: {a.example: {mail: mail, accounts: {alice: , bob: }}}\n"
			    "clients: {alice: {host: alice-pc}, bob: {host: bob-pc, incoming: "
			    "pop3}}\n"
			    "timeline:\n"
			    "  - {at: 1s, who: alice, do: send, to: bob, subject: Hello}\n"
			    "  - {at: 5s, who: bob, do: check}\n"
			    "expect:\n";

/* A line, whether it is met, what is said of it, and what its first evidence (of either sort) holds. */
static const struct {
	const char *line;
	bool is_met;
	const char *expected, *evidence;
} lines[] = {
	{"{said: RETR 1, by: bob, times: 1}",                       true,  "\"RETR 1\" said by bob: 1 time",
         "bob-pc → mail port 110: RETR 1"											     },
	{ "{said: RETR 2, by: bob}",                                false, "\"RETR 2\" said by bob: at least 1 time",
         "bob-pc → mail port 110: "												   },
	{ "{said: \"+OK*octets\", to: bob-pc, port: 110}",          true,
         "\"+OK*octets\" said to bob-pc at port 110: at least 1 time",                                                "octets"          },
	{ "{said: EHLO, port: 110, times: 0}",                      true,  "said at port 110: 0 times",               ""                },
	{ "{said: EHLO, by: alice, at: 500ms}",                     false, "at 0.5 s",                                ""                },
	{ "{stored: 0, node: mail}",                                true,  "bytes of mail stored at mail: 0",
         "INBOX of bob@a.example: message appended"										     },
	{ "{stored: 100.., node: mail, at: 4s}",                    true,  "stored at mail: at least 100, at 4 s",
         "message appended"													     },
	{ "{stored: 100.., node: bob-pc, account: bob}",            true,
         "bytes of mail stored of bob@a.example at bob-pc: at least 100",                                             "bob-pc"          },
	{ "{stored: 1.., node: bob-pc, account: alice}",            false, "stored of alice@a.example",               ""                },
	{ "{seconds-connected: 0, node: bob-pc, port: 110}",        true,
         "whole seconds of TCP connections to port 110 at bob-pc: 0",                                                 "open for 0."     },
	{ "{connections-at-once: 1, node: mail}",                   true,  "open at once at mail: 1",                 "open for"        },
	{ "{connections-at-once: 2.., node: mail}",                 false, "open at once at mail: at least 2",
         "open for"														     },
	{ "{layer: tcp, node: gw, times: 0}",                       true,  "layer tcp handled at gw: 0 times",        ""                },
	{ "{layer: ipv4, node: gw, passage: passed-on}",            true,  "layer ipv4 passed on at gw",
         "gw  IPv4: forward"													    },
	{ "{layer: ipv4, node: lan}",                               false, "layer ipv4 handled at lan",               ""                },
	{ "{layer: pop3, node: mail, passage: taken-off}",          true,  "layer pop3 taken off at mail",
         "mail"															 },
	{ "{layer: pop3, node: alice-pc, times: 0}",                true,  "layer pop3 handled at alice-pc",          ""                },
	{ "{milliseconds-waited: 10..1000, of: check}",             true,  "longest wait for `check` in ms",
         "bob"															  },
	{ "{milliseconds-waited: ..5, of: check, by: bob}",         false,
         "longest wait for `check` of bob",									   "bob"             },
	{ "{parts: 2, kind: switch}",                               true,  "switches: 2",                             "switch lan"      },
	{ "{parts: 2, kind: interface, node: gw}",                  true,  "interfaces at gw: 2",
         "interface gw:eth0"													    },
	{ "{parts: 1, kind: router}",                               true,  "routers: 1",                              "router gw"       },
	{ "{parts: 3.., kind: router}",                             false, "routers: at least 3",                     "router gw"       },
	{ "{mailbox: bob, containing: \"Subject: Hello\", at: 4s}", true,
         "that contains \"Subject: Hello\"",									  "message appended"},
	{ "{mailbox: bob, containing: \"Subject: Hullo\", at: 4s}", false,
         "that contains \"Subject: Hullo\"",									  ""                },
	{ "{message: Hello, is: bounced}",                          false, "message \"Hello\" bounced",
         "delivered \"Hello\""													  },
	{ "{connection: refused, port: 110}",                       false, "to port 110 refused",
         "TCP connection with mail port 110"											    },
	{ "{dropped: 0}",					   true,  "dropped: 0",                              ""                },
};

/* Judges the one line under `expect:` at the end of `before`. */
static struct expect_judgement *judge_in(const char *before, const char *line)
{
	g_autofree char *text = g_strconcat(before, "  - ", line, "\n", NULL);
	struct scenario *scenario = load_good(text);
	struct expect *expect = expect_new_with_evidence(scenario);
	struct trace_sink *sinks[] = { expect_sink(expect) };
	struct simulation *simulation = simulation_new(
	    scenario, &(struct simulation_options) { .seed = 1, .sinks = sinks, .sink_count = 1 });
	struct expect_judgement *judgement;

	simulation_run(simulation, TIME_NEVER);
	expect_close(expect);
	judgement = expect_take_judgement(expect, 0);
	simulation_free(simulation);
	expect_free(expect);
	scenario_free(scenario);
	return judgement;
}

static struct expect_judgement *judge(const char *line)
{
	return judge_in(world, line);
}

static bool has_evidence(const GArray *list, const char *text)
{
	for (guint i = 0; i < list->len; i++)
		if (strstr(g_array_index(list, struct evidence, i).text, text) != NULL)
			return true;
	return false;
}

START_TEST(a_line_is_met_or_not_and_why)
{
	struct expect_judgement *judgement = judge(lines[_i].line);
	bool is_empty = *lines[_i].evidence == '\0';

	ck_assert_msg(judgement->is_met == lines[_i].is_met, "%s: %s", lines[_i].line,
		      judgement->found_text);
	ck_assert_msg(strstr(judgement->expected, lines[_i].expected) != NULL, "%s",
		      judgement->expected);
	ck_assert_msg(is_empty || has_evidence(judgement->counted, lines[_i].evidence) ||
			  has_evidence(judgement->contrary, lines[_i].evidence),
		      "%s", lines[_i].line);
	expect_judgement_free(judgement);
}
END_TEST

/* A folder that is renamed is no longer there for those who expect something of its old name. */
START_TEST(a_renamed_folder_has_nothing_by_its_old_name)
{
	static const char *const rows[] = {
		"{mailbox: bob, folder: Old, messages: 1, at: 10.5s}",
		"{mailbox: bob, folder: Old, messages: 0}",
	};
	g_autoptr(GString) text = g_string_new(world);
	struct expect_judgement *judgement;

	g_string_replace(text, "bob: }", "bob: {folders: Old}}", 1);
	g_string_replace(text, "expect:\n",
			 "  - {at: 10s, who: bob-pc, do: telnet, target: mail, port: 143, text: "
			 "\"a LOGIN bob@a.example bob-password\\nb APPEND Old {5}\\nhello\"}\n"
			 "  - {at: 11s, who: bob-pc, do: telnet, target: mail, port: 143, text: "
			 "\"a LOGIN bob@a.example bob-password\\nb RENAME Old New\\nc LOGOUT\"}\n"
			 "expect:\n",
			 1);
	judgement = judge_in(text->str, rows[_i]);
	ck_assert_msg(judgement->is_met, "%s: %s", rows[_i], judgement->found_text);
	expect_judgement_free(judgement);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect");
	TCase *tests = tcase_create("expect");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, a_line_is_met_or_not_and_why, 0, G_N_ELEMENTS(lines));
	tcase_add_loop_test(tests, a_renamed_folder_has_nothing_by_its_old_name, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
