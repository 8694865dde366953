/*
 * Filters and translation from end to end: the scenario language, and what every view makes of them.
 * What the packets look like is the matter of tests/stack.
 */
#include <check.h>
#include "app/scenario_private.h"
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

/* A router between private and public networks; `%s` is where a row says what stands in the way. */
#define WORLD                                                                                      \
	"mailwire: 1\n"                                                                            \
	"networks: {inside: {subnet: 10.0.0.0/24}, outside: {subnet: 192.0.2.0/24}}\n"             \
	"routers: {gw: {interfaces: [inside, outside]%s}, far: {interfaces: [outside]}}\n"         \
	"hosts: {pc: {network: inside}, mail: {network: inside}, ns: {network: outside},\n"        \
	"        root: {network: outside}, guest: {network: outside}}\n"                           \
	"domains: {x.example: {mail: mail, dns: ns, accounts: {ann: }}}\n"                         \
	"clients: {ann: {host: pc}%s}\n"

static char *world(const char *middlebox, const char *clients)
{
	return g_strdup_printf(WORLD, middlebox, clients);
}

static const struct {
	const char *middlebox; /* of gw */
	const char *complaint; /* among the diagnostics */
} wrong[] = {
	{", nat: {}",								      "a translation needs the key `uplink`"                },
	{ ", nat: {uplink: nowhere}",						      "there is no network called `nowhere`"                },
	{ ", nat: {uplink: outside, forward: [{port: 25, to: ns}]}",                       "`ns` is not inside"                                  },
	{ ", nat: {uplink: outside, forward: [{port: 25, to: mail}, {port: 25, to: pc}]}",
         "port 25 is forwarded twice by the router `gw`"											 },
	{ ", nat: {uplink: outside, forward: [{to: mail}]}",                               "needs the key `port`"                                },
	{ ", filter: [{deny: tcp, allow: udp}]",                                           "`allow` and `deny` cannot stand together"            },
	{ ", filter: [{port: 25}]",							"a rule has one of the keys `allow`, `deny`, `reject`"},
	{ ", filter: [{deny: smtp}]",						      "there is no such word"                               },
	{ ", filter: [{deny: tcp, port: 70000}]",                                          "there is no such port"                               },
	{ ", filter: [{deny: icmp, port: 25}]",                                            "ICMP has no ports"                                   },
	{ ", filter: [{deny: tcp, direction: out}]",                                       "it is not clear where it goes in or out"             },
	{ ", filter: [{deny: tcp, answer: icmp}]",                                         "`answer` does not go with `deny`"                    },
	{ ", filter: [{deny: tcp, from: 5s, to: 4s}]",                                     "taken away before it comes into force"               },
	{ ", filter: [{deny: tcp, source: nobody}]",                                       "called `nobody`"                                     },
};

START_TEST(what_cannot_be_is_said)
{
	g_autofree char *text = world(wrong[_i].middlebox, "");
	g_autofree char *said = diagnose(text);

	ck_assert_msg(strstr(said, wrong[_i].complaint) != NULL, "%s: %s", wrong[_i].middlebox,
		      said);
}
END_TEST

START_TEST(a_rule_at_a_network_that_the_router_is_not_on_is_wrong)
{
	g_autofree char *said =
	    diagnose("mailwire: 1\nnetworks: {a: , b: , c: }\n"
		     "routers: {gw: {interfaces: [a, b], filter: [{deny: tcp, interface: c}]},\n"
		     "  r: {interfaces: [b, c]}, q: {interfaces: [a, b], nat: {uplink: c}}}\n");

	ck_assert_msg(strstr(said, "the router `gw` is not on the network `c`") != NULL, "%s",
		      said);
	ck_assert_msg(strstr(said, "the router `q` is not on the network `c`") != NULL, "%s", said);
}
END_TEST

START_TEST(a_rule_that_is_expected_to_drop_must_exist)
{
	g_autofree char *text = world(", filter: [{deny: tcp, port: 25}]", "");
	g_autofree char *more =
	    g_strconcat(text, "expect: [{dropped: 1, node: gw, rule: 2}]\n", NULL);
	g_autofree char *said = diagnose(more);

	ck_assert_msg(strstr(said, "there is no rule 2") != NULL, "%s", said);
}
END_TEST

START_TEST(a_client_has_at_most_eight_ports)
{
	g_autofree char *text =
	    world(", nat: {uplink: outside}",
		  ", eve: {host: pc, account: ann, outgoing: {port: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}");
	g_autofree char *said = diagnose(text);

	ck_assert_msg(strstr(said, "at most 8 ports") != NULL, "%s", said);
}
END_TEST

/* Outside nobody has a route to what is private, and DNS gives the outside address. */
START_TEST(from_outside_a_private_network_cannot_be_seen)
{
	g_autofree char *text =
	    world(", nat: {uplink: outside, forward: [{port: 25, to: mail}]}", "");
	struct scenario *scenario = load_good(text);
	const struct scenario_node *gw = (void *)scenario_lookup(scenario, SCENARIO_ROUTER, "gw");
	const struct scenario_node *far = (void *)scenario_lookup(scenario, SCENARIO_ROUTER, "far");
	const struct scenario_node *mail = (void *)scenario_lookup(scenario, SCENARIO_HOST, "mail");
	const struct scenario_forward *forward = gw->nat.forwards->pdata[0];
	const struct scenario_interface *uplink = gw->interfaces->pdata[1];

	ck_assert_uint_eq(far->routes->len, 0);
	ck_assert_uint_eq(forward->to_port, 25);
	ck_assert_uint_eq(scenario_public_address(scenario, mail), uplink->address);
	ck_assert_uint_eq(scenario_resolve_name(scenario, "mail.x.example"), uplink->address);
	ck_assert_uint_eq(scenario_resolve_name(scenario, "smtp.x.example"), uplink->address);
	scenario_free(scenario);
}
END_TEST

START_TEST(without_translation_it_can)
{
	g_autofree char *text = world("", "");
	struct scenario *scenario = load_good(text);
	const struct scenario_node *far = (void *)scenario_lookup(scenario, SCENARIO_ROUTER, "far");

	ck_assert_uint_eq(far->routes->len, 1);
	scenario_free(scenario);
}
END_TEST

START_TEST(a_client_outside_needs_a_forwarded_port)
{
	g_autofree char *closed =
	    world(", nat: {uplink: outside}", ", eve: {host: guest, account: ann}");
	g_autofree char *open = world(
	    ", nat: {uplink: outside, forward: [{port: 143, to: mail}, {port: 587, to: mail}]}",
	    ", eve: {host: guest, account: ann}");
	g_autofree char *said = diagnose(closed);

	ck_assert_msg(strstr(said, "`guest` and `mail`, a server of the client") != NULL, "%s",
		      said);
	scenario_free(load_good(open));
}
END_TEST

START_TEST(rules_stand_at_the_uplink_unless_they_say_otherwise)
{
	g_autofree char *text =
	    world(", nat: {uplink: outside}, filter: [{deny: tcp, direction: in}, "
		  "{deny: udp, interface: inside}]",
		  "");
	struct scenario *scenario = load_good(text);
	const struct scenario_node *gw = (void *)scenario_lookup(scenario, SCENARIO_ROUTER, "gw");
	const struct scenario_rule *first = gw->filter->pdata[0], *second = gw->filter->pdata[1];

	ck_assert_str_eq(first->network->item.name, "outside");
	ck_assert_str_eq(second->network->item.name, "inside");
	ck_assert_uint_eq(first->ports.most, UINT64_MAX);
	ck_assert_int_eq(first->to_ns, TIME_NEVER);
	scenario_free(scenario);
}
END_TEST

/* Views. */

static char *said_by(const char *command, const char *scenario, const char *option,
		     const char *value)
{
	struct outcome *outcome = program_run(command, scenario, option, value, NULL);
	char *text;

	ck_assert_status(outcome, 0);
	text = g_strdup(outcome->out);
	outcome_free(outcome);
	return text;
}

/* What each view says of a scenario. */
static const struct {
	const char *command, *scenario, *option, *value;
	const char *said;
} views[] = {
	{"run",       "nat",     "--layer",  "nat",
         "NAT: expired: UDP port 38495 of 203.0.113.1 is 10.1.0.10:38495 (alice-pc)"                       },
	{ "topology", "road",    "--dot",    NULL,     "203.0.113.1\\nNAT\\nfilter"                        },
	{ "run",      "nat",     "--unfold", NULL,
         "NAT: TCP port 37031 of 203.0.113.1 is 10.1.0.10:37031 (alice-pc)"                                },
	{ "run",      "nat",     "--unfold", NULL,
         "forward     NAT             source 10.1.0.10:37031 (alice-pc) → 203.0.113.1:37031 (gw), "
	  "TCP"											    },
	{ "run",      "nat",     "--unfold", NULL,
         "forward     NAT             destination 203.0.113.1:37031 (gw) → 10.1.0.10:37031 "
	  "(alice-pc), TCP"										},
	{ "run",      "port25",  "--layer",  "filter",
         "Filter: rule 1: deny TCP to port 25, out at eth1 (internet)"                                     },
	{ "run",      "port25",  "--layer",  "filter", "drop        Filter          denied by rule 1"      },
	{ "run",      "port25",  "--layer",  "filter", "drop        Filter          rejected by rule 2"    },
	{ "run",      "port25",  "--layer",  "user",
         "no connection: connection refused on port 25, now port 2525"                                     },
	{ "run",      "port25",  "--layer",  "user",
         "server unreachable: connection timed out on port 25, now port 587"                               },
	{ "run",      "port25",  "--format", "json",   "\"layer\":\"filter\",\"detail\":\"denied\""        },
	{ "run",      "road",    "--format", "json",   "\"layer\":\"nat\",\"detail\":\"destination\""      },
	{ "topology", "road",    NULL,       NULL,     "forwards TCP port 587 to mail port 587"            },
	{ "topology", "road",    NULL,       NULL,     "rule 3: deny any, in at internet"                  },
	{ "topology", "blocked", NULL,       NULL,
         "rule 1: deny TCP to port 143, out at server-lan, from 300 s on, until 600 s"                     },
	{ "topology", "port25",  NULL,       NULL,     "sends by smtp.office.example:25, 587"              },
	{ "state",    "road",    "--at",     "12.2s",
         "TCP port 143 of 203.0.113.1 is 10.1.0.11:143 (mail), since 0.000000 s"                           },
	{ "state",    "road",    "--at",     "60s",    "rule 3: deny any, in at eth1 (internet); 5 packets"},
	{ "state",    "blocked", "--at",     "1100s",  "until 600 s (not in force)"                        },
};

START_TEST(every_view_tells_of_it)
{
	g_autofree char *text =
	    said_by(views[_i].command, views[_i].scenario, views[_i].option, views[_i].value);

	ck_assert_msg(strstr(text, views[_i].said) != NULL, "no `%s` in what %s %s says",
		      views[_i].said, views[_i].command, views[_i].scenario);
}
END_TEST

/* A conversation is one on both sides of a translator, of two, and of a hairpin. */
START_TEST(conversations_are_whole_across_translators)
{
	static const char *const names[] = { "nat", "road" };
	g_autofree char *text = said_by("run", names[_i], "--dialog", NULL);
	g_auto(GStrv) parts = g_strsplit(text, "connection ", -1);

	for (guint i = 1; parts[i] != NULL; i++) {
		if (strstr(parts[i], "stranger") != NULL)
			continue; /* it is never answered */
		ck_assert_msg(strstr(parts[i], " S: ") != NULL, "%s", parts[i]);
		ck_assert_msg(strstr(parts[i], "never answered") == NULL, "%s", parts[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("middlebox");
	TCase *tests = tcase_create("middlebox");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, what_cannot_be_is_said, 0, (int)G_N_ELEMENTS(wrong));
	tcase_add_test(tests, a_rule_at_a_network_that_the_router_is_not_on_is_wrong);
	tcase_add_test(tests, a_rule_that_is_expected_to_drop_must_exist);
	tcase_add_test(tests, a_client_has_at_most_eight_ports);
	tcase_add_test(tests, from_outside_a_private_network_cannot_be_seen);
	tcase_add_test(tests, without_translation_it_can);
	tcase_add_test(tests, a_client_outside_needs_a_forwarded_port);
	tcase_add_test(tests, rules_stand_at_the_uplink_unless_they_say_otherwise);
	tcase_add_loop_test(tests, every_view_tells_of_it, 0, (int)G_N_ELEMENTS(views));
	tcase_add_loop_test(tests, conversations_are_whole_across_translators, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
