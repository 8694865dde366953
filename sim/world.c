#include "sim/world.h"

struct world *world_new(uint64_t seed, int64_t epoch_s)
{
	struct world *world = g_new0(struct world, 1);

	world->engine = engine_new();
	world->packets = packet_pool_new();
	world->nodes = g_ptr_array_new();
	world->seed = seed;
	world->epoch_s = epoch_s;
	return world;
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	packet_pool_free(world->packets);
	engine_free(world->engine);
	g_ptr_array_free(world->nodes, TRUE);
	g_free(world);
}

int64_t world_unix_time(const struct world *world)
{
	return world->epoch_s + engine_now(world->engine) / NS_PER_S;
}

void node_init(struct node *node, struct world *world, const char *name, enum node_kind kind)
{
	g_ptr_array_add(world->nodes, node);
	*node = (struct node) {
		.world = world,
		.now_ns = engine_clock(world->engine),
		.name = name,
		.index = world->nodes->len,
	};
	trace_emit(node, NULL,
		   &(struct trace_record) { .kind = TRACE_NODE, .detail = (uint16_t)kind },
		   bytes_of(name));
}

void node_random_init(const struct node *node, struct random_stream *stream, const char *consumer)
{
	random_init(stream, node->world->seed, node->name, consumer);
}

/* Fresh identity for a packet that begins its life at this node. */
static void identify(struct node *node, struct packet *packet)
{
	packet->id = (uint64_t)node->index << TRACE_NODE_SHIFT | ++node->packet_ids;
	packet->crossing = ++node->crossings;
	packet->interface = 0;
}

struct packet *node_new_packet(struct node *node, size_t payload_bytes)
{
	struct packet *packet = packet_new(node->world->packets, payload_bytes);
	const struct context *context = engine_context(node_engine(node));

	identify(node, packet);
	packet->cause = context->cause;
	packet->root = context->root;
	return packet;
}

uint32_t node_begin_crossing(struct node *node, struct packet *packet)
{
	packet->crossing = ++node->crossings;
	return packet->crossing;
}

struct packet *node_copy_packet(struct node *node, const struct packet *packet)
{
	struct packet *copy = packet_copy(packet);

	identify(node, copy);
	trace_emit(node, copy,
		   &(struct trace_record) { .kind = TRACE_DERIVE, .object = packet->id },
		   (struct bytes) { 0 });
	return copy;
}
