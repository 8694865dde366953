#include <string.h>
#include "app/scenario_private.h"

/* Addresses for documentation (RFC 5737), then private ones (RFC 1918) when those run out. */
static const struct scenario_prefix pools[] = {
	{0xc0000200,  24}, /* 192.0.2.0 */
	{ 0xc6336400, 24}, /* 198.51.100.0 */
	{ 0xcb007100, 24}, /* 203.0.113.0 */
	{ 0x0a000000, 8 },
};

enum { LAN_PREFIX = 26, LINK_PREFIX = 30, ONLY_PREFIX = 24 };

#define FIRST_HOST_OFFSET 10 /* in subnets of at least 32 addresses */

uint32_t scenario_last_address(struct scenario_prefix prefix)
{
	return prefix.address | ~ipv4_mask(prefix.length);
}

uint32_t scenario_first_host(struct scenario_prefix subnet)
{
	return subnet.length < 31 ? subnet.address + 1 : subnet.address;
}

uint32_t scenario_last_host(struct scenario_prefix subnet)
{
	uint32_t last = scenario_last_address(subnet);

	return subnet.length < 31 ? last - 1 : last;
}

bool scenario_overlap(struct scenario_prefix a, struct scenario_prefix b)
{
	return a.address <= scenario_last_address(b) && b.address <= scenario_last_address(a);
}

/* The network whose subnet is in the way of `prefix`, or NULL. */
static const struct scenario_network *find_overlap(const struct scenario *scenario,
						   struct scenario_prefix prefix)
{
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		if (network->subnet.length != 0 && scenario_overlap(network->subnet, prefix))
			return network;
	}
	return NULL;
}

/* The first free subnet of this length in a pool; length 0 when it is full. */
static struct scenario_prefix find_free(const struct scenario *scenario,
					struct scenario_prefix pool, unsigned length)
{
	uint64_t at = pool.address;

	while (length >= pool.length && at <= scenario_last_address(pool)) {
		struct scenario_prefix prefix = { (uint32_t)at, length };
		const struct scenario_network *taken = find_overlap(scenario, prefix);

		if (taken == NULL)
			return prefix;
		uint64_t size = UINT64_C(1) << (32 - length);
		uint64_t behind = (uint64_t)scenario_last_address(taken->subnet) + 1;

		at = (behind + size - 1) / size * size;
	}
	return (struct scenario_prefix) { 0, 0 };
}

static void choose_subnet(struct load *load, struct scenario_network *network)
{
	struct scenario *scenario = load->scenario;
	unsigned length = network->kind == NETWORK_LINK  ? LINK_PREFIX
			  : scenario->networks->len == 1 ? ONLY_PREFIX
							 : LAN_PREFIX;

	/* All members, the network's and the broadcast address, and some room. */
	while (length > 8 && (UINT64_C(1) << (32 - length)) < network->interfaces->len + 2)
		length--;
	for (unsigned i = 0; i < G_N_ELEMENTS(pools) && network->subnet.length == 0; i++)
		network->subnet = find_free(scenario, pools[i], length);
	if (network->subnet.length == 0)
		load_error(load, network->item.mark,
			   "there is no room left for a subnet for the network `%s`",
			   network->item.name);
}

/* Where to look for the next free address of one network. */
struct cursor {
	uint32_t router, host; /* offsets */
};

static uint32_t first_offset(const struct scenario_network *network)
{
	return scenario_first_host(network->subnet) - network->subnet.address;
}

static uint32_t next_free(const struct scenario_network *network, uint32_t *offset,
			  GHashTable *used)
{
	uint32_t last = scenario_last_host(network->subnet) - network->subnet.address;

	for (uint32_t tried = 0; tried <= last; tried++) {
		uint32_t address = network->subnet.address + *offset;

		if (++*offset > last)
			*offset = first_offset(network);
		if (g_hash_table_add(used, GUINT_TO_POINTER(address)))
			return address;
	}
	return 0;
}

static void choose_address(struct load *load, struct scenario_interface *interface,
			   struct cursor *cursor, GHashTable *used)
{
	const struct scenario_network *network = interface->network;
	bool is_router = interface->node->item.kind == SCENARIO_ROUTER;

	interface->address = next_free(network, is_router ? &cursor->router : &cursor->host, used);
	if (interface->address == 0)
		load_error(load, interface->item.mark,
			   "the subnet of the network `%s` has no address left for `%s`",
			   network->item.name, interface->node->item.name);
}

/* Routers get the lowest addresses, hosts those from the tenth on. */
static void choose_addresses(struct load *load, struct scenario_network *network, GHashTable *used)
{
	struct cursor cursor = { first_offset(network), first_offset(network) };

	if (network->subnet.length == 0)
		return;
	if (network->subnet.length <= 27)
		cursor.host = FIRST_HOST_OFFSET;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < network->interfaces->len; i++) {
			struct scenario_interface *interface =
			    g_ptr_array_index(network->interfaces, i);
			bool is_router = interface->node->item.kind == SCENARIO_ROUTER;

			if (interface->address == 0 && !load_is_given(load, &interface->address) &&
			    is_router == (pass == 0))
				choose_address(load, interface, &cursor, used);
		}
	}
}

/*
 * 02 (locally administered), then network and address so that people can read them. In the way of
 * one that is written down, the second octet counts up.
 */
static void choose_mac(struct scenario_interface *interface, GHashTable *written)
{
	uint32_t number = interface->network->index + 1;
	uint32_t offset = interface->address - interface->network->subnet.address;
	char text[MAC_TEXT_BYTES];

	interface->mac = (struct mac) {
		{0x02, (uint8_t)(offset >> 16), (uint8_t)(number >> 8), (uint8_t)number,
                 (uint8_t)(offset >> 8), (uint8_t)offset}
	};
	for (unsigned tried = 0; tried < 256; tried++, interface->mac.octets[1]++) {
		if (!g_hash_table_contains(written, mac_print(interface->mac, text)))
			return;
	}
}

static void choose_gateway(struct load *load, struct scenario_node *host)
{
	const struct scenario_network *network = host->own.network;

	if (load_is_given(load, &host->gateway) || network == NULL)
		return;
	for (unsigned i = 0; i < network->interfaces->len && host->gateway == NULL; i++) {
		struct scenario_interface *interface = g_ptr_array_index(network->interfaces, i);

		if (interface->node->item.kind == SCENARIO_ROUTER)
			host->gateway = interface;
	}
}

/* Each interface of the scenario that is on a network. */
static void each_interface(struct scenario *scenario,
			   void (*visit)(struct scenario_interface *interface, void *data),
			   void *data)
{
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		for (unsigned j = 0; j < network->interfaces->len; j++)
			visit(g_ptr_array_index(network->interfaces, j), data);
	}
}

static void note_address(struct scenario_interface *interface, void *used)
{
	if (interface->address != 0)
		g_hash_table_add(used, GUINT_TO_POINTER(interface->address));
}

struct mac_work {
	struct load *load;
	GHashTable *written; /* set of MAC addresses as text */
};

static void note_mac(struct scenario_interface *interface, void *data)
{
	struct mac_work *work = data;
	char text[MAC_TEXT_BYTES];

	if (load_is_given(work->load, &interface->mac))
		g_hash_table_add(work->written, g_strdup(mac_print(interface->mac, text)));
}

static void complete_mac(struct scenario_interface *interface, void *data)
{
	struct mac_work *work = data;

	if (!load_is_given(work->load, &interface->mac) && interface->address != 0)
		choose_mac(interface, work->written);
}

static void complete_macs(struct load *load)
{
	g_autoptr(GHashTable) written =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct mac_work work = { load, written };

	each_interface(load->scenario, note_mac, &work);
	each_interface(load->scenario, complete_mac, &work);
}

void scenario_complete_addresses(struct load *load)
{
	struct scenario *scenario = load->scenario;
	g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);

	each_interface(scenario, note_address, used);
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		if (network->subnet.length == 0 && !load_is_given(load, &network->subnet))
			choose_subnet(load, network);
		choose_addresses(load, network, used);
	}
	complete_macs(load);
	for (unsigned i = 0; i < scenario->hosts->len; i++)
		choose_gateway(load, g_ptr_array_index(scenario->hosts, i));
}

struct scenario_interface *scenario_find_address(const struct scenario *scenario, uint32_t address)
{
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = g_ptr_array_index(scenario->networks, i);

		if ((address & ipv4_mask(network->subnet.length)) != network->subnet.address)
			continue;
		for (unsigned j = 0; j < network->interfaces->len; j++) {
			struct scenario_interface *interface =
			    g_ptr_array_index(network->interfaces, j);

			if (interface->address == address)
				return interface;
		}
	}
	return NULL;
}
