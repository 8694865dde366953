/* ICMP: echo, errors and when not to send them (RFC 792, RFC 1122 section 3.2.2). */
#include <check.h>
#include <stdlib.h>
#include "stack/arp.h"
#include "stack/icmp.h"
#include "stack/socket.h"
#include "tests/onehost.h"
#include "tests/wiretest.h"

struct outcome {
	unsigned count;
	int64_t round_trip_ns;
};

static void note(void *owner, int64_t round_trip_ns)
{
	struct outcome *outcome = owner;

	outcome->count++;
	outcome->round_trip_ns = round_trip_ns;
}

START_TEST(a_reply_comes_back_through_the_router)
{
	struct wiretest test;
	struct outcome outcome = { 0 };

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB, 56, NS_PER_S, note, &outcome);
	ck_assert_uint_eq(outcome.count, 0);
	wiretest_run(&test);
	ck_assert_uint_eq(outcome.count, 1);
	ck_assert_int_gt(outcome.round_trip_ns, 0);

	/* Request and reply are forwarded once each, TTL 64 to 63. */
	ck_assert_uint_eq(wiretest_count(&test, TRACE_FORWARD, LAYER_IPV4, IPV4_FORWARDED), 2);
	const struct trace_record *forwarded =
	    wiretest_record(&test, TRACE_FORWARD, LAYER_IPV4, IPV4_FORWARDED, 0);

	ck_assert_uint_eq(forwarded->before, 64);
	ck_assert_uint_eq(forwarded->after, 63);
	wiretest_clear(&test);
}
END_TEST

/* Fact 2 of the captures: the router asks three times a second apart, then tells the source. */
START_TEST(an_unreachable_host_is_reported_by_its_router_after_three_seconds)
{
	struct wiretest test;
	struct outcome outcome = { 0 };

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB + 1, 56, 10 * NS_PER_S, note, &outcome);
	wiretest_run_until(&test, 3 * NS_PER_S);
	ck_assert_uint_eq(outcome.count, 0);
	wiretest_run_until(&test, 3 * NS_PER_S + NS_PER_MS);
	ck_assert_int_eq(outcome.round_trip_ns, PING_FAILED);
	ck_assert_uint_eq(
	    recorder_count(&test.recorder, (struct wanted) { TRACE_ENCAPSULATE, LAYER_ARP, ARP_ASKS,
							     host_node(test.gw) }),
	    3);
	wiretest_clear(&test);
}
END_TEST

/* As Linux: the neighbour is forgotten with the carrier, so it is asked for again, in vain. */
START_TEST(behind_a_cut_cable_a_host_is_unreachable)
{
	struct wiretest test;
	struct outcome first = { 0 }, second = { 0 }, third = { 0 };
	struct arp_row row;

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB, 56, 10 * NS_PER_S, note, &first);
	wiretest_run(&test);
	ck_assert_int_gt(first.round_trip_ns, 0);
	link_cut(test.right_cable);
	ck_assert(!arp_find(host_arp(test.gw), host_interface(test.gw, 2), WIRETEST_BOB, &row));
	ck_assert(arp_find(host_arp(test.gw), host_interface(test.gw, 1), WIRETEST_ALICE, &row));

	int64_t cut_ns = engine_now(test.world->engine);

	icmp_ping(test.alice, WIRETEST_BOB, 56, 10 * NS_PER_S, note, &second);
	wiretest_run(&test);
	ck_assert_int_eq(second.round_trip_ns, PING_FAILED);
	ck_assert_int_lt(engine_now(test.world->engine) - cut_ns, 4 * NS_PER_S);

	link_mend(test.right_cable);
	icmp_ping(test.alice, WIRETEST_BOB, 56, 10 * NS_PER_S, note, &third);
	wiretest_run(&test);
	ck_assert_int_gt(third.round_trip_ns, 0);
	wiretest_clear(&test);
}
END_TEST

START_TEST(silence_times_out)
{
	struct wiretest test;
	struct outcome outcome = { 0 };

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB, 56, NS_PER_S, note, &outcome);
	wiretest_run(&test);
	link_cut(test.bob_cable);
	icmp_ping(test.alice, WIRETEST_BOB, 56, NS_PER_S, note, &outcome);
	wiretest_run(&test);
	ck_assert_uint_eq(outcome.count, 2);
	ck_assert_int_eq(outcome.round_trip_ns, PING_TIMED_OUT);
	wiretest_clear(&test);
}
END_TEST

START_TEST(without_a_route_a_ping_fails_but_not_before_the_call_returned)
{
	struct onehost test;
	struct outcome outcome = { 0 };

	onehost_init(&test, NODE_HOST);
	host_remove_route(test.host, 0, 0);
	icmp_ping(test.host, ONEHOST_FAR, 56, NS_PER_S, note, &outcome);
	ck_assert_uint_eq(outcome.count, 0);
	engine_run(test.world->engine, TIME_NEVER - 1);
	ck_assert_int_eq(outcome.round_trip_ns, PING_FAILED);
	ck_assert_int_eq(engine_now(test.world->engine), 0);
	onehost_clear(&test);
}
END_TEST

static void note_duplicate(void *owner, int64_t round_trip_ns)
{
	*(int64_t *)owner = round_trip_ns;
}

static void ignore_done(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	(void)round_trip_ns;
}

static void reply_to(struct onehost *test, struct icmp_header request)
{
	uint8_t reply[ICMP_HEADER_BYTES];

	request.type = ICMP_ECHO_REPLY;
	icmp_header_emit(&request, reply);
	icmp_checksum_set(reply, sizeof reply);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = IP_PROTOCOL_ICMP,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { reply, sizeof reply });
}

/* As with ping(8), which says DUP!; what comes when it is over is nobody's. */
START_TEST(a_second_reply_is_told_while_the_run_waits)
{
	struct onehost test;
	int64_t heard_ns = -1;
	struct bytes payload;
	struct ping_run run = {
		.destination = ONEHOST_PEER,
		.timeout_ns = 10 * NS_PER_S,
		.done = ignore_done,
		.duplicate = note_duplicate,
		.owner = &heard_ns,
	};

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	ping_run_send(test.host, &run);
	struct icmp_header request = onehost_sent_icmp(&test, 0, &payload);

	reply_to(&test, request);
	ck_assert_int_eq(heard_ns, -1);
	ck_assert_int_eq(engine_run(test.world->engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_lt(engine_now(test.world->engine), NS_PER_S); /* no world waits for it */
	onehost_run_until(&test, 10 * NS_PER_S - 1);
	reply_to(&test, request);
	ck_assert_int_eq(heard_ns, 10 * NS_PER_S - 1);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ICMP, ICMP_NOT_AWAITED), 0);
	onehost_run_until(&test, 10 * NS_PER_S);
	reply_to(&test, request);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ICMP, ICMP_NOT_AWAITED), 1);
	onehost_clear(&test);
}
END_TEST

START_TEST(pings_of_a_run_count_up_under_one_identifier)
{
	struct onehost test;
	struct outcome outcome = { 0 };
	struct bytes payload;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	struct ping_run run = {
		.destination = ONEHOST_PEER,
		.payload_bytes = 56,
		.timeout_ns = NS_PER_S,
		.done = note,
		.owner = &outcome,
	};

	ping_run_send(test.host, &run);
	icmp_ping(test.host, ONEHOST_PEER, 56, NS_PER_S, note, &outcome);
	ping_run_send(test.host, &run);
	struct icmp_header first = onehost_sent_icmp(&test, 0, &payload);
	struct icmp_header another = onehost_sent_icmp(&test, 1, &payload);
	struct icmp_header second = onehost_sent_icmp(&test, 2, &payload);

	/* Another run has an identifier of its own, and begins with 1 too. */
	ck_assert_uint_ne(icmp_echo_identifier(&another), icmp_echo_identifier(&first));
	ck_assert_uint_eq(icmp_echo_sequence(&another), 1);

	ck_assert_uint_eq(icmp_echo_identifier(&first), icmp_echo_identifier(&second));
	ck_assert_uint_eq(icmp_echo_sequence(&first), 1);
	ck_assert_uint_eq(icmp_echo_sequence(&second), 2);
	/* ping(8): 16 bytes of time, then bytes that count up. */
	ck_assert_uint_eq(payload.length, 56);
	for (unsigned i = 16; i < 56; i++)
		ck_assert_uint_eq(payload.data[i], i);
	onehost_clear(&test);
}
END_TEST

/* Gives eth0 an ICMP message to `destination`. */
static void give_icmp(struct onehost *test, uint32_t destination, uint8_t type, uint8_t code,
		      struct bytes rest)
{
	uint8_t message[1500] = { type, code };

	memcpy(message + 4, rest.data, rest.length);
	icmp_checksum_set(message, 4 + rest.length);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .tos = 0x10,
			      .ttl = 64,
			      .protocol = 1,
			      .source = ONEHOST_PEER,
			      .destination = destination,
			  },
			  (struct bytes) { message, 4 + rest.length });
}

/* Identifier 0x0102, sequence 3, payload "abc": the reply differs in its type and checksum only. */
static const uint8_t echo_rest[] = { 1, 2, 0, 3, 'a', 'b', 'c' };

START_TEST(an_echo_request_comes_back_with_everything_it_brought)
{
	/* Checksum by hand: ~(0x0000 + 0x0102 + 0x0003 + 0x6162 + 0x6300) = ~0xc567 = 0x3a98. */
	static const uint8_t expected[] = { 0, 0, 0x3a, 0x98, 1, 2, 0, 3, 'a', 'b', 'c' };
	struct onehost test;
	struct bytes message;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	give_icmp(&test, ONEHOST_US, ICMP_ECHO_REQUEST, 0,
		  (struct bytes) { echo_rest, sizeof echo_rest });
	struct ipv4_header header = onehost_sent_ipv4(&test, 0, &message);

	ck_assert_uint_eq(header.source, ONEHOST_US);
	ck_assert_uint_eq(header.destination, ONEHOST_PEER);
	ck_assert_uint_eq(header.tos, 0x10);
	ck_assert_uint_eq(header.ttl, 64);
	ck_assert(!header.dont_fragment);
	ck_assert_uint_eq(message.length, sizeof expected);
	ck_assert_mem_eq(message.data, expected, sizeof expected);
	onehost_clear(&test);
}
END_TEST

static const struct {
	const char *name;
	uint32_t destination;
	uint8_t type, code;
	enum icmp_detail drop;
} unanswered[] = {
	{"echo to a broadcast address",        0xc000023f, 8,  0, ICMP_BROADCAST_ECHO},
	{ "echo reply nobody asked for",       ONEHOST_US, 0,  0, ICMP_NOT_AWAITED   },
	{ "redirect about nothing of ours",    ONEHOST_US, 5,  0, ICMP_MALFORMED     },
	{ "timestamp",			 ONEHOST_US, 13, 0, ICMP_UNKNOWN_TYPE  },
	{ "error that quotes nothing of ours", ONEHOST_US, 3,  1, ICMP_MALFORMED     },
};

START_TEST(some_messages_get_no_answer)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	give_icmp(&test, unanswered[_i].destination, unanswered[_i].type, unanswered[_i].code,
		  (struct bytes) { echo_rest, sizeof echo_rest });
	ck_assert_uint_eq(test.sent->len, 0);
	ck_assert_msg(onehost_count(&test, TRACE_DROP, LAYER_ICMP, (int)unanswered[_i].drop) == 1,
		      "%s", unanswered[_i].name);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_wrong_checksum_is_not_answered)
{
	static const uint8_t message[] = { 8, 0, 0x12, 0x34, 0, 1, 0, 1 };
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 1,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { message, sizeof message });
	ck_assert_uint_eq(test.sent->len, 0);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ICMP, ICMP_BAD_CHECKSUM), 1);
	onehost_clear(&test);
}
END_TEST

/* A datagram that would get port unreachable, were it not for one thing. */
static const struct {
	const char *name;
	uint32_t destination;
	uint8_t protocol;
	unsigned errors;
} originals[] = {
	{"UDP to a closed port",              ONEHOST_US,     17,  1},
	{ "to the broadcast address",         0xc000023f,     17,  0},
	{ "to the limited broadcast address", IPV4_BROADCAST, 17,  0},
	{ "an unknown protocol",              ONEHOST_US,     200, 1},
	{ "an unknown protocol, broadcast",   0xc000023f,     200, 0},
};

START_TEST(errors_are_sent_about_single_hosts_only)
{
	struct onehost test;
	uint8_t payload[12] = { 0, 9, 0, 9, 0, 12 };

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = originals[_i].protocol,
			      .source = ONEHOST_PEER,
			      .destination = originals[_i].destination,
			  },
			  (struct bytes) { payload, sizeof payload });
	ck_assert_msg(test.sent->len == originals[_i].errors, "%s", originals[_i].name);
	onehost_clear(&test);
}
END_TEST

/* What a router must not answer with an error when it cannot forward it. */
static const struct {
	const char *name;
	uint8_t protocol, icmp_type;
	uint16_t offset_bytes;
	unsigned errors;
} passing[] = {
	{"an echo request",      1,  8,  0, 1},
        { "an echo reply",       1,  0,  0, 1},
	{ "an unreachable",      1,  3,  0, 0},
        { "a time exceeded",     1,  11, 0, 0},
	{ "a parameter problem", 1,  12, 0, 0},
        { "a source quench",     1,  4,  0, 0},
	{ "a redirect",          1,  5,  0, 0},
        { "a later fragment",    17, 0,  8, 0},
};

START_TEST(no_errors_about_errors_or_later_fragments)
{
	struct onehost test;
	uint8_t payload[16] = { passing[_i].icmp_type };

	onehost_init(&test, NODE_ROUTER);
	onehost_resolve_peer(&test);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 1,
			      .protocol = passing[_i].protocol,
			      .fragment_offset_bytes = passing[_i].offset_bytes,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_OTHER,
			  },
			  (struct bytes) { payload, sizeof payload });
	ck_assert_msg(test.sent->len == passing[_i].errors, "%s", passing[_i].name);
	onehost_clear(&test);
}
END_TEST

static void give_to_closed_port(struct onehost *test, size_t payload_bytes)
{
	uint8_t payload[1480] = { 0, 9, 0, 9 };

	put_be16(payload + 4, (uint16_t)payload_bytes);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 17,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { payload, payload_bytes });
}

START_TEST(an_error_quotes_up_to_576_bytes_in_all)
{
	/* Loop test over the length of the UDP datagram. */
	static const size_t lengths[] = { 8, 100, 528, 529, 1480 };
	struct onehost test;
	struct bytes message, quoted;
	size_t original = IPV4_HEADER_BYTES + lengths[_i];

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	give_to_closed_port(&test, lengths[_i]);
	struct ipv4_header outer = onehost_sent_ipv4(&test, 0, &message);
	struct icmp_header icmp = onehost_sent_icmp(&test, 0, &quoted);

	ck_assert_uint_eq(icmp.type, 3);
	ck_assert_uint_eq(icmp.code, 3);
	ck_assert_uint_eq(outer.total_length_bytes, MIN(28 + original, 576));
	/* The quotation starts with the header as it arrived. */
	ck_assert_uint_eq(quoted.data[0], 0x45);
	ck_assert_uint_eq(get_be16(quoted.data + 2), original);
	ck_assert_uint_eq(quoted.data[8], 64);
	onehost_clear(&test);
}
END_TEST

START_TEST(errors_are_limited_to_50_at_once_and_1000_a_second)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	for (unsigned i = 0; i < 60; i++)
		give_to_closed_port(&test, 8);
	ck_assert_uint_eq(test.sent->len, 50);
	onehost_run_until(&test, 10 * NS_PER_MS);
	for (unsigned i = 0; i < 60; i++)
		give_to_closed_port(&test, 8);
	ck_assert_uint_eq(test.sent->len, 60);
	onehost_run_until(&test, NS_PER_S);
	for (unsigned i = 0; i < 60; i++)
		give_to_closed_port(&test, 8);
	ck_assert_uint_eq(test.sent->len, 110);
	onehost_clear(&test);
}
END_TEST

struct error {
	unsigned count;
	struct endpoint to;
	uint8_t type, code;
};

static struct error last_error;

static void note_error(void *owner, struct endpoint to, uint8_t type, uint8_t code)
{
	(void)owner;
	last_error = (struct error) { last_error.count + 1, to, type, code };
}

static void ignore(void *owner, struct endpoint from, struct bytes payload)
{
	(void)owner;
	(void)from;
	(void)payload;
}

START_TEST(an_error_reaches_the_socket_that_sent)
{
	struct wiretest test;

	last_error = (struct error) { 0 };
	wiretest_init(&test, NULL);
	struct udp_socket *socket = udp_open(test.alice, 0, ignore, NULL);

	udp_on_error(socket, note_error);
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 99 }, bytes_of("hello"));
	wiretest_run(&test);
	ck_assert_uint_eq(last_error.count, 1);
	ck_assert_uint_eq(last_error.to.address, WIRETEST_BOB);
	ck_assert_uint_eq(last_error.to.port, 99);
	ck_assert_uint_eq(last_error.type, 3);
	ck_assert_uint_eq(last_error.code, 3);
	wiretest_clear(&test);
}
END_TEST

/* Errors that quote any part of a datagram, also far too little. Loop test: _i bytes of it. */
START_TEST(short_quotations_do_no_harm)
{
	struct onehost test;
	uint8_t rest[4 + 28] = { 0 };
	struct ipv4_header quoted = {
		.total_length_bytes = 1000,
		.ttl = 60,
		.protocol = 17,
		.source = ONEHOST_US,
		.destination = ONEHOST_FAR,
	};

	last_error = (struct error) { 0 };
	onehost_init(&test, NODE_HOST);
	struct udp_socket *socket = udp_open(test.host, 0x1234, ignore, NULL);

	udp_on_error(socket, note_error);
	ipv4_header_emit(&quoted, rest + 4);
	put_be16(rest + 24, 0x1234);
	put_be16(rest + 26, 53);
	give_icmp(&test, ONEHOST_US, 3, 1, (struct bytes) { rest, 4 + (size_t)_i });
	ck_assert_uint_eq(last_error.count, _i == 28);
	if (_i == 28)
		ck_assert_uint_eq(last_error.to.port, 53);
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("icmp");
	TCase *tcase = tcase_create("icmp");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, a_reply_comes_back_through_the_router);
	tcase_add_test(tcase, an_unreachable_host_is_reported_by_its_router_after_three_seconds);
	tcase_add_test(tcase, behind_a_cut_cable_a_host_is_unreachable);
	tcase_add_test(tcase, silence_times_out);
	tcase_add_test(tcase, without_a_route_a_ping_fails_but_not_before_the_call_returned);
	tcase_add_test(tcase, pings_of_a_run_count_up_under_one_identifier);
	tcase_add_test(tcase, a_second_reply_is_told_while_the_run_waits);
	tcase_add_test(tcase, an_echo_request_comes_back_with_everything_it_brought);
	tcase_add_loop_test(tcase, some_messages_get_no_answer, 0, G_N_ELEMENTS(unanswered));
	tcase_add_test(tcase, a_wrong_checksum_is_not_answered);
	tcase_add_loop_test(tcase, errors_are_sent_about_single_hosts_only, 0,
			    G_N_ELEMENTS(originals));
	tcase_add_loop_test(tcase, no_errors_about_errors_or_later_fragments, 0,
			    G_N_ELEMENTS(passing));
	tcase_add_loop_test(tcase, an_error_quotes_up_to_576_bytes_in_all, 0, 5);
	tcase_add_test(tcase, errors_are_limited_to_50_at_once_and_1000_a_second);
	tcase_add_test(tcase, an_error_reaches_the_socket_that_sent);
	tcase_add_loop_test(tcase, short_quotations_do_no_harm, 0, 29);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
