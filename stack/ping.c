#include "stack/ping.h"

#include "stack/host_private.h"
#include "stack/wire/ethernet.h"

#define PING_PAYLOAD_MAX (IPV4_DATAGRAM_MAX - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES)

/* Where the time of sending stands in the payload, as ping(8) writes it: seconds, microseconds. */
#define PING_TIME_BYTES 16

struct ping {
	struct ping *next;
	struct host *host;
	uint32_t destination;
	uint16_t sequence;
	int64_t sent_ns;
	int64_t result_ns; /* what the timer will report */
	struct timer timer;
	void (*done)(void *owner, int64_t round_trip_ns);
	void *owner;
};

struct ping_table {
	struct ping *first;  /* the newest */
	uint16_t identifier; /* of all pings of this host */
	uint16_t sequences;  /* used so far */
};

static struct ping_table *pings_of(struct host *host)
{
	struct ping_table **pings = icmp_pings(host);

	if (*pings == NULL) {
		struct random_stream stream;

		*pings = g_new0(struct ping_table, 1);
		node_random_init(&host->node, &stream, "icmp.identifier");
		(*pings)->identifier = (uint16_t)random_next(&stream);
	}
	return *pings;
}

uint16_t ping_identifier(struct host *host)
{
	return pings_of(host)->identifier;
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
	void (*done)(void *, int64_t) = ping->done;
	void *owner = ping->owner;

	ping_unlink(ping);
	g_free(ping);
	done(owner, result_ns);
}

static void ping_fire(void *owner)
{
	struct ping *ping = owner;

	ping_finish(ping, ping->result_ns);
}

static struct ping *ping_find(struct host *host, uint16_t identifier, uint16_t sequence)
{
	struct ping_table *pings = pings_of(host);

	if (identifier != pings->identifier)
		return NULL;
	for (struct ping *ping = pings->first; ping != NULL; ping = ping->next)
		if (ping->sequence == sequence)
			return ping;
	return NULL;
}

bool ping_reply(struct host *host, uint32_t source, const struct icmp_header *reply)
{
	struct ping *ping = ping_find(host, icmp_echo_identifier(reply), icmp_echo_sequence(reply));

	if (ping == NULL || ping->destination != source)
		return false;
	ping_finish(ping, node_now(&host->node) - ping->sent_ns);
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

	if (ping != NULL)
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
		.rest = icmp_echo_rest(pings_of(host)->identifier, ping->sequence),
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

void icmp_ping(struct host *host, uint32_t destination, size_t payload_bytes, int64_t timeout_ns,
	       void (*done)(void *owner, int64_t round_trip_ns), void *owner)
{
	struct ping_table *pings = pings_of(host);
	struct ping *ping = g_new0(struct ping, 1);
	int64_t now_ns = node_now(&host->node);
	bool has_route = ipv4_source_for(host, destination) != 0;

	*ping = (struct ping) {
		.next = pings->first,
		.host = host,
		.destination = destination,
		.sequence = ++pings->sequences,
		.sent_ns = now_ns,
		.result_ns = has_route ? PING_TIMED_OUT : PING_FAILED,
		.done = done,
		.owner = owner,
	};
	pings->first = ping;
	timer_init(&ping->timer, host->node.index, ping_fire, ping);
	timer_schedule(node_engine(&host->node), &ping->timer,
		       has_route ? now_ns + timeout_ns : now_ns);
	if (has_route)
		send_request(host, ping, MIN(payload_bytes, PING_PAYLOAD_MAX));
}
