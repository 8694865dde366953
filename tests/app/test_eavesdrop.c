/* What others on the way can read: warnings of a run, an observer of one link, a sniffer on a switch. */
#include <check.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

#define SNIFFER "scenarios/sniffer.yaml"

static void check_has(const struct outcome *outcome, const char *wanted)
{
	ck_assert_msg(strstr(outcome->out, wanted) != NULL, "no \"%s\" in:\n%s", wanted,
		      outcome->out);
}

static void check_lacks(const struct outcome *outcome, const char *unwanted)
{
	ck_assert_msg(strstr(outcome->out, unwanted) == NULL, "\"%s\" in:\n%s", unwanted,
		      outcome->out);
}

START_TEST(a_sniffer_reads_all_that_is_readable_and_no_more)
{
	struct outcome *outcome = program_run("run", SNIFFER, "--eavesdrop", "eve-pc", NULL);

	ck_assert_status(outcome, 0);
	check_has(outcome, "What an observer at eve-pc:eth0 learns\n");
	check_has(outcome, "DNS: asks for A of pop.office.example\n");
	check_has(outcome, "C: PASS builder\n");
	check_has(outcome, "! password of bob@office.example: \"builder\" (USER, PASS), frame ");
	check_has(outcome, "S: Nobody else is to read this.\n");
	/* Of the other user: who, when, how much, and the name that TLS shows. */
	check_has(outcome, ":995 (pop3s): TLS from the first byte, by its port POP3\n");
	check_has(outcome, "C: [TLS: ClientHello to pop.office.example, TLS 1.3]\n");
	check_has(outcome, "S= [TLS, not readable: ");
	check_lacks(outcome, "explorer");
	check_lacks(outcome, "dora@office.example:");
	check_lacks(outcome, "PASS explorer");
	/* What the simulation calls a host is told by nobody. */
	check_lacks(outcome, "dora-pc");
	outcome_free(outcome);
}
END_TEST

START_TEST(a_network_is_heard_once_and_an_ordinary_port_hears_its_own)
{
	struct outcome *all = program_run("run", SNIFFER, "--eavesdrop", "lan", NULL);
	struct outcome *own = program_run("run", SNIFFER, "--eavesdrop", "carol-pc:eth0", NULL);

	ck_assert_status(all, 0);
	check_has(all, "What an observer at the network lan learns\n");
	ck_assert_uint_eq(count_in(all->out, "C: PASS builder\n"), 1);
	check_lacks(all, "times in all");
	ck_assert_status(own, 0);
	check_has(own, "C: MAIL FROM:<carol@partner.example>");
	check_has(own, "carol@partner.example proves to know the password without saying it");
	check_lacks(own, "builder");
	check_lacks(own, "PASS");
	outcome_free(all);
	outcome_free(own);
}
END_TEST

/* The first match of a JSONPath, as text without quotes; "" where there is none. */
static char *json_at(JsonNode *root, const char *path)
{
	g_autoptr(JsonNode) found = json_path_query(path, root, NULL);
	JsonArray *all = json_node_get_array(found);

	return json_array_get_length(all) == 0
		   ? g_strdup("")
		   : json_to_string(json_array_get_element(all, 0), false);
}

static void check_json(JsonNode *root, const char *path, const char *wanted)
{
	g_autofree char *text = json_at(root, path);

	ck_assert_msg(strcmp(text, wanted) == 0, "%s is %s, not %s", path, text, wanted);
}

START_TEST(what_an_observer_learns_is_to_be_had_as_json)
{
	struct outcome *outcome =
	    program_run("run", SNIFFER, "--eavesdrop", "eve-pc", "--format", "json", NULL);
	g_autoptr(JsonNode) root = json_from_string(outcome->out, NULL);

	ck_assert_status(outcome, 0);
	ck_assert_ptr_nonnull(root);
	ck_assert_uint_eq(count_in(outcome->out, "\n"), 1);
	check_json(root, "$.place", "\"eve-pc:eth0\"");
	check_json(root, "$.credentials[0].kind", "\"proof\"");
	check_json(root, "$.credentials[0].secret", "null");
	check_json(root, "$.credentials[1].kind", "\"password\"");
	check_json(root, "$.credentials[1].user", "\"bob@office.example\"");
	check_json(root, "$.credentials[1].secret", "\"builder\"");
	check_json(root, "$.credentials[1].how", "\"USER, PASS\"");
	check_json(root, "$.connections[2].tls", "\"no\"");
	check_json(root, "$.connections[2].server.name", "\"pop.office.example\"");
	check_json(root, "$.connections[2].server.port", "110");
	check_json(root, "$.connections[3].tls", "\"from the first byte\"");
	check_json(root, "$.connections[3].heard[0].kind", "\"handshake\"");
	check_has(outcome, "\"kind\":\"hidden\"");
	check_lacks(outcome, "explorer");
	outcome_free(outcome);
}
END_TEST

START_TEST(certificates_are_readable_in_tls_1_2_alone)
{
	struct outcome *outcome =
	    program_run("run", "scenarios/tls.yaml", "--eavesdrop", "line", NULL);

	ck_assert_status(outcome, 0);
	check_has(outcome, "S: [TLS: ServerHello: TLS 1.2");
	check_has(outcome, "S: [TLS: Certificate of partner-mail.partner.example, by ");
	check_has(outcome, "; for partner-mail.partner.example, smtp.partner.example, ");
	check_has(outcome, "S: [TLS: Certificate of mail.office.example, by ");
	ck_assert_uint_eq(count_in(outcome->out, "Certificate"), 2);
	check_has(outcome, "C: STARTTLS\n");
	check_lacks(outcome, "MAIL FROM");
	check_lacks(outcome, "Subject");
	check_has(outcome, "Passwords and what stands for them\n  none\n");
	outcome_free(outcome);
	outcome = program_run("run", "scenarios/tls.yaml", "--eavesdrop", "line", "--set",
			      "servers/partner-mail/tls/newest=TLSv1.3", NULL);
	ck_assert_status(outcome, 0);
	check_has(outcome, "S: [TLS: ServerHello: TLS 1.3");
	check_lacks(outcome, "Certificate");
	outcome_free(outcome);
}
END_TEST

START_TEST(a_session_of_webmail_is_there_for_whoever_reads_it)
{
	struct outcome *outcome =
	    program_run("run", "scenarios/webmail.yaml", "--eavesdrop", "gw:eth1", NULL);

	ck_assert_status(outcome, 0);
	check_has(outcome, "password of alice@office.example: \"christmas\" (form), connection ");
	check_has(outcome, "whoever sends this is taken for the user: \"session=");
	outcome_free(outcome);
}
END_TEST

static struct outcome *run_webmail(const char *certificate, const char *security, const char *see)
{
	g_autofree char *tls = g_strconcat("servers/mail/tls=", certificate, NULL);
	g_autofree char *wish =
	    g_strconcat("domains/office.example/webmail-security=", security, NULL);

	return program_run("run", "scenarios/webmail.yaml", "--set", tls, "--set", wish, see,
			   strcmp(see, "--eavesdrop") == 0 ? "mail" : NULL, NULL);
}

/* All works as before, and behind the site no line of a message is to be read. */
START_TEST(the_site_reaches_its_mail_server_by_tls)
{
	static const char *const ways[] = { "starttls", "tls" };

	for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct outcome *outcome = run_webmail("valid", ways[i], "--eavesdrop");

		ck_assert_status(outcome, 0);
		ck_assert_uint_eq(count_in(outcome->out, "(web.office.example)"), 6);
		check_lacks(outcome, "Subject: From the browser");
		outcome_free(outcome);
	}
}
END_TEST

/* The certificate has expired; there is no TLS: nobody is signed in, and the page says why. */
START_TEST(the_site_does_not_trust_whoever_it_may_be)
{
	struct outcome *expired = run_webmail("expired", "tls", "--dialog");
	struct outcome *without = run_webmail("none", "starttls", "--dialog");

	check_has(expired, "The mail server is not to be trusted");
	ck_assert_int_eq(expired->status, 1);
	check_has(without, "The mail server offers no TLS");
	ck_assert_int_eq(without->status, 1);
	outcome_free(expired);
	outcome_free(without);
}
END_TEST

START_TEST(a_link_that_is_not_there_is_complained_of)
{
	struct outcome *outcome = program_run("run", SNIFFER, "--eavesdrop", "eve", NULL);

	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "no interface or network \"eve\""));
	ck_assert_ptr_nonnull(strstr(outcome->err, "eve-pc:eth0"));
	outcome_free(outcome);
	outcome = program_run("run", SNIFFER, "--eavesdrop", "lan", "-q", NULL);
	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "where --eavesdrop would go"));
	outcome_free(outcome);
}
END_TEST

#define WARNING                                                                                    \
	"password readable on the wire: bob@office.example, POP3 (USER, PASS), bob-pc → mail "   \
	"port 110: frame "

START_TEST(readable_passwords_are_warned_of)
{
	struct outcome *loud = program_run("run", SNIFFER, NULL);
	struct outcome *quiet = program_run("run", SNIFFER, "-q", NULL);
	struct outcome *safe =
	    program_run("run", SNIFFER, "-q", "--set", "clients/bob/security=starttls", "--set",
			"expect=[]", NULL);

	ck_assert_status(loud, 0);
	ck_assert_uint_eq(count_in(loud->out, WARNING), 1);
	ck_assert_str_eq(loud->err, "");
	ck_assert_status(quiet, 0);
	ck_assert_str_eq(quiet->out, "");
	ck_assert_uint_eq(count_in(quiet->err, WARNING), 1);
	ck_assert_uint_eq(count_in(quiet->err, "\n"), 1);
	ck_assert_status(safe, 0);
	ck_assert_str_eq(safe->err, "");
	outcome_free(loud);
	outcome_free(quiet);
	outcome_free(safe);
}
END_TEST

/* Copies are no packets: the capture is the same to the byte with the mirrored port and without. */
START_TEST(copies_for_a_mirrored_port_are_not_captured_twice)
{
	char *folder = folder_new();
	g_autofree char *with = path_in(folder, "with.pcapng");
	g_autofree char *without = path_in(folder, "without.pcapng");
	struct outcome *outcome = program_run("run", SNIFFER, "-q", "--pcap", with, NULL);

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
	outcome = program_run("run", SNIFFER, "-q", "--pcap", without, "--set",
			      "networks/lan/mirror=none", "--set", "expect=[]", NULL);
	ck_assert_status(outcome, 0);
	outcome_free(outcome);

	g_autoptr(GBytes) first = file_read(with);
	g_autoptr(GBytes) second = file_read(without);

	ck_assert(g_bytes_equal(first, second));
	folder_remove(folder);
}
END_TEST

/* What the server says, what the client is told, and that the log tells of both. */
START_TEST(an_attacker_is_seen_on_either_side)
{
	static const char *const path = "scenarios/starttls-stripped.yaml";
	struct outcome *before = program_run("run", path, "--eavesdrop", "net", NULL);
	struct outcome *behind = program_run("run", path, "--eavesdrop", "alice-pc", NULL);
	struct outcome *log = program_run("run", path, NULL);

	ck_assert_status(before, 0);
	check_has(before, "S: 250-STARTTLS\n");
	check_lacks(before, "S: 250-XXXXXXXX\n");
	check_has(behind, "S: 250-XXXXXXXX\n");
	check_lacks(behind, "STARTTLS");
	check_has(behind, "password of alice@office.example: \"wonderland\" (AUTH PLAIN)");
	check_has(log, "⇄ Attacker: rule 1: \"STARTTLS\" becomes \"XXXXXXXX\"\n");
	check_has(log, "overwritten by rule 1 at byte 74 of the data; checksum of TCP made right");
	check_has(log, "250-mail.office.example; changed on the way: 250-XXXXXXXX");
	outcome_free(before);
	outcome_free(behind);
	outcome_free(log);
}
END_TEST

START_TEST(an_attacker_is_among_what_a_router_holds)
{
	static const char *const path = "scenarios/starttls-stripped.yaml";
	struct outcome *state =
	    program_run("state", path, "--at", "30s", "--host", "hotspot", NULL);
	struct outcome *topology = program_run("topology", path, NULL);

	check_has(state, "rule 1: \"STARTTLS\" becomes \"XXXXXXXX\"; 5 packets\n");
	check_has(topology, "attacker: overwrites \"STLS\" by \"XXXX\"\n");
	outcome_free(state);
	outcome_free(topology);
}
END_TEST

START_TEST(wireshark_is_to_be_told_where_the_secrets_are)
{
	char *folder = folder_new();
	g_autofree char *pcap = path_in(folder, "x.pcap");
	g_autofree char *pcapng = path_in(folder, "x.pcapng");
	g_autofree char *keys = path_in(folder, "keys");
	const char *const hint = "the secrets of TLS are not in it";
	struct outcome *without = program_run("run", SNIFFER, "--pcap", pcap, NULL);
	struct outcome *with = program_run("run", SNIFFER, "--pcap", pcap, "--keylog", keys, NULL);
	struct outcome *inside = program_run("run", SNIFFER, "--pcap", pcapng, NULL);
	struct outcome *clear = program_run("run", "scenarios/hello.yaml", "--pcap", pcap, NULL);

	check_has(without, hint);
	check_has(without, "--keylog PATH, then  wireshark -o tls.keylog_file:PATH ");
	check_has(with, hint);
	check_has(with, keys);
	ck_assert_uint_eq(count_in(inside->out, hint), 0);
	ck_assert_uint_eq(count_in(clear->out, hint), 0);
	outcome_free(without);
	outcome_free(with);
	outcome_free(inside);
	outcome_free(clear);
	folder_remove(folder);
}
END_TEST

START_TEST(wireshark_is_to_be_told_of_port_2525)
{
	static const char *const hint =
	    "port 2525 was used: Wireshark needs  -d tcp.port==2525,smtp\n";
	struct outcome *usual = program_run("run", "scenarios/hello.yaml", NULL);
	struct outcome *other = program_run(
	    "run", SNIFFER, "--set", "clients/carol/outgoing/port=2525", "--set",
	    "servers/partner-mail={services: [smtp, imap, {service: submission, port: 2525}]}",
	    NULL);

	ck_assert_uint_eq(count_in(usual->out, hint), 0);
	ck_assert_uint_eq(count_in(other->out, hint), 1);
	outcome_free(usual);
	outcome_free(other);
}
END_TEST

static const struct {
	const char *yaml, *complaint;
} mistakes[] = {
	{"mailwire: 1\nnetworks: {a: , b: }\nrouters: {r: {interfaces: [a, b], tamper: [{replace: "
	  "abc, "
	  "by: ab}]}}\n",								   "t:3:63: error: `ab` has 2 bytes and `abc` 3: what is overwritten keeps its length"},
	{ "mailwire: 1\nnetworks: {a: , b: }\nrouters: {r: {interfaces: [a, b], tamper: [\"\"]}}\n",
         "error: a text to overwrite has 1 to 64 bytes"																 },
	{ "mailwire: 1\nnetworks: {a: , b: }\nrouters: {r: {interfaces: [a, b], tamper: [{replace: "
	  "a, "
	  "port: 70000}]}}\n",							      "error: there is no such port"						     },
	{ "mailwire: 1\nnetworks: {a: }\nhosts: {x: {network: a}}\n"
	  "domains: {d.example: {mail: x, webmail-security: tls}}\n",		       "`webmail-security` is for a webmail site, which `d.example` has not"              },
	{ "mailwire: 1\nnetworks: {a: {kind: link, mirror: x}}\n"
	  "hosts: {x: {network: a}, y: {network: a}}\n",				    "t:2:36: error: the link `a` has no switch that could mirror"                      },
	{ "mailwire: 1\nnetworks: {a: {mirror: x}, b: }\nhosts: {x: {network: b}, y: {network: "
	  "a}}\n",									  "t:2:24: error: the host `x` is on the network `b`"                                },
	{ "mailwire: 1\nswitches: {s: {network: a}, t: {network: a, uplink: s}}\nnetworks: {a: }\n"
	  "hosts: {x: {network: a}, y: {network: a}}\n"
	  "domains: {d.example: {mail: y, accounts: {q: }}}\nclients: {q: {host: x}}\n"
	  "expect: [{password: q, link: t}]\n",					     "t:7:30: error: who listens does so at an interface or on a network"               },
};

START_TEST(mistakes_are_said_with_their_place)
{
	g_autofree char *text = diagnose(mistakes[_i].yaml);

	ck_assert_msg(strstr(text, mistakes[_i].complaint) != NULL, "no \"%s\" in:\n%s",
		      mistakes[_i].complaint, text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("app/eavesdrop");
	TCase *tcase = tcase_create("eavesdrop");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_sniffer_reads_all_that_is_readable_and_no_more);
	tcase_add_test(tcase, a_network_is_heard_once_and_an_ordinary_port_hears_its_own);
	tcase_add_test(tcase, what_an_observer_learns_is_to_be_had_as_json);
	tcase_add_test(tcase, certificates_are_readable_in_tls_1_2_alone);
	tcase_add_test(tcase, a_session_of_webmail_is_there_for_whoever_reads_it);
	tcase_add_test(tcase, the_site_reaches_its_mail_server_by_tls);
	tcase_add_test(tcase, the_site_does_not_trust_whoever_it_may_be);
	tcase_add_test(tcase, a_link_that_is_not_there_is_complained_of);
	tcase_add_test(tcase, readable_passwords_are_warned_of);
	tcase_add_test(tcase, copies_for_a_mirrored_port_are_not_captured_twice);
	tcase_add_test(tcase, an_attacker_is_seen_on_either_side);
	tcase_add_test(tcase, an_attacker_is_among_what_a_router_holds);
	tcase_add_test(tcase, wireshark_is_to_be_told_where_the_secrets_are);
	tcase_add_test(tcase, wireshark_is_to_be_told_of_port_2525);
	tcase_add_loop_test(tcase, mistakes_are_said_with_their_place, 0,
			    (int)G_N_ELEMENTS(mistakes));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
