/* Who is who in a capture: from its own names, from DNS answers, interfaces and ARP. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "stack/wire/ethernet.h"
#include "views/address_names.h"

#define MAIL 0xc000024a /* 192.0.2.74 */

static struct address_names *names;

static void set_up(void)
{
	names = address_names_new();
}

static void tear_down(void)
{
	address_names_free(names);
}

static const char *name_of(uint32_t address)
{
	const struct view_names *view = address_names_view(names);

	return view->of_address(view->owner, ip_address_from_ipv4(address));
}

static const char *name_of_mac(struct mac mac)
{
	const struct view_names *view = address_names_view(names);

	return view->of_mac(view->owner, mac);
}

static uint32_t serial_of(uint32_t address)
{
	return address_names_serial(names, ip_address_from_ipv4(address));
}

static void put(GByteArray *out, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		g_byte_array_append(out, &(uint8_t) { (uint8_t)(value >> 8 * i) }, 1);
}

static void put_text(GByteArray *out, const char *text, unsigned length)
{
	g_byte_array_append(out, (const uint8_t *)text, length);
	while (out->len % 4 != 0)
		put(out, 0, 1);
}

static void put_block(GByteArray *out, uint32_t type, const GByteArray *body)
{
	put(out, type, 4);
	put(out, body->len + 12, 4);
	g_byte_array_append(out, body->data, body->len);
	put(out, body->len + 12, 4);
}

/* A pcapng file in which an interface has a name, and an address, or nothing, if `given` is "". */
static void read_capture(const char *interface, const char *given, unsigned given_length)
{
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 9 };
	GByteArray *file = g_byte_array_new(), *body = g_byte_array_new();
	struct capture_reader *reader;
	struct captured_frame frame;

	put(body, 0x1a2b3c4d, 4);
	put(body, 1, 4);
	put(body, UINT32_MAX, 4);
	put(body, UINT32_MAX, 4);
	put_block(file, 0x0a0d0d0a, body);
	g_byte_array_set_size(body, 0);
	put(body, 1, 4);
	put(body, 0, 4);
	put(body, 2, 2); /* if_name */
	put(body, (uint32_t)strlen(interface), 2);
	put_text(body, interface, (unsigned)strlen(interface));
	put(body, 6, 2); /* if_MACaddr */
	put(body, sizeof mac, 2);
	put_text(body, (const char *)mac, sizeof mac);
	put_block(file, 1, body);
	g_byte_array_set_size(body, 0);
	put(body, 1, 2); /* nrb_record_ipv4 */
	put(body, 4 + given_length, 2);
	put(body, GUINT32_SWAP_LE_BE(MAIL), 4);
	put_text(body, given, given_length);
	put(body, 0, 4);
	put_block(file, 4, body);
	reader = capture_reader_new((struct bytes) { file->data, file->len });
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	address_names_read(names, reader);
	capture_reader_free(reader);
	g_byte_array_free(body, TRUE);
	g_byte_array_free(file, TRUE);
}

/* An answer of DNS in a datagram of raw IP: `label` below example is `address`. */
static void learn_answer(const char *label, uint32_t address)
{
	static struct decode decode;
	uint8_t packet[128] = { 0x45 }, *at = packet + 28;
	uint8_t length = (uint8_t)strlen(label);

	put_be16(packet + 20, 53);
	put_be16(packet + 22, 40000);
	memcpy(at, "\0\1\x84\0\0\1\0\1\0\0\0\0", 12);
	at += 12;
	*at++ = length;
	memcpy(at, label, length);
	memcpy(at + length, "\7example\0\0\1\0\1\xc0\xc\0\1\0\1\0\0\0\1\0\4", 25);
	at += length + 25;
	put_be32(at, address);
	at += 4;
	put_be16(packet + 2, (uint16_t)(at - packet));
	packet[8] = 64;
	packet[9] = 17;
	put_be16(packet + 24, (uint16_t)(at - packet - 20));
	decode_packet((struct bytes) { packet, (size_t)(at - packet) },
		      &(struct decode_options) { .link_type = DECODE_LINK_RAW }, &decode);
	address_names_learn(names, &decode);
}

static void learn_arp(struct mac mac, uint32_t address)
{
	static struct decode decode;
	uint8_t frame[42] = { 0 };

	put_be16(frame + 12, ETHERTYPE_ARP);
	memcpy(frame + 14, "\0\1\x8\0\6\4\0\2", 8);
	memcpy(frame + 22, mac.octets, 6);
	put_be32(frame + 28, address);
	decode_packet((struct bytes) { frame, sizeof frame },
		      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET }, &decode);
	address_names_learn(names, &decode);
}

START_TEST(answers_of_dns_give_names_and_the_last_one_counts)
{
	uint32_t first;
	uint64_t changes;

	ck_assert_ptr_null(name_of(MAIL));
	ck_assert_uint_eq(serial_of(MAIL), 0);
	learn_answer("mail", MAIL);
	ck_assert_str_eq(name_of(MAIL), "mail.example");
	first = serial_of(MAIL);
	ck_assert_uint_ne(first, 0);
	changes = address_names_changes(names);
	learn_answer("mail", MAIL);
	ck_assert_uint_eq(serial_of(MAIL), first);
	ck_assert_uint_eq(address_names_changes(names), changes);
	learn_answer("smtp", MAIL);
	ck_assert_uint_ne(address_names_changes(names), changes);
	ck_assert_str_eq(name_of(MAIL), "smtp.example");
	ck_assert_uint_ne(serial_of(MAIL), first);
	learn_answer("mail", MAIL);
	ck_assert_uint_ne(serial_of(MAIL), first);
}
END_TEST

START_TEST(names_that_the_capture_brings_along_stay)
{
	read_capture("gw:eth0", "mail\0other\0", 11);
	ck_assert_str_eq(name_of(MAIL), "mail");
	learn_answer("smtp", MAIL);
	ck_assert_str_eq(name_of(MAIL), "mail");
}
END_TEST

START_TEST(an_empty_name_is_none)
{
	read_capture(":eth0", "\0\0\0", 3);
	ck_assert_ptr_null(name_of(MAIL));
	ck_assert_ptr_null(name_of_mac((struct mac) {
	    {2, 0, 0, 0, 0, 9}
        }));
	learn_answer("smtp", MAIL);
	ck_assert_str_eq(name_of(MAIL), "smtp.example");
}
END_TEST

START_TEST(names_cannot_reach_the_terminal_and_are_cut)
{
	static const char long_name[] =
	    "a\033[2J \x80.123456789.123456789.123456789.123456789.123456789.123456789";

	read_capture("g\033w:eth0", long_name, sizeof long_name);
	ck_assert_uint_eq(strlen(name_of(MAIL)), ADDRESS_NAME_BYTES_MAX - 1);
	ck_assert(g_str_has_prefix(name_of(MAIL), "a.[2J..."));
	ck_assert(g_str_has_suffix(name_of(MAIL), "..."));
	ck_assert_str_eq(name_of_mac((struct mac) {
			     {2, 0, 0, 0, 0, 9}
        }),
			 "g.w");
}
END_TEST

START_TEST(arp_tells_whose_a_mac_address_is)
{
	const struct mac mac = { { 2, 0, 0, 0, 0, 7 } }, group = { { 3, 0, 0, 0, 0, 7 } };
	uint64_t changes;

	learn_arp(mac, MAIL);
	learn_arp(group, MAIL);
	ck_assert_ptr_null(name_of_mac(mac));
	learn_answer("mail", MAIL);
	ck_assert_str_eq(name_of_mac(mac), "mail.example");
	ck_assert_uint_eq(address_names_mac_serial(names, mac), serial_of(MAIL));
	ck_assert_ptr_null(name_of_mac(group));
	changes = address_names_changes(names);
	learn_arp(mac, MAIL);
	ck_assert_uint_eq(address_names_changes(names), changes);
	learn_arp(mac, MAIL + 1);
	ck_assert_uint_ne(address_names_changes(names), changes);
	ck_assert_ptr_null(name_of_mac(mac));
	ck_assert_uint_eq(address_names_mac_serial(names, mac), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address names");
	TCase *tests = tcase_create("address names");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, answers_of_dns_give_names_and_the_last_one_counts);
	tcase_add_test(tests, names_that_the_capture_brings_along_stay);
	tcase_add_test(tests, an_empty_name_is_none);
	tcase_add_test(tests, names_cannot_reach_the_terminal_and_are_cut);
	tcase_add_test(tests, arp_tells_whose_a_mac_address_is);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
