/* ARP of one host: what it asks, answers, learns and forgets (RFC 826, RFC 1122 section 2.3.2). */
#include <check.h>
#include <stdlib.h>
#include "stack/arp.h"
#include "stack/ipv4.h"
#include "stack/socket.h"
#include "stack/wire/icmp.h"
#include "tests/onehost.h"

static const struct mac stranger_mac = {
	{2, 0, 0, 0, 0, 0x66}
};

static void no_result(void *owner, int64_t round_trip_ns)
{
	int64_t *result = owner;

	if (result != NULL)
		*result = round_trip_ns;
}

/* Sends a small datagram to the peer, with `bytes` of data, by which its packet is known. */
static void ping_with(struct onehost *test, unsigned bytes)
{
	icmp_ping(test->host, ONEHOST_PEER, bytes, 60 * NS_PER_S, no_result, NULL);
}

static void ping_peer(struct onehost *test)
{
	ping_with(test, 8);
}

static void answer(struct onehost *test, struct mac mac)
{
	onehost_give_arp(test,
			 &(struct arp_packet) {
			     .operation = ARP_REPLY,
			     .sender_mac = mac,
			     .sender_address = ONEHOST_PEER,
			     .target_mac = onehost_our_mac,
			     .target_address = ONEHOST_US,
			 },
			 false);
}

static enum arp_state peer_state(const struct onehost *test)
{
	struct arp_row row;

	return arp_find(host_arp(test->host), test->eth0, ONEHOST_PEER, &row) ? row.state
									      : ARP_NONE;
}

static struct mac destination_of(const struct onehost *test, unsigned index)
{
	struct mac mac;

	memcpy(mac.octets, onehost_sent(test, index).data, 6);
	return mac;
}

/*
 * The bytes of a request as RFC 826 and Ethernet have them, by hand: hardware type 1, protocol type
 * 0x0800, lengths 6 and 4, operation 1, then sender and target, then 18 bytes of padding.
 */
static const uint8_t request_frame[60] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x10, 0x08, 0x06,
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x10,
	192,  0,    2,    10,   0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 192,  0,    2,    1,
};

START_TEST(an_unknown_neighbour_is_asked_for_by_broadcast_while_the_packet_waits)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	ck_assert_uint_eq(test.sent->len, 1);
	ck_assert_uint_eq(onehost_sent(&test, 0).length, sizeof request_frame);
	ck_assert_mem_eq(onehost_sent(&test, 0).data, request_frame, sizeof request_frame);
	ck_assert_uint_eq(onehost_count(&test, TRACE_WAIT, LAYER_ARP, ARP_RESOLVING), 1);
	ck_assert_int_eq(peer_state(&test), ARP_INCOMPLETE);

	answer(&test, onehost_peer_mac);
	ck_assert_uint_eq(test.sent->len, 2);
	ck_assert(mac_equal(destination_of(&test, 1), onehost_peer_mac));
	ck_assert_int_eq(peer_state(&test), ARP_REACHABLE);

	/* The next packet goes at once. */
	ping_peer(&test);
	ck_assert_uint_eq(test.sent->len, 3);
	onehost_clear(&test);
}
END_TEST

/* The data of the echo request that was sent as frame `index`, in bytes. */
static size_t sent_data(struct onehost *test, unsigned index)
{
	struct bytes data;

	onehost_sent_icmp(test, index, &data);
	return data.length;
}

START_TEST(packets_that_waited_go_out_in_order)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	for (unsigned i = 0; i < 5; i++)
		ping_with(&test, 40 + i);
	ck_assert_uint_eq(test.sent->len, 1); /* one request for all */
	answer(&test, onehost_peer_mac);
	ck_assert_uint_eq(test.sent->len, 6);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(sent_data(&test, 1 + i), 40 + i);
	onehost_clear(&test);
}
END_TEST

START_TEST(the_oldest_of_too_many_waiting_packets_is_dropped)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	for (unsigned i = 0; i < ARP_QUEUE_MAX + 2; i++)
		ping_with(&test, 40 + i);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ARP, ARP_QUEUE_FULL), 2);
	answer(&test, onehost_peer_mac);
	ck_assert_uint_eq(test.sent->len, 1 + ARP_QUEUE_MAX);
	ck_assert_uint_eq(sent_data(&test, 1), 42); /* of the third */
	onehost_clear(&test);
}
END_TEST

START_TEST(three_requests_a_second_apart_then_the_sender_is_told)
{
	struct onehost test;
	int64_t result = 0;

	onehost_init(&test, NODE_HOST);
	icmp_ping(test.host, ONEHOST_PEER, 8, 60 * NS_PER_S, no_result, &result);
	onehost_run_until(&test, NS_PER_S - 1);
	ck_assert_uint_eq(test.sent->len, 1);
	onehost_run_until(&test, NS_PER_S);
	ck_assert_uint_eq(test.sent->len, 2);
	onehost_run_until(&test, 3 * NS_PER_S - 1);
	ck_assert_uint_eq(test.sent->len, 3);
	ck_assert_int_eq(result, 0);
	onehost_run_until(&test, 3 * NS_PER_S + NS_PER_MS);
	ck_assert_int_eq(result, PING_FAILED);
	ck_assert_uint_eq(test.sent->len, 3);
	ck_assert_int_eq(peer_state(&test), ARP_FAILED);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ARP, ARP_NO_ANSWER), 1);
	onehost_clear(&test);
}
END_TEST

START_TEST(after_a_failure_the_next_packet_asks_again)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	onehost_run_until(&test, 10 * NS_PER_S);
	ck_assert_uint_eq(test.sent->len, 3);
	ping_peer(&test);
	ck_assert_uint_eq(test.sent->len, 4);
	onehost_clear(&test);
}
END_TEST

START_TEST(with_the_cable_goes_what_waits_behind_it)
{
	struct onehost test;

	onehost_init(&test, NODE_ROUTER);
	onehost_resolve_peer(&test);
	icmp_ping(test.host, ONEHOST_OTHER, 8, 60 * NS_PER_S, no_result, NULL);
	arp_forget(host_arp(test.host), test.eth1);
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_LINK, LINK_DOWN), 1);
	ck_assert_int_ne(peer_state(&test), ARP_NONE);
	arp_forget(host_arp(test.host), test.eth0);
	ck_assert_int_eq(peer_state(&test), ARP_NONE);
	onehost_clear(&test);
}
END_TEST

static void count_row(void *owner, const struct arp_row *row)
{
	unsigned *count = owner;

	ck_assert_int_eq(row->state, ARP_FAILED);
	(*count)++;
}

static unsigned count_rows(const struct onehost *test)
{
	unsigned count = 0;

	arp_each(host_arp(test->host), count_row, &count);
	return count;
}

START_TEST(rows_that_failed_are_few_and_do_not_stay)
{
	struct onehost test;

	onehost_init(&test, NODE_ROUTER);
	for (unsigned i = 3; i < 3 + ARP_FAILED_MAX + 50; i++)
		icmp_ping(test.host, ONEHOST_OTHER - 2 + i, 8, 60 * NS_PER_S, no_result, NULL);
	onehost_run_until(&test, 4 * NS_PER_S);
	ck_assert_uint_eq(count_rows(&test), ARP_FAILED_MAX);

	/* One that is asked for again makes room for another. */
	icmp_ping(test.host, ONEHOST_OTHER - 2 + 3, 8, 60 * NS_PER_S, no_result, NULL);
	onehost_run_until(&test, 8 * NS_PER_S);
	ck_assert_uint_eq(count_rows(&test), ARP_FAILED_MAX);
	onehost_run_until(&test, 68 * NS_PER_S);
	ck_assert_uint_eq(count_rows(&test), 0);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_request_for_us_is_answered_and_its_sender_learned)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_give_arp(&test,
			 &(struct arp_packet) {
			     .operation = ARP_REQUEST,
			     .sender_mac = onehost_peer_mac,
			     .sender_address = ONEHOST_PEER,
			     .target_address = ONEHOST_US,
			 },
			 true);
	struct arp_packet reply = onehost_sent_arp(&test, 0);

	ck_assert_uint_eq(reply.operation, ARP_REPLY);
	ck_assert(mac_equal(reply.sender_mac, onehost_our_mac));
	ck_assert_uint_eq(reply.sender_address, ONEHOST_US);
	ck_assert(mac_equal(reply.target_mac, onehost_peer_mac));
	ck_assert_uint_eq(reply.target_address, ONEHOST_PEER);
	ck_assert(mac_equal(destination_of(&test, 0), onehost_peer_mac));
	ck_assert_int_eq(peer_state(&test), ARP_STALE);
	onehost_clear(&test);
}
END_TEST

/* Reality: the neighbour is probed by unicast about 5 s after it was used. */
START_TEST(a_stale_row_is_used_and_probed_five_seconds_later)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	ping_peer(&test);
	ck_assert_uint_eq(test.sent->len, 1);
	ck_assert_int_eq(peer_state(&test), ARP_DELAY);
	onehost_run_until(&test, 5 * NS_PER_S - 1);
	ck_assert_uint_eq(test.sent->len, 1);
	onehost_run_until(&test, 5 * NS_PER_S);
	ck_assert_uint_eq(test.sent->len, 2);
	ck_assert_uint_eq(onehost_sent_arp(&test, 1).operation, ARP_REQUEST);
	ck_assert(mac_equal(destination_of(&test, 1), onehost_peer_mac));
	ck_assert_int_eq(peer_state(&test), ARP_PROBE);
	answer(&test, onehost_peer_mac);
	ck_assert_int_eq(peer_state(&test), ARP_REACHABLE);
	onehost_run_until(&test, 10 * NS_PER_S);
	ck_assert_uint_eq(test.sent->len, 2);
	onehost_clear(&test);
}
END_TEST

START_TEST(the_row_fails_after_three_probes_in_vain)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	ping_peer(&test);
	onehost_run_until(&test, 8 * NS_PER_S - 1);
	ck_assert_uint_eq(test.sent->len, 4); /* probes at 5, 6 and 7 s */
	onehost_run_until(&test, 8 * NS_PER_S);
	ck_assert_int_eq(peer_state(&test), ARP_FAILED);
	onehost_clear(&test);
}
END_TEST

START_TEST(confirmation_from_above_spares_the_probe)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	ping_peer(&test);
	onehost_run_until(&test, 3 * NS_PER_S);
	ipv4_confirm(test.host, ONEHOST_FAR); /* reached by way of the peer */
	onehost_run_until(&test, 6 * NS_PER_S);
	ck_assert_uint_eq(test.sent->len, 1);
	ck_assert_int_eq(peer_state(&test), ARP_REACHABLE);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_row_is_reachable_for_15_to_45_seconds)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	answer(&test, onehost_peer_mac);
	onehost_run_until(&test, 15 * NS_PER_S - 1);
	ping_peer(&test);
	ck_assert_int_eq(peer_state(&test), ARP_REACHABLE);
	onehost_run_until(&test, 45 * NS_PER_S + 1);
	ping_peer(&test);
	ck_assert_int_eq(peer_state(&test), ARP_DELAY);
	onehost_clear(&test);
}
END_TEST

START_TEST(probing_does_not_keep_the_world_awake)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	icmp_ping(test.host, ONEHOST_PEER, 8, NS_PER_S, no_result, NULL);
	ck_assert_int_eq(engine_run(test.world->engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_eq(engine_now(test.world->engine), NS_PER_S);
	onehost_clear(&test);
}
END_TEST

/* Who says what to whom, and what becomes of the peer's row, reachable at onehost_peer_mac. */
static const struct {
	const char *name;
	uint16_t operation;
	uint32_t sender, target;
	bool is_broadcast;
	bool takes_over; /* the row has the stranger's MAC address afterwards */
	enum arp_detail drop;
} unasked[] = {
	{"request to another host",           ARP_REQUEST, ONEHOST_PEER, 0xc0000203,   true,  false,
         ARP_NOT_FOR_US											  },
	{ "reply to another host",            ARP_REPLY,   ONEHOST_PEER, 0xc0000203,   true,  false,
         ARP_NOT_FOR_US											  },
	{ "request to us",                    ARP_REQUEST, ONEHOST_PEER, ONEHOST_US,   true,  true,  ARP_ROW     },
	{ "gratuitous request",               ARP_REQUEST, ONEHOST_PEER, ONEHOST_PEER, true,  true,  ARP_ROW     },
	{ "gratuitous reply",                 ARP_REPLY,   ONEHOST_PEER, ONEHOST_PEER, true,  true,  ARP_ROW     },
	{ "reply, late enough",               ARP_REPLY,   ONEHOST_PEER, ONEHOST_US,   false, true,  ARP_ROW     },
	{ "reply about somebody unknown",     ARP_REPLY,   0xc0000207,   ONEHOST_US,   false, false,
         ARP_NOT_ASKED											   },
	{ "announcement of somebody unknown", ARP_REQUEST, 0xc0000207,   0xc0000207,   true,  false,
         ARP_NOT_ASKED											   },
	{ "claim to our address",             ARP_REQUEST, ONEHOST_US,   ONEHOST_US,   true,  false, ARP_CONFLICT},
	{ "probe for our address",            ARP_REQUEST, 0,            ONEHOST_US,   true,  false, ARP_ROW     },
};

START_TEST(only_those_who_may_change_a_row)
{
	struct onehost test;
	struct arp_row row;

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	answer(&test, onehost_peer_mac);
	onehost_run_until(&test, 2 * NS_PER_S);
	onehost_give_arp(&test,
			 &(struct arp_packet) {
			     .operation = unasked[_i].operation,
			     .sender_mac = stranger_mac,
			     .sender_address = unasked[_i].sender,
			     .target_address = unasked[_i].target,
			 },
			 unasked[_i].is_broadcast);
	ck_assert(arp_find(host_arp(test.host), test.eth0, ONEHOST_PEER, &row));
	ck_assert_msg(mac_equal(row.mac, unasked[_i].takes_over ? stranger_mac : onehost_peer_mac),
		      "%s", unasked[_i].name);
	if (unasked[_i].drop != ARP_ROW)
		ck_assert_msg(
		    onehost_count(&test,
				  unasked[_i].drop == ARP_NOT_FOR_US ? TRACE_IGNORE : TRACE_DROP,
				  LAYER_ARP, (int)unasked[_i].drop) == 1,
		    "%s", unasked[_i].name);
	ck_assert(!arp_find(host_arp(test.host), test.eth0, 0, &row));
	ck_assert(!arp_find(host_arp(test.host), test.eth0, 0xc0000207, &row));
	onehost_clear(&test);
}
END_TEST

START_TEST(a_second_answer_within_a_second_does_not_count)
{
	struct onehost test;
	struct arp_row row;

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	answer(&test, onehost_peer_mac);
	answer(&test, stranger_mac);
	ck_assert(arp_find(host_arp(test.host), test.eth0, ONEHOST_PEER, &row));
	ck_assert(mac_equal(row.mac, onehost_peer_mac));
	onehost_clear(&test);
}
END_TEST

START_TEST(an_announcement_is_a_gratuitous_request)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	arp_announce(test.eth0);
	struct arp_packet packet = onehost_sent_arp(&test, 0);

	ck_assert_uint_eq(packet.operation, ARP_REQUEST);
	ck_assert_uint_eq(packet.sender_address, ONEHOST_US);
	ck_assert_uint_eq(packet.target_address, ONEHOST_US);
	ck_assert(mac_equal(destination_of(&test, 0), mac_broadcast));
	onehost_clear(&test);
}
END_TEST

/* Every change is in a TABLE record, and each begins where the one before ended. */
START_TEST(the_records_of_a_row_form_a_chain)
{
	struct onehost test;
	uint64_t value = 0;
	struct wanted rows = { TRACE_TABLE, LAYER_ARP, ARP_ROW, NULL };

	onehost_init(&test, NODE_HOST);
	ping_peer(&test);
	answer(&test, onehost_peer_mac);
	onehost_run_until(&test, 50 * NS_PER_S);
	ping_peer(&test);
	onehost_run_until(&test, 120 * NS_PER_S);
	for (unsigned i = 0; i < recorder_count(&test.recorder, rows); i++) {
		const struct trace_record *row = recorder_find(&test.recorder, rows, i);

		ck_assert_uint_eq(row->object, ONEHOST_PEER);
		ck_assert_uint_eq(row->before, value);
		ck_assert_uint_ne(row->after, value);
		value = row->after;
		if (i == 1)
			ck_assert_uint_eq(value, (uint64_t)ARP_REACHABLE << 48 | 0x020000000001);
	}
	ck_assert_uint_eq(value, 0);
	/* INCOMPLETE, REACHABLE, STALE, DELAY, PROBE, FAILED, gone. */
	ck_assert_uint_eq(recorder_count(&test.recorder, rows), 7);
	onehost_clear(&test);
}
END_TEST

START_TEST(truncated_and_foreign_packets_are_dropped)
{
	/* Loop test: the first _i bytes of a good request. */
	struct onehost test;
	uint8_t frame[sizeof request_frame];

	onehost_init(&test, NODE_HOST);
	memcpy(frame, request_frame, sizeof frame);
	frame[6] = 4; /* another sender, or it would be our own frame */
	if (_i < 42)
		onehost_give(&test, test.eth0, (struct bytes) { frame, (size_t)_i });
	else
		frame[_i - 42 + 14] ^= 0x40;
	if (_i >= 42)
		onehost_give(&test, test.eth0, (struct bytes) { frame, sizeof frame });
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, ANY, ANY), 1);
	ck_assert_uint_eq(test.sent->len, 0);
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arp");
	TCase *tcase = tcase_create("arp");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase,
		       an_unknown_neighbour_is_asked_for_by_broadcast_while_the_packet_waits);
	tcase_add_test(tcase, packets_that_waited_go_out_in_order);
	tcase_add_test(tcase, the_oldest_of_too_many_waiting_packets_is_dropped);
	tcase_add_test(tcase, three_requests_a_second_apart_then_the_sender_is_told);
	tcase_add_test(tcase, after_a_failure_the_next_packet_asks_again);
	tcase_add_test(tcase, with_the_cable_goes_what_waits_behind_it);
	tcase_add_test(tcase, rows_that_failed_are_few_and_do_not_stay);
	tcase_add_test(tcase, a_request_for_us_is_answered_and_its_sender_learned);
	tcase_add_test(tcase, a_stale_row_is_used_and_probed_five_seconds_later);
	tcase_add_test(tcase, the_row_fails_after_three_probes_in_vain);
	tcase_add_test(tcase, confirmation_from_above_spares_the_probe);
	tcase_add_test(tcase, a_row_is_reachable_for_15_to_45_seconds);
	tcase_add_test(tcase, probing_does_not_keep_the_world_awake);
	tcase_add_loop_test(tcase, only_those_who_may_change_a_row, 0, G_N_ELEMENTS(unasked));
	tcase_add_test(tcase, a_second_answer_within_a_second_does_not_count);
	tcase_add_test(tcase, an_announcement_is_a_gratuitous_request);
	tcase_add_test(tcase, the_records_of_a_row_form_a_chain);
	tcase_add_loop_test(tcase, truncated_and_foreign_packets_are_dropped, 0, 42 + 8);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
