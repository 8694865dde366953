#include "stack/arp.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/neighbour.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"

/* Sending. */

static void arp_transmit(struct interface *interface, const struct arp_packet *content,
			 struct mac destination, enum arp_detail detail)
{
	struct packet *packet = node_new_packet(interface->node, ARP_PACKET_BYTES);

	arp_packet_emit(content, packet_data(packet));
	trace_emit(interface->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_ARP,
		       .detail = (uint16_t)detail,
		       .interface = interface_number(interface),
		       .start = (uint16_t)packet->start,
		       .header_bytes = ARP_PACKET_BYTES,
		   },
		   (struct bytes) { 0 });
	interface_send(interface, destination, ETHERTYPE_ARP, packet);
}

void arp_ask(struct interface *interface, uint32_t address, const struct mac *mac)
{
	struct arp_packet request = {
		.operation = ARP_REQUEST,
		.sender_mac = interface->mac,
		.sender_address = interface->address,
		.target_address = address,
	};

	arp_transmit(interface, &request, mac != NULL ? *mac : mac_broadcast,
		     mac != NULL ? ARP_PROBES : ARP_ASKS);
}

void arp_announce(struct interface *interface)
{
	struct arp_packet request = {
		.operation = ARP_REQUEST,
		.sender_mac = interface->mac,
		.sender_address = interface->address,
		.target_address = interface->address,
	};

	arp_transmit(interface, &request, mac_broadcast, ARP_ANNOUNCES);
}

void arp_send(struct arp *arp, struct interface *interface, uint32_t next_hop,
	      struct packet *packet)
{
	struct neighbour *neighbour = neighbour_make(arp, interface, next_hop);

	if (neighbour != NULL)
		neighbour_send(neighbour, packet);
	else
		packet_drop(&neighbour_host(arp)->node, packet,
			    &(struct trace_record) {
				.layer = LAYER_ARP,
				.detail = ARP_QUEUE_FULL,
				.object = next_hop,
			    });
}

void arp_confirm(struct arp *arp, struct interface *interface, uint32_t next_hop)
{
	struct neighbour *neighbour = neighbour_find(arp, interface, next_hop);

	if (neighbour != NULL)
		neighbour_confirm(neighbour);
}

/* Receiving. */

/* True unless the row has this MAC address already. */
static bool is_news(const struct neighbour *neighbour, struct mac mac)
{
	return !neighbour_is_known(neighbour) || !mac_equal(neighbour_row(neighbour).mac, mac);
}

static void answer(struct interface *interface, const struct arp_packet *request)
{
	struct arp_packet reply = {
		.operation = ARP_REPLY,
		.sender_mac = interface->mac,
		.sender_address = request->target_address,
		.target_mac = request->sender_mac,
		.target_address = request->sender_address,
	};

	arp_transmit(interface, &reply, request->sender_mac, ARP_ANSWERS);
}

/*
 * A request for our address: its sender will get packets from us soon, so it is worth a row. An
 * address of 0 only asks whether ours is taken (RFC 5227 section 1.1).
 */
static void learn_from_request(struct arp *arp, struct interface *interface,
			       const struct arp_packet *request)
{
	if (request->sender_address == 0)
		return;
	struct neighbour *neighbour = neighbour_make(arp, interface, request->sender_address);

	/* What is known better already stays. */
	if (neighbour != NULL && !is_news(neighbour, request->sender_mac))
		return;
	if (neighbour != NULL)
		neighbour_learn(neighbour, ARP_STALE, request->sender_mac);
}

/* An answer to us. One that contradicts an answer just received does not count. */
static void learn_from_reply(struct neighbour *neighbour, const struct arp_packet *reply)
{
	struct node *node = neighbour_row(neighbour).interface->node;
	int64_t age_ns = node_now(node) - neighbour_changed_ns(neighbour);

	if (neighbour_is_known(neighbour) && is_news(neighbour, reply->sender_mac) &&
	    age_ns < ARP_LOCK_NS)
		return;
	neighbour_learn(neighbour, ARP_REACHABLE, reply->sender_mac);
}

/* A neighbour tells everybody its address: a row there is takes it over, none is made. */
static void learn_from_announcement(struct neighbour *neighbour, const struct arp_packet *packet)
{
	if (is_news(neighbour, packet->sender_mac))
		neighbour_learn(neighbour, ARP_STALE, packet->sender_mac);
}

static enum arp_detail detail_of(const struct arp_packet *content)
{
	if (content->sender_address == content->target_address)
		return ARP_ANNOUNCES;
	return content->operation == ARP_REPLY ? ARP_ANSWERS : ARP_ASKS;
}

/*
 * Acts on an ARP packet; returns ARP_ROW, or why it is dropped. RFC 826 would take over the sender
 * of every packet into a row there is; requests for others are left out, against poisoning.
 */
static enum arp_detail arp_process(struct arp *arp, struct interface *interface,
				   const struct arp_packet *content)
{
	struct neighbour *sender = neighbour_find(arp, interface, content->sender_address);
	bool is_for_us = ipv4_is_local(neighbour_host(arp), content->target_address);

	if (content->sender_address == interface->address && interface->address != 0)
		return mac_equal(content->sender_mac, interface->mac) ? ARP_NOT_FOR_US
								      : ARP_CONFLICT;
	if (content->sender_address == content->target_address) {
		if (sender == NULL)
			return ARP_NOT_ASKED;
		learn_from_announcement(sender, content);
	} else if (!is_for_us) {
		return ARP_NOT_FOR_US;
	} else if (content->operation == ARP_REQUEST) {
		learn_from_request(arp, interface, content);
		answer(interface, content);
	} else if (sender != NULL) { /* it was asked for, if only long ago */
		learn_from_reply(sender, content);
	} else {
		return ARP_NOT_ASKED;
	}
	return ARP_ROW;
}

static void arp_drop(struct arp *arp, struct packet *packet, enum arp_detail detail,
		     uint64_t object)
{
	packet_drop(&neighbour_host(arp)->node, packet,
		    &(struct trace_record) {
			.layer = LAYER_ARP,
			.detail = (uint16_t)detail,
			.object = object,
		    });
}

void arp_receive(struct arp *arp, struct interface *interface, struct packet *packet)
{
	struct arp_packet content;

	if (arp_packet_parse(packet_bytes(packet), &content) != PARSE_OK ||
	    (content.operation != ARP_REQUEST && content.operation != ARP_REPLY) ||
	    mac_is_group(content.sender_mac)) {
		arp_drop(arp, packet, ARP_MALFORMED, 0);
		return;
	}
	trace_emit(interface->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_DECAPSULATE,
		       .layer = LAYER_ARP,
		       .detail = (uint16_t)detail_of(&content),
		       .interface = interface_number(interface),
		       .start = (uint16_t)packet->start,
		       .header_bytes = ARP_PACKET_BYTES,
		   },
		   (struct bytes) { 0 });

	enum arp_detail detail = arp_process(arp, interface, &content);

	if (detail == ARP_ROW)
		packet_free(packet);
	else
		arp_drop(arp, packet, detail,
			 detail == ARP_CONFLICT ? mac_number(content.sender_mac) : 0);
}
