#include <string.h>
#include "app/scenario_private.h"
#include "protocols/dns/record.h"

/* Times of a zone in seconds, as operators choose them (RIPE-203): refresh, retry, expire, minimum. */
#define SOA_TIMES     "1 86400 7200 3600000 3600"
#define RECORD_TTL_NS (3600 * NS_PER_S)
#define ROOT_TTL_NS   (86400 * NS_PER_S)
#define REVERSE_ZONE  "in-addr.arpa"

bool scenario_is_below(const char *name, const char *origin)
{
	size_t name_length = strlen(name), origin_length = strlen(origin);

	if (strcmp(origin, ".") == 0)
		return true;
	if (name_length == origin_length)
		return strcmp(name, origin) == 0;
	return name_length > origin_length && name[name_length - origin_length - 1] == '.' &&
	       strcmp(name + name_length - origin_length, origin) == 0;
}

/* The zone that a name is in: the deepest whose origin it is below. NULL: none. */
static struct scenario_zone *zone_of(const struct scenario *scenario, const char *name)
{
	struct scenario_zone *deepest = NULL;

	for (unsigned i = 0; i < scenario->zones->len; i++) {
		struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		if (scenario_is_below(name, zone->item.name) &&
		    (deepest == NULL || scenario_is_below(zone->item.name, deepest->item.name)))
			deepest = zone;
	}
	return deepest;
}

static struct scenario_zone *find_zone(const struct scenario *scenario, const char *origin)
{
	struct scenario_zone *zone = zone_of(scenario, origin);

	return zone != NULL && strcmp(zone->item.name, origin) == 0 ? zone : NULL;
}

static const struct scenario_record *find_record(const struct scenario_zone *zone,
						 const char *owner, unsigned type)
{
	for (unsigned i = 0; i < zone->records->len; i++) {
		const struct scenario_record *record = g_ptr_array_index(zone->records, i);

		if (record->owner != NULL && strcmp(record->owner, owner) == 0 &&
		    (type == DNS_ANY || record->type == type))
			return record;
	}
	return NULL;
}

/* ---- Records as written ---- */

/* A name of a zone file made absolute, without the final dot (RFC 1035 section 5.1). */
static const char *make_absolute(struct scenario *scenario, const char *name, const char *origin)
{
	size_t length = strlen(name);

	if (strcmp(name, "@") == 0 || strcmp(name, ".") == 0)
		return name[0] == '@' ? origin : ".";
	if (name[length - 1] == '.')
		return scenario_format(scenario, "%.*s", (int)length - 1, name);
	if (strcmp(origin, ".") == 0)
		return scenario_string(scenario, name);
	return scenario_format(scenario, "%s.%s", name, origin);
}

#define STRING_BYTES_MAX 255 /* of one character string (RFC 1035 section 3.3) */

/* Text as people write it, in quotes and cut into character strings. */
static const char *quote_text(struct scenario *scenario, const char *text)
{
	g_autoptr(GString) out = g_string_new("\"");

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (i > 0 && i % STRING_BYTES_MAX == 0)
			g_string_append(out, "\" \"");
		if (text[i] == '"' || text[i] == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, text[i]);
	}
	g_string_append_c(out, '"');
	return scenario_string(scenario, out->str);
}

/* The words of the data, with names absolute and a final dot, as show writes them. */
static const char *complete_words(struct scenario *scenario, const char *value, const char *layout,
				  const char *origin)
{
	g_auto(GStrv) words = g_strsplit(value, " ", -1);
	g_autoptr(GString) out = g_string_new(NULL);

	for (unsigned i = 0; words[i] != NULL; i++) {
		if (words[i][0] == '\0')
			continue;
		char kind = *layout == '\0' ? 'x' : *layout++;
		const char *word = words[i];

		if (kind == 'n' || kind == 'N')
			word = make_absolute(scenario, word, origin);
		g_string_append_printf(out, "%s%s%s", out->len == 0 ? "" : " ", word,
				       (kind == 'n' || kind == 'N') && strcmp(word, ".") != 0 ? "."
											      : "");
	}
	return scenario_string(scenario, out->str);
}

static const char *complete_value(struct scenario *scenario, const struct scenario_record *record,
				  const char *origin)
{
	const char *layout = dns_data_layout((uint16_t)record->type);

	if (strchr(layout, 's') != NULL)
		return record->value[0] == '"' ? record->value
					       : quote_text(scenario, record->value);
	if (strpbrk(layout, "nN") != NULL)
		return complete_words(scenario, record->value, layout, origin);
	return record->value;
}

static void complete_record(struct scenario *scenario, struct scenario_record *record,
			    const char *origin)
{
	if (record->value == NULL || record->type == 0)
		return;
	record->owner = make_absolute(scenario, record->item.name, origin);
	record->item.name =
	    strcmp(record->owner, ".") == 0 ? "." : scenario_format(scenario, "%s.", record->owner);
	record->value = complete_value(scenario, record, origin);
}

/* ---- Records that are made ---- */

static struct scenario_record *new_record(struct scenario *scenario,
					  const struct scenario_zone *zone, const char *owner,
					  enum dns_type type, const char *value)
{
	struct scenario_record *record = scenario_new_item(scenario, &record_mapping);
	bool is_root = strcmp(zone->item.name, ".") == 0;

	record->item.mark = zone->item.mark;
	record->owner = scenario_string(scenario, owner);
	record->item.name = strcmp(owner, ".") == 0 ? "." : scenario_format(scenario, "%s.", owner);
	record->type = type;
	record->ttl_ns = is_root ? ROOT_TTL_NS : RECORD_TTL_NS;
	record->value = scenario_string(scenario, value);
	return record;
}

static void add_name_record(struct scenario *scenario, struct scenario_zone *zone,
			    const char *owner, enum dns_type type, const char *prefix,
			    const char *name)
{
	g_autofree char *value = g_strdup_printf("%s%s.", prefix, name);

	g_ptr_array_add(zone->records, new_record(scenario, zone, owner, type, value));
}

/* An A record, unless the zone has it already. */
static void add_address(struct scenario *scenario, struct scenario_zone *zone, const char *owner,
			uint32_t address)
{
	char text[IPV4_TEXT_BYTES];

	if (address != 0 && find_record(zone, owner, DNS_A) == NULL)
		g_ptr_array_add(zone->records, new_record(scenario, zone, owner, DNS_A,
							  ipv4_print(address, text)));
}

/* SOA and NS go in front of whatever records there are; NS unless there is one. */
static void add_authority(struct scenario *scenario, struct scenario_zone *zone)
{
	const char *origin = zone->item.name;
	bool is_root = strcmp(origin, ".") == 0;
	g_autofree char *soa = g_strdup_printf("%s. hostmaster.%s%s " SOA_TIMES, zone->server->fqdn,
					       is_root ? "" : origin, is_root ? "" : ".");
	g_autofree char *ns = g_strdup_printf("%s.", zone->server->fqdn);

	if (find_record(zone, origin, DNS_NS) == NULL)
		g_ptr_array_insert(zone->records, 0,
				   new_record(scenario, zone, origin, DNS_NS, ns));
	g_ptr_array_insert(zone->records, 0, new_record(scenario, zone, origin, DNS_SOA, soa));
}

/* Hosts whose names are in this zone. A name of one label is none that DNS should know. */
static void add_hosts(struct scenario *scenario, struct scenario_zone *zone)
{
	char text[IPV4_TEXT_BYTES];

	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		const struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);

		if (host->own.address == 0 || strchr(host->fqdn, '.') == NULL ||
		    zone_of(scenario, host->fqdn) != zone)
			continue;
		g_ptr_array_add(
		    zone->records,
		    new_record(scenario, zone, host->fqdn, DNS_A,
			       ipv4_print(scenario_public_address(scenario, host), text)));
	}
}

/* NS records for the zones right below this one, with the addresses they need (glue). */
static void add_delegations(struct scenario *scenario, struct scenario_zone *zone)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *below = g_ptr_array_index(scenario->zones, i);
		const char *dot = strchr(below->item.name, '.');
		const char *parent = dot == NULL ? "." : dot + 1;

		/* The root has no parent: what follows its dot is empty. */
		if (below == zone || below->server == NULL || parent[0] == '\0' ||
		    zone_of(scenario, parent) != zone)
			continue;
		add_name_record(scenario, zone, below->item.name, DNS_NS, "", below->server->fqdn);
		add_address(scenario, zone, below->server->fqdn,
			    scenario_public_address(scenario, below->server));
	}
}

/* The names that clients ask for by default; each stands for the mail host. */
static void add_service_names(struct scenario *scenario, struct scenario_zone *zone,
			      const struct scenario_domain *domain)
{
	static const char *const names[] = { "smtp", "pop", "imap" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		const char *owner = scenario_format(scenario, "%s.%s", names[i], zone->item.name);

		if (find_record(zone, owner, DNS_ANY) == NULL)
			add_address(scenario, zone, owner,
				    scenario_public_address(scenario, domain->mail));
	}
	if (domain->webmail == NULL)
		return;
	const char *site = scenario_format(scenario, "webmail.%s", zone->item.name);

	if (find_record(zone, site, DNS_ANY) == NULL)
		add_address(scenario, zone, site,
			    scenario_public_address(scenario, domain->webmail));
}

/* RFC 8461 section 3.1: the record that there is a policy, and the name of the site that has it. */
static void add_mta_sts(struct scenario *scenario, struct scenario_zone *zone,
			const struct scenario_domain *domain)
{
	const struct scenario_mta_sts *policy = &domain->mta_sts;
	const char *record = scenario_format(scenario, "_mta-sts.%s", zone->item.name);
	const char *site = scenario_format(scenario, "mta-sts.%s", zone->item.name);

	if (!scenario_has_mta_sts(policy) || policy->host == NULL)
		return;
	if (find_record(zone, record, DNS_ANY) == NULL)
		g_ptr_array_add(
		    zone->records,
		    new_record(scenario, zone, record, DNS_TXT,
			       scenario_format(scenario, "\"v=STSv1; id=%s;\"", policy->id)));
	if (find_record(zone, site, DNS_ANY) == NULL)
		add_address(scenario, zone, site, scenario_public_address(scenario, policy->host));
}

/* What the administrator of a domain writes by hand comes before what the names stand for. */
static void add_domain(struct scenario *scenario, struct scenario_zone *zone,
		       const struct scenario_domain *domain)
{
	if (domain->mail != NULL)
		add_name_record(scenario, zone, zone->item.name, DNS_MX, "10 ", domain->mail->fqdn);
	add_hosts(scenario, zone);
	for (unsigned i = 0; i < domain->records->len; i++)
		g_ptr_array_add(zone->records, g_ptr_array_index(domain->records, i));
	if (domain->mail != NULL)
		add_service_names(scenario, zone, domain);
	add_mta_sts(scenario, zone, domain);
}

static void add_reverse_names(struct scenario *scenario, struct scenario_zone *zone)
{
	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		const struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);
		uint32_t address = host->own.address;

		if (address == 0 || strchr(host->fqdn, '.') == NULL)
			continue;
		g_autofree char *owner =
		    g_strdup_printf("%u.%u.%u.%u." REVERSE_ZONE, address & 255, address >> 8 & 255,
				    address >> 16 & 255, address >> 24);

		add_name_record(scenario, zone, owner, DNS_PTR, "", host->fqdn);
	}
}

/* ---- Looking up ---- */

/* Of each name the first A or CNAME record in the zone it is in. */
static void index_addresses(struct scenario *scenario)
{
	GHashTable *addresses = scenario->memory->addresses;

	for (unsigned i = 0; i < scenario->zones->len; i++) {
		struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		for (unsigned j = 0; j < zone->records->len; j++) {
			struct scenario_record *record = g_ptr_array_index(zone->records, j);

			if ((record->type == DNS_A || record->type == DNS_CNAME) &&
			    record->owner != NULL && zone_of(scenario, record->owner) == zone &&
			    !g_hash_table_contains(addresses, record->owner))
				g_hash_table_insert(addresses, (void *)record->owner, record);
		}
	}
}

#define ALIASES_MAX 8

uint32_t scenario_resolve_name(const struct scenario *scenario, const char *name)
{
	g_autofree char *owner = g_strdup(name);

	for (unsigned i = 0; i <= ALIASES_MAX; i++) {
		const struct scenario_record *record =
		    g_hash_table_lookup(scenario->memory->addresses, owner);
		uint32_t address;

		if (record == NULL)
			return 0;
		if (record->type == DNS_A)
			return ipv4_parse(record->value, &address) ? address : 0;
		if (!g_str_has_suffix(record->value, "."))
			return 0;
		g_free(owner);
		owner = g_strndup(record->value, strlen(record->value) - 1);
	}
	return 0;
}

/* ---- Zones ---- */

/* The zone `origin`, new and without records, unless it is written out. */
static void make_zone(struct load *load, const char *origin, struct scenario_node *server,
		      struct mark mark)
{
	struct scenario *scenario = load->scenario;

	if (server == NULL || find_zone(scenario, origin) != NULL)
		return;
	struct scenario_zone *zone = scenario_new_item(scenario, &zone_mapping);

	zone->item.name = origin;
	zone->item.mark = mark;
	zone->server = server;
	g_ptr_array_add(scenario->zones, zone);
}

static void fill_zone(struct scenario *scenario, struct scenario_zone *zone)
{
	const struct scenario_item *domain =
	    scenario_lookup(scenario, SCENARIO_DOMAIN, zone->item.name);

	if (strcmp(zone->item.name, REVERSE_ZONE) == 0)
		add_reverse_names(scenario, zone);
	else if (domain != NULL)
		add_domain(scenario, zone, (const struct scenario_domain *)domain);
	else
		add_hosts(scenario, zone);
	add_delegations(scenario, zone);
	add_authority(scenario, zone);
}

/* Records that are written out, in a zone or beside a domain. */
static void complete_records(struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		for (unsigned j = 0; j < zone->records->len; j++)
			complete_record(scenario, g_ptr_array_index(zone->records, j),
					zone->item.name);
	}
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		for (unsigned j = 0; j < domain->records->len; j++)
			complete_record(scenario, g_ptr_array_index(domain->records, j),
					domain->item.name);
	}
}

/* A zone that is written out is complete but for its authority, and for records of its domain. */
static void finish_written_zone(struct scenario *scenario, struct scenario_zone *zone)
{
	const struct scenario_item *item =
	    scenario_lookup(scenario, SCENARIO_DOMAIN, zone->item.name);
	const struct scenario_domain *domain = (const struct scenario_domain *)item;

	for (unsigned i = 0; domain != NULL && i < domain->records->len; i++)
		g_ptr_array_add(zone->records, g_ptr_array_index(domain->records, i));
	if (zone->server != NULL && find_record(zone, zone->item.name, DNS_SOA) == NULL)
		add_authority(scenario, zone);
}

void scenario_complete_zones(struct load *load)
{
	struct scenario *scenario = load->scenario;
	unsigned written = scenario->zones->len;

	complete_records(scenario);
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);

		make_zone(load, domain->item.name, domain->dns, domain->item.mark);
		domain->zone = find_zone(scenario, domain->item.name);
	}
	/* Who writes the root zone out decides whether there are reverse names. */
	if (scenario->domains->len > 0 && find_zone(scenario, ".") == NULL) {
		make_zone(load, REVERSE_ZONE, scenario->root_server, scenario->item.mark);
		make_zone(load, ".", scenario->root_server, scenario->item.mark);
	}
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		if (i < written)
			finish_written_zone(scenario, zone);
		else
			fill_zone(scenario, zone);
	}
	index_addresses(scenario);
}
