/* Which event each packet, and each record without one, is of. */
#include "protocols/layer.h"
#include "stack/names.h"
#include "stack/wire/arp.h"
#include "views/history_classify.h"
#include "views/names.h"

struct history_event *classifier_event(struct history *history, uint32_t index)
{
	return &g_array_index(history->events, struct history_event, index);
}

/* Messages are numbered; the root of an event is one, or an action. */
uint32_t classifier_mail(const struct history *history, uint64_t root)
{
	const struct model_mail *mail = model_mail_by_root(history->model, root);

	return mail == NULL ? 0 : mail->number;
}

/* A new event that begins with record `index`. */
uint32_t classifier_begin(struct history *history, enum history_event_kind kind, unsigned layer,
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
		.mail = classifier_mail(history, record->root),
		.connection = HISTORY_NONE,
		.unit = HISTORY_NONE,
	};

	g_array_append_val(history->events, event);
	return history->events->len - 1;
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
		return classifier_begin(classifier->history, HISTORY_RESOLVE, LAYER_ARP,
					hop->first_record);
	is_question = arp.operation == ARP_REQUEST;
	key = is_question ? (uint64_t)arp.target_address << 32 | arp.sender_address
			  : (uint64_t)arp.sender_address << 32 | arp.target_address;
	event = GPOINTER_TO_UINT(g_hash_table_lookup(classifier->questions, &key)) - 1;
	if (event == HISTORY_NONE)
		event = classifier_begin(classifier->history, HISTORY_RESOLVE, LAYER_ARP,
					 hop->first_record);
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
		return classifier_begin(history, HISTORY_DATAGRAM, layer, hop->first_record);
	return classifier_begin(history, HISTORY_OTHER, layer, hop->first_record);
}

/* One that never left has no bytes: its records say of which layer it is. */
static uint32_t classify_unsent(struct history *history, const struct history_hop *hop)
{
	const struct trace_record *record = history_hop_find(history, hop, TRACE_ENCAPSULATE, -1);

	return classifier_begin(
	    history, HISTORY_OTHER,
	    record == NULL ? history_record_at(history, hop->first_record)->layer : record->layer,
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
	packet->is_retransmission = model_is_again(history->model, packet->id);
	packet->place = classifier_event(history, packet->event)->packet_count++;
}

/* Records that are of no packet. */
static uint32_t classify_record(struct history *history, const struct trace_record *record,
				uint64_t index)
{
	const struct model_mail *mail;
	uint32_t event;

	switch (record->kind) {
	case TRACE_ACTION:
		return classifier_begin(history, HISTORY_ACTION, LAYER_USER, index);
	case TRACE_MAIL:
		event = classifier_begin(history, HISTORY_MAIL, LAYER_MAIL, index);
		mail = model_mail_of(history->model, record, history_bytes_at(history, index));
		classifier_event(history, event)->mail = mail == NULL ? 0 : mail->number;
		return event;
	case TRACE_STATE:
	case TRACE_TABLE:
	case TRACE_PHASE:
	case TRACE_MAILBOX:
		return classifier_begin(history, HISTORY_CHANGE, record->layer, index);
	default:
		return HISTORY_NONE;
	}
}

/* Packets of each event in order, and the event of each hop. */
static void group_packets(struct history *history)
{
	uint32_t first = 0;

	for (guint i = 0; i < history->events->len; i++) {
		classifier_event(history, i)->first_packet = first;
		first += classifier_event(history, i)->packet_count;
	}
	g_array_set_size(history->event_packets, first);
	for (guint i = 0; i < history->packets->len; i++) {
		const struct history_packet *packet = history_packet(history, i);
		struct history_event *event = classifier_event(history, packet->event);

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
		.questions = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, NULL),
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
