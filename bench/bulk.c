/*
 * bulk: h1 - router - h2, one TCP bulk transfer over 1 Gbit/s links with 1 ms delay, as
 * bench/ns3/bulk.cc does it. A frame-hop is one frame fully transmitted by one interface.
 * Options: --mb=200  --delay=1 (ms)  --via=router|switch  --capture=PATH (every interface)
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include "bench/bench.h"
#include "stack/link.h"
#include "stack/socket.h"
#include "stack/switch.h"
#include "views/model.h"
#include "views/recorder.h"

#define PORT 25

struct transfer {
	struct stream *sender;
	uint64_t left, received;
	uint8_t block[65536];
};

static void write_more(void *owner)
{
	struct transfer *transfer = owner;

	while (transfer->left > 0) {
		size_t ask = MIN(transfer->left, sizeof transfer->block);
		size_t written =
		    stream_write(transfer->sender, (struct bytes) { transfer->block, ask }, false);

		transfer->left -= written;
		if (written < ask)
			return;
	}
	stream_shutdown(transfer->sender);
}

struct reader {
	struct transfer *transfer;
	struct stream *stream;
};

static void read_all(void *owner)
{
	struct reader *reader = owner;
	struct bytes bytes;

	while ((bytes = stream_peek(reader->stream)).length > 0) {
		reader->transfer->received += bytes.length;
		stream_consume(reader->stream, bytes.length);
	}
}

static void end_reading(void *owner)
{
	struct reader *reader = owner;

	stream_shutdown(reader->stream);
}

static const struct stream_events sender_events = { .opened = write_more, .writable = write_more };
static const struct stream_events reader_events = { .readable = read_all, .ended = end_reading };

static void accept_reader(void *owner, struct stream *stream)
{
	struct reader *reader = owner;

	reader->stream = stream;
	stream_listen(stream, &reader_events, reader);
}

/* Every frame at both of its ends, comments off, as the captures of other simulators have it. */
struct capture_all {
	struct trace_sink sink;
	struct model *model;
	struct recorder *recorder;
};

static void record_frame(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct capture_all *capture = owner;

	if (record->kind == TRACE_TRANSMIT || record->kind == TRACE_RECEIVE)
		recorder_feed(capture->recorder, record, bytes);
	else
		model_feed(capture->model, record, bytes);
}

int main(int argc, char **argv)
{
	static const struct dissector *const no_dissectors[] = { NULL };
	double mb = bench_option(argc, argv, "mb", 200);
	const char *path = bench_text_option(argc, argv, "capture", NULL);
	bool by_switch = strcmp(bench_text_option(argc, argv, "via", "router"), "switch") == 0;
	struct link_config wire = {
		.rate_bps = UINT64_C(1000000000),
		.delay_ns = (int64_t)(bench_option(argc, argv, "delay", 1) * 1e6),
		.queue_bytes = (uint64_t)bench_option(argc, argv, "queue", 16 << 20),
	};
	struct world *world = world_new(1, 0);
	struct capture_all capture = { .model = model_new(no_dissectors) };
	struct transfer *transfer = g_new0(struct transfer, 1);
	struct reader reader = { .transfer = transfer };

	capture.sink = (struct trace_sink) {
		.kinds = TRACE_BIT(TRACE_NODE) | TRACE_BIT(TRACE_INTERFACE) |
			 TRACE_BIT(TRACE_LINK) |
			 (path == NULL ? 0 : TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_RECEIVE)),
		.owner = &capture,
		.record = record_frame,
	};
	trace_add_sink(&world->trace, &capture.sink);

	struct host *h1 = bench_host(world, "h1", NODE_HOST);
	struct host *h2 = bench_host(world, "h2", NODE_HOST);
	struct host *router = by_switch ? NULL : bench_host(world, "r", NODE_ROUTER);
	struct switch_node *sw = by_switch ? switch_new(world, "sw", 2) : NULL;
	struct interface *i1 = bench_interface(h1, 0x0a000101, by_switch ? 16 : 24, 1);
	struct interface *i2 =
	    bench_interface(h2, by_switch ? 0x0a000102 : 0x0a000201, by_switch ? 16 : 24, 2);
	struct interface *r1 =
	    by_switch ? switch_port(sw, 1) : bench_interface(router, 0x0a0001fe, 24, 3);
	struct interface *r2 =
	    by_switch ? switch_port(sw, 2) : bench_interface(router, 0x0a0002fe, 24, 4);
	struct link *l1 = link_new(i1, r1, "one", &wire), *l2 = link_new(r2, i2, "two", &wire);

	if (!by_switch) {
		host_add_route(h1, 0, 0, 0x0a0001fe, NULL);
		host_add_route(h2, 0, 0, 0x0a0002fe, NULL);
	}
	if (path != NULL) {
		GError *error = NULL;

		capture.recorder = recorder_new(capture.model,
						&(struct recorder_options) {
						    .path = path,
						    .mode = RECORDER_ALL,
						    .dissectors = no_dissectors,
						},
						&error);
		if (capture.recorder == NULL) {
			fprintf(stderr, "%s\n", error->message);
			return 1;
		}
	}
	transfer->left = (uint64_t)(mb * 1e6);
	struct tcp_listener *listener = tcp_listen(h2, PORT, accept_reader, &reader);

	transfer->sender =
	    tcp_connect(h1, (struct endpoint) { i2->address, PORT }, &sender_events, transfer);
	double started = bench_seconds();

	engine_run(world->engine, TIME_NEVER - 1);
	if (capture.recorder != NULL && !recorder_finish(capture.recorder, NULL))
		return 1;
	double seconds = bench_seconds() - started;
	uint64_t hops = bench_frames_sent(h1) + bench_frames_sent(h2) + r1->counters.sent_frames +
			r2->counters.sent_frames;

	printf("bulk mb=%.0f cpu=%.3f rx_mb=%.1f frame_hops=%" G_GUINT64_FORMAT
	       " hops_per_s=%.0f mb_per_s=%.1f events=%" G_GUINT64_FORMAT
	       " events_per_s=%.0f sim_s=%.2f rss_mb=%.1f\n",
	       mb, seconds, (double)transfer->received / 1e6, hops, (double)hops / seconds,
	       (double)transfer->received / 1e6 / seconds, engine_events(world->engine),
	       (double)engine_events(world->engine) / seconds,
	       (double)engine_now(world->engine) / 1e9, (double)bench_resident_bytes() / 1e6);
	tcp_listener_close(listener);
	link_free(l1);
	link_free(l2);
	host_free(h1);
	host_free(h2);
	host_free(router);
	if (sw != NULL)
		switch_free(sw);
	world_free(world);
	model_free(capture.model);
	bool is_whole = transfer->received == (uint64_t)(mb * 1e6);

	g_free(transfer);
	return is_whole ? 0 : 1;
}
