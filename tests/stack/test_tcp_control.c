/* Round-trip times, congestion control, the demux and the secret hash, each by itself. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/time.h"
#include "stack/tcp/congestion.h"
#include "stack/tcp/demux.h"
#include "stack/tcp/names.h"
#include "stack/tcp/round_trip.h"
#include "stack/tcp/secret.h"

/* Round trips (RFC 6298 section 2). */

START_TEST(first_timeout_is_one_second)
{
	struct round_trip round_trip = { 0 };

	ck_assert_uint_eq(round_trip_timeout_us(&round_trip), 1000000);
}
END_TEST

START_TEST(first_measurement_sets_both)
{
	struct round_trip round_trip = { 0 };

	/* SRTT = 800 ms, RTTVAR = 400 ms, RTO = 800 + 4 * 400 ms. */
	round_trip_measure(&round_trip, 0, 800 * NS_PER_MS, 800 * NS_PER_MS);
	ck_assert_uint_eq(round_trip_smoothed_us(&round_trip), 800000);
	ck_assert_uint_eq(round_trip_timeout_us(&round_trip), 2400000);

	/* Then RTTVAR = 3/4 * 400 + 1/4 * 400 = 400 ms, SRTT = 7/8 * 800 + 1/8 * 1200 = 850 ms. */
	round_trip_measure(&round_trip, 0, 1200 * NS_PER_MS, 1200 * NS_PER_MS);
	ck_assert_uint_eq(round_trip_smoothed_us(&round_trip), 850000);
	ck_assert_uint_eq(round_trip_timeout_us(&round_trip), 850000 + 1600000);
	ck_assert_uint_eq(round_trip.minimum_us, 800000);
}
END_TEST

START_TEST(variance_has_a_floor_of_200_ms)
{
	struct round_trip round_trip = { 0 };

	for (int i = 0; i < 100; i++)
		round_trip_measure(&round_trip, 0, 41 * NS_PER_MS, 41 * NS_PER_MS);
	ck_assert_uint_eq(round_trip_timeout_us(&round_trip), 241000);
}
END_TEST

START_TEST(minimum_is_forgotten_after_minutes)
{
	struct round_trip round_trip = { 0 };

	round_trip_measure(&round_trip, 0, 10 * NS_PER_MS, 10 * NS_PER_MS);
	round_trip_measure(&round_trip, 299 * NS_PER_S, 20 * NS_PER_MS, 20 * NS_PER_MS);
	ck_assert_uint_eq(round_trip.minimum_us, 10000);
	round_trip_measure(&round_trip, 301 * NS_PER_S, 20 * NS_PER_MS, 20 * NS_PER_MS);
	ck_assert_uint_eq(round_trip.minimum_us, 20000);
}
END_TEST

/* Congestion control. */

#define MSS 1000

static void acknowledge(struct congestion *congestion, int64_t now_ns, uint32_t bytes)
{
	congestion->control->acknowledged(congestion,
					  &(struct congestion_sample) { .now_ns = now_ns,
									.acknowledged_bytes = bytes,
									.round_trip_us = 100000,
									.mss = MSS });
}

static void acknowledge_window(struct congestion *congestion, int64_t now_ns)
{
	uint32_t window = congestion->window;

	for (uint32_t done = 0; done < window; done += 2 * MSS)
		acknowledge(congestion, now_ns, MIN(2 * MSS, window - done));
}

START_TEST(slow_start_doubles_per_round_trip)
{
	const struct congestion_control *const controls[] = { &congestion_reno, &congestion_cubic };
	struct congestion congestion;

	congestion_init(&congestion, controls[_i], 10 * MSS);
	acknowledge_window(&congestion, 0);
	ck_assert_uint_eq(congestion.window, 20 * MSS);
	acknowledge_window(&congestion, 100 * NS_PER_MS);
	ck_assert_uint_eq(congestion.window, 40 * MSS);
	congestion_clear(&congestion);
}
END_TEST

START_TEST(reno_halves_and_adds_one_segment_per_round_trip)
{
	struct congestion congestion;

	congestion_init(&congestion, &congestion_reno, 40 * MSS);
	congestion.threshold = congestion.control->lost(&congestion, MSS);
	congestion.window = congestion.threshold;
	ck_assert_uint_eq(congestion.window, 20 * MSS);
	for (uint32_t i = 1; i <= 5; i++) {
		acknowledge_window(&congestion, 0);
		ck_assert_uint_eq(congestion.window, (20 + i) * MSS);
	}
	congestion_clear(&congestion);
}
END_TEST

START_TEST(threshold_is_at_least_two_segments)
{
	const struct congestion_control *const controls[] = { &congestion_reno, &congestion_cubic };
	struct congestion congestion;

	congestion_init(&congestion, controls[_i], MSS);
	ck_assert_uint_eq(congestion.control->lost(&congestion, MSS), 2 * MSS);
	congestion_clear(&congestion);
}
END_TEST

/*
 * RFC 9438: from 100 segments a loss leaves 70; K = cbrt(30 / 0.4) = 4.217 s later the window is back
 * at 100, and after as long again it has passed it by the same curve: 100 + 0.4 * 4.217^3 = 130.
 */
START_TEST(cubic_returns_to_the_plateau_and_leaves_it)
{
	struct congestion congestion;

	congestion_init(&congestion, &congestion_cubic, 100 * MSS);
	congestion.threshold = congestion.control->lost(&congestion, MSS);
	congestion.window = congestion.threshold;
	ck_assert_uint_eq(congestion.window, 70 * MSS);
	uint32_t at[9] = { 0 };

	for (int64_t now_ns = 0; now_ns < 9 * NS_PER_S; now_ns += 100 * NS_PER_MS) {
		at[now_ns / NS_PER_S] = congestion.window;
		acknowledge_window(&congestion, now_ns);
	}
	ck_assert_uint_gt(at[1], 85 * MSS); /* fast at first, */
	ck_assert_uint_gt(at[3], 97 * MSS); /* flat near the old maximum, */
	ck_assert_uint_lt(at[5], 102 * MSS);
	ck_assert_uint_gt(at[4], 98 * MSS);
	ck_assert_uint_gt(at[8], 115 * MSS); /* faster beyond */
	congestion_clear(&congestion);
}
END_TEST

/* Section 4.7: losing again below the last maximum gives up some of it. */
START_TEST(cubic_converges_fast)
{
	struct congestion congestion;

	congestion_init(&congestion, &congestion_cubic, 100 * MSS);
	congestion.window = congestion.threshold = congestion.control->lost(&congestion, MSS);
	congestion.window = congestion.threshold = congestion.control->lost(&congestion, MSS);
	ck_assert_uint_eq(congestion.window, 49 * MSS);
	for (int64_t now_ns = 0; now_ns < 1500 * NS_PER_MS; now_ns += 100 * NS_PER_MS)
		acknowledge_window(&congestion, now_ns);

	/* W_max = 70 * 0.85 = 59.5, K = 2.97 s: 58.5 after 1.5 s; with W_max = 70 it were 66. */
	ck_assert_uint_lt(congestion.window, 60 * MSS);
	ck_assert_uint_gt(congestion.window, 57 * MSS);
	congestion_clear(&congestion);
}
END_TEST

/* RFC 9406: one round trip of eight samples that are an eighth longer, and growth slows to a quarter;
 * five such rounds, and slow start is over. */
static uint32_t play_round(struct congestion *congestion, uint32_t round_trip_us, uint32_t *una)
{
	uint32_t window = congestion->window, end = *una + window;

	for (uint32_t bytes = 0; bytes < window; bytes += MSS) {
		*una += MSS;
		congestion->control->acknowledged(
		    congestion, &(struct congestion_sample) { .acknowledged_bytes = MSS,
							      .mss = MSS,
							      .round_trip_us = round_trip_us,
							      .latest_round_trip_us = round_trip_us,
							      .snd_una = *una,
							      .snd_nxt = end + bytes });
	}
	return congestion->window - window;
}

START_TEST(cubic_leaves_slow_start_when_round_trips_grow)
{
	struct congestion congestion;
	uint32_t una = 0xfffff000;

	congestion_init(&congestion, &congestion_cubic, 10 * MSS);
	ck_assert_uint_eq(play_round(&congestion, 40000, &una), 10 * MSS);
	ck_assert_uint_eq(play_round(&congestion, 40000, &una), 20 * MSS);
	ck_assert_uint_eq(play_round(&congestion, 43000, &una), 40 * MSS); /* less than an eighth */
	uint32_t grown = play_round(&congestion, 60000, &una);

	ck_assert_uint_lt(grown, 30 * MSS); /* eight samples to see it, then a quarter */
	ck_assert_uint_gt(grown, 18 * MSS);
	for (int i = 0; i < 6; i++)
		play_round(&congestion, 60000, &una);
	ck_assert(!congestion_in_slow_start(&congestion));
	congestion_clear(&congestion);
}
END_TEST

START_TEST(cubic_resumes_slow_start_when_it_was_nothing)
{
	struct congestion congestion;
	uint32_t una = 0;

	congestion_init(&congestion, &congestion_cubic, 10 * MSS);
	play_round(&congestion, 40000, &una);
	play_round(&congestion, 40000, &una);
	play_round(&congestion, 60000, &una);
	play_round(&congestion, 40000, &una);
	uint32_t window = congestion.window;

	ck_assert_uint_eq(play_round(&congestion, 40000, &una), window);
	ck_assert(congestion_in_slow_start(&congestion));
	congestion_clear(&congestion);
}
END_TEST

START_TEST(controls_are_found_by_name)
{
	ck_assert_ptr_eq(congestion_control_find("reno"), &congestion_reno);
	ck_assert_ptr_eq(congestion_control_find("cubic"), &congestion_cubic);
	ck_assert_ptr_null(congestion_control_find("vegas"));
}
END_TEST

/* Demux. */

static struct flow flow_number(uint32_t i)
{
	return (struct flow) {
		.local_address = 0xc0000201,
		.remote_address = 0xc0000202 + i % 7,
		.local_port = (uint16_t)(32768 + i / 7 % 20000),
		.remote_port = (uint16_t)(25 + i / 140000),
	};
}

START_TEST(table_finds_what_is_in_it_and_nothing_else)
{
	enum { COUNT = 30000 };
	struct flow *flows = g_new(struct flow, COUNT);
	struct flow_table table;
	unsigned wrong = 0;

	flow_table_init(&table, 12345);
	for (uint32_t i = 0; i < COUNT; i++) {
		flows[i] = flow_number(i);
		flow_table_add(&table, &flows[i]);
	}
	for (uint32_t i = 0; i < COUNT; i += 3)
		flow_table_remove(&table, &flows[i]);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct flow wanted = flow_number(i);

		wrong += flow_table_find(&table, &wanted) != (i % 3 == 0 ? NULL : &flows[i]);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(table.count, COUNT - COUNT / 3);
	for (uint32_t i = 0; i < COUNT; i++)
		if (i % 3 != 0)
			flow_table_remove(&table, &flows[i]);
	ck_assert_uint_eq(table.count, 0);
	ck_assert_uint_le(table.capacity, 16); /* and it gives its memory back */
	flow_table_clear(&table);
	g_free(flows);
}
END_TEST

/* Secrets. */

/* Vectors of the SipHash paper's reference: key 00..0f, input 00..07 and 00..0f. */
START_TEST(siphash_gives_the_reference_values)
{
	const uint64_t key[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	const uint64_t words[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

	ck_assert(siphash_words(key, words, 0) == UINT64_C(0x726fdb47dd0e0e31));
	ck_assert(siphash_words(key, words, 1) == UINT64_C(0x93f5f5799a932462));
	ck_assert(siphash_words(key, words, 2) == UINT64_C(0x3f2acc7f57c29bdb));
}
END_TEST

/* Names. */

START_TEST(every_state_and_detail_has_a_name)
{
	for (int i = 0; i < TCP_STATE_COUNT; i++)
		ck_assert_ptr_nonnull(tcp_state_name((enum tcp_state)i));
	ck_assert_uint_eq(tcp_layer_names.detail_count, TCP_DETAIL_COUNT);
	for (unsigned i = 1; i < TCP_DETAIL_COUNT; i++)
		ck_assert_msg(tcp_layer_names.details[i] != NULL, "detail %u", i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp control");
	TCase *all = tcase_create("control");

	tcase_add_test(all, first_timeout_is_one_second);
	tcase_add_test(all, first_measurement_sets_both);
	tcase_add_test(all, variance_has_a_floor_of_200_ms);
	tcase_add_test(all, minimum_is_forgotten_after_minutes);
	tcase_add_loop_test(all, slow_start_doubles_per_round_trip, 0, 2);
	tcase_add_test(all, reno_halves_and_adds_one_segment_per_round_trip);
	tcase_add_loop_test(all, threshold_is_at_least_two_segments, 0, 2);
	tcase_add_test(all, cubic_returns_to_the_plateau_and_leaves_it);
	tcase_add_test(all, cubic_converges_fast);
	tcase_add_test(all, cubic_leaves_slow_start_when_round_trips_grow);
	tcase_add_test(all, cubic_resumes_slow_start_when_it_was_nothing);
	tcase_add_test(all, controls_are_found_by_name);
	tcase_add_test(all, table_finds_what_is_in_it_and_nothing_else);
	tcase_add_test(all, siphash_gives_the_reference_values);
	tcase_add_test(all, every_state_and_detail_has_a_name);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
