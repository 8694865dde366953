/* The fields of ICMPv6 messages, which differ by type, and of their options. */
#include "stack/wire/icmpv6.h"

/* clang-format off */
static const struct field_name type_names[] = {
	{ ICMPV6_DESTINATION_UNREACHABLE, "destination unreachable" },
	{ ICMPV6_PACKET_TOO_BIG, "packet too big" },
	{ ICMPV6_TIME_EXCEEDED, "time exceeded" },
	{ ICMPV6_PARAMETER_PROBLEM, "parameter problem" },
	{ ICMPV6_ECHO_REQUEST, "echo request" },
	{ ICMPV6_ECHO_REPLY, "echo reply" },
	{ ICMPV6_LISTENER_QUERY, "multicast listener query" },
	{ ICMPV6_LISTENER_REPORT, "multicast listener report" },
	{ ICMPV6_LISTENER_DONE, "multicast listener done" },
	{ ICMPV6_ROUTER_SOLICITATION, "router solicitation" },
	{ ICMPV6_ROUTER_ADVERTISEMENT, "router advertisement" },
	{ ICMPV6_NEIGHBOR_SOLICITATION, "neighbor solicitation" },
	{ ICMPV6_NEIGHBOR_ADVERTISEMENT, "neighbor advertisement" },
	{ ICMPV6_REDIRECT, "redirect" },
	{ ICMPV6_LISTENER_REPORT_2, "multicast listener report, version 2" },
	{ 0, NULL },
};

static const struct field_name unreachable_names[] = {
	{ 0, "no route to destination" },
	{ 1, "administratively prohibited" },
	{ 2, "beyond scope of source address" },
	{ 3, "address unreachable" },
	{ 4, "port unreachable" },
	{ 5, "source address failed ingress/egress policy" },
	{ 6, "reject route to destination" },
	{ 7, "error in source routing header" },
	{ 0, NULL },
};

static const struct field_name time_names[] = {
	{ 0, "hop limit exceeded in transit" },
	{ 1, "fragment reassembly time exceeded" },
	{ 0, NULL },
};

static const struct field_name problem_names[] = {
	{ 0, "erroneous header field" },
	{ 1, "unrecognized next header type" },
	{ 2, "unrecognized IPv6 option" },
	{ 3, "first fragment without all headers" },
	{ 0, NULL },
};

static const struct field_name no_names[] = { { 0, NULL } };

#define HEAD_WITH(code_names)                                                                      \
	{ "Type", 0, 8, FIELD_ENUM, .names = type_names,                                           \
	  .purpose = "What kind of message this is.", .reference = "RFC 4443 section 2.1" },       \
	{ "Code", 8, 8, FIELD_ENUM, .names = (code_names),                                         \
	  .purpose = "Which case of its type this is.", .reference = "RFC 4443 section 2.1" },     \
	{ "Checksum", 16, 16, FIELD_HEX,                                                           \
	  .purpose = "Shows damage to the message or its addresses.",                              \
	  .reference = "RFC 4443 section 2.3" }
#define HEAD HEAD_WITH(no_names)
#define RESERVED(bit_offset, bit_width, source)                                                    \
	{ "Reserved", (bit_offset), (bit_width), FIELD_HEX, .purpose = "Must be zero.",            \
	  .reference = (source) }
#define TARGET(what, source)                                                                       \
	{ "Target Address", 64, 128, FIELD_IPV6, .purpose = (what), .reference = (source) }

static const struct field echo_fields[] = {
	HEAD,
	{ "Identifier", 32, 16, FIELD_DECIMAL,
	  .purpose = "Tells one pinging program from another; the reply repeats it.",
	  .reference = "RFC 4443 section 4.1" },
	{ "Sequence Number", 48, 16, FIELD_DECIMAL,
	  .purpose = "Tells one request from another; the reply repeats it.",
	  .reference = "RFC 4443 section 4.1" },
};

static const struct field too_big_fields[] = {
	HEAD,
	{ "MTU", 32, 32, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "The largest packet that fits the network ahead.",
	  .reference = "RFC 4443 section 3.2" },
};

static const struct field pointer_fields[] = {
	HEAD_WITH(problem_names),
	{ "Pointer", 32, 32, FIELD_DECIMAL,
	  .purpose = "The byte of the quoted packet where the error is.",
	  .reference = "RFC 4443 section 3.4" },
};

static const struct field unreachable_fields[] = {
	HEAD_WITH(unreachable_names), RESERVED(32, 32, "RFC 4443 section 3.1"),
};

static const struct field time_fields[] = {
	HEAD_WITH(time_names), RESERVED(32, 32, "RFC 4443 section 3.3"),
};

static const struct field redirect_fields[] = {
	HEAD, RESERVED(32, 32, "RFC 4861 section 4.5"),
	TARGET("Where to send packets for the destination: a router, or itself.",
	       "RFC 4861 section 4.5"),
	{ "Destination Address", 192, 128, FIELD_IPV6,
	  .purpose = "The destination that has a better first hop.",
	  .reference = "RFC 4861 section 4.5" },
};

static const struct field listener_fields[] = {
	HEAD,
	{ "Maximum Response Code", 32, 16, FIELD_DECIMAL,
	  .purpose = "Within how many ms listeners answer a query, above 32767 with an exponent; else 0.",
	  .reference = "RFC 9777 section 5.1.3" },
	RESERVED(48, 16, "RFC 2710 section 3.5"),
	{ "Multicast Address", 64, 128, FIELD_IPV6,
	  .purpose = "The group that is listened to, or asked for; zeros: all groups.",
	  .reference = "RFC 2710 section 3.6" },
};

static const struct field report_fields[] = {
	HEAD, RESERVED(32, 16, "RFC 9777 section 5.2"),
	{ "Number of Records", 48, 16, FIELD_DECIMAL,
	  .purpose = "How many groups the message is about.", .reference = "RFC 9777 section 5.2" },
};

static const struct field_name record_names[] = {
	{ 1, "listens to these sources" },
	{ 2, "listens to all but these sources" },
	{ 3, "listens to these sources from now on" },
	{ 4, "listens to all but these sources from now on" },
	{ 5, "listens to these sources as well" },
	{ 6, "listens to these sources no more" },
	{ 0, NULL },
};

static const struct field record_fields[] = {
	{ "Record Type", 0, 8, FIELD_ENUM, .names = record_names,
	  .purpose = "What the sender listens to, or what has changed.",
	  .reference = "RFC 9777 section 5.2.12" },
	{ "Aux Data Len", 8, 8, FIELD_DECIMAL, .scale = 4, .unit = "bytes",
	  .purpose = "Of data behind the record, which this version has none of.",
	  .reference = "RFC 9777 section 5.2.6" },
	{ "Number of Sources", 16, 16, FIELD_DECIMAL,
	  .purpose = "How many source addresses follow.", .reference = "RFC 9777 section 5.2.7" },
	{ "Multicast Address", 32, 128, FIELD_IPV6, .purpose = "The group that this is about.",
	  .reference = "RFC 9777 section 5.2.8" },
	{ "Source Address", 160, 128, FIELD_IPV6, .purpose = "A source of that group.",
	  .reference = "RFC 9777 section 5.2.9" },
};

static const struct field solicitation_fields[] = {
	HEAD, RESERVED(32, 32, "RFC 4861 section 4.3"),
	TARGET("The address whose link-layer address is asked for.", "RFC 4861 section 4.3"),
};

static const struct field advertisement_fields[] = {
	HEAD,
	{ "Router Flag", 32, 1, FIELD_FLAG, .purpose = "The sender is a router.",
	  .reference = "RFC 4861 section 4.4" },
	{ "Solicited Flag", 33, 1, FIELD_FLAG, .purpose = "It answers a solicitation.",
	  .reference = "RFC 4861 section 4.4" },
	{ "Override Flag", 34, 1, FIELD_FLAG, .purpose = "It replaces what was known before.",
	  .reference = "RFC 4861 section 4.4" },
	RESERVED(35, 29, "RFC 4861 section 4.4"),
	TARGET("The address that the sender has.", "RFC 4861 section 4.4"),
};

static const struct field_name preference_names[] = {
	{ 0, "medium" },
	{ 1, "high" },
	{ 2, "reserved" },
	{ 3, "low" },
	{ 0, NULL },
};

static const struct field router_fields[] = {
	HEAD,
	{ "Current Hop Limit", 32, 8, FIELD_DECIMAL,
	  .purpose = "What hosts shall put into their packets; 0: not said.",
	  .reference = "RFC 4861 section 4.2" },
	{ "Managed Flag", 40, 1, FIELD_FLAG, .purpose = "Addresses come by DHCPv6.",
	  .reference = "RFC 4861 section 4.2" },
	{ "Other Flag", 41, 1, FIELD_FLAG, .purpose = "Other settings come by DHCPv6.",
	  .reference = "RFC 4861 section 4.2" },
	{ "Home Agent Flag", 42, 1, FIELD_FLAG,
	  .purpose = "It is a home agent of mobile hosts.", .reference = "RFC 6275 section 7.1" },
	{ "Default Router Preference", 43, 2, FIELD_ENUM, .names = preference_names,
	  .purpose = "Which of several routers to prefer as the default.",
	  .reference = "RFC 4191 section 2.2" },
	{ "Proxy Flag", 45, 1, FIELD_FLAG, .purpose = "It passes on the advertisement of another.",
	  .reference = "RFC 4389 section 4.1.3.3" },
	RESERVED(46, 2, "RFC 5175 section 3"),
	{ "Router Lifetime", 48, 16, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long it serves as a default router; 0: not.",
	  .reference = "RFC 4861 section 4.2" },
	{ "Reachable Time", 64, 32, FIELD_DECIMAL, .unit = "ms",
	  .purpose = "How long a neighbor counts as reachable; 0: not said.",
	  .reference = "RFC 4861 section 4.2" },
	{ "Retrans Timer", 96, 32, FIELD_DECIMAL, .unit = "ms",
	  .purpose = "The time between solicitations; 0: not said.",
	  .reference = "RFC 4861 section 4.2" },
};

static const struct field other_fields[] = {
	HEAD,
	{ "Rest of Header", 32, 32, FIELD_HEX,
	  .purpose = "Its meaning depends on the type.", .reference = "RFC 4443 section 2.1" },
};

static const struct field_name option_names[] = {
	{ 1, "source link-layer address" },
	{ 2, "target link-layer address" },
	{ 3, "prefix information" },
	{ 4, "redirected header" },
	{ 5, "MTU" },
	{ 14, "nonce" },
	{ 24, "route information" },
	{ 25, "recursive DNS servers" },
	{ 31, "DNS search list" },
	{ 0, NULL },
};

#define OPTION_HEAD                                                                                \
	{ "Option Type", 0, 8, FIELD_ENUM, .names = option_names,                                  \
	  .purpose = "Which option this is.", .reference = "RFC 4861 section 4.6" },               \
	{ "Option Length", 8, 8, FIELD_DECIMAL, .scale = ICMPV6_OPTION_UNIT, .unit = "bytes",      \
	  .purpose = "How long the option is, type and length included.",                          \
	  .reference = "RFC 4861 section 4.6" }

static const struct field address_fields[] = {
	OPTION_HEAD,
	{ "Link-Layer Address", 16, 48, FIELD_MAC,
	  .purpose = "Where frames for this neighbor go.", .reference = "RFC 4861 section 4.6.1" },
};

static const struct field prefix_fields[] = {
	OPTION_HEAD,
	{ "Prefix Length", 16, 8, FIELD_DECIMAL, .unit = "bits",
	  .purpose = "How much of the prefix counts.", .reference = "RFC 4861 section 4.6.2" },
	{ "On-link Flag", 24, 1, FIELD_FLAG,
	  .purpose = "Hosts with this prefix are on this network: no router is needed.",
	  .reference = "RFC 4861 section 4.6.2" },
	{ "Autonomous Flag", 25, 1, FIELD_FLAG,
	  .purpose = "Hosts may make themselves addresses with this prefix (SLAAC).",
	  .reference = "RFC 4861 section 4.6.2" },
	{ "Router Address Flag", 26, 1, FIELD_FLAG,
	  .purpose = "The prefix is the router's whole address.", .reference = "RFC 6275 section 7.2" },
	RESERVED(27, 5, "RFC 4861 section 4.6.2"),
	{ "Valid Lifetime", 32, 32, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long the prefix is on this network; 4294967295: for ever.",
	  .reference = "RFC 4861 section 4.6.2" },
	{ "Preferred Lifetime", 64, 32, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long addresses made with it are for new connections, too.",
	  .reference = "RFC 4861 section 4.6.2" },
	RESERVED(96, 32, "RFC 4861 section 4.6.2"),
	{ "Prefix", 128, 128, FIELD_IPV6, .purpose = "How addresses on this network begin.",
	  .reference = "RFC 4861 section 4.6.2" },
};

static const struct field mtu_fields[] = {
	OPTION_HEAD,
	RESERVED(16, 16, "RFC 4861 section 4.6.4"),
	{ "MTU", 32, 32, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "The largest packet on this network.", .reference = "RFC 4861 section 4.6.4" },
};

static const struct field route_fields[] = {
	OPTION_HEAD,
	{ "Prefix Length", 16, 8, FIELD_DECIMAL, .unit = "bits",
	  .purpose = "How much of the prefix counts.", .reference = "RFC 4191 section 2.3" },
	RESERVED(24, 3, "RFC 4191 section 2.3"),
	{ "Route Preference", 27, 2, FIELD_ENUM, .names = preference_names,
	  .purpose = "Which of several routers to prefer for this prefix.",
	  .reference = "RFC 4191 section 2.3" },
	RESERVED(29, 3, "RFC 4191 section 2.3"),
	{ "Route Lifetime", 32, 32, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long the route holds; 4294967295: for ever.",
	  .reference = "RFC 4191 section 2.3" },
	{ "Prefix", 64, 0, FIELD_BYTES,
	  .purpose = "Where the router leads to; bytes of zeros at its end may be left out.",
	  .reference = "RFC 4191 section 2.3" },
};

static const struct field dns_servers_fields[] = {
	OPTION_HEAD,
	RESERVED(16, 16, "RFC 8106 section 5.1"),
	{ "Lifetime", 32, 32, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long these servers may be asked.", .reference = "RFC 8106 section 5.1" },
	{ "Address", 64, 128, FIELD_IPV6, .purpose = "A DNS server to ask.",
	  .reference = "RFC 8106 section 5.1" },
};

static const struct field dns_search_fields[] = {
	OPTION_HEAD,
	RESERVED(16, 16, "RFC 8106 section 5.2"),
	{ "Lifetime", 32, 32, FIELD_DECIMAL, .unit = "s",
	  .purpose = "How long these domains may be used.", .reference = "RFC 8106 section 5.2" },
	{ "Domain Names", 64, 0, FIELD_BYTES,
	  .purpose = "Domains to complete short names with, written as in DNS.",
	  .reference = "RFC 8106 section 5.2" },
};

static const struct field option_fields[] = {
	OPTION_HEAD,
	{ "Option Data", 16, 0, FIELD_BYTES, .purpose = "What the option says.",
	  .reference = "RFC 4861 section 4.6" },
};
/* clang-format on */

#define TABLE(title, rows)                                                                         \
	.name = (title), .fields = (rows), .field_count = sizeof(rows) / sizeof *(rows)

static const struct field_table echo_table = {
	TABLE("ICMPv6 echo", echo_fields),
	.purpose = "Asks a host to send the same data back, or is that answer (ping).",
};
static const struct field_table too_big_table = {
	TABLE("ICMPv6 packet too big", too_big_fields),
	.purpose = "Tells a sender that its packet, quoted behind, does not fit a network ahead.",
};
static const struct field_table pointer_table = {
	TABLE("ICMPv6 parameter problem", pointer_fields),
	.purpose = "Tells a sender of an error in the headers of its packet.",
};
static const struct field_table unreachable_table = {
	TABLE("ICMPv6 error", unreachable_fields),
	.purpose = "Tells a sender that its packet, quoted behind, did not arrive.",
};
static const struct field_table time_table = {
	TABLE("ICMPv6 error", time_fields),
	.purpose = "Tells a sender that its packet, quoted behind, did not arrive in time.",
};
static const struct field_table redirect_table = {
	TABLE("ICMPv6 redirect", redirect_fields),
	.purpose = "A router tells a host of a better first hop.",
};
static const struct field_table listener_table = {
	TABLE("Multicast listener discovery", listener_fields),
	.purpose = "Tells routers which multicast groups have listeners on a network.",
};
static const struct field_table report_table = {
	TABLE("Multicast listener report", report_fields),
	.purpose = "Tells routers which multicast groups have listeners on a network.",
};
static const struct field_table record_table = {
	TABLE("Multicast address record", record_fields),
	.repeat_first = sizeof record_fields / sizeof *record_fields - 1,
	.repeat_bytes = 16,
};
static const struct field_table solicitation_table = {
	TABLE("ICMPv6 neighbor solicitation", solicitation_fields),
	.purpose = "Asks who has an address, as ARP does for IPv4.",
};
static const struct field_table advertisement_table = {
	TABLE("ICMPv6 neighbor advertisement", advertisement_fields),
	.purpose = "Says who has an address, as ARP does for IPv4.",
};
static const struct field_table router_table = {
	TABLE("ICMPv6 router advertisement", router_fields),
	.purpose = "A router makes itself known, and the prefixes of its network.",
};
static const struct field_table other_table = { TABLE("ICMPv6 message", other_fields) };
static const struct field_table address_table = { TABLE("Link-layer address", address_fields) };
static const struct field_table prefix_table = { TABLE("Prefix information", prefix_fields) };
static const struct field_table mtu_table = { TABLE("MTU of the network", mtu_fields) };
static const struct field_table route_table = { TABLE("Route information", route_fields) };
static const struct field_table dns_servers_table = {
	TABLE("Recursive DNS servers", dns_servers_fields),
	.repeat_first = sizeof dns_servers_fields / sizeof *dns_servers_fields - 1,
	.repeat_bytes = 16,
};
static const struct field_table dns_search_table = { TABLE("DNS search list", dns_search_fields) };
static const struct field_table option_table = { TABLE("ICMPv6 option", option_fields) };

const struct field_table *icmpv6_fields(uint8_t type)
{
	switch (type) {
	case ICMPV6_DESTINATION_UNREACHABLE:
		return &unreachable_table;
	case ICMPV6_TIME_EXCEEDED:
		return &time_table;
	case ICMPV6_LISTENER_QUERY:
	case ICMPV6_LISTENER_REPORT:
	case ICMPV6_LISTENER_DONE:
		return &listener_table;
	case ICMPV6_LISTENER_REPORT_2:
		return &report_table;
	case ICMPV6_REDIRECT:
		return &redirect_table;
	case ICMPV6_PACKET_TOO_BIG:
		return &too_big_table;
	case ICMPV6_PARAMETER_PROBLEM:
		return &pointer_table;
	case ICMPV6_ECHO_REQUEST:
	case ICMPV6_ECHO_REPLY:
		return &echo_table;
	case ICMPV6_ROUTER_ADVERTISEMENT:
		return &router_table;
	case ICMPV6_NEIGHBOR_SOLICITATION:
		return &solicitation_table;
	case ICMPV6_NEIGHBOR_ADVERTISEMENT:
		return &advertisement_table;
	default:
		return &other_table;
	}
}

const struct field_table *icmpv6_option_fields(uint8_t option_type)
{
	switch (option_type) {
	case 1:
	case 2:
		return &address_table;
	case 3:
		return &prefix_table;
	case 5:
		return &mtu_table;
	case 24:
		return &route_table;
	case 25:
		return &dns_servers_table;
	case 31:
		return &dns_search_table;
	default:
		return &option_table;
	}
}

const struct field_table *icmpv6_record_fields(void)
{
	return &record_table;
}
