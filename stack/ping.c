#include "stack/ping.h"

#include "stack/host_private.h"
#include "stack/nat.h"
#include "stack/wire/ethernet.h"

#define PING_PAYLOAD_MAX (IPV4_DATAGRAM_MAX - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES)

/* Where the time of sending stands in the payload, as ping(8) writes it: seconds, microseconds. */
#define PING_TIME_BYTES 16

struct ping {
	struct ping *next;
	struct host *host;
	uint32_t destination;
	uint16_t identifier, sequence;
	bool is_answered; /* and kept to tell of more replies */
	int64_t sent_ns;
	int64_t until_ns;  /* when it has timed out */
	int64_t result_ns; /* what the timer will report */
	struct timer timer;
	ping_done_fn *done, *duplicate;
	void *owner;
};

struct ping_table {
	struct ping *first; /* the newest */
	struct random_stream identifiers;
};

static struct ping_table *pings_of(struct host *host)
{
	struct ping_table **pings = icmp_pings(host);

	if (*pings == NULL) {
		*pings = g_new0(struct ping_table, 1);
		node_random_init(&host->node, &(*pings)->identifiers, "icmp.identifier");
	}
	return *pings;
}

bool ping_uses(struct host *host, uint16_t identifier)
{
	for (struct ping *ping = pings_of(host)->first; ping != NULL; ping = ping->next)
		if (ping->identifier == identifier)
			return true;
	return false;
}

/* Random, as those of ping(8) nearly are, and no other's: neither of the host nor of those behind it. */
static uint16_t choose_identifier(struct host *host)
{
	uint16_t identifier = (uint16_t)random_next(&pings_of(host)->identifiers);

	while (ping_uses(host, identifier) || nat_has_query(host, identifier))
		identifier++;
	return identifier;
}

static void ping_unlink(struct ping *ping)
{
	struct ping **at = &(*icmp_pings(ping->host))->first;

	while (*at != ping)
		at = &(*at)->next;
	*at = ping->next;
	timer_cancel(node_engine(&ping->host->node), &ping->timer);
}

void ping_table_free(struct ping_table *pings)
{
	if (pings == NULL)
		return;
	while (pings->first != NULL) {
		struct ping *ping = pings->first;

		pings->first = ping->next;
		timer_cancel(node_engine(&ping->host->node), &ping->timer);
		g_free(ping);
	}
	g_free(pings);
}

/* Frees the ping before it reports, so that `done` may ping again. */
static void ping_finish(struct ping *ping, int64_t result_ns)
{
	ping_done_fn *done = ping->done;
	void *owner = ping->owner;

	ping_unlink(ping);
	g_free(ping);
	done(owner, result_ns);
}

/* Keeps the ping, if someone wants to hear of more replies, until it would have timed out. */
static void ping_answer(struct ping *ping, int64_t round_trip_ns)
{
	struct engine *engine = node_engine(&ping->host->node);

	if (ping->duplicate == NULL) {
		ping_finish(ping, round_trip_ns);
		return;
	}
	ping->is_answered = true;
	timer_cancel(engine, &ping->timer);
	ping->timer.is_background = true;
	timer_schedule(engine, &ping->timer, ping->until_ns);
	ping->done(ping->owner, round_trip_ns);
}

static void ping_fire(void *owner)
{
	struct ping *ping = owner;

	if (ping->is_answered) {
		ping_unlink(ping);
		g_free(ping);
	} else {
		ping_finish(ping, ping->result_ns);
	}
}

static struct ping *ping_find(struct host *host, uint16_t identifier, uint16_t sequence)
{
	for (struct ping *ping = pings_of(host)->first; ping != NULL; ping = ping->next)
		if (ping->identifier == identifier && ping->sequence == sequence)
			return ping;
	return NULL;
}

bool ping_reply(struct host *host, uint32_t source, const struct icmp_header *reply)
{
	struct ping *ping = ping_find(host, icmp_echo_identifier(reply), icmp_echo_sequence(reply));

	if (ping == NULL || ping->destination != source)
		return false;
	int64_t round_trip_ns = node_now(&host->node) - ping->sent_ns;

	if (ping->is_answered)
		ping->duplicate(ping->owner, round_trip_ns);
	else
		ping_answer(ping, round_trip_ns);
	return true;
}

void ping_error(struct host *host, struct bytes original)
{
	struct icmp_header header;
	struct bytes payload;

	if (icmp_header_parse(original, &header, &payload) != PARSE_OK ||
	    header.type != ICMP_ECHO_REQUEST)
		return;
	struct ping *ping =
	    ping_find(host, icmp_echo_identifier(&header), icmp_echo_sequence(&header));

	if (ping != NULL && !ping->is_answered)
		ping_finish(ping, PING_FAILED);
}

/* The payload of ping(8): the time, little endian as on most hosts, then bytes that count up. */
static void fill_payload(const struct host *host, uint8_t *out, size_t payload_bytes)
{
	uint64_t seconds = (uint64_t)world_unix_time(host->node.world);
	uint64_t microseconds = (uint64_t)(node_now(&host->node) % NS_PER_S / NS_PER_US);

	for (size_t i = 0; i < payload_bytes; i++)
		out[i] = (uint8_t)i;
	if (payload_bytes < PING_TIME_BYTES)
		return;
	for (int i = 0; i < 8; i++) {
		out[i] = (uint8_t)(seconds >> 8 * i);
		out[8 + i] = (uint8_t)(microseconds >> 8 * i);
	}
}

static void send_request(struct host *host, const struct ping *ping, size_t payload_bytes)
{
	struct packet *packet = node_new_packet(&host->node, ICMP_HEADER_BYTES + payload_bytes);
	struct icmp_header header = {
		.type = ICMP_ECHO_REQUEST,
		.rest = icmp_echo_rest(ping->identifier, ping->sequence),
	};
	size_t length = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + payload_bytes;

	icmp_header_emit(&header, packet_data(packet));
	fill_payload(host, packet_data(packet) + ICMP_HEADER_BYTES, payload_bytes);
	icmp_send(host, packet,
		  &(struct ipv4_route_request) {
		      .destination = ping->destination,
		      .protocol = IP_PROTOCOL_ICMP,
		      .dont_fragment = length <= ipv4_path_mtu(host, ping->destination),
		  });
}

void ping_run_send(struct host *host, struct ping_run *run)
{
	struct ping_table *pings = pings_of(host);
	struct ping *ping = g_new0(struct ping, 1);
	int64_t now_ns = node_now(&host->node);
	bool has_route = ipv4_source_for(host, run->destination) != 0;

	if (run->sent++ == 0)
		run->identifier = choose_identifier(host);
	*ping = (struct ping) {
		.next = pings->first,
		.host = host,
		.destination = run->destination,
		.identifier = run->identifier,
		.sequence = run->sent,
		.sent_ns = now_ns,
		.until_ns = has_route ? now_ns + run->timeout_ns : now_ns,
		.result_ns = has_route ? PING_TIMED_OUT : PING_FAILED,
		.done = run->done,
		.duplicate = run->duplicate,
		.owner = run->owner,
	};
	pings->first = ping;
	timer_init(&ping->timer, host->node.index, ping_fire, ping);
	timer_schedule(node_engine(&host->node), &ping->timer, ping->until_ns);
	if (has_route)
		send_request(host, ping, MIN(run->payload_bytes, PING_PAYLOAD_MAX));
}

void icmp_ping(struct host *host, uint32_t destination, size_t payload_bytes, int64_t timeout_ns,
	       ping_done_fn *done, void *owner)
{
	struct ping_run run = {
		.destination = destination,
		.payload_bytes = payload_bytes,
		.timeout_ns = timeout_ns,
		.done = done,
		.owner = owner,
	};

	ping_run_send(host, &run);
}
