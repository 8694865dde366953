/* The queues of a connection: bytes to be sent, packets received, segments under way. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/random.h"
#include "sim/time.h"
#include "stack/tcp/flight.h"
#include "stack/tcp/receive_queue.h"
#include "stack/tcp/send_queue.h"
#include "stack/tcp/sequence.h"
#include "stack/wire/checksum.h"

/* Sequence numbers. */

START_TEST(sequence_numbers_compare_across_the_wrap)
{
	ck_assert(sequence_before(0xfffffff0, 5));
	ck_assert(sequence_after(5, 0xfffffff0));
	ck_assert(sequence_at_most(7, 7));
	ck_assert(!sequence_before(7, 7));
	ck_assert(sequence_in(2, 0xfffffffe, 5));
	ck_assert(!sequence_in(3, 0xfffffffe, 5));
	ck_assert_uint_eq(sequence_min(0xfffffff0, 5), 0xfffffff0);
	ck_assert_uint_eq(sequence_max(0xfffffff0, 5), 5);
}
END_TEST

/* Send queue. */

static void fill(uint8_t *bytes, size_t length, uint32_t sequence)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)((sequence + i) * 13 >> 2);
}

static void write_for(struct send_queue *queue, uint32_t una, uint32_t end, uint64_t root)
{
	uint8_t bytes[600] = { 0 };

	send_queue_write(queue, una, end, (struct bytes) { bytes, sizeof bytes });
	send_queue_belong(queue, una, end + (uint32_t)sizeof bytes, root);
}

START_TEST(send_queue_knows_whose_bytes_are_whose)
{
	struct send_queue queue = { 0 };
	uint32_t una = (uint32_t)-900;

	write_for(&queue, una, una, 7);
	write_for(&queue, una, una + 600, 7);
	write_for(&queue, una, una + 1200, 8); /* grows and wraps */
	ck_assert_uint_eq(send_queue_root(&queue, una), 7);
	ck_assert_uint_eq(send_queue_root(&queue, una + 1199), 7);
	ck_assert_uint_eq(send_queue_root(&queue, una + 1200), 8);
	ck_assert_uint_eq(send_queue_root(&queue, una + 1799), 8);
	ck_assert_uint_eq(send_queue_root(&queue, una + 1800), 0);

	una += 1200; /* acknowledged */
	for (uint32_t i = 0; i < 10; i++)
		write_for(&queue, una, una + 600 * (i + 1), 100 + i);
	ck_assert_uint_eq(send_queue_root(&queue, una), 8);
	ck_assert_uint_eq(send_queue_root(&queue, una + 600), 100);
	ck_assert_uint_eq(send_queue_root(&queue, una + 6599), 109);
	send_queue_clear(&queue);
	write_for(&queue, 5, 5, 9);
	ck_assert_uint_eq(send_queue_root(&queue, 5), 9);
	send_queue_clear(&queue);
}
END_TEST

/* Loop: the first sequence number, so that the wrap at 2^32 comes at every place of the ring. */
START_TEST(send_queue_keeps_bytes_while_it_grows_and_wraps)
{
	struct send_queue queue = { 0 };
	uint32_t una = (uint32_t)-3000 + (uint32_t)_i * 37, end = una;
	uint8_t in[700], out[1500], expected[1500];
	struct random_stream random;

	random_init(&random, (uint64_t)_i, "test", "send");
	for (int step = 0; step < 300; step++) {
		size_t length = random_below(&random, sizeof in);

		fill(in, length, end);
		send_queue_write(&queue, una, end, (struct bytes) { in, length });
		end += (uint32_t)length;

		uint32_t start = una + (uint32_t)random_below(&random, end - una + 1);
		uint32_t wanted = MIN(end - start, (uint32_t)sizeof out);

		if (wanted > 0) {
			uint32_t sum = send_queue_copy(&queue, start, wanted, out);

			fill(expected, wanted, start);
			ck_assert_mem_eq(out, expected, wanted);
			ck_assert_uint_eq(checksum_finish(sum),
					  checksum_of((struct bytes) { expected, wanted }));
		}
		una += (uint32_t)random_below(&random, end - una + 1);
	}
	send_queue_clear(&queue);
	ck_assert_ptr_null(queue.ring);
}
END_TEST

/* Receive queue. */

static struct packet *packet_of(struct packet_pool *pool, uint32_t sequence, size_t length)
{
	struct packet *packet = packet_new(pool, length);

	fill(packet_data(packet), length, sequence);
	return packet;
}

static void read_and_check(struct receive_queue *queue, uint32_t *sequence)
{
	struct bytes bytes;

	while ((bytes = receive_queue_peek(queue)).length > 0) {
		uint8_t *expected = g_malloc(bytes.length);

		fill(expected, bytes.length, *sequence);
		ck_assert_mem_eq(bytes.data, expected, bytes.length);
		g_free(expected);
		*sequence += (uint32_t)bytes.length;
		receive_queue_consume(queue, bytes.length);
	}
}

START_TEST(ranges_are_reported_newest_first)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	struct tcp_sack_block blocks[4], duplicate = { 0 };

	ck_assert_int_eq(receive_queue_insert(&queue, 100, packet_of(pool, 100, 50), &duplicate),
			 RECEIVE_KEPT);
	receive_queue_insert(&queue, 300, packet_of(pool, 300, 50), &duplicate);
	receive_queue_insert(&queue, 200, packet_of(pool, 200, 50), &duplicate);
	ck_assert_uint_eq(receive_queue_sack(&queue, blocks, 4), 3);
	ck_assert_uint_eq(blocks[0].left, 200);
	ck_assert_uint_eq(blocks[1].left, 300);
	ck_assert_uint_eq(blocks[2].left, 100);
	ck_assert_uint_eq(receive_queue_sack(&queue, blocks, 2), 2);
	ck_assert_uint_eq(blocks[1].left, 300);

	/* What joins two ranges makes one. */
	receive_queue_insert(&queue, 250, packet_of(pool, 250, 50), &duplicate);
	ck_assert_uint_eq(receive_queue_sack(&queue, blocks, 4), 2);
	ck_assert_uint_eq(blocks[0].left, 200);
	ck_assert_uint_eq(blocks[0].right, 350);
	ck_assert_uint_eq(duplicate.left, duplicate.right);
	receive_queue_clear(&queue);
	packet_pool_free(pool);
}
END_TEST

START_TEST(duplicates_are_found_and_reported)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	struct tcp_sack_block duplicate = { 0 };

	receive_queue_insert(&queue, 100, packet_of(pool, 100, 100), &duplicate);
	ck_assert_int_eq(receive_queue_insert(&queue, 120, packet_of(pool, 120, 30), &duplicate),
			 RECEIVE_DUPLICATE);
	ck_assert_uint_eq(duplicate.left, 120);
	ck_assert_uint_eq(duplicate.right, 150);
	ck_assert_int_eq(receive_queue_insert(&queue, 50, packet_of(pool, 50, 400), &duplicate),
			 RECEIVE_KEPT);
	ck_assert_uint_eq(duplicate.left, 100);
	ck_assert_uint_eq(duplicate.right, 200);
	receive_queue_clear(&queue);
	packet_pool_free(pool);
}
END_TEST

START_TEST(too_many_gaps_are_refused)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	struct tcp_sack_block duplicate = { 0 };

	for (uint32_t i = 0; i < RECEIVE_RANGES_MAX; i++)
		ck_assert_int_eq(receive_queue_insert(&queue, 10 + 2 * i,
						      packet_of(pool, 10 + 2 * i, 1), &duplicate),
				 RECEIVE_KEPT);
	ck_assert_int_eq(receive_queue_insert(&queue, 9999, packet_of(pool, 9999, 1), &duplicate),
			 RECEIVE_FULL);
	receive_queue_clear(&queue);
	packet_pool_free(pool);
}
END_TEST

START_TEST(bytes_that_come_singly_share_packets)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	uint32_t read = 0;

	for (uint32_t i = 0; i < 5000; i++)
		receive_queue_append(&queue, packet_of(pool, i, 1));
	ck_assert_uint_lt(packet_pool_in_use(pool), 50);
	read_and_check(&queue, &read);
	ck_assert_uint_eq(read, 5000);
	packet_pool_free(pool);
}
END_TEST

/* A byte of another message keeps a packet of its own: whoever reads it is told whose it is. */
START_TEST(bytes_of_different_messages_share_no_packet)
{
	static const struct {
		uint64_t roots[2];
		unsigned packets;
	} rows[] = {
		{{ 7, 7 },  1},
                { { 7, 8 }, 2},
                { { 0, 7 }, 2}
	};
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	uint32_t read = 0;

	for (uint32_t i = 0; i < 2; i++) {
		struct packet *packet = packet_of(pool, i, 1);

		packet->root = rows[_i].roots[i];
		receive_queue_append(&queue, packet);
	}
	ck_assert_uint_eq(packet_pool_in_use(pool), rows[_i].packets);
	ck_assert_uint_eq(queue.first->root, rows[_i].roots[0]);
	ck_assert_uint_eq(queue.last->root, rows[_i].roots[1]);
	read_and_check(&queue, &read);
	ck_assert_uint_eq(read, 2);
	packet_pool_free(pool);
}
END_TEST

/* Buffers that so many bytes may take when none of them lies behind a gap of its own. */
#define BUFFERS_FOR(bytes) ((bytes) / 60 + 2)

#define FLOOD_BLOCKS       20
#define FLOOD_BLOCK_BYTES  2000 /* no more single bytes with gaps between them than are kept */

/* Where the i-th byte of a block lies, by the order in which a hostile peer sends single bytes. */
static uint32_t flood_place(int order, uint32_t i)
{
	switch (order) {
	case 0: /* upwards */
		return i;
	case 1: /* downwards */
		return FLOOD_BLOCK_BYTES - 1 - i;
	case 2: /* with gaps, then the gaps */
		return i < FLOOD_BLOCK_BYTES / 2 ? 2 * i + 1 : 2 * (i - FLOOD_BLOCK_BYTES / 2);
	default: /* all over the place: 7 and the length have no common factor */
		return 7 * i % FLOOD_BLOCK_BYTES;
	}
}

/* Loop test over the orders: single bytes behind the gap at sequence number 0. */
START_TEST(bytes_that_come_singly_behind_gaps_share_packets)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	struct tcp_sack_block duplicate = { 0 };
	uint32_t read = 0, end = 1 + FLOOD_BLOCKS * FLOOD_BLOCK_BYTES;

	for (uint32_t block = 0; block < FLOOD_BLOCKS; block++) {
		for (uint32_t i = 0; i < FLOOD_BLOCK_BYTES; i++) {
			uint32_t sequence = 1 + block * FLOOD_BLOCK_BYTES + flood_place(_i, i);

			ck_assert_int_eq(receive_queue_insert(&queue, sequence,
							      packet_of(pool, sequence, 1),
							      &duplicate),
					 RECEIVE_KEPT);
			ck_assert_uint_le(packet_pool_in_use(pool),
					  RECEIVE_RANGES_MAX + BUFFERS_FOR(sequence));
		}
		ck_assert_uint_le(packet_pool_in_use(pool),
				  BUFFERS_FOR((block + 1) * FLOOD_BLOCK_BYTES));
	}
	receive_queue_append(&queue, packet_of(pool, 0, 1));
	ck_assert_uint_eq(receive_queue_advance(&queue, 1), end);
	read_and_check(&queue, &read);
	ck_assert_uint_eq(read, end);
	ck_assert_uint_eq(packet_pool_in_use(pool), 0);
	packet_pool_free(pool);
}
END_TEST

START_TEST(gaps_filled_again_and_again_leave_no_small_packets)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	struct tcp_sack_block duplicate = { 0 };
	uint32_t next = 0, read = 0;

	while (next < 30000) {
		for (uint32_t i = 1; i < 10; i++)
			receive_queue_insert(&queue, next + i, packet_of(pool, next + i, 1),
					     &duplicate);
		receive_queue_append(&queue, packet_of(pool, next, 1));
		next = receive_queue_advance(&queue, next + 1);
	}
	ck_assert_uint_le(packet_pool_in_use(pool), BUFFERS_FOR(next));
	read_and_check(&queue, &read);
	ck_assert_uint_eq(read, next);
	packet_pool_free(pool);
}
END_TEST

/* Loop: any order of overlapping pieces gives the stream; every other loop of small ones. */
START_TEST(any_order_of_pieces_gives_the_stream)
{
	struct packet_pool *pool = packet_pool_new();
	struct receive_queue queue = { 0 };
	uint32_t start = (uint32_t)-4000, next = start, read = start, end = start + 20000;
	struct random_stream random;

	random_init(&random, (uint64_t)_i, "test", "receive");
	while (next != end) {
		uint32_t sequence = next + (uint32_t)random_below(&random, MIN(end - next, 5000));
		uint32_t most = _i % 2 == 0 ? 1460 : 20;
		uint32_t length = 1 + (uint32_t)random_below(&random, MIN(end - sequence, most));
		struct tcp_sack_block duplicate = { 0 };
		struct packet *packet = packet_of(pool, sequence, length);

		if (sequence == next) {
			receive_queue_append(&queue, packet);
			next = receive_queue_advance(&queue, next + length);
		} else {
			receive_queue_insert(&queue, sequence, packet, &duplicate);
		}
		if (random_below(&random, 4) == 0)
			read_and_check(&queue, &read);
	}
	read_and_check(&queue, &read);
	ck_assert_uint_eq(read, end);
	ck_assert_ptr_null(queue.out_of_order);
	ck_assert_uint_eq(packet_pool_in_use(pool), 0);
	packet_pool_free(pool);
}
END_TEST

/* Flight. */

static struct delivery no_delivery(void)
{
	return (struct delivery) { .oldest_sent_ns = -1, .newest_sent_ns = -1 };
}

/* Recounts what the counters claim. */
static void check_counters(const struct flight *flight)
{
	uint32_t sacked = 0, lost = 0, again = 0, wanted = 0, segments = 0;

	for (uint32_t n = flight->first; n != flight->next; n++) {
		const struct sent_segment *segment = flight_segment(flight, n);

		sacked += segment->flags & SENT_SACKED ? segment->length : 0;
		segments += (segment->flags & SENT_SACKED) != 0;
		lost += segment->flags & SENT_LOST ? segment->length : 0;
		again += segment->flags & SENT_AGAIN ? segment->length : 0;
		wanted +=
		    (segment->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST ? segment->length : 0;
		if (n + 1 != flight->next)
			ck_assert_uint_eq(segment->start + segment->length,
					  flight_segment(flight, n + 1)->start);
	}
	ck_assert_uint_eq(sacked, flight->sacked_bytes);
	ck_assert_uint_eq(segments, flight->sacked_segments);
	ck_assert_uint_eq(lost, flight->lost_bytes);
	ck_assert_uint_eq(again, flight->again_bytes);
	ck_assert_uint_eq(wanted, flight->wanted_bytes);
}

static void append_ten(struct flight *flight)
{
	flight_init(flight);
	for (uint32_t i = 0; i < 10; i++)
		flight_append(flight, 1000 * i, 1000, 0, (int64_t)i * NS_PER_MS);
}

START_TEST(acknowledgment_takes_segments_off_and_measures)
{
	struct flight flight;
	struct delivery delivery = no_delivery();

	append_ten(&flight);
	flight_acknowledge(&flight, 2500, 0, 50 * NS_PER_MS, &delivery);
	ck_assert_uint_eq(delivery.delivered_bytes, 2500);
	ck_assert_int_eq(delivery.oldest_sent_ns, 0);
	ck_assert_int_eq(delivery.newest_sent_ns, 2 * NS_PER_MS);
	ck_assert_uint_eq(flight_first(&flight)->start, 2500);
	ck_assert_uint_eq(flight_first(&flight)->length, 500);
	ck_assert_int_eq(flight.rack.sent_ns, 2 * NS_PER_MS);
	check_counters(&flight);
	flight_acknowledge(&flight, 10000, 0, 60 * NS_PER_MS, &delivery);
	ck_assert(flight_is_empty(&flight));
	flight_clear(&flight);
}
END_TEST

START_TEST(sack_marks_whole_segments_once)
{
	struct flight flight;
	struct delivery delivery = no_delivery();
	struct tcp_sack_block block = { 2000, 4500 };

	append_ten(&flight);
	flight_sack(&flight, &block, 1, 0, 10000, 0, 50 * NS_PER_MS, &delivery);
	ck_assert_uint_eq(flight.sacked_bytes, 2000);
	ck_assert_uint_eq(delivery.delivered_bytes, 2000);
	block.right = 6000;
	flight_sack(&flight, &block, 1, 0, 10000, 0, 51 * NS_PER_MS, &delivery);
	ck_assert_uint_eq(flight.sacked_bytes, 4000);
	ck_assert_uint_eq(delivery.delivered_bytes, 4000);
	ck_assert(!delivery.has_dsack);
	ck_assert_uint_eq(flight_pipe(&flight, 10000), 6000);
	check_counters(&flight);
	flight_clear(&flight);
}
END_TEST

START_TEST(sack_of_nonsense_is_ignored)
{
	static const struct tcp_sack_block nonsense[] = {
		{5000,        4000 },
                { 9000,       11000},
                { 0xfffffff0, 3000 },
                { 3000,       3000 }
	};
	struct flight flight;
	struct delivery delivery = no_delivery();

	append_ten(&flight);
	flight_sack(&flight, &nonsense[_i], 1, 0, 10000, 0, 50 * NS_PER_MS, &delivery);
	ck_assert_uint_eq(flight.sacked_bytes, 0);
	check_counters(&flight);
	flight_clear(&flight);
}
END_TEST

START_TEST(dsack_is_recognised)
{
	struct flight flight;
	struct delivery delivery = no_delivery();
	struct tcp_sack_block below[] = {
		{500, 800}
	};
	struct tcp_sack_block inside[] = {
		{5000,  6000},
                { 4000, 7000}
	};

	append_ten(&flight);
	flight_acknowledge(&flight, 1000, 0, 50 * NS_PER_MS, &delivery);
	flight_sack(&flight, below, 1, 1000, 10000, 0, 50 * NS_PER_MS, &delivery);
	ck_assert(delivery.has_dsack);
	flight_sack(&flight, inside, 2, 1000, 10000, 0, 50 * NS_PER_MS, &delivery);
	ck_assert(delivery.has_dsack);
	flight_sack(&flight, inside + 1, 1, 1000, 10000, 0, 50 * NS_PER_MS, &delivery);
	ck_assert(!delivery.has_dsack);
	flight_clear(&flight);
}
END_TEST

/* RFC 8985 section 6.2: lost is what was sent a reordering window before the newest delivered. */
START_TEST(losses_are_detected_by_time)
{
	struct flight flight;
	struct delivery delivery = no_delivery();
	struct tcp_sack_block block = { 6000, 7000 };
	uint32_t number;

	append_ten(&flight); /* sent at 0 to 9 ms */
	flight_sack(&flight, &block, 1, 0, 10000, 0, 46 * NS_PER_MS, &delivery); /* rtt 40 ms */
	int64_t wait_ns = flight_detect_losses(&flight, 3 * NS_PER_MS, 46 * NS_PER_MS);

	ck_assert_uint_eq(flight.lost_bytes, 4000); /* sent at 0, 1, 2, 3 ms */
	ck_assert_int_eq(wait_ns, 2 * NS_PER_MS);   /* the one of 5 ms is overdue at 48 ms */
	ck_assert(flight_next_wanted(&flight, &number));
	ck_assert_uint_eq(number, 0);
	flight_repeat(&flight, 0, 46 * NS_PER_MS);
	ck_assert(flight_next_wanted(&flight, &number));
	ck_assert_uint_eq(number, 1);
	ck_assert_uint_eq(flight_pipe(&flight, 10000), 10000 - 1000 - 4000 + 1000);
	check_counters(&flight);
	flight_clear(&flight);
}
END_TEST

START_TEST(split_keeps_the_counts)
{
	struct flight flight;

	append_ten(&flight);
	flight_mark_lost(&flight, 3);
	flight_split(&flight, 3, 400);
	ck_assert_uint_eq(flight_segment(&flight, 3)->length, 400);
	ck_assert_uint_eq(flight_segment(&flight, 4)->start, 3400);
	ck_assert_uint_eq(flight_segment(&flight, 4)->length, 600);
	ck_assert_uint_eq(flight.lost_bytes, 1000);
	check_counters(&flight);
	flight_clear(&flight);
}
END_TEST

/* Loop: whatever happens in whatever order, the counters are right. */
START_TEST(counters_hold_whatever_happens)
{
	struct flight flight;
	struct random_stream random;
	uint32_t una = 0xffff0000, nxt = una;
	int64_t now_ns = 0;

	flight_init(&flight);
	random_init(&random, (uint64_t)_i, "test", "flight");
	for (int step = 0; step < 1500; step++) {
		struct delivery delivery = no_delivery();
		uint32_t count = flight.next - flight.first, number;
		uint32_t choice = (uint32_t)random_below(&random, 9);

		now_ns += (int64_t)random_below(&random, 3) * NS_PER_MS;
		if (choice < 3 || count == 0) {
			uint16_t length = (uint16_t)(1 + random_below(&random, 1448));

			flight_append(&flight, nxt, length, 0, now_ns);
			nxt += length;
		} else if (choice == 3) {
			una += (uint32_t)random_below(&random, nxt - una + 1);
			flight_acknowledge(&flight, una, 1000, now_ns, &delivery);
		} else if (choice == 4) {
			uint32_t left = una + (uint32_t)random_below(&random, nxt - una + 1);
			struct tcp_sack_block block = { left, left + (uint32_t)random_below(
									 &random, nxt - left + 1) };

			flight_sack(&flight, &block, 1, una, nxt, 1000, now_ns, &delivery);
		} else if (choice == 5) {
			flight_detect_losses(&flight, (int64_t)random_below(&random, 5) * NS_PER_MS,
					     now_ns);
		} else if (choice == 6 && flight_next_wanted(&flight, &number)) {
			flight_repeat(&flight, number, now_ns);
		} else if (choice == 7 && random_below(&random, 20) == 0) {
			flight_mark_all_lost(&flight, now_ns, random_below(&random, 2) == 0);
		} else if (choice == 8) {
			number = flight.first + (uint32_t)random_below(&random, count);
			if (flight_segment(&flight, number)->length > 10)
				flight_split(&flight, number, 5);
		}
		if (step % 50 == 0)
			check_counters(&flight);
	}
	check_counters(&flight);
	flight_clear(&flight);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp queues");
	TCase *all = tcase_create("queues");

	tcase_add_test(all, sequence_numbers_compare_across_the_wrap);
	tcase_add_test(all, send_queue_knows_whose_bytes_are_whose);
	tcase_add_loop_test(all, send_queue_keeps_bytes_while_it_grows_and_wraps, 0, 20);
	tcase_add_test(all, ranges_are_reported_newest_first);
	tcase_add_test(all, duplicates_are_found_and_reported);
	tcase_add_test(all, too_many_gaps_are_refused);
	tcase_add_test(all, bytes_that_come_singly_share_packets);
	tcase_add_loop_test(all, bytes_of_different_messages_share_no_packet, 0, 3);
	tcase_add_loop_test(all, bytes_that_come_singly_behind_gaps_share_packets, 0, 4);
	tcase_add_test(all, gaps_filled_again_and_again_leave_no_small_packets);
	tcase_add_loop_test(all, any_order_of_pieces_gives_the_stream, 0, 20);
	tcase_add_test(all, acknowledgment_takes_segments_off_and_measures);
	tcase_add_test(all, sack_marks_whole_segments_once);
	tcase_add_loop_test(all, sack_of_nonsense_is_ignored, 0, 4);
	tcase_add_test(all, dsack_is_recognised);
	tcase_add_test(all, losses_are_detected_by_time);
	tcase_add_test(all, split_keeps_the_counts);
	tcase_add_loop_test(all, counters_hold_whatever_happens, 0, 20);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
