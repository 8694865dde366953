/* The life of a connection: made, opened, closed, given up, freed. */
#include "stack/tcp/connection.h"

struct tcp_connection *connection_new(struct tcp *tcp, const struct flow *flow,
				      enum tcp_state origin)
{
	struct tcp_connection *c = g_new0(struct tcp_connection, 1);
	uint64_t secret = secret_hash(&tcp->timestamp_secret, flow);

	c->tcp = tcp;
	c->flow = *flow;
	c->flow.is_time_wait = false;
	c->stream.operations = &tcp_stream_operations;
	c->stream.local = (struct endpoint) { flow->local_address, flow->local_port };
	c->stream.remote = (struct endpoint) { flow->remote_address, flow->remote_port };
	c->stream.sent_object = node_new_object(tcp->node);
	c->stream.received_object = node_new_object(tcp->node);
	c->state = (uint8_t)origin;
	c->has_user = true;
	c->ts_offset = (uint32_t)secret;
	c->ip_identification = (uint16_t)(secret >> 32);
	c->challenged_ms = tcp_now_ms(tcp) - TCP_CHALLENGE_GAP_MS;
	c->reordering_steps = 1;
	c->receive_space = TCP_RECEIVE_SPACE;
	c->congestion.control = tcp->congestion;
	c->local_mss = (uint16_t)MAX(ipv4_path_mtu(tcp->host, flow->remote_address) - 40,
				     TCP_LEAST_OFFERED_MSS);
	c->peer_mss = TCP_DEFAULT_MSS;

	c->previous = tcp->last;
	if (tcp->last != NULL)
		tcp->last->next = c;
	else
		tcp->first = c;
	tcp->last = c;
	flow_table_add(&tcp->flows, &c->flow);
	return c;
}

static void unlink_connection(struct tcp_connection *c)
{
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		c->tcp->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	else
		c->tcp->last = c->previous;
}

void connection_free(struct tcp_connection *c)
{
	listener_forget(c);
	timers_release(c);
	flight_give_back(c->tcp, c->flight);
	congestion_clear(&c->congestion);
	send_queue_clear(&c->unacknowledged);
	receive_queue_clear(&c->received);
	g_free(c->keepalive);
	unlink_connection(c);
	g_free(c);
}

struct flight *flight_take(struct tcp *tcp)
{
	struct flight *flight = spares_take(&tcp->flights, sizeof *flight);

	flight_init(flight);
	return flight;
}

void flight_give_back(struct tcp *tcp, struct flight *flight)
{
	if (flight == NULL)
		return;
	flight_clear(flight);
	spares_give_back(&tcp->flights, flight);
}

uint32_t connection_choose_iss(const struct tcp *tcp, const struct flow *flow)
{
	uint64_t clock = (uint64_t)(tcp_now(tcp) / (4 * NS_PER_US));

	if (tcp->has_fixed_iss)
		return tcp->fixed_iss;
	return (uint32_t)(clock + secret_hash(&tcp->isn_secret, flow));
}

void connection_set_iss(struct tcp_connection *c, uint32_t iss)
{
	c->snd_una = c->snd_nxt = iss;
	c->write_nxt = iss + 1;
	c->small_end = c->used_end = iss;
	c->snd_up = iss;
}

void connection_update_mss(struct tcp_connection *c, uint16_t path_mtu)
{
	uint16_t options_bytes = c->has_timestamps ? 12 : 0;

	c->mss = (uint16_t)(MIN(c->peer_mss, path_mtu - 40) - options_bytes);
}

void connection_negotiate(struct tcp_connection *c, const struct segment *syn)
{
	const struct tcp_options *options = &syn->options;

	c->rcv_nxt = c->rcv_wup = c->read_nxt = c->measured_nxt = syn->header.sequence + 1;
	c->snd_wnd = c->snd_wnd_max = syn->header.window; /* never scaled in a SYN */
	c->snd_wl1 = syn->header.sequence;
	c->peer_mss = options->has_mss ? MAX(options->mss, TCP_MINIMUM_MSS) : TCP_DEFAULT_MSS;
	c->has_sack = options->has_sack_permitted;
	c->has_timestamps = options->has_timestamps;
	if (c->has_timestamps) {
		c->ts_recent = options->timestamp_value;
		c->ts_recent_s = (uint32_t)(tcp_now(c->tcp) / NS_PER_S);
	}
	c->has_scale = options->has_window_scale;
	c->snd_scale = c->has_scale ? MIN(options->window_scale, TCP_WINDOW_SCALE_MAX) : 0;
	c->rcv_scale = c->has_scale ? TCP_WINDOW_SCALE : 0;
	connection_update_mss(c, ipv4_path_mtu(c->tcp->host, c->flow.remote_address));
	c->received_mss = MIN(c->mss, TCP_DEFAULT_MSS);
	c->measured_bytes = TCP_INITIAL_SEGMENTS * (uint32_t)c->mss;
}

/* State. */

void trace_state(struct tcp *tcp, uint64_t object, const struct flow *flow, enum tcp_state before,
		 enum tcp_state after, enum tcp_detail why)
{
	uint8_t addresses[TCP_STATE_RECORD_BYTES];

	put_be32(addresses, flow->local_address);
	put_be16(addresses + 4, flow->local_port);
	put_be32(addresses + 6, flow->remote_address);
	put_be16(addresses + 10, flow->remote_port);
	trace_emit(tcp->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_TCP,
		       .object = object,
		       .before = before,
		       .after = after,
		       .detail = (uint16_t)why,
		   },
		   (struct bytes) { addresses, sizeof addresses });
}

static void emit_congestion(const struct tcp_connection *c)
{
	const struct congestion *now = &c->congestion;
	uint8_t threshold[TCP_CONGESTION_RECORD_BYTES];
	struct bytes bytes = { threshold, now->threshold == UINT32_MAX ? 0 : sizeof threshold };

	put_be32(threshold, now->threshold);
	trace_emit(c->tcp->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_CONGESTION,
		       .layer = LAYER_TCP,
		       .object = c->stream.sent_object,
		       .before = now->told_window,
		       .after = now->window,
		       .detail = c->window_cause,
		   },
		   bytes);
}

void trace_congestion(struct tcp_connection *c)
{
	if (node_traces(c->tcp->node, TRACE_CONGESTION))
		emit_congestion(c);
	else
		trace_skip(c->tcp->node);
	c->congestion.told_window = c->congestion.window;
	c->congestion.told_threshold = c->congestion.threshold;
}

/* Nothing more will be sent or received for this connection. */
static void connection_is_over(struct tcp_connection *c)
{
	timers_release(c);
	flight_give_back(c->tcp, c->flight);
	c->flight = NULL;
	send_queue_clear(&c->unacknowledged);
	listener_forget(c);
	if (!c->has_user)
		connection_notify(c, PENDING_FREE);
}

static void connection_established(struct tcp_connection *c)
{
	if (c->listener != NULL)
		connection_notify(c, PENDING_ACCEPT);
	else
		connection_notify(c, PENDING_OPENED);
	timers_check_idle(c);
	if (c->wants_fin)
		connection_enter(c, TCP_FIN_WAIT_1, TCP_BY_USER);
}

void connection_enter(struct tcp_connection *c, enum tcp_state state, enum tcp_detail why)
{
	enum tcp_state before = (enum tcp_state)c->state;

	c->state = (uint8_t)state;
	trace_state(c->tcp, c->stream.sent_object, &c->flow, before, state, why);
	switch (state) {
	case TCP_ESTABLISHED:
		connection_established(c);
		break;
	case TCP_FIN_WAIT_2:
		timers_check_idle(c);
		break;
	case TCP_TIME_WAIT:
		time_wait_enter(c);
		connection_notify(c, PENDING_CLOSED);
		connection_is_over(c);
		break;
	case TCP_CLOSED:
		flow_table_remove(&c->tcp->flows, &c->flow);
		if (before == TCP_LAST_ACK)
			connection_notify(c, PENDING_CLOSED);
		connection_is_over(c);
		break;
	default:
		break;
	}
}

void connection_fail(struct tcp_connection *c, enum stream_failure failure, enum tcp_detail why)
{
	if (c->listener != NULL) /* nobody knows of it yet */
		c->has_user = false;
	if (!state_is_synchronized((enum tcp_state)c->state))
		c->tcp->statistics.failed_opens++;
	c->pending = 0; /* what came in order stays until the user has heard of the failure */
	c->failure = (uint8_t)failure;
	connection_enter(c, TCP_CLOSED, why);
	connection_notify(c, PENDING_FAILED);
	c->pending &= (uint8_t)~PENDING_CLOSED;
}

/* States in which the peer must be told of an abort (RFC 9293 section 3.10.5). */
static bool abort_sends_reset(enum tcp_state state)
{
	return state == TCP_SYN_RECEIVED || state == TCP_CLOSE_WAIT || state_receives(state);
}

void connection_abort(struct tcp_connection *c, enum tcp_detail reset_detail)
{
	c->has_user = false;
	if (abort_sends_reset((enum tcp_state)c->state))
		output_reset(c, reset_detail);
	receive_queue_clear(&c->received);
	if (c->state != TCP_CLOSED && c->state != TCP_TIME_WAIT)
		connection_enter(c, TCP_CLOSED, TCP_BY_USER);
	connection_notify(c, PENDING_FREE);
}

void connection_notify(struct tcp_connection *c, enum pending_event event)
{
	if (!c->has_user)
		event = PENDING_FREE;
	if (event == PENDING_FREE && c->state != TCP_CLOSED && c->state != TCP_TIME_WAIT)
		return;
	c->pending |= (uint8_t)event;
	if (c->is_pending)
		return;
	c->is_pending = true;
	c->next_pending = NULL;
	if (c->tcp->first_pending == NULL)
		c->tcp->first_pending = c;
	else
		c->tcp->last_pending->next_pending = c;
	c->tcp->last_pending = c;
	work_defer(tcp_engine(c->tcp), &c->tcp->work);
}
