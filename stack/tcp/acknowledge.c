/* The fifth step of segment arrival: the ACK field (RFC 9293 section 3.10.7.4, RFC 5681, RFC 7323). */
#include "stack/tcp/connection.h"

/* Handshake. */

static int64_t echoed_round_trip_ns(const struct tcp_connection *c, uint32_t echo)
{
	int32_t elapsed_ms = (int32_t)(timestamp_now(c->tcp, c->ts_offset) - echo);

	return MAX(elapsed_ms, 1) * NS_PER_MS;
}

static void measure_handshake(struct tcp_connection *c, const struct segment *segment)
{
	int64_t now_ns = tcp_now(c->tcp);
	int64_t sample_ns = now_ns - c->sent_ns;

	/* Nothing is known of a repeated SYN without timestamps; a first measurement of 1 s makes an
	 * RTO of 3 s, as RFC 6298 section 5.7 wants it. */
	if (c->syn_was_repeated)
		sample_ns = c->has_timestamps
				? echoed_round_trip_ns(c, segment->options.timestamp_echo)
				: NS_PER_S;
	round_trip_measure(&c->round_trip, now_ns, sample_ns, sample_ns);
}

void acknowledge_handshake(struct tcp_connection *c, const struct segment *segment)
{
	uint32_t segments = c->syn_was_repeated ? 1 : TCP_INITIAL_SEGMENTS; /* RFC 5681, RFC 6928 */

	measure_handshake(c, segment);
	c->snd_una = segment->header.acknowledgment;
	c->snd_wl1 = segment->header.sequence;
	c->snd_wl2 = segment->header.acknowledgment;
	c->measured_ns = tcp_now(c->tcp);
	c->retries = c->unanswered = 0;
	timers_stop(c);
	congestion_init(&c->congestion, c->congestion.control, segments * c->mss);
	c->window_cause = TCP_CWND_INITIAL;
}

/* Acceptance. */

/* The peer took the byte of a window probe: it is sent after all. */
static void take_probed_byte(struct tcp_connection *c, uint32_t ack)
{
	if (!c->is_probing || ack != c->snd_nxt + 1)
		return;
	c->is_probing = false;
	c->flight = c->flight != NULL ? c->flight : flight_take(c->tcp);
	flight_append(c->flight, c->snd_nxt, 1, 0, c->sent_ns);
	flight_last(c->flight)->flags |= SENT_REPEAT; /* nobody knows which probe it was */
	c->snd_nxt++;
}

/* RFC 5961 section 5.2: not older than the largest window ago, and nothing that was never sent. */
static bool is_acceptable(const struct tcp_connection *c, uint32_t ack)
{
	return sequence_at_most(ack, c->snd_nxt) &&
	       sequence_at_least(ack, c->snd_una - c->snd_wnd_max);
}

/* RFC 7323 section 4.3: the timestamp to echo is that of the segment acknowledged next. */
static void update_recent_timestamp(struct tcp_connection *c, const struct segment *segment)
{
	if (!c->has_timestamps || !segment->options.has_timestamps ||
	    sequence_after(segment->header.sequence, c->rcv_wup))
		return;
	if (sequence_at_least(segment->options.timestamp_value, c->ts_recent)) {
		c->ts_recent = segment->options.timestamp_value;
		c->ts_recent_s = (uint32_t)(tcp_now(c->tcp) / NS_PER_S);
	}
}

static enum tcp_detail describe(const struct tcp_connection *c, const struct segment *segment)
{
	if (segment->payload.length == 0)
		return TCP_NO_DATA;
	return sequence_after(segment->sequence, c->rcv_nxt) ? TCP_OUT_OF_ORDER : TCP_IN_ORDER;
}

/* Window. */

static uint32_t scaled_window(const struct tcp_connection *c, const struct segment *segment)
{
	return (uint32_t)segment->header.window << c->snd_scale;
}

/* The window of an older segment must not replace that of a newer one. */
static void update_window(struct tcp_connection *c, const struct segment *segment)
{
	uint32_t sequence = segment->header.sequence, ack = segment->header.acknowledgment;

	if (segment->is_overtaken || sequence_after(c->snd_wl1, sequence) ||
	    (c->snd_wl1 == sequence && sequence_after(c->snd_wl2, ack)))
		return;
	c->snd_wnd = scaled_window(c, segment);
	c->snd_wnd_max = MAX(c->snd_wnd_max, c->snd_wnd);
	c->snd_wl1 = sequence;
	c->snd_wl2 = ack;
}

/* Acknowledgment. */

/* RFC 5681 section 2, with RFC 6675's leave to count any that brings SACK news. */
static bool is_duplicate(const struct tcp_connection *c, const struct segment *segment)
{
	return c->flight != NULL && segment->header.acknowledgment == c->snd_una &&
	       segment->payload.length == 0 && !(segment->flags & (TCP_SYN | TCP_FIN)) &&
	       scaled_window(c, segment) == c->snd_wnd;
}

/* RFC 6298 section 4, and RFC 7323 section 4.1 where only repeated segments were acknowledged. */
static void measure_round_trip(struct tcp_connection *c, const struct delivery *delivery)
{
	int64_t now_ns = tcp_now(c->tcp);
	int64_t oldest_ns, newest_ns;

	if (delivery->oldest_sent_ns >= 0) {
		oldest_ns = now_ns - delivery->oldest_sent_ns;
		newest_ns = now_ns - delivery->newest_sent_ns;
	} else if (delivery->has_echo && delivery->acked_repeat) {
		oldest_ns = newest_ns = echoed_round_trip_ns(c, delivery->echo);
	} else {
		return;
	}
	round_trip_measure(&c->round_trip, now_ns, oldest_ns, newest_ns);
	c->retries = 0;
}

static void read_delivery(struct tcp_connection *c, const struct segment *segment, uint32_t una,
			  struct delivery *delivery)
{
	int64_t now_ns = tcp_now(c->tcp);
	uint32_t minimum_us = c->round_trip.minimum_us;

	*delivery = (struct delivery) {
		.oldest_sent_ns = -1,
		.newest_sent_ns = -1,
		.has_echo = c->has_timestamps && segment->options.has_timestamps,
		.echo = segment->options.timestamp_echo,
	};
	if (c->flight == NULL)
		return;
	flight_acknowledge(c->flight, una, minimum_us, now_ns, delivery);
	if (c->has_sack && segment->options.sack_count > 0)
		flight_sack(c->flight, segment->options.sack, segment->options.sack_count, una,
			    c->snd_nxt, minimum_us, now_ns, delivery);
}

/* Whatever lived only for what was outstanding goes. */
static void release_if_idle(struct tcp_connection *c)
{
	if (c->flight != NULL && flight_is_empty(c->flight)) {
		flight_give_back(c->tcp, c->flight);
		c->flight = NULL;
	}
	if (c->snd_una == c->write_nxt + c->fin_sent)
		send_queue_clear(&c->unacknowledged);
}

static void choose_timer(struct tcp_connection *c, bool has_progress, int64_t reorder_wait_ns)
{
	bool probe_is_moot = c->retransmit_timer == TIMER_TAIL_PROBE && c->flight != NULL &&
			     c->flight->phase != RECOVERY_OPEN;

	if (c->retransmit_timer == TIMER_PERSIST)
		c->unanswered = 0;
	else if (has_progress || probe_is_moot || c->retransmit_timer == TIMER_REORDER)
		timers_after_ack(c);
	if (reorder_wait_ns > 0)
		timers_set(c, TIMER_REORDER, reorder_wait_ns);
}

/* Takes in what the ACK field says of our data. */
static void take_acknowledgment(struct tcp_connection *c, const struct segment *segment)
{
	uint32_t ack = segment->header.acknowledgment;
	uint32_t acknowledged = ack - c->snd_una;
	bool is_repeated = is_duplicate(c, segment);
	struct delivery delivery;

	update_window(c, segment);
	read_delivery(c, segment, ack, &delivery);
	c->snd_una = ack;
	if (acknowledged > 0) {
		c->unanswered = 0;
		c->soft_error = false;
		measure_round_trip(c, &delivery);
	}
	c->tcp->statistics.duplicate_acks_in += is_repeated;
	int64_t wait_ns = recovery_acknowledged(c, &delivery, acknowledged, is_repeated);

	release_if_idle(c);
	choose_timer(c, acknowledged > 0, wait_ns);
	stream_check_writable(c);
}

/* Our FIN is acknowledged: what that means depends on the state. */
static void take_fin_acknowledgment(struct tcp_connection *c)
{
	if (!c->fin_sent || c->snd_una != c->write_nxt + 1)
		return;
	if (c->state == TCP_FIN_WAIT_1)
		connection_enter(c, TCP_FIN_WAIT_2, TCP_BY_SEGMENT);
	else if (c->state == TCP_CLOSING)
		connection_enter(c, TCP_TIME_WAIT, TCP_BY_SEGMENT);
	else if (c->state == TCP_LAST_ACK)
		connection_enter(c, TCP_CLOSED, TCP_BY_SEGMENT);
}

bool acknowledge_segment(struct tcp_connection *c, struct segment *segment)
{
	uint32_t ack = segment->header.acknowledgment;

	take_probed_byte(c, ack);
	if (!is_acceptable(c, ack)) {
		segment_drop(c->tcp, segment, TCP_DROP_BAD_ACK);
		output_challenge_ack(c, TCP_ACK_CHALLENGE);
		return false;
	}
	segment_trace(c->tcp, c, segment, describe(c, segment));
	update_recent_timestamp(c, segment);
	if (sequence_at_least(ack, c->snd_una))
		take_acknowledgment(c, segment);
	take_fin_acknowledgment(c);
	return c->state != TCP_CLOSED && c->state != TCP_TIME_WAIT;
}
