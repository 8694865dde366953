/* Lines about packets: columns, sizes, times, and what happens to what is too long. */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "views/layout.h"
#include "views/text.h"

static struct layout layout;
static FILE *out;
static char *text;
static size_t written_bytes;

static void begin(unsigned columns, bool colour)
{
	out = open_memstream(&text, &written_bytes);
	layout_init(&layout, out, columns, colour);
}

/* What was printed, to be freed. */
static char *printed(void)
{
	layout_clear(&layout);
	fclose(out);
	return text;
}

static void print_header(const char *description, size_t size)
{
	static const struct layout_front front = { "encapsulate", "IPv4", LAYER_IPV4, '+', 20 };

	layout_begin(&layout, &front);
	text_append(layout.line, description);
	layout_size(&layout, size);
	layout_print(&layout, LAYOUT_TEXT_COLUMN);
}

START_TEST(a_header_has_its_columns)
{
	char *line;

	begin(0, false);
	print_header("a → b", 82);
	line = printed();
	ck_assert(g_str_has_prefix(line, "  encapsulate IPv4     + 20 B a → b "));
	ck_assert(g_str_has_suffix(line, "     82 B\n"));
	ck_assert_uint_eq(columns_of(line) - columns_of("\n"), LAYOUT_SIZE_COLUMN);
	free(line);
}
END_TEST

/* ICMPv6 headers hold options: three digits and more. */
START_TEST(a_long_header_stands_apart_from_its_description)
{
	static const struct {
		size_t bytes;
		const char *line;
	} long_ones[] = {
		{4,     "  control     ICMPv6      4 B a" },
		{ 104,  "  control     ICMPv6    104 B a" },
		{ 1400, "  control     ICMPv6    1400 B a"},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(long_ones); i++) {
		char *line;

		begin(0, false);
		layout_begin(&layout, &(struct layout_front) { "control", "ICMPv6", LAYER_ICMP, ' ',
							       long_ones[i].bytes });
		text_append(layout.line, "a");
		layout_print(&layout, LAYOUT_TEXT_COLUMN);
		line = printed();
		ck_assert_msg(g_str_has_prefix(line, long_ones[i].line), "%s", line);
		free(line);
	}
}
END_TEST

START_TEST(what_is_too_long_goes_on_below_where_it_began)
{
	char *lines;

	begin(80, false);
	print_header("one two three four five six seven eight nine ten eleven", 82);
	lines = printed();
	ck_assert_str_eq(
	    lines, "  encapsulate IPv4     + 20 B one two three four five six seven     82 B\n"
		   "                              eight nine ten eleven\n");
	free(lines);
}
END_TEST

/* On no line, however narrow, is a column more than there is. */
START_TEST(no_line_is_longer_than_the_terminal_is_wide)
{
	char *lines;

	begin((unsigned)_i, false);
	layout_time(&layout, 1234567890);
	layout_field(&layout, "alice-pc:eth0", 16);
	text_append(layout.line,
		    "alice-pc to mail, SMTP: MAIL FROM:<alice@office.example> SIZE=479");
	layout_frame(&layout, 28);
	layout_print(&layout, LAYOUT_EVENT_COLUMN);
	print_header("192.0.2.10 (alice-pc) → 192.0.2.74 (mail), TTL 64, and more of the like", 82);
	lines = printed();
	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n"))
		ck_assert_msg(columns_of(line) <= (unsigned)_i, "%s", line);
	free(lines);
}
END_TEST

static const struct {
	int64_t time_ns;
	const char *text;
} times[] = {
	{0,	       "   0.000 000 s " },
        { 999,            "   0.000 000 s " },
	{ 1004812000,     "   1.004 812 s " },
        { 86400000001000, "86400.000 001 s "},
	{ -1500000,       "-  0.001 500 s " },
};

START_TEST(times_have_milliseconds_and_microseconds_apart)
{
	begin(0, false);
	layout_time(&layout, times[_i].time_ns);
	ck_assert_str_eq(layout.line->str, times[_i].text);
	ck_assert_uint_eq(layout_width(&layout), columns_of(times[_i].text));
	free(printed());
}
END_TEST

START_TEST(colours_take_no_columns_and_end)
{
	char *line;

	begin(0, true);
	print_header("a", 1);
	line = printed();
	ck_assert_uint_eq(columns_of(line) - columns_of("\n"), LAYOUT_SIZE_COLUMN);
	ck_assert_ptr_nonnull(strstr(line, "\033[38;5;35mIPv4"));
	ck_assert_ptr_nonnull(strstr(line, "\033[0m"));
	free(line);
}
END_TEST

/* As it is made anew, and as it was kept. */
START_TEST(a_line_that_was_kept_is_laid_out_the_same)
{
	char *lines, *second;
	GString *kept = g_string_new(NULL);

	begin(100, false);
	layout_begin(&layout,
		     &(struct layout_front) { "link", "Ethernet", LAYER_ETHERNET, ' ', 14 });
	text_append(layout.line, "02:00:00:00:00:01 → 02:00:00:00:00:02 (somebody)");
	ck_assert(layout_pad_to_size(&layout));
	g_string_assign(kept, layout.line->str);
	layout_size(&layout, 60);
	layout_print(&layout, LAYOUT_TEXT_COLUMN);
	layout_print_again(&layout, kept->str, kept->len, 60);
	layout_pad(&layout, 90);
	ck_assert(!layout_pad_to_size(&layout));
	text_empty(layout.line);
	lines = printed();
	second = lines + written_bytes / 2;
	ck_assert_int_eq(memcmp(lines, second, written_bytes / 2), 0);
	free(lines);
	g_string_free(kept, TRUE);
}
END_TEST

static const struct {
	uint64_t number;
	unsigned width;
	const char *text;
} numbers[] = {
	{0,           0,  "0"                   },
	{ 9,          3,  "  9"                 },
	{ 10,         0,  "10"                  },
	{ 99,         2,  "99"                  },
	{ 100,        2,  "100"                 },
	{ 999,        6,  "   999"              },
	{ 1000,       0,  "1000"                },
	{ 9999,       0,  "9999"                },
	{ 10000,      0,  "10000"               },
	{ 65535,      8,  "   65535"            },
	{ 4294967295, 0,  "4294967295"          },
	{ UINT64_MAX, 0,  "18446744073709551615"},
	{ 7,          12, "           7"        },
	{ 99999999,   8,  "99999999"            },
	{ 100000000,  10, " 100000000"          },
	{ 1200000034, 0,  "1200000034"          },
};

START_TEST(numbers_are_decimal_and_stand_on_the_right)
{
	GString *line = g_string_new(NULL);

	text_number_right(line, numbers[_i].number, numbers[_i].width);
	ck_assert_str_eq(line->str, numbers[_i].text);
	g_string_free(line, TRUE);
}
END_TEST

/* At each number of digits, and in steps between. */
START_TEST(all_numbers_are_as_the_library_has_them)
{
	GString *line = g_string_new(NULL);
	char wanted[32];

	for (uint64_t number = 0; number < UINT64_MAX / 3; number += number / 8 + 1)
		for (unsigned width = 0; width <= 12; width += 3) {
			g_string_truncate(line, 0);
			text_number_right(line, number, width);
			g_snprintf(wanted, sizeof wanted, "%*" G_GUINT64_FORMAT, (int)width,
				   number);
			ck_assert_str_eq(line->str, wanted);
			g_string_truncate(line, 0);
			text_number(line, number);
			ck_assert_str_eq(line->str, g_strchug(wanted));
		}
	g_string_free(line, TRUE);
}
END_TEST

/* Made anew, and as it was kept; others come in between. */
START_TEST(a_front_that_comes_again_is_the_same)
{
	char *lines;
	size_t line_bytes = 0;

	begin(0, _i != 0);
	for (unsigned count = 0; count < 3; count++) {
		print_header("a → b", 82);
		layout_begin(&layout,
			     &(struct layout_front) { "link", "IPv4", LAYER_IPV4, ' ', count });
		g_string_truncate(layout.line, 0);
		layout.mark = (struct columns_mark) { 0 };
		if (count == 0)
			line_bytes = layout.page->len;
	}
	lines = printed();
	ck_assert_uint_eq(written_bytes, 3 * line_bytes);
	ck_assert_mem_eq(lines, lines + line_bytes, line_bytes);
	ck_assert_mem_eq(lines, lines + 2 * line_bytes, line_bytes);
	free(lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tests = tcase_create("layout");

	tcase_add_test(tests, a_header_has_its_columns);
	tcase_add_test(tests, a_long_header_stands_apart_from_its_description);
	tcase_add_test(tests, what_is_too_long_goes_on_below_where_it_began);
	tcase_add_loop_test(tests, no_line_is_longer_than_the_terminal_is_wide, 20, 130);
	tcase_add_loop_test(tests, times_have_milliseconds_and_microseconds_apart, 0,
			    G_N_ELEMENTS(times));
	tcase_add_test(tests, colours_take_no_columns_and_end);
	tcase_add_test(tests, a_line_that_was_kept_is_laid_out_the_same);
	tcase_add_loop_test(tests, numbers_are_decimal_and_stand_on_the_right, 0,
			    G_N_ELEMENTS(numbers));
	tcase_add_test(tests, all_numbers_are_as_the_library_has_them);
	tcase_add_loop_test(tests, a_front_that_comes_again_is_the_same, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
