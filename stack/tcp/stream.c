/* The user's side of a connection: opening, the operations of struct stream, and its events. */
#include "stack/tcp/connection.h"

#include "stack/host.h"

/* Opening. */

#define PORT_COUNT (TCP_PORT_LAST - TCP_PORT_FIRST + 1)

/* Random first, then upwards until the four-tuple is free (RFC 6056 section 3.3.1). */
static bool choose_port(struct tcp *tcp, struct flow *flow)
{
	uint32_t first = (uint32_t)random_below(&tcp->ports, PORT_COUNT);

	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		flow->local_port = (uint16_t)(TCP_PORT_FIRST + (first + i) % PORT_COUNT);
		if (flow_table_find(&tcp->flows, flow) == NULL)
			return true;
	}
	return false;
}

struct stream *tcp_connect(struct host *host, struct endpoint remote,
			   const struct stream_events *events, void *owner)
{
	struct tcp *tcp = host_tcp(host);
	struct flow flow = {
		.local_address = ipv4_source_for(host, remote.address),
		.remote_address = remote.address,
		.remote_port = remote.port,
	};
	bool is_possible = choose_port(tcp, &flow) && flow.local_address != 0 && remote.port != 0;
	struct tcp_connection *c = connection_new(tcp, &flow, TCP_CLOSED);

	c->is_active = true;
	tcp->statistics.active_opens++;
	stream_listen(&c->stream, events, owner);
	connection_set_iss(c, connection_choose_iss(tcp, &flow));
	connection_enter(c, TCP_SYN_SENT, TCP_BY_USER);
	if (is_possible)
		output_syn(c, TCP_HANDSHAKE, false);
	else
		connection_fail(c, STREAM_UNREACHABLE, TCP_BY_ROUTING);
	timers_settle(c);
	return &c->stream;
}

/* Writing. */

static bool may_write(const struct tcp_connection *c)
{
	return !c->wants_fin && (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED ||
				 c->state == TCP_ESTABLISHED || c->state == TCP_CLOSE_WAIT);
}

/* The first byte that must still be kept: SYN takes a sequence number, but no byte. */
static uint32_t first_kept(const struct tcp_connection *c)
{
	return c->snd_una + !state_is_synchronized((enum tcp_state)c->state);
}

/*
 * What may be on its way: as much as the windows allow, or no more than is, as long as the interface
 * has enough of it. Less than a segment behind that waits for more, and must not keep the user from it:
 * nothing wakes the connection for its sake.
 */
static uint32_t flight_limit(const struct tcp_connection *c)
{
	uint32_t windows = MIN(c->congestion.window, c->snd_wnd_max);

	return output_device_is_full(c) ? MIN(windows, connection_outstanding(c) + c->mss - 1u)
					: windows;
}

/* The user is asked for more when no more than this is kept, before what is to be sent runs out. */
static uint32_t send_least(const struct tcp_connection *c)
{
	return CLAMP(flight_limit(c), TCP_SEND_SPACE / 5 * 4, SEND_QUEUE_MAX_BYTES / 5 * 4);
}

/* Room for a little more, so that the user is not asked for every segment. */
static uint32_t send_space(const struct tcp_connection *c)
{
	uint64_t least = send_least(c);

	return (uint32_t)CLAMP(least + MIN(least / 4, TCP_WRITE_SLICE), TCP_SEND_SPACE,
			       SEND_QUEUE_MAX_BYTES);
}

/* Takes a slice of what is written, as far as there is room, and sends what may go. */
static size_t write_slice(struct tcp_connection *c, struct bytes bytes, bool more)
{
	uint32_t kept = c->write_nxt - first_kept(c), space = send_space(c);
	struct bytes slice =
	    bytes_first(bytes, MIN(space > kept ? space - kept : 0, TCP_WRITE_SLICE));

	c->write_was_short = slice.length < bytes.length;
	c->more_follows = more || c->write_was_short;
	if (slice.length > 0) {
		send_queue_write(&c->unacknowledged, first_kept(c), c->write_nxt, slice);
		c->write_nxt += (uint32_t)slice.length;
		send_queue_belong(&c->unacknowledged, first_kept(c), c->write_nxt,
				  engine_context(node_engine(c->tcp->node))->root);
		c->stream.written_bytes += slice.length;
	}
	output_new_data(c);
	return slice.length;
}

static size_t tcp_write(struct stream *stream, struct bytes bytes, bool more)
{
	struct tcp_connection *c = connection_of(stream);

	if (!may_write(c))
		return 0;
	size_t written = 0, taken;

	do {
		taken = write_slice(c, bytes_from(bytes, written), more);
		written += taken;
	} while (taken > 0 && written < bytes.length);
	timers_settle(c);
	return written;
}

void stream_check_writable(struct tcp_connection *c)
{
	uint32_t kept = c->write_nxt - first_kept(c);

	if (!c->write_was_short || kept > send_least(c))
		return;
	c->write_was_short = false;
	connection_notify(c, PENDING_WRITABLE);
}

/* Reading. */

static struct bytes tcp_peek(struct stream *stream)
{
	return receive_queue_peek(&connection_of(stream)->received);
}

static uint64_t tcp_arrived_root(const struct stream *stream)
{
	const struct packet *first = connection_of((struct stream *)stream)->received.first;

	return first != NULL ? first->root : 0;
}

static void tcp_consume(struct stream *stream, size_t length)
{
	struct tcp_connection *c = connection_of(stream);

	if (length == 0)
		return;
	receive_queue_consume(&c->received, length);
	c->read_nxt += (uint32_t)length;
	stream->consumed_bytes += length;
	stream_check_end(c);
	if (c->state != TCP_CLOSED && c->state != TCP_TIME_WAIT) {
		window_data_read(c, length);
		timers_settle(c);
	}
}

void stream_check_end(struct tcp_connection *c)
{
	bool fin_is_in_order = c->has_peer_fin && c->rcv_nxt == c->fin_sequence + 1;

	if (fin_is_in_order && c->received.first == NULL && !c->end_told)
		connection_notify(c, PENDING_ENDED);
}

/* Closing. */

static void close_our_side(struct tcp_connection *c)
{
	if (c->wants_fin)
		return;
	c->wants_fin = true;
	c->more_follows = false;
	if (c->state == TCP_ESTABLISHED)
		connection_enter(c, TCP_FIN_WAIT_1, TCP_BY_USER);
	else if (c->state == TCP_CLOSE_WAIT)
		connection_enter(c, TCP_LAST_ACK, TCP_BY_USER);
	else
		return; /* the FIN waits for the handshake, or there is no peer any more */
	output_new_data(c);
}

static void tcp_shutdown(struct stream *stream)
{
	struct tcp_connection *c = connection_of(stream);

	close_our_side(c);
	timers_settle(c);
}

static void tcp_abort(struct stream *stream)
{
	connection_abort(connection_of(stream), TCP_RESET_ABORT);
}

static void tcp_release(struct stream *stream)
{
	struct tcp_connection *c = connection_of(stream);

	if (c->state == TCP_SYN_SENT || c->state == TCP_CLOSED || c->state == TCP_TIME_WAIT) {
		connection_abort(c, TCP_RESET_ABORT);
	} else if (c->received.first != NULL) {
		connection_abort(c, TCP_RESET_UNREAD);
	} else {
		c->has_user = false;
		c->pending = 0;
		close_our_side(c);
		timers_check_idle(c);
		timers_settle(c);
	}
}

static void tcp_send_at_once(struct stream *stream)
{
	tcp_set_no_delay(stream, true);
}

const struct stream_operations tcp_stream_operations = {
	.peek = tcp_peek,
	.consume = tcp_consume,
	.write = tcp_write,
	.shutdown = tcp_shutdown,
	.abort = tcp_abort,
	.release = tcp_release,
	.arrived_root = tcp_arrived_root,
	.send_at_once = tcp_send_at_once,
};

/* Events. */

static void deliver_accept(struct tcp_connection *c)
{
	struct tcp_listener *listener = c->listener;

	if (listener == NULL)
		return;
	listener_forget(c);
	listener->accept(listener->owner, &c->stream);
}

static void deliver_failed(struct tcp_connection *c)
{
	c->has_user = false;
	if (c->stream.events != NULL && c->stream.events->failed != NULL)
		c->stream.events->failed(c->stream.owner, (enum stream_failure)c->failure);
}

static void deliver_simple(struct tcp_connection *c, void (*event)(void *owner))
{
	if (event != NULL)
		event(c->stream.owner);
}

static void deliver(struct tcp_connection *c, enum pending_event event)
{
	static const struct stream_events nobody;
	const struct stream_events *events = c->stream.events != NULL ? c->stream.events : &nobody;

	switch (event) {
	case PENDING_ACCEPT:
		deliver_accept(c);
		break;
	case PENDING_OPENED:
		deliver_simple(c, events->opened);
		break;
	case PENDING_READABLE:
		if (c->received.first != NULL)
			deliver_simple(c, events->readable);
		break;
	case PENDING_WRITABLE:
		deliver_simple(c, events->writable);
		break;
	case PENDING_ENDED:
		c->end_told = true;
		deliver_simple(c, events->ended);
		break;
	case PENDING_CLOSED:
		c->has_user = false;
		deliver_simple(c, events->closed);
		break;
	case PENDING_FAILED:
		deliver_failed(c);
		break;
	case PENDING_FREE:
		break;
	}
}

/* The events that may be delivered now: `closed` waits until the end of the peer's data was told. */
static unsigned deliverable(const struct tcp_connection *c)
{
	unsigned pending = c->pending & ~(unsigned)PENDING_FREE;

	if (!c->has_user)
		return 0;
	if (!c->end_told)
		pending &= ~(unsigned)PENDING_CLOSED;
	return pending;
}

static void deliver_all(struct tcp_connection *c)
{
	unsigned pending;

	while ((pending = deliverable(c)) != 0) {
		unsigned event = pending & -pending; /* the lowest bit: the order of the enum */

		c->pending &= (uint8_t)~event;
		deliver(c, (enum pending_event)event);
	}
}

void stream_deliver_events(void *owner)
{
	struct tcp *tcp = owner;
	struct tcp_connection *c = tcp->first_pending;

	c->is_pending = false;
	tcp->first_pending = c->next_pending;
	if (tcp->first_pending != NULL)
		work_defer(tcp_engine(tcp), &tcp->work);
	deliver_all(c);
	if (!c->has_user && !c->is_pending && (c->state == TCP_CLOSED || c->state == TCP_TIME_WAIT))
		connection_free(c);
}
