/* The lines of the log that describe headers, read from the bytes of the frame. */
#include "protocols/layer.h"
#include "stack/layer.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "stack/wire/udp.h"
#include "views/log_private.h"
#include "views/sentence.h"

static void append_mac(GString *out, const struct model *model, struct mac mac)
{
	char text[MAC_TEXT_BYTES];
	const char *name = model_name_of_mac(model, mac);

	if (mac_equal(mac, mac_broadcast)) {
		g_string_append(out, "broadcast");
		return;
	}
	g_string_append(out, mac_print(mac, text));
	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
}

static void append_address(GString *out, const struct model *model, uint32_t address)
{
	char text[IPV4_TEXT_BYTES];
	const char *name = model_name_of_address(model, address);

	g_string_append(out, ipv4_print(address, text));
	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
}

static void append_port(GString *out, uint16_t port)
{
	const char *service = sentence_service(port);

	g_string_append_printf(out, "%u", port);
	if (service != NULL)
		g_string_append_printf(out, " (%s)", service);
}

static void describe_ethernet(GString *out, const struct model *model,
			      const struct ethernet_header *header)
{
	append_mac(out, model, header->source);
	g_string_append(out, " → ");
	append_mac(out, model, header->destination);
	if (header->type != ETHERTYPE_IPV4 && header->type != ETHERTYPE_ARP)
		g_string_append_printf(out, ", type 0x%04x", header->type);
}

static void describe_arp(GString *out, const struct model *model, const struct arp_packet *arp)
{
	g_string_append(out, arp->operation == ARP_REQUEST ? "request: who has " : "reply: ");
	if (arp->operation == ARP_REQUEST) {
		append_address(out, model, arp->target_address);
		g_string_append(out, "? tell ");
		append_address(out, model, arp->sender_address);
	} else {
		append_address(out, model, arp->sender_address);
		g_string_append(out, " is at ");
		append_mac(out, model, arp->sender_mac);
	}
}

static void describe_ipv4(GString *out, const struct model *model, const struct ipv4_header *header)
{
	append_address(out, model, header->source);
	g_string_append(out, " → ");
	append_address(out, model, header->destination);
	g_string_append_printf(out, ", TTL %u", header->ttl);
	if (header->more_fragments || header->fragment_offset_bytes > 0)
		g_string_append_printf(out, ", fragment of datagram %u at byte %u%s",
				       header->identification, header->fragment_offset_bytes,
				       header->more_fragments ? ", more follow" : ", the last");
}

static void describe_icmp(GString *out, const struct icmp_header *header)
{
	uint64_t value = header->type;
	const struct field *type = &icmp_fields(header->type, header->code)->fields[0];
	const char *name = field_value_name(type, value);

	g_string_append_printf(out, "%s", name == NULL ? "message" : name);
	if (header->type == ICMP_ECHO_REQUEST || header->type == ICMP_ECHO_REPLY)
		g_string_append_printf(out, ", id %u, seq %u", icmp_echo_identifier(header),
				       icmp_echo_sequence(header));
	else
		g_string_append_printf(out, ", code %u", header->code);
}

/* Sequence numbers relative to the SYN where the connection is known, as Wireshark shows them. */
static void describe_tcp(GString *out, const struct model *model, const struct tcp_header *header,
			 struct bytes frame)
{
	struct model_segment segment;
	char flags[TCP_FLAGS_TEXT_BYTES];
	struct tcp_options options = { 0 };
	bool is_known = model_find_segment(model, frame, &segment);

	append_port(out, header->source_port);
	g_string_append(out, " → ");
	append_port(out, header->destination_port);
	g_string_append_printf(out, ", %s, seq %u", tcp_flags_print(header->flags, flags),
			       is_known ? segment.sequence : header->sequence);
	if (header->flags & TCP_ACK)
		g_string_append_printf(out, ", ack %u",
				       is_known ? segment.acknowledgment : header->acknowledgment);
	g_string_append_printf(out, ", win %u", header->window);
	if (tcp_options_parse(header->options, &options) != PARSE_OK)
		return;
	if (options.has_mss)
		g_string_append_printf(out, ", MSS %u", options.mss);
	if (options.sack_count > 0)
		g_string_append_printf(out, ", SACK of %u block%s", options.sack_count,
				       options.sack_count == 1 ? "" : "s");
}

/* A frame taken apart as far as it goes. */
struct anatomy {
	struct ethernet_header ethernet;
	struct arp_packet arp;
	struct ipv4_header ipv4;
	struct icmp_header icmp;
	struct udp_header udp;
	struct tcp_header tcp;
	struct bytes l3, l4, payload;
	unsigned layers; /* set of 1 << layer found */
};

static void take_apart_transport(struct anatomy *a)
{
	if (a->ipv4.fragment_offset_bytes > 0)
		return;
	if (a->ipv4.protocol == 6 && tcp_header_parse(a->l4, &a->tcp, &a->payload) == PARSE_OK)
		a->layers |= 1u << LAYER_TCP;
	if (a->ipv4.protocol == 1 && icmp_header_parse(a->l4, &a->icmp, &a->payload) == PARSE_OK)
		a->layers |= 1u << LAYER_ICMP;
	if (a->ipv4.protocol == 17 && udp_header_parse(a->l4, &a->udp, &a->payload) == PARSE_OK)
		a->layers |= 1u << LAYER_UDP;
}

static void take_apart(struct bytes frame, struct anatomy *a)
{
	*a = (struct anatomy) { .layers = 0 };
	if (ethernet_header_parse(frame, &a->ethernet, &a->l3) != PARSE_OK)
		return;
	a->layers |= 1u << LAYER_ETHERNET;
	if (a->ethernet.type == ETHERTYPE_ARP && arp_packet_parse(a->l3, &a->arp) == PARSE_OK)
		a->layers |= 1u << LAYER_ARP;
	if (a->ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(a->l3, &a->ipv4, &a->l4) != PARSE_OK)
		return;
	a->layers |= 1u << LAYER_IPV4;
	take_apart_transport(a);
}

/* A short frame is filled up to the Ethernet minimum: zeros behind the packet. */
static size_t padding_of(const struct anatomy *a)
{
	if (a->layers & 1u << LAYER_ARP)
		return a->l3.length - ARP_PACKET_BYTES;
	if (a->layers & 1u << LAYER_IPV4)
		return a->l3.length - a->ipv4.total_length_bytes;
	return 0;
}

/* Bytes of the packet from the start of each header on, and of the header itself. */
static void measure(const struct anatomy *a, unsigned layer, struct bytes frame,
		    struct log_measure *out)
{
	*out = (struct log_measure) { 0 };
	switch (layer) {
	case LAYER_ETHERNET:
		out->header_bytes = ETHERNET_HEADER_BYTES;
		out->size_bytes = frame.length;
		out->padding_bytes = padding_of(a);
		break;
	case LAYER_ARP:
		out->header_bytes = out->size_bytes = ARP_PACKET_BYTES;
		break;
	case LAYER_IPV4:
		out->header_bytes = a->ipv4.header_bytes;
		out->size_bytes = a->ipv4.total_length_bytes;
		break;
	default:
		out->header_bytes = a->l4.length - a->payload.length;
		out->size_bytes = a->l4.length;
		break;
	}
}

bool log_describe(GString *out, const struct model *model, unsigned layer, struct bytes frame,
		  struct log_measure *size)
{
	struct anatomy a;

	take_apart(frame, &a);
	if (layer >= 32 || !(a.layers & 1u << layer))
		return false;
	measure(&a, layer, frame, size);
	switch (layer) {
	case LAYER_ETHERNET:
		describe_ethernet(out, model, &a.ethernet);
		if (size->padding_bytes > 0)
			g_string_append_printf(out, ", %zu B of padding at the end",
					       size->padding_bytes);
		break;
	case LAYER_ARP:
		describe_arp(out, model, &a.arp);
		break;
	case LAYER_IPV4:
		describe_ipv4(out, model, &a.ipv4);
		break;
	case LAYER_ICMP:
		describe_icmp(out, &a.icmp);
		break;
	case LAYER_UDP:
		append_port(out, a.udp.source_port);
		g_string_append(out, " → ");
		append_port(out, a.udp.destination_port);
		break;
	default:
		describe_tcp(out, model, &a.tcp, frame);
		break;
	}
	return true;
}

void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame)
{
	struct anatomy before, after;

	take_apart(in, &before);
	take_apart(out_frame, &after);
	if (!(before.layers & after.layers & 1u << LAYER_IPV4))
		return;
	g_string_append_printf(out, "TTL %u → %u, checksum 0x%04x → 0x%04x", before.ipv4.ttl,
			       after.ipv4.ttl, before.ipv4.checksum, after.ipv4.checksum);
}

/* One colour per layer everywhere: the escape sequences of 256-colour terminals. */
void log_colour(GString *out, bool colour, unsigned layer)
{
	static const char *const colours[LAYER_COUNT] = {
		[LAYER_USER] = "1",        [LAYER_LINK] = "2",        [LAYER_ETHERNET] = "38;5;137",
		[LAYER_ARP] = "38;5;172",  [LAYER_IPV4] = "38;5;35",  [LAYER_ICMP] = "38;5;168",
		[LAYER_UDP] = "38;5;38",   [LAYER_TCP] = "38;5;33",   [LAYER_FILTER] = "38;5;160",
		[LAYER_NAT] = "38;5;178",  [LAYER_DNS] = "38;5;72",   [LAYER_SMTP] = "38;5;134",
		[LAYER_POP3] = "38;5;134", [LAYER_IMAP] = "38;5;134", [LAYER_MAIL] = "1;38;5;134",
	};

	if (colour && layer < LAYER_COUNT && colours[layer] != NULL)
		g_string_append_printf(out, "\033[%sm", colours[layer]);
}

void log_plain(GString *out, bool colour)
{
	if (colour)
		g_string_append(out, "\033[0m");
}

/* Columns that `text` takes on a terminal: characters, but for escape sequences. */
static unsigned columns(const char *text)
{
	unsigned count = 0;

	while (*text != '\0') {
		if (*text == '\033') {
			text = strchr(text, 'm') + 1;
			continue;
		}
		text = g_utf8_next_char(text);
		count++;
	}
	return count;
}

void log_cut(GString *line, unsigned column)
{
	const char *text = line->str;
	unsigned count = 0;

	if (columns(text) <= column)
		return;
	while (count < column - 1) {
		if (*text == '\033') {
			text = strchr(text, 'm') + 1;
			continue;
		}
		text = g_utf8_next_char(text);
		count++;
	}
	g_string_truncate(line, (gsize)(text - line->str));
	g_string_append(line, "…");
}

void log_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = columns(line->str + from);

	for (; now < column; now++)
		g_string_append_c(line, ' ');
}
