/* Which port of the outside address is whose. */
#include "stack/nat_private.h"

#include "stack/host_private.h"
#include "stack/ipv4.h"
#include "stack/ping.h"
#include "stack/tcp/tcp.h"
#include "stack/udp.h"

static uint64_t endpoint_number(struct endpoint endpoint)
{
	return (uint64_t)endpoint.address << 16 | endpoint.port;
}

static uint64_t inside_key(uint8_t protocol, struct endpoint inside)
{
	return (uint64_t)protocol << 48 | endpoint_number(inside);
}

static uint64_t port_key(uint8_t protocol, uint16_t port)
{
	return (uint64_t)protocol << 16 | port;
}

static struct nat_mapping *find(const struct key_map *map, uint64_t key)
{
	const uint64_t *value = key_map_find(map, key);

	return value != NULL ? (struct nat_mapping *)(uintptr_t)*value : NULL;
}

struct nat_mapping *nat_mapping_inside(const struct nat *nat, uint8_t protocol,
				       struct endpoint inside)
{
	return find(&nat->by_inside, inside_key(protocol, inside));
}

struct nat_mapping *nat_mapping_outside(const struct nat *nat, uint8_t protocol, uint16_t port)
{
	return find(&nat->by_port, port_key(protocol, port));
}

static void trace_mapping(struct nat *nat, const struct nat_mapping *mapping, uint64_t before,
			  uint64_t after)
{
	trace_emit(&nat->host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_NAT,
		       .detail = mapping->is_forwarded ? NAT_PORT : NAT_MAPPING,
		       .object = port_key(mapping->protocol, mapping->port),
		       .before = before,
		       .after = after,
		       .interface = interface_number(nat->outside),
		   },
		   (struct bytes) { 0 });
}

static struct nat_mapping *add(struct nat *nat, const struct nat_mapping *described)
{
	struct nat_mapping *mapping = g_new(struct nat_mapping, 1);
	uint64_t inside = inside_key(described->protocol, described->inside);

	*mapping = *described;
	key_map_set(&nat->by_port, port_key(mapping->protocol, mapping->port),
		    (uint64_t)(uintptr_t)mapping);
	/* Of several forwarded ports of one endpoint the first is what it sends from. */
	if (key_map_find(&nat->by_inside, inside) == NULL)
		key_map_set(&nat->by_inside, inside, (uint64_t)(uintptr_t)mapping);
	trace_mapping(nat, mapping, 0, endpoint_number(mapping->inside));
	return mapping;
}

bool nat_forward_port(struct nat *nat, uint8_t protocol, uint16_t port, struct endpoint inside)
{
	if (nat_mapping_outside(nat, protocol, port) != NULL ||
	    inside.address == nat->outside->address)
		return false;
	add(nat, &(struct nat_mapping) {
		     .inside = inside,
		     .port = port,
		     .protocol = protocol,
		     .is_forwarded = true,
		 });
	return true;
}

bool nat_is_of_router(const struct nat *nat, uint8_t protocol, uint16_t port)
{
	struct host *host = nat->host;

	switch (protocol) {
	case IP_PROTOCOL_ICMP:
		return ping_uses(host, port);
	case IP_PROTOCOL_TCP:
		return host->tcp != NULL && tcp_listens(host->tcp, port);
	default:
		return udp_is_taken(host, port);
	}
}

/* Port 0 stands for none. */
static bool is_free(const struct nat *nat, uint8_t protocol, uint16_t port)
{
	return (port != 0 || protocol == IP_PROTOCOL_ICMP) &&
	       !nat_is_of_router(nat, protocol, port) &&
	       nat_mapping_outside(nat, protocol, port) == NULL;
}

/* The port itself, or the next free one of its parity and range; -1: all are taken. */
static int find_free_port(const struct nat *nat, uint8_t protocol, uint16_t wanted)
{
	bool is_low = wanted < NAT_LEAST_FREE_PORT;
	unsigned least = is_low ? wanted & 1 : NAT_LEAST_FREE_PORT | (wanted & 1);
	unsigned count = (is_low ? NAT_LEAST_FREE_PORT : 65536 - NAT_LEAST_FREE_PORT) / 2;
	unsigned first = (wanted - least) / 2;

	for (unsigned i = 0; i < count; i++) {
		unsigned port = least + 2 * ((first + i) % count);

		if (is_free(nat, protocol, (uint16_t)port))
			return (int)port;
	}
	return -1;
}

struct nat_mapping *nat_mapping_new(struct nat *nat, uint8_t protocol, struct endpoint inside)
{
	if (nat->mappings >= NAT_MAPPINGS_MAX)
		return NULL;
	int port = find_free_port(nat, protocol, inside.port);

	if (port < 0)
		return NULL;
	nat->mappings++;
	return add(nat, &(struct nat_mapping) {
			    .inside = inside,
			    .port = (uint16_t)port,
			    .protocol = protocol,
			});
}

void nat_mapping_remove(struct nat *nat, struct nat_mapping *mapping)
{
	trace_mapping(nat, mapping, endpoint_number(mapping->inside), 0);
	key_map_remove(&nat->by_port, port_key(mapping->protocol, mapping->port));
	key_map_remove(&nat->by_inside, inside_key(mapping->protocol, mapping->inside));
	nat->mappings--;
	g_free(mapping);
}

void nat_mappings_clear(struct nat *nat)
{
	struct key_map_cell *cells = key_map_sorted(&nat->by_port);

	for (uint32_t i = 0; i < nat->by_port.count; i++)
		g_free((struct nat_mapping *)(uintptr_t)cells[i].value);
	g_free(cells);
	key_map_clear(&nat->by_port);
	key_map_clear(&nat->by_inside);
}
