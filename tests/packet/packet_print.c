#include "tests/packet/packet_text.h"

#include <stdio.h>
#include "protocols/dns/message.h"
#include "stack/ipv4.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"
#include "tests/packet/dns_text.h"
#include "tests/packet/segment.h"

static const struct {
	uint8_t type, code;
	const char *name;
} icmp_kinds[] = {
	{ICMP_DESTINATION_UNREACHABLE,  ICMP_NET_UNREACHABLE,          "net-unreachable"         },
	{ ICMP_DESTINATION_UNREACHABLE, ICMP_HOST_UNREACHABLE,         "host-unreachable"        },
	{ ICMP_DESTINATION_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE,     "protocol-unreachable"    },
	{ ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE,         "port-unreachable"        },
	{ ICMP_DESTINATION_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED,     "fragmentation-needed"    },
	{ ICMP_TIME_EXCEEDED,           ICMP_TTL_EXCEEDED,             "time-exceeded"           },
	{ ICMP_REDIRECT,                1,			     "redirect"                },
	{ ICMP_TIME_EXCEEDED,           ICMP_REASSEMBLY_TIME_EXCEEDED, "reassembly-time-exceeded"},
};

uint8_t packet_text_payload(size_t offset)
{
	return dialogue_pattern(offset);
}

const char *icmp_kind_print(uint8_t type, uint8_t code, char out[ICMP_KIND_TEXT_BYTES])
{
	for (size_t i = 0; i < G_N_ELEMENTS(icmp_kinds); i++)
		if (icmp_kinds[i].type == type && icmp_kinds[i].code == code)
			return icmp_kinds[i].name;
	snprintf(out, ICMP_KIND_TEXT_BYTES, "type %u code %u", type, code);
	return out;
}

void icmp_kind_read(struct words *words, uint8_t *type, uint8_t *code)
{
	*type = *code = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(icmp_kinds); i++) {
		if (words_accept(words, icmp_kinds[i].name)) {
			*type = icmp_kinds[i].type;
			*code = icmp_kinds[i].code;
			return;
		}
	}
	words_expect(words, "type");
	*type = (uint8_t)words_number(words);
	words_expect(words, "code");
	*code = (uint8_t)words_number(words);
}

/* ARP. */

void packet_text_of_arp(struct bytes packet, const struct packet_ends *ends, GString *out)
{
	char sender[IPV4_TEXT_BYTES], target[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
	struct arp_packet arp;

	if (arp_packet_parse(packet, &arp) != PARSE_OK) {
		g_string_append(out, "arp malformed");
		return;
	}
	ipv4_print(arp.sender_address, sender);
	ipv4_print(arp.target_address, target);
	mac_print(arp.sender_mac, mac);
	if (arp.operation == ARP_REQUEST) {
		g_string_append_printf(out, "arp who-has %s tell %s", target, sender);
		if (!mac_equal(arp.sender_mac, ends->source_mac))
			g_string_append_printf(out, " sender %s", mac);
		return;
	}
	g_string_append_printf(out, "arp %s is-at %s", sender, mac);
	if (arp.target_address != ends->destination)
		g_string_append_printf(out, " tell %s", target);
}

/* UDP and DNS. */

static bool is_pattern(struct bytes payload)
{
	for (size_t i = 0; i < payload.length; i++)
		if (payload.data[i] != packet_text_payload(i))
			return false;
	return true;
}

/* Bytes that count up, behind the time when there is room for that: ping(8). */
static bool is_ping_payload(struct bytes payload)
{
	for (size_t i = payload.length < 16 ? 0 : 16; i < payload.length; i++)
		if (payload.data[i] != (uint8_t)i)
			return false;
	return true;
}

static void print_ports(uint16_t from, uint16_t to, size_t length, struct bytes payload,
			GString *out)
{
	g_string_append_printf(out, "udp %u > %u len %zu", from, to, length);
	if (!is_pattern(payload))
		g_string_append(out, " other-payload");
}

static void print_quoted_udp(struct bytes quoted, GString *out)
{
	if (quoted.length < UDP_HEADER_BYTES)
		g_string_append(out, "udp short");
	else
		print_ports(get_be16(quoted.data), get_be16(quoted.data + 2),
			    (size_t)get_be16(quoted.data + 4) - UDP_HEADER_BYTES,
			    bytes_from(quoted, UDP_HEADER_BYTES), out);
}

static void print_udp(const struct ipv4_header *ip, struct bytes datagram, GString *out)
{
	struct udp_header udp;
	struct bytes payload;

	if (udp_header_parse(datagram, &udp, &payload) != PARSE_OK ||
	    !udp_checksum_is_right(datagram, ip->source, ip->destination)) {
		g_string_append(out, "udp malformed");
		return;
	}
	bool is_to_server = udp.destination_port == DNS_PORT;
	uint16_t other_port = is_to_server ? udp.source_port : udp.destination_port;

	if ((!is_to_server && udp.source_port != DNS_PORT) || !dns_text_of(payload, out))
		print_ports(udp.source_port, udp.destination_port, payload.length, payload, out);
	else if (other_port != PACKET_OTHER_PORT)
		g_string_append_printf(out, " port %u", other_port);
}

/* IPv4: what differs from the usual, in this order. */

static void print_tail(const struct ipv4_header *ip, const struct packet_ends *ends, GString *out)
{
	char address[IPV4_TEXT_BYTES];

	if (ip->source != ends->source)
		g_string_append_printf(out, " from %s", ipv4_print(ip->source, address));
	if (ip->destination != ends->destination)
		g_string_append_printf(out, " to %s", ipv4_print(ip->destination, address));
	if (ip->ttl != IPV4_DEFAULT_TTL)
		g_string_append_printf(out, " ttl %u", ip->ttl);
	if (ip->tos != 0)
		g_string_append_printf(out, " tos %u", ip->tos);
	if (ip->dont_fragment)
		g_string_append(out, " df");
}

static bool is_fragment(const struct ipv4_header *ip)
{
	return ip->more_fragments || ip->fragment_offset_bytes > 0;
}

static void print_fragment(const struct ipv4_header *ip, size_t length, GString *out)
{
	g_string_append_printf(out, "fragment %u protocol %u len %zu offset %u", ip->identification,
			       ip->protocol, length, ip->fragment_offset_bytes);
	if (ip->more_fragments)
		g_string_append(out, " more");
}

/* ICMP. */

static void print_echo(const struct icmp_header *icmp, struct bytes payload, GString *out)
{
	bool is_request = icmp->type == ICMP_ECHO_REQUEST;

	g_string_append_printf(out, "icmp echo-%s id %u seq %u len %zu",
			       is_request ? "request" : "reply", icmp_echo_identifier(icmp),
			       icmp_echo_sequence(icmp), payload.length);
	if (!is_pattern(payload) && !(is_request && is_ping_payload(payload)))
		g_string_append(out, " other-payload");
}

/* The words of a quoted datagram, whose end may be missing. */
static void print_quotation(struct bytes quotation, const struct packet_ends *ends, GString *out)
{
	struct packet_ends back = { .source = ends->destination, .destination = ends->source };
	struct ipv4_header ip;
	struct icmp_header icmp;
	struct bytes payload, data;

	if (ipv4_header_parse_quoted(quotation, &ip, &payload) != PARSE_OK) {
		g_string_append(out, " about something malformed");
		return;
	}
	if (quotation.length < ip.total_length_bytes)
		g_string_append_printf(out, " quotes %zu", quotation.length);
	g_string_append(out, " about ");
	if (ip.fragment_offset_bytes > 0)
		print_fragment(&ip, ip.total_length_bytes - ip.header_bytes, out);
	else if (ip.protocol == IP_PROTOCOL_UDP)
		print_quoted_udp(payload, out);
	else if (ip.protocol == IP_PROTOCOL_ICMP &&
		 icmp_header_parse(payload, &icmp, &data) == PARSE_OK && !icmp_is_error(icmp.type))
		print_echo(&icmp, data, out);
	else
		g_string_append_printf(out, "protocol %u", ip.protocol);
	if (ip.more_fragments && ip.fragment_offset_bytes == 0)
		g_string_append(out, " more");
	print_tail(&ip, &back, out);
}

/* What an error says besides its kind. */
static void print_rest(const struct icmp_header *icmp, GString *out)
{
	char gateway[IPV4_TEXT_BYTES];

	if (icmp->type == ICMP_REDIRECT)
		g_string_append_printf(out, " gateway %s",
				       ipv4_print(icmp_redirect_gateway(icmp), gateway));
	else if (icmp->rest != 0)
		g_string_append_printf(out, " mtu %u", icmp->rest);
}

static void print_icmp(const struct ipv4_header *ip, struct bytes message,
		       const struct packet_ends *ends, GString *out)
{
	char kind[ICMP_KIND_TEXT_BYTES];
	struct icmp_header icmp;
	struct bytes payload;

	if (icmp_header_parse(message, &icmp, &payload) != PARSE_OK ||
	    !icmp_checksum_is_right(message)) {
		g_string_append(out, "icmp malformed");
	} else if (!icmp_is_error(icmp.type)) {
		print_echo(&icmp, payload, out);
		print_tail(ip, ends, out);
	} else {
		g_string_append_printf(out, "icmp %s", icmp_kind_print(icmp.type, icmp.code, kind));
		print_rest(&icmp, out);
		print_tail(ip, ends, out);
		print_quotation(payload, ends, out);
	}
}

void packet_text_of_datagram(struct bytes datagram, const struct packet_ends *ends, GString *out)
{
	struct ipv4_header ip;
	struct bytes payload;

	if (ipv4_header_parse(datagram, &ip, &payload) != PARSE_OK ||
	    !ipv4_checksum_is_right(datagram)) {
		g_string_append(out, "ipv4 malformed");
		return;
	}
	if (!is_fragment(&ip) && ip.protocol == IP_PROTOCOL_ICMP) {
		print_icmp(&ip, payload, ends, out);
		return;
	}
	if (is_fragment(&ip))
		print_fragment(&ip, payload.length, out);
	else if (ip.protocol == IP_PROTOCOL_UDP)
		print_udp(&ip, payload, out);
	else
		g_string_append_printf(out, "protocol %u len %zu", ip.protocol, payload.length);
	print_tail(&ip, ends, out);
}

void packet_text_of_frame(struct bytes frame, const struct packet_ends *ends, GString *out)
{
	struct ethernet_header ethernet;
	struct bytes payload;
	char mac[MAC_TEXT_BYTES];
	struct mac usual = ends->destination_mac;

	if (ethernet_header_parse(frame, &ethernet, &payload) != PARSE_OK) {
		g_string_append(out, "malformed");
		return;
	}
	if (ethernet.type == ETHERTYPE_ARP)
		packet_text_of_arp(payload, ends, out);
	else if (ethernet.type == ETHERTYPE_IPV4)
		packet_text_of_datagram(payload, ends, out);
	else
		g_string_append_printf(out, "type 0x%04x", ethernet.type);
	if (ethernet.type == ETHERTYPE_ARP && payload.length > 8 && payload.data[7] == ARP_REQUEST)
		usual = mac_broadcast;
	if (!mac_equal(ethernet.source, ends->source_mac))
		g_string_append_printf(out, " mac-from %s", mac_print(ethernet.source, mac));
	if (!mac_equal(ethernet.destination, usual))
		g_string_append_printf(out, " mac-to %s", mac_print(ethernet.destination, mac));
}
