/* CRC-32 against published values, and both its ways against the definition bit by bit. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "stack/wire/crc32.h"
#include "stack/wire/ethernet.h"

static uint32_t plain_crc(uint32_t crc, struct bytes in)
{
	crc = ~crc;
	for (size_t i = 0; i < in.length; i++) {
		crc ^= in.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void fill(uint8_t *out, size_t length)
{
	unsigned seed = 1;

	for (size_t i = 0; i < length; i++) {
		seed = seed * 1103515245 + 12345;
		out[i] = (uint8_t)(seed >> 16);
	}
}

START_TEST(published_check_values_come_out)
{
	ck_assert_uint_eq(crc32_add(0, bytes_of("")), 0);
	ck_assert_uint_eq(crc32_add(0, bytes_of("123456789")), 0xcbf43926);
	ck_assert_uint_eq(crc32_add(0, bytes_of("The quick brown fox jumps over the lazy dog")),
			  0x414fa339);
}
END_TEST

/* Loop test: _i is the length; at every alignment to 16, in an exact-size copy. */
START_TEST(both_ways_equal_the_definition)
{
	size_t length = (size_t)_i;

	for (size_t alignment = 0; alignment < 16; alignment += 5) {
		uint8_t *block = malloc(alignment + length + 1);
		struct bytes in = { block + alignment, length };

		fill(block, alignment + length);
		uint32_t expected = plain_crc(0x12345678, in);

		ck_assert_uint_eq(crc32_add_by_table(0x12345678, in), expected);
		if (crc32_can_multiply())
			ck_assert_uint_eq(crc32_add_by_multiplication(0x12345678, in), expected);
		ck_assert_uint_eq(crc32_add(0x12345678, in), expected);
		free(block);
	}
}
END_TEST

START_TEST(pieces_continue_where_the_last_ended)
{
	uint8_t frame[1514];
	struct bytes whole = { frame, sizeof frame };

	fill(frame, sizeof frame);
	for (size_t cut = 0; cut <= sizeof frame; cut += 101) {
		uint32_t first = crc32_add(0, bytes_first(whole, cut));

		ck_assert_uint_eq(crc32_add(first, bytes_from(whole, cut)), plain_crc(0, whole));
	}
}
END_TEST

/* IEEE 802.3 section 3.2.9: a receiver that runs over the FCS too finds always the same value. */
START_TEST(a_frame_with_its_fcs_gives_the_constant_residue)
{
	uint8_t frame[60 + ETHERNET_FCS_BYTES];

	fill(frame, 60);
	ethernet_fcs_emit(ethernet_fcs((struct bytes) { frame, 60 }), frame + 60);
	ck_assert_uint_eq(crc32_add(0, (struct bytes) { frame, sizeof frame }), 0x2144df1c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crc32");
	TCase *tests = tcase_create("crc32");

	if (!crc32_can_multiply())
		puts("crc32: this processor cannot multiply without carry; only the table is "
		     "tested");
	tcase_add_test(tests, published_check_values_come_out);
	tcase_add_loop_test(tests, both_ways_equal_the_definition, 0, 300);
	tcase_add_test(tests, pieces_continue_where_the_last_ended);
	tcase_add_test(tests, a_frame_with_its_fcs_gives_the_constant_residue);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
