#include "protocols/imap/server.h"

#include "protocols/adapter.h"
#include "protocols/imap/session.h"
#include "protocols/layer.h"

struct imap_server {
	struct host *host;
	struct imap_server_config config;
	GPtrArray *listeners; /* of struct tcp_listener * */
	GList *connections;   /* of struct connection *, newest first */
};

struct connection {
	struct imap_server *server;
	struct adapter *adapter;
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

static void accept_connection(void *owner, struct stream *stream)
{
	struct imap_server *server = owner;
	struct connection *connection = g_new0(struct connection, 1);
	struct session *session = imap_session_new(&(struct imap_session_config) {
	    .store = server->config.store,
	    .software = server->config.software,
	    .message_bytes_max = server->config.message_bytes_max,
	    .without = server->config.without,
	});

	connection->server = server;
	server->connections = g_list_prepend(server->connections, connection);
	connection->adapter = adapter_new(server->host, stream, session, true,
					  &(struct adapter_config) {
					      .layer = LAYER_IMAP,
					      .wakeup_ns = server->config.wakeup_ns,
					      .done = connection_done,
					      .owner = connection,
					  });
}

static bool listen_on(struct imap_server *server, uint16_t port)
{
	struct tcp_listener *listener = tcp_listen(server->host, port, accept_connection, server);

	if (listener != NULL)
		g_ptr_array_add(server->listeners, listener);
	return listener != NULL;
}

struct imap_server *imap_server_start(struct host *host, const struct imap_server_config *config)
{
	static const uint16_t default_port = IMAP_PORT;
	const uint16_t *ports = config->ports != NULL ? config->ports : &default_port;
	size_t port_count = config->ports != NULL ? config->port_count : 1;
	struct imap_server *server = g_new0(struct imap_server, 1);

	server->host = host;
	server->config = *config;
	server->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)tcp_listener_close);
	for (size_t i = 0; i < port_count; i++) {
		if (!listen_on(server, ports[i])) {
			imap_server_stop(server);
			return NULL;
		}
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
	g_free(server);
}
