#include "protocols/programs/mail_server.h"

#include "protocols/adapter.h"
#include "protocols/mail/address.h"
#include "protocols/programs/aliases.h"
#include "protocols/programs/delivery.h"
#include "protocols/programs/mda.h"
#include "protocols/programs/reception.h"
#include "protocols/programs/reporting.h"
#include "protocols/programs/screen.h"
#include "protocols/programs/stamp.h"
#include "protocols/smtp/server.h"

/* A port with what its sessions share. */
struct service {
	struct mail_server *server;
	struct tcp_listener *listener; /* NULL: suspended */
	uint16_t port;
	enum actor actor; /* the MSA for authors, the MTA for other servers */
	bool begins_with_tls;
	struct smtp_server_config config;
};

/* A client that is connected. */
struct client {
	struct service *service;
	struct smtp_server *session;
	struct adapter *adapter;
	struct dns_query *query; /* for its name; NULL: none */
	bool is_turned_away;     /* it gets a 421, and counts for nothing */
	char *name;              /* what its address is called, until the name proves right */
	struct screen *screen;
	struct smtp_arrival arrival; /* what is being screened */
};

struct mail_server {
	struct host *host;
	struct node *node;
	char *host_name;
	char **domains;
	char **tagged_domains;
	struct aliases *aliases;
	struct faults *faults;
	struct screening *screening; /* NULL: there is none */
	struct signing *signing;     /* likewise */
	struct reporting *reporting; /* likewise */
	struct mail_server_network *relay_networks;
	unsigned relay_network_count;
	struct dns_resolver *resolver;
	struct mail_store *store;
	int64_t wakeup_ns;
	struct service *services;
	unsigned service_count;
	GPtrArray *clients; /* of struct client * */
	struct linger_pool *lingers;
	struct mail_queue *queue;
	struct delivery_agent *agent;
	unsigned session_limit, per_address_limit, queue_limit;
	bool mda_is_stopped;
	struct random_stream random; /* for the challenges of AUTH */
	struct sasl_keys *keys;      /* borrowed */
	struct tls_context *tls;     /* NULL: none */
	bool hides_auth;
};

/* Whose mail is ours. */

static bool is_local_domain(const struct mail_server *server, const char *domain)
{
	for (char **own = server->domains; *own != NULL; own++)
		if (g_ascii_strcasecmp(*own, domain) == 0)
			return true;
	return false;
}

static bool is_postmaster(const char *address)
{
	static const char name[] = "postmaster@";

	return g_ascii_strncasecmp(address, name, sizeof name - 1) == 0;
}

/* The first account of a domain reads what is for the postmaster, who has none. NULL: none at all. */
static const struct account *postmaster_of(const struct mail_server *server, const char *domain)
{
	const GPtrArray *accounts = mail_store_accounts(server->store);

	for (guint i = 0; i < accounts->len; i++) {
		const struct account *account = accounts->pdata[i];

		if (g_ascii_strcasecmp(address_domain(account->address), domain) == 0)
			return account;
	}
	return NULL;
}

/*
 * "postmaster" alone is that of the main domain (RFC 5321 section 4.1.1.3), and each domain of ours
 * has one (section 4.5.1). The caller frees it.
 */
static char *complete_address(const struct mail_server *server, const char *address)
{
	bool is_complete = address_domain(address)[0] != '\0' || server->domains[0] == NULL;
	char *whole =
	    is_complete ? g_strdup(address) : g_strdup_printf("%s@%s", address, server->domains[0]);
	const struct account *reader;

	if (!is_postmaster(whole) || mail_store_find(server->store, whole) != NULL ||
	    !is_local_domain(server, address_domain(whole)))
		return whole;
	reader = postmaster_of(server, address_domain(whole));
	if (reader == NULL)
		return whole;
	g_free(whole);
	return g_strdup(reader->address);
}

static bool may_relay(const struct mail_server *server, const struct smtp_server *session)
{
	uint32_t address = smtp_server_client_address(session);

	if (smtp_server_login(session) != NULL)
		return true;
	for (unsigned i = 0; i < server->relay_network_count; i++) {
		const struct mail_server_network *network = &server->relay_networks[i];
		uint32_t mask = ipv4_mask(network->prefix_length);

		if ((address & mask) == (network->address & mask))
			return true;
	}
	return false;
}

/* The client's name: what its address is called, if that name has this address. */

static void answer_name(struct client *client, bool is_right)
{
	char *name = g_steal_pointer(&client->name);

	client->query = NULL;
	smtp_server_answer_name(client->session, is_right ? name : NULL);
	g_free(name);
}

static void name_checked(void *owner, const struct dns_answer *answer)
{
	struct client *client = owner;
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
	struct client *client = owner;
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
	struct client *client = owner;
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

static void find_password(void *owner, struct smtp_server *session, const char *login)
{
	struct client *client = owner;
	const struct account *account =
	    mail_store_find_login(client->service->server->store, login);

	smtp_server_answer_password(session, account != NULL ? account->password : NULL);
}

static enum smtp_verdict judge(const struct mail_server *server, const struct smtp_server *session,
			       const char *recipient)
{
	const struct account *account;

	if (aliases_has(server->aliases, recipient))
		return SMTP_RECIPIENT_OK;
	if (!is_local_domain(server, address_domain(recipient)))
		return may_relay(server, session) ? SMTP_RECIPIENT_OK : SMTP_RECIPIENT_FOREIGN;
	account = mda_find_account(server->store, recipient, server->tagged_domains);
	if (account == NULL)
		return SMTP_RECIPIENT_UNKNOWN;
	return account_has_room(account, 1) ? SMTP_RECIPIENT_OK : SMTP_RECIPIENT_FULL;
}

static const char *const verdict_names[] = {
	[SMTP_RECIPIENT_UNKNOWN] = "is not known here",
	[SMTP_RECIPIENT_FOREIGN] = "is elsewhere, and this client may not relay",
	[SMTP_RECIPIENT_FULL] = "is over quota",
	[SMTP_RECIPIENT_LATER] = "cannot be judged now",
};

static void recipient_screened(void *owner, const char *reply)
{
	struct client *client = owner;

	if (reply != NULL)
		smtp_server_answer_recipient_refused(client->session, reply);
	else
		smtp_server_answer_recipient(client->session, SMTP_RECIPIENT_OK);
}

/* Who cannot be a recipient anyway is not screened. */
static void check_recipient(void *owner, struct smtp_server *session, const char *recipient)
{
	struct client *client = owner;
	char *address = complete_address(client->service->server, recipient);
	enum smtp_verdict verdict = judge(client->service->server, session, address);

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

/* One copy for the queue: of the message itself, or one that a list sends on. */
static void enqueue_copy(const struct mail_server *server, const struct smtp_arrival *arrival,
			 const struct expansion *to, const struct screen_result *screened,
			 const char *queue_id, GBytes *data)
{
	const struct smtp_message_wish none = { .is_utf8 = arrival->wish.is_utf8 };
	bool is_list = to->sender != NULL;

	mail_queue_add(
	    server->queue,
	    &(struct mail_envelope) {
		.queue_id = queue_id,
		.identity = screened->identity,
		.goes_to_junk = screened->goes_to_junk,
		.sender = is_list ? to->sender : arrival->sender,
		.recipients = (const char *const *)to->recipients->pdata,
		.recipient_count = to->recipients->len,
		.wishes = (const struct smtp_recipient_wish *)(const void *)to->wishes->data,
		.wish = is_list ? none : arrival->wish,
		.data = data,
	    });
}

static void enqueue(const struct mail_server *server, const struct smtp_arrival *arrival,
		    const struct screen_result *screened, const char *queue_id, GBytes *data)
{
	char **recipients = g_new0(char *, arrival->recipient_count + 1);
	GPtrArray *expansions;

	for (unsigned i = 0; i < arrival->recipient_count; i++)
		recipients[i] = complete_address(server, arrival->recipients[i]);
	engine_context(node_engine(server->node))->root = screened->identity.root;
	mail_record(server->node, arrival->login != NULL ? ACTOR_MSA : ACTOR_MTA,
		    arrival->login != NULL ? MAIL_SUBMITTED : MAIL_RECEIVED, &screened->identity, 0,
		    bytes_of(queue_id));
	expansions = aliases_expand(server->aliases, (const char *const *)recipients,
				    arrival->wishes, arrival->recipient_count);
	for (guint i = 0; i < expansions->len; i++) {
		const struct expansion *to = g_ptr_array_index(expansions, i);
		char id[QUEUE_ID_BYTES];

		if (to->recipients->len == 0)
			continue;
		g_strlcpy(id, queue_id, sizeof id);
		if (i > 0)
			mail_queue_new_id(server->queue, id);
		enqueue_copy(server, arrival, to, screened, id, data);
	}
	g_ptr_array_unref(expansions);
	g_strfreev(recipients);
}

static bool has_room(void *owner)
{
	const struct mail_server *server = ((struct client *)owner)->service->server;

	return mail_queue_length(server->queue) < server->queue_limit;
}

/* What a user submitted, signed for the domain in its From, if there is a key of that. Takes `data`. */
static GBytes *sign(const struct mail_server *server, const struct mail_identity *identity,
		    GBytes *data)
{
	char *evidence;
	GBytes *signed_data =
	    signing_apply(server->signing, data, world_unix_time(server->node->world), &evidence);

	if (signed_data == NULL)
		return data;
	g_bytes_unref(data);
	mail_record(server->node, ACTOR_MSA, MAIL_SIGNED, identity, 0, bytes_of(evidence));
	g_free(evidence);
	return signed_data;
}

/* The message has passed: it is stamped and put into the queue. */
static void take_message(const struct client *client, const struct screen_result *screened)
{
	const struct mail_server *server = client->service->server;
	struct smtp_arrival arrival = client->arrival;
	char queue_id[QUEUE_ID_BYTES];
	GBytes *data;

	arrival.data = screened->data;
	mail_queue_new_id(server->queue, queue_id);
	data = stamp_arrival(&arrival, &(struct stamp) {
					   .host_name = server->host_name,
					   .software = MAIL_SERVER_SOFTWARE,
					   .queue_id = queue_id,
					   .unix_time = world_unix_time(server->node->world),
					   .completes = arrival.login != NULL,
				       });
	if (arrival.login != NULL)
		data = sign(server, &screened->identity, data);
	enqueue(server, &arrival, screened, queue_id, data);
	g_bytes_unref(data);
	smtp_server_answer_accepted(client->session, queue_id);
}

static void message_screened(void *owner, const struct screen_result *screened)
{
	const struct client *client = owner;

	if (screened->reply != NULL)
		smtp_server_answer_refused(client->session, screened->reply);
	else if (!has_room(owner)) /* there was when the sender was named */
		smtp_server_answer_refused(client->session, SMTP_NO_ROOM);
	else
		take_message(client, screened);
}

static const char *place_of(void *owner, const char *recipient)
{
	const struct mail_server *server = owner;
	char *address = complete_address(server, recipient);
	const char *place = "relayed";

	if (aliases_has(server->aliases, address))
		place = "alias";
	else if (is_local_domain(server, address_domain(address)))
		place = "local";
	g_free(address);
	return place;
}

/* Records the arrival, and what the server's own policy says. The reply that refuses it; NULL: it may pass. */
static const char *check_arrival(struct client *client, const struct smtp_arrival *arrival,
				 const struct mail_identity *identity)
{
	struct mail_server *server = client->service->server;
	const struct reception reception = {
		.node = server->node,
		.actor = client->service->actor,
		.identity = *identity,
		.arrival = arrival,
		.size_limit = client->service->config.size_limit,
		.hops = stamp_count_hops(arrival->data),
		.hops_limit = MAIL_SERVER_HOPS_MAX,
		.place = place_of,
		.owner = server,
	};
	const char *refusal = NULL;

	if (reception.hops > MAIL_SERVER_HOPS_MAX)
		refusal = "554 5.4.0 Error: too many hops";
	else if (!has_room(client)) /* there was when the sender was named */
		refusal = SMTP_NO_ROOM;
	engine_context(node_engine(server->node))->root = identity->root;
	reception_record_arrival(&reception);
	reception_record_check(&reception, refusal);
	return refusal;
}

static void accept_message(void *owner, struct smtp_server *session,
			   const struct smtp_arrival *arrival)
{
	struct client *client = owner;

	struct mail_identity identity = mail_identity_of_arrival(client->service->server->node);
	const char *refusal = check_arrival(client, arrival, &identity);

	if (refusal != NULL) {
		smtp_server_answer_refused(session, refusal);
		return;
	}
	client->arrival = *arrival;
	screen_message(client->screen, &client->arrival, &identity, message_screened, client);
}

static bool find_fault(void *owner, struct smtp_server *session, enum smtp_detail command,
		       const char *address, struct smtp_fault *fault)
{
	const struct client *client = owner;

	(void)session;
	return faults_find(client->service->server->faults, command, address, fault);
}

static const struct smtp_environment environment = {
	.name_client = name_client,
	.find_password = find_password,
	.check_recipient = check_recipient,
	.has_room = has_room,
	.accept_message = accept_message,
	.find_fault = find_fault,
};

/* Connections. */

static void free_client(gpointer data)
{
	struct client *client = data;

	if (client->query != NULL)
		dns_cancel(client->query);
	screen_free(client->screen);
	g_free(client->name);
	g_free(client);
}

static void client_done(void *owner, struct session *session, int why)
{
	struct client *client = owner;

	(void)session;
	(void)why;
	g_ptr_array_remove(client->service->server->clients, client);
}

/* How many sessions the service has; with `address`, 0 for any. */
static unsigned count_sessions(const struct service *service, uint32_t address)
{
	const GPtrArray *clients = service->server->clients;
	unsigned count = 0;

	for (guint i = 0; i < clients->len; i++) {
		const struct client *client = g_ptr_array_index(clients, i);

		count += client->service == service && !client->is_turned_away &&
			 (address == 0 || smtp_server_client_address(client->session) == address);
	}
	return count;
}

/* Why a further client at `address` is sent away, by the words of Postfix; NULL: it is welcome. */
static char *why_turned_away(const struct service *service, uint32_t address)
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
	struct service *service = owner;
	struct mail_server *server = service->server;
	struct client *client = g_new0(struct client, 1);
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

/* Delivery. */

/* The transfer agent finds nobody to hand local mail to: it stays in the queue. */
static void defer_all(struct mail_job *job)
{
	for (unsigned i = 0; i < job->count; i++) {
		struct mail_result *result = &job->results[i];

		result->outcome = SMTP_DEFERRED;
		g_strlcpy(result->status, "4.3.0", sizeof result->status);
		result->reason = g_strdup("the delivery agent (MDA) is not running");
	}
}

static void deliver(void *owner, struct mail_job *job)
{
	struct mail_server *server = owner;

	if (!is_local_domain(server, job->domain)) {
		delivery_start(server->agent, job);
		return;
	}
	if (server->mda_is_stopped)
		defer_all(job);
	else
		mda_deliver(server->node, server->store, server->tagged_domains, job);
	mail_job_done(job);
}

/* Life. */

static bool open_port(struct service *service)
{
	uint8_t before = node_act_as(service->server->node, (uint8_t)service->actor);

	service->listener =
	    tcp_listen(service->server->host, service->port, client_connected, service);
	node_act_as(service->server->node, before);
	return service->listener != NULL;
}

static bool start_service(struct service *service, const struct mail_server_port *port,
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
	return open_port(service);
}

static char **copy_names(const char *const *names, unsigned count)
{
	char **copy = g_new0(char *, count + 1);

	for (unsigned i = 0; i < count; i++)
		copy[i] = g_strdup(names[i]);
	return copy;
}

static void copy_aliases(struct mail_server *server, const struct mail_server_config *config)
{
	server->aliases = aliases_new();
	for (unsigned i = 0; i < config->alias_count; i++) {
		const struct mail_server_alias *alias = &config->aliases[i];

		aliases_add(server->aliases, alias->address, alias->targets, alias->target_count,
			    alias->owner);
	}
}

static int64_t or_default(int64_t configured, int64_t fallback)
{
	return configured != 0 ? configured : fallback;
}

/* Whether an address is of a user: the account's own, or an alias for it alone. */
static bool owns_address(void *owner, const char *login, const char *address)
{
	const struct mail_server *server = owner;
	const struct account *user =
	    login == NULL ? NULL : mail_store_find_login(server->store, login);
	const char *target = aliases_target(server->aliases, address);
	const struct account *account = mda_find_account(
	    server->store, target != NULL ? target : address, server->tagged_domains);

	return account != NULL && (login == NULL || account == user);
}

static bool is_own_domain(void *owner, const char *domain)
{
	return is_local_domain(owner, domain);
}

static struct dns_query *ask_dns(void *owner, const char *name, uint16_t type, dns_done_fn *done,
				 void *asker)
{
	const struct mail_server *server = owner;

	return server->resolver != NULL ? dns_resolve(server->resolver, name, type, done, asker)
					: NULL;
}

static void count_for_report(void *owner, const struct dmarc_judgement *judgement)
{
	const struct mail_server *server = owner;

	if (server->reporting != NULL)
		reporting_add(server->reporting, judgement);
}

static const struct screen_environment screen_environment = {
	.is_local = is_own_domain,
	.owns = owns_address,
	.ask = ask_dns,
	.judged = count_for_report,
};

static void start_reporting(struct mail_server *server, const struct mail_server_config *config)
{
	if (config->dmarc_report_ns == 0 || config->domain_count == 0)
		return;
	server->reporting = reporting_new(server->node, &(struct reporting_config) {
							    .host_name = server->host_name,
							    .domain = server->domains[0],
							    .software = MAIL_SERVER_SOFTWARE,
							    .period_ns = config->dmarc_report_ns,
							    .resolver = server->resolver,
							    .queue = server->queue,
							    .signing = server->signing,
							});
}

static void start_screening(struct mail_server *server, const struct mail_server_config *config)
{
	if (config->stage_count == 0)
		return;
	server->screening = screening_new(&(struct screening_config) {
	    .host_name = server->host_name,
	    .stages = config->stages,
	    .stage_count = config->stage_count,
	    .environment = &screen_environment,
	    .owner = server,
	});
}

static void copy_config(struct mail_server *server, const struct mail_server_config *config)
{
	server->host_name = g_strdup(config->host_name);
	server->domains = copy_names(config->domains, config->domain_count);
	server->tagged_domains = copy_names(config->tagged_domains, config->tagged_domain_count);
	copy_aliases(server, config);
	start_screening(server, config);
	server->signing = signing_new(config->signers, config->signer_count);
	server->faults = faults_new(server->node, config->faults, config->fault_count);
	server->relay_networks = g_memdup2(
	    config->relay_networks, config->relay_network_count * sizeof *config->relay_networks);
	server->relay_network_count = config->relay_network_count;
	server->resolver = config->resolver;
	server->store = config->store;
	server->wakeup_ns = config->wakeup_ns;
	server->tls = config->tls;
	server->hides_auth = config->hides_auth;
	server->session_limit = (unsigned)or_default(config->session_limit, MAIL_SERVER_SESSIONS);
	server->per_address_limit =
	    (unsigned)or_default(config->per_address_limit, MAIL_SERVER_PER_ADDRESS);
	server->queue_limit = (unsigned)or_default(config->queue_limit, MAIL_SERVER_QUEUE);
}

static void start_queue(struct mail_server *server, const struct mail_server_config *config)
{
	server->queue = mail_queue_new(
	    server->node, &(struct mail_queue_config) {
			      .host_name = server->host_name,
			      .software = MAIL_SERVER_SOFTWARE,
			      .pickup_ns = config->pickup_ns,
			      .retry_ns = or_default(config->retry_ns, QUEUE_RETRY_NS),
			      .retry_max_ns = or_default(config->retry_max_ns, QUEUE_RETRY_MAX_NS),
			      .lifetime_ns = or_default(config->lifetime_ns, QUEUE_LIFETIME_NS),
			      .warning_ns = config->warning_ns,
			      .deliver = deliver,
			      .owner = server,
			  });
	server->agent =
	    delivery_agent_new(server->host, &(struct delivery_config) {
						 .host_name = server->host_name,
						 .resolver = server->resolver,
						 .wakeup_ns = server->wakeup_ns,
						 .converts = !config->never_converts,
						 .concurrency = config->connections_per_domain,
						 .tls = config->delivery_tls,
						 .tls_context = config->delivery_tls_context,
						 .policies = config->policies,
						 .strict_tls = config->strict_tls,
					     });
}

struct mail_server *mail_server_new(struct host *host, const struct mail_server_config *config)
{
	struct mail_server *server = g_new0(struct mail_server, 1);

	server->host = host;
	server->node = host_node(host);
	server->clients = g_ptr_array_new_with_free_func(free_client);
	server->lingers = linger_pool_new(server->node);
	server->keys = config->keys;
	node_random_init(server->node, &server->random, "mail.sasl");
	copy_config(server, config);
	start_queue(server, config);
	start_reporting(server, config);

	server->services = g_new0(struct service, config->port_count);
	for (unsigned i = 0; i < config->port_count; i++) {
		struct service *service = &server->services[server->service_count++];

		service->server = server;
		if (!start_service(service, &config->ports[i], config->size_limit)) {
			mail_server_free(server);
			return NULL;
		}
	}
	return server;
}

static bool is_meant(const struct service *service, enum actor program)
{
	return program == ACTOR_NONE || program == service->actor;
}

void mail_server_suspend(struct mail_server *server, enum actor program)
{
	server->mda_is_stopped |= program == ACTOR_MDA;
	for (unsigned i = 0; i < server->service_count; i++)
		if (is_meant(&server->services[i], program))
			g_clear_pointer(&server->services[i].listener, tcp_listener_close);
	for (guint i = server->clients->len; i > 0; i--) {
		struct client *client = g_ptr_array_index(server->clients, i - 1);

		if (!is_meant(client->service, program))
			continue;
		adapter_free(client->adapter);
		g_ptr_array_remove_index(server->clients, i - 1);
	}
}

bool mail_server_resume(struct mail_server *server, enum actor program)
{
	bool is_open = true;

	if (program == ACTOR_MDA)
		server->mda_is_stopped = false;
	for (unsigned i = 0; i < server->service_count; i++) {
		struct service *service = &server->services[i];

		if (is_meant(service, program))
			is_open &= service->listener != NULL || open_port(service);
	}
	return is_open;
}

void mail_server_free(struct mail_server *server)
{
	if (server == NULL)
		return;
	mail_server_suspend(server, ACTOR_NONE);
	g_ptr_array_unref(server->clients);
	linger_pool_free(server->lingers);
	delivery_agent_free(server->agent);
	mail_queue_free(server->queue);
	g_free(server->services);
	g_free(server->relay_networks);
	aliases_free(server->aliases);
	faults_free(server->faults);
	screening_free(server->screening);
	signing_free(server->signing);
	reporting_free(server->reporting);
	g_strfreev(server->tagged_domains);
	g_strfreev(server->domains);
	g_free(server->host_name);
	g_free(server);
}

const struct mail_queue *mail_server_queue(const struct mail_server *server)
{
	return server->queue;
}
