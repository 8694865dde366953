/* Dial-up lines from records: calls, begun minutes, money. */
#include <check.h>
#include <stdlib.h>
#include "sim/time.h"
#include "stack/layer.h"
#include "views/lines.h"

enum { LINK = 42 };

static void feed(struct lines *lines, const struct trace_record *record, const char *bytes)
{
	lines_feed(lines, record, bytes_of(bytes));
}

/* A line at 0.05 a minute. */
static struct lines *one_line(void)
{
	struct lines *lines = lines_new();

	feed(lines,
	     &(struct trace_record) { .kind = TRACE_LINK, .layer = LAYER_LINK, .object = LINK },
	     "phone");
	feed(lines,
	     &(struct trace_record) { .kind = TRACE_LINK, .layer = LAYER_LINK, .object = 43 },
	     "lan");
	feed(lines,
	     &(struct trace_record) { .kind = TRACE_STATE,
				      .layer = LAYER_LINK,
				      .detail = LINK_TARIFF,
				      .object = LINK,
				      .before = 60 * NS_PER_S,
				      .after = 50000 },
	     "");
	return lines;
}

static void change(struct lines *lines, int64_t at_ns, enum link_line after)
{
	feed(lines,
	     &(struct trace_record) { .kind = TRACE_STATE,
				      .layer = LAYER_LINK,
				      .detail = LINK_LINE,
				      .time_ns = at_ns,
				      .object = LINK,
				      .after = after },
	     "");
}

/* How long a call lasts, and how many minutes it has begun. */
static const struct {
	int64_t ns;
	uint64_t minutes;
} calls[] = {
	{0,		  1 },
	{ 1,		 1 },
	{ 60 * NS_PER_S,     1 },
	{ 60 * NS_PER_S + 1, 2 },
	{ 119 * NS_PER_S,    2 },
	{ 600 * NS_PER_S,    10},
};

START_TEST(each_begun_minute_counts)
{
	struct lines *lines = one_line();
	const struct dial_line *line = lines_find(lines, LINK);

	ck_assert_uint_eq(lines_count(lines), 1);
	ck_assert_str_eq(line->network, "phone");
	ck_assert_ptr_null(lines_find(lines, 43));
	change(lines, NS_PER_S, LINE_DIALLING);
	ck_assert_uint_eq(line_minutes(line, 9 * NS_PER_S), 0);
	change(lines, 3 * NS_PER_S, LINE_UP);
	ck_assert_uint_eq(line_minutes(line, 3 * NS_PER_S + calls[_i].ns), calls[_i].minutes);
	change(lines, 3 * NS_PER_S + calls[_i].ns, LINE_DOWN);
	ck_assert_uint_eq(line_minutes(line, 1000 * NS_PER_S), calls[_i].minutes);
	ck_assert_uint_eq(line_cost(line, 1000 * NS_PER_S), calls[_i].minutes * 50000);
	ck_assert_int_eq(line_up_ns(line, 1000 * NS_PER_S), calls[_i].ns);
	lines_free(lines);
}
END_TEST

START_TEST(each_call_pays_for_itself_and_one_in_vain_nothing)
{
	struct lines *lines = one_line();
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 2; i++) {
		change(lines, (100 * i + 1) * NS_PER_S, LINE_DIALLING);
		change(lines, (100 * i + 2) * NS_PER_S, LINE_UP);
		change(lines, (100 * i + 4) * NS_PER_S, LINE_DOWN);
	}
	change(lines, 300 * NS_PER_S, LINE_DIALLING);
	change(lines, 301 * NS_PER_S, LINE_DOWN);
	line_append(text, lines_get(lines, 0), 400 * NS_PER_S);
	ck_assert_str_eq(text->str, "2 calls, 2 begun minutes, 4.000 s up, cost 0.10");
	g_string_free(text, TRUE);
	lines_free(lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lines");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, each_begun_minute_counts, 0, G_N_ELEMENTS(calls));
	tcase_add_test(tests, each_call_pays_for_itself_and_one_in_vain_nothing);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
