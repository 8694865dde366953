/* Sentences for messages of ICMP and ICMPv6. */
#include "views/sentence_private.h"

#include "stack/wire/icmp.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ipv4.h"
#include "views/text.h"

static void append_ping(GString *out, const char *from, const char *to, size_t length)
{
	text_words(out, from, " pings ", to);
	sentence_append_bytes(out, " with ", length, "");
}

/* "a sends b an ICMPv6 message: neighbour solicitation (135)"; `type` is the field that has the names. */
static void append_message(GString *out, const char *from, const char *to, const char *protocol,
			   const struct field *type, uint8_t value)
{
	const char *name = field_value_name(type, value);

	text_words(out, from, " sends ", to, " an ", protocol, " message");
	if (name == NULL)
		text_count(out, " of type ", value, "");
	else
		text_words(out, ": ", name);
	if (name != NULL)
		text_count(out, " (", value, ")");
}

static const char *icmp_error_text(const struct icmp_header *icmp)
{
	if (icmp->type == ICMP_TIME_EXCEEDED)
		return icmp->code == ICMP_TTL_EXCEEDED ? "its TTL reached 0 on the way"
						       : "not all of its fragments arrived in time";
	if (icmp->type == ICMP_PARAMETER_PROBLEM)
		return "its header has a problem";
	if (icmp->type == ICMP_SOURCE_QUENCH)
		return "there is no room for it";
	switch (icmp->code) {
	case ICMP_NET_UNREACHABLE:
		return "there is no route to its network";
	case ICMP_HOST_UNREACHABLE:
		return "nobody answers for its destination address";
	case ICMP_PROTOCOL_UNREACHABLE:
		return "nothing there speaks its protocol";
	case ICMP_PORT_UNREACHABLE:
		return "no program listens on its port";
	case ICMP_FRAGMENTATION_NEEDED:
		return "it is too big for the next network and must not be fragmented";
	case ICMP_NET_PROHIBITED:
	case ICMP_HOST_PROHIBITED:
	case ICMP_ADMINISTRATIVELY_PROHIBITED:
		return "a filter does not let it pass";
	default:
		return "it cannot be delivered";
	}
}

/* "router tells alice-pc to use 10.0.0.9 for 9.9.9.9": nothing is lost, the router forwards. */
static void append_redirect(GString *out, const struct view_names *names, const char *from,
			    const char *to, const struct icmp_header *icmp, struct bytes quoted)
{
	struct ip_address gateway = ip_address_from_ipv4(icmp_redirect_gateway(icmp));
	char rooms[2][SENTENCE_HOST_BYTES];
	struct ipv4_header about;
	struct bytes rest;

	text_words(out, from, " tells ", to, " to use ", sentence_host(names, gateway, rooms[0]));
	if (ipv4_header_parse_quoted(quoted, &about, &rest) == PARSE_OK)
		text_words(out, " for ",
			   sentence_host(names, ip_address_from_ipv4(about.destination), rooms[1]));
}

void sentence_append_icmp(GString *out, const struct view_names *names, const char *from,
			  const char *to, const struct decode_layer *layer, struct bytes payload)
{
	struct icmp_header icmp;
	struct bytes rest;

	if (icmp_header_parse(payload, &icmp, &rest) != PARSE_OK)
		sentence_append_unreadable(out, from, to, layer, "an", "ICMP message");
	else if (icmp.type == ICMP_ECHO_REQUEST)
		append_ping(out, from, to, rest.length + layer->cut_payload_bytes);
	else if (icmp.type == ICMP_ECHO_REPLY)
		text_words(out, from, " answers the ping of ", to);
	else if (icmp.type == ICMP_REDIRECT)
		append_redirect(out, names, from, to, &icmp, rest);
	else if (icmp_is_error(icmp.type))
		text_words(out, from, " tells ", to,
			   " that a packet was dropped: ", icmp_error_text(&icmp));
	else
		append_message(out, from, to, "ICMP", &icmp_fields(icmp.type, icmp.code)->fields[0],
			       icmp.type);
}

static const char *icmpv6_error_text(const struct icmpv6_header *icmp)
{
	switch (icmp->type) {
	case ICMPV6_PACKET_TOO_BIG:
		return "it is too big for the next network";
	case ICMPV6_TIME_EXCEEDED:
		return icmp->code == 0 ? "its hop limit reached 0 on the way"
				       : "not all of its fragments arrived in time";
	case ICMPV6_PARAMETER_PROBLEM:
		return "its header has a problem";
	case ICMPV6_DESTINATION_UNREACHABLE:
		break;
	default:
		return "an error of a kind not known here";
	}
	switch (icmp->code) { /* of destination unreachable: RFC 4443 section 3.1 */
	case 0:
		return "there is no route to its network";
	case 1:
	case 5: /* the source address is what the filter refuses */
		return "a filter does not let it pass";
	case 2:
		return "its source address is of a smaller scope than its destination";
	case 3:
		return "nobody answers for its destination address";
	case 4:
		return "no program listens on its port";
	case 6:
		return "its route says that it is to be rejected";
	default:
		return "it cannot be delivered";
	}
}

static bool is_unspecified(struct ip_address address)
{
	static const struct ip_address unspecified;

	return ip_address_equal(address, unspecified);
}

void sentence_append_icmpv6(GString *out, const struct view_names *names, const char *from,
			    const char *to, const struct decode_layer *layer, struct bytes message)
{
	struct icmpv6_header icmp;
	struct bytes rest;
	char rooms[2][SENTENCE_HOST_BYTES];
	const char *target;

	if (icmpv6_header_parse(message, &icmp, &rest) != PARSE_OK) {
		sentence_append_unreadable(out, from, to, layer, "an", "ICMPv6 message");
		return;
	}
	target = sentence_host(names, icmp.target, rooms[0]);
	switch (icmp.type) {
	case ICMPV6_ECHO_REQUEST:
		append_ping(out, from, to, rest.length + layer->cut_payload_bytes);
		return;
	case ICMPV6_ECHO_REPLY:
		text_words(out, from, " answers the ping of ", to);
		return;
	case ICMPV6_NEIGHBOR_SOLICITATION:
		text_words(out, from, " asks which MAC address has ", target);
		return;
	case ICMPV6_NEIGHBOR_ADVERTISEMENT:
		text_words(out, from, " says that it has ", target);
		return;
	case ICMPV6_ROUTER_SOLICITATION:
		text_words(out, from, " looks for routers");
		return;
	case ICMPV6_ROUTER_ADVERTISEMENT:
		text_words(out, from, " says that it is a router");
		return;
	case ICMPV6_REDIRECT:
		text_words(out, from, " tells ", to, " to use ", target, " for ",
			   sentence_host(names, icmp.destination, rooms[1]));
		return;
	case ICMPV6_LISTENER_QUERY:
		text_words(out, from, " asks who listens to ",
			   is_unspecified(icmp.target) ? "multicasts" : target);
		return;
	case ICMPV6_LISTENER_REPORT:
		text_words(out, from, " listens to the multicasts of ", target);
		return;
	case ICMPV6_LISTENER_DONE:
		text_words(out, from, " listens to the multicasts of ", target, " no more");
		return;
	default:
		break;
	}
	if (icmpv6_is_error(icmp.type))
		text_words(out, from, " tells ", to,
			   " that a packet was dropped: ", icmpv6_error_text(&icmp));
	else
		append_message(out, from, to, "ICMPv6", &icmpv6_fields(icmp.type)->fields[0],
			       icmp.type);
}
