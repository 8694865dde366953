#include "views/crossing.h"

#include "stack/names.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"

struct crossings {
	void (*done)(void *owner, const struct crossing *crossing);
	void *owner;
	GPtrArray *open; /* of struct crossing *, in order of their first record */
};

static struct bytes array_bytes(const GByteArray *array)
{
	if (array == NULL)
		return (struct bytes) { 0 };
	return (struct bytes) { array->data, array->len };
}

struct bytes crossing_received(const struct crossing *crossing)
{
	return array_bytes(crossing->received);
}

struct bytes crossing_sent(const struct crossing *crossing)
{
	return array_bytes(crossing->sent);
}

struct bytes crossing_outgoing(const struct crossing *crossing)
{
	return array_bytes(crossing->sent != NULL ? crossing->sent : crossing->unsent);
}

struct bytes crossing_frame(const struct crossing *crossing)
{
	struct bytes outgoing = crossing_outgoing(crossing);

	return outgoing.length > 0 ? outgoing : crossing_received(crossing);
}

unsigned crossing_interface(const struct crossing *crossing)
{
	for (guint i = crossing->records->len; i > 0; i--) {
		const struct trace_record *record = crossing_record(crossing, i - 1);

		if (record->kind == TRACE_TRANSMIT || record->kind == TRACE_RECEIVE)
			return record->interface;
	}
	return 0;
}

bool crossing_was_delivered(const struct crossing *crossing)
{
	const struct trace_record *last = NULL;

	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->kind == TRACE_DECAPSULATE)
			last = record;
		if (record->kind == TRACE_DROP || record->kind == TRACE_IGNORE)
			return false;
	}
	return last != NULL &&
	       (last->layer == LAYER_TCP || last->layer == LAYER_UDP || last->layer == LAYER_ICMP);
}

struct crossings *crossings_new(void (*done)(void *owner, const struct crossing *crossing),
				void *owner)
{
	struct crossings *crossings = g_new0(struct crossings, 1);

	crossings->done = done;
	crossings->owner = owner;
	crossings->open = g_ptr_array_new();
	return crossings;
}

static void crossing_free(struct crossing *crossing)
{
	g_array_free(crossing->records, TRUE);
	if (crossing->received != NULL)
		g_byte_array_unref(crossing->received);
	if (crossing->sent != NULL)
		g_byte_array_unref(crossing->sent);
	if (crossing->unsent != NULL)
		g_byte_array_unref(crossing->unsent);
	g_free(crossing);
}

void crossings_free(struct crossings *crossings)
{
	if (crossings == NULL)
		return;
	for (guint i = 0; i < crossings->open->len; i++)
		crossing_free(crossings->open->pdata[i]);
	g_ptr_array_free(crossings->open, TRUE);
	g_free(crossings);
}

/* Completes what has had no record since before `now_ns` and waits for nothing; or all. */
static void complete(struct crossings *crossings, int64_t now_ns, bool all)
{
	guint kept = 0;

	for (guint i = 0; i < crossings->open->len; i++) {
		struct crossing *crossing = crossings->open->pdata[i];

		if (!all && (crossing->is_waiting || crossing->last_ns >= now_ns)) {
			crossings->open->pdata[kept++] = crossing;
			continue;
		}
		crossings->done(crossings->owner, crossing);
		crossing_free(crossing);
	}
	g_ptr_array_set_size(crossings->open, (gint)kept);
}

void crossings_settle(struct crossings *crossings)
{
	complete(crossings, INT64_MAX, false);
}

void crossings_finish(struct crossings *crossings)
{
	complete(crossings, INT64_MAX, true);
}

static struct crossing *crossing_open(struct crossings *crossings,
				      const struct trace_record *record)
{
	struct crossing *crossing = g_new0(struct crossing, 1);

	crossing->node = trace_node_of(record->id);
	crossing->number = record->crossing;
	crossing->time_ns = record->time_ns;
	crossing->packet = record->packet;
	crossing->root = record->root;
	crossing->records = g_array_new(FALSE, FALSE, sizeof(struct trace_record));
	g_ptr_array_add(crossings->open, crossing);
	return crossing;
}

/* The part that `packet` is, else the crossing of that number. */
static struct crossing *crossing_for(struct crossings *crossings, const struct trace_record *record,
				     uint64_t packet)
{
	uint32_t node = trace_node_of(record->id);
	struct crossing *crossing;

	for (guint i = crossings->open->len; i > 0; i--) {
		crossing = crossings->open->pdata[i - 1];
		if (crossing->node == node && crossing->number == record->crossing &&
		    (!crossing->is_part || crossing->packet == packet))
			return crossing;
	}
	complete(crossings, record->time_ns, false);
	return crossing_open(crossings, record);
}

static GByteArray *keep(struct bytes frame)
{
	return g_byte_array_append(g_byte_array_new(), frame.data, (guint)frame.length);
}

#define KINDS                                                                                      \
	(TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_RECEIVE) | TRACE_BIT(TRACE_ENCAPSULATE) |     \
	 TRACE_BIT(TRACE_DECAPSULATE) | TRACE_BIT(TRACE_FORWARD) | TRACE_BIT(TRACE_WAIT) |         \
	 TRACE_BIT(TRACE_DROP) | TRACE_BIT(TRACE_IGNORE) | TRACE_BIT(TRACE_IMPAIR) |               \
	 TRACE_BIT(TRACE_DERIVE) | TRACE_BIT(TRACE_LOOPBACK))

static void append(struct crossing *crossing, const struct trace_record *record)
{
	g_array_append_vals(crossing->records, record, 1);
	crossing->last_ns = record->time_ns;
}

bool crossing_is_loopback(const struct crossing *crossing)
{
	for (guint i = 0; crossing->is_off_wire && i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == TRACE_LOOPBACK)
			return true;
	return false;
}

bool crossing_is_wrapped(struct bytes frame)
{
	static const uint8_t none[2 * sizeof(struct mac)];

	return frame.length >= ETHERNET_HEADER_BYTES && memcmp(frame.data, none, sizeof none) == 0;
}

GByteArray *crossing_wrap(struct bytes datagram)
{
	struct ethernet_header ethernet = { .type = ETHERTYPE_IPV4 };
	uint8_t header[ETHERNET_HEADER_BYTES];
	GByteArray *frame = g_byte_array_new();

	ethernet_header_emit(&ethernet, header);
	g_byte_array_append(frame, header, sizeof header);
	return g_byte_array_append(frame, datagram.data, (guint)datagram.length);
}

/* From itself or to itself. */
static void feed_loopback(struct crossing *crossing, const struct trace_record *record,
			  struct bytes datagram)
{
	GByteArray **end = record->flags & TRACE_INBOUND ? &crossing->received : &crossing->sent;

	if (*end == NULL)
		*end = crossing_wrap(datagram);
	crossing->is_off_wire = true;
}

/* Whether a header was put in front here: something was to go out. */
static bool has_added_header(const struct crossing *crossing)
{
	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == TRACE_ENCAPSULATE)
			return true;
	return false;
}

/* Dropped: by a cable or its queue as a frame, before that as a datagram. */
static void feed_drop(struct crossing *crossing, const struct trace_record *record,
		      struct bytes bytes)
{
	struct ipv4_header header;
	struct bytes payload;

	if (crossing->sent != NULL || crossing->unsent != NULL || !has_added_header(crossing))
		return;
	if (record->layer == LAYER_LINK)
		crossing->unsent = keep(bytes);
	else if (ipv4_header_parse(bytes, &header, &payload) == PARSE_OK)
		crossing->unsent = crossing_wrap(bytes);
}

/* A fragment is made, which becomes a crossing of its own. */
static void feed_fragment(struct crossings *crossings, const struct trace_record *record,
			  struct bytes bytes)
{
	struct crossing *whole = crossing_for(crossings, record, record->object);
	struct crossing *part;

	append(whole, record);
	if (bytes.length > 0 && whole->sent == NULL) {
		whole->sent = crossing_wrap(bytes);
		whole->is_off_wire = true;
	}
	part = crossing_open(crossings, record);
	part->is_part = true;
	append(part, record);
}

/* The datagram that a fragment completes becomes a crossing of its own. */
static void feed_reassembled(struct crossings *crossings, const struct trace_record *record,
			     struct bytes bytes)
{
	struct crossing *whole = crossing_for(crossings, record, record->packet);

	if (whole->packet != record->packet) {
		whole = crossing_open(crossings, record);
		whole->is_part = true;
	}
	append(whole, record);
	if (bytes.length > 0 && whole->received == NULL) {
		whole->received = crossing_wrap(bytes);
		whole->is_off_wire = true;
	}
}

/* What it waited for comes first: the packet that let it go on was begun later. */
static void put_last(struct crossings *crossings, struct crossing *crossing)
{
	g_ptr_array_remove(crossings->open, crossing);
	g_ptr_array_add(crossings->open, crossing);
}

void crossings_feed(struct crossings *crossings, const struct trace_record *record,
		    struct bytes bytes)
{
	struct crossing *crossing;

	if (!(KINDS & TRACE_BIT(record->kind)) || record->crossing == 0)
		return;
	if (record->kind == TRACE_DERIVE && record->layer == LAYER_IPV4) {
		if (record->detail == IPV4_FRAGMENT)
			feed_fragment(crossings, record, bytes);
		else
			feed_reassembled(crossings, record, bytes);
		return;
	}
	crossing = crossing_for(crossings, record, record->packet);
	append(crossing, record);
	if (crossing->is_waiting && (record->kind == TRACE_TRANSMIT || record->kind == TRACE_DROP))
		put_last(crossings, crossing);
	if (record->kind == TRACE_RECEIVE && crossing->received == NULL)
		crossing->received = keep(bytes);
	if (record->kind == TRACE_TRANSMIT && crossing->sent == NULL)
		crossing->sent = keep(bytes);
	if (record->kind == TRACE_LOOPBACK)
		feed_loopback(crossing, record, bytes);
	if (record->kind == TRACE_DROP)
		feed_drop(crossing, record, bytes);
	if (record->kind == TRACE_WAIT && record->layer != LAYER_IPV4)
		crossing->is_waiting = true;
	if (record->kind == TRACE_TRANSMIT || record->kind == TRACE_DROP)
		crossing->is_waiting = false;
}
