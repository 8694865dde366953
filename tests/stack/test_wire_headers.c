/* Ethernet, ARP, IPv4, ICMP and UDP headers against bytes worked out by hand from their RFCs. */
#include <check.h>
#include <stdlib.h>
#include "stack/wire/arp.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"

#define VIEW(array) ((struct bytes) { array, sizeof array })

/* 02:00:00:00:01:01 asks everyone, from 02:00:00:00:01:0a: IPv4. */
static const uint8_t ethernet[] = {
	0x02, 0x00, 0x00, 0x00, 0x01, 0x01, 0x02, 0x00, 0x00, 0x00, 0x01, 0x0a, 0x08, 0x00,
};

/* A reply: 192.0.2.1 is at 02:00:00:00:01:01, to 192.0.2.10 at 02:00:00:00:01:0a. */
static const uint8_t arp[] = {
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x01, 0x01,
	192,  0,    2,    1,    0x02, 0x00, 0x00, 0x00, 0x01, 0x0a, 192,  0,    2,    10,
};

/*
 * A fragment with a router alert: IHL 6, CS6 with ECT(0), total length 27, identification 0x1c46,
 * MF, offset 185 units, TTL 64, UDP, 192.0.2.10 to 198.51.100.7; payload "abc", padding.
 * Words: 46c2 + 001b + 1c46 + 20b9 + 4011 + c000 + 020a + c633 + 6407 + 9404 = 34435, so 0xbbc7.
 */
static const uint8_t ipv4[] = {
	0x46, 0xc2, 0x00, 0x1b, 0x1c, 0x46, 0x20, 0xb9, 0x40, 0x11, 0xbb, 0xc7, 192,  0,    2,
	10,   198,  51,   100,  7,    0x94, 0x04, 0x00, 0x00, 'a',  'b',  'c',  0x00, 0x00,
};

/* Echo request, identifier 0x1234, sequence 1, "hi": 0800 + 1234 + 0001 + 6869 = 829e. */
static const uint8_t icmp[] = { 0x08, 0x00, 0x7d, 0x61, 0x12, 0x34, 0x00, 0x01, 'h', 'i' };

/* 53 -> 4096, length 10, checksum 0xbeef, payload "hi", then two bytes of Ethernet padding. */
static const uint8_t udp[] = {
	0x00, 0x35, 0x10, 0x00, 0x00, 0x0a, 0xbe, 0xef, 'h', 'i', 0x00, 0x00,
};

/* An exact-size copy, so that the sanitizer sees every byte read too many. */
static struct bytes exact_copy(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	memcpy(copy, bytes, length);
	return (struct bytes) { copy, length };
}

START_TEST(ethernet_fields_are_read_and_written)
{
	struct ethernet_header header;
	struct bytes payload;
	uint8_t emitted[ETHERNET_HEADER_BYTES];

	ck_assert_int_eq(ethernet_header_parse(VIEW(ethernet), &header, &payload), PARSE_OK);
	ck_assert_mem_eq(header.destination.octets, ethernet, 6);
	ck_assert_mem_eq(header.source.octets, ethernet + 6, 6);
	ck_assert_uint_eq(header.type, ETHERTYPE_IPV4);
	ck_assert_uint_eq(payload.length, 0);
	ethernet_header_emit(&header, emitted);
	ck_assert_mem_eq(emitted, ethernet, sizeof emitted);
}
END_TEST

START_TEST(ethernet_with_a_length_instead_of_a_type_is_unsupported)
{
	uint8_t frame[sizeof ethernet];
	struct ethernet_header header;
	struct bytes payload;

	memcpy(frame, ethernet, sizeof frame);
	put_be16(frame + 12, 1500);
	ck_assert_int_eq(ethernet_header_parse(VIEW(frame), &header, &payload), PARSE_UNSUPPORTED);
	put_be16(frame + 12, 1536);
	ck_assert_int_eq(ethernet_header_parse(VIEW(frame), &header, &payload), PARSE_OK);
}
END_TEST

START_TEST(arp_fields_are_read_and_written)
{
	struct arp_packet packet;
	uint8_t emitted[ARP_PACKET_BYTES];

	ck_assert_int_eq(arp_packet_parse(VIEW(arp), &packet), PARSE_OK);
	ck_assert_uint_eq(packet.operation, ARP_REPLY);
	ck_assert_mem_eq(packet.sender_mac.octets, arp + 8, 6);
	ck_assert_uint_eq(packet.sender_address, 0xc0000201);
	ck_assert_mem_eq(packet.target_mac.octets, arp + 18, 6);
	ck_assert_uint_eq(packet.target_address, 0xc000020a);
	arp_packet_emit(&packet, emitted);
	ck_assert_mem_eq(emitted, arp, sizeof emitted);
}
END_TEST

static const struct {
	const char *name;
	size_t offset;
	uint8_t value;
	enum parse_status status;
} bad_arp[] = {
	{"hardware type",    1, 6,    PARSE_UNSUPPORTED},
	{ "protocol type",   2, 0x86, PARSE_UNSUPPORTED},
	{ "hardware length", 4, 8,    PARSE_BAD_LENGTH },
	{ "protocol length", 5, 16,   PARSE_BAD_LENGTH },
};

START_TEST(arp_of_other_networks_is_refused)
{
	uint8_t bytes[sizeof arp];
	struct arp_packet packet;

	memcpy(bytes, arp, sizeof bytes);
	bytes[bad_arp[_i].offset] = bad_arp[_i].value;
	ck_assert_msg(arp_packet_parse(VIEW(bytes), &packet) == bad_arp[_i].status, "%s",
		      bad_arp[_i].name);
}
END_TEST

START_TEST(ipv4_fields_are_read_and_padding_is_dropped)
{
	struct ipv4_header header;
	struct bytes payload;

	ck_assert_int_eq(ipv4_header_parse(VIEW(ipv4), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.header_bytes, 24);
	ck_assert_uint_eq(header.tos, 0xc2);
	ck_assert_uint_eq(header.total_length_bytes, 27);
	ck_assert_uint_eq(header.identification, 0x1c46);
	ck_assert(!header.dont_fragment);
	ck_assert(header.more_fragments);
	ck_assert_uint_eq(header.fragment_offset_bytes, 1480);
	ck_assert_uint_eq(header.ttl, 64);
	ck_assert_uint_eq(header.protocol, 17);
	ck_assert_uint_eq(header.checksum, 0xbbc7);
	ck_assert_uint_eq(header.source, 0xc000020a);
	ck_assert_uint_eq(header.destination, 0xc6336407);
	ck_assert_uint_eq(header.options.length, 4);
	ck_assert_mem_eq(header.options.data, ipv4 + 20, 4);
	ck_assert_uint_eq(payload.length, 3);
	ck_assert_mem_eq(payload.data, "abc", 3);
	ck_assert(ipv4_checksum_is_right(VIEW(ipv4)));
}
END_TEST

START_TEST(ipv4_emit_is_the_inverse_of_parse)
{
	struct ipv4_header header;
	struct bytes payload;
	uint8_t emitted[IPV4_HEADER_MAX_BYTES];

	ipv4_header_parse(VIEW(ipv4), &header, &payload);
	ck_assert_uint_eq(ipv4_header_length(&header), 24);
	ipv4_header_emit(&header, emitted);
	ck_assert_mem_eq(emitted, ipv4, 24);

	put_be16(emitted + 10, 0xffff);
	ipv4_checksum_set(emitted);
	ck_assert_mem_eq(emitted, ipv4, 24);
}
END_TEST

START_TEST(ipv4_ttl_decrement_keeps_the_checksum_right)
{
	uint8_t header[24];

	memcpy(header, ipv4, sizeof header);
	for (unsigned ttl = 64; ttl > 0; ttl--) {
		ck_assert_uint_eq(header[8], ttl);
		ipv4_ttl_decrement(header);
		ck_assert(ipv4_checksum_is_right(VIEW(header)));
	}
}
END_TEST

static const struct {
	const char *name;
	size_t offset;
	uint8_t value;
	enum parse_status status;
} bad_ipv4[] = {
	{"version 6",			0, 0x65, PARSE_UNSUPPORTED},
	{ "header of 16 bytes",              0, 0x44, PARSE_BAD_LENGTH },
	{ "header longer than the bytes",    0, 0x4f, PARSE_TRUNCATED  },
	{ "total length below the header's", 3, 23,   PARSE_BAD_LENGTH },
	{ "total length above the bytes",    3, 30,   PARSE_TRUNCATED  },
};

START_TEST(ipv4_with_a_wrong_length_or_version_is_refused)
{
	struct bytes copy = exact_copy(ipv4, sizeof ipv4);
	struct ipv4_header header = { .ttl = 99 };
	struct bytes payload = { NULL, 77 };

	((uint8_t *)copy.data)[bad_ipv4[_i].offset] = bad_ipv4[_i].value;
	ck_assert_msg(ipv4_header_parse(copy, &header, &payload) == bad_ipv4[_i].status, "%s",
		      bad_ipv4[_i].name);
	ck_assert_uint_eq(header.ttl, 99);
	ck_assert_uint_eq(payload.length, 77);
	free((void *)copy.data);
}
END_TEST

START_TEST(a_quoted_ipv4_datagram_may_end_early)
{
	uint8_t bytes[26];
	struct ipv4_header header;
	struct bytes payload;

	memcpy(bytes, ipv4, sizeof bytes);
	ck_assert_int_eq(ipv4_header_parse(VIEW(bytes), &header, &payload), PARSE_TRUNCATED);
	ck_assert_int_eq(ipv4_header_parse_quoted(VIEW(bytes), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.total_length_bytes, 27);
	ck_assert_uint_eq(payload.length, 2);
}
END_TEST

START_TEST(icmp_fields_are_read_and_written)
{
	struct icmp_header header;
	struct bytes payload;
	uint8_t emitted[sizeof icmp];

	ck_assert_int_eq(icmp_header_parse(VIEW(icmp), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.type, ICMP_ECHO_REQUEST);
	ck_assert_uint_eq(header.code, 0);
	ck_assert_uint_eq(header.checksum, 0x7d61);
	ck_assert_uint_eq(icmp_echo_identifier(&header), 0x1234);
	ck_assert_uint_eq(icmp_echo_sequence(&header), 1);
	ck_assert_uint_eq(header.rest, icmp_echo_rest(0x1234, 1));
	ck_assert_uint_eq(payload.length, 2);
	ck_assert(icmp_checksum_is_right(VIEW(icmp)));

	header.checksum = 0;
	icmp_header_emit(&header, emitted);
	memcpy(emitted + 8, "hi", 2);
	icmp_checksum_set(emitted, sizeof emitted);
	ck_assert_mem_eq(emitted, icmp, sizeof icmp);
	emitted[9] ^= 1;
	ck_assert(!icmp_checksum_is_right(VIEW(emitted)));
}
END_TEST

START_TEST(udp_fields_are_read_and_padding_is_dropped)
{
	struct udp_header header;
	struct bytes payload;
	uint8_t emitted[UDP_HEADER_BYTES];

	ck_assert_int_eq(udp_header_parse(VIEW(udp), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.source_port, 53);
	ck_assert_uint_eq(header.destination_port, 4096);
	ck_assert_uint_eq(header.length_bytes, 10);
	ck_assert_uint_eq(header.checksum, 0xbeef);
	ck_assert_uint_eq(payload.length, 2);
	ck_assert_mem_eq(payload.data, "hi", 2);
	udp_header_emit(&header, emitted);
	ck_assert_mem_eq(emitted, udp, sizeof emitted);
}
END_TEST

/* c000+0201 + c000+0202 + 0011 + 000a + 0035+1000+000a + 6869 = 1fcc6, folded fcc7, so 0x0338. */
START_TEST(udp_checksum_covers_pseudo_header_and_payload)
{
	uint8_t datagram[10];
	struct bytes payload = { datagram + 8, 2 };

	memcpy(datagram, udp, sizeof datagram);
	udp_checksum_set(datagram, checksum_add(0, payload), 0xc0000201, 0xc0000202);
	ck_assert_uint_eq(get_be16(datagram + 6), 0x0338);
	ck_assert(udp_checksum_is_right(VIEW(datagram), 0xc0000201, 0xc0000202));
	ck_assert(!udp_checksum_is_right(VIEW(datagram), 0xc0000201, 0xc0000203));
	put_be16(datagram + 6, 0);
	ck_assert(udp_checksum_is_right(VIEW(datagram), 0xc0000201, 0xc0000203));
}
END_TEST

/* With a payload of 0x0338 + 0x6869 = 0x6ba1 the sum is 0xffff, whose complement is 0. */
START_TEST(a_udp_checksum_of_zero_is_sent_as_all_ones)
{
	uint8_t datagram[10];

	memcpy(datagram, udp, sizeof datagram);
	put_be16(datagram + 8, 0x6ba1);
	udp_checksum_set(datagram, 0x6ba1, 0xc0000201, 0xc0000202);
	ck_assert_uint_eq(get_be16(datagram + 6), 0xffff);
	ck_assert(udp_checksum_is_right(VIEW(datagram), 0xc0000201, 0xc0000202));
}
END_TEST

START_TEST(udp_with_a_length_below_8_or_above_the_bytes_is_refused)
{
	uint8_t datagram[sizeof udp];
	struct udp_header header;
	struct bytes payload;

	memcpy(datagram, udp, sizeof datagram);
	datagram[5] = 7;
	ck_assert_int_eq(udp_header_parse(VIEW(datagram), &header, &payload), PARSE_BAD_LENGTH);
	datagram[5] = 13;
	ck_assert_int_eq(udp_header_parse(VIEW(datagram), &header, &payload), PARSE_BAD_LENGTH);
}
END_TEST

/* Loop test: _i is the number of bytes that arrived. */
START_TEST(every_truncation_is_refused)
{
	size_t arrived = (size_t)_i;
	struct ethernet_header ethernet_header;
	struct arp_packet arp_packet;
	struct ipv4_header ipv4_header;
	struct icmp_header icmp_header;
	struct udp_header udp_header;
	struct bytes payload, cut;

#define CHECK_CUT(array, whole, parse)                                                             \
	if (arrived < (whole)) {                                                                   \
		cut = exact_copy(array, arrived);                                                  \
		ck_assert_int_ne(parse, PARSE_OK);                                                 \
		free((void *)cut.data);                                                            \
	}
	CHECK_CUT(ethernet, 14, ethernet_header_parse(cut, &ethernet_header, &payload));
	CHECK_CUT(arp, 28, arp_packet_parse(cut, &arp_packet));
	CHECK_CUT(ipv4, 27, ipv4_header_parse(cut, &ipv4_header, &payload));
	CHECK_CUT(ipv4, 24, ipv4_header_parse_quoted(cut, &ipv4_header, &payload));
	CHECK_CUT(icmp, 8, icmp_header_parse(cut, &icmp_header, &payload));
	CHECK_CUT(udp, 10, udp_header_parse(cut, &udp_header, &payload));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("headers");
	TCase *tests = tcase_create("headers");

	tcase_add_test(tests, ethernet_fields_are_read_and_written);
	tcase_add_test(tests, ethernet_with_a_length_instead_of_a_type_is_unsupported);
	tcase_add_test(tests, arp_fields_are_read_and_written);
	tcase_add_loop_test(tests, arp_of_other_networks_is_refused, 0, 4);
	tcase_add_test(tests, ipv4_fields_are_read_and_padding_is_dropped);
	tcase_add_test(tests, ipv4_emit_is_the_inverse_of_parse);
	tcase_add_test(tests, ipv4_ttl_decrement_keeps_the_checksum_right);
	tcase_add_loop_test(tests, ipv4_with_a_wrong_length_or_version_is_refused, 0, 5);
	tcase_add_test(tests, a_quoted_ipv4_datagram_may_end_early);
	tcase_add_test(tests, icmp_fields_are_read_and_written);
	tcase_add_test(tests, udp_fields_are_read_and_padding_is_dropped);
	tcase_add_test(tests, udp_checksum_covers_pseudo_header_and_payload);
	tcase_add_test(tests, a_udp_checksum_of_zero_is_sent_as_all_ones);
	tcase_add_test(tests, udp_with_a_length_below_8_or_above_the_bytes_is_refused);
	tcase_add_loop_test(tests, every_truncation_is_refused, 0, 28);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
