/* What CONGESTION records tell of a sender: which causes in which order, with which thresholds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "stack/socket.h"
#include "stack/tcp/connection.h"
#include "tests/wiretest.h"

/* Who writes all it has, or reads all there is. */
struct user {
	struct stream *stream;
	uint64_t left; /* bytes that are still to be written */
};

static void write_left(void *owner)
{
	static const uint8_t block[65536];
	struct user *user = owner;
	size_t written = sizeof block;

	while (user->left > 0 && written == sizeof block) {
		written = stream_write(
		    user->stream, (struct bytes) { block, MIN(user->left, sizeof block) }, false);
		user->left -= written;
	}
}

static void read_all(void *owner)
{
	struct user *user = owner;
	struct bytes bytes;

	while ((bytes = stream_peek(user->stream)).length > 0)
		stream_consume(user->stream, bytes.length);
}

static void on_failed(void *owner, enum stream_failure why)
{
	(void)owner;
	(void)why;
}

static const struct stream_events events = {
	.opened = write_left,
	.writable = write_left,
	.readable = read_all,
	.failed = on_failed,
};

static void on_accept(void *owner, struct stream *stream)
{
	struct user *user = owner;

	user->stream = stream;
	stream_listen(stream, &events, user);
}

struct transfer {
	struct wiretest net;
	struct user client, server;
};

#define LOST_MAX 4

/*
 * Alice sends to bob, 10 ms away. Her frames 1 to 3 are ARP, SYN and ACK; number 4 is the first with
 * data, of 1448 bytes. A threshold after a loss is seven tenths of the window at that time, which is
 * a whole number of segments, and at least two.
 */
/* clang-format off */
static const struct run {
	const char *what;
	uint64_t bytes;
	uint64_t lost[LOST_MAX]; /* numbers of her frames; 0: no more */
	int64_t at_ns;           /* when the second half begins; 0: there is none */
	uint64_t more_bytes;     /* written then */
	int64_t back_delay_ns;   /* of bob's frames from then on; 0: as before */
	const char *told;        /* causes with thresholds, each once while both stay the same */
} runs[] = {
	{ .what = "nothing is lost",
	  .bytes = 200000,
	  .told = "initial window, slow start" },
	{ .what = "a segment is lost: the window is at the threshold when that is repaired",
	  .bytes = 400000, .lost = { 30 },
	  .told = "initial window, slow start, fast recovery 36489, congestion avoidance 36489" },
	{ .what = "there is little left to send: the window is below, and growth takes it beyond",
	  .bytes = 100000, .lost = { 68 },
	  .told = "initial window, slow start, fast recovery 75006, loss repaired 75006" },
	{ .what = "a tail loss probe repairs",
	  .bytes = 14480, .lost = { 13 }, .at_ns = 400 * NS_PER_MS, .more_bytes = 100000,
	  .told = "initial window, slow start, loss repaired 20272, congestion avoidance 20272" },
	{ .what = "the probe is lost, too: after the timeout the window is not reduced again",
	  .bytes = 100, .lost = { 4, 5 }, .at_ns = 510 * NS_PER_MS, .more_bytes = 100,
	  .told = "initial window, timeout 10136" },
	{ .what = "acknowledgments are late",
	  .bytes = 200000, .at_ns = 90 * NS_PER_MS, .back_delay_ns = 700 * NS_PER_MS,
	  .told = "initial window, slow start, timeout 40544, nothing was lost, slow start" },
	{ .what = "a pause",
	  .bytes = 200000, .at_ns = 10 * NS_PER_S, .more_bytes = 200000,
	  .told = "initial window, slow start, idle, slow start" },
	{ .what = "a pause behind a loss: the threshold rises to three quarters of the window",
	  .bytes = 4000000, .lost = { 30 }, .at_ns = 10 * NS_PER_S, .more_bytes = 2896,
	  .told = "initial window, slow start, fast recovery 36489, congestion avoidance 36489, "
		  "idle 80262" },
	{ .what = "round trips grow: HyStart++ sets a threshold without loss",
	  .bytes = 2000000, .at_ns = 65 * NS_PER_MS, .back_delay_ns = 20 * NS_PER_MS,
	  .told = "initial window, slow start, slow start 108600, congestion avoidance 108600" },
};
/* clang-format on */

static void start(struct transfer *transfer, const struct run *run)
{
	struct impairment impairment = { .picked = run->lost };

	while (impairment.picked_count < LOST_MAX && run->lost[impairment.picked_count] != 0)
		impairment.picked_count++;
	*transfer = (struct transfer) { .client.left = run->bytes };
	wiretest_init(&transfer->net, &(struct wiretest_config) {
					  .is_direct = true,
					  .cable = { .delay_ns = 10 * NS_PER_MS },
				      });
	link_impair(transfer->net.alice_cable, LINK_A, &impairment);
	tcp_listen(transfer->net.bob, 25, on_accept, &transfer->server);
	transfer->client.stream =
	    tcp_connect(transfer->net.alice, (struct endpoint) { WIRETEST_NEAR, 25 }, &events,
			&transfer->client);
	tcp_set_no_delay(transfer->client.stream, true);
}

static void go_on(struct transfer *transfer, const struct run *run)
{
	wiretest_run_until(&transfer->net, run->at_ns);
	if (run->back_delay_ns != 0)
		link_configure(transfer->net.alice_cable, LINK_B,
			       &(struct link_config) { .delay_ns = run->back_delay_ns });
	transfer->client.left += run->more_bytes;
	write_left(&transfer->client);
}

/* "slow start, loss repaired 2896 alone": the threshold unless it is unlimited, and changed alone. */
static void append_record(GString *told, const struct trace_record *record, uint32_t threshold)
{
	g_string_append_printf(told, "%s%s", told->len == 0 ? "" : ", ",
			       tcp_layer_names.details[record->detail]);
	if (threshold != UINT32_MAX)
		g_string_append_printf(told, " %u", threshold);
	if (record->after == record->before)
		g_string_append(told, " alone");
}

/* What the records of alice tell; each begins where the one before ended, and tells of a change. */
static char *read_records(const struct transfer *transfer)
{
	const struct recorder *recorder = &transfer->net.recorder;
	const struct wanted wanted = { TRACE_CONGESTION, LAYER_TCP, ANY,
				       host_node(transfer->net.alice) };
	const struct tcp_connection *c = connection_of(transfer->client.stream);
	const struct trace_record *record;
	uint64_t window = 0;
	uint32_t threshold = UINT32_MAX;
	unsigned detail = TCP_PLAIN;
	GString *told = g_string_new(NULL);

	for (unsigned i = 0; (record = recorder_find(recorder, wanted, i)) != NULL; i++) {
		struct bytes bytes = recorder_bytes(recorder, record);
		uint32_t now = bytes.length == 0 ? UINT32_MAX : get_be32(bytes.data);

		ck_assert_uint_eq(record->object, c->stream.sent_object);
		ck_assert_uint_eq(record->before, window);
		ck_assert(record->after != window || now != threshold);
		if (i == 0)
			ck_assert_uint_eq(record->after, TCP_INITIAL_SEGMENTS * c->mss);
		if (record->detail != detail || now != threshold)
			append_record(told, record, now);
		window = record->after;
		threshold = now;
		detail = record->detail;
	}
	ck_assert_uint_eq(window, c->congestion.window);
	ck_assert_uint_eq(threshold, c->congestion.threshold);
	return g_string_free(told, FALSE);
}

START_TEST(records_tell_what_changed_the_window)
{
	const struct run *run = &runs[_i];
	struct transfer transfer;

	start(&transfer, run);
	if (run->at_ns != 0)
		go_on(&transfer, run);
	wiretest_run(&transfer.net);
	ck_assert_uint_eq(transfer.server.stream->consumed_bytes, run->bytes + run->more_bytes);

	char *told = read_records(&transfer);

	ck_assert_msg(strcmp(told, run->told) == 0, "%s: %s", run->what, told);
	g_free(told);
	stream_abort(transfer.client.stream);
	wiretest_run(&transfer.net);
	wiretest_clear(&transfer.net);
}
END_TEST

/* How many records alice numbered in the run with a loss; `wants_window`: whether CONGESTION is kept. */
static uint64_t records_of_loss(bool wants_window)
{
	struct transfer transfer;

	start(&transfer, &runs[1]);
	if (!wants_window)
		transfer.net.world->trace.kinds &= ~TRACE_BIT(TRACE_CONGESTION);
	wiretest_run(&transfer.net);

	uint64_t ids = host_node(transfer.net.alice)->ids;

	ck_assert_int_eq(wiretest_count(&transfer.net, TRACE_CONGESTION, ANY, ANY) > 0,
			 wants_window);
	ck_assert(!congestion_is_untold(&connection_of(transfer.client.stream)->congestion));
	stream_abort(transfer.client.stream);
	wiretest_run(&transfer.net);
	wiretest_clear(&transfer.net);
	return ids;
}

START_TEST(records_nobody_wants_are_numbered_all_the_same)
{
	ck_assert_uint_eq(records_of_loss(true), records_of_loss(false));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp congestion");
	TCase *all = tcase_create("congestion");

	tcase_add_loop_test(all, records_tell_what_changed_the_window, 0, G_N_ELEMENTS(runs));
	tcase_add_test(all, records_nobody_wants_are_numbered_all_the_same);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
