/*
 * Segment arrival (RFC 9293 section 3.10.7), one function per step, in the RFC's order. The fifth
 * step, the ACK field, is acknowledge.c.
 */
#include "stack/tcp/connection.h"

#include "stack/wire/tcp_options.h"

/* Records. */

/* Stream offset of the payload, for a segment whose sequence number is at `sequence`. */
static uint64_t received_offset(const struct tcp_connection *c, uint32_t sequence)
{
	if (c->has_peer_fin && sequence_after(sequence, c->fin_sequence))
		sequence = c->fin_sequence;
	return c->stream.consumed_bytes +
	       (uint64_t)(int64_t)sequence_distance(sequence, c->read_nxt);
}

static void trace_segment(struct tcp *tcp, const struct tcp_connection *c,
			  const struct segment *segment, enum trace_kind kind,
			  enum tcp_detail detail)
{
	if (!node_traces(tcp->node, kind)) {
		trace_skip(tcp->node);
		return;
	}
	uint32_t first = segment->header.sequence + ((segment->header.flags & TCP_SYN) != 0);
	size_t payload_bytes = packet_length(segment->packet) - segment->header.header_bytes;

	trace_emit(tcp->node, segment->packet,
		   &(struct trace_record) {
		       .kind = (uint8_t)kind,
		       .layer = LAYER_TCP,
		       .object = c != NULL ? c->stream.received_object : 0,
		       .before = c != NULL ? received_offset(c, first) : 0,
		       .after = payload_bytes,
		       .start = (uint16_t)segment->packet->start,
		       .header_bytes = segment->header.header_bytes,
		       .detail = (uint16_t)detail,
		   },
		   packet_bytes(segment->packet));
}

void segment_trace(struct tcp *tcp, const struct tcp_connection *c, const struct segment *segment,
		   enum tcp_detail what)
{
	tcp->statistics.payload_bytes_in += segment->payload.length;
	trace_segment(tcp, c, segment, TRACE_DECAPSULATE, what);
}

void segment_drop(struct tcp *tcp, struct segment *segment, enum tcp_detail why)
{
	trace_segment(tcp, NULL, segment, TRACE_DROP, why);
	g_clear_pointer(&segment->packet, packet_free);
}

void segment_ignore(struct tcp *tcp, struct segment *segment, enum tcp_detail why)
{
	trace_segment(tcp, NULL, segment, TRACE_IGNORE, why);
	g_clear_pointer(&segment->packet, packet_free);
}

bool segment_is_keepalive(const struct segment *segment, uint32_t rcv_nxt)
{
	return segment->length == 0 && segment->sequence + 1 == rcv_nxt &&
	       (segment->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_ACK;
}

void segment_refuse(struct tcp *tcp, struct segment *segment)
{
	struct segment refused = *segment;

	trace_segment(tcp, NULL, segment, segment->flags & TCP_RST ? TRACE_DROP : TRACE_IGNORE,
		      TCP_DROP_NO_CONNECTION);
	g_clear_pointer(&segment->packet, packet_free);
	output_reset_for(tcp, &refused);
}

/* Reading. */

/* The payload is summed where its sum is not known from its sender, or bytes changed on the way. */
static bool checksum_is_right(const struct segment *segment, const struct ipv4_header *ip)
{
	struct bytes whole = packet_bytes(segment->packet);
	uint32_t sum;

	if (packet_find_sum(segment->packet, segment->payload, &sum))
		return tcp_checksum_is_right_with(whole, sum, segment->payload.length, ip->source,
						  ip->destination);
	return tcp_checksum_is_right(whole, ip->source, ip->destination);
}

static bool read_segment(struct tcp *tcp, struct segment *segment, const struct ipv4_header *ip)
{
	struct bytes whole = packet_bytes(segment->packet);

	if (tcp_header_parse(whole, &segment->header, &segment->payload) != PARSE_OK ||
	    tcp_options_parse(segment->header.options, &segment->options) != PARSE_OK) {
		segment->header.header_bytes = 0;
		tcp->statistics.malformed_in++;
		segment_drop(tcp, segment, TCP_DROP_MALFORMED);
		return false;
	}
	if (!checksum_is_right(segment, ip)) {
		tcp->statistics.bad_checksums_in++;
		segment_drop(tcp, segment, TCP_DROP_BAD_CHECKSUM);
		return false;
	}
	segment->flow = (struct flow) {
		.local_address = ip->destination,
		.remote_address = ip->source,
		.local_port = segment->header.destination_port,
		.remote_port = segment->header.source_port,
	};
	segment->sequence = segment->header.sequence;
	segment->flags = segment->header.flags;
	segment->length = tcp_sequence_length(&segment->header, segment->payload.length);
	return true;
}

/* State SYN-SENT (section 3.10.7.3). */

static bool syn_sent_ack_is_acceptable(const struct tcp_connection *c,
				       const struct segment *segment)
{
	return !(segment->flags & TCP_ACK) || segment->header.acknowledgment == c->snd_nxt;
}

static void syn_sent_reset(struct tcp_connection *c, struct segment *segment)
{
	if (!(segment->flags & TCP_ACK)) {
		segment_drop(c->tcp, segment, TCP_DROP_BAD_RESET);
		return;
	}
	c->tcp->statistics.resets_in++;
	segment_trace(c->tcp, c, segment, TCP_NO_DATA);
	connection_fail(c, STREAM_REFUSED, TCP_BY_RESET);
}

static void syn_sent_receive(struct tcp_connection *c, struct segment *segment)
{
	if (!syn_sent_ack_is_acceptable(c, segment)) {
		struct segment refused = *segment;

		segment_drop(c->tcp, segment, TCP_DROP_BAD_ACK);
		output_reset_for(c->tcp, &refused);
		return;
	}
	if (segment->flags & TCP_RST) {
		syn_sent_reset(c, segment);
		return;
	}
	if (!(segment->flags & TCP_SYN)) {
		segment_drop(c->tcp, segment, TCP_DROP_NO_ACK);
		return;
	}
	connection_negotiate(c, segment);
	segment_trace(c->tcp, c, segment, TCP_NO_DATA);
	if (segment->flags & TCP_ACK) {
		acknowledge_handshake(c, segment);
		connection_enter(c, TCP_ESTABLISHED, TCP_BY_SEGMENT);
		output_ack(c, TCP_HANDSHAKE);
		output_new_data(c);
	} else { /* both opened at once (section 3.5, figure 7) */
		connection_enter(c, TCP_SYN_RECEIVED, TCP_BY_SEGMENT);
		output_syn(c, TCP_HANDSHAKE, true);
	}
}

/* First: sequence number. */

/* RFC 7323 section 5.3, R1: PAWS. An idle connection's timestamp is void after 24 days. */
static bool timestamp_is_old(const struct tcp_connection *c, const struct segment *segment)
{
	const uint32_t void_after_s = 24 * 24 * 3600;
	uint32_t now_s = (uint32_t)(tcp_now(c->tcp) / NS_PER_S);

	return c->has_timestamps && segment->options.has_timestamps &&
	       !(segment->flags & TCP_RST) &&
	       sequence_before(segment->options.timestamp_value, c->ts_recent) &&
	       now_s - c->ts_recent_s < void_after_s;
}

/*
 * An acknowledgment that a later segment has overtaken has an old timestamp, too, but says nothing
 * wrong: it is never answered, or both ends would answer each other.
 */
static bool is_overtaken_ack(const struct tcp_connection *c, const struct segment *segment)
{
	return segment->length == 0 && segment->sequence == c->rcv_nxt;
}

/*
 * What such an acknowledgment says of SACK is to be heard, as long as it acknowledges nothing that is not
 * news, and is not older than the network's reordering can make it: 1.2 RTO (Linux's
 * tcp_disordered_ack). Its window is of old, and does not count.
 */
static bool is_overtaken_duplicate(const struct tcp_connection *c, const struct segment *segment)
{
	uint32_t age_ms = c->ts_recent - segment->options.timestamp_value;
	uint32_t most_age_ms = round_trip_timeout_us(&c->round_trip) / 1000 / 5 * 6;

	return is_overtaken_ack(c, segment) && (segment->flags & TCP_ACK) &&
	       segment->header.acknowledgment == c->snd_una && age_ms <= most_age_ms;
}

/* Right edge of the window as the peer knows it. */
static uint32_t window_end(const struct tcp_connection *c)
{
	return c->rcv_wup + c->rcv_wnd;
}

static bool is_in_window(const struct tcp_connection *c, const struct segment *segment)
{
	uint32_t end = segment->sequence + segment->length;
	uint32_t edge = sequence_max(window_end(c), c->rcv_nxt);

	if (sequence_after(segment->sequence, edge))
		return false;
	if (segment->length == 0)
		return sequence_at_least(segment->sequence, c->rcv_nxt);
	return sequence_after(end, c->rcv_nxt);
}

/* Notes for the next acknowledgment which part of the segment had been received before (RFC 2883). */
static void note_duplicate(struct tcp_connection *c, const struct segment *segment)
{
	uint32_t end = segment->sequence + (uint32_t)segment->payload.length;

	c->tcp->statistics.duplicates_in++;
	window_enter_quick_acks(c);
	if (segment->payload.length > 0)
		c->duplicate =
		    (struct tcp_sack_block) { segment->sequence, sequence_min(end, c->rcv_nxt) };
}

static void refuse_outside_window(struct tcp_connection *c, struct segment *segment)
{
	bool is_duplicate = sequence_before(segment->sequence, c->rcv_nxt);
	bool is_reset = (segment->flags & TCP_RST) != 0, takes_space = segment->length > 0;

	if (is_duplicate && takes_space && !is_reset)
		note_duplicate(c, segment);
	if (segment_is_keepalive(segment, c->rcv_nxt))
		segment_ignore(c->tcp, segment, TCP_IGNORE_KEEPALIVE);
	else
		segment_drop(c->tcp, segment,
			     is_duplicate ? TCP_DROP_DUPLICATE : TCP_DROP_OUT_OF_WINDOW);
	if (is_reset)
		return;
	if (takes_space)
		output_ack(c, TCP_ACK_DUPLICATE);
	else /* two confused ends must not answer each other for ever */
		output_challenge_ack(c, TCP_ACK_DUPLICATE);
}

/*
 * In SYN-RECEIVED the peer's SYN may come again: alone, when our SYN-ACK was lost; or with the
 * acknowledgment we wait for, when both opened at once. False: the segment is done with.
 */
static bool strip_repeated_syn(struct tcp_connection *c, struct segment *segment)
{
	int64_t gap_ns = TCP_CHALLENGE_GAP_MS * NS_PER_MS;

	if (c->state != TCP_SYN_RECEIVED || !(segment->flags & TCP_SYN) ||
	    segment->sequence + 1 != c->rcv_nxt)
		return true;
	if (segment->flags & TCP_ACK) {
		segment->flags &= (uint8_t)~TCP_SYN;
		segment->sequence++;
		segment->header.sequence++; /* the FIN is found from here */
		segment->length--;
		return true;
	}
	segment_drop(c->tcp, segment, TCP_DROP_DUPLICATE);
	if (tcp_now(c->tcp) - c->sent_ns >= gap_ns) {
		c->syn_was_repeated = true;
		output_syn(c, TCP_RETRANSMIT_ASKED, true);
		c->sent_ns = tcp_now(c->tcp);
	}
	return false;
}

static bool check_sequence(struct tcp_connection *c, struct segment *segment)
{
	if (!strip_repeated_syn(c, segment))
		return false;
	segment->is_overtaken = timestamp_is_old(c, segment);
	if (segment->is_overtaken && !is_overtaken_duplicate(c, segment)) {
		bool needs_answer = !is_overtaken_ack(c, segment);

		c->tcp->statistics.old_timestamps_in++;
		if (needs_answer && sequence_before(segment->sequence, c->rcv_nxt))
			note_duplicate(c, segment);
		segment_drop(c->tcp, segment, TCP_DROP_OLD_TIMESTAMP);
		if (needs_answer)
			output_ack(c, TCP_ACK_DUPLICATE);
		return false;
	}
	if (!is_in_window(c, segment)) {
		refuse_outside_window(c, segment);
		return false;
	}
	return true;
}

/* Second: RST. */

static void connection_was_reset(struct tcp_connection *c)
{
	bool all_is_done = c->state == TCP_CLOSING || c->state == TCP_LAST_ACK;

	if (all_is_done && sequence_at_least(c->snd_una, c->write_nxt))
		connection_enter(c, TCP_CLOSED, TCP_BY_RESET); /* only the last ACK is missing */
	else if (c->state == TCP_SYN_RECEIVED && c->is_active)
		connection_fail(c, STREAM_REFUSED, TCP_BY_RESET);
	else
		connection_fail(c, STREAM_RESET, TCP_BY_RESET);
}

/* RFC 5961 section 3.2: only at the very next sequence number, elsewhere it is challenged. */
static bool check_reset(struct tcp_connection *c, struct segment *segment)
{
	if (!(segment->flags & TCP_RST))
		return true;
	if (segment->sequence != c->rcv_nxt) {
		segment_drop(c->tcp, segment, TCP_DROP_BAD_RESET);
		output_challenge_ack(c, TCP_ACK_CHALLENGE);
		return false;
	}
	c->tcp->statistics.resets_in++;
	segment_trace(c->tcp, c, segment, TCP_NO_DATA);
	connection_was_reset(c);
	return false;
}

/* Third: security. RFC 9293 section A.1: no compartments here. */

/* Fourth: SYN. RFC 5961 section 4.2: whatever its number, it is challenged. */
static bool check_syn(struct tcp_connection *c, struct segment *segment)
{
	if (!(segment->flags & TCP_SYN))
		return true;
	segment_drop(c->tcp, segment, TCP_DROP_BAD_SYN);
	if (c->state == TCP_SYN_RECEIVED && !c->is_active)
		connection_fail(c, STREAM_RESET, TCP_BY_SEGMENT); /* back to LISTEN */
	else
		output_challenge_ack(c, TCP_ACK_CHALLENGE);
	return false;
}

/* Fifth: ACK. */

static bool complete_handshake(struct tcp_connection *c, struct segment *segment)
{
	if (segment->header.acknowledgment != c->snd_nxt) {
		struct segment refused = *segment;

		segment_drop(c->tcp, segment, TCP_DROP_BAD_ACK);
		output_reset_for(c->tcp, &refused);
		return false;
	}
	acknowledge_handshake(c, segment);
	if (!(segment->header.flags & TCP_SYN))
		c->snd_wnd = (uint32_t)segment->header.window << c->snd_scale;
	c->snd_wnd_max = MAX(c->snd_wnd_max, c->snd_wnd);
	connection_enter(c, TCP_ESTABLISHED, TCP_BY_SEGMENT);
	return true;
}

static bool check_ack(struct tcp_connection *c, struct segment *segment)
{
	if (!(segment->flags & TCP_ACK)) {
		segment_drop(c->tcp, segment, TCP_DROP_NO_ACK);
		return false;
	}
	if (c->state == TCP_SYN_RECEIVED && !complete_handshake(c, segment))
		return false;
	return acknowledge_segment(c, segment);
}

/* Sixth: URG. The end of urgent data is noted; the data itself stays inline. */
static void check_urgent(struct tcp_connection *c, const struct segment *segment)
{
	uint32_t end = segment->sequence + segment->header.urgent_pointer;

	if (!(segment->flags & TCP_URG) || !state_receives((enum tcp_state)c->state))
		return;
	if (!c->has_urgent_in || sequence_after(end, c->rcv_up))
		c->rcv_up = end;
	c->has_urgent_in = true;
}

/* Seventh: text. */

/* Cuts off what was received before, and what does not fit into the window. */
static void trim_to_window(struct tcp_connection *c, struct segment *segment)
{
	uint32_t before = c->rcv_nxt - segment->sequence;
	uint32_t edge = sequence_max(window_end(c), c->rcv_nxt);

	if (sequence_before(segment->sequence, c->rcv_nxt)) {
		note_duplicate(c, segment);
		segment->payload = bytes_from(segment->payload, before);
		segment->sequence = c->rcv_nxt;
	}
	uint32_t end = segment->sequence + (uint32_t)segment->payload.length;

	if (sequence_after(end, edge)) {
		segment->payload = bytes_first(segment->payload, edge - segment->sequence);
		segment->flags &= (uint8_t)~TCP_FIN; /* it lies behind what was cut off */
		c->ack_is_due = c->ack_now = true;
	}
}

/* The packet, narrowed to the payload, is kept from now on. */
static struct packet *take_payload(struct segment *segment)
{
	struct packet *packet = segment->packet;

	packet_narrow(packet, segment->payload);
	segment->packet = NULL;
	return packet;
}

static void take_in_order(struct tcp_connection *c, struct segment *segment)
{
	bool has_gap = c->received.out_of_order != NULL;

	window_data_arrived(c, segment);
	c->rcv_nxt += (uint32_t)segment->payload.length;
	receive_queue_append(&c->received, take_payload(segment));
	if (has_gap) { /* RFC 5681 section 4.2: what fills a gap is acknowledged at once */
		c->rcv_nxt = receive_queue_advance(&c->received, c->rcv_nxt);
		c->ack_now = true;
	}
	connection_notify(c, PENDING_READABLE);
}

static void take_out_of_order(struct tcp_connection *c, struct segment *segment)
{
	enum receive_insertion found;

	c->tcp->statistics.out_of_order_in++;
	c->ack_is_due = c->ack_now = true;
	found = receive_queue_insert(&c->received, segment->sequence, take_payload(segment),
				     &c->duplicate);
	if (found == RECEIVE_DUPLICATE)
		c->tcp->statistics.duplicates_in++;
}

/* False: the connection is gone. */
static bool process_text(struct tcp_connection *c, struct segment *segment)
{
	if (segment->payload.length == 0 || !state_receives((enum tcp_state)c->state))
		return true;
	if (!c->has_user) {
		connection_abort(c, TCP_RESET_UNREAD);
		return false;
	}
	trim_to_window(c, segment);
	if (segment->payload.length == 0)
		return true;
	if (segment->sequence == c->rcv_nxt)
		take_in_order(c, segment);
	else
		take_out_of_order(c, segment);
	return true;
}

/* Eighth: FIN. */

static void take_fin(struct tcp_connection *c)
{
	c->rcv_nxt++;
	c->ack_is_due = true;
	stream_check_end(c);
	switch ((enum tcp_state)c->state) {
	case TCP_ESTABLISHED:
		c->is_interactive = true; /* our FIN may follow soon and carry the acknowledgment */
		connection_enter(c, TCP_CLOSE_WAIT, TCP_BY_SEGMENT);
		break;
	case TCP_FIN_WAIT_1:
		c->ack_now = true;
		connection_enter(c, TCP_CLOSING, TCP_BY_SEGMENT);
		break;
	case TCP_FIN_WAIT_2:
		output_ack(c, TCP_ACK_AT_ONCE);
		connection_enter(c, TCP_TIME_WAIT, TCP_BY_SEGMENT);
		break;
	default:
		break;
	}
}

static void check_fin(struct tcp_connection *c, const struct segment *segment)
{
	if (!state_receives((enum tcp_state)c->state))
		return;
	if ((segment->flags & TCP_FIN) && !c->has_peer_fin) {
		uint32_t payload_end = segment->header.sequence + segment->length - 1;

		c->has_peer_fin = true;
		c->fin_sequence = payload_end;
		if (payload_end != c->rcv_nxt)
			c->ack_is_due = c->ack_now = true;
	}
	if (c->has_peer_fin && c->rcv_nxt == c->fin_sequence)
		take_fin(c);
}

/* All steps. */

static void synchronized_receive(struct tcp_connection *c, struct segment *segment)
{
	if (!check_sequence(c, segment) || !check_reset(c, segment) || !check_syn(c, segment) ||
	    !check_ack(c, segment))
		return;
	check_urgent(c, segment);
	if (process_text(c, segment))
		check_fin(c, segment);
}

static void connection_receive(struct tcp_connection *c, struct segment *segment)
{
	timers_heard(c);
	if (c->state == TCP_SYN_SENT)
		syn_sent_receive(c, segment);
	else
		synchronized_receive(c, segment);
	if (c->state != TCP_CLOSED && c->state != TCP_TIME_WAIT) {
		output_new_data(c);
		window_check_ack(c);
	}
	timers_settle(c);
}

/* State CLOSED (section 3.10.7.1): no such connection. */
static void closed_receive(struct tcp *tcp, struct segment *segment)
{
	segment_refuse(tcp, segment);
}

static void time_wait_or_reuse(struct tcp *tcp, struct flow *flow, struct segment *segment)
{
	uint32_t initial_sequence;

	if (!time_wait_receive(tcp, flow, segment, &initial_sequence))
		return;
	struct tcp_listener *listener = listener_find(tcp, segment->flow.local_port);

	if (listener != NULL)
		listener_receive(listener, segment, &initial_sequence);
	else
		closed_receive(tcp, segment);
}

void tcp_receive(void *owner, struct packet *packet, const struct ipv4_header *header)
{
	struct tcp *tcp = owner;
	struct segment segment = { .packet = packet };

	tcp->statistics.segments_in++;
	if (!read_segment(tcp, &segment, header))
		return;
	struct flow *flow = flow_table_find(&tcp->flows, &segment.flow);
	struct tcp_listener *listener;

	if (flow != NULL && flow->is_time_wait)
		time_wait_or_reuse(tcp, flow, &segment);
	else if (flow != NULL)
		connection_receive(connection_of_flow(flow), &segment);
	else if ((listener = listener_find(tcp, segment.flow.local_port)) != NULL)
		listener_receive(listener, &segment, NULL);
	else
		closed_receive(tcp, &segment);
	packet_free(segment.packet);
}
