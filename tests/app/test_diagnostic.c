/* Complaints about a user's file: quoted, underlined, ordered, with what was meant. */
#include <check.h>
#include <stdlib.h>
#include "app/diagnostic.h"

static struct diagnostics *diagnostics;

static void begin(void)
{
	diagnostics = diagnostics_new();
}

static void end(void)
{
	diagnostics_free(diagnostics);
}

static void check_print(const char *expected)
{
	char *text = diagnostics_print(diagnostics);

	ck_assert_str_eq(text, expected);
	g_free(text);
}

START_TEST(a_complaint_quotes_the_line_and_underlines_the_place)
{
	diagnostics_set_source(diagnostics, "a.yaml", bytes_of("one\nlan: {dealy: 10ms}\nthree\n"));
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 2, 7, 5 },
			"a network has no key `%s`", "dealy");
	diagnostics_hint(diagnostics, "did you mean `delay`?");
	check_print("a.yaml:2:7: error: a network has no key `dealy`\n"
		    "    2 | lan: {dealy: 10ms}\n"
		    "      |       ^~~~~\n"
		    "      = did you mean `delay`?\n");
}
END_TEST

START_TEST(columns_count_characters_and_tabs_stay_tabs)
{
	diagnostics_set_source(diagnostics, "a", bytes_of("\xc3\xbc\xc3\xa4\tx"));
	diagnostics_add(diagnostics, SEVERITY_WARNING, (struct mark) { 1, 4, 1 }, "here");
	check_print("a:1:4: warning: here\n"
		    "    1 | \xc3\xbc\xc3\xa4\tx\n"
		    "      |   \t^\n");
}
END_TEST

START_TEST(of_a_long_line_the_surroundings_are_shown)
{
	char line[1001];

	memset(line, 'a', 1000);
	line[1000] = '\0';
	line[500] = 'B';
	diagnostics_set_source(diagnostics, "a", bytes_of(line));
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 1, 501, 1 }, "x");

	char *text = diagnostics_print(diagnostics);

	ck_assert_uint_lt(strlen(text), 300);
	ck_assert_ptr_nonnull(strstr(text, "aaaBaaa"));
	g_free(text);
}
END_TEST

START_TEST(errors_come_first_then_the_order_of_the_file)
{
	diagnostics_set_source(diagnostics, "a", bytes_of("x\ny\nz\n"));
	diagnostics_add(diagnostics, SEVERITY_WARNING, (struct mark) { 1, 1, 1 }, "W");
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 3, 1, 1 }, "E3");
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 2, 1, 1 }, "E2");
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 2, 1, 1 }, "E2 again");

	char *text = diagnostics_print(diagnostics);

	ck_assert(strstr(text, "E2") < strstr(text, "E2 again"));
	ck_assert(strstr(text, "E2 again") < strstr(text, "E3"));
	ck_assert(strstr(text, "E3") < strstr(text, "W"));
	g_free(text);
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_ERROR), 3);
	ck_assert_uint_eq(diagnostics_count(diagnostics, SEVERITY_WARNING), 1);
}
END_TEST

START_TEST(twenty_are_shown_and_the_rest_counted)
{
	for (unsigned i = 0; i < 25; i++)
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 }, "no. %u", i);

	char *text = diagnostics_print(diagnostics);

	ck_assert_ptr_nonnull(strstr(text, "no. 19\n"));
	ck_assert_ptr_null(strstr(text, "no. 20\n"));
	ck_assert(g_str_has_suffix(text, "and 5 more\n"));
	g_free(text);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_not_echoed)
{
	diagnostics_set_source(diagnostics, "a", bytes_of("\xff\x1b[2J\x7f"));
	diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 1, 1, 1 }, "key `%s`", "\x1b");
	diagnostics_hint(diagnostics, "not `%s`", "\x1b\n");

	char *text = diagnostics_print(diagnostics);

	ck_assert_ptr_null(strchr(text, 0x1b));
	ck_assert_ptr_null(strchr(text, 0x7f));
	ck_assert_ptr_nonnull(strstr(text, "not `??`\n"));
	ck_assert(g_utf8_validate(text, -1, NULL));
	g_free(text);
}
END_TEST

static const struct {
	const char *word;
	const char *known[5];
	const char *best;
} suggestions[] = {
	{"dealy",    { "delay", "rate", NULL },     "delay" }, /* two letters swapped */
	{ "dely",    { "rate", "delay", NULL },     "delay" }, /* one left out */
	{ "Delay",   { "delay", NULL },             "delay" }, /* another case */
	{ "subnett", { "subnet", NULL },            "subnet"}, /* one too many */
	{ "alise",   { "alice", "alise-pc", NULL }, "alice" }, /* another letter */
	{ "mtu",     { "to", "at", NULL },          NULL    }, /* too short to guess */
	{ "gateway", { "delay", "rate", NULL },     NULL    }, /* nothing near */
	{ "abc",     { "abd", "abe", NULL },        "abd"   }, /* a tie: the first */
	{ "",        { "a", NULL },                 NULL    },
};

START_TEST(a_misspelt_word_finds_the_nearest)
{
	struct suggestion suggestion = { .word = suggestions[_i].word };

	for (unsigned i = 0; suggestions[_i].known[i] != NULL; i++)
		suggest_offer(&suggestion, suggestions[_i].known[i]);
	if (suggestions[_i].best == NULL)
		ck_assert_ptr_null(suggestion.best);
	else
		ck_assert_str_eq(suggestion.best, suggestions[_i].best);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnostic");
	TCase *tests = tcase_create("diagnostic");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_complaint_quotes_the_line_and_underlines_the_place);
	tcase_add_test(tests, columns_count_characters_and_tabs_stay_tabs);
	tcase_add_test(tests, of_a_long_line_the_surroundings_are_shown);
	tcase_add_test(tests, errors_come_first_then_the_order_of_the_file);
	tcase_add_test(tests, twenty_are_shown_and_the_rest_counted);
	tcase_add_test(tests, bytes_that_are_no_text_are_not_echoed);
	tcase_add_loop_test(tests, a_misspelt_word_finds_the_nearest, 0, G_N_ELEMENTS(suggestions));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
