/* A story: sentences with their evidence, and texts from outside that stay texts on every paper. */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include "views/figures.h"
#include "views/story_write.h"

static const char hostile[] = "<script>x</script> & \"'` *a* _b_ [c](d) | https://e www.f "
			      "\x1b]0;t\x07\r\n\xff\xe2\x80\xae \\ ~#";

static struct story *story;

static void set_up(void)
{
	story = story_new("T <b>", 0);
}

static void tear_down(void)
{
	story_free(story);
}

static struct story_fact quoted(const char *text, enum story_look look)
{
	return (struct story_fact) {
		.text = story_clean(story, bytes_of(text), 200),
		.look = (uint8_t)look,
		.evidence = {.source = STORY_TEXT, .record = 7},
	};
}

static struct story_fact number(const char *text, uint64_t record)
{
	return (struct story_fact) {
		.text = text, .evidence = {.source = STORY_LENGTH, .record = record}
	};
}

START_TEST(facts_take_the_places_and_leave_their_evidence)
{
	struct story_fact silent = { .evidence = { .record = 9 } };
	struct story_sentence *sentence =
	    SAY(story_paragraph(story), "a {} b {} c", number("12", 5), silent, number("3", 5));
	const struct story_span *spans = (const struct story_span *)(void *)sentence->spans->data;

	ck_assert_str_eq(sentence->text->str, "a 12 b 3 c");
	ck_assert_uint_eq(sentence->spans->len, 2);
	ck_assert_uint_eq(spans[0].start, 2);
	ck_assert_uint_eq(spans[0].length, 2);
	ck_assert_uint_eq(spans[1].start, 7);
	ck_assert_uint_eq(sentence->records->len, 2);
	ck_assert_uint_eq(g_array_index(sentence->records, uint64_t, 0), 5);
	ck_assert_uint_eq(g_array_index(sentence->records, uint64_t, 1), 9);
}
END_TEST

START_TEST(what_stands_over_nothing_is_removed)
{
	story_say(story_heading(story, 1, "a"), "A", NULL, 0);
	story_say(story_heading(story, 2, "b"), "B", NULL, 0);
	story_paragraph(story);
	story_say(story_table(story, 1, 0), "head", NULL, 0);
	story_say(story_heading(story, 1, "c"), "C", NULL, 0);
	story_say(story_paragraph(story), "text", NULL, 0);
	story_tidy(story);
	ck_assert_uint_eq(story->blocks->len, 2);
	ck_assert_str_eq(((struct story_block *)story->blocks->pdata[0])->anchor, "c");
}
END_TEST

START_TEST(cleaned_text_has_nothing_that_acts)
{
	const char *clean = story_clean(story, bytes_of(hostile), 200);

	ck_assert(g_utf8_validate(clean, -1, NULL));
	for (const char *c = clean; *c != '\0'; c++)
		ck_assert((unsigned char)*c >= 0x20 && *c != 0x7f);
	ck_assert_ptr_null(strstr(clean, "\xe2\x80\xae"));
	ck_assert_str_eq(story_clean(story, bytes_of("abcdef"), 3), "abc...");
	ck_assert_str_eq(story_clean(story, bytes_of("a\tb"), 9), "a b");
}
END_TEST

static void say_hostile(void)
{
	struct story_block *table = story_table(story, 2, 0);

	SAY(story_paragraph(story), "{}", quoted(hostile, STORY_NAME));
	SAY(story_paragraph(story), "{}", quoted(hostile, STORY_CODE));
	story_say(table, "a", NULL, 0);
	story_say(table, "b", NULL, 0);
	SAY(table, "{}", quoted("x|y", STORY_NAME));
	SAY(table, "{}", quoted("x|`y", STORY_CODE));
}

START_TEST(markdown_reads_it_and_does_not_obey)
{
	GString *text;

	say_hostile();
	text = story_markdown(story, NULL);
	ck_assert_ptr_nonnull(strstr(text->str, "\\<script\\>x\\</script\\> \\& "));
	ck_assert_ptr_nonnull(
	    strstr(text->str, "\\*a\\* \\_b\\_ \\[c\\](d) \\| https\\://e www\\.f"));
	ck_assert_ptr_nonnull(strstr(text->str, "``<script>x</script> & \"'` *a*"));
	ck_assert_ptr_nonnull(strstr(text->str, "| x\\|y | ``x\\|`y`` |\n"));
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(html_reads_it_and_does_not_obey)
{
	GString *text;

	say_hostile();
	text = story_html(story);
	ck_assert_ptr_null(strstr(text->str, "<script"));
	ck_assert_ptr_nonnull(strstr(text->str, "<title>T &lt;b&gt;</title>"));
	ck_assert_ptr_nonnull(
	    strstr(text->str, "&lt;script&gt;x&lt;/script&gt; &amp; &quot;&apos;`"));
	ck_assert_ptr_null(strstr(text->str, "src="));
	ck_assert_ptr_null(strstr(text->str, "@import"));
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(json_has_the_text_and_its_evidence)
{
	JsonParser *parser = json_parser_new();
	JsonObject *sentence, *span;
	GString *text;

	SAY(story_paragraph(story), "{} of {}", number("12", 5), quoted(hostile, STORY_CODE));
	text = story_json(story);
	ck_assert(json_parser_load_from_data(parser, text->str, (gssize)text->len, NULL));
	sentence = json_array_get_object_element(
	    json_object_get_array_member(
		json_array_get_object_element(
		    json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)),
						 "blocks"),
		    0),
		"sentences"),
	    0);
	span = json_array_get_object_element(json_object_get_array_member(sentence, "spans"), 0);
	ck_assert_str_eq(json_object_get_string_member(span, "source"), "total_bytes");
	ck_assert_int_eq(json_object_get_int_member(span, "record"), 5);
	ck_assert_str_eq(json_object_get_string_member(span, "text"), "12");
	g_string_free(text, TRUE);
	g_object_unref(parser);
}
END_TEST

START_TEST(a_ladder_draws_what_it_is_told_and_nothing_else)
{
	const struct figure_step steps[] = {
		{.text = "<a onload='x'>", .time = "1 s", .frame = "4"}
	};
	char *svg = figure_ladder(&(struct figure_ladder) { "c<", "s&", steps, 1, true });

	ck_assert_ptr_null(strstr(svg, "<a"));
	ck_assert_ptr_nonnull(strstr(svg, "&lt;a onload=&apos;x&apos;&gt;"));
	ck_assert_ptr_nonnull(strstr(svg, "c&lt;"));
	ck_assert_ptr_nonnull(strstr(svg, "and more"));
	g_free(svg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("story");
	TCase *cases = tcase_create("story");
	int failed;

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, facts_take_the_places_and_leave_their_evidence);
	tcase_add_test(cases, what_stands_over_nothing_is_removed);
	tcase_add_test(cases, cleaned_text_has_nothing_that_acts);
	tcase_add_test(cases, markdown_reads_it_and_does_not_obey);
	tcase_add_test(cases, html_reads_it_and_does_not_obey);
	tcase_add_test(cases, json_has_the_text_and_its_evidence);
	tcase_add_test(cases, a_ladder_draws_what_it_is_told_and_nothing_else);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
