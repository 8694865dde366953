/* What a stream's acknowledgments and windows say beside those before them. */
#include "stack/tcp/names.h"
#include "views/streams_private.h"

bool stream_is_closed(const struct flow *flow, unsigned index)
{
	const struct flow_direction *peer = &flow->directions[!index];

	return peer->has_answered && peer->window_bytes == 0;
}

/* The peer waits for an answer to bytes, or its last ones were not the next. */
static bool is_asked(const struct flow *flow, unsigned index, const struct model_segment *segment)
{
	const struct model_direction *peer = &flow->connection.directions[!index];
	uint32_t end = (uint32_t)peer->fed_bytes + 1 + peer->has_fin;

	return flow->directions[!index].has_surprised ||
	       (int32_t)(end - segment->acknowledgment) > 0;
}

/* Acknowledges the same as before, in a segment that does nothing else. */
static void note_same(const struct flow *flow, unsigned index, struct model_segment *segment)
{
	uint32_t before = flow->directions[index].window_bytes;

	if (segment->window_bytes > before) {
		segment->known = SEGMENT_UPDATES_WINDOW;
		segment->why = TCP_ACK_WINDOW;
	} else if (segment->window_bytes == before) {
		segment->known = SEGMENT_ACKNOWLEDGES_AGAIN;
		segment->why = is_asked(flow, index, segment) ? TCP_ACK_DUPLICATE : TCP_PLAIN;
	}
}

void stream_note_answer(struct flow *flow, unsigned index, const struct tcp_header *header,
			struct model_segment *segment)
{
	struct flow_direction *direction = &flow->directions[index];
	int32_t step = (int32_t)(header->acknowledgment - direction->answered);

	if ((header->flags & (TCP_ACK | TCP_RST)) != TCP_ACK)
		return;
	if (direction->has_answered && step < 0) /* overtaken by a later one */
		return;
	if (direction->has_answered && step == 0 && segment->length == 0 &&
	    segment->order == SEGMENT_IN_ORDER && (header->flags & (TCP_SYN | TCP_FIN)) == 0)
		note_same(flow, index, segment);
	direction->has_answered = true;
	direction->answered = header->acknowledgment;
	direction->window_bytes = segment->window_bytes;
}
