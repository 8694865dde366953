#include <string.h>
#include "app/scenario_private.h"
#include "protocols/dns/record.h"
#include "protocols/http/message.h"
#include "protocols/mail/mta_sts.h"
#include "protocols/mail/rights.h"
#include "protocols/screening/screening.h"
#include "protocols/smtp/names.h"

/* ---- Names of hosts ---- */

static void check_host_names(struct load *load)
{
	const struct scenario *scenario = load->scenario;
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		const struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);
		const struct scenario_node *other = g_hash_table_lookup(seen, host->fqdn);

		if (strcmp(host->fqdn, ".") == 0)
			load_error(load, load_mark(load, &host->fqdn, host),
				   "a host cannot be called like the root");
		if (other != NULL)
			load_error(load, load_mark(load, &host->fqdn, host),
				   "`%s` and `%s` both have the domain name `%s`", other->item.name,
				   host->item.name, host->fqdn);
		g_hash_table_insert(seen, (void *)host->fqdn, (void *)host);
	}
}

static void check_resolvers(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		const struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);

		if (host->resolver != NULL && !scenario_is_resolver(scenario, host->resolver))
			load_error(
			    load, load_mark(load, &host->resolver, host),
			    "`%s` is not among the resolvers: it would not ask others for names",
			    host->resolver->item.name);
	}
	for (unsigned i = 0; i < scenario->resolvers->len; i++) {
		const struct scenario_resolver *resolver =
		    g_ptr_array_index(scenario->resolvers, i);

		if (scenario->root_server == NULL && load->is_sound)
			load_error(load, resolver->item.mark,
				   "the resolver `%s` has no root name server to ask",
				   resolver->item.name);
	}
}

/* ---- Zones ---- */

static void check_record(struct load *load, const struct scenario_zone *zone,
			 const struct scenario_record *record)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	struct mark mark = load_mark(load, &record->value, record);

	if (record->owner == NULL)
		return;
	if (!scenario_is_below(record->owner, zone->item.name))
		load_error(load, load_mark(load, &record->item.name, record),
			   "`%s` is not in the zone `%s`", record->owner, zone->item.name);
	if (!dns_data_from_text((uint16_t)record->type, record->value, data)) {
		char type[DNS_TYPE_TEXT_BYTES];

		load_error(load, mark, "`%s` is not the data of a record of type %s", record->value,
			   dns_type_print((uint16_t)record->type, type));
		load_hint(load,
			  "write it as in a zone file: A `192.0.2.70`, MX `10 mail`, CNAME `www`");
	}
	if (record->ttl_ns % NS_PER_S != 0)
		load_error(load, load_mark(load, &record->ttl_ns, record),
			   "a TTL is a whole number of seconds");
}

/* A CNAME stands alone (RFC 1034 section 3.6.2), and a zone has one SOA. */
static void check_companions(struct load *load, const struct scenario_zone *zone)
{
	g_autoptr(GHashTable) aliases = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned soa_count = 0;

	for (unsigned i = 0; i < zone->records->len; i++) {
		const struct scenario_record *record = g_ptr_array_index(zone->records, i);

		if (record->owner != NULL && record->type == DNS_CNAME &&
		    !g_hash_table_insert(aliases, (void *)record->owner, (void *)record))
			load_error(load, record->item.mark, "`%s` has two CNAME records",
				   record->owner);
		soa_count += record->type == DNS_SOA;
		if (record->type == DNS_SOA && (soa_count > 1 || record->owner == NULL ||
						strcmp(record->owner, zone->item.name) != 0))
			load_error(load, record->item.mark,
				   "a zone has one SOA record, with the zone's own name");
	}
	for (unsigned i = 0; i < zone->records->len; i++) {
		const struct scenario_record *record = g_ptr_array_index(zone->records, i);
		const struct scenario_record *alias =
		    record->owner == NULL ? NULL : g_hash_table_lookup(aliases, record->owner);

		if (alias != NULL && record->type != DNS_CNAME)
			load_error(load, alias->item.mark,
				   "`%s` is an alias (CNAME) and has other records too",
				   record->owner);
	}
}

/* True when `name` belongs to a zone below the root. */
static bool is_in_other_zone(const struct load *load, const char *name)
{
	for (unsigned i = 0; i < load->scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(load->scenario->zones, i);

		if (strcmp(zone->item.name, ".") != 0 && g_str_has_suffix(name, zone->item.name))
			return true;
	}
	return false;
}

/* Exchangers and name servers must have addresses; a null MX (RFC 7505) says that none takes mail. */
static void check_target(struct load *load, const struct scenario_record *record, bool is_root)
{
	const char *last = strrchr(record->value, ' ');
	const char *target = last == NULL ? record->value : last + 1;
	size_t length = strlen(target);

	if (length < 2 || target[length - 1] != '.' || !load->is_sound)
		return;
	g_autofree char *name = g_strndup(target, length - 1);

	if (scenario_resolve_name(load->scenario, name) != 0)
		return;
	/* The root's own delegation is made from the zone, which says the same. */
	if (is_root && !load_is_given(load, &record->value) && is_in_other_zone(load, name))
		return;
	load_error(load, load_mark(load, &record->value, record), "no zone has an address for `%s`",
		   name);
	load_hint(load, "add `{name: %s., type: A, value: ADDRESS}` to the records of its zone",
		  name);
}

static void check_zone(struct load *load, const struct scenario_zone *zone)
{
	for (unsigned i = 0; i < zone->records->len; i++) {
		const struct scenario_record *record = g_ptr_array_index(zone->records, i);

		check_record(load, zone, record);
		if (record->owner != NULL && (record->type == DNS_MX || record->type == DNS_NS))
			check_target(load, record, strcmp(zone->item.name, ".") == 0);
	}
	check_companions(load, zone);
}

static bool delegates(const struct scenario_zone *parent, const char *origin)
{
	for (unsigned i = 0; i < parent->records->len; i++) {
		const struct scenario_record *record = g_ptr_array_index(parent->records, i);

		if (record->type == DNS_NS && record->owner != NULL &&
		    strcmp(record->owner, origin) == 0)
			return true;
	}
	return false;
}

/* A zone that no other delegates to cannot be found. */
static void check_delegation(struct load *load, const struct scenario_zone *zone)
{
	const struct scenario *scenario = load->scenario;

	if (strcmp(zone->item.name, ".") == 0 || !load->is_sound)
		return;
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *parent = g_ptr_array_index(scenario->zones, i);

		if (parent != zone && delegates(parent, zone->item.name))
			return;
	}
	load_error(load, zone->item.mark,
		   "nobody finds the zone `%s`: no other zone delegates to it", zone->item.name);
	load_hint(load, "add an NS record for `%s.` to the zone above it", zone->item.name);
}

/* ---- Mail servers ---- */

static bool listens(const struct scenario_server *server, uint64_t port)
{
	for (unsigned i = 0; server != NULL && i < server->services->len; i++) {
		const struct scenario_service *service = g_ptr_array_index(server->services, i);

		if (service->port == port)
			return true;
	}
	return false;
}

static void check_fault(struct load *load, const struct scenario_fault *fault)
{
	const char *reply = fault->reply;
	struct mark mark = load_mark(load, &fault->reply, fault);

	if (reply != NULL && (strlen(reply) < 5 || (reply[0] != '4' && reply[0] != '5') ||
			      !g_ascii_isdigit(reply[1]) || !g_ascii_isdigit(reply[2]) ||
			      reply[3] != ' ' || strpbrk(reply, "\r\n") != NULL)) {
		load_error(load, mark, "`%s` is no reply that refuses something", reply);
		load_hint(load, "write a code from 400 to 599 and a text: `451 4.3.0 Try again "
				"later`");
	}
	if (reply == NULL && !fault->resets && fault->delay_ns == 0)
		load_error(load, fault->item.mark,
			   "nothing goes wrong here: a fault needs `reply`, `delay` or `reset`");
	if (reply != NULL && fault->resets)
		load_error(load, mark, "`reply` and `reset` cannot stand together");
	if (fault->recipients->len > 0 && fault->command != SMTP_RCPT)
		load_error(load, load_mark(load, &fault->recipients, fault),
			   "`recipients` is for `command: rcpt`");
	if (fault->reset_after_bytes > 0 && !(fault->resets && fault->command == SMTP_DATA))
		load_error(load, load_mark(load, &fault->reset_after_bytes, fault),
			   "`after` is for `command: data` with `reset: yes`");
	if (fault->to_ns <= fault->from_ns)
		load_error(load, load_mark(load, &fault->to_ns, fault), "`to` is not after `from`");
}

/* Outages stand in order, so that each begins when the one before is over. */
static void check_outages(struct load *load, const GPtrArray *outages)
{
	int64_t last_ns = -1;

	for (unsigned i = 0; i < outages->len; i++) {
		const struct scenario_outage *outage = g_ptr_array_index(outages, i);

		if (outage->to_ns <= outage->from_ns)
			load_error(load, load_mark(load, &outage->to_ns, outage),
				   "`to` is not after `from`");
		if (outage->from_ns <= last_ns)
			load_error(load, load_mark(load, &outage->from_ns, outage),
				   "it is down already: write outages in order, apart from each "
				   "other");
		last_ns = outage->to_ns;
	}
}

/* Somebody outside the scenario is written in full. */
static void check_targets(struct load *load, const GPtrArray *recipients)
{
	for (unsigned i = 0; i < recipients->len; i++) {
		const struct scenario_recipient *recipient = g_ptr_array_index(recipients, i);

		if (recipient->address == NULL || strchr(recipient->address, '@') != NULL)
			continue;
		load_error(load, recipient->item.mark,
			   "nobody in the scenario has the address `%s`", recipient->address);
		load_hint(load, "write the whole address, with @ and domain");
	}
}

static void check_aliases(struct load *load, const struct scenario_domain *domain,
			  const GPtrArray *aliases)
{
	for (unsigned i = 0; i < aliases->len; i++) {
		const struct scenario_alias *alias = g_ptr_array_index(aliases, i);

		if (scenario_lookup(load->scenario, SCENARIO_ACCOUNT, alias->address) != NULL)
			load_error(load, alias->item.mark,
				   "`%s` is an account already, and would get no mail any more",
				   alias->address);
		if (alias->targets->len == 0)
			load_error(load, alias->item.mark, "`%s` stands for nobody",
				   alias->address);
		check_targets(load, alias->targets);
	}
	for (unsigned i = 0; aliases == domain->lists && i < aliases->len; i++) {
		const struct scenario_alias *list = g_ptr_array_index(aliases, i);

		if (list->owner != NULL && strchr(list->owner, '@') == NULL)
			load_error(load, load_mark(load, &list->owner, list),
				   "nobody in the scenario has the address `%s`", list->owner);
		for (unsigned k = 0; k < domain->aliases->len; k++)
			if (strcmp(((struct scenario_alias *)domain->aliases->pdata[k])->address,
				   list->address) == 0)
				load_error(load, list->item.mark, "`%s` is an alias already",
					   list->address);
	}
}

static bool is_ascii_line(const char *text)
{
	for (; *text != '\0'; text++)
		if (!g_ascii_isprint(*text))
			return false;
	return true;
}

static void check_rules(struct load *load, const struct scenario_stage *stage)
{
	if (stage->kind == SCREEN_CONTENT && stage->rules->len == 0)
		load_error(load, stage->item.mark, "a content filter without rules finds nothing");
	for (unsigned i = 0; i < stage->rules->len; i++) {
		const struct scenario_content_rule *rule = g_ptr_array_index(stage->rules, i);
		g_autofree char *error =
		    rule->pattern == NULL ? NULL : screen_pattern_error(rule->pattern);

		if (error != NULL)
			load_error(load, load_mark(load, &rule->pattern, rule),
				   "`%s` is no regular expression: %s", rule->pattern, error);
		if (rule->rule_name != NULL && !is_ascii_line(rule->rule_name))
			load_error(load, load_mark(load, &rule->rule_name, rule),
				   "`%s` cannot stand in a header field: use printable ASCII",
				   rule->rule_name);
	}
}

static void check_stage(struct load *load, const struct scenario_stage *stage)
{
	const char *prefix = stage->subject_prefix;
	struct mark mark = load_mark(load, &stage->subject_prefix, stage);

	check_rules(load, stage);
	if (prefix != NULL && !is_ascii_line(prefix))
		load_error(load, mark, "`%s` cannot stand in a header field: use printable ASCII",
			   prefix);
	if (prefix != NULL && stage->action == SCREEN_REJECT) {
		load_error(load, mark, "a message that is refused has no subject to mark");
		load_hint(load, "add `action: tag` or `action: quarantine`");
	}
	if (stage->kind == SCREEN_GREYLIST && stage->retry_window_ns <= stage->delay_ns)
		load_error(load, load_mark(load, &stage->retry_window_ns, stage),
			   "`retry-window` is not longer than `delay`: nobody would ever pass");
}

static bool has_stage(const struct scenario_server *server, unsigned end, enum screen_kind kind)
{
	for (unsigned i = 0; i < end; i++)
		if (((const struct scenario_stage *)server->stages->pdata[i])->kind == (int)kind)
			return true;
	return false;
}

/* DMARC judges by what others before it have found, and they ask DNS. */
static void check_authentication(struct load *load, const struct scenario_server *server)
{
	for (unsigned i = 0; i < server->stages->len; i++) {
		const struct scenario_stage *stage = g_ptr_array_index(server->stages, i);

		if (stage->kind != SCREEN_DMARC || has_stage(server, i, SCREEN_SPF) ||
		    has_stage(server, i, SCREEN_DKIM))
			continue;
		load_error(load, stage->item.mark,
			   "dmarc has nothing to judge by: no message would ever pass it");
		load_hint(load, "put `spf` or `dkim` before it, with `action: tag` if they "
				"shall not refuse anything themselves");
	}
}

static void check_reports(struct load *load, const struct scenario_server *server)
{
	if (server->dmarc_report_ns == 0 || has_stage(server, server->stages->len, SCREEN_DMARC))
		return;
	load_error(load, load_mark(load, &server->dmarc_report_ns, server),
		   "there is nothing to report: the screening has no stage `dmarc`");
}

static void check_signers(struct load *load, const struct scenario_server *server)
{
	for (unsigned i = 0; i < server->signers->len; i++) {
		const struct scenario_signer *signer = g_ptr_array_index(server->signers, i);

		if (signer->lifetime_ns % NS_PER_S != 0)
			load_error(load, load_mark(load, &signer->lifetime_ns, signer),
				   "signatures count whole seconds");
		for (unsigned k = 0; k < i; k++) {
			const struct scenario_signer *other = g_ptr_array_index(server->signers, k);

			if (signer->domain == other->domain &&
			    g_strcmp0(signer->selector, other->selector) == 0)
				load_error(load, signer->item.mark,
					   "two keys have the same domain and selector");
		}
	}
}

static void check_server(struct load *load, const struct scenario_server *server)
{
	bool has_domain = false;

	for (unsigned i = 0; i < server->services->len; i++) {
		const struct scenario_service *service = g_ptr_array_index(server->services, i);

		for (unsigned j = 0; j < i; j++) {
			const struct scenario_service *earlier =
			    g_ptr_array_index(server->services, j);

			if (earlier->port == service->port)
				load_error(load, service->item.mark,
					   "port %u of `%s` is taken by another service",
					   (unsigned)service->port, server->item.name);
		}
	}
	for (unsigned i = 0; i < server->faults->len; i++) {
		const struct scenario_fault *fault = g_ptr_array_index(server->faults, i);

		check_fault(load, fault);
		check_targets(load, fault->recipients);
	}
	for (unsigned i = 0; i < server->stages->len; i++)
		check_stage(load, g_ptr_array_index(server->stages, i));
	check_authentication(load, server);
	check_reports(load, server);
	check_signers(load, server);
	check_outages(load, server->outages);
	if (server->retry_max_ns < server->retry_ns)
		load_error(load, load_mark(load, &server->retry_max_ns, server),
			   "`retry-max` is shorter than `retry`");
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *domain =
		    g_ptr_array_index(load->scenario->domains, i);

		has_domain |= domain->mail == server->host;
	}
	if (server->host != NULL && server->host->resolver == NULL &&
	    load->scenario->domains->len > 1 && load->is_sound)
		load_error(load, server->item.mark,
			   "the mail server `%s` has no DNS server to ask for exchangers",
			   server->item.name);
	if (!has_domain && server->host != NULL)
		load_warning(load, server->item.mark, "the mail server `%s` is that of no domain",
			     server->item.name);
}

static bool has_folder(const struct scenario_account *account, const char *name)
{
	if (g_ascii_strcasecmp(name, "INBOX") == 0)
		return true;
	for (unsigned i = 0; i < account->folders->len; i++) {
		const struct scenario_folder *folder = g_ptr_array_index(account->folders, i);

		if (strcmp(folder->folder, name) == 0)
			return true;
	}
	return false;
}

static void check_share(struct load *load, const struct scenario_account *account,
			const struct scenario_share *share)
{
	uint32_t rights = 0;

	if (!mailbox_rights_parse(share->rights, &rights) || rights == 0)
		load_error(load, load_mark(load, &share->rights, share),
			   "`%s` are no rights: use letters of `lrswipkxtea`", share->rights);
	if (!has_folder(account, share->folder))
		load_error(load, load_mark(load, &share->folder, share),
			   "`%s` has no folder `%s`: list it under `folders`", account->address,
			   share->folder);
	if (share->with == NULL)
		return;
	if (share->with == account)
		load_error(load, load_mark(load, &share->with, share),
			   "the owner of a folder has all rights anyway");
	else if (share->with->domain->mail != account->domain->mail)
		load_error(load, load_mark(load, &share->with, share),
			   "`%s` is kept on another server, which cannot see this folder",
			   share->with->address);
}

/* By IMAP such a name means another user's folder. */
static void check_folder_names(struct load *load, const struct scenario_account *account)
{
	for (unsigned i = 0; i < account->folders->len; i++) {
		const struct scenario_folder *folder = g_ptr_array_index(account->folders, i);

		if (g_str_has_prefix(folder->folder, "shared/"))
			load_error(load, load_mark(load, &folder->folder, folder),
				   "names below `shared/` are for folders of other users");
	}
}

static void check_shares(struct load *load, const struct scenario_domain *domain)
{
	for (unsigned i = 0; i < domain->accounts->len; i++) {
		const struct scenario_account *account = g_ptr_array_index(domain->accounts, i);

		check_folder_names(load, account);
		for (unsigned s = 0; s < account->shares->len; s++)
			check_share(load, account, g_ptr_array_index(account->shares, s));
	}
}

/* A site is by itself on its host: port 80 is one, and its mail server is elsewhere on the network. */
static void check_webmail(struct load *load, const struct scenario_domain *domain)
{
	struct mark mark = load_mark(load, &domain->webmail, domain);

	if (domain->webmail == NULL && scenario_tls_is_given(&domain->webmail_tls))
		load_error(load, domain->webmail_tls.item.mark,
			   "`webmail-tls` is for a webmail site, which `%s` has not",
			   domain->item.name);
	if (domain->webmail == NULL || !load->is_sound)
		return;
	if (domain->mail == NULL)
		load_error(load, mark, "the webmail site of `%s` has no mail server to work with",
			   domain->item.name);
	if (domain->mail == domain->webmail) {
		load_error(load, mark,
			   "the webmail site and the mail server of `%s` are on one host",
			   domain->item.name);
		load_hint(load, "give the site a host of its own, so that what they say is seen");
	}
	if (domain->webmail->resolver == NULL)
		load_error(load, mark,
			   "the webmail site on `%s` cannot look up its mail server: the host has "
			   "no DNS server",
			   domain->webmail->item.name);
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *other = g_ptr_array_index(load->scenario->domains, i);

		if (other == domain)
			break;
		if (other->webmail == domain->webmail)
			load_error(load, mark, "`%s` has the webmail site of `%s` already",
				   domain->webmail->item.name, other->item.name);
	}
}

/* The site is by itself on its host, too: it has port 443. */
static void check_mta_sts(struct load *load, const struct scenario_domain *domain)
{
	const struct scenario_mta_sts *policy = &domain->mta_sts;
	char id[MTA_STS_ID_BYTES];
	g_autofree char *record = g_strdup_printf("v=STSv1; id=%s;", policy->id);

	if (!scenario_has_mta_sts(policy) || !load->is_sound)
		return;
	if (policy->host == NULL) {
		load_error(load, policy->item.mark, "the TLS policy of `%s` has no site",
			   domain->item.name);
		load_hint(load, "say which host has it: `mta-sts: {host: HOST}`");
	}
	if (policy->tls.certificate == CERTIFICATE_NONE)
		load_error(
		    load, policy->item.mark,
		    "the site of a TLS policy is there by HTTPS alone: it needs a certificate");
	if (!mta_sts_record_parse(bytes_of(record), id))
		load_error(load, load_mark(load, &policy->id, policy),
			   "an id is 1 to 32 letters and digits (RFC 8461 section 3.1)");
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *other = g_ptr_array_index(load->scenario->domains, i);
		bool has_site = scenario_has_mta_sts(&other->mta_sts) && other != domain &&
				other->mta_sts.host == policy->host;
		bool has_webmail =
		    other->webmail == policy->host && scenario_tls_is_given(&other->webmail_tls);

		if (policy->host != NULL && (has_site || has_webmail))
			load_error(load, policy->item.mark,
				   "`%s` has a site of `%s` by HTTPS already",
				   policy->host->item.name, other->item.name);
	}
}

static void check_domain(struct load *load, const struct scenario_domain *domain)
{
	check_shares(load, domain);
	check_aliases(load, domain, domain->aliases);
	check_aliases(load, domain, domain->lists);
	check_webmail(load, domain);
	check_mta_sts(load, domain);
	if (strcmp(domain->item.name, ".") == 0)
		load_error(load, domain->item.mark, "the root cannot be a mail domain");
}

/* ---- Clients ---- */

static void offer_owners(const struct scenario *scenario, struct suggestion *suggestion)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		for (unsigned j = 0; j < zone->records->len; j++) {
			const struct scenario_record *record = g_ptr_array_index(zone->records, j);

			if (record->owner != NULL && record->type == DNS_A)
				suggest_offer(suggestion, record->owner);
		}
	}
}

/* The host that answers at an address and port: behind a router that forwards it another one. */
static const struct scenario_node *find_listener(const struct scenario_interface *interface,
						 uint64_t port, uint64_t *own_port)
{
	const struct scenario_nat *nat = &interface->node->nat;

	*own_port = port;
	for (unsigned i = 0; nat->uplink == interface->network && i < nat->forwards->len; i++) {
		const struct scenario_forward *forward = g_ptr_array_index(nat->forwards, i);

		if (forward->port == port && forward->protocol == TRANSPORT_TCP) {
			*own_port = forward->to_port;
			return forward->to;
		}
	}
	return interface->node;
}

/* Somebody who expects a refusal means the port to be closed. */
static bool is_meant_closed(const struct scenario *scenario, uint64_t port)
{
	for (unsigned i = 0; i < scenario->expectations->len; i++) {
		const struct scenario_expectation *expectation =
		    g_ptr_array_index(scenario->expectations, i);

		if (expectation->kind == EXPECT_CONNECTION &&
		    expectation->outcome == OUTCOME_REFUSED && expectation->port == port)
			return true;
	}
	return false;
}

/* Whether a mail server or a webmail site on `node` listens on `port`. */
static bool is_open(const struct scenario *scenario, const struct scenario_node *node,
		    uint64_t port)
{
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);
		bool is_https = scenario_tls_is_given(&domain->webmail_tls) && port == HTTPS_PORT;

		if (domain->webmail == node && (is_https || port == HTTP_PORT))
			return true;
	}
	return listens(scenario_server_on(scenario, node), port);
}

static void check_port(struct load *load, const struct scenario_interface *interface, uint64_t port,
		       struct mark mark)
{
	uint64_t own_port;
	const struct scenario_node *node = find_listener(interface, port, &own_port);

	if (node == NULL || is_open(load->scenario, node, own_port))
		return;
	if (load->receive != NULL && port == scenario_usual_port(*load->receive)) {
		load_error(load, mark, "`%s` does not listen on port %u", node->item.name,
			   (unsigned)own_port);
		load_hint(load, "add `%s` to the `services` of `%s`, or leave out `--receive`",
			  *load->receive == PROTOCOL_IMAP ? "imap" : "pop3", node->item.name);
	} else if (!is_meant_closed(load->scenario, port))
		load_warning(load, mark, "`%s` does not listen on port %u: connections are refused",
			     node->item.name, (unsigned)own_port);
}

static void check_server_name(struct load *load, const struct scenario_client *client,
			      const char *name, const uint64_t *ports, size_t port_count,
			      const void *field)
{
	const struct scenario *scenario = load->scenario;
	struct mark mark = load_mark(load, field, client);
	uint32_t address = name == NULL ? 0 : scenario_resolve_name(scenario, name);
	const struct scenario_interface *interface = scenario_find_address(scenario, address);
	struct suggestion suggestion = { .word = name };

	/* Without a mail server that is the error, and its default names are not. */
	if (name == NULL || client->account == NULL || !load->is_sound ||
	    (client->account->domain->mail == NULL && !load_is_given(load, field)))
		return;
	if (address == 0) {
		load_error(load, mark, "no zone has an address for the server `%s`", name);
		offer_owners(scenario, &suggestion);
		if (suggestion.best != NULL)
			load_hint(load, "did you mean `%s`?", suggestion.best);
	} else if (interface == NULL) {
		load_warning(
		    load, mark,
		    "the address of `%s` is that of no host: only something plugged in from "
		    "outside (`mailwire live`) could answer",
		    name);
	} else {
		for (size_t i = 0; i < port_count; i++)
			check_port(load, interface, ports[i], mark);
	}
}

static void check_incoming(struct load *load, const struct scenario_client *client)
{
	const struct scenario_incoming *incoming = &client->incoming;

	if (incoming->protocol != PROTOCOL_POP3 && incoming->leave != LEAVE_NOTHING)
		load_error(
		    load, load_mark(load, &incoming->leave, client),
		    "`leave-on-server` is for pop3: otherwise mail stays on the server anyway");
	if (incoming->protocol != PROTOCOL_POP3 && incoming->pipelines)
		load_error(load, load_mark(load, &incoming->pipelines, client),
			   "`pipelining` is for pop3: imap always may, webmail has no use for it");
	if (incoming->protocol == PROTOCOL_POP3 && incoming->stay_ns != 0)
		load_error(load, load_mark(load, &incoming->stay_ns, client),
			   "`stay` is for imap: a pop3 session sees no mail that comes later");
	if (incoming->leave_for_ns != TIME_NEVER && incoming->leave != LEAVE_ALL)
		load_error(load, load_mark(load, &incoming->leave_for_ns, client),
			   "`leave-for` goes only with `leave-on-server: yes`");
	if (incoming->protocol == PROTOCOL_WEBMAIL && incoming->security != SECURITY_NONE &&
	    incoming->security != SECURITY_TLS)
		load_error(
		    load, load_mark(load, &incoming->security, client),
		    "webmail is in clear (`none`) or by HTTPS (`tls`): a site has no STARTTLS");
	check_server_name(load, client, incoming->server, &incoming->port, 1, &incoming->server);
}

static void check_outgoing(struct load *load, const struct scenario_client *client)
{
	const struct scenario_outgoing *outgoing = &client->outgoing;
	uint64_t ports[OUTGOING_PORTS_MAX];
	size_t count = MIN(outgoing->ports->len, OUTGOING_PORTS_MAX);

	if (outgoing->ports->len > OUTGOING_PORTS_MAX)
		load_error(load, load_mark(load, &outgoing->ports, client),
			   "a client has at most %d ports to try", OUTGOING_PORTS_MAX);
	for (size_t i = 0; i < count; i++)
		ports[i] = ((const struct scenario_port *)outgoing->ports->pdata[i])->port;
	check_server_name(load, client, outgoing->server, ports, count, &outgoing->server);
}

static void check_client(struct load *load, const struct scenario_client *client)
{
	const struct scenario_item *host =
	    scenario_lookup(load->scenario, SCENARIO_HOST, client->item.name);

	if (host != NULL && client->host != NULL && host != &client->host->item)
		load_error(load, client->item.mark,
			   "the client `%s` is called like a host that it is not on",
			   client->item.name);
	if (client->host != NULL && client->host->resolver == NULL && load->is_sound)
		load_error(load, load_mark(load, &client->host->resolver, client),
			   "the client `%s` cannot look up its servers: its host has no DNS server",
			   client->item.name);
	check_incoming(load, client);
	if (client->incoming.protocol != PROTOCOL_WEBMAIL)
		check_outgoing(load, client);
}

void scenario_check_mail(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	check_host_names(load);
	check_resolvers(load);
	for (unsigned i = 0; i < scenario->domains->len; i++)
		check_domain(load, g_ptr_array_index(scenario->domains, i));
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		check_zone(load, g_ptr_array_index(scenario->zones, i));
		check_delegation(load, g_ptr_array_index(scenario->zones, i));
	}
	for (unsigned i = 0; i < scenario->servers->len; i++)
		check_server(load, g_ptr_array_index(scenario->servers, i));
	for (unsigned i = 0; i < scenario->clients->len; i++)
		check_client(load, g_ptr_array_index(scenario->clients, i));
}
