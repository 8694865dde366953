/* Files being written: temporary names, errors that are reported, pipes and devices. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "views/output.h"

static char *directory, *path;

static void set_up(void)
{
	directory = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	path = g_build_filename(directory, "file", NULL);
}

static unsigned files_in(const char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	unsigned count = 0;

	while (g_dir_read_name(dir) != NULL)
		count++;
	g_dir_close(dir);
	return count;
}

static void tear_down(void)
{
	g_unlink(path);
	ck_assert_int_eq(g_rmdir(directory), 0); /* nothing else was left behind */
	g_free(path);
	g_free(directory);
}

static void check_content(const char *expected)
{
	g_autofree char *content = NULL;

	ck_assert(g_file_get_contents(path, &content, NULL, NULL));
	ck_assert_str_eq(content, expected);
}

START_TEST(a_file_has_its_name_only_when_it_is_complete)
{
	struct output *output = output_open(path, NULL);

	output_write(output, bytes_of("half"));
	output_flush(output);
	ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
	ck_assert_uint_eq(files_in(directory), 1);
	output_write(output, bytes_of(" whole"));
	ck_assert_uint_eq(output_bytes(output), 10);
	ck_assert(output_close(output, NULL));
	check_content("half whole");
	ck_assert_uint_eq(files_in(directory), 1);
}
END_TEST

START_TEST(an_abandoned_file_leaves_the_old_one)
{
	ck_assert(g_file_set_contents(path, "old", -1, NULL));

	struct output *output = output_open(path, NULL);

	output_write(output, bytes_of("new"));
	output_flush(output);
	output_abandon(output);
	check_content("old");
	ck_assert_uint_eq(files_in(directory), 1);
}
END_TEST

START_TEST(a_complete_file_replaces_the_old_one_behind_a_symbolic_link)
{
	g_autofree char *link = g_build_filename(directory, "link", NULL);

	ck_assert(g_file_set_contents(path, "old", -1, NULL));
	ck_assert_int_eq(symlink("file", link), 0);

	struct output *output = output_open(link, NULL);

	output_write(output, bytes_of("new"));
	ck_assert(output_close(output, NULL));
	check_content("new");
	ck_assert(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
	g_unlink(link);
}
END_TEST

START_TEST(a_new_file_has_the_permissions_that_umask_leaves)
{
	struct stat status;
	mode_t before = umask(027);
	struct output *output = output_open(path, NULL);

	ck_assert(output_close(output, NULL));
	umask(before);
	ck_assert_int_eq(g_stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(what_is_longer_than_the_buffer_arrives_whole)
{
	static uint8_t block[3 * OUTPUT_RESERVE_MAX + 7];
	struct output *output = output_open(path, NULL);
	g_autofree char *content = NULL;
	gsize length = 0;

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(i * 31 >> 3);
	output_write(output, bytes_of("x"));
	output_write(output, (struct bytes) { block, sizeof block });
	for (int i = 0; i < 5; i++) {
		memcpy(output_reserve(output, OUTPUT_RESERVE_MAX), block, OUTPUT_RESERVE_MAX);
		output_commit(output, OUTPUT_RESERVE_MAX);
	}
	ck_assert(output_close(output, NULL));
	ck_assert(g_file_get_contents(path, &content, &length, NULL));
	ck_assert_uint_eq(length, 1 + sizeof block + 5 * OUTPUT_RESERVE_MAX);
	ck_assert_mem_eq(content + 1, block, sizeof block);
	ck_assert_mem_eq(content + length - OUTPUT_RESERVE_MAX, block, OUTPUT_RESERVE_MAX);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_reported_at_once)
{
	g_autofree char *nowhere = g_build_filename(directory, "nowhere", "file", NULL);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(output_open(nowhere, &error));
	ck_assert_ptr_nonnull(strstr(error->message, nowhere));
	ck_assert_ptr_nonnull(strstr(error->message, g_strerror(ENOENT)));
}
END_TEST

START_TEST(a_full_disk_is_reported_at_the_end)
{
	if (!g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
		puts("skipped: there is no /dev/full here");
		return;
	}

	struct output *output = output_open("/dev/full", NULL);
	g_autoptr(GError) error = NULL;

	output_write(output, bytes_of("lost"));
	ck_assert(!output_has_failed(output));
	output_flush(output);
	ck_assert(output_has_failed(output));
	output_write(output, bytes_of("ignored"));
	ck_assert(!output_close(output, &error));
	ck_assert_str_eq(error->message, "cannot write /dev/full: No space left on device");
}
END_TEST

START_TEST(a_failed_file_is_removed)
{
	struct output *output = output_open(path, NULL);
	g_autoptr(GError) error = NULL;

	output_write(output, bytes_of("something"));
	output_fail(output, EIO);
	ck_assert(!output_close(output, &error));
	ck_assert_uint_eq(files_in(directory), 0);
}
END_TEST

START_TEST(a_name_that_was_taken_by_a_folder_meanwhile_is_reported)
{
	struct output *output = output_open(path, NULL);
	g_autoptr(GError) error = NULL;

	ck_assert_int_eq(g_mkdir(path, 0700), 0);
	ck_assert(!output_close(output, &error));
	ck_assert_ptr_nonnull(error);
	ck_assert_uint_eq(files_in(directory), 1);
	ck_assert_int_eq(g_rmdir(path), 0);
}
END_TEST

START_TEST(a_pipe_is_written_to_directly)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);

	int reader = open(path, O_RDONLY | O_NONBLOCK);
	struct output *output = output_open(path, NULL);
	char content[8] = "";

	output_write(output, bytes_of("piped"));
	ck_assert(output_close(output, NULL));
	ck_assert_int_eq(read(reader, content, sizeof content), 5);
	ck_assert_str_eq(content, "piped");
	close(reader);
}
END_TEST

START_TEST(a_dash_is_standard_output)
{
	int saved = dup(STDOUT_FILENO);
	int file = open(path, O_RDWR | O_CREAT, 0600);

	fflush(stdout);
	dup2(file, STDOUT_FILENO);

	struct output *output = output_open("-", NULL);

	output_write(output, bytes_of("to standard output"));
	bool is_written = output_close(output, NULL);

	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(file);
	ck_assert(is_written);
	check_content("to standard output");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tests = tcase_create("output");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_file_has_its_name_only_when_it_is_complete);
	tcase_add_test(tests, an_abandoned_file_leaves_the_old_one);
	tcase_add_test(tests, a_complete_file_replaces_the_old_one_behind_a_symbolic_link);
	tcase_add_test(tests, a_new_file_has_the_permissions_that_umask_leaves);
	tcase_add_test(tests, what_is_longer_than_the_buffer_arrives_whole);
	tcase_add_test(tests, a_folder_that_is_not_there_is_reported_at_once);
	tcase_add_test(tests, a_full_disk_is_reported_at_the_end);
	tcase_add_test(tests, a_failed_file_is_removed);
	tcase_add_test(tests, a_name_that_was_taken_by_a_folder_meanwhile_is_reported);
	tcase_add_test(tests, a_pipe_is_written_to_directly);
	tcase_add_test(tests, a_dash_is_standard_output);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
