/* What to send now, and the only builder of segments (RFC 9293 section 3.10.2, section 3.8.6.2.1). */
#include "stack/tcp/connection.h"

#include "stack/interface.h"
#include "stack/wire/tcp_options.h"

#define TIMESTAMPS_OPTION_BYTES 12 /* with its two NOPs */
#define SACK_OPTION_BYTES       4  /* with its two NOPs, without blocks */
#define SACK_BLOCK_BYTES        8

uint32_t timestamp_now(const struct tcp *tcp, uint32_t offset)
{
	return tcp_now_ms(tcp) + offset;
}

/* A segment to be built, apart from its payload. */
struct outgoing {
	struct tcp_header header;
	struct tcp_options options;
	const struct flow *flow;
	uint64_t object;     /* trace: the direction, */
	uint64_t offset;     /* where in it the payload lies, */
	enum tcp_detail why; /* why it is sent, */
	bool is_repeat;      /* and whether it was sent before */
	uint16_t
	    identification; /* of the datagram; 0: it belongs to no counter (RFC 6864 section 4.1) */
};

static void count_outgoing(struct tcp *tcp, const struct outgoing *out, size_t payload_bytes)
{
	tcp->statistics.segments_out++;
	tcp->statistics.payload_bytes_out += payload_bytes;
	if (out->is_repeat)
		tcp->statistics.retransmissions++;
	if (out->header.flags & TCP_RST)
		tcp->statistics.resets_out++;
}

static void trace_outgoing(struct tcp *tcp, const struct packet *packet, const struct outgoing *out,
			   size_t payload_bytes, size_t header_bytes)
{
	if (!node_traces(tcp->node, TRACE_ENCAPSULATE)) {
		trace_skip(tcp->node);
		return;
	}
	trace_emit(tcp->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_TCP,
		       .object = out->object,
		       .before = out->offset,
		       .after = payload_bytes,
		       .start = (uint16_t)packet->start,
		       .header_bytes = (uint16_t)header_bytes,
		       .detail = (uint16_t)out->why,
		       .flags = out->is_repeat ? TRACE_RETRANSMIT : 0,
		   },
		   packet_bytes(packet));
}

/* Puts the header in front of `packet` (taken), whose bytes are the payload with sum `payload_sum`,
 * and sends it. Returns the interface it leaves by, or NULL. */
static const struct interface *transmit(struct tcp *tcp, struct packet *packet,
					uint32_t payload_sum, struct outgoing *out)
{
	const struct flow *flow = out->flow;
	struct tcp_header *header = &out->header;
	size_t payload_bytes = packet_length(packet);
	size_t header_bytes = TCP_HEADER_BYTES + tcp_options_length(&out->options);
	uint8_t *at = packet_push(packet, header_bytes);
	uint8_t *options = at + TCP_HEADER_BYTES;

	header->source_port = flow->local_port;
	header->destination_port = flow->remote_port;
	header->options.data = options;
	header->options.length = tcp_options_emit(&out->options, options);
	tcp_header_emit(header, at);
	tcp_checksum_set(at, payload_sum, payload_bytes, flow->local_address, flow->remote_address);
	count_outgoing(tcp, out, payload_bytes);
	trace_outgoing(tcp, packet, out, payload_bytes, header_bytes);
	return ipv4_send(tcp->host, packet,
			 &(struct ipv4_route_request) {
			     .source = flow->local_address,
			     .destination = flow->remote_address,
			     .protocol = IP_PROTOCOL_TCP,
			     .dont_fragment = true,
			     .identification = out->identification,
			     .has_identification = true,
			 });
}

static void transmit_empty(struct tcp *tcp, struct outgoing *out)
{
	transmit(tcp, node_new_packet(tcp->node, 0), 0, out);
}

/* Segments of a connection. */

/* SACK blocks ride only where there is room: full segments go without, acknowledgments with. */
static void add_sack(struct tcp_connection *c, struct tcp_options *options, size_t payload_bytes)
{
	bool has_duplicate = c->duplicate.left != c->duplicate.right;
	size_t room = TCP_OPTIONS_MAX_BYTES - (c->has_timestamps ? TIMESTAMPS_OPTION_BYTES : 0);

	if (!c->has_sack || (!has_duplicate && c->received.out_of_order == NULL))
		return;
	room = MIN(room, payload_bytes < c->mss ? c->mss - payload_bytes : 0);
	if (room < SACK_OPTION_BYTES + SACK_BLOCK_BYTES)
		return;
	unsigned most =
	    (unsigned)MIN((room - SACK_OPTION_BYTES) / SACK_BLOCK_BYTES, TCP_SACK_BLOCKS_MAX);

	if (has_duplicate)
		options->sack[0] = c->duplicate;
	options->sack_count =
	    (uint8_t)(has_duplicate + receive_queue_sack(&c->received,
							 options->sack + has_duplicate,
							 most - has_duplicate));
	c->duplicate = (struct tcp_sack_block) { 0 };
}

/* Stream offset of the payload that begins at `sequence`; FIN takes none. */
static uint64_t sent_offset(const struct tcp_connection *c, uint32_t sequence)
{
	int32_t before_end = sequence_distance(c->write_nxt, sequence);

	return c->stream.written_bytes - (uint64_t)MAX(before_end, 0);
}

/* Fills in what every segment of an open connection carries, and notes what it tells the peer. */
static void prepare(struct tcp_connection *c, struct outgoing *out, uint32_t sequence,
		    uint8_t flags, size_t payload_bytes, enum tcp_detail why)
{
	out->header = (struct tcp_header) {
		.sequence = sequence,
		.acknowledgment = c->rcv_nxt,
		.flags = flags | TCP_ACK,
		.window = window_to_offer(c),
	};
	out->options = (struct tcp_options) { 0 };
	if (c->has_timestamps) {
		out->options.has_timestamps = true;
		out->options.timestamp_value = timestamp_now(c->tcp, c->ts_offset);
		out->options.timestamp_echo = c->ts_recent;
	}
	add_sack(c, &out->options, payload_bytes);
	if (c->has_urgent_out && sequence_before(sequence, c->snd_up)) {
		out->header.flags |= TCP_URG;
		out->header.urgent_pointer = (uint16_t)MIN(c->snd_up - sequence, UINT16_MAX);
	}
	out->flow = &c->flow;
	out->object = c->stream.sent_object;
	out->offset = sent_offset(c, sequence);
	out->why = why;
	out->is_repeat = false;
	out->identification = c->ip_identification++;
	window_ack_sent(c);
}

void output_ack(struct tcp_connection *c, enum tcp_detail why)
{
	struct outgoing out;

	prepare(c, &out, c->snd_nxt, 0, 0, why);
	transmit_empty(c->tcp, &out);
}

void output_challenge_ack(struct tcp_connection *c, enum tcp_detail why)
{
	uint32_t now_ms = tcp_now_ms(c->tcp);

	if (now_ms - c->challenged_ms < TCP_CHALLENGE_GAP_MS)
		return;
	c->challenged_ms = now_ms;
	if (why == TCP_ACK_CHALLENGE)
		c->tcp->statistics.challenge_acks_out++;
	output_ack(c, why);
}

void output_reset(struct tcp_connection *c, enum tcp_detail why)
{
	struct outgoing out;

	prepare(c, &out, c->snd_nxt, TCP_RST, 0, why);
	transmit_empty(c->tcp, &out);
}

void output_keepalive_probe(struct tcp_connection *c)
{
	struct outgoing out;

	/* An old sequence number, so that the peer must answer (RFC 9293 section 3.8.4). */
	prepare(c, &out, c->snd_una - 1, 0, 0, TCP_PROBE_KEEPALIVE);
	out.offset = sent_offset(c, c->snd_una);
	transmit_empty(c->tcp, &out);
}

/* The window of a SYN: whole segments that fit into 16 bits, since it is never scaled. */
static uint16_t syn_window(const struct tcp_connection *c, bool has_timestamps)
{
	uint32_t mss = c->local_mss - (has_timestamps ? TIMESTAMPS_OPTION_BYTES : 0);

	return (uint16_t)(UINT16_MAX / mss * mss);
}

void output_syn(struct tcp_connection *c, enum tcp_detail why, bool is_repeat)
{
	bool answers = c->state == TCP_SYN_RECEIVED;
	struct outgoing out = {
		.header = {
			.sequence = c->snd_una,
			.acknowledgment = answers ? c->rcv_nxt : 0,
			.flags = answers ? TCP_SYN | TCP_ACK : TCP_SYN,
			.window = syn_window(c, answers && c->has_timestamps),
		},
		.options = {
			.has_mss = true,
			.mss = c->local_mss,
			.has_sack_permitted = !answers || c->has_sack,
			.has_timestamps = !answers || c->has_timestamps,
			.timestamp_value = timestamp_now(c->tcp, c->ts_offset),
			.timestamp_echo = answers ? c->ts_recent : 0,
			.has_window_scale = !answers || c->has_scale,
			.window_scale = TCP_WINDOW_SCALE,
		},
		.flow = &c->flow,
		.object = c->stream.sent_object,
		.why = why,
		.is_repeat = is_repeat,
		.identification = answers ? 0 : c->ip_identification,
	};

	if (!answers)
		c->ip_identification++;
	c->snd_nxt = c->snd_una + 1;
	c->rcv_wnd = c->receive_limit = out.header.window;
	c->rcv_wup = c->rcv_nxt;
	if (!is_repeat) {
		c->sent_ns = tcp_now(c->tcp);
		timers_arm_retransmit(c);
	}
	transmit_empty(c->tcp, &out);
}

/* Data. */

/* Sends `length` bytes from `sequence` on, with `flags`; FIN stands behind them. Returns as transmit(). */
static const struct interface *send_bytes(struct tcp_connection *c, uint32_t sequence,
					  uint32_t length, uint8_t flags, enum tcp_detail why,
					  bool is_repeat)
{
	struct packet *packet = node_new_packet(c->tcp->node, length);
	uint32_t sum = 0;
	struct outgoing out;

	if (length > 0) {
		sum = send_queue_copy(&c->unacknowledged, sequence, length, packet_data(packet));
		packet_note_sum(packet, sum);
		packet->root = send_queue_root(&c->unacknowledged, sequence);
	}
	prepare(c, &out, sequence, flags, length, why);
	out.is_repeat = is_repeat;
	return transmit(c->tcp, packet, sum, &out);
}

/*
 * What a connection may have waiting in the queue of its interface: DEVICE_QUEUE_NS of the interface's
 * time, or two segments where these take longer. The rest stays in the send buffer, as with Linux's
 * "TCP small queues": round trips are not made longer by one's own queue, and losses are heard of before
 * much more has been sent. A full queue is left alone until half of it has drained, so that the
 * connection is woken once for many segments.
 */
#define DEVICE_QUEUE_NS NS_PER_MS

/* Notes when the segment that has just been given to `interface` will have left it. */
static void note_leaving(struct tcp_connection *c, const struct interface *interface)
{
	struct flight *flight = c->flight;

	flight->leaves_ns[0] = flight->leaves_ns[1];
	flight->leaves_ns[1] = tcp_now(c->tcp);
	if (interface != NULL)
		flight->leaves_ns[1] += interface_backlog_ns(interface);
}

bool output_device_is_full(const struct tcp_connection *c)
{
	const struct flight *flight = c->flight;
	int64_t now_ns = tcp_now(c->tcp);

	return flight != NULL && flight->leaves_ns[1] - now_ns > DEVICE_QUEUE_NS &&
	       flight->leaves_ns[0] > now_ns;
}

/* Whether the connection must wait for its interface; then it is woken when that is over. */
static bool must_await_device(struct tcp_connection *c)
{
	const struct flight *flight = c->flight;

	if (!output_device_is_full(c))
		return false;
	timers_set_deadline(c, DEADLINE_DEVICE,
			    MIN(flight->leaves_ns[0], flight->leaves_ns[1] - DEVICE_QUEUE_NS / 2));
	return true;
}

/* Sends `length` new bytes, with FIN behind the last of all when the user is done. */
static void send_new(struct tcp_connection *c, uint32_t length, enum tcp_detail why)
{
	uint32_t sequence = c->snd_nxt;
	bool is_last = sequence + length == c->write_nxt;
	bool with_fin = c->wants_fin && is_last;
	bool with_push = length > 0 && is_last && !c->more_follows; /* the end of a write */
	uint32_t taken = length + with_fin;

	if (c->flight == NULL) {
		c->flight = flight_take(c->tcp);
		c->flight->recovery_end = sequence - 1;
	}
	flight_append(c->flight, sequence, (uint16_t)taken,
		      (with_fin ? SENT_FIN : 0) | (with_push ? SENT_PUSH : 0), tcp_now(c->tcp));
	c->snd_nxt += taken;
	c->fin_sent = with_fin;
	c->is_probing = false;
	if (length > 0 && length < c->mss)
		c->small_end = sequence + length;
	recovery_data_sent(c, taken);
	note_leaving(c,
		     send_bytes(c, sequence, length,
				(with_fin ? TCP_FIN : 0) | (with_push ? TCP_PSH : 0), why, false));
	window_data_sent(c);
}

static uint32_t unsent_bytes(const struct tcp_connection *c)
{
	return c->fin_sent ? 0 : c->write_nxt - c->snd_nxt;
}

/* Bytes of the peer's window that are not in use. */
static uint32_t window_room(const struct tcp_connection *c)
{
	uint32_t outstanding = connection_outstanding(c);

	return c->snd_wnd > outstanding ? c->snd_wnd - outstanding : 0;
}

/* Nagle in Minshall's variant: one small segment may be under way, unless no more will follow. */
static bool small_must_wait(const struct tcp_connection *c)
{
	bool small_is_out =
	    sequence_after(c->small_end, c->snd_una) && sequence_at_most(c->small_end, c->snd_nxt);

	if (c->wants_fin)
		return false;
	return c->more_follows || (small_is_out && !c->no_delay);
}

/*
 * The bytes of the next new segment, 0 when none may go: the sender's half of silly window avoidance
 * (RFC 9293 section 3.8.6.2.1) and Nagle's algorithm (section 3.7.4).
 */
static uint32_t next_length(const struct tcp_connection *c)
{
	uint32_t unsent = unsent_bytes(c), window = window_room(c);
	uint32_t length = MIN(MIN(unsent, c->mss), window);

	if (length == c->mss)
		return length;
	if (length <
	    unsent) /* the window cuts it: only worth it when it is half of the largest seen */
		return length >= c->snd_wnd_max / 2 ? length : 0;
	return small_must_wait(c) ? 0 : length;
}

static bool may_send(const struct tcp_connection *c)
{
	return state_is_synchronized((enum tcp_state)c->state) && c->state != TCP_TIME_WAIT;
}

/* After a pause the window of old no longer fits the network (RFC 5681 section 4.1). */
static void restart_after_idle(struct tcp_connection *c)
{
	uint32_t initial = TCP_INITIAL_SEGMENTS * (uint32_t)c->mss;
	int64_t rto_ns = round_trip_timeout_us(&c->round_trip) * NS_PER_US;
	int64_t idle_ns = tcp_now(c->tcp) - c->sent_ns;

	if (c->flight != NULL || idle_ns <= rto_ns || c->congestion.window <= initial)
		return;
	c->congestion.threshold = MAX(c->congestion.threshold, c->congestion.window / 4 * 3);
	for (; idle_ns > rto_ns && c->congestion.window > initial; idle_ns -= rto_ns)
		c->congestion.window /= 2; /* by half per timeout, as Linux does */
	c->congestion.window = MAX(c->congestion.window, initial);
	c->window_cause = TCP_CWND_IDLE;
	c->congestion.control->restarted(&c->congestion);
}

/* Notes whether the congestion window is what limits us; only then may it grow (RFC 5681, RFC 7661). */
static void note_window_use(struct tcp_connection *c, bool is_limited)
{
	uint32_t outstanding = connection_outstanding(c);

	if (sequence_at_least(c->snd_una, c->used_end) || is_limited ||
	    (!c->limited_by_window && outstanding > c->used_max)) {
		c->limited_by_window = is_limited;
		c->used_max = outstanding;
		c->used_end = c->snd_nxt;
	}
}

static bool fin_is_next(const struct tcp_connection *c)
{
	return c->wants_fin && !c->fin_sent && c->snd_nxt == c->write_nxt;
}

void output_new_data(struct tcp_connection *c)
{
	bool has_sent = false, is_limited = false;
	uint32_t length;

	if (!may_send(c))
		return;
	if (unsent_bytes(c) > 0) {
		restart_after_idle(c);
		uint32_t room = recovery_room(c);

		while ((length = next_length(c)) > 0 && !must_await_device(c)) {
			is_limited = length > room;
			if (is_limited)
				break;
			send_new(c, length, TCP_NEW_DATA);
			room -= length;
			has_sent = true;
		}
	}
	if (fin_is_next(c)) {
		send_new(c, 0, TCP_CLOSES);
		has_sent = true;
	}
	if (has_sent || is_limited)
		note_window_use(c, is_limited);
	if (has_sent)
		timers_after_send(c);
	else
		timers_check_persist(c);
}

void output_device_ready(struct tcp_connection *c)
{
	timers_set_deadline(c, DEADLINE_DEVICE, TIME_NEVER);
	output_new_data(c);
	stream_check_writable(c);
}

bool output_tail_probe(struct tcp_connection *c)
{
	uint32_t length = MIN(MIN(unsent_bytes(c), c->mss), window_room(c));

	if (length == 0)
		return false;
	send_new(c, length, TCP_PROBE_TAIL);
	return true;
}

void output_window_probe(struct tcp_connection *c)
{
	uint32_t length = MIN(MIN(unsent_bytes(c), c->mss), window_room(c));

	if (length > 0) { /* held back as too small to be worth a segment, until now */
		send_new(c, length, TCP_NEW_DATA);
		timers_after_send(c);
		return;
	}
	c->tcp->statistics.window_probes++;

	/* One byte beyond the window. Should the peer take it, its acknowledgment moves snd_nxt. */
	c->is_probing = true;
	send_bytes(c, c->snd_nxt, 1, 0, TCP_PROBE_WINDOW, false);
}

void output_repeat(struct tcp_connection *c, uint32_t number, enum tcp_detail why)
{
	struct sent_segment *segment = flight_segment(c->flight, number);
	bool with_fin = (segment->flags & SENT_FIN) != 0;

	if (segment->length - with_fin > c->mss) { /* the path MTU has shrunk since */
		flight_split(c->flight, number, c->mss);
		segment = flight_segment(c->flight, number);
		with_fin = false;
	}
	uint8_t flags = (with_fin ? TCP_FIN : 0) | (segment->flags & SENT_PUSH ? TCP_PSH : 0);

	flight_repeat(c->flight, number, tcp_now(c->tcp));
	recovery_data_sent(c, segment->length);
	send_bytes(c, segment->start, (uint32_t)(segment->length - with_fin), flags, why, true);
	c->sent_ns = tcp_now(c->tcp);
}

/* Segments of no connection. */

void output_reset_for(struct tcp *tcp, const struct segment *segment)
{
	bool has_ack = (segment->flags & TCP_ACK) != 0;
	struct outgoing out = {
		.header = {
			.sequence = has_ack ? segment->header.acknowledgment : 0,
			.acknowledgment = has_ack ? 0 : segment->header.sequence + segment->length,
			.flags = has_ack ? TCP_RST : TCP_RST | TCP_ACK,
		},
		.flow = &segment->flow,
		.why = TCP_RESET_NO_CONNECTION,
	};

	if (!(segment->flags & TCP_RST))
		transmit_empty(tcp, &out);
}

void output_time_wait_ack(struct tcp *tcp, const struct time_wait *entry)
{
	struct outgoing out = {
		.header = {
			.sequence = entry->snd_nxt,
			.acknowledgment = entry->rcv_nxt,
			.flags = TCP_ACK,
			.window = entry->window,
		},
		.flow = &entry->flow,
		.object = entry->object,
		.why = TCP_ACK_DUPLICATE,
	};

	if (entry->has_timestamps) {
		out.options.has_timestamps = true;
		out.options.timestamp_value = timestamp_now(tcp, entry->ts_offset);
		out.options.timestamp_echo = entry->ts_recent;
	}
	transmit_empty(tcp, &out);
}
