/* Captures that were damaged: what stands behind the damage is found, and what was lost is counted. */
#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <zlib.h>
#include "views/capture_reader.h"

enum { FRAMES = 40, FRAME_BYTES_MAX = 200 };

/* A capture that is built, and where its records or blocks begin. */
static GByteArray *file;
static size_t starts[FRAMES + 1];

static void append32(uint32_t value)
{
	value = GUINT32_TO_LE(value);
	g_byte_array_append(file, (const uint8_t *)&value, sizeof value);
}

static unsigned frame_bytes(unsigned i)
{
	return 60 + i * 7 % 100;
}

/* Text and zeros, as frames have them; the first byte tells which one it is. */
static void append_frame_bytes(unsigned i)
{
	uint8_t bytes[FRAME_BYTES_MAX] = { 0 };

	memset(bytes, 'x', 40);
	bytes[0] = (uint8_t)i;
	g_byte_array_append(file, bytes, frame_bytes(i));
}

static void build_classic(void)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };

	for (unsigned i = 0; i < G_N_ELEMENTS(header); i++)
		append32(header[i]);
	for (unsigned i = 0; i < FRAMES; i++) {
		starts[i] = file->len;
		append32(1700000000 + i);
		append32(i);
		append32(frame_bytes(i));
		append32(frame_bytes(i));
		append_frame_bytes(i);
	}
}

static void build_blocks(void)
{
	static const uint32_t header[] = { 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX,
					   28,         1,  20,         1, 0,          20 };

	for (unsigned i = 0; i < G_N_ELEMENTS(header); i++)
		append32(header[i]);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t padding = -frame_bytes(i) & 3, length = 32 + frame_bytes(i) + padding;

		starts[i] = file->len;
		append32(6);
		append32(length);
		append32(0);
		append32(0x60000);
		append32(i);
		append32(frame_bytes(i));
		append32(frame_bytes(i));
		append_frame_bytes(i);
		g_byte_array_append(file, (const uint8_t *)"\0\0\0", padding);
		append32(length);
	}
}

/* Loop tests: classic, then pcapng. */
static void build(int is_blocks)
{
	file = g_byte_array_new();
	if (is_blocks)
		build_blocks();
	else
		build_classic();
	starts[FRAMES] = file->len;
}

static void insert(size_t at, const void *bytes, unsigned length)
{
	GByteArray *whole = g_byte_array_sized_new(file->len + length);

	g_byte_array_append(whole, file->data, (guint)at);
	g_byte_array_append(whole, bytes, length);
	g_byte_array_append(whole, file->data + at, file->len - (guint)at);
	g_byte_array_free(file, TRUE);
	file = whole;
}

/* What a reader found. */
static struct found {
	unsigned count;
	uint8_t frames[FRAMES + 10];
	uint64_t passed_bytes; /* in front of frames, */
	unsigned passed_frame; /* of this one last */
	struct capture_damage damage;
	char first[200], end[200];
} found;

static void note_text(char *out, const char *text)
{
	g_strlcpy(out, text != NULL ? text : "", sizeof found.first);
}

static enum capture_read read_by(struct capture_reader *reader)
{
	struct captured_frame frame;
	enum capture_read last;

	found = (struct found) { 0 };
	while ((last = capture_reader_next(reader, &frame)) == CAPTURE_READ_FRAME) {
		ck_assert_uint_lt(found.count, sizeof found.frames);
		found.frames[found.count++] = frame.bytes.data[0];
		found.passed_bytes += frame.passed_bytes;
		if (frame.passed_bytes > 0)
			found.passed_frame = found.count - 1;
	}
	found.damage = *capture_reader_damage(reader);
	note_text(found.first, found.damage.first);
	note_text(found.end, found.damage.end);
	capture_reader_free(reader);
	return last;
}

/* From memory; a descriptor must give the same. */
static enum capture_read read_file(void)
{
	FILE *stored = tmpfile();
	struct found from_memory;
	enum capture_read last;

	last = read_by(capture_reader_new((struct bytes) { file->data, file->len }));
	from_memory = found;
	ck_assert_uint_eq(fwrite(file->data, 1, file->len, stored), file->len);
	rewind(stored);
	ck_assert_int_eq(read_by(capture_reader_open(fileno(stored))), last);
	ck_assert_uint_eq(found.count, from_memory.count);
	ck_assert_mem_eq(found.frames, from_memory.frames, sizeof found.frames);
	ck_assert_uint_eq(found.damage.bytes, from_memory.damage.bytes);
	ck_assert_uint_eq(found.damage.places, from_memory.damage.places);
	ck_assert_str_eq(found.first, from_memory.first);
	ck_assert_str_eq(found.end, from_memory.end);
	fclose(stored);
	g_byte_array_free(file, TRUE);
	return last;
}

/* All frames but those from `first` to `last`. */
static void check_lost(unsigned first, unsigned last)
{
	unsigned at = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		if (i < first || i > last)
			ck_assert_uint_eq(found.frames[at++], i);
	ck_assert_uint_eq(found.count, at);
}

START_TEST(bytes_between_frames_cost_no_frame)
{
	for (unsigned length = 1; length < 70; length++) {
		build(_i);
		insert(starts[7],
		       "This is what does not belong here, of any length, even or odd, or so",
		       length);
		ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
		check_lost(FRAMES, FRAMES);
		ck_assert_uint_eq(found.damage.places, 1);
		ck_assert_uint_eq(found.damage.bytes, length);
		ck_assert_uint_eq(found.passed_bytes, length);
		ck_assert_uint_eq(found.passed_frame, 7);
		ck_assert_uint_eq(found.damage.first_frame, 7);
		ck_assert_str_eq(found.end, "");
	}
}
END_TEST

START_TEST(zeros_between_frames_are_no_frames)
{
	static const uint8_t zeros[4096];

	build(_i);
	insert(starts[7], zeros, sizeof zeros);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES, FRAMES);
	ck_assert_uint_eq(found.damage.bytes, sizeof zeros);
}
END_TEST

/* Where the length of a frame stands in its header: of the block, or of what was captured. */
static uint8_t *length_of(unsigned frame, int is_blocks)
{
	return file->data + starts[frame] + (is_blocks ? 4 : 8);
}

START_TEST(a_wrong_length_costs_one_frame)
{
	static const uint32_t lengths[] = {
		0, 3, 1000, 300000, 0x00ffff00, 0x7fffffff, 0xffffffff
	};

	for (unsigned i = _i == 0; i < G_N_ELEMENTS(lengths); i++) {
		uint32_t length = GUINT32_TO_LE(lengths[i]);
		size_t lost;

		build(_i);
		memcpy(length_of(7, _i), &length, sizeof length);
		lost = starts[8] - starts[7];
		ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
		/* A classic record that is shorter than it was is read as such: only what is left over is lost. */
		if (_i == 0 && lengths[i] < frame_bytes(7)) {
			ck_assert_uint_eq(found.count, FRAMES);
			lost -= 16 + lengths[i];
		} else {
			check_lost(7, 7);
		}
		ck_assert_uint_eq(found.damage.bytes, lost);
	}
}
END_TEST

/* The frame they are of has some of the next one then, if its length is in front and there only. */
START_TEST(bytes_that_are_missing_cost_the_frames_they_are_of)
{
	for (unsigned length = 1; length < 64; length++) {
		build(_i);
		g_byte_array_remove_range(file, (guint)starts[7] + 30, length);
		ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
		ck_assert_uint_eq(found.count, FRAMES - 1);
		ck_assert_uint_eq(found.frames[6], 6);
		ck_assert_uint_eq(found.frames[found.count - 1], FRAMES - 1);
		ck_assert_uint_eq(found.damage.places, 1);
		ck_assert_str_eq(found.end, "");
	}
}
END_TEST

START_TEST(several_places_are_counted)
{
	build(_i);
	insert(starts[30], "second!", 7);
	insert(starts[7], "first", 5);
	g_byte_array_set_size(file, file->len - 2);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES - 1, FRAMES - 1);
	ck_assert_uint_eq(found.damage.places, 2);
	ck_assert_uint_eq(found.damage.bytes, 12);
	ck_assert_uint_eq(found.damage.first_frame, 7);
	ck_assert_str_ne(found.first, "");
	ck_assert_msg(g_str_has_prefix(found.end, "truncated "), "%s", found.end);
}
END_TEST

START_TEST(what_is_in_front_of_the_first_frame_is_passed)
{
	build(_i);
	insert(starts[0], "This does not belong here", 25);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES, FRAMES);
	ck_assert_uint_eq(found.damage.bytes, 25);
	ck_assert_uint_eq(found.damage.first_frame, 0);
}
END_TEST

/* ---- What is odd, but no damage ---- */

static void put_field(unsigned frame, unsigned field, uint32_t value)
{
	value = GUINT32_TO_LE(value);
	memcpy(file->data + starts[frame] + field * 4, &value, sizeof value);
}

/* Other programs write these. */
START_TEST(odd_classic_records_are_no_damage)
{
	build(0);
	for (unsigned i = 0; i < FRAMES; i++) {
		switch (_i) {
		case 0: /* a clock that was set in between, and again */
			put_field(i, 0, i * 100000000);
			break;
		case 1: /* nanoseconds in a file that says microseconds */
			put_field(i, 1, 999999999 - i);
			break;
		case 2: /* more captured than there was */
			put_field(i, 3, 1);
			break;
		case 3: /* snap length shorter than what was captured */
			file->data[16] = 20;
			file->data[18] = 0;
			break;
		}
	}
	ck_assert_int_eq(read_file(), CAPTURE_READ_END);
	check_lost(FRAMES, FRAMES);
}
END_TEST

/* A whole record in front of a header that was cut: odd, but with nothing that speaks against it. */
START_TEST(a_record_in_front_of_a_cut_header_is_read)
{
	build(0);
	put_field(FRAMES - 1, 0, 900000000);
	g_byte_array_append(file, file->data + starts[0], 12);
	ck_assert_int_ne(read_file(), CAPTURE_READ_FRAME);
	check_lost(FRAMES, FRAMES);
	ck_assert_ptr_nonnull(strstr(found.end, "truncated"));
	ck_assert_uint_eq(found.damage.places, 0);
}
END_TEST

/* ---- Hostile files: each would take hours if bytes were moved or looked at again and again ---- */

enum { HOSTILE_BYTES = 8 << 20 };

/* Headers of blocks that say they are as long as a block may be, with blocks between that are found. */
START_TEST(long_lengths_at_each_turn_take_no_time)
{
	build(1);
	g_byte_array_set_size(file, (guint)starts[0]);
	while (file->len < HOSTILE_BYTES) {
		append32(0xbad);
		append32(CAPTURE_READER_BLOCK_MAX - 4096);
		append32(5);
		append32(24);
		for (unsigned i = 0; i < 3; i++)
			append32(0);
		append32(24);
	}
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	ck_assert_uint_eq(found.damage.places, HOSTILE_BYTES / 32 - 1 + (HOSTILE_BYTES % 32 != 0));
}
END_TEST

/* Each four bytes might begin a block, or a record, as long as is looked for. */
START_TEST(candidates_everywhere_take_no_time)
{
	build(_i);
	g_byte_array_set_size(file, (guint)starts[0]);
	if (_i == 0) {
		for (unsigned i = 0; i < 4; i++)
			append32(0xffffffff);
		while (file->len < HOSTILE_BYTES)
			append32(0x00030001);
	} else {
		while (file->len < HOSTILE_BYTES) {
			append32(6);
			append32(0x0007fff0);
		}
	}
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	ck_assert_uint_eq(found.count, 0);
}
END_TEST

/* ---- Packed by gzip ---- */

/* Packs `length` bytes from `at` on as one member behind `out`. */
static void pack(GByteArray *out, const uint8_t *at, size_t length)
{
	z_stream stream = { .next_in = (Bytef *)at, .avail_in = (uInt)length };
	uint8_t *packed = g_malloc(length + 1000);

	stream.next_out = packed;
	stream.avail_out = (uInt)length + 1000;
	ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	g_byte_array_append(out, packed, (guint)(length + 1000 - stream.avail_out));
	deflateEnd(&stream);
	g_free(packed);
}

/* Packs the file, in members of `member_bytes`. */
static void pack_file(size_t member_bytes)
{
	GByteArray *packed = g_byte_array_new();

	for (size_t at = 0; at < file->len; at += member_bytes)
		pack(packed, file->data + at, MIN(member_bytes, file->len - at));
	g_byte_array_free(file, TRUE);
	file = packed;
}

START_TEST(what_is_packed_is_read)
{
	static const size_t sizes[] = { 1, 100, 1000, SIZE_MAX / 2 };

	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		build(_i);
		pack_file(sizes[i]);
		ck_assert_int_eq(read_file(), CAPTURE_READ_END);
		check_lost(FRAMES, FRAMES);
	}
}
END_TEST

START_TEST(every_truncation_of_what_is_packed_says_so)
{
	size_t whole, last_count = 0;

	build(_i);
	pack_file(SIZE_MAX / 2);
	whole = file->len;
	g_byte_array_free(file, TRUE);
	for (size_t length = 2; length < whole; length++) {
		g_autofree char *expected = g_strdup_printf(
		    "the compressed file is cut off at its byte %" G_GSIZE_FORMAT, length);

		build(_i);
		pack_file(SIZE_MAX / 2);
		g_byte_array_set_size(file, (guint)length);
		ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
		ck_assert_uint_ge(found.count, last_count);
		ck_assert_str_eq(found.end, expected);
		last_count = found.count;
	}
	ck_assert_uint_eq(last_count, FRAMES);
}
END_TEST

START_TEST(damage_of_what_is_packed_says_where)
{
	build(_i);
	pack_file(1000);
	memset(file->data + file->len / 2, 0xff, 20);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	ck_assert_uint_gt(found.count, 0);
	ck_assert_uint_lt(found.count, FRAMES);
	ck_assert_msg(g_str_has_prefix(found.end, "damaged gzip data at byte "), "%s", found.end);
}
END_TEST

/* All is told; then that it may not be what was packed. */
START_TEST(a_wrong_checksum_of_what_is_packed_is_said)
{
	build(_i);
	pack_file(SIZE_MAX / 2);
	file->data[file->len - 8] ^= 1;
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES, FRAMES);
	ck_assert_msg(strstr(found.end, "incorrect data check") != NULL, "%s", found.end);
}
END_TEST

START_TEST(behind_what_is_packed_zeros_are_nothing_and_others_are_told)
{
	static const uint8_t zeros[1024];

	build(_i);
	pack_file(1000);
	g_byte_array_append(file, zeros, sizeof zeros);
	ck_assert_int_eq(read_file(), CAPTURE_READ_END);
	check_lost(FRAMES, FRAMES);
	build(_i);
	pack_file(1000);
	g_byte_array_append(file, (const uint8_t *)"others", 6);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES, FRAMES);
	ck_assert_msg(strstr(found.end, "something else than gzip") != NULL, "%s", found.end);
}
END_TEST

/* Damage in a capture, whatever it is packed in, is told by the bytes of the capture. */
START_TEST(damage_inside_of_what_is_packed_is_passed)
{
	build(_i);
	insert(starts[7], "first", 5);
	pack_file(1000);
	ck_assert_int_eq(read_file(), CAPTURE_READ_BAD);
	check_lost(FRAMES, FRAMES);
	ck_assert_uint_eq(found.damage.bytes, 5);
	ck_assert_msg(strstr(found.first, " of what was unpacked") != NULL, "%s", found.first);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture damage");
	TCase *tests = tcase_create("damage");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, bytes_between_frames_cost_no_frame, 0, 2);
	tcase_add_loop_test(tests, zeros_between_frames_are_no_frames, 0, 2);
	tcase_add_loop_test(tests, a_wrong_length_costs_one_frame, 0, 2);
	tcase_add_loop_test(tests, bytes_that_are_missing_cost_the_frames_they_are_of, 0, 2);
	tcase_add_loop_test(tests, several_places_are_counted, 0, 2);
	tcase_add_loop_test(tests, what_is_in_front_of_the_first_frame_is_passed, 0, 2);
	tcase_add_loop_test(tests, odd_classic_records_are_no_damage, 0, 4);
	tcase_add_test(tests, a_record_in_front_of_a_cut_header_is_read);
	tcase_add_test(tests, long_lengths_at_each_turn_take_no_time);
	tcase_add_loop_test(tests, candidates_everywhere_take_no_time, 0, 2);
	tcase_add_loop_test(tests, what_is_packed_is_read, 0, 2);
	tcase_add_loop_test(tests, every_truncation_of_what_is_packed_says_so, 0, 2);
	tcase_add_loop_test(tests, damage_of_what_is_packed_says_where, 0, 2);
	tcase_add_loop_test(tests, a_wrong_checksum_of_what_is_packed_is_said, 0, 2);
	tcase_add_loop_test(tests, behind_what_is_packed_zeros_are_nothing_and_others_are_told, 0,
			    2);
	tcase_add_loop_test(tests, damage_inside_of_what_is_packed_is_passed, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
