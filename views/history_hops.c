/* Hops: what the crossings say, with frames that stay. */
#include "views/history_private.h"
#include "views/names.h"

/* The bytes of the hop's first record of this kind, which a store keeps. */
static struct bytes kept_frame(const struct history *history, const struct crossing *crossing,
			       enum trace_kind kind, uint16_t *interface)
{
	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);
		uint64_t index;

		if (record->kind != kind)
			continue;
		*interface = record->interface;
		index = trace_store_find(history->store, record->id);
		if (index == UINT64_MAX)
			break;
		return history_bytes_at(history, index);
	}
	return (struct bytes) { 0 };
}

static struct bytes keep_off_wire(struct history *history, GByteArray *frame)
{
	if (frame == NULL)
		return (struct bytes) { 0 };
	g_ptr_array_add(history->off_wire, g_byte_array_ref(frame));
	return (struct bytes) { frame->data, frame->len };
}

static enum history_outcome stayed(const struct crossing *crossing)
{
	bool was_taken = false;

	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->kind == TRACE_IGNORE)
			return HISTORY_IGNORED;
		was_taken = was_taken || record->kind == TRACE_DECAPSULATE;
	}
	return crossing->is_waiting || !was_taken ? HISTORY_WAITING : HISTORY_DELIVERED;
}

static enum history_outcome outcome_of(const struct history *history,
				       const struct crossing *crossing)
{
	const struct model_node *node = model_node(history->model, crossing->node);

	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->kind == TRACE_DROP && record->packet == crossing->packet)
			return HISTORY_DROPPED;
	}
	if (crossing->sent == NULL)
		return stayed(crossing);
	if (crossing->received == NULL)
		return HISTORY_MADE;
	return node != NULL && node->kind == NODE_SWITCH ? HISTORY_SWITCHED : HISTORY_ROUTED;
}

/* Why it is lost, or ends here. */
static const char *reason_of(const struct crossing *crossing, enum history_outcome outcome)
{
	enum trace_kind kind = outcome == HISTORY_DROPPED ? TRACE_DROP : TRACE_IGNORE;

	if (outcome != HISTORY_DROPPED && outcome != HISTORY_IGNORED)
		return NULL;
	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == kind)
			return view_detail_name(crossing_record(crossing, i));
	return NULL;
}

void history_keep_hop(void *owner, const struct crossing *crossing)
{
	struct history *history = owner;
	uint32_t index = history->hops->len;
	struct history_hop hop = {
		.node = crossing->node,
		.time_ns = crossing->time_ns,
		.last_ns = crossing->last_ns,
		.first_record = UINT64_MAX,
		.outcome = (uint8_t)outcome_of(history, crossing),
	};

	hop.reason = reason_of(crossing, (enum history_outcome)hop.outcome);
	hop.received = kept_frame(history, crossing, TRACE_RECEIVE, &hop.in);
	hop.sent = kept_frame(history, crossing, TRACE_TRANSMIT, &hop.out);
	if (hop.received.length == 0)
		hop.received = keep_off_wire(history, crossing->received);
	if (hop.sent.length == 0)
		hop.sent = keep_off_wire(history, crossing->sent != NULL ? crossing->sent
									 : crossing->unsent);
	for (guint i = 0; i < crossing->records->len; i++) {
		uint64_t at = trace_store_find(history->store, crossing_record(crossing, i)->id);

		if (at == UINT64_MAX)
			continue;
		g_array_index(history->record_hops, uint32_t, at) = index;
		hop.first_record = MIN(hop.first_record, at);
		hop.moment = MAX(hop.moment, at + 1);
	}
	if (hop.first_record == UINT64_MAX)
		return;
	g_array_append_val(history->hops, hop);
	g_array_append_val(history->hop_packets, crossing->packet);
}

uint64_t history_hop_tls_bytes(const struct history *history, const struct history_hop *hop)
{
	struct model_segment segment;
	struct bytes frame = hop->outcome == HISTORY_MADE        ? hop->sent
			     : hop->outcome == HISTORY_DELIVERED ? hop->received
								 : (struct bytes) { NULL, 0 };

	if (frame.length == 0 || !model_find_segment(history->model, frame, &segment))
		return 0;
	return model_record_bytes(&segment);
}
