/* Titles of events, and what they are for. */
#include "protocols/layer.h"
#include "stack/tcp/names.h"
#include "stack/wire/arp.h"
#include "stack/wire/tcp.h"
#include "views/describe.h"
#include "views/history_private.h"
#include "views/names.h"
#include "views/record_text.h"
#include "views/sentence.h"
#include "views/text.h"

/* The unit that an event begins with; NULL: it is of none. */
static const struct model_unit *first_unit(const struct history *history,
					   const struct history_event *event)
{
	const struct model_direction *direction;

	if (event->unit == HISTORY_NONE)
		return NULL;
	direction =
	    &model_connection(history->model, event->connection)->directions[event->direction];
	return direction->units->pdata[event->unit];
}

/* The packet that an event begins with; 0: it is of none. */
static uint64_t event_packet(const struct history *history, const struct history_event *event)
{
	return event->packet_count == 0
		   ? 0
		   : history_packet(history, history_event_packet(history, event, 0))->id;
}

static struct bytes event_frame(const struct history *history, const struct history_event *event)
{
	if (event->packet_count == 0)
		return (struct bytes) { 0 };
	return history_packet_frame(
	    history, history_packet(history, history_event_packet(history, event, 0)));
}

static const char *server_name(const struct history *history, const struct history_event *event,
			       char out[SENTENCE_HOST_BYTES])
{
	const struct model_connection *connection =
	    model_connection(history->model, event->connection);

	return sentence_host(model_names(history->model),
			     ip_address_from_ipv4(connection->server.address), out);
}

static const char *client_name(const struct history *history, const struct history_event *event,
			       char out[SENTENCE_HOST_BYTES])
{
	const struct model_connection *connection =
	    model_connection(history->model, event->connection);

	return sentence_host(model_names(history->model),
			     ip_address_from_ipv4(connection->client.address), out);
}

static void append_record(GString *out, const struct history *history,
			  const struct history_event *event)
{
	const struct trace_record *record = history_event_record(history, event);
	uint64_t action = record->layer == LAYER_USER && record->object != 0
			      ? trace_store_find(history->store, record->object)
			      : UINT64_MAX;
	char *who =
	    action == UINT64_MAX ? NULL : record_text_who(history_bytes_at(history, action));

	record_text_append(out, history->model, record, history_bytes_at(history, event->record),
			   who);
	g_free(who);
}

/* "MAIL command" is plain from "MAIL FROM:<...>"; that credentials are credentials is not. */
static bool says_what_it_is(const struct model_unit *unit)
{
	char **words = g_strsplit(unit->name, " ", -1);
	bool is_plain = false;

	for (char **word = words; *word != NULL && !is_plain; word++) {
		if (g_str_has_suffix(*word, "xx")) /* "response 2xx" */
			(*word)[strlen(*word) - 2] = '\0';
		is_plain = strstr(unit->summary, *word) != NULL;
	}
	g_strfreev(words);
	return is_plain;
}

/* A further piece of what the unit before began. */
static bool goes_on(const struct model_unit *before, const struct model_unit *unit)
{
	return !before->is_complete && !unit->is_complete && before->kind == unit->kind &&
	       before->dissector == unit->dissector;
}

#define TITLE_UNITS_MAX 3

static void append_unit_title(GString *out, const struct history *history,
			      const struct history_event *event)
{
	const GPtrArray *units =
	    model_connection(history->model, event->connection)->directions[event->direction].units;
	unsigned shown = 0, more = 0;

	for (uint32_t i = event->unit; i < event->unit + event->unit_count; i++) {
		const struct model_unit *unit = units->pdata[i];

		if (i > event->unit && goes_on(units->pdata[i - 1], unit))
			continue;
		if (++shown > TITLE_UNITS_MAX) {
			more++;
			continue;
		}
		g_string_append_printf(out, "%s%s%s%s", shown > 1 ? "; " : "",
				       says_what_it_is(unit) ? "" : unit->name,
				       says_what_it_is(unit) ? "" : ": ", unit->summary);
	}
	if (more > 0)
		g_string_append_printf(out, " (and %u more)", more);
}

static void append_line(void *owner, const struct application_line *line)
{
	GString *out = owner;

	if (out->len > 0)
		g_string_append(out, "; ");
	g_string_append(out, line->summary);
}

/* "A of smtp.office.example?" of a question, and of an answer what it says. */
static void append_brief(GString *out, const char *summary)
{
	static const char asks[] = "asks for ", answers[] = "answer: ";

	if (g_str_has_prefix(summary, asks))
		g_string_append_printf(out, "%s?", summary + strlen(asks));
	else if (g_str_has_prefix(summary, answers))
		g_string_append(out, summary + strlen(answers));
	else
		g_string_append(out, summary);
}

/* What a datagram says, in the words of its dissector; false: there is none. */
static bool append_datagram_title(GString *out, const struct history *history, struct bytes frame)
{
	GString *text = g_string_new(NULL);
	struct decode decode;
	struct model_segment segment;
	struct account account;
	bool is_told;

	model_account(history->model, frame, &decode, &segment, &account);
	describe_application(&account, append_line, text);
	is_told = text->len > 0;
	append_brief(out, text->str);
	g_string_free(text, TRUE);
	return is_told;
}

/* The sentence for a frame without what it is for. */
static void append_short_sentence(GString *out, const struct history *history,
				  const struct history_event *event)
{
	GString *text = g_string_new(NULL);

	sentence_append(text, history->model, event_packet(history, event),
			event_frame(history, event));
	text_append_bytes(out, text->str, sentence_short_bytes(text_bytes(text)));
	g_string_free(text, TRUE);
}

/* "who has 192.0.2.1 (gw)?" */
static void append_question_title(GString *out, const struct history *history,
				  const struct history_event *event)
{
	struct bytes frame = event_frame(history, event);
	struct decode decode;
	struct model_segment segment;
	struct account account;
	const struct decode_layer *layer;
	struct arp_packet arp;
	char address[IPV4_TEXT_BYTES];

	model_account(history->model, frame, &decode, &segment, &account);
	layer = decode_find(&decode, DECODE_ARP);
	if (layer == NULL || arp_packet_parse(bytes_from(frame, layer->start), &arp) != PARSE_OK ||
	    arp.operation != ARP_REQUEST || arp.sender_address == arp.target_address) {
		append_short_sentence(out, history, event);
		return;
	}
	g_string_append_printf(out, "who has %s", ipv4_print(arp.target_address, address));
	if (model_name_of_address(history->model, arp.target_address) != NULL)
		g_string_append_printf(out, " (%s)",
				       model_name_of_address(history->model, arp.target_address));
	g_string_append_c(out, '?');
}

/* What of it the network saw, where it has no unit of a protocol. */
static void append_frame_title(GString *out, const struct history *history,
			       const struct history_event *event)
{
	struct bytes frame = event_frame(history, event);

	if (frame.length == 0)
		g_string_append_printf(out, "%s packet that never left",
				       view_layer_name(event->layer));
	else
		append_short_sentence(out, history, event);
}

static void append_close_title(GString *out, const struct history *history,
			       const struct history_event *event)
{
	const struct history_segment *segment = history_segment(
	    history, history_packet(history, history_event_packet(history, event, 0))->id);
	char host[SENTENCE_HOST_BYTES];
	bool is_reset = segment != NULL && segment->flags & TCP_RST;

	g_string_append_printf(out, "%s  connection with %s port %u %s", is_reset ? "RST" : "FIN",
			       server_name(history, event, host),
			       model_connection(history->model, event->connection)->server.port,
			       is_reset ? "is cut off" : "ends");
}

static void append_control_title(GString *out, const struct history *history,
				 const struct history_event *event)
{
	const struct history_packet *packet =
	    history_packet(history, history_event_packet(history, event, 0));
	const struct trace_record *made =
	    history_hop_find(history, history_hop(history, history_packet_hop(history, packet, 0)),
			     TRACE_ENCAPSULATE, LAYER_TCP);

	g_string_append(out, made == NULL ? "acknowledgment" : view_detail_name(made));
}

void history_title(GString *out, const struct history *history, const struct history_event *event)
{
	char host[SENTENCE_HOST_BYTES];

	switch ((enum history_event_kind)event->kind) {
	case HISTORY_UNIT:
		append_unit_title(out, history, event);
		break;
	case HISTORY_DATAGRAM:
		if (!append_datagram_title(out, history, event_frame(history, event)))
			append_frame_title(out, history, event);
		break;
	case HISTORY_HANDSHAKE:
		g_string_append_printf(
		    out, "SYN  connection to %s port %u", server_name(history, event, host),
		    model_connection(history->model, event->connection)->server.port);
		break;
	case HISTORY_CLOSE:
		append_close_title(out, history, event);
		break;
	case HISTORY_CONTROL:
		append_control_title(out, history, event);
		break;
	case HISTORY_RESOLVE:
		append_question_title(out, history, event);
		break;
	case HISTORY_OTHER:
		append_frame_title(out, history, event);
		break;
	default:
		append_record(out, history, event);
		break;
	}
}

/* What it is for. */

static void append_unit_purpose(GString *out, const struct history *history,
				const struct history_event *event)
{
	const struct model_unit *unit = first_unit(history, event);
	char rooms[2][SENTENCE_HOST_BYTES];
	const char *client = client_name(history, event, rooms[0]);
	const char *server = server_name(history, event, rooms[1]);

	g_string_append_printf(out, "%s says to %s, by %s%s: %s.",
			       event->direction == 0 ? client : server,
			       event->direction == 0 ? server : client, unit->dissector->name,
			       unit->is_encrypted ? " inside TLS" : "", unit->summary);
	if (unit->purpose != NULL)
		g_string_append_printf(out, " %s", unit->purpose);
	if (event->packet_count > 2)
		g_string_append_printf(out, " It took %u packets, acknowledgments included.",
				       event->packet_count);
}

static void append_handshake_purpose(GString *out, const struct history *history,
				     const struct history_event *event)
{
	const struct model_connection *connection =
	    model_connection(history->model, event->connection);
	char rooms[2][SENTENCE_HOST_BYTES];

	g_string_append_printf(
	    out,
	    "%s opens a TCP connection to port %u of %s, where the %s server listens. SYN, SYN-ACK "
	    "and ACK make the first sequence number of each side known to the other.",
	    client_name(history, event, rooms[0]), connection->server.port,
	    server_name(history, event, rooms[1]), model_protocol(connection));
}

static void append_close_purpose(GString *out, const struct history *history,
				 const struct history_event *event)
{
	char rooms[2][SENTENCE_HOST_BYTES];
	const char *client = client_name(history, event, rooms[0]);
	const char *server = server_name(history, event, rooms[1]);
	const struct trace_record *record = history_event_record(history, event);
	const char *first = model_node_name(history->model, trace_node_of(record->id));

	if (model_connection(history->model, event->connection)->was_reset)
		g_string_append_printf(
		    out, "The connection between %s and %s is given up at once (RST).", client,
		    server);
	else
		g_string_append_printf(
		    out,
		    "%s has no more to send to its peer and says so (FIN). The connection between "
		    "%s and %s is over when each side has sent a FIN and had it acknowledged.",
		    first, client, server);
}

static void append_resolve_purpose(GString *out, const struct history *history,
				   const struct history_event *event)
{
	append_short_sentence(out, history, event);
	g_string_append(out, ". Frames on a cable are addressed by MAC address: before a packet "
			     "can leave, the sender must know the one of the next hop.");
}

static void append_frame_purpose(GString *out, const struct history *history,
				 const struct history_event *event)
{
	struct bytes frame = event_frame(history, event);

	if (frame.length == 0) {
		append_frame_title(out, history, event);
		g_string_append_c(out, '.');
		return;
	}
	sentence_append(out, history->model, event_packet(history, event), frame);
	if (out->len > 0 && out->str[out->len - 1] != '.' && out->str[out->len - 1] != '?')
		g_string_append_c(out, '.');
}

void history_explain_event(GString *out, const struct history *history,
			   const struct history_event *event)
{
	switch ((enum history_event_kind)event->kind) {
	case HISTORY_UNIT:
		append_unit_purpose(out, history, event);
		break;
	case HISTORY_HANDSHAKE:
		append_handshake_purpose(out, history, event);
		break;
	case HISTORY_CLOSE:
		append_close_purpose(out, history, event);
		break;
	case HISTORY_RESOLVE:
		append_resolve_purpose(out, history, event);
		break;
	case HISTORY_DATAGRAM:
	case HISTORY_CONTROL:
	case HISTORY_OTHER:
		append_frame_purpose(out, history, event);
		break;
	default:
		append_record(out, history, event);
		break;
	}
}
