/*
 * bulk: h1 - router - h2, one TCP bulk transfer over 1 Gbit/s links with 1 ms delay, as
 * bench/ns3/bulk.cc does it. A frame-hop is one frame fully transmitted by one interface.
 * Options: --mb=200  --delay=1 (ms)  --via=router|switch  --buf=1048576 (bytes of the receive buffer)
 *          --capture=PATH: every frame at both of its ends, comments off
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include "bench/bench.h"
#include "stack/link.h"
#include "stack/socket.h"
#include "stack/switch.h"
#include "stack/tcp/tcp.h"
#include "views/model.h"
#include "views/recorder.h"

#define PORT          9 /* discard (RFC 863): no dissector looks into it */
#define QUEUE_BYTES   (16 << 20)
#define BLOCK_BYTES   65536
#define INTERFACE_MAX 4

/* The transfer, as the programs at both ends see it. */

struct transfer {
	struct stream *sender, *receiver;
	uint64_t left, received;
	uint8_t block[BLOCK_BYTES];
};

static void write_more(void *owner)
{
	struct transfer *transfer = owner;

	while (transfer->left > 0) {
		struct bytes block = { transfer->block, MIN(transfer->left, BLOCK_BYTES) };
		size_t written = stream_write(transfer->sender, block, false);

		transfer->left -= written;
		if (written < block.length)
			return;
	}
	stream_shutdown(transfer->sender);
}

static void read_all(void *owner)
{
	struct transfer *transfer = owner;
	struct bytes bytes;

	while ((bytes = stream_peek(transfer->receiver)).length > 0) {
		transfer->received += bytes.length;
		stream_consume(transfer->receiver, bytes.length);
	}
}

static void end_reading(void *owner)
{
	struct transfer *transfer = owner;

	stream_shutdown(transfer->receiver);
}

static const struct stream_events sender_events = { .opened = write_more, .writable = write_more };
static const struct stream_events receiver_events = { .readable = read_all, .ended = end_reading };

static void accept_receiver(void *owner, struct stream *stream)
{
	struct transfer *transfer = owner;

	transfer->receiver = stream;
	stream_listen(stream, &receiver_events, transfer);
}

/* Capturing. */

static const struct dissector *const no_dissectors[] = { NULL };

struct capture_all {
	struct trace_sink sink;
	struct model *model;
	struct recorder *recorder;
	const char *path; /* NULL: nothing is captured */
};

static void record_frame(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct capture_all *capture = owner;

	if (record->kind == TRACE_TRANSMIT || record->kind == TRACE_RECEIVE)
		recorder_feed(capture->recorder, record, bytes);
	else
		model_feed(capture->model, record, bytes);
}

static void capture_init(struct capture_all *capture, struct world *world, const char *path)
{
	uint64_t kinds = TRACE_BIT(TRACE_NODE) | TRACE_BIT(TRACE_INTERFACE) | TRACE_BIT(TRACE_LINK);

	if (path == NULL)
		return;
	capture->path = path;
	capture->model = model_new(no_dissectors);
	capture->sink = (struct trace_sink) {
		.kinds = kinds | TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_RECEIVE),
		.owner = capture,
		.record = record_frame,
	};
	trace_add_sink(&world->trace, &capture->sink);
}

/* Opens the file: when the network is built, before its first frame. */
static bool capture_begin(struct capture_all *capture)
{
	struct recorder_options options = {
		.path = capture->path,
		.mode = RECORDER_ALL,
		.dissectors = no_dissectors,
	};
	GError *error = NULL;

	if (capture->path == NULL)
		return true;
	capture->recorder = recorder_new(capture->model, &options, &error);
	if (capture->recorder == NULL)
		fprintf(stderr, "%s\n", error->message);
	return capture->recorder != NULL;
}

static uint64_t capture_end(struct capture_all *capture)
{
	GStatBuf status = { 0 };

	if (capture->recorder != NULL && recorder_finish(capture->recorder, NULL))
		g_stat(capture->path, &status);
	if (capture->model != NULL)
		model_free(capture->model);
	return (uint64_t)status.st_size;
}

/* The network. */

struct network {
	struct host *h1, *h2;
	struct host *router; /* or NULL, and then: */
	struct switch_node *switch_node;
	struct link *links[2];
	struct interface *interfaces[INTERFACE_MAX];
};

static void network_build(struct network *network, struct world *world, bool by_switch,
			  const struct link_config *wire)
{
	struct interface **at = network->interfaces;
	unsigned prefix_length = by_switch ? 16 : 24;

	network->h1 = bench_host(world, "h1", NODE_HOST);
	network->h2 = bench_host(world, "h2", NODE_HOST);
	at[0] = bench_interface(network->h1, 0x0a000101, prefix_length, 1);
	at[3] = bench_interface(network->h2, by_switch ? 0x0a000102 : 0x0a000201, prefix_length, 2);
	if (by_switch) {
		network->switch_node = switch_new(world, "switch", 2);
		at[1] = switch_port(network->switch_node, 1);
		at[2] = switch_port(network->switch_node, 2);
	} else {
		network->router = bench_host(world, "router", NODE_ROUTER);
		at[1] = bench_interface(network->router, 0x0a0001fe, prefix_length, 3);
		at[2] = bench_interface(network->router, 0x0a0002fe, prefix_length, 4);
		host_add_route(network->h1, 0, 0, 0x0a0001fe, NULL);
		host_add_route(network->h2, 0, 0, 0x0a0002fe, NULL);
	}
	network->links[0] = link_new(at[0], at[1], "one", wire);
	network->links[1] = link_new(at[2], at[3], "two", wire);
}

static void network_free(struct network *network)
{
	link_free(network->links[0]);
	link_free(network->links[1]);
	host_free(network->h1);
	host_free(network->h2);
	host_free(network->router);
	if (network->switch_node != NULL)
		switch_free(network->switch_node);
}

static uint64_t frame_hops(const struct network *network)
{
	uint64_t frames = 0;

	for (int i = 0; i < INTERFACE_MAX; i++)
		frames += network->interfaces[i]->counters.sent_frames;
	return frames;
}

static void print(const struct network *network, struct world *world,
		  const struct transfer *transfer, uint64_t captured_bytes, double seconds)
{
	double hops = (double)frame_hops(network), mb = (double)transfer->received / 1e6;
	double events = (double)engine_events(world->engine);

	printf("bulk cpu=%.3f rx_mb=%.1f frame_hops=%.0f hops_per_s=%.0f mb_per_s=%.1f "
	       "captured_mb=%.0f written_mb_per_s=%.0f events=%.0f events_per_s=%.0f sim_s=%.2f "
	       "rss_mb=%.1f\n",
	       seconds, mb, hops, hops / seconds, mb / seconds, (double)captured_bytes / 1e6,
	       (double)captured_bytes / 1e6 / seconds, events, events / seconds,
	       (double)engine_now(world->engine) / 1e9, (double)bench_resident_bytes() / 1e6);
}

int main(int argc, char **argv)
{
	uint64_t bytes = (uint64_t)(bench_option(argc, argv, "mb", 200) * 1e6);
	bool by_switch = strcmp(bench_text_option(argc, argv, "via", "router"), "switch") == 0;
	struct link_config wire = {
		.rate_bps = UINT64_C(1000000000),
		.delay_ns = (int64_t)(bench_option(argc, argv, "delay", 1) * 1e6),
		.queue_bytes = QUEUE_BYTES,
	};
	struct world *world = world_new(1, 0);
	struct capture_all capture = { 0 };
	struct network network = { 0 };
	struct transfer *transfer = g_new0(struct transfer, 1);

	transfer->left = bytes;
	capture_init(&capture, world, bench_text_option(argc, argv, "capture", NULL));
	network_build(&network, world, by_switch, &wire);
	if (!capture_begin(&capture))
		return 1;
	tcp_set_receive_space(host_tcp(network.h2),
			      (uint32_t)bench_option(argc, argv, "buf", 1 << 20));
	struct tcp_listener *listener = tcp_listen(network.h2, PORT, accept_receiver, transfer);
	struct endpoint to = { network.interfaces[3]->address, PORT };
	double started = bench_seconds();

	transfer->sender = tcp_connect(network.h1, to, &sender_events, transfer);
	engine_run(world->engine, TIME_NEVER - 1);
	uint64_t captured_bytes = capture_end(&capture);

	print(&network, world, transfer, captured_bytes, bench_seconds() - started);
	tcp_listener_close(listener);
	network_free(&network);
	world_free(world);
	bool is_whole = transfer->received == bytes;

	g_free(transfer);
	return is_whole ? 0 : 1;
}
