/* ICMP echo across switches and a router: the smallest run of the whole lower stack. */
#include <check.h>
#include <stdlib.h>
#include "stack/arp.h"
#include "stack/socket.h"
#include "stack/wire/ethernet.h"
#include "tests/wiretest.h"

struct outcome {
	unsigned count;
	int64_t round_trip_ns;
};

static void note(void *owner, int64_t round_trip_ns)
{
	struct outcome *outcome = owner;

	outcome->count++;
	outcome->round_trip_ns = round_trip_ns;
}

START_TEST(a_reply_comes_back_through_the_router)
{
	struct wiretest test;
	struct outcome outcome = { 0 };

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB, 56, NS_PER_S, note, &outcome);
	ck_assert_uint_eq(outcome.count, 0);
	wiretest_run(&test);
	ck_assert_uint_eq(outcome.count, 1);
	ck_assert_int_gt(outcome.round_trip_ns, 0);

	/* Request and reply are forwarded once each, TTL 64 to 63. */
	ck_assert_uint_eq(wiretest_count(&test, TRACE_FORWARD, LAYER_IPV4, IPV4_FORWARDED), 2);
	const struct trace_record *forwarded =
	    wiretest_record(&test, TRACE_FORWARD, LAYER_IPV4, IPV4_FORWARDED, 0);

	ck_assert_uint_eq(forwarded->before, 64);
	ck_assert_uint_eq(forwarded->after, 63);
	wiretest_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ping");
	TCase *tcase = tcase_create("ping");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, a_reply_comes_back_through_the_router);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
