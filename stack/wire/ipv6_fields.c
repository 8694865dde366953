/* The fields of the IPv6 header and its extension headers (RFC 8200 sections 3 and 4). */
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"

/* clang-format off */
static const struct field header_fields[] = {
	{ "Version", 0, 4, FIELD_DECIMAL,
	  .purpose = "The version of the Internet Protocol: 6.",
	  .reference = "RFC 8200 section 3" },
	{ "Differentiated Services", 4, 6, FIELD_ENUM, .names = ipv4_dscp_names,
	  .purpose = "How routers shall treat the packet against others.",
	  .reference = "RFC 2474 section 3" },
	{ "Explicit Congestion Notification", 10, 2, FIELD_ENUM, .names = ipv4_ecn_names,
	  .purpose = "Lets a router report congestion without dropping the packet.",
	  .reference = "RFC 3168 section 5" },
	{ "Flow Label", 12, 20, FIELD_HEX,
	  .purpose = "The same in all packets of one conversation, so that they go the same way.",
	  .reference = "RFC 8200 section 6, RFC 6437" },
	{ "Payload Length", 32, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How much follows this header, extension headers included.",
	  .reference = "RFC 8200 section 3" },
	{ "Next Header", 48, 8, FIELD_ENUM, .names = ip_protocol_names,
	  .purpose = "What follows: an extension header, or the protocol that is carried.",
	  .reference = "RFC 8200 section 3" },
	{ "Hop Limit", 56, 8, FIELD_DECIMAL,
	  .purpose = "How many routers may still pass it on; a packet in a loop dies at zero.",
	  .reference = "RFC 8200 section 3" },
	{ "Source Address", 64, 128, FIELD_IPV6,
	  .purpose = "The interface that made the packet.",
	  .reference = "RFC 8200 section 3" },
	{ "Destination Address", 192, 128, FIELD_IPV6,
	  .purpose = "The interface the packet shall reach; routers choose the way by it.",
	  .reference = "RFC 8200 section 3" },
};

#define NEXT_HEADER(source)                                                                        \
	{ "Next Header", 0, 8, FIELD_ENUM, .names = ip_protocol_names,                             \
	  .purpose = "What follows this header.", .reference = (source) }
#define LENGTH(source)                                                                             \
	{ "Header Extension Length", 8, 8, FIELD_DECIMAL,                                          \
	  .purpose = "How long this header is, in units of 8 bytes behind its first 8.",           \
	  .reference = (source) }

static const struct field options_fields[] = {
	NEXT_HEADER("RFC 8200 section 4.3"), LENGTH("RFC 8200 section 4.3"),
	{ "Options", 16, 0, FIELD_BYTES,
	  .purpose = "What routers on the way, or the destination, shall look at.",
	  .reference = "RFC 8200 section 4.2" },
};

static const struct field routing_fields[] = {
	NEXT_HEADER("RFC 8200 section 4.4"), LENGTH("RFC 8200 section 4.4"),
	{ "Routing Type", 16, 8, FIELD_DECIMAL,
	  .purpose = "Which kind of routing header this is.",
	  .reference = "RFC 8200 section 4.4" },
	{ "Segments Left", 24, 8, FIELD_DECIMAL,
	  .purpose = "How many of the nodes listed are still to be visited.",
	  .reference = "RFC 8200 section 4.4" },
	{ "Type-specific Data", 32, 0, FIELD_BYTES,
	  .purpose = "As the type says.",
	  .reference = "RFC 8200 section 4.4" },
};

static const struct field fragment_fields[] = {
	NEXT_HEADER("RFC 8200 section 4.5"),
	{ "Reserved", 8, 8, FIELD_HEX, .purpose = "Must be zero.",
	  .reference = "RFC 8200 section 4.5" },
	{ "Fragment Offset", 16, 13, FIELD_DECIMAL, .scale = 8, .unit = "bytes",
	  .purpose = "Where in the whole packet this fragment's payload belongs.",
	  .reference = "RFC 8200 section 4.5" },
	{ "Reserved Bits", 29, 2, FIELD_DECIMAL, .purpose = "Must be zero.",
	  .reference = "RFC 8200 section 4.5" },
	{ "More Fragments", 31, 1, FIELD_FLAG,
	  .purpose = "Other fragments of the same packet follow behind this one.",
	  .reference = "RFC 8200 section 4.5" },
	{ "Identification", 32, 32, FIELD_HEX,
	  .purpose = "The same in all fragments of one packet, to put them together again.",
	  .reference = "RFC 8200 section 4.5" },
};

static const struct field authentication_fields[] = {
	NEXT_HEADER("RFC 4302 section 2.1"),
	{ "Payload Len", 8, 8, FIELD_DECIMAL,
	  .purpose = "Length of this header in units of 4 bytes, less 2.",
	  .reference = "RFC 4302 section 2.2" },
	{ "Reserved", 16, 16, FIELD_HEX, .purpose = "Must be zero.",
	  .reference = "RFC 4302 section 2.3" },
	{ "Security Parameters Index", 32, 32, FIELD_HEX,
	  .purpose = "Names the security association, with its keys.",
	  .reference = "RFC 4302 section 2.4" },
	{ "Sequence Number", 64, 32, FIELD_DECIMAL,
	  .purpose = "Counts packets, so that none is accepted twice.",
	  .reference = "RFC 4302 section 2.5" },
	{ "Integrity Check Value", 96, 0, FIELD_BYTES,
	  .purpose = "Proves that the packet is the sender's and unchanged.",
	  .reference = "RFC 4302 section 2.6" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows)

const struct field_table ipv6_fields = {
	TABLE("IPv6 header", header_fields),
	.purpose = "Carries a packet from host to host across any number of networks.",
};

static const struct field_table hop_table = {
	TABLE("Hop-by-Hop Options", options_fields),
	.purpose = "Options that every router on the way may look at.",
};

static const struct field_table destination_table = {
	TABLE("Destination Options", options_fields),
	.purpose = "Options for the destination alone.",
};

static const struct field_table routing_table = {
	TABLE("Routing header", routing_fields),
	.purpose = "Lists nodes that the packet shall pass.",
};

static const struct field_table fragment_table = {
	TABLE("Fragment header", fragment_fields),
	.purpose = "One piece of a packet that its sender cut, as it was too large for the way.",
};

static const struct field_table authentication_table = {
	TABLE("Authentication Header", authentication_fields),
	.purpose = "Proves who sent the packet, and that it was not changed (IPsec).",
};

const struct field_table *ipv6_extension_fields(uint8_t kind)
{
	switch (kind) {
	case IP_PROTOCOL_HOP_BY_HOP:
		return &hop_table;
	case IP_PROTOCOL_ROUTING:
		return &routing_table;
	case IP_PROTOCOL_FRAGMENT:
		return &fragment_table;
	case IP_PROTOCOL_AUTHENTICATION:
		return &authentication_table;
	default:
		return &destination_table;
	}
}
