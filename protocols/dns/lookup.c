#include "protocols/dns/lookup.h"

#include "protocols/dns/reading.h"

void dns_lookup_free(struct dns_lookup *lookup)
{
	dns_server_list_clear(&lookup->servers);
	dns_message_free(lookup->result);
	g_array_free(lookup->waiters, TRUE);
	g_free(lookup);
}

/* The client's question has led to as many queries as it may. */
static bool is_spent(const struct dns_lookup *lookup)
{
	return lookup->top->spent >= DNS_CLIENT_QUERIES_MAX;
}

static bool may_ask(const struct dns_lookup *lookup)
{
	return lookup->queries < DNS_QUERIES_MAX && !is_spent(lookup);
}

/* The only place where a lookup's state changes. */
static void enter(struct dns_lookup *lookup, enum dns_lookup_state state)
{
	const struct dns_recursion_config *config = &lookup->recursion->config;
	bool is_asking = state == DNS_LOOKUP_ASKING;

	if (config->network->entered != NULL)
		config->network->entered(
		    config->owner,
		    &(struct dns_lookup_note) {
			.lookup = lookup->number,
			.detail = state == DNS_LOOKUP_FAILED && is_spent(lookup) ? DNS_LOOKUP_SPENT
										 : DNS_LOOKUP,
			.before = (uint8_t)lookup->state,
			.after = (uint8_t)state,
			.name = lookup->target,
			.type = lookup->result->question.type,
			.zone = is_asking ? lookup->servers.zone : (struct dns_name) { 0 },
		    });
	lookup->state = state;
}

static void aim(struct dns_lookup *lookup, struct dns_name target)
{
	memmove(lookup->target_buffer.wire, target.wire, target.length);
	lookup->target = (struct dns_name) { lookup->target_buffer.wire, target.length };
}

struct dns_lookup *dns_lookup_new(struct dns_recursion *recursion,
				  const struct dns_question *question, struct dns_lookup *parent)
{
	const struct dns_network *network = recursion->config.network;
	struct dns_lookup *lookup = g_new0(struct dns_lookup, 1);

	lookup->recursion = recursion;
	lookup->link.data = lookup;
	lookup->number = network->new_lookup != NULL ? network->new_lookup(recursion->config.owner)
						     : ++recursion->numbers;
	lookup->result = dns_message_new();
	dns_message_ask(lookup->result, question);
	lookup->depth = parent != NULL ? parent->depth + 1 : 0;
	lookup->top = parent != NULL ? parent->top : lookup;
	lookup->exchange.deadline_ns = TIME_NEVER;
	lookup->waiters = g_array_new(FALSE, FALSE, sizeof(struct dns_waiter));
	dns_server_list_init(&lookup->servers);
	aim(lookup, question->name);
	g_queue_push_tail_link(&recursion->lookups, &lookup->link);
	return lookup;
}

/* Adds the records of a cache entry to the result, with the TTL that is left. */
static void add_entry(struct dns_lookup *lookup, enum dns_section_index section,
		      const struct dns_cache_entry *entry)
{
	for (unsigned i = 0; i < entry->count; i++) {
		struct dns_record record = entry->records[i];

		record.ttl_s = MIN(record.ttl_s, dns_cache_ttl(entry, lookup->recursion->now_ns));
		if (!dns_message_has(lookup->result, section, &record))
			dns_message_add(lookup->result, section, &record);
	}
}

/* Adds the addresses of mail exchangers in the answer, where they are known, as resolvers do. */
static void add_addresses(struct dns_lookup *lookup)
{
	const struct dns_recursion_config *config = &lookup->recursion->config;
	const struct dns_section *answer = &lookup->result->sections[DNS_ANSWER];

	for (unsigned i = 0; i < answer->count; i++) {
		const struct dns_cache_entry *entry;
		struct dns_name exchange;
		uint16_t preference;

		if (!dns_record_mx(&answer->records[i], &preference, &exchange))
			continue;
		entry = dns_cache_find(config->cache, lookup->recursion->now_ns, exchange, DNS_A,
				       DNS_TRUST_ADDITIONAL);
		if (entry != NULL && entry->kind == DNS_CACHE_RECORDS)
			add_entry(lookup, DNS_ADDITIONAL, entry);
	}
	if (config->authority != NULL)
		dns_authority_add_addresses(config->authority, DNS_ANSWER, lookup->result);
}

/* Ends the lookup, which is gone afterwards, and tells all who wait. */
static void finish(struct dns_lookup *lookup, enum dns_rcode rcode)
{
	g_assert(lookup->exchange.number == 0 && !lookup->is_waiting);
	enter(lookup, rcode == DNS_SERVFAIL ? DNS_LOOKUP_FAILED : DNS_LOOKUP_ANSWERED);
	lookup->result->rcode = (uint16_t)rcode;
	add_addresses(lookup);

	/* Those who are told may ask again at once, or have others forgotten. */
	while (lookup->waiters->len > 0) {
		const struct dns_waiter waiter =
		    g_array_index(lookup->waiters, struct dns_waiter, 0);

		g_array_remove_index(lookup->waiters, 0);
		waiter.done(waiter.owner, lookup->result);
	}
	g_queue_unlink(&lookup->recursion->lookups, &lookup->link);
	dns_lookup_free(lookup);
}

/* Keeps the failure of `name`, so that it is not tried again for a while (RFC 9520). */
static void cache_failure(const struct dns_lookup *lookup, struct dns_name name)
{
	struct dns_recursion *recursion = lookup->recursion;

	dns_cache_put(recursion->config.cache, recursion->now_ns,
		      &(struct dns_cache_entry) {
			  .kind = DNS_CACHE_FAILURE,
			  .trust = DNS_TRUST_ANSWER,
			  .name = name,
			  .type = lookup->result->question.type,
		      },
		      DNS_CACHE_FAILURE_TTL_S);
}

/*
 * Ends the lookup without an answer. When no server of the target answered, the target is held to
 * fail. When a limit was reached, that says nothing of a name that the question has only led to, by
 * an alias or a server's name: somebody else may ask for it.
 */
static void fail(struct dns_lookup *lookup)
{
	if (may_ask(lookup) && lookup->aliases <= DNS_ALIASES_MAX)
		cache_failure(lookup, lookup->target);
	else if (lookup->depth == 0)
		cache_failure(lookup, lookup->result->question.name);
	finish(lookup, DNS_SERVFAIL);
}

/* What dns_lookup_step() does after one of the sources was tried. */
enum progress {
	GO_ON, /* nothing there: try the next source */
	AGAIN, /* an alias: look for its target, from the first source on */
	ENDED, /* the lookup is over and gone */
};

/* Goes on with the target of aliases that were added to the result. */
static enum progress follow(struct dns_lookup *lookup, struct dns_name target, unsigned aliases)
{
	aim(lookup, target);
	lookup->aliases += aliases;
	if (lookup->aliases <= DNS_ALIASES_MAX)
		return AGAIN;
	fail(lookup);
	return ENDED;
}

/* Looks into the own zones. A delegation out of them is left in `cut`. */
static enum progress try_zones(struct dns_lookup *lookup, struct dns_record_set *cut)
{
	const struct dns_authority *authority = lookup->recursion->config.authority;
	const struct dns_zone *zone =
	    authority == NULL ? NULL : dns_authority_zone(authority, lookup->target);
	struct dns_record_set found;

	if (zone == NULL)
		return GO_ON;

	uint16_t type = lookup->result->question.type;
	enum dns_zone_result result = dns_zone_lookup(zone, lookup->target, type, &found);
	if (result == DNS_ZONE_REFERRAL) {
		*cut = found;
		return GO_ON;
	}
	/* AA belongs to the first owner name of the answer (RFC 1035 section 4.1.1). */
	lookup->result->is_authoritative |= lookup->aliases == 0;
	dns_authority_add_found(zone, lookup->target, result, found, lookup->result);
	if (result == DNS_ZONE_ALIAS) {
		struct dns_name target;

		dns_record_host(found.records, &target);
		return follow(lookup, target, 1);
	}
	finish(lookup, result == DNS_ZONE_NO_NAME ? DNS_NXDOMAIN : DNS_NOERROR);
	return ENDED;
}

/* Ends the lookup with what the cache says of its target. */
static void finish_from_cache(struct dns_lookup *lookup, const struct dns_cache_entry *entry)
{
	switch ((enum dns_cache_kind)entry->kind) {
	case DNS_CACHE_RECORDS:
		add_entry(lookup, DNS_ANSWER, entry);
		finish(lookup, DNS_NOERROR);
		break;
	case DNS_CACHE_NO_DATA:
		add_entry(lookup, DNS_AUTHORITY, entry);
		finish(lookup, DNS_NOERROR);
		break;
	case DNS_CACHE_NO_NAME:
		add_entry(lookup, DNS_AUTHORITY, entry);
		finish(lookup, DNS_NXDOMAIN);
		break;
	case DNS_CACHE_FAILURE:
		finish(lookup, DNS_SERVFAIL);
		break;
	}
}

/* Looks into the cache for the target, or an alias of it. */
static enum progress try_cache(struct dns_lookup *lookup)
{
	struct dns_recursion *recursion = lookup->recursion;
	struct dns_cache *cache = recursion->config.cache;
	uint16_t type = lookup->result->question.type;
	const struct dns_cache_entry *entry;
	struct dns_name target;

	entry = dns_cache_find(cache, recursion->now_ns, lookup->target, type, DNS_TRUST_ANSWER);
	if (entry != NULL) {
		finish_from_cache(lookup, entry);
		return ENDED;
	}
	if (type == DNS_ANY)
		return GO_ON;
	entry =
	    dns_cache_find(cache, recursion->now_ns, lookup->target, DNS_CNAME, DNS_TRUST_ANSWER);
	if (entry == NULL || entry->kind != DNS_CACHE_RECORDS)
		return GO_ON;
	add_entry(lookup, DNS_ANSWER, entry);
	dns_record_host(entry->records, &target);
	return follow(lookup, target, 1);
}

struct dns_question dns_lookup_question(const struct dns_lookup *lookup)
{
	return (struct dns_question) {
		.name = lookup->target,
		.type = lookup->result->question.type,
		.class = DNS_IN,
	};
}

/* Sends the question to the server at `address`, or fails when that is one query too many. */
static void ask(struct dns_lookup *lookup, uint32_t address, bool has_edns, bool over_tcp)
{
	struct dns_recursion *recursion = lookup->recursion;
	struct dns_recursion_config *config = &recursion->config;
	struct dns_question question = dns_lookup_question(lookup);
	uint8_t query[DNS_UDP_BYTES];
	int64_t wait_ns =
	    over_tcp ? DNS_TCP_WAIT_NS : dns_timing_timeout(&recursion->timing, address);

	if (is_spent(lookup)) {
		fail(lookup);
		return;
	}
	lookup->queries++;
	lookup->top->spent++;
	lookup->exchange = (struct dns_exchange) {
		.number = ++recursion->numbers,
		.id = (uint16_t)random_below(&config->random, UINT16_MAX + 1),
		.server = {address, DNS_PORT},
		.over_tcp = over_tcp,
		.has_edns = has_edns,
		.sent_ns = recursion->now_ns,
		.deadline_ns = recursion->now_ns + wait_ns,
	};
	enter(lookup, DNS_LOOKUP_ASKING);
	size_t length = dns_exchange_emit(&lookup->exchange, &question, query);
	config->network->send(config->owner, lookup->exchange.number, lookup->exchange.server,
			      over_tcp, (struct bytes) { query, length });
}

/* Ends the exchange under way, and returns what it was. */
static struct dns_exchange close_exchange(struct dns_lookup *lookup)
{
	const struct dns_recursion_config *config = &lookup->recursion->config;
	struct dns_exchange exchange = lookup->exchange;

	lookup->exchange = (struct dns_exchange) { .deadline_ns = TIME_NEVER };
	config->network->close(config->owner, exchange.number);
	return exchange;
}

static void address_found(void *owner, const struct dns_message *result);

/* Looks up the address of `server`. True when that ended at once, one way or the other. */
static bool look_up_server(struct dns_lookup *lookup, struct dns_server_choice *server)
{
	const struct dns_question question = { server->name, DNS_A, DNS_IN };
	const struct dns_waiter waiter = { address_found, lookup };

	server->was_looked_up = true;
	if (lookup->depth == DNS_DEPTH_MAX)
		return true;
	enter(lookup, DNS_LOOKUP_WAITING);
	lookup->is_waiting = true;
	lookup->is_starting_child = true;
	struct dns_lookup *child = dns_lookup_new(lookup->recursion, &question, lookup);
	g_array_append_val(child->waiters, waiter);
	dns_lookup_step(child);
	lookup->is_starting_child = false;
	return !lookup->is_waiting;
}

/* Asks one of the zone's servers, or looks up the address of one; fails when none is left. */
static void ask_next(struct dns_lookup *lookup)
{
	struct dns_recursion *recursion = lookup->recursion;
	struct dns_recursion_config *config = &recursion->config;

	while (may_ask(lookup)) {
		struct dns_server_choice *server =
		    dns_server_list_pick(&lookup->servers, &recursion->timing, &config->random);

		if (server != NULL) {
			server->attempts++;
			ask(lookup, server->address, !server->without_edns, false);
			return;
		}
		server = dns_server_list_pick_unknown(&lookup->servers);
		if (server == NULL)
			break;
		if (!look_up_server(lookup, server))
			return;
		dns_server_list_refresh(&lookup->servers, config, recursion->now_ns);
	}
	fail(lookup);
}

/* The lookup of a server's address has ended. */
static void address_found(void *owner, const struct dns_message *result)
{
	struct dns_lookup *lookup = owner;
	struct dns_recursion *recursion = lookup->recursion;

	(void)result; /* what was found is in the cache */
	lookup->is_waiting = false;
	if (lookup->is_starting_child)
		return;
	dns_server_list_refresh(&lookup->servers, &recursion->config, recursion->now_ns);
	ask_next(lookup);
}

void dns_lookup_step(struct dns_lookup *lookup)
{
	struct dns_recursion *recursion = lookup->recursion;
	struct dns_record_set cut;
	enum progress progress;

	do {
		cut = (struct dns_record_set) { NULL, 0 };
		progress = try_zones(lookup, &cut);
		if (progress == GO_ON)
			progress = try_cache(lookup);
	} while (progress == AGAIN);
	if (progress == ENDED)
		return;
	dns_server_list_fill(&lookup->servers, &recursion->config, recursion->now_ns,
			     lookup->target, cut);
	ask_next(lookup);
}

/* Does what the response of a server means. */
static void act_on(struct dns_lookup *lookup, struct dns_server_choice *server,
		   const struct dns_message *response)
{
	struct dns_recursion *recursion = lookup->recursion;
	uint16_t type = lookup->result->question.type;
	struct dns_name zone = lookup->servers.zone;
	struct dns_reading reading = dns_read(response, zone, lookup->target, type);

	dns_read_into_cache(response, &reading, zone, lookup->target, type, recursion->config.cache,
			    recursion->now_ns);
	dns_read_into_result(response, &reading, lookup->target, type, lookup->result);
	switch (reading.meaning) {
	case DNS_MEANS_ANSWER:
	case DNS_MEANS_NO_DATA:
		finish(lookup, DNS_NOERROR);
		break;
	case DNS_MEANS_NO_NAME:
		finish(lookup, DNS_NXDOMAIN);
		break;
	case DNS_MEANS_ALIAS:
		if (follow(lookup, reading.name, reading.aliases) == AGAIN)
			dns_lookup_step(lookup);
		break;
	case DNS_MEANS_REFERRAL:
		if (++lookup->referrals > DNS_REFERRALS_MAX)
			fail(lookup);
		else
			dns_lookup_step(lookup);
		break;
	case DNS_MEANS_NOTHING:
		if (server != NULL)
			server->is_useless = true;
		ask_next(lookup);
		break;
	}
}

void dns_lookup_take_response(struct dns_lookup *lookup, const struct dns_message *response)
{
	struct dns_recursion *recursion = lookup->recursion;
	struct dns_exchange exchange = close_exchange(lookup);
	uint32_t address = exchange.server.address;
	struct dns_server_choice *server = dns_server_list_find(&lookup->servers, address);

	if (!exchange.over_tcp)
		dns_timing_answered(&recursion->timing, address,
				    recursion->now_ns - exchange.sent_ns);
	if (dns_exchange_refused_edns(&exchange, response)) {
		if (server != NULL)
			server->without_edns = true;
		ask(lookup, address, false, exchange.over_tcp);
	} else if (response->is_truncated && !exchange.over_tcp) {
		ask(lookup, address, exchange.has_edns, true);
	} else {
		act_on(lookup, server, response);
	}
}

void dns_lookup_give_up_server(struct dns_lookup *lookup)
{
	uint32_t address = close_exchange(lookup).server.address;
	struct dns_server_choice *server = dns_server_list_find(&lookup->servers, address);

	if (server != NULL)
		server->is_useless = true;
	ask_next(lookup);
}

void dns_lookup_expire(struct dns_lookup *lookup)
{
	struct dns_timing *timing = &lookup->recursion->timing;

	dns_timing_lost(timing, close_exchange(lookup).server.address);
	ask_next(lookup);
}
