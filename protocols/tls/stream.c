/* A TLS connection as a stream over a stream: moves bytes, tells events, and writes the trace. */
#include "protocols/tls/stream.h"

#include "protocols/layer.h"
#include "protocols/tls/session.h"

#define LINGER_NS (5 * NS_PER_S) /* for the peer's close_notify, once our user has gone */

struct tls_stream {
	struct stream stream; /* first: the two are converted into each other */
	struct tls_context *context;
	struct tls_session *session;
	struct stream *below;  /* NULL once it is gone */
	struct timer wakeup;   /* the program looks at what came; released: it waits no longer */
	struct work news;      /* something to tell the user turned up while it called us */
	GByteArray *plaintext; /* opened, not read yet; NULL: none */
	size_t plaintext_from; /* how much of it was read */
	uint64_t plaintext_root;
	GByteArray *unsent; /* records that `below` had no room for; NULL: none */
	int64_t wakeup_ns;
	uint64_t wire_sent, wire_received; /* stream offsets below of the next record */
	struct tls_protection protection;
	char *failure;
	int loss;           /* enum stream_failure: why `below` is gone; or LOST_IN_ORDER */
	bool is_below_open; /* the handshake can begin */
	bool has_started;
	bool was_opened; /* the user was told */
	bool has_below_ended;
	bool was_end_told;
	bool wants_shutdown; /* FIN once all is sent */
	bool has_shut_down;
	bool was_write_short;
	bool is_released; /* the user is gone */
	bool is_running;  /* the user is being told */
	bool is_freed;    /* while that */
	GList link;       /* in the context's list */
};

#define LOST_IN_ORDER (-1)

static struct tls_stream *tls_of(struct stream *stream)
{
	return (struct tls_stream *)stream;
}

/* The trace. */

static void emit_state(struct tls_stream *tls, enum tls_detail detail, uint64_t object,
		       uint64_t before, uint64_t after, struct bytes bytes)
{
	trace_emit(tls->context->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_TLS,
		       .detail = (uint16_t)detail,
		       .object = object,
		       .before = before,
		       .after = after,
		   },
		   bytes);
}

static void see_record(void *owner, const struct tls_record *record)
{
	struct tls_stream *tls = owner;
	uint64_t *offset = record->is_inbound ? &tls->wire_received : &tls->wire_sent;
	uint64_t object =
	    record->is_inbound ? tls->below->received_object : tls->below->sent_object;

	trace_emit(tls->context->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_UNIT,
		       .layer = LAYER_TLS,
		       .detail = (uint16_t)tls_record_detail(record->content),
		       .flags = (uint8_t)((record->is_inbound ? TRACE_INBOUND : 0) |
					  (record->is_encrypted ? TRACE_ENCRYPTED : 0)),
		       .object = object,
		       .before = *offset,
		       .after = record->wire_bytes,
		       .header_bytes = (uint16_t)record->prefix_bytes,
		   },
		   record->plaintext);
	*offset += record->wire_bytes;
}

static void see_secret(void *owner, const char *line)
{
	struct tls_stream *tls = owner;

	emit_state(tls, TLS_SECRET, tls->stream.sent_object, 0, 0, bytes_of(line));
}

static void emit_beginning(struct tls_stream *tls)
{
	tls->wire_sent = tls->below->written_bytes;
	tls->wire_received = tls->below->consumed_bytes;
	emit_state(tls, TLS_BEGINS, tls->stream.sent_object, tls->below->sent_object,
		   tls->wire_sent, (struct bytes) { NULL, 0 });
	emit_state(tls, TLS_BEGINS, tls->stream.received_object, tls->below->received_object,
		   tls->wire_received, (struct bytes) { NULL, 0 });
}

/* Life. */

static void destroy(struct tls_stream *tls)
{
	struct engine *engine = node_engine(tls->context->node);

	if (tls->is_running) {
		tls->is_freed = true;
		return;
	}
	timer_cancel(engine, &tls->wakeup);
	work_cancel(engine, &tls->news);
	g_queue_unlink(&tls->context->streams, &tls->link);
	tls_session_free(tls->session);
	g_clear_pointer(&tls->plaintext, g_byte_array_unref);
	g_clear_pointer(&tls->unsent, g_byte_array_unref);
	g_free(tls->protection.distrust);
	g_free(tls->failure);
	g_free(tls);
}

static void drop_below(struct tls_stream *tls, void (*drop)(struct stream *stream))
{
	struct stream *below = g_steal_pointer(&tls->below);

	if (below != NULL)
		drop(below);
}

/* Output. */

static void shut_down_below(struct tls_stream *tls)
{
	if (tls->has_shut_down || tls->below == NULL)
		return;
	tls->has_shut_down = true;
	stream_shutdown(tls->below);
}

static void take_output(struct tls_stream *tls)
{
	GByteArray *output = tls_session_take_output(tls->session);

	if (output == NULL)
		return;
	if (tls->unsent == NULL) {
		tls->unsent = output;
		return;
	}
	g_byte_array_append(tls->unsent, output->data, output->len);
	g_byte_array_unref(output);
}

static void flush(struct tls_stream *tls, bool more)
{
	take_output(tls);
	if (tls->unsent != NULL && tls->below != NULL) {
		const struct bytes rest = { tls->unsent->data, tls->unsent->len };
		size_t written = stream_write(tls->below, rest, more);

		if (written == rest.length)
			g_clear_pointer(&tls->unsent, g_byte_array_unref);
		else if (written > 0)
			g_byte_array_remove_range(tls->unsent, 0, (guint)written);
	}
	if (tls->unsent == NULL && tls->wants_shutdown)
		shut_down_below(tls);
}

/* Input. */

static bool has_plaintext(const struct tls_stream *tls)
{
	return tls->plaintext != NULL;
}

/* Opens records until there is something to read, or nothing more has come. */
static void pull(struct tls_stream *tls)
{
	GByteArray *opened = g_byte_array_new();
	struct bytes run;

	while (opened->len == 0 && tls->below != NULL && !has_plaintext(tls) &&
	       (run = stream_peek(tls->below)).length > 0) {
		uint64_t root = stream_arrived_root(tls->below);
		size_t taken = tls_session_receive(tls->session, run, opened);

		if (taken == 0 && opened->len == 0)
			break;
		tls->plaintext_root = root;
		stream_consume(tls->below, taken);
	}
	if (opened->len > 0) {
		tls->plaintext = opened;
		tls->plaintext_from = 0;
	} else {
		g_byte_array_unref(opened);
	}
	flush(tls, false);
}

/* What the stream below told while it was there is read by the user first; then the rest is told. */

static void tell_failure(struct tls_stream *tls, enum stream_failure why, const char *words)
{
	const struct stream_events *events = tls->stream.events;

	g_free(tls->failure);
	tls->failure = g_strdup(words);
	tls->stream.failure = tls->failure;
	emit_state(tls, TLS_BROKEN, tls->stream.sent_object, why, 0, bytes_of(words));
	tls->stream.events = NULL;
	if (events != NULL && events->failed != NULL)
		events->failed(tls->stream.owner, why);
}

/* Both sides have ended, as far as we know. */
static bool is_all_said(const struct tls_stream *tls)
{
	return tls->has_below_ended && tls->unsent == NULL;
}

static void give_back(struct tls_stream *tls)
{
	drop_below(tls, stream_release);
	destroy(tls);
}

/* The user hears no more, the peer may: an alert that is under way shall not be lost by a reset. */
static void leave(struct tls_stream *tls)
{
	struct node *node = tls->context->node;

	tls->is_released = true;
	tls->stream.events = NULL;
	tls->wants_shutdown = true;
	if (tls->is_below_open)
		flush(tls, false);
	if (tls->below == NULL || !tls->is_below_open || is_all_said(tls))
		give_back(tls);
	else
		timer_schedule(node_engine(node), &tls->wakeup, node_now(node) + LINGER_NS);
}

static void learn_protection(struct tls_stream *tls)
{
	char *words = tls_session_describe(tls->session);
	const char *distrust = tls_session_distrust(tls->session);

	tls->protection = (struct tls_protection) {
		.version = tls_version_name(tls_session_version(tls->session)),
		.cipher = tls_session_cipher(tls->session),
		.bits = tls_session_cipher_bits(tls->session),
		.distrust = g_strdup(distrust),
	};
	tls->stream.protection = &tls->protection;
	if (distrust != NULL && !tls->context->is_server) {
		char *more = g_strdup_printf("%s; certificate not trusted: %s", words, distrust);

		g_free(words);
		words = more;
	}
	emit_state(tls, TLS_SECURED, tls->stream.sent_object, tls_session_version(tls->session), 0,
		   bytes_of(words));
	g_free(words);
}

static void tell(struct tls_stream *tls, void (*event)(void *owner))
{
	if (event != NULL)
		event(tls->stream.owner);
}

static bool is_user_there(const struct tls_stream *tls)
{
	return tls->stream.events != NULL && !tls->is_released && !tls->is_freed;
}

static void tell_opened(struct tls_stream *tls)
{
	tls->was_opened = true;
	learn_protection(tls);
	if (is_user_there(tls))
		tell(tls, tls->stream.events->opened);
}

static void tell_end(struct tls_stream *tls)
{
	tls->was_end_told = true;
	if (is_user_there(tls))
		tell(tls, tls->stream.events->ended);
}

/* The stream ends here for the user; what is below goes on for a while. */
static void tell_broken(struct tls_stream *tls, enum stream_failure why, const char *words)
{
	tell_failure(tls, why, words);
	leave(tls);
}

static void tell_loss(struct tls_stream *tls)
{
	static const char *const names[] = {
		[STREAM_REFUSED] = "connection refused",
		[STREAM_RESET] = "connection reset",
		[STREAM_TIMED_OUT] = "connection timed out",
		[STREAM_UNREACHABLE] = "network unreachable",
		[STREAM_TRUNCATED] = "cut off",
		[STREAM_INSECURE] = "not secured",
	};
	const struct stream_events *events = tls->stream.events;

	if (tls->loss != LOST_IN_ORDER) {
		tell_failure(tls, (enum stream_failure)tls->loss, names[tls->loss]);
	} else {
		tls->stream.events = NULL;
		tell(tls, events->closed);
	}
	destroy(tls);
}

/* A stream that fails takes with it what was not read yet. */
static bool is_lost(const struct tls_stream *tls)
{
	return tls->below == NULL && tls->loss != LOST_IN_ORDER;
}

/* One thing after the other, each only while the user is still there to hear it. */
static void tell_news(struct tls_stream *tls)
{
	enum tls_session_state state = tls_session_state(tls->session);

	if (!tls->was_opened && (state == TLS_OPEN || state == TLS_ENDED))
		tell_opened(tls);
	if (is_user_there(tls) && has_plaintext(tls))
		tell(tls, tls->stream.events->readable);
	if (!is_user_there(tls) || (has_plaintext(tls) && !is_lost(tls)))
		return;
	state = tls_session_state(tls->session);
	if (is_lost(tls))
		tell_loss(tls);
	else if (state == TLS_FAILED)
		tell_broken(tls, tls->was_opened ? STREAM_RESET : STREAM_INSECURE,
			    tls_session_failure(tls->session));
	else if (state == TLS_ENDED && !tls->was_end_told)
		tell_end(tls);
	else if (tls->has_below_ended && state != TLS_ENDED)
		tell_broken(tls, tls->was_opened ? STREAM_TRUNCATED : STREAM_INSECURE,
			    tls->was_opened ? "cut off without close_notify"
					    : "the peer hung up during the TLS handshake");
	if (is_user_there(tls) && tls->below == NULL)
		tell_loss(tls);
}

static void run(struct tls_stream *tls)
{
	if (tls->is_running || tls->is_released)
		return;
	tls->is_running = true;
	if (tls->is_below_open && !tls->has_started) {
		tls->has_started = true;
		emit_beginning(tls);
		tls_session_start(tls->session);
	}
	pull(tls);
	tell_news(tls);
	tls->is_running = false;
	if (tls->is_freed)
		destroy(tls);
}

/* Events of the stream below. What it tells is looked at when the program wakes up. */

static void discard_below(struct tls_stream *tls)
{
	struct bytes run_of_bytes;

	while (tls->below != NULL && (run_of_bytes = stream_peek(tls->below)).length > 0)
		stream_consume(tls->below, run_of_bytes.length);
}

static void wake_later(struct tls_stream *tls)
{
	struct node *node = tls->context->node;

	if (tls->is_released)
		discard_below(tls);
	else if (!timer_is_armed(&tls->wakeup))
		timer_schedule(node_engine(node), &tls->wakeup, node_now(node) + tls->wakeup_ns);
}

static void wakeup_fired(void *owner)
{
	struct tls_stream *tls = owner;

	if (tls->is_released)
		give_back(tls);
	else
		run(tls);
}

static void news_turned_up(void *owner)
{
	run(owner);
}

static void below_opened(void *owner)
{
	struct tls_stream *tls = owner;

	tls->is_below_open = true;
	wake_later(tls);
}

static void below_is_readable(void *owner)
{
	wake_later(owner);
}

static void below_is_writable(void *owner)
{
	struct tls_stream *tls = owner;

	flush(tls, false);
	if (tls->is_released && is_all_said(tls)) {
		give_back(tls);
		return;
	}
	if (tls->unsent != NULL || !tls->was_write_short || !is_user_there(tls))
		return;
	tls->was_write_short = false;
	tell(tls, tls->stream.events->writable);
}

static void below_ended(void *owner)
{
	struct tls_stream *tls = owner;

	tls->has_below_ended = true;
	if (tls->is_released && is_all_said(tls))
		give_back(tls);
	else
		wake_later(tls);
}

static void lose_below(struct tls_stream *tls, int why)
{
	tls->below = NULL;
	tls->loss = why;
	if (tls->is_released)
		destroy(tls);
	else
		wake_later(tls);
}

static void below_closed(void *owner)
{
	lose_below(owner, LOST_IN_ORDER);
}

/* What had come before is opened while it can be read. */
static void below_failed(void *owner, enum stream_failure why)
{
	struct tls_stream *tls = owner;
	GByteArray *opened = g_byte_array_new();
	struct bytes rest;

	while (!tls->is_released && tls->has_started &&
	       (rest = stream_peek(tls->below)).length > 0) {
		size_t taken = tls_session_receive(tls->session, rest, opened);

		if (taken == 0)
			break;
		stream_consume(tls->below, taken);
	}
	if (opened->len > 0 && tls->plaintext == NULL) {
		tls->plaintext = g_steal_pointer(&opened);
		tls->plaintext_from = 0;
	} else if (opened->len > 0) {
		g_byte_array_append(tls->plaintext, opened->data, opened->len);
	}
	g_clear_pointer(&opened, g_byte_array_unref);
	lose_below(tls, (int)why);
}

static const struct stream_events below_events = {
	.opened = below_opened,
	.readable = below_is_readable,
	.writable = below_is_writable,
	.ended = below_ended,
	.closed = below_closed,
	.failed = below_failed,
};

/* Operations for the user. */

static struct bytes tls_peek(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);

	if (!has_plaintext(tls) && tls->was_opened)
		pull(tls);
	if (!has_plaintext(tls))
		return (struct bytes) { NULL, 0 };
	return bytes_from((struct bytes) { tls->plaintext->data, tls->plaintext->len },
			  tls->plaintext_from);
}

static void tls_consume(struct stream *stream, size_t length)
{
	struct tls_stream *tls = tls_of(stream);

	if (length == 0)
		return;
	tls->plaintext_from += length;
	stream->consumed_bytes += length;
	if (tls->plaintext_from < tls->plaintext->len)
		return;
	g_clear_pointer(&tls->plaintext, g_byte_array_unref);
	if (!tls->is_running) /* the end may be next */
		work_defer(node_engine(tls->context->node), &tls->news);
}

static size_t tls_write(struct stream *stream, struct bytes bytes, bool more)
{
	struct tls_stream *tls = tls_of(stream);
	size_t accepted = 0;

	if (!tls->was_opened || tls->wants_shutdown || tls->below == NULL ||
	    tls_session_state(tls->session) == TLS_FAILED)
		return 0;
	while (tls->unsent == NULL && accepted < bytes.length) {
		struct bytes part = bytes_first(bytes_from(bytes, accepted), TLS_PLAINTEXT_MAX);

		tls_session_write(tls->session, part);
		accepted += part.length;
		flush(tls, more || accepted < bytes.length);
	}
	tls->was_write_short = accepted < bytes.length;
	stream->written_bytes += accepted;
	return accepted;
}

static void tls_shutdown(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);

	tls_session_close(tls->session);
	tls->wants_shutdown = true;
	flush(tls, false);
}

static void tls_abort(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);

	tls->stream.events = NULL;
	drop_below(tls, stream_abort);
	destroy(tls);
}

static void tls_release(struct stream *stream)
{
	struct tls_stream *tls = tls_of(stream);

	tls_session_close(tls->session);
	take_output(tls);
	discard_below(tls);
	leave(tls);
}

static uint64_t tls_arrived_root(const struct stream *stream)
{
	const struct tls_stream *tls = (const struct tls_stream *)stream;

	return has_plaintext(tls) ? tls->plaintext_root : 0;
}

static const struct stream_operations operations = {
	.peek = tls_peek,
	.consume = tls_consume,
	.write = tls_write,
	.shutdown = tls_shutdown,
	.abort = tls_abort,
	.release = tls_release,
	.arrived_root = tls_arrived_root,
};

struct stream *tls_stream_new(struct tls_context *context, struct stream *below, bool is_open,
			      const char *name, int64_t wakeup_ns)
{
	struct tls_stream *tls = g_new0(struct tls_stream, 1);
	struct node *node = context->node;
	const struct tls_observer observer = {
		.record = see_record,
		.secret = see_secret,
		.owner = tls,
	};

	tls->context = context;
	tls->below = below;
	tls->wakeup_ns = wakeup_ns;
	tls->session = tls_session_new(context, name, &observer);
	tls->stream = (struct stream) {
		.operations = &operations,
		.local = below->local,
		.remote = below->remote,
		.sent_object = node_new_object(node),
		.received_object = node_new_object(node),
	};
	timer_init(&tls->wakeup, node->index, wakeup_fired, tls);
	work_init(&tls->news, news_turned_up, tls);
	tls->link.data = tls;
	g_queue_push_tail_link(&context->streams, &tls->link);
	/* As programs do: a record that follows the handshake shall not wait for its acknowledgment. */
	stream_send_at_once(below);
	stream_listen(below, &below_events, tls);
	if (is_open)
		below_opened(tls);
	return &tls->stream;
}

void tls_streams_abort(GQueue *streams)
{
	struct stream *stream;

	while ((stream = g_queue_peek_head(streams)) != NULL)
		tls_abort(stream);
}
