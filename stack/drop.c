#include "stack/drop.h"

#include "stack/names.h"

/* What was flooded to a host or port that it is not for is no loss to anyone. */
static bool was_for_others(const struct trace_record *why)
{
	if (why->layer == LAYER_ARP)
		return why->detail == ARP_NOT_FOR_US;
	return why->layer == LAYER_ETHERNET &&
	       (why->detail == ETHERNET_NOT_FOR_US || why->detail == ETHERNET_SAME_PORT ||
		why->detail == ETHERNET_NO_OTHER_PORT);
}

void packet_drop(struct node *node, struct packet *packet, const struct trace_record *why)
{
	struct trace_record record = *why;

	record.kind = was_for_others(why) ? TRACE_IGNORE : TRACE_DROP;
	record.start = (uint16_t)packet->start;
	if (record.interface == 0)
		record.interface = packet->interface;
	trace_emit(node, packet, &record, packet_bytes(packet));
	packet_free(packet);
}
