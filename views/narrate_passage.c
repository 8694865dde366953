#include "views/narrate_passage.h"

void narrate_passage_clear(struct passage *passage)
{
	g_ptr_array_unref(passage->on);
	g_ptr_array_unref(passage->off);
}

static void note(struct passage *passage, const struct trace_record *record)
{
	switch (record->kind) {
	case TRACE_RECEIVE:
		passage->receive = record;
		break;
	case TRACE_TRANSMIT:
		if (passage->transmit == NULL)
			passage->transmit = record;
		break;
	case TRACE_ENCAPSULATE:
		g_ptr_array_add(passage->on, (void *)record);
		break;
	case TRACE_DECAPSULATE:
		g_ptr_array_add(passage->off, (void *)record);
		break;
	case TRACE_FORWARD:
		if (record->layer == LAYER_NAT)
			passage->translate = record;
		else if (record->layer != LAYER_FILTER && record->layer != LAYER_TAMPER &&
			 record->detail != ETHERNET_MIRRORED)
			passage->forward = record;
		break;
	default:
		break;
	}
}

void narrate_passage_read(const struct narrator *narrator, const struct history_hop *hop,
			  struct passage *passage)
{
	const struct trace_record *first = trace_store_record(narrator->store, hop->first_record);
	uint64_t packet = history_packet(narrator->history, hop->packet)->id;
	uint64_t count = trace_store_count(narrator->store);

	*passage = (struct passage) { .hop = hop,
				      .tls_bytes = history_hop_tls_bytes(narrator->history, hop),
				      .on = g_ptr_array_new(),
				      .off = g_ptr_array_new() };
	for (uint64_t i = hop->first_record; i < count; i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->time_ns > hop->last_ns)
			break;
		if (record->packet == packet && record->crossing == first->crossing &&
		    trace_node_of(record->id) == trace_node_of(first->id))
			note(passage, record);
	}
}

const struct history_packet *narrate_packet_of(const struct narrator *narrator,
					       const struct saying *saying)
{
	uint32_t index = history_find_packet(narrator->history, saying->unit->packet);

	return index == HISTORY_NONE ? NULL : history_packet(narrator->history, index);
}

const struct history_hop *narrate_hop_of(const struct narrator *narrator,
					 const struct history_packet *packet, uint32_t place)
{
	return history_hop(narrator->history, history_packet_hop(narrator->history, packet, place));
}
