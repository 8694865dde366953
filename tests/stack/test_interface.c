/* Interfaces: the MAC filter, padding, counters and the way outside. */
#include <check.h>
#include <stdlib.h>
#include "tests/onehost.h"

static const struct {
	const char *name;
	struct mac destination;
	bool is_taken;
} destinations[] = {
	{"our own",         { { 2, 0, 0, 0, 0, 0x10 } },          true },
	{ "another host's", { { 2, 0, 0, 0, 0, 0x11 } },          false},
	{ "broadcast",      { { 255, 255, 255, 255, 255, 255 } }, true },
	{ "multicast",      { { 0x01, 0, 0x5e, 0, 0, 1 } },       true },
};

START_TEST(frames_for_other_addresses_are_filtered)
{
	struct onehost test;
	uint8_t frame[60] = { 0 };
	struct ethernet_header header = { destinations[_i].destination, onehost_peer_mac, 0x88b5 };

	ethernet_header_emit(&header, frame);
	onehost_init(&test, NODE_HOST);
	onehost_give(&test, test.eth0, (struct bytes) { frame, sizeof frame });
	/* What is taken has a type that nobody knows (the one for experiments). */
	ck_assert_uint_eq(
	    onehost_count(&test, destinations[_i].is_taken ? TRACE_DROP : TRACE_IGNORE,
			  LAYER_ETHERNET,
			  destinations[_i].is_taken ? ETHERNET_UNKNOWN_TYPE : ETHERNET_NOT_FOR_US),
	    1);
	ck_assert_uint_eq(test.eth0->counters.filtered_frames, !destinations[_i].is_taken);
	ck_assert_uint_eq(test.eth0->counters.received_frames, 1);
	ck_assert_uint_eq(test.eth0->counters.received_bytes, 60);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_frame_from_a_group_address_is_malformed)
{
	struct onehost test;
	uint8_t frame[60] = { 0 };
	struct ethernet_header header = { onehost_our_mac, mac_broadcast, ETHERTYPE_IPV4 };

	ethernet_header_emit(&header, frame);
	onehost_init(&test, NODE_HOST);
	onehost_give(&test, test.eth0, (struct bytes) { frame, sizeof frame });
	ck_assert_uint_eq(onehost_count(&test, TRACE_DROP, LAYER_ETHERNET, ETHERNET_MALFORMED), 1);
	onehost_clear(&test);
}
END_TEST

START_TEST(short_frames_are_padded_with_zeros)
{
	/* Loop test: _i bytes of payload behind 14 of header. */
	struct onehost test;
	struct packet *packet;

	onehost_init(&test, NODE_HOST);
	packet = node_new_packet(host_node(test.host), (size_t)_i);
	memset(packet_data(packet), 0xff, (size_t)_i);
	interface_send(test.eth0, onehost_peer_mac, 0x88b5, packet);
	struct bytes frame = onehost_sent(&test, 0);

	ck_assert_uint_eq(frame.length, _i < 46 ? 60 : 14 + _i);
	for (size_t i = 14 + (size_t)_i; i < frame.length; i++)
		ck_assert_uint_eq(frame.data[i], 0);
	ck_assert_uint_eq(test.eth0->counters.sent_bytes, frame.length);
	onehost_clear(&test);
}
END_TEST

START_TEST(sent_and_received_are_one_crossing_each_with_their_cause)
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
	const struct trace_record *received =
	    recorder_find(&test.recorder, (struct wanted) { TRACE_RECEIVE, ANY, ANY, NULL }, 0);
	const struct trace_record *opened = recorder_find(
	    &test.recorder, (struct wanted) { TRACE_DECAPSULATE, LAYER_ETHERNET, ANY, NULL }, 0);
	const struct trace_record *sent =
	    recorder_find(&test.recorder, (struct wanted) { TRACE_TRANSMIT, ANY, ANY, NULL }, 0);

	ck_assert_uint_eq(opened->crossing, received->crossing);
	ck_assert_uint_eq(opened->packet, received->packet);
	ck_assert_uint_eq(opened->cause, received->id);
	ck_assert_uint_ne(sent->packet, received->packet);
	ck_assert_uint_ne(sent->crossing, received->crossing);
	ck_assert_uint_eq(sent->cause, received->id);
	ck_assert_uint_eq(sent->flags & TRACE_FIRST, TRACE_FIRST);
	onehost_clear(&test);
}
END_TEST

START_TEST(its_record_names_addresses_and_name)
{
	static const uint8_t expected[] = { 2, 0,  0,  0,   0,   0x10, 192, 0,
					    2, 10, 26, 'e', 't', 'h',  '0' };
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	const struct trace_record *record =
	    recorder_find(&test.recorder, (struct wanted) { TRACE_INTERFACE, ANY, ANY, NULL }, 0);
	struct bytes bytes = recorder_bytes(&test.recorder, record);

	ck_assert_uint_eq(record->interface, 1);
	ck_assert_uint_eq(bytes.length, sizeof expected);
	ck_assert_mem_eq(bytes.data, expected, sizeof expected);
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interface");
	TCase *tcase = tcase_create("interface");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, frames_for_other_addresses_are_filtered, 0,
			    G_N_ELEMENTS(destinations));
	tcase_add_test(tcase, a_frame_from_a_group_address_is_malformed);
	tcase_add_loop_test(tcase, short_frames_are_padded_with_zeros, 0, 60);
	tcase_add_test(tcase, sent_and_received_are_one_crossing_each_with_their_cause);
	tcase_add_test(tcase, its_record_names_addresses_and_name);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
