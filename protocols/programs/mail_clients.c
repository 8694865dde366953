/* The clients of the mail server's ports: who they are, and what their sessions ask. */
#include "protocols/adapter.h"
#include "protocols/programs/mail_server_private.h"
#include "protocols/programs/reception.h"

/* The client's name: what its address is called, if that name has this address. */

static void answer_name(struct mail_client *client, bool is_right)
{
	char *name = g_steal_pointer(&client->name);

	client->query = NULL;
	smtp_server_answer_name(client->session, is_right ? name : NULL);
	g_free(name);
}

static void name_checked(void *owner, const struct dns_answer *answer)
{
	struct mail_client *client = owner;
	uint32_t wanted = smtp_server_client_address(client->session);
	bool is_right = false;

	if (answer->outcome == DNS_FOUND) {
		const struct dns_section *answers = &answer->message->sections[DNS_ANSWER];
		uint32_t address;

		for (unsigned i = 0; i < answers->count; i++)
			is_right |=
			    dns_record_address(&answers->records[i], &address) && address == wanted;
	}
	answer_name(client, is_right);
}

static char *first_host(const struct dns_answer *answer)
{
	char text[DNS_NAME_TEXT_BYTES];
	struct dns_name host;

	if (answer->outcome != DNS_FOUND)
		return NULL;
	const struct dns_section *answers = &answer->message->sections[DNS_ANSWER];

	for (unsigned i = 0; i < answers->count; i++)
		if (answers->records[i].type == DNS_PTR &&
		    dns_record_host(&answers->records[i], &host))
			return g_strdup(dns_name_print(host, text));
	return NULL;
}

static void name_found(void *owner, const struct dns_answer *answer)
{
	struct mail_client *client = owner;
	struct dns_resolver *resolver = client->service->server->resolver;

	client->query = NULL;
	client->name = first_host(answer);
	if (client->name != NULL)
		client->query = dns_resolve(resolver, client->name, DNS_A, name_checked, client);
	if (client->query == NULL)
		answer_name(client, false);
}

static void name_client(void *owner, struct smtp_server *session)
{
	struct mail_client *client = owner;
	struct dns_resolver *resolver = client->service->server->resolver;
	uint32_t address = smtp_server_client_address(session);
	char name[32];

	client->session = session;
	g_snprintf(name, sizeof name, "%u.%u.%u.%u.in-addr.arpa", address & 255, address >> 8 & 255,
		   address >> 16 & 255, address >> 24);
	if (resolver != NULL)
		client->query = dns_resolve(resolver, name, DNS_PTR, name_found, client);
	if (client->query == NULL)
		answer_name(client, false);
}

/* What sessions ask. */

static void find_password(void *owner, struct smtp_server *session, const char *login,
			  const char *authorization)
{
	struct mail_client *client = owner;
	const struct account *account =
	    mail_store_find_identity(client->service->server->store, login, authorization);

	smtp_server_answer_password(session, account != NULL ? account->password : NULL);
}

static const char *const verdict_names[] = {
	[SMTP_RECIPIENT_UNKNOWN] = "is not known here",
	[SMTP_RECIPIENT_FOREIGN] = "is elsewhere, and this client may not relay",
	[SMTP_RECIPIENT_FULL] = "is over quota",
	[SMTP_RECIPIENT_LATER] = "cannot be judged now",
};

static void recipient_screened(void *owner, const char *reply)
{
	struct mail_client *client = owner;

	if (reply != NULL)
		smtp_server_answer_recipient_refused(client->session, reply);
	else
		smtp_server_answer_recipient(client->session, SMTP_RECIPIENT_OK);
}

/* Who cannot be a recipient anyway is not screened. */
static void check_recipient(void *owner, struct smtp_server *session, const char *recipient)
{
	struct mail_client *client = owner;
	char *address = mail_server_complete(client->service->server, recipient);
	enum smtp_verdict verdict = mail_server_judge(client->service->server, session, address);

	if (verdict != SMTP_RECIPIENT_OK && !smtp_server_is_verifying(session))
		reception_record_recipient(client->service->server->node, client->service->actor,
					   address, verdict_names[verdict]);
	g_free(address);
	if (verdict != SMTP_RECIPIENT_OK || smtp_server_is_verifying(session)) {
		smtp_server_answer_recipient(session, verdict);
		return;
	}
	client->arrival = smtp_server_arrival(session);
	screen_recipient(client->screen, &client->arrival, recipient, recipient_screened, client);
}

static bool find_fault(void *owner, struct smtp_server *session, enum smtp_detail command,
		       const char *address, struct smtp_fault *fault)
{
	const struct mail_client *client = owner;

	(void)session;
	return faults_find(client->service->server->faults, command, address, fault);
}

static const struct smtp_environment environment = {
	.name_client = name_client,
	.find_password = find_password,
	.check_recipient = check_recipient,
	.has_room = mail_client_has_room,
	.accept_message = mail_client_take,
	.find_fault = find_fault,
};

/* Connections. */

void mail_client_free(gpointer data)
{
	struct mail_client *client = data;

	if (client->query != NULL)
		dns_cancel(client->query);
	screen_free(client->screen);
	g_free(client->name);
	g_free(client);
}

static void client_done(void *owner, struct session *session, int why)
{
	struct mail_client *client = owner;

	(void)session;
	(void)why;
	g_ptr_array_remove(client->service->server->clients, client);
}

/* How many sessions the service has; with `address`, 0 for any. */
static unsigned count_sessions(const struct mail_service *service, uint32_t address)
{
	const GPtrArray *clients = service->server->clients;
	unsigned count = 0;

	for (guint i = 0; i < clients->len; i++) {
		const struct mail_client *client = g_ptr_array_index(clients, i);

		count += client->service == service && !client->is_turned_away &&
			 (address == 0 || smtp_server_client_address(client->session) == address);
	}
	return count;
}

/* Why a further client at `address` is sent away, by the words of Postfix; NULL: it is welcome. */
static char *why_turned_away(const struct mail_service *service, uint32_t address)
{
	const struct mail_server *server = service->server;
	char text[IPV4_TEXT_BYTES];

	if (count_sessions(service, 0) >= server->session_limit)
		return g_strdup("4.3.2 All server ports are busy");
	if (count_sessions(service, address) < server->per_address_limit)
		return NULL;
	ipv4_print(address, text);
	return g_strdup_printf("4.7.0 Error: too many connections from %s", text);
}

static void client_connected(void *owner, struct stream *stream)
{
	struct mail_service *service = owner;
	struct mail_server *server = service->server;
	struct mail_client *client = g_new0(struct mail_client, 1);
	struct session *session = smtp_server_new(&service->config, stream->remote.address, client);

	char *why = why_turned_away(service, stream->remote.address);

	client->service = service;
	client->screen = screen_new(server->node, service->actor, server->screening);
	client->session = smtp_server_of(session);
	client->is_turned_away = why != NULL;
	if (why != NULL)
		smtp_server_turn_away(client->session, why);
	g_free(why);
	g_ptr_array_add(server->clients, client);
	client->adapter = adapter_new(server->host, stream, session, true,
				      &(struct adapter_config) {
					  .layer = LAYER_SMTP,
					  .actor = service->actor,
					  .wakeup_ns = server->wakeup_ns,
					  .lingers = server->lingers,
					  .tls = server->tls,
					  .begins_with_tls = service->begins_with_tls,
					  .done = client_done,
					  .owner = client,
				      });
}

bool mail_service_open(struct mail_service *service)
{
	uint8_t before = node_act_as(service->server->node, (uint8_t)service->actor);

	service->listener =
	    tcp_listen(service->server->host, service->port, client_connected, service);
	node_act_as(service->server->node, before);
	return service->listener != NULL;
}

void mail_service_configure(struct mail_service *service, const struct mail_server_port *port,
			    uint64_t size_limit)
{
	unsigned capabilities =
	    port->capabilities != 0 ? port->capabilities : SMTP_CAPABILITIES_ALL;

	if (service->server->tls == NULL)
		capabilities &= ~(unsigned)SMTP_CAN_TLS;

	service->config = (struct smtp_server_config) {
		.host_name = service->server->host_name,
		.software = MAIL_SERVER_SOFTWARE,
		.capabilities = port->is_submission ? capabilities : capabilities & ~SMTP_CAN_AUTH,
		.mechanisms = port->mechanisms,
		.keys = service->server->keys,
		.random = &service->server->random,
		.requires_login = port->is_submission,
		.hides_auth = service->server->hides_auth,
		.size_limit = size_limit,
		.recipient_limit = MAIL_SERVER_RECIPIENTS,
		.error_limit = MAIL_SERVER_ERRORS,
		.timeout_ns = SMTP_SERVER_TIMEOUT_NS,
		.environment = &environment,
	};
	service->port = port->port;
	service->actor = port->is_submission ? ACTOR_MSA : ACTOR_MTA;
	service->begins_with_tls = port->begins_with_tls;
}
