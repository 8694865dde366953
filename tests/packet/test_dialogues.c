/* Plays every dialogue in tests/packet, or those named as arguments. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "tests/packet/dialogue.h"

static GPtrArray *paths;

static int compare_paths(const void *a, const void *b)
{
	return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static void find_dialogues(void)
{
	GDir *folder = g_dir_open("tests/packet", 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, ".pkt"))
			g_ptr_array_add(paths, g_build_filename("tests/packet", name, NULL));
	if (folder != NULL)
		g_dir_close(folder);
	g_ptr_array_sort(paths, compare_paths);
}

START_TEST(dialogue_goes_as_written)
{
	dialogue_play(paths->pdata[_i]);
}
END_TEST

START_TEST(there_are_dialogues)
{
	ck_assert_uint_gt(paths->len, 0);
}
END_TEST

int main(int argc, char **argv)
{
	paths = g_ptr_array_new_with_free_func(g_free);
	for (int i = 1; i < argc; i++)
		g_ptr_array_add(paths, g_strdup(argv[i]));
	if (argc == 1)
		find_dialogues();
	Suite *suite = suite_create("packet dialogues");
	TCase *all = tcase_create("dialogues");

	tcase_add_test(all, there_are_dialogues);
	tcase_add_loop_test(all, dialogue_goes_as_written, 0, (int)paths->len);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
