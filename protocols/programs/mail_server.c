#include "protocols/programs/mail_server_private.h"

#include "protocols/adapter.h"
#include "protocols/programs/mda.h"

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

	if (!mail_server_is_local(server, job->domain)) {
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
	    .environment = &mail_server_screen_environment,
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
	server->clients = g_ptr_array_new_with_free_func(mail_client_free);
	server->lingers = linger_pool_new(server->node);
	server->keys = config->keys;
	node_random_init(server->node, &server->random, "mail.sasl");
	copy_config(server, config);
	start_queue(server, config);
	start_reporting(server, config);

	server->services = g_new0(struct mail_service, config->port_count);
	for (unsigned i = 0; i < config->port_count; i++) {
		struct mail_service *service = &server->services[server->service_count++];

		service->server = server;
		mail_service_configure(service, &config->ports[i], config->size_limit);
		if (!mail_service_open(service)) {
			mail_server_free(server);
			return NULL;
		}
	}
	return server;
}

static bool is_meant(const struct mail_service *service, enum actor program)
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
		struct mail_client *client = g_ptr_array_index(server->clients, i - 1);

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
		struct mail_service *service = &server->services[i];

		if (is_meant(service, program))
			is_open &= service->listener != NULL || mail_service_open(service);
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
