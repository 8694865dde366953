/* The names of what trace records of the stack say. */
#include "stack/layer.h"

#include <stddef.h>
#include "stack/names.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

extern const struct layer_names tcp_layer_names; /* stack/tcp */

static const char *const link_details[LINK_DETAIL_COUNT] = {
	[LINK_PLAIN] = "plain",
	[LINK_CARRIER] = "carrier",
	[LINK_TARIFF] = "dial-up tariff",
	[LINK_LINE] = "dial-up line",
	[LINK_ON_HOOK] = "line down",
	[LINK_CORRUPTED] = "corrupted",
	[LINK_CORRUPTED_DEEP] = "corrupted past the FCS",
	[LINK_DUPLICATED] = "duplicated",
	[LINK_HELD_BACK] = "held back",
	[LINK_QUEUE_FULL] = "queue full",
	[LINK_LOST] = "lost",
	[LINK_PICKED] = "picked to be lost",
	[LINK_DOWN] = "cable down",
	[LINK_NOT_CONNECTED] = "no cable",
};

static const char *const ethernet_details[ETHERNET_DETAIL_COUNT] = {
	[ETHERNET_PLAIN] = "plain",
	[ETHERNET_KNOWN_PORT] = "known port",
	[ETHERNET_FLOODED] = "flooded",
	[ETHERNET_LEARNED] = "learned",
	[ETHERNET_AGED] = "aged",
	[ETHERNET_BAD_FCS] = "bad FCS",
	[ETHERNET_MALFORMED] = "malformed",
	[ETHERNET_NOT_FOR_US] = "not for this interface",
	[ETHERNET_UNKNOWN_TYPE] = "unknown type",
	[ETHERNET_SAME_PORT] = "destination is where it came from",
	[ETHERNET_NO_OTHER_PORT] = "no other port",
	[ETHERNET_MIRRORED] = "a copy for the mirrored port",
	[ETHERNET_MIRROR_PORT] = "a port that mirrors takes nothing",
};

static const char *const arp_details[ARP_DETAIL_COUNT] = {
	[ARP_ROW] = "row",
	[ARP_ASKS] = "request",
	[ARP_ANSWERS] = "reply",
	[ARP_PROBES] = "unicast request",
	[ARP_ANNOUNCES] = "announcement",
	[ARP_RESOLVING] = "waits for a MAC address",
	[ARP_QUEUE_FULL] = "too many packets wait",
	[ARP_NO_ANSWER] = "no answer",
	[ARP_MALFORMED] = "malformed",
	[ARP_NOT_FOR_US] = "not for this host",
	[ARP_NOT_ASKED] = "not asked for",
	[ARP_CONFLICT] = "address conflict",
};

static const char *const ipv4_details[IPV4_DETAIL_COUNT] = {
	[IPV4_PLAIN] = "plain",
	[IPV4_LOOPBACK] = "loopback",
	[IPV4_FORWARDED] = "forwarded",
	[IPV4_FRAGMENT] = "fragment",
	[IPV4_REASSEMBLED] = "reassembled",
	[IPV4_REASSEMBLING] = "waits for other fragments",
	[IPV4_ROUTE] = "route",
	[IPV4_PATH_MTU] = "path MTU",
	[IPV4_MALFORMED] = "malformed",
	[IPV4_BAD_CHECKSUM] = "bad checksum",
	[IPV4_BAD_SOURCE] = "impossible source address",
	[IPV4_BAD_DESTINATION] = "impossible destination address",
	[IPV4_BAD_OPTION] = "bad option",
	[IPV4_SOURCE_ROUTED] = "source routed",
	[IPV4_NOT_FOR_US] = "not for this host",
	[IPV4_TTL_EXPIRED] = "TTL expired",
	[IPV4_NO_ROUTE] = "no route",
	[IPV4_TOO_BIG] = "too big, and DF is set",
	[IPV4_UNKNOWN_PROTOCOL] = "unknown protocol",
	[IPV4_OVERLAP] = "overlapping fragments",
	[IPV4_DUPLICATE_FRAGMENT] = "duplicate fragment",
	[IPV4_REASSEMBLY_TIMEOUT] = "fragments missing",
	[IPV4_REASSEMBLY_FULL] = "too many fragments",
};

static const char *const icmp_details[ICMP_DETAIL_COUNT] = {
	[ICMP_PLAIN] = "plain",
	[ICMP_MALFORMED] = "malformed",
	[ICMP_BAD_CHECKSUM] = "bad checksum",
	[ICMP_UNKNOWN_TYPE] = "unknown type",
	[ICMP_BROADCAST_ECHO] = "echo to a broadcast address",
	[ICMP_NOT_AWAITED] = "not awaited",
	[ICMP_NOT_BELIEVED] = "redirect not believed",
};

static const char *const udp_details[UDP_DETAIL_COUNT] = {
	[UDP_PLAIN] = "plain",
	[UDP_SOCKET] = "socket",
	[UDP_MALFORMED] = "malformed",
	[UDP_BAD_CHECKSUM] = "bad checksum",
	[UDP_PORT_CLOSED] = "port closed",
};

static const char *const filter_details[FILTER_DETAIL_COUNT] = {
	[FILTER_RULE] = "rule",
	[FILTER_ALLOWED] = "allowed",
	[FILTER_ANSWER] = "answer to what was let through",
	[FILTER_NO_RULE] = "no rule is about it",
	[FILTER_DENIED] = "denied",
	[FILTER_REJECTED] = "rejected",
	[FILTER_MALFORMED] = "malformed",
	[FILTER_FULL] = "too many flows",
};

static const char *const nat_details[NAT_DETAIL_COUNT] = {
	[NAT_MAPPING] = "mapping",
	[NAT_PORT] = "forwarded port",
	[NAT_SOURCE] = "source",
	[NAT_DESTINATION] = "destination",
	[NAT_QUOTED_SOURCE] = "quoted source",
	[NAT_QUOTED_DESTINATION] = "quoted destination",
	[NAT_HELD] = "unsolicited SYN waits",
	[NAT_UNSOLICITED] = "unsolicited SYN",
	[NAT_CROSSED] = "a SYN from inside took its place",
	[NAT_FILTERED] = "not from anyone written to",
	[NAT_NO_MAPPING] = "no mapping",
	[NAT_FULL] = "no mapping free",
	[NAT_UNTRANSLATABLE] = "no ports to translate",
	[NAT_MALFORMED] = "malformed",
	[NAT_BAD_CHECKSUM] = "bad checksum",
};

const char *const filter_verdict_names[FILTER_VERDICT_COUNT] = {
	[FILTER_ALLOW] = "allow",
	[FILTER_DENY] = "deny",
	[FILTER_REJECT] = "reject",
};

static const char *const tamper_details[TAMPER_DETAIL_COUNT] = {
	[TAMPER_RULE] = "rule",
	[TAMPER_OVERWRITTEN] = "overwritten",
};

const char *const arp_state_names[ARP_STATE_COUNT] = {
	[ARP_NONE] = "none",           [ARP_FAILED] = "failed", [ARP_INCOMPLETE] = "incomplete",
	[ARP_REACHABLE] = "reachable", [ARP_STALE] = "stale",   [ARP_DELAY] = "delay",
	[ARP_PROBE] = "probe",
};

#define NAMES(number, shown, word, table)                                                          \
	{                                                                                          \
		.layer = (number), .name = (shown), .key = (word), .details = (table),             \
		.detail_count = COUNT_OF(table),                                                   \
	}

const struct layer_names link_layer_names = NAMES(LAYER_LINK, "Link", "link", link_details);
const struct layer_names ethernet_layer_names =
    NAMES(LAYER_ETHERNET, "Ethernet", "ethernet", ethernet_details);
const struct layer_names arp_layer_names = NAMES(LAYER_ARP, "ARP", "arp", arp_details);
const struct layer_names ipv4_layer_names = NAMES(LAYER_IPV4, "IPv4", "ipv4", ipv4_details);
const struct layer_names icmp_layer_names = NAMES(LAYER_ICMP, "ICMP", "icmp", icmp_details);
const struct layer_names udp_layer_names = NAMES(LAYER_UDP, "UDP", "udp", udp_details);
const struct layer_names filter_layer_names =
    NAMES(LAYER_FILTER, "Filter", "filter", filter_details);
const struct layer_names nat_layer_names = NAMES(LAYER_NAT, "NAT", "nat", nat_details);
const struct layer_names tamper_layer_names =
    NAMES(LAYER_TAMPER, "Attacker", "tamper", tamper_details);

const struct layer_names *const stack_layer_names[] = {
	&link_layer_names, &ethernet_layer_names, &arp_layer_names, &ipv4_layer_names,
	&icmp_layer_names, &udp_layer_names,      &tcp_layer_names, &filter_layer_names,
	&nat_layer_names,  &tamper_layer_names,
};
const unsigned stack_layer_names_count = COUNT_OF(stack_layer_names);
