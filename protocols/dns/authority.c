#include "protocols/dns/authority.h"

struct dns_authority {
	GHashTable *zones; /* struct dns_name, the origin -> struct dns_zone; never iterated over */
};

struct zone_entry {
	struct dns_name origin; /* borrowed from the zone */
	struct dns_zone *zone;
};

static guint hash_origin(gconstpointer entry)
{
	return dns_name_hash(((const struct zone_entry *)entry)->origin);
}

static gboolean equal_origins(gconstpointer a, gconstpointer b)
{
	return dns_name_equal(((const struct zone_entry *)a)->origin,
			      ((const struct zone_entry *)b)->origin);
}

static void free_entry(gpointer data)
{
	struct zone_entry *entry = data;

	dns_zone_free(entry->zone);
	g_free(entry);
}

struct dns_authority *dns_authority_new(void)
{
	struct dns_authority *authority = g_new0(struct dns_authority, 1);

	authority->zones = g_hash_table_new_full(hash_origin, equal_origins, free_entry, NULL);
	return authority;
}

void dns_authority_free(struct dns_authority *authority)
{
	if (authority == NULL)
		return;
	g_hash_table_destroy(authority->zones);
	g_free(authority);
}

bool dns_authority_add(struct dns_authority *authority, struct dns_zone *zone)
{
	struct zone_entry *entry = g_new0(struct zone_entry, 1);

	*entry = (struct zone_entry) { dns_zone_origin(zone), zone };
	if (g_hash_table_contains(authority->zones, entry)) {
		free_entry(entry);
		return false;
	}
	g_hash_table_add(authority->zones, entry);
	return true;
}

const struct dns_zone *dns_authority_zone(const struct dns_authority *authority,
					  struct dns_name name)
{
	for (;;) {
		const struct zone_entry key = { .origin = name };
		const struct zone_entry *entry = g_hash_table_lookup(authority->zones, &key);

		if (entry != NULL)
			return entry->zone;
		if (name.length == 1)
			return NULL;
		name = dns_name_parent(name);
	}
}

/* Adds what is not yet there. */
static void add_record(struct dns_message *response, enum dns_section_index section,
		       const struct dns_record *record)
{
	if (!dns_message_has(response, section, record))
		dns_message_add(response, section, record);
}

/* Adds `set` under the name asked for: a wildcard's records take it as theirs. */
static void add_set(struct dns_message *response, enum dns_section_index section,
		    struct dns_name owner, struct dns_record_set set)
{
	for (unsigned i = 0; i < set.count; i++) {
		struct dns_record record = set.records[i];

		/* The zone's spelling stays, unless the owner is another name. */
		if (!dns_name_equal(record.name, owner))
			record.name = owner;
		add_record(response, section, &record);
	}
}

/* The SOA goes with a negative answer, and says how long that lasts (RFC 2308 section 3). */
static void add_soa(struct dns_message *response, const struct dns_zone *zone)
{
	const struct dns_record *soa = dns_zone_soa(zone);
	struct dns_soa fields;

	if (soa == NULL)
		return;
	struct dns_record record = *soa;
	dns_record_soa(soa, &fields);
	record.ttl_s = MIN(soa->ttl_s, fields.minimum_s);
	dns_message_add(response, DNS_AUTHORITY, &record);
}

/* The host that a record sends its reader on to; false when it names none. */
static bool named_host(const struct dns_record *record, struct dns_name *host)
{
	uint16_t preference;

	switch (record->type) {
	case DNS_NS:
		return dns_record_host(record, host);
	case DNS_MX:
		return dns_record_mx(record, &preference, host);
	case DNS_SRV:
		*host = dns_name_at(record->data.data + 6); /* behind priority, weight and port */
		return true;
	default:
		return false;
	}
}

void dns_authority_add_addresses(const struct dns_authority *authority,
				 enum dns_section_index section, struct dns_message *response)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };

	for (unsigned i = 0; i < response->sections[section].count; i++) {
		struct dns_name host;

		if (!named_host(&response->sections[section].records[i], &host))
			continue;
		const struct dns_zone *zone = dns_authority_zone(authority, host);
		for (size_t k = 0; zone != NULL && k < G_N_ELEMENTS(types); k++)
			add_set(response, DNS_ADDITIONAL, host,
				dns_zone_find(zone, host, types[k]));
	}
}

void dns_authority_add_found(const struct dns_zone *zone, struct dns_name name,
			     enum dns_zone_result result, struct dns_record_set found,
			     struct dns_message *response)
{
	switch (result) {
	case DNS_ZONE_ANSWER:
	case DNS_ZONE_ALIAS:
		add_set(response, DNS_ANSWER, name, found);
		break;
	case DNS_ZONE_REFERRAL:
		add_set(response, DNS_AUTHORITY, found.records->name, found);
		break;
	case DNS_ZONE_NO_DATA:
	case DNS_ZONE_NO_NAME:
		add_soa(response, zone);
		break;
	}
}

enum dns_authority_result dns_authority_answer(const struct dns_authority *authority,
					       struct dns_message *response)
{
	struct dns_name name = response->question.name;

	for (unsigned aliases = 0; aliases <= DNS_ALIASES_MAX; aliases++) {
		const struct dns_zone *zone = dns_authority_zone(authority, name);
		struct dns_record_set found;

		if (zone == NULL)
			return aliases == 0 ? DNS_AUTHORITY_NONE : DNS_AUTHORITY_ALIAS;

		enum dns_zone_result result =
		    dns_zone_lookup(zone, name, response->question.type, &found);
		dns_authority_add_found(zone, name, result, found, response);
		if (result == DNS_ZONE_REFERRAL) {
			dns_authority_add_addresses(authority, DNS_AUTHORITY, response);
			return DNS_AUTHORITY_REFERRAL;
		}
		response->is_authoritative = true;
		if (result != DNS_ZONE_ALIAS) {
			response->rcode = result == DNS_ZONE_NO_NAME ? DNS_NXDOMAIN : DNS_NOERROR;
			dns_authority_add_addresses(authority, DNS_ANSWER, response);
			return DNS_AUTHORITY_ANSWER;
		}
		dns_record_host(found.records, &name);
	}
	return DNS_AUTHORITY_ANSWER; /* CNAMEs in a ring: they are all there is to say */
}
