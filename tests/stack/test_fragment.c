/* Fragmentation and reassembly (RFC 791 section 3.2, RFC 5722). */
#include <check.h>
#include <stdlib.h>
#include "sim/random.h"
#include "stack/ipv4.h"
#include "stack/reassembly.h"
#include "stack/socket.h"
#include "tests/onehost.h"
#include "tests/wiretest.h"

/* What a UDP socket got. */
struct got {
	unsigned count;
	size_t length;
	bool is_intact;
};

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

static void receive(void *owner, struct endpoint from, struct bytes payload)
{
	struct got *got = owner;

	(void)from;
	got->count++;
	got->length = payload.length;
	got->is_intact = true;
	for (size_t i = 0; i < payload.length; i++)
		if (payload.data[i] != pattern(i))
			got->is_intact = false;
}

static void send_pattern(struct host *host, struct endpoint to, size_t length)
{
	struct udp_socket *socket = udp_open(host, 0, receive, NULL);
	uint8_t *payload = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		payload[i] = pattern(i);
	ck_assert(udp_send(socket, to, (struct bytes) { payload, length }));
	g_free(payload);
	udp_close(socket);
}

static void note_ping(void *owner, int64_t round_trip_ns)
{
	*(int64_t *)owner = round_trip_ns;
}

/* Reality: `ping -s 4000` makes fragments at 0, 1480 and 2960, reassembled at both ends. */
START_TEST(a_ping_of_4000_bytes_makes_three_fragments_each_way)
{
	static const struct {
		uint16_t offset, length;
		bool has_more;
	} expected[] = {
		{0,     1500,             true },
                { 1480, 1500,             true },
                { 2960, 20 + 4008 - 2960, false}
	};
	struct wiretest test;
	int64_t result = 0;
	unsigned seen = 0;

	wiretest_init(&test, NULL);
	icmp_ping(test.alice, WIRETEST_BOB, 4000, NS_PER_S, note_ping, &result);
	wiretest_run(&test);
	ck_assert_int_gt(result, 0);
	for (unsigned i = 0; wiretest_record(&test, TRACE_TRANSMIT, ANY, ANY, i) != NULL; i++) {
		const struct trace_record *sent =
		    wiretest_record(&test, TRACE_TRANSMIT, ANY, ANY, i);
		struct bytes frame = wiretest_bytes(&test, sent);
		struct ipv4_header header;
		struct bytes payload;

		if (!(sent->flags & TRACE_FIRST) || frame.data[13] != 0)
			continue; /* forwarded, or ARP */
		ck_assert_int_eq(ipv4_header_parse(bytes_from(frame, 14), &header, &payload),
				 PARSE_OK);
		ck_assert_uint_eq(header.fragment_offset_bytes, expected[seen % 3].offset);
		ck_assert_uint_eq(header.total_length_bytes, expected[seen % 3].length);
		ck_assert_int_eq(header.more_fragments, expected[seen % 3].has_more);
		ck_assert(!header.dont_fragment);
		seen++;
	}
	ck_assert_uint_eq(seen, 6);
	/* Each fragment derives from its datagram, each datagram from its fragments. */
	ck_assert_uint_eq(wiretest_count(&test, TRACE_DERIVE, LAYER_IPV4, IPV4_FRAGMENT), 6);
	ck_assert_uint_eq(wiretest_count(&test, TRACE_DERIVE, LAYER_IPV4, IPV4_REASSEMBLED), 6);
	wiretest_clear(&test);
}
END_TEST

/* Around the sizes where the number of fragments changes, and the largest of all. */
static const struct {
	size_t payload_bytes;
	unsigned fragments; /* for an MTU of 1500; 0: goes in one piece */
} sizes[] = {
	{1472,   0 },
        { 1473,  2 },
        { 2952,  2 },
        { 2953,  3 },
        { 65507, 45},
};

START_TEST(datagrams_of_all_sizes_arrive_whole)
{
	struct wiretest test;
	struct got got = { 0 };

	wiretest_init(&test, NULL);
	udp_open(test.bob, 9, receive, &got);
	send_pattern(test.alice, (struct endpoint) { WIRETEST_BOB, 9 }, sizes[_i].payload_bytes);
	wiretest_run(&test);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_uint_eq(got.length, sizes[_i].payload_bytes);
	ck_assert(got.is_intact);
	ck_assert_uint_eq(wiretest_count(&test, TRACE_DERIVE, LAYER_IPV4, IPV4_FRAGMENT),
			  sizes[_i].fragments);
	wiretest_clear(&test);
}
END_TEST

START_TEST(a_router_cuts_fragments_smaller)
{
	struct wiretest test;
	struct got got = { 0 };

	wiretest_init(&test, &(struct wiretest_config) { .right_mtu_bytes = 500 });
	udp_open(test.bob, 9, receive, &got);
	send_pattern(test.alice, (struct endpoint) { WIRETEST_BOB, 9 }, 4000);
	wiretest_run(&test);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_uint_eq(got.length, 4000);
	ck_assert(got.is_intact);
	/* 480 bytes fit into a fragment: 1480 make 4 of them, twice, and 1048 make 3. */
	ck_assert_uint_eq(
	    recorder_count(&test.recorder, (struct wanted) { TRACE_DERIVE, LAYER_IPV4,
							     IPV4_FRAGMENT, host_node(test.gw) }),
	    11);
	wiretest_clear(&test);
}
END_TEST

START_TEST(fragments_in_any_order_and_twice_make_one_datagram)
{
	struct wiretest test;
	struct got got = { 0 };
	struct impairment impairment = {
		.duplicate_ppm = 300000,
		.reorder_ppm = 500000,
		.reorder_ns = 50 * NS_PER_US,
	};

	wiretest_init(&test, &(struct wiretest_config) { .seed = (uint64_t)_i });
	link_impair(test.alice_cable, LINK_A, &impairment);
	udp_open(test.bob, 9, receive, &got);
	send_pattern(test.alice, (struct endpoint) { WIRETEST_BOB, 9 }, 20000);
	wiretest_run(&test);
	ck_assert_uint_eq(got.count, 1);
	ck_assert(got.is_intact);
	ck_assert_uint_eq(got.length, 20000);
	wiretest_clear(&test);
}
END_TEST

/* One fragment for us, given by hand: payload bytes [start, end) of a datagram. */
static void give(struct onehost *test, unsigned start, unsigned end, bool has_more)
{
	uint8_t payload[65535];

	memset(payload, 0, sizeof payload);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .identification = 77,
			      .more_fragments = has_more,
			      .fragment_offset_bytes = (uint16_t)start,
			      .ttl = 64,
			      .protocol = 17,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { payload, end - start });
}

static unsigned drops(const struct onehost *test, enum ipv4_detail detail)
{
	return onehost_count(test, TRACE_DROP, LAYER_IPV4, (int)detail);
}

struct piece {
	unsigned start, end;
	bool has_more;
};

/* Up to four fragments in turn, and what becomes of them. */
static const struct {
	const char *name;
	struct piece pieces[4];
	unsigned count, overlaps, duplicates, malformed;
	bool is_whole;
} cases[] = {
	{"in order",			  { { 0, 16, true }, { 16, 32, true }, { 32, 40, false } }, 3, 0, 0, 0, true },
	{ "backwards",			{ { 32, 40, false }, { 16, 32, true }, { 0, 16, true } }, 3, 0, 0, 0, true },
	{ "one missing",                      { { 0, 16, true }, { 32, 40, false } },                   2, 0, 0, 0, false},
	{ "one twice",			{ { 0, 16, true }, { 0, 16, true }, { 16, 20, false } },  3, 0, 1, 0, true },
	{ "overlap in the middle",            { { 0, 16, true }, { 8, 24, true } },                     2, 2, 0, 0, false},
	{ "inside of another",                { { 0, 32, true }, { 8, 16, true } },                     2, 2, 0, 0, false},
	{ "around another",                   { { 8, 16, true }, { 0, 32, true } },                     2, 2, 0, 0, false},
	{ "beyond the last",                  { { 8, 16, false }, { 16, 24, true } },                   2, 2, 0, 0, false},
	{ "an end before what came",          { { 16, 24, true }, { 8, 16, false } },                   2, 2, 0, 0, false},
	{ "two ends",			 { { 8, 16, false }, { 16, 20, false } },                  2, 2, 0, 0, false},
	{ "a part of 12 bytes in the middle", { { 0, 12, true } },                                      1, 0, 0, 1, false},
	{ "empty",			    { { 8, 8, true } },				       1, 0, 0, 1, false},
	{ "beyond 65,535 bytes",              { { 65528, 65544, false } },                              1, 0, 0, 1, false},
};

START_TEST(fragments_fit_or_the_datagram_is_given_up)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	for (unsigned i = 0; i < cases[_i].count; i++)
		give(&test, cases[_i].pieces[i].start, cases[_i].pieces[i].end,
		     cases[_i].pieces[i].has_more);
	ck_assert_msg(drops(&test, IPV4_OVERLAP) == cases[_i].overlaps, "%s", cases[_i].name);
	ck_assert_msg(drops(&test, IPV4_DUPLICATE_FRAGMENT) == cases[_i].duplicates, "%s",
		      cases[_i].name);
	ck_assert_msg(drops(&test, IPV4_MALFORMED) == cases[_i].malformed, "%s", cases[_i].name);
	ck_assert_msg((onehost_count(&test, TRACE_DECAPSULATE, LAYER_IPV4, ANY) == 1) ==
			  cases[_i].is_whole,
		      "%s", cases[_i].name);
	onehost_clear(&test);
}
END_TEST

START_TEST(after_30_seconds_the_source_is_told_if_the_first_fragment_came)
{
	/* Loop test: with _i = 1 the first fragment is there. */
	struct onehost test;
	struct bytes quoted;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	give(&test, _i ? 0 : 8, 16, true);
	onehost_run_until(&test, REASSEMBLY_TIMEOUT_NS - 1);
	ck_assert_uint_eq(drops(&test, IPV4_REASSEMBLY_TIMEOUT), 0);
	onehost_run_until(&test, REASSEMBLY_TIMEOUT_NS);
	ck_assert_uint_eq(drops(&test, IPV4_REASSEMBLY_TIMEOUT), 1);
	ck_assert_uint_eq(test.sent->len, (unsigned)_i);
	if (_i == 1) {
		struct icmp_header icmp = onehost_sent_icmp(&test, 0, &quoted);

		ck_assert_uint_eq(icmp.type, ICMP_TIME_EXCEEDED);
		ck_assert_uint_eq(icmp.code, ICMP_REASSEMBLY_TIME_EXCEEDED);
	}
	onehost_clear(&test);
}
END_TEST

START_TEST(unfinished_datagrams_are_bounded)
{
	struct onehost test;
	uint8_t payload[8] = { 0 };

	onehost_init(&test, NODE_HOST);
	for (unsigned i = 0; i < REASSEMBLY_DATAGRAMS_MAX + 3; i++)
		onehost_give_ipv4(&test,
				  &(struct ipv4_header) {
				      .identification = (uint16_t)i,
				      .more_fragments = true,
				      .ttl = 64,
				      .protocol = 17,
				      .source = ONEHOST_PEER,
				      .destination = ONEHOST_US,
				  },
				  (struct bytes) { payload, sizeof payload });
	ck_assert_uint_eq(drops(&test, IPV4_REASSEMBLY_FULL), 3);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_first_header_too_long_for_the_whole_is_given_up)
{
	/* 65,512 bytes of payload under 20 bytes of header would do, under 60 they do not. */
	static const uint8_t nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct onehost test;
	uint8_t payload[8] = { 0 };

	onehost_init(&test, NODE_HOST);
	give(&test, 8, 40000, true);
	give(&test, 40000, 65512, false);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .identification = 77,
			      .more_fragments = true,
			      .ttl = 64,
			      .protocol = 17,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			      .options = {nops, sizeof nops},
        },
			  (struct bytes) { payload, sizeof payload });
	ck_assert_uint_eq(drops(&test, IPV4_MALFORMED), 3);
	onehost_clear(&test);
}
END_TEST

START_TEST(options_with_the_copied_flag_are_in_every_fragment)
{
	/* Router alert (148) has the flag, record route (7) has not. */
	static const uint8_t options[] = { 7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0 };
	static const uint8_t later[] = { 148, 4, 0, 0 };
	struct onehost test;
	struct bytes piece;
	uint8_t payload[1000] = { 0 };

	onehost_init(&test, NODE_ROUTER);
	test.eth0->mtu_bytes = 576;
	onehost_resolve_peer(&test);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 17,
			      .source = ONEHOST_OTHER,
			      .destination = ONEHOST_FAR,
			      .options = {options, sizeof options},
        },
			  (struct bytes) { payload, sizeof payload });
	ck_assert_uint_eq(test.sent->len, 2);
	struct ipv4_header first = onehost_sent_ipv4(&test, 0, &piece);

	ck_assert_uint_eq(first.header_bytes, 32);
	ck_assert_mem_eq(first.options.data, options, sizeof options);
	ck_assert_uint_eq(piece.length, 544);
	struct ipv4_header second = onehost_sent_ipv4(&test, 1, &piece);

	ck_assert_uint_eq(second.header_bytes, 24);
	ck_assert_mem_eq(second.options.data, later, sizeof later);
	ck_assert_uint_eq(second.fragment_offset_bytes, 544);
	ck_assert_uint_eq(piece.length, 1000 - 544);
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fragment");
	TCase *tcase = tcase_create("fragment");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, a_ping_of_4000_bytes_makes_three_fragments_each_way);
	tcase_add_loop_test(tcase, datagrams_of_all_sizes_arrive_whole, 0, G_N_ELEMENTS(sizes));
	tcase_add_test(tcase, a_router_cuts_fragments_smaller);
	tcase_add_loop_test(tcase, fragments_in_any_order_and_twice_make_one_datagram, 0, 20);
	tcase_add_loop_test(tcase, fragments_fit_or_the_datagram_is_given_up, 0,
			    G_N_ELEMENTS(cases));
	tcase_add_loop_test(tcase, after_30_seconds_the_source_is_told_if_the_first_fragment_came,
			    0, 2);
	tcase_add_test(tcase, unfinished_datagrams_are_bounded);
	tcase_add_test(tcase, a_first_header_too_long_for_the_whole_is_given_up);
	tcase_add_test(tcase, options_with_the_copied_flag_are_in_every_fragment);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
