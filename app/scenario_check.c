#include <string.h>
#include "app/scenario_private.h"

static bool has_errors(const struct load *load)
{
	return diagnostics_count(load->diagnostics, SEVERITY_ERROR) > 0;
}

/* ---- Who must reach whom ---- */

static void need_way(struct load *load, const struct scenario_node *from,
		     const struct scenario_node *to, uint32_t address, struct mark mark,
		     const char *why)
{
	if (from == NULL || to == NULL || from == to || has_errors(load))
		return;
	const char *problem = scenario_walk_both(load->scenario, from, address);

	if (problem == NULL)
		return;
	load_error(load, mark.line == 0 ? from->item.mark : mark,
		   "`%s` and `%s`, %s, do not reach each other", from->item.name, to->item.name,
		   why);
	load_hint(load, "%s", problem);
}

/* The same for a server whose address is found by DNS. */
static void need_server(struct load *load, const struct scenario_node *from,
			const struct scenario_node *to, struct mark mark, const char *why)
{
	if (to != NULL)
		need_way(load, from, to, scenario_public_address(load->scenario, to), mark, why);
}

static void need_resolvers(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		const struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);

		if (host->resolver != NULL)
			need_way(load, host, host->resolver, host->resolver->own.address,
				 load_mark(load, &host->resolver, host), "its DNS server");
	}
	for (unsigned i = 0; i < scenario->resolvers->len; i++) {
		const struct scenario_resolver *resolver =
		    g_ptr_array_index(scenario->resolvers, i);

		if (scenario->root_server != NULL)
			need_way(load, resolver->host, scenario->root_server,
				 scenario->root_server->own.address, resolver->item.mark,
				 "the root name server that it asks");
		for (unsigned j = 0; j < scenario->zones->len; j++) {
			const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, j);

			need_server(load, resolver->host, zone->server, zone->item.mark,
				    "a name server that it asks");
		}
	}
}

static void need_mail_servers(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *from = g_ptr_array_index(scenario->domains, i);

		for (unsigned j = i + 1; j < scenario->domains->len; j++) {
			const struct scenario_domain *to = g_ptr_array_index(scenario->domains, j);

			need_server(load, from->mail, to->mail, to->item.mark,
				    "the mail server of another domain");
		}
	}
}

static void need_named(struct load *load, const struct scenario_client *client, const char *name,
		       const void *field)
{
	uint32_t address = scenario_resolve_name(load->scenario, name);
	const struct scenario_interface *interface = scenario_find_address(load->scenario, address);

	if (interface != NULL)
		need_way(load, client->host, interface->node, address,
			 load_mark(load, field, client), "a server of the client");
}

/*
 * Ways are followed only in a world that is sound otherwise, and up to the first that fails: one
 * router without a route, say, parts many.
 */
static void check_ways(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	need_resolvers(load);
	need_mail_servers(load);
	for (unsigned i = 0; i < scenario->clients->len; i++) {
		const struct scenario_client *client = g_ptr_array_index(scenario->clients, i);

		need_named(load, client, client->incoming.server, &client->incoming.server);
		need_named(load, client, client->outgoing.server, &client->outgoing.server);
	}
}

void scenario_check(struct load *load)
{
	scenario_check_network(load);
	scenario_check_mail(load);
	scenario_check_timeline(load);
	scenario_check_expectations(load);
	if (!has_errors(load))
		check_ways(load);
}
