/* The translator against the requirements of RFC 4787 (UDP), 5382 (TCP) and 5508 (ICMP). */
#include <check.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "stack/nat_rewrite.h"
#include "stack/wire/checksum.h"
#include "tests/router.h"

#define ALICE  ROUTER_ALICE
#define BOB    ROUTER_BOB
#define SERVER ROUTER_SERVER
#define OTHER  ROUTER_OTHER
#define PUBLIC ROUTER_OUTSIDE
#define UDP    IP_PROTOCOL_UDP
#define TCP    IP_PROTOCOL_TCP
#define ICMP   IP_PROTOCOL_ICMP

static struct router router;
static struct nat *nat;

static void setup(void)
{
	router_init(&router);
	nat = host_translate(router.host, router.outside);
}

static void teardown(void)
{
	router_clear(&router);
}

static void give(unsigned interface, uint8_t protocol, uint32_t source, uint16_t source_port,
		 uint32_t destination, uint16_t destination_port, uint8_t tcp_flags)
{
	router_give(&router, interface,
		    &(struct probe) {
			.protocol = protocol,
			.source = {source,       source_port     },
			.destination = { destination, destination_port},
			.tcp_flags = tcp_flags,
			.payload_bytes = 11,
        });
}

/* What came out by `interface`. */
static struct flow_ends took(unsigned interface)
{
	struct flow_packet seen;

	router_take(&router, interface, &seen);
	return seen.ends;
}

/* The outside port that a UDP packet from inside comes out with. */
static uint16_t port_of(uint8_t protocol, uint32_t source, uint16_t port, uint32_t destination)
{
	give(INSIDE, protocol, source, port, destination, 53, 0);
	struct flow_ends ends = took(OUTSIDE);

	ck_assert_uint_eq(ends.source.address, PUBLIC);
	ck_assert_uint_eq(ends.destination.address, destination);
	return ends.source.port;
}

/* A connection of alice's from port 4000 to port 25 of the server, its handshake done. */
static void open_connection(void)
{
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN);
	check_ends(took(OUTSIDE), PUBLIC, 4000, SERVER, 25);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), SERVER, 25, ALICE, 4000);
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_ACK);
	took(OUTSIDE);
}

/* RFC 4787 REQ-1, RFC 5382 REQ-1, RFC 5508 REQ-1a. */
static const uint8_t protocols[] = { UDP, TCP, ICMP };

START_TEST(the_mapping_does_not_depend_on_the_destination)
{
	uint8_t protocol = protocols[_i];
	uint16_t answer_port = protocol == ICMP ? 0 : 53;

	/* The port taken first makes the preserved one impossible for the second host. */
	for (int i = 0; i < 2; i++) {
		give(INSIDE, protocol, ALICE, 5000, i == 0 ? SERVER : OTHER, answer_port, TCP_SYN);
		ck_assert_uint_eq(took(OUTSIDE).source.port, 5000);
		give(INSIDE, protocol, BOB, 5000, i == 0 ? SERVER : OTHER, answer_port, TCP_SYN);
		ck_assert_uint_eq(took(OUTSIDE).source.port, 5002);
	}
	give(OUTSIDE, protocol, OTHER, answer_port, PUBLIC, 5002, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), OTHER, answer_port, BOB, 5000);
	ck_assert_uint_eq(router_count(&router, TRACE_TABLE, LAYER_NAT, NAT_MAPPING), 2);
}
END_TEST

/* RFC 4787 REQ-3: no two endpoints share a port; REQ-3a: ranges; REQ-4: parity. RFC 5382 REQ-7. */
static const struct {
	uint16_t port, second, third;
} ports[] = {
	{4000,   4002, 4004},
        { 4001,  4003, 4005},
        { 65534, 1024, 1026},
	{ 65535, 1025, 1027},
        { 1023,  1,    3   },
        { 1022,  2,    4   }, /* not 0 */
	{ 500,   502,  504 },
};

START_TEST(ports_are_kept_or_of_the_same_parity_and_range)
{
	ck_assert_uint_eq(port_of(UDP, ALICE, ports[_i].port, SERVER), ports[_i].port);
	ck_assert_uint_eq(port_of(UDP, BOB, ports[_i].port, SERVER), ports[_i].second);
	ck_assert_uint_eq(port_of(UDP, BOB + 1, ports[_i].port, SERVER), ports[_i].third);
	/* TCP has ports of its own. */
	give(INSIDE, TCP, BOB, ports[_i].port, SERVER, 25, TCP_SYN);
	ck_assert_uint_eq(took(OUTSIDE).source.port, ports[_i].port);
}
END_TEST

/* RFC 4787 REQ-5: at least 2 minutes, 5 by default; REQ-6: what goes out refreshes. */
START_TEST(a_udp_mapping_lasts_five_minutes_from_the_last_packet_out)
{
	port_of(UDP, ALICE, 4000, SERVER);
	router_wait(&router, 299);
	port_of(UDP, ALICE, 4000, SERVER);
	router_wait(&router, 299);
	give(OUTSIDE, UDP, SERVER, 53, PUBLIC, 4000, 0);
	check_ends(took(INSIDE), SERVER, 53, ALICE, 4000);
	router_wait(&router, 2);
	/* What came in did not: the mapping is gone, and the router has no such port. */
	give(OUTSIDE, UDP, SERVER, 53, PUBLIC, 4000, 0);
	took(OUTSIDE);
	ck_assert_uint_eq(router_count(&router, TRACE_ENCAPSULATE, LAYER_ICMP, ANY), 1);
	ck_assert_uint_eq(router_count(&router, TRACE_TABLE, LAYER_NAT, NAT_MAPPING), 2);
}
END_TEST

/* Filtering: address and port dependent (the choice that RFC 4787 REQ-8 leaves). */
START_TEST(only_who_was_written_to_gets_in)
{
	port_of(UDP, ALICE, 4000, SERVER);
	give(OUTSIDE, UDP, OTHER, 53, PUBLIC, 4000, 0);
	ck_assert(router_is_silent(&router));
	give(OUTSIDE, UDP, SERVER, 54, PUBLIC, 4000, 0);
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_FILTERED), 2);
	give(OUTSIDE, UDP, SERVER, 53, PUBLIC, 4000, 0);
	check_ends(took(INSIDE), SERVER, 53, ALICE, 4000);
}
END_TEST

/* RFC 4787 REQ-9 with 9a, RFC 5382 REQ-8: the source is the outside address and port. */
START_TEST(hosts_inside_meet_by_their_outside_addresses)
{
	uint8_t protocol = protocols[_i];

	give(INSIDE, protocol, ALICE, 4000, PUBLIC, 5000, TCP_SYN);
	took(INSIDE); /* there is nobody: the router itself answers */
	give(INSIDE, protocol, BOB, 5000, PUBLIC, 4000, TCP_SYN);
	/* Bob's mapping exists now, alice has none: as if from a stranger. */
	while (!router_is_silent(&router))
		;
	give(INSIDE, protocol, ALICE, 4000, SERVER, 9, TCP_SYN);
	took(OUTSIDE);
	give(INSIDE, protocol, BOB, 5000, PUBLIC, 4000, TCP_SYN);
	while (!router_is_silent(&router))
		;
	give(INSIDE, protocol, ALICE, 4000, PUBLIC, 5000, TCP_SYN);
	check_ends(took(INSIDE), PUBLIC, 4000, BOB, 5000);
	give(INSIDE, protocol, BOB, 5000, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), PUBLIC, 5000, ALICE, 4000);
}
END_TEST

START_TEST(hosts_inside_reach_a_forwarded_port_by_the_outside_address)
{
	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 2525 }));
	give(INSIDE, TCP, ALICE, 4000, PUBLIC, 25, TCP_SYN);
	check_ends(took(INSIDE), PUBLIC, 4000, BOB, 2525);
	give(INSIDE, TCP, BOB, 2525, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), PUBLIC, 25, ALICE, 4000);
}
END_TEST

START_TEST(a_forwarded_port_lets_everybody_in_and_out_again)
{
	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 2525 }));
	ck_assert(!nat_forward_port(nat, TCP, 25, (struct endpoint) { ALICE, 25 }));
	ck_assert(!nat_forward_port(nat, TCP, 26, (struct endpoint) { PUBLIC, 25 }));
	give(OUTSIDE, TCP, OTHER, 7000, PUBLIC, 25, TCP_SYN);
	check_ends(took(INSIDE), OTHER, 7000, BOB, 2525);
	give(INSIDE, TCP, BOB, 2525, OTHER, 7000, TCP_SYN | TCP_ACK);
	check_ends(took(OUTSIDE), PUBLIC, 25, OTHER, 7000);
	/* Nobody else may have the port, and what bob sends from it comes from it. */
	give(INSIDE, TCP, ALICE, 25, SERVER, 25, TCP_SYN);
	ck_assert_uint_eq(took(OUTSIDE).source.port, 27);
	give(INSIDE, TCP, BOB, 2525, SERVER, 25, TCP_SYN);
	ck_assert_uint_eq(took(OUTSIDE).source.port, 25);
}
END_TEST

/* RFC 4787 REQ-12, RFC 5382 REQ-10, RFC 5508 REQ-6: an ICMP error ends nothing. */
START_TEST(icmp_errors_from_outside_are_translated_and_end_nothing)
{
	uint8_t protocol = protocols[_i];
	uint16_t far = protocol == ICMP ? 0 : 25;
	struct probe quoted = {
		.protocol = protocol,
		.source = {PUBLIC,  4000},
		.destination = { SERVER, far },
		.tcp_flags = TCP_SYN,
		.payload_bytes = 20,
	};
	struct flow_packet seen;

	give(INSIDE, protocol, ALICE, 4000, SERVER, far, TCP_SYN);
	took(OUTSIDE);
	/* From a router on the way (RFC 4787 REQ-12a), the quotation whole, or of 8 bytes alone. */
	for (int i = 0; i < 2; i++) {
		router_give(&router, OUTSIDE,
			    &(struct probe) {
				.protocol = ICMP,
				.source = {OTHER,   0},
				.destination = { PUBLIC, 0},
				.quotes = &quoted,
				.icmp_type = ICMP_DESTINATION_UNREACHABLE,
				.icmp_code = ICMP_HOST_UNREACHABLE,
				.payload_bytes = i == 0 ? 0 : 28,
                });
		struct bytes datagram = router_take(&router, INSIDE, &seen);

		check_ends(seen.ends, OTHER, 0, ALICE, 0);
		check_ends(seen.quoted, ALICE, 4000, SERVER, far);
		ck_assert_uint_eq(datagram.data[20], ICMP_DESTINATION_UNREACHABLE);
		ck_assert_uint_eq(datagram.data[21], ICMP_HOST_UNREACHABLE);
		/* The quoted header is as alice sent it, but for the TTL; its checksum is right. */
		ck_assert(ipv4_checksum_is_right(bytes_from(datagram, 28)));
	}
	give(OUTSIDE, protocol, SERVER, far, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), SERVER, far, ALICE, 4000);
}
END_TEST

/* RFC 5508 REQ-4: nothing to do with any mapping; REQ-3: damaged. */
START_TEST(icmp_errors_that_fit_nothing_or_are_damaged_are_dropped)
{
	struct probe quoted = {
		.protocol = UDP,
		.source = {PUBLIC, 4000},
		.destination = { OTHER, 53  },
	};
	struct probe error = {
		.protocol = ICMP,
		.source = {OTHER,   0},
		.destination = { PUBLIC, 0},
		.quotes = &quoted,
		.icmp_type = ICMP_TIME_EXCEEDED,
	};
	uint8_t datagram[2000];

	port_of(UDP, ALICE, 4000, SERVER);
	router_give(&router, OUTSIDE, &error);
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_NO_MAPPING), 1);

	quoted.destination.address = SERVER;
	size_t length = probe_write(&error, datagram);

	datagram[length - 1] ^= 1; /* the ICMP checksum no longer fits */
	standalone_give_at(router.standalone, OUTSIDE, (struct bytes) { datagram, length });
	ck_assert(router_is_silent(&router));
	datagram[length - 1] ^= 1;
	datagram[36] ^= 1; /* the TTL quoted; then ICMP is right, and the quoted header is not */
	icmp_checksum_set(datagram + 20, length - 20);
	standalone_give_at(router.standalone, OUTSIDE, (struct bytes) { datagram, length });
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_BAD_CHECKSUM), 2);
}
END_TEST

/* RFC 5508 REQ-5: an error from inside quotes what came in. */
START_TEST(icmp_errors_from_inside_are_translated)
{
	struct probe quoted = {
		.protocol = UDP,
		.source = {SERVER, 53  },
		.destination = { ALICE, 4000},
		.payload_bytes = 3,
	};
	struct flow_packet seen;

	port_of(UDP, BOB, 4000, SERVER);
	ck_assert_uint_eq(port_of(UDP, ALICE, 4000, SERVER), 4002);
	router_give(&router, INSIDE,
		    &(struct probe) {
			.protocol = ICMP,
			.source = {ALICE,   0},
			.destination = { SERVER, 0},
			.quotes = &quoted,
			.icmp_type = ICMP_DESTINATION_UNREACHABLE,
			.icmp_code = ICMP_PORT_UNREACHABLE,
        });
	struct bytes datagram = router_take(&router, OUTSIDE, &seen);

	check_ends(seen.ends, PUBLIC, 0, SERVER, 0);
	check_ends(seen.quoted, SERVER, 53, PUBLIC, 4002);
	/* The quoted UDP checksum fits the outside address: byte for byte what the server sent. */
	uint8_t expected[2000];
	size_t length = probe_write(
	    &(struct probe) {
		.protocol = UDP,
		.source = {SERVER,  53  },
		.destination = { PUBLIC, 4002},
		.payload_bytes = 3
        },
	    expected);

	ck_assert_mem_eq(datagram.data + 28, expected, length);
}
END_TEST

/* RFC 5508 REQ-7: an error about a hairpinned packet goes back through both translations. */
START_TEST(icmp_errors_about_hairpinned_packets_find_their_way)
{
	struct probe quoted = {
		.protocol = UDP,
		.source = {PUBLIC, 4000},
		.destination = { BOB,   53  },
		.payload_bytes = 3,
	};
	struct flow_packet seen;

	ck_assert(nat_forward_port(nat, UDP, 53, (struct endpoint) { BOB, 53 }));
	give(INSIDE, UDP, ALICE, 4000, PUBLIC, 53, 0);
	check_ends(took(INSIDE), PUBLIC, 4000, BOB, 53);
	router_give(&router, INSIDE,
		    &(struct probe) {
			.protocol = ICMP,
			.source = {BOB,     0},
			.destination = { PUBLIC, 0},
			.quotes = &quoted,
			.icmp_type = ICMP_DESTINATION_UNREACHABLE,
			.icmp_code = ICMP_PORT_UNREACHABLE,
        });
	router_take(&router, INSIDE, &seen);
	check_ends(seen.ends, PUBLIC, 0, ALICE, 0);
	check_ends(seen.quoted, ALICE, 4000, PUBLIC, 53);
}
END_TEST

/* RFC 5508 REQ-2: not under 60 s. */
START_TEST(a_query_may_be_answered_for_a_minute)
{
	for (unsigned seconds = 59; seconds <= 61; seconds += 2) {
		give(INSIDE, ICMP, ALICE, 77, SERVER, 0, 0);
		ck_assert_uint_eq(took(OUTSIDE).source.port, 77);
		router_wait(&router, seconds);
		give(OUTSIDE, ICMP, SERVER, 0, PUBLIC, 77, 0);
		if (seconds == 59)
			check_ends(took(INSIDE), SERVER, 0, ALICE, 77);
		else
			ck_assert(router_is_silent(&router));
	}
}
END_TEST

/* RFC 5382 REQ-5: 2 hours 4 minutes when established, else 4 minutes. */
static const struct {
	const char *name;
	bool from_inside[3];
	uint8_t flags[3]; /* behind the handshake; 0: none */
	unsigned lasts_s;
} idle[] = {
	{"established",       { 0 },                 { 0 },                                    7440},
	{ "one side closed",  { true },              { TCP_FIN | TCP_ACK },                    7440},
	{ "both closed",      { true, false },       { TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK }, 240 },
	{ "reset inside",     { true },              { TCP_RST },                              240 },
	{ "reset outside",    { false },             { TCP_RST | TCP_ACK },                    240 },
	{ "and opened again", { true, false, true }, { TCP_RST, TCP_ACK, TCP_SYN },            240 },
};

START_TEST(an_idle_connection_lasts_as_long_as_its_state_says)
{
	for (unsigned late = 0; late < 2; late++) {
		open_connection();
		for (unsigned i = 0; i < 3 && idle[_i].flags[i] != 0; i++) {
			if (idle[_i].from_inside[i])
				give(INSIDE, TCP, ALICE, 4000, SERVER, 25, idle[_i].flags[i]);
			else
				give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, idle[_i].flags[i]);
			took(idle[_i].from_inside[i] ? OUTSIDE : INSIDE);
		}
		router_wait(&router, idle[_i].lasts_s - 1 + late);
		give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_ACK);
		/* Later the router itself resets what it does not know. */
		check_ends(took(late ? OUTSIDE : INSIDE), late ? PUBLIC : SERVER, late ? 4000 : 25,
			   late ? SERVER : ALICE, late ? 25 : 4000);
		if (!late)
			router_wait(&router, 7500);
	}
}
END_TEST

START_TEST(a_handshake_that_is_not_completed_lasts_four_minutes)
{
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN);
	took(OUTSIDE);
	router_wait(&router, 239);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(INSIDE), SERVER, 25, ALICE, 4000);
	router_wait(&router, 241);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_ACK);
	took(OUTSIDE); /* RST */
}
END_TEST

/* RFC 5382 REQ-2: simultaneous open. */
START_TEST(syns_that_cross_open_a_connection)
{
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN);
	took(OUTSIDE);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN);
	check_ends(took(INSIDE), SERVER, 25, ALICE, 4000);
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN | TCP_ACK);
	took(OUTSIDE);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN | TCP_ACK);
	took(INSIDE);
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_ACK);
	took(OUTSIDE);
	router_wait(&router, 7000);
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_ACK);
	check_ends(took(INSIDE), SERVER, 25, ALICE, 4000);
}
END_TEST

/* RFC 5382 REQ-4: no answer for 6 s, then port unreachable. */
START_TEST(a_syn_that_nobody_asked_for_is_answered_after_six_seconds)
{
	struct flow_packet seen;

	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN);
	router_wait(&router, 5);
	ck_assert(router_is_silent(&router));
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN); /* again: the first still waits */
	ck_assert(router_is_silent(&router));
	router_wait(&router, 1);
	struct bytes datagram = router_take(&router, OUTSIDE, &seen);

	check_ends(seen.quoted, SERVER, 25, PUBLIC, 4000);
	ck_assert_uint_eq(datagram.data[20], ICMP_DESTINATION_UNREACHABLE);
	ck_assert_uint_eq(datagram.data[21], ICMP_PORT_UNREACHABLE);
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_UNSOLICITED), 1);
	router_wait(&router, 10);
	ck_assert(router_is_silent(&router));
}
END_TEST

/* The same for a host inside that means another by its outside address. */
START_TEST(a_hairpinned_syn_that_nobody_asked_for_is_answered_too)
{
	struct flow_packet seen;

	give(INSIDE, TCP, BOB, 5000, SERVER, 25, TCP_SYN);
	took(OUTSIDE);
	give(INSIDE, TCP, ALICE, 4000, PUBLIC, 5000, TCP_SYN);
	ck_assert(router_is_silent(&router));
	router_wait(&router, 6);
	router_take(&router, INSIDE, &seen);
	check_ends(seen.ends, PUBLIC, 0, ALICE, 0);
	check_ends(seen.quoted, ALICE, 4000, PUBLIC, 5000);
}
END_TEST

START_TEST(a_syn_from_inside_takes_the_place_of_one_that_waits)
{
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN);
	router_wait(&router, 5);
	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN);
	took(OUTSIDE);
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_CROSSED), 1);
	router_wait(&router, 5);
	ck_assert(router_is_silent(&router)); /* dropped without a word */
	give(OUTSIDE, TCP, SERVER, 25, PUBLIC, 4000, TCP_SYN);
	check_ends(took(INSIDE), SERVER, 25, ALICE, 4000);
}
END_TEST

START_TEST(syns_that_wait_are_bounded)
{
	for (unsigned i = 0; i <= NAT_HELD_MAX; i++)
		give(OUTSIDE, TCP, SERVER, (uint16_t)(2000 + i), PUBLIC, 4000, TCP_SYN);
	ck_assert_uint_eq(router_count(&router, TRACE_WAIT, LAYER_NAT, NAT_HELD), NAT_HELD_MAX);
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_FILTERED), 1);
}
END_TEST

/* RFC 5508 REQ-8: the sender of what finds no room is told: administratively prohibited. */
START_TEST(mappings_are_bounded)
{
	struct flow_packet seen;
	unsigned left = 0;

	for (unsigned i = 0; i < NAT_MAPPINGS_MAX; i++) {
		give(INSIDE, UDP, ALICE + i % 100, (uint16_t)(1024 + i), SERVER, 53, 0);
		took(OUTSIDE);
	}
	give(INSIDE, UDP, ALICE, 60001, SERVER, 53, 0);
	struct bytes datagram = router_take(&router, INSIDE, &seen);

	ck_assert_uint_eq(datagram.data[21], ICMP_ADMINISTRATIVELY_PROHIBITED);
	check_ends(seen.quoted, ALICE, 60001, SERVER, 53);
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_FULL), 1);
	/* Another destination of a mapping that exists needs none. */
	give(INSIDE, UDP, ALICE, 1024, OTHER, 53, 0);
	took(OUTSIDE);
	router_wait(&router, 300);
	give(INSIDE, UDP, ALICE, 60001, SERVER, 53, 0);
	took(OUTSIDE);
	for (unsigned i = 0; i < router.recorder.records->len; i++) {
		const struct trace_record *record =
		    &g_array_index(router.recorder.records, struct trace_record, i);

		if (record->kind != TRACE_TABLE || record->layer != LAYER_NAT)
			continue;
		left += record->after != 0;
		left -= record->after == 0;
	}
	ck_assert_uint_eq(left, 1);
}
END_TEST

/* RFC 4787 REQ-14: fragments in order and out of order. */
START_TEST(fragments_are_translated_in_any_order)
{
	uint8_t whole[2000], piece[2000];
	struct flow_packet seen;
	size_t length = probe_write(
	    &(struct probe) {
		.protocol = UDP,
		.source = {ALICE,   4000},
		.destination = { SERVER, 53  },
		.payload_bytes = 1200
        },
	    whole);

	for (int i = 0; i < 2; i++) {
		bool is_first = (i == 0) == (_i == 0);
		size_t from = is_first ? 0 : 800, to = is_first ? 800 : length - 20;
		struct ipv4_header header = {
			.total_length_bytes = (uint16_t)(20 + to - from),
			.identification = 9,
			.more_fragments = is_first,
			.fragment_offset_bytes = (uint16_t)from,
			.ttl = 64,
			.protocol = UDP,
			.source = ALICE,
			.destination = SERVER,
		};

		ipv4_header_emit(&header, piece);
		ipv4_checksum_set(piece);
		memcpy(piece + 20, whole + 20 + from, to - from);
		standalone_give_at(router.standalone, INSIDE,
				   (struct bytes) { piece, 20 + to - from });
	}
	struct bytes datagram = router_take(&router, OUTSIDE, &seen);

	check_ends(seen.ends, PUBLIC, 4000, SERVER, 53);
	ck_assert_uint_eq(datagram.length, length);
	ck_assert(router_is_silent(&router));
}
END_TEST

START_TEST(a_udp_datagram_without_checksum_keeps_none)
{
	struct flow_packet seen;

	router_give(&router, INSIDE,
		    &(struct probe) {
			.protocol = UDP,
			.source = {ALICE,   4000},
			.destination = { SERVER, 53  },
			.has_no_checksum = true,
        });
	struct bytes datagram = router_take(&router, OUTSIDE, &seen);

	check_ends(seen.ends, PUBLIC, 4000, SERVER, 53);
	ck_assert_uint_eq(get_be16(datagram.data + 26), 0);
}
END_TEST

static bool udp_is_right(const uint8_t *datagram, size_t length)
{
	struct ipv4_header header;
	struct bytes payload;

	ck_assert_int_eq(ipv4_header_parse((struct bytes) { datagram, length }, &header, &payload),
			 PARSE_OK);
	return checksum_finish(checksum_add(
		   checksum_pseudo(header.source, header.destination, UDP, payload.length),
		   payload)) == 0;
}

/* RFC 768: 0 means none; RFC 1624: of all ports one brings the sum there. */
START_TEST(a_udp_checksum_never_becomes_none)
{
	uint8_t datagram[2000];
	unsigned all_ones = 0;
	size_t length = probe_write(
	    &(struct probe) {
		.protocol = UDP,
		.source = {ALICE,   4000},
		.destination = { SERVER, 53  },
		.payload_bytes = 13
        },
	    datagram);

	for (unsigned port = 1; port < 65536; port++) {
		nat_rewrite(datagram, length, NAT_END_SOURCE,
			    (struct endpoint) { PUBLIC, (uint16_t)port });
		ck_assert_uint_ne(get_be16(datagram + 26), 0);
		ck_assert(udp_is_right(datagram, length));
		all_ones += get_be16(datagram + 26) == 0xffff;
	}
	ck_assert_uint_eq(all_ones, 1);
	ck_assert(ipv4_checksum_is_right((struct bytes) { datagram, length }));
}
END_TEST

/* RFC 1624 section 3: only a message that is all zeros has the sum 0, which cannot be updated to. */
START_TEST(an_icmp_message_that_becomes_all_zeros_keeps_its_checksum_right)
{
	uint8_t datagram[2000];
	size_t length = probe_write(
	    &(struct probe) {
		.protocol = ICMP, .source = {SERVER,  0},
                     .destination = { PUBLIC, 5}
        },
	    datagram);

	datagram[27] = 0; /* the sequence number */
	icmp_checksum_set(datagram + 20, length - 20);
	nat_rewrite(datagram, length, NAT_END_DESTINATION, (struct endpoint) { ALICE, 0 });
	ck_assert(icmp_checksum_is_right((struct bytes) { datagram + 20, length - 20 }));
	nat_rewrite(datagram, length, NAT_END_DESTINATION, (struct endpoint) { PUBLIC, 5 });
	ck_assert(icmp_checksum_is_right((struct bytes) { datagram + 20, length - 20 }));
}
END_TEST

/* RFC 4787 REQ-13 with 5508: an error of the router's own quotes what the sender sent. */
START_TEST(the_routers_own_errors_quote_what_the_sender_sent)
{
	struct flow_packet seen;

	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 2525 }));
	router_give(&router, OUTSIDE,
		    &(struct probe) {
			.source = {OTHER,   7000},
			.destination = { PUBLIC, 25  },
			.tcp_flags = TCP_SYN,
			.ttl = 1,
        });
	struct bytes datagram = router_take(&router, OUTSIDE, &seen);

	ck_assert_uint_eq(datagram.data[20], ICMP_TIME_EXCEEDED);
	check_ends(seen.quoted, OTHER, 7000, PUBLIC, 25);
}
END_TEST

START_TEST(what_cannot_be_translated_stays_inside)
{
	router_give(&router, INSIDE,
		    &(struct probe) {
			.protocol = 47, /* GRE */
			.source = {ALICE,   0},
			.destination = { SERVER, 0},
        });
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_UNTRANSLATABLE), 1);
}
END_TEST

START_TEST(who_sends_to_an_inside_address_from_outside_gets_nowhere)
{
	give(OUTSIDE, TCP, SERVER, 25, ALICE, 4000, TCP_SYN);
	give(OUTSIDE, UDP, SERVER, 25, ALICE, 4000, 0);
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_NAT, NAT_NO_MAPPING), 2);
}
END_TEST

START_TEST(public_addresses_and_the_routers_own_are_left_alone)
{
	give(INSIDE, UDP, UINT32_C(0xc0000205), 4000, SERVER, 53, 0);
	check_ends(took(OUTSIDE), UINT32_C(0xc0000205), 4000, SERVER, 53);
	give(OUTSIDE, ICMP, SERVER, 7, PUBLIC, 0, 0); /* a ping of the router itself */
	check_ends(took(OUTSIDE), PUBLIC, 0, SERVER, 7);
	ck_assert_uint_eq(router_count(&router, TRACE_FORWARD, LAYER_NAT, ANY), 0);
}
END_TEST

START_TEST(an_answer_leaves_by_the_port_that_the_question_came_in_by)
{
	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 25 }));
	ck_assert(nat_forward_port(nat, TCP, 2525, (struct endpoint) { BOB, 25 }));
	give(OUTSIDE, TCP, SERVER, 4000, PUBLIC, 2525, TCP_SYN);
	check_ends(took(INSIDE), SERVER, 4000, BOB, 25);
	give(INSIDE, TCP, BOB, 25, SERVER, 4000, TCP_SYN | TCP_ACK);
	check_ends(took(OUTSIDE), PUBLIC, 2525, SERVER, 4000);

	/* The same two endpoints by the other port would be the same flow inside: that is refused. */
	give(OUTSIDE, TCP, SERVER, 4000, PUBLIC, 25, TCP_ACK);
	ck_assert(router_is_silent(&router));
}
END_TEST

START_TEST(a_reset_does_not_come_in_by_a_forwarded_port)
{
	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 25 }));
	give(OUTSIDE, TCP, SERVER, 2000, PUBLIC, 25, TCP_RST);
	ck_assert(router_is_silent(&router));
}
END_TEST

START_TEST(attempts_from_outside_that_nobody_answers_keep_nobody_in)
{
	ck_assert(nat_forward_port(nat, TCP, 25, (struct endpoint) { BOB, 25 }));
	ck_assert(filter_add(host_filter(router.host), &(struct filter_rule) {
							   .verdict = FILTER_DENY,
							   .interface = router.outside,
							   .directions = FILTER_IN,
							   .to_ns = INT64_MAX,
						       }));
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		give(OUTSIDE, TCP, SERVER, (uint16_t)(1024 + i), PUBLIC, 25, TCP_SYN);
	ck_assert(router_is_silent(&router));
	give(INSIDE, UDP, ALICE, 4000, SERVER, 53, 0);
	check_ends(took(OUTSIDE), PUBLIC, 4000, SERVER, 53);
}
END_TEST

static void was_pinged(void *owner, int64_t round_trip_ns)
{
	*(int64_t *)owner = round_trip_ns;
}

START_TEST(the_identifier_of_the_routers_own_pings_is_not_given_away)
{
	int64_t result_ns = -2;

	icmp_ping(router.host, SERVER, 8, 5 * NS_PER_S, was_pinged, &result_ns);
	uint16_t identifier = took(OUTSIDE).source.port;

	give(INSIDE, ICMP, ALICE, identifier, SERVER, 0, 0);
	ck_assert_uint_ne(took(OUTSIDE).source.port, identifier);
	give(OUTSIDE, ICMP, SERVER, 0, PUBLIC, identifier, 0);
	ck_assert(router_is_silent(&router)); /* it is the router's, not for the inside */
	router_wait(&router, 6);
}
END_TEST

static void nobody_comes(void *owner, struct stream *stream)
{
	(void)owner;
	stream_abort(stream);
}

START_TEST(the_ports_of_the_routers_own_programs_are_not_given_away)
{
	struct tcp_listener *listener = tcp_listen(router.host, 4000, nobody_comes, NULL);
	struct udp_socket *socket = udp_open(router.host, 5000, NULL, NULL);

	give(INSIDE, TCP, ALICE, 4000, SERVER, 25, TCP_SYN);
	ck_assert_uint_eq(took(OUTSIDE).source.port, 4002);
	ck_assert_uint_eq(port_of(UDP, ALICE, 5000, SERVER), 5002);
	/* Each protocol has its own. */
	ck_assert_uint_eq(port_of(UDP, ALICE, 4000, SERVER), 4000);
	/* They come to the router as before. */
	give(OUTSIDE, TCP, OTHER, 25, PUBLIC, 4000, TCP_SYN);
	check_ends(took(OUTSIDE), PUBLIC, 4000, OTHER, 25);
	udp_close(socket);
	tcp_listener_close(listener);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nat");
	TCase *tcase = tcase_create("nat");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_ports_of_the_routers_own_programs_are_not_given_away);
	tcase_add_loop_test(tcase, the_mapping_does_not_depend_on_the_destination, 0,
			    G_N_ELEMENTS(protocols));
	tcase_add_loop_test(tcase, ports_are_kept_or_of_the_same_parity_and_range, 0,
			    G_N_ELEMENTS(ports));
	tcase_add_test(tcase, a_udp_mapping_lasts_five_minutes_from_the_last_packet_out);
	tcase_add_test(tcase, only_who_was_written_to_gets_in);
	tcase_add_loop_test(tcase, hosts_inside_meet_by_their_outside_addresses, 0, 2);
	tcase_add_test(tcase, hosts_inside_reach_a_forwarded_port_by_the_outside_address);
	tcase_add_test(tcase, a_forwarded_port_lets_everybody_in_and_out_again);
	tcase_add_loop_test(tcase, icmp_errors_from_outside_are_translated_and_end_nothing, 0,
			    G_N_ELEMENTS(protocols));
	tcase_add_test(tcase, icmp_errors_that_fit_nothing_or_are_damaged_are_dropped);
	tcase_add_test(tcase, icmp_errors_from_inside_are_translated);
	tcase_add_test(tcase, icmp_errors_about_hairpinned_packets_find_their_way);
	tcase_add_test(tcase, a_query_may_be_answered_for_a_minute);
	tcase_add_loop_test(tcase, an_idle_connection_lasts_as_long_as_its_state_says, 0,
			    G_N_ELEMENTS(idle));
	tcase_add_test(tcase, a_handshake_that_is_not_completed_lasts_four_minutes);
	tcase_add_test(tcase, syns_that_cross_open_a_connection);
	tcase_add_test(tcase, a_syn_that_nobody_asked_for_is_answered_after_six_seconds);
	tcase_add_test(tcase, a_hairpinned_syn_that_nobody_asked_for_is_answered_too);
	tcase_add_test(tcase, a_syn_from_inside_takes_the_place_of_one_that_waits);
	tcase_add_test(tcase, syns_that_wait_are_bounded);
	tcase_add_test(tcase, mappings_are_bounded);
	tcase_add_test(tcase, an_answer_leaves_by_the_port_that_the_question_came_in_by);
	tcase_add_test(tcase, a_reset_does_not_come_in_by_a_forwarded_port);
	tcase_add_test(tcase, attempts_from_outside_that_nobody_answers_keep_nobody_in);
	tcase_add_test(tcase, the_identifier_of_the_routers_own_pings_is_not_given_away);
	tcase_add_loop_test(tcase, fragments_are_translated_in_any_order, 0, 2);
	tcase_add_test(tcase, a_udp_datagram_without_checksum_keeps_none);
	tcase_add_test(tcase, a_udp_checksum_never_becomes_none);
	tcase_add_test(tcase, an_icmp_message_that_becomes_all_zeros_keeps_its_checksum_right);
	tcase_add_test(tcase, the_routers_own_errors_quote_what_the_sender_sent);
	tcase_add_test(tcase, what_cannot_be_translated_stays_inside);
	tcase_add_test(tcase, who_sends_to_an_inside_address_from_outside_gets_nowhere);
	tcase_add_test(tcase, public_addresses_and_the_routers_own_are_left_alone);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
