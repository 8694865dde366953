/* Walking down the layers of a frame; for views/decode*.c only. */
#pragma once
#include <glib.h>
#include "stack/wire/ipv6.h"
#include "views/decode.h"

/* What is carried along on the way down. */
struct walk {
	struct decode *decode;
	const struct dissector *const *dissectors;
	bool wants_fields;
	bool is_quoted;       /* inside the datagram that an ICMP error quotes */
	bool is_tunnelled;    /* inside a packet that is inside a packet */
	bool is_whole;        /* all of the present datagram's payload is here */
	bool is_fragment;     /* its first fragment */
	bool is_snapped;      /* the capture has only the beginning of the packet */
	uint8_t hop_limit;    /* of the present packet, if it is of IPv6 */
	bool has_no_length;   /* the present datagram: it is as long as the frame */
	bool has_unknown_way; /* it goes to another destination than is known here */
	uint32_t cut_bytes;   /* of the present datagram, behind the end of the frame */
	struct ip_address source, destination; /* of the present datagram */
};

/* The bytes of the frame from offset `start` up to `end`. */
struct range {
	uint32_t start, end;
};

static inline struct bytes walk_bytes(const struct walk *walk, struct range range)
{
	return bytes_first(bytes_from(walk->decode->frame, range.start), range.end - range.start);
}

static inline uint32_t range_length(struct range range)
{
	return range.end - range.start;
}

/* The range without its first `length` bytes. */
static inline struct range range_from(struct range range, size_t length)
{
	return (struct range) { range.start + (uint32_t)MIN(length, range_length(range)),
				range.end };
}

/* A layer whose header is the first `header_bytes` of `range`, and the rest of it payload. */
struct decode_layer *walk_add_layer(struct walk *walk, enum decode_protocol protocol,
				    const char *name, struct range range, size_t header_bytes);

/* A layer of bytes without a header, unless there are none. */
void walk_add_data(struct walk *walk, enum decode_protocol protocol, const char *name,
		   struct range range);

/* The fields of the first `header_bytes` of the layer. */
void walk_add_header(struct walk *walk, struct decode_layer *layer, const struct field_table *table,
		     size_t header_bytes);

/* The fields of a structure anywhere in the layer. */
void walk_add_structure(struct walk *walk, struct decode_layer *layer,
			const struct field_table *table, struct range structure);

/* The options behind the first `fixed_bytes` of the layer's header. */
void walk_add_options(struct walk *walk, struct decode_layer *layer, size_t fixed_bytes,
		      const struct field_table *(*table_of)(uint8_t kind));

/* Each decodes what begins `range`; the first two return where it ends: padding may follow. */
uint32_t walk_network(struct walk *walk, uint16_t ethertype, struct range range);
uint32_t walk_ip(struct walk *walk, struct range range); /* the version is in its first bits */
void walk_transport(struct walk *walk, uint8_t protocol, struct range range);
