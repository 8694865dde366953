/*
 * many: K client hosts behind one router make short SMTP-like TCP transactions with one server, as
 * bench/ns3/many.cc does it: connect, greeting, 12 exchanges of 50 bytes each way, one body of 4096
 * bytes acknowledged by 50, close. Each host has a link of its own to the router.
 * Options: --k=1000  --tx=10  --spread=1 (seconds in which hosts start)  --rate=1 (Gbit/s to server)
 */
#include <glib.h>
#include <stdio.h>
#include "bench/bench.h"
#include "sim/random.h"
#include "stack/link.h"
#include "stack/socket.h"

#define PORT       25
#define LINE_BYTES 50
#define BODY_BYTES 4096
#define EXCHANGES  12
#define PAUSE_NS   (10 * NS_PER_MS)

struct bench {
	struct world *world;
	uint64_t done, closed;
	uint8_t bytes[BODY_BYTES];
};

struct client {
	struct timer start;
	struct bench *bench;
	struct host *host;
	struct stream *stream;
	struct endpoint server;
	unsigned left, step;
	size_t got;
};

struct served {
	struct bench *bench;
	struct stream *stream;
	size_t got, need;
	unsigned step;
};

/* Reads all there is; returns how much. */
static size_t drain(struct stream *stream)
{
	size_t total = 0;
	struct bytes bytes;

	while ((bytes = stream_peek(stream)).length > 0) {
		total += bytes.length;
		stream_consume(stream, bytes.length);
	}
	return total;
}

static void say(struct bench *bench, struct stream *stream, size_t length)
{
	stream_write(stream, (struct bytes) { bench->bytes, length }, false);
}

static void client_read(void *owner)
{
	struct client *client = owner;

	client->got += drain(client->stream);
	while (client->got >= LINE_BYTES) {
		client->got -= LINE_BYTES;
		if (client->step < EXCHANGES) {
			say(client->bench, client->stream, LINE_BYTES);
		} else if (client->step == EXCHANGES) {
			say(client->bench, client->stream, BODY_BYTES);
		} else {
			stream_release(client->stream);
			client->stream = NULL;
			client->bench->done++;
			if (--client->left > 0)
				timer_schedule(client->bench->world->engine, &client->start,
					       engine_now(client->bench->world->engine) + PAUSE_NS);
			return;
		}
		client->step++;
	}
}

static const struct stream_events client_events = { .readable = client_read };

static void client_start(void *owner)
{
	struct client *client = owner;

	client->step = 0;
	client->got = 0;
	client->stream = tcp_connect(client->host, client->server, &client_events, client);
}

static void served_read(void *owner)
{
	struct served *served = owner;

	served->got += drain(served->stream);
	while (served->got >= served->need) {
		served->got -= served->need;
		served->step++;
		served->need = served->step == EXCHANGES ? BODY_BYTES : LINE_BYTES;
		say(served->bench, served->stream, LINE_BYTES);
	}
}

static void served_end(void *owner)
{
	struct served *served = owner;

	served->bench->closed++;
	stream_release(served->stream);
	g_free(served);
}

static void served_failed(void *owner, enum stream_failure why)
{
	(void)why;
	g_free(owner);
}

static const struct stream_events served_events = { .readable = served_read,
						    .ended = served_end,
						    .failed = served_failed };

static void accept_client(void *owner, struct stream *stream)
{
	struct served *served = g_new0(struct served, 1);

	served->bench = owner;
	served->stream = stream;
	served->need = LINE_BYTES;
	stream_listen(stream, &served_events, served);
	say(served->bench, stream, LINE_BYTES);
}

int main(int argc, char **argv)
{
	unsigned k = (unsigned)bench_option(argc, argv, "k", 1000);
	unsigned tx = (unsigned)bench_option(argc, argv, "tx", 10);
	double spread = bench_option(argc, argv, "spread", 1);
	struct link_config access = { .rate_bps = 1000000000, .delay_ns = NS_PER_MS };
	struct link_config trunk = {
		.rate_bps = (uint64_t)(bench_option(argc, argv, "rate", 1) * 1e9),
		.delay_ns = NS_PER_MS,
	};
	double setup_started = bench_seconds();
	uint64_t before_bytes = bench_resident_bytes();
	struct bench bench = { .world = world_new(1, 0) };
	struct host *router = bench_host(bench.world, "router", NODE_ROUTER);
	struct host *server = bench_host(bench.world, "server", NODE_HOST);
	struct interface *is = bench_interface(server, 0xc0000201, 24, 1);
	link_new(bench_interface(router, 0xc0000202, 24, 2), is, NULL, &trunk);
	struct client *clients = g_new0(struct client, k);
	struct link **links = g_new0(struct link *, k);
	struct random_stream random;

	host_add_route(server, 0, 0, 0xc0000202, NULL);
	random_init(&random, 1, "bench", "start");
	for (unsigned i = 0; i < k; i++) {
		uint32_t base = 0x0a000000 + i * 4;
		char name[24];

		g_snprintf(name, sizeof name, "c%u", i);
		clients[i].bench = &bench;
		clients[i].host = bench_host(bench.world, name, NODE_HOST);
		clients[i].server = (struct endpoint) { is->address, PORT };
		clients[i].left = tx;
		links[i] =
		    link_new(bench_interface(clients[i].host, base + 1, 30, 4 * i + 3),
			     bench_interface(router, base + 2, 30, 4 * i + 4), NULL, &access);
		host_add_route(clients[i].host, 0, 0, base + 2, NULL);
		timer_init(&clients[i].start, host_node(clients[i].host)->index, client_start,
			   &clients[i]);
		timer_schedule(bench.world->engine, &clients[i].start,
			       (int64_t)((double)random_below(&random, 1000000000) * spread));
	}
	uint64_t idle_bytes = bench_resident_bytes() - before_bytes;
	struct tcp_listener *listener = tcp_listen(server, PORT, accept_client, &bench);
	double started = bench_seconds();

	engine_run(bench.world->engine, 3600 * NS_PER_S);
	double seconds = bench_seconds() - started;
	uint64_t hops = bench_frames_sent(router) + bench_frames_sent(server);
	double load = (double)is->counters.received_bytes * 8 /
		      ((double)engine_now(bench.world->engine) / 1e9) / (double)trunk.rate_bps;

	for (unsigned i = 0; i < k; i++)
		hops += bench_frames_sent(clients[i].host);
	printf("many k=%u tx=%u setup=%.3f cpu=%.3f done=%" G_GUINT64_FORMAT
	       " closed=%" G_GUINT64_FORMAT
	       " tx_per_s=%.0f us_per_tx=%.2f frame_hops=%" G_GUINT64_FORMAT
	       " hops_per_s=%.0f events=%" G_GUINT64_FORMAT
	       " sim_s=%.2f load=%.2f rss_mb=%.1f bytes_per_host=%.0f\n",
	       k, tx, started - setup_started, seconds, bench.done, bench.closed,
	       (double)bench.done / seconds, seconds * 1e6 / (double)bench.done, hops,
	       (double)hops / seconds, engine_events(bench.world->engine),
	       (double)engine_now(bench.world->engine) / 1e9, load,
	       (double)bench_resident_bytes() / 1e6, (double)idle_bytes / k);
	tcp_listener_close(listener);
	return bench.done == (uint64_t)k * tx ? 0 : 1;
}
