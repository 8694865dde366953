#include "protocols/pop3/server.h"

#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "protocols/pop3/session.h"
#include "sim/world.h"

struct pop3_server {
	struct host *host;
	struct pop3_server_config config;
	char *host_name;
	GPtrArray *listeners; /* of struct tcp_listener * */
	GList *connections;   /* of struct connection *, newest first */
	struct linger_pool *lingers;
	uint64_t accepted; /* so many, for time stamps */
};

struct connection {
	struct pop3_server *server;
	struct adapter *adapter;
	bool is_turned_away;
};

static void connection_done(void *owner, struct session *session, int why)
{
	struct connection *connection = owner;

	(void)session;
	(void)why;
	connection->server->connections =
	    g_list_remove(connection->server->connections, connection);
	g_free(connection);
}

/* timestamp = "<" process "." clock "@" host ">" (RFC 1939 section 7) */
static char *new_timestamp(struct pop3_server *server)
{
	if (server->host_name == NULL)
		return NULL;
	return g_strdup_printf("<%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT "@%s>",
			       ++server->accepted, world_unix_time(host_node(server->host)->world),
			       server->host_name);
}

static bool is_full(const struct pop3_server *server)
{
	unsigned limit = server->config.session_limit, count = 0;

	for (const GList *link = server->connections; link != NULL; link = link->next)
		count += !((const struct connection *)link->data)->is_turned_away;
	return count >= (limit != 0 ? limit : POP3_SESSIONS);
}

static void begin_session(struct pop3_server *server, struct stream *stream, bool begins_with_tls)
{
	struct connection *connection = g_new0(struct connection, 1);
	bool is_turned_away = is_full(server);
	char *timestamp = new_timestamp(server);
	struct session *session = pop3_session_new(&(struct pop3_session_config) {
	    .store = server->config.store,
	    .software = server->config.software,
	    .timestamp = timestamp,
	    .sasl = {server->host_name, server->config.random, server->config.keys},
	    .without = server->config.without,
	    .no_mechanisms = server->config.no_mechanisms,
	    .refusal_delay_ns = server->config.refusal_delay_ns,
	    .offers_tls = server->config.tls != NULL,
	    .hides_login = server->config.hides_login,
	    .is_turned_away = is_turned_away,
	});

	g_free(timestamp);
	connection->server = server;
	connection->is_turned_away = is_turned_away;
	server->connections = g_list_prepend(server->connections, connection);
	connection->adapter = adapter_new(server->host, stream, session, true,
					  &(struct adapter_config) {
					      .layer = LAYER_POP3,
					      .actor = ACTOR_MAILBOX,
					      .wakeup_ns = server->config.wakeup_ns,
					      .lingers = server->lingers,
					      .tls = server->config.tls,
					      .begins_with_tls = begins_with_tls,
					      .done = connection_done,
					      .owner = connection,
					  });
}

static void accept_connection(void *owner, struct stream *stream)
{
	begin_session(owner, stream, false);
}

static void accept_tls_connection(void *owner, struct stream *stream)
{
	begin_session(owner, stream, true);
}

static bool listen_on(struct pop3_server *server, uint16_t port, tcp_accept_fn *accept)
{
	uint8_t before = node_act_as(host_node(server->host), ACTOR_MAILBOX);
	struct tcp_listener *listener = tcp_listen(server->host, port, accept, server);

	node_act_as(host_node(server->host), before);
	if (listener != NULL)
		g_ptr_array_add(server->listeners, listener);
	return listener != NULL;
}

struct pop3_server *pop3_server_start(struct host *host, const struct pop3_server_config *config)
{
	static const uint16_t default_port = POP3_PORT;
	const uint16_t *ports = config->ports != NULL ? config->ports : &default_port;
	size_t port_count =
	    config->ports != NULL ? config->port_count : config->tls_port_count == 0;
	struct pop3_server *server = g_new0(struct pop3_server, 1);

	server->host = host;
	server->config = *config;
	server->host_name = g_strdup(config->host_name);
	server->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)tcp_listener_close);
	server->lingers = linger_pool_new(host_node(host));
	bool is_open = true;

	for (size_t i = 0; i < port_count; i++)
		is_open = is_open && listen_on(server, ports[i], accept_connection);
	for (size_t i = 0; i < config->tls_port_count; i++)
		is_open = is_open && listen_on(server, config->tls_ports[i], accept_tls_connection);
	if (!is_open) {
		pop3_server_stop(server);
		return NULL;
	}
	return server;
}

void pop3_server_stop(struct pop3_server *server)
{
	if (server == NULL)
		return;
	g_ptr_array_unref(server->listeners);
	while (server->connections != NULL) {
		struct connection *connection = server->connections->data;

		server->connections = g_list_delete_link(server->connections, server->connections);
		adapter_free(connection->adapter);
		g_free(connection);
	}
	linger_pool_free(server->lingers);
	g_free(server->host_name);
	g_free(server);
}
