/*
 * The world owns the engine, the packet pool, the trace and the nodes; everything hangs off it.
 * A node is what executes events and owns state: host, router, switch. Only links connect nodes.
 */
#pragma once
#include <glib.h>
#include "sim/engine.h"
#include "sim/packet.h"
#include "sim/random.h"
#include "sim/trace.h"

struct world {
	struct engine *engine;
	struct packet_pool *packets;
	struct trace trace;
	uint64_t seed;
	int64_t epoch_s;  /* virtual time 0 as seconds since 1970-01-01 UTC */
	GPtrArray *nodes; /* of struct node *, by index - 1; not owned */
};

enum node_kind { NODE_HOST, NODE_ROUTER, NODE_SWITCH };

/* The part of a host, router or switch that the simulation core knows. Embedded in it. */
struct node {
	struct world *world;
	const int64_t *now_ns; /* the engine's clock, which is read all the time */
	const char *name;      /* owned by the embedding object */
	uint32_t index;        /* from 1, in order of creation; executing node of its events */
	uint32_t crossings;    /* numbers handed out so far */
	uint64_t ids;          /* records numbered so far; packets and objects count on their own */
	uint64_t packet_ids;
	uint64_t object_ids;
};

struct world *world_new(uint64_t seed, int64_t epoch_s);

/* Frees the world. Everything built in it must have been freed before. */
void world_free(struct world *world);

/* Seconds since 1970-01-01 UTC at the present virtual time, rounded down. */
int64_t world_unix_time(const struct world *world);

/* Registers an embedded node; `name` must outlive it. Emits its TRACE_NODE record. */
void node_init(struct node *node, struct world *world, const char *name, enum node_kind kind);

static inline struct engine *node_engine(const struct node *node)
{
	return node->world->engine;
}

static inline int64_t node_now(const struct node *node)
{
	return *node->now_ns;
}

/*
 * What happens from here on in this event, and what timers and deferred work make of it, is the doing of
 * `actor`, a program of this node: records say so. Returns whose it was, to be set again where
 * one program calls another.
 */
static inline uint8_t node_act_as(const struct node *node, uint8_t actor)
{
	struct context *context = engine_context(node_engine(node));
	uint8_t before = context->actor;

	context->actor = actor;
	return before;
}

/* Starts the random stream of `consumer` at this node. */
void node_random_init(const struct node *node, struct random_stream *stream, const char *consumer);

/* A fresh id for a connection direction, mailbox or other object that records refer to. */
static inline uint64_t node_new_object(struct node *node)
{
	return (uint64_t)node->index << TRACE_NODE_SHIFT | ++node->object_ids;
}

/*
 * A packet of `payload_bytes` made at this node: fresh id and crossing, cause and root from the
 * context.
 */
struct packet *node_new_packet(struct node *node, size_t payload_bytes);

/* Gives a packet that just arrived, or was copied here, a crossing of its own, and returns it. */
uint32_t node_begin_crossing(struct node *node, struct packet *packet);

/* A copy made at this node: a new id, and a DERIVE record that names the original. */
struct packet *node_copy_packet(struct node *node, const struct packet *packet);

/*
 * Emits a record. Filled in here: time, id, and where they are 0: cause, root, crossing, packet
 * (all from `packet` when it is not NULL, else from the context), actor (from the context),
 * blob_bytes and total_bytes.
 * `bytes` is what the record carries and may be empty. Returns the record's id; with no sink for
 * the kind it only counts.
 */
uint64_t trace_emit_slow(struct node *node, const struct packet *packet,
			 const struct trace_record *record, struct bytes bytes)
    __attribute__((cold));

static inline bool node_traces(const struct node *node, enum trace_kind kind)
{
	return trace_wants(&node->world->trace, kind);
}

/* Numbers a record that no sink wants, as trace_emit() does, and returns its id. */
static inline uint64_t trace_skip(struct node *node)
{
	return (uint64_t)node->index << TRACE_NODE_SHIFT | ++node->ids;
}

/*
 * trace_emit_slow() behind the one branch. Compilers fill in the record in front of the branch: what
 * is done for every frame asks node_traces() first, and only counts with trace_skip().
 */
static inline uint64_t trace_emit(struct node *node, const struct packet *packet,
				  const struct trace_record *record, struct bytes bytes)
{
	if (__builtin_expect(!node_traces(node, (enum trace_kind)record->kind), 1))
		return trace_skip(node);
	return trace_emit_slow(node, packet, record, bytes);
}
