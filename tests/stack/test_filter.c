/* The packet filter: which rule decides, what its sender hears, and what passes without a rule. */
#include <check.h>
#include <stdlib.h>
#include "tests/router.h"

#define ALICE  ROUTER_ALICE
#define SERVER ROUTER_SERVER
#define OTHER  ROUTER_OTHER
#define SECOND INT64_C(1000000000)

static struct router router;

static void setup(void)
{
	router_init(&router);
}

static void teardown(void)
{
	router_clear(&router);
}

/* A rule about the outside interface, in force all the time. */
static void add_rule(enum filter_verdict verdict, uint8_t directions, uint8_t protocol,
		     uint16_t port)
{
	ck_assert(filter_add(host_filter(router.host), &(struct filter_rule) {
							   .verdict = verdict,
							   .protocol = protocol,
							   .port_least = port,
							   .port_most = port,
							   .interface = router.outside,
							   .directions = directions,
							   .to_ns = INT64_MAX,
							   .resets = true,
						       }));
}

static void give(unsigned interface, uint8_t protocol, struct endpoint source,
		 struct endpoint destination, uint8_t tcp_flags)
{
	router_give(&router, interface,
		    &(struct probe) {
			.protocol = protocol,
			.source = source,
			.destination = destination,
			.tcp_flags = tcp_flags,
		    });
}

static struct flow_packet took(unsigned interface)
{
	struct flow_packet seen;

	router_take(&router, interface, &seen);
	return seen;
}

static const struct {
	const char *name;
	struct filter_rule rule;
	uint8_t protocol;
	uint16_t port;
	bool is_inbound;
	bool passes;
} matches[] = {
	{"the port",                  { .protocol = 6, .port_least = 25, .port_most = 25 }, 6,  25, false, false},
	{ "another port",
         { .protocol = 6, .port_least = 25, .port_most = 25 },
         6,										     26,
         false,											    true },
	{ "in the range",             { .port_least = 20, .port_most = 30 },                17, 30, false, false},
	{ "above the range",          { .port_least = 20, .port_most = 30 },                17, 31, false, true },
	{ "another protocol",
         { .protocol = 6, .port_least = 25, .port_most = 25 },
         17,										    25,
         false,											    true },
	{ "any protocol",             { .protocol = 0 },                                    17, 53, false, false},
	{ "a port means TCP and UDP", { .port_least = 25, .port_most = 25 },                1,  25, false, true },
	{ "in, and it goes out",      { .directions = FILTER_IN },                          6,  25, false, true },
	{ "in",		       { .directions = FILTER_IN },                          6,  25, true,  false},
	{ "out, and it comes in",     { .directions = FILTER_OUT },                         6,  25, true,  true },
	{ "both",		     { .directions = FILTER_IN | FILTER_OUT },             6,  25, true,  false},
	{ "the source",               { .source = ALICE, .source_length = 32 },             6,  25, false, false},
	{ "its network",              { .source = 0x0a000000, .source_length = 8 },         6,  25, false, false},
	{ "another source",           { .source = OTHER, .source_length = 32 },             6,  25, false, true },
	{ "the destination",
         { .destination = SERVER, .destination_length = 32 },
         6,										     25,
         false,											    false},
	{ "another destination",
         { .destination = OTHER, .destination_length = 32 },
         6,										     25,
         false,											    true },
};

START_TEST(a_rule_fits_or_not)
{
	struct filter_rule rule = matches[_i].rule;
	struct endpoint inside = { ALICE, 4000 }, outside = { SERVER, matches[_i].port };

	rule.verdict = FILTER_DENY;
	rule.to_ns = INT64_MAX;
	if (rule.directions != 0)
		rule.interface = router.outside;
	ck_assert(filter_add(host_filter(router.host), &rule));
	if (matches[_i].protocol == IP_PROTOCOL_ICMP)
		outside.port = 0;
	if (matches[_i].is_inbound)
		give(OUTSIDE, matches[_i].protocol, (struct endpoint) { SERVER, 4000 },
		     (struct endpoint) { ALICE, matches[_i].port }, TCP_SYN);
	else
		give(INSIDE, matches[_i].protocol, inside, outside, TCP_SYN);
	ck_assert_msg(router_is_silent(&router) != matches[_i].passes, "%s", matches[_i].name);
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_FILTER, FILTER_DENIED),
			  !matches[_i].passes);
}
END_TEST

START_TEST(the_first_rule_that_fits_decides)
{
	const struct trace_record *record;

	add_rule(FILTER_ALLOW, FILTER_OUT, 6, 587);
	add_rule(FILTER_DENY, FILTER_OUT, 6, 0);
	give(INSIDE, 6, (struct endpoint) { ALICE, 4000 }, (struct endpoint) { SERVER, 587 },
	     TCP_SYN);
	took(OUTSIDE);
	give(INSIDE, 6, (struct endpoint) { ALICE, 4000 }, (struct endpoint) { SERVER, 25 },
	     TCP_SYN);
	ck_assert(router_is_silent(&router));
	record = recorder_find(
	    &router.recorder, (struct wanted) { TRACE_DROP, LAYER_FILTER, FILTER_DENIED, NULL }, 0);
	ck_assert_uint_eq(record->object, 2);
	record =
	    recorder_find(&router.recorder,
			  (struct wanted) { TRACE_FORWARD, LAYER_FILTER, FILTER_ALLOWED, NULL }, 0);
	ck_assert_uint_eq(record->object, 1);
}
END_TEST

START_TEST(answers_and_errors_about_what_was_let_through_pass)
{
	struct endpoint inside = { ALICE, 4000 }, outside = { SERVER, 25 };
	struct probe quoted = { .source = inside, .destination = outside, .tcp_flags = TCP_SYN };
	struct probe error = {
		.protocol = IP_PROTOCOL_ICMP,
		.source = {OTHER,  0},
		.destination = { ALICE, 0},
		.quotes = &quoted,
		.icmp_type = ICMP_DESTINATION_UNREACHABLE,
	};

	add_rule(FILTER_DENY, FILTER_IN, 0, 0);
	give(INSIDE, 6, inside, outside, TCP_SYN);
	took(OUTSIDE);
	give(OUTSIDE, 6, outside, inside, TCP_SYN | TCP_ACK);
	took(INSIDE);
	router_give(&router, OUTSIDE, &error);
	took(INSIDE);
	/* Another port is no answer, nor is an error about something else. */
	give(OUTSIDE, 6, (struct endpoint) { SERVER, 26 }, inside, TCP_SYN | TCP_ACK);
	quoted.source.port = 4001;
	router_give(&router, OUTSIDE, &error);
	ck_assert(router_is_silent(&router));
	ck_assert_uint_eq(router_count(&router, TRACE_FORWARD, LAYER_FILTER, FILTER_ANSWER), 2);
	/* After five idle minutes it is forgotten. */
	router_wait(&router, 300);
	give(OUTSIDE, 6, outside, inside, TCP_ACK);
	ck_assert(router_is_silent(&router));
}
END_TEST

START_TEST(a_rule_comes_and_goes_and_stops_what_is_open)
{
	struct endpoint inside = { ALICE, 4000 }, outside = { SERVER, 143 };

	ck_assert(filter_add(host_filter(router.host), &(struct filter_rule) {
							   .verdict = FILTER_DENY,
							   .from_ns = 10 * SECOND,
							   .to_ns = 20 * SECOND,
						       }));
	give(INSIDE, 6, inside, outside, TCP_SYN);
	took(OUTSIDE);
	standalone_advance(router.standalone, 10 * SECOND);
	give(INSIDE, 6, inside, outside, TCP_ACK);
	ck_assert(router_is_silent(&router));
	give(OUTSIDE, 6, outside, inside, TCP_ACK); /* an answer, to what was let through */
	took(INSIDE);
	standalone_advance(router.standalone, 20 * SECOND);
	give(INSIDE, 6, inside, outside, TCP_ACK);
	took(OUTSIDE);
}
END_TEST

/* RFC 9293 section 3.10.7.1: what a closed port answers. */
START_TEST(rejected_tcp_is_reset)
{
	struct endpoint inside = { ALICE, 4000 }, outside = { SERVER, 25 };
	struct flow_packet seen;
	struct bytes datagram;

	add_rule(FILTER_REJECT, FILTER_OUT, 0, 0);
	give(INSIDE, 6, inside, outside, TCP_SYN);
	datagram = router_take(&router, INSIDE, &seen);
	check_ends(seen.ends, SERVER, 25, ALICE, 4000);
	ck_assert_uint_eq(seen.tcp_flags, TCP_RST | TCP_ACK);
	ck_assert_uint_eq(get_be32(datagram.data + 28), 1001); /* the SYN counts */
	give(INSIDE, 6, inside, outside, TCP_ACK);
	datagram = router_take(&router, INSIDE, &seen);
	ck_assert_uint_eq(seen.tcp_flags, TCP_RST);
	ck_assert_uint_eq(get_be32(datagram.data + 24), 2000);
	give(INSIDE, 6, inside, outside, TCP_RST);
	ck_assert(router_is_silent(&router)); /* never about a reset */
	ck_assert_uint_eq(router_count(&router, TRACE_DROP, LAYER_FILTER, FILTER_REJECTED), 3);
}
END_TEST

START_TEST(all_else_that_is_rejected_is_prohibited)
{
	struct flow_packet seen;
	struct bytes datagram;

	add_rule(FILTER_REJECT, FILTER_OUT, 0, 0);
	give(INSIDE, 17, (struct endpoint) { ALICE, 4000 }, (struct endpoint) { SERVER, 53 }, 0);
	datagram = router_take(&router, INSIDE, &seen);
	ck_assert_uint_eq(datagram.data[20], ICMP_DESTINATION_UNREACHABLE);
	ck_assert_uint_eq(datagram.data[21], ICMP_ADMINISTRATIVELY_PROHIBITED);
	check_ends(seen.quoted, ALICE, 4000, SERVER, 53);
}
END_TEST

/* Loop test: _i: answered by ICMP, not by RST. Who is outside knows the outside address alone. */
START_TEST(a_rejection_behind_a_translator_speaks_of_outside_addresses)
{
	struct nat *nat = host_translate(router.host, router.outside);
	struct flow_packet seen;

	ck_assert(nat_forward_port(nat, 6, 25, (struct endpoint) { ALICE, 2525 }));
	ck_assert(
	    filter_add(host_filter(router.host), &(struct filter_rule) {
						     .verdict = FILTER_REJECT,
						     .port_least = 2525, /* rules see inside */
						     .port_most = 2525,
						     .to_ns = INT64_MAX,
						     .resets = _i == 0,
						 }));
	give(OUTSIDE, 6, (struct endpoint) { SERVER, 4000 },
	     (struct endpoint) { ROUTER_OUTSIDE, 25 }, TCP_SYN);
	router_take(&router, OUTSIDE, &seen);
	if (_i == 0)
		check_ends(seen.ends, ROUTER_OUTSIDE, 25, SERVER, 4000);
	else
		check_ends(seen.quoted, SERVER, 4000, ROUTER_OUTSIDE, 25);
}
END_TEST

START_TEST(rules_judge_the_inside_source_of_what_is_translated)
{
	host_translate(router.host, router.outside);
	ck_assert(filter_add(host_filter(router.host), &(struct filter_rule) {
							   .verdict = FILTER_DENY,
							   .source = ALICE,
							   .source_length = 32,
							   .to_ns = INT64_MAX,
						       }));
	give(INSIDE, 6, (struct endpoint) { ALICE, 4000 }, (struct endpoint) { SERVER, 25 },
	     TCP_SYN);
	ck_assert(router_is_silent(&router));
	give(INSIDE, 6, (struct endpoint) { ROUTER_BOB, 4000 }, (struct endpoint) { SERVER, 25 },
	     TCP_SYN);
	check_ends(took(OUTSIDE).ends, ROUTER_OUTSIDE, 4000, SERVER, 25);
}
END_TEST

START_TEST(the_router_itself_is_not_judged)
{
	add_rule(FILTER_DENY, FILTER_IN | FILTER_OUT, 0, 0);
	give(OUTSIDE, 1, (struct endpoint) { SERVER, 7 }, (struct endpoint) { ROUTER_OUTSIDE, 0 },
	     0);
	check_ends(took(OUTSIDE).ends, ROUTER_OUTSIDE, 0, SERVER, 7);
}
END_TEST

START_TEST(rules_and_flows_are_bounded)
{
	struct filter *filter = host_filter(router.host);

	for (unsigned i = 0; i < FILTER_RULES_MAX; i++)
		ck_assert(filter_add(filter, &(struct filter_rule) { .verdict = FILTER_ALLOW }));
	ck_assert(!filter_add(filter, &(struct filter_rule) { .verdict = FILTER_ALLOW }));
}
END_TEST

/* A flow that was answered. */
static void talk(uint16_t port)
{
	struct endpoint alice = { ALICE, port }, server = { SERVER, 53 };

	give(INSIDE, 17, alice, server, 0);
	give(OUTSIDE, 17, server, alice, 0);
}

static unsigned count_full(void)
{
	return router_count(&router, TRACE_DROP, LAYER_FILTER, FILTER_FULL);
}

START_TEST(flows_are_bounded)
{
	struct endpoint last = { ALICE, (uint16_t)FLOWS_MAX };

	host_filter(router.host);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		talk((uint16_t)i);
	give(INSIDE, 17, last, (struct endpoint) { SERVER, 53 }, 0);
	ck_assert_uint_eq(count_full(), 1);
	router_wait(&router, 301);
	give(INSIDE, 17, last, (struct endpoint) { SERVER, 53 }, 0);
	ck_assert_uint_eq(count_full(), 1);
}
END_TEST

START_TEST(attempts_that_nobody_answered_make_room)
{
	host_filter(router.host);
	for (unsigned i = 0; i < FLOWS_MAX; i++)
		give(INSIDE, 17, (struct endpoint) { ALICE, (uint16_t)i },
		     (struct endpoint) { SERVER, 53 }, 0);
	talk((uint16_t)FLOWS_MAX);
	ck_assert_uint_eq(count_full(), 0);
}
END_TEST

static void deny_out(uint8_t protocol, uint16_t port)
{
	ck_assert(filter_add(host_filter(router.host), &(struct filter_rule) {
							   .verdict = FILTER_DENY,
							   .protocol = protocol,
							   .port_least = port,
							   .port_most = port,
							   .interface = router.outside,
							   .directions = FILTER_OUT,
							   .to_ns = INT64_MAX,
						       }));
}

/* Loop test: 0 TCP, 1 ICMP. What is denied stays so, whatever comes from the other side before. */
START_TEST(a_reset_or_an_unasked_answer_opens_nothing)
{
	bool is_tcp = _i == 0;
	uint8_t protocol = is_tcp ? IP_PROTOCOL_TCP : IP_PROTOCOL_ICMP;
	struct endpoint alice = { ALICE, 4000 }, server = { SERVER, is_tcp ? 25 : 0 };
	struct flow_packet seen;

	deny_out(protocol, server.port);
	give(OUTSIDE, protocol, server, alice, is_tcp ? TCP_RST : 0);
	router_take(&router, INSIDE, &seen);
	give(INSIDE, protocol, alice, server, is_tcp ? TCP_SYN : 0);
	ck_assert(router_is_silent(&router));
}
END_TEST

/* The other side's packets may be complained of, too; what is about nothing known may not. */
START_TEST(an_error_about_an_answer_passes)
{
	struct endpoint alice = { ALICE, 4000 }, server = { SERVER, 25 };
	struct probe quoted = { .source = server, .destination = alice, .tcp_flags = TCP_ACK };
	struct probe error = {
		.protocol = IP_PROTOCOL_ICMP,
		.source = {ALICE,   0},
		.destination = { SERVER, 0},
		.quotes = &quoted,
		.icmp_type = ICMP_DESTINATION_UNREACHABLE,
	};

	deny_out(IP_PROTOCOL_ICMP, 0);
	give(INSIDE, 6, alice, server, TCP_SYN);
	took(OUTSIDE);
	router_give(&router, INSIDE, &error);
	took(OUTSIDE);
	quoted.source.port = 26;
	router_give(&router, INSIDE, &error);
	ck_assert(router_is_silent(&router));
}
END_TEST

/* Loop test: 0 a further question, 1 an answer. Each keeps the flow alive for five minutes more. */
START_TEST(packets_of_either_side_keep_a_flow)
{
	struct endpoint alice = { ALICE, 4000 }, server = { SERVER, 53 };

	add_rule(FILTER_DENY, FILTER_IN, 0, 0);
	give(INSIDE, 17, alice, server, 0);
	took(OUTSIDE);
	router_wait(&router, 200);
	if (_i == 0) {
		give(INSIDE, 17, alice, server, 0);
		took(OUTSIDE);
	} else {
		give(OUTSIDE, 17, server, alice, 0);
		took(INSIDE);
	}
	router_wait(&router, 200);
	give(OUTSIDE, 17, server, alice, 0);
	took(INSIDE);
	router_wait(&router, 300);
	give(OUTSIDE, 17, server, alice, 0);
	ck_assert(router_is_silent(&router));
}
END_TEST

/* Loop test: 0 the handshake is done, 1 its last ACK is missing. RFC 5382 REQ-5: 2 h 4 min, 4 min. */
START_TEST(an_open_connection_is_remembered_for_long)
{
	struct endpoint alice = { ALICE, 4000 }, server = { SERVER, 25 };
	bool is_open = _i == 0;

	add_rule(FILTER_DENY, FILTER_IN, 0, 0);
	give(INSIDE, 6, alice, server, TCP_SYN);
	took(OUTSIDE);
	give(OUTSIDE, 6, server, alice, TCP_SYN | TCP_ACK);
	took(INSIDE);
	if (is_open) {
		give(INSIDE, 6, alice, server, TCP_ACK);
		took(OUTSIDE);
	}
	router_wait(&router, is_open ? 7400 : 230);
	give(OUTSIDE, 6, server, alice, is_open ? TCP_ACK : TCP_SYN | TCP_ACK);
	took(INSIDE);
	router_wait(&router, is_open ? 7440 : 240);
	give(OUTSIDE, 6, server, alice, TCP_ACK);
	ck_assert(router_is_silent(&router));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_rule_fits_or_not, 0, G_N_ELEMENTS(matches));
	tcase_add_test(tcase, the_first_rule_that_fits_decides);
	tcase_add_test(tcase, answers_and_errors_about_what_was_let_through_pass);
	tcase_add_test(tcase, a_rule_comes_and_goes_and_stops_what_is_open);
	tcase_add_test(tcase, rejected_tcp_is_reset);
	tcase_add_test(tcase, all_else_that_is_rejected_is_prohibited);
	tcase_add_loop_test(tcase, a_rejection_behind_a_translator_speaks_of_outside_addresses, 0,
			    2);
	tcase_add_test(tcase, rules_judge_the_inside_source_of_what_is_translated);
	tcase_add_test(tcase, the_router_itself_is_not_judged);
	tcase_add_test(tcase, rules_and_flows_are_bounded);
	tcase_add_test(tcase, flows_are_bounded);
	tcase_add_test(tcase, attempts_that_nobody_answered_make_room);
	tcase_add_loop_test(tcase, a_reset_or_an_unasked_answer_opens_nothing, 0, 2);
	tcase_add_test(tcase, an_error_about_an_answer_passes);
	tcase_add_loop_test(tcase, packets_of_either_side_keep_a_flow, 0, 2);
	tcase_add_loop_test(tcase, an_open_connection_is_remembered_for_long, 0, 2);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
