/* Our dissection of frames made by hand against tshark's, field by field: place and value. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include "tests/views/frames.h"
#include "tests/views/tshark.h"
#include "tests/views/tshark_fields.h"
#include "views/capture.h"
#include "views/decode.h"

static char *directory, *path;

static void set_up(void)
{
	directory = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	path = g_build_filename(directory, "frames.pcapng", NULL);

	const struct capture_interface interface = { .name = "alice-pc:eth0" };
	struct capture_config config = { .interfaces = &interface, .interface_count = 1 };
	struct capture *capture = capture_open(path, CAPTURE_PCAPNG, &config, NULL);

	ck_assert_ptr_nonnull(capture);
	for (unsigned i = 0; test_frames[i].name != NULL; i++)
		capture_frame(capture, &(struct capture_frame) { .time_ns = i,
								 .bytes = test_frames[i].bytes });
	ck_assert(capture_close(capture, NULL));
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

	g_autoptr(GPtrArray) frames = tshark_dissect(path);
	static struct decode decode;
	unsigned compared = 0;

	for (unsigned i = 0; test_frames[i].name != NULL; i++) {
		ck_assert_uint_lt(i, frames->len);
		decode_frame(test_frames[i].bytes, NULL, &decode);
		for (unsigned f = 0; f < decode.field_count; f++, compared++)
			tshark_compare_field(test_frames[i].name, &decode, &decode.fields[f],
					     frames->pdata[i]);
	}
	ck_assert_uint_gt(compared, 500);
}
END_TEST

START_TEST(tshark_judges_every_checksum_as_we_do)
{
	if (!tshark_has_program("tshark"))
		return;

	g_autoptr(GPtrArray) frames = tshark_dissect(path);
	static struct decode decode;

	for (unsigned i = 0; test_frames[i].name != NULL; i++) {
		const GPtrArray *frame = frames->pdata[i];
		const char *name = test_frames[i].name;

		decode_frame(test_frames[i].bytes, NULL, &decode);
		tshark_compare_checksums(name, &decode, frame);
		ck_assert_str_eq(tshark_find(frame, "eth.fcs.status", -1)->show, "1");
		ck_assert_msg(tshark_find(frame, "_ws.malformed", -1) == NULL, "%s", name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("decode against tshark");
	TCase *tests = tcase_create("decode against tshark");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, every_field_has_the_place_and_value_that_tshark_finds);
	tcase_add_test(tests, tshark_judges_every_checksum_as_we_do);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
