/* Subnets that cannot be: those that overlap, and those in ranges that no host has. */
#include "app/scenario_private.h"

static int compare_subnets(const void *a, const void *b)
{
	const struct scenario_network *left = *(struct scenario_network *const *)a;
	const struct scenario_network *right = *(struct scenario_network *const *)b;

	if (left->subnet.address != right->subnet.address)
		return left->subnet.address < right->subnet.address ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

/* In order of addresses, a subnet overlaps one before it only when it begins before that ends. */
static void check_overlaps(struct load *load)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_copy(load->scenario->networks, NULL, NULL);
	const struct scenario_network *widest = NULL;
	char address[IPV4_TEXT_BYTES];

	g_ptr_array_sort(sorted, compare_subnets);
	for (unsigned i = 0; i < sorted->len; i++) {
		const struct scenario_network *network = g_ptr_array_index(sorted, i);

		if (network->subnet.length == 0)
			continue;
		if (widest != NULL &&
		    network->subnet.address <= scenario_last_address(widest->subnet)) {
			load_error(load, load_mark(load, &network->subnet, network),
				   "the subnets of `%s` and `%s` overlap", network->item.name,
				   widest->item.name);
			load_hint(load, "that of `%s` ends at %s", widest->item.name,
				  ipv4_print(scenario_last_address(widest->subnet), address));
		}
		if (widest == NULL ||
		    scenario_last_address(network->subnet) > scenario_last_address(widest->subnet))
			widest = network;
	}
}

/* No host has an address in these (RFC 6890). */
static const struct {
	struct scenario_prefix range;
	const char *text, *why;
} reserved[] = {
	{{ 0x00000000, 8 },
         "0.0.0.0/8",		       "\"this network\", where a host that has no address yet sends from (RFC 1122)"},
	{ { 0x7f000000, 8 },
         "127.0.0.0/8",		     "the loopback of each host, which no cable carries (RFC 1122)"                },
	{ { 0xe0000000, 4 }, "224.0.0.0/4", "groups of hosts, multicast (RFC 5771)"                                       },
	{ { 0xf0000000, 4 },
         "240.0.0.0/4",		     "reserved, and 255.255.255.255 the broadcast (RFC 1112, RFC 919)"             },
};

static void check_reserved(struct load *load, const struct scenario_network *network)
{
	for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
		if (!scenario_overlap(network->subnet, reserved[i].range))
			continue;
		load_error(load, load_mark(load, &network->subnet, network),
			   "no network can have addresses of %s: that is %s", reserved[i].text,
			   reserved[i].why);
		load_hint(load,
			  "take one of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (private), or "
			  "of 192.0.2.0/24, 198.51.100.0/24 or 203.0.113.0/24 (examples)");
		return;
	}
}

void scenario_check_subnets(struct load *load)
{
	const GPtrArray *networks = load->scenario->networks;

	check_overlaps(load);
	for (unsigned i = 0; i < networks->len; i++) {
		const struct scenario_network *network = g_ptr_array_index(networks, i);

		if (network->subnet.length != 0)
			check_reserved(load, network);
	}
}
