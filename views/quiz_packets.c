/* Questions about packets: headers, addresses, ports, lengths. */
#include <inttypes.h>
#include <string.h>
#include "protocols/actor.h"
#include "protocols/imap/dissect.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "stack/wire/ethernet.h"
#include "views/names.h"
#include "views/quiz_private.h"

/* Which header comes off. */

static char *list_of(const struct passage *passage, bool has_tls)
{
	GString *list = g_string_new(NULL);

	for (guint i = 0; i < passage->off->len; i++) {
		const struct trace_record *record = passage->off->pdata[i];

		g_string_append_printf(list, "%s%s", i == 0 ? "" : ", ",
				       view_layer_name(record->layer));
	}
	if (has_tls)
		g_string_append(list, ", TLS");
	if (passage->off->len == 0)
		g_string_append(list, "none");
	return g_string_free(list, FALSE);
}

static bool ask_header(struct quizzing *quizzing, const struct saying *saying,
		       const struct passage *passage)
{
	static const char *const plausible[] = { "Ethernet, IPv4, TCP", "Ethernet", "none",
						 "Ethernet, IPv4", "IPv4, TCP" };
	bool has_tls = history_hop_tls_bytes(quizzing->narrator.history, passage->hop) > 0;
	g_autofree char *what = quiz_describe(quizzing, saying);
	const char *node = quiz_node(quizzing, passage->hop->node);
	struct quiz_question *question =
	    quiz_begin(quizzing, g_strdup_printf("Which headers does %s take off %s?", node, what),
		       list_of(passage, has_tls));

	if (question == NULL)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(plausible); i++)
		quiz_wrong(question, g_strdup(plausible[i]));
	return quiz_finish(
	    quizzing, question, passage->receive, saying->frame,
	    g_strdup_printf("Frame %" PRIu64 " at %s: %s.",
			    model_frame(quizzing->narrator.model, saying->unit->packet), node,
			    passage->hop->outcome == HISTORY_SWITCHED
				? "a switch reads the Ethernet header and takes nothing off"
			    : passage->hop->outcome == HISTORY_ROUTED
				? "a router takes the Ethernet header off and puts a new one on"
			    : has_tls
				? "the receiver takes off every header, from the outside in, and "
				  "TLS what its records put around the data"
				: "the receiver takes off every header, from the outside in"));
}

bool quiz_draw_header(struct quizzing *quizzing)
{
	static const unsigned outcomes[] = { HISTORY_ROUTED, HISTORY_DELIVERED, HISTORY_SWITCHED };
	struct passage passage;
	struct saying saying;
	bool is_drawn;

	if (!quiz_passage(quizzing, outcomes[quiz_pick(quizzing, 3)], &saying, &passage))
		return false;
	is_drawn = passage.receive != NULL && ask_header(quizzing, &saying, &passage);
	narrate_passage_clear(&passage);
	return is_drawn;
}

/* The MAC address on a hop. */

static char *mac_text(uint64_t number)
{
	char text[MAC_TEXT_BYTES];

	return g_strdup(mac_print(mac_from_number(number), text));
}

static uint64_t destination_mac(const struct quizzing *quizzing, const struct trace_record *record)
{
	struct bytes frame = narrate_bytes(&quizzing->narrator, record);
	uint64_t number = 0;

	for (size_t i = 0; i < 6 && i < frame.length; i++)
		number = number << 8 | frame.data[i];
	return number;
}

/* MAC addresses of other interfaces, from a place drawn. */
static void wrong_macs(struct quizzing *quizzing, struct quiz_question *question)
{
	const struct model *model = quizzing->narrator.model;
	unsigned count = model_node_count(model), start = quiz_pick(quizzing, count);

	for (unsigned i = 0; i < count; i++) {
		const struct model_node *node = model_node(model, (start + i) % count + 1);

		for (guint k = 0; node != NULL && k < node->interfaces->len; k++) {
			const struct model_interface *interface = node->interfaces->pdata[k];

			if (interface != NULL && interface->address != 0)
				quiz_wrong(question, mac_text(mac_number(interface->mac)));
		}
	}
}

bool quiz_draw_mac(struct quizzing *quizzing)
{
	static const unsigned outcomes[] = { HISTORY_MADE, HISTORY_ROUTED };
	struct passage passage;
	struct saying saying;
	struct quiz_question *question = NULL;
	bool is_drawn = false;

	if (!quiz_passage(quizzing, outcomes[quiz_pick(quizzing, 2)], &saying, &passage))
		return false;
	if (passage.transmit != NULL) {
		g_autofree char *what = quiz_describe(quizzing, &saying);

		question = quiz_begin(quizzing,
				      g_strdup_printf("To which MAC address does %s send %s?",
						      quiz_node(quizzing, passage.hop->node), what),
				      mac_text(destination_mac(quizzing, passage.transmit)));
	}
	if (question != NULL) {
		wrong_macs(quizzing, question);
		is_drawn = quiz_finish(
		    quizzing, question, passage.transmit, saying.frame,
		    g_strdup_printf("The Ethernet header of frame %" PRIu64
				    " as it leaves %s is for the "
				    "next hop, not for the far end.",
				    model_frame(quizzing->narrator.model, saying.unit->packet),
				    quiz_node(quizzing, passage.hop->node)));
	}
	narrate_passage_clear(&passage);
	return is_drawn;
}

/* TTL behind a router. */

bool quiz_draw_ttl(struct quizzing *quizzing)
{
	static const int others[] = { 1, -1, 2, 191 };
	struct passage passage;
	struct saying saying;
	struct quiz_question *question = NULL;
	bool is_drawn = false;

	if (!quiz_passage(quizzing, HISTORY_ROUTED, &saying, &passage))
		return false;
	if (passage.forward != NULL && passage.receive != NULL) {
		g_autofree char *what = quiz_describe(quizzing, &saying);

		question = quiz_begin(
		    quizzing,
		    g_strdup_printf(
			"What is the TTL of %s when it leaves %s, which it reaches with %" PRIu64
			"?",
			what, quiz_node(quizzing, passage.hop->node), passage.forward->before),
		    g_strdup_printf("%" PRIu64, passage.forward->after));
	}
	if (question != NULL) {
		for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
			quiz_wrong(question,
				   g_strdup_printf("%" PRId64,
						   (int64_t)passage.forward->after + others[i]));
		is_drawn = quiz_finish(
		    quizzing, question, passage.forward, saying.frame,
		    g_strdup_printf("Frame %" PRIu64 " at %s: every router lowers the TTL by one.",
				    model_frame(quizzing->narrator.model, saying.unit->packet),
				    quiz_node(quizzing, passage.hop->node)));
	}
	narrate_passage_clear(&passage);
	return is_drawn;
}

/* The port. */

static const char *purpose_of(const struct leg *leg)
{
	const struct dissector *dissector = leg->connection->dissector;

	if (dissector == &smtp_dissector)
		return leg->connection->actors[0] == ACTOR_MTA ? "pass mail on by SMTP"
							       : "send mail by SMTP";
	if (dissector == &pop3_dissector)
		return "fetch mail by POP3";
	if (dissector == &imap_dissector)
		return "read mail by IMAP";
	return NULL;
}

bool quiz_draw_port(struct quizzing *quizzing)
{
	static const unsigned plausible[] = { 25, 110, 143, 587, 993, 995, 465, 80 };
	const struct narrator *narrator = &quizzing->narrator;
	const struct leg *leg;
	const char *purpose;
	struct quiz_question *question;
	unsigned start = quiz_pick(quizzing, G_N_ELEMENTS(plausible));

	if (narrator->legs->len == 0)
		return false;
	leg = narrate_leg(narrator, quiz_pick(quizzing, narrator->legs->len));
	purpose = purpose_of(leg);
	if (purpose == NULL || leg->syn == NULL || leg->syn_ack == NULL)
		return false;
	question = quiz_begin(
	    quizzing,
	    g_strdup_printf("To which TCP port of %s does %s connect in frame %" PRIu64 " to %s%s?",
			    quiz_node(quizzing, leg->server), quiz_node(quizzing, leg->client),
			    model_frame(narrator->model, leg->syn->packet), purpose,
			    leg->connection->is_tls ? ", with TLS" : ""),
	    g_strdup_printf("%u", leg->connection->server.port));
	if (question == NULL)
		return false;
	for (unsigned i = 0; i < G_N_ELEMENTS(plausible); i++)
		quiz_wrong(question,
			   g_strdup_printf("%u", plausible[(start + i) % G_N_ELEMENTS(plausible)]));
	return quiz_finish(quizzing, question, leg->syn, leg->syn,
			   g_strdup_printf("Frame %" PRIu64
					   " is the SYN; its destination port says it.",
					   model_frame(narrator->model, leg->syn->packet)));
}

/* Bytes on the wire. */

bool quiz_draw_length(struct quizzing *quizzing)
{
	struct passage passage;
	uint64_t tls_bytes = 0;
	struct saying saying;
	struct quiz_question *question = NULL;
	bool is_drawn = false;

	if (!quiz_passage(quizzing, HISTORY_MADE, &saying, &passage))
		return false;
	if (passage.transmit != NULL) {
		g_autofree char *what = quiz_describe(quizzing, &saying);

		tls_bytes = history_hop_tls_bytes(quizzing->narrator.history, passage.hop);
		question = quiz_begin(
		    quizzing,
		    g_strdup_printf(
			"How long is %s on the wire, with %sthe headers of TCP, IPv4 and "
			"Ethernet but without the checksum at its end?",
			what, tls_bytes > 0 ? "what TLS adds and " : ""),
		    quiz_bytes(passage.transmit->total_bytes));
	}
	if (question != NULL) {
		uint64_t length = passage.transmit->total_bytes;

		if (tls_bytes > 0)
			quiz_wrong(question, quiz_bytes(length - tls_bytes));
		for (guint i = passage.on->len; i-- > 0;) {
			const struct trace_record *header = passage.on->pdata[i];

			length -= MIN(header->header_bytes, length);
			quiz_wrong(question, quiz_bytes(length));
		}
		is_drawn = quiz_finish(
		    quizzing, question, passage.transmit, saying.frame,
		    g_strdup_printf("Frame %" PRIu64
				    ": each layer adds its header to what the program "
				    "handed down.",
				    model_frame(quizzing->narrator.model, saying.unit->packet)));
	}
	narrate_passage_clear(&passage);
	return is_drawn;
}

/* The IP destination while the frame is on its first network. */
static char *ipv4_text(uint32_t address)
{
	char text[IPV4_TEXT_BYTES];

	return g_strdup(ipv4_print(address, text));
}

/* No router translates its destination on the way. */
static bool keeps_address(const struct quizzing *quizzing, const struct trace_record *syn)
{
	uint32_t index = history_find_packet(quizzing->narrator.history, syn->packet);
	const struct history_packet *packet;

	if (index == HISTORY_NONE)
		return false;
	packet = history_packet(quizzing->narrator.history, index);
	for (uint32_t i = 0; i < packet->hop_count; i++) {
		const struct history_hop *hop = narrate_hop_of(&quizzing->narrator, packet, i);

		if (hop->received.length < ETHERNET_HEADER_BYTES + 20)
			continue;
		if (memcmp(hop->received.data + ETHERNET_HEADER_BYTES + 16,
			   narrate_bytes(&quizzing->narrator, syn).data + ETHERNET_HEADER_BYTES +
			       16,
			   4) != 0)
			return false;
	}
	return true;
}

bool quiz_draw_address(struct quizzing *quizzing)
{
	const struct narrator *narrator = &quizzing->narrator;
	const struct leg *leg;
	const struct model_node *node;
	struct quiz_question *question;
	struct bytes frame;

	if (narrator->legs->len == 0)
		return false;
	leg = narrate_leg(narrator, quiz_pick(quizzing, narrator->legs->len));
	if (leg->syn == NULL || leg->server == 0)
		return false;
	frame = narrate_bytes(narrator, leg->syn);
	if (frame.length < ETHERNET_HEADER_BYTES + 20 || !keeps_address(quizzing, leg->syn))
		return false;
	question = quiz_begin(
	    quizzing,
	    g_strdup_printf(
		"%s opens a connection in frame %" PRIu64
		". To which IPv4 address is this packet sent, on every network that it crosses?",
		quiz_node(quizzing, leg->client), model_frame(narrator->model, leg->syn->packet)),
	    ipv4_text(get_be32(frame.data + ETHERNET_HEADER_BYTES + 16)));
	if (question == NULL)
		return false;
	for (uint32_t i = 1; i <= model_node_count(narrator->model); i++) {
		node = model_node(narrator->model, i);
		for (guint k = 0; node != NULL && k < node->interfaces->len; k++) {
			const struct model_interface *interface = node->interfaces->pdata[k];

			if (interface != NULL && interface->address != 0 &&
			    (node->kind == NODE_ROUTER || i == leg->client))
				quiz_wrong(question, ipv4_text(interface->address));
		}
	}
	return quiz_finish(
	    quizzing, question, leg->syn, leg->syn,
	    g_strdup_printf("Frame %" PRIu64
			    ": routers are addressed by Ethernet, IPv4 names the far end.",
			    model_frame(narrator->model, leg->syn->packet)));
}
