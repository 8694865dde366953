#include "stack/nat.h"

#include "stack/drop.h"
#include "stack/flow.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"
#include "stack/key_map.h"
#include "stack/middlebox.h"
#include "stack/nat_private.h"
#include "stack/nat_rewrite.h"
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"

#define REWRITTEN_BYTES_MAX 120 /* of headers that a record shows: IPv4 and TCP with all options */

static uint64_t number_of(struct endpoint endpoint)
{
	return (uint64_t)endpoint.address << 16 | endpoint.port;
}

bool nat_address_is_private(uint32_t address)
{
	return address >> 24 == 10 || (address & ipv4_mask(12)) == UINT32_C(0xac100000) ||
	       (address & ipv4_mask(16)) == UINT32_C(0xc0a80000) ||
	       (address & ipv4_mask(10)) == UINT32_C(0x64400000); /* 100.64.0.0/10 */
}

/* Mappings. */

static void mapping_ended(void *owner, struct flow_state *flow)
{
	struct nat *nat = owner;
	struct nat_mapping *mapping = flow->owner;

	if (--mapping->flows == 0 && !mapping->is_forwarded)
		nat_mapping_remove(nat, mapping);
}

struct nat *nat_new(struct host *host, const struct interface *outside)
{
	struct nat *nat = g_new0(struct nat, 1);

	nat->host = host;
	nat->outside = outside;
	flows_init(&nat->flows, mapping_ended, nat);
	nat_held_init(nat);
	return nat;
}

void nat_free(struct nat *nat)
{
	if (nat == NULL)
		return;
	nat_held_clear(nat);
	flows_clear(&nat->flows);
	nat_mappings_clear(nat);
	g_free(nat);
}

uint32_t nat_outside_address(const struct nat *nat)
{
	return nat->outside->address;
}

/* Records and drops. */

static void trace_rewritten(const struct nat *nat, const struct packet *packet,
			    enum nat_detail detail, uint8_t protocol, struct endpoint before,
			    struct endpoint after)
{
	if (!node_traces(&nat->host->node, TRACE_FORWARD)) {
		trace_skip(&nat->host->node);
		return;
	}
	trace_emit(&nat->host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_FORWARD,
		       .layer = LAYER_NAT,
		       .detail = (uint16_t)detail,
		       .object = protocol,
		       .before = number_of(before),
		       .after = number_of(after),
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		   },
		   bytes_first(packet_bytes(packet), REWRITTEN_BYTES_MAX));
}

enum nat_outcome nat_drop(const struct nat *nat, struct packet *packet, enum nat_detail detail,
			  uint64_t object)
{
	packet_drop(&nat->host->node, packet,
		    &(struct trace_record) {
			.layer = LAYER_NAT,
			.detail = (uint16_t)detail,
			.object = object,
		    });
	return NAT_GONE;
}

/* No room for another flow: the sender is told (RFC 5508 REQ-8). */
static enum nat_outcome refuse(const struct nat *nat, struct packet *packet)
{
	icmp_send_error(nat->host, packet, ICMP_DESTINATION_UNREACHABLE,
			ICMP_ADMINISTRATIVELY_PROHIBITED, 0);
	return nat_drop(nat, packet, NAT_FULL, 0);
}

/* Flows: inside endpoint first, whoever began. */

static struct flow_ends ends_of(const struct nat_mapping *mapping, struct endpoint remote)
{
	return (struct flow_ends) { mapping->inside, remote, mapping->protocol };
}

/* The flow through this very mapping; two ports may lead to the same inside endpoint. */
static struct flow_state *find_flow(const struct nat *nat, const struct nat_mapping *mapping,
				    struct endpoint remote)
{
	struct flow_ends ends = ends_of(mapping, remote);
	struct flow_state *flow = flows_find(&nat->flows, &ends);

	return flow != NULL && flow->owner == mapping ? flow : NULL;
}

static struct flow_state *add_flow(struct nat *nat, struct nat_mapping *mapping,
				   struct endpoint remote)
{
	struct flow_ends ends = ends_of(mapping, remote);
	struct flow_state *flow = flows_add(&nat->flows, &ends, node_now(&nat->host->node));

	if (flow != NULL) {
		flow->owner = mapping;
		mapping->flows++;
	}
	return flow;
}

/*
 * TCP is kept alive by both sides, all else by what the inside sends: else anybody outside could keep
 * a mapping for ever (RFC 4787 section 4.3). A forwarded port has no other side to wait for.
 */
static void use_flow(struct nat *nat, struct flow_state *flow, bool is_inbound, uint8_t tcp_flags)
{
	const struct nat_mapping *mapping = flow->owner;
	bool refreshes =
	    !is_inbound || mapping->protocol == IP_PROTOCOL_TCP || mapping->is_forwarded;

	flows_use(&nat->flows, flow, is_inbound, tcp_flags, refreshes, node_now(&nat->host->node));
}

static struct endpoint outside_of(const struct nat *nat, const struct nat_mapping *mapping)
{
	return (struct endpoint) { nat->outside->address, mapping->port };
}

/* On the way out. */

/* Finds or makes the mapping and the flow. NULL, with the packet gone, when that cannot be. */
static struct nat_mapping *open_flow(struct nat *nat, struct packet *packet,
				     const struct flow_packet *seen)
{
	const struct flow_ends *ends = &seen->ends;
	struct flow_state *flow = flows_find(&nat->flows, ends);
	/* An answer leaves by the port that the question came in by, which may be one of several. */
	struct nat_mapping *mapping =
	    flow != NULL ? flow->owner : nat_mapping_inside(nat, ends->protocol, ends->source);

	if (flow == NULL && !seen->opens) {
		nat_drop(nat, packet, NAT_NO_MAPPING, ends->protocol);
		return NULL;
	}
	if (mapping == NULL)
		mapping = nat_mapping_new(nat, ends->protocol, ends->source);
	if (mapping != NULL && flow == NULL)
		flow = add_flow(nat, mapping, ends->destination);
	if (flow == NULL) {
		if (mapping != NULL && mapping->flows == 0 && !mapping->is_forwarded)
			nat_mapping_remove(nat, mapping);
		refuse(nat, packet);
		return NULL;
	}
	use_flow(nat, flow, false, seen->tcp_flags);
	return mapping;
}

static enum nat_outcome send_packet(struct nat *nat, struct packet *packet,
				    const struct flow_packet *seen)
{
	const struct nat_mapping *mapping = open_flow(nat, packet, seen);

	if (mapping == NULL)
		return NAT_GONE;
	if ((seen->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		nat_held_forget(nat, mapping->port, seen->ends.destination);
	nat_rewrite(packet_data(packet), packet_length(packet), NAT_END_SOURCE,
		    outside_of(nat, mapping));
	trace_rewritten(nat, packet, NAT_SOURCE, seen->ends.protocol, seen->ends.source,
			outside_of(nat, mapping));
	return NAT_REWRITTEN;
}

/* RFC 5508 REQ-3: the ICMP message whole, and the header that it quotes; nothing behind that. */
static bool error_is_intact(const struct packet *packet)
{
	struct ipv4_header header, quoted;
	struct bytes message, rest;

	return ipv4_header_parse(packet_bytes(packet), &header, &message) == PARSE_OK &&
	       icmp_checksum_is_right(message) &&
	       ipv4_header_parse_quoted(bytes_from(message, ICMP_HEADER_BYTES), &quoted, &rest) ==
		   PARSE_OK &&
	       checksum_of(
		   bytes_first(bytes_from(message, ICMP_HEADER_BYTES), quoted.header_bytes)) == 0;
}

/* An error from inside, about what came in (RFC 5508 REQ-5): it quotes the inside destination. */
static enum nat_outcome send_error(struct nat *nat, struct packet *packet,
				   const struct flow_packet *seen)
{
	struct flow_ends ends = flow_reverse(seen->quoted);
	const struct flow_state *flow = flows_find(&nat->flows, &ends);

	if (!error_is_intact(packet))
		return nat_drop(nat, packet, NAT_BAD_CHECKSUM, 0);
	if (flow == NULL)
		return nat_drop(nat, packet, NAT_NO_MAPPING, seen->quoted.protocol);
	const struct nat_mapping *mapping = flow->owner;

	nat_rewrite_quoted(packet_data(packet), packet_length(packet), NAT_END_DESTINATION,
			   outside_of(nat, mapping));
	nat_rewrite_address(packet_data(packet), NAT_END_SOURCE, nat->outside->address);
	trace_rewritten(nat, packet, NAT_QUOTED_DESTINATION, seen->quoted.protocol,
			seen->quoted.destination, outside_of(nat, mapping));
	return NAT_REWRITTEN;
}

/* Gives what comes from inside the outside address, wherever it goes. */
static enum nat_outcome translate_out(struct nat *nat, struct packet *packet)
{
	struct flow_packet seen;

	switch (flow_read(packet_bytes(packet), &seen)) {
	case FLOW_PACKET:
		return send_packet(nat, packet, &seen);
	case FLOW_ERROR:
		return send_error(nat, packet, &seen);
	case FLOW_OTHER:
		return nat_drop(nat, packet, NAT_UNTRANSLATABLE, seen.ends.protocol);
	default:
		return nat_drop(nat, packet, NAT_MALFORMED, 0);
	}
}

static uint32_t source_of(const struct packet *packet)
{
	return get_be32(packet_bytes(packet).data + 12);
}

/* A forwarded port may be that of a host whose address is public. */
static bool is_inside(const struct packet *packet, const struct nat *nat)
{
	return packet->interface != interface_number(nat->outside) &&
	       nat_address_is_private(source_of(packet));
}

/* True when a packet that came from outside did so by nat_receive(). */
static bool is_translated(const struct nat *nat, const struct packet *packet)
{
	struct flow_packet seen;
	enum flow_reading reading = flow_read(packet_bytes(packet), &seen);
	struct flow_ends ends = reading == FLOW_ERROR ? seen.quoted : flow_reverse(seen.ends);

	return flows_find(&nat->flows, &ends) != NULL;
}

/* Outside, private addresses mean somebody else, or nobody (RFC 1918 section 3). */
static bool is_stray(const struct nat *nat, const struct packet *packet)
{
	return packet->interface == interface_number(nat->outside) &&
	       nat_address_is_private(get_be32(packet_bytes(packet).data + 16)) &&
	       !is_translated(nat, packet);
}

enum nat_outcome nat_send(struct nat *nat, struct packet *packet, const struct interface *out)
{
	flows_age(&nat->flows, node_now(&nat->host->node));
	if (is_stray(nat, packet))
		return nat_drop(nat, packet, NAT_NO_MAPPING, 0);
	if (out != nat->outside || !is_inside(packet, nat))
		return NAT_UNTOUCHED;
	return translate_out(nat, packet);
}

/* On the way in. */

static bool is_opening(const struct flow_packet *seen)
{
	return (seen->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/* True when a packet from outside may begin a flow: through a port that is forwarded. */
static bool may_begin(const struct nat *nat, const struct nat_mapping *mapping,
		      const struct flow_packet *seen)
{
	struct flow_ends ends = ends_of(mapping, seen->ends.source);

	return mapping->is_forwarded && seen->opens && flows_find(&nat->flows, &ends) == NULL;
}

static enum nat_outcome receive_packet(struct nat *nat, struct packet *packet,
				       const struct flow_packet *seen)
{
	const struct flow_ends *ends = &seen->ends;
	struct nat_mapping *mapping =
	    nat_mapping_outside(nat, ends->protocol, ends->destination.port);
	struct flow_state *flow = mapping != NULL ? find_flow(nat, mapping, ends->source) : NULL;

	if (flow == NULL && mapping != NULL && may_begin(nat, mapping, seen)) {
		flow = add_flow(nat, mapping, ends->source);
		if (flow == NULL)
			return refuse(nat, packet);
	}
	if (mapping == NULL && nat_is_of_router(nat, ends->protocol, ends->destination.port))
		return NAT_UNTOUCHED;
	if (flow == NULL && is_opening(seen))
		return nat_hold(nat, packet, seen);
	if (mapping == NULL)
		return NAT_UNTOUCHED;
	if (flow == NULL)
		return nat_drop(nat, packet, NAT_FILTERED, ends->protocol);
	use_flow(nat, flow, true, seen->tcp_flags);
	nat_rewrite(packet_data(packet), packet_length(packet), NAT_END_DESTINATION,
		    mapping->inside);
	trace_rewritten(nat, packet, NAT_DESTINATION, ends->protocol, ends->destination,
			mapping->inside);
	return NAT_REWRITTEN;
}

/*
 * An error from outside, about what went out (RFC 5508 REQ-4): it quotes the outside source. Whoever
 * sends it, it changes nothing about the flow (REQ-6; RFC 4787 REQ-12, RFC 5382 REQ-10).
 */
static enum nat_outcome receive_error(struct nat *nat, struct packet *packet,
				      const struct flow_packet *seen)
{
	const struct nat_mapping *mapping;

	if (seen->quoted.source.address != nat->outside->address)
		return NAT_UNTOUCHED;
	mapping = nat_mapping_outside(nat, seen->quoted.protocol, seen->quoted.source.port);
	if (mapping == NULL)
		return NAT_UNTOUCHED; /* about what the router itself sent */
	if (!error_is_intact(packet))
		return nat_drop(nat, packet, NAT_BAD_CHECKSUM, 0);
	if (find_flow(nat, mapping, seen->quoted.destination) == NULL)
		return nat_drop(nat, packet, NAT_NO_MAPPING, seen->quoted.protocol);
	nat_rewrite_quoted(packet_data(packet), packet_length(packet), NAT_END_SOURCE,
			   mapping->inside);
	nat_rewrite_address(packet_data(packet), NAT_END_DESTINATION, mapping->inside.address);
	trace_rewritten(nat, packet, NAT_QUOTED_SOURCE, seen->quoted.protocol, seen->quoted.source,
			mapping->inside);
	return NAT_REWRITTEN;
}

static enum nat_outcome translate_in(struct nat *nat, struct packet *packet)
{
	struct flow_packet seen;

	switch (flow_read(packet_bytes(packet), &seen)) {
	case FLOW_PACKET:
		return receive_packet(nat, packet, &seen);
	case FLOW_ERROR:
		return receive_error(nat, packet, &seen);
	default:
		return NAT_UNTOUCHED; /* the router itself knows what to do with it */
	}
}

/* True when the outside address and this port mean a host inside. */
static bool is_for_inside(const struct nat *nat, const struct packet *packet)
{
	struct flow_packet seen;

	switch (flow_read(packet_bytes(packet), &seen)) {
	case FLOW_PACKET:
		return nat_mapping_outside(nat, seen.ends.protocol, seen.ends.destination.port) !=
		       NULL;
	case FLOW_ERROR:
		return seen.quoted.source.address == nat->outside->address &&
		       nat_mapping_outside(nat, seen.quoted.protocol, seen.quoted.source.port) !=
			   NULL;
	default:
		return false;
	}
}

enum nat_outcome nat_receive(struct nat *nat, struct packet *packet)
{
	flows_age(&nat->flows, node_now(&nat->host->node));
	if (!is_inside(packet, nat))
		return translate_in(nat, packet);
	/* Hairpinning: out and in again (RFC 4787 REQ-9, RFC 5382 REQ-8, RFC 5508 REQ-7). */
	if (!is_for_inside(nat, packet))
		return NAT_UNTOUCHED;
	enum nat_outcome outcome = translate_out(nat, packet);

	return outcome == NAT_REWRITTEN ? translate_in(nat, packet) : outcome;
}

bool nat_has_query(const struct host *host, uint16_t identifier)
{
	const struct nat *nat = host->middlebox != NULL ? host->middlebox->nat : NULL;

	return nat != NULL && nat_mapping_outside(nat, IP_PROTOCOL_ICMP, identifier) != NULL;
}

void nat_restore(const struct host *host, uint8_t *datagram, size_t length)
{
	const struct nat *nat = host->middlebox != NULL ? host->middlebox->nat : NULL;
	struct flow_packet seen;
	const struct flow_state *flow;

	if (nat == NULL || !flow_read_quoted((struct bytes) { datagram, length }, &seen.ends))
		return;
	struct flow_ends ends = flow_reverse(seen.ends);

	flow = flows_find(&nat->flows, &ends);
	if (flow != NULL)
		nat_rewrite(datagram, length, NAT_END_DESTINATION, outside_of(nat, flow->owner));
}
