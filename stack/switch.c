#include "stack/switch.h"

#include "sim/world.h"
#include "stack/drop.h"
#include "stack/interface.h"
#include "stack/key_map.h"
#include "stack/names.h"
#include "stack/wire/ethernet.h"

/*
 * A row of the address table is one number: when the address was last seen, in units of 2^20 ns,
 * above the port's number.
 */
enum { PORT_BITS = 24, SEEN_SHIFT = 20 };

struct switch_node {
	struct node node;
	char *name;
	struct interface *ports;
	unsigned port_count;
	unsigned mirror; /* the port that gets a copy of each frame; 0: none does */
	struct key_map addresses;
};

static unsigned row_port(uint64_t row)
{
	return (unsigned)(row & ((1u << PORT_BITS) - 1));
}

static int64_t row_seen_ns(uint64_t row)
{
	return (int64_t)(row >> PORT_BITS << SEEN_SHIFT);
}

static bool row_is_aged(const struct switch_node *switch_node, uint64_t row)
{
	return node_now(&switch_node->node) - row_seen_ns(row) > SWITCH_AGEING_NS;
}

static void trace_row(struct switch_node *switch_node, enum ethernet_detail detail, uint64_t mac,
		      unsigned old_port, unsigned new_port)
{
	trace_emit(&switch_node->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_ETHERNET,
		       .detail = (uint16_t)detail,
		       .object = mac,
		       .before = old_port,
		       .after = new_port,
		       .interface = (uint16_t)(new_port ? new_port : old_port),
		   },
		   (struct bytes) { 0 });
}

/* Notes that `mac` is behind `port`. */
static void learn(struct switch_node *switch_node, uint64_t mac, unsigned port)
{
	uint64_t seen = (uint64_t)node_now(&switch_node->node) >> SEEN_SHIFT;
	uint64_t row = seen << PORT_BITS | port;
	uint64_t *old = key_map_find(&switch_node->addresses, mac);

	if (old != NULL) {
		if (row_port(*old) != port)
			trace_row(switch_node, ETHERNET_LEARNED, mac, row_port(*old), port);
		*old = row;
	} else if (switch_node->addresses.count < SWITCH_ADDRESSES_MAX) {
		trace_row(switch_node, ETHERNET_LEARNED, mac, 0, port);
		key_map_set(&switch_node->addresses, mac, row);
	}
}

/* The port that `mac` is behind, or 0. */
static unsigned look_up(struct switch_node *switch_node, uint64_t mac)
{
	uint64_t *row = key_map_find(&switch_node->addresses, mac);

	if (row == NULL)
		return 0;
	unsigned port = row_port(*row);

	if (!row_is_aged(switch_node, *row))
		return port;
	trace_row(switch_node, ETHERNET_AGED, mac, port, 0);
	key_map_remove(&switch_node->addresses, mac);
	return 0;
}

static void switch_drop(struct switch_node *switch_node, struct packet *frame,
			enum ethernet_detail detail)
{
	packet_drop(&switch_node->node, frame,
		    &(struct trace_record) { .layer = LAYER_ETHERNET, .detail = (uint16_t)detail });
}

static void trace_forward(struct switch_node *switch_node, unsigned from, unsigned to,
			  const struct packet *frame, enum ethernet_detail detail)
{
	if (!node_traces(&switch_node->node, TRACE_FORWARD)) {
		trace_skip(&switch_node->node);
		return;
	}
	trace_emit(&switch_node->node, frame,
		   &(struct trace_record) {
		       .kind = TRACE_FORWARD,
		       .layer = LAYER_ETHERNET,
		       .detail = (uint16_t)detail,
		       .before = from,
		       .after = to,
		       .interface = (uint16_t)to,
		       .start = (uint16_t)frame->start,
		       .header_bytes = ETHERNET_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
}

static void forward(struct switch_node *switch_node, unsigned from, unsigned to,
		    struct packet *frame, enum ethernet_detail detail)
{
	trace_forward(switch_node, from, to, frame, detail);
	interface_transmit(&switch_node->ports[to - 1], frame,
			   detail == ETHERNET_KNOWN_PORT ? 0 : TRACE_SHARED);
}

static bool port_is_used(const struct switch_node *switch_node, unsigned number)
{
	const struct interface *port = &switch_node->ports[number - 1];

	return port->link != NULL || port->outside != NULL;
}

/* Sends a frame (taken) out of every port in use but `from`; all of them share its bytes. */
static void flood(struct switch_node *switch_node, unsigned from, struct packet *frame)
{
	unsigned sent = 0;

	for (unsigned to = 1; to <= switch_node->port_count; to++) {
		if (to == from || to == switch_node->mirror || !port_is_used(switch_node, to))
			continue;
		forward(switch_node, from, to, packet_reference(frame), ETHERNET_FLOODED);
		sent++;
	}
	if (sent > 0)
		packet_free(frame);
	else
		switch_drop(switch_node, frame, ETHERNET_NO_OTHER_PORT);
}

/* Sends a frame (taken) to where its destination is. */
static void pass_on(struct switch_node *switch_node, unsigned from, struct mac destination,
		    struct packet *frame)
{
	unsigned to = mac_is_group(destination) ? 0 : look_up(switch_node, mac_number(destination));

	if (to == 0)
		flood(switch_node, from, frame);
	else if (to == from)
		switch_drop(switch_node, frame, ETHERNET_SAME_PORT);
	else
		forward(switch_node, from, to, frame, ETHERNET_KNOWN_PORT);
}

static void switch_receive(void *owner, struct interface *interface, struct packet *frame)
{
	struct switch_node *switch_node = owner;
	struct packet *copy;
	struct mac destination, source;

	if (interface->index == switch_node->mirror) {
		switch_drop(switch_node, frame, ETHERNET_MIRROR_PORT);
		return;
	}

	/* Only the addresses matter: what is in the frame, even a length for a type, is passed on. */
	memcpy(destination.octets, packet_data(frame), sizeof destination.octets);
	memcpy(source.octets, packet_data(frame) + sizeof destination.octets, sizeof source.octets);
	if (mac_is_group(source)) {
		switch_drop(switch_node, frame, ETHERNET_MALFORMED);
		return;
	}
	learn(switch_node, mac_number(source), interface->index);

	copy = switch_node->mirror == 0 ? NULL : packet_reference(frame);
	pass_on(switch_node, interface->index, destination, frame);
	if (copy != NULL)
		forward(switch_node, interface->index, switch_node->mirror, copy,
			ETHERNET_MIRRORED);
}

struct switch_node *switch_new(struct world *world, const char *name, unsigned port_count)
{
	struct switch_node *switch_node = g_new0(struct switch_node, 1);

	g_assert(port_count < 1u << PORT_BITS);
	switch_node->name = g_strdup(name);
	switch_node->port_count = port_count;
	switch_node->ports = g_new(struct interface, port_count);
	node_init(&switch_node->node, world, switch_node->name, NODE_SWITCH);
	for (unsigned i = 0; i < port_count; i++) {
		char port_name[INTERFACE_NAME_BYTES];
		struct interface_config config = {
			.name = port_name,
			.takes_all = true,
			.processing_ns = SWITCH_PROCESSING_NS,
		};

		g_snprintf(port_name, sizeof port_name, "port%u", i + 1);
		interface_init(&switch_node->ports[i], &switch_node->node, i + 1, &config,
			       switch_receive, switch_node);
	}
	return switch_node;
}

void switch_free(struct switch_node *switch_node)
{
	if (switch_node == NULL)
		return;
	for (unsigned i = 0; i < switch_node->port_count; i++)
		g_assert(switch_node->ports[i].link == NULL);
	key_map_clear(&switch_node->addresses);
	g_free(switch_node->ports);
	g_free(switch_node->name);
	g_free(switch_node);
}

struct node *switch_get_node(struct switch_node *switch_node)
{
	return &switch_node->node;
}

unsigned switch_port_count(const struct switch_node *switch_node)
{
	return switch_node->port_count;
}

void switch_mirror(struct switch_node *switch_node, unsigned port)
{
	g_assert(port <= switch_node->port_count);
	switch_node->mirror = port;
}

struct interface *switch_port(struct switch_node *switch_node, unsigned number)
{
	g_assert(number >= 1 && number <= switch_node->port_count);
	return &switch_node->ports[number - 1];
}

void switch_each_address(const struct switch_node *switch_node,
			 void (*row)(void *owner, const struct switch_row *row), void *owner)
{
	struct key_map_cell *cells = key_map_sorted(&switch_node->addresses);

	for (uint32_t i = 0; i < switch_node->addresses.count; i++) {
		if (row_is_aged(switch_node, cells[i].value))
			continue;
		row(owner, &(struct switch_row) {
			       .mac = mac_from_number(cells[i].key),
			       .port = row_port(cells[i].value),
			       .seen_ns = row_seen_ns(cells[i].value),
			   });
	}
	g_free(cells);
}

void switch_age(struct switch_node *switch_node)
{
	struct key_map_cell *cells = key_map_sorted(&switch_node->addresses);
	uint32_t count = switch_node->addresses.count;

	for (uint32_t i = 0; i < count; i++)
		look_up(switch_node, cells[i].key);
	g_free(cells);
}
