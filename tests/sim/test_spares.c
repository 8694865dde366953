/* Spare structs: kept for who takes next, but not for ever. */
#include <check.h>
#include <stdlib.h>
#include "sim/spares.h"

#define CROWD 100000

static void take_and_give_back(struct spares *spares, void **taken, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		taken[i] = spares_take(spares, 32);
	for (unsigned i = 0; i < count; i++)
		spares_give_back(spares, taken[i]);
}

START_TEST(what_was_given_back_is_taken_next)
{
	struct spares spares = { 0 };
	void *first = spares_take(&spares, 32), *second = spares_take(&spares, 32);

	ck_assert_uint_eq(spares.in_use, 2);
	spares_give_back(&spares, first);
	if (SPARES_KEEP)
		ck_assert_ptr_eq(spares_take(&spares, 32), first);
	else
		first = spares_take(&spares, 32);
	spares_give_back(&spares, first);
	spares_give_back(&spares, second);
	ck_assert_uint_eq(spares.in_use, 0);
	spares_clear(&spares);
	ck_assert_uint_eq(spares.kept, 0);
}
END_TEST

START_TEST(a_crowd_that_has_gone_leaves_little_behind)
{
	struct spares spares = { 0 };
	void **taken = g_new(void *, CROWD);

	take_and_give_back(&spares, taken, CROWD);
	ck_assert_uint_le(spares.kept, SPARES_LEAST + 1);
	g_free(taken);
	spares_clear(&spares);
}
END_TEST

/* Going up and down by a few costs no allocation: the same ones come again. */
START_TEST(what_comes_and_goes_is_kept)
{
	struct spares spares = { 0 };
	void *few[SPARES_LEAST];

	take_and_give_back(&spares, few, SPARES_LEAST);
	if (SPARES_KEEP)
		ck_assert_uint_eq(spares.kept, SPARES_LEAST);
	take_and_give_back(&spares, few, SPARES_LEAST);
	if (SPARES_KEEP)
		ck_assert_uint_eq(spares.kept, SPARES_LEAST);
	spares_clear(&spares);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spares");
	TCase *tests = tcase_create("spares");

	tcase_add_test(tests, what_was_given_back_is_taken_next);
	tcase_add_test(tests, a_crowd_that_has_gone_leaves_little_behind);
	tcase_add_test(tests, what_comes_and_goes_is_kept);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
