#include "stack/filter.h"

#include "stack/drop.h"
#include "stack/flow.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"
#include "stack/nat.h"
#include "stack/tcp/names.h"
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"

struct filter {
	struct host *host;
	GArray *rules; /* of struct filter_rule */
	struct flows flows;
};

struct filter *filter_new(struct host *host)
{
	struct filter *filter = g_new0(struct filter, 1);

	filter->host = host;
	filter->rules = g_array_new(FALSE, FALSE, sizeof(struct filter_rule));
	flows_init(&filter->flows, NULL, NULL);
	return filter;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	g_array_free(filter->rules, TRUE);
	flows_clear(&filter->flows);
	g_free(filter);
}

static void trace_rule(struct filter *filter, const struct filter_rule *rule)
{
	uint8_t bytes[FILTER_RULE_RECORD_BYTES] = {
		(uint8_t)rule->verdict, rule->protocol,      rule->directions,
		rule->resets,           rule->source_length, rule->destination_length,
	};

	put_be16(bytes + 6, rule->port_least);
	put_be16(bytes + 8, rule->port_most);
	put_be32(bytes + 10, rule->source);
	put_be32(bytes + 14, rule->destination);
	trace_emit(&filter->host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_FILTER,
		       .detail = FILTER_RULE,
		       .object = filter->rules->len,
		       .before = (uint64_t)rule->from_ns,
		       .after = (uint64_t)rule->to_ns,
		       .interface = rule->interface != NULL ? interface_number(rule->interface) : 0,
		   },
		   (struct bytes) { bytes, sizeof bytes });
}

bool filter_add(struct filter *filter, const struct filter_rule *rule)
{
	if (filter->rules->len >= FILTER_RULES_MAX)
		return false;
	g_array_append_vals(filter->rules, rule, 1);
	trace_rule(filter, rule);
	return true;
}

/* Which rule fits. */

static bool is_within(uint32_t address, uint32_t network, unsigned length)
{
	return ((address ^ network) & ipv4_mask(length)) == 0;
}

static bool fits_port(const struct filter_rule *rule, const struct flow_ends *ends)
{
	if (rule->port_least == 0 && rule->port_most == 0)
		return true;
	return (ends->protocol == IP_PROTOCOL_TCP || ends->protocol == IP_PROTOCOL_UDP) &&
	       ends->destination.port >= rule->port_least &&
	       ends->destination.port <= rule->port_most;
}

static bool fits_direction(const struct filter_rule *rule, const struct packet *packet,
			   const struct interface *out)
{
	if (rule->interface == NULL)
		return true;
	return ((rule->directions & FILTER_OUT) && rule->interface == out) ||
	       ((rule->directions & FILTER_IN) &&
		packet->interface == interface_number(rule->interface));
}

/* The number of the first rule that fits, from 1; 0: none does. */
static unsigned find_rule(const struct filter *filter, const struct packet *packet,
			  const struct interface *out, const struct flow_ends *ends)
{
	int64_t now_ns = node_now(&filter->host->node);

	for (unsigned i = 0; i < filter->rules->len; i++) {
		const struct filter_rule *rule =
		    &g_array_index(filter->rules, struct filter_rule, i);

		if (now_ns >= rule->from_ns && now_ns < rule->to_ns &&
		    (rule->protocol == 0 || rule->protocol == ends->protocol) &&
		    fits_port(rule, ends) && fits_direction(rule, packet, out) &&
		    is_within(ends->source.address, rule->source, rule->source_length) &&
		    is_within(ends->destination.address, rule->destination,
			      rule->destination_length))
			return i + 1;
	}
	return 0;
}

/* What becomes of it. */

static bool let_through(const struct filter *filter, const struct packet *packet,
			enum filter_detail detail, unsigned rule)
{
	trace_emit(&filter->host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_FORWARD,
		       .layer = LAYER_FILTER,
		       .detail = (uint16_t)detail,
		       .object = rule,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		   },
		   (struct bytes) { 0 });
	return true;
}

static bool drop(const struct filter *filter, struct packet *packet, enum filter_detail detail,
		 unsigned rule)
{
	packet_drop(&filter->host->node, packet,
		    &(struct trace_record) {
			.layer = LAYER_FILTER,
			.detail = (uint16_t)detail,
			.object = rule,
		    });
	return false;
}

/* The answer that a closed port would give (RFC 9293 section 3.10.7.1). */
static void send_reset(struct host *host, const struct packet *original)
{
	struct ipv4_header ipv4;
	struct tcp_header tcp;
	struct bytes segment, payload;

	if (ipv4_header_parse(packet_bytes(original), &ipv4, &segment) != PARSE_OK ||
	    tcp_header_parse(segment, &tcp, &payload) != PARSE_OK || (tcp.flags & TCP_RST))
		return;
	bool has_ack = (tcp.flags & TCP_ACK) != 0;
	struct packet *reset = node_new_packet(&host->node, TCP_HEADER_BYTES);

	reset->root = original->root;
	tcp_header_emit(
	    &(struct tcp_header) {
		.source_port = tcp.destination_port,
		.destination_port = tcp.source_port,
		.sequence = has_ack ? tcp.acknowledgment : 0,
		.acknowledgment =
		    has_ack ? 0 : tcp.sequence + tcp_sequence_length(&tcp, payload.length),
		.flags = has_ack ? TCP_RST : TCP_RST | TCP_ACK,
	    },
	    packet_data(reset));
	tcp_checksum_set(packet_data(reset), 0, 0, ipv4.destination, ipv4.source);
	trace_emit(&host->node, reset,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_TCP,
		       .detail = TCP_RESET_FILTERED,
		       .start = (uint16_t)reset->start,
		       .header_bytes = TCP_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
	ipv4_send(host, reset,
		  &(struct ipv4_route_request) {
		      .source = ipv4.destination,
		      .destination = ipv4.source,
		      .protocol = IP_PROTOCOL_TCP,
		      .dont_fragment = true,
		  });
}

static void refuse(const struct filter *filter, const struct packet *packet, bool resets)
{
	struct host *host = filter->host;

	if (!resets) {
		icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE,
				ICMP_ADMINISTRATIVELY_PROHIBITED, 0);
		return;
	}
	/* Its sender must find the addresses that it sent to. */
	struct packet *original = packet_copy(packet);

	nat_restore(host, packet_data(original), packet_length(original));
	send_reset(host, original);
	packet_free(original);
}

static bool stop(struct filter *filter, struct packet *packet, unsigned number, uint8_t protocol)
{
	const struct filter_rule *rule =
	    &g_array_index(filter->rules, struct filter_rule, number - 1);

	if (rule->verdict != FILTER_REJECT)
		return drop(filter, packet, FILTER_DENIED, number);
	refuse(filter, packet, rule->resets && protocol == IP_PROTOCOL_TCP);
	return drop(filter, packet, FILTER_REJECTED, number);
}

/* An ICMP error is as welcome as the flow that it is about. */
static bool is_related(const struct filter *filter, const struct flow_packet *seen)
{
	struct flow_ends reverse = flow_reverse(seen->quoted);

	return flows_find(&filter->flows, &seen->quoted) != NULL ||
	       flows_find(&filter->flows, &reverse) != NULL;
}

/* Remembers what was let through, for the answers to it; what is an answer itself opens nothing. */
static bool open_flow(struct filter *filter, struct packet *packet, const struct flow_packet *seen,
		      unsigned rule)
{
	int64_t now_ns = node_now(&filter->host->node);
	struct flow_state *flow = flows_find(&filter->flows, &seen->ends);

	if (flow == NULL && seen->opens) {
		flow = flows_add(&filter->flows, &seen->ends, now_ns);
		if (flow == NULL)
			return drop(filter, packet, FILTER_FULL, 0);
	}
	if (flow != NULL)
		flows_use(&filter->flows, flow, false, seen->tcp_flags, true, now_ns);
	return let_through(filter, packet, rule != 0 ? FILTER_ALLOWED : FILTER_NO_RULE, rule);
}

bool filter_pass(struct filter *filter, struct packet *packet, const struct interface *out)
{
	int64_t now_ns = node_now(&filter->host->node);
	struct flow_packet seen;
	enum flow_reading reading = flow_read(packet_bytes(packet), &seen);
	struct flow_ends reverse = flow_reverse(seen.ends);

	flows_age(&filter->flows, now_ns);
	if (reading == FLOW_BROKEN)
		return drop(filter, packet, FILTER_MALFORMED, 0);
	if (reading == FLOW_ERROR && is_related(filter, &seen))
		return let_through(filter, packet, FILTER_ANSWER, 0);
	struct flow_state *answered =
	    reading == FLOW_PACKET ? flows_find(&filter->flows, &reverse) : NULL;

	if (answered != NULL) {
		flows_use(&filter->flows, answered, true, seen.tcp_flags, true, now_ns);
		return let_through(filter, packet, FILTER_ANSWER, 0);
	}
	unsigned number = find_rule(filter, packet, out, &seen.ends);

	if (number != 0 &&
	    g_array_index(filter->rules, struct filter_rule, number - 1).verdict != FILTER_ALLOW)
		return stop(filter, packet, number, seen.ends.protocol);
	if (reading == FLOW_PACKET)
		return open_flow(filter, packet, &seen, number);
	return let_through(filter, packet, number != 0 ? FILTER_ALLOWED : FILTER_NO_RULE, number);
}
