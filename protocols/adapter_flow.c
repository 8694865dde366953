/* Bytes from the stream to the session and back. */
#include "protocols/adapter_private.h"

/* Input. */

bool adapter_accepts_input(const struct adapter *adapter)
{
	const struct session *session = adapter->session;

	return !adapter->is_over && !session_must_wait(session) && !session_is_over(session);
}

void adapter_keep_input(struct adapter *adapter, struct bytes rest)
{
	if (rest.length == 0)
		return;
	if (adapter->input == NULL)
		adapter->input = g_byte_array_new();
	g_byte_array_append(adapter->input, rest.data, (guint)rest.length);
}

static void offer_kept(struct adapter *adapter)
{
	GByteArray *input = adapter->input;
	size_t consumed;

	if (input == NULL || !adapter_accepts_input(adapter))
		return;
	consumed = session_offer(adapter->session, (struct bytes) { input->data, input->len });
	if (consumed == input->len) {
		g_byte_array_unref(input);
		adapter->input = NULL;
	} else if (consumed > 0) {
		g_byte_array_remove_range(input, 0, (guint)consumed);
	}
}

/* What the next bytes bring belongs to what they were sent for, in whatever order they came. */
static struct bytes peek_input(struct adapter *adapter)
{
	struct bytes run = stream_peek(adapter->stream);
	uint64_t root = stream_arrived_root(adapter->stream);

	if (run.length > 0 && root != 0)
		engine_context(node_engine(adapter->node))->root = root;
	return run;
}

void adapter_offer_input(struct adapter *adapter)
{
	offer_kept(adapter);
	while (adapter->stream != NULL && adapter_accepts_input(adapter)) {
		struct bytes run = peek_input(adapter);

		if (run.length == 0)
			break;
		if (adapter->input != NULL) {
			adapter_keep_input(adapter, run);
			stream_consume(adapter->stream, run.length);
			offer_kept(adapter);
			continue;
		}
		size_t consumed = session_offer(adapter->session, run);

		if (adapter_accepts_input(adapter))
			adapter_keep_input(adapter, bytes_from(run, consumed));
		stream_consume(adapter->stream,
			       session_must_wait(adapter->session) ? consumed : run.length);
	}
}

/* Output. */

size_t adapter_output_length(const struct adapter *adapter)
{
	return adapter->session->output == NULL ? 0 : adapter->session->output->len;
}

/* Tops the output up; false when there is nothing to send. */
static bool refill_output(struct adapter *adapter)
{
	struct session *session = adapter->session;
	bool was_busy = session->is_busy;

	if (session->operations->refill != NULL &&
	    adapter_output_length(adapter) < SESSION_OUTPUT_LOW && !session->is_closing)
		session->operations->refill(session);
	if (was_busy && !session->is_busy)
		adapter->is_woken = true; /* what the peer sent meanwhile has its turn now */
	return adapter_output_length(adapter) > 0;
}

/* What waits now waits for the peer to read: not for ever, and anew when it has read something. */
static void watch_peer(struct adapter *adapter, bool has_moved)
{
	struct engine *engine = node_engine(adapter->node);
	int64_t timeout_ns = adapter->session->send_timeout_ns;

	if (adapter_output_length(adapter) == 0)
		timer_cancel(engine, &adapter->unread);
	else if (timeout_ns > 0 && (has_moved || !timer_is_armed(&adapter->unread)))
		timer_schedule(engine, &adapter->unread, node_now(adapter->node) + timeout_ns);
}

void adapter_flush_output(struct adapter *adapter)
{
	struct session *session = adapter->session;
	bool was_full = adapter_output_length(adapter) >= SESSION_OUTPUT_HIGH;
	uint64_t taken = 0;

	while (adapter->stream != NULL && refill_output(adapter)) {
		GByteArray *output = session->output;
		struct context *context = engine_context(node_engine(adapter->node));

		g_assert(output != NULL); /* there is something to send */
		/* Later pieces of a long answer leave in events that know nothing of it. */
		if (adapter->output_root != 0)
			context->root = adapter->output_root;
		size_t written = stream_write(adapter->stream,
					      (struct bytes) { output->data, output->len }, false);

		taken += written;
		if (written < output->len) {
			if (written > 0)
				g_byte_array_remove_range(output, 0, (guint)written);
			break;
		}
		g_byte_array_unref(output);
		session->output = NULL;
	}
	if (was_full && adapter_output_length(adapter) < SESSION_OUTPUT_HIGH)
		adapter->is_woken = true; /* there is room for answers again */
	watch_peer(adapter, taken > 0);
}
