#include "app/live_services.h"

#include <stdlib.h>
#include "stack/socket.h"

/* RFC 864: lines of 72 of the 95 printing characters, each line beginning one further on. */
#define PATTERN_LINE_BYTES 74
#define PATTERN_LINES      95
#define PATTERN_BYTES      ((size_t)PATTERN_LINE_BYTES * PATTERN_LINES)
#define REQUEST_BYTES_MAX  32

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
};

static void client_free(struct client *client)
{
	client->services->clients = g_list_remove(client->services->clients, client);
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

static void take_request(struct client *client)
{
	struct bytes input;

	while (!client->has_request && (input = stream_peek(client->stream)).length > 0) {
		char c = (char)input.data[0];

		stream_consume(client->stream, 1);
		if (c == '\n') {
			client->has_request = true;
			client->wanted_bytes = strtoull(client->request, NULL, 10);
			generate(client);
			return;
		}
		if (client->received_bytes < REQUEST_BYTES_MAX - 1)
			client->request[client->received_bytes++] = c;
	}
	discard(client);
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

static const struct service services_offered[] = {
	{LIVE_SERVICE_ECHO,     NULL,          echo,         echo,              close_now         },
	{ LIVE_SERVICE_DISCARD, NULL,          discard,      NULL,              close_now         },
	{ LIVE_SERVICE_CHARGEN, begin_chargen, discard,      generate,          stop_generating   },
	{ LIVE_SERVICE_SUM,     begin_sum,     discard,      NULL,              tell_sum          },
	{ LIVE_SERVICE_SOURCE,  NULL,          take_request, generate_if_asked, close_unless_asked},
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

static void on_closed(void *owner)
{
	client_free(owner);
}

static void on_failed(void *owner, enum stream_failure why)
{
	(void)why;
	client_free(owner);
}

static const struct stream_events client_events = {
	.readable = on_readable,
	.writable = on_writable,
	.ended = on_ended,
	.closed = on_closed,
	.failed = on_failed,
};

static void accept_client(void *owner, struct stream *stream)
{
	struct door *door = owner;
	struct client *client = g_new0(struct client, 1);

	client->services = door->services;
	client->service = door->service;
	client->stream = stream;
	door->services->clients = g_list_prepend(door->services->clients, client);
	stream_listen(stream, &client_events, client);
	if (door->service->opened != NULL)
		door->service->opened(client);
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
