/* What went over the wires in all: bytes by layer, packets, connections, round trips. */
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"
#include "views/names.h"
#include "views/report_private.h"

enum { PROTOCOL_NUMBER_ICMP = 1, PROTOCOL_NUMBER_TCP = 6, PROTOCOL_NUMBER_UDP = 17 };

/* Where the parts of a frame are. */
struct parts {
	struct bytes l3, l4, payload; /* each within the one before; empty where there is none */
	unsigned transport;           /* layer of what l4 begins with; 0: none that is whole */
	struct udp_header udp;        /* with LAYER_UDP */
};

/* False: no IPv4. A fragment has an l4 but no transport. */
static bool take_apart(struct bytes frame, struct parts *parts)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct tcp_header tcp;
	struct icmp_header icmp;
	bool is_whole;

	*parts = (struct parts) { .transport = 0 };
	if (ethernet_header_parse(frame, &ethernet, &parts->l3) != PARSE_OK ||
	    ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(parts->l3, &ipv4, &parts->l4) != PARSE_OK)
		return false;
	is_whole = ipv4.fragment_offset_bytes == 0 && !ipv4.more_fragments;
	if (!is_whole)
		return true;
	if (ipv4.protocol == PROTOCOL_NUMBER_TCP &&
	    tcp_header_parse(parts->l4, &tcp, &parts->payload) == PARSE_OK)
		parts->transport = LAYER_TCP;
	else if (ipv4.protocol == PROTOCOL_NUMBER_UDP &&
		 udp_header_parse(parts->l4, &parts->udp, &parts->payload) == PARSE_OK)
		parts->transport = LAYER_UDP;
	else if (ipv4.protocol == PROTOCOL_NUMBER_ICMP &&
		 icmp_header_parse(parts->l4, &icmp, &parts->payload) == PARSE_OK)
		parts->transport = LAYER_ICMP;
	return true;
}

struct bytes report_payload(struct bytes frame)
{
	struct parts parts;

	take_apart(frame, &parts);
	return parts.transport != 0 ? parts.payload : (struct bytes) { 0 };
}

size_t report_padding_bytes(struct bytes frame)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct bytes l3, l4;

	if (ethernet_header_parse(frame, &ethernet, &l3) != PARSE_OK)
		return 0;
	if (ethernet.type == ETHERTYPE_ARP)
		return l3.length - MIN(l3.length, ARP_PACKET_BYTES);
	if (ethernet.type != ETHERTYPE_IPV4 || ipv4_header_parse(l3, &ipv4, &l4) != PARSE_OK)
		return 0;
	return l3.length - ipv4.total_length_bytes;
}

static bool has_udp_port(const struct dissector *dissector, const struct udp_header *udp)
{
	for (unsigned i = 0; i < DISSECT_PORTS_MAX && dissector->udp_ports[i] != 0; i++)
		if (dissector->udp_ports[i] == udp->source_port ||
		    dissector->udp_ports[i] == udp->destination_port)
			return true;
	return false;
}

/*
 * The layer that said the payload; LAYER_COUNT: none that is known, or ICMP, which only carries it.
 * `tls_bytes` of it are what TLS adds.
 */
static unsigned speaker(const struct report *report, struct bytes frame, const struct parts *parts,
			uint64_t *tls_bytes)
{
	const struct dissector *dissector = NULL;
	struct model_segment segment;

	*tls_bytes = 0;
	if (parts->transport == LAYER_TCP && model_find_segment(report->model, frame, &segment)) {
		dissector = segment.connection->dissector;
		*tls_bytes = model_tls_bytes(&segment);
	}
	for (unsigned i = 0; parts->transport == LAYER_UDP && report->dissectors[i] != NULL; i++)
		if (has_udp_port(report->dissectors[i], &parts->udp))
			dissector = report->dissectors[i];
	return dissector != NULL ? (unsigned)view_layer_find(dissector->key) : LAYER_COUNT;
}

void report_count_layers(struct report *report, struct bytes frame)
{
	uint64_t *sums = report->layer_bytes;
	size_t padding = report_padding_bytes(frame);
	struct parts parts;
	uint64_t tls_bytes;
	unsigned speaking;

	if (!take_apart(frame, &parts)) {
		size_t arp = frame.length - MIN(frame.length, ETHERNET_HEADER_BYTES + padding);

		sums[LAYER_ETHERNET] += frame.length - arp;
		sums[LAYER_ARP] += arp;
		return;
	}
	sums[LAYER_ETHERNET] += ETHERNET_HEADER_BYTES + padding;
	sums[LAYER_IPV4] += parts.l3.length - padding - parts.l4.length;
	if (parts.transport == 0) {
		sums[LAYER_COUNT] += parts.l4.length;
		return;
	}
	sums[parts.transport] += parts.l4.length - parts.payload.length;
	speaking = speaker(report, frame, &parts, &tls_bytes);
	sums[speaking] += parts.payload.length - tls_bytes;
	sums[LAYER_TLS] += tls_bytes;
}

unsigned report_turns(const struct model_connection *connection)
{
	const GPtrArray *client = connection->directions[0].units;
	const GPtrArray *server = connection->directions[1].units;
	unsigned turns = 0;
	guint s = 0;

	for (guint c = 0; c < client->len; c++) {
		const struct model_unit *question = client->pdata[c];
		guint before = s;

		while (s < server->len &&
		       ((struct model_unit *)server->pdata[s])->time_ns <= question->time_ns)
			s++;
		turns += c == 0 || s > before;
	}
	return turns;
}

struct report_totals report_totals(const struct report *report)
{
	struct report_totals totals = {
		.packets = model_frame_count(report->model),
		.connections = model_connection_count(report->model),
	};

	memcpy(totals.layer_bytes, report->layer_bytes, sizeof totals.layer_bytes);
	for (unsigned i = 0; i < totals.connections; i++)
		totals.round_trips += 1 + report_turns(model_connection(report->model, i));
	return totals;
}
