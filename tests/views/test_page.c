/* The page: what stands in it is data, whatever a text holds. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "views/page_private.h"
#include "views/text.h"

static const struct dissector *const no_dissectors[] = { NULL };

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
	const char *name, *text;
	size_t length;
	const char *json;
} strings[] = {
	{"plain",		     TEXT("mail 1"),                   "\"mail 1\""                         },
	{ "empty",		    TEXT(""),                         "\"\""                               },
	{ "quotes",                   TEXT("a\"b\\c"),                  "\"a\\\"b\\\\c\""                    },
	{ "end of the script",        TEXT("</script><!--"),            "\"\\u003c/script\\u003e\\u003c!--\""},
	{ "entity",                   TEXT("&lt;"),                     "\"\\u0026lt;\""                     },
	{ "lines",		    TEXT("a\r\nb\tc"),                "\"a\\u000d\\nb\\u0009c\""           },
	{ "control characters",       TEXT("\001\033[0m\177"),          "\"\\u0001\\u001b[0m\\u007f\""       },
	{ "NUL",		      TEXT("a\0b"),                     "\"a\\u0000b\""                      },
	{ "UTF-8",		    TEXT("\303\274 \342\234\211"),    "\"\303\274 \342\234\211\""          },
	{ "line separators",          TEXT("\342\200\250\342\200\251"), "\"\\u2028\\u2029\""                 },
	{ "Latin-1",                  TEXT("Gr\374n"),                  "\"Gr\357\277\275n\""                },
	{ "UTF-8 cut at the end",     TEXT("x\342\234"),                "\"x\357\277\275\357\277\275\""      },
	{ "too long a form of a <",   TEXT("\300\274"),                 "\"\357\277\275\357\277\275\""       },
	{ "half of a surrogate pair", TEXT("\355\240\200"),
         "\"\357\277\275\357\277\275\357\277\275\""							  },
};

START_TEST(texts_of_any_bytes_are_strings)
{
	GString *out = g_string_new(NULL);

	text_json(out, strings[_i].text, strings[_i].length);
	ck_assert_msg(strcmp(out->str, strings[_i].json) == 0, "%s: %s", strings[_i].name,
		      out->str);
	g_string_free(out, TRUE);
}
END_TEST

START_TEST(numbers_are_written_as_they_are_and_as_differences)
{
	GString *out = g_string_new("{");
	GArray *numbers = page_numbers_new();

	page_put(numbers, 5);
	page_put(numbers, INT64_MAX);
	page_put(numbers, -7);
	page_append_numbers(out, "n", numbers);
	g_array_set_size(numbers, 0);
	page_put(numbers, 1000000000);
	page_put(numbers, 1000000007);
	page_put(numbers, 1000000000);
	page_append_deltas(out, "d", numbers);
	ck_assert_str_eq(out->str, "{\"n\":[5,9223372036854775807,-7],\"d\":[1000000000,7,-7]");
	g_array_unref(numbers);
	g_string_free(out, TRUE);
}
END_TEST

static unsigned count(const char *text, const char *what)
{
	unsigned found = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		found++;
	return found;
}

/* The page of a history without a record, under these names. The caller frees it. */
static char *empty_page(const char *title, const char *file)
{
	g_autofree char *path = NULL;
	char *text;
	struct history *history = history_new(no_dissectors);
	struct output *output;

	close(g_file_open_tmp("page-XXXXXX", &path, NULL));
	history_finish(history);
	g_autofree struct page_place *places = page_places_plain(history);

	output = output_open(path, NULL);
	page_write(output, history,
		   &(struct page_options) { .title = title, .file = file, .places = places });
	ck_assert(output_close(output, NULL));
	history_free(history);
	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	remove(path);
	return text;
}

START_TEST(a_run_without_a_record_has_a_page)
{
	g_autofree char *page = empty_page(NULL, "nothing.yaml");

	ck_assert_ptr_nonnull(strstr(page, "<title>nothing.yaml</title>"));
	ck_assert_ptr_nonnull(strstr(page, "\"moments\":0"));
	ck_assert_ptr_nonnull(strstr(page, "\"nodes\":[null]"));
	ck_assert(g_str_has_suffix(page, "</html>\n"));
}
END_TEST

START_TEST(names_end_neither_title_nor_script)
{
	g_autofree char *page =
	    empty_page("</title><script>x</script>", "</script>\"><img src=x>\374.yaml");

	ck_assert_uint_eq(count(page, "<title"), 1);
	ck_assert_uint_eq(count(page, "</title"), 1);
	ck_assert_uint_eq(count(page, "<script"), 2);
	ck_assert_uint_eq(count(page, "</script"), 2);
	ck_assert_uint_eq(count(page, "<img"), 0);
	ck_assert(g_utf8_validate(page, -1, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page");
	TCase *tests = tcase_create("page");

	tcase_add_loop_test(tests, texts_of_any_bytes_are_strings, 0, G_N_ELEMENTS(strings));
	tcase_add_test(tests, numbers_are_written_as_they_are_and_as_differences);
	tcase_add_test(tests, a_run_without_a_record_has_a_page);
	tcase_add_test(tests, names_end_neither_title_nor_script);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
