#include "protocols/dns/reading.h"

/* The first record of `section` at `name` with `type`, or of any type; NULL when there is none. */
static const struct dns_record *find_record(const struct dns_message *message,
					    enum dns_section_index section, struct dns_name name,
					    uint16_t type)
{
	for (unsigned i = 0; i < message->sections[section].count; i++) {
		const struct dns_record *record = &message->sections[section].records[i];

		if ((record->type == type || type == DNS_ANY) && record->class == DNS_IN &&
		    dns_name_equal(record->name, name))
			return record;
	}
	return NULL;
}

/* The SOA of a zone that holds `name`, at or below the zone asked. */
static const struct dns_record *find_soa(const struct dns_message *response, struct dns_name zone,
					 struct dns_name name)
{
	for (;; name = dns_name_parent(name)) {
		const struct dns_record *soa = find_record(response, DNS_AUTHORITY, name, DNS_SOA);

		if (soa != NULL)
			return soa;
		if (dns_name_equal(name, zone))
			return NULL;
	}
}

/* The name of a zone below `zone` that NS records in the authority section hand `name` over to. */
static const struct dns_record *find_cut(const struct dns_message *response, struct dns_name zone,
					 struct dns_name name)
{
	for (; !dns_name_equal(name, zone); name = dns_name_parent(name)) {
		const struct dns_record *ns = find_record(response, DNS_AUTHORITY, name, DNS_NS);

		if (ns != NULL)
			return ns;
	}
	return NULL;
}

/* Follows the CNAMEs of the answer as far as the zone's server may tell. True at an answer. */
static bool follow_aliases(const struct dns_message *response, struct dns_name zone, uint16_t type,
			   struct dns_reading *reading)
{
	while (dns_name_is_within(reading->name, zone)) {
		const struct dns_record *alias;

		if (find_record(response, DNS_ANSWER, reading->name, type) != NULL)
			return true;
		alias = find_record(response, DNS_ANSWER, reading->name, DNS_CNAME);
		if (alias == NULL || reading->aliases > DNS_ALIASES_MAX)
			return false;
		dns_record_host(alias, &reading->name);
		reading->aliases++;
	}
	return false;
}

/* What a response without the records asked for says about the name where the aliases ended. */
static enum dns_meaning read_absence(const struct dns_message *response, struct dns_name zone,
				     struct dns_reading *reading)
{
	bool is_ours = dns_name_is_within(reading->name, zone);
	const struct dns_record *cut = NULL;

	if (is_ours) {
		reading->soa = find_soa(response, zone, reading->name);
		cut = find_cut(response, zone, reading->name);
	}
	if (is_ours && response->rcode == DNS_NXDOMAIN)
		return DNS_MEANS_NO_NAME;
	if (reading->soa != NULL)
		return DNS_MEANS_NO_DATA;
	if (reading->aliases > 0)
		return DNS_MEANS_ALIAS;
	if (cut != NULL) {
		reading->name = cut->name;
		return DNS_MEANS_REFERRAL;
	}
	return response->is_authoritative ? DNS_MEANS_NO_DATA : DNS_MEANS_NOTHING;
}

struct dns_reading dns_read(const struct dns_message *response, struct dns_name zone,
			    struct dns_name name, uint16_t type)
{
	struct dns_reading reading = { .meaning = DNS_MEANS_NOTHING, .name = name };

	if (response->rcode != DNS_NOERROR && response->rcode != DNS_NXDOMAIN)
		return reading;
	if (follow_aliases(response, zone, type, &reading))
		reading.meaning = DNS_MEANS_ANSWER;
	else
		reading.meaning = read_absence(response, zone, &reading);
	return reading;
}

/* Caches all records of `section` at `name` with `type` as one set. */
static void cache_set(const struct dns_message *response, enum dns_section_index section,
		      struct dns_name name, uint16_t type, enum dns_trust trust,
		      struct dns_cache *cache, int64_t now_ns)
{
	const struct dns_section *from = &response->sections[section];
	struct dns_record *set = g_new(struct dns_record, from->count + 1);
	uint32_t ttl_s = UINT32_MAX;
	unsigned count = 0;

	for (unsigned i = 0; i < from->count; i++) {
		const struct dns_record *record = &from->records[i];

		if (record->type != type || record->class != DNS_IN ||
		    !dns_name_equal(record->name, name))
			continue;
		set[count++] = *record;
		ttl_s = MIN(ttl_s, record->ttl_s);
	}
	/* Servers to go on with are needed at least for the lookup under way. */
	if (trust == DNS_TRUST_REFERRAL || trust == DNS_TRUST_ADDITIONAL)
		ttl_s = MAX(ttl_s, 1);
	if (count > 0)
		dns_cache_put(cache, now_ns,
			      &(struct dns_cache_entry) {
				  .kind = DNS_CACHE_RECORDS,
				  .trust = (uint8_t)trust,
				  .name = name,
				  .type = type,
				  .records = set,
				  .count = count,
			      },
			      ttl_s);
	g_free(set);
}

/* Addresses of the hosts that NS and MX records of `section` name, where the zone may tell. */
static void cache_addresses(const struct dns_message *response, enum dns_section_index section,
			    struct dns_name zone, struct dns_cache *cache, int64_t now_ns)
{
	for (unsigned i = 0; i < response->sections[section].count; i++) {
		const struct dns_record *record = &response->sections[section].records[i];
		struct dns_name host;
		uint16_t preference;

		if (!(record->type == DNS_NS && dns_record_host(record, &host)) &&
		    !dns_record_mx(record, &preference, &host))
			continue;
		if (dns_name_is_within(host, zone))
			cache_set(response, DNS_ADDITIONAL, host, DNS_A, DNS_TRUST_ADDITIONAL,
				  cache, now_ns);
	}
}

/* Caches that there is nothing, for as long as the SOA says (RFC 2308 section 5); else not. */
static void cache_absence(const struct dns_reading *reading, uint16_t type, struct dns_cache *cache,
			  int64_t now_ns)
{
	bool no_name = reading->meaning == DNS_MEANS_NO_NAME;
	struct dns_soa soa;

	if (reading->soa == NULL)
		return;
	struct dns_record record = *reading->soa;
	dns_record_soa(&record, &soa);
	dns_cache_put(cache, now_ns,
		      &(struct dns_cache_entry) {
			  .kind = no_name ? DNS_CACHE_NO_NAME : DNS_CACHE_NO_DATA,
			  .trust = DNS_TRUST_ANSWER,
			  .name = reading->name,
			  .type = no_name ? 0 : type,
			  .records = &record,
			  .count = 1,
		      },
		      MIN(record.ttl_s, soa.minimum_s));
}

void dns_read_into_cache(const struct dns_message *response, const struct dns_reading *reading,
			 struct dns_name zone, struct dns_name name, uint16_t type,
			 struct dns_cache *cache, int64_t now_ns)
{
	for (unsigned i = 0; i < reading->aliases; i++) {
		const struct dns_record *alias = find_record(response, DNS_ANSWER, name, DNS_CNAME);

		cache_set(response, DNS_ANSWER, name, DNS_CNAME, DNS_TRUST_ANSWER, cache, now_ns);
		dns_record_host(alias, &name);
	}
	switch (reading->meaning) {
	case DNS_MEANS_ANSWER:
		if (type != DNS_ANY)
			cache_set(response, DNS_ANSWER, name, type, DNS_TRUST_ANSWER, cache,
				  now_ns);
		cache_addresses(response, DNS_ANSWER, zone, cache, now_ns);
		break;
	case DNS_MEANS_NO_DATA:
	case DNS_MEANS_NO_NAME:
		cache_absence(reading, type, cache, now_ns);
		break;
	case DNS_MEANS_REFERRAL:
		cache_set(response, DNS_AUTHORITY, reading->name, DNS_NS, DNS_TRUST_REFERRAL, cache,
			  now_ns);
		cache_addresses(response, DNS_AUTHORITY, zone, cache, now_ns);
		break;
	case DNS_MEANS_ALIAS:
	case DNS_MEANS_NOTHING:
		break;
	}
}

static void add_set(const struct dns_message *response, struct dns_name name, uint16_t type,
		    struct dns_message *result)
{
	for (unsigned i = 0; i < response->sections[DNS_ANSWER].count; i++) {
		const struct dns_record *record = &response->sections[DNS_ANSWER].records[i];

		if ((record->type == type || type == DNS_ANY) && record->class == DNS_IN &&
		    dns_name_equal(record->name, name) &&
		    !dns_message_has(result, DNS_ANSWER, record))
			dns_message_add(result, DNS_ANSWER, record);
	}
}

void dns_read_into_result(const struct dns_message *response, const struct dns_reading *reading,
			  struct dns_name name, uint16_t type, struct dns_message *result)
{
	for (unsigned i = 0; i < reading->aliases; i++) {
		const struct dns_record *alias = find_record(response, DNS_ANSWER, name, DNS_CNAME);

		add_set(response, name, DNS_CNAME, result);
		dns_record_host(alias, &name);
	}
	if (reading->meaning == DNS_MEANS_ANSWER)
		add_set(response, name, type, result);
	if (reading->soa != NULL) {
		struct dns_record record = *reading->soa;
		struct dns_soa soa;

		dns_record_soa(&record, &soa);
		record.ttl_s = MIN(record.ttl_s, soa.minimum_s);
		dns_message_add(result, DNS_AUTHORITY, &record);
	}
}
