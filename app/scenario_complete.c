#include <string.h>
#include "app/scenario_private.h"

struct scenario_node *scenario_node_at(const struct scenario *scenario, unsigned index)
{
	if (index < scenario->hosts->len)
		return g_ptr_array_index(scenario->hosts, index);
	index -= scenario->hosts->len;
	return index < scenario->routers->len ? g_ptr_array_index(scenario->routers, index) : NULL;
}

/* ---- Networks ---- */

static void complete_networks(struct load *load)
{
	struct scenario *scenario = load->scenario;

	if (scenario->networks->len == 0) {
		struct scenario_network *network = scenario_new_item(scenario, &network_mapping);

		network->item.name = "lan";
		g_ptr_array_add(scenario->networks, network);
	}
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		network->index = i;
		network->interfaces = scenario_new_array(scenario);
		network->switches = scenario_new_array(scenario);
	}
}

/* A host that does not say where it is can only be on the only network. */
static void place_hosts(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->hosts->len; i++) {
		struct scenario_node *host = g_ptr_array_index(scenario->hosts, i);

		if (load_is_given(load, &host->own.network))
			continue;
		if (scenario->networks->len == 1)
			host->own.network = g_ptr_array_index(scenario->networks, 0);
		else
			load_error(load, host->item.mark,
				   "the host `%s` needs the key `network`: there is not just one",
				   host->item.name);
	}
}

/* ---- Interfaces and switches ---- */

static void attach(struct scenario_node *node, struct scenario_interface *interface)
{
	interface->node = node;
	if (interface->network != NULL)
		g_ptr_array_add(interface->network->interfaces, interface);
}

static void attach_host(struct scenario *scenario, struct scenario_node *host)
{
	host->own.item = (struct scenario_item) {
		.mark = host->item.mark,
		.kind = SCENARIO_INTERFACE,
		.name = "eth0",
	};
	host->routes = scenario_new_array(scenario);
	host->interfaces = scenario_new_array(scenario);
	g_ptr_array_add(host->interfaces, &host->own);
	attach(host, &host->own);
}

static void attach_router(struct scenario *scenario, struct scenario_node *router)
{
	for (unsigned i = 0; i < router->interfaces->len; i++) {
		struct scenario_interface *interface = g_ptr_array_index(router->interfaces, i);

		interface->item.name = scenario_format(scenario, "eth%u", i);
		attach(router, interface);
	}
	for (unsigned i = 0; i < router->routes->len; i++)
		((struct scenario_route *)router->routes->pdata[i])->node = router;
}

static void attach_nodes(struct scenario *scenario)
{
	for (unsigned i = 0; i < scenario->hosts->len; i++)
		attach_host(scenario, g_ptr_array_index(scenario->hosts, i));
	for (unsigned i = 0; i < scenario->routers->len; i++)
		attach_router(scenario, g_ptr_array_index(scenario->routers, i));
}

static void make_switch(struct load *load, struct scenario_network *network)
{
	struct scenario_switch *item = scenario_new_item(load->scenario, &switch_mapping);

	item->item.name = network->item.name;
	item->network = network;
	g_ptr_array_add(load->scenario->switches, item);
	g_ptr_array_add(network->switches, item);
	/* One of this name on a network that is not there is wrong already. */
	const struct scenario_item *rival =
	    scenario_lookup(load->scenario, SCENARIO_SWITCH, item->item.name);

	if (rival == NULL || ((const struct scenario_switch *)rival)->network != NULL)
		scenario_add_name(load, item);
}

static void complete_switches(struct load *load)
{
	struct scenario *scenario = load->scenario;

	for (unsigned i = 0; i < scenario->switches->len; i++) {
		struct scenario_switch *item = g_ptr_array_index(scenario->switches, i);

		if (item->network == NULL)
			continue;
		g_ptr_array_add(item->network->switches, item);
		if (!load_is_given(load, &item->uplink) && item->network->switches->len > 1)
			item->uplink = g_ptr_array_index(item->network->switches, 0);
	}
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		if (network->kind == NETWORK_LAN && network->switches->len == 0)
			make_switch(load, network);
		for (unsigned j = 0; j < network->interfaces->len; j++) {
			struct scenario_interface *interface =
			    g_ptr_array_index(network->interfaces, j);

			if (!load_is_given(load, &interface->switch_) && network->switches->len > 0)
				interface->switch_ = g_ptr_array_index(network->switches, 0);
		}
	}
}

/* The order matters: each step builds on what those before it have filled in. */
void scenario_complete(struct load *load)
{
	complete_networks(load);
	scenario_add_names(load);
	scenario_resolve(load, false);
	place_hosts(load);
	scenario_make_servers(load);
	attach_nodes(load->scenario);
	complete_switches(load);
	scenario_resolve(load, true);
	scenario_complete_addresses(load);
	scenario_complete_middleboxes(load);
	scenario_complete_routes(load);
	scenario_complete_names(load);
	scenario_complete_mail(load);
	scenario_complete_zones(load);
	scenario_complete_timeline(load);
}
