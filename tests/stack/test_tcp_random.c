/*
 * Two hosts exchange random amounts of data in random pieces over a cable that loses, duplicates,
 * reorders and corrupts: everything arrives once, in order and unchanged, whatever the seed.
 */
#include <check.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "stack/tcp/congestion.h"
#include "stack/tcp/tcp.h"
#include "tests/wiretest.h"

#define TESTS        10
#define SEEDS_A_TEST 60
#define BYTES_MAX    120000

struct talker {
	struct stream *stream;
	struct random_stream random;
	uint64_t to_write, written, read, wrong_bytes;
	uint8_t salt, peer_salt;
	bool has_ended, is_closed, has_failed;
	enum stream_failure why;
};

/* What stands at `offset` of a direction. */
static uint8_t pattern(uint8_t salt, uint64_t offset)
{
	return (uint8_t)(salt + offset * 31 + (offset >> 8) * 7);
}

static void keep_writing(void *owner)
{
	struct talker *talker = owner;
	uint8_t piece[9000];

	while (talker->written < talker->to_write) {
		size_t length = 1 + random_below(&talker->random, sizeof piece);

		length = MIN(length, talker->to_write - talker->written);
		for (size_t i = 0; i < length; i++)
			piece[i] = pattern(talker->salt, talker->written + i);
		bool more = random_below(&talker->random, 4) == 0 &&
			    talker->written + length < talker->to_write;
		size_t taken = stream_write(talker->stream, (struct bytes) { piece, length }, more);

		talker->written += taken;
		if (taken < length)
			return;
	}
	stream_shutdown(talker->stream);
}

static void read_some(void *owner)
{
	struct talker *talker = owner;
	struct bytes bytes;

	while ((bytes = stream_peek(talker->stream)).length > 0) {
		size_t length = bytes.length;

		if (length > 1 && random_below(&talker->random, 8) == 0)
			length = 1 + random_below(&talker->random, length);
		for (size_t i = 0; i < length; i++)
			talker->wrong_bytes +=
			    bytes.data[i] != pattern(talker->peer_salt, talker->read + i);
		talker->read += length;
		stream_consume(talker->stream, length);
	}
}

static void on_ended(void *owner)
{
	((struct talker *)owner)->has_ended = true;
}

static void on_closed(void *owner)
{
	((struct talker *)owner)->is_closed = true;
}

static void on_failed(void *owner, enum stream_failure why)
{
	((struct talker *)owner)->has_failed = true;
	((struct talker *)owner)->why = why;
}

static const struct stream_events events = {
	.opened = keep_writing,
	.readable = read_some,
	.writable = keep_writing,
	.ended = on_ended,
	.closed = on_closed,
	.failed = on_failed,
};

static void on_accept(void *owner, struct stream *stream)
{
	struct talker *talker = owner;

	talker->stream = stream;
	stream_listen(stream, &events, talker);
	keep_writing(talker);
}

struct exchange {
	struct wiretest net;
	struct talker client, server;
};

static void ping_done(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	ck_assert_int_ge(round_trip_ns, 0);
}

static void exchange_init(struct exchange *x, uint64_t seed, const struct impairment *impairment)
{
	static const uint64_t rates[] = { 1000000, 10000000, 1000000000 };
	struct random_stream choice;

	random_init(&choice, seed, "test", "exchange");
	wiretest_init(&x->net, &(struct wiretest_config) {
		.seed = seed,
		.is_direct = true,
		.cable = {
			.rate_bps = rates[random_below(&choice, 3)],
			.delay_ns = (int64_t)random_below(&choice, 30) * NS_PER_MS,
			.queue_bytes = 20000 + random_below(&choice, 100000),
		},
	});
	/* The neighbours know each other; that ARP may give up is not the subject. */
	icmp_ping(x->net.alice, WIRETEST_NEAR, 8, NS_PER_S, ping_done, NULL);
	wiretest_run(&x->net);
	link_impair(x->net.alice_cable, LINK_A, impairment);
	link_impair(x->net.alice_cable, LINK_B, impairment);
	x->client = (struct talker) { .to_write = random_below(&choice, BYTES_MAX),
				      .salt = 1,
				      .peer_salt = 2 };
	x->server = (struct talker) { .to_write = random_below(&choice, BYTES_MAX),
				      .salt = 2,
				      .peer_salt = 1 };
	random_init(&x->client.random, seed, "client", "pieces");
	random_init(&x->server.random, seed, "server", "pieces");
	if (random_below(&choice, 2) == 0)
		tcp_set_congestion_control(host_tcp(x->net.alice), &congestion_reno);
}

static void exchange_run(struct exchange *x)
{
	tcp_listen(x->net.bob, 25, on_accept, &x->server);
	x->client.stream =
	    tcp_connect(x->net.alice, (struct endpoint) { WIRETEST_NEAR, 25 }, &events, &x->client);
	wiretest_run(&x->net);
}

static void talker_check(const struct talker *talker, const struct talker *peer)
{
	ck_assert_msg(!talker->has_failed, "failure %d", talker->why);
	ck_assert_uint_eq(talker->written, talker->to_write);
	ck_assert_uint_eq(talker->read, peer->to_write);
	ck_assert_uint_eq(talker->wrong_bytes, 0);
	ck_assert(talker->has_ended);
	ck_assert(talker->is_closed);
}

/* Retransmissions flagged in the trace are those the host counted. */
static void trace_check(struct exchange *x, struct host *host)
{
	const GArray *records = x->net.recorder.records;
	uint64_t flagged = 0;

	for (guint i = 0; i < records->len; i++) {
		const struct trace_record *record = &g_array_index(records, struct trace_record, i);

		if (record->layer == LAYER_TCP && record->kind == TRACE_ENCAPSULATE &&
		    trace_node_of(record->id) == host_node(host)->index)
			flagged += (record->flags & TRACE_RETRANSMIT) != 0;
	}
	ck_assert_uint_eq(flagged, tcp_statistics(host_tcp(host))->retransmissions);
}

static void exchange_over_bad_cable(uint64_t seed, bool is_recorded)
{
	struct exchange x;
	struct impairment bad = {
		.loss_ppm = 50000,
		.duplicate_ppm = 20000,
		.corrupt_ppm = 20000,
		.reorder_ppm = 50000,
		.reorder_ns = 8 * NS_PER_MS,
		.jitter_ns = 3 * NS_PER_MS,
	};

	exchange_init(&x, seed, &bad);
	if (!is_recorded)
		x.net.world->trace.kinds = 0; /* faster */
	exchange_run(&x);
	talker_check(&x.client, &x.server);
	talker_check(&x.server, &x.client);
	if (is_recorded) {
		trace_check(&x, x.net.alice);
		trace_check(&x, x.net.bob);
	}
	wiretest_clear(&x.net);
}

START_TEST(everything_arrives_once_and_in_order)
{
	for (uint64_t i = 0; i < SEEDS_A_TEST; i++)
		exchange_over_bad_cable((uint64_t)_i * SEEDS_A_TEST + i, i == 0);
}
END_TEST

START_TEST(perfect_cable_needs_no_retransmission)
{
	struct exchange x;

	exchange_init(&x, (uint64_t)_i, NULL);
	link_configure(x.net.alice_cable, LINK_A, &(struct link_config) { .delay_ns = NS_PER_MS });
	link_configure(x.net.alice_cable, LINK_B, &(struct link_config) { .delay_ns = NS_PER_MS });
	exchange_run(&x);
	talker_check(&x.client, &x.server);
	talker_check(&x.server, &x.client);
	ck_assert_uint_eq(tcp_statistics(host_tcp(x.net.alice))->retransmissions, 0);
	ck_assert_uint_eq(tcp_statistics(host_tcp(x.net.bob))->retransmissions, 0);
	wiretest_clear(&x.net);
}
END_TEST

START_TEST(same_seed_gives_the_same_records)
{
	struct exchange x[2];
	struct impairment bad = { .loss_ppm = 50000,
				  .reorder_ppm = 50000,
				  .reorder_ns = NS_PER_MS };

	for (int i = 0; i < 2; i++) {
		exchange_init(&x[i], 7, &bad);
		exchange_run(&x[i]);
	}
	ck_assert_uint_eq(x[0].net.recorder.records->len, x[1].net.recorder.records->len);
	ck_assert_mem_eq(x[0].net.recorder.records->data, x[1].net.recorder.records->data,
			 x[0].net.recorder.records->len * sizeof(struct trace_record));
	ck_assert_uint_eq(x[0].net.recorder.bytes->len, x[1].net.recorder.bytes->len);
	ck_assert_mem_eq(x[0].net.recorder.bytes->data, x[1].net.recorder.bytes->data,
			 x[0].net.recorder.bytes->len);
	wiretest_clear(&x[0].net);
	wiretest_clear(&x[1].net);
}
END_TEST

/* One side gives up at a random moment; nothing may be left behind. */
static void abort_at_random(void *owner)
{
	struct talker *talker = owner;

	if (random_below(&talker->random, 30) == 0) {
		if (random_below(&talker->random, 2) == 0)
			stream_abort(talker->stream);
		else
			stream_release(talker->stream);
		talker->has_failed = true;
		return;
	}
	read_some(talker);
}

static const struct stream_events giving_up = { .readable = abort_at_random,
						.opened = keep_writing,
						.writable = keep_writing,
						.failed = on_failed };

START_TEST(giving_up_leaves_nothing_behind)
{
	struct exchange x;
	struct impairment bad = { .loss_ppm = 50000, .duplicate_ppm = 20000 };

	exchange_init(&x, (uint64_t)_i, &bad);
	tcp_listen(x.net.bob, 25, on_accept, &x.server);
	x.client.stream = tcp_connect(x.net.alice, (struct endpoint) { WIRETEST_NEAR, 25 },
				      &giving_up, &x.client);
	wiretest_run(&x.net);
	wiretest_clear(&x.net);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp over bad cables");
	TCase *all = tcase_create("exchanges");

	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, everything_arrives_once_and_in_order, 0, TESTS);
	tcase_add_loop_test(all, perfect_cable_needs_no_retransmission, 0, 20);
	tcase_add_loop_test(all, giving_up_leaves_nothing_behind, 0, 60);
	tcase_add_test(all, same_seed_gives_the_same_records);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
