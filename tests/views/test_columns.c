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

START_TEST(looks_end_with_the_line_and_begin_again_below)
{
	GString *line = g_string_new("a \033[1mbold words\033[0m"), *rest = g_string_new(NULL);

	ck_assert(columns_break(line, (struct columns_mark) { 0 }, 0, 8, rest));
	ck_assert_str_eq(line->str, "a \033[1mbold\033[0m");
	ck_assert_str_eq(rest->str, "\033[1mwords\033[0m");
	columns_cut(rest, 3);
	ck_assert_str_eq(rest->str, "\033[1mwo…\033[0m");
	g_string_free(line, TRUE);
	g_string_free(rest, TRUE);
}
END_TEST

/* Texts of all kinds of characters, each of them at each place among those that are looked at together. */
START_TEST(a_text_is_as_wide_as_its_characters)
{
	static const struct {
		const char *text;
		unsigned columns;
	} pieces[] = {
		{"abcdefghijklmno", 15},
                { "é",             1 },
                { "→",            1 },
                { "⇒",            1 },
                { "中",            2 },
		{ "e\u0301",        1 },
                { "\033[1m",        0 },
                { "↑x",           2 },
                { "—",            1 },
                { "·",             1 }
	};
	GString *line = g_string_new(NULL);
	uint32_t state = 1;

	for (unsigned round = 0; round < 3000; round++) {
		unsigned columns = 0, limit;

		g_string_truncate(line, 0);
		for (unsigned i = 0; i < 1 + round % 12; i++) {
			unsigned which, from;

			state = state * 1664525 + 1013904223;
			which = (state >> 16) % G_N_ELEMENTS(pieces);
			from = which == 0 ? (state >> 28) % 15 : 0;
			g_string_append(line, pieces[which].text + from);
			columns += pieces[which].columns - from;
		}
		ck_assert_uint_eq(columns_of(line->str), columns);
		limit = MAX(1, columns * 2 / 3);
		columns_cut(line, limit);
		ck_assert_uint_le(columns_of(line->str), limit);
		ck_assert_uint_ge(columns_of(line->str) + 1, MIN(limit, columns));
		ck_assert(g_utf8_validate(line->str, -1, NULL));
	}
	g_string_free(line, TRUE);
}
END_TEST

START_TEST(a_line_that_grows_is_measured_bit_by_bit)
{
	static const char text[] =
	    "→ 漢字 \033[1;31mred\033[0m, e\xcc\x81 and more than eight bytes";
	struct columns_mark mark = { 0 };
	GString *line = g_string_new(NULL);

	for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
		if (*at == '\033')
			for (; *at != 'm'; at++)
				g_string_append_c(line, *at);
		g_string_append_len(line, at, g_utf8_next_char(at) - at);
		columns_measure(&mark, line);
		ck_assert_uint_eq(mark.columns, columns_of(line->str));
	}
	g_string_truncate(line, 3);
	columns_measure(&mark, line);
	ck_assert_uint_eq(mark.columns, 1);
	g_string_free(line, TRUE);
}
END_TEST

START_TEST(looks_go_on_over_many_lines)
{
	GString *page = g_string_new(NULL);
	GString *text =
	    g_string_new("a \033[1mbold words that go on and\033[0m on and on again here");

	columns_append(page, text, 2, 20);
	ck_assert_str_eq(page->str, "a \033[1mbold words that go\033[0m\n"
				    "  \033[1mon and\033[0m on and on\n"
				    "  again here\n");
	g_string_free(page, TRUE);
	g_string_free(text, TRUE);
}
END_TEST

/* Ends in time only when a line's cost does not grow with what is behind it. */
START_TEST(a_very_long_text_is_broken_in_linear_time)
{
	enum { WORDS = 1 << 21 };
	GString *page = g_string_new(NULL), *text = g_string_new(NULL);

	for (unsigned i = 0; i < WORDS; i++)
		g_string_append(text, "a ");
	columns_append(page, text, 4, 40);
	ck_assert_uint_gt(page->len, text->len);
	g_string_free(page, TRUE);
	g_string_free(text, TRUE);
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
	tcase_add_test(tests, looks_go_on_over_many_lines);
	tcase_add_test(tests, a_very_long_text_is_broken_in_linear_time);
	tcase_add_test(tests, what_is_cut_off_is_told_by_an_ellipsis);
	tcase_add_test(tests, looks_end_with_the_line_and_begin_again_below);
	tcase_add_test(tests, a_text_is_as_wide_as_its_characters);
	tcase_add_test(tests, a_line_that_grows_is_measured_bit_by_bit);
	tcase_add_test(tests, any_width_comes_to_an_end);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
