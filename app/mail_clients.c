#include "app/mail_clients.h"

#include "app/programs.h"
#include "app/security.h"
#include "protocols/programs/mua.h"

/* Between bytes arriving and a mail client reading them. */
#define WAKEUP_NS  (100 * NS_PER_US)
#define USER_AGENT "mailwire"

struct mail_clients {
	const struct scenario *scenario;
	GPtrArray *muas; /* of struct mua *, as the scenario's clients */
};

static enum mua_leave leave_of(enum scenario_leave leave)
{
	switch (leave) {
	case LEAVE_ALL:
		return MUA_LEAVE_ALL;
	case LEAVE_UNTIL_DELETED:
		return MUA_LEAVE_UNTIL_DELETED;
	default:
		return MUA_LEAVE_NOTHING;
	}
}

static enum mua_protocol protocol_of(enum scenario_protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_POP3:
		return MUA_POP3;
	case PROTOCOL_WEBMAIL:
		return MUA_WEB;
	default:
		return MUA_IMAP;
	}
}

static struct mua *start_client(struct programs *programs, struct network *network,
				const struct scenario_client *client)
{
	const struct scenario_node *host = client->host;
	struct mua_config config = {
		.address = client->account->address,
		.full_name = client->full_name,
		.login = client->login,
		.password = client->password,
		.host_name = host->fqdn != NULL ? host->fqdn : host->item.name,
		.protocol = protocol_of(client->incoming.protocol),
		.incoming_server = client->incoming.server,
		.incoming_port = (uint16_t)client->incoming.port,
		.outgoing_server = client->outgoing.server,
		.authenticates = client->outgoing.has_login,
		.uses_chunks = client->outgoing.uses_chunks,
		.incoming_tls = security_session(client->incoming.security),
		.outgoing_tls = security_session(client->outgoing.security),
		.leave = leave_of(client->incoming.leave),
		.leave_ns = client->incoming.leave_for_ns,
		.pipelines = client->incoming.pipelines,
		.stay_ns = client->incoming.stay_ns,
		.check_every_ns = client->incoming.check_every_ns,
		.is_online = client->is_online,
		.asks_aaaa = true,
		.user_agent = USER_AGENT,
		.wakeup_ns = WAKEUP_NS,
	};

	if (config.incoming_tls != SESSION_TLS_NEVER || config.outgoing_tls != SESSION_TLS_NEVER)
		config.tls = security_client(
		    programs_security(programs), host_node(network_host(network, host)),
		    client->distrusts ? TLS_VERIFY_PEER : TLS_VERIFY_NOT, NULL);
	for (guint i = 0; i < client->outgoing.ports->len; i++) {
		const struct scenario_port *port = client->outgoing.ports->pdata[i];

		config.outgoing_ports[i] = (uint16_t)port->port;
	}
	return mua_new(network_host(network, host), programs_resolver(programs, host), &config);
}

struct mail_clients *mail_clients_new(struct programs *programs, struct network *network,
				      const struct scenario *scenario)
{
	struct mail_clients *clients = g_new0(struct mail_clients, 1);

	clients->scenario = scenario;
	clients->muas = g_ptr_array_new();
	for (guint i = 0; i < scenario->clients->len; i++)
		g_ptr_array_add(clients->muas,
				start_client(programs, network, scenario->clients->pdata[i]));
	return clients;
}

void mail_clients_free(struct mail_clients *clients)
{
	if (clients == NULL)
		return;
	for (guint i = 0; i < clients->muas->len; i++)
		mua_free(clients->muas->pdata[i]);
	g_ptr_array_free(clients->muas, TRUE);
	g_free(clients);
}

struct mua *mail_clients_find(const struct mail_clients *clients,
			      const struct scenario_client *client)
{
	for (guint i = 0; i < clients->muas->len; i++)
		if (clients->scenario->clients->pdata[i] == client)
			return clients->muas->pdata[i];
	return NULL;
}
