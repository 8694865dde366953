#include "tests/packet/packet_text.h"

#include <string.h>
#include "protocols/dns/message.h"
#include "stack/ipv4.h"
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"
#include "tests/packet/dns_text.h"

/* A datagram as its words describe it. */
struct described {
	struct ipv4_header ip;
	GByteArray *payload; /* behind the IPv4 header */
	bool is_bad;         /* its checksum is to be wrong */
	bool is_dns_reply;
	uint16_t dns_port; /* of the end that is not at port 53 */
	bool has_piece;    /* only this part of the payload is sent */
	uint32_t piece_start, piece_end;
};

static void append_pattern(GByteArray *out, size_t length)
{
	guint start = out->len;

	g_byte_array_set_size(out, start + (guint)length);
	for (size_t i = 0; i < length; i++)
		out->data[start + i] = packet_text_payload(i);
}

static void build_datagram(struct words *words, const struct packet_ends *ends, GByteArray *out);

/* ICMP. */

static void build_echo(struct words *words, uint8_t type, GByteArray *out)
{
	uint8_t header[ICMP_HEADER_BYTES];
	uint16_t identifier;

	words_expect(words, "id");
	identifier = (uint16_t)words_number(words);
	words_expect(words, "seq");
	icmp_header_emit(
	    &(struct icmp_header) {
		.type = type,
		.rest = icmp_echo_rest(identifier, (uint16_t)words_number(words)),
	    },
	    header);
	g_byte_array_append(out, header, sizeof header);
	words_expect(words, "len");
	append_pattern(out, words_number(words));
}

static bool read_tail_word(struct words *words, struct described *described);

/* KIND [mtu N] [gateway ADDRESS] [words of the datagram] [quotes N] about [words of the quoted datagram] */
static void build_error(struct words *words, const struct packet_ends *ends,
			struct described *described)
{
	struct packet_ends back = { .source = ends->destination, .destination = ends->source };
	struct icmp_header icmp = { 0 };
	uint8_t header[ICMP_HEADER_BYTES];
	uint32_t quoted_bytes = UINT32_MAX;
	GByteArray *original = g_byte_array_new();

	icmp_kind_read(words, &icmp.type, &icmp.code);
	if (words_accept(words, "mtu"))
		icmp.rest = words_number(words);
	if (words_accept(words, "gateway"))
		icmp.rest = words_address(words);
	while (read_tail_word(words, described))
		;
	if (words_accept(words, "quotes"))
		quoted_bytes = words_number(words);
	words_expect(words, "about");
	build_datagram(words, &back, original);
	icmp_header_emit(&icmp, header);
	g_byte_array_append(described->payload, header, sizeof header);
	g_byte_array_append(described->payload, original->data, MIN(quoted_bytes, original->len));
	g_byte_array_free(original, TRUE);
}

static void build_icmp(struct words *words, const struct packet_ends *ends,
		       struct described *described)
{
	described->ip.protocol = IP_PROTOCOL_ICMP;
	if (words_accept(words, "echo-request"))
		build_echo(words, ICMP_ECHO_REQUEST, described->payload);
	else if (words_accept(words, "echo-reply"))
		build_echo(words, ICMP_ECHO_REPLY, described->payload);
	else
		build_error(words, ends, described);
}

/* UDP: the header's ports stand at its front at once, the rest is set when all is known. */

static void append_udp_header(GByteArray *out, uint16_t from, uint16_t to)
{
	uint8_t header[UDP_HEADER_BYTES];

	udp_header_emit(&(struct udp_header) { .source_port = from, .destination_port = to },
			header);
	g_byte_array_append(out, header, sizeof header);
}

static void build_udp(struct words *words, struct described *described)
{
	uint16_t from = (uint16_t)words_number(words), to;

	described->ip.protocol = IP_PROTOCOL_UDP;
	words_expect(words, ">");
	to = (uint16_t)words_number(words);
	append_udp_header(described->payload, from, to);
	words_expect(words, "len");
	append_pattern(described->payload, words_number(words));
}

static bool is_tail_word(const char *word)
{
	static const char *const tail_words[] = { "port", "from", "to", "ttl", "tos", "df", "bad" };

	for (size_t i = 0; i < G_N_ELEMENTS(tail_words); i++)
		if (strcmp(word, tail_words[i]) == 0)
			return true;
	return false;
}

static void build_dns(struct words *words, struct described *described)
{
	described->ip.protocol = IP_PROTOCOL_UDP;
	described->dns_port = PACKET_OTHER_PORT;
	append_udp_header(described->payload, 0, 0);
	dns_text_build(words, is_tail_word, described->payload);
	described->is_dns_reply = (described->payload->data[UDP_HEADER_BYTES + 2] & 0x80) != 0;
}

static void build_fragment(struct words *words, struct described *described)
{
	described->ip.identification = (uint16_t)words_number(words);
	words_expect(words, "protocol");
	described->ip.protocol = (uint8_t)words_number(words);
	words_expect(words, "len");
	append_pattern(described->payload, words_number(words));
	words_expect(words, "offset");
	described->ip.fragment_offset_bytes = (uint16_t)words_number(words);
	described->ip.more_fragments = words_accept(words, "more");
}

/* The words behind, of the IPv4 header and of how it is sent. */

static bool read_tail_word(struct words *words, struct described *described)
{
	struct ipv4_header *ip = &described->ip;

	if (words_accept(words, "port"))
		described->dns_port = (uint16_t)words_number(words);
	else if (words_accept(words, "from"))
		ip->source = words_address(words);
	else if (words_accept(words, "to"))
		ip->destination = words_address(words);
	else if (words_accept(words, "ttl"))
		ip->ttl = (uint8_t)words_number(words);
	else if (words_accept(words, "tos"))
		ip->tos = (uint8_t)words_number(words);
	else if (words_accept(words, "df"))
		ip->dont_fragment = true;
	else if (words_accept(words, "bad"))
		described->is_bad = true;
	else
		return false;
	return true;
}

/* piece START-END [ident N]: bytes START to END of the payload, as one fragment. */
static void read_piece(struct words *words, struct described *described)
{
	char **ends = g_strsplit(words_any(words, "START-END"), "-", 2);
	guint64 start = 0, end = 0, size = described->payload->len;

	described->ip.identification = 1;
	if (g_strv_length(ends) != 2 ||
	    !g_ascii_string_to_unsigned(ends[0], 10, 0, size, &start, NULL) ||
	    !g_ascii_string_to_unsigned(ends[1], 10, start, size, &end, NULL))
		words_complain(words, "START-END within the payload before this");
	g_strfreev(ends);
	if (words_accept(words, "ident"))
		described->ip.identification = (uint16_t)words_number(words);
	described->has_piece = true;
	described->piece_start = (uint32_t)start;
	described->piece_end = (uint32_t)end;
}

/* Finishing: lengths and checksums. */

static void finish_udp(struct described *described)
{
	GByteArray *datagram = described->payload;
	struct bytes payload = { datagram->data + UDP_HEADER_BYTES,
				 datagram->len - UDP_HEADER_BYTES };
	struct udp_header header = {
		.source_port = get_be16(datagram->data),
		.destination_port = get_be16(datagram->data + 2),
		.length_bytes = (uint16_t)datagram->len,
	};

	if (described->dns_port != 0) {
		header.source_port = described->is_dns_reply ? DNS_PORT : described->dns_port;
		header.destination_port = described->is_dns_reply ? described->dns_port : DNS_PORT;
	}
	udp_header_emit(&header, datagram->data);
	udp_checksum_set(datagram->data, checksum_add(0, payload), described->ip.source,
			 described->ip.destination);
	if (described->is_bad)
		datagram->data[6] ^= 0x55;
}

static void finish_icmp(struct described *described)
{
	icmp_checksum_set(described->payload->data, described->payload->len);
	if (described->is_bad)
		described->payload->data[2] ^= 0x55;
}

static void finish(struct described *described, GByteArray *out)
{
	struct ipv4_header *ip = &described->ip;
	struct bytes payload = { described->payload->data, described->payload->len };
	uint8_t header[IPV4_HEADER_BYTES];

	if (described->has_piece) {
		ip->fragment_offset_bytes = (uint16_t)described->piece_start;
		ip->more_fragments = described->piece_end < payload.length;
		payload =
		    bytes_from(bytes_first(payload, described->piece_end), described->piece_start);
	}
	ip->total_length_bytes = (uint16_t)(sizeof header + payload.length);
	ipv4_header_emit(ip, header);
	ipv4_checksum_set(header);
	g_byte_array_append(out, header, sizeof header);
	g_byte_array_append(out, payload.data, (guint)payload.length);
}

static void build_datagram(struct words *words, const struct packet_ends *ends, GByteArray *out)
{
	struct described described = {
		.ip = {.ttl = IPV4_DEFAULT_TTL,
                       .source = ends->source,
                       .destination = ends->destination},
		.payload = g_byte_array_new(),
	};
	void (*finish_payload)(struct described *) = NULL;

	if (words_accept(words, "icmp")) {
		build_icmp(words, ends, &described);
		finish_payload = finish_icmp;
	} else if (words_accept(words, "udp")) {
		build_udp(words, &described);
		finish_payload = finish_udp;
	} else if (words_accept(words, "dns")) {
		build_dns(words, &described);
		finish_payload = finish_udp;
	} else if (words_accept(words, "fragment")) {
		build_fragment(words, &described);
	} else {
		words_complain(words, "arp, icmp, udp, dns or fragment");
	}
	while (read_tail_word(words, &described))
		;
	if (words_accept(words, "piece"))
		read_piece(words, &described);
	if (finish_payload != NULL && words->problem == NULL)
		finish_payload(&described);
	finish(&described, out);
	g_byte_array_free(described.payload, TRUE);
}

void packet_text_build_datagram(struct words *words, const struct packet_ends *ends,
				GByteArray *out)
{
	build_datagram(words, ends, out);
}

void packet_text_build_arp(struct words *words, const struct packet_ends *ends, GByteArray *out)
{
	struct arp_packet arp = { .operation = ARP_REQUEST, .sender_mac = ends->source_mac };
	uint8_t bytes[ARP_PACKET_BYTES];

	words_expect(words, "arp");
	if (words_accept(words, "who-has")) {
		arp.target_address = words_address(words);
		words_expect(words, "tell");
		arp.sender_address = words_address(words);
		if (words_accept(words, "sender"))
			arp.sender_mac = words_mac(words);
	} else {
		arp.operation = ARP_REPLY;
		arp.sender_address = words_address(words);
		words_expect(words, "is-at");
		arp.sender_mac = words_mac(words);
		arp.target_mac = ends->destination_mac;
		arp.target_address = ends->destination;
		if (words_accept(words, "tell"))
			arp.target_address = words_address(words);
	}
	arp_packet_emit(&arp, bytes);
	g_byte_array_append(out, bytes, sizeof bytes);
}
