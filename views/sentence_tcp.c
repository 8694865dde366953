/* Sentences for segments. */
#include "views/sentence_private.h"

#include "stack/tcp/names.h"
#include "stack/wire/tcp.h"
#include "views/describe.h"
#include "views/segment_reason.h"
#include "views/text.h"

/* The other side of the connection that `segment` belongs to. */
static const struct model_direction *other_side(const struct model_segment *segment)
{
	return &segment->connection->directions[!segment->direction->is_from_server];
}

/* Acknowledges what it did before, and that is the point of it. */
static bool is_duplicate(const struct model_segment *segment)
{
	return segment->window_bytes > 0 &&
	       (segment->known == SEGMENT_ACKNOWLEDGES_AGAIN || segment->why == TCP_ACK_DUPLICATE);
}

/* What a receiver says of its room, where that is the point of the segment. */
static void append_room(GString *out, const struct model_segment *segment)
{
	if (segment->window_bytes == 0) {
		text_append(out, ", and has no room for more (zero window)");
	} else if (segment->why == TCP_ACK_WINDOW && segment->is_window_known) {
		sentence_append_bytes(out, ", and has room for ", segment->window_bytes,
				      " (window update)");
	} else if (segment->why == TCP_ACK_WINDOW) {
		text_append(out, ", and has more room (window update)");
	} else if (segment->why == TCP_ACK_CHALLENGE) {
		text_append(out, " (challenge ACK)");
	} else if (is_duplicate(segment)) {
		text_append(out, " (duplicate ACK)");
	}
}

/* The most frequent sentence of all: without a format, for speed. */
static void append_acknowledgment(GString *out, const char *from, const char *to,
				  const struct model_segment *segment)
{
	text_append(out, from);
	text_append(out,
		    is_duplicate(segment) ? " acknowledges again what " : " acknowledges what ");
	text_append(out, to);
	if ((int32_t)segment->acknowledgment > 1) {
		text_append(out, " sent up to byte ");
		text_number(out, segment->acknowledgment - 1);
	} else {
		text_append(out, other_side(segment)->has_syn
				     ? " sent, which is its SYN so far"
				     : " sent before what is known of this stream");
	}
	append_room(out, segment);
}

/* "port 25 (smtp)" */
static void append_port(GString *out, uint16_t port)
{
	const char *service = sentence_service(port);

	text_count(out, "port ", port, "");
	if (service != NULL)
		text_words(out, " (", service, ")");
}

/* Where a segment goes: its server listens there, or its client sent from there. */
static uint16_t destination_port(const struct model_segment *segment)
{
	return segment->direction->is_from_server ? segment->connection->client.port
						  : segment->connection->server.port;
}

/* An answer to the SYN that is an RST: nobody is there (RFC 9293 section 3.5.2). */
static bool is_refusal(const struct model_segment *segment)
{
	return segment->flags & TCP_ACK && !segment->direction->has_syn &&
	       other_side(segment)->has_syn && segment->acknowledgment == 1;
}

static void append_reset(GString *out, const char *from, const char *to,
			 const struct model_segment *segment)
{
	if (!is_refusal(segment)) {
		text_words(out, from, " resets the connection with ", to);
		if (segment->length > 0)
			sentence_append_bytes(out, ", and says why in ", segment->length, "");
		return;
	}
	text_words(out, from, " refuses ", to, " the connection (RST): ");
	if (segment->why == TCP_RESET_FILTERED) {
		text_append(out, "a filter forbids it");
		return;
	}
	text_append(out, "no program listens on ");
	append_port(out, segment->connection->server.port);
	if (segment->why == TCP_PLAIN) /* nobody says why */
		text_append(out, ", or a filter forbids it");
}

/* A FIN takes a sequence number as a byte does (RFC 9293 section 3.4). */
static void append_acknowledged(GString *out, const char *from, const char *to,
				const struct model_segment *segment)
{
	const struct model_direction *other = other_side(segment);

	if (segment->known == SEGMENT_OF_EARLIER)
		text_words(out, from, " sends ", to,
			   " an ACK for an earlier connection of these ports (challenge ACK)");
	else if (other->has_fin && segment->acknowledgment == (uint32_t)other->fin_offset + 2)
		text_words(out, from, " acknowledges all that ", to, " sent, and its FIN");
	else
		append_acknowledgment(out, from, to, segment);
}

/* The last step of opening, as far as it was seen. */
static bool completes_handshake(const struct model_segment *segment)
{
	return segment->sequence == 1 && segment->acknowledgment == 1 && !is_duplicate(segment) &&
	       !segment->direction->is_from_server && other_side(segment)->has_syn;
}

static bool is_again(const struct model_segment *segment)
{
	return segment->order == SEGMENT_REPEATED || segment_reason_repeats(segment->why);
}

/* Why it is sent, where that is more than that there was something to send or to acknowledge. */
static const char *reason_of(const struct model_segment *segment)
{
	if (segment->why == TCP_ACK_AT_ONCE || segment->why == TCP_ACK_DELAYED)
		return NULL;
	if (segment->why == TCP_RETRANSMIT_TIMEOUT && segment->flags & TCP_SYN)
		return "No answer came before the timer ran out, so TCP takes the SYN for lost and "
		       "sends it again";
	return segment_reason(segment->why);
}

static void append_syn(GString *out, const char *from, const char *to,
		       const struct model_segment *segment, const char *again)
{
	bool is_simultaneous = segment->known == SEGMENT_SIMULTANEOUS;

	if (segment->flags & TCP_FIN) {
		text_words(out, from, " sends ", to,
			   " a segment with both SYN and FIN, which begins nothing");
	} else if (segment->flags & TCP_ACK) {
		text_words(out, from, " agrees", again, " to the connection",
			   is_simultaneous ? ", whose SYN was on its way as well (simultaneous "
					     "open)"
					   : " and sends its own SYN");
	} else {
		text_words(out, from, *again == '\0' ? " opens" : " tries again to open",
			   " a TCP connection to ", to, " ");
		append_port(out, destination_port(segment));
		if (is_simultaneous)
			text_append(out, ", as that does at the same time (simultaneous open)");
	}
}

/* All of a connection but its first SYN acknowledge something; others are dropped (RFC 9293 section 3.10.7). */
static void append_without_ack(GString *out, const char *from, const char *to,
			       const struct model_segment *segment)
{
	text_words(out, from, " sends ", to,
		   segment->flags == 0 ? " a segment without flags, which no connection has"
				       : " a segment without ACK, which no connection has");
}

/* Segments whose payload, if any, is of no stream. */
static void append_control(GString *out, const char *from, const char *to,
			   const struct model_segment *segment)
{
	const char *again = is_again(segment) ? " again" : "";

	if (segment->flags & TCP_RST) {
		append_reset(out, from, to, segment);
	} else if (segment->flags & TCP_SYN) {
		append_syn(out, from, to, segment, again);
	} else if ((segment->flags & TCP_ACK) == 0) {
		append_without_ack(out, from, to, segment);
	} else if (segment->flags & TCP_FIN) {
		text_words(out, from, *again == '\0' ? " has" : " says again that it has",
			   " no more to send on this connection (FIN)");
	} else if (completes_handshake(segment)) {
		text_words(out, from, " completes the three-way handshake with ", to);
	} else {
		append_acknowledged(out, from, to, segment);
	}
}

/* What there is to say of a segment that says nothing new; false: it does. */
static bool append_order(GString *out, const char *from, const char *to,
			 const struct model_segment *segment)
{
	switch ((enum segment_order)segment->order) {
	case SEGMENT_REPEATED:
		text_words(out, from, " sends ", to, " again what it sent before: ");
		sentence_append_bytes(out, "", segment->length, "");
		return true;
	case SEGMENT_ELSEWHERE:
		text_words(out, from, " to ", to, ": a segment on its way, told of before");
		return true;
	case SEGMENT_EARLY:
		text_words(out, from, " to ", to);
		sentence_append_bytes(out, ": ", segment->length,
				      ", while some before them have not come yet");
		return true;
	case SEGMENT_BEFORE:
		text_words(out, from, " sends ", to);
		sentence_append_bytes(out, " ", segment->length,
				      " from before what is known of this stream");
		return true;
	case SEGMENT_DAMAGED:
		text_words(out, from, " sends ", to);
		sentence_append_bytes(out, " ", segment->length, ", damaged on the way");
		return true;
	case SEGMENT_KEEPALIVE: /* told by what they are for */
	case SEGMENT_PROBE:
	case SEGMENT_IN_ORDER:
	case SEGMENT_FILLS_GAP:
	case SEGMENT_AFTER_LOSS:
		break;
	}
	return false;
}

static void append_payload(GString *out, const char *from, const char *to,
			   const struct account *account)
{
	const struct model_segment *segment = account->segment;
	const struct model_direction *direction = segment->direction;
	uint64_t end = model_segment_end(segment);
	unsigned index = model_unit_index(direction, segment->offset), more = 0;

	if (append_order(out, from, to, segment))
		return;
	text_append(out, from);
	text_append(out, " to ");
	text_append(out, to);
	if (is_again(segment))
		text_append(out, " again");
	const struct model_unit *unit =
	    index < direction->units->len ? direction->units->pdata[index] : NULL;

	if (unit == NULL || unit->offset >= end) {
		sentence_append_bytes(out, ": ", segment->length, "");
		return;
	}
	for (unsigned i = index + 1; i < direction->units->len; i++, more++)
		if (((struct model_unit *)direction->units->pdata[i])->offset >= end)
			break;
	if (account->is_outside && unit->is_encrypted) {
		sentence_append_bytes(out, ": ", segment->length, ", encrypted by TLS");
		return;
	}
	text_append(out, ", ");
	text_append(out, unit->dissector->name);
	if (unit->is_encrypted && unit->dissector == segment->connection->dissector)
		text_append(out, " in TLS");
	text_append(out, ": ");
	text_append(out, unit->summary);
	if (more > 0)
		text_count(out, " (and ", more, " more)");
	else if (unit->purpose != NULL && reason_of(segment) == NULL)
		text_words(out, SENTENCE_DASH, unit->purpose);
}

/* A segment of a connection of which no other was ever on a cable, `in`, or too little of one. */
static void append_unknown_segment(GString *out, const char *from, const char *to, struct bytes in)
{
	struct tcp_header header;
	struct bytes payload;

	if (tcp_header_parse(in, &header, &payload) != PARSE_OK) {
		text_words(out, from, " sends ", to, " a TCP segment of which too little is here");
	} else if ((header.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		text_words(out, from, " opens a TCP connection to ", to, " ");
		append_port(out, header.destination_port);
	} else {
		text_words(out, from, " sends ", to,
			   " a TCP segment of a connection that no cable has seen");
	}
}

static bool is_keepalive(const struct model_segment *segment)
{
	return segment->why == TCP_PROBE_KEEPALIVE || segment->order == SEGMENT_KEEPALIVE;
}

/* A byte for a closed window, or none: the receiver says how large that is now. */
static bool is_probe(const struct model_segment *segment)
{
	return segment->why == TCP_PROBE_WINDOW || segment->order == SEGMENT_PROBE;
}

/* ", and has 1449 to 2896 (SACK)": behind what it acknowledges. */
static void append_selective(GString *out, const struct model_segment *segment, struct bytes in)
{
	struct tcp_header header;
	struct bytes payload;

	if (segment->flags & (TCP_SYN | TCP_RST) ||
	    tcp_header_parse_cut(in, &header, &payload) != PARSE_OK)
		return;
	describe_selective(out, ", and has ", &header, segment);
}

void sentence_append_tcp(GString *out, const char *from, const char *to,
			 const struct account *account, struct bytes in)
{
	const struct model_segment *segment = account->segment;

	if (segment == NULL)
		append_unknown_segment(out, from, to, in);
	else if (is_keepalive(segment))
		text_words(out, from, " asks whether ", to, " is still there (keep-alive)");
	else if (is_probe(segment))
		text_words(out, from, " asks whether ", to, " has room again (window probe)");
	else if (segment->length == 0 || segment->flags & TCP_RST)
		append_control(out, from, to, segment);
	else
		append_payload(out, from, to, account);
	if (segment != NULL && segment->length == 0)
		append_selective(out, segment, in);
	if (segment != NULL && reason_of(segment) != NULL)
		text_words(out, SENTENCE_DASH, reason_of(segment));
}
