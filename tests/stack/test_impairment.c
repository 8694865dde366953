/* What an impaired cable decides: rates, lists, and that the same draws are made whatever comes of it. */
#include <check.h>
#include <stdlib.h>
#include "stack/impairment.h"

#define FRAMES 100000

static struct impairer *impairer_of(const struct impairment *config)
{
	struct random_stream stream;

	random_init(&stream, 1, "node", "eth0");
	return impairer_new(config, &stream);
}

struct counts {
	unsigned lost, corrupted, deep, duplicated, held_back;
};

static struct counts judge_many(const struct impairment *config)
{
	struct impairer *impairer = impairer_of(config);
	struct counts counts = { 0 };

	for (uint64_t number = 1; number <= FRAMES; number++) {
		struct verdict verdict = impairer_judge(impairer, number, 100, 4, 14);

		counts.lost += verdict.is_lost;
		counts.corrupted += verdict.flip_count > 0 && !verdict.is_deep;
		counts.deep += verdict.flip_count > 0 && verdict.is_deep;
		counts.duplicated += verdict.is_duplicated;
		counts.held_back += verdict.is_held_back;
	}
	impairer_free(impairer);
	return counts;
}

/* Within 5 standard deviations of a binomial distribution. */
static bool is_near(unsigned count, uint32_t ppm)
{
	double mean = FRAMES * (ppm / 1e6);
	double distance = count - mean;

	return distance * distance <= 25 * mean * (1 - ppm / 1e6);
}

START_TEST(chances_are_kept)
{
	struct impairment config = {
		.loss_ppm = 50000,
		.corrupt_ppm = 20000,
		.duplicate_ppm = 20000,
		.reorder_ppm = 50000,
	};
	struct counts counts = judge_many(&config);

	ck_assert(is_near(counts.lost, config.loss_ppm));
	ck_assert(is_near(counts.corrupted, config.corrupt_ppm));
	ck_assert(is_near(counts.duplicated, config.duplicate_ppm));
	ck_assert(is_near(counts.held_back, config.reorder_ppm));
	ck_assert_uint_eq(counts.deep, 0);
}
END_TEST

START_TEST(a_perfect_cable_does_nothing)
{
	struct counts counts = judge_many(&(struct impairment) { 0 });

	ck_assert_uint_eq(
	    counts.lost + counts.corrupted + counts.deep + counts.duplicated + counts.held_back, 0);
}
END_TEST

START_TEST(adding_one_impairment_leaves_the_losses_as_they_were)
{
	struct impairer *plain = impairer_of(&(struct impairment) { .loss_ppm = 100000 });
	struct impairer *jittery = impairer_of(&(struct impairment) { .loss_ppm = 100000,
								      .duplicate_ppm = 500000,
								      .corrupt_ppm = 500000,
								      .reorder_ppm = 500000,
								      .reorder_ns = 5 });

	for (uint64_t number = 1; number <= 1000; number++)
		ck_assert_int_eq(impairer_judge(plain, number, 60, 4, 14).is_lost,
				 impairer_judge(jittery, number, 60, 4, 14).is_lost);
	impairer_free(plain);
	impairer_free(jittery);
}
END_TEST

START_TEST(picked_frames_are_the_ones_listed)
{
	static const uint64_t picked[] = { 1, 3, 4, 10 };
	struct impairer *impairer =
	    impairer_of(&(struct impairment) { .picked = picked, .picked_count = 4 });

	for (uint64_t number = 1; number <= 12; number++)
		ck_assert_int_eq(impairer_judge(impairer, number, 60, 4, 14).is_picked,
				 number == 1 || number == 3 || number == 4 || number == 10);
	impairer_free(impairer);
}
END_TEST

START_TEST(flipped_bits_are_different_and_inside)
{
	bool is_deep = _i == 1;
	struct impairer *impairer = impairer_of(&(struct impairment) {
	    .corrupt_ppm = is_deep ? 0 : 1000000, .corrupt_deep_ppm = is_deep ? 1000000 : 0 });
	bool hits_fcs = false;

	for (uint64_t number = 1; number <= 10000; number++) {
		struct verdict verdict = impairer_judge(impairer, number, 60, 4, 14);

		ck_assert_uint_ge(verdict.flip_count, 1);
		ck_assert_uint_le(verdict.flip_count, IMPAIRER_FLIPS_MAX);
		for (unsigned i = 0; i < verdict.flip_count; i++) {
			ck_assert_uint_lt(verdict.flips[i], is_deep ? 480 : 512);
			ck_assert_uint_ge(verdict.flips[i], is_deep ? 112 : 0);
			hits_fcs |= verdict.flips[i] >= 480;
			for (unsigned k = 0; k < i; k++)
				ck_assert_uint_ne(verdict.flips[i], verdict.flips[k]);
		}
	}
	ck_assert_int_eq(hits_fcs, !is_deep);
	impairer_free(impairer);
}
END_TEST

START_TEST(jitter_is_uniform_and_never_negative)
{
	struct impairer *impairer = impairer_of(&(struct impairment) { .jitter_ns = 9 });
	unsigned seen[10] = { 0 };

	for (uint64_t number = 1; number <= 10000; number++) {
		int64_t jitter_ns = impairer_judge(impairer, number, 60, 4, 14).jitter_ns;

		ck_assert(jitter_ns >= 0 && jitter_ns <= 9);
		seen[jitter_ns]++;
	}
	for (unsigned i = 0; i < 10; i++)
		ck_assert(seen[i] > 800 && seen[i] < 1200);
	impairer_free(impairer);
}
END_TEST

static const struct {
	int64_t from_ns, to_ns;
	bool is_down;
} periods[] = {
	{0,    99,  false},
        { 0,   100, true },
        { 100, 100, true },
        { 199, 250, true },
	{ 200, 299, false},
        { 300, 300, true },
        { 50,  500, true },
        { 400, 500, false},
};

START_TEST(a_cable_is_down_from_the_first_moment_until_before_the_last)
{
	static const struct impairment_period down[] = {
		{100,  200},
                { 300, 400}
	};
	struct impairer *impairer =
	    impairer_of(&(struct impairment) { .down = down, .down_count = 2 });

	ck_assert_int_eq(impairer_is_down(impairer, periods[_i].from_ns, periods[_i].to_ns),
			 periods[_i].is_down);
	impairer_free(impairer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("impairment");
	TCase *tcase = tcase_create("impairment");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, chances_are_kept);
	tcase_add_test(tcase, a_perfect_cable_does_nothing);
	tcase_add_test(tcase, adding_one_impairment_leaves_the_losses_as_they_were);
	tcase_add_test(tcase, picked_frames_are_the_ones_listed);
	tcase_add_loop_test(tcase, flipped_bits_are_different_and_inside, 0, 2);
	tcase_add_test(tcase, jitter_is_uniform_and_never_negative);
	tcase_add_loop_test(tcase, a_cable_is_down_from_the_first_moment_until_before_the_last, 0,
			    8);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
