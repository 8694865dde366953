/* Cables: exact times, queues, impairments and their records, cutting and mending. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/world.h"
#include "stack/dial_up.h"
#include "stack/interface.h"
#include "stack/link.h"
#include "stack/names.h"
#include "stack/wire/ethernet.h"

/* One frame as it came out of the cable. */
struct seen {
	int64_t time_ns;
	uint8_t tag;
	size_t length;
	uint64_t packet;
	bool has_sum; /* the one its sender noted still holds */
};

struct bench {
	struct world *world;
	struct node left, right;
	struct interface a, b;
	struct link *link;
	GArray *seen;    /* of struct seen, at b */
	GArray *records; /* of struct trace_record */
	struct trace_sink sink;
};

static void see(void *owner, struct interface *interface, struct packet *frame)
{
	struct bench *bench = owner;
	struct seen seen = {
		.time_ns = node_now(interface->node),
		.tag = packet_data(frame)[20],
		.length = packet_length(frame),
		.packet = frame->id,
	};
	uint32_t sum;

	seen.has_sum = packet_find_sum(frame, packet_bytes(frame), &sum);

	g_array_append_val(bench->seen, seen);
	packet_free(frame);
}

static void record(void *owner, const struct trace_record *record, struct bytes borrowed)
{
	struct bench *bench = owner;

	(void)borrowed;
	g_array_append_val(bench->records, *record);
}

static void bench_init(struct bench *bench, const struct link_config *config)
{
	struct interface_config plain = { .takes_all = true };

	*bench = (struct bench) {
		.world = world_new(1, 0),
		.seen = g_array_new(FALSE, FALSE, sizeof(struct seen)),
		.records = g_array_new(FALSE, FALSE, sizeof(struct trace_record)),
		.sink = {.kinds = TRACE_ALL, .owner = bench, .record = record},
	};
	trace_add_sink(&bench->world->trace, &bench->sink);
	node_init(&bench->left, bench->world, "left", NODE_HOST);
	node_init(&bench->right, bench->world, "right", NODE_HOST);
	interface_init(&bench->a, &bench->left, 1, &plain, see, bench);
	interface_init(&bench->b, &bench->right, 1, &plain, see, bench);
	bench->link = link_new(&bench->a, &bench->b, "test", config);
}

static void bench_clear(struct bench *bench)
{
	link_free(bench->link);
	ck_assert_uint_eq(packet_pool_in_use(bench->world->packets), 0);
	world_free(bench->world);
	g_array_free(bench->seen, TRUE);
	g_array_free(bench->records, TRUE);
}

/* Sends a frame of `length` bytes from a to b. */
static void send(struct bench *bench, uint8_t tag, size_t length)
{
	struct packet *frame = node_new_packet(&bench->left, length);

	memset(packet_data(frame), 0, length);
	packet_data(frame)[20] = tag;
	interface_transmit(&bench->a, frame, 0);
}

static void run(struct bench *bench)
{
	engine_run(bench->world->engine, TIME_NEVER - 1);
}

static const struct seen *seen(const struct bench *bench, unsigned index)
{
	ck_assert_uint_lt(index, bench->seen->len);
	return &g_array_index(bench->seen, struct seen, index);
}

static const struct trace_record *find(const struct bench *bench, enum trace_kind kind,
				       enum link_detail detail, unsigned index)
{
	for (unsigned i = 0; i < bench->records->len; i++) {
		const struct trace_record *it =
		    &g_array_index(bench->records, struct trace_record, i);

		if (it->kind == kind && it->layer == LAYER_LINK && it->detail == detail &&
		    index-- == 0)
			return it;
	}
	return NULL;
}

static unsigned count(const struct bench *bench, enum trace_kind kind, enum link_detail detail)
{
	unsigned found = 0;

	while (find(bench, kind, detail, found) != NULL)
		found++;
	return found;
}

/*
 * At 100 Mbit/s a byte takes 80 ns. 8 bytes of preamble, 60 of frame and 4 of FCS take 5,760 ns;
 * with the 12 bytes of gap the next frame begins 6,720 ns after the first.
 */
static const struct link_config fast_ethernet = { .rate_bps = 100000000, .delay_ns = 1000 };

START_TEST(frames_arrive_after_their_time_on_the_wire_and_the_delay)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	send(&bench, 1, 60);
	send(&bench, 2, 1514);
	send(&bench, 3, 60);
	ck_assert_int_eq(link_backlog_ns(bench.link, LINK_A), 6720 + (1514 + 24) * 80 + 6720);
	run(&bench);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, 5760 + 1000);
	ck_assert_int_eq(seen(&bench, 1)->time_ns, 6720 + (1514 + 12) * 80 + 1000);
	ck_assert_int_eq(seen(&bench, 2)->time_ns, 6720 + (1514 + 24) * 80 + 5760 + 1000);
	ck_assert_uint_eq(bench.seen->len, 3);

	/* The records tell how long the second and third waited. */
	ck_assert_uint_eq(find(&bench, TRACE_TRANSMIT, LINK_PLAIN, 0)->before, 0);
	ck_assert_uint_eq(find(&bench, TRACE_TRANSMIT, LINK_PLAIN, 1)->before, 6720);
	ck_assert_uint_eq(find(&bench, TRACE_RECEIVE, LINK_PLAIN, 1)->cause,
			  find(&bench, TRACE_TRANSMIT, LINK_PLAIN, 1)->id);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_rate_that_divides_badly_is_rounded_up)
{
	/* 72 bytes at 7 bit/s: 576 / 7 s = 82.285714285714... s. */
	struct bench bench;

	bench_init(&bench, &(struct link_config) { .rate_bps = 7 });
	send(&bench, 1, 60);
	run(&bench);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, INT64_C(82285714286));
	bench_clear(&bench);
}
END_TEST

START_TEST(processing_time_passes_before_a_frame_is_ready)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	bench.a.processing_ns = 10000;
	send(&bench, 1, 60);
	send(&bench, 2, 60); /* its processing overlaps that of the first */
	run(&bench);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, 10000 + 5760 + 1000);
	ck_assert_int_eq(seen(&bench, 1)->time_ns, 10000 + 6720 + 5760 + 1000);

	const struct trace_record *second = find(&bench, TRACE_TRANSMIT, LINK_PLAIN, 1);

	ck_assert_uint_eq(second->before, 6720);
	ck_assert_uint_eq(second->after, 16720);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_full_queue_drops_the_newest_frame)
{
	/* Room for three frames of 1,514 bytes; a fourth is one too many. */
	struct link_config config = fast_ethernet;
	struct bench bench;

	config.queue_bytes = 3 * (1514 + 24);
	bench_init(&bench, &config);
	for (uint8_t tag = 1; tag <= 5; tag++)
		send(&bench, tag, 1514);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 3);
	ck_assert_uint_eq(seen(&bench, 2)->tag, 3);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, LINK_QUEUE_FULL), 2);
	ck_assert_uint_eq(find(&bench, TRACE_DROP, LINK_QUEUE_FULL, 0)->before, 3 * 1538);
	ck_assert_uint_eq(bench.a.counters.dropped_frames, 2);
	ck_assert_uint_eq(bench.a.counters.sent_frames, 3);

	/* The queue is empty again: all is well. */
	send(&bench, 6, 1514);
	run(&bench);
	ck_assert_uint_eq(seen(&bench, 3)->tag, 6);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_frame_larger_than_the_queue_still_passes_an_idle_cable)
{
	struct link_config config = fast_ethernet;
	struct bench bench;

	config.queue_bytes = 100;
	bench_init(&bench, &config);
	send(&bench, 1, 1514);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(both_directions_are_independent)
{
	struct link_config slow = { .rate_bps = 1000000, .delay_ns = 5000 };
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_configure(bench.link, LINK_B, &slow);
	send(&bench, 1, 60);
	struct packet *back = node_new_packet(&bench.right, 60);

	memset(packet_data(back), 0, 60);
	interface_transmit(&bench.b, back, 0);
	run(&bench);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, 5760 + 1000);
	ck_assert_int_eq(seen(&bench, 1)->time_ns, 72 * 8000 + 5000);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_picked_frame_is_lost_with_a_record)
{
	static const uint64_t picked[] = { 2 };
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A,
		    &(struct impairment) { .picked = picked, .picked_count = 1 });
	for (uint8_t tag = 1; tag <= 3; tag++)
		send(&bench, tag, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 2);
	ck_assert_uint_eq(seen(&bench, 1)->tag, 3);

	const struct trace_record *drop = find(&bench, TRACE_DROP, LINK_PICKED, 0);

	ck_assert_uint_eq(drop->before, 2);
	ck_assert_uint_eq(drop->cause, find(&bench, TRACE_TRANSMIT, LINK_PLAIN, 1)->id);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_corrupted_frame_fails_its_fcs_at_the_receiver)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A, &(struct impairment) { .corrupt_ppm = 1000000 });
	for (unsigned i = 0; i < 200; i++)
		send(&bench, 0, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 0);
	ck_assert_uint_eq(bench.b.counters.bad_frames, 200);
	ck_assert_uint_eq(count(&bench, TRACE_IMPAIR, LINK_CORRUPTED), 200);
	ck_assert_uint_eq(find(&bench, TRACE_RECEIVE, LINK_PLAIN, 0)->flags & TRACE_CORRUPTED,
			  TRACE_CORRUPTED);
	bench_clear(&bench);
}
END_TEST

static void send_summed(struct bench *bench)
{
	struct packet *frame = node_new_packet(&bench->left, 60);

	memset(packet_data(frame), 0x55, 60);
	packet_note_sum(frame, 0xffff);
	interface_transmit(&bench->a, frame, 0);
}

START_TEST(deep_corruption_passes_the_fcs)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	send_summed(&bench);
	run(&bench);
	ck_assert(seen(&bench, 0)->has_sum);
	link_impair(bench.link, LINK_A, &(struct impairment) { .corrupt_deep_ppm = 1000000 });
	send_summed(&bench);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 2);
	ck_assert(!seen(&bench, 1)->has_sum);
	ck_assert_uint_eq(count(&bench, TRACE_IMPAIR, LINK_CORRUPTED_DEEP), 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(corruption_leaves_another_holder_of_the_frame_alone)
{
	struct bench bench;
	struct packet *frame;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A, &(struct impairment) { .corrupt_ppm = 1000000 });
	frame = node_new_packet(&bench.left, 60);
	memset(packet_data(frame), 0x55, 60);
	interface_transmit(&bench.a, packet_reference(frame), 0);
	run(&bench);
	for (unsigned i = 0; i < 60; i++)
		ck_assert_uint_eq(packet_data(frame)[i], 0x55);
	ck_assert(!frame->is_corrupted);
	packet_free(frame);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_duplicated_frame_arrives_twice_with_one_identity)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A, &(struct impairment) { .duplicate_ppm = 1000000 });
	send(&bench, 1, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 2);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, 6760);
	ck_assert_int_eq(seen(&bench, 1)->time_ns, 6760 + 6720);
	ck_assert_uint_eq(seen(&bench, 0)->packet, seen(&bench, 1)->packet);
	ck_assert_uint_eq(count(&bench, TRACE_IMPAIR, LINK_DUPLICATED), 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_frame_held_back_is_overtaken)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A,
		    &(struct impairment) { .reorder_ppm = 1000000, .reorder_ns = 1000000 });
	send(&bench, 1, 60);
	link_impair(bench.link, LINK_A, NULL);
	send(&bench, 2, 60);
	send(&bench, 3, 60);
	run(&bench);
	ck_assert_uint_eq(seen(&bench, 0)->tag, 2);
	ck_assert_uint_eq(seen(&bench, 1)->tag, 3);
	ck_assert_uint_eq(seen(&bench, 2)->tag, 1);
	ck_assert_int_eq(seen(&bench, 2)->time_ns, 6760 + 1000000);
	ck_assert_uint_eq(find(&bench, TRACE_IMPAIR, LINK_HELD_BACK, 0)->after, 1000000);
	bench_clear(&bench);
}
END_TEST

START_TEST(jitter_keeps_the_order)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A, &(struct impairment) { .jitter_ns = 1000000 });
	for (uint8_t tag = 0; tag < 100; tag++)
		send(&bench, tag, 60);
	run(&bench);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_uint_eq(seen(&bench, i)->tag, i);
		ck_assert_int_ge(seen(&bench, i)->time_ns, 6760 + 6720 * (int64_t)i);
	}
	bench_clear(&bench);
}
END_TEST

START_TEST(a_scheduled_outage_loses_what_is_sent_or_under_way)
{
	/* Frames take 0 to 6,760 and 6,720 to 13,480 ns. */
	static const struct impairment_period down[] = {
		{8000, 9000}
	};
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_impair(bench.link, LINK_A, &(struct impairment) { .down = down, .down_count = 1 });
	send(&bench, 1, 60);
	send(&bench, 2, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 1);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, LINK_DOWN), 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(cutting_loses_what_is_under_way_and_mending_restores)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	send(&bench, 1, 60);
	send(&bench, 2, 60);
	link_cut(bench.link);
	link_cut(bench.link);
	ck_assert(link_is_cut(bench.link));
	send(&bench, 3, 60);
	ck_assert_uint_eq(bench.a.counters.dropped_frames, 1);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 0);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, LINK_DOWN), 3);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_CARRIER), 1);

	link_mend(bench.link);
	send(&bench, 4, 60);
	run(&bench);
	ck_assert_uint_eq(seen(&bench, 0)->tag, 4);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_CARRIER), 2);
	bench_clear(&bench);
}
END_TEST

START_TEST(freeing_a_busy_cable_frees_its_frames)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	send(&bench, 1, 60);
	send(&bench, 2, 60);
	bench_clear(&bench); /* checks that no packet is left */
}
END_TEST

START_TEST(without_a_cable_frames_are_dropped)
{
	struct bench bench;

	bench_init(&bench, &fast_ethernet);
	link_free(bench.link);
	bench.link = NULL;
	send(&bench, 1, 60);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, LINK_NOT_CONNECTED), 1);
	bench_clear(&bench);
}
END_TEST

/* A second to dial, five of silence; 56 kbit/s. */
static void bench_init_dialled(struct bench *bench)
{
	bench_init(bench, &(struct link_config) { .rate_bps = 56000, .delay_ns = NS_PER_MS });
	link_dial_up(bench->link, &(struct dial_up_config) {
				      .setup_ns = NS_PER_S,
				      .idle_ns = 5 * NS_PER_S,
				      .price_per_minute = 50000,
				  });
}

static void check_line(const struct bench *bench, unsigned index, int64_t time_ns,
		       enum link_line after)
{
	const struct trace_record *record = find(bench, TRACE_STATE, LINK_LINE, index);

	ck_assert_int_eq(record->time_ns, time_ns);
	ck_assert_uint_eq(record->after, after);
	ck_assert_uint_eq(record->object, link_object(bench->link));
}

START_TEST(a_dial_up_line_comes_up_on_demand_and_goes_down_when_silent)
{
	struct bench bench;
	/* 60 bytes with preamble and FCS: 72 bytes at 56 kbit/s, rounded up to whole ns. */
	int64_t frame_ns = (72 * 8 * NS_PER_S + 55999) / 56000;

	bench_init_dialled(&bench);
	ck_assert_uint_eq(find(&bench, TRACE_STATE, LINK_TARIFF, 0)->after, 50000);
	send(&bench, 1, 60);
	send(&bench, 2, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 2);
	ck_assert_int_eq(seen(&bench, 0)->time_ns, NS_PER_S + frame_ns + NS_PER_MS);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 3);
	check_line(&bench, 0, 0, LINE_DIALLING);
	check_line(&bench, 1, NS_PER_S, LINE_UP);
	check_line(&bench, 2, seen(&bench, 1)->time_ns + 5 * NS_PER_S, LINE_DOWN);
	bench_clear(&bench);
}
END_TEST

static void answer(void *owner)
{
	struct bench *bench = owner;
	struct packet *frame = node_new_packet(&bench->right, 60);

	memset(packet_data(frame), 0, 60);
	interface_transmit(&bench->b, frame, 0);
}

static void answer_at(struct bench *bench, struct timer *timer, int64_t at_ns)
{
	timer_init(timer, bench->right.index, answer, bench);
	timer_schedule(bench->world->engine, timer, at_ns);
}

START_TEST(the_called_end_cannot_call_but_keeps_the_line_up)
{
	struct bench bench;
	struct timer timer;

	bench_init_dialled(&bench);
	answer(&bench);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, LINK_ON_HOOK), 1);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 0);
	send(&bench, 1, 60);
	answer_at(&bench, &timer, 4 * NS_PER_S);
	run(&bench);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 3);
	check_line(&bench, 2, seen(&bench, 1)->time_ns + 5 * NS_PER_S, LINE_DOWN);
	ck_assert_int_gt(seen(&bench, 1)->time_ns, 4 * NS_PER_S);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_cut_ends_the_call_and_a_mended_line_is_called_again)
{
	struct bench bench;

	bench_init_dialled(&bench);
	send(&bench, 1, 60);
	link_cut(bench.link);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 2);
	check_line(&bench, 1, 0, LINE_DOWN);
	send(&bench, 2, 60);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 2);
	link_mend(bench.link);
	send(&bench, 3, 60);
	run(&bench);
	ck_assert_uint_eq(bench.seen->len, 1);
	ck_assert_uint_eq(seen(&bench, 0)->tag, 3);
	ck_assert_uint_eq(count(&bench, TRACE_STATE, LINK_LINE), 5);
	bench_clear(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("link");
	TCase *tcase = tcase_create("link");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, frames_arrive_after_their_time_on_the_wire_and_the_delay);
	tcase_add_test(tcase, a_rate_that_divides_badly_is_rounded_up);
	tcase_add_test(tcase, processing_time_passes_before_a_frame_is_ready);
	tcase_add_test(tcase, a_full_queue_drops_the_newest_frame);
	tcase_add_test(tcase, a_frame_larger_than_the_queue_still_passes_an_idle_cable);
	tcase_add_test(tcase, both_directions_are_independent);
	tcase_add_test(tcase, a_picked_frame_is_lost_with_a_record);
	tcase_add_test(tcase, a_corrupted_frame_fails_its_fcs_at_the_receiver);
	tcase_add_test(tcase, deep_corruption_passes_the_fcs);
	tcase_add_test(tcase, corruption_leaves_another_holder_of_the_frame_alone);
	tcase_add_test(tcase, a_duplicated_frame_arrives_twice_with_one_identity);
	tcase_add_test(tcase, a_frame_held_back_is_overtaken);
	tcase_add_test(tcase, jitter_keeps_the_order);
	tcase_add_test(tcase, a_scheduled_outage_loses_what_is_sent_or_under_way);
	tcase_add_test(tcase, cutting_loses_what_is_under_way_and_mending_restores);
	tcase_add_test(tcase, a_dial_up_line_comes_up_on_demand_and_goes_down_when_silent);
	tcase_add_test(tcase, the_called_end_cannot_call_but_keeps_the_line_up);
	tcase_add_test(tcase, a_cut_ends_the_call_and_a_mended_line_is_called_again);
	tcase_add_test(tcase, freeing_a_busy_cable_frees_its_frames);
	tcase_add_test(tcase, without_a_cable_frames_are_dropped);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
