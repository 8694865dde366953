/*
 * Any bytes said in a connection that somebody listens to: commands, logins, forms, TLS records. The
 * first byte chooses the port; then each piece has a byte in front with its side and length.
 */
#include <stdio.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "stack/layer.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "views/eavesdrop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODE            1
#define PIECE_BYTES_MAX 127
#define ADDRESS_CLIENT  0xc0000201
#define ADDRESS_SERVER  0xc0000202
#define HEADERS_BYTES   (ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + TCP_HEADER_BYTES)

static const uint16_t ports[] = { 25, 110, 143, 80, 993, 587 };

struct side {
	uint32_t address;
	uint16_t port;
	uint32_t next;
};

static void feed_record(struct model *model, struct eavesdrop *eavesdrop, enum trace_kind kind,
			struct bytes bytes)
{
	struct trace_record record = {
		.kind = (uint8_t)kind,
		.layer = LAYER_LINK,
		.id = (uint64_t)NODE << TRACE_NODE_SHIFT | 1,
		.packet = (uint64_t)NODE << TRACE_NODE_SHIFT | 1,
		.interface = kind == TRACE_NODE ? 0 : 1,
		.flags = TRACE_FIRST,
	};

	model_feed(model, &record, bytes);
	if (eavesdrop != NULL)
		eavesdrop_feed(eavesdrop, &record, bytes);
}

/* A world of one host with one interface. */
static struct model *world(void)
{
	static const uint8_t interface[] = "\2\0\0\0\0\1\xc0\0\2\1\x18"
					   "eth0";
	struct model *model = model_new(all_dissectors);

	feed_record(model, NULL, TRACE_NODE, bytes_of("pc"));
	feed_record(model, NULL, TRACE_INTERFACE,
		    (struct bytes) { interface, sizeof interface - 1 });
	return model;
}

static void say(struct model *model, struct eavesdrop *eavesdrop, struct side *from,
		const struct side *to, struct bytes piece)
{
	uint8_t frame[HEADERS_BYTES + PIECE_BYTES_MAX];
	uint8_t *ip = frame + ETHERNET_HEADER_BYTES, *tcp = ip + IPV4_HEADER_BYTES;

	ethernet_header_emit(&(struct ethernet_header) { .type = ETHERTYPE_IPV4 }, frame);
	ipv4_header_emit(
	    &(struct ipv4_header) {
		.total_length_bytes =
		    (uint16_t)(IPV4_HEADER_BYTES + TCP_HEADER_BYTES + piece.length),
		.ttl = 64,
		.protocol = IP_PROTOCOL_TCP,
		.source = from->address,
		.destination = to->address,
	    },
	    ip);
	ipv4_checksum_set(ip);
	tcp_header_emit(&(struct tcp_header) { .source_port = from->port,
					       .destination_port = to->port,
					       .sequence = from->next,
					       .acknowledgment = to->next,
					       .flags = TCP_ACK },
			tcp);
	if (piece.length > 0)
		memcpy(tcp + TCP_HEADER_BYTES, piece.data, piece.length);
	tcp_checksum_set(tcp, checksum_add(0, piece), piece.length, from->address, to->address);
	from->next += (uint32_t)piece.length;
	feed_record(model, eavesdrop, TRACE_TRANSMIT,
		    (struct bytes) { frame, HEADERS_BYTES + piece.length });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	struct bytes rest = { data, size };
	struct side sides[2] = {
		{ADDRESS_CLIENT,  40000, 1},
                { ADDRESS_SERVER, 25,    1}
	};

	if (size < 1)
		return 0;
	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	sides[1].port = ports[data[0] % G_N_ELEMENTS(ports)];
	struct model *model = world();
	struct eavesdrop *eavesdrop = eavesdrop_new(model, "pc", all_dissectors, NULL);

	if (eavesdrop == NULL)
		abort();
	for (rest = bytes_from(rest, 1); rest.length > 0;) {
		unsigned side = rest.data[0] >> 7;
		struct bytes piece = bytes_first(bytes_from(rest, 1), rest.data[0] & 0x7f);

		say(model, eavesdrop, &sides[side], &sides[!side], piece);
		rest = bytes_from(rest, 1 + piece.length);
	}
	eavesdrop_print(eavesdrop, &(struct eavesdrop_options) { .out = nowhere });
	eavesdrop_print_json(eavesdrop, nowhere);
	eavesdrop_free(eavesdrop);
	model_free(model);
	return 0;
}
