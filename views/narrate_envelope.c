/* One command in its envelopes: what each node on its way takes off, changes and puts on. */
#include "protocols/actor.h"
#include "protocols/imap/dissect.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "stack/names.h"
#include "views/figures.h"
#include "views/narrate_parts.h"
#include "views/narrate_passage.h"
#include "views/names.h"

/* The first thing a client says on a connection, of a mail protocol, in clear if possible. */
bool narrate_first_command(const struct narrator *narrator, const struct leg *leg,
			   struct saying *found)
{
	GArray *sayings = narrate_sayings(narrator, leg, SCENE_NONE, false);
	bool is_found = false;

	for (guint i = 0; i < sayings->len && !is_found; i++) {
		*found = g_array_index(sayings, struct saying, i);
		is_found = !found->is_from_server && narrate_packet_of(narrator, found) != NULL;
	}
	g_array_unref(sayings);
	return is_found;
}

static bool is_mail(const struct leg *leg)
{
	const struct dissector *dissector = leg->connection->dissector;

	return dissector == &smtp_dissector || dissector == &pop3_dissector ||
	       dissector == &imap_dissector;
}

/* The example: the first command of a mail session with the most nodes on its way among the first. */
static bool find_example(const struct narrator *narrator, struct saying *found,
			 const struct leg **leg)
{
	for (guint i = 0; i < narrator->legs->len; i++) {
		*leg = narrate_leg(narrator, i);
		if (is_mail(*leg) && (*leg)->syn_ack != NULL &&
		    narrate_first_command(narrator, *leg, found))
			return true;
	}
	return false;
}

/* "TCP 32 bytes, IPv4 20 bytes and Ethernet 14 bytes" */
static void list_headers(struct narrator *narrator, struct story_sentence *sentence,
			 const GPtrArray *records)
{
	for (guint i = 0; i < records->len; i++) {
		const struct trace_record *record = records->pdata[i];
		struct story_fact layer = fact_word(view_layer_name(record->layer));

		layer.look = STORY_STRONG;
		layer.layer = record->layer;
		GO_ON(sentence,
		      i == 0                  ? "{} {} bytes"
		      : i + 1 == records->len ? " and {} {} bytes"
					      : ", {} {} bytes",
		      layer, fact_number(narrator, record, STORY_HEADER));
	}
}

static void tell_sender(struct narrator *narrator, const struct passage *passage,
			const struct saying *saying, struct story_block *list)
{
	struct story_sentence *sentence;

	if (passage->tls_bytes > 0 && passage->on->len > 0)
		sentence = SAY(
		    list,
		    "{} makes it. Its mail program hands the {} bytes of {} to TLS, which encrypts "
		    "them and puts a record around: {} bytes go to TCP, and each layer below "
		    "puts a header of its own in front: ",
		    fact_node(narrator, passage->hop->node), fact_saying_bytes(narrator, saying),
		    fact_line(narrator, saying, 0),
		    fact_number(narrator, passage->on->pdata[0], STORY_AFTER));
	else
		sentence =
		    SAY(list,
			"{} makes it. Its mail program hands the {} bytes of {} to TCP, and each "
			"layer puts a header of its own in front: ",
			fact_node(narrator, passage->hop->node),
			fact_saying_bytes(narrator, saying), fact_line(narrator, saying, 0));
	list_headers(narrator, sentence, passage->on);
	if (passage->transmit == NULL) {
		story_go_on(sentence, ".", NULL, 0);
		return;
	}
	GO_ON(
	    sentence,
	    ". A frame of {} bytes leaves. Its IPv4 header is addressed to {}, the far end, with a "
	    "TTL of {}; its Ethernet header to {}, the next hop.",
	    fact_number(narrator, passage->transmit, STORY_LENGTH),
	    fact_field(narrator, passage->transmit, DECODE_IPV4, "Destination Address", STORY_IPV4),
	    fact_field(narrator, passage->transmit, DECODE_IPV4, "Time to Live", STORY_DECIMAL),
	    fact_field(narrator, passage->transmit, DECODE_ETHERNET, "Destination Address",
		       STORY_MAC));
}

static void tell_switch(struct narrator *narrator, const struct passage *passage,
			struct story_block *list, bool is_first)
{
	if (passage->forward == NULL)
		return;
	SAY(list,
	    is_first
		? "{} is a switch: it reads the destination address of the Ethernet header, and "
		  "nothing behind it, passes the frame on from port {} to port {}, and changes not "
		  "one bit."
		: "{} is a switch as well: in at port {}, out at port {}, nothing changed.",
	    fact_node(narrator, passage->hop->node),
	    fact_number(narrator, passage->forward, STORY_BEFORE),
	    fact_number(narrator, passage->forward, STORY_AFTER));
}

static void tell_router(struct narrator *narrator, const struct passage *passage,
			struct story_block *list, bool is_first)
{
	const struct trace_record *off = passage->off->len > 0 ? passage->off->pdata[0] : NULL;
	const struct trace_record *on = passage->on->len > 0 ? passage->on->pdata[0] : NULL;
	const struct trace_record *tampered;
	struct story_sentence *sentence;

	if (off == NULL || on == NULL || passage->forward == NULL || passage->transmit == NULL)
		return;
	sentence = SAY(
	    list,
	    "{} is a router. It takes the Ethernet header off ({} bytes), for the frame was "
	    "addressed "
	    "to it; reads the IPv4 header and lowers the TTL from {} to {}; and puts a new "
	    "Ethernet "
	    "header on ({} bytes), this time from {} to {}.",
	    fact_node(narrator, passage->hop->node), fact_number(narrator, off, STORY_HEADER),
	    fact_number(narrator, passage->forward, STORY_BEFORE),
	    fact_number(narrator, passage->forward, STORY_AFTER),
	    fact_number(narrator, on, STORY_HEADER),
	    fact_field(narrator, passage->transmit, DECODE_ETHERNET, "Source Address", STORY_MAC),
	    fact_field(narrator, passage->transmit, DECODE_ETHERNET, "Destination Address",
		       STORY_MAC));
	if (passage->translate != NULL && passage->receive != NULL) {
		GO_ON(sentence,
		      " It also translates addresses (NAT): what came from {} port {} goes on from "
		      "{} port "
		      "{}, so here even TCP's header is rewritten.",
		      fact_field(narrator, passage->receive, DECODE_IPV4, "Source Address",
				 STORY_IPV4),
		      fact_field(narrator, passage->receive, DECODE_TCP, "Source Port",
				 STORY_DECIMAL),
		      fact_field(narrator, passage->transmit, DECODE_IPV4, "Source Address",
				 STORY_IPV4),
		      fact_field(narrator, passage->transmit, DECODE_TCP, "Source Port",
				 STORY_DECIMAL));
		return;
	}
	tampered = narrate_tampered(narrator, passage->hop->node);
	if (tampered != NULL)
		GO_ON(sentence,
		      " TCP and what is in it are none of a router's business; this one looks all "
		      "the same, and overwrites what it does not like, as at {}.",
		      fact_time(narrator, tampered));
	else if (is_first)
		story_go_on(sentence,
			    " TCP and what is in it are none of its business; it does not look.",
			    NULL, 0);
}

static void tell_receiver(struct narrator *narrator, const struct passage *passage,
			  struct story_block *list)
{
	struct story_sentence *sentence;

	if (passage->off->len == 0 || passage->receive == NULL)
		return;
	sentence = SAY(list, "{} is the other end and opens everything, from the outside in: ",
		       fact_node(narrator, passage->hop->node));
	list_headers(narrator, sentence, passage->off);
	if (passage->tls_bytes > 0)
		story_go_on(sentence, ". TLS takes its record off and decrypts what it enclosed",
			    NULL, 0);
	GO_ON(
	    sentence, ". What is left goes to the program that listens on port {}.",
	    fact_field(narrator, passage->receive, DECODE_TCP, "Destination Port", STORY_DECIMAL));
}

static void tell_passage(struct narrator *narrator, const struct passage *passage,
			 const struct saying *saying, struct story_block *list, unsigned seen[])
{
	switch ((enum history_outcome)passage->hop->outcome) {
	case HISTORY_MADE:
		tell_sender(narrator, passage, saying, list);
		break;
	case HISTORY_SWITCHED:
		tell_switch(narrator, passage, list, seen[HISTORY_SWITCHED]++ == 0);
		break;
	case HISTORY_ROUTED:
		tell_router(narrator, passage, list, seen[HISTORY_ROUTED]++ == 0);
		break;
	case HISTORY_DELIVERED:
		tell_receiver(narrator, passage, list);
		break;
	default:
		break;
	}
}

/* What labels of nested boxes are made of. */
struct box_labels {
	struct narrator *narrator;
	struct story_block *figure;
	const struct trace_record *before, *after; /* the frames */
};

/* What TLS protects: the last that was said before `frame` and is that long; else the frame alone. */
static struct story_fact fact_unit_bytes(struct narrator *narrator, const struct box *box,
					 const struct trace_record *frame)
{
	for (uint64_t i = trace_store_find(narrator->store, frame->id); i-- > 0;) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_UNIT && record->layer == box->layer &&
		    record->after == box->header_bytes)
			return fact_number(narrator, record, STORY_AFTER);
	}
	return fact_because(frame);
}

/* From the record of putting this header on, or these bytes into a segment, wherever that was. */
static struct story_fact fact_header_bytes(struct narrator *narrator, const struct box *box,
					   const struct trace_record *frame)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind != TRACE_ENCAPSULATE || record->packet != frame->packet)
			continue;
		if (record->layer == box->layer && record->header_bytes == box->header_bytes)
			return fact_number(narrator, record, STORY_HEADER);
		if (record->layer == LAYER_TCP && record->after == box->header_bytes)
			return fact_number(narrator, record, STORY_AFTER);
	}
	return fact_unit_bytes(narrator, box, frame);
}

static void label_row(void *owner, const struct figure_row *row)
{
	const struct box_labels *labels = owner;
	struct narrator *narrator = labels->narrator;
	const struct trace_record *frame = row->is_before ? labels->before : labels->after;
	struct story_fact fact;

	if (frame == NULL)
		return;
	if (row->field == NULL && row->line == NULL) {
		fact = fact_header_bytes(narrator, row->box, frame);
		LABEL(labels->figure, fact.text == NULL ? "{}" : "{} · {} B",
		      fact_word(row->box->name), fact);
		return;
	}
	if (row->line != NULL) {
		LABEL(labels->figure, "{}",
		      fact_word(g_string_chunk_insert(narrator->story->texts, row->line)),
		      fact_because(frame));
		return;
	}
	fact =
	    fact_value(narrator, frame, row->field->start_bit, row->field->bits, row->field->value);
	if (fact.text != NULL)
		LABEL(labels->figure, "{} {}", fact_word(row->field->name), fact);
	else
		LABEL(labels->figure, "{} {}", fact_word(row->field->name),
		      fact_word(g_string_chunk_insert(narrator->story->texts, row->field->value)),
		      fact);
}

static void label_boxes(struct narrator *narrator, const struct history_hop *hop,
			const struct figure_boxes *boxes, struct story_block *figure)
{
	struct passage passage;

	narrate_passage_read(narrator, hop, &passage);
	figure_boxes_rows(
	    narrator->model, boxes, label_row,
	    &(struct box_labels) { narrator, figure, passage.receive, passage.transmit });
	narrate_passage_clear(&passage);
}

/* The frame as it comes to the first router and as it leaves it; of none, as the sender makes it. */
static void draw_boxes(struct narrator *narrator, const struct history_packet *packet,
		       const struct saying *saying)
{
	const struct history_hop *hop = narrate_hop_of(narrator, packet, 0);
	struct story_block *figure;
	struct figure_boxes boxes = { .after = hop->sent };
	g_autofree char *title =
	    g_strdup_printf("made by %s", model_node_name(narrator->model, hop->node));

	for (uint32_t i = 0; i < packet->hop_count; i++)
		if (narrate_hop_of(narrator, packet, i)->outcome == HISTORY_ROUTED) {
			hop = narrate_hop_of(narrator, packet, i);
			boxes.before = hop->received;
			boxes.after = hop->sent;
			boxes.before_title = "as it reaches the router";
			break;
		}
	boxes.after_title = boxes.before.length > 0 ? "as it leaves the router" : title;
	figure =
	    story_figure(narrator->story, "envelopes-boxes", figure_boxes(narrator->model, &boxes),
			 "Nested boxes: the command inside TCP, inside IPv4, inside Ethernet, "
			 "before and after the router");
	if (boxes.before.length > 0)
		SAY(figure,
		    "Frame {} in its envelopes, before and after {}. What the router changed is "
		    "marked.",
		    fact_saying_frame(narrator, saying), fact_node(narrator, hop->node));
	else
		SAY(figure, "Frame {} in its envelopes.", fact_saying_frame(narrator, saying));
	label_boxes(narrator, hop, &boxes, figure);
}

void narrate_envelopes(struct narrator *narrator)
{
	const struct history_packet *packet;
	unsigned seen[HISTORY_WAITING + 1] = { 0 };
	struct story_block *list;
	struct saying saying;
	const struct leg *leg;

	if (!find_example(narrator, &saying, &leg))
		return;
	packet = narrate_packet_of(narrator, &saying);
	SAY(story_heading(narrator->story, 1, "envelopes"), "One command in its envelopes",
	    fact_because(saying.frame));
	SAY(story_paragraph(narrator->story),
	    "Everything that follows travels in the same way, so let us watch one command closely: "
	    "{}, "
	    "sent by {} to {} in frame {} at {}. To put a header in front is called encapsulation, "
	    "to "
	    "take it off again decapsulation.",
	    fact_line(narrator, &saying, 0), fact_node(narrator, leg->client),
	    fact_node(narrator, leg->server), fact_saying_frame(narrator, &saying),
	    fact_time(narrator, saying.frame));
	list = story_list(narrator->story, true);
	for (uint32_t i = 0; i < packet->hop_count; i++) {
		struct passage passage;

		narrate_passage_read(narrator, narrate_hop_of(narrator, packet, i), &passage);
		tell_passage(narrator, &passage, &saying, list, seen);
		narrate_passage_clear(&passage);
	}
	if (narrator->level != NARRATE_SHORT)
		draw_boxes(narrator, packet, &saying);
	SAY(story_paragraph(narrator->story),
	    "The answer comes back in the same way, each node in the opposite role. So full "
	    "encapsulation and decapsulation happen at the two ends alone; in between, switches do "
	    "none "
	    "and routers that of Ethernet.",
	    fact_because(saying.frame));
}
