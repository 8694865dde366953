#include "stack/flow.h"

#include "stack/ipv4.h"
#include "stack/wire/icmp.h"
#include "stack/wire/tcp.h"

/* Reading. */

enum { PORTS_BYTES = 4, UDP_BYTES = 8, TCP_FLAGS_OFFSET = 13 };

/* ICMP queries and their answers, which carry an identifier (RFC 792). */
enum { IDENTIFIER_OFFSET = 4 };

bool flow_is_query(uint8_t icmp_type)
{
	return icmp_type == ICMP_ECHO_REQUEST || icmp_type == ICMP_TIMESTAMP_REQUEST;
}

bool flow_is_query_answer(uint8_t icmp_type)
{
	return icmp_type == ICMP_ECHO_REPLY || icmp_type == ICMP_TIMESTAMP_REPLY;
}

/* `header` and the ports or the identifier behind it; false when they are not there. */
static bool read_ends(const struct ipv4_header *header, struct bytes payload,
		      struct flow_ends *ends)
{
	*ends = (struct flow_ends) {
		.source = {header->source,       0},
		.destination = { header->destination, 0},
		.protocol = header->protocol,
	};
	switch (header->protocol) {
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP:
		if (payload.length < PORTS_BYTES)
			return false;
		ends->source.port = get_be16(payload.data);
		ends->destination.port = get_be16(payload.data + 2);
		return true;
	case IP_PROTOCOL_ICMP:
		if (payload.length < ICMP_HEADER_BYTES)
			return false;
		if (flow_is_query(payload.data[0]))
			ends->source.port = get_be16(payload.data + IDENTIFIER_OFFSET);
		else if (flow_is_query_answer(payload.data[0]))
			ends->destination.port = get_be16(payload.data + IDENTIFIER_OFFSET);
		return true;
	default:
		return true;
	}
}

bool flow_read_quoted(struct bytes datagram, struct flow_ends *ends)
{
	struct ipv4_header header;
	struct bytes payload;

	return ipv4_header_parse_quoted(datagram, &header, &payload) == PARSE_OK &&
	       header.fragment_offset_bytes == 0 && read_ends(&header, payload, ends);
}

static enum flow_reading read_icmp(struct bytes message, struct flow_packet *out)
{
	out->opens = flow_is_query(message.data[0]);
	if (out->opens || flow_is_query_answer(message.data[0]))
		return FLOW_PACKET;
	if (!icmp_is_error(message.data[0]))
		return FLOW_OTHER;
	return flow_read_quoted(bytes_from(message, ICMP_HEADER_BYTES), &out->quoted) ? FLOW_ERROR
										      : FLOW_BROKEN;
}

enum flow_reading flow_read(struct bytes datagram, struct flow_packet *out)
{
	struct ipv4_header header;
	struct bytes payload;

	*out = (struct flow_packet) { .tcp_flags = 0 };
	if (ipv4_header_parse(datagram, &header, &payload) != PARSE_OK ||
	    !read_ends(&header, payload, &out->ends))
		return FLOW_BROKEN;
	switch (header.protocol) {
	case IP_PROTOCOL_TCP:
		if (payload.length < TCP_HEADER_BYTES)
			return FLOW_BROKEN;
		out->tcp_flags = payload.data[TCP_FLAGS_OFFSET];
		out->opens = (out->tcp_flags & TCP_RST) == 0;
		return FLOW_PACKET;
	case IP_PROTOCOL_UDP:
		out->opens = true;
		return payload.length < UDP_BYTES ? FLOW_BROKEN : FLOW_PACKET;
	case IP_PROTOCOL_ICMP:
		return read_icmp(payload, out);
	default:
		return FLOW_OTHER;
	}
}

/* The table. */

#define OLDEST_LOOKED_AT 8 /* of each timeout, for one to give up */

static guint hash_ends(gconstpointer data)
{
	const struct flow_ends *ends = data;
	uint64_t hash = (uint64_t)ends->source.address << 32 | ends->destination.address;

	hash = (hash ^ ends->protocol) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= (uint64_t)ends->source.port << 16 | ends->destination.port;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (guint)(hash >> 32);
}

static gboolean ends_equal(gconstpointer a, gconstpointer b)
{
	const struct flow_ends *x = a, *y = b;

	return x->source.address == y->source.address &&
	       x->destination.address == y->destination.address &&
	       x->source.port == y->source.port && x->destination.port == y->destination.port &&
	       x->protocol == y->protocol;
}

void flows_init(struct flows *table, void (*expired)(void *owner, struct flow_state *flow),
		void *owner)
{
	*table = (struct flows) { .expired = expired, .owner = owner };
	table->index = g_hash_table_new_full(hash_ends, ends_equal, NULL, g_free);
}

void flows_clear(struct flows *table)
{
	g_hash_table_destroy(table->index);
}

unsigned flows_count(const struct flows *table)
{
	return g_hash_table_size(table->index);
}

struct flow_state *flows_find(const struct flows *table, const struct flow_ends *ends)
{
	return g_hash_table_lookup(table->index, ends);
}

/* Each timeout has a queue, the flow that is used last at its end: so the oldest expires first. */

static void unlink_flow(struct flows *table, struct flow_state *flow)
{
	if (flow->older != NULL)
		flow->older->newer = flow->newer;
	else
		table->oldest[flow->timeout] = flow->newer;
	if (flow->newer != NULL)
		flow->newer->older = flow->older;
	else
		table->newest[flow->timeout] = flow->older;
}

static void append_flow(struct flows *table, struct flow_state *flow)
{
	flow->older = table->newest[flow->timeout];
	flow->newer = NULL;
	if (flow->older != NULL)
		flow->older->newer = flow;
	else
		table->oldest[flow->timeout] = flow;
	table->newest[flow->timeout] = flow;
}

static enum flow_timeout first_timeout(uint8_t protocol)
{
	switch (protocol) {
	case IP_PROTOCOL_TCP:
		return FLOW_TCP_TRANSITORY;
	case IP_PROTOCOL_ICMP:
		return FLOW_ICMP;
	default:
		return FLOW_UDP;
	}
}

static void end_flow(struct flows *table, struct flow_state *flow)
{
	unlink_flow(table, flow);
	if (table->expired != NULL)
		table->expired(table->owner, flow);
	g_hash_table_remove(table->index, &flow->ends);
}

/* Ends one attempt that was never answered, out of the oldest; false: all of those are in use. */
static bool make_room(struct flows *table)
{
	for (unsigned i = 0; i < FLOW_TIMEOUT_COUNT; i++) {
		struct flow_state *flow = table->oldest[i];

		for (unsigned k = 0; k < OLDEST_LOOKED_AT && flow != NULL; k++) {
			if (!flow->has_question || !flow->has_answer) {
				end_flow(table, flow);
				return true;
			}
			flow = flow->newer;
		}
	}
	return false;
}

struct flow_state *flows_add(struct flows *table, const struct flow_ends *ends, int64_t now_ns)
{
	if (flows_count(table) >= FLOWS_MAX && !make_room(table))
		return NULL;
	struct flow_state *flow = g_new0(struct flow_state, 1);

	flow->ends = *ends;
	flow->timeout = first_timeout(ends->protocol);
	flow->used_ns = now_ns;
	append_flow(table, flow);
	g_hash_table_insert(table->index, &flow->ends, flow);
	return flow;
}

/* What was seen of each side; those of the one that answers stand two bits higher. */
enum { SEEN_SYN = 1, SEEN_FIN = 2, ANSWERER = 2, SEEN_BOTH_SYN = 5, SEEN_BOTH_FIN = 10 };
enum { SEEN_RST = 16, IS_OPEN = 32 };

static bool has_all(uint8_t seen, uint8_t wanted)
{
	return (seen & wanted) == wanted;
}

static void follow_tcp(struct flow_state *flow, bool is_answer, uint8_t flags)
{
	unsigned shift = is_answer ? ANSWERER : 0;

	if ((flags & TCP_SYN) && ((flow->tcp & SEEN_RST) || has_all(flow->tcp, SEEN_BOTH_FIN)))
		flow->tcp = 0; /* the same ports again, for another connection */
	if (flags & TCP_SYN)
		flow->tcp |= (uint8_t)(SEEN_SYN << shift);
	else if (has_all(flow->tcp, SEEN_BOTH_SYN))
		flow->tcp |= IS_OPEN;
	if (flags & TCP_FIN)
		flow->tcp |= (uint8_t)(SEEN_FIN << shift);
	if (flags & TCP_RST)
		flow->tcp |= SEEN_RST;
}

static enum flow_timeout timeout_of(const struct flow_state *flow)
{
	if (flow->ends.protocol != IP_PROTOCOL_TCP)
		return flow->timeout;
	return (flow->tcp & IS_OPEN) && !(flow->tcp & SEEN_RST) &&
		       !has_all(flow->tcp, SEEN_BOTH_FIN)
		   ? FLOW_TCP_ESTABLISHED
		   : FLOW_TCP_TRANSITORY;
}

void flows_use(struct flows *table, struct flow_state *flow, bool is_answer, uint8_t tcp_flags,
	       bool refreshes, int64_t now_ns)
{
	flow->has_question |= !is_answer;
	flow->has_answer |= is_answer;
	if (!refreshes)
		return;
	unlink_flow(table, flow);
	if (flow->ends.protocol == IP_PROTOCOL_TCP)
		follow_tcp(flow, is_answer, tcp_flags);
	flow->timeout = timeout_of(flow);
	flow->used_ns = now_ns;
	append_flow(table, flow);
}

void flows_age(struct flows *table, int64_t now_ns)
{
	static const int64_t lifetimes_ns[FLOW_TIMEOUT_COUNT] = {
		[FLOW_UDP] = FLOW_UDP_NS,
		[FLOW_ICMP] = FLOW_ICMP_NS,
		[FLOW_TCP_TRANSITORY] = FLOW_TCP_TRANSITORY_NS,
		[FLOW_TCP_ESTABLISHED] = FLOW_TCP_ESTABLISHED_NS,
	};

	for (unsigned i = 0; i < FLOW_TIMEOUT_COUNT; i++) {
		struct flow_state *flow;

		while ((flow = table->oldest[i]) != NULL &&
		       now_ns - flow->used_ns >= lifetimes_ns[i])
			end_flow(table, flow);
	}
}
