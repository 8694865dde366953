/* Frames under way: first in, first out, except for those held back. */
#include <check.h>
#include <stdlib.h>
#include "stack/transit.h"

static void push(struct transit *transit, struct packet_pool *pool, int64_t arrival_ns,
		 uint64_t number)
{
	*transit_place(transit, arrival_ns) = (struct transit_frame) {
		.packet = packet_new(pool, 1),
		.arrival_ns = arrival_ns,
		.number = number,
	};
}

static uint64_t pop(struct transit *transit)
{
	struct transit_frame frame = transit_pop(transit);

	packet_free(frame.packet);
	return frame.number;
}

START_TEST(frames_leave_in_the_order_they_came_while_the_ring_grows_and_wraps)
{
	struct packet_pool *pool = packet_pool_new();
	struct transit transit = { 0 };
	uint64_t pushed = 0, popped = 0;

	/* Sawtooth: the ring wraps at every size it takes. */
	for (unsigned burst = 1; burst < 200; burst++) {
		for (unsigned i = 0; i < burst; i++, pushed++)
			push(&transit, pool, (int64_t)pushed, pushed);
		while (transit.count > burst / 2)
			ck_assert_uint_eq(pop(&transit), popped++);
	}
	while (transit.count > 0)
		ck_assert_uint_eq(pop(&transit), popped++);
	ck_assert_uint_eq(pushed, popped);
	ck_assert_ptr_null(transit_first(&transit));
	transit_clear(&transit);
	packet_pool_free(pool);
}
END_TEST

START_TEST(a_frame_held_back_is_overtaken)
{
	static const int64_t arrivals[] = { 10, 50, 20, 30, 50, 40 };
	static const uint64_t order[] = { 0, 2, 3, 5, 1, 4 }; /* equal times: as they came */
	struct packet_pool *pool = packet_pool_new();
	struct transit transit = { 0 };

	for (unsigned i = 0; i < 6; i++)
		push(&transit, pool, arrivals[i], i);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_uint_eq(pop(&transit), order[i]);
	transit_clear(&transit);
	packet_pool_free(pool);
}
END_TEST

START_TEST(clearing_frees_what_is_under_way)
{
	struct packet_pool *pool = packet_pool_new();
	struct transit transit = { 0 };

	for (unsigned i = 0; i < (unsigned)_i; i++)
		push(&transit, pool, i, i);
	transit_clear(&transit);
	ck_assert_uint_eq(packet_pool_in_use(pool), 0);
	ck_assert_uint_eq(transit.count, 0);
	packet_pool_free(pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transit");
	TCase *tcase = tcase_create("transit");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, frames_leave_in_the_order_they_came_while_the_ring_grows_and_wraps);
	tcase_add_test(tcase, a_frame_held_back_is_overtaken);
	tcase_add_loop_test(tcase, clearing_frees_what_is_under_way, 0, 4);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
