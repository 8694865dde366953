#include "views/sentence_private.h"

#include "protocols/actor.h"
#include "protocols/dns/names.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"
#include "views/text.h"

#define SENTENCE_PLACE_BYTES 128 /* a name of at most 63 letters, and a program's */

struct service {
	uint16_t port;
	const char *name;
};

/* As IANA registers them, in order of port; 465 is that of RFC 8314. */
static const struct service services[] = {
	{25,    "smtp"       },
        { 53,   "dns"        },
        { 80,   "http"       },
        { 110,  "pop3"       },
	{ 143,  "imap"       },
        { 443,  "https"      },
        { 465,  "submissions"},
        { 587,  "submission" },
	{ 993,  "imaps"      },
        { 995,  "pop3s"      },
        { 2525, "submission" },
};

size_t sentence_short_bytes(struct bytes sentence)
{
	static const char dash[] = SENTENCE_DASH;
	const struct bytes wanted = { (const uint8_t *)dash, sizeof dash - 1 };
	const uint8_t *at;

	/* Its second byte is rare. */
	for (struct bytes rest = bytes_from(sentence, 1);
	     (at = bytes_find_byte(rest, wanted.data[1])) != NULL;
	     rest = bytes_from(rest, (size_t)(at + 1 - rest.data))) {
		size_t before = (size_t)(at - 1 - sentence.data);

		if (bytes_equal(bytes_first(bytes_from(sentence, before), wanted.length), wanted))
			return before;
	}
	return sentence.length;
}

const char *sentence_service(uint16_t port)
{
	if (port > services[G_N_ELEMENTS(services) - 1].port) /* most are */
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
		if (services[i].port == port)
			return services[i].name;
	return NULL;
}

const char *sentence_host(const struct view_names *names, struct ip_address address,
			  char out[SENTENCE_HOST_BYTES])
{
	const char *name = names->of_address(names->owner, address);

	return name != NULL ? name : ip_address_print(address, out);
}

void sentence_append_bytes(GString *out, const char *before, uint64_t length, const char *behind)
{
	text_append(out, before);
	text_things(out, length, "byte");
	text_append(out, behind);
}

/* "an ARP packet of which too little is here": the capture has not all of it; else it is malformed. */
static void append_unreadable(GString *out, const struct decode_layer *layer, const char *article,
			      const char *what)
{
	bool is_cut = layer->note == DECODE_NOTE_SNAPPED;

	text_words(out, is_cut ? article : "a malformed", " ", what);
	if (is_cut)
		text_append(out, " of which too little is here");
}

void sentence_append_unreadable(GString *out, const char *from, const char *to,
				const struct decode_layer *layer, const char *article,
				const char *what)
{
	text_words(out, from, " sends ", to, " ");
	append_unreadable(out, layer, article, what);
}

/* Who has an address, with its name where it has one. */
static void append_question(GString *out, const struct view_names *names, const char *sender,
			    uint32_t target)
{
	char address[IPV4_TEXT_BYTES];
	const char *name = names->of_address(names->owner, ip_address_from_ipv4(target));

	text_words(out, sender, " asks which MAC address has ", ipv4_print(target, address));
	if (name != NULL)
		text_words(out, " (", name, ")");
}

/* Whether the frame is for all; so is one of which there is no Ethernet header. */
static bool is_broadcast(const struct decode *decode)
{
	struct ethernet_header ethernet;
	struct bytes payload;

	return decode->layer_count == 0 || decode->layers[0].protocol != DECODE_ETHERNET ||
	       ethernet_header_parse(decode->frame, &ethernet, &payload) != PARSE_OK ||
	       mac_equal(ethernet.destination, mac_broadcast);
}

static void append_arp(GString *out, const struct view_names *names, const struct decode *decode,
		       const struct decode_layer *layer)
{
	struct bytes payload = bytes_from(decode->frame, layer->start);
	struct arp_packet arp;
	char rooms[2][SENTENCE_HOST_BYTES], address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
	const char *sender, *target;

	if (arp_packet_parse(payload, &arp) != PARSE_OK) {
		append_unreadable(out, layer, "an", "ARP packet");
		return;
	}
	sender = sentence_host(names, ip_address_from_ipv4(arp.sender_address), rooms[0]);
	target = sentence_host(names, ip_address_from_ipv4(arp.target_address), rooms[1]);
	if (arp.operation != ARP_REQUEST && arp.operation != ARP_REPLY)
		g_string_append_printf(out, "%s sends an ARP packet of operation %u",
				       mac_print(arp.sender_mac, mac), arp.operation);
	else if (arp.operation == ARP_REQUEST && arp.sender_address == 0)
		text_words(out, mac_print(arp.sender_mac, mac), " asks whether the address ",
			   ipv4_print(arp.target_address, address), " is free");
	else if (arp.sender_address == arp.target_address)
		text_words(out, sender, " announces its own MAC address");
	else if (arp.operation == ARP_REQUEST)
		append_question(out, names, sender, arp.target_address);
	else
		text_words(out, sender, " answers ", target, ": ",
			   ipv4_print(arp.sender_address, address), " is at ",
			   mac_print(arp.sender_mac, mac));
	if (arp.operation == ARP_REQUEST && !is_broadcast(decode) && arp.sender_address != 0 &&
	    arp.sender_address != arp.target_address)
		text_append(out, SENTENCE_DASH "It asks the MAC address that it has, to learn "
					       "whether that still holds");
}

/*
 * "alice-pc asks dns for A of mail.example", "dns answers alice-pc: mail.example A 192.0.2.1"; by what
 * the message is, which may not be what its port makes one expect.
 */
static void append_exchange(GString *out, const char *from, const char *to, bool is_answer,
			    const char *summary)
{
	static const char *const verbs[] = { "asks ", "tells " };
	static const char answer[] = "answer: ";

	for (size_t i = 0; !is_answer && i < G_N_ELEMENTS(verbs); i++) {
		if (!g_str_has_prefix(summary, verbs[i]))
			continue;
		text_words(out, from, " ", verbs[i], to);
		text_words(out, " ", summary + strlen(verbs[i]), "");
		return;
	}
	if (is_answer && g_str_has_prefix(summary, answer))
		summary += strlen(answer);
	text_words(out, from, is_answer ? " answers " : " to ", to);
	text_words(out, ": ", summary, "");
}

/* As its header says: less of it may have been captured. */
static void append_datagram(GString *out, const char *from, const char *to, struct bytes in)
{
	int length = get_be16(in.data + 4) - UDP_HEADER_BYTES;

	text_words(out, from, " sends ");
	sentence_append_bytes(out, "", (uint64_t)MAX(length, 0), " by UDP to ");
	text_append(out, to);
	text_count(out, " port ", get_be16(in.data + 2), "");
}

static void append_udp(GString *out, const char *from, const char *to,
		       const struct account *account, const struct decode_layer *layer,
		       struct bytes in)
{
	struct account_datagram room;
	const struct account_datagram *datagram = account_unit(account, &room);

	if (in.length < UDP_HEADER_BYTES)
		sentence_append_unreadable(out, from, to, layer, "a", "UDP datagram");
	else if (layer->status == PARSE_BAD_LENGTH)
		text_words(out, from, " sends ", to, " a UDP datagram whose length is wrong");
	else if (datagram->dissector != NULL)
		append_exchange(out, from, to, datagram->unit.kind == DNS_UNIT_RESPONSE,
				datagram->unit.summary);
	else
		append_datagram(out, from, to, in);
}

/* The number of the protocol in the outer datagram that no layer here tells of; -1: not known. */
static int unknown_protocol(const struct decode *decode)
{
	int protocol = -1;

	for (unsigned i = 0; i < decode->layer_count && !decode->layers[i].is_quoted; i++) {
		const struct decode_layer *layer = &decode->layers[i];
		struct bytes in = bytes_from(decode->frame, layer->start);

		if (layer->protocol == DECODE_IPV4 && in.length >= IPV4_HEADER_BYTES)
			protocol = in.data[9];
		else if (layer->protocol == DECODE_IPV6 && in.length >= IPV6_HEADER_BYTES)
			protocol = in.data[6];
		else if (layer->protocol == DECODE_IPV6_EXTENSION && in.length > 0)
			protocol = in.data[0];
	}
	return protocol;
}

/* "10.0.0.1 sends 10.0.0.2 10 bytes of GRE (47)" */
static void append_unknown(GString *out, const char *from, const char *to,
			   const struct decode *decode, size_t length)
{
	const struct field protocols = { .names = ip_protocol_names };
	int protocol = unknown_protocol(decode);
	const char *name = protocol < 0 ? NULL : field_value_name(&protocols, (uint64_t)protocol);

	text_words(out, from, " sends ", to);
	sentence_append_bytes(out, " ", length, " of ");
	if (protocol < 0) {
		text_append(out, "a protocol not known here");
		return;
	}
	text_append(out, name == NULL ? "protocol" : name);
	text_count(out, " (", (uint64_t)protocol, ")");
}

/* The layer behind the addresses says what the packet is about. */
static void append_transport(GString *out, const char *from, const char *to,
			     const struct account *account, const struct decode_layer *layer)
{
	struct bytes in = bytes_first(bytes_from(account->decode->frame, layer->start),
				      (size_t)layer->header_bytes + layer->payload_bytes);

	switch ((enum decode_protocol)layer->protocol) {
	case DECODE_TCP:
		sentence_append_tcp(out, from, to, account, in);
		break;
	case DECODE_UDP:
		append_udp(out, from, to, account, layer, in);
		break;
	case DECODE_ICMP:
		sentence_append_icmp(out, account->names, from, to, layer, in);
		break;
	case DECODE_ICMPV6:
		sentence_append_icmpv6(out, account->names, from, to, layer, in);
		break;
	default:
		append_unknown(out, from, to, account->decode, in.length + layer->cut_header_bytes);
		break;
	}
}

/* Which part of its datagram a fragment is; false: it is none. */
static bool append_fragment(GString *out, const char *from, const char *to,
			    const struct account *account)
{
	const struct decode *decode = account->decode;
	unsigned offset, identification;
	size_t length;

	for (unsigned i = 0; i < decode->layer_count && !decode->layers[i].is_quoted; i++) {
		const struct decode_layer *layer = &decode->layers[i];
		struct bytes in = bytes_from(decode->frame, layer->start), payload;
		struct ipv4_header ipv4;
		struct ipv6_extension extension;

		if (layer->protocol == DECODE_IPV4 && in.length >= IPV4_HEADER_BYTES &&
		    ipv4_is_fragment(in.data) &&
		    ipv4_header_parse_captured(in, &ipv4, &payload) == PARSE_OK) {
			offset = ipv4.fragment_offset_bytes;
			identification = ipv4.identification;
			length = ipv4.total_length_bytes - ipv4.header_bytes;
		} else if (layer->table == ipv6_extension_fields(IP_PROTOCOL_FRAGMENT) &&
			   ipv6_extension_parse(IP_PROTOCOL_FRAGMENT, in, &extension, &payload) ==
			       PARSE_OK &&
			   (extension.more_fragments || extension.fragment_offset_bytes > 0)) {
			offset = extension.fragment_offset_bytes;
			identification = extension.identification;
			length = layer->payload_bytes;
		} else {
			continue;
		}
		text_words(out, from, " sends ", to);
		text_count(out, " a fragment: bytes ", offset, " to ");
		text_number(out, offset + length - (length > 0));
		text_count(out, " of datagram ", identification, "");
		return true;
	}
	return false;
}

/* The outermost layer that is neither link, network nor extension; NULL: none. */
static const struct decode_layer *upper_layer(const struct decode *decode)
{
	for (unsigned i = 0; i < decode->layer_count; i++) {
		const struct decode_layer *layer = &decode->layers[i];

		if (layer->protocol != DECODE_IPV4 && layer->protocol != DECODE_IPV6 &&
		    layer->protocol != DECODE_IPV6_EXTENSION && layer->protocol != DECODE_VLAN &&
		    layer->protocol != DECODE_ETHERNET && layer->protocol != DECODE_COOKED &&
		    layer->protocol != DECODE_COOKED_V2 && layer->protocol != DECODE_LOOPBACK)
			return layer;
	}
	return NULL;
}

/* IEEE 802.3 with LLC: switches speak the spanning tree protocol so (IEEE 802.1D section 9). */
static void append_length_frame(GString *out, struct bytes frame)
{
	enum { SPANNING_TREE_SAP = 0x42 };
	struct ethernet_header header = { .type = 0 };
	char text[MAC_TEXT_BYTES];

	ethernet_addresses_parse(frame, &header);
	text_append(out, mac_print(header.source, text));
	if (frame.length > ETHERNET_HEADER_BYTES &&
	    frame.data[ETHERNET_HEADER_BYTES] == SPANNING_TREE_SAP)
		text_append(out, " speaks the spanning tree protocol (STP) to other switches");
	else
		text_append(out, " sends an IEEE 802.3 frame with a length, not a type");
}

/* "02:00:00:00:00:02 sends a frame of LLDP (0x88cc)"; behind VLAN tags, of what they announce. */
static void append_other_type(GString *out, const struct decode *decode)
{
	const struct field types = { .names = ethertype_names };
	struct ethernet_header header;
	struct bytes payload;
	const char *name;
	char text[MAC_TEXT_BYTES];

	if (ethernet_header_parse(decode->frame, &header, &payload) != PARSE_OK) {
		text_append(out, "a frame too short for an Ethernet header");
		return;
	}
	for (unsigned i = 1; i < decode->layer_count; i++)
		if (decode->layers[i].protocol == DECODE_VLAN &&
		    decode->layers[i].status == PARSE_OK)
			header.type = get_be16(decode->frame.data + decode->layers[i].start + 2);
	name = field_value_name(&types, header.type);
	text_words(out, mac_print(header.source, text), " sends a frame of ",
		   name == NULL ? "type" : name);
	g_string_append_printf(out, name == NULL ? " 0x%04x" : " (0x%04x)", header.type);
}

/* An IP packet whose addresses cannot be believed; NULL: none. */
static const struct decode_layer *malformed_ip(const struct decode *decode)
{
	for (unsigned i = 0; i < decode->layer_count; i++)
		if (decode->layers[i].protocol == DECODE_IPV4 ||
		    decode->layers[i].protocol == DECODE_IPV6)
			return &decode->layers[i];
	return NULL;
}

static void append_without_address(GString *out, const struct account *account)
{
	const struct decode *decode = account->decode;
	const struct decode_layer *arp = decode_find(decode, DECODE_ARP);
	const struct decode_layer *ip = malformed_ip(decode);

	if (decode->frame.length == 0) /* so it was captured; or no cable has seen it */
		text_append(out, "an empty frame");
	else if (arp != NULL)
		append_arp(out, account->names, decode, arp);
	else if (decode->layer_count > 0 && decode->layers[0].table == &ethernet_length_fields)
		append_length_frame(out, decode->frame);
	else if (decode->layer_count > 0 && decode->layers[0].protocol == DECODE_ETHERNET &&
		 decode->layers[0].status == PARSE_UNSUPPORTED)
		text_append(out, "a frame that is not Ethernet II");
	else if (ip != NULL)
		append_unreadable(out, ip, "an",
				  ip->protocol == DECODE_IPV4 ? "IPv4 packet" : "IPv6 packet");
	else if (decode->layer_count > 0 && decode->layers[0].protocol == DECODE_ETHERNET)
		append_other_type(out, decode);
	else if (decode->layer_count == 1 && decode->layers[0].protocol == DECODE_DATA)
		text_append(out, "a packet of a link type that is not known here");
	else
		text_append(out, "a packet that is not IP");
}

/* The program at one end; NULL: not known. A connection's are known by its own ends, behind NAT as well. */
static const char *program_at(const struct account *account, bool is_sender)
{
	const struct decode *decode = account->decode;
	const struct model_segment *segment = account->segment;
	const struct view_names *names = account->names;

	if (segment != NULL) {
		bool is_server = segment->direction->is_from_server == is_sender;
		uint8_t actor = segment->connection->actors[is_server];

		return actor == ACTOR_NONE ? NULL : actor_name(actor);
	}
	if (names->of_port == NULL || !decode->has_ports || decode_find(decode, DECODE_UDP) == NULL)
		return NULL;
	return is_sender ? names->of_port(names->owner, decode->source, false, decode->source_port)
			 : names->of_port(names->owner, decode->destination, false,
					  decode->destination_port);
}

/* "mail (MTA)", written into `out`; `host` itself where there is no program. */
static const char *place(const char *host, const char *program, char out[SENTENCE_PLACE_BYTES])
{
	if (program == NULL)
		return host;
	g_strlcpy(out, host, SENTENCE_PLACE_BYTES);
	g_strlcat(out, " (", SENTENCE_PLACE_BYTES);
	g_strlcat(out, program, SENTENCE_PLACE_BYTES);
	g_strlcat(out, ")", SENTENCE_PLACE_BYTES);
	return out;
}

/* The IP packet inside of a tunnel, if it cannot be read; NULL: there is none. */
static const struct decode_layer *unreadable_inner(const struct decode *decode)
{
	bool is_inner = false;

	for (unsigned i = 0; i < decode->layer_count && !decode->layers[i].is_quoted; i++) {
		const struct decode_layer *layer = &decode->layers[i];

		if (layer->protocol != DECODE_IPV4 && layer->protocol != DECODE_IPV6)
			continue;
		if (is_inner && (layer->status != PARSE_OK || layer->note == DECODE_NOTE_SNAPPED))
			return layer;
		is_inner = true;
	}
	return NULL;
}

/* No layer says what a packet between these hosts is about. */
static void append_nothing(GString *out, const char *from, const char *to,
			   const struct decode *decode)
{
	const struct decode_layer *inner = unreadable_inner(decode);

	if (inner == NULL)
		text_words(out, from, " sends ", to, " an empty packet");
	else
		sentence_append_unreadable(out, from, to, inner, "an",
					   inner->protocol == DECODE_IPV4 ? "IPv4 packet"
									  : "IPv6 packet");
}

void sentence_append_account(GString *out, const struct account *account)
{
	const struct decode *decode = account->decode;
	const struct decode_layer *upper = upper_layer(decode);
	char rooms[2][SENTENCE_HOST_BYTES], places[2][SENTENCE_PLACE_BYTES];
	const char *from, *to;

	if (!decode->has_addresses) {
		append_without_address(out, account);
		return;
	}
	from = sentence_host(account->names, decode->source, rooms[0]);
	to = sentence_host(account->names, decode->destination, rooms[1]);
	if (account->segment != NULL && strcmp(from, to) == 0) { /* a host that talks to itself */
		bool is_from_server = account->segment->direction->is_from_server;

		from = is_from_server ? "server" : "client";
		to = is_from_server ? "client" : "server";
	}
	from = place(from, program_at(account, true), places[0]);
	to = place(to, program_at(account, false), places[1]);
	if (append_fragment(out, from, to, account))
		return;
	if (upper == NULL || (upper->protocol == DECODE_DATA && unreadable_inner(decode) != NULL))
		append_nothing(out, from, to, decode);
	else
		append_transport(out, from, to, account, upper);
}

void sentence_append(GString *out, const struct model *model, uint64_t packet, struct bytes frame)
{
	struct decode decode;
	struct model_segment segment;
	struct account account;

	model_account_packet(model, packet, frame, &decode, &segment, &account);
	sentence_append_account(out, &account);
}

void sentence_append_outside(GString *out, const struct model *model, uint64_t packet,
			     struct bytes frame)
{
	struct decode decode;
	struct model_segment segment;
	struct account account;

	model_account_packet(model, packet, frame, &decode, &segment, &account);
	account.is_outside = true;
	sentence_append_account(out, &account);
}
