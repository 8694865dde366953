/* What went wrong in a scene: packets that were lost, and what TCP did about it. */
#include "protocols/layer.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/names.h"
#include "views/narrate_parts.h"

#define TOLD_MAX 3 /* of each kind; of more it is said how many there are */

static const struct trace_record *at(const struct narrator *narrator, const struct scene *scene,
				     guint index)
{
	return narrate_record(narrator, g_array_index(scene->trouble, uint64_t, index));
}

static bool is_retransmission(const struct trace_record *record)
{
	return record->kind == TRACE_ENCAPSULATE && (record->flags & TRACE_RETRANSMIT);
}

/* When these bytes were sent before: the last segment of that direction that began where this does. */
static const struct trace_record *sent_before(const struct narrator *narrator,
					      const struct trace_record *again)
{
	uint64_t index = trace_store_find(narrator->store, again->id);

	for (uint64_t i = index; i-- > 0;) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_TCP &&
		    record->object == again->object && record->before <= again->before &&
		    record->before + MAX(record->after, 1) > again->before)
			return record;
	}
	return NULL;
}

static void explain_retransmission(struct narrator *narrator, const struct trace_record *record,
				   struct story_block *paragraph)
{
	static const char *const reasons[] = {
		[TCP_RETRANSMIT_TIMEOUT] =
		    "no acknowledgment came before the retransmission timer ran out",
		[TCP_RETRANSMIT_FAST] = "acknowledgments of later bytes showed that it was missing",
		[TCP_RETRANSMIT_RACK] = "a later segment had arrived, so this one should have, too",
		[TCP_RETRANSMIT_TAIL] = "it was the last one, and TCP probes for a lost tail early",
		[TCP_RETRANSMIT_PATH_MTU] = "a router could not pass the larger one on",
		[TCP_RETRANSMIT_ASKED] = "the SYN came again",
	};
	const char *reason =
	    record->detail < G_N_ELEMENTS(reasons) ? reasons[record->detail] : NULL;

	if (reason != NULL)
		SAY(paragraph, "The reason: {}.", fact_word(reason), fact_because(record));
	if (narrate_is_new(narrator, CONCEPT_RETRANSMISSION))
		SAY(paragraph,
		    "SMTP, POP3 and IMAP never notice: TCP numbers every byte, keeps what is not "
		    "acknowledged, and hands the receiver the stream without a gap.",
		    fact_because(record));
}

static void tell_retransmission(struct narrator *narrator, const struct trace_record *record,
				struct story_block *paragraph)
{
	const struct trace_record *frame = narrate_transmit(narrator, record->packet);
	const struct trace_record *before = sent_before(narrator, record);
	const struct trace_record *first =
	    before == NULL ? NULL : narrate_transmit(narrator, before->packet);

	if (frame == NULL)
		return;
	if (first != NULL)
		SAY(paragraph, "{} sends the segment of frame {} once more, {} later (frame {}).",
		    fact_node(narrator, trace_node_of(record->id)), fact_frame(narrator, first),
		    fact_interval(narrator, before, record), fact_frame(narrator, frame));
	else
		SAY(paragraph, "{} repeats a segment (frame {}).",
		    fact_node(narrator, trace_node_of(record->id)), fact_frame(narrator, frame));
	explain_retransmission(narrator, record, paragraph);
}

static struct story_fact fact_reason(struct narrator *narrator, const struct trace_record *record)
{
	const char *name = view_detail_name(record);

	(void)narrator;
	return fact_word(*name == '\0' ? "no reason is recorded" : name);
}

static void tell_filter(struct narrator *narrator, const struct trace_record *record,
			const struct trace_record *frame, struct story_block *paragraph)
{
	SAY(paragraph, "The packet filter on {} stops frame {} by its rule number {} ({}).",
	    fact_node(narrator, trace_node_of(record->id)), fact_frame(narrator, frame),
	    fact_number(narrator, record, STORY_OBJECT), fact_reason(narrator, record));
	if (!narrate_is_new(narrator, CONCEPT_FILTER))
		return;
	if (record->detail == FILTER_DENIED)
		SAY(paragraph,
		    "The sender is told nothing, and has to wait until its patience ends.",
		    fact_because(record));
	else if (record->detail == FILTER_REJECTED)
		SAY(paragraph, "The sender is told at once, and need not wait in vain.",
		    fact_because(record));
}

static void tell_drop(struct narrator *narrator, const struct trace_record *record,
		      struct story_block *paragraph)
{
	const struct trace_record *frame = narrate_transmit(narrator, record->packet);

	if (frame == NULL)
		SAY(paragraph, "At {} a packet is lost at {}: {}.", fact_time(narrator, record),
		    fact_node(narrator, trace_node_of(record->id)), fact_reason(narrator, record));
	else if (record->layer == LAYER_FILTER)
		tell_filter(narrator, record, frame, paragraph);
	else if (record->layer == LAYER_LINK && record->detail == LINK_LOST)
		SAY(paragraph, "Frame {} is lost on the cable behind {}, at {}.",
		    fact_frame(narrator, frame), fact_node(narrator, trace_node_of(record->id)),
		    fact_time(narrator, record));
	else if (record->layer == LAYER_TCP && record->detail == TCP_DROP_DUPLICATE)
		SAY(paragraph, "{} throws frame {} away, for it has these bytes already.",
		    fact_node(narrator, trace_node_of(record->id)), fact_frame(narrator, frame));
	else if (record->layer == LAYER_LINK)
		SAY(paragraph, "Frame {} is lost on the cable behind {} at {}: {}.",
		    fact_frame(narrator, frame), fact_node(narrator, trace_node_of(record->id)),
		    fact_time(narrator, record), fact_reason(narrator, record));
	else
		SAY(paragraph, "{} throws frame {} away at {} ({}: {}).",
		    fact_node(narrator, trace_node_of(record->id)), fact_frame(narrator, frame),
		    fact_time(narrator, record), fact_word(view_layer_name(record->layer)),
		    fact_reason(narrator, record));
}

/* The record that tells what an attacker's rule is. */
static const struct trace_record *rule_of(const struct narrator *narrator,
					  const struct trace_record *rewritten)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_TABLE && record->layer == LAYER_TAMPER &&
		    record->object == rewritten->object &&
		    trace_node_of(record->id) == trace_node_of(rewritten->id))
			return record;
	}
	return NULL;
}

const struct trace_record *narrate_tampered(const struct narrator *narrator, uint32_t node)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_FORWARD && record->layer == LAYER_TAMPER &&
		    (node == 0 || trace_node_of(record->id) == node))
			return record;
	}
	return NULL;
}

bool narrate_tampering(struct narrator *narrator, const struct trace_record *record,
		       struct story_block *paragraph)
{
	const struct trace_record *frame = narrate_transmit(narrator, record->packet);
	const struct trace_record *rule = rule_of(narrator, record);

	if (frame == NULL || rule == NULL)
		return false;
	struct bytes texts = trace_store_bytes(narrator->store, rule);
	struct bytes by = trace_store_bytes(narrator->store, record);

	SAY(paragraph,
	    "On the way of frame {} somebody at {} overwrites {}: what arrives says {} in its "
	    "place.",
	    fact_frame(narrator, frame), fact_node(narrator, trace_node_of(record->id)),
	    fact_quote(narrator, rule, bytes_first(texts, by.length), STORY_CODE),
	    fact_quote(narrator, record, by, STORY_CODE));
	if (narrate_is_new(narrator, CONCEPT_TAMPERING))
		SAY(paragraph,
		    "The length is the same and the checksum is made right, so that neither end "
		    "can tell.",
		    fact_because(record));
	return true;
}

static bool is_same_kind(const struct trace_record *a, const struct trace_record *b)
{
	return a->kind == b->kind && a->layer == b->layer &&
	       is_retransmission(a) == is_retransmission(b) &&
	       (a->kind != TRACE_DROP || a->detail == b->detail);
}

/* How many of its kind came before it in the scene. */
static unsigned place_among(const struct narrator *narrator, const struct scene *scene, guint index)
{
	unsigned place = 0;

	for (guint i = 0; i < index; i++)
		place += is_same_kind(at(narrator, scene, i), at(narrator, scene, index));
	return place;
}

void narrate_trouble(struct narrator *narrator, const struct scene *scene)
{
	struct story_block *paragraph = story_paragraph(narrator->story);
	bool has_more = false;

	if (scene->trouble->len > 0 && at(narrator, scene, 0)->kind == TRACE_DROP)
		SAY(paragraph, "Not everything arrived at the first try.",
		    fact_because(at(narrator, scene, 0)));
	for (guint i = 0; i < scene->trouble->len; i++) {
		const struct trace_record *record = at(narrator, scene, i);

		if (place_among(narrator, scene, i) >= TOLD_MAX) {
			has_more = true;
			continue;
		}
		if (record->kind == TRACE_DROP)
			tell_drop(narrator, record, paragraph);
		else if (record->kind == TRACE_FORWARD)
			narrate_tampering(narrator, record, paragraph);
		else if (is_retransmission(record))
			tell_retransmission(narrator, record, paragraph);
	}
	if (has_more)
		SAY(paragraph, "More of the same happens, which I leave out.",
		    fact_because(at(narrator, scene, 0)));
}
