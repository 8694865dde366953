/* IPv4 of one host and one router: what is accepted, forwarded and sent, and what becomes of the rest. */
#include <check.h>
#include <stdlib.h>
#include "stack/ipv4.h"
#include "stack/path_mtu.h"
#include "stack/socket.h"
#include "stack/wire/udp.h"
#include "tests/onehost.h"
#include "tests/wiretest.h"

#define US   ONEHOST_US
#define PEER ONEHOST_PEER

/* A UDP datagram from port 9 to port 9 without checksum and with 4 bytes of payload. */
static const uint8_t datagram[] = { 0, 9, 0, 9, 0, 12, 0, 0, 'd', 'a', 't', 'a' };

static unsigned received;

static void count_datagram(void *owner, struct endpoint from, struct bytes payload)
{
	(void)owner;
	(void)from;
	ck_assert_uint_eq(payload.length, 4);
	received++;
}

static const struct {
	const char *name;
	uint32_t source, destination;
	bool is_router;
	bool is_delivered;
	int drop; /* enum ipv4_detail; -1: forwarded */
} addresses[] = {
	{"to us",			 PEER,           US,                false, true,  0                   },
	{ "limited broadcast",            PEER,           IPV4_BROADCAST,    false, true,  0                   },
	{ "directed broadcast",           PEER,           0xc000023f,        false, true,  0                   },
	{ "to another host",              PEER,           0xc000020b,        false, false, IPV4_NOT_FOR_US     },
	{ "multicast",                    PEER,           0xe0000001,        false, false, IPV4_NOT_FOR_US     },
	{ "to 127.0.0.1",                 PEER,           0x7f000001,        false, false, IPV4_BAD_DESTINATION},
	{ "to 0.0.0.0",                   PEER,           0,                 false, false, IPV4_BAD_DESTINATION},
	{ "to class E",                   PEER,           0xf0000001,        false, false, IPV4_BAD_DESTINATION},
	{ "from 127.0.0.1",               0x7f000001,     US,                false, false, IPV4_BAD_SOURCE     },
	{ "from 0.0.0.0",                 0,              US,                false, false, IPV4_BAD_SOURCE     },
	{ "from multicast",               0xe0000001,     US,                false, false, IPV4_BAD_SOURCE     },
	{ "from broadcast",               IPV4_BROADCAST, US,                false, false, IPV4_BAD_SOURCE     },
	{ "from our network's broadcast", 0xc000023f,     US,                false, false, IPV4_BAD_SOURCE     },
	{ "from ourselves",               US,             US,                false, false, IPV4_BAD_SOURCE     },
	{ "forwarded",                    PEER,           ONEHOST_OTHER,     true,  false, -1                  },
	{ "to the router's far address",  PEER,           ONEHOST_OTHER - 1, true,  true,  0                   },
	{ "broadcast on the far side",    PEER,           0xc63364ff,        true,  false, IPV4_BAD_DESTINATION},
};

START_TEST(addresses_decide_what_becomes_of_a_datagram)
{
	struct onehost test;
	int drop = addresses[_i].drop;

	onehost_init(&test, addresses[_i].is_router ? NODE_ROUTER : NODE_HOST);
	onehost_resolve_peer(&test);
	udp_open(test.host, 9, count_datagram, NULL);
	received = 0;
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 17,
			      .source = addresses[_i].source,
			      .destination = addresses[_i].destination,
			  },
			  (struct bytes) { datagram, sizeof datagram });
	ck_assert_msg(received == addresses[_i].is_delivered, "%s", addresses[_i].name);
	ck_assert_msg(onehost_count(&test, TRACE_DROP, LAYER_IPV4, drop) == (drop > 0), "%s",
		      addresses[_i].name);
	ck_assert_msg(onehost_count(&test, TRACE_FORWARD, LAYER_IPV4, ANY) == (drop == -1), "%s",
		      addresses[_i].name);
	onehost_clear(&test);
}
END_TEST

/* Changes one byte of a good frame (Ethernet 14, IPv4 20, UDP 8, data 4, padding). */
static const struct {
	const char *name;
	size_t offset;
	uint8_t value;
	bool checksum_is_right; /* after the change */
	enum ipv4_detail drop;
} damages[] = {
	{"version 6",		       14, 0x65, true,  IPV4_MALFORMED       },
	{ "header of 16 bytes",             14, 0x44, true,  IPV4_MALFORMED       },
	{ "total length below the header",  17, 19,   true,  IPV4_MALFORMED       },
	{ "total length beyond the frame",  17, 100,  true,  IPV4_MALFORMED       },
	{ "TTL changed on the way",         22, 63,   false, IPV4_BAD_CHECKSUM    },
	{ "destination changed on the way", 33, 11,   false, IPV4_BAD_CHECKSUM    },
	{ "checksum changed on the way",    24, 0x12, false, IPV4_BAD_CHECKSUM    },
	{ "a protocol nobody knows",        23, 200,  true,  IPV4_UNKNOWN_PROTOCOL},
};

static size_t good_frame(uint8_t *frame)
{
	struct ethernet_header ethernet = { onehost_our_mac, onehost_peer_mac, ETHERTYPE_IPV4 };
	struct ipv4_header header = {
		.total_length_bytes = IPV4_HEADER_BYTES + sizeof datagram,
		.ttl = 64,
		.protocol = 17,
		.source = PEER,
		.destination = US,
	};

	memset(frame, 0, ETHERNET_MIN_FRAME_BYTES);
	ethernet_header_emit(&ethernet, frame);
	ipv4_header_emit(&header, frame + 14);
	ipv4_checksum_set(frame + 14);
	memcpy(frame + 34, datagram, sizeof datagram);
	return ETHERNET_MIN_FRAME_BYTES;
}

START_TEST(damaged_headers_are_dropped_and_named)
{
	uint8_t frame[ETHERNET_MIN_FRAME_BYTES];
	struct onehost test;
	size_t length = good_frame(frame);

	frame[damages[_i].offset] = damages[_i].value;
	if (damages[_i].checksum_is_right && frame[14] == 0x45)
		ipv4_checksum_set(frame + 14);
	onehost_init(&test, NODE_HOST);
	onehost_give(&test, test.eth0, (struct bytes) { frame, length });
	ck_assert_msg(onehost_count(&test, TRACE_DROP, LAYER_IPV4, (int)damages[_i].drop) == 1,
		      "%s", damages[_i].name);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_unicast_datagram_in_a_broadcast_frame_is_dropped)
{
	uint8_t frame[ETHERNET_MIN_FRAME_BYTES];
	struct onehost test;
	size_t length = good_frame(frame);

	memset(frame, 0xff, 6);
	onehost_init(&test, NODE_HOST);
	onehost_give(&test, test.eth0, (struct bytes) { frame, length });
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_IPV4, IPV4_BAD_DESTINATION), 1);
	onehost_clear(&test);
}
END_TEST

static const struct {
	const char *name;
	uint8_t options[8];
	size_t length;
	int drop;                 /* enum ipv4_detail; 0: none */
	int icmp_type, icmp_code; /* -1: none */
} options[] = {
	{"none but padding",          { 1, 1, 1, 0 },                 4, 0,                  -1, -1},
	{ "record route",             { 7, 7, 4, 0, 0, 0, 0, 0 },     8, 0,                  -1, -1},
	{ "loose source route",       { 131, 7, 4, 192, 0, 2, 5, 0 }, 8, IPV4_SOURCE_ROUTED, 3,  5 },
	{ "length beyond the header", { 7, 9, 4, 0, 0, 0, 0, 0 },     8, IPV4_BAD_OPTION,    12, 0 },
	{ "length of 1",              { 1, 7, 1, 0 },                 4, IPV4_BAD_OPTION,    12, 0 },
};

START_TEST(options_are_checked)
{
	struct onehost test;
	struct bytes quoted;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	udp_open(test.host, 9, count_datagram, NULL);
	received = 0;
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 17,
			      .source = PEER,
			      .destination = US,
			      .options = {options[_i].options, options[_i].length},
        },
			  (struct bytes) { datagram, sizeof datagram });
	ck_assert_msg(received == (options[_i].drop == 0), "%s", options[_i].name);
	ck_assert_msg(test.sent->len == (options[_i].drop != 0), "%s", options[_i].name);
	if (options[_i].drop != 0) {
		struct icmp_header icmp = onehost_sent_icmp(&test, 0, &quoted);

		ck_assert_int_eq(icmp.type, options[_i].icmp_type);
		ck_assert_int_eq(icmp.code, options[_i].icmp_code);
		/* The pointer names the option's first byte: 20, or 21 behind a NOP. */
		if (icmp.type == ICMP_PARAMETER_PROBLEM)
			ck_assert_uint_eq(icmp.rest >> 24, options[_i].options[0] == 1 ? 21 : 20);
	}
	onehost_clear(&test);
}
END_TEST

START_TEST(forwarding_lowers_the_ttl_and_keeps_the_rest)
{
	struct onehost test;
	struct bytes payload;

	onehost_init(&test, NODE_ROUTER);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .tos = 0xb8,
			      .identification = 0x1234,
			      .dont_fragment = true,
			      .ttl = 2,
			      .protocol = 17,
			      .source = PEER,
			      .destination = ONEHOST_OTHER,
			  },
			  (struct bytes) { datagram, sizeof datagram });
	ck_assert_uint_eq(onehost_sent_arp(&test, 0).target_address, ONEHOST_OTHER);

	uint8_t reply[ETHERNET_MIN_FRAME_BYTES] = { 0 };
	struct ethernet_header ethernet = { test.eth1->mac, onehost_other_mac, ETHERTYPE_ARP };
	struct arp_packet arp = {
		.operation = ARP_REPLY,
		.sender_mac = onehost_other_mac,
		.sender_address = ONEHOST_OTHER,
		.target_mac = test.eth1->mac,
		.target_address = ONEHOST_OTHER - 1,
	};

	ethernet_header_emit(&ethernet, reply);
	arp_packet_emit(&arp, reply + 14);
	onehost_give(&test, test.eth1, (struct bytes) { reply, sizeof reply });
	struct ipv4_header header = onehost_sent_ipv4(&test, 1, &payload);

	ck_assert_uint_eq(header.ttl, 1);
	ck_assert_uint_eq(header.tos, 0xb8);
	ck_assert_uint_eq(header.identification, 0x1234);
	ck_assert(header.dont_fragment);
	ck_assert_uint_eq(header.source, PEER);
	ck_assert_mem_eq(payload.data, datagram, sizeof datagram);

	/* It is not new: a capture of what is sent holds it once, at its source. */
	const struct trace_record *sent =
	    recorder_find(&test.recorder, (struct wanted) { TRACE_TRANSMIT, ANY, ANY, NULL }, 1);

	ck_assert_uint_eq(sent->flags & TRACE_FIRST, 0);
	onehost_clear(&test);
}
END_TEST

static const struct {
	const char *name;
	uint8_t ttl;
	uint32_t destination;
	bool has_default_route;
	size_t payload_bytes;
	bool dont_fragment;
	uint8_t type, code;
	enum ipv4_detail drop;
} refusals[] = {
	{"TTL 1",		      1,  ONEHOST_OTHER, true,  20,  false, 11, 0, IPV4_TTL_EXPIRED},
	{ "TTL 0",		     0,  ONEHOST_OTHER, true,  20,  false, 11, 0, IPV4_TTL_EXPIRED},
	{ "no route",                  64, ONEHOST_FAR,   false, 20,  false, 3,  0, IPV4_NO_ROUTE   },
	{ "no route comes before TTL", 1,  ONEHOST_FAR,   false, 20,  false, 3,  0, IPV4_NO_ROUTE   },
	{ "too big",                   64, ONEHOST_OTHER, true,  600, true,  3,  4, IPV4_TOO_BIG    },
};

START_TEST(a_router_tells_the_source_at_once_why_it_cannot_forward)
{
	static const uint8_t zeros[600];
	struct onehost test;
	struct bytes quoted;

	onehost_init(&test, NODE_ROUTER);
	onehost_resolve_peer(&test);
	test.eth1->mtu_bytes = 576;
	if (!refusals[_i].has_default_route)
		host_remove_route(test.host, 0, 0);
	recorder_forget(&test.recorder);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .dont_fragment = refusals[_i].dont_fragment,
			      .ttl = refusals[_i].ttl,
			      .protocol = 17,
			      .source = PEER,
			      .destination = refusals[_i].destination,
			  },
			  (struct bytes) { zeros, refusals[_i].payload_bytes });
	ck_assert_msg(onehost_count(&test, TRACE_DROP, LAYER_IPV4, (int)refusals[_i].drop) == 1,
		      "%s", refusals[_i].name);
	ck_assert_uint_eq(test.sent->len, 1);
	struct icmp_header icmp = onehost_sent_icmp(&test, 0, &quoted);
	struct ipv4_header outer = onehost_sent_ipv4(&test, 0, &(struct bytes) { 0 });

	ck_assert_msg(icmp.type == refusals[_i].type && icmp.code == refusals[_i].code, "%s",
		      refusals[_i].name);
	ck_assert_uint_eq(outer.source, US);
	ck_assert_uint_eq(outer.tos, 0xc0);
	ck_assert_uint_eq(icmp.rest, refusals[_i].code == 4 ? 576 : 0);
	onehost_clear(&test);
}
END_TEST

static void no_result(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	(void)round_trip_ns;
}

START_TEST(what_we_send_looks_like_linux)
{
	struct onehost test;
	struct bytes payload;
	struct udp_socket *socket;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	socket = udp_open(test.host, 5000, count_datagram, NULL);
	ck_assert(udp_send(socket, (struct endpoint) { ONEHOST_FAR, 53 }, bytes_of("hello")));
	struct ipv4_header header = onehost_sent_ipv4(&test, 0, &payload);

	ck_assert_uint_eq(header.ttl, 64);
	ck_assert_uint_eq(header.tos, 0);
	ck_assert_uint_eq(header.source, US);
	ck_assert_uint_eq(header.destination, ONEHOST_FAR);
	ck_assert(header.dont_fragment);
	ck_assert_uint_eq(header.header_bytes, 20);
	onehost_clear(&test);
}
END_TEST

/*
 * Although DF would allow 0 (RFC 6864). A client's socket counts for itself, as one that is connected does;
 * the others and pings share the counter of the host.
 */
START_TEST(identifications_rise_with_df_too)
{
	struct onehost test;
	struct bytes payload;
	struct endpoint to = { ONEHOST_FAR, 9 };
	uint16_t ids[6];

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	struct udp_socket *client = udp_open(test.host, 0, count_datagram, NULL);
	struct udp_socket *server = udp_open(test.host, 5000, count_datagram, NULL);

	for (unsigned i = 0; i < 2; i++) {
		udp_send(client, to, bytes_of("question"));
		udp_send(server, to, bytes_of("answer"));
		icmp_ping(test.host, ONEHOST_FAR, 8, NS_PER_S, no_result, NULL);
	}
	for (unsigned i = 0; i < 6; i++) {
		struct ipv4_header header = onehost_sent_ipv4(&test, i, &payload);

		ck_assert(header.dont_fragment);
		ids[i] = header.identification;
		ck_assert_uint_ne(ids[i], 0);
	}
	ck_assert_uint_eq(ids[3], ids[0] + 1);
	ck_assert_uint_eq(ids[2], ids[1] + 1);
	ck_assert_uint_eq(ids[4], ids[1] + 2);
	ck_assert_uint_eq(ids[5], ids[1] + 3);
	onehost_clear(&test);
}
END_TEST

START_TEST(identifications_differ_where_fragments_may_come)
{
	struct onehost test;
	struct bytes payload;
	uint16_t last = 0;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	for (unsigned i = 0; i < 4; i++) {
		struct packet *packet = node_new_packet(host_node(test.host), 8);

		memset(packet_data(packet), 0, 8);
		ipv4_send(test.host, packet,
			  &(struct ipv4_route_request) { .destination = PEER, .protocol = 200 });
		struct ipv4_header header = onehost_sent_ipv4(&test, i, &payload);

		if (i > 0)
			ck_assert_uint_eq(header.identification, (uint16_t)(last + 1));
		last = header.identification;
		ck_assert(!header.dont_fragment);
	}
	onehost_clear(&test);
}
END_TEST

START_TEST(without_a_route_nothing_is_sent)
{
	struct onehost test;
	struct udp_socket *socket;

	onehost_init(&test, NODE_HOST);
	host_remove_route(test.host, 0, 0);
	ck_assert_uint_eq(ipv4_source_for(test.host, ONEHOST_FAR), 0);
	socket = udp_open(test.host, 5000, count_datagram, NULL);
	ck_assert(!udp_send(socket, (struct endpoint) { ONEHOST_FAR, 53 }, bytes_of("hello")));
	struct packet *packet = node_new_packet(host_node(test.host), 8);

	memset(packet_data(packet), 0, 8);
	ipv4_send(test.host, packet,
		  &(struct ipv4_route_request) { .destination = ONEHOST_FAR, .protocol = 17 });
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_IPV4, IPV4_NO_ROUTE), 1);
	ck_assert_uint_eq(test.sent->len, 0);
	onehost_clear(&test);
}
END_TEST

START_TEST(broadcasts_go_out_as_broadcast_frames)
{
	static const uint32_t destinations[] = { IPV4_BROADCAST, 0xc000023f };
	static const uint8_t all_ones[] = { 255, 255, 255, 255, 255, 255 };
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	struct udp_socket *socket = udp_open(test.host, 5000, count_datagram, NULL);

	ck_assert(udp_send(socket, (struct endpoint) { destinations[_i], 53 }, bytes_of("x")));
	ck_assert_uint_eq(test.sent->len, 1);
	ck_assert_mem_eq(onehost_sent(&test, 0).data, all_ones, 6);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_host_reaches_itself_without_a_wire)
{
	static const uint32_t own[] = { US, 0x7f000001, 0x7f000005 };
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	struct udp_socket *socket = udp_open(test.host, 9, count_datagram, NULL);

	received = 0;
	ck_assert(ipv4_is_local(test.host, own[_i]));
	ck_assert(udp_send(socket, (struct endpoint) { own[_i], 9 }, bytes_of("self")));
	ck_assert_uint_eq(received, 0); /* never from inside the call */
	engine_run(test.world->engine, TIME_NEVER - 1);
	ck_assert_uint_eq(received, 1);
	ck_assert_uint_eq(test.sent->len, 0);
	ck_assert_uint_eq(onehost_count(&test, TRACE_ENCAPSULATE, LAYER_IPV4, IPV4_LOOPBACK), 1);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DECAPSULATE, LAYER_IPV4, IPV4_LOOPBACK), 1);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_smaller_path_mtu_is_learned_and_forgotten)
{
	struct wiretest test;

	wiretest_init(&test, &(struct wiretest_config) { .right_mtu_bytes = 576 });
	struct udp_socket *socket = udp_open(test.alice, 5000, count_datagram, NULL);
	uint8_t payload[1000] = { 0 };

	ck_assert_uint_eq(ipv4_path_mtu(test.alice, WIRETEST_BOB), 1500);
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 9 },
		 (struct bytes) { payload, sizeof payload });
	wiretest_run(&test);
	ck_assert_uint_eq(ipv4_path_mtu(test.alice, WIRETEST_BOB), 576);
	ck_assert_uint_eq(ipv4_path_mtu(test.alice, WIRETEST_LEFT), 1500);

	/* The next goes in fragments, without DF, and arrives: bob has no such port and says so. */
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 9 },
		 (struct bytes) { payload, sizeof payload });
	wiretest_run(&test);
	ck_assert_uint_eq(wiretest_count(&test, TRACE_DROP, LAYER_UDP, UDP_PORT_CLOSED), 1);

	wiretest_run_until(&test, engine_now(test.world->engine) + PATH_MTU_LIFETIME_NS);
	ck_assert_uint_eq(ipv4_path_mtu(test.alice, WIRETEST_BOB), 1500);
	wiretest_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipv4");
	TCase *tcase = tcase_create("ipv4");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, addresses_decide_what_becomes_of_a_datagram, 0,
			    G_N_ELEMENTS(addresses));
	tcase_add_loop_test(tcase, damaged_headers_are_dropped_and_named, 0, G_N_ELEMENTS(damages));
	tcase_add_test(tcase, a_unicast_datagram_in_a_broadcast_frame_is_dropped);
	tcase_add_loop_test(tcase, options_are_checked, 0, G_N_ELEMENTS(options));
	tcase_add_test(tcase, forwarding_lowers_the_ttl_and_keeps_the_rest);
	tcase_add_loop_test(tcase, a_router_tells_the_source_at_once_why_it_cannot_forward, 0,
			    G_N_ELEMENTS(refusals));
	tcase_add_test(tcase, what_we_send_looks_like_linux);
	tcase_add_test(tcase, identifications_rise_with_df_too);
	tcase_add_test(tcase, identifications_differ_where_fragments_may_come);
	tcase_add_test(tcase, without_a_route_nothing_is_sent);
	tcase_add_loop_test(tcase, broadcasts_go_out_as_broadcast_frames, 0, 2);
	tcase_add_loop_test(tcase, a_host_reaches_itself_without_a_wire, 0, 3);
	tcase_add_test(tcase, a_smaller_path_mtu_is_learned_and_forgotten);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
