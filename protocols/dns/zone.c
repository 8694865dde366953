#include "protocols/dns/zone.h"

/* All records at one name, those of a type side by side. Empty at names that only lead to others. */
struct zone_node {
	struct dns_name name;
	GArray *records; /* of struct dns_record, their data owned by the node */
};

struct dns_zone {
	struct dns_name origin;
	GHashTable *nodes; /* struct dns_name -> struct zone_node; looked up, never iterated over */
};

static guint hash_name(gconstpointer name)
{
	return dns_name_hash(*(const struct dns_name *)name);
}

static gboolean equal_names(gconstpointer a, gconstpointer b)
{
	return dns_name_equal(*(const struct dns_name *)a, *(const struct dns_name *)b);
}

static void free_node(gpointer data)
{
	struct zone_node *node = data;

	for (guint i = 0; i < node->records->len; i++)
		g_free((void *)g_array_index(node->records, struct dns_record, i).data.data);
	g_array_free(node->records, TRUE);
	g_free((void *)node->name.wire);
	g_free(node);
}

static struct zone_node *find_node(const struct dns_zone *zone, struct dns_name name)
{
	return g_hash_table_lookup(zone->nodes, &name);
}

/* The node at `name`, made when it is not there, and with it those between it and the origin. */
static struct zone_node *make_node(struct dns_zone *zone, struct dns_name name)
{
	struct zone_node *node = find_node(zone, name);

	if (node != NULL)
		return node;
	node = g_new0(struct zone_node, 1);
	node->name = (struct dns_name) { dns_name_copy(name), name.length };
	node->records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	g_hash_table_insert(zone->nodes, &node->name, node);
	if (!dns_name_equal(name, zone->origin))
		make_node(zone, dns_name_parent(name));
	return node;
}

struct dns_zone *dns_zone_new(const char *origin)
{
	struct dns_name_buffer buffer;
	struct dns_name name;

	if (!dns_name_from_text(origin, &buffer, &name))
		return NULL;

	struct dns_zone *zone = g_new0(struct dns_zone, 1);
	zone->origin = (struct dns_name) { dns_name_copy(name), name.length };
	zone->nodes = g_hash_table_new_full(hash_name, equal_names, NULL, free_node);
	make_node(zone, zone->origin);
	return zone;
}

void dns_zone_free(struct dns_zone *zone)
{
	if (zone == NULL)
		return;
	g_hash_table_destroy(zone->nodes);
	g_free((void *)zone->origin.wire);
	g_free(zone);
}

struct dns_name dns_zone_origin(const struct dns_zone *zone)
{
	return zone->origin;
}

/* The records of `type` at `node`, which may be NULL. */
static struct dns_record_set records_of(const struct zone_node *node, uint16_t type)
{
	if (node == NULL || node->records->len == 0)
		return (struct dns_record_set) { NULL, 0 };

	const struct dns_record *records = (const struct dns_record *)(void *)node->records->data;
	unsigned first = 0, end;

	if (type == DNS_ANY)
		return (struct dns_record_set) { records, node->records->len };
	while (first < node->records->len && records[first].type != type)
		first++;
	for (end = first; end < node->records->len && records[end].type == type; end++)
		;
	return (struct dns_record_set) { records + first, end - first };
}

/* A CNAME is alone at its name, and a zone has one SOA, at its origin. */
static bool may_add(const struct dns_zone *zone, const struct zone_node *node,
		    const struct dns_record *record)
{
	unsigned aliases = records_of(node, DNS_CNAME).count;

	if (record->type == DNS_CNAME)
		return node == NULL || node->records->len == 0;
	if (record->type == DNS_SOA &&
	    (!dns_name_equal(record->name, zone->origin) || records_of(node, DNS_SOA).count > 0))
		return false;
	return aliases == 0;
}

static bool has_record(const struct zone_node *node, const struct dns_record *record)
{
	struct dns_record_set same = records_of(node, record->type);

	for (unsigned i = 0; i < same.count; i++)
		if (dns_record_equal(&same.records[i], record))
			return true;
	return false;
}

bool dns_zone_add_record(struct dns_zone *zone, const struct dns_record *record)
{
	if (!dns_name_is_within(record->name, zone->origin))
		return false;

	struct zone_node *node = find_node(zone, record->name);
	if (has_record(node, record))
		return true;
	if (!may_add(zone, node, record))
		return false;

	node = make_node(zone, record->name);
	struct dns_record_set same = records_of(node, record->type);
	struct dns_record kept = *record;
	guint place = node->records->len;

	if (same.count > 0)
		place =
		    (guint)(same.records - (const struct dns_record *)(void *)node->records->data) +
		    same.count;
	kept.name = node->name;
	kept.data.data = g_memdup2(record->data.data, record->data.length);
	g_array_insert_val(node->records, place, kept);
	return true;
}

bool dns_zone_add(struct dns_zone *zone, const char *owner, uint16_t type, uint32_t ttl_s,
		  const char *data)
{
	struct dns_name_buffer buffer;
	struct dns_record record = { .type = type, .class = DNS_IN, .ttl_s = ttl_s };
	GByteArray *bytes = g_byte_array_new();
	bool is_added = false;

	if (dns_name_from_text(owner, &buffer, &record.name) &&
	    dns_data_from_text(type, data, bytes)) {
		record.data = (struct bytes) { bytes->data, bytes->len };
		is_added = dns_zone_add_record(zone, &record);
	}
	g_byte_array_free(bytes, TRUE);
	return is_added;
}

struct dns_record_set dns_zone_find(const struct dns_zone *zone, struct dns_name name,
				    uint16_t type)
{
	return records_of(find_node(zone, name), type);
}

const struct dns_record *dns_zone_soa(const struct dns_zone *zone)
{
	struct dns_record_set soa = dns_zone_find(zone, zone->origin, DNS_SOA);

	return soa.count > 0 ? soa.records : NULL;
}

/* What the node at the name, or the wildcard in its place, holds. */
static enum dns_zone_result lookup_at(const struct zone_node *node, uint16_t type,
				      struct dns_record_set *found)
{
	*found = records_of(node, type);
	if (found->count > 0)
		return DNS_ZONE_ANSWER;
	*found = records_of(node, DNS_CNAME);
	return found->count > 0 ? DNS_ZONE_ALIAS : DNS_ZONE_NO_DATA;
}

enum dns_zone_result dns_zone_lookup(const struct dns_zone *zone, struct dns_name name,
				     uint16_t type, struct dns_record_set *found)
{
	struct dns_name path[DNS_NAME_BYTES / 2 + 1]; /* from the name up to below the origin */
	unsigned depth = 0;
	const struct zone_node *node = find_node(zone, zone->origin);

	for (; !dns_name_equal(name, zone->origin); name = dns_name_parent(name))
		path[depth++] = name;
	while (depth > 0) {
		const struct zone_node *child = find_node(zone, path[depth - 1]);

		if (child == NULL)
			break;
		node = child;
		depth--;
		*found = records_of(node, DNS_NS);
		if (found->count > 0)
			return DNS_ZONE_REFERRAL;
	}
	if (depth > 0) { /* `node` is the closest encloser (RFC 4592 section 3.3.1) */
		struct dns_name_buffer buffer;
		struct dns_name wildcard;

		*found = (struct dns_record_set) { NULL, 0 };
		if (!dns_name_join(bytes_of("*"), node->name, &buffer, &wildcard))
			return DNS_ZONE_NO_NAME;
		node = find_node(zone, wildcard);
		if (node == NULL)
			return DNS_ZONE_NO_NAME;
	}
	return lookup_at(node, type, found);
}
