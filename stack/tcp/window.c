/*
 * Our half of flow control: the window we offer (RFC 9293 section 3.8.6.2.2, RFC 7323 section 2),
 * how the receive buffer grows, and when received data is acknowledged (RFC 5681 section 4.2, with
 * Linux's quick acknowledgments at the start and in trouble).
 */
#include "stack/tcp/connection.h"

/* How many more bytes the peer may send, as it knows. */
static uint32_t offered_now(const struct tcp_connection *c)
{
	uint32_t used = c->rcv_nxt - c->rcv_wup;

	return used < c->rcv_wnd ? c->rcv_wnd - used : 0;
}

/* The window we could offer, ignoring what was offered before. */
static uint32_t window_available(const struct tcp_connection *c)
{
	uint32_t unread = c->rcv_nxt - c->read_nxt;
	uint32_t free = c->receive_space > unread ? c->receive_space - unread : 0;
	uint32_t unit = UINT32_C(1) << c->rcv_scale;

	/* Receiver's silly window avoidance: a small window is shown as none. */
	if (free < c->receive_space / 2 && (free < c->receive_space / 16 || free < c->received_mss))
		return 0;
	free = MIN(free, c->receive_limit);
	return (free + unit - 1) & -unit;
}

uint16_t window_to_offer(struct tcp_connection *c)
{
	uint32_t unit = UINT32_C(1) << c->rcv_scale;
	uint32_t promised = (offered_now(c) + unit - 1) & -unit;

	/* The right edge must not move to the left (RFC 9293 section 3.8.6). */
	c->rcv_wnd = MIN(MAX(window_available(c), promised), UINT32_C(65535) << c->rcv_scale);
	c->rcv_wup = c->rcv_nxt;
	return (uint16_t)(c->rcv_wnd >> c->rcv_scale);
}

/* Arrival. */

void window_enter_quick_acks(struct tcp_connection *c)
{
	uint32_t wanted = c->rcv_wnd / (2 * (uint32_t)c->received_mss);

	c->quick_acks = (uint8_t)MAX(c->quick_acks, CLAMP(wanted, 2, TCP_QUICK_ACKS_MAX));
	c->ack_timeout_ms = TCP_ACK_DELAY_MS;
}

/* Adapts the delay of acknowledgments to the gaps between arrivals. */
static void adapt_ack_timeout(struct tcp_connection *c, int64_t now_ns)
{
	int64_t gap_ms = (now_ns - c->received_ns) / NS_PER_MS;
	uint32_t rto_ms = round_trip_timeout_us(&c->round_trip) / 1000;

	if (c->ack_timeout_ms == 0 || gap_ms > rto_ms)
		window_enter_quick_acks(c);
	else if (gap_ms <= TCP_ACK_DELAY_MS / 2)
		c->ack_timeout_ms = (uint16_t)(c->ack_timeout_ms / 2 + TCP_ACK_DELAY_MS / 2);
	else if (gap_ms < c->ack_timeout_ms)
		c->ack_timeout_ms =
		    (uint16_t)MIN((uint32_t)(c->ack_timeout_ms / 2 + gap_ms), rto_ms);
}

void window_data_arrived(struct tcp_connection *c, const struct segment *segment)
{
	int64_t now_ns = tcp_now(c->tcp);
	size_t length = segment->payload.length;

	c->ack_is_due = true;
	if (length >= c->received_mss)
		c->received_mss = (uint16_t)MIN(length, c->local_mss);
	else if (segment->flags & TCP_PSH)
		c->saw_push = true;
	adapt_ack_timeout(c, now_ns);
	c->received_ns = now_ns;
	if (length >=
	    MIN(c->local_mss, c->mss) / 2) /* short ones cost more memory than they fill */
		c->receive_limit =
		    MIN(c->receive_limit + 2 * (uint32_t)c->local_mss, c->receive_space);
}

/* Acknowledging. */

static void acknowledge_later(struct tcp_connection *c)
{
	int64_t most_ms = 250, delay_ms = c->ack_timeout_ms;

	if (timers_deadline(c, DEADLINE_ACK) != TIME_NEVER)
		return;
	if (delay_ms > TCP_ACK_DELAY_MS) {
		uint32_t srtt_ms = round_trip_smoothed_us(&c->round_trip) / 1000;

		if (c->is_interactive || c->saw_push)
			most_ms = 200;
		if (srtt_ms != 0)
			most_ms = MIN(most_ms, MAX(srtt_ms, TCP_ACK_DELAY_MS));
		delay_ms = MIN(delay_ms, most_ms);
	}
	delay_ms = MAX(delay_ms, TCP_ACK_DELAY_MS);
	timers_set_deadline(c, DEADLINE_ACK, tcp_now(c->tcp) + delay_ms * NS_PER_MS);
}

void window_check_ack(struct tcp_connection *c)
{
	if (!c->ack_is_due)
		return;
	bool second_full_segment = c->rcv_nxt - c->rcv_wup > c->received_mss;
	bool is_quick = c->quick_acks > 0 && !c->is_interactive;

	if (c->received.out_of_order != NULL || c->duplicate.left != c->duplicate.right)
		output_ack(c, TCP_ACK_DUPLICATE);
	else if (c->ack_now || second_full_segment || is_quick)
		output_ack(c, TCP_ACK_AT_ONCE);
	else
		acknowledge_later(c);
}

void window_ack_timeout(struct tcp_connection *c)
{
	timers_set_deadline(c, DEADLINE_ACK, TIME_NEVER);
	if (!c->ack_is_due)
		return;
	if (c->is_interactive) {
		c->is_interactive = false;
		c->ack_timeout_ms = TCP_ACK_DELAY_MS;
	} else {
		uint32_t rto_ms = round_trip_timeout_us(&c->round_trip) / 1000;

		c->ack_timeout_ms = (uint16_t)MIN(2 * (uint32_t)c->ack_timeout_ms, rto_ms);
	}
	output_ack(c, TCP_ACK_DELAYED);
}

void window_ack_sent(struct tcp_connection *c)
{
	if (c->ack_is_due && c->quick_acks > 0) {
		c->quick_acks--;
		if (c->quick_acks == 0)
			c->ack_timeout_ms = TCP_ACK_DELAY_MS;
	}
	c->ack_is_due = c->ack_now = c->saw_push = false;
	timers_set_deadline(c, DEADLINE_ACK, TIME_NEVER);
}

void window_data_sent(struct tcp_connection *c)
{
	int64_t now_ns = tcp_now(c->tcp);

	/* An answer within the delay: acknowledgments may ride on answers. */
	if (now_ns - c->received_ns < c->ack_timeout_ms * NS_PER_MS)
		c->is_interactive = true;
	c->sent_ns = now_ns;
}

/* Reading. */

/*
 * Lets the buffer follow the connection's speed: it should hold twice what the user reads in a
 * round trip, and as much again as that has grown, since the sender's window grows meanwhile.
 */
static void measure_reading(struct tcp_connection *c)
{
	int64_t now_ns = tcp_now(c->tcp);
	uint32_t read_bytes = c->read_nxt - c->measured_nxt;

	if (now_ns - c->measured_ns < round_trip_smoothed_us(&c->round_trip) * NS_PER_US)
		return;
	if (read_bytes > c->measured_bytes) {
		uint64_t space = 2 * (uint64_t)read_bytes + 16 * (uint64_t)c->local_mss;

		space += 2 * space * (read_bytes - c->measured_bytes) / MAX(c->measured_bytes, 1);
		space = MIN(space, c->tcp->receive_space_max);
		if (!c->has_scale)
			space = MIN(space, 65535);
		c->receive_space = MAX(c->receive_space, (uint32_t)space);
		c->measured_bytes = read_bytes;
	}
	c->measured_nxt = c->read_nxt;
	c->measured_ns = now_ns;
}

void window_data_read(struct tcp_connection *c, size_t length)
{
	uint32_t offered = offered_now(c);

	(void)length;
	measure_reading(c);
	if (c->ack_is_due && (c->rcv_nxt - c->rcv_wup > c->received_mss ||
			      (c->saw_push && !c->is_interactive && c->received.first == NULL))) {
		output_ack(c, TCP_ACK_AT_ONCE);
		return;
	}
	if (!state_receives((enum tcp_state)c->state) || 2 * (uint64_t)offered > c->receive_limit)
		return;
	uint32_t available = window_available(c);

	if (available != 0 && available >= 2 * offered)
		output_ack(c, TCP_ACK_WINDOW);
}
