/* The pcapng writer byte by byte, both writers as tshark and capinfos read them, and their errors. */
#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include "tests/views/frames.h"
#include "tests/views/tshark.h"
#include "views/capture.h"

static char *directory, *pcapng_path, *pcap_path;

static void set_up(void)
{
	directory = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	pcapng_path = g_build_filename(directory, "run.pcapng", NULL);
	pcap_path = g_build_filename(directory, "run.pcap", NULL);
}

static void tear_down(void)
{
	g_unlink(pcapng_path);
	g_unlink(pcap_path);
	ck_assert_int_eq(g_rmdir(directory), 0);
	g_free(directory);
	g_free(pcapng_path);
	g_free(pcap_path);
}

static const struct capture_interface interfaces[] = {
	{.name = "alice-pc:eth0",
         .description = "alice-pc on client-lan",
         .mac = { { 0x02, 0, 0, 0, 0x01, 0x0a } },
         .address = 0xc000020a,
         .prefix_length = 26,
         .rate_bps = 100000000 },
	{ .name = "gw:eth0",   .mac = { { 0x02, 0, 0, 0, 0x01, 0x01 } }                    },
};

static const struct capture_name hosts[] = {
	{0xc000020a,  "alice-pc.office.example"},
	{ 0xc6336446, "mail.office.example"    },
};

static const struct capture_config config = {
	.interfaces = interfaces,
	.interface_count = 2,
	.names = hosts,
	.name_count = 2,
	.epoch_s = 1700000000,
};

static struct capture *open_capture(const char *path)
{
	struct capture *capture = capture_open(path, capture_format_of(path), &config, NULL);

	ck_assert_ptr_nonnull(capture);
	return capture;
}

/* All the frames, alternately at both interfaces, 1.5 s apart; every third with a comment. */
static void write_all(struct capture *capture)
{
	for (unsigned i = 0; test_frames[i].name != NULL; i++)
		capture_frame(capture,
			      &(struct capture_frame) {
				  .interface = i % 2,
				  .direction = i % 2 ? CAPTURE_INBOUND : CAPTURE_OUTBOUND,
				  .time_ns = i * INT64_C(1500000001),
				  .packet_id = i % 2 ? 0 : (UINT64_C(1) << 40) + i,
				  .bytes = test_frames[i].bytes,
				  .comment = i % 3 == 0 ? "alice-pc schreibt – «Grüße»" : NULL,
			      });
	ck_assert(capture_close(capture, NULL));
}

static unsigned frame_count(void)
{
	unsigned count = 0;

	while (test_frames[count].name != NULL)
		count++;
	return count;
}

/* One interface without an address, one name, one frame of 3 bytes: put together by hand. */
/* clang-format off */
static const uint8_t by_hand[] = {
	/* section header: magic, 1.0, length unknown, application "mailwire", end */
	0x0a, 0x0d, 0x0d, 0x0a, 44, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0, 8, 0, 'm', 'a', 'i', 'l',
	'w', 'i', 'r', 'e', 0, 0, 0, 0, 44, 0, 0, 0,
	/* interface: Ethernet, no limit, name "e0", MAC, resolution 9, FCS 4, end */
	1, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 'e', '0', 0, 0,
	6, 0, 6, 0, 2, 0, 0, 0, 0, 1, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 13, 0, 1, 0, 4, 0, 0, 0,
	0, 0, 0, 0, 60, 0, 0, 0,
	/* names: 192.0.2.1 is "a" */
	4, 0, 0, 0, 28, 0, 0, 0, 1, 0, 6, 0, 192, 0, 2, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0,
	/* packet: interface 0, 2.000000007 s, 7 bytes "123" with FCS 0x884863d2, comment, flags, end */
	6, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0x94, 0x35, 0x77,
	7, 0, 0, 0, 7, 0, 0, 0, '1', '2', '3', 0xd2, 0x63, 0x48, 0x88, 0,
	1, 0, 2, 0, 'h', 'i', 0, 0, 2, 0, 4, 0, 0x82, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0,
	/* statistics: from 1 s to 2.000000007 s, one frame */
	5, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07, 0x94, 0x35, 0x77,
	2, 0, 8, 0, 0, 0, 0, 0, 0x00, 0xca, 0x9a, 0x3b,
	3, 0, 8, 0, 0, 0, 0, 0, 0x07, 0x94, 0x35, 0x77,
	4, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0,
};
/* clang-format on */

START_TEST(a_small_capture_is_the_one_put_together_by_hand)
{
	const struct capture_interface interface = { .name = "e0",
						     .mac = { { 2, 0, 0, 0, 0, 1 } } };
	const struct capture_name name = { 0xc0000201, "a" };
	struct capture_config small = { &interface, 1, &name, 1, .epoch_s = 1 };
	struct capture *capture = capture_open(pcapng_path, CAPTURE_PCAPNG, &small, NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	capture_frame(capture, &(struct capture_frame) {
				   .direction = CAPTURE_OUTBOUND,
				   .time_ns = 1000000007,
				   .bytes = bytes_of("123"),
				   .comment = "hi",
			       });
	ck_assert_uint_eq(capture_frames(capture), 1);
	ck_assert_uint_eq(capture_bytes(capture), sizeof by_hand - 64);
	ck_assert(capture_close(capture, NULL));
	ck_assert(g_file_get_contents(pcapng_path, &content, &length, NULL));
	ck_assert_uint_eq(length, sizeof by_hand);
	for (size_t i = 0; i < length; i++)
		ck_assert_msg((uint8_t)content[i] == by_hand[i], "byte %zu", i);
}
END_TEST

START_TEST(two_runs_write_the_same_bytes)
{
	g_autofree char *first = NULL, *second = NULL;
	gsize first_length = 0, second_length = 0;

	write_all(open_capture(pcapng_path));
	ck_assert(g_file_get_contents(pcapng_path, &first, &first_length, NULL));
	write_all(open_capture(pcapng_path));
	ck_assert(g_file_get_contents(pcapng_path, &second, &second_length, NULL));
	ck_assert_uint_eq(first_length, second_length);
	ck_assert_mem_eq(first, second, first_length);
}
END_TEST

static const char *show(const GPtrArray *frame, const char *name)
{
	const struct tshark_field *field = tshark_find(frame, name, -1);

	return field == NULL ? NULL : field->show;
}

START_TEST(tshark_reads_interfaces_times_directions_comments_and_fcs)
{
	if (!tshark_has_program("tshark"))
		return;
	write_all(open_capture(pcapng_path));

	g_autoptr(GPtrArray) frames = tshark_dissect(pcapng_path);

	ck_assert_uint_eq(frames->len, frame_count());
	for (unsigned i = 0; i < frames->len; i++) {
		const GPtrArray *frame = frames->pdata[i];
		int64_t time_ns = INT64_C(1700000000000000000) + i * INT64_C(1500000001);
		g_autofree char *time =
		    g_strdup_printf("%lld.%09lld", (long long)(time_ns / 1000000000),
				    (long long)(time_ns % 1000000000));

		ck_assert_str_eq(show(frame, "frame.interface_name"), interfaces[i % 2].name);
		ck_assert_str_eq(show(frame, "frame.time_epoch"), time);
		ck_assert_str_eq(show(frame, "eth.fcs.status"), "1");
		ck_assert_uint_eq(tshark_number(show(frame, "frame.packet_flags_direction")),
				  i % 2 ? 1 : 2);
		ck_assert_uint_eq(tshark_number(show(frame, "frame.packet_flags_fcs_length")), 4);
		ck_assert_uint_eq(tshark_number(show(frame, "frame.len")),
				  test_frames[i].bytes.length + 4);
		if (i % 3 == 0)
			ck_assert_str_eq(show(frame, "frame.comment"),
					 "alice-pc schreibt – «Grüße»");
		else
			ck_assert_ptr_null(show(frame, "frame.comment"));
	}
	ck_assert_str_eq(show(frames->pdata[0], "frame.interface_description"),
			 "alice-pc on client-lan");
}
END_TEST

START_TEST(tshark_uses_the_names_of_hosts)
{
	static const char *const arguments[] = { "-N", "n",           "-T", "fields",
						 "-e", "ip.src_host", "-Y", "tcp.flags.syn==1",
						 "-r", NULL };

	if (!tshark_has_program("tshark"))
		return;
	write_all(open_capture(pcapng_path));

	g_autofree char *output = tshark_run("tshark", arguments, pcapng_path);

	ck_assert_str_eq(output, "alice-pc.office.example\nmail.office.example\n");
}
END_TEST

START_TEST(capinfos_reads_the_interfaces_and_their_statistics)
{
	static const char *const arguments[] = { NULL };

	if (!tshark_has_program("capinfos"))
		return;
	write_all(open_capture(pcapng_path));

	g_autofree char *output = tshark_run("capinfos", arguments, pcapng_path);

	ck_assert_ptr_nonnull(strstr(output, "Name = alice-pc:eth0"));
	ck_assert_ptr_nonnull(strstr(output, "Description = alice-pc on client-lan"));
	ck_assert_ptr_nonnull(strstr(output, "Speed = 100000000"));
	ck_assert_ptr_nonnull(strstr(output, "FCS length = 4"));
	ck_assert_ptr_nonnull(strstr(output, "Time precision = nanoseconds (9)"));
	ck_assert_ptr_nonnull(strstr(output, "Number of stat entries = 1"));
	ck_assert_ptr_nonnull(strstr(output, "Number of packets = 11"));
	ck_assert_ptr_nonnull(strstr(output, "Number of packets = 10"));
	ck_assert_ptr_nonnull(strstr(output, "Capture application: mailwire"));
}
END_TEST

START_TEST(a_frame_that_was_damaged_on_the_way_shows_a_bad_fcs)
{
	if (!tshark_has_program("tshark"))
		return;

	struct capture *capture = open_capture(pcapng_path);
	struct bytes frame = test_frame("tcp_data");

	capture_frame(capture, &(struct capture_frame) {
				   .has_fcs = true, .fcs = 0x12345678, .bytes = frame });
	ck_assert(capture_close(capture, NULL));

	g_autoptr(GPtrArray) frames = tshark_dissect(pcapng_path);

	ck_assert_str_eq(show(frames->pdata[0], "eth.fcs.status"), "0");
	ck_assert_uint_eq(tshark_number(show(frames->pdata[0], "eth.fcs")), 0x78563412);
}
END_TEST

START_TEST(tshark_accepts_secrets_of_any_length)
{
	static const char *const arguments[] = { "-T", "fields", "-e", "frame.number", "-r", NULL };

	if (!tshark_has_program("tshark"))
		return;

	struct capture *capture = open_capture(pcapng_path);
	g_autoptr(GString) keys = g_string_new(NULL);

	for (unsigned i = 0; i < 2001; i++)
		g_string_append_printf(keys, "CLIENT_RANDOM %064u %096u\n", i, i);
	capture_secrets(capture, CAPTURE_SECRETS_TLS, bytes_of("CLIENT_RANDOM 1 2\n"));
	capture_secrets(capture, CAPTURE_SECRETS_TLS, bytes_of(keys->str));
	capture_frame(capture, &(struct capture_frame) { .bytes = test_frame("tcp_syn") });
	ck_assert(capture_close(capture, NULL));

	g_autofree char *output = tshark_run("tshark", arguments, pcapng_path);

	ck_assert_str_eq(output, "1\n");
}
END_TEST

START_TEST(classic_pcap_holds_the_frames_without_fcs_and_with_their_times)
{
	write_all(open_capture(pcap_path));
	if (!tshark_has_program("tshark"))
		return;

	g_autoptr(GPtrArray) frames = tshark_dissect(pcap_path);

	ck_assert_uint_eq(frames->len, frame_count());
	for (unsigned i = 0; i < frames->len; i++)
		ck_assert_uint_eq(tshark_number(show(frames->pdata[i], "frame.len")),
				  test_frames[i].bytes.length);
	ck_assert_str_eq(show(frames->pdata[1], "frame.time_epoch"), "1700000001.500000001");
}
END_TEST

START_TEST(classic_pcap_counts_its_bytes)
{
	struct capture *capture = open_capture(pcap_path);

	capture_frame(capture, &(struct capture_frame) { .bytes = test_frame("tcp_syn") });
	ck_assert_uint_eq(capture_bytes(capture), 24 + 16 + test_frame("tcp_syn").length);
	capture_flush(capture);
	ck_assert(capture_close(capture, NULL));

	g_autofree char *content = NULL;
	gsize length = 0;

	ck_assert(g_file_get_contents(pcap_path, &content, &length, NULL));
	ck_assert_uint_eq(length, 24 + 16 + test_frame("tcp_syn").length);
}
END_TEST

START_TEST(long_comments_are_cut_between_characters)
{
	if (!tshark_has_program("tshark"))
		return;

	g_autoptr(GString) comment = g_string_new("x");
	struct capture *capture = open_capture(pcapng_path);

	for (unsigned i = 0; i < 3000; i++)
		g_string_append(comment, "ü");
	capture_frame(capture, &(struct capture_frame) { .bytes = test_frame("tcp_syn"),
							 .comment = comment->str });
	ck_assert(capture_close(capture, NULL));

	g_autoptr(GPtrArray) frames = tshark_dissect(pcapng_path);
	const char *read = show(frames->pdata[0], "frame.comment");

	ck_assert_uint_eq(strlen(read), 4095);
	ck_assert(g_str_has_prefix(comment->str, read));
}
END_TEST

/* Loop test: both formats. */
START_TEST(a_full_disk_is_reported_when_the_capture_is_closed)
{
	g_autoptr(GError) error = NULL;

	if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
		puts("skipped: there is no /dev/full here");
		return;
	}

	struct capture *capture = capture_open("/dev/full", _i, &config, NULL);

	for (unsigned i = 0; i < 10000; i++)
		capture_frame(capture, &(struct capture_frame) { .bytes = test_frame("tcp_syn") });
	ck_assert(!capture_close(capture, &error));
	ck_assert_str_eq(error->message, "cannot write /dev/full: No space left on device");
}
END_TEST

/* Loop test: both formats. */
START_TEST(an_abandoned_capture_leaves_nothing)
{
	struct capture *capture = capture_open(pcapng_path, _i, &config, NULL);

	capture_frame(capture, &(struct capture_frame) { .bytes = test_frame("tcp_syn") });
	capture_flush(capture);
	capture_abandon(capture);
	ck_assert(!g_file_test(pcapng_path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(the_format_follows_from_the_name)
{
	ck_assert_int_eq(capture_format_of("a.pcap"), CAPTURE_PCAP);
	ck_assert_int_eq(capture_format_of("a.cap"), CAPTURE_PCAP);
	ck_assert_int_eq(capture_format_of("a.pcapng"), CAPTURE_PCAPNG);
	ck_assert_int_eq(capture_format_of("-"), CAPTURE_PCAPNG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tests = tcase_create("capture");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_small_capture_is_the_one_put_together_by_hand);
	tcase_add_test(tests, two_runs_write_the_same_bytes);
	tcase_add_test(tests, tshark_reads_interfaces_times_directions_comments_and_fcs);
	tcase_add_test(tests, tshark_uses_the_names_of_hosts);
	tcase_add_test(tests, capinfos_reads_the_interfaces_and_their_statistics);
	tcase_add_test(tests, a_frame_that_was_damaged_on_the_way_shows_a_bad_fcs);
	tcase_add_test(tests, tshark_accepts_secrets_of_any_length);
	tcase_add_test(tests, classic_pcap_holds_the_frames_without_fcs_and_with_their_times);
	tcase_add_test(tests, classic_pcap_counts_its_bytes);
	tcase_add_test(tests, long_comments_are_cut_between_characters);
	tcase_add_loop_test(tests, a_full_disk_is_reported_when_the_capture_is_closed, 0, 2);
	tcase_add_loop_test(tests, an_abandoned_capture_leaves_nothing, 0, 2);
	tcase_add_test(tests, the_format_follows_from_the_name);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
