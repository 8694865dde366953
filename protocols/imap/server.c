#include "protocols/imap/server.h"

#include "protocols/adapter.h"
#include "protocols/imap/session.h"
#include "protocols/layer.h"

struct imap_server {
	struct host *host;
	struct imap_server_config config;
	char *host_name;
	GPtrArray *listeners; /* of struct tcp_listener * */
	GList *connections;   /* of struct connection *, newest first */
	struct linger_pool *lingers;
};

struct connection {
	struct imap_server *server;
	struct adapter *adapter;
	struct session *session;
	uint32_t address; /* of the client */
	bool is_turned_away;
};

static void connection_done(void *owner, struct session *session, int why)
{
	struct connection *connection = owner;
	struct imap_server *server = connection->server;

	(void)session;
	(void)why;
	server->connections = g_list_remove(server->connections, connection);
	g_free(connection);
}

static unsigned limit_or(unsigned configured, unsigned fallback)
{
	return configured != 0 ? configured : fallback;
}

static bool is_full(const struct imap_server *server)
{
	unsigned count = 0;

	for (const GList *link = server->connections; link != NULL; link = link->next)
		count += !((const struct connection *)link->data)->is_turned_away;
	return count >= limit_or(server->config.session_limit, IMAP_SESSIONS);
}

/* A limit of Dovecot, and its words. */
static char *refuse_login(void *owner, const struct account *account)
{
	const struct connection *connection = owner;
	const struct imap_server *server = connection->server;
	unsigned limit = limit_or(server->config.per_user_limit, IMAP_PER_USER), count = 0;

	for (const GList *link = server->connections; link != NULL; link = link->next) {
		const struct connection *other = link->data;

		count += other->address == connection->address &&
			 imap_session_account(other->session) == account;
	}
	if (count < limit)
		return NULL;
	return g_strdup_printf("[UNAVAILABLE] Maximum number of connections from user+IP exceeded "
			       "(mail_max_userip_connections=%u)",
			       limit);
}

static void begin_session(struct imap_server *server, struct stream *stream, bool begins_with_tls)
{
	struct connection *connection = g_new0(struct connection, 1);
	bool is_turned_away = is_full(server);
	struct session *session = imap_session_new(&(struct imap_session_config) {
	    .store = server->config.store,
	    .software = server->config.software,
	    .message_bytes_max = server->config.message_bytes_max,
	    .why_turned_away = is_turned_away ? "[UNAVAILABLE] Too many connections." : NULL,
	    .refuse_login = refuse_login,
	    .owner = connection,
	    .sasl = {server->host_name, server->config.random, server->config.keys},
	    .without = server->config.without,
	    .offers_tls = server->config.tls != NULL,
	    .hides_login = server->config.hides_login,
	});

	connection->server = server;
	connection->session = session;
	connection->address = stream->remote.address;
	connection->is_turned_away = is_turned_away;
	server->connections = g_list_prepend(server->connections, connection);
	connection->adapter = adapter_new(server->host, stream, session, true,
					  &(struct adapter_config) {
					      .layer = LAYER_IMAP,
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

static bool listen_on(struct imap_server *server, uint16_t port, tcp_accept_fn *accept)
{
	uint8_t before = node_act_as(host_node(server->host), ACTOR_MAILBOX);
	struct tcp_listener *listener = tcp_listen(server->host, port, accept, server);

	node_act_as(host_node(server->host), before);
	if (listener != NULL)
		g_ptr_array_add(server->listeners, listener);
	return listener != NULL;
}

struct imap_server *imap_server_start(struct host *host, const struct imap_server_config *config)
{
	static const uint16_t default_port = IMAP_PORT;
	const uint16_t *ports = config->ports != NULL ? config->ports : &default_port;
	size_t port_count =
	    config->ports != NULL ? config->port_count : config->tls_port_count == 0;
	struct imap_server *server = g_new0(struct imap_server, 1);

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
		imap_server_stop(server);
		return NULL;
	}
	return server;
}

void imap_server_stop(struct imap_server *server)
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
