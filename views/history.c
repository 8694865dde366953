#include "views/history.h"

#include "protocols/mail/names.h"
#include "stack/names.h"
#include "views/crossing.h"
#include "views/history_private.h"

static void off_wire_free(gpointer data)
{
	g_byte_array_unref(data);
}

static void stations_free(gpointer data)
{
	g_array_unref(data);
}

struct history *history_new(const struct dissector *const *dissectors)
{
	struct history *history = g_new0(struct history, 1);

	history->model = model_new(dissectors);
	history->store = trace_store_new(TRACE_STORE_MEMORY_BYTES);
	history->crossings = crossings_new(history_keep_hop, history);
	history->events = g_array_new(FALSE, FALSE, sizeof(struct history_event));
	history->packets = g_array_new(FALSE, FALSE, sizeof(struct history_packet));
	history->hops = g_array_new(FALSE, FALSE, sizeof(struct history_hop));
	history->hop_packets = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	history->event_packets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	history->packet_hops = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	history->record_hops = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	history->record_events = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	history->packet_by_id = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL);
	history->segments = g_hash_table_new_full(trace_id_hash, g_int64_equal, NULL, g_free);
	history->rules = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL);
	history->off_wire = g_ptr_array_new_with_free_func(off_wire_free);
	history->stations = g_ptr_array_new_with_free_func(stations_free);
	return history;
}

void history_free(struct history *history)
{
	if (history == NULL)
		return;
	crossings_free(history->crossings);
	state_free(history->state);
	mailboxes_free(history->mailboxes);
	g_ptr_array_unref(history->stations);
	g_ptr_array_unref(history->off_wire);
	g_hash_table_destroy(history->segments);
	g_hash_table_destroy(history->rules);
	g_hash_table_destroy(history->packet_by_id);
	g_array_unref(history->record_events);
	g_array_unref(history->record_hops);
	g_array_unref(history->packet_hops);
	g_array_unref(history->event_packets);
	g_array_unref(history->hop_packets);
	g_array_unref(history->hops);
	g_array_unref(history->packets);
	g_array_unref(history->events);
	trace_store_free(history->store);
	model_free(history->model);
	g_free(history);
}

/* Feeding. */

static void keep_segment(struct history *history, const struct trace_record *record,
			 struct bytes frame)
{
	struct model_segment segment;
	struct history_segment *kept;

	if (!model_find_segment(history->model, frame, &segment))
		return;
	kept = g_new(struct history_segment, 1);
	*kept = (struct history_segment) {
		.packet = record->packet,
		.connection = segment.connection->number - 1,
		.direction = segment.direction->is_from_server,
		.flags = segment.flags,
		.sequence = segment.sequence,
		.acknowledgment = segment.acknowledgment,
		.offset = segment.offset,
		.length = segment.length,
	};
	g_hash_table_replace(history->segments, &kept->packet, kept);
}

static void keep_datagram(struct history *history, const struct trace_record *record,
			  struct bytes datagram)
{
	GByteArray *frame = crossing_wrap(datagram);

	keep_segment(history, record, (struct bytes) { frame->data, frame->len });
	g_byte_array_unref(frame);
}

static uint64_t rule_key(uint32_t node, uint64_t number)
{
	return (uint64_t)node << 32 | (uint32_t)number;
}

static void keep_rule(struct history *history, const struct trace_record *record, uint64_t index)
{
	uint64_t key = rule_key(trace_node_of(record->id), record->object);

	g_hash_table_insert(history->rules, g_memdup2(&key, sizeof key),
			    GSIZE_TO_POINTER(index + 1));
}

uint64_t history_find_rule(const struct history *history, uint32_t node, uint64_t number)
{
	uint64_t key = rule_key(node, number);
	gpointer found = g_hash_table_lookup(history->rules, &key);

	return found == NULL ? UINT64_MAX : GPOINTER_TO_SIZE(found) - 1;
}

void history_feed(struct history *history, const struct trace_record *record, struct bytes bytes)
{
	struct trace_sink *sink = trace_store_sink(history->store);
	uint64_t count = trace_store_count(history->store);
	const uint32_t none = HISTORY_NONE;

	sink->record(sink->owner, record, bytes);
	if (trace_store_count(history->store) == count) /* no room: the rest is left out */
		return;
	g_array_append_val(history->record_hops, none);
	g_array_append_val(history->record_events, none);
	model_feed(history->model, record, bytes);
	if (record->kind == TRACE_TRANSMIT && record->flags & TRACE_FIRST)
		keep_segment(history, record, bytes);
	if (record->kind == TRACE_LOOPBACK && !(record->flags & TRACE_INBOUND))
		keep_datagram(history, record, bytes);
	if (record->kind == TRACE_TABLE && record->layer == LAYER_FILTER)
		keep_rule(history, record, count);
	crossings_feed(history->crossings, record, bytes);
}

void history_finish(struct history *history)
{
	crossings_finish(history->crossings);
	history_arrange(history);
	history_make_events(history);
	history_collect_stations(history);
}

/* Asking. */

const struct model *history_model(const struct history *history)
{
	return history->model;
}

const struct trace_store *history_store(const struct history *history)
{
	return history->store;
}

const char *history_error(const struct history *history)
{
	return trace_store_error(history->store);
}

uint32_t history_event_count(const struct history *history)
{
	return history->events->len;
}

uint32_t history_packet_count(const struct history *history)
{
	return history->packets->len;
}

uint32_t history_hop_count(const struct history *history)
{
	return history->hops->len;
}

const struct history_event *history_event(const struct history *history, uint32_t index)
{
	return &g_array_index(history->events, struct history_event, index);
}

const struct history_packet *history_packet(const struct history *history, uint32_t index)
{
	return &g_array_index(history->packets, struct history_packet, index);
}

const struct history_hop *history_hop(const struct history *history, uint32_t index)
{
	return &g_array_index(history->hops, struct history_hop, index);
}

uint32_t history_event_packet(const struct history *history, const struct history_event *event,
			      uint32_t place)
{
	return g_array_index(history->event_packets, uint32_t, event->first_packet + place);
}

uint32_t history_packet_hop(const struct history *history, const struct history_packet *packet,
			    uint32_t place)
{
	return g_array_index(history->packet_hops, uint32_t, packet->first_hop + place);
}

uint32_t history_find_packet(const struct history *history, uint64_t packet)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(history->packet_by_id, &packet)) - 1;
}

uint32_t history_find_event(const struct history *history, uint64_t record_id)
{
	uint64_t index = trace_store_find(history->store, record_id);

	return index == UINT64_MAX ? HISTORY_NONE
				   : g_array_index(history->record_events, uint32_t, index);
}

uint32_t history_hop_at(const struct history *history, int64_t time_ns)
{
	uint32_t low = 0, high = history->hops->len;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (history_hop(history, middle)->time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < history->hops->len ? low : HISTORY_NONE;
}

uint32_t history_event_at(const struct history *history, int64_t time_ns)
{
	uint32_t low = 0, high = history->events->len;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (history_event(history, middle)->time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? HISTORY_NONE : low - 1;
}

const struct trace_record *history_record_at(const struct history *history, uint64_t index)
{
	return trace_store_record(history->store, index);
}

struct bytes history_bytes_at(const struct history *history, uint64_t index)
{
	return trace_store_bytes(history->store, history_record_at(history, index));
}

const struct history_segment *history_segment(const struct history *history, uint64_t packet)
{
	return g_hash_table_lookup(history->segments, &packet);
}

struct bytes history_packet_frame(const struct history *history,
				  const struct history_packet *packet)
{
	const struct history_hop *hop =
	    history_hop(history, history_packet_hop(history, packet, 0));

	return hop->sent.length > 0 ? hop->sent : hop->received;
}

uint64_t history_hop_record(const struct history *history, const struct history_hop *hop,
			    uint64_t from)
{
	uint32_t index = g_array_index(history->record_hops, uint32_t, hop->first_record);

	for (; from < hop->moment; from++)
		if (g_array_index(history->record_hops, uint32_t, from) == index)
			return from;
	return UINT64_MAX;
}

const struct trace_record *history_hop_find(const struct history *history,
					    const struct history_hop *hop, enum trace_kind kind,
					    int layer)
{
	for (uint64_t i = hop->first_record;
	     (i = history_hop_record(history, hop, i)) != UINT64_MAX; i++) {
		const struct trace_record *record = history_record_at(history, i);

		if (record->kind == kind && (layer < 0 || record->layer == layer))
			return record;
	}
	return NULL;
}

/* An event that is in the chain already was a detour: such as to ARP and back. */
static void lengthen(GArray *chain, uint32_t event)
{
	for (guint i = 0; i < chain->len; i++) {
		if (g_array_index(chain, uint32_t, i) == event) {
			g_array_set_size(chain, i + 1);
			return;
		}
	}
	g_array_append_val(chain, event);
}

GArray *history_causes(const struct history *history, uint32_t event)
{
	GArray *chain = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint64_t at = history_event(history, event)->record;

	g_array_append_val(chain, event);
	while (at != UINT64_MAX) { /* causes come before what they cause: this ends */
		uint64_t cause = history_record_at(history, at)->cause;
		uint64_t before = cause == 0 ? UINT64_MAX : trace_store_find(history->store, cause);
		uint32_t found;

		if (before == UINT64_MAX || before >= at)
			break;
		at = before;
		found = g_array_index(history->record_events, uint32_t, at);
		if (found != HISTORY_NONE)
			lengthen(chain, found);
	}
	return chain;
}

/* The state at a moment. */

const struct state *history_state(struct history *history, uint64_t moment)
{
	moment = MIN(moment, trace_store_count(history->store));
	if (history->state == NULL || moment < history->state_moment) {
		state_free(history->state);
		history->state = state_new(history->model);
		history->state_moment = 0;
	}
	for (; history->state_moment < moment; history->state_moment++)
		state_feed(history->state, history_record_at(history, history->state_moment),
			   history_bytes_at(history, history->state_moment));
	return history->state;
}

const struct mailboxes *history_mailboxes(struct history *history, uint64_t moment)
{
	moment = MIN(moment, trace_store_count(history->store));
	if (history->mailboxes == NULL || moment < history->mailboxes_moment) {
		mailboxes_free(history->mailboxes);
		history->mailboxes = mailboxes_new();
		history->mailboxes_moment = 0;
	}
	for (; history->mailboxes_moment < moment; history->mailboxes_moment++)
		mailboxes_feed(history->mailboxes,
			       history_record_at(history, history->mailboxes_moment),
			       history_bytes_at(history, history->mailboxes_moment));
	return history->mailboxes;
}

/* Stations. */

void history_collect_stations(struct history *history)
{
	for (uint64_t i = 0; i < trace_store_count(history->store); i++) {
		const struct trace_record *record = history_record_at(history, i);
		const struct model_mail *mail;

		if (record->kind != TRACE_MAIL)
			continue;
		mail = model_mail_of(history->model, record, history_bytes_at(history, i));
		if (mail == NULL)
			continue;
		while (history->stations->len < mail->number)
			g_ptr_array_add(history->stations,
					g_array_new(FALSE, FALSE, sizeof(struct history_station)));
		struct history_station station = {
			.moment = i + 1,
			.time_ns = record->time_ns,
			.event = g_array_index(history->record_events, uint32_t, i),
			.node = trace_node_of(record->id),
			.detail = record->detail,
			.step = (uint8_t)mail_step_of(record->detail),
			.actor = record->actor,
		};

		g_array_append_val((GArray *)history->stations->pdata[mail->number - 1], station);
	}
}

const struct history_station *history_stations(const struct history *history, uint32_t number,
					       uint32_t *count)
{
	GArray *stations;

	*count = 0;
	if (number == 0 || number > history->stations->len)
		return NULL;
	stations = history->stations->pdata[number - 1];
	*count = stations->len;
	return (const struct history_station *)stations->data;
}

uint32_t history_stations_until(const struct history *history, uint32_t number, uint64_t moment)
{
	uint32_t count, until = 0;
	const struct history_station *stations = history_stations(history, number, &count);

	while (until < count && stations[until].moment <= moment)
		until++;
	return until;
}
