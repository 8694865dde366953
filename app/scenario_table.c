#include "app/scenario_table.h"

#include <string.h>

#define AT(type, field) .offset = offsetof(struct type, field)

/* clang-format off */
static const struct key scenario_keys[] = {
	{ .name = "mailwire", .type = KEY_COUNT, AT(scenario, version), .flags = KEY_REQUIRED,
	  .least = 1, .most = 1,
	  .meaning = "The version of the scenario language, 1; the first line of every scenario" },
	{ .name = "title", .type = KEY_TEXT, AT(scenario, title), .fallback = "A scenario without a title",
	  .meaning = "What the scenario shows, in one line" },
	{ .name = "epoch", .type = KEY_DATE, AT(scenario, epoch_s), .fallback = "2026-01-05T08:00:00Z",
	  .meaning = "The date and time at which the run begins, UTC; it decides what Date headers say" },
	{ .name = "seed", .type = KEY_COUNT, AT(scenario, seed), .fallback = "1",
	  .meaning = "Where all random numbers of the run come from: same seed, same run" },
	{ .name = "until", .type = KEY_TIME, AT(scenario, until_ns),
	  .computed = "when all is quiet",
	  .meaning = "The run ends at this time at the latest" },
	{ .name = "networks", .type = KEY_TABLE, AT(scenario, networks), .mapping = &network_mapping,
	  .computed = "one LAN called `lan`",
	  .meaning = "Networks: each is a LAN around a switch, or a cable between two routers" },
	{ .name = "switches", .type = KEY_TABLE, AT(scenario, switches), .mapping = &switch_mapping,
	  .computed = "one in each LAN, called like it",
	  .meaning = "Switches, when a LAN has more than one" },
	{ .name = "hosts", .type = KEY_TABLE, AT(scenario, hosts), .mapping = &host_mapping,
	  .meaning = "Computers: those of users, and those that servers run on" },
	{ .name = "routers", .type = KEY_TABLE, AT(scenario, routers), .mapping = &router_mapping,
	  .meaning = "Routers, which join networks" },
	{ .name = "root-server", .type = KEY_REFERENCE, AT(scenario, root_server), .kinds = SCENARIO_HOST,
	  .computed = "a host called `root`, made up on the network of the first DNS server when there is none",
	  .meaning = "The host with the root name server: it delegates the domains to their own servers" },
	{ .name = "resolvers", .type = KEY_TABLE, AT(scenario, resolvers), .mapping = &resolver_mapping,
	  .flags = KEY_MAY_BE_EMPTY,
	  .computed = "the DNS server of each domain",
	  .meaning = "Hosts whose DNS server resolves names for others, asking its way down from the root" },
	{ .name = "domains", .type = KEY_TABLE, AT(scenario, domains), .mapping = &domain_mapping,
	  .meaning = "Mail domains with their servers and accounts" },
	{ .name = "zones", .type = KEY_TABLE, AT(scenario, zones), .mapping = &zone_mapping,
	  .computed = "a zone for each domain with SOA, NS, A and MX records, the root zone that delegates to them, and `in-addr.arpa` with PTR records",
	  .meaning = "DNS zones that are written out instead of made from the domains" },
	{ .name = "servers", .type = KEY_TABLE, AT(scenario, servers), .mapping = &server_mapping,
	  .computed = "one on the `mail` host of each domain",
	  .meaning = "Mail servers, by the host they run on" },
	{ .name = "clients", .type = KEY_TABLE, AT(scenario, clients), .mapping = &client_mapping,
	  .meaning = "Users at their mail clients" },
	{ .name = "impairments", .type = KEY_LIST, AT(scenario, impairments), .mapping = &impairment_mapping,
	  .meaning = "What is wrong with cables; where several speak of the same cable, direction and time, all hold, and of the same value the last" },
	{ .name = "timeline", .type = KEY_LIST, AT(scenario, timeline), .mapping = &action_mapping,
	  .meaning = "What users do, and when; what happens at the same time happens in this order" },
	{ .name = "expect", .type = KEY_LIST, AT(scenario, expectations), .mapping = &expectation_mapping,
	  .meaning = "What must be true of the run; if a line fails, the exit status is 1" },
	{ .name = "capture", .type = KEY_MAPPING, AT(scenario, capture), .mapping = &capture_mapping,
	  .meaning = "What a capture file records unless options say otherwise" },
};
/* clang-format on */

const struct mapping scenario_mapping = {
	.title = "scenario",
	.article = "a scenario",
	.meaning = "A mailwire scenario",
	.size = sizeof(struct scenario),
	.keys = scenario_keys,
	.key_count = G_N_ELEMENTS(scenario_keys),
};

const struct key *mapping_key(const struct mapping *mapping, const char *name)
{
	for (unsigned i = 0; i < mapping->key_count; i++) {
		if (strcmp(mapping->keys[i].name, name) == 0)
			return &mapping->keys[i];
	}
	return NULL;
}

unsigned item_variant(const struct mapping *mapping, const void *item)
{
	int variant = 0;

	if (mapping->has_variants)
		memcpy(&variant, (const char *)item + mapping->variant_offset, sizeof variant);
	return (unsigned)variant;
}
