#include "tests/packet/frame_text.h"

#include <stdlib.h>
#include "stack/address.h"
#include "stack/ipv4.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"
#include "tests/onehost.h"

static const struct {
	const char *name;
	struct mac mac;
} stations[] = {
	{"us",         { { 2, 0, 0, 0, 0, 0x10 } }         },
	{ "us1",       { { 2, 0, 0, 0, 1, 1 } }            },
	{ "peer",      { { 2, 0, 0, 0, 0, 1 } }            },
	{ "other",     { { 2, 0, 0, 0, 1, 2 } }            },
	{ "stranger",  { { 2, 0, 0, 0, 0, 9 } }            },
	{ "broadcast", { { 255, 255, 255, 255, 255, 255 } }},
};

static const char *station_name(struct mac mac)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(stations); i++)
		if (mac_equal(stations[i].mac, mac))
			return stations[i].name;
	return "?";
}

/* Printing. */

static void print_addresses(GString *out, uint32_t source, uint32_t destination)
{
	char from[IPV4_TEXT_BYTES], to[IPV4_TEXT_BYTES];

	g_string_append_printf(out, "%s > %s", ipv4_print(source, from),
			       ipv4_print(destination, to));
}

static void print_arp(GString *out, struct bytes payload)
{
	char sender[IPV4_TEXT_BYTES], target[IPV4_TEXT_BYTES];
	struct arp_packet arp;

	if (arp_packet_parse(payload, &arp) != PARSE_OK) {
		g_string_append(out, "arp malformed");
		return;
	}
	ipv4_print(arp.sender_address, sender);
	ipv4_print(arp.target_address, target);
	if (arp.operation == ARP_REQUEST)
		g_string_append_printf(out, "arp who-has %s tell %s", target, sender);
	else
		g_string_append_printf(out, "arp %s is-at %s tell %s", sender,
				       station_name(arp.sender_mac), target);
}

static void print_udp(GString *out, struct bytes payload)
{
	if (payload.length < UDP_HEADER_BYTES)
		g_string_append(out, " udp short");
	else
		g_string_append_printf(out, " udp %u > %u len %u", get_be16(payload.data),
				       get_be16(payload.data + 2),
				       get_be16(payload.data + 4) - UDP_HEADER_BYTES);
}

static void print_quotation(GString *out, struct bytes quotation)
{
	struct ipv4_header header;
	struct bytes payload;

	g_string_append(out, " about ");
	if (ipv4_header_parse_quoted(quotation, &header, &payload) != PARSE_OK) {
		g_string_append(out, "?");
		return;
	}
	print_addresses(out, header.source, header.destination);
	if (header.protocol == IP_PROTOCOL_UDP)
		print_udp(out, payload);
}

static void print_icmp(GString *out, struct bytes message)
{
	struct icmp_header icmp;
	struct bytes payload;

	if (icmp_header_parse(message, &icmp, &payload) != PARSE_OK) {
		g_string_append(out, " icmp short");
		return;
	}
	if (icmp.type == ICMP_ECHO_REQUEST || icmp.type == ICMP_ECHO_REPLY) {
		g_string_append_printf(out, " echo %s seq %u len %zu",
				       icmp.type == ICMP_ECHO_REPLY ? "reply" : "request",
				       icmp_echo_sequence(&icmp), payload.length);
		return;
	}
	g_string_append_printf(out, " icmp %u %u", icmp.type, icmp.code);
	if (icmp.rest != 0)
		g_string_append_printf(out, " rest %u", icmp.rest);
	print_quotation(out, payload);
}

static void print_ipv4(GString *out, struct bytes datagram)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse(datagram, &header, &payload) != PARSE_OK ||
	    !ipv4_checksum_is_right(datagram)) {
		g_string_append(out, "ipv4 malformed");
		return;
	}
	print_addresses(out, header.source, header.destination);
	if (header.fragment_offset_bytes > 0)
		g_string_append_printf(out, " protocol %u len %zu", header.protocol,
				       payload.length);
	else if (header.protocol == IP_PROTOCOL_ICMP)
		print_icmp(out, payload);
	else if (header.protocol == IP_PROTOCOL_UDP)
		print_udp(out, payload);
	else
		g_string_append_printf(out, " protocol %u len %zu", header.protocol,
				       payload.length);
	if (header.ttl != IPV4_DEFAULT_TTL)
		g_string_append_printf(out, " ttl %u", header.ttl);
	if (header.dont_fragment)
		g_string_append(out, " df");
	if (header.more_fragments || header.fragment_offset_bytes > 0)
		g_string_append_printf(out, " offset %u", header.fragment_offset_bytes);
	if (header.more_fragments)
		g_string_append(out, " more");
}

char *frame_print(struct bytes frame)
{
	struct ethernet_header ethernet;
	struct bytes payload;
	GString *out = g_string_new(NULL);

	if (ethernet_header_parse(frame, &ethernet, &payload) != PARSE_OK) {
		g_string_append(out, "malformed");
		return g_string_free(out, FALSE);
	}
	if (ethernet.type == ETHERTYPE_ARP)
		print_arp(out, payload);
	else if (ethernet.type == ETHERTYPE_IPV4)
		print_ipv4(out, payload);
	else
		g_string_append_printf(out, "type 0x%04x", ethernet.type);
	g_string_append_printf(out, " to %s", station_name(ethernet.destination));
	return g_string_free(out, FALSE);
}

/* Building. */

struct words {
	char **next;
	char *error; /* NULL while all is well */
};

static void complain(struct words *words, const char *what)
{
	if (words->error == NULL)
		words->error = g_strdup_printf("%s, not \"%s\"", what,
					       *words->next != NULL ? *words->next : "the end");
}

/* Takes the next word if it is this one. */
static bool accept(struct words *words, const char *word)
{
	if (*words->next == NULL || strcmp(*words->next, word) != 0)
		return false;
	words->next++;
	return true;
}

static void expect(struct words *words, const char *word)
{
	if (!accept(words, word))
		complain(words, word);
}

static unsigned number(struct words *words)
{
	char *end = NULL;
	unsigned long value = *words->next != NULL ? strtoul(*words->next, &end, 10) : 0;

	if (end == NULL || *end != '\0' || end == *words->next) {
		complain(words, "a number");
		return 0;
	}
	words->next++;
	return (unsigned)value;
}

static uint32_t address(struct words *words)
{
	uint32_t value = 0;

	if (*words->next == NULL || !ipv4_parse(*words->next, &value))
		complain(words, "an IPv4 address");
	else
		words->next++;
	return value;
}

static struct mac station(struct words *words)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(stations); i++)
		if (accept(words, stations[i].name))
			return stations[i].mac;
	complain(words, "a station");
	return mac_broadcast;
}

static void build_arp(struct words *words, GByteArray *out, struct mac *from)
{
	struct arp_packet arp = { .operation = ARP_REQUEST };
	uint8_t bytes[ARP_PACKET_BYTES];

	if (accept(words, "who-has")) {
		arp.target_address = address(words);
		expect(words, "tell");
		arp.sender_address = address(words);
		if (accept(words, "from"))
			*from = station(words);
		arp.sender_mac = *from;
	} else {
		arp.operation = ARP_REPLY;
		arp.sender_address = address(words);
		expect(words, "is-at");
		*from = arp.sender_mac = station(words);
		expect(words, "tell");
		arp.target_address = address(words);
		arp.target_mac = onehost_our_mac;
	}
	arp_packet_emit(&arp, bytes);
	g_byte_array_append(out, bytes, sizeof bytes);
}

static void append_zeros(GByteArray *out, size_t count)
{
	guint old = out->len;

	g_byte_array_set_size(out, old + (guint)count);
	memset(out->data + old, 0, count);
}

static void build_udp(struct words *words, GByteArray *out)
{
	uint8_t header[UDP_HEADER_BYTES];
	struct udp_header udp = { 0 };

	udp.source_port = (uint16_t)number(words);
	expect(words, ">");
	udp.destination_port = (uint16_t)number(words);
	expect(words, "len");
	udp.length_bytes = (uint16_t)(UDP_HEADER_BYTES + number(words));
	udp_header_emit(&udp, header);
	g_byte_array_append(out, header, sizeof header);
	append_zeros(out, udp.length_bytes - sizeof header);
}

static void build_echo(struct words *words, uint16_t identifier, GByteArray *out)
{
	uint8_t header[ICMP_HEADER_BYTES];
	struct icmp_header icmp = { .type = ICMP_ECHO_REQUEST };

	if (accept(words, "reply"))
		icmp.type = ICMP_ECHO_REPLY;
	else
		expect(words, "request");
	expect(words, "seq");
	icmp.rest = icmp_echo_rest(identifier, (uint16_t)number(words));
	expect(words, "len");
	size_t length = number(words);

	icmp_header_emit(&icmp, header);
	g_byte_array_append(out, header, sizeof header);
	append_zeros(out, length);
	icmp_checksum_set(out->data, out->len);
}

/* An error about a UDP datagram, or about an echo request of ours with `seq`. */
static void build_error(struct words *words, uint16_t identifier, GByteArray *out)
{
	uint8_t header[ICMP_HEADER_BYTES], quoted[IPV4_HEADER_BYTES];
	struct icmp_header icmp = { 0 };
	struct ipv4_header original = { .ttl = 1, .protocol = IP_PROTOCOL_UDP };
	GByteArray *payload = g_byte_array_new();

	icmp.type = (uint8_t)number(words);
	icmp.code = (uint8_t)number(words);
	if (accept(words, "rest"))
		icmp.rest = number(words);
	expect(words, "about");
	original.source = address(words);
	expect(words, ">");
	original.destination = address(words);
	if (accept(words, "udp")) {
		build_udp(words, payload);
	} else {
		expect(words, "echo");
		original.protocol = IP_PROTOCOL_ICMP;
		build_echo(words, identifier, payload);
	}
	original.total_length_bytes = (uint16_t)(sizeof quoted + payload->len);
	ipv4_header_emit(&original, quoted);
	ipv4_checksum_set(quoted);
	icmp_header_emit(&icmp, header);
	g_byte_array_append(out, header, sizeof header);
	g_byte_array_append(out, quoted, sizeof quoted);
	g_byte_array_append(out, payload->data, 8);
	icmp_checksum_set(out->data, out->len);
	g_byte_array_free(payload, TRUE);
}

static void build_ipv4(struct words *words, uint16_t identifier, GByteArray *out)
{
	struct ipv4_header header = { .ttl = IPV4_DEFAULT_TTL };
	GByteArray *payload = g_byte_array_new();
	uint8_t bytes[IPV4_HEADER_BYTES];

	header.source = address(words);
	expect(words, ">");
	header.destination = address(words);
	if (accept(words, "udp")) {
		header.protocol = IP_PROTOCOL_UDP;
		build_udp(words, payload);
	} else if (accept(words, "echo")) {
		header.protocol = IP_PROTOCOL_ICMP;
		build_echo(words, identifier, payload);
	} else if (accept(words, "icmp")) {
		header.protocol = IP_PROTOCOL_ICMP;
		build_error(words, identifier, payload);
	} else {
		expect(words, "protocol");
		header.protocol = (uint8_t)number(words);
		expect(words, "len");
		append_zeros(payload, number(words));
	}
	if (accept(words, "ttl"))
		header.ttl = (uint8_t)number(words);
	header.dont_fragment = accept(words, "df");
	if (accept(words, "offset"))
		header.fragment_offset_bytes = (uint16_t)number(words);
	header.more_fragments = accept(words, "more");
	header.total_length_bytes = (uint16_t)(sizeof bytes + payload->len);
	ipv4_header_emit(&header, bytes);
	ipv4_checksum_set(bytes);
	g_byte_array_append(out, bytes, sizeof bytes);
	g_byte_array_append(out, payload->data, payload->len);
	g_byte_array_free(payload, TRUE);
}

char *frame_build(const char *line, uint16_t identifier, GByteArray *out)
{
	char **split = g_strsplit(line, " ", -1);
	struct words words = { .next = split };
	struct ethernet_header ethernet = { .source = onehost_peer_mac, .type = ETHERTYPE_IPV4 };

	g_byte_array_set_size(out, ETHERNET_HEADER_BYTES);
	if (accept(&words, "arp")) {
		ethernet.type = ETHERTYPE_ARP;
		build_arp(&words, out, &ethernet.source);
	} else {
		build_ipv4(&words, identifier, out);
	}
	expect(&words, "to");
	ethernet.destination = station(&words);
	if (*words.next != NULL)
		complain(&words, "the end");
	ethernet_header_emit(&ethernet, out->data);
	if (out->len < ETHERNET_MIN_FRAME_BYTES)
		append_zeros(out, ETHERNET_MIN_FRAME_BYTES - out->len);
	g_strfreev(split);
	return words.error;
}
