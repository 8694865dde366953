#include "views/sentence.h"

#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"

struct service {
	uint16_t port;
	const char *name;
};

static const struct service services[] = {
	{25,    "smtp"      },
        { 53,   "dns"       },
        { 110,  "pop3"      },
	{ 143,  "imap"      },
        { 465,  "smtps"     },
        { 587,  "submission"},
	{ 2525, "submission"},
        { 993,  "imaps"     },
        { 995,  "pop3s"     },
};

const char *sentence_service(uint16_t port)
{
	for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
		if (services[i].port == port)
			return services[i].name;
	return NULL;
}

char *sentence_host(const struct model *model, uint32_t address, char out[64])
{
	const char *name = model_name_of_address(model, address);

	if (name != NULL)
		g_strlcpy(out, name, 64);
	else
		ipv4_print(address, out);
	return out;
}

static void append_arp(GString *out, const struct model *model, struct bytes payload)
{
	struct arp_packet arp;
	char sender[64], target[64], address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

	if (arp_packet_parse(payload, &arp) != PARSE_OK) {
		g_string_append(out, "a malformed ARP packet");
		return;
	}
	sentence_host(model, arp.sender_address, sender);
	sentence_host(model, arp.target_address, target);
	if (arp.sender_address == arp.target_address)
		g_string_append_printf(out, "%s announces its own MAC address", sender);
	else if (arp.operation == ARP_REQUEST)
		g_string_append_printf(out, "%s asks which MAC address has %s (%s)", sender,
				       ipv4_print(arp.target_address, address), target);
	else
		g_string_append_printf(out, "%s answers %s: %s is at %s", sender, target,
				       ipv4_print(arp.sender_address, address),
				       mac_print(arp.sender_mac, mac));
}

static const char *icmp_error_text(const struct icmp_header *icmp)
{
	if (icmp->type == ICMP_TIME_EXCEEDED)
		return icmp->code == ICMP_TTL_EXCEEDED ? "its TTL reached 0 on the way"
						       : "not all of its fragments arrived in time";
	if (icmp->type != ICMP_DESTINATION_UNREACHABLE)
		return "its header has a problem";
	switch (icmp->code) {
	case ICMP_NET_UNREACHABLE:
		return "there is no route to its network";
	case ICMP_HOST_UNREACHABLE:
		return "nobody answers for its destination address";
	case ICMP_PORT_UNREACHABLE:
		return "no program listens on its port";
	case ICMP_FRAGMENTATION_NEEDED:
		return "it is too big for the next network and must not be fragmented";
	case ICMP_ADMINISTRATIVELY_PROHIBITED:
		return "a filter does not let it pass";
	default:
		return "it cannot be delivered";
	}
}

static void append_icmp(GString *out, const char *from, const char *to, struct bytes payload)
{
	struct icmp_header icmp;
	struct bytes rest;

	if (icmp_header_parse(payload, &icmp, &rest) != PARSE_OK)
		g_string_append_printf(out, "%s sends %s a malformed ICMP message", from, to);
	else if (icmp.type == ICMP_ECHO_REQUEST)
		g_string_append_printf(out, "%s pings %s with %zu bytes", from, to, rest.length);
	else if (icmp.type == ICMP_ECHO_REPLY)
		g_string_append_printf(out, "%s answers the ping of %s", from, to);
	else
		g_string_append_printf(out, "%s tells %s that a packet was dropped: %s", from, to,
				       icmp_error_text(&icmp));
}

static const struct dissector *udp_dissector(const struct dissector *const *dissectors,
					     const struct udp_header *udp, bool *is_from_server)
{
	for (; *dissectors != NULL; dissectors++) {
		for (int i = 0; i < DISSECT_PORTS_MAX && (*dissectors)->udp_ports[i] != 0; i++) {
			*is_from_server = udp->source_port == (*dissectors)->udp_ports[i];
			if (*is_from_server || udp->destination_port == (*dissectors)->udp_ports[i])
				return *dissectors;
		}
	}
	return NULL;
}

/* "alice-pc asks dns for A of mail.example", "dns answers alice-pc: mail.example A 192.0.2.1". */
static void append_exchange(GString *out, const char *from, const char *to, bool is_from_server,
			    const char *summary)
{
	const char *verb = is_from_server ? "answer: " : "asks ";

	if (g_str_has_prefix(summary, verb))
		summary += strlen(verb);
	else
		verb = "";
	g_string_append_printf(out, "%s %s %s%s%s", from, is_from_server ? "answers" : "asks", to,
			       *verb != '\0' && !is_from_server ? " " : ": ", summary);
}

static void append_udp(GString *out, const char *from, const char *to, struct bytes payload,
		       const struct dissector *const *dissectors)
{
	struct udp_header udp;
	struct bytes data;
	struct dissect_unit unit;
	const struct dissector *dissector;
	bool is_from_server;

	if (udp_header_parse(payload, &udp, &data) != PARSE_OK) {
		g_string_append_printf(out, "%s sends %s a malformed UDP datagram", from, to);
		return;
	}
	dissector = udp_dissector(dissectors, &udp, &is_from_server);
	if (dissector != NULL &&
	    dissector->dissect(&(struct dissect_input) { data, is_from_server, false, NULL }, &unit,
			       1) > 0)
		append_exchange(out, from, to, is_from_server, unit.summary);
	else
		g_string_append_printf(out, "%s sends %zu bytes by UDP to %s port %u", from,
				       data.length, to, udp.destination_port);
}

/* Segments that carry no payload. */
static void append_control(GString *out, const char *from, const char *to,
			   const struct model_segment *segment)
{
	uint16_t port = segment->connection->server.port;
	const char *service = sentence_service(port);

	if (segment->flags & TCP_RST)
		g_string_append_printf(out, "%s resets the connection with %s", from, to);
	else if ((segment->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		g_string_append_printf(out, "%s agrees to the connection and sends its own SYN",
				       from);
	else if (segment->flags & TCP_SYN)
		g_string_append_printf(out, "%s opens a TCP connection to %s port %u%s%s%s", from,
				       to, port, service != NULL ? " (" : "",
				       service != NULL ? service : "", service != NULL ? ")" : "");
	else if (segment->flags & TCP_FIN)
		g_string_append_printf(out, "%s has no more to send on this connection (FIN)",
				       from);
	else if (segment->sequence == 1 && segment->acknowledgment == 1 &&
		 !segment->direction->is_from_server)
		g_string_append_printf(out, "%s completes the three-way handshake with %s", from,
				       to);
	else
		g_string_append_printf(out, "%s acknowledges what %s sent up to byte %u", from, to,
				       segment->acknowledgment - 1);
}

static void append_payload(GString *out, const char *from, const char *to,
			   const struct model_segment *segment)
{
	const struct model_direction *direction = segment->direction;
	const struct dissector *dissector = segment->connection->dissector;
	uint64_t end = segment->offset + segment->length;
	unsigned index = model_unit_index(direction, segment->offset), more = 0;

	g_string_append_printf(out, "%s to %s", from, to);
	if (dissector == NULL || index == direction->units->len) {
		g_string_append_printf(out, ": %" G_GUINT64_FORMAT " bytes", segment->length);
		return;
	}
	const struct model_unit *unit = direction->units->pdata[index];

	for (unsigned i = index + 1; i < direction->units->len; i++, more++)
		if (((struct model_unit *)direction->units->pdata[i])->offset >= end)
			break;
	g_string_append_printf(out, ", %s: %s", dissector->name, unit->summary);
	if (more > 0)
		g_string_append_printf(out, " (and %u more)", more);
	else if (unit->purpose != NULL)
		g_string_append_printf(out, SENTENCE_DASH "%s", unit->purpose);
}

static void append_tcp(GString *out, const struct model *model, const char *from, const char *to,
		       struct bytes frame)
{
	struct model_segment segment;

	if (!model_find_segment(model, frame, &segment))
		g_string_append_printf(out, "%s sends %s a TCP segment of no known connection",
				       from, to);
	else if (segment.length == 0)
		append_control(out, from, to, &segment);
	else
		append_payload(out, from, to, &segment);
}

void sentence_append(GString *out, const struct model *model, struct bytes frame,
		     const struct dissector *const *dissectors)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct bytes payload, transport;
	char from[64], to[64];

	if (ethernet_header_parse(frame, &ethernet, &payload) != PARSE_OK) {
		g_string_append(out, "a frame that is not Ethernet II");
		return;
	}
	if (ethernet.type == ETHERTYPE_ARP) {
		append_arp(out, model, payload);
		return;
	}
	if (ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(payload, &ipv4, &transport) != PARSE_OK) {
		g_string_append(out, "a frame that carries no IPv4 datagram");
		return;
	}
	sentence_host(model, ipv4.source, from);
	sentence_host(model, ipv4.destination, to);
	if (ipv4.fragment_offset_bytes > 0 || ipv4.more_fragments)
		g_string_append_printf(
		    out, "%s sends %s a fragment: bytes %u to %zu of datagram %u", from, to,
		    ipv4.fragment_offset_bytes, ipv4.fragment_offset_bytes + transport.length - 1,
		    ipv4.identification);
	else if (ipv4.protocol == 6)
		append_tcp(out, model, from, to, frame);
	else if (ipv4.protocol == 17)
		append_udp(out, from, to, transport, dissectors);
	else if (ipv4.protocol == 1)
		append_icmp(out, from, to, transport);
	else
		g_string_append_printf(out, "%s sends %s a datagram of protocol %u", from, to,
				       ipv4.protocol);
}
