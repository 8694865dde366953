#include "app/programs.h"

#include "app/dkim_keys.h"
#include "app/mail_clients.h"
#include "app/mail_settings.h"
#include "app/security.h"
#include "protocols/dns/daemon.h"
#include "protocols/imap/server.h"
#include "protocols/mail/rights.h"
#include "protocols/pop3/server.h"
#include "protocols/programs/mail_server.h"
#include "protocols/smtp/server.h"
#include "protocols/programs/policy_site.h"
#include "protocols/programs/sts.h"
#include "protocols/programs/webmail.h"

/* Between bytes arriving and a program reading them: what a busy host's scheduler takes. */
#define WAKEUP_NS (60 * NS_PER_US)

#define SOFTWARE  "mailwire"

/* The mail server of one host: one store, and every door to it. */
struct site {
	const struct scenario_server *config;
	struct mail_store *store;
	struct mail_server *smtp;
	struct pop3_server *pop3;
	struct imap_server *imap;
	struct mail_settings *settings;
	struct sasl_keys *keys;       /* of all its servers */
	struct random_stream *random; /* for the challenges of POP3 and IMAP, over outages too */
	struct tls_context *tls;      /* NULL: none */
	struct sts_agent *policies;   /* NULL: it keeps to none */
};

/* A time in which a site is down; its timer begins and ends it. */
struct outage {
	struct programs *programs;
	guint site; /* index */
	const struct scenario_outage *described;
	struct timer timer;
};

/* The webmail site of a domain. */
struct web_site {
	struct webmail_config config;
	char *imap_server, *submission_server;
	struct webmail *webmail;
};

struct programs {
	struct world *world;
	const struct scenario *scenario;
	struct network *network;
	struct security *security;
	GHashTable *resolvers; /* scenario_node to struct dns_resolver; look-ups only */
	GPtrArray *resolver_order;
	GPtrArray *daemons;      /* of struct dns_daemon * */
	GArray *sites;           /* of struct site */
	GPtrArray *outages;      /* of struct outage * */
	GPtrArray *web_sites;    /* of struct web_site * */
	GPtrArray *policy_sites; /* of struct policy_site * */
	struct mail_clients *clients;
};

static uint32_t address_of(const struct scenario_node *node)
{
	return ((struct scenario_interface *)node->interfaces->pdata[0])->address;
}

struct dns_resolver *programs_resolver(struct programs *programs, const struct scenario_node *node)
{
	struct dns_resolver *resolver = g_hash_table_lookup(programs->resolvers, node);

	if (resolver != NULL || node->resolver == NULL)
		return resolver;
	resolver = dns_resolver_new(network_host(programs->network, node),
				    address_of(node->resolver), DNS_ASKER_LIBRARY);
	g_hash_table_insert(programs->resolvers, (gpointer)node, resolver);
	g_ptr_array_add(programs->resolver_order, resolver);
	return resolver;
}

/* DNS servers. */

#define KEY_TTL_S 3600 /* of DKIM records that are made */

static bool resolves_for_others(const struct scenario *scenario, const struct scenario_node *host)
{
	for (guint i = 0; i < scenario->resolvers->len; i++)
		if (((struct scenario_resolver *)scenario->resolvers->pdata[i])->host == host)
			return true;
	return false;
}

/* Records that the scenario's checker accepted are valid here too. */
static struct dns_zone *make_zone(const struct scenario_zone *described)
{
	struct dns_zone *zone = dns_zone_new(described->item.name);

	for (guint i = 0; i < described->records->len; i++) {
		const struct scenario_record *record = described->records->pdata[i];
		bool is_added = dns_zone_add(zone, record->owner, (uint16_t)record->type,
					     (uint32_t)(record->ttl_ns / NS_PER_S), record->value);

		g_assert(is_added);
	}
	return zone;
}

/* The public half of a key of a domain's own mail server, where its zone has no record of that name. */
static void publish_key(const struct programs *programs, const struct scenario_signer *signer,
			const struct scenario_server *server, struct dns_zone *zone)
{
	const struct node *node = host_node(network_host(programs->network, server->host));
	char *owner = dkim_keys_owner(signer);
	struct dns_name_buffer buffer;
	struct dns_name name;

	if (dns_name_from_text(owner, &buffer, &name) &&
	    dns_zone_find(zone, name, DNS_TXT).count == 0) {
		struct dkim_key *key = dkim_keys_make(node, signer);
		char *data = dkim_keys_data(key);

		dns_zone_add(zone, owner, DNS_TXT, KEY_TTL_S, data);
		g_free(data);
		dkim_key_free(key);
	}
	g_free(owner);
}

static void publish_keys(const struct programs *programs, const char *zone_name,
			 struct dns_zone *zone)
{
	const struct scenario *scenario = programs->scenario;

	for (guint i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = scenario->servers->pdata[i];

		for (guint k = 0; k < server->signers->len; k++) {
			const struct scenario_signer *signer = server->signers->pdata[k];

			if (signer->domain->mail == server->host &&
			    strcmp(signer->domain->item.name, zone_name) == 0)
				publish_key(programs, signer, server, zone);
		}
	}
}

static GPtrArray *make_zones(const struct programs *programs, const struct scenario_node *host)
{
	const struct scenario *scenario = programs->scenario;
	GPtrArray *zones = g_ptr_array_new();

	for (guint i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *described = scenario->zones->pdata[i];
		struct dns_zone *zone;

		if (described->server != host)
			continue;
		zone = make_zone(described);
		publish_keys(programs, described->item.name, zone);
		g_ptr_array_add(zones, zone);
	}
	return zones;
}

static void start_dns(struct programs *programs, const struct scenario_node *host)
{
	const struct scenario *scenario = programs->scenario;
	const struct scenario_node *root = scenario->root_server;
	GPtrArray *zones = make_zones(programs, host);
	struct dns_root_hint hint = { .name = NULL };
	struct dns_daemon_config config = {
		.zones = (struct dns_zone **)zones->pdata,
		.zone_count = zones->len,
		.offers_recursion = resolves_for_others(scenario, host),
		.wakeup_ns = WAKEUP_NS,
	};

	if (config.offers_recursion && root != NULL) {
		hint.name = root->fqdn != NULL ? root->fqdn : root->item.name;
		hint.address = address_of(root);
		config.root_hints = &hint;
		config.root_hint_count = 1;
	}
	if (zones->len > 0 || config.offers_recursion)
		g_ptr_array_add(programs->daemons,
				dns_daemon_start(network_host(programs->network, host), &config));
	g_ptr_array_free(zones, TRUE);
}

/* Mail servers. */

static void add_accounts(const struct programs *programs, struct site *site, GPtrArray *domains)
{
	for (guint i = 0; i < programs->scenario->domains->len; i++) {
		const struct scenario_domain *domain = programs->scenario->domains->pdata[i];

		if (domain->mail != site->config->host)
			continue;
		g_ptr_array_add(domains, (gpointer)domain->item.name);
		for (guint k = 0; k < domain->accounts->len; k++) {
			const struct scenario_account *described = domain->accounts->pdata[k];
			struct account *account = mail_store_add_account(
			    site->store, described->address, described->password);

			account->quota_bytes = described->quota_bytes;
			for (guint f = 0; f < described->folders->len; f++)
				account_create_mailbox(
				    account,
				    ((struct scenario_folder *)described->folders->pdata[f])
					->folder);
		}
	}
}

/* What the owners of the site's accounts let others do. */
static void add_shares(const struct programs *programs, const struct site *site)
{
	for (guint i = 0; i < programs->scenario->domains->len; i++) {
		const struct scenario_domain *domain = programs->scenario->domains->pdata[i];

		for (guint k = 0; domain->mail == site->config->host && k < domain->accounts->len;
		     k++) {
			const struct scenario_account *owner = domain->accounts->pdata[k];

			for (guint s = 0; s < owner->shares->len; s++) {
				const struct scenario_share *share = owner->shares->pdata[s];
				struct account *account =
				    mail_store_find(site->store, owner->address);
				uint32_t rights = 0;

				mailbox_rights_parse(share->rights, &rights);
				mailbox_grant(account_find_mailbox(account, share->folder),
					      share->with->address, rights);
			}
		}
	}
}

/* The ports of one protocol. */
static GArray *ports_of(const struct scenario_server *server, enum scenario_protocol protocol)
{
	GArray *ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));

	for (guint i = 0; i < server->services->len; i++) {
		const struct scenario_service *service = server->services->pdata[i];
		uint16_t port = (uint16_t)service->port;

		if (service->protocol == protocol)
			g_array_append_val(ports, port);
	}
	return ports;
}

/* Ports of SMTP and submission, with what the scenario leaves them. */
static GArray *smtp_ports_of(const struct scenario_server *server)
{
	GArray *ports = g_array_new(FALSE, FALSE, sizeof(struct mail_server_port));
	struct mail_settings_missing missing = mail_settings_missing(server);

	for (guint i = 0; i < server->services->len; i++) {
		const struct scenario_service *service = server->services->pdata[i];
		struct mail_server_port port = {
			.port = (uint16_t)service->port,
			.is_submission = service->protocol != PROTOCOL_SMTP,
			.begins_with_tls = scenario_begins_with_tls(service->protocol),
			.capabilities = (SMTP_CAPABILITIES_ALL | SMTP_CAN_TLS) & ~missing.smtp,
			.mechanisms = SASL_ALL & ~missing.sasl,
		};

		if (service->protocol == PROTOCOL_SMTP ||
		    service->protocol == PROTOCOL_SUBMISSION ||
		    service->protocol == PROTOCOL_SUBMISSIONS)
			g_array_append_val(ports, port);
	}
	return ports;
}

static void set_delivery_tls(const struct programs *programs, const struct scenario_server *server,
			     struct mail_server_config *config)
{
	static const enum session_tls wishes[] = {
		[DELIVERY_MAY] = SESSION_TLS_IF_OFFERED,
		[DELIVERY_NONE] = SESSION_TLS_NEVER,
		[DELIVERY_ENCRYPT] = SESSION_TLS_REQUIRED,
		[DELIVERY_VERIFY] = SESSION_TLS_REQUIRED,
	};

	config->delivery_tls = wishes[server->delivery_tls];
	if (config->delivery_tls == SESSION_TLS_IF_OFFERED &&
	    !security_has_authority(programs->security))
		config->delivery_tls = SESSION_TLS_NEVER; /* nobody offers it */
	if (config->delivery_tls == SESSION_TLS_NEVER)
		return;
	config->delivery_tls_context = security_client(
	    programs->security, host_node(network_host(programs->network, server->host)),
	    server->delivery_tls == DELIVERY_VERIFY ? TLS_VERIFY_PEER : TLS_VERIFY_NOT,
	    &server->tls);
}

/* The policies of others, and what it takes to keep to them. */
static void set_policies(struct programs *programs, struct site *site,
			 struct mail_server_config *config)
{
	const struct scenario_server *server = site->config;
	struct host *host = network_host(programs->network, server->host);

	if (!server->keeps_policies)
		return;
	config->strict_tls =
	    security_client(programs->security, host_node(host), TLS_VERIFY_PEER, &server->tls);
	site->policies = sts_agent_new(host, &(struct sts_agent_config) {
						 .resolver = config->resolver,
						 .tls = config->strict_tls,
						 .software = SOFTWARE,
						 .wakeup_ns = WAKEUP_NS,
					     });
	config->policies = site->policies;
}

static void start_smtp(struct programs *programs, struct site *site, const GPtrArray *domains)
{
	const struct scenario_server *server = site->config;
	const struct scenario_node *host = server->host;
	GArray *ports = smtp_ports_of(server);
	struct mail_server_config config = {
		.host_name = host->fqdn != NULL ? host->fqdn : host->item.name,
		.domains = (const char *const *)domains->pdata,
		.domain_count = domains->len,
		.ports = (const struct mail_server_port *)(const void *)ports->data,
		.port_count = ports->len,
		.resolver = programs_resolver(programs, host),
		.store = site->store,
		.keys = site->keys,
		.wakeup_ns = WAKEUP_NS,
	};

	config.tls = site->tls;
	config.hides_auth = server->tls.hides_plain_login;
	set_delivery_tls(programs, server, &config);
	set_policies(programs, site, &config);
	site->settings = mail_settings_new(
	    programs->scenario, server, host_node(network_host(programs->network, host)), &config);
	site->smtp = mail_server_new(network_host(programs->network, host), &config);
	g_array_free(ports, TRUE);
}

static const char *name_of(const struct scenario_node *host)
{
	return host->fqdn != NULL ? host->fqdn : host->item.name;
}

static void start_doors(struct programs *programs, struct site *site)
{
	struct host *host = network_host(programs->network, site->config->host);
	GArray *pop3 = ports_of(site->config, PROTOCOL_POP3);
	GArray *imap = ports_of(site->config, PROTOCOL_IMAP);
	GArray *pop3s = ports_of(site->config, PROTOCOL_POP3S);
	GArray *imaps = ports_of(site->config, PROTOCOL_IMAPS);
	struct mail_settings_missing missing = mail_settings_missing(site->config);

	if (pop3->len > 0 || pop3s->len > 0)
		site->pop3 = pop3_server_start(
		    host, &(struct pop3_server_config) {
			      .store = site->store,
			      .software = SOFTWARE,
			      .host_name = name_of(site->config->host),
			      .random = site->random,
			      .keys = site->keys,
			      .session_limit = (unsigned)site->config->session_limit,
			      .without = missing.pop3,
			      .no_mechanisms = missing.sasl,
			      .ports = (const uint16_t *)(const void *)pop3->data,
			      .port_count = pop3->len,
			      .tls_ports = (const uint16_t *)(const void *)pop3s->data,
			      .tls_port_count = pop3s->len,
			      .tls = site->tls,
			      .hides_login = site->config->tls.hides_plain_login,
			      .wakeup_ns = WAKEUP_NS,
			  });
	if (imap->len > 0 || imaps->len > 0)
		site->imap = imap_server_start(
		    host, &(struct imap_server_config) {
			      .store = site->store,
			      .software = SOFTWARE,
			      .host_name = name_of(site->config->host),
			      .random = site->random,
			      .keys = site->keys,
			      .session_limit = (unsigned)site->config->session_limit,
			      .per_user_limit = (unsigned)site->config->per_user_limit,
			      .ports = (const uint16_t *)(const void *)imap->data,
			      .port_count = imap->len,
			      .tls_ports = (const uint16_t *)(const void *)imaps->data,
			      .tls_port_count = imaps->len,
			      .tls = site->tls,
			      .hides_login = site->config->tls.hides_plain_login,
			      .wakeup_ns = WAKEUP_NS,
			      .without = missing.imap,
			  });
	g_array_free(pop3, TRUE);
	g_array_free(imap, TRUE);
	g_array_free(pop3s, TRUE);
	g_array_free(imaps, TRUE);
}

static void start_site(struct programs *programs, const struct scenario_server *server)
{
	struct site site = { .config = server };
	GPtrArray *domains = g_ptr_array_new();

	struct node *node = host_node(network_host(programs->network, server->host));

	site.tls = security_server(programs->security, &server->tls, node);
	site.store = mail_store_new(node);
	site.keys = sasl_keys_new();
	site.random = g_new(struct random_stream, 1);
	node_random_init(node, site.random, "doors.sasl");
	add_accounts(programs, &site, domains);
	add_shares(programs, &site);
	start_smtp(programs, &site, domains);
	start_doors(programs, &site);
	g_array_append_val(programs->sites, site);
	g_ptr_array_free(domains, TRUE);
}

static void stop_site(struct site *site)
{
	pop3_server_stop(site->pop3);
	imap_server_stop(site->imap);
	mail_server_free(site->smtp);
	sts_agent_free(site->policies);
	mail_settings_free(site->settings);
	mail_store_free(site->store);
	sasl_keys_free(site->keys);
	g_free(site->random);
}

/* Outages. */

static void begin_or_end_outage(void *owner)
{
	struct outage *outage = owner;
	struct engine *engine = outage->programs->world->engine;
	struct site *site = &g_array_index(outage->programs->sites, struct site, outage->site);
	enum actor program = outage->described->program;
	bool closes_doors = program == ACTOR_NONE || program == ACTOR_MAILBOX;

	if (engine_now(engine) < outage->described->to_ns) {
		if (closes_doors) {
			g_clear_pointer(&site->pop3, pop3_server_stop);
			g_clear_pointer(&site->imap, imap_server_stop);
		}
		if (program != ACTOR_MAILBOX)
			mail_server_suspend(site->smtp, program);
		if (outage->described->to_ns != TIME_NEVER)
			timer_schedule(engine, &outage->timer, outage->described->to_ns);
		return;
	}
	if (program != ACTOR_MAILBOX)
		mail_server_resume(site->smtp, program);
	if (closes_doors)
		start_doors(outage->programs, site);
}

static void schedule_outages(struct programs *programs, guint index)
{
	const struct site *site = &g_array_index(programs->sites, struct site, index);
	const struct node *node = host_node(network_host(programs->network, site->config->host));

	for (guint i = 0; i < site->config->outages->len; i++) {
		struct outage *outage = g_new0(struct outage, 1);

		outage->programs = programs;
		outage->site = index;
		outage->described = site->config->outages->pdata[i];
		timer_init(&outage->timer, node->index, begin_or_end_outage, outage);
		timer_schedule(programs->world->engine, &outage->timer, outage->described->from_ns);
		g_ptr_array_add(programs->outages, outage);
	}
}

static void free_outages(struct programs *programs)
{
	for (guint i = 0; i < programs->outages->len; i++) {
		struct outage *outage = programs->outages->pdata[i];

		timer_cancel(programs->world->engine, &outage->timer);
		g_free(outage);
	}
	g_ptr_array_free(programs->outages, TRUE);
}

/* Webmail sites. */

static void start_web_site(struct programs *programs, const struct scenario_domain *domain)
{
	const struct scenario_node *host = domain->webmail;
	struct web_site *site = g_new0(struct web_site, 1);

	site->imap_server = g_strconcat("imap.", domain->item.name, NULL);
	site->submission_server = g_strconcat("smtp.", domain->item.name, NULL);
	site->config = (struct webmail_config) {
		.domain = domain->item.name,
		.host_name = host->fqdn != NULL ? host->fqdn : host->item.name,
		.imap_server = site->imap_server,
		.submission_server = site->submission_server,
		.resolver = programs_resolver(programs, host),
		.tls = security_server(programs->security, &domain->webmail_tls,
				       host_node(network_host(programs->network, host))),
		.mail_security = security_session(domain->webmail_security),
		.software = SOFTWARE,
		.wakeup_ns = WAKEUP_NS,
	};
	if (domain->webmail_security != SECURITY_NONE)
		site->config.mail_tls = security_client(
		    programs->security, host_node(network_host(programs->network, host)),
		    TLS_VERIFY_PEER, NULL);
	site->webmail = webmail_start(network_host(programs->network, host), &site->config);
	g_ptr_array_add(programs->web_sites, site);
}

static void stop_web_site(struct web_site *site)
{
	webmail_stop(site->webmail);
	g_free(site->imap_server);
	g_free(site->submission_server);
	g_free(site);
}

/* Sites that have a TLS policy. */

static void start_policy_site(struct programs *programs, const struct scenario_domain *domain)
{
	const struct scenario_mta_sts *described = &domain->mta_sts;
	struct host *host = network_host(programs->network, described->host);
	GPtrArray *mx = g_ptr_array_new();
	const struct mta_sts_policy policy = {
		.mode = (enum mta_sts_mode)described->mode,
		.max_age_s = described->max_age_ns / NS_PER_S,
		.mx = mx,
	};

	for (guint i = 0; i < described->mx->len; i++)
		g_ptr_array_add(mx,
				(gpointer)((struct scenario_mx *)described->mx->pdata[i])->pattern);
	if (mx->len == 0 && domain->mail != NULL)
		g_ptr_array_add(mx, (gpointer)domain->mail->fqdn);
	g_ptr_array_add(
	    programs->policy_sites,
	    policy_site_start(host, &(struct policy_site_config) {
					.policy = &policy,
					.tls = security_server(programs->security, &described->tls,
							       host_node(host)),
					.software = SOFTWARE,
					.wakeup_ns = WAKEUP_NS,
				    }));
	g_ptr_array_unref(mx);
}

struct programs *programs_new(struct world *world, const struct scenario *scenario,
			      struct network *network)
{
	struct programs *programs = g_new0(struct programs, 1);

	programs->world = world;
	programs->scenario = scenario;
	programs->network = network;
	programs->security = security_new(world, scenario);
	programs->resolvers = g_hash_table_new(NULL, NULL);
	programs->resolver_order = g_ptr_array_new();
	programs->daemons = g_ptr_array_new();
	programs->sites = g_array_new(FALSE, FALSE, sizeof(struct site));
	programs->outages = g_ptr_array_new();
	for (guint i = 0; i < scenario->hosts->len; i++)
		start_dns(programs, scenario->hosts->pdata[i]);
	for (guint i = 0; i < scenario->servers->len; i++)
		start_site(programs, scenario->servers->pdata[i]);
	for (guint i = 0; i < programs->sites->len; i++)
		schedule_outages(programs, i);
	programs->web_sites = g_ptr_array_new();
	programs->policy_sites = g_ptr_array_new_with_free_func((GDestroyNotify)policy_site_stop);
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		if (domain->webmail != NULL)
			start_web_site(programs, domain);
		if (scenario_has_mta_sts(&domain->mta_sts))
			start_policy_site(programs, domain);
	}
	programs->clients = mail_clients_new(programs, network, scenario);
	return programs;
}

void programs_free(struct programs *programs)
{
	if (programs == NULL)
		return;
	mail_clients_free(programs->clients);
	free_outages(programs);
	for (guint i = 0; i < programs->web_sites->len; i++)
		stop_web_site(programs->web_sites->pdata[i]);
	g_ptr_array_free(programs->policy_sites, TRUE);
	for (guint i = 0; i < programs->sites->len; i++)
		stop_site(&g_array_index(programs->sites, struct site, i));
	for (guint i = 0; i < programs->daemons->len; i++)
		dns_daemon_stop(programs->daemons->pdata[i]);
	for (guint i = 0; i < programs->resolver_order->len; i++)
		dns_resolver_free(programs->resolver_order->pdata[i]);
	g_hash_table_destroy(programs->resolvers);
	g_ptr_array_free(programs->resolver_order, TRUE);
	g_ptr_array_free(programs->daemons, TRUE);
	g_ptr_array_free(programs->web_sites, TRUE);
	g_array_free(programs->sites, TRUE);
	security_free(programs->security);
	g_free(programs);
}

struct security *programs_security(const struct programs *programs)
{
	return programs->security;
}

struct mua *programs_mua(const struct programs *programs, const struct scenario_client *client)
{
	return mail_clients_find(programs->clients, client);
}
