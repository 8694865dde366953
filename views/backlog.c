#include "views/backlog.h"

#include "protocols/layer.h"
#include "stack/wire/tcp.h"
#include "views/held.h"

/* A direction of a stream, at the end that sends it or at the one that receives it. */
struct flow {
	uint32_t initial_sequence;
	bool has_initial_sequence;
	uint64_t sent, acked; /* by its sender: offsets of what comes next */
	uint64_t told;        /* where the last unit ends that was written, or read */
};

struct waiting_frame {
	int64_t leaves_ns;
	uint32_t bytes;
};

struct backlog {
	GHashTable *flows; /* direction to struct flow *; look-ups only */
	GHashTable
	    *queues; /* node << 16 | interface to GArray of struct waiting_frame; look-ups only */
	struct held *held;
};

static void frames_free(gpointer data)
{
	g_array_unref(data);
}

struct backlog *backlog_new(void)
{
	struct backlog *backlog = g_new(struct backlog, 1);

	backlog->flows = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	backlog->queues = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, frames_free);
	backlog->held = held_new();
	return backlog;
}

void backlog_free(struct backlog *backlog)
{
	if (backlog == NULL)
		return;
	g_hash_table_unref(backlog->flows);
	g_hash_table_unref(backlog->queues);
	held_free(backlog->held);
	g_free(backlog);
}

static struct flow *flow_of(struct backlog *backlog, uint64_t object)
{
	struct flow *flow = g_hash_table_lookup(backlog->flows, &object);

	if (flow == NULL) {
		flow = g_new0(struct flow, 1);
		g_hash_table_insert(backlog->flows, g_memdup2(&object, sizeof object), flow);
	}
	return flow;
}

static void feed_sent(struct backlog *backlog, const struct trace_record *record,
		      const struct tcp_header *header)
{
	struct flow *flow = flow_of(backlog, record->object);

	if (header->flags & TCP_SYN) {
		flow->initial_sequence = header->sequence;
		flow->has_initial_sequence = true;
	}
	if (record->after > 0)
		flow->sent = MAX(flow->sent, record->before + record->after);
}

/* The direction that is received has the id behind that of the one that is sent (stack/tcp/names.h). */
static void feed_received(struct backlog *backlog, const struct trace_record *record,
			  const struct tcp_header *header)
{
	struct flow *flow = flow_of(backlog, record->object - 1);
	struct held_news news;
	int32_t ahead;

	held_feed(backlog->held, record, &news);
	if (!(header->flags & TCP_ACK) || !flow->has_initial_sequence)
		return;
	ahead =
	    (int32_t)(header->acknowledgment - flow->initial_sequence - 1 - (uint32_t)flow->acked);
	if (ahead > 0) /* a FIN takes a sequence number, and no byte */
		flow->acked = MIN(flow->acked + (uint32_t)ahead, flow->sent);
}

static void feed_segment(struct backlog *backlog, const struct trace_record *record,
			 struct bytes bytes)
{
	struct tcp_header header;
	struct bytes payload;

	if (record->layer != LAYER_TCP || record->object == 0 ||
	    tcp_header_parse(bytes, &header, &payload) != PARSE_OK)
		return;
	if (record->kind == TRACE_ENCAPSULATE)
		feed_sent(backlog, record, &header);
	else
		feed_received(backlog, record, &header);
}

static void feed_frame(struct backlog *backlog, const struct trace_record *record)
{
	uint64_t key = (uint64_t)trace_node_of(record->id) << 16 | record->interface;
	GArray *frames = g_hash_table_lookup(backlog->queues, &key);
	struct waiting_frame added = { record->time_ns + (int64_t)record->after,
				       record->total_bytes };
	guint gone = 0;

	if (frames == NULL) {
		frames = g_array_new(FALSE, FALSE, sizeof(struct waiting_frame));
		g_hash_table_insert(backlog->queues, g_memdup2(&key, sizeof key), frames);
	}
	while (gone < frames->len &&
	       g_array_index(frames, struct waiting_frame, gone).leaves_ns <= record->time_ns)
		gone++;
	if (gone > 0)
		g_array_remove_range(frames, 0, gone);
	if (record->before > 0)
		g_array_append_val(frames, added);
}

void backlog_feed(struct backlog *backlog, const struct trace_record *record, struct bytes bytes)
{
	struct flow *flow;

	switch (record->kind) {
	case TRACE_ENCAPSULATE:
	case TRACE_DECAPSULATE:
		feed_segment(backlog, record, bytes);
		break;
	case TRACE_TRANSMIT:
		feed_frame(backlog, record);
		break;
	case TRACE_UNIT:
		flow = flow_of(backlog, record->object);
		flow->told = MAX(flow->told, record->before + record->after);
		break;
	default:
		break;
	}
}

struct backlog_socket backlog_socket(const struct backlog *backlog, uint64_t object)
{
	static const struct flow none;
	uint64_t peer = object + 1, next = held_next(backlog->held, peer);
	const struct flow *sent = g_hash_table_lookup(backlog->flows, &object);
	const struct flow *received = g_hash_table_lookup(backlog->flows, &peer);

	if (sent == NULL)
		sent = &none;
	if (received == NULL)
		received = &none;
	return (struct backlog_socket) {
		.unsent = sent->told > sent->sent ? sent->told - sent->sent : 0,
		.unacked = sent->sent - sent->acked,
		.unread = next > received->told ? next - received->told : 0,
		.held = held_bytes(backlog->held, peer),
	};
}

struct backlog_queue backlog_queue(const struct backlog *backlog, uint32_t node, unsigned interface,
				   int64_t now_ns)
{
	uint64_t key = (uint64_t)node << 16 | interface;
	const GArray *frames = g_hash_table_lookup(backlog->queues, &key);
	struct backlog_queue queue = { 0 };

	for (guint i = 0; frames != NULL && i < frames->len; i++) {
		const struct waiting_frame *frame = &g_array_index(frames, struct waiting_frame, i);

		if (frame->leaves_ns <= now_ns)
			continue;
		queue.frames++;
		queue.bytes += frame->bytes;
		queue.leaves_ns = frame->leaves_ns;
	}
	return queue;
}
