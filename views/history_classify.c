/* Which event each packet, and each record without one, is of. */
#include "protocols/layer.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/arp.h"
#include "stack/wire/tcp.h"
#include "views/history_private.h"
#include "views/names.h"

/* Events of one connection. HISTORY_NONE: not begun. */
struct conversation {
	uint32_t handshake, close;
	bool is_open;      /* the handshake is complete */
	GArray *events[2]; /* of uint32_t: the event of each unit */
};

struct classifier {
	struct history *history;
	struct conversation *conversations;
	GHashTable *questions; /* ARP, asked address << 32 | asker, to the event that is open + 1 */
};

static struct history_event *event_at(struct history *history, uint32_t index)
{
	return &g_array_index(history->events, struct history_event, index);
}

/* Messages are numbered; the root of an event is one, or an action. */
static uint32_t mail_of(const struct history *history, uint64_t root)
{
	const struct model_mail *mail = model_mail_by_root(history->model, root);

	return mail == NULL ? 0 : mail->number;
}

/* A new event that begins with record `index`. */
static uint32_t begin(struct history *history, enum history_event_kind kind, unsigned layer,
		      uint64_t index)
{
	const struct trace_record *record = history_record_at(history, index);
	struct history_event event = {
		.kind = (uint8_t)kind,
		.layer = (uint8_t)layer,
		.time_ns = record->time_ns,
		.last_ns = record->time_ns,
		.moment = index + 1,
		.record = index,
		.root = record->root,
		.node = trace_node_of(record->id),
		.mail = mail_of(history, record->root),
		.connection = HISTORY_NONE,
		.unit = HISTORY_NONE,
	};

	g_array_append_val(history->events, event);
	return history->events->len - 1;
}

/* TCP. */

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
	uint32_t index = begin(classifier->history, kind, LAYER_TCP, record);
	struct history_event *event = event_at(classifier->history, index);

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
		event->mail = mail_of(history, unit->root);
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
	event = event_at(classifier->history, index);
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

static uint32_t classify_segment(struct classifier *classifier, const struct history_hop *hop,
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

/* ARP: a question, all times it is asked until it is answered, and the answer. */

static uint32_t classify_arp(struct classifier *classifier, const struct history_hop *hop,
			     struct bytes payload)
{
	struct arp_packet arp;
	uint64_t key;
	uint32_t event;
	bool is_question;

	if (arp_packet_parse(payload, &arp) != PARSE_OK || arp.sender_address == arp.target_address)
		return begin(classifier->history, HISTORY_RESOLVE, LAYER_ARP, hop->first_record);
	is_question = arp.operation == ARP_REQUEST;
	key = is_question ? (uint64_t)arp.target_address << 32 | arp.sender_address
			  : (uint64_t)arp.sender_address << 32 | arp.target_address;
	event = GPOINTER_TO_UINT(g_hash_table_lookup(classifier->questions, &key)) - 1;
	if (event == HISTORY_NONE)
		event = begin(classifier->history, HISTORY_RESOLVE, LAYER_ARP, hop->first_record);
	if (is_question)
		g_hash_table_insert(classifier->questions, g_memdup2(&key, sizeof key),
				    GUINT_TO_POINTER(event + 1));
	else
		g_hash_table_remove(classifier->questions, &key);
	return event;
}

/* Datagrams. */

/* The event of the datagram that this is a fragment of, or the other way round. */
static uint32_t classify_derived(const struct history *history, const struct history_hop *hop)
{
	for (uint64_t i = hop->first_record;
	     (i = history_hop_record(history, hop, i)) != UINT64_MAX; i++) {
		const struct trace_record *record = history_record_at(history, i);
		uint32_t parent;

		if (record->kind != TRACE_DERIVE || record->layer != LAYER_IPV4)
			continue;
		parent = history_find_packet(history, record->object);
		if (parent != HISTORY_NONE &&
		    history_packet(history, parent)->event != HISTORY_NONE)
			return history_packet(history, parent)->event;
	}
	return HISTORY_NONE;
}

/* The layer above IP that has a name of its own, from the bytes. */
static unsigned layer_of(const struct account *account)
{
	struct account_datagram room;
	const struct decode *decode = account->decode;

	if (decode_find(decode, DECODE_UDP) != NULL) {
		const struct account_datagram *datagram = account_unit(account, &room);
		int layer = datagram->dissector == NULL ? LAYER_UDP
							: view_layer_find(datagram->dissector->key);

		return layer < 0 ? LAYER_UDP : (unsigned)layer;
	}
	return decode_find(decode, DECODE_ICMP) != NULL   ? LAYER_ICMP
	       : decode_find(decode, DECODE_TCP) != NULL  ? LAYER_TCP
	       : decode_find(decode, DECODE_IPV4) != NULL ? LAYER_IPV4
							  : LAYER_ETHERNET;
}

static uint32_t classify_frame(struct classifier *classifier, const struct history_hop *hop,
			       struct bytes frame)
{
	struct history *history = classifier->history;
	const struct decode_layer *arp;
	struct decode decode;
	struct model_segment segment;
	struct account account;
	unsigned layer;

	model_account(history->model, frame, &decode, &segment, &account);
	arp = decode_find(&decode, DECODE_ARP);
	if (arp != NULL)
		return classify_arp(classifier, hop, bytes_from(frame, arp->start));
	layer = layer_of(&account);
	if (layer == LAYER_ICMP || layer == LAYER_UDP || layer >= LAYER_STACK_COUNT)
		return begin(history, HISTORY_DATAGRAM, layer, hop->first_record);
	return begin(history, HISTORY_OTHER, layer, hop->first_record);
}

/* One that never left has no bytes: its records say of which layer it is. */
static uint32_t classify_unsent(struct history *history, const struct history_hop *hop)
{
	const struct trace_record *record = history_hop_find(history, hop, TRACE_ENCAPSULATE, -1);

	return begin(history, HISTORY_OTHER,
		     record == NULL ? history_record_at(history, hop->first_record)->layer
				    : record->layer,
		     hop->first_record);
}

static void classify_packet(struct classifier *classifier, uint32_t index)
{
	struct history *history = classifier->history;
	struct history_packet *packet =
	    &g_array_index(history->packets, struct history_packet, index);
	const struct history_segment *segment = history_segment(history, packet->id);
	const struct history_hop *hop =
	    history_hop(history, history_packet_hop(history, packet, 0));
	struct bytes frame = history_packet_frame(history, packet);

	packet->event = classify_derived(history, hop);
	if (packet->event == HISTORY_NONE)
		packet->event = segment != NULL    ? classify_segment(classifier, hop, segment)
				: frame.length > 0 ? classify_frame(classifier, hop, frame)
						   : classify_unsent(history, hop);
	for (uint64_t i = hop->first_record;
	     (i = history_hop_record(history, hop, i)) != UINT64_MAX; i++) {
		const struct trace_record *record = history_record_at(history, i);

		if (record->kind == TRACE_ENCAPSULATE && record->flags & TRACE_RETRANSMIT)
			packet->is_retransmission = true;
	}
	packet->place = event_at(history, packet->event)->packet_count++;
}

/* Records that are of no packet. */
static uint32_t classify_record(struct history *history, const struct trace_record *record,
				uint64_t index)
{
	const struct model_mail *mail;
	uint32_t event;

	switch (record->kind) {
	case TRACE_ACTION:
		return begin(history, HISTORY_ACTION, LAYER_USER, index);
	case TRACE_MAIL:
		event = begin(history, HISTORY_MAIL, LAYER_MAIL, index);
		mail = model_mail_of(history->model, record, history_bytes_at(history, index));
		event_at(history, event)->mail = mail == NULL ? 0 : mail->number;
		return event;
	case TRACE_STATE:
	case TRACE_TABLE:
	case TRACE_PHASE:
	case TRACE_MAILBOX:
		return begin(history, HISTORY_CHANGE, record->layer, index);
	default:
		return HISTORY_NONE;
	}
}

/* Packets of each event in order, and the event of each hop. */
static void group_packets(struct history *history)
{
	uint32_t first = 0;

	for (guint i = 0; i < history->events->len; i++) {
		event_at(history, i)->first_packet = first;
		first += event_at(history, i)->packet_count;
	}
	g_array_set_size(history->event_packets, first);
	for (guint i = 0; i < history->packets->len; i++) {
		const struct history_packet *packet = history_packet(history, i);
		struct history_event *event = event_at(history, packet->event);

		g_array_index(history->event_packets, uint32_t,
			      event->first_packet + packet->place) = i;
		for (uint32_t k = 0; k < packet->hop_count; k++) {
			struct history_hop *hop =
			    &g_array_index(history->hops, struct history_hop,
					   history_packet_hop(history, packet, k));

			hop->event = packet->event;
			event->last_ns = MAX(event->last_ns, hop->last_ns);
		}
	}
}

static void classifier_init(struct classifier *classifier, struct history *history)
{
	unsigned count = model_connection_count(history->model);

	*classifier = (struct classifier) {
		.history = history,
		.conversations = g_new(struct conversation, count),
		.questions = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
	};
	for (unsigned i = 0; i < count; i++)
		classifier->conversations[i] = (struct conversation) {
			.handshake = HISTORY_NONE,
			.close = HISTORY_NONE,
			.events = {g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                                   g_array_new(FALSE, FALSE, sizeof(uint32_t))},
		};
}

static void classifier_clear(struct classifier *classifier)
{
	unsigned count = model_connection_count(classifier->history->model);

	for (unsigned i = 0; i < count; i++) {
		g_array_unref(classifier->conversations[i].events[0]);
		g_array_unref(classifier->conversations[i].events[1]);
	}
	g_free(classifier->conversations);
	g_hash_table_destroy(classifier->questions);
}

void history_make_events(struct history *history)
{
	struct classifier classifier;

	classifier_init(&classifier, history);
	for (uint64_t i = 0; i < trace_store_count(history->store); i++) {
		uint32_t hop = g_array_index(history->record_hops, uint32_t, i);
		uint32_t *event = &g_array_index(history->record_events, uint32_t, i);

		if (hop == HISTORY_NONE) {
			*event = classify_record(history, history_record_at(history, i), i);
			continue;
		}
		const struct history_packet *packet =
		    history_packet(history, history_hop(history, hop)->packet);

		if (packet->event == HISTORY_NONE)
			classify_packet(&classifier, history_hop(history, hop)->packet);
		*event = packet->event;
	}
	group_packets(history);
	classifier_clear(&classifier);
}
