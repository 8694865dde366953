/* TLS between the stream and the session: from the start, or when the session asks for it. */
#include "protocols/adapter_private.h"

#include "protocols/layer.h"

struct stream *adapter_begin_tls(struct adapter *adapter, struct stream *stream, bool is_open)
{
	struct adapter_config *config = &adapter->config;

	g_assert(config->tls != NULL);
	stream = tls_stream_new(config->tls, stream, is_open, config->tls_name, config->wakeup_ns);
	adapter->is_wrapped = true;
	config->wakeup_ns = 0; /* the program wakes up once: below TLS */
	if (config->connect_timeout_ns == 0)
		config->connect_timeout_ns = ADAPTER_TLS_TIMEOUT_NS;
	return stream;
}

/* Throws away what came before TLS; returns how many bytes. */
static size_t discard_plaintext(struct adapter *adapter)
{
	size_t discarded = adapter->input != NULL ? adapter->input->len : 0;
	struct bytes run;

	g_clear_pointer(&adapter->input, g_byte_array_unref);
	while ((run = stream_peek(adapter->stream)).length > 0) {
		discarded += run.length;
		stream_consume(adapter->stream, run.length);
	}
	return discarded;
}

static void note_discarded(struct adapter *adapter, size_t discarded)
{
	trace_emit(adapter->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_TLS,
		       .detail = TLS_DISCARDED,
		       .object = adapter->object,
		       .after = discarded,
		   },
		   (struct bytes) { NULL, 0 });
}

bool adapter_start_tls(struct adapter *adapter)
{
	struct stream *below = adapter->stream;
	size_t discarded = discard_plaintext(adapter);
	bool has_ended = adapter->has_ended;

	if (discarded > 0)
		note_discarded(adapter, discarded);
	if (discarded > 0 && !tls_context_is_server(adapter->config.tls))
		return false;
	if (adapter_output_length(adapter) > 0)
		return true;
	adapter->has_ended = adapter->must_end = false;
	adapter_adopt_stream(adapter, adapter_begin_tls(adapter, below, true));
	if (has_ended) /* it told us, and will not tell again */
		below->events->ended(below->owner);
	return true;
}

void adapter_tell_secured(struct adapter *adapter)
{
	struct session *session = adapter->session;
	bool was_wanted = session->wants_tls;

	session->wants_tls = false;
	session->protection = adapter->stream->protection;
	adapter_emit(adapter, &(struct note) { .kind = TRACE_PHASE, .detail = PHASE_SECURED });
	if (was_wanted)
		session->operations->secured(session);
}
