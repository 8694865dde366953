#include "views/sent_segments.h"

#include "stack/layer.h"
#include "stack/tcp/names.h"
#include "stack/wire/tcp.h"
#include "views/ranges.h"

/* What of a direction was on a wire: nearly always one range from 0 on. */
struct wired {
	GArray *ranges; /* ranges.h */
	bool has_syn, has_fin;
};

struct sent_segments {
	GHashTable *made;  /* packet id to struct sent_segment *; look-ups only */
	GHashTable *wired; /* direction to struct wired *; look-ups only */
};

static void wired_free(gpointer data)
{
	struct wired *wired = data;

	g_array_unref(wired->ranges);
	g_free(wired);
}

struct sent_segments *sent_segments_new(void)
{
	struct sent_segments *segments = g_new(struct sent_segments, 1);

	segments->made = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	segments->wired = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, wired_free);
	return segments;
}

void sent_segments_free(struct sent_segments *segments)
{
	if (segments == NULL)
		return;
	g_hash_table_unref(segments->made);
	g_hash_table_unref(segments->wired);
	g_free(segments);
}

void sent_segments_make(struct sent_segments *segments, const struct trace_record *record,
			struct bytes bytes)
{
	struct tcp_header header = { .flags = 0 };
	struct bytes payload;
	struct sent_segment *made;

	if (record->kind != TRACE_ENCAPSULATE || record->layer != LAYER_TCP)
		return;
	tcp_header_parse(bytes, &header, &payload);
	made = g_new(struct sent_segment, 1);
	*made = (struct sent_segment) {
		.object = record->object,
		.offset = record->before,
		.length = record->after,
		.flags = header.flags,
		.why = (uint8_t)record->detail,
	};
	g_hash_table_replace(segments->made, g_memdup2(&record->packet, sizeof record->packet),
			     made);
}

const struct sent_segment *sent_segments_find(const struct sent_segments *segments, uint64_t packet)
{
	return g_hash_table_lookup(segments->made, &packet);
}

static struct wired *wired_of(struct sent_segments *segments, uint64_t object)
{
	struct wired *wired = g_hash_table_lookup(segments->wired, &object);

	if (wired != NULL)
		return wired;
	wired = g_new0(struct wired, 1);
	wired->ranges = ranges_new();
	g_hash_table_insert(segments->wired, g_memdup2(&object, sizeof object), wired);
	return wired;
}

/* SYN and FIN take a sequence number as a byte does (RFC 9293 section 3.4). */
static bool add_segment(struct wired *wired, const struct sent_segment *segment)
{
	bool is_again = (segment->flags & TCP_SYN && wired->has_syn) ||
			(segment->flags & TCP_FIN && wired->has_fin);

	wired->has_syn |= (segment->flags & TCP_SYN) != 0;
	wired->has_fin |= (segment->flags & TCP_FIN) != 0;
	if (segment->length > 0)
		is_again |=
		    ranges_add(wired->ranges, (struct range) { segment->offset,
							       segment->offset + segment->length });
	return is_again;
}

/* A byte that only asks whether a closed window has opened is sent once more when it has. */
static bool takes_sequence(const struct sent_segment *segment)
{
	return segment->object != 0 && segment->why != TCP_PROBE_WINDOW &&
	       (segment->length > 0 || segment->flags & (TCP_SYN | TCP_FIN));
}

bool sent_segments_leave(struct sent_segments *segments, uint64_t packet, bool is_on_wire,
			 struct sent_segment *segment)
{
	const struct sent_segment *made = g_hash_table_lookup(segments->made, &packet);

	if (made == NULL)
		return false;
	*segment = *made;
	g_hash_table_remove(segments->made, &packet);
	if (is_on_wire && takes_sequence(segment))
		segment->is_again = add_segment(wired_of(segments, segment->object), segment);
	return true;
}

bool sent_segments_repeat(struct sent_segments *segments, const struct trace_record *record,
			  struct bytes bytes)
{
	struct sent_segment segment;

	bool is_on_wire = record->kind == TRACE_TRANSMIT;

	if (record->kind == TRACE_ENCAPSULATE) {
		sent_segments_make(segments, record, bytes);
		return false;
	}
	if (is_on_wire && !(record->flags & TRACE_FIRST))
		return false;
	return sent_segments_leave(segments, record->packet, is_on_wire, &segment) &&
	       segment.is_again;
}
