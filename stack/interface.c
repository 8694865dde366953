#include "stack/interface.h"

#include "sim/world.h"
#include "stack/drop.h"
#include "stack/link.h"
#include "stack/names.h"
#include "stack/wire/ethernet.h"

static void trace_interface(const struct interface *interface)
{
	uint8_t bytes[11 + INTERFACE_NAME_BYTES];
	size_t name_length = strlen(interface->name);

	memcpy(bytes, interface->mac.octets, 6);
	put_be32(bytes + 6, interface->address);
	bytes[10] = interface->prefix_length;
	memcpy(bytes + 11, interface->name, name_length);
	trace_emit(interface->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_INTERFACE,
		       .layer = LAYER_ETHERNET,
		       .interface = interface_number(interface),
		       .after = interface->mtu_bytes,
		   },
		   (struct bytes) { bytes, 11 + name_length });
}

void interface_init(struct interface *interface, struct node *node, uint32_t index,
		    const struct interface_config *config, interface_receive_fn *receive,
		    void *owner)
{
	*interface = (struct interface) {
		.node = node,
		.index = index,
		.receive = receive,
		.owner = owner,
		.mac = config->mac,
		.address = config->address,
		.broadcast = config->prefix_length < 31
				 ? config->address | ~ipv4_mask(config->prefix_length)
				 : IPV4_BROADCAST, /* RFC 3021: a /31 has none of its own */
		.prefix_length = config->prefix_length,
		.mtu_bytes = config->mtu_bytes ? config->mtu_bytes : ETHERNET_MTU_BYTES,
		.processing_ns = config->processing_ns,
		.takes_all = config->takes_all,
	};
	g_assert(interface->mtu_bytes >= INTERFACE_MTU_LEAST_BYTES);
	if (config->name != NULL)
		g_strlcpy(interface->name, config->name, sizeof interface->name);
	else
		g_snprintf(interface->name, sizeof interface->name, "eth%u", index - 1);
	trace_interface(interface);
}

void interface_attach(struct interface *interface, interface_outside_fn *send, void *owner)
{
	g_assert(interface->link == NULL);
	interface->outside = send;
	interface->outside_owner = owner;
}

/* What is attached from outside takes frames at once and without loss. */
static void send_outside(struct interface *interface, struct packet *frame, uint8_t flags)
{
	interface->counters.sent_frames++;
	interface->counters.sent_bytes += packet_length(frame);
	trace_emit(interface->node, frame,
		   &(struct trace_record) {
		       .kind = TRACE_TRANSMIT,
		       .layer = LAYER_LINK,
		       .flags = flags,
		       .interface = interface_number(interface),
		       .start = (uint16_t)frame->start,
		   },
		   packet_bytes(frame));
	interface->outside(interface->outside_owner, frame);
}

void interface_transmit(struct interface *interface, struct packet *frame, uint8_t flags)
{
	if (frame->interface == 0 || frame->is_piece)
		flags |= TRACE_FIRST;
	frame->is_piece = false;
	if (interface->link != NULL) {
		link_send(interface->link, interface->side, frame,
			  node_now(interface->node) + interface->processing_ns, flags);
	} else if (interface->outside != NULL) {
		send_outside(interface, frame, flags);
	} else {
		interface->counters.dropped_frames++;
		packet_drop(interface->node, frame,
			    &(struct trace_record) {
				.layer = LAYER_LINK,
				.detail = LINK_NOT_CONNECTED,
				.interface = interface_number(interface),
			    });
	}
}

static void trace_encapsulate(const struct interface *interface, const struct packet *packet)
{
	if (!node_traces(interface->node, TRACE_ENCAPSULATE)) {
		trace_skip(interface->node);
		return;
	}
	trace_emit(interface->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_ETHERNET,
		       .detail = ETHERNET_PLAIN,
		       .interface = interface_number(interface),
		       .start = (uint16_t)packet->start,
		       .header_bytes = ETHERNET_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
}

void interface_send(struct interface *interface, struct mac destination, uint16_t type,
		    struct packet *packet)
{
	struct ethernet_header header = { destination, interface->mac, type };

	ethernet_header_emit(&header, packet_push(packet, ETHERNET_HEADER_BYTES));
	if (packet_length(packet) < ETHERNET_MIN_FRAME_BYTES)
		packet_pad(packet, ETHERNET_MIN_FRAME_BYTES - packet_length(packet));
	trace_encapsulate(interface, packet);
	interface_transmit(interface, packet, 0);
}

static void receive_drop(struct interface *interface, struct packet *frame,
			 const struct trace_record *why)
{
	struct trace_record record = *why;

	record.layer = LAYER_ETHERNET;
	packet_drop(interface->node, frame, &record);
}

/* Compares the FCS of a frame that a cable corrupted; frees the frame and returns false if wrong. */
static bool fcs_is_right(struct interface *interface, struct packet *frame)
{
	uint32_t computed = ethernet_fcs(packet_bytes(frame));

	if (computed == frame->fcs) {
		frame->has_fcs = frame->is_corrupted = false;
		return true;
	}
	interface->counters.bad_frames++;
	receive_drop(interface, frame,
		     &(struct trace_record) {
			 .detail = ETHERNET_BAD_FCS,
			 .before = frame->fcs,
			 .after = computed,
		     });
	return false;
}

/* The MAC filter. Frees the frame and returns false if it is for another interface. */
static bool is_for_us(struct interface *interface, struct packet *frame)
{
	struct mac destination;

	if (packet_length(frame) < ETHERNET_HEADER_BYTES) {
		receive_drop(interface, frame,
			     &(struct trace_record) { .detail = ETHERNET_MALFORMED });
		return false;
	}
	if (interface->takes_all)
		return true;
	memcpy(destination.octets, packet_data(frame), sizeof destination.octets);
	if (mac_equal(destination, interface->mac) || mac_is_group(destination))
		return true;
	interface->counters.filtered_frames++;
	receive_drop(interface, frame, &(struct trace_record) { .detail = ETHERNET_NOT_FOR_US });
	return false;
}

static uint64_t trace_receive(const struct interface *interface, const struct packet *frame,
			      uint64_t cause)
{
	if (!node_traces(interface->node, TRACE_RECEIVE))
		return trace_skip(interface->node);
	unsigned flags =
	    (frame->is_corrupted ? TRACE_CORRUPTED : 0) | (frame->is_altered ? TRACE_ALTERED : 0);

	return trace_emit(interface->node, frame,
			  &(struct trace_record) {
			      .kind = TRACE_RECEIVE,
			      .layer = LAYER_LINK,
			      .detail = LINK_PLAIN,
			      .cause = cause,
			      .flags = (uint8_t)flags,
			      .before = frame->is_corrupted ? frame->fcs : 0,
			      .interface = interface_number(interface),
			      .start = (uint16_t)frame->start,
			  },
			  packet_bytes(frame));
}

int64_t interface_backlog_ns(const struct interface *interface)
{
	return interface->link != NULL ? link_backlog_ns(interface->link, interface->side) : 0;
}

void interface_receive(struct interface *interface, struct packet *frame, uint64_t cause)
{
	struct context *context = engine_context(node_engine(interface->node));

	interface->counters.received_frames++;
	interface->counters.received_bytes += packet_length(frame);
	frame->interface = interface_number(interface);
	context->crossing = node_begin_crossing(interface->node, frame);
	context->root = frame->root;
	context->cause = trace_receive(interface, frame, cause);
	if (frame->has_fcs && !fcs_is_right(interface, frame))
		return;
	if (!is_for_us(interface, frame))
		return;
	interface->receive(interface->owner, interface, frame);
}
