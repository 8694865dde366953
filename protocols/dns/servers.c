#include "protocols/dns/servers.h"

#define BAND_NS (400 * NS_PER_MS) /* servers this close to the fastest count as equal */

void dns_server_list_init(struct dns_server_list *list)
{
	*list = (struct dns_server_list) {
		.choices = g_array_new(FALSE, TRUE, sizeof(struct dns_server_choice)),
		.storage = g_string_chunk_new(256),
	};
}

void dns_server_list_clear(struct dns_server_list *list)
{
	g_array_free(list->choices, TRUE);
	g_string_chunk_free(list->storage);
}

static struct dns_name keep(struct dns_server_list *list, struct dns_name name)
{
	const char *kept =
	    g_string_chunk_insert_len(list->storage, (const char *)name.wire, (gssize)name.length);

	return (struct dns_name) { (const uint8_t *)kept, name.length };
}

static struct dns_server_choice *choice_at(const struct dns_server_list *list, guint i)
{
	return &g_array_index(list->choices, struct dns_server_choice, i);
}

struct dns_server_choice *dns_server_list_find(const struct dns_server_list *list, uint32_t address)
{
	for (guint i = 0; i < list->choices->len; i++)
		if (choice_at(list, i)->has_address && choice_at(list, i)->address == address)
			return choice_at(list, i);
	return NULL;
}

static void add_address(struct dns_server_list *list, struct dns_name name, uint32_t address)
{
	const struct dns_server_choice choice = {
		.name = name,
		.address = address,
		.has_address = true,
	};

	if (dns_server_list_find(list, address) == NULL)
		g_array_append_val(list->choices, choice);
}

/* Adds the addresses in A records; returns how many there are. */
static unsigned add_addresses(struct dns_server_list *list, struct dns_name name,
			      struct dns_record_set set)
{
	unsigned count = 0;

	for (unsigned i = 0; i < set.count; i++) {
		uint32_t address;

		if (!dns_record_address(&set.records[i], &address))
			continue;
		add_address(list, name, address);
		count++;
	}
	return count;
}

/* Address records of a host, out of own zones or the cache; glue is good enough here. */
static struct dns_record_set known_addresses(const struct dns_recursion_config *config,
					     int64_t now_ns, struct dns_name host)
{
	const struct dns_zone *zone =
	    config->authority == NULL ? NULL : dns_authority_zone(config->authority, host);
	struct dns_record_set set = { NULL, 0 };

	if (zone != NULL)
		set = dns_zone_find(zone, host, DNS_A);
	if (set.count > 0)
		return set;

	const struct dns_cache_entry *entry =
	    dns_cache_find(config->cache, now_ns, host, DNS_A, DNS_TRUST_ADDITIONAL);
	if (entry != NULL && entry->kind == DNS_CACHE_RECORDS)
		set = (struct dns_record_set) { entry->records, entry->count };
	return set;
}

/* Takes over the servers that the NS records of `set` name. */
static void fill_from_set(struct dns_server_list *list, const struct dns_recursion_config *config,
			  int64_t now_ns, struct dns_record_set set)
{
	list->zone = keep(list, set.records->name);
	for (unsigned i = 0; i < set.count; i++) {
		struct dns_name host;

		if (!dns_record_host(&set.records[i], &host))
			continue;
		const struct dns_server_choice unknown = { .name = keep(list, host) };
		g_array_append_val(list->choices, unknown);
	}
	dns_server_list_refresh(list, config, now_ns);
}

void dns_server_list_refresh(struct dns_server_list *list,
			     const struct dns_recursion_config *config, int64_t now_ns)
{
	guint i = 0;

	while (i < list->choices->len) {
		struct dns_server_choice unknown = *choice_at(list, i);

		if (!unknown.has_address &&
		    add_addresses(list, unknown.name,
				  known_addresses(config, now_ns, unknown.name)) > 0)
			g_array_remove_index(list->choices, i);
		else
			i++;
	}
}

static void fill_from_hints(struct dns_server_list *list, const struct dns_recursion_config *config)
{
	list->zone = keep(list, dns_name_root());
	for (unsigned i = 0; i < config->root_hint_count; i++) {
		struct dns_name_buffer buffer;
		struct dns_name name;

		if (dns_name_from_text(config->root_hints[i].name, &buffer, &name))
			add_address(list, keep(list, name), config->root_hints[i].address);
	}
}

/*
 * False when no server can be reached: all have names below the zone itself, and no address is
 * known any more. Then the parent zone must be asked again, for glue.
 */
static bool is_reachable(const struct dns_server_list *list)
{
	for (guint i = 0; i < list->choices->len; i++)
		if (choice_at(list, i)->has_address ||
		    !dns_name_is_within(choice_at(list, i)->name, list->zone))
			return true;
	return false;
}

static void empty(struct dns_server_list *list)
{
	g_array_set_size(list->choices, 0);
	g_string_chunk_clear(list->storage);
	list->zone = (struct dns_name) { NULL, 0 };
}

/* Fills the list with servers of the zone `name`, where it is one that we know of. */
static bool fill_from_zone(struct dns_server_list *list, const struct dns_recursion_config *config,
			   int64_t now_ns, struct dns_name name, struct dns_record_set cut)
{
	const struct dns_cache_entry *entry =
	    dns_cache_find(config->cache, now_ns, name, DNS_NS, DNS_TRUST_REFERRAL);
	struct dns_record_set set = { NULL, 0 };

	if (entry != NULL && entry->kind == DNS_CACHE_RECORDS)
		set = (struct dns_record_set) { entry->records, entry->count };
	else if (cut.count > 0 && dns_name_equal(cut.records->name, name))
		set = cut;
	if (set.count == 0)
		return false;
	fill_from_set(list, config, now_ns, set);
	if (is_reachable(list))
		return true;
	empty(list);
	return false;
}

void dns_server_list_fill(struct dns_server_list *list, const struct dns_recursion_config *config,
			  int64_t now_ns, struct dns_name name, struct dns_record_set cut)
{
	empty(list);
	for (; name.length > 1; name = dns_name_parent(name))
		if (fill_from_zone(list, config, now_ns, name, cut))
			return;
	fill_from_hints(list, config);
}

static bool may_ask(const struct dns_server_choice *choice)
{
	return choice->has_address && !choice->is_useless && choice->attempts < DNS_ATTEMPTS_MAX;
}

struct dns_server_choice *dns_server_list_pick(const struct dns_server_list *list,
					       const struct dns_timing *timing,
					       struct random_stream *random)
{
	int64_t best_ns = TIME_NEVER;
	unsigned equals = 0;

	for (guint i = 0; i < list->choices->len; i++)
		if (may_ask(choice_at(list, i)))
			best_ns =
			    MIN(best_ns, dns_timing_timeout(timing, choice_at(list, i)->address));
	for (unsigned pass = 0; pass < 2; pass++) {
		/* First count the candidates, then take the one that was drawn. */
		uint64_t drawn =
		    pass == 0 || equals == 0 ? UINT64_MAX : random_below(random, equals);

		for (guint i = 0; i < list->choices->len; i++) {
			struct dns_server_choice *choice = choice_at(list, i);

			if (!may_ask(choice) ||
			    dns_timing_timeout(timing, choice->address) - best_ns > BAND_NS)
				continue;
			if (pass == 0)
				equals++;
			else if (drawn-- == 0)
				return choice;
		}
	}
	return NULL;
}

struct dns_server_choice *dns_server_list_pick_unknown(const struct dns_server_list *list)
{
	for (guint i = 0; i < list->choices->len; i++) {
		struct dns_server_choice *choice = choice_at(list, i);

		if (!choice->has_address && !choice->was_looked_up)
			return choice;
	}
	return NULL;
}
