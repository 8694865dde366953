/* Our dissection of packets of every link type, VLAN tags and IPv6 against tshark's. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include "tests/views/packets.h"
#include "tests/views/tshark.h"
#include "tests/views/tshark_fields.h"
#include "views/capture_reader.h"
#include "views/decode.h"

static char *directory, *path;

static void put16(GByteArray *out, unsigned value)
{
	g_byte_array_append(out, (const uint8_t[]) { (uint8_t)value, (uint8_t)(value >> 8) }, 2);
}

static void put32(GByteArray *out, uint32_t value)
{
	put16(out, value & 0xffff);
	put16(out, value >> 16);
}

/* A block of pcapng, little-endian; `body` is a multiple of 4 bytes. */
static void put_block(GByteArray *out, uint32_t type, GByteArray *body)
{
	put32(out, type);
	put32(out, body->len + 12);
	g_byte_array_append(out, body->data, body->len);
	put32(out, body->len + 12);
	g_byte_array_set_size(body, 0);
}

/* One file for all, with an interface for each packet. */
static void write_capture(void)
{
	GByteArray *file = g_byte_array_new(), *body = g_byte_array_new();

	put32(body, 0x1a2b3c4d);
	put32(body, 1);
	put32(body, 0xffffffff);
	put32(body, 0xffffffff);
	put_block(file, 0x0a0d0d0a, body);
	for (unsigned i = 0; test_packets[i].name != NULL; i++) {
		put32(body, test_packets[i].link_type);
		put32(body, 0);
		put_block(file, 1, body);
		put32(body, i);
		put32(body, 0);
		put32(body, i);
		put32(body, test_packets[i].length_bytes);
		put32(body, test_packets[i].length_bytes);
		g_byte_array_append(body, (const uint8_t *)test_packets[i].bytes,
				    test_packets[i].length_bytes);
		while (body->len % 4 != 0)
			g_byte_array_append(body, (const uint8_t *)"", 1);
		put_block(file, 6, body);
	}
	ck_assert(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
	g_byte_array_free(body, TRUE);
	g_byte_array_free(file, TRUE);
}

static void set_up(void)
{
	directory = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	path = g_build_filename(directory, "packets.pcapng", NULL);
	write_capture();
}

static void tear_down(void)
{
	g_unlink(path);
	g_rmdir(directory);
	g_free(path);
	g_free(directory);
}

START_TEST(every_field_has_the_place_and_value_that_tshark_finds)
{
	if (!tshark_has_program("tshark"))
		return;

	g_autoptr(GPtrArray) theirs = tshark_dissect(path);
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
	struct capture_reader *reader = capture_reader_new((struct bytes) {
	    (const uint8_t *)g_mapped_file_get_contents(file), g_mapped_file_get_length(file) });
	static struct decode decode;
	struct captured_frame frame;
	unsigned compared = 0, count = 0;

	for (; capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME; count++) {
		uint16_t link_type = capture_reader_interface(reader, frame.interface)->link_type;
		const char *name = test_packets[count].name;

		ck_assert_uint_eq(link_type, test_packets[count].link_type);
		decode_packet(
		    frame.bytes,
		    &(struct decode_options) { .link_type = link_type, .wants_fields = true },
		    &decode);
		for (unsigned i = 0; i < decode.layer_count; i++)
			ck_assert_msg(decode.layers[i].status == PARSE_OK ||
					  decode.layers[i].is_quoted ||
					  decode.layers[i].note == DECODE_NOTE_FIRST_FRAGMENT,
				      "%s: layer %s", name, decode.layers[i].name);
		for (unsigned f = 0; f < decode.field_count; f++, compared++)
			tshark_compare_field(name, &decode, &decode.fields[f],
					     theirs->pdata[count]);
		tshark_compare_checksums(name, &decode, theirs->pdata[count]);
	}
	ck_assert_ptr_null(test_packets[count].name);
	ck_assert_uint_eq(count, theirs->len);
	ck_assert_uint_gt(compared, 600);
	capture_reader_free(reader);
}
END_TEST

START_TEST(checksums_over_ipv6_are_verified)
{
	static struct decode decode;

	for (unsigned i = 0; test_packets[i].name != NULL; i++) {
		bool is_bad = strstr(test_packets[i].name, "bad") != NULL, is_wrong = false;

		decode_packet((struct bytes) { (const uint8_t *)test_packets[i].bytes,
					       test_packets[i].length_bytes },
			      &(struct decode_options) { .link_type = test_packets[i].link_type },
			      &decode);
		for (unsigned l = 0; l < decode.layer_count; l++)
			is_wrong = is_wrong || decode.layers[l].checksum == CHECKSUM_WRONG ||
				   decode.layers[l].checksum == CHECKSUM_UNFINISHED;
		ck_assert_msg(is_wrong == is_bad, "%s", test_packets[i].name);
		ck_assert_uint_eq(decode.field_count, 0);
	}
}
END_TEST

/* In exact-size copies, so that the sanitizer sees what lies outside. */
START_TEST(every_truncation_is_decoded)
{
	static struct decode decode;

	for (unsigned i = 0; test_packets[i].name != NULL; i++) {
		for (size_t length = 0; length < test_packets[i].length_bytes; length++) {
			uint8_t *cut = g_memdup2(test_packets[i].bytes, length);
			uint32_t end = 0;

			decode_packet(
			    (struct bytes) { cut, length },
			    &(struct decode_options) { .link_type = test_packets[i].link_type,
						       .wants_fields = true },
			    &decode);
			for (unsigned l = 0; l < decode.layer_count; l++) {
				ck_assert_uint_eq(decode.layers[l].start, end);
				end += decode.layers[l].header_bytes;
			}
			ck_assert_uint_eq(end, length);
			g_free(cut);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packets against tshark");
	TCase *tests = tcase_create("packets against tshark");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_field_has_the_place_and_value_that_tshark_finds);
	tcase_add_test(tests, checksums_over_ipv6_are_verified);
	tcase_add_test(tests, every_truncation_is_decoded);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
