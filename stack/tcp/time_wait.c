#include "stack/tcp/connection.h"

/* Entries are never moved while they are in the demux; a queue of chunks keeps them in order. */
#define CHUNK_ENTRIES 32

struct time_wait_chunk {
	struct time_wait_chunk *next;
	struct time_wait entries[CHUNK_ENTRIES];
};

/* A new connection must not take sequence numbers the old one may have used (RFC 6191). */
#define REUSE_DISTANCE (UINT32_C(65535) + 2)

static void time_wait_expire(void *owner);

void time_wait_init(struct tcp *tcp)
{
	timer_init(&tcp->time_waits.timer, tcp->node->index, time_wait_expire, tcp);
	tcp->time_waits.timer.is_background = true;
}

void time_wait_clear(struct tcp *tcp)
{
	struct time_wait_queue *queue = &tcp->time_waits;

	timer_cancel(tcp_engine(tcp), &queue->timer);
	while (queue->first != NULL) {
		struct time_wait_chunk *chunk = queue->first;

		queue->first = chunk->next;
		g_free(chunk);
	}
	queue->last = NULL;
}

/* The queue. */

static struct time_wait *push(struct time_wait_queue *queue)
{
	if (queue->last == NULL || queue->filled == CHUNK_ENTRIES) {
		struct time_wait_chunk *chunk = g_new(struct time_wait_chunk, 1);

		chunk->next = NULL;
		if (queue->last != NULL)
			queue->last->next = chunk;
		else
			queue->first = chunk;
		queue->last = chunk;
		queue->filled = 0;
	}
	return &queue->last->entries[queue->filled++];
}

/* The oldest entry, or NULL. */
static struct time_wait *front(struct time_wait_queue *queue)
{
	if (queue->first == NULL || (queue->first == queue->last && queue->taken == queue->filled))
		return NULL;
	return &queue->first->entries[queue->taken];
}

/* Frees chunks all of whose entries have left. */
static void pop(struct time_wait_queue *queue)
{
	struct time_wait_chunk *chunk = queue->first;

	queue->taken++;
	if (queue->taken < CHUNK_ENTRIES && (chunk != queue->last || queue->taken < queue->filled))
		return;
	queue->first = chunk->next;
	queue->taken = 0;
	if (queue->first == NULL)
		queue->last = NULL;
	g_free(chunk);
}

void time_wait_for_each(const struct tcp *tcp,
			void (*visit)(void *owner, const struct time_wait *entry), void *owner)
{
	const struct time_wait_queue *queue = &tcp->time_waits;
	uint32_t i = queue->taken;

	for (const struct time_wait_chunk *chunk = queue->first; chunk != NULL;
	     chunk = chunk->next) {
		uint32_t end = chunk == queue->last ? queue->filled : CHUNK_ENTRIES;

		for (; i < end; i++)
			if (!chunk->entries[i].is_gone)
				visit(owner, &chunk->entries[i]);
		i = 0;
	}
}

/* Appends a copy of `entry`, with all of its time before it. */
static void enter(struct tcp *tcp, const struct time_wait *entry)
{
	struct time_wait_queue *queue = &tcp->time_waits;
	struct time_wait *added = push(queue);

	*added = *entry;
	added->leaves_ns = tcp_now(tcp) + TIME_WAIT_NS;
	flow_table_add(&tcp->flows, &added->flow);
	if (!timer_is_armed(&queue->timer))
		timer_schedule(tcp_engine(tcp), &queue->timer, added->leaves_ns);
}

/* Takes `entry` out of the demux; its place in the queue stays empty. */
static void leave(struct tcp *tcp, struct time_wait *entry)
{
	flow_table_remove(&tcp->flows, &entry->flow);
	entry->is_gone = true;
}

static void close_entry(struct tcp *tcp, struct time_wait *entry, enum tcp_detail why)
{
	leave(tcp, entry);
	trace_state(tcp, entry->object, &entry->flow, TCP_TIME_WAIT, TCP_CLOSED, why);
}

void time_wait_enter(struct tcp_connection *c)
{
	struct time_wait entry = {
		.flow = c->flow,
		.object = c->stream.sent_object,
		.snd_nxt = c->snd_nxt,
		.rcv_nxt = c->rcv_nxt,
		.ts_recent = c->ts_recent,
		.ts_offset = c->ts_offset,
		.window = (uint16_t)(c->rcv_wnd >> c->rcv_scale),
		.has_timestamps = c->has_timestamps,
	};

	entry.flow.is_time_wait = true;
	flow_table_remove(&c->tcp->flows, &c->flow);
	enter(c->tcp, &entry);
}

static void time_wait_expire(void *owner)
{
	struct tcp *tcp = owner;
	struct time_wait_queue *queue = &tcp->time_waits;
	struct time_wait *entry;

	while ((entry = front(queue)) != NULL) {
		if (!entry->is_gone && entry->leaves_ns > tcp_now(tcp)) {
			timer_schedule(tcp_engine(tcp), &queue->timer, entry->leaves_ns);
			return;
		}
		if (!entry->is_gone)
			close_entry(tcp, entry, TCP_BY_TIMEOUT);
		pop(queue);
	}
}

/* Segments. */

static bool may_be_reused(const struct time_wait *entry, const struct segment *segment)
{
	bool has_newer_timestamp =
	    entry->has_timestamps && segment->options.has_timestamps &&
	    sequence_after(segment->options.timestamp_value, entry->ts_recent);

	return (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
	       (has_newer_timestamp || sequence_after(segment->sequence, entry->rcv_nxt));
}

static void reset_entry(struct tcp *tcp, struct time_wait *entry, struct segment *segment)
{
	bool is_right = segment->sequence == entry->rcv_nxt; /* RFC 5961 section 3.2 */

	if (!is_right) {
		segment_drop(tcp, segment, TCP_DROP_BAD_RESET);
		return;
	}
	segment_trace(tcp, NULL, segment, TCP_NO_DATA);
	close_entry(tcp, entry, TCP_BY_RESET);
}

/* All that the peer can want to say without data is known; what was never agreed on is strange. */
static void ignore_empty(struct tcp *tcp, const struct time_wait *entry, struct segment *segment)
{
	bool is_late =
	    (segment->flags & TCP_ACK) != 0 && !sequence_after(segment->sequence, entry->rcv_nxt);

	if (is_late)
		segment_ignore(tcp, segment, TCP_IGNORE_LATE_ACK);
	else
		segment_drop(tcp, segment, TCP_DROP_OUT_OF_WINDOW);
}

bool time_wait_receive(struct tcp *tcp, struct flow *flow, struct segment *segment,
		       uint32_t *initial_sequence)
{
	struct time_wait *entry = (struct time_wait *)flow;
	bool is_fin = (segment->flags & TCP_FIN) != 0;

	if (segment->flags & TCP_RST) {
		reset_entry(tcp, entry, segment);
		return false;
	}
	if (may_be_reused(entry, segment)) {
		*initial_sequence = entry->snd_nxt + REUSE_DISTANCE;
		close_entry(tcp, entry, TCP_BY_REUSE);
		return true;
	}
	if (segment->length == 0) {
		ignore_empty(tcp, entry, segment);
		return false;
	}
	segment_drop(tcp, segment, TCP_DROP_DUPLICATE);
	output_time_wait_ack(tcp, entry);
	if (is_fin) { /* our last acknowledgment was lost: wait anew (RFC 9293 section 3.10.7.4) */
		struct time_wait again = *entry;

		leave(tcp, entry);
		enter(tcp, &again);
	}
	return false;
}
