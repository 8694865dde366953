/* A session's notes become trace records; what it says and does gets its cause and root. */
#include "protocols/adapter_private.h"

#include "protocols/layer.h"

static uint64_t note_object(const struct adapter *adapter, const struct note *note)
{
	if (note->object != 0)
		return note->object;
	switch (note->kind) {
	case TRACE_UNIT:
		return note->flags & TRACE_INBOUND ? adapter->received_object
						   : adapter->sent_object;
	case TRACE_STATE:
	case TRACE_PHASE:
		return adapter->object;
	default:
		return 0;
	}
}

static uint64_t note_offset(const struct adapter *adapter, const struct note *note)
{
	if (note->kind != TRACE_UNIT)
		return note->before;
	return note->before +
	       (note->flags & TRACE_INBOUND ? adapter->received_base : adapter->sent_base);
}

/*
 * What the session does after it has read a command, it does because of that command; and what it
 * says from a unit on that belongs to a message, segments included, belongs to that message.
 */
void adapter_emit(void *owner, const struct note *note)
{
	struct adapter *adapter = owner;
	struct bytes bytes = { NULL, 0 };

	if (note->bytes != NULL) {
		gsize length;

		bytes.data = g_bytes_get_data(note->bytes, &length);
		bytes.length = length;
	}
	uint64_t id = trace_emit(
	    adapter->node, NULL,
	    &(struct trace_record) {
		.kind = (uint8_t)note->kind,
		.layer = (uint8_t)(note->kind == TRACE_MAIL ? LAYER_MAIL : adapter->config.layer),
		.detail = note->detail,
		.flags = note->flags,
		.actor = (uint8_t)adapter->config.actor,
		.root = note->root,
		.object = note_object(adapter, note),
		.before = note_offset(adapter, note),
		.after = note->after,
	    },
	    bytes);
	struct context *context = engine_context(node_engine(adapter->node));
	if (note->kind != TRACE_UNIT)
		return;
	if (note->flags & TRACE_INBOUND) {
		context->cause = id;
		adapter->output_root = note->root;
	} else if (note->root != 0) {
		adapter->output_root = note->root;
	}
	if (note->root != 0)
		context->root = note->root;
}

void adapter_tick(void *owner)
{
	struct adapter *adapter = owner;
	struct session *session = adapter->session;
	const struct node *node = adapter->node;

	session->now_ns = node_now(node);
	session->unix_time = world_unix_time(node->world);
	session->wants_notes = node_traces(node, TRACE_UNIT) || node_traces(node, TRACE_STATE) ||
			       node_traces(node, TRACE_PHASE) || node_traces(node, TRACE_MAIL);
}
