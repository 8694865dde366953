/*
 * A network for tests of programs: hosts, streams and DNS without packets, in virtual time. It takes
 * the place of stack/socket.h and protocols/dns/resolver.h when the one test that needs it includes
 * this file; so it is a header with definitions, to be included once in a program.
 *
 * Bytes take NETWORK_DELAY_NS from host to host. A connection to a port where nobody listens is
 * refused, one to an address without a host times out.
 */
#pragma once
#include <check.h>
#include "protocols/dns/resolver.h"
#include "sim/world.h"
#include "stack/socket.h"

#define NETWORK_DELAY_NS (1 * NS_PER_MS)
#define NETWORK_HOSTS    8
#define NETWORK_RECORDS  32

struct host {
	struct node node;
	struct network *network;
	uint32_t address;
	bool is_down;         /* as if there were no host */
	GPtrArray *listeners; /* of struct tcp_listener * */
};

struct tcp_listener {
	struct host *host;
	uint16_t port;
	tcp_accept_fn *accept;
	void *owner;
};

struct network {
	struct world *world;
	struct host hosts[NETWORK_HOSTS];
	unsigned host_count;
	struct {
		char *name, *data;
		uint16_t type;
		enum dns_outcome outcome;
	} records[NETWORK_RECORDS];
	unsigned record_count;
	unsigned connections; /* opened so far */
	/* Sees what a server is about to say; true: the connection breaks instead. May be NULL. */
	bool (*breaks)(void *owner, struct bytes said);
	void *owner;
};

/* One end of a connection. It goes when both ends were given up. */
struct end {
	struct stream stream; /* first */
	struct host *host;
	struct end *peer; /* NULL: gone */
	GByteArray *arrived, *on_the_way;
	struct timer arrival, ending, failing, opening;
	uint16_t port; /* to connect to */
	bool is_given_up, is_shut, has_told_end;
	enum stream_failure why;
};

static struct engine *engine_of(const struct end *end)
{
	return node_engine(&end->host->node);
}

static int64_t soon(const struct end *end)
{
	return node_now(&end->host->node) + NETWORK_DELAY_NS;
}

static void end_free(struct end *end)
{
	timer_cancel(engine_of(end), &end->arrival);
	timer_cancel(engine_of(end), &end->ending);
	timer_cancel(engine_of(end), &end->failing);
	timer_cancel(engine_of(end), &end->opening);
	g_byte_array_unref(end->arrived);
	g_byte_array_unref(end->on_the_way);
	if (end->peer != NULL)
		end->peer->peer = NULL;
	g_free(end);
}

static void end_arrives(void *owner)
{
	struct end *end = owner;

	if (end->stream.events == NULL || end->on_the_way->len == 0)
		return;
	g_byte_array_append(end->arrived, end->on_the_way->data, end->on_the_way->len);
	g_byte_array_set_size(end->on_the_way, 0);
	end->stream.events->readable(end->stream.owner);
}

static void end_ends(void *owner)
{
	struct end *end = owner;

	end_arrives(end);
	if (end->arrived->len > 0)
		timer_schedule(engine_of(end), &end->ending, soon(end));
	else
		end->stream.events->ended(end->stream.owner);
}

static void end_fails(void *owner)
{
	struct end *end = owner;
	const struct stream_events *events = end->stream.events;
	void *user = end->stream.owner;

	events->failed(user, end->why);
	end_free(end);
}

static struct bytes end_peek(struct stream *stream)
{
	struct end *end = (struct end *)stream;

	return (struct bytes) { end->arrived->data, end->arrived->len };
}

static void end_consume(struct stream *stream, size_t length)
{
	g_byte_array_remove_range(((struct end *)stream)->arrived, 0, (guint)length);
	stream->consumed_bytes += length;
}

static void end_break(struct end *end, enum stream_failure why)
{
	if (end == NULL || end->is_given_up)
		return;
	end->why = why;
	timer_cancel(engine_of(end), &end->arrival);
	timer_schedule(engine_of(end), &end->failing, soon(end));
}

static size_t end_write(struct stream *stream, struct bytes bytes, bool more)
{
	struct end *end = (struct end *)stream;
	struct network *network = end->host->network;

	(void)more;
	stream->written_bytes += bytes.length;
	if (network->breaks != NULL && end->port == 0 && network->breaks(network->owner, bytes)) {
		end_break(end->peer, STREAM_RESET);
		end_break(end, STREAM_RESET);
	} else if (end->peer != NULL && !end->peer->is_given_up) {
		g_byte_array_append(end->peer->on_the_way, bytes.data, (guint)bytes.length);
		timer_schedule(engine_of(end), &end->peer->arrival, soon(end));
	}
	return bytes.length;
}

static void end_shutdown(struct stream *stream)
{
	struct end *end = (struct end *)stream;

	if (!end->is_shut && end->peer != NULL && !end->peer->is_given_up)
		timer_schedule(engine_of(end), &end->peer->ending, soon(end));
	end->is_shut = true;
}

static void end_release(struct stream *stream)
{
	struct end *end = (struct end *)stream;

	end_shutdown(stream);
	end_free(end);
}

static void end_abort(struct stream *stream)
{
	struct end *end = (struct end *)stream;

	end_break(end->peer, STREAM_RESET);
	end_free(end);
}

static const struct stream_operations end_operations = {
	.peek = end_peek,
	.consume = end_consume,
	.write = end_write,
	.shutdown = end_shutdown,
	.abort = end_abort,
	.release = end_release,
};

static void end_opens(void *owner);

static struct end *end_new(struct host *host, struct endpoint remote)
{
	struct end *end = g_new0(struct end, 1);

	end->stream.operations = &end_operations;
	end->stream.local.address = host->address;
	end->stream.remote = remote;
	end->host = host;
	end->arrived = g_byte_array_new();
	end->on_the_way = g_byte_array_new();
	timer_init(&end->arrival, host->node.index, end_arrives, end);
	timer_init(&end->ending, host->node.index, end_ends, end);
	timer_init(&end->failing, host->node.index, end_fails, end);
	timer_init(&end->opening, host->node.index, end_opens, end);
	return end;
}

static struct host *network_host_at(struct network *network, uint32_t address)
{
	for (unsigned i = 0; i < network->host_count; i++)
		if (network->hosts[i].address == address && !network->hosts[i].is_down)
			return &network->hosts[i];
	return NULL;
}

static struct tcp_listener *listener_on(struct host *host, uint16_t port)
{
	for (guint i = 0; i < host->listeners->len; i++) {
		struct tcp_listener *listener = g_ptr_array_index(host->listeners, i);

		if (listener->port == port)
			return listener;
	}
	return NULL;
}

static void end_opens(void *owner)
{
	struct end *end = owner;
	struct network *network = end->host->network;
	struct host *host = network_host_at(network, end->stream.remote.address);
	struct tcp_listener *listener = host == NULL ? NULL : listener_on(host, end->port);

	if (listener == NULL) {
		end->why = host == NULL ? STREAM_TIMED_OUT : STREAM_REFUSED;
		end_fails(end);
		return;
	}
	network->connections++;
	end->peer = end_new(host, (struct endpoint) { end->host->address, 49152 });
	end->peer->peer = end;
	listener->accept(listener->owner, &end->peer->stream);
	end->stream.events->opened(end->stream.owner);
}

struct stream *tcp_connect(struct host *host, struct endpoint remote,
			   const struct stream_events *events, void *owner)
{
	struct end *end = end_new(host, remote);

	stream_listen(&end->stream, events, owner);
	end->port = remote.port;
	timer_schedule(engine_of(end), &end->opening, soon(end));
	return &end->stream;
}

struct tcp_listener *tcp_listen(struct host *host, uint16_t port, tcp_accept_fn *accept,
				void *owner)
{
	struct tcp_listener *listener = g_new0(struct tcp_listener, 1);

	*listener = (struct tcp_listener) { host, port, accept, owner };
	g_ptr_array_add(host->listeners, listener);
	return listener;
}

void tcp_listener_close(struct tcp_listener *listener)
{
	g_ptr_array_remove(listener->host->listeners, listener);
	g_free(listener);
}

struct node *host_node(struct host *host)
{
	return &host->node;
}

/* DNS. A resolver is a host of the network; names without records do not exist. */

struct dns_query {
	struct network *network;
	char *name;
	uint16_t type;
	dns_done_fn *done;
	void *owner;
	struct timer timer;
};

static void query_free(struct dns_query *query)
{
	timer_cancel(query->network->world->engine, &query->timer);
	g_free(query->name);
	g_free(query);
}

static enum dns_outcome collect_records(const struct dns_query *query, struct dns_message *message)
{
	struct network *network = query->network;
	enum dns_outcome outcome = DNS_NO_NAME;
	struct dns_name_buffer buffer;

	for (unsigned i = 0; i < network->record_count; i++) {
		struct dns_record record = { .type = query->type, .class = DNS_IN };
		GByteArray *data;

		if (g_ascii_strcasecmp(network->records[i].name, query->name) != 0)
			continue;
		if (network->records[i].outcome == DNS_FAILED)
			return DNS_FAILED;
		if (outcome == DNS_NO_NAME)
			outcome = DNS_NO_DATA;
		if (network->records[i].type != query->type)
			continue;
		data = g_byte_array_new();
		ck_assert(dns_name_from_text(query->name, &buffer, &record.name));
		ck_assert(dns_data_from_text(query->type, network->records[i].data, data));
		record.data = (struct bytes) { data->data, data->len };
		dns_message_add(message, DNS_ANSWER, &record);
		g_byte_array_unref(data);
		outcome = DNS_FOUND;
	}
	return outcome;
}

static void query_answered(void *owner)
{
	struct dns_query *query = owner;
	struct dns_message *message = dns_message_new();
	struct dns_answer answer = { collect_records(query, message), message };
	dns_done_fn *done = query->done;
	void *user = query->owner;

	query_free(query);
	done(user, &answer);
	dns_message_free(message);
}

struct dns_query *dns_resolve(struct dns_resolver *resolver, const char *name, uint16_t type,
			      dns_done_fn *done, void *owner)
{
	struct host *host = (struct host *)resolver;
	struct dns_query *query = g_new0(struct dns_query, 1);

	query->network = host->network;
	query->name = g_strdup(name);
	query->type = type;
	query->done = done;
	query->owner = owner;
	timer_init(&query->timer, host->node.index, query_answered, query);
	timer_schedule(host->network->world->engine, &query->timer,
		       engine_now(host->network->world->engine) + NETWORK_DELAY_NS);
	return query;
}

struct dns_query *dns_resolve_too(struct dns_resolver *resolver, struct dns_query *first,
				  uint16_t type, dns_done_fn *done, void *owner)
{
	return dns_resolve(resolver, first->name, type, done, owner);
}

void dns_cancel(struct dns_query *query)
{
	query_free(query);
}

/* Building it. */

static void network_init(struct network *network)
{
	*network = (struct network) { .world = world_new(7, 1795310098) };
}

static struct host *network_add_host(struct network *network, const char *name, uint32_t address)
{
	struct host *host = &network->hosts[network->host_count++];

	host->network = network;
	host->address = address;
	host->listeners = g_ptr_array_new();
	node_init(&host->node, network->world, name, NODE_HOST);
	return host;
}

static void network_add_record(struct network *network, const char *name, uint16_t type,
			       const char *data)
{
	unsigned i = network->record_count++;

	network->records[i].name = g_strdup(name);
	network->records[i].data = g_strdup(data);
	network->records[i].type = type;
	network->records[i].outcome = DNS_FOUND;
}

static void network_clear(struct network *network)
{
	for (unsigned i = 0; i < network->host_count; i++)
		g_ptr_array_unref(network->hosts[i].listeners);
	for (unsigned i = 0; i < network->record_count; i++) {
		g_free(network->records[i].name);
		g_free(network->records[i].data);
	}
	world_free(network->world);
}
