#include "stack/host.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"
#include "stack/loopback.h"
#include "stack/middlebox.h"
#include "stack/path_mtu.h"
#include "stack/reassembly.h"
#include "stack/redirect.h"
#include "stack/tcp/tcp.h"
#include "stack/wire/ethernet.h"

struct host *host_new(struct world *world, const char *name, enum node_kind kind)
{
	struct host *host = g_new0(struct host, 1);

	host->name = g_strdup(name);
	host->forwards = kind == NODE_ROUTER;
	host->processing_ns = host->forwards ? ROUTER_PROCESSING_NS : HOST_PROCESSING_NS;
	node_init(&host->node, world, host->name, kind);
	host->arp = arp_new(host);
	return host;
}

void host_free(struct host *host)
{
	if (host == NULL)
		return;
	tcp_free(host->tcp);
	udp_free(host->udp);
	icmp_free(host->icmp);
	loopback_free(host->loopback);
	middlebox_free(host->middlebox);
	reassembly_free(host->reassembly);
	redirects_free(host->redirects);
	path_mtu_free(host->path_mtu);
	arp_free(host->arp);
	route_table_clear(&host->routes);
	for (uint32_t i = 0; i < host->interface_count; i++) {
		g_assert(host->interfaces[i]->link == NULL);
		g_free(host->interfaces[i]);
	}
	g_free(host->interfaces);
	g_free(host->name);
	g_free(host);
}

struct node *host_node(struct host *host)
{
	return &host->node;
}

struct world *host_world(struct host *host)
{
	return host->node.world;
}

bool host_forwards(const struct host *host)
{
	return host->forwards;
}

void host_set_processing(struct host *host, uint32_t processing_ns)
{
	host->processing_ns = processing_ns;
	for (uint32_t i = 0; i < host->interface_count; i++)
		host->interfaces[i]->processing_ns = processing_ns;
}

static void trace_decapsulate(struct host *host, const struct interface *interface,
			      const struct packet *frame)
{
	if (!node_traces(&host->node, TRACE_DECAPSULATE)) {
		trace_skip(&host->node);
		return;
	}
	trace_emit(&host->node, frame,
		   &(struct trace_record) {
		       .kind = TRACE_DECAPSULATE,
		       .layer = LAYER_ETHERNET,
		       .detail = ETHERNET_PLAIN,
		       .interface = interface_number(interface),
		       .start = (uint16_t)frame->start,
		       .header_bytes = ETHERNET_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
}

/* Takes a frame from an interface: off with the Ethernet header, and up. */
static void receive_frame(void *owner, struct interface *interface, struct packet *frame)
{
	struct host *host = owner;
	struct ethernet_header header;
	struct bytes payload;

	if (ethernet_header_parse(packet_bytes(frame), &header, &payload) != PARSE_OK ||
	    mac_is_group(header.source)) {
		packet_drop(&host->node, frame,
			    &(struct trace_record) {
				.layer = LAYER_ETHERNET,
				.detail = ETHERNET_MALFORMED,
			    });
		return;
	}
	trace_decapsulate(host, interface, frame);

	/* From here on the packet is this host's alone. A VLAN tag would be taken off here. */
	struct packet *packet = packet_unshare(frame);

	packet_pull(packet, ETHERNET_HEADER_BYTES);
	switch (header.type) {
	case ETHERTYPE_IPV4:
		ipv4_receive(host, interface, packet, mac_is_group(header.destination));
		break;
	case ETHERTYPE_ARP:
		arp_receive(host->arp, interface, packet);
		break;
	default:
		packet_drop(&host->node, packet,
			    &(struct trace_record) {
				.layer = LAYER_ETHERNET,
				.detail = ETHERNET_UNKNOWN_TYPE,
				.before = header.type,
			    });
	}
}

static void interface_was_cut(void *owner, struct interface *interface)
{
	struct host *host = owner;

	arp_forget(host->arp, interface);
}

static uint64_t route_value(const struct route *route)
{
	if (route->interface == NULL)
		return 0;
	return (uint64_t)route->gateway << 32 | interface_number(route->interface);
}

static void trace_route(struct host *host, const struct route *now, const struct route *old)
{
	const struct route *named = now->interface != NULL ? now : old;

	trace_emit(&host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_ROUTE,
		       .object = (uint64_t)named->prefix << 8 | named->prefix_length,
		       .before = route_value(old),
		       .after = route_value(now),
		       .interface = interface_number(named->interface),
		   },
		   (struct bytes) { 0 });
}

static void set_route(struct host *host, const struct route *route)
{
	struct route old = { 0 }, masked = *route;

	masked.prefix &= ipv4_mask(route->prefix_length);
	route_table_set(&host->routes, &masked, &old);
	if (route->kind == ROUTE_UNICAST)
		trace_route(host, &masked, &old);
}

/* The routes that come with an address: to itself, to its network, to all on its network. */
static void add_address_routes(struct host *host, struct interface *interface)
{
	uint32_t address = interface->address;
	uint8_t prefix_length = interface->prefix_length;
	struct route network = {
		.interface = interface,
		.prefix = address,
		.prefix_length = prefix_length,
		.kind = ROUTE_UNICAST,
	};
	struct route own = network, broadcast = network;

	if (prefix_length < 32)
		set_route(host, &network);
	if (prefix_length < 31) { /* RFC 3021: a /31 has no broadcast address */
		broadcast.prefix = address | ~ipv4_mask(prefix_length);
		broadcast.prefix_length = 32;
		broadcast.kind = ROUTE_BROADCAST;
		set_route(host, &broadcast);
	}
	own.prefix_length = 32;
	own.kind = ROUTE_LOCAL;
	set_route(host, &own);
}

struct interface *host_add_interface(struct host *host, const struct interface_config *config)
{
	struct interface *interface = g_new(struct interface, 1);
	struct interface_config complete = *config;
	uint32_t count = host->interface_count;

	/* Doubles at powers of two, so that a router with many interfaces is built in linear time. */
	if ((count & (count - 1)) == 0)
		host->interfaces =
		    g_renew(struct interface *, host->interfaces, count ? 2 * count : 1);
	host->interfaces[host->interface_count++] = interface;
	complete.processing_ns = host->processing_ns;
	complete.takes_all = false;
	interface_init(interface, &host->node, host->interface_count, &complete, receive_frame,
		       host);
	interface->cut = interface_was_cut;
	if (interface->address != 0)
		add_address_routes(host, interface);
	return interface;
}

unsigned host_interface_count(const struct host *host)
{
	return host->interface_count;
}

struct interface *host_interface(const struct host *host, unsigned index)
{
	return index >= 1 && index <= host->interface_count ? host->interfaces[index - 1] : NULL;
}

struct interface *host_interface_named(const struct host *host, const char *name)
{
	for (uint32_t i = 0; i < host->interface_count; i++)
		if (strcmp(host->interfaces[i]->name, name) == 0)
			return host->interfaces[i];
	return NULL;
}

/* The interface on whose link `gateway` is, or NULL. */
static struct interface *interface_to(const struct host *host, uint32_t gateway)
{
	const struct route *route = route_table_find(&host->routes, gateway);

	if (route == NULL || route->kind != ROUTE_UNICAST || route->gateway != 0)
		return NULL;
	return route->interface;
}

bool host_add_route(struct host *host, uint32_t prefix, unsigned prefix_length, uint32_t gateway,
		    struct interface *interface)
{
	if (gateway != 0 && interface == NULL)
		interface = interface_to(host, gateway);
	if (interface == NULL || interface->node != &host->node || prefix_length > 32)
		return false;
	set_route(host, &(struct route) {
			    .interface = interface,
			    .prefix = prefix,
			    .prefix_length = (uint8_t)prefix_length,
			    .gateway = gateway,
			    .kind = ROUTE_UNICAST,
			});
	return true;
}

bool host_remove_route(struct host *host, uint32_t prefix, unsigned prefix_length)
{
	struct route old;

	if (!route_table_remove(&host->routes, prefix, prefix_length, &old))
		return false;
	if (old.kind == ROUTE_UNICAST)
		trace_route(host, &(struct route) { 0 }, &old);
	return true;
}

const struct route_table *host_routes(const struct host *host)
{
	return &host->routes;
}

struct arp *host_arp(struct host *host)
{
	return host->arp;
}

struct tcp *host_tcp(struct host *host)
{
	if (host->tcp == NULL)
		host->tcp = tcp_new(host);
	return host->tcp;
}
