#include "stack/loopback.h"

#include "stack/transit.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"

struct loopback {
	struct host *host;
	struct transit transit;
	struct timer arrival;
	uint64_t packets;
};

/* There is no cable that would tell of it. */
static uint64_t trace_datagram(struct host *host, const struct packet *packet, uint64_t cause,
			       uint8_t flags)
{
	return trace_emit(&host->node, packet,
			  &(struct trace_record) {
			      .kind = TRACE_LOOPBACK,
			      .layer = LAYER_IPV4,
			      .cause = cause,
			      .flags = flags,
			      .start = (uint16_t)packet->start,
			  },
			  packet_bytes(packet));
}

static void await_arrival(struct loopback *loopback)
{
	const struct transit_frame *first = transit_first(&loopback->transit);

	if (first != NULL)
		timer_schedule(node_engine(&loopback->host->node), &loopback->arrival,
			       first->arrival_ns);
}

static void arrive(void *owner)
{
	struct loopback *loopback = owner;
	struct host *host = loopback->host;
	struct transit_frame frame = transit_pop(&loopback->transit);
	struct context *context = engine_context(node_engine(&host->node));
	struct ipv4_header header;
	struct bytes payload;
	enum parse_status status = ipv4_header_parse(packet_bytes(frame.packet), &header, &payload);

	await_arrival(loopback);
	g_assert(status == PARSE_OK); /* it was made by ipv4_send() */
	context->crossing = node_begin_crossing(&host->node, frame.packet);
	context->root = frame.packet->root;
	context->actor = 0;
	context->cause = trace_datagram(host, frame.packet, frame.cause, TRACE_INBOUND);
	ipv4_deliver(host, frame.packet, &header, false);
}

static struct loopback *loopback_of(struct host *host)
{
	if (host->loopback == NULL) {
		host->loopback = g_new0(struct loopback, 1);
		host->loopback->host = host;
		timer_init(&host->loopback->arrival, host->node.index, arrive, host->loopback);
	}
	return host->loopback;
}

void loopback_free(struct loopback *loopback)
{
	if (loopback == NULL)
		return;
	timer_cancel(node_engine(&loopback->host->node), &loopback->arrival);
	transit_clear(&loopback->transit);
	g_free(loopback);
}

void loopback_send(struct host *host, struct packet *packet, uint64_t cause)
{
	struct loopback *loopback = loopback_of(host);

	int64_t arrival_ns = node_now(&host->node) + LOOPBACK_DELAY_NS;

	cause = trace_datagram(host, packet, cause, 0);
	*transit_place(&loopback->transit, arrival_ns) =
	    (struct transit_frame) { packet, arrival_ns, ++loopback->packets, cause };
	if (loopback->transit.count == 1)
		await_arrival(loopback);
}
