#include "app/attachment.h"

#include "stack/wire/ethernet.h"

struct attachment {
	struct node node;
	struct interface interface;
	attachment_send_fn *send;
	void *owner;
};

static void frame_arrived(void *owner, struct interface *interface, struct packet *frame)
{
	struct attachment *attachment = owner;

	(void)interface;
	if (attachment->send != NULL)
		attachment->send(attachment->owner, packet_bytes(frame));
	packet_free(frame);
}

struct attachment *attachment_new(struct world *world, const struct attachment_config *config)
{
	struct attachment *attachment = g_new0(struct attachment, 1);
	struct interface_config interface = {
		.mac = config->mac,
		.address = config->address,
		.prefix_length =
		    (uint8_t)(config->address == 0 ? 0 : config->network->subnet.length),
		.mtu_bytes = (uint16_t)config->network->mtu_bytes,
		.takes_all = true,
	};

	attachment->send = config->send;
	attachment->owner = config->owner;
	node_init(&attachment->node, world, config->name, NODE_HOST);
	interface_init(&attachment->interface, &attachment->node, 1, &interface, frame_arrived,
		       attachment);
	return attachment;
}

void attachment_free(struct attachment *attachment)
{
	g_assert(attachment == NULL || attachment->interface.link == NULL);
	g_free(attachment);
}

struct interface *attachment_interface(struct attachment *attachment)
{
	return &attachment->interface;
}

bool attachment_receive(struct attachment *attachment, struct bytes frame)
{
	struct packet *packet;

	if (frame.length < ETHERNET_HEADER_BYTES || frame.length > PACKET_PAYLOAD_MAX)
		return false;
	packet = node_new_packet(&attachment->node, frame.length);
	memcpy(packet_data(packet), frame.data, frame.length);
	if (frame.length < ETHERNET_MIN_FRAME_BYTES)
		packet_pad(packet, ETHERNET_MIN_FRAME_BYTES - frame.length);
	interface_transmit(&attachment->interface, packet, 0);
	return true;
}
