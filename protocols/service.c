#include "protocols/service.h"

#include "protocols/adapter.h"
#include "protocols/layer.h"

struct service {
	struct host *host;
	struct service_config config;
	GPtrArray *listeners; /* of struct tcp_listener * */
	GList *connections;   /* of struct connection *, newest first */
	struct linger_pool *lingers;
};

struct connection {
	struct service_guest guest; /* first: what the list is of for others */
	struct service *service;
	struct adapter *adapter;
};

const GList *service_guests(const struct service *service)
{
	return service->connections;
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct connection *connection = owner;
	struct service *service = connection->service;

	(void)session;
	(void)why;
	service->connections = g_list_remove(service->connections, connection);
	g_free(connection);
}

static bool is_full(const struct service *service)
{
	unsigned count = 0;

	for (const GList *link = service->connections; link != NULL; link = link->next)
		count += !((const struct service_guest *)link->data)->is_turned_away;
	return count >= service->config.session_limit;
}

static void begin_session(struct service *service, struct stream *stream, bool begins_with_tls)
{
	struct connection *connection = g_new0(struct connection, 1);

	connection->service = service;
	connection->guest = (struct service_guest) {
		.owner = service->config.owner,
		.address = stream->remote.address,
		.is_turned_away = is_full(service),
	};
	connection->guest.session =
	    service->config.begin(service->config.owner, &connection->guest);
	service->connections = g_list_prepend(service->connections, connection);
	connection->adapter = adapter_new(service->host, stream, connection->guest.session, true,
					  &(struct adapter_config) {
					      .layer = service->config.layer,
					      .actor = ACTOR_MAILBOX,
					      .wakeup_ns = service->config.wakeup_ns,
					      .lingers = service->lingers,
					      .tls = service->config.tls,
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

static bool listen_on(struct service *service, uint16_t port, tcp_accept_fn *accept)
{
	uint8_t before = node_act_as(host_node(service->host), ACTOR_MAILBOX);
	struct tcp_listener *listener = tcp_listen(service->host, port, accept, service);

	node_act_as(host_node(service->host), before);
	if (listener != NULL)
		g_ptr_array_add(service->listeners, listener);
	return listener != NULL;
}

static bool open_ports(struct service *service, const struct service_config *config)
{
	const uint16_t *ports = config->ports != NULL ? config->ports : &config->default_port;
	size_t count = config->ports != NULL ? config->port_count : config->tls_port_count == 0;
	bool is_open = true;

	for (size_t i = 0; i < count; i++)
		is_open = is_open && listen_on(service, ports[i], accept_connection);
	for (size_t i = 0; i < config->tls_port_count; i++)
		is_open =
		    is_open && listen_on(service, config->tls_ports[i], accept_tls_connection);
	return is_open;
}

struct service *service_start(struct host *host, const struct service_config *config)
{
	struct service *service = g_new0(struct service, 1);

	service->host = host;
	service->config = *config;
	service->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)tcp_listener_close);
	service->lingers = linger_pool_new(host_node(host));
	if (!open_ports(service, config))
		g_clear_pointer(&service, service_stop);
	return service;
}

void service_stop(struct service *service)
{
	if (service == NULL)
		return;
	g_ptr_array_unref(service->listeners);
	while (service->connections != NULL) {
		struct connection *connection = service->connections->data;

		service->connections =
		    g_list_delete_link(service->connections, service->connections);
		adapter_free(connection->adapter);
		g_free(connection);
	}
	linger_pool_free(service->lingers);
	g_free(service);
}
