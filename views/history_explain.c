/* What happens at a hop, and why: where packets are made and where switches pass them on. */
#include "protocols/layer.h"
#include "sim/plural.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/crossing.h"
#include "views/history_telling.h"
#include "views/names.h"
#include "views/segment_reason.h"
#include "views/sentence.h"
#include "views/text.h"

/* Frames. */

static const char *payload_name(const struct telling *telling, const struct account *account)
{
	struct account_datagram room;

	if (account->segment != NULL)
		return model_protocol(account->segment->connection);
	if (decode_find(account->decode, DECODE_UDP) != NULL &&
	    account_unit(account, &room)->dissector != NULL)
		return account_unit(account, &room)->dissector->name;
	(void)telling;
	return "data";
}

void telling_read(struct telling_frame *frame, const struct telling *telling, struct bytes bytes)
{
	struct decode decode;
	struct model_segment segment;
	struct account account;
	struct bytes datagram, rest;

	*frame = (struct telling_frame) { .has_ethernet = false };
	if (ethernet_header_parse(bytes, &frame->ethernet, &datagram) != PARSE_OK)
		return;
	frame->has_ethernet = !crossing_is_wrapped(bytes);
	frame->has_ipv4 = frame->ethernet.type == ETHERTYPE_IPV4 &&
			  ipv4_header_parse(datagram, &frame->ipv4, &rest) == PARSE_OK;
	model_account(telling->history->model, bytes, &decode, &segment, &account);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		const struct decode_layer *layer = &decode.layers[i];

		switch (layer->is_quoted ? DECODE_DATA : (enum decode_protocol)layer->protocol) {
		case DECODE_ARP:
		case DECODE_TCP:
		case DECODE_UDP:
		case DECODE_ICMP:
		case DECODE_FRAGMENT:
			frame->transport = layer->name;
			frame->transport_bytes = layer->header_bytes;
			frame->payload_bytes = layer->payload_bytes;
			break;
		default:
			break;
		}
	}
	if (frame->payload_bytes > 0)
		frame->payload = payload_name(telling, &account);
}

void telling_append_mac(const struct telling *telling, struct mac mac)
{
	const char *name = model_name_of_mac(telling->history->model, mac);
	char text[MAC_TEXT_BYTES];

	if (mac_equal(mac, mac_broadcast))
		g_string_append(telling->out, "everybody");
	else
		g_string_append(telling->out, name != NULL ? name : mac_print(mac, text));
}

void telling_append_address(const struct telling *telling, uint32_t address)
{
	const char *name = model_name_of_address(telling->history->model, address);
	char text[IPV4_TEXT_BYTES];

	g_string_append(telling->out, ipv4_print(address, text));
	if (name != NULL)
		g_string_append_printf(telling->out, " (%s)", name);
}

void telling_append_interface(const struct telling *telling, unsigned number)
{
	const struct model_interface *interface =
	    model_interface(telling->history->model, telling->hop->node, number);

	if (interface == NULL) {
		g_string_append(telling->out, "no interface");
		return;
	}
	g_string_append(telling->out, interface->name);
	if (interface->network != NULL)
		g_string_append_printf(telling->out, " (%s)", interface->network);
}

void telling_append_wait(const struct telling *telling)
{
	const struct trace_record *wait =
	    history_hop_find(telling->history, telling->hop, TRACE_WAIT, LAYER_ARP);

	if (wait == NULL)
		return;
	g_string_append_printf(telling->out, " It had to wait %.3f ms for ARP: the MAC address of ",
			       (double)(telling->hop->last_ns - wait->time_ns) / 1e6);
	telling_append_address(telling, (uint32_t)wait->object);
	g_string_append(telling->out, " was not known yet.");
}

/* Made here. */

static void append_reason(const struct telling *telling)
{
	const struct trace_record *made =
	    history_hop_find(telling->history, telling->hop, TRACE_ENCAPSULATE, LAYER_TCP);
	const char *reason = made == NULL ? NULL : segment_reason(made->detail);

	if (reason != NULL)
		g_string_append_printf(telling->out, " %s.", reason);
}

/* "The 31 bytes of SMTP get 32 bytes of TCP header, 20 of IPv4 and 14 of Ethernet in front". */
/* "20 of IPv4 and 14 of Ethernet: 74 bytes" */
static void append_lower(const struct telling *telling, const struct telling_frame *frame)
{
	size_t bytes = telling->hop->sent.length;

	if (frame->has_ethernet)
		g_string_append_printf(telling->out, "%u of IPv4 and %u of Ethernet: %zu bytes.",
				       frame->ipv4.header_bytes, ETHERNET_HEADER_BYTES, bytes);
	else
		g_string_append_printf(telling->out, "%u of IPv4: %zu bytes.",
				       frame->ipv4.header_bytes, bytes - ETHERNET_HEADER_BYTES);
}

static void append_encapsulation(const struct telling *telling, const struct telling_frame *frame)
{
	GString *out = telling->out;

	if (!frame->has_ipv4 || frame->transport == NULL)
		return;
	if (frame->payload != NULL)
		g_string_append_printf(
		    out, " In front of %u byte%s of %s go %u bytes of %s header%s ",
		    frame->payload_bytes, plural(frame->payload_bytes), frame->payload,
		    frame->transport_bytes, frame->transport, frame->has_ethernet ? "," : " and");
	else
		g_string_append_printf(out, " In front of %u bytes of %s without data go ",
				       frame->transport_bytes, frame->transport);
	append_lower(telling, frame);
	if (history_hop_find(telling->history, telling->hop, TRACE_LOOPBACK, -1) != NULL)
		g_string_append_printf(out,
				       " The packet is for %s itself: no cable carries it, and no "
				       "Ethernet header is needed.",
				       telling->node);
}

/* The frame is for the next hop, the packet for its destination: the two differ behind a router. */
static void append_next_hop(const struct telling *telling, const struct telling_frame *frame)
{
	const char *next = model_name_of_mac(telling->history->model, frame->ethernet.destination);
	const char *end = model_name_of_address(telling->history->model, frame->ipv4.destination);

	if (!frame->has_ethernet || !frame->has_ipv4 || next == NULL || end == NULL ||
	    strcmp(next, end) == 0)
		return;
	g_string_append_printf(
	    telling->out,
	    " The packet is for %s in another network, so the frame is addressed "
	    "to the router %s.",
	    end, next);
}

static void tell_made(const struct telling *telling)
{
	struct telling_frame frame;
	GString *text = g_string_new(NULL);

	telling_read(&frame, telling, telling->hop->sent);
	sentence_append(text, telling->history->model,
			history_packet(telling->history, telling->hop->packet)->id,
			telling->hop->sent);
	g_string_truncate(text, sentence_short_bytes(text_bytes(text)));
	g_string_append(telling->out, text->str);
	if (text->len > 0 && strchr(".?!", text->str[text->len - 1]) == NULL)
		g_string_append_c(telling->out, '.');
	g_string_free(text, TRUE);
	append_reason(telling);
	if (frame.has_ethernet && frame.ethernet.type == ETHERTYPE_ARP &&
	    mac_equal(frame.ethernet.destination, mac_broadcast))
		g_string_append(telling->out, " The frame goes to everybody on the cable, because "
					      "nobody knows yet whose address it is.");
	append_encapsulation(telling, &frame);
	append_next_hop(telling, &frame);
	telling_append_wait(telling);
}

/* At a switch. */

/* Where the switch learned from this frame where its sender is; NULL: it knew, or is none. */
static const struct trace_record *learned(const struct telling *telling)
{
	const struct trace_record *first =
	    history_record_at(telling->history, telling->hop->first_record);

	for (uint64_t i = telling->hop->first_record; i < telling->hop->moment; i++) {
		const struct trace_record *record = history_record_at(telling->history, i);

		if (record->kind == TRACE_TABLE && record->layer == LAYER_ETHERNET &&
		    record->detail == ETHERNET_LEARNED && record->crossing == first->crossing &&
		    trace_node_of(record->id) == telling->hop->node)
			return record;
	}
	return NULL;
}

/* A port that mirrors gets a copy of what comes in elsewhere. */
static void tell_mirrored(const struct telling *telling)
{
	for (uint64_t i = telling->hop->first_record;
	     (i = history_hop_record(telling->history, telling->hop, i)) != UINT64_MAX; i++) {
		const struct trace_record *record = history_record_at(telling->history, i);

		if (record->kind == TRACE_FORWARD && record->detail == ETHERNET_MIRRORED)
			g_string_append_printf(
			    telling->out,
			    " A copy leaves at port %u, which mirrors the others: "
			    "whoever is there can read it.",
			    (unsigned)record->after);
	}
}

static void tell_switched(const struct telling *telling)
{
	const struct trace_record *forward =
	    history_hop_find(telling->history, telling->hop, TRACE_FORWARD, LAYER_ETHERNET);
	const struct trace_record *row = learned(telling);
	struct telling_frame frame;

	telling_read(&frame, telling, telling->hop->received);
	g_string_append_printf(telling->out,
			       "The switch %s reads the Ethernet header only: ", telling->node);
	if (forward != NULL && forward->detail == ETHERNET_FLOODED) {
		if (mac_is_group(frame.ethernet.destination))
			g_string_append(telling->out, "the frame is for everybody");
		else {
			g_string_append(telling->out, "it does not know yet where ");
			telling_append_mac(telling, frame.ethernet.destination);
			g_string_append(telling->out, " is");
		}
		g_string_append_printf(telling->out,
				       ", so it goes out of every port but %u, where it came in.",
				       telling->hop->in);
	} else {
		g_string_append(telling->out, "it has seen ");
		telling_append_mac(telling, frame.ethernet.destination);
		g_string_append_printf(telling->out,
				       " behind port %u, so the frame that came in at port %u "
				       "leaves there.",
				       telling->hop->out, telling->hop->in);
	}
	g_string_append(telling->out, " Not one byte of it changes.");
	tell_mirrored(telling);
	if (row != NULL) {
		g_string_append(telling->out, " From the source address it learns that ");
		telling_append_mac(telling, mac_from_number(row->object));
		g_string_append_printf(telling->out, " is behind port %u.", (unsigned)row->after);
	}
}

static void tell_waiting(const struct telling *telling)
{
	const struct trace_record *wait =
	    history_hop_find(telling->history, telling->hop, TRACE_WAIT, -1);

	g_string_append_printf(telling->out, "The packet is still at %s when the run ends",
			       telling->node);
	if (wait != NULL)
		g_string_append_printf(telling->out, ": it %s", view_detail_name(wait));
	g_string_append_c(telling->out, '.');
}

void history_explain_hop(GString *out, const struct history *history, const struct history_hop *hop)
{
	const struct telling telling = {
		.out = out,
		.history = history,
		.hop = hop,
		.node = model_node_name(history->model, hop->node),
	};

	switch ((enum history_outcome)hop->outcome) {
	case HISTORY_MADE:
		tell_made(&telling);
		break;
	case HISTORY_SWITCHED:
		tell_switched(&telling);
		break;
	case HISTORY_ROUTED:
		telling_route(&telling);
		break;
	case HISTORY_DELIVERED:
		telling_deliver(&telling);
		break;
	case HISTORY_DROPPED:
		telling_drop(&telling);
		break;
	case HISTORY_IGNORED:
		telling_ignore(&telling);
		break;
	case HISTORY_WAITING:
		tell_waiting(&telling);
		break;
	}
}
