#include <limits.h>
#include <string.h>
#include "app/scenario_private.h"
#include "protocols/http/message.h"

#define ROOT_SERVER_FQDN "a.root-servers.example"

static const uint64_t usual_ports[] = {
	[PROTOCOL_SMTP] = 25,   [PROTOCOL_SUBMISSION] = 587, [PROTOCOL_POP3] = 110,
	[PROTOCOL_IMAP] = 143,  [PROTOCOL_WEBMAIL] = 80,     [PROTOCOL_SUBMISSIONS] = 465,
	[PROTOCOL_POP3S] = 995, [PROTOCOL_IMAPS] = 993,
};

uint64_t scenario_usual_port(enum scenario_protocol protocol)
{
	return usual_ports[protocol];
}

/* ---- Servers that are made up ---- */

/*
 * The host called `name`, made up on `network` when there is none. NULL, with an error about
 * `item`, when something else has the name.
 */
static struct scenario_node *find_or_make_host(struct load *load, const char *name,
					       struct scenario_network *network,
					       const struct scenario_item *item)
{
	struct scenario *scenario = load->scenario;
	struct scenario_item *found = scenario_lookup(scenario, SCENARIO_HOST, name);

	if (found != NULL)
		return (struct scenario_node *)found;
	if (scenario_lookup(scenario, SCENARIO_NETWORK | SCENARIO_SWITCH | SCENARIO_ROUTER, name)) {
		load_error(load, item->mark,
			   "a host `%s` for a DNS server cannot be made up: the name is taken",
			   name);
		load_hint(load, "write down which host has the DNS server");
		return NULL;
	}
	struct scenario_node *host = scenario_new_item(scenario, &host_mapping);

	host->item.name = scenario_string(scenario, name);
	host->own.network = network;
	g_ptr_array_add(scenario->hosts, host);
	scenario_add_name(load, host);
	return host;
}

static struct scenario_network *network_of(const struct scenario *scenario,
					   const struct scenario_node *host)
{
	if (host != NULL && host->own.network != NULL)
		return host->own.network;
	return scenario->networks->len > 0 ? g_ptr_array_index(scenario->networks, 0) : NULL;
}

static void choose_mail_host(struct load *load, struct scenario_domain *domain)
{
	const struct scenario *scenario = load->scenario;

	if (load_is_given(load, &domain->mail))
		return;
	if (scenario->domains->len == 1)
		domain->mail =
		    (struct scenario_node *)scenario_lookup(scenario, SCENARIO_HOST, "mail");
	if (domain->mail != NULL || domain->accounts->len == 0)
		return;
	if (load->lost_kinds & SCENARIO_HOST)
		return;
	load_error(load, domain->item.mark, "the domain `%s` has accounts but no mail server",
		   domain->item.name);
	load_hint(load, "add `mail: HOST`, the host that keeps its mailboxes");
}

static void choose_dns_host(struct load *load, struct scenario_domain *domain)
{
	const struct scenario *scenario = load->scenario;

	if (load_is_given(load, &domain->dns))
		return;
	g_autofree char *label = g_strndup(domain->item.name, strcspn(domain->item.name, "."));
	g_autofree char *name =
	    scenario->domains->len == 1 ? g_strdup("dns") : g_strconcat("dns-", label, NULL);

	domain->dns =
	    find_or_make_host(load, name, network_of(scenario, domain->mail), &domain->item);
}

/* The server of a zone that is written out, when it says so; else of the domain of its name. */
static void choose_zone_server(struct load *load, struct scenario_zone *zone)
{
	if (load_is_given(load, &zone->server))
		return;
	const struct scenario_item *item =
	    scenario_lookup(load->scenario, SCENARIO_DOMAIN, zone->item.name);

	if (item != NULL)
		zone->server = ((const struct scenario_domain *)item)->dns;
	else if (strcmp(zone->item.name, ".") == 0)
		zone->server = load->scenario->root_server;
	else
		load_error(load, zone->item.mark, "the zone `%s` needs the key `server`",
			   zone->item.name);
}

static void choose_root_server(struct load *load)
{
	struct scenario *scenario = load->scenario;
	const struct scenario_node *first = NULL;

	if (load_is_given(load, &scenario->root_server) || scenario->domains->len == 0)
		return;
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		if (strcmp(zone->item.name, ".") == 0 && zone->server != NULL) {
			scenario->root_server = zone->server;
			return;
		}
	}
	first = ((struct scenario_domain *)scenario->domains->pdata[0])->dns;
	scenario->root_server =
	    find_or_make_host(load, "root", network_of(scenario, first), &scenario->item);
}

void scenario_make_servers(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->domains->len; i++) {
		struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		choose_mail_host(load, domain);
		choose_dns_host(load, domain);
	}
	choose_root_server(load);
	for (unsigned i = 0; i < scenario->zones->len; i++)
		choose_zone_server(load, g_ptr_array_index(scenario->zones, i));
}

/* ---- Whose name is whose ---- */

static bool has_accounts(const struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->domains->len; i++)
		if (((struct scenario_domain *)scenario->domains->pdata[i])->accounts->len > 0)
			return true;
	return false;
}

static void report_no_account(struct load *load, const struct scenario_client *client)
{
	if (!has_accounts(load->scenario)) {
		if (!load_misses(load, SCENARIO_ACCOUNT, ""))
			return;
		load->lost_kinds |= SCENARIO_ACCOUNT; /* all of them */
		load_error(load, client->item.mark,
			   "the client `%s` has no account: there are none", client->item.name);
		load_hint(load, "add `domains: {NAME.example: {accounts: {%s: }}}`",
			  client->item.name);
	} else if (load_misses(load, SCENARIO_ACCOUNT, client->item.name)) {
		load_error(load, client->item.mark,
			   "the client `%s` needs the key `account`: there %s of its name",
			   client->item.name,
			   g_hash_table_contains(load->scenario->memory->locals, client->item.name)
			       ? "is not just one"
			       : "is none");
	}
}

/* An account that is not named is the one called like the client. */
static void choose_accounts(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->clients->len; i++) {
		struct scenario_client *client = g_ptr_array_index(scenario->clients, i);

		if (load_is_given(load, &client->account))
			continue;
		client->account = (struct scenario_account *)scenario_lookup(
		    scenario, SCENARIO_ACCOUNT, client->item.name);
		if (client->account == NULL)
			report_no_account(load, client);
	}
}

static void claim(struct load *load, struct scenario_node *host, struct scenario_domain *domain)
{
	if (host != NULL && host->domain == NULL && domain != NULL &&
	    host != load->scenario->root_server && !load_is_given(load, &host->domain))
		host->domain = domain;
}

static void choose_domains(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->domains->len; i++) {
		struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		if (scenario_has_mta_sts(&domain->mta_sts) && domain->mta_sts.host == NULL)
			domain->mta_sts.host = (struct scenario_node *)scenario_lookup(
			    scenario, SCENARIO_HOST, "policy");
		claim(load, domain->mail, domain);
		claim(load, domain->dns, domain);
		claim(load, domain->webmail, domain);
		claim(load, domain->mta_sts.host, domain);
	}
	for (unsigned i = 0; i < scenario->clients->len; i++) {
		const struct scenario_client *client = g_ptr_array_index(scenario->clients, i);

		if (client->account != NULL)
			claim(load, client->host, client->account->domain);
	}
	for (unsigned i = 0; i < scenario->hosts->len && scenario->domains->len == 1; i++)
		claim(load, g_ptr_array_index(scenario->hosts, i),
		      g_ptr_array_index(scenario->domains, 0));
}

static void choose_fqdn(struct load *load, struct scenario_node *host)
{
	if (host->fqdn != NULL)
		return;
	if (host->domain != NULL)
		host->fqdn = scenario_format(load->scenario, "%s.%s", host->item.name,
					     host->domain->item.name);
	else if (host == load->scenario->root_server)
		host->fqdn = ROOT_SERVER_FQDN;
	else
		host->fqdn = host->item.name;
}

bool scenario_is_resolver(const struct scenario *scenario, const struct scenario_node *host)
{
	for (unsigned i = 0; i < scenario->resolvers->len; i++) {
		const struct scenario_resolver *resolver =
		    g_ptr_array_index(scenario->resolvers, i);

		if (resolver->host == host)
			return true;
	}
	return false;
}

static void make_resolvers(struct load *load)
{
	struct scenario *scenario = load->scenario;

	if (load_is_given(load, &scenario->resolvers))
		return;
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		if (domain->dns == NULL || scenario_is_resolver(scenario, domain->dns))
			continue;
		struct scenario_resolver *resolver = scenario_new_item(scenario, &resolver_mapping);

		resolver->item.name = domain->dns->item.name;
		resolver->item.mark = domain->dns->item.mark;
		resolver->host = domain->dns;
		g_ptr_array_add(scenario->resolvers, resolver);
	}
}

/* The resolver with the fewest routers in between; of equals the first declared. */
static struct scenario_node *nearest_resolver(const struct scenario *scenario,
					      const struct scenario_network *network)
{
	g_autoptr(GArray) distances = scenario_distances(scenario, network);
	struct scenario_node *nearest = NULL;
	unsigned least = UINT_MAX;

	for (unsigned i = 0; i < scenario->resolvers->len; i++) {
		const struct scenario_resolver *resolver =
		    g_ptr_array_index(scenario->resolvers, i);

		if (resolver->host == NULL || resolver->host->own.network == NULL)
			continue;
		unsigned distance =
		    g_array_index(distances, unsigned, resolver->host->own.network->index);

		if (distance < least) {
			nearest = resolver->host;
			least = distance;
		}
	}
	return nearest;
}

static void choose_resolvers(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = g_ptr_array_index(scenario->networks, i);
		struct scenario_node *nearest = nearest_resolver(scenario, network);

		for (unsigned j = 0; j < network->interfaces->len; j++) {
			const struct scenario_interface *interface =
			    g_ptr_array_index(network->interfaces, j);
			struct scenario_node *host = interface->node;

			if (host->item.kind == SCENARIO_HOST && host != scenario->root_server &&
			    !load_is_given(load, &host->resolver))
				host->resolver =
				    scenario_is_resolver(scenario, host) ? host : nearest;
		}
	}
}

void scenario_complete_names(struct load *load)
{
	choose_accounts(load);
	choose_domains(load);
	for (unsigned i = 0; i < load->scenario->hosts->len; i++)
		choose_fqdn(load, g_ptr_array_index(load->scenario->hosts, i));
	make_resolvers(load);
	choose_resolvers(load);
}

/* ---- Mail servers, accounts, clients ---- */

static const struct mapping *element_of(const struct mapping *mapping, const char *key)
{
	return mapping_key(mapping, key)->mapping;
}

const struct scenario_server *scenario_server_on(const struct scenario *scenario,
						 const struct scenario_node *host)
{
	for (unsigned i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = g_ptr_array_index(scenario->servers, i);

		if (server->host == host)
			return server;
	}
	return NULL;
}

static void make_mail_servers(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		if (domain->mail == NULL || scenario_server_on(scenario, domain->mail) != NULL)
			continue;
		struct scenario_server *server = scenario_new_item(scenario, &server_mapping);

		server->item.name = domain->mail->item.name;
		server->item.mark = domain->mail->item.mark;
		server->host = domain->mail;
		g_ptr_array_add(scenario->servers, server);
	}
}

static void add_services(struct load *load, struct scenario_server *server,
			 enum scenario_protocol first, enum scenario_protocol last)
{
	for (unsigned i = first; i <= last; i++) {
		struct scenario_service *service =
		    scenario_new_item(load->scenario, element_of(&server_mapping, "services"));

		service->protocol = (enum scenario_protocol)i;
		g_ptr_array_add(server->services, service);
	}
}

static void complete_server(struct load *load, struct scenario_server *server)
{
	if (server->services->len == 0) {
		add_services(load, server, PROTOCOL_SMTP, PROTOCOL_IMAP);
		if (scenario_has_tls(server))
			add_services(load, server, PROTOCOL_SUBMISSIONS, PROTOCOL_IMAPS);
	}
	for (unsigned i = 0; i < server->services->len; i++) {
		struct scenario_service *service = g_ptr_array_index(server->services, i);

		if (service->port == 0)
			service->port = usual_ports[service->protocol];
	}
	for (unsigned i = 0; i < server->faults->len; i++) {
		struct scenario_fault *fault = g_ptr_array_index(server->faults, i);

		scenario_complete_recipients(load->scenario, fault->recipients);
	}
}

static void complete_account(struct load *load, struct scenario_account *account)
{
	struct scenario *scenario = load->scenario;

	if (account->password == NULL)
		account->password = scenario_format(scenario, "%s-password", account->item.name);
	if (account->full_name == NULL)
		account->full_name =
		    scenario_format(scenario, "%c%s", g_ascii_toupper(account->item.name[0]),
				    account->item.name + 1);
}

static void complete_aliases(struct load *load, const struct scenario_domain *domain,
			     GPtrArray *aliases)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < aliases->len; i++) {
		struct scenario_alias *alias = g_ptr_array_index(aliases, i);
		const struct scenario_account *owner =
		    alias->owner == NULL ? NULL
					 : (const struct scenario_account *)scenario_lookup(
					       scenario, SCENARIO_ACCOUNT, alias->owner);

		alias->address =
		    scenario_format(scenario, "%s@%s", alias->item.name, domain->item.name);
		if (owner != NULL)
			alias->owner = owner->address;
		scenario_complete_recipients(scenario, alias->targets);
	}
}

static bool has_alias(const GPtrArray *aliases, const char *address)
{
	for (unsigned i = 0; i < aliases->len; i++)
		if (g_ascii_strcasecmp(((const struct scenario_alias *)aliases->pdata[i])->address,
				       address) == 0)
			return true;
	return false;
}

bool scenario_stands_for_others(const struct scenario *scenario, const char *address)
{
	const char *plus = strchr(address, '+'), *at = strrchr(address, '@');

	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);
		char *plain;
		bool is_tagged;

		if (has_alias(domain->aliases, address) || has_alias(domain->lists, address))
			return true;
		if (!domain->has_tags || plus == NULL || at == NULL || plus > at ||
		    g_ascii_strcasecmp(at + 1, domain->item.name) != 0)
			continue;
		plain = g_strdup_printf("%.*s%s", (int)(plus - address), address, at);
		is_tagged = scenario_lookup(scenario, SCENARIO_ACCOUNT, plain) != NULL;
		g_free(plain);
		if (is_tagged)
			return true;
	}
	return false;
}

static void complete_security(struct load *load, struct scenario_client *client)
{
	/* A site has no STARTTLS: who wants that alone asks for its pages in clear. */
	if (!load_is_given(load, &client->incoming.security) &&
	    (client->incoming.protocol != PROTOCOL_WEBMAIL || client->security == SECURITY_TLS))
		client->incoming.security = client->security;
	if (!load_is_given(load, &client->outgoing.security))
		client->outgoing.security = client->security;
}

static enum scenario_protocol incoming_service(const struct scenario_incoming *incoming)
{
	if (incoming->security != SECURITY_TLS || incoming->protocol == PROTOCOL_WEBMAIL)
		return incoming->protocol;
	return incoming->protocol == PROTOCOL_POP3 ? PROTOCOL_POP3S : PROTOCOL_IMAPS;
}

static bool is_https(const struct scenario_incoming *incoming)
{
	return incoming->protocol == PROTOCOL_WEBMAIL && incoming->security == SECURITY_TLS;
}

static void complete_client(struct load *load, struct scenario_client *client)
{
	struct scenario *scenario = load->scenario;
	const struct scenario_account *account = client->account;
	static const char *const names[] = {
		[PROTOCOL_POP3] = "pop",
		[PROTOCOL_IMAP] = "imap",
		[PROTOCOL_WEBMAIL] = "webmail",
	};

	complete_security(load, client);
	if (client->incoming.port == 0)
		client->incoming.port = is_https(&client->incoming)
					    ? HTTPS_PORT
					    : usual_ports[incoming_service(&client->incoming)];
	if (client->outgoing.ports->len == 0) {
		const struct mapping *outgoing = element_of(&client_mapping, "outgoing");
		struct scenario_port *port =
		    scenario_new_item(scenario, element_of(outgoing, "port"));

		port->port =
		    usual_ports[client->outgoing.security == SECURITY_TLS ? PROTOCOL_SUBMISSIONS
									  : PROTOCOL_SUBMISSION];
		g_ptr_array_add(client->outgoing.ports, port);
	}
	if (account == NULL)
		return;
	if (client->login == NULL)
		client->login = account->address;
	if (client->password == NULL)
		client->password = account->password;
	if (client->full_name == NULL)
		client->full_name = account->full_name;
	if (client->incoming.server == NULL)
		client->incoming.server =
		    scenario_format(scenario, "%s.%s", names[client->incoming.protocol],
				    account->domain->item.name);
	if (client->outgoing.server == NULL)
		client->outgoing.server =
		    scenario_format(scenario, "smtp.%s", account->domain->item.name);
}

void scenario_complete_mail(struct load *load)
{
	struct scenario *scenario = load->scenario;

	make_mail_servers(load);
	for (unsigned i = 0; i < scenario->servers->len; i++)
		complete_server(load, g_ptr_array_index(scenario->servers, i));
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		for (unsigned j = 0; j < domain->accounts->len; j++)
			complete_account(load, g_ptr_array_index(domain->accounts, j));
		complete_aliases(load, domain, domain->aliases);
		complete_aliases(load, domain, domain->lists);
	}
	for (unsigned i = 0; i < scenario->clients->len; i++)
		complete_client(load, g_ptr_array_index(scenario->clients, i));
}
