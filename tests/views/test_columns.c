/* Text in columns: widths, breaks at words, and where a broken line goes on. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "views/columns.h"

static const struct {
	const char *text;
	unsigned columns;
} widths[] = {
	{"",		      0},
	{ "abc",		  3},
	{ "→ ü",               3},
	{ "漢字",               4},
	{ "e\xcc\x81",            1}, /* a combining accent */
	{ "\033[1;31mred\033[0m", 3},
	{ "\033[",                0}, /* an escape sequence without an end */
};

START_TEST(characters_count_as_the_columns_they_take)
{
	ck_assert_uint_eq(columns_of(widths[_i].text), widths[_i].columns);
}
END_TEST

/* A text, and what it becomes in 20 columns. */
static const struct {
	const char *text, *printed;
} pages[] = {
	{"short\n",				     "short\n"				     },
	{ "exactly twenty cols.\n",                     "exactly twenty cols.\n"                      },
	{ "one two three four five six\n",              "one two three four\n    five six\n"          },
	{ "  C:  one two three four five\n",            "  C:  one two three\n      four five\n"      },
	{ "  indented more than that\n",                "  indented more than\n      that\n"          },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaa\n",              "aaaaaaaaaaaaaaaaaaaa\n    aaaaaaa\n"         },
	{ "漢字漢字漢字漢字漢字漢字\n",     "漢字漢字漢字漢字漢字\n    漢字\n"},
	{ "\033[32mok\033[0m  a b c d e f g h i j k\n",
         "\033[32mok\033[0m  a b c d e f g h\n    i j k\n"                                            },
	{ "a\n\nb",				     "a\n\nb"				      },
};

START_TEST(a_line_that_is_too_long_goes_on_under_its_column)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	columns_print_text(memory, pages[_i].text, 20);
	fclose(memory);
	ck_assert_str_eq(text, pages[_i].printed);
	free(text);
}
END_TEST

START_TEST(any_width_comes_to_an_end)
{
	for (unsigned width = 1; width < 60; width++) {
		char *text = NULL;
		size_t length;
		FILE *memory = open_memstream(&text, &length);

		columns_print_text(memory, "                                      漢字 a b\n",
				   width);
		fclose(memory);
		ck_assert_ptr_nonnull(strstr(text, "字"));
		free(text);
	}
}
END_TEST

START_TEST(what_is_cut_off_is_told_by_an_ellipsis)
{
	GString *line = g_string_new("→ abcdef");

	columns_cut(line, 8);
	ck_assert_str_eq(line->str, "→ abcdef");
	columns_cut(line, 5);
	ck_assert_str_eq(line->str, "→ ab…");
	columns_pad(line, 0, 7);
	ck_assert_str_eq(line->str, "→ ab…  ");
	g_string_free(line, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("columns");
	TCase *tests = tcase_create("columns");

	tcase_add_loop_test(tests, characters_count_as_the_columns_they_take, 0,
			    (int)G_N_ELEMENTS(widths));
	tcase_add_loop_test(tests, a_line_that_is_too_long_goes_on_under_its_column, 0,
			    (int)G_N_ELEMENTS(pages));
	tcase_add_test(tests, what_is_cut_off_is_told_by_an_ellipsis);
	tcase_add_test(tests, any_width_comes_to_an_end);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
