#include "protocols/dns/transport.h"

#include "protocols/adapter.h"
#include "protocols/dns/inbox.h"
#include "protocols/dns/tcp_session.h"

enum { ICMP_UNREACHABLE = 3, ICMP_TOO_LONG = 4 }; /* type and code of RFC 792 */

struct dns_transport {
	struct host *host;
	int64_t wakeup_ns;
	const struct dns_transport_events *events;
	void *owner;
	struct dns_inbox *inbox;
	GQueue channels; /* of struct channel whose exchange is under way, in order of opening */
	GQueue leaving;  /* of struct channel whose connection is being closed */
	uint64_t sends;  /* messages so far */
};

/* A UDP socket, of one exchange or several that go together. */
struct port {
	struct dns_transport *transport;
	struct udp_socket *socket;
	unsigned users;
};

/* The socket or connection of one exchange. */
struct channel {
	struct dns_transport *transport;
	GList link;
	bool is_leaving; /* the exchange is over, the connection is being closed */
	uint8_t actor;   /* the program that asks; what the answer leads to is its doing */
	uint64_t exchange;
	struct endpoint server;
	struct port *port;       /* NULL: none */
	uint16_t id;             /* of the message last sent by it */
	uint64_t sent;           /* which of all messages that was */
	struct adapter *adapter; /* of a TCP connection; NULL: none */
	struct work failure;     /* tells that nothing could be sent */
};

static struct channel *find_channel(const struct dns_transport *transport, uint64_t exchange)
{
	for (GList *link = transport->channels.head; link != NULL; link = link->next) {
		struct channel *channel = link->data;

		if (channel->exchange == exchange)
			return channel;
	}
	return NULL;
}

static void hear(void *owner, uint64_t exchange, struct endpoint from, struct bytes message)
{
	struct dns_transport *transport = owner;
	const struct channel *channel = find_channel(transport, exchange);

	if (channel != NULL)
		node_act_as(host_node(transport->host), channel->actor);
	transport->events->receive(transport->owner, exchange, from, message);
}

struct dns_transport *dns_transport_new(struct host *host, int64_t wakeup_ns,
					const struct dns_transport_events *events, void *owner)
{
	struct dns_transport *transport = g_new0(struct dns_transport, 1);

	transport->host = host;
	transport->wakeup_ns = wakeup_ns;
	transport->events = events;
	transport->owner = owner;
	transport->inbox = dns_inbox_new(host_node(host), wakeup_ns, hear, transport);
	g_queue_init(&transport->channels);
	g_queue_init(&transport->leaving);
	return transport;
}

static void tell_failure(void *owner)
{
	struct channel *channel = owner;
	struct dns_transport *transport = channel->transport;

	node_act_as(host_node(transport->host), channel->actor);
	transport->events->failed(transport->owner, channel->exchange);
}

static struct channel *new_channel(struct dns_transport *transport, uint64_t exchange,
				   struct endpoint server)
{
	struct channel *channel = g_new0(struct channel, 1);

	channel->transport = transport;
	channel->link.data = channel;
	channel->exchange = exchange;
	channel->server = server;
	channel->actor = engine_context(node_engine(host_node(transport->host)))->actor;
	work_init(&channel->failure, tell_failure, channel);
	g_queue_push_tail_link(&transport->channels, &channel->link);
	return channel;
}

static void port_release(struct port *port)
{
	if (port == NULL || --port->users > 0)
		return;
	udp_close(port->socket);
	g_free(port);
}

/* Frees a channel whose connection is gone. */
static void free_channel(struct channel *channel)
{
	struct dns_transport *transport = channel->transport;

	port_release(channel->port);
	work_cancel(node_engine(host_node(transport->host)), &channel->failure);
	g_queue_unlink(channel->is_leaving ? &transport->leaving : &transport->channels,
		       &channel->link);
	g_free(channel);
}

/* UDP */

/* Whose message it is: of those that share the port the one with its id, or any where none has it. */
static const struct channel *addressee(const struct port *port, struct bytes message)
{
	const struct channel *any = NULL;

	for (GList *link = port->transport->channels.head; link != NULL; link = link->next) {
		const struct channel *channel = link->data;

		if (channel->port != port)
			continue;
		if (message.length >= 2 && get_be16(message.data) == channel->id)
			return channel;
		if (any == NULL)
			any = channel;
	}
	return any;
}

static void datagram_came(void *owner, struct endpoint from, struct bytes payload)
{
	struct port *port = owner;
	const struct channel *channel = addressee(port, payload);

	dns_inbox_add(port->transport->inbox, channel->exchange, from, payload);
}

/* Of those that share the port the one that waits longest: errors come in the order of what they are about. */
static struct channel *waiting_longest(const struct port *port)
{
	struct channel *longest = NULL;

	for (GList *link = port->transport->channels.head; link != NULL; link = link->next) {
		struct channel *channel = link->data;

		if (channel->port == port && (longest == NULL || channel->sent < longest->sent))
			longest = channel;
	}
	return longest;
}

static void icmp_error_came(void *owner, struct endpoint to, uint8_t icmp_type, uint8_t icmp_code)
{
	(void)to;
	/* As Linux tells a connected socket; that the datagram was too long is none of its business. */
	if (icmp_type == ICMP_UNREACHABLE && icmp_code != ICMP_TOO_LONG)
		tell_failure(waiting_longest(owner));
}

static struct port *port_new(struct dns_transport *transport)
{
	struct port *port = g_new0(struct port, 1);

	port->transport = transport;
	port->users = 1;
	port->socket = udp_open(transport->host, 0, datagram_came, port);
	if (port->socket == NULL) {
		g_free(port);
		return NULL;
	}
	udp_on_error(port->socket, icmp_error_came);
	return port;
}

static bool send_datagram(struct channel *channel, struct bytes message)
{
	if (channel->port == NULL)
		channel->port = port_new(channel->transport);
	if (channel->port == NULL)
		return false;
	channel->id = get_be16(message.data);
	channel->sent = ++channel->transport->sends;
	return udp_send(channel->port->socket, channel->server, message);
}

/* TCP */

static void message_came(void *owner, struct session *session, struct bytes message)
{
	struct channel *channel = owner;
	struct dns_transport *transport = channel->transport;

	(void)session;
	if (!channel->is_leaving)
		transport->events->receive(transport->owner, channel->exchange, channel->server,
					   message);
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct channel *channel = owner;

	(void)session;
	(void)why;
	channel->adapter = NULL;
	if (channel->is_leaving)
		free_channel(channel);
	else
		tell_failure(channel);
}

static const struct stream_events no_events; /* the adapter sets its own */

static void send_over_stream(struct channel *channel, struct bytes message)
{
	struct host *host = channel->transport->host;
	struct session *session = dns_tcp_session_new(&(struct dns_tcp_config) {
	    .query = message,
	    .message = message_came,
	    .owner = channel,
	});
	struct stream *stream = tcp_connect(host, channel->server, &no_events, NULL);

	channel->adapter = adapter_new(host, stream, session, false,
				       &(struct adapter_config) {
					   .layer = LAYER_DNS,
					   .actor = (enum actor)channel->actor,
					   .wakeup_ns = channel->transport->wakeup_ns,
					   .done = connection_done,
					   .owner = channel,
				       });
}

/*
 * Takes the channel from its exchange. A connection that is open ends in order, on its own time; one
 * that is not is given up.
 */
static void close_channel(struct channel *channel)
{
	struct dns_transport *transport = channel->transport;
	struct session *session;

	if (channel->adapter == NULL) {
		free_channel(channel);
		return;
	}
	session = adapter_session(channel->adapter);
	if (session->produced_bytes == 0) {
		adapter_free(channel->adapter);
		free_channel(channel);
		return;
	}
	g_queue_unlink(&transport->channels, &channel->link);
	g_queue_push_tail_link(&transport->leaving, &channel->link);
	channel->is_leaving = true;
	dns_tcp_session_close(session);
	session_wake(session);
}

static void free_all(GQueue *channels)
{
	for (GList *link = channels->head, *next; link != NULL; link = next) {
		struct channel *channel = link->data;

		next = link->next;
		if (channel->adapter != NULL)
			adapter_free(channel->adapter);
		free_channel(channel);
	}
}

void dns_transport_free(struct dns_transport *transport)
{
	if (transport == NULL)
		return;
	free_all(&transport->channels);
	free_all(&transport->leaving);
	dns_inbox_free(transport->inbox);
	g_free(transport);
}

/* The machine's view. */

static void network_close(void *owner, uint64_t exchange)
{
	struct channel *channel = find_channel(owner, exchange);

	if (channel != NULL)
		close_channel(channel);
}

static void network_join(void *owner, uint64_t exchange, uint64_t other)
{
	struct channel *shared = find_channel(owner, other), *channel;

	if (shared == NULL || shared->port == NULL)
		return;
	channel = new_channel(owner, exchange, shared->server);
	channel->port = shared->port;
	channel->port->users++;
}

static void network_send(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
			 struct bytes message)
{
	struct dns_transport *transport = owner;
	struct channel *channel = find_channel(transport, exchange);

	/* Over to the other transport protocol, or once more over TCP: from the beginning. */
	if (channel != NULL && (over_tcp || channel->adapter != NULL)) {
		close_channel(channel);
		channel = NULL;
	}
	if (channel == NULL)
		channel = new_channel(transport, exchange, server);
	if (over_tcp)
		send_over_stream(channel, message);
	else if (!send_datagram(channel, message))
		work_defer(node_engine(host_node(transport->host)), &channel->failure);
}

static uint64_t network_new_lookup(void *owner)
{
	const struct dns_transport *transport = owner;

	return node_new_object(host_node(transport->host));
}

/* What is sent now is sent because of this step of the lookup. */
static void network_entered(void *owner, const struct dns_lookup_note *note)
{
	const struct dns_transport *transport = owner;
	struct node *node = host_node(transport->host);
	GByteArray *bytes = g_byte_array_new();

	dns_question_emit(note->name, note->type, note->zone, bytes);
	engine_context(node_engine(node))->cause =
	    trace_emit(node, NULL,
		       &(struct trace_record) {
			   .kind = TRACE_STATE,
			   .layer = LAYER_DNS,
			   .detail = note->detail,
			   .object = note->lookup,
			   .before = note->before,
			   .after = note->after,
		       },
		       (struct bytes) { bytes->data, bytes->len });
	g_byte_array_free(bytes, TRUE);
}

static void network_dropped(void *owner, enum dns_detail why, struct bytes message)
{
	const struct dns_transport *transport = owner;

	trace_emit(host_node(transport->host), NULL,
		   &(struct trace_record) {
		       .kind = TRACE_DROP,
		       .layer = LAYER_DNS,
		       .detail = (uint16_t)why,
		   },
		   message);
}

const struct dns_network dns_transport_network = {
	.send = network_send,
	.join = network_join,
	.close = network_close,
	.new_lookup = network_new_lookup,
	.entered = network_entered,
	.dropped = network_dropped,
};
