/*
 * What the network does to mail and pings, from end to end: scenarios given as text, run to their
 * expectations.
 */
#include <check.h>
#include <stdlib.h>
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

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = tcase_create("network");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, mail_passes_a_link_of_any_mtu, 0, G_N_ELEMENTS(mtus));
	tcase_add_test(tcase, neighbours_find_each_other_however_far_away);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
