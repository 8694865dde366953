/* The TCP header and its options against bytes worked out by hand from RFC 9293, 7323 and 2018. */
#include <check.h>
#include <stdlib.h>
#include "stack/wire/checksum.h"
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

#define VIEW(array) ((struct bytes) { array, sizeof array })

/*
 * The SYN that Linux sends: 47220 -> 25, sequence 0x12345678, window 64240, MSS 1460,
 * SACK permitted, timestamps 1000 and 0, NOP, window scale 7.
 */
static const uint8_t syn[] = {
	0xb8, 0x74, 0x00, 0x19, 0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02,
	0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 2,    4,    0x05, 0xb4, 4,    2,    8,    10,
	0x00, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x00, 0x00, 1,    3,    3,    7,
};

/* 25 -> 47220, acknowledgment 0xfffffff0, PSH ACK, urgent pointer 3, data "220". */
static const uint8_t data_segment[] = {
	0x00, 0x19, 0xb8, 0x74, 0x00, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xf0,
	0x50, 0x18, 0x00, 0x40, 0xbe, 0xef, 0x00, 0x03, '2',  '2',  '0',
};

START_TEST(every_field_of_a_syn_is_read)
{
	struct tcp_header header;
	struct bytes payload;

	ck_assert_int_eq(tcp_header_parse(VIEW(syn), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.source_port, 47220);
	ck_assert_uint_eq(header.destination_port, 25);
	ck_assert_uint_eq(header.sequence, 0x12345678);
	ck_assert_uint_eq(header.acknowledgment, 0);
	ck_assert_uint_eq(header.header_bytes, 40);
	ck_assert_uint_eq(header.flags, TCP_SYN);
	ck_assert_uint_eq(header.window, 64240);
	ck_assert_uint_eq(header.options.length, 20);
	ck_assert_ptr_eq(header.options.data, syn + 20);
	ck_assert_uint_eq(payload.length, 0);
	ck_assert_uint_eq(tcp_sequence_length(&header, payload.length), 1);
}
END_TEST

START_TEST(every_field_of_a_data_segment_is_read)
{
	struct tcp_header header;
	struct bytes payload;

	ck_assert_int_eq(tcp_header_parse(VIEW(data_segment), &header, &payload), PARSE_OK);
	ck_assert_uint_eq(header.acknowledgment, 0xfffffff0);
	ck_assert_uint_eq(header.flags, TCP_PSH | TCP_ACK);
	ck_assert_uint_eq(header.window, 64);
	ck_assert_uint_eq(header.checksum, 0xbeef);
	ck_assert_uint_eq(header.urgent_pointer, 3);
	ck_assert_uint_eq(payload.length, 3);
	ck_assert_mem_eq(payload.data, "220", 3);
}
END_TEST

START_TEST(emit_is_the_inverse_of_parse)
{
	struct tcp_header header;
	struct bytes payload;
	uint8_t emitted[TCP_HEADER_MAX_BYTES];

	tcp_header_parse(VIEW(syn), &header, &payload);
	ck_assert_uint_eq(tcp_header_length(&header), sizeof syn);
	tcp_header_emit(&header, emitted);
	ck_assert_mem_eq(emitted, syn, sizeof syn);

	tcp_header_parse(VIEW(data_segment), &header, &payload);
	tcp_header_emit(&header, emitted);
	ck_assert_mem_eq(emitted, data_segment, TCP_HEADER_BYTES);
}
END_TEST

START_TEST(a_data_offset_below_20_or_above_the_segment_is_refused)
{
	uint8_t segment[sizeof data_segment];
	struct tcp_header header;
	struct bytes payload;

	memcpy(segment, data_segment, sizeof segment);
	segment[12] = 0x40;
	ck_assert_int_eq(tcp_header_parse(VIEW(segment), &header, &payload), PARSE_BAD_LENGTH);
	segment[12] = 0x60;
	ck_assert_int_eq(tcp_header_parse(VIEW(segment), &header, &payload), PARSE_BAD_LENGTH);
}
END_TEST

/* Loop test: _i is the number of bytes that arrived, in an exact-size copy. */
START_TEST(every_truncation_is_refused)
{
	size_t arrived = (size_t)_i;
	uint8_t *copy = malloc(arrived + 1);
	struct tcp_header header;
	struct bytes payload;

	memcpy(copy + 1, syn, arrived);
	ck_assert_int_ne(tcp_header_parse((struct bytes) { copy + 1, arrived }, &header, &payload),
			 PARSE_OK);
	free(copy);
}
END_TEST

/* Pseudo header, the words of the segment with checksum 0, and the payload, added by hand. */
START_TEST(the_checksum_covers_pseudo_header_options_and_payload)
{
	uint8_t segment[sizeof data_segment];
	struct bytes payload = { segment + 20, 3 };

	memcpy(segment, data_segment, sizeof segment);
	tcp_checksum_set(segment, checksum_add(0, payload), 3, 0xc0000201, 0xc0000202);
	ck_assert_uint_eq(get_be16(segment + 16), 0x10d1);
	ck_assert(tcp_checksum_is_right(VIEW(segment), 0xc0000201, 0xc0000202));
	ck_assert(tcp_checksum_is_right_with(VIEW(segment), checksum_add(0, payload), 3, 0xc0000201,
					     0xc0000202));
	ck_assert(!tcp_checksum_is_right_with(VIEW(segment), checksum_add(1, payload), 3,
					      0xc0000201, 0xc0000202));
	segment[22] ^= 0x10;
	ck_assert(!tcp_checksum_is_right(VIEW(segment), 0xc0000201, 0xc0000202));
}
END_TEST

START_TEST(flags_are_printed_in_the_order_of_their_bits)
{
	char text[TCP_FLAGS_TEXT_BYTES];

	ck_assert_str_eq(tcp_flags_print(0, text), "none");
	ck_assert_str_eq(tcp_flags_print(TCP_SYN | TCP_ACK, text), "SYN ACK");
	ck_assert_str_eq(tcp_flags_print(0xff, text), "FIN SYN RST PSH ACK URG ECE CWR");
}
END_TEST

START_TEST(the_options_of_a_syn_are_read)
{
	struct tcp_options options;

	ck_assert_int_eq(tcp_options_parse(bytes_from(VIEW(syn), 20), &options), PARSE_OK);
	ck_assert(options.has_mss && options.mss == 1460);
	ck_assert(options.has_sack_permitted);
	ck_assert(options.has_timestamps);
	ck_assert_uint_eq(options.timestamp_value, 1000);
	ck_assert_uint_eq(options.timestamp_echo, 0);
	ck_assert(options.has_window_scale && options.window_scale == 7);
	ck_assert_uint_eq(options.sack_count, 0);
}
END_TEST

/* Option lists as Linux writes them, and what they mean. */
/* clang-format off */
static const struct {
	const char *name;
	uint8_t length;
	uint8_t bytes[40];
	struct tcp_options options;
} lists[] = {
	{ "SYN", 20,
	  { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0, 1, 3, 3, 7 },
	  { .has_mss = true, .mss = 1460, .has_sack_permitted = true, .has_timestamps = true,
	    .timestamp_value = 1000, .has_window_scale = true, .window_scale = 7 } },
	{ "SYN without timestamps", 12,
	  { 2, 4, 0x05, 0xb4, 1, 1, 4, 2, 1, 3, 3, 14 },
	  { .has_mss = true, .mss = 1460, .has_sack_permitted = true, .has_window_scale = true,
	    .window_scale = 14 } },
	{ "MSS alone", 4,
	  { 2, 4, 0x02, 0x18 },
	  { .has_mss = true, .mss = 536 } },
	{ "data with timestamps", 12,
	  { 1, 1, 8, 10, 0xff, 0xff, 0xff, 0xff, 0x12, 0x34, 0x56, 0x78 },
	  { .has_timestamps = true, .timestamp_value = 0xffffffff, .timestamp_echo = 0x12345678 } },
	{ "one SACK block behind timestamps", 24,
	  { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 10, 0xff, 0, 0, 0, 0, 0, 0, 9 },
	  { .has_timestamps = true, .timestamp_value = 1, .timestamp_echo = 2, .sack_count = 1,
	    .sack = { { 0xff000000, 9 } } } },
	{ "four SACK blocks", 36,
	  { 1, 1, 5, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
	    0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8 },
	  { .sack_count = 4, .sack = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } } } },
	{ "none", 0, { 0 }, { .has_mss = false } },
};
/* clang-format on */

static void check_options(const char *name, const struct tcp_options *a,
			  const struct tcp_options *b)
{
	ck_assert_msg(a->has_mss == b->has_mss && a->mss == b->mss, "%s: MSS", name);
	ck_assert_msg(a->has_window_scale == b->has_window_scale &&
			  a->window_scale == b->window_scale,
		      "%s: window scale", name);
	ck_assert_msg(a->has_sack_permitted == b->has_sack_permitted, "%s: SACK permitted", name);
	ck_assert_msg(a->has_timestamps == b->has_timestamps &&
			  a->timestamp_value == b->timestamp_value &&
			  a->timestamp_echo == b->timestamp_echo,
		      "%s: timestamps", name);
	ck_assert_msg(a->sack_count == b->sack_count, "%s: SACK count", name);
	for (unsigned i = 0; i < a->sack_count; i++)
		ck_assert_msg(a->sack[i].left == b->sack[i].left &&
				  a->sack[i].right == b->sack[i].right,
			      "%s: SACK", name);
}

START_TEST(option_lists_are_read_and_written_as_linux_does)
{
	struct bytes bytes = { lists[_i].bytes, lists[_i].length };
	struct tcp_options options;
	uint8_t emitted[TCP_OPTIONS_MAX_BYTES];

	ck_assert_int_eq(tcp_options_parse(bytes, &options), PARSE_OK);
	check_options(lists[_i].name, &options, &lists[_i].options);
	ck_assert_uint_eq(tcp_options_length(&lists[_i].options), bytes.length);
	ck_assert_uint_eq(tcp_options_emit(&lists[_i].options, emitted), bytes.length);
	ck_assert_msg(memcmp(emitted, bytes.data, bytes.length) == 0, "%s", lists[_i].name);
}
END_TEST

START_TEST(sack_blocks_that_do_not_fit_are_left_out)
{
	struct tcp_options options = lists[5].options, read;
	uint8_t emitted[TCP_OPTIONS_MAX_BYTES];

	options.has_timestamps = true;
	ck_assert_uint_eq(tcp_options_length(&options), 40);
	ck_assert_uint_eq(tcp_options_emit(&options, emitted), 40);
	ck_assert_int_eq(tcp_options_parse(VIEW(emitted), &read), PARSE_OK);
	ck_assert_uint_eq(read.sack_count, 3);
	ck_assert_uint_eq(read.sack[2].right, 6);
}
END_TEST

START_TEST(unknown_options_are_skipped_and_the_end_ends_the_list)
{
	static const uint8_t bytes[] = { 253, 4, 0xaa, 0xbb, 3, 3, 2, 0, 2, 4, 0x05, 0xb4 };
	struct tcp_options options;

	ck_assert_int_eq(tcp_options_parse(VIEW(bytes), &options), PARSE_OK);
	ck_assert_uint_eq(options.window_scale, 2);
	ck_assert(!options.has_mss);
}
END_TEST

static const struct {
	const char *name;
	uint8_t length;
	uint8_t bytes[12];
	enum parse_status status;
} bad_lists[] = {
	{"length 0",              2, { 253, 0 },                 PARSE_BAD_LENGTH},
	{ "length 1",             2, { 253, 1 },                 PARSE_BAD_LENGTH},
	{ "no length",            2, { 1, 253 },                 PARSE_TRUNCATED },
	{ "beyond the list",      4, { 2, 5, 0, 0 },             PARSE_TRUNCATED },
	{ "MSS of 5",             8, { 2, 5, 5, 0, 0, 1, 1, 1 }, PARSE_BAD_LENGTH},
	{ "MSS of 3",             4, { 2, 3, 5, 0 },             PARSE_BAD_LENGTH},
	{ "window scale of 4",    4, { 3, 4, 0, 0 },             PARSE_BAD_LENGTH},
	{ "SACK permitted of 4",  4, { 4, 4, 0, 0 },             PARSE_BAD_LENGTH},
	{ "SACK without blocks",  4, { 5, 2, 0, 0 },             PARSE_BAD_LENGTH},
	{ "SACK of half a block", 8, { 5, 6, 0, 0, 0, 0, 1, 1 }, PARSE_BAD_LENGTH},
	{ "timestamps of 6",      8, { 8, 6, 0, 0, 0, 0, 1, 1 }, PARSE_BAD_LENGTH},
};

START_TEST(malformed_option_lists_are_refused)
{
	struct tcp_options options = { .mss = 99 };
	uint8_t *copy = malloc(bad_lists[_i].length);

	memcpy(copy, bad_lists[_i].bytes, bad_lists[_i].length);
	ck_assert_msg(tcp_options_parse((struct bytes) { copy, bad_lists[_i].length }, &options) ==
			  bad_lists[_i].status,
		      "%s", bad_lists[_i].name);
	ck_assert_uint_eq(options.mss, 99);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp header");
	TCase *tests = tcase_create("tcp header");

	tcase_add_test(tests, every_field_of_a_syn_is_read);
	tcase_add_test(tests, every_field_of_a_data_segment_is_read);
	tcase_add_test(tests, emit_is_the_inverse_of_parse);
	tcase_add_test(tests, a_data_offset_below_20_or_above_the_segment_is_refused);
	tcase_add_loop_test(tests, every_truncation_is_refused, 0, sizeof syn);
	tcase_add_test(tests, the_checksum_covers_pseudo_header_options_and_payload);
	tcase_add_test(tests, flags_are_printed_in_the_order_of_their_bits);
	tcase_add_test(tests, the_options_of_a_syn_are_read);
	tcase_add_loop_test(tests, option_lists_are_read_and_written_as_linux_does, 0,
			    sizeof lists / sizeof *lists);
	tcase_add_test(tests, sack_blocks_that_do_not_fit_are_left_out);
	tcase_add_test(tests, unknown_options_are_skipped_and_the_end_ends_the_list);
	tcase_add_loop_test(tests, malformed_option_lists_are_refused, 0,
			    sizeof bad_lists / sizeof *bad_lists);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
