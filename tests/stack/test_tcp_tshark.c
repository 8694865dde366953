/*
 * tshark judges our TCP: no fault in any segment, and in a capture taken where the packets are sent it
 * sees as many retransmissions as the trace has.
 *
 * tshark 4.0 calls a retransmission "out of order" when new data was sent less than a round trip
 * before. Where the sender itself is captured nothing can be out of order, so those count as well.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "stack/tcp/tcp.h"
#include "tests/wiretest.h"

static char *tshark(const char *path, const char *filter)
{
	const char *arguments[] = {
		"tshark", "-n",   "-r", path,     "-o", "tcp.check_checksum:TRUE",
		"-Y",     filter, "-T", "fields", "-e", "frame.number",
		NULL,
	};
	char *output = NULL;
	int status = 0;

	ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL,
			       G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
			       &output, NULL, &status, NULL));
	ck_assert_int_eq(status, 0);
	return output;
}

static uint64_t tshark_count(const char *path, const char *filter)
{
	char *output = tshark(path, filter);
	uint64_t lines = 0;

	for (const char *c = output; *c != '\0'; c++)
		lines += *c == '\n';
	g_free(output);
	return lines;
}

struct transfer {
	struct stream *stream;
	size_t left;
};

static void keep_writing(void *owner)
{
	static const uint8_t bytes[20000];
	struct transfer *transfer = owner;

	while (transfer->left > 0) {
		size_t length = MIN(transfer->left, sizeof bytes);
		size_t written =
		    stream_write(transfer->stream, (struct bytes) { bytes, length }, false);

		transfer->left -= written;
		if (written < length)
			return;
	}
	stream_shutdown(transfer->stream);
}

static void read_all(void *owner)
{
	struct transfer *transfer = owner;
	struct bytes bytes;

	while ((bytes = stream_peek(transfer->stream)).length > 0)
		stream_consume(transfer->stream, bytes.length);
}

static const struct stream_events events = { .opened = keep_writing,
					     .readable = read_all,
					     .writable = keep_writing };

static void on_accept(void *owner, struct stream *stream)
{
	struct transfer *transfer = owner;

	transfer->stream = stream;
	stream_listen(stream, &events, transfer);
	keep_writing(transfer);
}

static void transfer_both_ways(struct wiretest *net, uint32_t loss_ppm)
{
	struct impairment impairment = { .loss_ppm = loss_ppm };
	struct transfer up = { .left = 300000 }, down = { .left = 100000 };

	if (loss_ppm > 0) {
		link_impair(net->alice_cable, LINK_A, &impairment);
		link_impair(net->alice_cable, LINK_B, &impairment);
	}
	tcp_listen(net->bob, 7777, on_accept, &down);
	up.stream =
	    tcp_connect(net->alice, (struct endpoint) { WIRETEST_NEAR, 7777 }, &events, &up);
	wiretest_run(net);
}

#define REPEATED                                                                                   \
	"(tcp.analysis.retransmission || tcp.analysis.fast_retransmission || "                     \
	"tcp.analysis.spurious_retransmission || tcp.analysis.out_of_order)"

/* Loop: the seed; with 0 nothing is lost. */
START_TEST(tshark_counts_what_the_trace_counts)
{
	struct wiretest net;
	char *path;
	int file = g_file_open_tmp("mailwire-XXXXXX.pcap", &path, NULL);

	ck_assert_int_ge(file, 0);
	wiretest_init(&net, &(struct wiretest_config) { .seed = (uint64_t)_i,
							.is_direct = true,
							.cable = { .delay_ns = _i * NS_PER_MS } });
	transfer_both_ways(&net, _i == 0 ? 0 : 30000);
	ck_assert_uint_gt(recorder_write_pcap(&net.recorder, net.world, path), 300);

	ck_assert_uint_eq(tshark_count(path, "_ws.malformed || tcp.checksum.status == 0"), 0);
	ck_assert_uint_eq(tshark_count(path, REPEATED " && ip.src == 192.0.2.10"),
			  tcp_statistics(host_tcp(net.alice))->retransmissions);
	ck_assert_uint_eq(tshark_count(path, REPEATED " && ip.src == 192.0.2.11"),
			  tcp_statistics(host_tcp(net.bob))->retransmissions);
	if (_i == 0)
		ck_assert_uint_eq(tshark_count(path, "_ws.expert.severity >= 6291456 || " REPEATED
						     " || tcp.analysis.duplicate_ack"),
				  0);
	wiretest_clear(&net);
	g_unlink(path);
	g_free(path);
	g_close(file, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp and tshark");
	TCase *all = tcase_create("tshark");
	char *program = g_find_program_in_path("tshark");

	if (program == NULL)
		printf("skipped: tshark is not installed\n");
	else
		tcase_add_loop_test(all, tshark_counts_what_the_trace_counts, 0, 6);
	g_free(program);
	tcase_set_timeout(all, 120);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
