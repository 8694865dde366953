#include "views/describe.h"

#include "stack/wire/arp.h"
#include "stack/wire/cooked.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/icmpv6.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "stack/wire/udp.h"
#include "stack/wire/vlan.h"
#include "views/sentence.h"
#include "views/text.h"

/* The name behind what it names. */
static void append_name(GString *out, const char *name)
{
	if (name == NULL)
		return;
	text_append(out, " (");
	text_append(out, name);
	g_string_append_c(out, ')');
}

static void append_mac(GString *out, const struct view_names *names, struct mac mac)
{
	if (mac_equal(mac, mac_broadcast)) {
		text_append(out, "broadcast");
		return;
	}
	mac_print(mac, text_room(out, MAC_TEXT_BYTES));
	text_grow(out, MAC_TEXT_BYTES - 1);
	append_name(out, names->of_mac(names->owner, mac));
}

static void append_address(GString *out, const struct view_names *names, struct ip_address address)
{
	char text[IPV6_ADDRESS_TEXT_BYTES];

	text_append(out, ip_address_print(address, text));
	append_name(out, names->of_address(names->owner, address));
}

static void append_port(GString *out, uint16_t port)
{
	text_number(out, port);
	append_name(out, sentence_service(port));
}

static void append_addresses(GString *out, const struct view_names *names, struct ip_address source,
			     struct ip_address destination)
{
	append_address(out, names, source);
	text_append(out, " → ");
	append_address(out, names, destination);
}

/* A type whose packet no layer behind it tells of. */
static void append_type(GString *out, uint16_t type)
{
	const struct field type_field = { .names = ethertype_names };
	const char *name = field_value_name(&type_field, type);

	if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_ARP || type == ETHERTYPE_IPV6 ||
	    vlan_is_type(type))
		return;
	g_string_append_printf(out, ", type 0x%04x", type);
	if (name != NULL)
		g_string_append_printf(out, " (%s)", name);
}

static void describe_ethernet(GString *out, const struct account *account, struct bytes in)
{
	struct ethernet_header header;
	struct bytes payload;
	const struct decode_layer *padding = decode_find(account->decode, DECODE_PADDING);

	uint16_t length_bytes;
	bool has_length = ethernet_length(in, &length_bytes);

	if (has_length) /* the addresses stand where they always do */
		ethernet_addresses_parse(in, &header);
	else if (ethernet_header_parse(in, &header, &payload) != PARSE_OK)
		return;
	append_mac(out, account->names, header.source);
	text_append(out, " → ");
	append_mac(out, account->names, header.destination);
	if (has_length)
		text_count(out, ", length ", length_bytes, "");
	else
		append_type(out, header.type);
	if (padding != NULL)
		text_count(out, ", ", padding->header_bytes, " B of padding");
}

static void describe_vlan(GString *out, struct bytes in)
{
	struct vlan_tag tag;
	struct bytes payload;

	if (vlan_tag_parse(in, &tag, &payload) != PARSE_OK)
		return;
	text_count(out, "network ", tag.identifier, "");
	text_count(out, ", priority ", tag.priority, "");
	if (tag.drop_eligible)
		text_append(out, ", may be dropped first");
	append_type(out, tag.type);
}

static void describe_cooked_header(GString *out, const struct account *account,
				   const struct cooked_header *header)
{
	static const char *const ways[] = { "to us", "broadcast", "multicast", "to another host",
					    "from us" };
	struct mac mac;

	text_append(out, header->packet_type < G_N_ELEMENTS(ways) ? ways[header->packet_type]
								  : "some way");
	if (header->interface_index != 0)
		text_count(out, ", interface ", header->interface_index, "");
	if (header->hardware_type == COOKED_HARDWARE_LOOPBACK) {
		text_append(out, ", loopback");
	} else if (header->address_bytes == sizeof mac.octets) {
		memcpy(mac.octets, header->address, sizeof mac.octets);
		text_append(out, ", sender ");
		append_mac(out, account->names, mac);
	}
	append_type(out, header->protocol);
}

static void describe_cooked(GString *out, const struct account *account, struct bytes in)
{
	struct cooked_header header;
	struct bytes payload;

	if (cooked_header_parse(in, &header, &payload) == PARSE_OK)
		describe_cooked_header(out, account, &header);
}

static void describe_cooked_v2(GString *out, const struct account *account, struct bytes in)
{
	struct cooked_header header;
	struct bytes payload;

	if (cooked_v2_header_parse(in, &header, &payload) == PARSE_OK)
		describe_cooked_header(out, account, &header);
}

static void describe_arp(GString *out, const struct view_names *names, struct bytes in)
{
	struct arp_packet arp;

	if (arp_packet_parse(in, &arp) != PARSE_OK)
		return;
	if (arp.operation != ARP_REQUEST && arp.operation != ARP_REPLY) {
		text_count(out, "operation ", arp.operation, " from ");
		append_mac(out, names, arp.sender_mac);
		return;
	}
	text_append(out, arp.operation == ARP_REQUEST ? "request: who has " : "reply: ");
	if (arp.operation == ARP_REQUEST) {
		append_address(out, names, ip_address_from_ipv4(arp.target_address));
		text_append(out, "? tell ");
		append_address(out, names, ip_address_from_ipv4(arp.sender_address));
	} else {
		append_address(out, names, ip_address_from_ipv4(arp.sender_address));
		text_append(out, " is at ");
		append_mac(out, names, arp.sender_mac);
	}
}

static void append_fragment(GString *out, unsigned identification, unsigned offset,
			    bool more_fragments)
{
	text_count(out, ", fragment of datagram ", identification, "");
	text_count(out, " at byte ", offset, more_fragments ? ", more follow" : ", the last");
}

static void describe_ipv4(GString *out, const struct view_names *names, struct bytes in)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse_captured(in, &header, &payload) != PARSE_OK)
		return;
	append_addresses(out, names, ip_address_from_ipv4(header.source),
			 ip_address_from_ipv4(header.destination));
	text_count(out, ", TTL ", header.ttl, "");
	if (header.more_fragments || header.fragment_offset_bytes > 0)
		append_fragment(out, header.identification, header.fragment_offset_bytes,
				header.more_fragments);
}

static void describe_ipv6(GString *out, const struct view_names *names, struct bytes in)
{
	struct ipv6_header header;
	struct bytes payload;

	if (ipv6_header_parse(in, &header, &payload) != PARSE_OK)
		return;
	append_addresses(out, names, header.source, header.destination);
	text_count(out, ", hop limit ", header.hop_limit, "");
	if (header.flow_label != 0)
		g_string_append_printf(out, ", flow 0x%05x", header.flow_label);
}

static void describe_extension(GString *out, const struct decode_layer *layer, struct bytes in)
{
	struct ipv6_extension extension;
	struct bytes payload;
	const struct field next = { .names = ip_protocol_names };
	bool is_fragment = layer->table == ipv6_extension_fields(IP_PROTOCOL_FRAGMENT);
	bool is_signed = layer->table == ipv6_extension_fields(IP_PROTOCOL_AUTHENTICATION);
	uint8_t kind = is_fragment ? IP_PROTOCOL_FRAGMENT
		       : is_signed ? IP_PROTOCOL_AUTHENTICATION
				   : IP_PROTOCOL_DESTINATION_OPTIONS;
	const char *name;

	text_append(out, layer->table->name);
	if (ipv6_extension_parse(kind, in, &extension, &payload) != PARSE_OK)
		return;
	name = field_value_name(&next, extension.next_header);
	text_words(out, ", then ", name == NULL ? "an unknown protocol" : name);
	if (is_fragment)
		g_string_append_printf(out, "; fragment of packet 0x%08x at byte %u%s",
				       extension.identification, extension.fragment_offset_bytes,
				       extension.more_fragments ? ", more follow" : ", the last");
}

static void append_echo(GString *out, unsigned identifier, unsigned sequence)
{
	text_count(out, ", id ", identifier, "");
	text_count(out, ", seq ", sequence, "");
}

/* ", port unreachable (3)"; ", code 3" where it has no name. */
static void append_code(GString *out, const char *name, uint8_t code)
{
	if (name == NULL) {
		text_count(out, ", code ", code, "");
		return;
	}
	text_words(out, ", ", name);
	text_count(out, " (", code, ")");
}

/* ", port unreachable (3)", ", fragmentation needed (4), MTU 1400". */
static void append_icmp_code(GString *out, const struct icmp_header *header)
{
	const char *name =
	    field_value_name(&icmp_fields(header->type, header->code)->fields[1], header->code);

	append_code(out, name, header->code);
	if (header->type == ICMP_DESTINATION_UNREACHABLE &&
	    header->code == ICMP_FRAGMENTATION_NEEDED)
		text_count(out, ", MTU ", icmp_next_hop_mtu(header), "");
}

static void describe_icmp(GString *out, struct bytes in)
{
	struct icmp_header header;
	struct bytes payload;

	if (icmp_header_parse(in, &header, &payload) != PARSE_OK)
		return;

	const struct field *type = &icmp_fields(header.type, header.code)->fields[0];
	const char *name = field_value_name(type, header.type);

	text_append(out, name == NULL ? "message" : name);
	if (header.type == ICMP_ECHO_REQUEST || header.type == ICMP_ECHO_REPLY)
		append_echo(out, icmp_echo_identifier(&header), icmp_echo_sequence(&header));
	else
		append_icmp_code(out, &header);
}

static void describe_icmpv6(GString *out, const struct view_names *names, struct bytes in)
{
	struct icmpv6_header header;
	struct bytes payload;

	if (icmpv6_header_parse(in, &header, &payload) != PARSE_OK)
		return;

	const char *name = field_value_name(&icmpv6_fields(header.type)->fields[0], header.type);

	if (name == NULL)
		text_count(out, "message of type ", header.type, "");
	else
		text_append(out, name);
	if (header.type == ICMPV6_ECHO_REQUEST || header.type == ICMPV6_ECHO_REPLY)
		append_echo(out, header.rest >> 16, header.rest & 0xffff);
	else if (header.type == ICMPV6_PACKET_TOO_BIG)
		text_count(out, ", the next network takes ", header.rest, " B");
	else if (header.type == ICMPV6_REDIRECT) {
		text_append(out, " to ");
		append_address(out, names, header.target);
		text_append(out, " for ");
		append_address(out, names, header.destination);
	} else if (icmpv6_has_target(header.type)) {
		text_append(out, " of ");
		append_address(out, names, header.target);
	} else if (icmpv6_is_error(header.type)) {
		append_code(out,
			    field_value_name(&icmpv6_fields(header.type)->fields[1], header.code),
			    header.code);
	} else if (header.type == ICMPV6_LISTENER_REPORT_2) {
		text_append(out, " with ");
		text_things(out, header.rest & 0xffff, "record");
	}
}

static void describe_udp(GString *out, struct bytes in)
{
	if (in.length < 4)
		return;
	append_port(out, get_be16(in.data));
	text_append(out, " → ");
	append_port(out, get_be16(in.data + 2));
}

/* In bytes where the handshake says how it is scaled: what Wireshark calls calculated. */
static void append_window(GString *out, const struct tcp_header *header,
			  const struct model_segment *segment, bool is_quoted)
{
	bool has_handshake = segment != NULL && segment->is_window_known;

	text_count(out, ", win ", has_handshake ? segment->window_bytes : header->window, "");
	if (has_handshake || header->flags & TCP_SYN || header->window == 0)
		return;
	if (is_quoted || segment == NULL)
		text_append(out, " (unscaled)");
	else
		text_append(out, segment->direction->is_scale_cut
				     ? " (unscaled: the SYN was captured in part)"
				     : " (unscaled: handshake not seen)");
}

/* Of a header that was cut: as much as is here. */
static void describe_tcp_start(GString *out, struct bytes in)
{
	if (in.length < 4)
		return;
	append_port(out, get_be16(in.data));
	text_append(out, " → ");
	append_port(out, get_be16(in.data + 2));
	if (in.length >= 8)
		text_count(out, ", seq ", get_be32(in.data + 4), "");
}

/*
 * "bytes 1449 to 2896 and 4345 to 5792": as the acknowledgment counts them, where byte 1 follows the SYN. A
 * block from before that is one that came twice (RFC 2883).
 */
static void append_blocks(GString *out, const char *before, const struct tcp_header *header,
			  const struct tcp_options *options, const struct model_segment *segment)
{
	uint32_t base = header->acknowledgment - segment->acknowledgment;

	for (unsigned i = 0; i < options->sack_count; i++) {
		const struct tcp_sack_block *block = &options->sack[i];
		bool is_old = (int32_t)(block->left - header->acknowledgment) < 0;

		text_append(out, i == 0 ? before : " and ");
		text_count(out, i == 0 ? "bytes " : "", block->left - base, "");
		text_count(out, " to ", block->right - base - 1, is_old ? " twice" : "");
	}
}

void describe_selective(GString *out, const char *before, const struct tcp_header *header,
			const struct model_segment *segment)
{
	struct tcp_options options = { 0 };

	if (tcp_options_parse(header->options, &options) != PARSE_OK || options.sack_count == 0)
		return;
	append_blocks(out, before, header, &options, segment);
	text_append(out, " (SACK)");
}

/* A segment of an earlier connection counts as that did. */
static bool has_own_numbers(const struct model_segment *segment)
{
	return segment != NULL && segment->known != SEGMENT_OF_EARLIER;
}

/* The first segment of a connection that no cable has seen: numbers count from it. */
static bool begins_unseen(const struct decode_layer *layer, const struct tcp_header *header)
{
	return !layer->is_quoted && (header->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Sequence numbers relative to the SYN where the connection is known, as Wireshark shows them. */
static void describe_tcp(GString *out, const struct account *account,
			 const struct decode_layer *layer, struct bytes in)
{
	const struct model_segment *segment = layer->is_quoted ? NULL : account->segment;
	bool is_relative = has_own_numbers(segment);
	char flags[TCP_FLAGS_TEXT_BYTES];
	struct tcp_header header;
	struct bytes payload;
	struct tcp_options options = { 0 };

	if (tcp_header_parse_cut(in, &header, &payload) != PARSE_OK) {
		describe_tcp_start(out, in);
		return;
	}
	append_port(out, header.source_port);
	text_append(out, " → ");
	append_port(out, header.destination_port);
	text_append(out, ", ");
	text_append(out, tcp_flags_print(header.flags, flags));
	if (in.data[TCP_AE_BYTE] & TCP_AE) /* what makes ACE of three flags: RFC 9768 section 3.1 */
		text_append(out, " AE");
	text_count(out, ", seq ",
		   is_relative                                        ? segment->sequence
		   : segment == NULL && begins_unseen(layer, &header) ? 0
								      : header.sequence,
		   "");
	if (header.flags & TCP_ACK)
		text_count(out, ", ack ",
			   is_relative ? segment->acknowledgment : header.acknowledgment, "");
	append_window(out, &header, segment, layer->is_quoted);
	if (tcp_options_parse(header.options, &options) != PARSE_OK)
		return;
	if (options.has_mss)
		text_count(out, ", MSS ", options.mss, "");
	if (is_relative)
		append_blocks(out, ", SACK of ", &header, &options, segment);
	else if (options.sack_count > 0)
		text_count(out, ", SACK of ", options.sack_count,
			   options.sack_count == 1 ? " block" : " blocks");
}

void describe_layer(GString *out, const struct account *account, const struct decode_layer *layer)
{
	struct bytes in = bytes_first(bytes_from(account->decode->frame, layer->start),
				      (size_t)layer->header_bytes + layer->payload_bytes);

	switch ((enum decode_protocol)layer->protocol) {
	case DECODE_ETHERNET:
		describe_ethernet(out, account, in);
		break;
	case DECODE_VLAN:
		describe_vlan(out, in);
		break;
	case DECODE_COOKED:
		describe_cooked(out, account, in);
		break;
	case DECODE_COOKED_V2:
		describe_cooked_v2(out, account, in);
		break;
	case DECODE_LOOPBACK:
		text_append(out, "the host's own loopback interface");
		break;
	case DECODE_ARP:
		describe_arp(out, account->names, in);
		break;
	case DECODE_IPV4:
		describe_ipv4(out, account->names, in);
		break;
	case DECODE_IPV6:
		describe_ipv6(out, account->names, in);
		break;
	case DECODE_IPV6_EXTENSION:
		describe_extension(out, layer, in);
		break;
	case DECODE_ICMP:
		describe_icmp(out, in);
		break;
	case DECODE_ICMPV6:
		describe_icmpv6(out, account->names, in);
		break;
	case DECODE_UDP:
		describe_udp(out, in);
		break;
	case DECODE_TCP:
		describe_tcp(out, account, layer, in);
		break;
	case DECODE_FRAGMENT:
	case DECODE_APPLICATION:
	case DECODE_DATA:
	case DECODE_PADDING:
		text_append(out, layer->name);
		break;
	}
}

/* Commands, replies and messages. */

static struct application_line line_of(const struct model_unit *unit)
{
	return (struct application_line) {
		.dissector = unit->dissector,
		.summary = unit->summary,
		.purpose = unit->purpose,
		.kind = unit->kind,
	};
}

/* What the other side sent before this segment and could not be read until now. */
static void describe_other(const struct model_segment *segment,
			   void (*print)(void *owner, const struct application_line *line),
			   void *owner)
{
	const struct model_connection *connection = segment->connection;
	const GPtrArray *units = connection->directions[!segment->direction->is_from_server].units;

	for (guint i = 0; i < units->len; i++) {
		const struct model_unit *unit = units->pdata[i];
		struct application_line line = line_of(unit);

		line.is_from_earlier = true;
		line.length = unit->length;
		print(owner, &line);
	}
}

/* The line of `bytes` that byte `at` is in. */
static struct bytes line_around(struct bytes bytes, size_t at)
{
	size_t begin = at, end = at;

	while (begin > 0 && bytes.data[begin - 1] != '\n')
		begin--;
	while (end < bytes.length && strchr("\r\n", bytes.data[end]) == NULL)
		end++;
	return bytes_first(bytes_from(bytes, begin), end - begin);
}

/*
 * Units are what was sent. Where this packet has something else in place of it, because somebody on the
 * way has changed it, writes the first line with that into `out`, and returns true.
 */
static bool find_change(const struct account *account, const struct model_unit *unit,
			char out[DISSECT_TEXT_BYTES])
{
	const struct model_segment *segment = account->segment;
	const struct decode_layer *tcp;
	uint64_t begin = MAX(segment->offset, unit->offset);
	size_t length;

	if (unit->bytes == NULL || unit->is_encrypted || unit->offset > begin)
		return false;
	tcp = decode_find(account->decode, DECODE_TCP);
	if (tcp == NULL)
		return false;
	struct bytes here = bytes_from(decode_payload(account->decode, tcp),
				       begin - segment->offset + segment->before_bytes);
	const uint8_t *data = g_bytes_get_data(unit->bytes, &length);
	struct bytes sent = bytes_from((struct bytes) { data, length }, begin - unit->offset);

	for (size_t i = 0; i < MIN(here.length, sent.length); i++)
		if (here.data[i] != sent.data[i]) {
			dissect_print_line(line_around(here, i), out);
			return true;
		}
	return false;
}

static void describe_stream(const struct account *account,
			    void (*print)(void *owner, const struct application_line *line),
			    void *owner)
{
	const struct model_segment *segment = account->segment;
	const struct model_direction *direction = segment->direction;
	uint64_t end = model_segment_end(segment), reach = end + segment->released_bytes;
	char change[DISSECT_TEXT_BYTES];
	bool tells_held =
	    segment->order == SEGMENT_FILLS_GAP || segment->order == SEGMENT_AFTER_LOSS;
	unsigned i = tells_held ? 0 : model_unit_index(direction, segment->offset);

	for (; i < direction->units->len; i++) {
		const struct model_unit *unit = direction->units->pdata[i];
		struct application_line line = line_of(unit);

		line.is_from_earlier =
		    unit->offset >= end || unit->offset + unit->length <= segment->offset;
		if (line.is_from_earlier && !tells_held && unit->offset >= reach)
			break;
		line.length = line.is_from_earlier && tells_held
				  ? unit->length
				  : MIN(reach, unit->offset + unit->length) -
					MAX(segment->offset, unit->offset);
		line.changed = find_change(account, unit, change) ? change : NULL;
		print(owner, &line);
	}
}

static void describe_datagram(const struct account *account,
			      void (*print)(void *owner, const struct application_line *line),
			      void *owner)
{
	struct account_datagram room;
	const struct account_datagram *datagram = account_unit(account, &room);

	if (datagram->dissector == NULL)
		return;
	print(owner, &(struct application_line) { .dissector = datagram->dissector,
						  .summary = datagram->unit.summary,
						  .purpose = datagram->unit.purpose,
						  .kind = datagram->unit.kind,
						  .length = datagram->length });
}

void describe_application(const struct account *account,
			  void (*print)(void *owner, const struct application_line *line),
			  void *owner)
{
	const struct model_segment *segment = account->segment;

	if (segment == NULL)
		describe_datagram(account, print, owner);
	if (segment == NULL)
		return;
	if (segment->tells_other)
		describe_other(segment, print, owner);
	if (segment->length > 0 || segment->tells_held)
		describe_stream(account, print, owner);
}
