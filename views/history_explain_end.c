/* What happens at a hop, and why: where packets end. */
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "sim/plural.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/arp.h"
#include "stack/wire/udp.h"
#include "views/history_telling.h"
#include "views/middlebox.h"
#include "views/names.h"

/* Delivered. */

/* The program that gets it: "the MSA at port 587"; false: it is not known. */
static bool append_program(const struct telling *telling, const struct telling_frame *frame)
{
	struct bytes bytes = telling->hop->received;
	size_t at = ETHERNET_HEADER_BYTES + frame->ipv4.header_bytes;
	bool is_tcp = frame->ipv4.protocol == IP_PROTOCOL_TCP;
	uint16_t port;
	uint8_t actor;

	if (!frame->has_ipv4 || bytes.length < at + 4 ||
	    (!is_tcp && frame->ipv4.protocol != IP_PROTOCOL_UDP))
		return false;
	port = get_be16(bytes.data + at + 2);
	actor = model_actor(telling->history->model, frame->ipv4.destination, is_tcp, port);
	if (actor == ACTOR_NONE)
		g_string_append_printf(telling->out, "the program at port %u", port);
	else
		g_string_append_printf(telling->out, "the %s%s at port %u", actor_name(actor),
				       actor == ACTOR_DNS ? " server" : "", port);
	return true;
}

static void deliver_arp(const struct telling *telling)
{
	struct arp_packet arp;
	char text[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

	if (arp_packet_parse(bytes_from(telling->hop->received, ETHERNET_HEADER_BYTES), &arp) !=
	    PARSE_OK) {
		g_string_append_printf(telling->out, "%s reads the ARP packet.", telling->node);
		return;
	}
	if (arp.operation == ARP_REQUEST) {
		g_string_append_printf(
		    telling->out,
		    "%s is who is asked for: %s is its address. It notes where the asker is (%s is "
		    "at "
		    "%s) and answers.",
		    telling->node, ipv4_print(arp.target_address, text),
		    model_name_of_address(telling->history->model, arp.sender_address) == NULL
			? "it"
			: model_name_of_address(telling->history->model, arp.sender_address),
		    mac_print(arp.sender_mac, mac));
		return;
	}
	g_string_append_printf(telling->out, "%s puts into its ARP table that ", telling->node);
	telling_append_address(telling, arp.sender_address);
	g_string_append_printf(telling->out,
			       " is at %s: what waited for that can leave now, and for a while "
			       "nobody has to ask again.",
			       mac_print(arp.sender_mac, mac));
}

/* What TCP does with it. */
static const char *taken_by_tcp(const struct trace_record *record)
{
	if (record == NULL)
		return NULL;
	switch (record->detail) {
	case TCP_OUT_OF_ORDER:
		return " Bytes before these are missing: TCP keeps them until the gap is filled.";
	case TCP_NO_DATA:
		return " It carries no data: TCP itself is all that needs it.";
	default:
		return NULL;
	}
}

static void append_off(const struct telling *telling, const struct telling_frame *frame)
{
	if (frame->has_ethernet)
		g_string_append_printf(telling->out,
				       "%s takes the headers off, from the outside in: %u bytes of "
				       "Ethernet and %u of IPv4, both "
				       "with its own address in them",
				       telling->node, ETHERNET_HEADER_BYTES,
				       frame->ipv4.header_bytes);
	else
		g_string_append_printf(
		    telling->out, "%s takes the headers off, from the outside in: %u bytes of IPv4",
		    telling->node, frame->ipv4.header_bytes);
	if (frame->transport != NULL && frame->transport_bytes > 0)
		g_string_append_printf(telling->out, ", then %u of %s", frame->transport_bytes,
				       frame->transport);
	g_string_append_c(telling->out, '.');
}

void telling_deliver(const struct telling *telling)
{
	const struct history *history = telling->history;
	const char *tcp =
	    taken_by_tcp(history_hop_find(history, telling->hop, TRACE_DECAPSULATE, LAYER_TCP));
	struct telling_frame frame;

	telling_read(&frame, telling, telling->hop->received);
	if (frame.has_ethernet && frame.ethernet.type == ETHERTYPE_ARP) {
		deliver_arp(telling);
		return;
	}
	if (!frame.has_ipv4) {
		g_string_append_printf(telling->out, "%s takes it in.", telling->node);
		return;
	}
	append_off(telling, &frame);
	telling_append_middlebox(telling);
	if (history_hop_find(history, telling->hop, TRACE_WAIT, LAYER_IPV4) != NULL) {
		g_string_append(telling->out, " It is a fragment: it is kept until the others have "
					      "come.");
	} else if (tcp != NULL) {
		g_string_append(telling->out, tcp);
	} else if (frame.payload != NULL) {
		g_string_append_printf(telling->out, " What is left, %u byte%s of %s, goes to ",
				       frame.payload_bytes, plural(frame.payload_bytes),
				       frame.payload);
		if (!append_program(telling, &frame))
			g_string_append(telling->out, "whoever waits for it");
		g_string_append_c(telling->out, '.');
	}
}

/* Dropped. */

/* What is said of a reason that is not plain from its name; NULL: the name says it. */
static const char *why_dropped(const struct trace_record *record)
{
	switch (record->layer << 16 | record->detail) {
	case LAYER_LINK << 16 | LINK_LOST:
		return "it is lost on the cable, by chance";
	case LAYER_LINK << 16 | LINK_PICKED:
		return "it is lost on the cable, as the scenario asks for";
	case LAYER_LINK << 16 | LINK_QUEUE_FULL:
		return "the queue in front of the cable is full";
	case LAYER_LINK << 16 | LINK_DOWN:
		return "the cable is cut";
	case LAYER_LINK << 16 | LINK_NOT_CONNECTED:
		return "no cable is plugged in";
	case LAYER_ETHERNET << 16 | ETHERNET_BAD_FCS:
		return "the frame check sequence behind it does not fit its bytes, so something "
		       "was "
		       "damaged on the cable";
	case LAYER_ARP << 16 | ARP_NO_ANSWER:
		return "nobody answers for the address of the next hop, so no frame can be "
		       "addressed "
		       "to it";
	case LAYER_IPV4 << 16 | IPV4_TTL_EXPIRED:
		return "its TTL is used up, so it may have gone round in a loop";
	case LAYER_IPV4 << 16 | IPV4_NO_ROUTE:
		return "no route leads to its destination";
	case LAYER_IPV4 << 16 | IPV4_TOO_BIG:
		return "it is too big for the next network and must not be fragmented (DF)";
	case LAYER_UDP << 16 | UDP_PORT_CLOSED:
		return "no program has opened the port that it is for";
	case LAYER_TCP << 16 | TCP_DROP_DUPLICATE:
		return "all its bytes have come before";
	case LAYER_TCP << 16 | TCP_DROP_BACKLOG_FULL:
		return "too many connections are half open";
	case LAYER_NAT << 16 | NAT_NO_MAPPING:
		return "the translation knows of nobody inside who waits for it";
	default:
		return NULL;
	}
}

/* Who finds out, and how. */
static const char *consequence(const struct trace_record *record, const struct telling_frame *frame)
{
	if (record->layer == LAYER_TCP && record->detail == TCP_DROP_DUPLICATE)
		return " It acknowledges once more, for the first acknowledgment may be lost.";
	if (record->layer == LAYER_FILTER && record->detail == FILTER_REJECTED)
		return " Its sender is told so.";
	if (record->layer == LAYER_FILTER)
		return " Nobody is told: the sender waits in vain until its timer runs out.";
	if (frame->transport != NULL && strcmp(frame->transport, "TCP") == 0)
		return " Nobody is told; the sender's TCP will notice that no acknowledgment "
		       "comes, "
		       "and send it again.";
	if (frame->transport != NULL && strcmp(frame->transport, "UDP") == 0)
		return " UDP does not repeat anything: the program that waits for an answer has "
		       "to.";
	return "";
}

static const struct trace_record *dropped(const struct telling *telling)
{
	return history_hop_find(telling->history, telling->hop, TRACE_DROP, -1);
}

/* "denied by rule 2 (rule 2: deny TCP to port 110)". */
static void tell_decision(const struct telling *telling, const struct trace_record *record)
{
	middlebox_describe(telling->out, telling->history->model, record);
	if (record->layer == LAYER_FILTER && record->object != 0)
		telling_append_rule(telling, record->object);
}

void telling_drop(const struct telling *telling)
{
	const struct trace_record *record = dropped(telling);
	struct telling_frame frame;
	const char *why;

	if (record == NULL)
		return;
	telling_read(&frame, telling,
		     telling->hop->received.length > 0 ? telling->hop->received
						       : telling->hop->sent);
	why = why_dropped(record);
	if (record->layer == LAYER_LINK && telling->hop->received.length == 0)
		g_string_append_printf(telling->out,
				       "%s sends it, but it does not arrive: ", telling->node);
	else
		g_string_append_printf(telling->out, "The packet ends at %s (%s): ", telling->node,
				       view_layer_name(record->layer));
	if (why != NULL)
		g_string_append(telling->out, why);
	else if (middlebox_is_told(record))
		tell_decision(telling, record);
	else
		g_string_append(telling->out, view_detail_name(record));
	g_string_append_c(telling->out, '.');
	g_string_append(telling->out, consequence(record, &frame));
}

/* Ignored. */

void telling_ignore(const struct telling *telling)
{
	const struct trace_record *record =
	    history_hop_find(telling->history, telling->hop, TRACE_IGNORE, -1);

	if (record == NULL)
		return;
	switch (record->layer << 16 | record->detail) {
	case LAYER_ARP << 16 | ARP_NOT_FOR_US:
		g_string_append_printf(
		    telling->out,
		    "%s reads the question too, because it went to everybody; it asks for another "
		    "host's address, so %s says nothing.",
		    telling->node, telling->node);
		break;
	case LAYER_ETHERNET << 16 | ETHERNET_NOT_FOR_US:
		g_string_append_printf(telling->out,
				       "%s sees that the frame is addressed to another interface, "
				       "and ignores it; only a program that listens to all "
				       "that comes, a sniffer, would read it.",
				       telling->node);
		break;
	case LAYER_ETHERNET << 16 | ETHERNET_SAME_PORT:
		g_string_append_printf(telling->out,
				       "The switch %s need not do anything: the receiver is behind "
				       "the port where the frame came from.",
				       telling->node);
		break;
	case LAYER_TCP << 16 | TCP_DROP_NO_CONNECTION:
		g_string_append_printf(
		    telling->out,
		    "No program at %s listens on that port, or the connection is "
		    "over: TCP answers with a reset (RST).",
		    telling->node);
		break;
	case LAYER_TCP << 16 | TCP_IGNORE_KEEPALIVE:
		g_string_append_printf(
		    telling->out,
		    "It only asks whether %s is still there: its number is one before the next. "
		    "TCP answers with an acknowledgment.",
		    telling->node);
		break;
	case LAYER_TCP << 16 | TCP_IGNORE_LATE_ACK:
		g_string_append_printf(
		    telling->out,
		    "It acknowledges what %s knows to have arrived: the connection is over, and "
		    "its ports only wait until nothing of it is on its way (TIME-WAIT).",
		    telling->node);
		break;
	default:
		g_string_append_printf(telling->out, "It ends at %s, and nothing is lost: %s.",
				       telling->node, view_detail_name(record));
		break;
	}
}
