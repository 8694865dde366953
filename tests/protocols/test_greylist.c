/* The greylister's table: who waits, who is known, who is forgotten. */
#include <check.h>
#include <stdlib.h>
#include "protocols/screening/greylist.h"

#define CLIENT    UINT32_C(0xcb007146) /* 203.0.113.70 */
#define NEIGHBOUR UINT32_C(0xcb0071c8) /* 203.0.113.200 */
#define STRANGER  UINT32_C(0xc6336446) /* 198.51.100.70 */
#define MINUTE    (60 * NS_PER_S)
#define DAY       (86400 * NS_PER_S)

static enum greylist_outcome ask(struct greylist *greylist, int64_t now_ns, uint32_t client,
				 const char *sender)
{
	return greylist_ask(greylist, now_ns, client, sender, "alice@office.example").outcome;
}

START_TEST(a_triplet_passes_behind_the_delay)
{
	struct greylist *greylist = greylist_new(&(struct greylist_config) { 0 });
	struct greylist_answer answer =
	    greylist_ask(greylist, MINUTE, CLIENT, "bob@remote.example", "alice@office.example");

	ck_assert_int_eq(answer.outcome, GREYLIST_WAIT);
	ck_assert_int_eq(answer.wait_ns, 5 * MINUTE);
	ck_assert_uint_eq(answer.network, UINT32_C(0xcb007100));
	ck_assert_int_eq(ask(greylist, 6 * MINUTE - 1, CLIENT, "bob@remote.example"),
			 GREYLIST_WAIT);
	/* Another server of the same network, and letters in another case. */
	ck_assert_int_eq(ask(greylist, 6 * MINUTE, NEIGHBOUR, "BOB@remote.example"),
			 GREYLIST_CAME_BACK);
	ck_assert_int_eq(ask(greylist, 7 * MINUTE, CLIENT, "bob@remote.example"), GREYLIST_KNOWN);
	/* Another network, another sender, another recipient: others. */
	ck_assert_int_eq(ask(greylist, 7 * MINUTE, STRANGER, "bob@remote.example"), GREYLIST_WAIT);
	ck_assert_int_eq(ask(greylist, 7 * MINUTE, CLIENT, "dan@remote.example"), GREYLIST_WAIT);
	ck_assert_int_eq(
	    greylist_ask(greylist, 7 * MINUTE, CLIENT, "bob@remote.example", "carol@office.example")
		.outcome,
	    GREYLIST_WAIT);
	ck_assert_uint_eq(greylist_length(greylist), 4);
	greylist_free(greylist);
}
END_TEST

START_TEST(who_comes_too_late_is_new_again)
{
	struct greylist *greylist = greylist_new(&(struct greylist_config) { 0 });

	ask(greylist, 0, CLIENT, "bob@remote.example");
	ck_assert_int_eq(ask(greylist, 2 * DAY + 1, CLIENT, "bob@remote.example"), GREYLIST_WAIT);
	ck_assert_int_eq(ask(greylist, 2 * DAY + 6 * MINUTE, CLIENT, "bob@remote.example"),
			 GREYLIST_CAME_BACK);
	ck_assert_int_eq(ask(greylist, 37 * DAY, CLIENT, "bob@remote.example"), GREYLIST_KNOWN);
	ck_assert_int_eq(ask(greylist, 72 * DAY + 1, CLIENT, "bob@remote.example"), GREYLIST_WAIT);
	ck_assert_uint_eq(greylist_length(greylist), 1);
	greylist_free(greylist);
}
END_TEST

START_TEST(a_network_that_came_back_is_white)
{
	struct greylist *greylist =
	    greylist_new(&(struct greylist_config) { .whitelist_after = 2 });

	ask(greylist, 0, CLIENT, "a@remote.example");
	ask(greylist, 0, CLIENT, "b@remote.example");
	ask(greylist, 5 * MINUTE, CLIENT, "a@remote.example");
	ask(greylist, 5 * MINUTE, CLIENT, "a@remote.example"); /* counts once */
	ck_assert_int_eq(ask(greylist, 5 * MINUTE, CLIENT, "c@remote.example"), GREYLIST_WAIT);
	ask(greylist, 5 * MINUTE, NEIGHBOUR, "b@remote.example");
	ck_assert_int_eq(ask(greylist, 6 * MINUTE, CLIENT, "d@remote.example"), GREYLIST_WHITE);
	ck_assert_int_eq(ask(greylist, 6 * MINUTE, STRANGER, "d@remote.example"), GREYLIST_WAIT);
	ck_assert_int_eq(ask(greylist, 36 * DAY, CLIENT, "e@remote.example"), GREYLIST_WAIT);
	greylist_free(greylist);
}
END_TEST

START_TEST(the_table_is_bounded)
{
	struct greylist *greylist = greylist_new(&(struct greylist_config) { 0 });
	char sender[32];

	for (int i = 0; i <= GREYLIST_ENTRIES_MAX; i++) {
		g_snprintf(sender, sizeof sender, "s%d@remote.example", i);
		ask(greylist, i, CLIENT, sender);
	}
	ck_assert_uint_eq(greylist_length(greylist), GREYLIST_ENTRIES_MAX);
	ck_assert_int_eq(ask(greylist, 6 * MINUTE, CLIENT, "s1@remote.example"),
			 GREYLIST_CAME_BACK);
	ck_assert_int_eq(ask(greylist, 6 * MINUTE, CLIENT, "s0@remote.example"), GREYLIST_WAIT);
	greylist_free(greylist);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("greylist");
	TCase *tests = tcase_create("greylist");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_triplet_passes_behind_the_delay);
	tcase_add_test(tests, who_comes_too_late_is_new_again);
	tcase_add_test(tests, a_network_that_came_back_is_white);
	tcase_add_test(tests, the_table_is_bounded);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
