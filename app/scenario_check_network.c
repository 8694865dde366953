#include <inttypes.h>
#include <string.h>
#include "app/scenario_private.h"
#include "stack/filter.h"
#include "stack/tamper.h"

#define NETWORKS_MAX 65535 /* their numbers are in MAC addresses */

/* ---- Networks ---- */

static void check_network(struct load *load, const struct scenario_network *network)
{
	if (network->kind == NETWORK_LINK && network->interfaces->len != 2 && load->is_sound) {
		load_error(load, network->item.mark,
			   "the link `%s` has %u member%s, and a cable has two ends",
			   network->item.name, network->interfaces->len,
			   network->interfaces->len == 1 ? "" : "s");
		load_hint(load, "write `kind: lan` for a network with a switch");
	}
	if (network->kind != NETWORK_LINK && scenario_is_dialled(network)) {
		load_error(load, network->dial_up.item.mark,
			   "`%s` is a LAN: only a link can be a dial-up line", network->item.name);
		load_hint(load, "write `kind: link`");
	}
	if (network->mirror != NULL && network->kind == NETWORK_LINK)
		load_error(load, load_mark(load, &network->mirror, network),
			   "the link `%s` has no switch that could mirror", network->item.name);
	else if (network->mirror != NULL && network->mirror->own.network != network &&
		 network->mirror->own.network != NULL)
		load_error(load, load_mark(load, &network->mirror, network),
			   "the host `%s` is on the network `%s`: only what is on `%s` can have a "
			   "mirrored port of it",
			   network->mirror->item.name, network->mirror->own.network->item.name,
			   network->item.name);
	if (network->kind == NETWORK_LAN && network->interfaces->len == 0 && load->is_sound)
		load_warning(load, network->item.mark, "nothing is on the network `%s`",
			     network->item.name);
}

/* ---- Switches ---- */

/* The number of uplinks to a top switch; more than there are switches when they lead in a circle. */
static unsigned count_uplinks(const struct scenario_switch *item)
{
	unsigned count = 0;

	for (; item->uplink != NULL && count <= item->network->switches->len; count++)
		item = item->uplink;
	return count;
}

static void check_switch(struct load *load, const struct scenario_switch *item)
{
	const struct scenario_network *network = item->network;
	const struct scenario_item *other =
	    scenario_lookup(load->scenario, SCENARIO_NETWORK, item->item.name);

	if (network == NULL)
		return;
	if (other != NULL && other != &network->item)
		load_error(load, item->item.mark,
			   "there are a switch and another network called `%s`", item->item.name);
	if (network->kind == NETWORK_LINK)
		load_error(load, item->item.mark, "the network `%s` is a link and has no switches",
			   network->item.name);
	if (item->uplink != NULL && item->uplink->network != network)
		load_error(load, load_mark(load, &item->uplink, item),
			   "the switches `%s` and `%s` are of different networks", item->item.name,
			   item->uplink->item.name);
	else if (count_uplinks(item) > network->switches->len)
		load_error(load, load_mark(load, &item->uplink, item),
			   "the uplinks of the switch `%s` lead in a circle: frames would go round "
			   "for ever",
			   item->item.name);
	else if (item->uplink == NULL && item != network->switches->pdata[0])
		load_error(
		    load, load_mark(load, &item->uplink, item),
		    "the switch `%s` is not connected to `%s`", item->item.name,
		    ((const struct scenario_switch *)network->switches->pdata[0])->item.name);
}

/* ---- Interfaces ---- */

static void check_address(struct load *load, const struct scenario_interface *interface)
{
	const struct scenario_prefix *subnet = &interface->network->subnet;
	struct mark mark = load_mark(load, &interface->address, interface);
	char first[IPV4_TEXT_BYTES], last[IPV4_TEXT_BYTES], own[IPV4_TEXT_BYTES];

	if (interface->address == 0 || subnet->length == 0)
		return;
	if (interface->address < scenario_first_host(*subnet) ||
	    interface->address > scenario_last_host(*subnet)) {
		load_error(load, mark, "the address %s is not one for hosts on the network `%s`",
			   ipv4_print(interface->address, own), interface->network->item.name);
		load_hint(load, "its hosts have %s to %s",
			  ipv4_print(scenario_first_host(*subnet), first),
			  ipv4_print(scenario_last_host(*subnet), last));
	}
}

static void check_interface(struct load *load, const struct scenario_interface *interface)
{
	if (interface->network == NULL)
		return;
	check_address(load, interface);
	if (interface->switch_ != NULL && interface->switch_->network != interface->network &&
	    interface->switch_->network != NULL)
		load_error(load, load_mark(load, &interface->switch_, interface),
			   "the switch `%s` is not on the network `%s`",
			   interface->switch_->item.name, interface->network->item.name);
}

/* Two interfaces that have the same address or MAC address. */
static void check_unique(struct load *load, const struct scenario_interface *interface,
			 GHashTable *addresses, GHashTable *macs)
{
	char text[MAC_TEXT_BYTES];
	const struct scenario_interface *other = NULL;

	if (interface->address != 0)
		other = g_hash_table_lookup(addresses, GUINT_TO_POINTER(interface->address));
	if (other != NULL)
		load_error(load, load_mark(load, &interface->address, interface),
			   "`%s` and `%s` both have the address %s", other->node->item.name,
			   interface->node->item.name, ipv4_print(interface->address, text));
	else
		g_hash_table_insert(addresses, GUINT_TO_POINTER(interface->address),
				    (void *)interface);
	if (mac_equal(interface->mac, (struct mac) { { 0 } }))
		return;
	char *mac = mac_print(interface->mac, text);

	other = g_hash_table_lookup(macs, mac);
	if (other != NULL)
		load_error(load, load_mark(load, &interface->mac, interface),
			   "`%s` and `%s` both have the MAC address %s", other->node->item.name,
			   interface->node->item.name, mac);
	else
		g_hash_table_insert(macs, g_strdup(mac), (void *)interface);
}

static void check_interfaces(struct load *load)
{
	const struct scenario *scenario = load->scenario;
	g_autoptr(GHashTable) addresses = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const struct scenario_node *node;

	for (unsigned i = 0; (node = scenario_node_at(scenario, i)) != NULL; i++) {
		for (unsigned j = 0; j < node->interfaces->len; j++) {
			const struct scenario_interface *interface =
			    g_ptr_array_index(node->interfaces, j);

			check_interface(load, interface);
			check_unique(load, interface, addresses, macs);
		}
	}
}

/* ---- Hosts and routers ---- */

static void check_host(struct load *load, const struct scenario_node *host)
{
	const struct scenario_interface *gateway = host->gateway;

	if (gateway == NULL)
		return;
	struct mark mark = load_mark(load, &host->gateway, host);

	if (gateway->node->item.kind != SCENARIO_ROUTER)
		load_error(load, mark, "`%s` is a host: only routers forward packets",
			   gateway->node->item.name);
	else if (host->own.network != NULL && gateway->network != host->own.network &&
		 load->is_sound)
		load_error(load, mark, "the gateway `%s` is not on the network `%s`",
			   gateway->node->item.name, host->own.network->item.name);
}

static bool is_neighbour(const struct scenario_node *node, const struct scenario_interface *via)
{
	for (unsigned i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *own = g_ptr_array_index(node->interfaces, i);

		if (own->network == via->network && own != via)
			return true;
	}
	return false;
}

static void check_route(struct load *load, const struct scenario_node *router, unsigned index)
{
	const struct scenario_route *route = g_ptr_array_index(router->routes, index);

	if (route->via == NULL)
		return;
	if (route->via->node == router || !is_neighbour(router, route->via))
		load_error(load, load_mark(load, &route->via, route),
			   "`%s` cannot be the next router: it is not on a network of `%s`",
			   route->via->node->item.name, router->item.name);
	else if (route->via->node->item.kind != SCENARIO_ROUTER)
		load_error(load, load_mark(load, &route->via, route),
			   "`%s` is a host: only routers forward packets",
			   route->via->node->item.name);
	for (unsigned i = 0; i < index; i++) {
		const struct scenario_route *earlier = g_ptr_array_index(router->routes, i);

		if (earlier->to.address == route->to.address &&
		    earlier->to.length == route->to.length)
			load_error(load, route->item.mark, "the router `%s` has two routes to this",
				   router->item.name);
	}
}

/* ---- Translation and filter ---- */

static bool is_on(const struct scenario_node *router, const struct scenario_network *network)
{
	for (unsigned i = 0; i < router->interfaces->len; i++)
		if (((struct scenario_interface *)router->interfaces->pdata[i])->network == network)
			return true;
	return false;
}

static void check_forward(struct load *load, const struct scenario_node *router, unsigned index)
{
	const struct scenario_nat *nat = &router->nat;
	const struct scenario_forward *forward = g_ptr_array_index(nat->forwards, index);

	if (forward->to != NULL && forward->to->own.network == nat->uplink)
		load_error(load, load_mark(load, &forward->to, forward),
			   "`%s` is not inside: it is on the uplink `%s` itself",
			   forward->to->item.name, nat->uplink->item.name);
	for (unsigned i = 0; i < index; i++) {
		const struct scenario_forward *earlier = g_ptr_array_index(nat->forwards, i);

		if (earlier->port == forward->port && earlier->protocol == forward->protocol)
			load_error(load, forward->item.mark,
				   "port %u is forwarded twice by the router `%s`",
				   (unsigned)forward->port, router->item.name);
	}
}

static void check_nat(struct load *load, const struct scenario_node *router)
{
	const struct scenario_nat *nat = &router->nat;

	if (nat->uplink == NULL)
		return;
	if (!is_on(router, nat->uplink))
		load_error(load, load_mark(load, &nat->uplink, nat),
			   "the router `%s` is not on the network `%s`", router->item.name,
			   nat->uplink->item.name);
	for (unsigned i = 0; i < nat->forwards->len; i++)
		check_forward(load, router, i);
}

static void check_rule(struct load *load, const struct scenario_node *router,
		       const struct scenario_rule *rule)
{
	const struct scenario_range *ports = &rule->ports;

	if (ports->most != UINT64_MAX && (ports->least < 1 || ports->most > UINT16_MAX)) {
		load_error(load, load_mark(load, ports, rule), "there is no such port");
		load_hint(load, "ports are from 1 to 65535");
	}
	if (ports->most != UINT64_MAX && rule->protocol == TRANSPORT_ICMP)
		load_error(load, load_mark(load, ports, rule), "ICMP has no ports");
	if (rule->network != NULL && !is_on(router, rule->network))
		load_error(load, load_mark(load, &rule->network, rule),
			   "the router `%s` is not on the network `%s`", router->item.name,
			   rule->network->item.name);
	if (rule->network == NULL && rule->direction != DIRECTION_BOTH) {
		load_error(load, load_mark(load, &rule->direction, rule),
			   "it is not clear where it goes in or out");
		load_hint(load, "add `interface: NETWORK`, one of the router's networks");
	}
	if (rule->to_ns <= rule->from_ns)
		load_error(load, load_mark(load, &rule->to_ns, rule),
			   "the rule is taken away before it comes into force");
}

static void check_filter(struct load *load, const struct scenario_node *router)
{
	if (router->filter->len > FILTER_RULES_MAX)
		load_error(load, load_mark(load, &router->filter, router),
			   "the router `%s` has more than %d rules", router->item.name,
			   FILTER_RULES_MAX);
	for (unsigned i = 0; i < router->filter->len; i++)
		check_rule(load, router, g_ptr_array_index(router->filter, i));
}

static void check_tampering(struct load *load, const struct scenario_tampering *tampering)
{
	const struct scenario_range *ports = &tampering->ports;
	size_t length = tampering->replace == NULL ? 0 : strlen(tampering->replace);

	if (tampering->replace == NULL || tampering->by == NULL)
		return;
	if (length == 0 || length > TAMPER_TEXT_MAX)
		load_error(load, load_mark(load, &tampering->replace, tampering),
			   "a text to overwrite has 1 to %d bytes", TAMPER_TEXT_MAX);
	if (strlen(tampering->by) != length) {
		load_error(load, load_mark(load, &tampering->by, tampering),
			   "`%s` has %zu bytes and `%s` %zu: what is overwritten keeps its length",
			   tampering->by, strlen(tampering->by), tampering->replace, length);
		load_hint(load,
			  "else all sequence numbers behind it would be wrong; leave `by` out "
			  "for as many `X`");
	}
	if (ports->most != UINT64_MAX && (ports->least < 1 || ports->most > UINT16_MAX)) {
		load_error(load, load_mark(load, ports, tampering), "there is no such port");
		load_hint(load, "ports are from 1 to 65535");
	}
}

static void check_tamper(struct load *load, const struct scenario_node *router)
{
	if (router->tamper->len > TAMPER_RULES_MAX)
		load_error(load, load_mark(load, &router->tamper, router),
			   "the router `%s` overwrites more than %d texts", router->item.name,
			   TAMPER_RULES_MAX);
	for (unsigned i = 0; i < router->tamper->len; i++)
		check_tampering(load, g_ptr_array_index(router->tamper, i));
}

static void check_router(struct load *load, const struct scenario_node *router)
{
	check_nat(load, router);
	check_filter(load, router);
	check_tamper(load, router);
	for (unsigned i = 0; i < router->interfaces->len; i++) {
		const struct scenario_interface *interface =
		    g_ptr_array_index(router->interfaces, i);

		for (unsigned j = 0; j < i && interface->network != NULL; j++) {
			const struct scenario_interface *earlier =
			    g_ptr_array_index(router->interfaces, j);

			if (earlier->network == interface->network)
				load_error(load, interface->item.mark,
					   "the router `%s` is on the network `%s` twice",
					   router->item.name, interface->network->item.name);
		}
	}
	/* Routes that were computed are right; those written out may be many, but not too many. */
	for (unsigned i = 0; load_is_given(load, &router->routes) && i < router->routes->len; i++)
		check_route(load, router, i);
}

/* ---- Impairments ---- */

static bool says_nothing(const struct scenario_impairment *impairment)
{
	return impairment->loss_ppm == 0 && impairment->corrupt_ppm == 0 &&
	       impairment->corrupt_deep_ppm == 0 && impairment->duplicate_ppm == 0 &&
	       impairment->reorder_ppm == 0 && impairment->jitter_ns == 0 &&
	       impairment->drop_frames->len == 0 && !impairment->is_down;
}

static void check_impairment(struct load *load, const struct scenario_impairment *impairment)
{
	const struct scenario_link *link = &impairment->link;

	if (load->is_sound && says_nothing(impairment)) {
		load_error(load, impairment->item.mark, "this impairment does nothing");
		load_hint(load, "add for example `loss: 1%%` or `down: yes`");
	}
	if (impairment->to_ns <= impairment->from_ns)
		load_error(load, load_mark(load, &impairment->to_ns, impairment),
			   "it ends before it begins");
	if (impairment->direction != DIRECTION_BOTH && link->scope == LINK_NETWORK &&
	    link->network->kind == NETWORK_LINK) {
		load_error(load, load_mark(load, &impairment->direction, impairment),
			   "it is not clear which way is meant: the link `%s` has two ends",
			   link->network->item.name);
		load_hint(load, "name one end: `link: ROUTER:%s`", link->network->item.name);
	}
}

void scenario_check_network(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	if (scenario->networks->len > NETWORKS_MAX)
		load_error(load, load_mark(load, &scenario->networks, scenario),
			   "there are more than %d networks", NETWORKS_MAX);
	for (unsigned i = 0; i < scenario->networks->len; i++)
		check_network(load, g_ptr_array_index(scenario->networks, i));
	scenario_check_subnets(load);
	for (unsigned i = 0; i < scenario->switches->len; i++)
		check_switch(load, g_ptr_array_index(scenario->switches, i));
	check_interfaces(load);
	for (unsigned i = 0; i < scenario->hosts->len; i++)
		check_host(load, g_ptr_array_index(scenario->hosts, i));
	for (unsigned i = 0; i < scenario->routers->len; i++)
		check_router(load, g_ptr_array_index(scenario->routers, i));
	for (unsigned i = 0; i < scenario->impairments->len; i++)
		check_impairment(load, g_ptr_array_index(scenario->impairments, i));
}
