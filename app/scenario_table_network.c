#include "app/scenario_table.h"

#define AT(type, field) .offset = offsetof(struct type, field)

/* clang-format off */
static const struct word network_kind_words[] = {
	{ "lan", NETWORK_LAN, "a switch, and a cable from it to each member" },
	{ "link", NETWORK_LINK, "one cable between exactly two members" },
	{ NULL, 0, NULL },
};

static const struct key dial_up_keys[] = {
	{ .name = "idle", .type = KEY_TIME, AT(scenario_dial_up, idle_ns), .fallback = "60s", .least = 1000000, .most = INT64_MAX,
	  .meaning = "After so long without a frame the line is hung up" },
	{ .name = "cost-per-minute", .type = KEY_MONEY, AT(scenario_dial_up, price_per_minute), .fallback = "0",
	  .meaning = "What each begun minute of a call costs" },
	{ .name = "setup", .type = KEY_TIME, AT(scenario_dial_up, setup_ns), .fallback = "1s", .most = 60000000000,
	  .meaning = "From placing a call to the first bit: dialling and all that modems and PPP do, which are not modelled; hosts give up asking by ARP after 3 s" },
};

static const struct mapping dial_up_mapping = {
	.title = "dial-up line", .article = "a dial-up line",
	.meaning = "A link that is up on demand: the first member calls when it has something to send, and silence ends the call",
	.size = sizeof(struct scenario_dial_up),
	.keys = dial_up_keys, .key_count = G_N_ELEMENTS(dial_up_keys),
};

static const struct key network_keys[] = {
	{ .name = "kind", .type = KEY_WORD, AT(scenario_network, kind), .words = network_kind_words,
	  .fallback = "lan", .meaning = "What the network is made of" },
	{ .name = "subnet", .type = KEY_PREFIX, AT(scenario_network, subnet),
	  .least = 8, .most = 31,
	  .computed = "`192.0.2.0/24` for the only network; else the next free /26 (a /30 for a link) of 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, then of 10.0.0.0/8",
	  .meaning = "The addresses of the network" },
	{ .name = "rate", .type = KEY_RATE, AT(scenario_network, rate_bps), .fallback = "1Gbps",
	  .least = 1, .most = UINT64_C(1000000000000),
	  .meaning = "The rate of each of its cables, in each direction" },
	{ .name = "delay", .type = KEY_TIME, AT(scenario_network, delay_ns), .fallback = "500ns",
	  .meaning = "How long a bit travels on each of its cables; 500 ns are 100 m of copper" },
	{ .name = "queue", .type = KEY_SIZE, AT(scenario_network, queue_bytes), .fallback = "1514kB",
	  .least = 1, .most = UINT64_C(1000000000000),
	  .meaning = "How many bytes of frames may wait to be sent, per cable and direction; more are dropped" },
	{ .name = "mtu", .type = KEY_SIZE, AT(scenario_network, mtu_bytes), .fallback = "1500B",
	  .least = 68, .most = 9000,
	  .meaning = "The longest IP packet of the network" },
	{ .name = "mirror", .type = KEY_REFERENCE, AT(scenario_network, mirror), .kinds = SCENARIO_HOST,
	  .flags = KEY_MAY_BE_NONE, .computed = "none",
	  .meaning = "A host on a mirrored port: its switch sends it a copy of each frame that comes in elsewhere, and takes nothing from it" },
	{ .name = "dial-up", .type = KEY_MAPPING, AT(scenario_network, dial_up), .mapping = &dial_up_mapping,
	  .flags = KEY_OPTIONAL, .computed = "none: it is always up",
	  .meaning = "A link is a dial-up line, called by its first member" },
};

const struct mapping network_mapping = {
	.title = "network", .article = "a network",
	.meaning = "A network, by its name",
	.size = sizeof(struct scenario_network), .kind = SCENARIO_NETWORK,
	.keys = network_keys, .key_count = G_N_ELEMENTS(network_keys),
	.name_type = KEY_NAME, .name_title = "NETWORK",
};

static const struct key switch_keys[] = {
	{ .name = "network", .type = KEY_REFERENCE, AT(scenario_switch, network),
	  .kinds = SCENARIO_NETWORK, .flags = KEY_REQUIRED,
	  .meaning = "The LAN it belongs to" },
	{ .name = "uplink", .type = KEY_REFERENCE, AT(scenario_switch, uplink),
	  .kinds = SCENARIO_SWITCH, .flags = KEY_MAY_BE_NONE, .computed = "the first switch of the LAN; none for that one",
	  .meaning = "The switch that a cable leads to from this one" },
};

const struct mapping switch_mapping = {
	.title = "switch", .article = "a switch",
	.meaning = "A learning switch, by its name",
	.size = sizeof(struct scenario_switch), .kind = SCENARIO_SWITCH,
	.keys = switch_keys, .key_count = G_N_ELEMENTS(switch_keys),
	.name_type = KEY_NAME, .name_title = "SWITCH",
};

static const char network_meaning[] = "The network it is on";
static const char switch_meaning[] = "The switch its cable leads to";
static const char address_meaning[] = "Its IPv4 address";
static const char mac_meaning[] = "Its MAC address";
static const char switch_computed[] = "the first switch of the network";
static const char mac_computed[] = "`02:00:` and the number of the network, then that of the address in its subnet, two octets each";

static const struct key host_keys[] = {
	{ .name = "network", .type = KEY_REFERENCE, AT(scenario_node, own.network), .kinds = SCENARIO_NETWORK,
	  .computed = "the only network", .meaning = network_meaning },
	{ .name = "switch", .type = KEY_REFERENCE, AT(scenario_node, own.switch_), .kinds = SCENARIO_SWITCH,
	  .computed = switch_computed, .meaning = switch_meaning },
	{ .name = "address", .type = KEY_IPV4, AT(scenario_node, own.address),
	  .computed = "the next free one of its subnet, from the tenth on", .meaning = address_meaning },
	{ .name = "mac", .type = KEY_MAC, AT(scenario_node, own.mac),
	  .computed = mac_computed, .meaning = mac_meaning },
	{ .name = "gateway", .type = KEY_PORT_OF, AT(scenario_node, gateway), .flags = KEY_MAY_BE_NONE,
	  .computed = "the first router on its network",
	  .meaning = "The router that takes what is for other networks, or `none`" },
	{ .name = "dns", .type = KEY_REFERENCE, AT(scenario_node, resolver), .kinds = SCENARIO_HOST,
	  .flags = KEY_MAY_BE_NONE,
	  .computed = "the resolver with the fewest routers in between",
	  .meaning = "The resolver it asks for names, or `none`" },
	{ .name = "domain", .type = KEY_REFERENCE, AT(scenario_node, domain), .kinds = SCENARIO_DOMAIN,
	  .flags = KEY_MAY_BE_NONE,
	  .computed = "that of which it is a server; else that of the first client on it; else the only one",
	  .meaning = "The domain its name belongs to, or `none`" },
	{ .name = "fqdn", .type = KEY_DOMAIN, AT(scenario_node, fqdn),
	  .computed = "its name and its domain",
	  .meaning = "Its full domain name" },
};

const struct mapping host_mapping = {
	.title = "host", .article = "a host",
	.meaning = "A host, by its name",
	.size = sizeof(struct scenario_node), .kind = SCENARIO_HOST,
	.keys = host_keys, .key_count = G_N_ELEMENTS(host_keys),
	.name_type = KEY_NAME, .name_title = "HOST",
};

static const struct key interface_keys[] = {
	{ .name = "network", .type = KEY_REFERENCE, AT(scenario_interface, network), .kinds = SCENARIO_NETWORK,
	  .flags = KEY_REQUIRED, .meaning = network_meaning },
	{ .name = "switch", .type = KEY_REFERENCE, AT(scenario_interface, switch_), .kinds = SCENARIO_SWITCH,
	  .computed = switch_computed, .meaning = switch_meaning },
	{ .name = "address", .type = KEY_IPV4, AT(scenario_interface, address),
	  .computed = "the lowest free one of its subnet", .meaning = address_meaning },
	{ .name = "mac", .type = KEY_MAC, AT(scenario_interface, mac),
	  .computed = mac_computed, .meaning = mac_meaning },
};

const struct mapping interface_mapping = {
	.title = "interface", .article = "an interface",
	.meaning = "An interface of a router; the name of a network alone does",
	.size = sizeof(struct scenario_interface), .kind = SCENARIO_INTERFACE,
	.keys = interface_keys, .key_count = G_N_ELEMENTS(interface_keys),
	.has_short_form = true,
};

static const struct key route_keys[] = {
	{ .name = "to", .type = KEY_PREFIX, AT(scenario_route, to), .flags = KEY_REQUIRED,
	  .meaning = "Where the route leads: a subnet, or `default` for all the rest" },
	{ .name = "via", .type = KEY_PORT_OF, AT(scenario_route, via), .flags = KEY_REQUIRED,
	  .meaning = "The next router: its name, and after a colon the interface or network when it has several in common with this one" },
};

const struct mapping route_mapping = {
	.title = "route", .article = "a route",
	.meaning = "A route of a router to a network it is not on",
	.size = sizeof(struct scenario_route), .kind = SCENARIO_ROUTE,
	.keys = route_keys, .key_count = G_N_ELEMENTS(route_keys),
};

static const struct word direction_words[] = {
	{ "both", DIRECTION_BOTH, NULL },
	{ "out", DIRECTION_OUT, "what the named host, router or switch sends; of a whole network, what its members send" },
	{ "in", DIRECTION_IN, "what it is sent" },
	{ NULL, 0, NULL },
};

static const struct word forward_words[] = {
	{ "tcp", TRANSPORT_TCP, NULL },
	{ "udp", TRANSPORT_UDP, NULL },
	{ NULL, 0, NULL },
};

static const struct key forward_keys[] = {
	{ .name = "port", .type = KEY_COUNT, AT(scenario_forward, port), .flags = KEY_REQUIRED,
	  .least = 1, .most = 65535,
	  .meaning = "The port of the outside address" },
	{ .name = "to", .type = KEY_REFERENCE, AT(scenario_forward, to), .kinds = SCENARIO_HOST,
	  .flags = KEY_REQUIRED, .meaning = "The host inside that gets what comes for it" },
	{ .name = "to-port", .type = KEY_COUNT, AT(scenario_forward, to_port), .least = 1, .most = 65535,
	  .computed = "the same port", .meaning = "The port of that host" },
	{ .name = "protocol", .type = KEY_WORD, AT(scenario_forward, protocol), .words = forward_words,
	  .fallback = "tcp", .meaning = "Of which protocol" },
};

static const struct mapping forward_mapping = {
	.title = "forwarded port", .article = "a forwarded port",
	.meaning = "A port that leads to a host inside",
	.size = sizeof(struct scenario_forward),
	.keys = forward_keys, .key_count = G_N_ELEMENTS(forward_keys),
};

static const struct key nat_keys[] = {
	{ .name = "uplink", .type = KEY_REFERENCE, AT(scenario_nat, uplink), .kinds = SCENARIO_NETWORK,
	  .flags = KEY_REQUIRED,
	  .meaning = "The network outside, at which private addresses (RFC 1918, RFC 6598) become that of the router there" },
	{ .name = "forward", .type = KEY_LIST, AT(scenario_nat, forwards), .mapping = &forward_mapping,
	  .meaning = "Ports of that address that lead to hosts inside; DNS then gives it as the address of these hosts" },
};

static const struct mapping nat_mapping = {
	.title = "translation", .article = "a translation",
	.meaning = "Network address and port translation (NAT)",
	.size = sizeof(struct scenario_nat),
	.keys = nat_keys, .key_count = G_N_ELEMENTS(nat_keys),
};

static const struct word transport_words[] = {
	{ "any", TRANSPORT_ANY, NULL },
	{ "tcp", TRANSPORT_TCP, NULL },
	{ "udp", TRANSPORT_UDP, NULL },
	{ "icmp", TRANSPORT_ICMP, NULL },
	{ NULL, 0, NULL },
};

static const struct word rejection_words[] = {
	{ "reset", REJECT_BY_RESET, "TCP by a segment with RST, as if the port were closed; all else by ICMP" },
	{ "icmp", REJECT_BY_ICMP, "by ICMP: communication administratively prohibited" },
	{ NULL, 0, NULL },
};

#define RULE(verdict) (1u << VERDICT_##verdict)

/* The selecting keys stand first, in the order of enum scenario_verdict. */
static const struct key rule_keys[] = {
	{ .name = "allow", .type = KEY_WORD, AT(scenario_rule, protocol), .words = transport_words,
	  .flags = KEY_SELECTS, .variants = RULE(ALLOW),
	  .meaning = "Packets of this protocol pass" },
	{ .name = "deny", .type = KEY_WORD, AT(scenario_rule, protocol), .words = transport_words,
	  .flags = KEY_SELECTS, .variants = RULE(DENY),
	  .meaning = "Packets of this protocol are dropped, and nobody is told" },
	{ .name = "reject", .type = KEY_WORD, AT(scenario_rule, protocol), .words = transport_words,
	  .flags = KEY_SELECTS, .variants = RULE(REJECT),
	  .meaning = "Packets of this protocol are dropped, and their sender is told" },
	{ .name = "port", .type = KEY_RANGE, AT(scenario_rule, ports), .computed = "any",
	  .meaning = "Only to these ports of TCP or UDP" },
	{ .name = "interface", .type = KEY_REFERENCE, AT(scenario_rule, network), .kinds = SCENARIO_NETWORK,
	  .computed = "the uplink of `nat`, or without it any",
	  .meaning = "Only what passes the router's interface on this network" },
	{ .name = "direction", .type = KEY_WORD, AT(scenario_rule, direction), .words = direction_words,
	  .fallback = "both", .meaning = "Only what goes out there, or comes in" },
	{ .name = "source", .type = KEY_REFERENCE, AT(scenario_rule, source), .kinds = SCENARIO_HOST | SCENARIO_NETWORK,
	  .computed = "any", .meaning = "Only from this host, or the hosts of this network" },
	{ .name = "destination", .type = KEY_REFERENCE, AT(scenario_rule, destination), .kinds = SCENARIO_HOST | SCENARIO_NETWORK,
	  .computed = "any", .meaning = "Only to this host, or the hosts of this network" },
	{ .name = "answer", .type = KEY_WORD, AT(scenario_rule, answer), .words = rejection_words,
	  .fallback = "reset", .variants = RULE(REJECT), .meaning = "How the sender is told" },
	{ .name = "from", .type = KEY_TIME, AT(scenario_rule, from_ns), .fallback = "0s",
	  .meaning = "When the rule comes into force" },
	{ .name = "to", .type = KEY_TIME, AT(scenario_rule, to_ns), .computed = "never",
	  .meaning = "When it is taken away" },
};

static const struct mapping rule_mapping = {
	.title = "rule", .article = "a rule",
	.meaning = "A rule of a packet filter",
	.size = sizeof(struct scenario_rule),
	.keys = rule_keys, .key_count = G_N_ELEMENTS(rule_keys),
	.has_variants = true,
	.variant_offset = offsetof(struct scenario_rule, verdict),
};

static const struct key tampering_keys[] = {
	{ .name = "replace", .type = KEY_TEXT, AT(scenario_tampering, replace), .flags = KEY_REQUIRED,
	  .meaning = "A text in what TCP carries, in either direction" },
	{ .name = "by", .type = KEY_TEXT, AT(scenario_tampering, by), .computed = "as many `X`",
	  .meaning = "What it is overwritten by, of the same length: sequence numbers stay true, and checksums are made right" },
	{ .name = "port", .type = KEY_RANGE, AT(scenario_tampering, ports), .computed = "any",
	  .meaning = "Only where one end has one of these ports" },
};

static const struct mapping tampering_mapping = {
	.title = "tampering", .article = "a tampering",
	.meaning = "What an attacker overwrites; the text alone does",
	.size = sizeof(struct scenario_tampering),
	.keys = tampering_keys, .key_count = G_N_ELEMENTS(tampering_keys), .has_short_form = true,
};

static const struct key router_keys[] = {
	{ .name = "interfaces", .type = KEY_LIST, AT(scenario_node, interfaces), .mapping = &interface_mapping,
	  .flags = KEY_REQUIRED, .meaning = "Its interfaces `eth0`, `eth1` and so on, in this order" },
	{ .name = "routes", .type = KEY_LIST, AT(scenario_node, routes), .mapping = &route_mapping,
	  .flags = KEY_MAY_BE_EMPTY,
	  .computed = "a route to every network by the fewest routers",
	  .meaning = "Its routes; when written, these alone hold" },
	{ .name = "nat", .type = KEY_MAPPING, AT(scenario_node, nat), .mapping = &nat_mapping,
	  .meaning = "Where it translates private addresses" },
	{ .name = "filter", .type = KEY_LIST, AT(scenario_node, filter), .mapping = &rule_mapping,
	  .meaning = "What it does not let through: the first rule that fits decides, and what none is about passes; answers to what was let through do too" },
	{ .name = "tamper", .type = KEY_LIST, AT(scenario_node, tamper), .mapping = &tampering_mapping,
	  .meaning = "An attacker in the path: what is overwritten in what passes, such as `STARTTLS`" },
};

const struct mapping router_mapping = {
	.title = "router", .article = "a router",
	.meaning = "A router, by its name",
	.size = sizeof(struct scenario_node), .kind = SCENARIO_ROUTER,
	.keys = router_keys, .key_count = G_N_ELEMENTS(router_keys),
	.name_type = KEY_NAME, .name_title = "ROUTER",
};

static const struct key frame_number_keys[] = {
	{ .name = "number", .type = KEY_COUNT, AT(scenario_frame_number, number), .flags = KEY_REQUIRED,
	  .least = 1, .most = UINT64_MAX, .meaning = "The number of a frame; the first is 1" },
};

static const struct mapping frame_number_mapping = {
	.title = "number of a frame", .article = "the number of a frame",
	.meaning = "The number of a frame",
	.size = sizeof(struct scenario_frame_number),
	.keys = frame_number_keys, .key_count = 1, .has_short_form = true, .is_scalar = true,
};

static const struct key impairment_keys[] = {
	{ .name = "link", .type = KEY_LINK, AT(scenario_impairment, link), .flags = KEY_REQUIRED,
	  .meaning = "Which cables" },
	{ .name = "direction", .type = KEY_WORD, AT(scenario_impairment, direction), .words = direction_words,
	  .fallback = "both", .meaning = "Which way" },
	{ .name = "from", .type = KEY_TIME, AT(scenario_impairment, from_ns), .fallback = "0s",
	  .meaning = "When it begins" },
	{ .name = "to", .type = KEY_TIME, AT(scenario_impairment, to_ns), .computed = "never",
	  .meaning = "When it ends" },
	{ .name = "loss", .type = KEY_PERCENT, AT(scenario_impairment, loss_ppm), .fallback = "0%",
	  .meaning = "The chance that a frame is lost" },
	{ .name = "corrupt", .type = KEY_PERCENT, AT(scenario_impairment, corrupt_ppm), .fallback = "0%",
	  .meaning = "The chance that bits of a frame flip on the cable, which the FCS shows" },
	{ .name = "corrupt-deep", .type = KEY_PERCENT, AT(scenario_impairment, corrupt_deep_ppm), .fallback = "0%",
	  .meaning = "The chance that bits flip where the FCS does not cover them, in a faulty device: only IP, UDP and TCP checksums can show it" },
	{ .name = "duplicate", .type = KEY_PERCENT, AT(scenario_impairment, duplicate_ppm), .fallback = "0%",
	  .meaning = "The chance that a frame arrives twice" },
	{ .name = "reorder", .type = KEY_PERCENT, AT(scenario_impairment, reorder_ppm), .fallback = "0%",
	  .meaning = "The chance that a frame is held back, so that later ones overtake it" },
	{ .name = "reorder-by", .type = KEY_TIME, AT(scenario_impairment, reorder_ns), .fallback = "5ms",
	  .meaning = "How long such a frame is held back" },
	{ .name = "jitter", .type = KEY_TIME, AT(scenario_impairment, jitter_ns), .fallback = "0s",
	  .meaning = "Extra delay of each frame, from nothing to this, without overtaking" },
	{ .name = "drop-frames", .type = KEY_LIST, AT(scenario_impairment, drop_frames), .mapping = &frame_number_mapping,
	  .meaning = "Frames that are lost for certain, by their number in their direction" },
	{ .name = "down", .type = KEY_BOOL, AT(scenario_impairment, is_down), .fallback = "no",
	  .meaning = "Nothing passes" },
};

const struct mapping impairment_mapping = {
	.title = "impairment", .article = "an impairment",
	.meaning = "What is wrong with some cables for some time",
	.size = sizeof(struct scenario_impairment),
	.keys = impairment_keys, .key_count = G_N_ELEMENTS(impairment_keys),
};
/* clang-format on */
