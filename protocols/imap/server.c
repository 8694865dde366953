#include "protocols/imap/server.h"

#include "protocols/imap/session.h"
#include "protocols/layer.h"
#include "protocols/service.h"

struct imap_server {
	struct imap_server_config config;
	char *host_name;
	struct service *service;
};

static unsigned limit_or(unsigned configured, unsigned fallback)
{
	return configured != 0 ? configured : fallback;
}

/* A limit of Dovecot, and its words. */
static char *refuse_login(void *owner, const struct account *account)
{
	const struct service_guest *guest = owner;
	const struct imap_server *server = guest->owner;
	unsigned limit = limit_or(server->config.per_user_limit, IMAP_PER_USER), count = 0;

	for (const GList *link = service_guests(server->service); link != NULL; link = link->next) {
		const struct service_guest *other = link->data;

		count += other->address == guest->address &&
			 imap_session_account(other->session) == account;
	}
	if (count < limit)
		return NULL;
	return g_strdup_printf("[UNAVAILABLE] Maximum number of connections from user+IP exceeded "
			       "(mail_max_userip_connections=%u)",
			       limit);
}

static struct session *begin_session(void *owner, struct service_guest *guest)
{
	const struct imap_server *server = owner;
	const struct imap_server_config *config = &server->config;

	return imap_session_new(&(struct imap_session_config) {
	    .store = config->store,
	    .software = config->software,
	    .message_bytes_max = config->message_bytes_max,
	    .why_turned_away = guest->is_turned_away ? "[UNAVAILABLE] Too many connections." : NULL,
	    .refuse_login = refuse_login,
	    .owner = guest,
	    .sasl = {server->host_name, config->random, config->keys},
	    .without = config->without,
	    .offers_tls = config->tls != NULL,
	    .hides_login = config->hides_login,
	});
}

struct imap_server *imap_server_start(struct host *host, const struct imap_server_config *config)
{
	struct imap_server *server = g_new0(struct imap_server, 1);

	server->config = *config;
	server->host_name = g_strdup(config->host_name);
	server->service =
	    service_start(host, &(struct service_config) {
				    .layer = LAYER_IMAP,
				    .default_port = IMAP_PORT,
				    .ports = config->ports,
				    .port_count = config->port_count,
				    .tls_ports = config->tls_ports,
				    .tls_port_count = config->tls_port_count,
				    .tls = config->tls,
				    .wakeup_ns = config->wakeup_ns,
				    .session_limit = limit_or(config->session_limit, IMAP_SESSIONS),
				    .begin = begin_session,
				    .owner = server,
				});
	if (server->service == NULL)
		g_clear_pointer(&server, imap_server_stop);
	return server;
}

void imap_server_stop(struct imap_server *server)
{
	if (server == NULL)
		return;
	service_stop(server->service);
	g_free(server->host_name);
	g_free(server);
}
