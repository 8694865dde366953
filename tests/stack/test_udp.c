/* UDP sockets: ports, checksums, and closing at any moment. */
#include <check.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "stack/udp.h"
#include "tests/onehost.h"
#include "tests/wiretest.h"

struct got {
	unsigned count;
	struct endpoint from;
	size_t length;
	struct udp_socket *to_close;
};

static void receive(void *owner, struct endpoint from, struct bytes payload)
{
	struct got *got = owner;

	got->count++;
	got->from = from;
	got->length = payload.length;
	udp_close(got->to_close);
	got->to_close = NULL;
}

START_TEST(a_datagram_arrives_with_its_source)
{
	struct wiretest test;
	struct got got = { 0 };

	wiretest_init(&test, NULL);
	struct udp_socket *socket = udp_open(test.alice, 5353, receive, &got);

	ck_assert_ptr_nonnull(udp_open(test.bob, 53, receive, &got));
	ck_assert(udp_send(socket, (struct endpoint) { WIRETEST_BOB, 53 }, bytes_of("hello")));
	wiretest_run(&test);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_uint_eq(got.from.address, WIRETEST_ALICE);
	ck_assert_uint_eq(got.from.port, 5353);
	ck_assert_uint_eq(got.length, 5);
	wiretest_clear(&test);
}
END_TEST

/* The checksum is summed by hand: pseudo header, header, payload (RFC 768). */
START_TEST(the_bytes_on_the_wire_are_those_of_rfc_768)
{
	struct onehost test;
	struct bytes datagram;
	uint32_t sum =
	    0xc000 + 0x020a + 0xcb00 + 0x7105 + 0x0011 + 0x000a + 0x1388 + 0x0035 + 0x000a + 0x6869;
	uint16_t checksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	uint8_t expected[] = { 0x13, 0x88, 0x00, 0x35, 0x00, 0x0a, 0, 0, 'h', 'i' };

	expected[6] = (uint8_t)(checksum >> 8);
	expected[7] = (uint8_t)checksum;
	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	struct udp_socket *socket = udp_open(test.host, 5000, receive, NULL);

	ck_assert(udp_send(socket, (struct endpoint) { ONEHOST_FAR, 53 }, bytes_of("hi")));
	onehost_sent_ipv4(&test, 0, &datagram);
	ck_assert_uint_eq(datagram.length, sizeof expected);
	ck_assert_mem_eq(datagram.data, expected, sizeof expected);
	onehost_clear(&test);
}
END_TEST

START_TEST(a_port_is_taken_once)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	struct udp_socket *socket = udp_open(test.host, 53, receive, NULL);

	ck_assert_uint_eq(udp_local_port(socket), 53);
	ck_assert_ptr_null(udp_open(test.host, 53, receive, NULL));
	udp_close(socket);
	ck_assert_ptr_nonnull(udp_open(test.host, 53, receive, NULL));
	ck_assert_uint_eq(onehost_count(&test, TRACE_TABLE, LAYER_UDP, UDP_SOCKET), 3);
	onehost_clear(&test);
}
END_TEST

START_TEST(ephemeral_ports_are_random_in_linux_s_range_until_all_are_taken)
{
	struct onehost test;
	unsigned count = UDP_EPHEMERAL_LAST - UDP_EPHEMERAL_FIRST + 1, ascending = 0;
	uint16_t last = 0;

	onehost_init(&test, NODE_HOST);
	for (unsigned i = 0; i < count; i++) {
		struct udp_socket *socket = udp_open(test.host, 0, receive, NULL);

		ck_assert_ptr_nonnull(socket);
		ck_assert_uint_ge(udp_local_port(socket), UDP_EPHEMERAL_FIRST);
		ck_assert_uint_le(udp_local_port(socket), UDP_EPHEMERAL_LAST);
		if (i < 1000)
			ascending += udp_local_port(socket) > last;
		last = udp_local_port(socket);
	}
	ck_assert(ascending > 400 && ascending < 600);
	ck_assert_ptr_null(udp_open(test.host, 0, receive, NULL));
	onehost_clear(&test);
}
END_TEST

START_TEST(a_callback_may_close_its_socket)
{
	struct wiretest test;
	struct got got = { 0 };

	wiretest_init(&test, NULL);
	struct udp_socket *socket = udp_open(test.alice, 0, receive, NULL);

	got.to_close = udp_open(test.bob, 53, receive, &got);
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 53 }, bytes_of("one"));
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 53 }, bytes_of("two"));
	wiretest_run(&test);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_uint_eq(wiretest_count(&test, TRACE_DROP, LAYER_UDP, UDP_PORT_CLOSED), 1);
	wiretest_clear(&test);
}
END_TEST

START_TEST(too_long_a_datagram_is_refused)
{
	static uint8_t payload[UDP_PAYLOAD_MAX + 1];
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	struct udp_socket *socket = udp_open(test.host, 0, receive, NULL);
	struct endpoint to = { ONEHOST_PEER, 9 };

	ck_assert(!udp_send(socket, to, (struct bytes) { payload, sizeof payload }));
	ck_assert(udp_send(socket, to, (struct bytes) { payload, UDP_PAYLOAD_MAX }));
	onehost_clear(&test);
}
END_TEST

static const struct {
	const char *name;
	uint8_t bytes[10];
	size_t length;
	int drop; /* enum udp_detail; 0: delivered */
} datagrams[] = {
	{"no checksum",              { 0, 9, 0, 53, 0, 10, 0, 0, 'h', 'i' }, 10, 0               },
	{ "wrong checksum",          { 0, 9, 0, 53, 0, 10, 1, 2, 'h', 'i' }, 10, UDP_BAD_CHECKSUM},
	{ "shorter than it says",    { 0, 9, 0, 53, 0, 11, 0, 0, 'h', 'i' }, 10, UDP_MALFORMED   },
	{ "length below the header", { 0, 9, 0, 53, 0, 7, 0, 0, 'h', 'i' },  10, UDP_MALFORMED   },
	{ "half a header",           { 0, 9, 0, 53 },                        4,  UDP_MALFORMED   },
	{ "closed port",             { 0, 9, 0, 54, 0, 10, 0, 0, 'h', 'i' }, 10, UDP_PORT_CLOSED },
};

START_TEST(received_datagrams_are_checked)
{
	struct onehost test;
	struct got got = { 0 };

	onehost_init(&test, NODE_HOST);
	onehost_resolve_peer(&test);
	udp_open(test.host, 53, receive, &got);
	onehost_give_ipv4(&test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = 17,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { datagrams[_i].bytes, datagrams[_i].length });
	ck_assert_msg(got.count == (datagrams[_i].drop == 0), "%s", datagrams[_i].name);
	if (datagrams[_i].drop != 0)
		ck_assert_msg(onehost_count(&test, TRACE_DROP, LAYER_UDP, datagrams[_i].drop) == 1,
			      "%s", datagrams[_i].name);
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("udp");
	TCase *tcase = tcase_create("udp");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, a_datagram_arrives_with_its_source);
	tcase_add_test(tcase, the_bytes_on_the_wire_are_those_of_rfc_768);
	tcase_add_test(tcase, a_port_is_taken_once);
	tcase_add_test(tcase, ephemeral_ports_are_random_in_linux_s_range_until_all_are_taken);
	tcase_add_test(tcase, a_callback_may_close_its_socket);
	tcase_add_test(tcase, too_long_a_datagram_is_refused);
	tcase_add_loop_test(tcase, received_datagrams_are_checked, 0, G_N_ELEMENTS(datagrams));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
