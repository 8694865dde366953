/* What is wrong with names: of hosts, in zones, and who looks them up. */
#include <string.h>
#include "app/scenario_private.h"
#include "protocols/dns/record.h"

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
		if (load->is_sound && record->type == DNS_SOA &&
		    (soa_count > 1 || record->owner == NULL ||
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

void scenario_check_hosts(struct load *load)
{
	check_host_names(load);
	check_resolvers(load);
}

void scenario_check_zone(struct load *load, const struct scenario_zone *zone)
{
	check_zone(load, zone);
	check_delegation(load, zone);
}
