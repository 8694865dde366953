/*
 * Memory of what stands still: idle hosts, idle established TCP connections, connections in
 * TIME-WAIT. Heap bytes in use before and after, divided by how many there are. A connection has two
 * ends; the one that closed first waits in TIME-WAIT. Option: --n=100000
 */
#include <glib.h>
#include <stdio.h>
#include "bench/bench.h"
#include "stack/link.h"
#include "stack/socket.h"

#define PORTS 4 /* a host has 28,000 ephemeral ports for each */

struct crowd {
	struct world *world;
	struct host *client, *server;
	struct stream **streams;
	unsigned count, opened;
	uint8_t greeting[50];
};

static void was_opened(void *owner)
{
	struct crowd *crowd = owner;

	crowd->opened++;
}

static void read_greeting(void *owner)
{
	struct stream *stream = *(struct stream **)owner;
	struct bytes bytes;

	while ((bytes = stream_peek(stream)).length > 0)
		stream_consume(stream, bytes.length);
}

static const struct stream_events client_events = { .readable = read_greeting };

static void release_served(void *owner)
{
	stream_release(owner);
}

static const struct stream_events served_events = { .ended = release_served };

static void accept_one(void *owner, struct stream *stream)
{
	struct crowd *crowd = owner;

	stream_listen(stream, &served_events, stream);
	stream_write(stream, (struct bytes) { crowd->greeting, sizeof crowd->greeting }, false);
	was_opened(owner);
}

static void print(const char *what, uint64_t bytes, uint64_t count)
{
	printf("memory what=%s n=%" G_GUINT64_FORMAT " bytes_each=%.0f\n", what, count,
	       (double)bytes / (double)count);
}

static void measure_hosts(unsigned count)
{
	struct world *world = world_new(1, 0);
	struct host *router = bench_host(world, "router", NODE_ROUTER);
	struct host **hosts = g_new0(struct host *, count);
	struct link **links = g_new0(struct link *, count);
	uint64_t before;

	/* The router's side is made first: what is measured is the host, its interface and cable. */
	for (unsigned i = 0; i < count; i++)
		bench_interface(router, 0x0a000002 + 4 * i, 30, 2 * i + 1);
	before = bench_heap_bytes();
	for (unsigned i = 0; i < count; i++) {
		char name[24];

		g_snprintf(name, sizeof name, "c%u", i);
		hosts[i] = bench_host(world, name, NODE_HOST);
		links[i] =
		    link_new(bench_interface(hosts[i], 0x0a000001 + 4 * i, 30, 2 * i + 2),
			     host_interface(router, i + 1), NULL, &(struct link_config) { 0 });
		host_add_route(hosts[i], 0, 0, 0x0a000002 + 4 * i, NULL);
	}
	print("idle_host", bench_heap_bytes() - before, count);
	for (unsigned i = 0; i < count; i++) {
		link_free(links[i]);
		host_free(hosts[i]);
	}
	host_free(router);
	world_free(world);
	g_free(hosts);
	g_free(links);
}

static void measure_connections(unsigned count)
{
	struct crowd crowd = { .world = world_new(1, 0), .count = count };
	struct tcp_listener *listeners[PORTS];
	uint64_t before, open_bytes;

	crowd.client = bench_host(crowd.world, "client", NODE_HOST);
	crowd.server = bench_host(crowd.world, "server", NODE_HOST);
	struct interface *ic = bench_interface(crowd.client, 0x0a000001, 24, 1);
	struct interface *is = bench_interface(crowd.server, 0x0a000002, 24, 2);
	struct link *link = link_new(ic, is, NULL,
				     &(struct link_config) {
					 .rate_bps = 10000000000,
					 .delay_ns = 1000,
					 .queue_bytes = 1 << 30,
				     });

	crowd.streams = g_new0(struct stream *, count);
	for (unsigned i = 0; i < PORTS; i++)
		listeners[i] = tcp_listen(crowd.server, (uint16_t)(1000 + i), accept_one, &crowd);
	before = bench_heap_bytes();
	for (unsigned i = 0; i < count; i++) {
		struct endpoint to = { 0x0a000002, (uint16_t)(1000 + i % PORTS) };

		crowd.streams[i] = tcp_connect(crowd.client, to, &client_events, &crowd.streams[i]);
		engine_run(crowd.world->engine, engine_now(crowd.world->engine) + 10000);
	}
	engine_run(crowd.world->engine, engine_now(crowd.world->engine) + NS_PER_S);
	open_bytes = bench_heap_bytes() - before;
	print("idle_connection_end", open_bytes, 2 * (uint64_t)crowd.opened);
	for (unsigned i = 0; i < count; i++) {
		stream_release(crowd.streams[i]);
		engine_run(crowd.world->engine, engine_now(crowd.world->engine) + 10000);
	}
	engine_run(crowd.world->engine, engine_now(crowd.world->engine) + NS_PER_S);
	print("time_wait", bench_heap_bytes() - before, crowd.opened);
	engine_run(crowd.world->engine, TIME_NEVER - 1);
	for (unsigned i = 0; i < PORTS; i++)
		tcp_listener_close(listeners[i]);
	link_free(link);
	host_free(crowd.client);
	host_free(crowd.server);
	world_free(crowd.world);
	g_free(crowd.streams);
}

int main(int argc, char **argv)
{
	unsigned count = (unsigned)bench_option(argc, argv, "n", 100000);

	measure_hosts(count);
	measure_connections(count);
	return 0;
}
