/* Percentiles of lateness: exact for few small values, close for large ones. */
#include <check.h>
#include <stdlib.h>
#include "app/live_lateness.h"

static struct lateness lateness;

START_TEST(of_nothing_everything_is_zero)
{
	lateness = (struct lateness) { 0 };
	ck_assert_int_eq(lateness_percentile(&lateness, 50), 0);
	ck_assert_int_eq(lateness.largest_ns, 0);
}
END_TEST

START_TEST(percentiles_of_a_hundred_values)
{
	lateness = (struct lateness) { 0 };
	for (int64_t value = 1; value <= 100; value++)
		lateness_add(&lateness, value * 1000);
	ck_assert_int_eq(lateness.largest_ns, 100000);
	ck_assert_int_eq(lateness_percentile(&lateness, 100), 100000);
	ck_assert_int_ge(lateness_percentile(&lateness, 50), 50000);
	ck_assert_int_le(lateness_percentile(&lateness, 50), 52000);
	ck_assert_int_ge(lateness_percentile(&lateness, 99), 99000);
}
END_TEST

/* Loop test: a single value, powers of two and their neighbours, is told within 4 percent. */
START_TEST(one_value_is_told_as_it_is)
{
	for (int64_t value = (INT64_C(1) << _i) - 1; value <= (INT64_C(1) << _i) + 1; value++) {
		lateness = (struct lateness) { 0 };
		lateness_add(&lateness, value);
		ck_assert_int_eq(lateness_percentile(&lateness, 50), value);
		lateness_add(&lateness, INT64_MAX);
		ck_assert_int_ge(lateness_percentile(&lateness, 50), value);
		ck_assert_int_le(lateness_percentile(&lateness, 50), value + value / 25);
	}
}
END_TEST

START_TEST(early_counts_as_in_time)
{
	lateness = (struct lateness) { 0 };
	lateness_add(&lateness, -5);
	ck_assert_int_eq(lateness_percentile(&lateness, 100), 0);
	ck_assert_uint_eq(lateness.count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lateness");
	TCase *tests = tcase_create("lateness");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, of_nothing_everything_is_zero);
	tcase_add_test(tests, percentiles_of_a_hundred_values);
	tcase_add_loop_test(tests, one_value_is_told_as_it_is, 0, 62);
	tcase_add_test(tests, early_counts_as_in_time);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
