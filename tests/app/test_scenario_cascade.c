/* One mistake is one error: scenarios that are right but for one thing, and where they are wrong. */
#include <check.h>
#include <string.h>
#include "app/scenario.h"
#include "tests/app/scenario_test.h"

#define OFFICE "scenarios/office.yaml"
#define HELLO  "scenarios/hello.yaml"

/* What stands first in the file is replaced; `place` is found in what results, ^ marks the error. */
/* clang-format off */
static const struct {
	const char *file, *right, *wrong, *place;
} rows[] = {
	/* What a wrong value leads to is not said besides. */
	{ OFFICE, "subnet: 192.0.2.64/26", "subnet: [x]", "^[x]" },
	{ OFFICE, "gw: {interfaces: [client-lan, server-lan, uplink]}", "gw: {interfaces: [5, server-lan, uplink]}", "^5, serv" },
	{ "scenarios/screen-spam-fail.yaml", "required: 5, action: quarantine", "required: 5, action: qarantine", "^qaran" },
	{ OFFICE, "gw: {interfaces: [client-lan, server-lan, uplink]}", "gw: {interfaces: [client-lam, server-lan, uplink]}", "^client-lam" },
	{ OFFICE, "alice-pc: {network: client-lan}", "alice-pc: {network: client-lna}", "^client-ln" },
	{ OFFICE, "  mail: {network: server-lan}", "  mail: {network: serverlan}", "^serverla" },
	{ OFFICE, "  dns: {network: server-lan}", "  dns: {network: srv}", "^srv}" },
	{ OFFICE, "  root: {network: internet}", "  root: {network: internt}", "^internt}" },
	{ OFFICE, "\ntimeline:", "\nimpairments: [{link: alice-pc, loss: 120%}]\ntimeline:", "^120%" },
	{ OFFICE, "remote-mail: {network: remote-lan,", "remote-mail: {network: remote,", "^remote, " },
	{ OFFICE, "    mail: mail\n", "    mail: mial\n", "^mial" },
	{ OFFICE, "    dns: dns\n", "    dns: dsn\n", "^dsn" },
	{ OFFICE, "    mail: remote-mail\n", "    mail: remote-mial\n", "^remote-mi" },
	{ OFFICE, "    dns: remote-dns\n", "    dns: remote-dsn\n", "^remote-ds" },
	{ OFFICE, "root-server: root", "root-server: rot", "^rot" },
	{ OFFICE, "    host: alice-pc\n", "    host: alise-pc\n", "^alise-pc" },
	{ OFFICE, "    account: alice@office.example\n", "    account: alic@office.example\n", "^alic@off" },
	{ OFFICE, "    account: bob@remote.example\n", "    account: bob@remot.example\n", "^bob@remo" },
	{ OFFICE, "server: smtp.office.example}\n  carol", "server: smpt.office.example}\n  carol", "^smpt.off" },
	{ OFFICE, "server: imap.office.example}\n    outgoing: {server: smtp.office.example}\n  carol", "server: imp.office.example}\n    outgoing: {server: smtp.office.example}\n  carol", "^imp.offi" },
	{ OFFICE, "server: pop.remote.example", "server: pop.remot.example", "^pop.remo" },
	{ OFFICE, "    who: alice\n    do: send\n    to: bob", "    who: alise\n    do: send\n    to: bob", "^alise" },
	{ OFFICE, "who: bob, do: check", "who: bb, do: check", "^bb, do: " },
	{ OFFICE, "who: bob, do: check", "who: bob, do: chek", "^chek}" },
	{ OFFICE, "    do: send\n    to: bob", "    do: sned\n    to: bob", "^sned" },
	{ OFFICE, "subject: Quarterly report", "subjct: Quarterly report", "^subjct: " },
	{ OFFICE, "attach: files/minutes.pdf", "attach: files/minute.pdf", "^files/mi" },
	{ OFFICE, "by: bob}", "by: bobb}", "^bobb}" },
	{ OFFICE, "{mailbox: bob@remote.example", "{mailbox: bbo@remote.example", "^bbo@remo" },
	{ OFFICE, "is: deleted", "is: delted", "^delted, " },
	{ OFFICE, "within: 2s", "within: 2", "^2}" },
	{ OFFICE, "kind: link", "kind: lnk", "^lnk, sub" },
	{ OFFICE, "rate: 50Mbps", "rate: 50Mb", "^50Mb, de" },
	{ OFFICE, "delay: 3ms", "delya: 3ms", "^delya: 3" },
	{ OFFICE, "subnet: 203.0.113.64/26", "subnet: 203.0.113.64/33", "^203.0.113.6" },
	{ OFFICE, "subnet: 203.0.113.64/26", "subnet: 203.0.113.0/26", "n: {subnet: ^203.0.11" },
	{ OFFICE, "subnet: 192.0.2.64/26", "subnet: 192.0.2.65/26", "^192.0.2.6" },
	{ OFFICE, "isp: {interfaces: [uplink, internet]}", "isp: {interfaces: [uplink]}", "^dns: {ne" },
	{ OFFICE, "isp: {interfaces: [uplink, internet]}", "isp: {interfaces: [internet]}", "^uplink: " },
	{ OFFICE, "  isp: {interfaces: [uplink, internet]}\n", "", "^uplink: " },
	{ OFFICE, "remote-gw: {interfaces: [internet, remote-lan]}", "remote-gw: {interfaces: [internet]}", "^remote.example:" },
	{ OFFICE, "  mail: {network: server-lan}\n", "", "l: ^mail" },
	{ OFFICE, "  dns: {network: server-lan}\n", "", "s: ^dns" },
	{ OFFICE, "  root: {network: internet}\n", "", ": ^root" },
	{ OFFICE, "  alice-pc: {network: client-lan}\n", "", ": ^alice-pc" },
	{ OFFICE, "  uplink: {kind: link, subnet: 198.51.100.0/30, rate: 50Mbps, delay: 3ms}\n", "", "^uplink]}" },
	{ OFFICE, "  client-lan: {subnet: 192.0.2.0/26, rate: 1Gbps}\n", "", "^client-lan," },
	{ OFFICE, "domains:\n", "domain:\n", "^domain:" },
	{ OFFICE, "hosts:\n", "host:\n", "^host:" },
	{ OFFICE, "networks:\n", "network:\n", "^network:" },
	{ OFFICE, "routers:\n", "router:\n", "^router:" },
	{ OFFICE, "clients:\n", "client:\n", "^client:" },
	{ OFFICE, "accounts:\n      alice", "acounts:\n      alice", "^acounts:" },
	{ OFFICE, "  office.example:\n", "  ofice.example:\n", "^alice@of" },
	{ OFFICE, "      carol: {password", "      caro: {password", "^carol@of" },
	{ OFFICE, "password: wonderland", "pasword: wonderland", "^pasword:" },
	{ OFFICE, "protocol: pop3", "protocol: pop4", "^pop4, se" },
	{ OFFICE, "leave-on-server: no", "leave-on-server: never", "^never}" },
	{ OFFICE, "to: bob@remote.example", "to: bob@@remote.example", "^bob@@rem" },
	{ OFFICE, "to: bob@remote.example", "to: bobby@remote.example", "^bobby@re" },
	{ OFFICE, "at: 1s\n", "at: 1\n", "at: ^1" },
	{ OFFICE, "at: 1s\n", "at: -1s\n", "^-1s" },
	{ OFFICE, "seed: 1", "seed: x", "^x" },
	{ OFFICE, "epoch: 2026-01-05T08:00:00Z", "epoch: 2026-13-05T08:00:00Z", "^2026-13-" },
	{ OFFICE, "mailwire: 1\n", "mailwire: 3\n", " ^3" },
	{ OFFICE, "fqdn: mail.remote.example", "fqdn: mail..example", "^mail..ex" },
	{ HELLO, "  mail:\n", "", "^hello.ex" },
	{ HELLO, "  mail:\n", "  mial:\n", "^hello.ex" },
	{ HELLO, "  bob-pc:\n", "", "^bob-pc, " },
	{ HELLO, "host: alice-pc", "host: alce-pc", "^alce-pc}" },
	{ HELLO, "host: bob-pc", "hots: bob-pc", "^hots: bo" },
	{ HELLO, "incoming: pop3", "incoming: pop", "^pop}" },
	{ HELLO, "to: bob", "to: bo", "^bo, subj" },
	{ HELLO, "who: alice", "who: alcie", "^alcie, d" },
	{ HELLO, "who: bob", "who: bo", "^bo, do: " },
	{ HELLO, "  hello.example: {accounts: {alice: , bob: }}", "  hello.example: {accounts: {alice: }}", "^bob: {ho" },
	{ HELLO, "  hello.example: {accounts: {alice: , bob: }}", "  hello.example: {acounts: {alice: , bob: }}", "^acounts:" },
	{ HELLO, "  hello.example: {accounts: {alice: , bob: }}", "  hello.example: {mail: male, accounts: {alice: , bob: }}", "^male, ac" },
	{ HELLO, "  hello.example: {accounts: {alice: , bob: }}", "  hello.example: {dns: dns1, accounts: {alice: , bob: }}", "^dns1, ac" },
	{ HELLO, "domains:\n  hello.example: {accounts: {alice: , bob: }}\n", "", "^alice: {" },
	{ HELLO, "clients:\n", "cleints:\n", "^cleints:" },
	{ HELLO, "hosts:\n", "hostes:\n", "^hostes:" },
	{ HELLO, "is: retrieved", "is: retreived", "^retreive" },
	{ HELLO, "by: bob", "by: bo", "^bo}" },
	{ HELLO, "at: 1s", "at: one", "^one, who" },
	{ HELLO, "do: send", "does: send", "^does: se" },
	{ HELLO, "  bob: {host: bob-pc, incoming: pop3}\n", "", "^bob, do:" },
	{ HELLO, "  alice: {host: alice-pc}\n", "", "^alice, d" },
	{ HELLO, "  alice: {host: alice-pc}\n", "  alice: {}\n", "^alice: {" },
	{ HELLO, "  alice-pc:\n", "  alice-pc: {network: lan2}\n", "^lan2}" },
	{ HELLO, "  alice-pc:\n", "  alice-pc: {address: 10.0.0.1}\n", "^10.0.0.1" },
	{ HELLO, "  alice-pc:\n", "  alice-pc: {gateway: gw}\n", "^gw}" },
	{ HELLO, "  alice-pc:\n", "  alice-pc: {dns: dsn}\n", "^dsn}" },
	{ HELLO, "  mail:\n", "  mail: {network: lan9}\n", "^lan9}" },
};
/* clang-format on */

/* `text` with the first `from` in it replaced. */
static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	ck_assert_msg(at != NULL, "there is no \"%s\" in the scenario any more", from);
	return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* "t:29:21: error: " for the mark in `place`, which is found in `text`. */
static char *complaint_at(const char *text, const char *place)
{
	const char *mark = strchr(place, '^'), *found;
	g_autofree char *plain = replaced(place, "^", "");
	unsigned line = 1, column = 1;

	found = strstr(text, plain);
	ck_assert_msg(found != NULL, "there is no \"%s\" in the scenario", plain);
	for (const char *at = text; at < found + (mark - place); at++) {
		column = *at == '\n' ? 1 : column + 1;
		line += *at == '\n';
	}
	return g_strdup_printf("t:%u:%u: error: ", line, column);
}

START_TEST(one_mistake_is_one_error_at_its_place)
{
	g_autofree char *right = NULL, *wrong = NULL, *complaint = NULL, *printed = NULL;
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario;

	ck_assert(g_file_get_contents(rows[_i].file, &right, NULL, NULL));
	wrong = replaced(right, rows[_i].right, rows[_i].wrong);
	complaint = complaint_at(wrong, rows[_i].place);
	scenario = scenario_load_bytes((struct bytes) { (const uint8_t *)wrong, strlen(wrong) },
				       "t", "scenarios", diagnostics);
	printed = diagnostics_print(diagnostics);
	ck_assert_msg(diagnostics_count(diagnostics, SEVERITY_ERROR) == 1 && scenario == NULL,
		      "\"%s\" for \"%s\":\n%s", rows[_i].wrong, rows[_i].right, printed);
	ck_assert_msg(strstr(printed, complaint) != NULL, "no \"%s\" for \"%s\":\n%s", complaint,
		      rows[_i].wrong, printed);
	diagnostics_free(diagnostics);
}
END_TEST

START_TEST(a_subject_that_nobody_sends_is_one_warning)
{
	g_autofree char *right = NULL, *wrong = NULL;
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario;

	ck_assert(g_file_get_contents(OFFICE, &right, NULL, NULL));
	wrong = replaced(right, "    subject: Quarterly report\n", "");
	scenario = scenario_load_bytes((struct bytes) { (const uint8_t *)wrong, strlen(wrong) },
				       "t", "scenarios", diagnostics);
	ck_assert_ptr_nonnull(scenario);
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_WARNING), 1);
	scenario_free(scenario);
	diagnostics_free(diagnostics);
}
END_TEST

/* Nothing is said of a network that only stands there because nothing was read. */
static const char *const no_scenarios[] = { "- mailwire: 1\n", "hello\n", "title: x\nmailwire: 1\n",
					    "title: x\n", "mailwire: 2\n" };

START_TEST(what_is_no_scenario_is_one_complaint)
{
	struct diagnostics *diagnostics = diagnostics_new();
	const char *text = no_scenarios[_i];

	ck_assert_ptr_null(scenario_load_bytes(
	    (struct bytes) { (const uint8_t *)text, strlen(text) }, "t", ".", diagnostics));
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 1);
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_WARNING), 0);
	diagnostics_free(diagnostics);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_cascade");
	TCase *tests = tcase_create("scenario_cascade");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, one_mistake_is_one_error_at_its_place, 0,
			    (int)G_N_ELEMENTS(rows));
	tcase_add_loop_test(tests, what_is_no_scenario_is_one_complaint, 0,
			    (int)G_N_ELEMENTS(no_scenarios));
	tcase_add_test(tests, a_subject_that_nobody_sends_is_one_warning);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
