#include "protocols/adapter_private.h"

#include "protocols/layer.h"

static void adapter_destroy(struct adapter *adapter)
{
	struct engine *engine = node_engine(adapter->node);

	timer_cancel(engine, &adapter->wakeup);
	timer_cancel(engine, &adapter->deadline);
	timer_cancel(engine, &adapter->unread);
	if (adapter->stream != NULL)
		stream_abort(adapter->stream);
	if (adapter->input != NULL)
		g_byte_array_unref(adapter->input);
	adapter->session->wake = NULL;
	adapter->session->tick = NULL;
	adapter->session->emit = NULL;
	adapter->session->protection = NULL;
	session_free(adapter->session);
	g_free(adapter->failure);
	g_free(adapter);
}

/* Tells the owner. The adapter is freed when the call that led here unwinds. */
static void adapter_finish(struct adapter *adapter, int why)
{
	if (adapter->is_over)
		return;
	adapter->is_over = true;
	if (adapter->config.done != NULL)
		adapter->config.done(adapter->config.owner, adapter->session, why);
}

static void forget_stream(struct adapter *adapter, int why)
{
	adapter->stream = NULL;
	adapter->session->protection = NULL;
	adapter->loss = why;
}

/* What the stream told. */

static void hear_of_end(struct adapter *adapter)
{
	struct session *session = adapter->session;

	adapter->must_end = false;
	session->is_ended = true;
	if (session->operations->ended != NULL)
		session->operations->ended(session);
	else
		session->is_closing = true;
}

/*
 * The stream is gone, and with it what was still to be said. To a session that has hung up anyway,
 * after the last input, it is the end it wanted.
 */
static void hear_of_loss(struct adapter *adapter)
{
	struct session *session = adapter->session;
	int why = session_is_over(session) ? ADAPTER_ORDERLY : adapter->loss;

	session->failure = adapter->failure;
	if (why != ADAPTER_ORDERLY && session->operations->failed != NULL)
		session->operations->failed(session, (enum stream_failure)why);
	adapter_finish(adapter, why);
}

/* A stream that is lost already was never open to the program, unless something was said on it. */
static bool must_open(const struct adapter *adapter)
{
	return adapter->must_open && (adapter->stream != NULL || adapter->input != NULL);
}

/* The stream opens; or it is open, and TLS on it does. */
static void hear_of_opening(struct adapter *adapter)
{
	bool was_open = adapter->is_open;

	adapter->must_open = false;
	adapter->is_open = true;
	if (adapter->is_wrapped && adapter->stream != NULL)
		adapter_tell_secured(adapter);
	if (was_open)
		return;
	if (adapter->config.opened != NULL)
		adapter->config.opened(adapter->config.owner);
	adapter->session->operations->opened(adapter->session);
}

static void hear_stream(struct adapter *adapter)
{
	if (must_open(adapter))
		hear_of_opening(adapter);
	adapter_offer_input(adapter);
	if (adapter->must_end && adapter_accepts_input(adapter))
		hear_of_end(adapter);
	if (adapter->stream == NULL && !adapter->is_over)
		hear_of_loss(adapter);
}

/* What the session asks for. */

static void hear_of_deadline(struct adapter *adapter)
{
	struct session *session = adapter->session;

	adapter->must_expire = false;
	session->deadline_ns = TIME_NEVER;
	if (session->operations->expired != NULL)
		session->operations->expired(session);
}

static void close_stream(struct adapter *adapter)
{
	struct stream *stream = g_steal_pointer(&adapter->stream);

	adapter->session->protection = NULL;
	if (adapter->config.lingers != NULL && !adapter->has_ended)
		linger_close(adapter->config.lingers, stream);
	else
		stream_release(stream);
}

/* Somebody on the way puts words into the server's mouth (CVE-2011-0411 tells of the other way round). */
static void refuse_plaintext(struct adapter *adapter)
{
	stream_abort(adapter->stream);
	adapter->failure = g_strdup("the server said more before TLS than it should");
	forget_stream(adapter, STREAM_INSECURE);
	adapter->is_woken = true;
}

static void obey(struct adapter *adapter)
{
	struct session *session = adapter->session;

	if (session->is_aborted) {
		stream_abort(adapter->stream);
		adapter->stream = NULL;
		adapter_finish(adapter, ADAPTER_ORDERLY);
		return;
	}
	if (!session->is_waiting || adapter_output_length(adapter) >= SESSION_OUTPUT_LOW)
		adapter_flush_output(adapter);
	if (session->is_closing && adapter_output_length(adapter) == 0) {
		close_stream(adapter);
		adapter_finish(adapter, ADAPTER_ORDERLY);
	} else if (session->wants_tls && !adapter->is_wrapped && !adapter_start_tls(adapter)) {
		refuse_plaintext(adapter);
	}
}

static void arm_deadline(struct adapter *adapter)
{
	int64_t deadline_ns = adapter->session->deadline_ns;
	struct engine *engine = node_engine(adapter->node);

	if (adapter->deadline.is_background != adapter->session->deadline_is_background) {
		timer_cancel(engine, &adapter->deadline);
		adapter->deadline.is_background = adapter->session->deadline_is_background;
	}
	if (deadline_ns == TIME_NEVER)
		timer_cancel(engine, &adapter->deadline);
	else if (deadline_ns != adapter->deadline.deadline_ns)
		timer_schedule(engine, &adapter->deadline, deadline_ns);
}

/* The one way on, whatever happened. */

static void adapter_turn(struct adapter *adapter)
{
	if (adapter->must_expire)
		hear_of_deadline(adapter);
	if (!timer_is_armed(&adapter->wakeup))
		hear_stream(adapter);
	if (adapter->is_open && adapter->stream != NULL && !adapter->is_over)
		obey(adapter);
}

/*
 * Runs the session as far as it can go. Every event sets down what it brings and comes here: the
 * session hears of its deadline, then of its stream if it has woken up for that, then what it asks
 * for is done; again and again, as long as that let in what had to wait. An event from inside a
 * call of the session is one more turn. The adapter may be gone afterwards.
 */
static void adapter_run(struct adapter *adapter)
{
	if (adapter->is_running) {
		adapter->is_woken = true;
		return;
	}
	struct node *node = adapter->node;
	uint8_t actor = node_act_as(node, (uint8_t)adapter->config.actor);

	adapter->is_running = true;
	adapter_tick(adapter);
	do {
		adapter->is_woken = false;
		adapter_turn(adapter);
	} while (adapter->is_woken && !adapter->is_over);
	adapter->is_running = false;

	if (adapter->is_over)
		adapter_destroy(adapter);
	else if (adapter->is_open)
		arm_deadline(adapter);
	node_act_as(node, actor);
}

/* Events. What the stream tells is heard at the wakeup; all other things are at once. */

static void wake_later(struct adapter *adapter)
{
	if (!timer_is_armed(&adapter->wakeup))
		timer_schedule(node_engine(adapter->node), &adapter->wakeup,
			       node_now(adapter->node) + adapter->config.wakeup_ns);
}

static void wakeup_fired(void *owner)
{
	adapter_run(owner);
}

/* An answer came to the session from outside. */
static void adapter_wake(void *owner)
{
	adapter_run(owner);
}

static void stream_has_opened(void *owner)
{
	struct adapter *adapter = owner;

	adapter->must_open = true;
	wake_later(adapter);
}

static void stream_is_readable(void *owner)
{
	wake_later(owner);
}

static void stream_is_writable(void *owner)
{
	adapter_run(owner);
}

static void stream_has_ended(void *owner)
{
	struct adapter *adapter = owner;

	if (adapter->has_ended)
		return;
	adapter->has_ended = true;
	adapter->must_end = true;
	wake_later(adapter);
}

static void stream_has_closed(void *owner)
{
	forget_stream(owner, ADAPTER_ORDERLY);
	wake_later(owner);
}

/* What came before the loss is kept, for the session to hear: the reply, say, that tells the reason. */
static void stream_has_failed(void *owner, enum stream_failure why)
{
	struct adapter *adapter = owner;
	struct bytes run;

	while ((run = stream_peek(adapter->stream)).length > 0) {
		adapter_keep_input(adapter, run);
		stream_consume(adapter->stream, run.length);
	}
	g_free(adapter->failure);
	adapter->failure = g_strdup(adapter->stream->failure);
	forget_stream(adapter, (int)why);
	wake_later(adapter);
}

static void peer_does_not_read(void *owner)
{
	struct adapter *adapter = owner;

	if (adapter->stream == NULL)
		return;
	stream_abort(adapter->stream);
	forget_stream(adapter, STREAM_TIMED_OUT);
	adapter_run(adapter);
}

/* The session's own deadline, or before the stream is open that of the connection. */
static void deadline_fired(void *owner)
{
	struct adapter *adapter = owner;

	if (adapter->is_open) {
		adapter->must_expire = true;
	} else if (adapter->stream != NULL && !adapter->must_open) {
		stream_abort(adapter->stream);
		forget_stream(adapter, STREAM_TIMED_OUT);
	}
	adapter_run(adapter);
}

static const struct stream_events adapter_events = {
	.opened = stream_has_opened,
	.readable = stream_is_readable,
	.writable = stream_is_writable,
	.ended = stream_has_ended,
	.closed = stream_has_closed,
	.failed = stream_has_failed,
};

/* Public. */

void adapter_adopt_stream(struct adapter *adapter, struct stream *stream)
{
	adapter->stream = stream;
	adapter->sent_object = stream->sent_object;
	adapter->received_object = stream->received_object;
	adapter->sent_base = stream->written_bytes - adapter->session->produced_bytes;
	adapter->received_base = stream->consumed_bytes - adapter->session->received_bytes;
	stream_listen(stream, &adapter_events, adapter);
}

struct adapter *adapter_new(struct host *host, struct stream *stream, struct session *session,
			    bool is_open, const struct adapter_config *config)
{
	struct adapter *adapter = g_new0(struct adapter, 1);

	adapter->node = host_node(host);
	adapter->session = session;
	adapter->config = *config;
	adapter->object = node_new_object(adapter->node);
	timer_init(&adapter->wakeup, adapter->node->index, wakeup_fired, adapter);
	timer_init(&adapter->deadline, adapter->node->index, deadline_fired, adapter);
	timer_init(&adapter->unread, adapter->node->index, peer_does_not_read, adapter);
	session->driver = adapter;
	session->wake = adapter_wake;
	session->tick = adapter_tick;
	session->emit = adapter_emit;
	if (config->begins_with_tls) {
		stream = adapter_begin_tls(adapter, stream, is_open);
		is_open = false;
	}
	adapter_adopt_stream(adapter, stream);
	adapter_tick(adapter);
	adapter_emit(adapter, &(struct note) { .kind = TRACE_PHASE, .detail = PHASE_CONNECT });
	if (is_open)
		stream_has_opened(adapter);
	else if (adapter->config.connect_timeout_ns > 0)
		timer_schedule(node_engine(adapter->node), &adapter->deadline,
			       node_now(adapter->node) + adapter->config.connect_timeout_ns);
	return adapter;
}

void adapter_free(struct adapter *adapter)
{
	if (adapter == NULL)
		return;
	if (!adapter->is_running) {
		adapter_destroy(adapter);
		return;
	}
	/* The session or `done` is being called: the adapter goes when that call unwinds. */
	adapter->is_over = true;
}

struct session *adapter_session(struct adapter *adapter)
{
	return adapter->session;
}

struct stream *adapter_stream(struct adapter *adapter)
{
	return adapter->stream;
}

uint64_t adapter_object(const struct adapter *adapter)
{
	return adapter->object;
}
