#include "tests/views/segments.h"

#include "stack/layer.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"

#define CLIENT_ADDRESS 0xc0000201
#define SERVER_ADDRESS 0xc0000202
#define CLIENT_PORT    1025
#define SERVER_PORT    25

struct bytes segment_frame(const struct test_segment *segment, uint8_t *out)
{
	bool is_from_server = segment->is_from_server;
	size_t payload_bytes = segment->payload == NULL     ? 0
			       : segment->payload_bytes > 0 ? segment->payload_bytes
							    : strlen(segment->payload);
	uint16_t port = segment->server_port != 0 ? segment->server_port : SERVER_PORT;
	const struct tcp_header tcp = {
		.source_port = is_from_server ? port : CLIENT_PORT,
		.destination_port = is_from_server ? CLIENT_PORT : port,
		.sequence = segment->sequence,
		.acknowledgment = segment->acknowledgment,
		.flags = segment->flags,
		.window = segment->window,
		.options = segment->options,
	};
	size_t tcp_bytes = tcp_header_length(&tcp);
	const struct ipv4_header ipv4 = {
		.total_length_bytes = (uint16_t)(IPV4_HEADER_BYTES + tcp_bytes + payload_bytes),
		.ttl = 64,
		.protocol = 6,
		.source = is_from_server ? SERVER_ADDRESS : CLIENT_ADDRESS,
		.destination = is_from_server ? CLIENT_ADDRESS : SERVER_ADDRESS,
	};
	uint8_t *at = out + ETHERNET_HEADER_BYTES;

	ethernet_header_emit(&(struct ethernet_header) { .type = ETHERTYPE_IPV4 }, out);
	ipv4_header_emit(&ipv4, at);
	ipv4_checksum_set(at);
	at += IPV4_HEADER_BYTES;
	tcp_header_emit(&tcp, at);
	if (payload_bytes > 0)
		memcpy(at + tcp_bytes, segment->payload, payload_bytes);
	tcp_checksum_set(at, checksum_add(0, (struct bytes) { at + tcp_bytes, payload_bytes }),
			 payload_bytes, ipv4.source, ipv4.destination);
	return (struct bytes) { out, ETHERNET_HEADER_BYTES + ipv4.total_length_bytes };
}

void segment_feed(struct model *model, const struct test_segment *segment, uint64_t packet,
		  uint64_t object)
{
	uint8_t frame[SEGMENT_FRAME_BYTES_MAX];

	model_feed(model,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_TCP,
		       .packet = packet,
		       .object = object,
		   },
		   (struct bytes) { 0 });
	model_feed(model,
		   &(struct trace_record) {
		       .kind = TRACE_TRANSMIT,
		       .layer = LAYER_LINK,
		       .flags = TRACE_FIRST,
		       .packet = packet,
		   },
		   segment_frame(segment, frame));
}
