/* The timers of a connection. */
#include "stack/tcp/connection.h"

#define TAIL_PROBE_SLACK_NS (2 * NS_PER_MS)

/*
 * A connection in use will want its alarm soon again, so it keeps it until it rings in vain; but not
 * when so many of the host's connections have one.
 */
#define LINGERING_ALARMS 64

static void timers_fire(void *connection);

/* Deadlines. */

static struct alarm *alarm_take(struct tcp_connection *c)
{
	struct tcp *tcp = c->tcp;
	struct alarm *alarm = spares_take(&tcp->alarms, sizeof *alarm);

	timer_init(&alarm->timer, tcp->node->index, timers_fire, c);
	for (int i = 0; i < DEADLINE_COUNT; i++)
		alarm->at_ns[i] = TIME_NEVER;
	return alarm;
}

void timers_release(struct tcp_connection *c)
{
	if (c->alarm == NULL)
		return;
	timer_cancel(tcp_engine(c->tcp), &c->alarm->timer);
	spares_give_back(&c->tcp->alarms, c->alarm);
	c->alarm = NULL;
	c->retransmit_timer = TIMER_NONE;
}

int64_t timers_deadline(const struct tcp_connection *c, enum deadline which)
{
	return c->alarm != NULL ? c->alarm->at_ns[which] : TIME_NEVER;
}

void timers_set_deadline(struct tcp_connection *c, enum deadline which, int64_t at_ns)
{
	if (c->alarm == NULL && at_ns == TIME_NEVER)
		return;
	if (c->alarm == NULL)
		c->alarm = alarm_take(c);
	c->alarm->at_ns[which] = at_ns;
}

void timers_settle(struct tcp_connection *c)
{
	struct engine *engine = tcp_engine(c->tcp);
	struct alarm *alarm = c->alarm;

	if (congestion_is_untold(&c->congestion))
		trace_congestion(c);
	if (alarm == NULL)
		return;
	int64_t busy_ns = MIN(alarm->at_ns[DEADLINE_RETRANSMIT], alarm->at_ns[DEADLINE_ACK]);
	busy_ns = MIN(busy_ns, alarm->at_ns[DEADLINE_DEVICE]);
	int64_t nearest_ns = MIN(busy_ns, alarm->at_ns[DEADLINE_IDLE]);
	bool is_background = busy_ns == TIME_NEVER; /* waiting for nothing but the peer to vanish */

	if (is_background != alarm->timer.is_background)
		timer_set_background(engine, &alarm->timer, is_background);
	if (nearest_ns == TIME_NEVER) {
		if (!timer_is_armed(&alarm->timer) || c->tcp->alarms.in_use > LINGERING_ALARMS)
			timers_release(c);
		return;
	}
	if (alarm->timer.deadline_ns != nearest_ns)
		timer_schedule(engine, &alarm->timer, nearest_ns);
}

void timers_set(struct tcp_connection *c, enum retransmit_timer what, int64_t delay_ns)
{
	c->retransmit_timer = (uint8_t)what;
	timers_set_deadline(c, DEADLINE_RETRANSMIT, tcp_now(c->tcp) + delay_ns);
}

void timers_stop(struct tcp_connection *c)
{
	c->retransmit_timer = TIMER_NONE;
	timers_set_deadline(c, DEADLINE_RETRANSMIT, TIME_NEVER);
}

/* RTO after `retries` backings off (RFC 6298 section 5.5). */
static int64_t backed_off_ns(const struct tcp_connection *c)
{
	uint64_t timeout_us = (uint64_t)round_trip_timeout_us(&c->round_trip)
			      << MIN(c->retries, 16);

	return (int64_t)MIN(timeout_us, RTO_MAX_US) * NS_PER_US;
}

void timers_arm_retransmit(struct tcp_connection *c)
{
	timers_set(c, TIMER_RETRANSMIT, backed_off_ns(c));
}

/* RFC 8985 section 7.2: PTO, but no later than the retransmission timeout. */
static int64_t tail_probe_delay_ns(const struct tcp_connection *c)
{
	int64_t delay_ns = 2 * (int64_t)round_trip_smoothed_us(&c->round_trip) * NS_PER_US;

	/* With a single segment out, its acknowledgment may be delayed. */
	if (c->flight->next - c->flight->first == 1)
		delay_ns += RTO_MIN_US * NS_PER_US;
	else
		delay_ns += TAIL_PROBE_SLACK_NS;
	return MIN(delay_ns, backed_off_ns(c));
}

static bool may_probe_tail(const struct tcp_connection *c)
{
	return c->has_sack && !c->has_tail_probe && c->flight->phase == RECOVERY_OPEN &&
	       c->flight->sacked_segments == 0 && c->round_trip.srtt_8 != 0 && c->retries == 0;
}

static void arm_for_flight(struct tcp_connection *c)
{
	if (may_probe_tail(c))
		timers_set(c, TIMER_TAIL_PROBE, tail_probe_delay_ns(c));
	else
		timers_arm_retransmit(c);
}

void timers_after_ack(struct tcp_connection *c)
{
	if (c->flight == NULL)
		timers_stop(c);
	else
		arm_for_flight(c);
}

void timers_after_send(struct tcp_connection *c)
{
	bool is_running =
	    c->retransmit_timer == TIMER_RETRANSMIT || c->retransmit_timer == TIMER_REORDER;

	/* RFC 6298 section 5.1: a running timer is left alone; a tail probe waits anew. */
	if (!is_running)
		arm_for_flight(c);
}

void timers_check_persist(struct tcp_connection *c)
{
	bool window_is_shut = c->flight == NULL &&
			      state_is_synchronized((enum tcp_state)c->state) &&
			      sequence_after(c->write_nxt, c->snd_nxt);

	if (!window_is_shut) {
		if (c->retransmit_timer == TIMER_PERSIST)
			timers_stop(c);
	} else if (c->retransmit_timer != TIMER_PERSIST) {
		c->retries = 0;
		timers_set(c, TIMER_PERSIST, backed_off_ns(c));
	}
}

/* Fails a connection whose peer has not answered often enough (RFC 9293 section 3.8.3). */
static bool gave_up(struct tcp_connection *c)
{
	unsigned most = c->has_user ? TCP_RETRIES : TCP_ORPHAN_RETRIES;

	if (c->state == TCP_SYN_SENT)
		most = TCP_SYN_RETRIES;
	else if (c->state == TCP_SYN_RECEIVED)
		most = TCP_SYN_ACK_RETRIES;
	if (c->unanswered < most)
		return false;
	connection_fail(c, c->soft_error ? STREAM_UNREACHABLE : STREAM_TIMED_OUT, TCP_BY_TIMEOUT);
	return true;
}

static void back_off(struct tcp_connection *c)
{
	c->unanswered++;
	c->retries = (uint8_t)MIN(c->retries + 1, UINT8_MAX);
}

static void retransmit_timeout(struct tcp_connection *c)
{
	if (gave_up(c))
		return;
	c->tcp->statistics.timeouts++;
	if (c->flight == NULL) {
		c->syn_was_repeated = true;
		output_syn(c, TCP_RETRANSMIT_TIMEOUT, true);
	} else {
		recovery_timeout(c);
	}
	back_off(c);
	timers_arm_retransmit(c);
}

/*
 * RFC 9293 section 3.8.6.1 keeps a connection open as long as probes of a shut window are answered.
 * One that its program has left, nobody could ever end: like Linux (tcp_probe_timer) it is given up
 * when the pause between probes has grown to its full length.
 */
static bool gave_up_orphan(struct tcp_connection *c)
{
	if (c->has_user || backed_off_ns(c) < RTO_MAX_US * NS_PER_US)
		return false;
	connection_fail(c, STREAM_TIMED_OUT, TCP_BY_TIMEOUT);
	return true;
}

static void persist_timeout(struct tcp_connection *c)
{
	if (gave_up(c) || gave_up_orphan(c))
		return;
	output_window_probe(c);
	back_off(c);
	if (c->flight == NULL)
		timers_set(c, TIMER_PERSIST, backed_off_ns(c));
}

static void run_retransmit_timer(struct tcp_connection *c)
{
	enum retransmit_timer what = (enum retransmit_timer)c->retransmit_timer;

	timers_stop(c);
	switch (what) {
	case TIMER_RETRANSMIT:
		retransmit_timeout(c);
		break;
	case TIMER_TAIL_PROBE:
		recovery_tail_probe_timeout(c);
		break;
	case TIMER_REORDER:
		recovery_reorder_timeout(c);
		break;
	case TIMER_PERSIST:
		persist_timeout(c);
		break;
	case TIMER_NONE:
		break;
	}
}

/* Keepalive, and the wait of nobody for the peer's FIN. */

static bool waits_in_vain(const struct tcp_connection *c)
{
	return c->state == TCP_FIN_WAIT_2 && !c->has_user;
}

static bool may_keep_alive(const struct tcp_connection *c)
{
	return c->keepalive != NULL && state_is_synchronized((enum tcp_state)c->state) &&
	       c->state != TCP_TIME_WAIT;
}

void timers_check_idle(struct tcp_connection *c)
{
	int64_t at_ns = TIME_NEVER;

	if (waits_in_vain(c))
		at_ns = tcp_now(c->tcp) + TCP_FIN_WAIT_2_NS;
	else if (may_keep_alive(c))
		at_ns = tcp_now(c->tcp) + c->keepalive->settings.idle_ns;
	timers_set_deadline(c, DEADLINE_IDLE, at_ns);
}

void timers_heard(struct tcp_connection *c)
{
	if (c->keepalive == NULL || waits_in_vain(c))
		return;
	c->keepalive->unanswered = 0;
	timers_check_idle(c);
}

static void keepalive_timeout(struct tcp_connection *c)
{
	struct keepalive *keepalive = c->keepalive;
	bool is_busy = c->flight != NULL || c->write_nxt != c->snd_nxt - c->fin_sent;

	if (is_busy) { /* other timers watch the peer */
		timers_check_idle(c);
		return;
	}
	if (keepalive->unanswered >= keepalive->settings.probes) {
		output_reset(c, TCP_RESET_ABORT);
		connection_fail(c, STREAM_TIMED_OUT, TCP_BY_TIMEOUT);
		return;
	}
	keepalive->unanswered++;
	output_keepalive_probe(c);
	timers_set_deadline(c, DEADLINE_IDLE, tcp_now(c->tcp) + keepalive->settings.interval_ns);
}

static void idle_timeout(struct tcp_connection *c)
{
	timers_set_deadline(c, DEADLINE_IDLE, TIME_NEVER);
	if (waits_in_vain(c))
		connection_enter(c, TCP_CLOSED, TCP_BY_TIMEOUT);
	else if (may_keep_alive(c))
		keepalive_timeout(c);
}

static void timers_fire(void *connection)
{
	struct tcp_connection *c = connection;
	int64_t now_ns = tcp_now(c->tcp);

	if (timers_deadline(c, DEADLINE_ACK) <= now_ns)
		window_ack_timeout(c);
	if (timers_deadline(c, DEADLINE_DEVICE) <= now_ns)
		output_device_ready(c);
	if (timers_deadline(c, DEADLINE_RETRANSMIT) <= now_ns)
		run_retransmit_timer(c);
	if (timers_deadline(c, DEADLINE_IDLE) <= now_ns)
		idle_timeout(c);
	timers_settle(c);
}
