/*
 * Loss recovery: RACK-TLP (RFC 8985) with SACK (RFC 6675), NewReno without (RFC 6582), timeouts (RFC
 * 5681, RFC 6298), the rate of sending meanwhile (RFC 6937), and undoing what was spurious (RFC 3522).
 */
#include "stack/tcp/connection.h"

#define DUPLICATE_THRESHOLD    3  /* RFC 5681 */
#define REORDERING_PERSIST_MAX 16 /* RFC 8985 section 6.2: recoveries that a wider window lasts */

uint32_t recovery_pipe(const struct tcp_connection *c)
{
	return c->flight != NULL ? flight_pipe(c->flight, connection_outstanding(c)) : 0;
}

uint32_t recovery_room(const struct tcp_connection *c)
{
	uint32_t pipe = recovery_pipe(c);

	return c->congestion.window > pipe ? c->congestion.window - pipe : 0;
}

void recovery_data_sent(struct tcp_connection *c, uint32_t length)
{
	c->flight->prr_sent += length;
}

/* Repeats what is thought lost as far as there is room; the first of a recovery goes in any case. */
static void send_repeats(struct tcp_connection *c, bool force_first, enum tcp_detail why)
{
	uint32_t number;

	while (flight_next_wanted(c->flight, &number)) {
		if (!force_first && recovery_room(c) < flight_segment(c->flight, number)->length)
			return;
		force_first = false;
		output_repeat(c, number, why);
	}
}

/* Phases. */

static void begin_phase(struct tcp_connection *c, enum recovery_phase phase)
{
	struct flight *flight = c->flight;

	/* Falling from one repair into the next, what was before the first is to be restored. */
	if (flight->phase < RECOVERY_FAST) {
		flight->prior_window = c->congestion.window;
		flight->prior_threshold = c->congestion.threshold;
		flight->first_repeat_timestamp = timestamp_now(c->tcp, c->ts_offset);
		flight->can_undo = c->has_timestamps;
	}
	flight->phase = (uint8_t)phase;
	flight->recovery_end = c->snd_nxt;
	flight->prr_delivered = flight->prr_sent = 0;
	flight->prr_flight = connection_outstanding(c);

	/* The window is reduced once, for this: an episode of probing ends (RFC 8985 section 7). */
	c->has_tail_probe = false;
}

static void enter_fast(struct tcp_connection *c)
{
	begin_phase(c, RECOVERY_FAST);
	c->congestion.threshold = c->congestion.control->lost(&c->congestion, c->mss);
	c->window_cause = TCP_CWND_REPAIRING;
	c->tcp->statistics.fast_recoveries++;
}

static void return_to_open(struct tcp_connection *c)
{
	bool is_disordered = c->flight->sacked_bytes > 0;

	c->flight->phase = is_disordered ? RECOVERY_DISORDER : RECOVERY_OPEN;
	c->flight->duplicate_acks = 0;
	if (c->reordering_persist > 0 && --c->reordering_persist == 0)
		c->reordering_steps = 1;
}

/* Everything that was outstanding when the repair began is acknowledged. */
static void leave_when_repaired(struct tcp_connection *c)
{
	struct flight *flight = c->flight;

	if (flight->phase < RECOVERY_FAST || sequence_before(c->snd_una, flight->recovery_end))
		return;
	if (flight->phase == RECOVERY_FAST) {
		c->congestion.window = c->congestion.threshold;
		c->window_cause = TCP_CWND_REPAIRED;
	}
	return_to_open(c);
}

/*
 * RFC 3522: an acknowledgment of a repeated segment that echoes a timestamp from before the first
 * repetition was sent for the original; nothing had been lost.
 */
static void undo_when_spurious(struct tcp_connection *c, const struct delivery *delivery)
{
	struct flight *flight = c->flight;

	if (flight->phase < RECOVERY_FAST || !flight->can_undo || !delivery->acked_repeat ||
	    !delivery->has_echo ||
	    sequence_at_least(delivery->echo, flight->first_repeat_timestamp))
		return;
	c->congestion.window = MAX(c->congestion.window, flight->prior_window);
	c->congestion.threshold = flight->prior_threshold;
	c->window_cause = TCP_CWND_SPURIOUS;
	c->reordering_seen = true;
	c->tcp->statistics.spurious_recoveries++;
	flight->can_undo = false;
	flight_unmark_lost(flight);
	return_to_open(c);
}

/* Without SACK: duplicate acknowledgments (RFC 5681 section 3.2, RFC 6582). */

/* Each duplicate tells that one more segment has left the network. */
static void count_delivered_segments(struct tcp_connection *c, uint32_t acknowledged,
				     bool is_duplicate)
{
	struct flight *flight = c->flight;
	uint32_t most = connection_outstanding(c) - flight->lost_bytes;

	if (is_duplicate) {
		flight->duplicate_acks++;
		flight->sacked_bytes += c->mss;
	} else if (acknowledged > 0) {
		uint32_t behind_gap = acknowledged > c->mss ? acknowledged - c->mss : 0;

		flight->sacked_bytes -= MIN(flight->sacked_bytes, behind_gap);
		if (flight->phase < RECOVERY_FAST)
			flight->duplicate_acks = flight->sacked_bytes = 0;
	}
	flight->sacked_bytes = MIN(flight->sacked_bytes, most);
}

static void detect_by_duplicates(struct tcp_connection *c, uint32_t acknowledged, bool is_duplicate)
{
	struct flight *flight = c->flight;
	bool is_first_time = sequence_after(c->snd_una, flight->recovery_end);

	count_delivered_segments(c, acknowledged, is_duplicate);
	if (flight->phase < RECOVERY_FAST) {
		if (flight->duplicate_acks >= DUPLICATE_THRESHOLD && is_first_time) {
			flight->sacked_bytes =
			    MIN(flight->sacked_bytes,
				connection_outstanding(c) - flight_first(flight)->length);
			flight_mark_lost(flight, flight->first);
		}
	} else if (flight->phase == RECOVERY_FAST && acknowledged > 0) {
		/* A partial acknowledgment: the next segment is missing, too. */
		if (!(flight_first(flight)->flags & (SENT_LOST | SENT_AGAIN))) {
			flight->sacked_bytes -=
			    MIN(flight->sacked_bytes, flight_first(flight)->length);
			flight_mark_lost(flight, flight->first);
		}
	}
}

/* With SACK: time and order (RFC 8985). */

/* RFC 8985 section 6.2, step 4: a duplicate reported means that we repeated too early. */
static void widen_after_dsack(struct tcp_connection *c, const struct delivery *delivery)
{
	struct rack *rack = &c->flight->rack;

	if (rack->has_dsack_round && sequence_at_least(c->snd_una, rack->dsack_round))
		rack->has_dsack_round = false;
	if (!delivery->has_dsack || rack->has_dsack_round)
		return;
	rack->has_dsack_round = true;
	rack->dsack_round = c->snd_nxt;
	c->reordering_steps = (uint8_t)MIN(c->reordering_steps + 1, UINT8_MAX);
	c->reordering_persist = REORDERING_PERSIST_MAX;
}

static int64_t reordering_window_ns(const struct tcp_connection *c)
{
	const struct flight *flight = c->flight;

	if (!c->reordering_seen &&
	    (flight->phase >= RECOVERY_FAST || flight->sacked_segments >= DUPLICATE_THRESHOLD))
		return 0;
	uint64_t window_us = (uint64_t)c->reordering_steps * c->round_trip.minimum_us / 4;

	return (int64_t)MIN(window_us, round_trip_smoothed_us(&c->round_trip)) * NS_PER_US;
}

static int64_t detect_by_time(struct tcp_connection *c)
{
	return flight_detect_losses(c->flight, reordering_window_ns(c), tcp_now(c->tcp));
}

/* Congestion window. */

/* RFC 6937: during fast recovery as much is sent as was delivered, scaled to reach the threshold. */
static void reduce_proportionally(struct tcp_connection *c, uint32_t delivered)
{
	struct flight *flight = c->flight;
	uint64_t threshold = c->congestion.threshold;
	uint32_t pipe = recovery_pipe(c);
	int64_t quota;

	flight->prr_delivered += delivered;
	if (pipe > threshold) {
		uint64_t base = MAX(flight->prr_flight, 1);

		quota = (int64_t)((flight->prr_delivered * threshold + base - 1) / base) -
			flight->prr_sent;
	} else {
		int64_t unused = (int64_t)flight->prr_delivered - flight->prr_sent;
		int64_t limit = MAX(unused, (int64_t)delivered) + c->mss;

		quota = MIN((int64_t)(threshold - pipe), limit);
	}
	c->congestion.window = pipe + (uint32_t)MAX(quota, 0);
	c->window_cause = TCP_CWND_REPAIRING;
}

/* True when the window was used, so that an acknowledgment may make it grow (RFC 7661). */
static bool window_is_used(const struct tcp_connection *c)
{
	if (congestion_in_slow_start(&c->congestion))
		return c->congestion.window < 2 * (uint64_t)c->used_max;
	return c->limited_by_window;
}

static void grow_window(struct tcp_connection *c, const struct delivery *delivery,
			uint32_t acknowledged)
{
	int64_t now_ns = tcp_now(c->tcp);
	struct congestion_sample sample = {
		.now_ns = now_ns,
		.acknowledged_bytes = acknowledged,
		.round_trip_us = round_trip_smoothed_us(&c->round_trip),
		.snd_una = c->snd_una,
		.snd_nxt = c->snd_nxt,
		.mss = c->mss,
	};

	if (acknowledged == 0 || !window_is_used(c))
		return;
	if (delivery->newest_sent_ns >= 0)
		sample.latest_round_trip_us =
		    (uint32_t)((now_ns - delivery->newest_sent_ns) / NS_PER_US);
	if (!congestion_is_untold(&c->congestion)) /* growth is the least an event can do */
		c->window_cause = congestion_in_slow_start(&c->congestion) ? TCP_CWND_SLOW_START
									   : TCP_CWND_AVOIDANCE;
	c->congestion.control->acknowledged(&c->congestion, &sample);
}

/* Tail loss probes (RFC 8985 section 7). */

void recovery_tail_probe_timeout(struct tcp_connection *c)
{
	bool is_new = output_tail_probe(c);

	c->tcp->statistics.tail_probes++;
	if (!is_new)
		output_repeat(c, c->flight->next - 1, TCP_RETRANSMIT_TAIL);
	c->has_tail_probe = true;
	c->tail_probe_is_repeat = !is_new;
	c->tail_probe_end = c->snd_nxt;
	timers_arm_retransmit(c);
}

/* Section 7.4: when the probe itself repaired a loss, nobody else has noticed. */
static void tail_probe_acknowledged(struct tcp_connection *c, const struct delivery *delivery,
				    uint32_t acknowledged)
{
	if (!c->has_tail_probe || sequence_before(c->snd_una, c->tail_probe_end))
		return;
	bool both_arrived = delivery->has_dsack || acknowledged == 0;
	bool repaired = sequence_after(c->snd_una, c->tail_probe_end);

	if (!c->tail_probe_is_repeat || both_arrived) {
		c->has_tail_probe = false;
	} else if (repaired) {
		c->has_tail_probe = false;
		c->congestion.threshold = c->congestion.control->lost(&c->congestion, c->mss);
		c->congestion.window = MIN(c->congestion.window, c->congestion.threshold);
		c->window_cause = TCP_CWND_REPAIRED;
	}
}

/* Entries. */

static int64_t detect_losses(struct tcp_connection *c, const struct delivery *delivery,
			     uint32_t acknowledged, bool is_duplicate)
{
	if (!c->has_sack) {
		detect_by_duplicates(c, acknowledged, is_duplicate);
		return 0;
	}
	if (delivery->found_reordering)
		c->reordering_seen = true;
	widen_after_dsack(c, delivery);
	return detect_by_time(c);
}

int64_t recovery_acknowledged(struct tcp_connection *c, const struct delivery *delivery,
			      uint32_t acknowledged, bool is_duplicate)
{
	struct flight *flight = c->flight;
	int64_t wait_ns = 0;
	bool has_begun = false;

	tail_probe_acknowledged(c, delivery, acknowledged);
	if (flight == NULL)
		return 0;
	undo_when_spurious(c, delivery);
	leave_when_repaired(c);
	if (!flight_is_empty(flight)) {
		wait_ns = detect_losses(c, delivery, acknowledged, is_duplicate);
		has_begun = flight->wanted_bytes > 0 && flight->phase < RECOVERY_FAST;
	}
	if (has_begun)
		enter_fast(c);
	else if (flight->phase < RECOVERY_FAST)
		flight->phase = flight->sacked_bytes > 0 ? RECOVERY_DISORDER : RECOVERY_OPEN;

	if (flight->phase == RECOVERY_FAST)
		reduce_proportionally(c, c->has_sack || !is_duplicate ? delivery->delivered_bytes
								      : c->mss);
	else
		grow_window(c, delivery, acknowledged);
	send_repeats(c, has_begun,
		     flight->phase == RECOVERY_TIMEOUT ? TCP_RETRANSMIT_TIMEOUT
						       : TCP_RETRANSMIT_FAST);
	return wait_ns;
}

void recovery_reorder_timeout(struct tcp_connection *c)
{
	int64_t wait_ns = detect_by_time(c);
	bool has_begun = c->flight->wanted_bytes > 0 && c->flight->phase < RECOVERY_FAST;

	if (has_begun) {
		enter_fast(c);
		reduce_proportionally(c, 0);
	}
	send_repeats(c, has_begun, TCP_RETRANSMIT_RACK);
	if (wait_ns > 0)
		timers_set(c, TIMER_REORDER, wait_ns);
	else
		timers_arm_retransmit(c);
}

/* Sent so recently that the acknowledgment cannot be here yet (RFC 8985 section 6.3). */
static int64_t overdue_before_ns(const struct tcp_connection *c)
{
	int64_t round_trip_ns = c->has_sack ? c->flight->rack.round_trip_us * NS_PER_US : 0;

	return tcp_now(c->tcp) - round_trip_ns;
}

void recovery_timeout(struct tcp_connection *c)
{
	struct flight *flight = c->flight;
	bool forgot_sack = (flight_first(flight)->flags & SENT_SACKED) != 0;
	bool is_reduced = flight->phase == RECOVERY_FAST ||
			  (flight->phase == RECOVERY_TIMEOUT && c->unanswered > 0);

	begin_phase(c, RECOVERY_TIMEOUT);
	if (!is_reduced) /* once per loss (RFC 5681 section 3.1) */
		c->congestion.threshold = c->congestion.control->lost(&c->congestion, c->mss);
	if (!c->has_sack)
		flight->sacked_bytes = 0;
	flight->duplicate_acks = 0;
	flight_mark_all_lost(flight, overdue_before_ns(c), forgot_sack);
	c->congestion.window = recovery_pipe(c) + c->mss;
	c->window_cause = TCP_CWND_TIMEOUT;
	c->congestion.control->restarted(&c->congestion);
	output_repeat(c, flight->first, TCP_RETRANSMIT_TIMEOUT);
}

void recovery_path_mtu(struct tcp_connection *c)
{
	struct flight *flight = c->flight;

	if (flight == NULL)
		return;
	for (uint32_t n = flight->first; n != flight->next; n++) {
		const struct sent_segment *segment = flight_segment(flight, n);

		if (segment->length > c->mss && !(segment->flags & SENT_SACKED))
			flight_mark_lost(flight, n);
	}
	if (flight->wanted_bytes == 0)
		return;

	/* Not congestion: repaired like after a timeout, but with the window as it is. */
	if (flight->phase < RECOVERY_FAST) {
		begin_phase(c, RECOVERY_TIMEOUT);
		flight->can_undo = false;
	}
	send_repeats(c, true, TCP_RETRANSMIT_PATH_MTU);
	timers_arm_retransmit(c);
}
