#include "app/network.h"

#include "app/middlebox.h"
#include "stack/arp.h"
#include "stack/dial_up.h"
#include "stack/impairment.h"
#include "stack/link.h"
#include "stack/switch.h"

/* A cable laid for the scenario. Side A is the host, the router or, on an uplink, the lower switch. */
struct cable {
	struct link *link;
	const struct scenario_network *network;
	const struct scenario_interface *ends[2]; /* by enum link_side; NULL: a switch */
	const struct scenario_switch *uplink_of;  /* NULL: no uplink */
};

/* A moment at which an impairment begins or ends. */
struct boundary {
	struct timer timer;
	struct network *network;
};

struct network {
	struct world *world;
	const struct scenario *scenario;
	GHashTable *hosts;      /* scenario_node to struct host; look-ups only */
	GHashTable *switches;   /* scenario_switch to struct switch_state */
	GHashTable *interfaces; /* scenario_interface to struct interface */
	GPtrArray *host_order, *switch_order, *attachments; /* owned, in order of creation */
	GArray *cables;                                     /* of struct cable */
	struct boundary *boundaries;
	size_t boundary_count;
};

struct switch_state {
	struct switch_node *node;
	unsigned ports_used;
};

struct host *network_host(const struct network *network, const struct scenario_node *node)
{
	return g_hash_table_lookup(network->hosts, node);
}

static struct interface *interface_of(const struct network *network,
				      const struct scenario_interface *interface)
{
	return g_hash_table_lookup(network->interfaces, interface);
}

/* Nodes. */

static void add_node(struct network *network, const struct scenario_node *node)
{
	bool is_router = node->item.kind == SCENARIO_ROUTER;
	struct host *host =
	    host_new(network->world, node->item.name, is_router ? NODE_ROUTER : NODE_HOST);

	g_ptr_array_add(network->host_order, host);
	g_hash_table_insert(network->hosts, (gpointer)node, host);
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = node->interfaces->pdata[i];
		struct interface_config config = {
			.name = interface->item.name,
			.mac = interface->mac,
			.address = interface->address,
			.prefix_length = (uint8_t)interface->network->subnet.length,
			.mtu_bytes = (uint16_t)interface->network->mtu_bytes,
		};

		g_hash_table_insert(network->interfaces, (gpointer)interface,
				    host_add_interface(host, &config));
	}
}

/* The switch of a LAN that attachments are plugged into. */
static bool takes_attachments(const struct scenario_switch *candidate,
			      const struct scenario_network *net)
{
	return net->switches->len > 0 && net->switches->pdata[0] == candidate;
}

/* Ports: one for each member, lower switch and attachment, and one for the uplink. */
static unsigned count_ports(const struct scenario *scenario, const struct scenario_switch *wanted,
			    const struct network_attachments *attachments)
{
	unsigned count = wanted->uplink != NULL;

	for (guint i = 0; i < wanted->network->interfaces->len; i++) {
		const struct scenario_interface *member = wanted->network->interfaces->pdata[i];

		count += member->switch_ == wanted;
	}
	for (guint i = 0; i < scenario->switches->len; i++)
		count += ((struct scenario_switch *)scenario->switches->pdata[i])->uplink == wanted;
	for (size_t i = 0; i < attachments->count; i++)
		count += takes_attachments(wanted, attachments->configs[i].network);
	return count;
}

static void add_switch(struct network *network, const struct scenario_switch *wanted,
		       const struct network_attachments *attachments)
{
	struct switch_state *state = g_new0(struct switch_state, 1);

	state->node = switch_new(network->world, wanted->item.name,
				 count_ports(network->scenario, wanted, attachments));
	g_ptr_array_add(network->switch_order, state->node);
	g_hash_table_insert(network->switches, (gpointer)wanted, state);
}

static struct interface *next_port(const struct network *network,
				   const struct scenario_switch *wanted)
{
	struct switch_state *state = g_hash_table_lookup(network->switches, wanted);

	return switch_port(state->node, ++state->ports_used);
}

/* Cables. */

static void lay_cable(struct network *network, const struct cable *cable, struct interface *a,
		      struct interface *b)
{
	const struct scenario_network *net = cable->network;
	struct cable laid = *cable;

	laid.link = link_new(a, b, net->item.name,
			     &(struct link_config) {
				 .rate_bps = net->rate_bps,
				 .delay_ns = net->delay_ns,
				 .queue_bytes = net->queue_bytes,
			     });
	if (scenario_is_dialled(net))
		link_dial_up(laid.link, &(struct dial_up_config) {
					    .setup_ns = net->dial_up.setup_ns,
					    .idle_ns = net->dial_up.idle_ns,
					    .price_per_minute = net->dial_up.price_per_minute,
					});
	g_array_append_val(network->cables, laid);
}

static void mirror_to(const struct network *network, const struct scenario_switch *wanted,
		      const struct interface *port)
{
	const struct switch_state *state = g_hash_table_lookup(network->switches, wanted);

	switch_mirror(state->node, port->index);
}

static void cable_network(struct network *network, const struct scenario_network *net)
{
	if (net->kind == NETWORK_LINK) {
		const struct scenario_interface *a = net->interfaces->pdata[0];
		const struct scenario_interface *b = net->interfaces->pdata[1];

		lay_cable(network,
			  &(struct cable) {
			      .network = net, .ends = {a, b}
                },
			  interface_of(network, a), interface_of(network, b));
		return;
	}
	for (guint i = 0; i < net->interfaces->len; i++) {
		const struct scenario_interface *member = net->interfaces->pdata[i];

		struct interface *port = next_port(network, member->switch_);

		lay_cable(network, &(struct cable) { .network = net, .ends = { member } },
			  interface_of(network, member), port);
		if (net->mirror != NULL && member->node == net->mirror)
			mirror_to(network, member->switch_, port);
	}
	for (guint i = 0; i < net->switches->len; i++) {
		const struct scenario_switch *lower = net->switches->pdata[i];

		if (lower->uplink != NULL)
			lay_cable(network, &(struct cable) { .network = net, .uplink_of = lower },
				  next_port(network, lower), next_port(network, lower->uplink));
	}
}

static void attach(struct network *network, const struct attachment_config *config)
{
	struct attachment *attachment = attachment_new(network->world, config);

	g_ptr_array_add(network->attachments, attachment);
	lay_cable(network, &(struct cable) { .network = config->network },
		  attachment_interface(attachment),
		  next_port(network, config->network->switches->pdata[0]));
}

struct attachment *network_attachment(const struct network *network, size_t index)
{
	return network->attachments->pdata[index];
}

/* Routes. */

static void add_routes(struct network *network, const struct scenario_node *node)
{
	struct host *host = network_host(network, node);

	if (node->gateway != NULL)
		host_add_route(host, 0, 0, node->gateway->address, NULL);
	for (guint i = 0; node->routes != NULL && i < node->routes->len; i++) {
		const struct scenario_route *route = node->routes->pdata[i];

		host_add_route(host, route->to.address, route->to.length, route->via->address,
			       NULL);
	}
}

/* Which directions of a cable a scenario means. */

static bool link_means(const struct scenario_link *link, const struct cable *cable)
{
	switch (link->scope) {
	case LINK_EVERY:
		return true;
	case LINK_NETWORK:
		return cable->network == link->network;
	case LINK_INTERFACE:
		return cable->ends[LINK_A] == link->interface ||
		       cable->ends[LINK_B] == link->interface;
	case LINK_UPLINK:
		return cable->uplink_of == link->switch_;
	default:
		return false;
	}
}

/* Impairments: what holds now for a direction of a cable. */

static bool is_impaired(const struct scenario_impairment *effect, const GArray *frames)
{
	return frames->len > 0 || effect->is_down || effect->loss_ppm > 0 ||
	       effect->corrupt_ppm > 0 || effect->corrupt_deep_ppm > 0 ||
	       effect->duplicate_ppm > 0 || effect->reorder_ppm > 0 || effect->jitter_ns > 0;
}

/* The direction from `side`, as the scenario names it: by an end that is no switch, or an uplink. */
static struct scenario_way way_of(const struct cable *cable, enum link_side side)
{
	if (cable->ends[side] != NULL)
		return (struct scenario_way) { .interface = cable->ends[side], .is_out = true };
	if (cable->ends[!side] != NULL)
		return (struct scenario_way) { .interface = cable->ends[!side], .is_out = false };
	return (struct scenario_way) {
		.uplink = cable->uplink_of,
		.network = cable->network,
		.is_out = side == LINK_A,
	};
}

static void impair(const struct network *network, const struct cable *cable, enum link_side side)
{
	struct scenario_way way = way_of(cable, side);
	GArray *frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct impairment_period down = { 0, TIME_NEVER };
	struct scenario_impairment effect;

	scenario_impair(network->scenario, &way, engine_now(network->world->engine), &effect,
			frames);
	if (!is_impaired(&effect, frames))
		link_impair(cable->link, side, NULL);
	else
		link_impair(cable->link, side,
			    &(struct impairment) {
				.loss_ppm = effect.loss_ppm,
				.corrupt_ppm = effect.corrupt_ppm,
				.corrupt_deep_ppm = effect.corrupt_deep_ppm,
				.duplicate_ppm = effect.duplicate_ppm,
				.reorder_ppm = effect.reorder_ppm,
				.reorder_ns = effect.reorder_ns,
				.jitter_ns = effect.jitter_ns,
				.picked = (const uint64_t *)(const void *)frames->data,
				.picked_count = frames->len,
				.down = &down,
				.down_count = effect.is_down,
			    });
	g_array_free(frames, TRUE);
}

static void apply_impairments(void *owner)
{
	struct boundary *boundary = owner;
	struct network *network = boundary->network;

	for (guint i = 0; i < network->cables->len; i++) {
		const struct cable *cable = &g_array_index(network->cables, struct cable, i);

		impair(network, cable, LINK_A);
		impair(network, cable, LINK_B);
	}
}

static void arm_boundary(struct network *network, int64_t at_ns)
{
	struct boundary *boundary = &network->boundaries[network->boundary_count++];

	boundary->network = network;
	timer_init(&boundary->timer, 0, apply_impairments, boundary);
	boundary->timer.class = EVENT_ACTION;
	boundary->timer.is_background = true;
	if (at_ns != TIME_NEVER)
		timer_schedule(network->world->engine, &boundary->timer, at_ns);
}

static void schedule_impairments(struct network *network)
{
	const GPtrArray *impairments = network->scenario->impairments;

	if (impairments->len == 0)
		return;
	network->boundaries = g_new0(struct boundary, 2 * impairments->len + 1);
	arm_boundary(network, TIME_NEVER);
	apply_impairments(&network->boundaries[0]);
	for (guint i = 0; i < impairments->len; i++) {
		const struct scenario_impairment *impairment = impairments->pdata[i];

		arm_boundary(network, impairment->from_ns);
		arm_boundary(network, impairment->to_ns);
	}
}

struct network *network_new(struct world *world, const struct scenario *scenario,
			    const struct network_attachments *attachments)
{
	struct network *network = g_new0(struct network, 1);

	network->world = world;
	network->scenario = scenario;
	network->hosts = g_hash_table_new(NULL, NULL);
	network->switches = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	network->interfaces = g_hash_table_new(NULL, NULL);
	network->host_order = g_ptr_array_new();
	network->switch_order = g_ptr_array_new();
	network->attachments = g_ptr_array_new();
	network->cables = g_array_new(FALSE, FALSE, sizeof(struct cable));
	for (guint i = 0; i < scenario->hosts->len; i++)
		add_node(network, scenario->hosts->pdata[i]);
	for (guint i = 0; i < scenario->routers->len; i++)
		add_node(network, scenario->routers->pdata[i]);
	for (guint i = 0; i < scenario->switches->len; i++)
		add_switch(network, scenario->switches->pdata[i], attachments);
	for (guint i = 0; i < scenario->networks->len; i++)
		cable_network(network, scenario->networks->pdata[i]);
	for (size_t i = 0; i < attachments->count; i++)
		attach(network, &attachments->configs[i]);
	for (guint i = 0; i < scenario->hosts->len; i++)
		add_routes(network, scenario->hosts->pdata[i]);
	for (guint i = 0; i < scenario->routers->len; i++) {
		add_routes(network, scenario->routers->pdata[i]);
		middlebox_start(network_host(network, scenario->routers->pdata[i]),
				scenario->routers->pdata[i]);
	}
	schedule_impairments(network);
	return network;
}

void network_free(struct network *network)
{
	if (network == NULL)
		return;
	for (size_t i = 0; i < network->boundary_count; i++)
		timer_cancel(network->world->engine, &network->boundaries[i].timer);
	for (guint i = 0; i < network->cables->len; i++)
		link_free(g_array_index(network->cables, struct cable, i).link);
	for (guint i = 0; i < network->host_order->len; i++)
		host_free(network->host_order->pdata[i]);
	for (guint i = 0; i < network->switch_order->len; i++)
		switch_free(network->switch_order->pdata[i]);
	for (guint i = 0; i < network->attachments->len; i++)
		attachment_free(network->attachments->pdata[i]);
	g_hash_table_destroy(network->hosts);
	g_hash_table_destroy(network->switches);
	g_hash_table_destroy(network->interfaces);
	g_ptr_array_free(network->host_order, TRUE);
	g_ptr_array_free(network->switch_order, TRUE);
	g_ptr_array_free(network->attachments, TRUE);
	g_array_free(network->cables, TRUE);
	g_free(network->boundaries);
	g_free(network);
}

static void each_cable(struct network *network, const struct scenario_link *link,
		       void (*change)(struct link *link))
{
	for (guint i = 0; i < network->cables->len; i++) {
		const struct cable *cable = &g_array_index(network->cables, struct cable, i);

		if (link_means(link, cable))
			change(cable->link);
	}
}

void network_cut(struct network *network, const struct scenario_link *link)
{
	each_cable(network, link, link_cut);
}

void network_mend(struct network *network, const struct scenario_link *link)
{
	each_cable(network, link, link_mend);
}

void network_age(const struct network *network)
{
	for (guint i = 0; i < network->host_order->len; i++)
		arp_age(host_arp(network->host_order->pdata[i]));
	for (guint i = 0; i < network->switch_order->len; i++)
		switch_age(network->switch_order->pdata[i]);
}
