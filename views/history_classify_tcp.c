/* Which event each segment is of. */
#include "protocols/layer.h"
#include "stack/tcp/names.h"
#include "stack/wire/tcp.h"
#include "views/history_classify.h"
#include "views/names.h"

static const struct model_direction *direction_of(const struct history *history,
						  const struct history_segment *segment)
{
	return &model_connection(history->model, segment->connection)
		    ->directions[segment->direction];
}

static const struct model_direction *other_direction(const struct history *history,
						     const struct history_segment *segment)
{
	return &model_connection(history->model, segment->connection)
		    ->directions[!segment->direction];
}

static uint32_t begin_tcp(struct classifier *classifier, enum history_event_kind kind,
			  const struct history_segment *segment, uint64_t record)
{
	uint32_t index = classifier_begin(classifier->history, kind, LAYER_TCP, record);
	struct history_event *event = classifier_event(classifier->history, index);

	event->connection = segment->connection;
	event->direction = segment->direction;
	return index;
}

static uint32_t *unit_event(GArray *events, unsigned unit)
{
	const uint32_t none = HISTORY_NONE;

	while (events->len <= unit)
		g_array_append_val(events, none);
	return &g_array_index(events, uint32_t, unit);
}

/* What the first unit of an event says of it. */
static void dress(struct history *history, struct history_event *event,
		  const struct model_unit *unit)
{
	int layer = view_layer_find(unit->dissector->key);

	if (layer >= 0)
		event->layer = (uint8_t)layer;
	event->is_encrypted = unit->is_encrypted;
	if (unit->root != 0) {
		event->root = unit->root;
		event->mail = classifier_mail(history, unit->root);
	}
}

/* A long message is a unit for each segment that carries a piece of it: they are one event. */
static bool goes_on(const struct model_direction *direction, unsigned unit)
{
	const struct model_unit *piece = direction->units->pdata[unit], *before;

	if (unit == 0 || piece->is_complete)
		return false;
	before = direction->units->pdata[unit - 1];
	return !before->is_complete && before->kind == piece->kind &&
	       before->dissector == piece->dissector;
}

/*
 * A segment is of the event of the first unit that it carries bytes of. Units that end in it join that
 * event; one that goes on behind it begins an event of its own with the next segment.
 */
static uint32_t classify_payload(struct classifier *classifier,
				 const struct history_segment *segment, uint64_t record)
{
	const struct model_direction *direction = direction_of(classifier->history, segment);
	GArray *events = classifier->conversations[segment->connection].events[segment->direction];
	unsigned first = model_unit_index(direction, segment->offset);
	uint64_t end = segment->offset + segment->length;
	const struct model_unit *unit =
	    first < direction->units->len ? direction->units->pdata[first] : NULL;
	struct history_event *event;
	uint32_t index;
	bool is_new;

	if (unit == NULL || unit->offset >= end)
		return begin_tcp(classifier, HISTORY_OTHER, segment, record);
	index = *unit_event(events, first);
	if (index == HISTORY_NONE && goes_on(direction, first))
		index = *unit_event(events, first) = *unit_event(events, first - 1);
	is_new = index == HISTORY_NONE;
	if (is_new)
		index = begin_tcp(classifier, HISTORY_UNIT, segment, record);
	event = classifier_event(classifier->history, index);
	if (is_new) {
		event->unit = first;
		dress(classifier->history, event, unit);
	}
	for (unsigned i = first; i < direction->units->len; i++) {
		const struct model_unit *next = direction->units->pdata[i];

		if (next->offset >= end || (!is_new && next->offset + next->length > end))
			break;
		if (*unit_event(events, i) != HISTORY_NONE)
			continue;
		*unit_event(events, i) = index;
		event->unit_count = i - event->unit + 1;
	}
	return index;
}

/* Probes and window updates are asked for by no byte that came. */
static bool is_of_its_own(const struct trace_record *record)
{
	if (record == NULL)
		return false;
	switch (record->detail) {
	case TCP_PROBE_WINDOW:
	case TCP_PROBE_KEEPALIVE:
	case TCP_ACK_WINDOW:
	case TCP_ACK_CHALLENGE:
		return true;
	default:
		return false;
	}
}

/* The event whose bytes a segment acknowledges. Byte 0 of a stream has the relative number 1. */
static uint32_t acknowledged(struct classifier *classifier, const struct history_segment *segment)
{
	const struct model_direction *other = other_direction(classifier->history, segment);
	struct conversation *conversation = &classifier->conversations[segment->connection];
	unsigned unit;

	if (segment->acknowledgment < 2)
		return HISTORY_NONE;
	if (other->has_fin && segment->acknowledgment == (uint32_t)other->fin_offset + 2)
		return conversation->close;
	unit = model_unit_index(other, segment->acknowledgment - 2);
	return unit < other->units->len
		   ? *unit_event(conversation->events[!segment->direction], unit)
		   : HISTORY_NONE;
}

uint32_t classify_segment(struct classifier *classifier, const struct history_hop *hop,
			  const struct history_segment *segment)
{
	struct conversation *conversation = &classifier->conversations[segment->connection];
	const struct trace_record *made =
	    history_hop_find(classifier->history, hop, TRACE_ENCAPSULATE, LAYER_TCP);
	uint64_t record = hop->first_record;
	uint32_t found;

	if (segment->length <= 1 && is_of_its_own(made))
		return begin_tcp(classifier, HISTORY_CONTROL, segment, record);
	if (segment->length > 0)
		return classify_payload(classifier, segment, record);
	if (segment->flags & TCP_SYN ||
	    (!conversation->is_open && conversation->handshake != HISTORY_NONE &&
	     !(segment->flags & (TCP_FIN | TCP_RST)))) {
		conversation->is_open = !(segment->flags & TCP_SYN);
		if (conversation->handshake == HISTORY_NONE)
			conversation->handshake =
			    begin_tcp(classifier, HISTORY_HANDSHAKE, segment, record);
		return conversation->handshake;
	}
	if (segment->flags & (TCP_FIN | TCP_RST)) {
		if (conversation->close == HISTORY_NONE)
			conversation->close = begin_tcp(classifier, HISTORY_CLOSE, segment, record);
		return conversation->close;
	}
	found = acknowledged(classifier, segment);
	return found != HISTORY_NONE ? found
				     : begin_tcp(classifier, HISTORY_CONTROL, segment, record);
}
