/* Random streams: the published generator, independence by name, fairness of bounds. */
#include <check.h>
#include <stdlib.h>
#include "sim/random.h"

START_TEST(the_generator_is_xoshiro256_starstar)
{
	/* State 1, 2, 3, 4: the first outputs, worked out by hand from the published algorithm:
	 * rotl(s1 * 5, 7) * 9 = rotl(10, 7) * 9 = 11520; then s1 becomes s1 ^ s2 ^ s0 = 0, ... */
	struct random_stream stream = {
		.state = {1, 2, 3, 4}
	};

	ck_assert_uint_eq(random_next(&stream), 11520);
	ck_assert_uint_eq(random_next(&stream), 0);
	ck_assert_uint_eq(random_next(&stream), 1509978240);
}
END_TEST

START_TEST(streams_differ_by_seed_node_and_consumer)
{
	struct random_stream a, b, c, d, again;

	random_init(&a, 1, "mail", "isn");
	random_init(&b, 2, "mail", "isn");
	random_init(&c, 1, "gw", "isn");
	random_init(&d, 1, "mail", "loss");
	random_init(&again, 1, "mail", "isn");
	uint64_t first = random_next(&a);

	ck_assert_uint_ne(first, random_next(&b));
	ck_assert_uint_ne(first, random_next(&c));
	ck_assert_uint_ne(first, random_next(&d));
	ck_assert_uint_eq(first, random_next(&again));
}
END_TEST

START_TEST(chances_come_out_as_asked)
{
	struct random_stream stream;
	unsigned hits = 0;

	random_init(&stream, 42, "link", "loss");
	for (int i = 0; i < 100000; i++)
		hits += random_chance(&stream, 50000);
	/* 5 % of 100,000, within six standard deviations (69 each). */
	ck_assert_uint_gt(hits, 5000 - 414);
	ck_assert_uint_lt(hits, 5000 + 414);
	for (int i = 0; i < 1000; i++) {
		ck_assert(!random_chance(&stream, 0));
		ck_assert(random_chance(&stream, 1000000));
		ck_assert_uint_lt(random_below(&stream, 3), 3);
	}
}
END_TEST

START_TEST(bytes_fill_exactly_what_was_asked)
{
	struct random_stream stream;
	uint8_t out[11] = { [10] = 0x5a };

	random_init(&stream, 1, "a", "b");
	random_bytes(&stream, out, 10);
	ck_assert_uint_eq(out[10], 0x5a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *tests = tcase_create("random");

	tcase_add_test(tests, the_generator_is_xoshiro256_starstar);
	tcase_add_test(tests, streams_differ_by_seed_node_and_consumer);
	tcase_add_test(tests, chances_come_out_as_asked);
	tcase_add_test(tests, bytes_fill_exactly_what_was_asked);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
