/*
 * SYNs from outside that nobody asked for wait 6 s for one from inside, which makes a simultaneous
 * open of them; then their senders are told that nobody is there (RFC 5382 REQ-4).
 */
#include "stack/nat_private.h"

#include "stack/host_private.h"
#include "stack/nat_rewrite.h"

static void drop_held(struct nat *nat, struct nat_held *held, enum nat_detail detail)
{
	if (held->packet != NULL)
		nat_drop(nat, g_steal_pointer(&held->packet), detail, IP_PROTOCOL_TCP);
}

static void await_next(struct nat *nat)
{
	const struct nat_held *first = g_queue_peek_head(&nat->held);

	if (first != NULL)
		timer_schedule(node_engine(&nat->host->node), &nat->timer, first->until_ns);
}

/* What came from inside has an outside source by now, which is not where its sender hears. */
static void undo_hairpin(const struct nat *nat, struct packet *packet)
{
	struct flow_packet seen;
	const struct nat_mapping *mapping;

	flow_read(packet_bytes(packet), &seen);
	if (seen.ends.source.address != nat->outside->address)
		return;
	mapping = nat_mapping_outside(nat, IP_PROTOCOL_TCP, seen.ends.source.port);
	if (mapping != NULL)
		nat_rewrite(packet_data(packet), packet_length(packet), NAT_END_SOURCE,
			    mapping->inside);
}

static void give_up(struct nat *nat, struct nat_held *held)
{
	struct context *context = engine_context(node_engine(&nat->host->node));

	if (held->packet == NULL)
		return;
	context->root = held->packet->root;
	context->cause = held->packet->cause;
	undo_hairpin(nat, held->packet);
	icmp_send_error(nat->host, held->packet, ICMP_DESTINATION_UNREACHABLE,
			ICMP_PORT_UNREACHABLE, 0);
	drop_held(nat, held, NAT_UNSOLICITED);
}

static void timed_out(void *owner)
{
	struct nat *nat = owner;
	int64_t now_ns = node_now(&nat->host->node);
	struct nat_held *held;

	while ((held = g_queue_peek_head(&nat->held)) != NULL && held->until_ns <= now_ns) {
		g_queue_pop_head(&nat->held);
		give_up(nat, held);
		g_free(held);
	}
	await_next(nat);
}

void nat_held_init(struct nat *nat)
{
	g_queue_init(&nat->held);
	timer_init(&nat->timer, nat->host->node.index, timed_out, nat);
}

void nat_held_clear(struct nat *nat)
{
	struct nat_held *held;

	timer_cancel(node_engine(&nat->host->node), &nat->timer);
	while ((held = g_queue_pop_head(&nat->held)) != NULL) {
		packet_free(held->packet);
		g_free(held);
	}
}

static struct nat_held *find(const struct nat *nat, uint16_t port, struct endpoint remote)
{
	for (GList *link = nat->held.head; link != NULL; link = link->next) {
		struct nat_held *held = link->data;

		if (held->packet != NULL && held->port == port &&
		    held->remote.port == remote.port && held->remote.address == remote.address)
			return held;
	}
	return NULL;
}

enum nat_outcome nat_hold(struct nat *nat, struct packet *packet, const struct flow_packet *seen)
{
	struct nat_held *held;

	if (nat->held.length >= NAT_HELD_MAX ||
	    find(nat, seen->ends.destination.port, seen->ends.source) != NULL)
		return nat_drop(nat, packet, NAT_FILTERED, IP_PROTOCOL_TCP);
	trace_emit(&nat->host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_WAIT,
		       .layer = LAYER_NAT,
		       .detail = NAT_HELD,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		   },
		   (struct bytes) { 0 });
	held = g_new(struct nat_held, 1);
	*held = (struct nat_held) {
		.packet = packet,
		.remote = seen->ends.source,
		.port = seen->ends.destination.port,
		.until_ns = node_now(&nat->host->node) + NAT_HELD_NS,
	};
	g_queue_push_tail(&nat->held, held);
	await_next(nat);
	return NAT_GONE;
}

void nat_held_forget(struct nat *nat, uint16_t port, struct endpoint remote)
{
	struct nat_held *held = find(nat, port, remote);

	if (held != NULL)
		drop_held(nat, held, NAT_CROSSED);
}
