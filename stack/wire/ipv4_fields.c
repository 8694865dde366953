/* The fields of the IPv4 header and its options (RFC 791 section 3.1). */
#include "stack/wire/ipv4.h"

/* clang-format off */
const struct field_name ipv4_dscp_names[] = { /* RFC 2474, RFC 2597, RFC 3246 */
	{ 0, "default" }, { 8, "CS1" }, { 16, "CS2" }, { 24, "CS3" }, { 32, "CS4" }, { 40, "CS5" },
	{ 48, "CS6" }, { 56, "CS7" }, { 10, "AF11" }, { 18, "AF21" }, { 26, "AF31" }, { 34, "AF41" },
	{ 46, "EF" },
	{ 0, NULL },
};

const struct field_name ipv4_ecn_names[] = { /* RFC 3168 section 5 */
	{ 0, "not ECN-capable" },
	{ 1, "ECN-capable, ECT(1)" },
	{ 2, "ECN-capable, ECT(0)" },
	{ 3, "congestion experienced" },
	{ 0, NULL },
};

const struct field_name ip_protocol_names[] = {
	{ IP_PROTOCOL_HOP_BY_HOP, "Hop-by-Hop Options" },
	{ IP_PROTOCOL_ICMP, "ICMP" },
	{ 2, "IGMP" },
	{ 4, "IPv4" },
	{ IP_PROTOCOL_TCP, "TCP" },
	{ IP_PROTOCOL_UDP, "UDP" },
	{ 41, "IPv6" },
	{ IP_PROTOCOL_ROUTING, "Routing header" },
	{ IP_PROTOCOL_FRAGMENT, "Fragment header" },
	{ 47, "GRE" },
	{ 50, "ESP" },
	{ 51, "AH" },
	{ IP_PROTOCOL_ICMPV6, "ICMPv6" },
	{ IP_PROTOCOL_NO_NEXT, "nothing" },
	{ IP_PROTOCOL_DESTINATION_OPTIONS, "Destination Options" },
	{ 89, "OSPF" },
	{ 132, "SCTP" },
	{ 0, NULL },
};

static const struct field header_fields[] = {
	{ "Version", 0, 4, FIELD_DECIMAL,
	  .purpose = "The version of the Internet Protocol: 4.",
	  .reference = "RFC 791 section 3.1" },
	{ "Internet Header Length", 4, 4, FIELD_DECIMAL, .scale = 4, .unit = "bytes",
	  .purpose = "How long the header with its options is, so where the payload begins.",
	  .reference = "RFC 791 section 3.1" },
	{ "Differentiated Services", 8, 6, FIELD_ENUM, .names = ipv4_dscp_names,
	  .purpose = "How routers shall treat the packet against others.",
	  .reference = "RFC 2474 section 3" },
	{ "Explicit Congestion Notification", 14, 2, FIELD_ENUM, .names = ipv4_ecn_names,
	  .purpose = "Lets a router report congestion without dropping the packet.",
	  .reference = "RFC 3168 section 5" },
	{ "Total Length", 16, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How long header and payload are together; Ethernet may have padded the frame.",
	  .reference = "RFC 791 section 3.1" },
	{ "Identification", 32, 16, FIELD_HEX,
	  .purpose = "The same in all fragments of one datagram, to put them together again.",
	  .reference = "RFC 791 section 3.1, RFC 6864" },
	{ "Reserved Flag", 48, 1, FIELD_FLAG,
	  .purpose = "Must be zero.",
	  .reference = "RFC 791 section 3.1" },
	{ "Don't Fragment", 49, 1, FIELD_FLAG,
	  .purpose = "Routers must not cut it: too large for a network, it is dropped and reported.",
	  .reference = "RFC 791 section 3.1" },
	{ "More Fragments", 50, 1, FIELD_FLAG,
	  .purpose = "Other fragments of the same datagram follow behind this one.",
	  .reference = "RFC 791 section 3.1" },
	{ "Fragment Offset", 51, 13, FIELD_DECIMAL, .scale = IPV4_FRAGMENT_UNIT, .unit = "bytes",
	  .purpose = "Where in the whole datagram this fragment's payload belongs.",
	  .reference = "RFC 791 section 3.1" },
	{ "Time to Live", 64, 8, FIELD_DECIMAL,
	  .purpose = "How many routers may still pass it on; a packet in a loop dies at zero.",
	  .reference = "RFC 791 section 3.1" },
	{ "Protocol", 72, 8, FIELD_ENUM, .names = ip_protocol_names,
	  .purpose = "The protocol whose data the packet carries.",
	  .reference = "RFC 791 section 3.1" },
	{ "Header Checksum", 80, 16, FIELD_HEX,
	  .purpose = "Shows damage to this header; every router computes it anew.",
	  .reference = "RFC 791 section 3.1, RFC 1624" },
	{ "Source Address", 96, 32, FIELD_IPV4,
	  .purpose = "The host that made the packet.",
	  .reference = "RFC 791 section 3.1" },
	{ "Destination Address", 128, 32, FIELD_IPV4,
	  .purpose = "The host the packet shall reach; routers choose the way by it.",
	  .reference = "RFC 791 section 3.1" },
};

static const struct field_name option_names[] = {
	{ IPV4_OPTION_END, "End of Option List" },
	{ IPV4_OPTION_NOP, "No Operation" },
	{ IPV4_OPTION_RECORD_ROUTE, "Record Route" },
	{ IPV4_OPTION_TIMESTAMP, "Internet Timestamp" },
	{ IPV4_OPTION_SECURITY, "Security" },
	{ IPV4_OPTION_LOOSE_SOURCE_ROUTE, "Loose Source Route" },
	{ IPV4_OPTION_STREAM_ID, "Stream Identifier" },
	{ IPV4_OPTION_STRICT_SOURCE_ROUTE, "Strict Source Route" },
	{ IPV4_OPTION_ROUTER_ALERT, "Router Alert" },
	{ 0, NULL },
};

#define OPTION_TYPE                                                                                \
	{ "Option Type", 0, 8, FIELD_ENUM, .names = option_names,                                  \
	  .purpose = "Which option this is.", .reference = "RFC 791 section 3.1" }
#define OPTION_LENGTH                                                                              \
	{ "Option Length", 8, 8, FIELD_DECIMAL, .unit = "bytes",                                   \
	  .purpose = "How long the option is, type and length included.",                          \
	  .reference = "RFC 791 section 3.1" }

static const struct field single_fields[] = { OPTION_TYPE };

static const struct field end_fields[] = {
	OPTION_TYPE,
	{ "Padding", 8, 0, FIELD_BYTES,
	  .purpose = "Fills the header up to a multiple of 4 bytes.",
	  .reference = "RFC 791 section 3.1" },
};

static const struct field other_fields[] = {
	OPTION_TYPE,
	OPTION_LENGTH,
	{ "Option Data", 16, 0, FIELD_BYTES,
	  .purpose = "What the option says.",
	  .reference = "RFC 791 section 3.1" },
};

static const struct field route_fields[] = {
	OPTION_TYPE,
	OPTION_LENGTH,
	{ "Pointer", 16, 8, FIELD_DECIMAL,
	  .purpose = "The byte of the option, counted from 1, where the next address stands.",
	  .reference = "RFC 791 section 3.1" },
	{ "Route Address", 24, 32, FIELD_IPV4,
	  .purpose = "A router on the way: to be passed, or where it was passed.",
	  .reference = "RFC 791 section 3.1" },
};

static const struct field_name alert_names[] = {
	{ 0, "every router examines the packet" },
	{ 0, NULL },
};

static const struct field alert_fields[] = {
	OPTION_TYPE,
	OPTION_LENGTH,
	{ "Value", 16, 16, FIELD_ENUM, .names = alert_names,
	  .purpose = "Asks routers to look into the packet though it is not for them.",
	  .reference = "RFC 2113 section 2.1" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows)

const struct field_table ipv4_fields = {
	TABLE("IPv4 header", header_fields),
	.purpose = "Carries a packet from host to host across any number of networks.",
};

static const struct field_table end_table = {
	TABLE("End of Option List", end_fields),
	.purpose = "No option follows; the rest of the header is padding.",
};

static const struct field_table nop_table = {
	TABLE("No Operation", single_fields),
	.purpose = "One byte of padding between options, to align the next.",
};

static const struct field_table other_table = { TABLE("IPv4 option", other_fields) };

static const struct field_table record_route_table = {
	TABLE("Record Route", route_fields),
	.repeat_first = 3,
	.repeat_bytes = 4,
	.purpose = "Each router on the way writes its address here.",
};

static const struct field_table source_route_table = {
	TABLE("Source Route", route_fields),
	.repeat_first = 3,
	.repeat_bytes = 4,
	.purpose = "The sender prescribes routers on the way.",
};

static const struct field_table alert_table = { TABLE("Router Alert", alert_fields) };

const struct field_table *ipv4_option_fields(uint8_t type)
{
	switch (type) {
	case IPV4_OPTION_END:
		return &end_table;
	case IPV4_OPTION_NOP:
		return &nop_table;
	case IPV4_OPTION_RECORD_ROUTE:
		return &record_route_table;
	case IPV4_OPTION_LOOSE_SOURCE_ROUTE:
	case IPV4_OPTION_STRICT_SOURCE_ROUTE:
		return &source_route_table;
	case IPV4_OPTION_ROUTER_ALERT:
		return &alert_table;
	default:
		return &other_table;
	}
}
