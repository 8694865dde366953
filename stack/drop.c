#include "stack/drop.h"

void packet_drop(struct node *node, struct packet *packet, const struct trace_record *why)
{
	struct trace_record record = *why;

	record.kind = TRACE_DROP;
	record.start = (uint16_t)packet->start;
	if (record.interface == 0)
		record.interface = packet->interface;
	trace_emit(node, packet, &record, packet_bytes(packet));
	packet_free(packet);
}
