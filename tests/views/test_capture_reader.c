/* Reading captures: what the writers wrote, other byte orders and resolutions, and damage. */
#include <check.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/views/frames.h"
#include "views/capture_reader.h"

#define VIEW(array) ((struct bytes) { array, sizeof array })

static char *directory, *path;

static void set_up(void)
{
	directory = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	path = g_build_filename(directory, "run", NULL);
}

static void tear_down(void)
{
	g_unlink(path);
	ck_assert_int_eq(g_rmdir(directory), 0);
	g_free(directory);
	g_free(path);
}

static void check_text(struct bytes bytes, const char *expected)
{
	ck_assert_msg(bytes_equal(bytes, bytes_of(expected)), "%.*s instead of %s",
		      (int)bytes.length, (const char *)bytes.data, expected);
}

/* Writes all frames, and returns the file. */
static GMappedFile *write_all(enum capture_format format)
{
	static const struct capture_interface interfaces[] = {
		{.name = "alice-pc:eth0", .description = "the first" },
		{ .name = "gw:eth0"                     },
	};
	static const struct capture_name host = { 0xc000020a, "alice-pc.office.example" };
	const struct capture_config config = { interfaces, 2, &host, 1, .epoch_s = 1700000000 };
	struct capture *capture = capture_open(path, format, &config, NULL);

	capture_secrets(capture, CAPTURE_SECRETS_TLS, bytes_of("CLIENT_RANDOM 1 2\n"));
	for (unsigned i = 0; test_frames[i].name != NULL; i++)
		capture_frame(capture, &(struct capture_frame) {
					   .interface = i % 2,
					   .direction = CAPTURE_OUTBOUND,
					   .time_ns = i * INT64_C(1500000001),
					   .packet_id = i,
					   .bytes = test_frames[i].bytes,
					   .has_fcs = true,
					   .fcs = 0x11223344 + i,
					   .comment = test_frames[i].name,
				       });
	ck_assert(capture_close(capture, NULL));
	return g_mapped_file_new(path, FALSE, NULL);
}

static struct bytes file_bytes(GMappedFile *file)
{
	return (struct bytes) { (const uint8_t *)g_mapped_file_get_contents(file),
				g_mapped_file_get_length(file) };
}

/* Loop test: both formats. */
START_TEST(what_was_written_is_read_back)
{
	g_autoptr(GMappedFile) file = write_all((enum capture_format)_i);
	struct capture_reader *reader = capture_reader_new(file_bytes(file));
	struct captured_frame frame;
	bool is_pcapng = _i == CAPTURE_PCAPNG;

	for (unsigned i = 0; test_frames[i].name != NULL; i++) {
		ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
		ck_assert(bytes_equal(frame.bytes, test_frames[i].bytes));
		ck_assert_int_eq(frame.time_ns,
				 INT64_C(1700000000000000000) + i * INT64_C(1500000001));
		ck_assert_uint_eq(frame.has_fcs, is_pcapng);
		if (!is_pcapng)
			continue;
		ck_assert_uint_eq(frame.fcs, 0x11223344 + i);
		ck_assert_uint_eq(frame.interface, i % 2);
		ck_assert_uint_eq(frame.direction, CAPTURE_OUTBOUND);
		ck_assert_uint_eq(frame.packet_id, i);
		ck_assert_uint_eq(frame.original_length, test_frames[i].bytes.length + 4);
		check_text(frame.comments[0], test_frames[i].name);
	}
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	ck_assert_uint_eq(capture_reader_interface_count(reader), is_pcapng ? 2 : 1);
	ck_assert_uint_eq(capture_reader_interface(reader, 0)->link_type, 1);
	if (is_pcapng) {
		check_text(capture_reader_interface(reader, 0)->name, "alice-pc:eth0");
		check_text(capture_reader_interface(reader, 0)->description, "the first");
		check_text(capture_reader_interface(reader, 1)->name, "gw:eth0");
		ck_assert_uint_eq(capture_reader_interface(reader, 1)->fcs_bytes, 4);
		ck_assert_uint_eq(capture_reader_name_count(reader), 1);
		ck_assert_uint_eq(ip_address_ipv4(capture_reader_name(reader, 0)->address),
				  0xc000020a);
		check_text(capture_reader_name(reader, 0)->name, "alice-pc.office.example");
		ck_assert_uint_eq(capture_reader_secrets_count(reader), 1);
		check_text(capture_reader_secrets(reader, 0)->bytes, "CLIENT_RANDOM 1 2\n");
	}
	capture_reader_free(reader);
}
END_TEST

/* clang-format off */
/* Big-endian, microseconds by default, an unknown block, two names for one address. */
static const uint8_t big_endian[] = {
	0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28,
	0, 0, 0, 1, 0, 0, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20,
	0, 0, 0x0b, 0xad, 0, 0, 0, 16, 1, 2, 3, 4, 0, 0, 0, 16,
	0, 0, 0, 4, 0, 0, 0, 28, 0, 1, 0, 8, 10, 0, 0, 1, 'a', 0, 'b', 0, 0, 0, 0, 0, 0, 0, 0, 28,
	0, 0, 0, 6, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1e, 0x84, 0x81,
	0, 0, 0, 3, 0, 0, 0, 9, 'a', 'b', 'c', 0, 0, 0, 0, 36,
};

/* The start of a section, little-endian, for what follows. */
#define SECTION                                                                                    \
	0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,                   \
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0

/* An interface with if_tsresol `resolution`, and if_tsoffset 10 s. */
#define INTERFACE(resolution)                                                                      \
	1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, resolution, 0, 0, 0,           \
	14, 0, 8, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0

/* A packet of one byte at `interface` with time `high` << 32 | 1000. */
#define PACKET(interface, high)                                                                    \
	6, 0, 0, 0, 36, 0, 0, 0, interface, 0, 0, 0, high, 0, 0, 0, 0xe8, 3, 0, 0,                  \
	1, 0, 0, 0, 1, 0, 0, 0, 'x', 0, 0, 0, 36, 0, 0, 0
/* clang-format on */

START_TEST(big_endian_files_and_unknown_blocks_are_read)
{
	struct capture_reader *reader = capture_reader_new(VIEW(big_endian));
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	check_text(frame.bytes, "abc");
	ck_assert_uint_eq(frame.original_length, 9);
	ck_assert_int_eq(frame.time_ns, 2000001000);
	ck_assert_uint_eq(capture_reader_name_count(reader), 2);
	check_text(capture_reader_name(reader, 1)->name, "b");
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	capture_reader_free(reader);
}
END_TEST

/* clang-format off */
static const struct {
	uint8_t resolution;
	int64_t time_ns; /* of 1000 ticks, plus 10 s */
} resolutions[] = {
	{ 0, 1010000000000 }, { 3, 11000000000 }, { 6, 10001000000 }, { 9, 10000001000 },
	{ 12, 10000000001 }, { 127, 10000000000 },
	{ 0x80, 1010000000000 }, { 0x8a, 10976562500 }, { 0xff, 10000000000 },
};
/* clang-format on */

START_TEST(every_resolution_gives_nanoseconds)
{
	const uint8_t file[] = { SECTION, INTERFACE(resolutions[_i].resolution), PACKET(0, 0) };
	struct capture_reader *reader = capture_reader_new(VIEW(file));
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	ck_assert_int_eq(frame.time_ns, resolutions[_i].time_ns);
	capture_reader_free(reader);
}
END_TEST

START_TEST(a_new_section_numbers_its_interfaces_anew)
{
	static const uint8_t file[] = { SECTION, INTERFACE(9), PACKET(0, 0),
					SECTION, INTERFACE(6), PACKET(0, 0) };
	struct capture_reader *reader = capture_reader_new(VIEW(file));
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	ck_assert_uint_eq(frame.interface, 0);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	ck_assert_uint_eq(frame.interface, 1);
	ck_assert_int_eq(frame.time_ns, 10001000000);
	capture_reader_free(reader);
}
END_TEST

/* clang-format off */
static const uint8_t no_interface[] = { SECTION, PACKET(0, 0) };
static const uint8_t other_interface[] = { SECTION, INTERFACE(9), PACKET(1, 0) };
static const uint8_t late[] = { SECTION, INTERFACE(0), PACKET(0, 9) };
static const uint8_t too_long[] = {
	SECTION, INTERFACE(9),
	6, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,
	32, 0, 0, 0,
};
static const uint8_t short_packet[] = { SECTION, INTERFACE(9), 6, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0 };
static const uint8_t lengths_differ[] = { SECTION, 5, 0, 0, 0, 12, 0, 0, 0, 16, 0, 0, 0 };
static const uint8_t no_length[] = { SECTION, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t odd_length[] = { SECTION, 5, 0, 0, 0, 13, 0, 0, 0, 0, 13, 0, 0, 0 };
static const uint8_t beyond_the_end[] = { SECTION, 5, 0, 0, 0, 0, 1, 0, 0, 12, 0, 0, 0 };
static const uint8_t bad_magic[] = {
	0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0,
};
static const uint8_t short_pcap[] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0 };
static const uint8_t text[] = { 'n', 'o', ' ', 'c', 'a', 'p', 't', 'u', 'r', 'e' };

static const struct {
	struct bytes file;
	const char *complaint;
} bad_files[] = {
	{ { no_interface, sizeof no_interface },
	  "packet of an interface that is not described at byte 28" },
	{ { other_interface, sizeof other_interface },
	  "packet of an interface that is not described at byte 72" },
	{ { late, sizeof late }, "packet with an impossible time at byte 72" },
	{ { too_long, sizeof too_long }, "packet longer than its block at byte 72" },
	{ { short_packet, sizeof short_packet }, "packet block too short at byte 72" },
	{ { lengths_differ, sizeof lengths_differ }, "malformed block at byte 28" },
	{ { no_length, sizeof no_length }, "malformed block at byte 28" },
	{ { odd_length, sizeof odd_length }, "malformed block at byte 28" },
	{ { beyond_the_end, sizeof beyond_the_end }, "truncated block at byte 28" },
	{ { bad_magic, sizeof bad_magic }, "malformed block at byte 0" },
	{ { text, sizeof text }, "not a capture: neither pcapng nor pcap" },
	{ { short_pcap, sizeof short_pcap },
	  "not a capture: a pcap file that ends in its own header" },
	{ { text, 0 }, "not a capture: it is empty" },
};
/* clang-format on */

START_TEST(malformed_files_are_complained_of_with_their_place)
{
	struct capture_reader *reader = capture_reader_new(bad_files[_i].file);
	const struct capture_damage *damage = capture_reader_damage(reader);
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_BAD);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_BAD);
	ck_assert_str_eq(damage->end != NULL ? damage->end : damage->first,
			 bad_files[_i].complaint);
	capture_reader_free(reader);
}
END_TEST

/* The block behind is read; at the end the complaint is of the one that was skipped. */
START_TEST(a_packet_that_makes_no_sense_hides_no_other)
{
	static const uint8_t file[] = { SECTION, INTERFACE(9), PACKET(1, 0), PACKET(0, 0) };
	struct capture_reader *reader = capture_reader_new(VIEW(file));
	const struct capture_damage *damage = capture_reader_damage(reader);
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	ck_assert_int_eq(frame.time_ns, 10000001000);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_BAD);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_BAD);
	ck_assert_uint_eq(damage->places, 1);
	ck_assert_uint_eq(damage->bytes, 36);
	ck_assert_uint_eq(damage->first_frame, 0);
	ck_assert_str_eq(damage->first, "packet of an interface that is not described at byte 72");
	ck_assert_ptr_null(damage->end);
	capture_reader_free(reader);
}
END_TEST

/* Records longer than the buffer, and far more of them than it holds. */
START_TEST(a_file_read_by_descriptor_gives_the_same_frames)
{
	enum { FRAME_BYTES = 400000, FRAMES = 20 };

	static const uint8_t header[24] = { 0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, [23] = 1 };
	GByteArray *file = g_byte_array_new();
	uint8_t *bytes = g_malloc0(FRAME_BYTES), record[16] = { 0 };
	struct capture_reader *reader;
	struct captured_frame frame;
	int descriptor;

	g_byte_array_append(file, header, sizeof header);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t length = i % 3 ? 60 : FRAME_BYTES;

		memset(bytes, (int)i, FRAME_BYTES);
		put_be32(record + 8, length);
		put_be32(record + 12, length);
		g_byte_array_append(file, record, sizeof record);
		g_byte_array_append(file, bytes, length);
	}
	ck_assert(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
	descriptor = g_open(path, O_RDONLY, 0);
	reader = capture_reader_open(descriptor);
	for (unsigned i = 0; i < FRAMES; i++) {
		ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
		memset(bytes, (int)i, FRAME_BYTES);
		ck_assert(
		    bytes_equal(frame.bytes, (struct bytes) { bytes, i % 3 ? 60 : FRAME_BYTES }));
	}
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	capture_reader_free(reader);
	close(descriptor);
	g_byte_array_free(file, TRUE);
	g_free(bytes);
}
END_TEST

/* Loop test: both formats; cut at every length, in exact-size copies. */
START_TEST(every_truncation_ends_orderly)
{
	g_autoptr(GMappedFile) file = write_all((enum capture_format)_i);
	struct bytes whole = file_bytes(file);

	for (size_t length = 0; length < whole.length; length++) {
		uint8_t *cut = malloc(length ? length : 1);
		struct captured_frame frame;
		enum capture_read last;

		memcpy(cut, whole.data, length);
		struct capture_reader *reader = capture_reader_new((struct bytes) { cut, length });

		do {
			last = capture_reader_next(reader, &frame);
		} while (last == CAPTURE_READ_FRAME);
		ck_assert(last == CAPTURE_READ_BAD || length > 0);
		capture_reader_free(reader);
		free(cut);
	}
}
END_TEST

static const struct {
	uint8_t magic[4];
	bool is_big_endian;
	int64_t time_ns;
} classics[] = {
	{{ 0xa1, 0xb2, 0xc3, 0xd4 },  true,  5000007000},
	{ { 0xd4, 0xc3, 0xb2, 0xa1 }, false, 5000007000},
	{ { 0xa1, 0xb2, 0x3c, 0x4d }, true,  5000000007},
	{ { 0x4d, 0x3c, 0xb2, 0xa1 }, false, 5000000007},
};

START_TEST(classic_files_of_every_byte_order_and_resolution_are_read)
{
	/* Big-endian: version 2.4, snapshot 96, Ethernet with 4 bytes of FCS; one frame "abcd". */
	/* clang-format off */
	uint8_t file[24 + 16 + 8] = {
		0, 0, 0, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0x24, 0, 0, 1,
		0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 8, 'a', 'b', 'c', 'd', 1, 0, 0, 0,
	};
	/* clang-format on */
	struct captured_frame frame;

	memcpy(file, classics[_i].magic, 4);
	for (size_t at = 8; at < 40 && !classics[_i].is_big_endian; at += 4)
		put_be32(file + at, __builtin_bswap32(get_be32(file + at)));
	struct capture_reader *reader = capture_reader_new(VIEW(file));

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	ck_assert_int_eq(frame.time_ns, classics[_i].time_ns);
	check_text(frame.bytes, "abcd");
	ck_assert(frame.has_fcs && frame.fcs == 1);
	ck_assert_uint_eq(capture_reader_interface(reader, 0)->link_type, 1);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	capture_reader_free(reader);
}
END_TEST

/* As tcpdump of Linux wrote it around 1999; the record says more, of which nothing is known here. */
START_TEST(longer_headers_of_old_programs_are_read)
{
	/* clang-format off */
	static const uint8_t file[] = {
		0xa1, 0xb2, 0xcd, 0x34, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 0, 1,
		0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 2, 8, 0, 4, 0, 'a', 'b', 'c', 'd',
		0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 4, 0, 'e', 'f',
	};
	/* clang-format on */
	struct capture_reader *reader = capture_reader_new(VIEW(file));
	struct captured_frame frame;

	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	check_text(frame.bytes, "abcd");
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_FRAME);
	check_text(frame.bytes, "ef");
	ck_assert_int_eq(frame.time_ns, 6000007000);
	ck_assert_int_eq(capture_reader_next(reader, &frame), CAPTURE_READ_END);
	capture_reader_free(reader);
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof *array))

int main(void)
{
	Suite *suite = suite_create("capture reader");
	TCase *tests = tcase_create("capture reader");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, what_was_written_is_read_back, 0, 2);
	tcase_add_test(tests, big_endian_files_and_unknown_blocks_are_read);
	tcase_add_loop_test(tests, every_resolution_gives_nanoseconds, 0, COUNT(resolutions));
	tcase_add_test(tests, a_new_section_numbers_its_interfaces_anew);
	tcase_add_loop_test(tests, malformed_files_are_complained_of_with_their_place, 0,
			    COUNT(bad_files));
	tcase_add_test(tests, a_packet_that_makes_no_sense_hides_no_other);
	tcase_add_test(tests, a_file_read_by_descriptor_gives_the_same_frames);
	tcase_add_loop_test(tests, every_truncation_ends_orderly, 0, 2);
	tcase_add_test(tests, longer_headers_of_old_programs_are_read);
	tcase_add_loop_test(tests, classic_files_of_every_byte_order_and_resolution_are_read, 0,
			    COUNT(classics));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
