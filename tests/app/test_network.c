/*
 * What the network does to mail and pings, from end to end: scenarios given as text, run to their
 * expectations.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"

/* Runs `text` and returns what came of it; `text` is freed. */
static struct outcome *run_text(char *text)
{
	char *folder = folder_new();
	g_autofree char *path = scenario_write(folder, text);
	struct outcome *outcome = program_run("run", path, NULL);

	folder_remove(folder);
	g_free(text);
	return outcome;
}

/* Mail over a link of little MTU between two routers; `%u` bytes; `%s`: the message. */
#define SMALL_LINK                                                                                 \
	"mailwire: 1\n"                                                                            \
	"networks:\n"                                                                              \
	"  lan-a: {subnet: 10.1.0.0/24}\n"                                                         \
	"  mid: {kind: link, subnet: 10.0.0.0/30, mtu: %uB, rate: 56kbps, delay: 5ms}\n"           \
	"  lan-b: {subnet: 10.2.0.0/24}\n"                                                         \
	"routers: {r1: {interfaces: [lan-a, mid]}, r2: {interfaces: [mid, lan-b]}}\n"              \
	"hosts: {pc: {network: lan-a}, mail: {network: lan-b}, home: {network: lan-b}}\n"          \
	"domains: {x.example: {mail: mail, accounts: {alice: , bob: }}}\n"                         \
	"clients: {alice: {host: pc}, bob: {host: home, incoming: pop3}}\n"                        \
	"timeline:\n"                                                                              \
	"  - {at: 1s, who: alice, do: send, to: bob, subject: Hello, text: '%s'}\n"                \
	"  - {at: 60s, who: bob, do: check}\n"                                                     \
	"expect:\n"                                                                                \
	"  - {message: Hello, is: retrieved, by: bob}\n"

static const unsigned mtus[] = { 68, 296, 551, 552, 576 };

START_TEST(mail_passes_a_link_of_any_mtu)
{
	g_autofree char *body = g_strnfill(3000, 'x');
	struct outcome *outcome = run_text(g_strdup_printf(SMALL_LINK, mtus[_i], body));

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
}
END_TEST

#define PINGS_AFAR                                                                                 \
	"mailwire: 1\n"                                                                            \
	"networks: {lan: {delay: 2s}}\n"                                                           \
	"hosts: {p: , q: }\n"                                                                      \
	"timeline:\n"                                                                              \
	"  - {at: 1s, who: p, do: ping, target: q, count: 1}\n"

START_TEST(neighbours_find_each_other_however_far_away)
{
	struct outcome *outcome =
	    run_text(g_strdup(PINGS_AFAR "  - {at: 20s, who: p, do: ping, target: q, count: 1}\n"
					 "expect: [{ping: answered, times: 1}]\n"));

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
}
END_TEST

#define TWO_PINGS                                                                                  \
	"mailwire: 1\n"                                                                            \
	"hosts: {p: , q: }\n"                                                                      \
	"timeline:\n"                                                                              \
	"  - {at: 1s, who: p, do: ping, target: q, count: 3, size: 0B}\n"                          \
	"  - {at: 1s, who: p, do: ping, target: q, count: 2}\n"

/* As ping(8) has it, each run with its own numbers (four packets, each told at two ends); `ping -s 0` is fine. */
START_TEST(every_ping_counts_for_itself)
{
	struct outcome *outcome =
	    run_text(g_strdup(TWO_PINGS "expect: [{ping: answered, times: 5}]\n"));

	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(count_in(outcome->out, "seq 1 "), 8);
	outcome_free(outcome);
}
END_TEST

START_TEST(a_second_reply_is_told)
{
	struct outcome *outcome = run_text(g_strdup(
	    TWO_PINGS "impairments: [{link: all, duplicate: 100%}]\n"
		      "expect: [{ping: answered, times: 5}, {ping: duplicate, times: 5..},\n"
		      "         {dropped: 0}]\n"));

	ck_assert_status(outcome, 0);
	ck_assert_ptr_nonnull(strstr(outcome->out, "(DUP!)"));
	outcome_free(outcome);
}
END_TEST

START_TEST(the_unspecified_address_is_no_target)
{
	struct outcome *outcome =
	    run_text(g_strdup("mailwire: 1\nhosts: {p: , q: }\n"
			      "timeline: [{at: 1s, who: p, do: ping, target: 0.0.0.0}]\n"));

	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "0.0.0.0 is the address of no host"));
	outcome_free(outcome);
}
END_TEST

#define SMALLEST_LINK                                                                              \
	"mailwire: 1\n"                                                                            \
	"networks: {a: {subnet: 10.1.0.0/24}, b: {subnet: 10.2.0.0/24},\n"                         \
	"           mid: {kind: link, subnet: 10.0.0.6/31}}\n"                                     \
	"routers: {r1: {interfaces: [a, mid]}, r2: {interfaces: [mid, b]}}\n"                      \
	"hosts: {p: {network: a}, q: {network: b}}\n"                                              \
	"timeline:\n"                                                                              \
	"  - {at: 1s, who: p, do: ping, target: q, count: 1}\n"                                    \
	"  - {at: 2s, who: p, do: ping, target: 10.0.0.6, count: 1}\n"                             \
	"  - {at: 3s, who: p, do: ping, target: 10.0.0.7, count: 1}\n"                             \
	"  - {at: 4s, who: r2, do: ping, target: 10.0.0.6, count: 1}\n"

/* RFC 3021. */
START_TEST(a_link_needs_two_addresses_only)
{
	struct outcome *outcome =
	    run_text(g_strdup(SMALLEST_LINK "expect: [{ping: answered, times: 4}]\n"));

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
	outcome = run_text(g_strdup("mailwire: 1\nnetworks: {a: {subnet: 10.0.0.6/31}}\n"
				    "hosts: {p: , q: , r: }\n"));
	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "no address left for `r`"));
	outcome_free(outcome);
	outcome = run_text(g_strdup("mailwire: 1\nnetworks: {a: {subnet: 10.0.0.6/32}}\n"
				    "hosts: {p: , q: }\n"));
	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "two hosts need a /31"));
	outcome_free(outcome);
}
END_TEST

/* r1 is the gateway of p, but q is behind r2 on the same network. */
#define TWO_GATEWAYS                                                                               \
	"mailwire: 1\n"                                                                            \
	"networks: {lan: {subnet: 10.1.0.0/24}, far: {subnet: 10.9.0.0/24},\n"                     \
	"           up: {subnet: 10.8.0.0/24}}\n"                                                  \
	"routers: {r1: {interfaces: [lan, up]}, r2: {interfaces: [lan, far]}}\n"                   \
	"hosts: {p: {network: lan, gateway: r1}, q: {network: far}, z: {network: up}}\n"           \
	"timeline: [{at: 1s, who: p, do: ping, target: q, count: 3}]\n"                            \
	"expect: [{ping: answered, times: 3}]\n"

START_TEST(a_router_redirects_to_a_better_one)
{
	struct outcome *outcome = run_text(g_strdup(TWO_GATEWAYS));

	ck_assert_status(outcome, 0);
	ck_assert_ptr_nonnull(strstr(outcome->out, "redirect"));
	outcome_free(outcome);
}
END_TEST

START_TEST(a_cut_cable_is_reported_in_three_seconds)
{
	struct outcome *outcome = run_text(
	    g_strdup("mailwire: 1\n"
		     "networks: {a: {subnet: 10.1.0.0/24}, b: {subnet: 10.2.0.0/24}}\n"
		     "routers: {r1: {interfaces: [a, b]}}\n"
		     "hosts: {p: {network: a}, q: {network: b}}\n"
		     "timeline:\n"
		     "  - {at: 1s, who: p, do: ping, target: q, count: 1}\n"
		     "  - {at: 5s, do: cut, link: \"r1:b\"}\n"
		     "  - {at: 6s, who: p, do: ping, target: q, count: 2}\n"
		     "expect: [{ping: answered, times: 1}, {ping: unreachable, times: 2}]\n"));

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = tcase_create("network");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, mail_passes_a_link_of_any_mtu, 0, G_N_ELEMENTS(mtus));
	tcase_add_test(tcase, neighbours_find_each_other_however_far_away);
	tcase_add_test(tcase, every_ping_counts_for_itself);
	tcase_add_test(tcase, a_second_reply_is_told);
	tcase_add_test(tcase, the_unspecified_address_is_no_target);
	tcase_add_test(tcase, a_link_needs_two_addresses_only);
	tcase_add_test(tcase, a_router_redirects_to_a_better_one);
	tcase_add_test(tcase, a_cut_cable_is_reported_in_three_seconds);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
