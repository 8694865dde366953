#include "tests/app/causes.h"

#include "app/simulation.h"
#include "protocols/dns/message.h"
#include "protocols/dns/names.h"
#include "protocols/layer.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"
#include "views/sent_segments.h"

/* A packet at a node: what TCP there made of it. */
struct arrival {
	uint32_t node;
	uint64_t packet;
	uint64_t outcomes;
};

struct finder {
	struct trace_sink sink;
	struct causes *causes;
	GHashTable *made;     /* packet to struct trace_record *: how TCP, UDP or ICMP made it */
	GHashTable *arrivals; /* set of struct arrival * */
	GHashTable *receipts; /* id of a RECEIVE record to its struct arrival * */
	GHashTable *frames;   /* packet to frame number */
	GHashTable *unsent;   /* set of struct segment_key *: dropped before any cable */
	GHashTable *talks;    /* set of the roots of what people say by telnet */
	struct sent_segments *segments;
};

/* What a segment is known by: where it goes, and where in the stream it begins. */
struct segment_key {
	uint32_t source, destination, sequence;
	uint16_t source_port, destination_port;
};

static guint segment_hash(gconstpointer data)
{
	const struct segment_key *key = data;

	return key->sequence ^ key->source_port * 31u ^ key->destination;
}

static gboolean segment_equal(gconstpointer a, gconstpointer b)
{
	const struct segment_key *left = a, *right = b;

	return left->source == right->source && left->destination == right->destination &&
	       left->sequence == right->sequence && left->source_port == right->source_port &&
	       left->destination_port == right->destination_port;
}

/* Of an IPv4 datagram; false: it holds no segment. */
static bool segment_of(struct bytes datagram, struct segment_key *key)
{
	struct ipv4_header ipv4;
	struct tcp_header tcp;
	struct bytes segment, payload;

	if (ipv4_header_parse(datagram, &ipv4, &segment) != PARSE_OK ||
	    tcp_header_parse(segment, &tcp, &payload) != PARSE_OK)
		return false;
	*key = (struct segment_key) {
		.source = ipv4.source,
		.destination = ipv4.destination,
		.sequence = tcp.sequence,
		.source_port = tcp.source_port,
		.destination_port = tcp.destination_port,
	};
	return true;
}

static guint arrival_hash(gconstpointer data)
{
	const struct arrival *arrival = data;

	return g_int64_hash(&arrival->packet) * 31 + arrival->node;
}

static gboolean arrival_equal(gconstpointer a, gconstpointer b)
{
	const struct arrival *left = a, *right = b;

	return left->node == right->node && left->packet == right->packet;
}

static struct arrival *arrival_of(struct finder *finder, const struct trace_record *record)
{
	struct arrival key = { .node = trace_node_of(record->id), .packet = record->packet };
	struct arrival *arrival = g_hash_table_lookup(finder->arrivals, &key);

	if (arrival == NULL) {
		arrival = g_memdup2(&key, sizeof key);
		g_hash_table_add(finder->arrivals, arrival);
	}
	return arrival;
}

static bool has_dns_port(struct bytes frame)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct udp_header udp;
	struct bytes l3, l4, payload;

	return ethernet_header_parse(frame, &ethernet, &l3) == PARSE_OK &&
	       ipv4_header_parse(l3, &ipv4, &l4) == PARSE_OK &&
	       udp_header_parse(l4, &udp, &payload) == PARSE_OK &&
	       (udp.source_port == DNS_PORT || udp.destination_port == DNS_PORT);
}

static unsigned number_of(const struct finder *finder, uint64_t packet)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(finder->frames, &packet));
}

/*
 * A datagram that waited for a MAC address in vain has no Ethernet header yet. Its direction alone, with
 * no sequence number, is kept too.
 */
static void find_unsent(struct finder *finder, const struct trace_record *record,
			struct bytes datagram)
{
	struct segment_key key;

	if (record->layer != LAYER_ARP || number_of(finder, record->packet) != 0 ||
	    !segment_of(datagram, &key))
		return;
	g_hash_table_add(finder->unsent, g_memdup2(&key, sizeof key));
	key.sequence = 0;
	g_hash_table_add(finder->unsent, g_memdup2(&key, sizeof key));
}

static void tell_of_unsent(const struct finder *finder, struct sent_frame *frame,
			   struct bytes bytes)
{
	struct segment_key key;

	if (!segment_of(bytes_from(bytes, ETHERNET_HEADER_BYTES), &key))
		return;
	frame->was_unsent = g_hash_table_contains(finder->unsent, &key);
	key.sequence = 0;
	frame->has_unsent = g_hash_table_contains(finder->unsent, &key);
}

static void tell_how_made(const struct finder *finder, struct sent_frame *frame,
			  const struct trace_record *made, struct bytes bytes)
{
	frame->is_typed = g_hash_table_contains(finder->talks, &made->root);
	switch (made->layer) {
	case LAYER_TCP:
		frame->is_tcp = true;
		frame->detail = made->detail;
		frame->is_made_again = (made->flags & TRACE_RETRANSMIT) != 0;
		tell_of_unsent(finder, frame, bytes);
		break;
	case LAYER_UDP:
		frame->is_dns = has_dns_port(bytes);
		break;
	default:
		frame->quotes = number_of(finder, made->object);
		break;
	}
}

static void add_frame(struct finder *finder, uint64_t packet, struct bytes bytes, bool is_again)
{
	const struct trace_record *made = g_hash_table_lookup(finder->made, &packet);
	const struct arrival *answered =
	    made == NULL ? NULL : g_hash_table_lookup(finder->receipts, &made->cause);
	struct sent_frame frame = { .bytes = bytes.length };

	if (made != NULL)
		tell_how_made(finder, &frame, made, bytes);
	frame.is_retransmission = is_again;
	if (answered != NULL) {
		frame.outcomes = answered->outcomes;
		frame.answers = number_of(finder, answered->packet);
	}
	g_array_append_val(finder->causes->frames, frame);
	g_hash_table_insert(finder->frames, g_memdup2(&packet, sizeof packet),
			    GUINT_TO_POINTER(finder->causes->frames->len));
}

/* A segment, a datagram, or an error about a packet (of which `object` speaks). */
static bool tells_how_made(const struct trace_record *record)
{
	if (record->kind == TRACE_ENCAPSULATE)
		return record->layer == LAYER_TCP || record->layer == LAYER_UDP;
	return record->kind == TRACE_DERIVE && record->layer == LAYER_ICMP;
}

static void find_making(struct finder *finder, const struct trace_record *record)
{
	if (tells_how_made(record))
		g_hash_table_replace(finder->made, g_memdup2(&record->packet, sizeof(uint64_t)),
				     g_memdup2(record, sizeof *record));
	else if (record->layer == LAYER_TCP)
		arrival_of(finder, record)->outcomes |= UINT64_C(1) << record->detail;
}

static void find(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct finder *finder = owner;
	struct causes *causes = finder->causes;
	bool is_again = sent_segments_repeat(finder->segments, record, bytes);

	switch (record->kind) {
	case TRACE_ACTION:
		if (record->after == USER_TALKS)
			g_hash_table_add(finder->talks, g_memdup2(&record->id, sizeof(uint64_t)));
		break;
	case TRACE_TRANSMIT:
		if (record->flags & TRACE_FIRST)
			add_frame(finder, record->packet, bytes, is_again);
		break;
	case TRACE_RECEIVE:
		g_hash_table_insert(finder->receipts, g_memdup2(&record->id, sizeof(uint64_t)),
				    arrival_of(finder, record));
		break;
	case TRACE_IMPAIR:
		causes->duplicated += record->detail == LINK_DUPLICATED;
		break;
	case TRACE_STATE:
		causes->asked_again += record->layer == LAYER_DNS &&
				       record->before == DNS_LOOKUP_ASKING &&
				       record->after == DNS_LOOKUP_ASKING;
		causes->unanswered_pings +=
		    record->layer == LAYER_USER && record->detail == USER_PING_DONE &&
		    record->after != USER_PING_ANSWERED && record->after != USER_PING_DUPLICATE;
		break;
	case TRACE_DROP:
		find_unsent(finder, record, bytes);
		find_making(finder, record);
		break;
	default:
		find_making(finder, record);
		break;
	}
}

struct causes *causes_find(struct scenario *scenario)
{
	struct causes *causes = g_new0(struct causes, 1);
	struct finder finder = {
		.sink = {.kinds = TRACE_BIT(TRACE_TRANSMIT) | TRACE_BIT(TRACE_RECEIVE) |
				   TRACE_BIT(TRACE_ENCAPSULATE) | TRACE_BIT(TRACE_DECAPSULATE) |
				   TRACE_BIT(TRACE_DROP) | TRACE_BIT(TRACE_IMPAIR) |
				   TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_ACTION) |
				   TRACE_BIT(TRACE_DERIVE),
                         .owner = &finder,
                         .record = find},
		.causes = causes,
		.made = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free),
		.arrivals = g_hash_table_new_full(arrival_hash, arrival_equal, g_free, NULL),
		.receipts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.frames = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.unsent = g_hash_table_new_full(segment_hash, segment_equal, g_free, NULL),
		.talks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.segments = sent_segments_new(),
	};
	struct trace_sink *sinks[] = { &finder.sink };
	struct simulation *simulation;

	causes->frames = g_array_new(FALSE, FALSE, sizeof(struct sent_frame));
	simulation = simulation_new(scenario, &(struct simulation_options) {
						  .seed = scenario->seed,
						  .sinks = sinks,
						  .sink_count = 1,
					      });
	simulation_run(simulation, TIME_NEVER);
	simulation_free(simulation);
	g_hash_table_destroy(finder.made);
	g_hash_table_destroy(finder.receipts);
	g_hash_table_destroy(finder.arrivals);
	g_hash_table_destroy(finder.frames);
	g_hash_table_destroy(finder.unsent);
	g_hash_table_destroy(finder.talks);
	sent_segments_free(finder.segments);
	scenario_free(scenario);
	return causes;
}

void causes_free(struct causes *causes)
{
	g_array_free(causes->frames, TRUE);
	g_free(causes);
}
