#include "app/live_services.h"

#include <stdlib.h>
#include "stack/socket.h"
#include "stack/tcp/tcp.h"

/* RFC 864: lines of 72 of the 95 printing characters, each line beginning one further on. */
#define PATTERN_LINE_BYTES 74
#define PATTERN_LINES      95
#define PATTERN_BYTES      ((size_t)PATTERN_LINE_BYTES * PATTERN_LINES)
#define REQUEST_BYTES_MAX  32

/* Linux answers such probes at most every 500 ms (tcp_invalid_ratelimit). */
#define PROBE_INTERVAL_NS (700 * NS_PER_MS)
#define PROBES            3

struct client;

/* A service: what to do with input, with room for output, and at the end of input. */
struct service {
	uint16_t port;
	void (*opened)(struct client *client);
	void (*readable)(struct client *client);
	void (*writable)(struct client *client);
	void (*ended)(struct client *client);
};

struct door {
	struct live_services *services;
	const struct service *service;
	struct tcp_listener *listener;
};

struct live_services {
	struct host *host;
	GArray *doors;  /* of struct door */
	GList *clients; /* of struct client * */
	uint8_t pattern[2 * PATTERN_BYTES];
};

struct client {
	struct live_services *services;
	const struct service *service;
	struct stream *stream;
	GChecksum *sum; /* sum */
	uint64_t received_bytes;
	uint64_t sent_bytes, wanted_bytes; /* chargen, source */
	bool has_request;
	char request[REQUEST_BYTES_MAX];
	/* The two ends of a call, while the other is there. */
	struct client *caller; /* who asked for this connection */
	struct client *called; /* the connection that was asked for */
};

static void client_free(struct client *client)
{
	client->services->clients = g_list_remove(client->services->clients, client);
	if (client->called != NULL)
		client->called->caller = NULL;
	if (client->caller != NULL)
		client->caller->called = NULL;
	if (client->sum != NULL)
		g_checksum_free(client->sum);
	g_free(client);
}

/* Echo. */

static void echo(struct client *client)
{
	struct bytes input;

	while ((input = stream_peek(client->stream)).length > 0) {
		size_t written = stream_write(client->stream, input, false);

		stream_consume(client->stream, written);
		if (written == 0)
			return;
	}
}

static void close_now(struct client *client)
{
	stream_shutdown(client->stream);
}

/* Discard, and what sums up besides. */

static void discard(struct client *client)
{
	struct bytes input;

	while ((input = stream_peek(client->stream)).length > 0) {
		client->received_bytes += input.length;
		if (client->sum != NULL)
			g_checksum_update(client->sum, input.data, (gssize)input.length);
		stream_consume(client->stream, input.length);
	}
}

static void begin_sum(struct client *client)
{
	client->sum = g_checksum_new(G_CHECKSUM_SHA256);
}

static void tell_sum(struct client *client)
{
	char *text = g_strdup_printf("%" G_GUINT64_FORMAT " %s\n", client->received_bytes,
				     g_checksum_get_string(client->sum));

	stream_write(client->stream, bytes_of(text), false);
	stream_shutdown(client->stream);
	g_free(text);
}

/* Character generator, without end or as much as is wanted. */

static void generate(struct client *client)
{
	while (client->sent_bytes < client->wanted_bytes) {
		size_t offset = client->sent_bytes % PATTERN_BYTES;
		uint64_t left = client->wanted_bytes - client->sent_bytes;
		size_t length = left < PATTERN_BYTES ? (size_t)left : PATTERN_BYTES;
		size_t written = stream_write(
		    client->stream, (struct bytes) { client->services->pattern + offset, length },
		    left > length);

		client->sent_bytes += written;
		if (written < length)
			return;
	}
	stream_shutdown(client->stream);
}

static void begin_chargen(struct client *client)
{
	client->wanted_bytes = UINT64_MAX;
	generate(client);
}

/* Reads the line that asks for something; true once, when it is complete. */
static bool take_request(struct client *client)
{
	struct bytes input;

	while (!client->has_request && (input = stream_peek(client->stream)).length > 0) {
		char c = (char)input.data[0];

		stream_consume(client->stream, 1);
		if (c == '\n') {
			client->has_request = true;
			return true;
		}
		if (client->received_bytes < REQUEST_BYTES_MAX - 1)
			client->request[client->received_bytes++] = c;
	}
	discard(client);
	return false;
}

static void take_length(struct client *client)
{
	if (!take_request(client))
		return;
	client->wanted_bytes = strtoull(client->request, NULL, 10);
	generate(client);
}

static void generate_if_asked(struct client *client)
{
	if (client->has_request)
		generate(client);
}

static void close_unless_asked(struct client *client)
{
	if (!client->has_request)
		stream_shutdown(client->stream);
}

static void stop_generating(struct client *client)
{
	client->wanted_bytes = client->sent_bytes;
	stream_shutdown(client->stream);
}

/* Ends and life of connections. */

static void reset(struct client *client)
{
	stream_abort(client->stream);
	client_free(client);
}

static void begin_probing(struct client *client)
{
	tcp_set_keepalive(client->stream, &(struct tcp_keepalive) {
					      .idle_ns = PROBE_INTERVAL_NS,
					      .interval_ns = PROBE_INTERVAL_NS,
					      .probes = PROBES,
					  });
}

/* The host calls. */

static void call(struct client *client);

static void close_unless_calling(struct client *client)
{
	if (client->called == NULL)
		stream_shutdown(client->stream);
}

static const struct service services_offered[] = {
	{LIVE_SERVICE_ECHO,     NULL,          echo,        echo,              close_now           },
	{ LIVE_SERVICE_DISCARD, NULL,          discard,     NULL,              close_now           },
	{ LIVE_SERVICE_CHARGEN, begin_chargen, discard,     generate,          stop_generating     },
	{ LIVE_SERVICE_SUM,     begin_sum,     discard,     NULL,              tell_sum            },
	{ LIVE_SERVICE_SOURCE,  NULL,          take_length, generate_if_asked, close_unless_asked  },
	{ LIVE_SERVICE_RESET,   NULL,          reset,       NULL,              close_now           },
	{ LIVE_SERVICE_PROBE,   begin_probing, discard,     NULL,              close_now           },
	{ LIVE_SERVICE_CALL,    NULL,          call,        NULL,              close_unless_calling},
};

/* Events of streams. */

static void on_readable(void *owner)
{
	struct client *client = owner;

	client->service->readable(client);
}

static void on_writable(void *owner)
{
	struct client *client = owner;

	if (client->service->writable != NULL)
		client->service->writable(client);
}

static void on_ended(void *owner)
{
	struct client *client = owner;

	client->service->ended(client);
}

static void on_opened(void *owner)
{
	struct client *client = owner;

	if (client->service->opened != NULL)
		client->service->opened(client);
}

/* Who asked for a connection is told how it ended. */
static void tell_caller(const struct client *client, const char *text)
{
	if (client->caller == NULL)
		return;
	stream_write(client->caller->stream, bytes_of(text), false);
	stream_shutdown(client->caller->stream);
}

static void on_closed(void *owner)
{
	tell_caller(owner, "closed\n");
	client_free(owner);
}

static void on_failed(void *owner, enum stream_failure why)
{
	static const char *const texts[] = {
		[STREAM_REFUSED] = "refused\n",     [STREAM_RESET] = "reset\n",
		[STREAM_TIMED_OUT] = "timed out\n", [STREAM_UNREACHABLE] = "unreachable\n",
		[STREAM_TRUNCATED] = "truncated\n", [STREAM_INSECURE] = "insecure\n",
	};

	tell_caller(owner, texts[why]);
	client_free(owner);
}

static const struct stream_events client_events = {
	.opened = on_opened,
	.readable = on_readable,
	.writable = on_writable,
	.ended = on_ended,
	.closed = on_closed,
	.failed = on_failed,
};

static struct client *client_new(struct live_services *services, const struct service *service)
{
	struct client *client = g_new0(struct client, 1);

	client->services = services;
	client->service = service;
	services->clients = g_list_prepend(services->clients, client);
	return client;
}

static void accept_client(void *owner, struct stream *stream)
{
	struct door *door = owner;
	struct client *client = client_new(door->services, door->service);

	client->stream = stream;
	stream_listen(stream, &client_events, client);
	on_opened(client);
}

static const struct service *find_service(unsigned long port)
{
	for (size_t i = 0; i < G_N_ELEMENTS(services_offered); i++)
		if (services_offered[i].port == port)
			return &services_offered[i];
	return NULL;
}

static void call(struct client *client)
{
	const struct service *service;
	unsigned long port;
	char *rest;

	if (!take_request(client))
		return;
	port = strtoul(client->request, &rest, 10);
	service = find_service(strtoul(rest, NULL, 10));
	if (port == 0 || port > UINT16_MAX || service == NULL) {
		stream_shutdown(client->stream);
		return;
	}
	client->called = client_new(client->services, service);
	client->called->caller = client;
	client->called->stream =
	    tcp_connect(client->services->host,
			(struct endpoint) { client->stream->remote.address, (uint16_t)port },
			&client_events, client->called);
}

static void fill_pattern(struct live_services *services)
{
	for (size_t i = 0; i < sizeof services->pattern; i++) {
		size_t line = i / PATTERN_LINE_BYTES % PATTERN_LINES,
		       column = i % PATTERN_LINE_BYTES;

		services->pattern[i] = column == 72 ? '\r'
				       : column == 73
					   ? '\n'
					   : (uint8_t)(' ' + (line + column) % PATTERN_LINES);
	}
}

struct live_services *live_services_start(struct simulation *simulation, const char *name)
{
	const struct scenario_item *item =
	    scenario_lookup(simulation_scenario(simulation), SCENARIO_HOST, name);
	struct live_services *services;

	if (item == NULL)
		return NULL;
	services = g_new0(struct live_services, 1);
	services->host = network_host(simulation_network(simulation), (const void *)item);
	services->doors =
	    g_array_sized_new(FALSE, TRUE, sizeof(struct door), G_N_ELEMENTS(services_offered));
	fill_pattern(services);
	for (size_t i = 0; i < G_N_ELEMENTS(services_offered); i++) {
		struct door door = { services, &services_offered[i], NULL };

		/* The array was made large enough: doors do not move. */
		g_array_append_val(services->doors, door);
		struct door *added = &g_array_index(services->doors, struct door, i);

		added->listener =
		    tcp_listen(services->host, door.service->port, accept_client, added);
		if (added->listener == NULL) {
			live_services_stop(services);
			return NULL;
		}
	}
	return services;
}

void live_services_stop(struct live_services *services)
{
	if (services == NULL)
		return;
	for (guint i = 0; i < services->doors->len; i++) {
		struct door *door = &g_array_index(services->doors, struct door, i);

		if (door->listener != NULL)
			tcp_listener_close(door->listener);
	}
	for (GList *link = services->clients, *next; link != NULL; link = next) {
		struct client *client = link->data;

		next = link->next;
		stream_abort(client->stream);
		client_free(client);
	}
	g_array_free(services->doors, TRUE);
	g_free(services);
}
