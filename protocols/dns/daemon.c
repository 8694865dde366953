#include "protocols/dns/daemon.h"

#include "protocols/adapter.h"
#include "protocols/dns/inbox.h"
#include "protocols/dns/tcp_session.h"
#include "protocols/dns/transport.h"

struct dns_daemon {
	struct host *host;
	int64_t wakeup_ns;
	struct dns_authority *authority;
	struct dns_cache *cache;         /* NULL without recursion, */
	struct dns_recursion *recursion; /* as well as this, */
	struct dns_transport *transport; /* and this, which the recursion asks by */
	struct timer deadline;           /* of the recursion */
	struct dns_server *server;
	struct udp_socket *socket;
	struct dns_inbox *inbox; /* queries that came over UDP */
	struct tcp_listener *listener;
	GQueue connections; /* of struct connection, in order of arrival */
	uint64_t numbers;   /* of connections */
};

struct connection {
	struct dns_daemon *daemon;
	GList link;
	uint64_t number;
	struct endpoint remote;
	struct adapter *adapter;
};

/* Trace */

static void cache_changed(void *owner, enum dns_cache_change change,
			  const struct dns_cache_entry *entry)
{
	static const uint16_t details[] = {
		[DNS_CACHE_ADDED] = DNS_ROW_ADDED,
		[DNS_CACHE_EXPIRED] = DNS_ROW_EXPIRED,
		[DNS_CACHE_EVICTED] = DNS_ROW_EVICTED,
		[DNS_CACHE_REPLACED] = DNS_ROW_REPLACED,
	};
	const struct dns_daemon *daemon = owner;
	GByteArray *row = g_byte_array_new();
	bool is_new = change == DNS_CACHE_ADDED;

	dns_row_emit(entry, row);
	trace_emit(host_node(daemon->host), NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_DNS,
		       .detail = details[change],
		       .object = entry->number,
		       .before = is_new ? 0 : (uint64_t)entry->expires_ns,
		       .after = is_new ? (uint64_t)entry->expires_ns : 0,
		   },
		   (struct bytes) { row->data, row->len });
	g_byte_array_free(row, TRUE);
}

/* The recursion's side */

static void settle(struct dns_daemon *daemon)
{
	struct engine *engine = node_engine(host_node(daemon->host));
	int64_t deadline_ns =
	    daemon->recursion == NULL ? TIME_NEVER : dns_recursion_deadline(daemon->recursion);

	if (deadline_ns == TIME_NEVER)
		timer_cancel(engine, &daemon->deadline);
	else if (deadline_ns != daemon->deadline.deadline_ns)
		timer_schedule(engine, &daemon->deadline, deadline_ns);
}

static void deadline_came(void *owner)
{
	struct dns_daemon *daemon = owner;

	dns_recursion_expire(daemon->recursion, node_now(host_node(daemon->host)));
	settle(daemon);
}

static void response_came(void *owner, uint64_t exchange, struct endpoint from,
			  struct bytes message)
{
	struct dns_daemon *daemon = owner;

	dns_recursion_receive(daemon->recursion, node_now(host_node(daemon->host)), exchange, from,
			      message);
	settle(daemon);
}

static void exchange_failed(void *owner, uint64_t exchange)
{
	struct dns_daemon *daemon = owner;

	dns_recursion_failed(daemon->recursion, node_now(host_node(daemon->host)), exchange);
	settle(daemon);
}

static const struct dns_transport_events transport_events = {
	.receive = response_came,
	.failed = exchange_failed,
};

static bool start_recursion(struct dns_daemon *daemon, const struct dns_daemon_config *config)
{
	struct node *node = host_node(daemon->host);
	unsigned entries = config->cache_entries == 0 ? DNS_CACHE_ENTRIES : config->cache_entries;
	struct dns_recursion_config recursion = {
		.root_hints = config->root_hints,
		.root_hint_count = config->root_hint_count,
		.authority = daemon->authority,
		.network = &dns_transport_network,
	};

	daemon->cache = dns_cache_new(entries, cache_changed, daemon);
	daemon->transport =
	    dns_transport_new(daemon->host, daemon->wakeup_ns, &transport_events, daemon);
	recursion.cache = daemon->cache;
	recursion.owner = daemon->transport;
	node_random_init(node, &recursion.random, "dns.recursion");
	daemon->recursion = dns_recursion_new(&recursion);
	return daemon->recursion != NULL;
}

/* The clients' side */

static struct connection *find_connection(const struct dns_daemon *daemon, uint64_t number)
{
	for (GList *link = daemon->connections.head; link != NULL; link = link->next) {
		struct connection *connection = link->data;

		if (connection->number == number)
			return connection;
	}
	return NULL;
}

static void reply_over_stream(struct dns_daemon *daemon, uint64_t number, struct bytes message)
{
	struct connection *connection = find_connection(daemon, number);

	if (connection == NULL)
		return;
	struct session *session = adapter_session(connection->adapter);
	dns_tcp_session_send(session, message);
	session_wake(session);
}

static void reply(void *owner, const struct dns_client *client, struct bytes message)
{
	struct dns_daemon *daemon = owner;
	struct context *context = engine_context(node_engine(host_node(daemon->host)));
	uint64_t root_before = context->root;

	/* One response may answer several clients, each for a reason of its own. */
	context->root = client->root;
	if (client->connection == 0)
		udp_send(daemon->socket, client->address, message);
	else
		reply_over_stream(daemon, client->connection, message);
	context->root = root_before;
}

static void handle_query(struct dns_daemon *daemon, uint64_t connection, struct endpoint from,
			 struct bytes message)
{
	struct node *node = host_node(daemon->host);
	const struct dns_client client = {
		.address = from,
		.connection = connection,
		.root = engine_context(node_engine(node))->root,
	};

	node_act_as(node, ACTOR_DNS);
	dns_server_receive(daemon->server, node_now(node), &client, message);
	settle(daemon);
}

static void datagram_came(void *owner, struct endpoint from, struct bytes payload)
{
	struct dns_daemon *daemon = owner;

	dns_inbox_add(daemon->inbox, 0, from, payload);
}

static void query_due(void *owner, uint64_t tag, struct endpoint from, struct bytes message)
{
	(void)tag;
	handle_query(owner, 0, from, message);
}

static void message_came(void *owner, struct session *session, struct bytes message)
{
	struct connection *connection = owner;

	(void)session;
	handle_query(connection->daemon, connection->number, connection->remote, message);
}

static void free_connection(struct connection *connection)
{
	dns_server_forget(connection->daemon->server, connection->number);
	g_queue_unlink(&connection->daemon->connections, &connection->link);
	g_free(connection);
}

static void connection_done(void *owner, struct session *session, int why)
{
	(void)session;
	(void)why;
	free_connection(owner);
}

static void accept_connection(void *owner, struct stream *stream)
{
	struct dns_daemon *daemon = owner;

	if (daemon->connections.length >= DNS_TCP_CLIENTS_MAX) {
		stream_abort(stream);
		return;
	}
	struct connection *connection = g_new0(struct connection, 1);
	struct session *session = dns_tcp_session_new(&(struct dns_tcp_config) {
	    .is_server = true,
	    .message = message_came,
	    .owner = connection,
	});

	connection->daemon = daemon;
	connection->link.data = connection;
	connection->number = ++daemon->numbers;
	connection->remote = stream->remote;
	g_queue_push_tail_link(&daemon->connections, &connection->link);
	connection->adapter = adapter_new(daemon->host, stream, session, true,
					  &(struct adapter_config) {
					      .layer = LAYER_DNS,
					      .actor = ACTOR_DNS,
					      .wakeup_ns = daemon->wakeup_ns,
					      .done = connection_done,
					      .owner = connection,
					  });
}

/* Life */

static bool take_zones(struct dns_daemon *daemon, const struct dns_daemon_config *config)
{
	bool are_added = true;

	daemon->authority = dns_authority_new();
	for (unsigned i = 0; i < config->zone_count; i++)
		are_added &= dns_authority_add(daemon->authority, config->zones[i]);
	return are_added;
}

static void make_server(struct dns_daemon *daemon, const struct dns_daemon_config *config)
{
	daemon->server = dns_server_new(&(struct dns_server_config) {
	    .authority = daemon->authority,
	    .recursion = daemon->recursion,
	    .recursion_for = config->recursion_for,
	    .recursion_for_count = config->recursion_for_count,
	    .reply = reply,
	    .owner = daemon,
	});
}

static bool listen_on_port(struct dns_daemon *daemon)
{
	daemon->inbox =
	    dns_inbox_new(host_node(daemon->host), daemon->wakeup_ns, query_due, daemon);
	uint8_t before = node_act_as(host_node(daemon->host), ACTOR_DNS);

	daemon->socket = udp_open(daemon->host, DNS_PORT, datagram_came, daemon);
	daemon->listener = tcp_listen(daemon->host, DNS_PORT, accept_connection, daemon);
	node_act_as(host_node(daemon->host), before);
	return daemon->socket != NULL && daemon->listener != NULL;
}

struct dns_daemon *dns_daemon_start(struct host *host, const struct dns_daemon_config *config)
{
	struct dns_daemon *daemon = g_new0(struct dns_daemon, 1);

	daemon->host = host;
	daemon->wakeup_ns = config->wakeup_ns;
	g_queue_init(&daemon->connections);
	timer_init(&daemon->deadline, host_node(host)->index, deadline_came, daemon);
	bool is_started = take_zones(daemon, config) &&
			  (!config->offers_recursion || start_recursion(daemon, config));
	make_server(daemon, config);
	if (is_started && listen_on_port(daemon))
		return daemon;
	dns_daemon_stop(daemon);
	return NULL;
}

void dns_daemon_stop(struct dns_daemon *daemon)
{
	if (daemon == NULL)
		return;
	if (daemon->listener != NULL)
		tcp_listener_close(daemon->listener);
	udp_close(daemon->socket);
	for (GList *link = daemon->connections.head, *next; link != NULL; link = next) {
		struct connection *connection = link->data;

		next = link->next;
		adapter_free(connection->adapter);
		free_connection(connection);
	}
	dns_inbox_free(daemon->inbox);
	dns_server_free(daemon->server);
	timer_cancel(node_engine(host_node(daemon->host)), &daemon->deadline);
	dns_recursion_free(daemon->recursion);
	dns_transport_free(daemon->transport);
	dns_cache_free(daemon->cache);
	dns_authority_free(daemon->authority);
	g_free(daemon);
}
