/* The Internet checksum against RFC examples, and its fast forms against the plain definition. */
#include <check.h>
#include <stdlib.h>
#include "stack/wire/checksum.h"

#define BYTES(...)                                                                                 \
	((struct bytes) { (const uint8_t[]) { __VA_ARGS__ }, sizeof(uint8_t[]) { __VA_ARGS__ } })

/* The definition, word by word. */
static uint32_t plain_sum(struct bytes in)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < in.length; i++)
		sum += i % 2 == 0 ? (uint32_t)in.data[i] << 8 : in.data[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The 16 bits that a sum in progress stands for. */
static uint16_t folded(uint32_t sum)
{
	return (uint16_t)~checksum_finish(sum);
}

/* Bytes that exercise carries: mostly 0xff, with a few others. */
static void fill(uint8_t *out, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++) {
		seed = seed * 1103515245 + 12345;
		out[i] = seed >> 28 < 12 ? 0xff : (uint8_t)(seed >> 16);
	}
}

START_TEST(the_example_of_rfc_1071_gives_ddf2)
{
	struct bytes in = BYTES(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);

	ck_assert_uint_eq(folded(checksum_add(0, in)), 0xddf2);
	ck_assert_uint_eq(checksum_of(in), 0x220d);
}
END_TEST

START_TEST(an_ipv4_header_with_its_checksum_gives_zero)
{
	struct bytes header = BYTES(0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				    0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7);

	ck_assert_uint_eq(checksum_of(header), 0);
}
END_TEST

START_TEST(nothing_and_all_ones_are_summed_like_the_definition)
{
	ck_assert_uint_eq(checksum_of((struct bytes) { NULL, 0 }), 0xffff);
	ck_assert_uint_eq(folded(checksum_add(0, BYTES(0xff, 0xff))), 0xffff);
	ck_assert_uint_eq(folded(checksum_add(0xffff, BYTES(0xff, 0xff, 0xff, 0xff))), 0xffff);
	ck_assert_uint_eq(folded(checksum_add(0, BYTES(0x12))), 0x1200);
}
END_TEST

/* Loop test: _i is the length; at every alignment, in an exact-size copy. */
START_TEST(every_length_and_alignment_equals_the_definition)
{
	for (size_t alignment = 0; alignment < 8; alignment++) {
		size_t length = (size_t)_i;
		uint8_t *block = malloc(alignment + length + 1);
		uint8_t *copy = malloc(length + 1);

		fill(block, alignment + length, (unsigned)_i);
		struct bytes in = { block + alignment, length };

		copy[length] = 0x5a;
		ck_assert_uint_eq(folded(checksum_add(0, in)), plain_sum(in));
		ck_assert_uint_eq(folded(checksum_copy(0, copy, in)), plain_sum(in));
		ck_assert_mem_eq(copy, in.data, length);
		ck_assert_uint_eq(copy[length], 0x5a);
		free(block);
		free(copy);
	}
}
END_TEST

/* Loop test: _i is where the message is cut. */
START_TEST(pieces_cut_anywhere_join_to_the_sum_of_the_whole)
{
	uint8_t message[64];
	struct bytes whole = { message, sizeof message };
	size_t cut = (size_t)_i;

	fill(message, sizeof message, 7);
	uint32_t first = checksum_add(0, bytes_first(whole, cut));
	uint32_t second = checksum_add(0, bytes_from(whole, cut));

	ck_assert_uint_eq(folded(checksum_join(first, second, cut)), plain_sum(whole));
}
END_TEST

START_TEST(the_pseudo_header_is_summed_as_rfc_768_draws_it)
{
	struct bytes drawn = BYTES(192, 0, 2, 1, 198, 51, 100, 255, 0, 17, 0x12, 0x34);

	ck_assert_uint_eq(folded(checksum_pseudo(0xc0000201, 0xc63364ff, 17, 0x1234)),
			  plain_sum(drawn));
}
END_TEST

START_TEST(the_example_of_rfc_1624_is_updated_to_zero)
{
	ck_assert_uint_eq(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}
END_TEST

START_TEST(updating_equals_summing_again)
{
	uint8_t header[20];

	for (unsigned seed = 0; seed < 1000; seed++) {
		fill(header, sizeof header, seed);
		uint16_t before = checksum_of((struct bytes) { header, sizeof header });
		uint16_t old_word = get_be16(header + 8);
		uint16_t new_word = (uint16_t)(old_word - 0x0100);

		put_be16(header + 8, new_word);
		ck_assert_uint_eq(checksum_update(before, old_word, new_word),
				  checksum_of((struct bytes) { header, sizeof header }));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("checksum");
	TCase *tests = tcase_create("checksum");

	tcase_add_test(tests, the_example_of_rfc_1071_gives_ddf2);
	tcase_add_test(tests, an_ipv4_header_with_its_checksum_gives_zero);
	tcase_add_test(tests, nothing_and_all_ones_are_summed_like_the_definition);
	tcase_add_loop_test(tests, every_length_and_alignment_equals_the_definition, 0, 140);
	tcase_add_loop_test(tests, pieces_cut_anywhere_join_to_the_sum_of_the_whole, 0, 65);
	tcase_add_test(tests, the_pseudo_header_is_summed_as_rfc_768_draws_it);
	tcase_add_test(tests, the_example_of_rfc_1624_is_updated_to_zero);
	tcase_add_test(tests, updating_equals_summing_again);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
