#include "app/middlebox.h"

#include "stack/ipv4.h"
#include "stack/middlebox.h"

/* The router's interface on a network; NULL when none is meant. */
static const struct interface *interface_on(const struct host *host,
					    const struct scenario_node *router,
					    const struct scenario_network *network)
{
	for (guint i = 0; network != NULL && i < router->interfaces->len; i++) {
		const struct scenario_interface *interface = router->interfaces->pdata[i];

		if (interface->network == network)
			return host_interface_named(host, interface->item.name);
	}
	return NULL;
}

static uint8_t protocol_of(enum scenario_transport transport)
{
	static const uint8_t protocols[] = {
		[TRANSPORT_TCP] = IP_PROTOCOL_TCP,
		[TRANSPORT_UDP] = IP_PROTOCOL_UDP,
		[TRANSPORT_ICMP] = IP_PROTOCOL_ICMP,
	};

	return protocols[transport];
}

static void start_nat(struct host *host, const struct scenario_node *router)
{
	if (router->nat.uplink == NULL)
		return;
	struct nat *nat = host_translate(host, interface_on(host, router, router->nat.uplink));

	for (guint i = 0; i < router->nat.forwards->len; i++) {
		const struct scenario_forward *forward = router->nat.forwards->pdata[i];
		bool is_free = nat_forward_port(
		    nat, protocol_of(forward->protocol), (uint16_t)forward->port,
		    (struct endpoint) { forward->to->own.address, (uint16_t)forward->to_port });

		g_assert(is_free); /* the scenario's checker saw to it */
	}
}

/* The addresses of a host or network; the length stays 0 for any. */
static void put_prefix(const struct scenario_item *item, uint32_t *address, uint8_t *length)
{
	if (item == NULL)
		return;
	if (item->kind == SCENARIO_NETWORK) {
		const struct scenario_network *net = (const void *)item;

		*address = net->subnet.address;
		*length = (uint8_t)net->subnet.length;
	} else {
		const struct scenario_node *host = (const void *)item;

		*address = host->own.address;
		*length = 32;
	}
}

static void add_rule(struct host *host, const struct scenario_node *router,
		     const struct scenario_rule *described)
{
	static const uint8_t directions[] = {
		[DIRECTION_BOTH] = FILTER_IN | FILTER_OUT,
		[DIRECTION_OUT] = FILTER_OUT,
		[DIRECTION_IN] = FILTER_IN,
	};
	static const enum filter_verdict verdicts[] = {
		[VERDICT_ALLOW] = FILTER_ALLOW,
		[VERDICT_DENY] = FILTER_DENY,
		[VERDICT_REJECT] = FILTER_REJECT,
	};
	bool has_ports = described->ports.most != UINT64_MAX;
	struct filter_rule rule = {
		.verdict = verdicts[described->verdict],
		.protocol = protocol_of(described->protocol),
		.port_least = has_ports ? (uint16_t)described->ports.least : 0,
		.port_most = has_ports ? (uint16_t)described->ports.most : 0,
		.interface = interface_on(host, router, described->network),
		.directions = directions[described->direction],
		.from_ns = described->from_ns,
		.to_ns = described->to_ns,
		.resets = described->answer == REJECT_BY_RESET,
	};

	put_prefix(described->source, &rule.source, &rule.source_length);
	put_prefix(described->destination, &rule.destination, &rule.destination_length);
	filter_add(host_filter(host), &rule);
}

static void add_tampering(struct host *host, const struct scenario_tampering *described)
{
	bool has_ports = described->ports.most != UINT64_MAX;

	tamper_add(host_tamper(host),
		   &(struct tamper_rule) {
		       .replace = described->replace,
		       .by = described->by,
		       .port_least = has_ports ? (uint16_t)described->ports.least : 0,
		       .port_most = has_ports ? (uint16_t)described->ports.most : 0,
		   });
}

void middlebox_start(struct host *host, const struct scenario_node *router)
{
	start_nat(host, router);
	for (guint i = 0; i < router->filter->len; i++)
		add_rule(host, router, router->filter->pdata[i]);
	for (guint i = 0; i < router->tamper->len; i++)
		add_tampering(host, router->tamper->pdata[i]);
}
