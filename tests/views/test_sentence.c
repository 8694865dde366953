/* What is said of packets in one sentence: ICMP of all kinds, ARP of all kinds. */
#include <check.h>
#include <stdlib.h>
#include "stack/wire/arp.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "tests/views/frames.h"
#include "tests/views/packets.h"
#include "views/account.h"
#include "views/sentence.h"

#define FROM UINT32_C(0x0a000001) /* 10.0.0.1 */
#define TO   UINT32_C(0x0a000002)

static const char *unnamed_mac(const void *owner, struct mac mac)
{
	(void)owner;
	(void)mac;
	return NULL;
}

static const char *unnamed_address(const void *owner, struct ip_address address)
{
	(void)owner;
	(void)address;
	return NULL;
}

static const struct view_names names = { .of_mac = unnamed_mac, .of_address = unnamed_address };

/* Of a packet of which the capture has the first `captured` bytes. */
static void check_cut(uint16_t link_type, struct bytes packet, size_t captured, const char *wanted)
{
	struct decode decode;
	struct account account = { .decode = &decode, .names = &names };
	GString *said = g_string_new(NULL);

	decode_packet(
	    bytes_first(packet, captured),
	    &(struct decode_options) { .link_type = link_type, .original_bytes = packet.length },
	    &decode);
	sentence_append_account(said, &account);
	ck_assert_str_eq(said->str, wanted);
	g_string_free(said, TRUE);
}

static void check_sentence(uint16_t link_type, struct bytes packet, const char *wanted)
{
	check_cut(link_type, packet, packet.length, wanted);
}

static const struct {
	uint8_t type, code;
	uint32_t rest;
	const char *said;
} messages[] = {
	{0,   0,  0,          "10.0.0.1 answers the ping of 10.0.0.2"                                      },
	{ 3,  0,  0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: there is no route to its network"             },
	{ 3,  2,  0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: nothing there speaks its protocol"            },
	{ 3,  3,  0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: no program listens on its port"               },
	{ 3,  9,  0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: a filter does not let it pass"                },
	{ 3,  10, 0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: a filter does not let it pass"                },
	{ 3,  13, 0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: a filter does not let it pass"                },
	{ 4,  0,  0,          "10.0.0.1 tells 10.0.0.2 that a packet was dropped: there is no room for it" },
	{ 5,  1,  0x0a000009, "10.0.0.1 tells 10.0.0.2 to use 10.0.0.9"                                    },
	{ 8,  0,  0,          "10.0.0.1 pings 10.0.0.2 with 4 bytes"                                       },
	{ 9,  0,  0,          "10.0.0.1 sends 10.0.0.2 an ICMP message: router advertisement (9)"          },
	{ 11, 0,  0,
         "10.0.0.1 tells 10.0.0.2 that a packet was dropped: its TTL reached 0 on the way"                 },
	{ 12, 0,  0,          "10.0.0.1 tells 10.0.0.2 that a packet was dropped: its header has a problem"},
	{ 13, 0,  0,          "10.0.0.1 sends 10.0.0.2 an ICMP message: timestamp request (13)"            },
};

START_TEST(icmp_says_what_it_is_for)
{
	uint8_t packet[IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + 4] = { 0 };
	uint8_t *icmp = packet + IPV4_HEADER_BYTES;

	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = sizeof packet,
						 .ttl = 64,
						 .protocol = IP_PROTOCOL_ICMP,
						 .source = FROM,
						 .destination = TO },
			 packet);
	ipv4_checksum_set(packet);
	icmp[0] = messages[_i].type;
	icmp[1] = messages[_i].code;
	put_be32(icmp + 4, messages[_i].rest);
	check_sentence(DECODE_LINK_RAW_12, (struct bytes) { packet, sizeof packet },
		       messages[_i].said);
}
END_TEST

/* A redirect quotes the datagram that goes a shorter way. */
START_TEST(a_redirect_says_for_which_destination)
{
	uint8_t packet[2 * IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + 8] = { 0 };
	uint8_t *icmp = packet + IPV4_HEADER_BYTES, *quoted = icmp + ICMP_HEADER_BYTES;

	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = sizeof packet,
						 .ttl = 64,
						 .protocol = IP_PROTOCOL_ICMP,
						 .source = FROM,
						 .destination = TO },
			 packet);
	ipv4_checksum_set(packet);
	icmp[0] = ICMP_REDIRECT;
	icmp[1] = 1;
	put_be32(icmp + 4, 0x0a000009);
	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = 60,
						 .ttl = 64,
						 .protocol = IP_PROTOCOL_TCP,
						 .source = TO,
						 .destination = 0x09090909 },
			 quoted);
	ipv4_checksum_set(quoted);
	check_sentence(DECODE_LINK_RAW, (struct bytes) { packet, sizeof packet },
		       "10.0.0.1 tells 10.0.0.2 to use 10.0.0.9 for 9.9.9.9");
}
END_TEST

static const struct {
	uint8_t protocol, length;
	const char *said;
} unknown[] = {
	{47,   10, "10.0.0.1 sends 10.0.0.2 10 bytes of GRE (47)"     },
	{ 47,  1,  "10.0.0.1 sends 10.0.0.2 1 byte of GRE (47)"       },
	{ 253, 2,  "10.0.0.1 sends 10.0.0.2 2 bytes of protocol (253)"},
};

START_TEST(a_protocol_that_is_not_known_has_a_number)
{
	uint8_t packet[IPV4_HEADER_BYTES + 10] = { 0 };
	uint16_t length = IPV4_HEADER_BYTES + unknown[_i].length;

	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = length,
						 .ttl = 64,
						 .protocol = unknown[_i].protocol,
						 .source = FROM,
						 .destination = TO },
			 packet);
	ipv4_checksum_set(packet);
	check_sentence(DECODE_LINK_RAW, (struct bytes) { packet, length }, unknown[_i].said);
}
END_TEST

/* Loop test: that many bytes, 1 and 2. */
START_TEST(one_byte_is_no_bytes)
{
	uint8_t packet[IPV4_HEADER_BYTES + 8 + 2] = { 0 };
	uint16_t length = (uint16_t)(sizeof packet - 2 + (unsigned)_i);

	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = length,
						 .ttl = 64,
						 .protocol = IP_PROTOCOL_UDP,
						 .source = FROM,
						 .destination = TO },
			 packet);
	ipv4_checksum_set(packet);
	put_be16(packet + IPV4_HEADER_BYTES + 2, 9999);
	put_be16(packet + IPV4_HEADER_BYTES + 4, (uint16_t)(8 + _i));
	check_sentence(DECODE_LINK_RAW, (struct bytes) { packet, length },
		       _i == 1 ? "10.0.0.1 sends 1 byte by UDP to 10.0.0.2 port 9999"
			       : "10.0.0.1 sends 2 bytes by UDP to 10.0.0.2 port 9999");
}
END_TEST

static const struct {
	uint16_t operation;
	uint32_t sender, target;
	const char *said;
} arps[] = {
	{1,  FROM, TO,   "10.0.0.1 asks which MAC address has 10.0.0.2"               },
	{ 1, 0,    TO,   "02:00:00:00:00:01 asks whether the address 10.0.0.2 is free"},
	{ 1, FROM, FROM, "10.0.0.1 announces its own MAC address"                     },
	{ 2, FROM, TO,   "10.0.0.1 answers 10.0.0.2: 10.0.0.1 is at 02:00:00:00:00:01"},
	{ 3, 0,    0,    "02:00:00:00:00:01 sends an ARP packet of operation 3"       },
	{ 9, FROM, TO,   "02:00:00:00:00:01 sends an ARP packet of operation 9"       },
};

START_TEST(arp_says_what_it_is_for)
{
	uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x08, 0x06 };

	arp_packet_emit(&(struct arp_packet) { .operation = arps[_i].operation,
					       .sender_mac = { { 2, 0, 0, 0, 0, 1 } },
					       .sender_address = arps[_i].sender,
					       .target_address = arps[_i].target },
			frame + 14);
	check_sentence(DECODE_LINK_ETHERNET, (struct bytes) { frame, sizeof frame }, arps[_i].said);
}
END_TEST

/* A switch's hello, of 38 bytes and 8 of padding; and a frame of another LLC user. */
START_TEST(frames_with_a_length_are_no_damaged_ones)
{
	uint8_t frame[60] = { 0x01, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 38, 0x42, 0x42, 3 };
	struct bytes bytes = { frame, sizeof frame };
	struct decode decode;

	check_sentence(
	    DECODE_LINK_ETHERNET, bytes,
	    "02:00:00:00:00:01 speaks the spanning tree protocol (STP) to other switches");
	decode_frame(bytes, NULL, &decode);
	ck_assert_uint_eq(decode.layers[0].status, PARSE_OK);
	ck_assert_uint_eq(decode.layers[0].payload_bytes, 38);
	ck_assert_ptr_nonnull(decode_find_field(&decode, &decode.layers[0], "Length"));
	ck_assert_ptr_null(decode_find_field(&decode, &decode.layers[0], "Type"));
	ck_assert_uint_eq(decode_find(&decode, DECODE_PADDING)->header_bytes, 8);
	frame[14] = 0xe0;
	check_sentence(DECODE_LINK_ETHERNET, bytes,
		       "02:00:00:00:00:01 sends an IEEE 802.3 frame with a length, not a type");
}
END_TEST

/* What carries no addresses of IP is told of by what it says it is. */
START_TEST(frames_without_ip_are_told_by_their_type)
{
	uint8_t frame[60] = { [5] = 2, [6] = 2, [11] = 1, [12] = 0x88, [13] = 0xcc };
	struct bytes bytes = { frame, sizeof frame };

	check_sentence(DECODE_LINK_ETHERNET, bytes,
		       "02:00:00:00:00:01 sends a frame of LLDP (0x88cc)");
	put_be16(frame + 12, 0x1234);
	check_sentence(DECODE_LINK_ETHERNET, bytes,
		       "02:00:00:00:00:01 sends a frame of type 0x1234");
	put_be16(frame + 12, 0x8100);
	put_be16(frame + 16, 0x88cc);
	check_sentence(DECODE_LINK_ETHERNET, bytes,
		       "02:00:00:00:00:01 sends a frame of LLDP (0x88cc)");
	put_be16(frame + 12, 0x0800);
	frame[14] = 0x41;
	check_sentence(DECODE_LINK_ETHERNET, bytes, "a malformed IPv4 packet");
	check_sentence(DECODE_LINK_ETHERNET, bytes_first(bytes, 13),
		       "a frame too short for an Ethernet header");
	check_sentence(105, bytes, "a packet of a link type that is not known here");
	check_sentence(DECODE_LINK_ETHERNET, bytes_first(bytes, 0), "an empty frame");
}
END_TEST

static const struct {
	const char *frame;
	size_t captured;
	const char *said;
} cuts[] = {
	{"udp_datagram",  38,
         "192.0.2.10 sends 198.51.100.70 a UDP datagram of which too little is here" },
	{ "echo_request", 38,
         "192.0.2.10 sends 198.51.100.70 an ICMP message of which too little is here"},
	{ "echo_request", 44, "192.0.2.10 pings 198.51.100.70 with 48 bytes"         },
	{ "arp_request",  40, "an ARP packet of which too little is here"            },
	{ "tcp_data",     38,
         "192.0.2.10 sends 198.51.100.70 a TCP segment of which too little is here"  },
	{ "tcp_data",     20, "an IPv4 packet of which too little is here"           },
};

/* Of the inner packet its data is missing, once. */
START_TEST(what_the_capture_cut_from_a_tunnel_is_told_once)
{
	const struct test_packet *packet = test_packets;
	struct decode decode;
	size_t missing = 0;

	while (strcmp(packet->name, "tunnel_ipv4") != 0)
		packet++;
	decode_packet((struct bytes) { (const uint8_t *)packet->bytes, 14 + 20 + 20 + 8 },
		      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET,
						 .original_bytes = packet->length_bytes },
		      &decode);
	for (unsigned i = 0; i < decode.layer_count; i++)
		if (decode.layers[i].protocol == DECODE_DATA)
			missing += decode.layers[i].cut_header_bytes;
	ck_assert_uint_eq(missing, packet->length_bytes - (14 + 20 + 20 + 8));
}
END_TEST

START_TEST(what_the_capture_cut_is_not_malformed)
{
	check_cut(DECODE_LINK_ETHERNET, test_frame(cuts[_i].frame), cuts[_i].captured,
		  cuts[_i].said);
}
END_TEST

/* Who talks is inside; a packet inside that is a malformed one is what it says it is. */
START_TEST(a_tunnel_is_looked_into)
{
	const struct test_packet *packet = test_packets;
	struct bytes bytes;
	uint8_t *copy;

	while (strcmp(packet->name, "tunnel_ipv4") != 0)
		packet++;
	bytes = (struct bytes) { (const uint8_t *)packet->bytes, packet->length_bytes };
	check_sentence(DECODE_LINK_ETHERNET, bytes,
		       "10.1.0.1 sends 6 bytes by UDP to 10.2.0.1 port 9999");
	copy = g_memdup2(bytes.data, bytes.length);
	copy[34] = 0x41;
	check_sentence(DECODE_LINK_ETHERNET, (struct bytes) { copy, bytes.length },
		       "192.0.2.10 sends 198.51.100.70 a malformed IPv4 packet");
	g_free(copy);
}
END_TEST

/* The datagram says 14 bytes, IP has room for 8. */
START_TEST(a_datagram_with_a_wrong_length_has_no_size)
{
	uint8_t packet[IPV4_HEADER_BYTES + 8] = { 0 };

	ipv4_header_emit(&(struct ipv4_header) { .total_length_bytes = sizeof packet,
						 .ttl = 64,
						 .protocol = IP_PROTOCOL_UDP,
						 .source = FROM,
						 .destination = TO },
			 packet);
	ipv4_checksum_set(packet);
	put_be16(packet + IPV4_HEADER_BYTES + 4, 14);
	check_sentence(DECODE_LINK_RAW, (struct bytes) { packet, sizeof packet },
		       "10.0.0.1 sends 10.0.0.2 a UDP datagram whose length is wrong");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sentence");
	TCase *tests = tcase_create("sentence");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, a_redirect_says_for_which_destination);
	tcase_add_loop_test(tests, a_protocol_that_is_not_known_has_a_number, 0,
			    G_N_ELEMENTS(unknown));
	tcase_add_loop_test(tests, one_byte_is_no_bytes, 1, 3);
	tcase_add_loop_test(tests, icmp_says_what_it_is_for, 0, G_N_ELEMENTS(messages));
	tcase_add_loop_test(tests, arp_says_what_it_is_for, 0, G_N_ELEMENTS(arps));
	tcase_add_test(tests, frames_with_a_length_are_no_damaged_ones);
	tcase_add_test(tests, frames_without_ip_are_told_by_their_type);
	tcase_add_loop_test(tests, what_the_capture_cut_is_not_malformed, 0, G_N_ELEMENTS(cuts));
	tcase_add_test(tests, a_datagram_with_a_wrong_length_has_no_size);
	tcase_add_test(tests, a_tunnel_is_looked_into);
	tcase_add_test(tests, what_the_capture_cut_from_a_tunnel_is_told_once);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
