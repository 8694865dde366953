/* Domain names against the example of RFC 1035 section 4.1.4 and bytes worked out by hand. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/name.h"

/* F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92. */
static void fill_example(uint8_t message[93])
{
	memset(message, 0xff, 93);
	memcpy(message + 20, "\1F\3ISI\4ARPA", 12); /* with the final 0 */
	memcpy(message + 40, "\3FOO\xc0\x14", 6);
	memcpy(message + 64, "\xc0\x1a", 2);
	message[92] = 0;
}

static const struct {
	size_t offset, end;
	const char *text;
} example_names[] = {
	{20,  32, "F.ISI.ARPA"    },
	{ 40, 46, "FOO.F.ISI.ARPA"},
	{ 64, 66, "ARPA"          },
	{ 92, 93, "."             },
};

START_TEST(the_example_of_the_rfc_is_read)
{
	uint8_t message[93];
	size_t offset = example_names[_i].offset;
	struct dns_name_buffer buffer;
	struct dns_name name;
	char text[DNS_NAME_TEXT_BYTES];

	fill_example(message);
	ck_assert_int_eq(
	    dns_name_parse((struct bytes) { message, sizeof message }, &offset, &buffer, &name),
	    PARSE_OK);
	ck_assert_uint_eq(offset, example_names[_i].end);
	ck_assert_str_eq(dns_name_print(name, text), example_names[_i].text);
}
END_TEST

static const struct {
	const char *what;
	const char *bytes;
	size_t length;
	size_t offset;
} bad_names[] = {
	{"nothing",		     "",                 0, 0},
	{ "no root label",              "\3www",            4, 0},
	{ "a label cut short",          "\5ab",             3, 0},
	{ "half a pointer",             "\1a\xc0",          3, 0},
	{ "a pointer to itself",        "\xc0\x00",         2, 0},
	{ "a pointer to its own label", "\1a\xc0\x00",      4, 0},
	{ "a pointer forwards",         "\xc0\x02\0",       3, 0},
	{ "two pointers in a ring",     "\xc0\x02\xc0\x00", 4, 2},
	{ "label type 01",              "\x41x\0",          3, 0},
	{ "label type 10",              "\x81x\0",          3, 0},
};

START_TEST(a_bad_name_is_refused)
{
	size_t offset = bad_names[_i].offset;
	struct dns_name_buffer buffer;
	struct dns_name name;
	uint8_t *copy = g_memdup2(bad_names[_i].bytes, bad_names[_i].length);

	ck_assert_msg(dns_name_parse((struct bytes) { copy, bad_names[_i].length }, &offset,
				     &buffer, &name) != PARSE_OK,
		      "%s", bad_names[_i].what);
	g_free(copy);
}
END_TEST

/* `count` labels of `length` times the letter a. */
static char *long_text(unsigned count, unsigned length)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < length; k++)
			g_string_append_c(text, 'a');
		g_string_append_c(text, '.');
	}
	return g_string_free(text, FALSE);
}

static bool is_name(char *text_taken)
{
	struct dns_name_buffer buffer;
	struct dns_name name;
	bool result = dns_name_from_text(text_taken, &buffer, &name);

	g_free(text_taken);
	return result;
}

START_TEST(labels_end_at_63_bytes_and_names_at_255)
{
	ck_assert(is_name(long_text(1, 63)));
	ck_assert(!is_name(long_text(1, 64)));
	/* 127 labels of one byte take 254 bytes and the root one more. */
	ck_assert(is_name(long_text(127, 1)));
	ck_assert(!is_name(long_text(128, 1)));
	ck_assert(!is_name(long_text(4, 63)));
	/* 3 * 64 bytes, and 62 or 63 more with the root label: 254 or 255; the next is too long. */
	for (unsigned last = 60; last <= 62; last++) {
		char *long_labels = long_text(3, 63), *last_label = long_text(1, last);

		ck_assert_int_eq(is_name(g_strconcat(long_labels, last_label, NULL)), last < 62);
		g_free(long_labels);
		g_free(last_label);
	}
}
END_TEST

START_TEST(a_name_on_the_wire_ends_at_255_bytes)
{
	/* Four labels of 63, with a pointer from the last to the first: 256 bytes. */
	uint8_t message[3 * 64 + 1 + 64 + 2] = { 0 };
	struct dns_name_buffer buffer;
	struct dns_name name;
	size_t offset = 0;

	for (unsigned i = 0; i < 3; i++)
		message[i * 64] = 63;
	message[193] = 63;
	message[193 + 64] = 0xc0;
	struct bytes in = { message, sizeof message };
	ck_assert_int_eq(dns_name_parse(in, &offset, &buffer, &name), PARSE_OK);
	ck_assert_uint_eq(name.length, 193);
	ck_assert_uint_eq(offset, 193);
	ck_assert_int_eq(dns_name_parse(in, &offset, &buffer, &name), PARSE_BAD_LENGTH);
}
END_TEST

START_TEST(text_goes_there_and_back)
{
	static const struct {
		const char *text, *printed, *wire;
		size_t length;
	} rows[] = {
		{"office.example",   "office.example", "\6office\7example", 16},
		{ "Office.Example.", "Office.Example", "\6Office\7Example", 16},
		{ ".",               ".",              "",                  1 },
		{ "a\\.b.c",         "a\\.b.c",        "\3a.b\1c",          7 },
		{ "\\000\\255.x",    "\\000\\255.x",   "\2\0\xff\1x",       6 },
		{ "*.example",       "*.example",      "\1*\7example",      11},
		{ "_sip._tcp.x",     "_sip._tcp.x",    "\4_sip\4_tcp\1x",   13},
	};
	struct dns_name_buffer buffer;
	struct dns_name name;
	char text[DNS_NAME_TEXT_BYTES];

	ck_assert(dns_name_from_text(rows[_i].text, &buffer, &name));
	ck_assert_uint_eq(name.length, rows[_i].length);
	ck_assert_mem_eq(name.wire, rows[_i].wire, rows[_i].length);
	ck_assert_str_eq(dns_name_print(name, text), rows[_i].printed);
}
END_TEST

START_TEST(bad_text_is_refused)
{
	static const char *const rows[] = { "",    "..",    "a..b",   ".a",
					    "a\\", "a\\25", "a\\256", "a\\1x2" };
	struct dns_name_buffer buffer;
	struct dns_name name;

	ck_assert_msg(!dns_name_from_text(rows[_i], &buffer, &name), "%s", rows[_i]);
}
END_TEST

static struct dns_name name_of(const char *text, struct dns_name_buffer *buffer)
{
	struct dns_name name;

	ck_assert(dns_name_from_text(text, buffer, &name));
	return name;
}

START_TEST(case_does_not_count)
{
	struct dns_name_buffer a, b, c;

	ck_assert(dns_name_equal(name_of("MAIL.Example", &a), name_of("mail.eXAMPLE", &b)));
	ck_assert(!dns_name_equal(name_of("MAIL.Example", &a), name_of("mai1.example", &c)));
	ck_assert_uint_eq(dns_name_hash(name_of("MAIL.Example", &a)),
			  dns_name_hash(name_of("mail.eXAMPLE", &b)));
}
END_TEST

START_TEST(a_name_is_within_itself_and_its_ancestors)
{
	struct dns_name_buffer a, b;

	ck_assert(dns_name_is_within(name_of("a.b.Example", &a), name_of("b.example", &b)));
	ck_assert(dns_name_is_within(name_of("b.example", &a), name_of("b.example", &b)));
	ck_assert(dns_name_is_within(name_of("b.example", &a), dns_name_root()));
	ck_assert(!dns_name_is_within(name_of("ab.example", &a), name_of("b.example", &b)));
	ck_assert(!dns_name_is_within(name_of("example", &a), name_of("b.example", &b)));
	/* The bytes of the label look like a name of their own. */
	ck_assert(
	    !dns_name_is_within(name_of("x\\001b\\007example", &a), name_of("b.example", &b)));
}
END_TEST

START_TEST(order_is_by_labels_from_the_right)
{
	/* The list of RFC 4034 section 6.1. */
	static const char *const sorted[] = {
		"example",         "a.example",      "yljkjljk.a.example",
		"Z.a.example",     "zABC.a.EXAMPLE", "z.example",
		"\\001.z.example", "*.z.example",    "\\200.z.example",
	};
	struct dns_name_buffer a, b;

	for (size_t i = 0; i < G_N_ELEMENTS(sorted); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(sorted); k++) {
			int order =
			    dns_name_compare(name_of(sorted[i], &a), name_of(sorted[k], &b));

			ck_assert_msg((order < 0) == (i < k) && (order > 0) == (i > k), "%s, %s",
				      sorted[i], sorted[k]);
		}
	}
}
END_TEST

START_TEST(an_address_has_a_name_under_in_addr_arpa)
{
	struct dns_name_buffer buffer;
	char text[DNS_NAME_TEXT_BYTES];

	ck_assert_str_eq(dns_name_print(dns_name_of_address(0xc0000235, &buffer), text),
			 "53.2.0.192.in-addr.arpa");
}
END_TEST

START_TEST(joining_puts_a_label_in_front)
{
	struct dns_name_buffer buffer, joined;
	struct dns_name name;
	char text[DNS_NAME_TEXT_BYTES];

	ck_assert(dns_name_join(bytes_of("*"), name_of("x.y", &buffer), &joined, &name));
	ck_assert_str_eq(dns_name_print(name, text), "*.x.y");
	ck_assert_str_eq(dns_name_print(dns_name_parent(name), text), "x.y");
	ck_assert_uint_eq(dns_name_labels(name), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns name");
	TCase *tcase = tcase_create("name");

	tcase_add_loop_test(tcase, the_example_of_the_rfc_is_read, 0, G_N_ELEMENTS(example_names));
	tcase_add_loop_test(tcase, a_bad_name_is_refused, 0, G_N_ELEMENTS(bad_names));
	tcase_add_test(tcase, labels_end_at_63_bytes_and_names_at_255);
	tcase_add_test(tcase, a_name_on_the_wire_ends_at_255_bytes);
	tcase_add_loop_test(tcase, text_goes_there_and_back, 0, 7);
	tcase_add_loop_test(tcase, bad_text_is_refused, 0, 8);
	tcase_add_test(tcase, case_does_not_count);
	tcase_add_test(tcase, a_name_is_within_itself_and_its_ancestors);
	tcase_add_test(tcase, order_is_by_labels_from_the_right);
	tcase_add_test(tcase, an_address_has_a_name_under_in_addr_arpa);
	tcase_add_test(tcase, joining_puts_a_label_in_front);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
