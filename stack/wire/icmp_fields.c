/* The fields of ICMP messages (RFC 792), which differ by type. */
#include "stack/wire/icmp.h"

/* clang-format off */
static const struct field_name type_names[] = {
	{ ICMP_ECHO_REPLY, "echo reply" },
	{ ICMP_DESTINATION_UNREACHABLE, "destination unreachable" },
	{ ICMP_SOURCE_QUENCH, "source quench" },
	{ ICMP_REDIRECT, "redirect" },
	{ ICMP_ECHO_REQUEST, "echo request" },
	{ ICMP_TIME_EXCEEDED, "time exceeded" },
	{ ICMP_ROUTER_ADVERTISEMENT, "router advertisement" },
	{ ICMP_ROUTER_SOLICITATION, "router solicitation" },
	{ ICMP_PARAMETER_PROBLEM, "parameter problem" },
	{ ICMP_TIMESTAMP_REQUEST, "timestamp request" },
	{ ICMP_TIMESTAMP_REPLY, "timestamp reply" },
	{ 15, "information request" },
	{ 16, "information reply" },
	{ 17, "address mask request" },
	{ 18, "address mask reply" },
	{ 42, "extended echo request" },
	{ 43, "extended echo reply" },
	{ 0, NULL },
};

static const struct field_name unreachable_names[] = {
	{ ICMP_NET_UNREACHABLE, "network unreachable" },
	{ ICMP_HOST_UNREACHABLE, "host unreachable" },
	{ ICMP_PROTOCOL_UNREACHABLE, "protocol unreachable" },
	{ ICMP_PORT_UNREACHABLE, "port unreachable" },
	{ ICMP_FRAGMENTATION_NEEDED, "fragmentation needed" },
	{ ICMP_SOURCE_ROUTE_FAILED, "source route failed" },
	{ 6, "network unknown" },
	{ 7, "host unknown" },
	{ 8, "source host isolated" },
	{ ICMP_NET_PROHIBITED, "network administratively prohibited" },
	{ ICMP_HOST_PROHIBITED, "host administratively prohibited" },
	{ 11, "network unreachable for the type of service" },
	{ 12, "host unreachable for the type of service" },
	{ ICMP_ADMINISTRATIVELY_PROHIBITED, "administratively prohibited" },
	{ 14, "host precedence violation" },
	{ 15, "precedence cutoff in effect" },
	{ 0, NULL },
};

static const struct field_name time_names[] = {
	{ ICMP_TTL_EXCEEDED, "time to live exceeded in transit" },
	{ ICMP_REASSEMBLY_TIME_EXCEEDED, "fragment reassembly time exceeded" },
	{ 0, NULL },
};

static const struct field_name redirect_names[] = {
	{ 0, "for the network" },
	{ 1, "for the host" },
	{ 2, "for the type of service and network" },
	{ 3, "for the type of service and host" },
	{ 0, NULL },
};

static const struct field_name parameter_names[] = {
	{ 0, "pointer shows the error" },
	{ 1, "required option missing" },
	{ 2, "bad length" },
	{ 0, NULL },
};

#define TYPE                                                                                       \
	{ "Type", 0, 8, FIELD_ENUM, .names = type_names,                                           \
	  .purpose = "What kind of message this is.", .reference = "RFC 792" }
#define CODE(code_names)                                                                           \
	{ "Code", 8, 8, FIELD_ENUM, .names = (code_names),                                           \
	  .purpose = "Which case of its type this is.", .reference = "RFC 792" }
#define CHECKSUM                                                                                   \
	{ "Checksum", 16, 16, FIELD_HEX,                                                           \
	  .purpose = "Shows damage to the message.", .reference = "RFC 792" }
#define UNUSED(bit_offset, bit_width)                                                              \
	{ "Unused", (bit_offset), (bit_width), FIELD_HEX,                                              \
	  .purpose = "Must be zero.", .reference = "RFC 792" }

static const struct field echo_fields[] = {
	TYPE, CODE(NULL), CHECKSUM,
	{ "Identifier", 32, 16, FIELD_DECIMAL,
	  .purpose = "Tells one pinging program from another; the reply repeats it.",
	  .reference = "RFC 792 page 14" },
	{ "Sequence Number", 48, 16, FIELD_DECIMAL,
	  .purpose = "Tells one request from another; the reply repeats it.",
	  .reference = "RFC 792 page 14" },
};

static const struct field unreachable_fields[] = {
	TYPE, CODE(unreachable_names), CHECKSUM, UNUSED(32, 32),
};

static const struct field too_big_fields[] = {
	TYPE, CODE(unreachable_names), CHECKSUM, UNUSED(32, 16),
	{ "Next-Hop MTU", 48, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "The largest packet that fits the network ahead.",
	  .reference = "RFC 1191 section 4" },
};

static const struct field time_fields[] = {
	TYPE, CODE(time_names), CHECKSUM, UNUSED(32, 32),
};

static const struct field redirect_fields[] = {
	TYPE, CODE(redirect_names), CHECKSUM,
	{ "Gateway Internet Address", 32, 32, FIELD_IPV4,
	  .purpose = "The router that would be the better first hop.",
	  .reference = "RFC 792 page 12" },
};

static const struct field parameter_fields[] = {
	TYPE, CODE(parameter_names), CHECKSUM,
	{ "Pointer", 32, 8, FIELD_DECIMAL,
	  .purpose = "The byte of the quoted datagram where the error is.",
	  .reference = "RFC 792 page 8" },
	UNUSED(40, 24),
};

static const struct field other_fields[] = {
	TYPE, CODE(NULL), CHECKSUM,
	{ "Rest of Header", 32, 32, FIELD_HEX,
	  .purpose = "Its meaning depends on the type.",
	  .reference = "RFC 792" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows)

static const struct field_table echo_table = {
	TABLE("ICMP echo", echo_fields),
	.purpose = "Asks a host to send the same data back, or is that answer (ping).",
};

static const struct field_table unreachable_table = {
	TABLE("ICMP destination unreachable", unreachable_fields),
	.purpose = "Tells a sender that its datagram, quoted behind, cannot reach its destination.",
};

static const struct field_table too_big_table = {
	TABLE("ICMP fragmentation needed", too_big_fields),
	.purpose = "Tells a sender that its datagram is too large and must not be cut.",
};

static const struct field_table time_table = {
	TABLE("ICMP time exceeded", time_fields),
	.purpose = "Tells a sender that its datagram, quoted behind, was too long under way.",
};

static const struct field_table redirect_table = {
	TABLE("ICMP redirect", redirect_fields),
	.purpose = "Tells a sender of a shorter way.",
};

static const struct field_table parameter_table = {
	TABLE("ICMP parameter problem", parameter_fields),
	.purpose = "Tells a sender of an error in the header of its datagram.",
};

static const struct field_table other_table = { TABLE("ICMP message", other_fields) };

const struct field_table *icmp_fields(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP_ECHO_REPLY:
	case ICMP_ECHO_REQUEST:
		return &echo_table;
	case ICMP_DESTINATION_UNREACHABLE:
		return code == ICMP_FRAGMENTATION_NEEDED ? &too_big_table : &unreachable_table;
	case ICMP_TIME_EXCEEDED:
		return &time_table;
	case ICMP_REDIRECT:
		return &redirect_table;
	case ICMP_PARAMETER_PROBLEM:
		return &parameter_table;
	default:
		return &other_table;
	}
}
