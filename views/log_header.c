/* The lines of the log that describe headers, read from the bytes of the frame. */
#include "protocols/layer.h"
#include "stack/layer.h"
#include "stack/wire/ipv4.h"
#include "views/describe.h"
#include "views/log_private.h"

static int protocol_of_layer(unsigned layer)
{
	static const struct {
		unsigned layer;
		enum decode_protocol protocol;
	} pairs[] = {
		{LAYER_ETHERNET, DECODE_ETHERNET},
                { LAYER_ARP,     DECODE_ARP     },
		{ LAYER_IPV4,    DECODE_IPV4    },
                { LAYER_ICMP,    DECODE_ICMP    },
		{ LAYER_UDP,     DECODE_UDP     },
                { LAYER_TCP,     DECODE_TCP     },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
		if (pairs[i].layer == layer)
			return (int)pairs[i].protocol;
	return -1;
}

bool log_describe(GString *out, const struct account *account, unsigned layer,
		  struct log_measure *size)
{
	const struct decode *decode = account->decode;
	int protocol = protocol_of_layer(layer);
	const struct decode_layer *found, *padding;

	if (protocol < 0)
		return false;
	found = decode_find(decode, (enum decode_protocol)protocol);
	if (found == NULL || (found->status != PARSE_OK && found->status != PARSE_TRUNCATED))
		return false;
	padding = decode_find(decode, DECODE_PADDING);
	*size = (struct log_measure) {
		.header_bytes = found->header_bytes,
		.size_bytes = layer == LAYER_ETHERNET ? decode->frame.length
						      : found->header_bytes + found->payload_bytes,
		.padding_bytes =
		    layer == LAYER_ETHERNET && padding != NULL ? padding->header_bytes : 0,
	};
	describe_layer(out, account, found);
	return true;
}

static bool ipv4_header_of(struct bytes frame, struct ipv4_header *header)
{
	struct decode decode;
	const struct decode_layer *layer;
	struct bytes payload;

	decode_packet(frame, &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET },
		      &decode);
	layer = decode_find(&decode, DECODE_IPV4);
	return layer != NULL && ipv4_header_parse_quoted(bytes_from(decode.frame, layer->start),
							 header, &payload) == PARSE_OK;
}

void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame)
{
	struct ipv4_header before, after;

	if (!ipv4_header_of(in, &before) || !ipv4_header_of(out_frame, &after))
		return;
	g_string_append_printf(out, "TTL %u → %u, checksum 0x%04x → 0x%04x", before.ttl, after.ttl,
			       before.checksum, after.checksum);
}

void log_describe_fragments(GString *out, struct bytes frame, unsigned count)
{
	struct ipv4_header header;

	if (ipv4_header_of(frame, &header))
		g_string_append_printf(out, "%u fragments of datagram %u", count,
				       header.identification);
}
