#include "sim/world.h"

void trace_add_sink(struct trace *trace, struct trace_sink *sink)
{
	struct trace_sink **last = &trace->sinks;

	while (*last != NULL)
		last = &(*last)->next;
	sink->next = NULL;
	*last = sink;
	trace->kinds |= sink->kinds;
}

/* Fills in what the emitter left 0, from the packet where there is one, else from the context. */
static struct trace_record complete(struct node *node, const struct packet *packet,
				    const struct trace_record *given, size_t bytes_length)
{
	const struct context *context = engine_context(node_engine(node));
	struct trace_record record = *given;

	record.time_ns = node_now(node);
	record.id = (uint64_t)node->index << TRACE_NODE_SHIFT | ++node->ids;
	record.blob_bytes = (uint32_t)bytes_length;
	if (packet != NULL) {
		if (record.packet == 0)
			record.packet = packet->id;
		if (record.root == 0)
			record.root = packet->root;
		if (record.crossing == 0)
			record.crossing = packet->crossing;
		if (record.total_bytes == 0)
			record.total_bytes = (uint32_t)packet_length(packet);
	} else {
		if (record.root == 0)
			record.root = context->root;
		if (record.crossing == 0)
			record.crossing = context->crossing;
		if (record.total_bytes == 0)
			record.total_bytes = record.blob_bytes;
	}
	if (record.actor == 0)
		record.actor = context->actor;
	if (record.cause == 0)
		record.cause = context->cause;
	return record;
}

uint64_t trace_emit_slow(struct node *node, const struct packet *packet,
			 const struct trace_record *record, struct bytes bytes)
{
	struct trace_record whole = complete(node, packet, record, bytes.length);
	uint64_t bit = TRACE_BIT(whole.kind);

	for (struct trace_sink *sink = node->world->trace.sinks; sink != NULL; sink = sink->next)
		if (sink->kinds & bit)
			sink->record(sink->owner, &whole, bytes);
	return whole.id;
}

unsigned trace_id_hash(const void *id)
{
	return (unsigned)(*(const uint64_t *)id * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}
