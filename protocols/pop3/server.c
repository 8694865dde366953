#include "protocols/pop3/server.h"

#include "protocols/layer.h"
#include "protocols/pop3/session.h"
#include "protocols/service.h"
#include "sim/world.h"

struct pop3_server {
	struct world *world;
	struct pop3_server_config config;
	char *host_name;
	struct service *service;
	uint64_t accepted; /* so many, for time stamps */
};

/* timestamp = "<" process "." clock "@" host ">" (RFC 1939 section 7) */
static char *new_timestamp(struct pop3_server *server)
{
	if (server->host_name == NULL)
		return NULL;
	return g_strdup_printf("<%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT "@%s>",
			       ++server->accepted, world_unix_time(server->world),
			       server->host_name);
}

static struct session *begin_session(void *owner, struct service_guest *guest)
{
	struct pop3_server *server = owner;
	const struct pop3_server_config *config = &server->config;
	char *timestamp = new_timestamp(server);
	struct session *session = pop3_session_new(&(struct pop3_session_config) {
	    .store = config->store,
	    .software = config->software,
	    .timestamp = timestamp,
	    .sasl = {server->host_name, config->random, config->keys},
	    .without = config->without,
	    .no_mechanisms = config->no_mechanisms,
	    .refusal_delay_ns = config->refusal_delay_ns,
	    .offers_tls = config->tls != NULL,
	    .hides_login = config->hides_login,
	    .is_turned_away = guest->is_turned_away,
	});

	g_free(timestamp);
	return session;
}

struct pop3_server *pop3_server_start(struct host *host, const struct pop3_server_config *config)
{
	struct pop3_server *server = g_new0(struct pop3_server, 1);

	server->world = host_node(host)->world;
	server->config = *config;
	server->host_name = g_strdup(config->host_name);
	server->service = service_start(
	    host,
	    &(struct service_config) {
		.layer = LAYER_POP3,
		.default_port = POP3_PORT,
		.ports = config->ports,
		.port_count = config->port_count,
		.tls_ports = config->tls_ports,
		.tls_port_count = config->tls_port_count,
		.tls = config->tls,
		.wakeup_ns = config->wakeup_ns,
		.session_limit = config->session_limit != 0 ? config->session_limit : POP3_SESSIONS,
		.begin = begin_session,
		.owner = server,
	    });
	if (server->service == NULL)
		g_clear_pointer(&server, pop3_server_stop);
	return server;
}

void pop3_server_stop(struct pop3_server *server)
{
	if (server == NULL)
		return;
	service_stop(server->service);
	g_free(server->host_name);
	g_free(server);
}
