/* The field tables are well formed, and the one reader reads and prints every format. */
#include <check.h>
#include <stdio.h>
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "stack/wire/udp.h"

#define VIEW(array) ((struct bytes) { array, sizeof array })

/* Fields follow each other without gap or overlap, from bit 0 to the end at a byte. */
static void check_table(const struct field_table *table)
{
	unsigned bit = 0;

	for (unsigned i = 0; i < table->field_count; i++) {
		const struct field *field = &table->fields[i];

		ck_assert_msg(field->bit_offset == bit,
			      "%s: %s does not begin where the last ended", table->name,
			      field->name);
		ck_assert_msg(field->bit_width > 0 || i + 1 == table->field_count,
			      "%s: %s is open but not the last", table->name, field->name);
		ck_assert_msg(field->purpose != NULL && field->reference != NULL, "%s: %s",
			      table->name, field->name);
		ck_assert_msg(field->format != FIELD_FLAG || field->bit_width == 1, "%s: %s",
			      table->name, field->name);
		bit += field->bit_width;
	}
	ck_assert_msg(bit % 8 == 0, "%s ends within a byte", table->name);
	if (table->repeat_bytes > 0) {
		ck_assert_uint_lt(table->repeat_first, table->field_count);
		ck_assert_uint_eq(bit - table->fields[table->repeat_first].bit_offset,
				  table->repeat_bytes * 8u);
	}
}

static unsigned table_bits(const struct field_table *table)
{
	const struct field *last = &table->fields[table->field_count - 1];

	return last->bit_offset + last->bit_width;
}

START_TEST(header_tables_cover_their_headers_bit_by_bit)
{
	check_table(&ethernet_fields);
	check_table(&arp_fields);
	check_table(&ipv4_fields);
	check_table(&udp_fields);
	check_table(&tcp_fields);
	ck_assert_uint_eq(table_bits(&ethernet_fields), ETHERNET_HEADER_BYTES * 8);
	ck_assert_uint_eq(table_bits(&arp_fields), ARP_PACKET_BYTES * 8);
	ck_assert_uint_eq(table_bits(&ipv4_fields), IPV4_HEADER_BYTES * 8);
	ck_assert_uint_eq(table_bits(&udp_fields), UDP_HEADER_BYTES * 8);
	ck_assert_uint_eq(table_bits(&tcp_fields), TCP_HEADER_BYTES * 8);
}
END_TEST

/* Loop test: _i is the type, kind, or ICMP type. */
START_TEST(tables_by_type_are_well_formed_for_every_type)
{
	uint8_t type = (uint8_t)_i;

	check_table(ipv4_option_fields(type));
	check_table(tcp_option_fields(type));
	for (unsigned code = 0; code < 16; code++) {
		check_table(icmp_fields(type, (uint8_t)code));
		ck_assert_uint_eq(table_bits(icmp_fields(type, (uint8_t)code)),
				  ICMP_HEADER_BYTES * 8);
	}
}
END_TEST

#define FIELD(title, offset, width, how, ...)                                                      \
	{                                                                                          \
		.name = title, .bit_offset = offset, .bit_width = width, .format = how,            \
		__VA_ARGS__                                                                        \
	}

/* clang-format off */
static const struct field_name names[] = { { 2, "two" }, { 0x800, "many" }, { 0, NULL } };

static const uint8_t structure[] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x08, 0x00 };

static const struct {
	struct field field;
	uint64_t value;
	const char *text;
} readings[] = {
	{ FIELD("nibble", 0, 4, FIELD_DECIMAL), 1, "1" },
	{ FIELD("scaled", 4, 4, FIELD_DECIMAL, .scale = 4, .unit = "bytes"), 2, "8 bytes (2)" },
	{ FIELD("unit", 8, 8, FIELD_DECIMAL, .unit = "bytes"), 52, "52 bytes" },
	{ FIELD("bit", 3, 1, FIELD_FLAG), 1, "set" },
	{ FIELD("bit", 0, 1, FIELD_FLAG), 0, "not set" },
	{ FIELD("13 bits", 3, 13, FIELD_HEX), 0x1234, "0x1234" },
	{ FIELD("across bytes", 6, 11, FIELD_HEX), 0x468, "0x468" },
	{ FIELD("leading zeros", 64, 8, FIELD_HEX), 8, "0x08" },
	{ FIELD("64 bits", 0, 64, FIELD_HEX), 0x123456789abcdef0, "0x123456789abcdef0" },
	{ FIELD("named", 4, 4, FIELD_ENUM, .names = names), 2, "two (2)" },
	{ FIELD("type", 64, 16, FIELD_ENUM, .names = names), 0x800, "many (0x0800)" },
	{ FIELD("nameless", 0, 4, FIELD_ENUM, .names = names), 1, "1" },
	{ FIELD("MAC", 8, 48, FIELD_MAC), 0x3456789abcde, "34:56:78:9a:bc:de" },
	{ FIELD("IPv4", 0, 32, FIELD_IPV4), 0x12345678, "18.52.86.120" },
	{ FIELD("bytes", 48, 24, FIELD_BYTES), 0xdef008, "3 bytes: def008" },
};
/* clang-format on */

START_TEST(values_are_read_and_printed)
{
	uint64_t value;
	char text[FIELD_TEXT_BYTES];
	const struct field *field = &readings[_i].field;

	ck_assert_int_eq(field_value(field, VIEW(structure), &value), PARSE_OK);
	ck_assert_msg(value == readings[_i].value, "%s: %llx", field->name,
		      (unsigned long long)value);
	ck_assert_str_eq(field_print(field, VIEW(structure), text), readings[_i].text);
}
END_TEST

START_TEST(open_fields_reach_to_the_end_of_the_structure)
{
	static const struct field open = FIELD("open", 64, 0, FIELD_BYTES);
	char text[FIELD_TEXT_BYTES];
	uint64_t value;

	ck_assert_int_eq(field_value(&open, VIEW(structure), &value), PARSE_UNSUPPORTED);
	ck_assert_uint_eq(field_bytes(&open, VIEW(structure)).length, 2);
	ck_assert_str_eq(field_print(&open, VIEW(structure), text), "2 bytes: 0800");
	ck_assert_str_eq(field_print(&open, bytes_first(VIEW(structure), 3), text), "0 bytes");
}
END_TEST

START_TEST(fields_beyond_the_bytes_are_missing)
{
	static const struct field field = FIELD("late", 60, 8, FIELD_DECIMAL);
	char text[FIELD_TEXT_BYTES];
	uint64_t value = 77;

	ck_assert_int_eq(field_value(&field, bytes_first(VIEW(structure), 8), &value),
			 PARSE_TRUNCATED);
	ck_assert_uint_eq(value, 77);
	ck_assert_str_eq(field_print(&field, bytes_first(VIEW(structure), 8), text), "(missing)");
	ck_assert_int_eq(field_value(&field, bytes_first(VIEW(structure), 9), &value), PARSE_OK);
}
END_TEST

START_TEST(long_bytes_are_cut_and_fit)
{
	static const struct field open = FIELD("open", 0, 0, FIELD_BYTES);
	static const uint8_t zeros[65535];
	char text[FIELD_TEXT_BYTES];

	field_print(&open, VIEW(zeros), text);
	ck_assert_str_eq(text,
			 "65535 bytes: 00000000 00000000 00000000 00000000 00000000 00000000...");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tests = tcase_create("fields");

	tcase_add_test(tests, header_tables_cover_their_headers_bit_by_bit);
	tcase_add_loop_test(tests, tables_by_type_are_well_formed_for_every_type, 0, 256);
	tcase_add_loop_test(tests, values_are_read_and_printed, 0,
			    sizeof readings / sizeof *readings);
	tcase_add_test(tests, open_fields_reach_to_the_end_of_the_structure);
	tcase_add_test(tests, fields_beyond_the_bytes_are_missing);
	tcase_add_test(tests, long_bytes_are_cut_and_fit);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
