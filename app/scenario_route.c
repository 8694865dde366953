#include <limits.h>
#include <string.h>
#include "app/scenario_private.h"
#include "stack/nat.h"

/* ---- Shortest ways ---- */

/*
 * A search in widening circles from one network, or from all networks of one router. Ties go to
 * what was declared first, because everything is visited in the order of declaration.
 */
struct search {
	const struct scenario *scenario;
	GArray *distances;               /* unsigned by network index */
	struct scenario_interface **via; /* first router on the way, by network index; or NULL */
	GQueue waiting;                  /* of struct scenario_network * */
};

static unsigned *distance_of(struct search *search, const struct scenario_network *network)
{
	return &g_array_index(search->distances, unsigned, network->index);
}

static void reach(struct search *search, struct scenario_network *network, unsigned distance,
		  struct scenario_interface *via)
{
	if (network == NULL || *distance_of(search, network) != UINT_MAX)
		return;
	*distance_of(search, network) = distance;
	if (search->via != NULL)
		search->via[network->index] = via;
	g_queue_push_tail(&search->waiting, network);
}

/* ---- Translation ---- */

static bool translates_at(const struct scenario_node *router,
			  const struct scenario_network *network)
{
	return router->item.kind == SCENARIO_ROUTER && router->nat.uplink != NULL &&
	       router->nat.uplink == network;
}

/* From its uplink nobody can see the private networks behind a router that translates. */
static bool is_hidden(const struct scenario_interface *entry, const struct scenario_interface *exit)
{
	return translates_at(entry->node, entry->network) && exit->network != NULL &&
	       nat_address_is_private(exit->network->subnet.address);
}

static struct scenario_interface *uplink_of(const struct scenario_node *router)
{
	for (unsigned i = 0; i < router->interfaces->len; i++) {
		struct scenario_interface *interface = g_ptr_array_index(router->interfaces, i);

		if (translates_at(router, interface->network))
			return interface;
	}
	return NULL;
}

static bool forwards_to(const struct scenario_node *router, const struct scenario_node *host)
{
	for (unsigned i = 0; i < router->nat.forwards->len; i++)
		if (((struct scenario_forward *)router->nat.forwards->pdata[i])->to == host)
			return true;
	return false;
}

uint32_t scenario_public_address(const struct scenario *scenario, const struct scenario_node *host)
{
	if (!nat_address_is_private(host->own.address))
		return host->own.address;
	for (unsigned i = 0; i < scenario->routers->len; i++) {
		const struct scenario_node *router = g_ptr_array_index(scenario->routers, i);
		const struct scenario_interface *uplink = uplink_of(router);

		if (uplink != NULL && forwards_to(router, host))
			return uplink->address;
	}
	return host->own.address;
}

static void complete_tampering(struct load *load, struct scenario_tampering *tampering)
{
	if (tampering->by != NULL || tampering->replace == NULL)
		return;
	g_autofree char *same = g_strnfill(strlen(tampering->replace), 'X');

	tampering->by = scenario_string(load->scenario, same);
}

void scenario_complete_middleboxes(struct load *load)
{
	for (unsigned i = 0; i < load->scenario->routers->len; i++) {
		struct scenario_node *router = g_ptr_array_index(load->scenario->routers, i);

		for (unsigned j = 0; j < router->nat.forwards->len; j++) {
			struct scenario_forward *forward = router->nat.forwards->pdata[j];

			if (forward->to_port == 0)
				forward->to_port = forward->port;
		}
		for (unsigned j = 0; j < router->filter->len; j++) {
			struct scenario_rule *rule = router->filter->pdata[j];

			if (!load_is_given(load, &rule->network))
				rule->network = router->nat.uplink;
		}
		for (unsigned j = 0; j < router->tamper->len; j++)
			complete_tampering(load, router->tamper->pdata[j]);
	}
}

/* Reaches all networks that routers on `network` join to it. */
static void widen(struct search *search, const struct scenario_network *network)
{
	for (unsigned i = 0; i < network->interfaces->len; i++) {
		struct scenario_interface *entry = g_ptr_array_index(network->interfaces, i);
		const struct scenario_node *router = entry->node;

		if (router->item.kind != SCENARIO_ROUTER)
			continue;
		struct scenario_interface *via = search->via == NULL ? NULL
						 : search->via[network->index] != NULL
						     ? search->via[network->index]
						     : entry;

		for (unsigned j = 0; j < router->interfaces->len; j++) {
			struct scenario_interface *exit = g_ptr_array_index(router->interfaces, j);

			if (is_hidden(entry, exit))
				continue;
			reach(search, exit->network, *distance_of(search, network) + 1, via);
		}
	}
}

static void search_run(struct search *search)
{
	struct scenario_network *network;

	while ((network = g_queue_pop_head(&search->waiting)) != NULL)
		widen(search, network);
}

static void search_init(struct search *search, const struct scenario *scenario)
{
	unsigned never = UINT_MAX;

	*search = (struct search) { .scenario = scenario };
	g_queue_init(&search->waiting);
	search->distances = g_array_new(FALSE, FALSE, sizeof(unsigned));
	for (unsigned i = 0; i < scenario->networks->len; i++)
		g_array_append_val(search->distances, never);
}

GArray *scenario_distances(const struct scenario *scenario, const struct scenario_network *network)
{
	struct search search;

	search_init(&search, scenario);
	reach(&search, (struct scenario_network *)network, 0, NULL);
	search_run(&search);
	return search.distances;
}

/* ---- Routes ---- */

static void add_route(struct scenario *scenario, struct scenario_node *router,
		      const struct scenario_network *network, struct scenario_interface *via)
{
	struct scenario_route *route = scenario_new_item(scenario, &route_mapping);

	route->item.mark = router->item.mark;
	route->node = router;
	route->to = network->subnet;
	route->via = via;
	g_ptr_array_add(router->routes, route);
}

static void compute_routes(struct scenario *scenario, struct scenario_node *router)
{
	struct search search;

	search_init(&search, scenario);
	search.via = g_new0(struct scenario_interface *, scenario->networks->len + 1);
	for (unsigned i = 0; i < router->interfaces->len; i++) {
		struct scenario_interface *own = g_ptr_array_index(router->interfaces, i);

		reach(&search, own->network, 0, NULL);
	}
	search_run(&search);
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		if (search.via[i] != NULL)
			add_route(scenario, router, g_ptr_array_index(scenario->networks, i),
				  search.via[i]);
	}
	g_free(search.via);
	g_array_unref(search.distances);
}

void scenario_complete_routes(struct load *load)
{
	for (unsigned i = 0; i < load->scenario->routers->len; i++) {
		struct scenario_node *router = g_ptr_array_index(load->scenario->routers, i);

		if (!load_is_given(load, &router->routes))
			compute_routes(load->scenario, router);
	}
}

/* ---- Following a packet ---- */

#define HOPS_MAX 64 /* the TTL that hosts send with */

/* The next router for `address` by the longest matching route of a router; NULL: no route. */
static struct scenario_interface *next_hop(const struct scenario_node *router, uint32_t address)
{
	const struct scenario_route *best = NULL;

	for (unsigned i = 0; i < router->routes->len; i++) {
		const struct scenario_route *route = g_ptr_array_index(router->routes, i);

		if (((address ^ route->to.address) & ipv4_mask(route->to.length)) == 0 &&
		    (best == NULL || route->to.length > best->to.length))
			best = route;
	}
	return best == NULL ? NULL : best->via;
}

/* The address that a packet has as its source once `router` has sent it to the router `next`. */
static uint32_t source_behind(const struct scenario_node *router,
			      const struct scenario_network *network, uint32_t source)
{
	return translates_at(router, network) && nat_address_is_private(source)
		   ? uplink_of(router)->address
		   : source;
}

/* The network that `node` shares with `address`; NULL: none. */
static const struct scenario_network *direct_network(const struct scenario_node *node,
						     uint32_t address)
{
	for (unsigned i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = g_ptr_array_index(node->interfaces, i);
		const struct scenario_network *network = interface->network;

		if (network != NULL && network->subnet.length != 0 &&
		    (address & ipv4_mask(network->subnet.length)) == network->subnet.address)
			return network;
	}
	return NULL;
}

const char *scenario_walk(struct scenario *scenario, const struct scenario_node *from,
			  uint32_t address, uint32_t *source)
{
	char text[IPV4_TEXT_BYTES];
	const struct scenario_node *node = from;
	const struct scenario_network *entry = NULL; /* by which it came to `node` */

	for (unsigned hops = 0; hops < HOPS_MAX; hops++) {
		if (entry != NULL && translates_at(node, entry) && nat_address_is_private(address))
			return scenario_format(
			    scenario,
			    "from outside nobody gets through `%s` to %s: forward "
			    "a port to it",
			    node->item.name, ipv4_print(address, text));
		const struct scenario_network *direct = direct_network(node, address);

		if (direct != NULL) {
			*source = source_behind(node, direct, *source);
			return NULL;
		}
		const struct scenario_interface *next =
		    node->item.kind == SCENARIO_HOST ? node->gateway : next_hop(node, address);

		if (next == NULL && node->item.kind == SCENARIO_HOST)
			return scenario_format(scenario,
					       "`%s` has no gateway, and %s is on another network",
					       node->item.name, ipv4_print(address, text));
		if (next == NULL)
			return scenario_format(scenario, "the router `%s` has no route to %s",
					       node->item.name, ipv4_print(address, text));
		*source = source_behind(node, next->network, *source);
		entry = next->network;
		node = next->node;
	}
	return scenario_format(scenario, "the routes to %s lead in a circle by `%s`",
			       ipv4_print(address, text), node->item.name);
}

const char *scenario_walk_both(struct scenario *scenario, const struct scenario_node *from,
			       uint32_t address)
{
	const struct scenario_interface *there = scenario_find_address(scenario, address);
	const struct scenario_interface *here =
	    from->interfaces->len > 0 ? g_ptr_array_index(from->interfaces, 0) : NULL;

	if (there == NULL || here == NULL || here->address == 0 || there->node == from)
		return NULL;
	uint32_t source = here->address, destination = address;
	const char *problem = scenario_walk(scenario, from, address, &source);

	return problem != NULL ? problem
			       : scenario_walk(scenario, there->node, source, &destination);
}
