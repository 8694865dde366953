/* MAC and IPv4 addresses, endpoints and prefixes as text. */
#include <check.h>
#include "stack/address.h"

static const char *const macs[] = { "02:00:00:00:01:0a", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00" };

START_TEST(mac_text_is_read_and_printed_back)
{
	struct mac mac;
	char text[MAC_TEXT_BYTES];

	ck_assert(mac_parse(macs[_i], &mac));
	ck_assert_str_eq(mac_print(mac, text), macs[_i]);
}
END_TEST

START_TEST(mac_digits_may_be_upper_case)
{
	struct mac mac;

	ck_assert(mac_parse("0A:bC:De:09:9F:f0", &mac));
	ck_assert_mem_eq(mac.octets, "\x0a\xbc\xde\x09\x9f\xf0", 6);
}
END_TEST

static const char *const bad_macs[] = {
	"",
	"02",
	"02:00:00:00:01",
	"02:00:00:00:01:",
	"02:00:00:00:01:0",
	"02:00:00:00:01:0g",
	"02:00:00:00:01:0a:",
	"02:00:00:00:01:0a ",
	"02-00-00-00-01-0a",
	" 02:00:00:00:01:0a",
	"2:0:0:0:1:a",
};

START_TEST(what_is_no_mac_is_refused_and_leaves_the_output)
{
	struct mac mac = {
		{1, 2, 3, 4, 5, 6}
	};

	ck_assert_msg(!mac_parse(bad_macs[_i], &mac), "%s", bad_macs[_i]);
	ck_assert_mem_eq(mac.octets, "\x01\x02\x03\x04\x05\x06", 6);
}
END_TEST

START_TEST(group_and_broadcast_addresses_are_known)
{
	struct mac mac;

	ck_assert(mac_is_group(mac_broadcast));
	ck_assert(mac_parse("01:00:5e:00:00:01", &mac) && mac_is_group(mac));
	ck_assert(mac_parse("02:00:00:00:00:01", &mac) && !mac_is_group(mac));
	ck_assert(mac_parse("ff:ff:ff:ff:ff:ff", &mac) && mac_equal(mac, mac_broadcast));
}
END_TEST

static const struct {
	const char *text;
	uint32_t address;
} addresses[] = {
	{"0.0.0.0",          0             },
	{ "192.0.2.1",       0xc0000201    },
	{ "255.255.255.255", IPV4_BROADCAST},
	{ "10.200.30.4",     0x0ac81e04    },
};

START_TEST(ipv4_text_is_read_and_printed_back)
{
	uint32_t address;
	char text[IPV4_TEXT_BYTES];

	ck_assert(ipv4_parse(addresses[_i].text, &address));
	ck_assert_uint_eq(address, addresses[_i].address);
	ck_assert_str_eq(ipv4_print(address, text), addresses[_i].text);
}
END_TEST

static const char *const bad_addresses[] = {
	"",          "1",        "1.2.3",  "1.2.3.",   "1.2.3.4.", "1.2.3.4.5", "1.2.3.256",
	"01.2.3.4",  "1.2.3.00", "1..3.4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.-4",  "1.2.3.4294967297",
	"1.2.3.0x4", "1,2,3,4",
};

START_TEST(what_is_no_ipv4_address_is_refused_and_leaves_the_output)
{
	uint32_t address = 77;

	ck_assert_msg(!ipv4_parse(bad_addresses[_i], &address), "%s", bad_addresses[_i]);
	ck_assert_uint_eq(address, 77);
}
END_TEST

START_TEST(prefixes_are_read_with_their_host_bits)
{
	uint32_t address;
	unsigned length;

	ck_assert(ipv4_prefix_parse("192.0.2.10/26", &address, &length));
	ck_assert_uint_eq(address, 0xc000020a);
	ck_assert_uint_eq(length, 26);
	ck_assert(ipv4_prefix_parse("0.0.0.0/0", &address, &length));
	ck_assert_uint_eq(length, 0);
	ck_assert(ipv4_prefix_parse("192.0.2.1/32", &address, &length));
}
END_TEST

static const char *const bad_prefixes[] = {
	"192.0.2.0",  "192.0.2.0/",    "192.0.2.0/33", "192.0.2.0/026",
	"192.0.2/24", "192.0.2.0/24 ", "/24",          "192.0.2.0/-1",
};

START_TEST(what_is_no_prefix_is_refused)
{
	uint32_t address = 77;
	unsigned length = 77;

	ck_assert_msg(!ipv4_prefix_parse(bad_prefixes[_i], &address, &length), "%s",
		      bad_prefixes[_i]);
	ck_assert(address == 77 && length == 77);
}
END_TEST

START_TEST(endpoints_are_printed_and_fit)
{
	char text[ENDPOINT_TEXT_BYTES];

	ck_assert_str_eq(endpoint_print((struct endpoint) { 0xc0000201, 25 }, text),
			 "192.0.2.1:25");
	ck_assert_str_eq(endpoint_print((struct endpoint) { IPV4_BROADCAST, 65535 }, text),
			 "255.255.255.255:65535");
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof *array))

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("address");

	tcase_add_loop_test(tests, mac_text_is_read_and_printed_back, 0, COUNT(macs));
	tcase_add_test(tests, mac_digits_may_be_upper_case);
	tcase_add_loop_test(tests, what_is_no_mac_is_refused_and_leaves_the_output, 0,
			    COUNT(bad_macs));
	tcase_add_test(tests, group_and_broadcast_addresses_are_known);
	tcase_add_loop_test(tests, ipv4_text_is_read_and_printed_back, 0, COUNT(addresses));
	tcase_add_loop_test(tests, what_is_no_ipv4_address_is_refused_and_leaves_the_output, 0,
			    COUNT(bad_addresses));
	tcase_add_test(tests, prefixes_are_read_with_their_host_bits);
	tcase_add_loop_test(tests, what_is_no_prefix_is_refused, 0, COUNT(bad_prefixes));
	tcase_add_test(tests, endpoints_are_printed_and_fit);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
