/* mailwire html: the page's data, read back, says what the trace says. */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include "tests/app/program.h"

static char *folder, *page_path;
static JsonParser *parser;
static JsonObject *data;

/* The data of a page, as JSON; a copy. */
static char *data_of(const char *page)
{
	static const char begin[] = "id=\"data\">";
	const char *from = strstr(page, begin), *to;

	ck_assert_ptr_nonnull(from);
	from += sizeof begin - 1;
	to = strstr(from, "</script>");
	ck_assert_ptr_nonnull(to);
	return g_strndup(from, (gsize)(to - from));
}

static char *make_page(const char *name, const char *option, const char *value)
{
	char *path = path_in(folder, name);
	struct outcome *outcome =
	    program_run("html", "scenarios/office.yaml", "-o", path, option, value, NULL);

	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(outcome->out_bytes + outcome->err_bytes, 0);
	outcome_free(outcome);
	return path;
}

static void setup(void)
{
	folder = folder_new();
	page_path = make_page("office.html", NULL, NULL);

	GBytes *page = file_read(page_path);
	g_autofree char *text = g_strndup(g_bytes_get_data(page, NULL), g_bytes_get_size(page));
	g_autofree char *json = data_of(text);

	parser = json_parser_new();
	ck_assert(json_parser_load_from_data(parser, json, -1, NULL));
	data = json_node_get_object(json_parser_get_root(parser));
	g_bytes_unref(page);
}

static void teardown(void)
{
	g_object_unref(parser);
	g_free(page_path);
	folder_remove(folder);
}

static JsonArray *column(const char *table, const char *key)
{
	return json_object_get_array_member(json_object_get_object_member(data, table), key);
}

static guint length_of(const char *key)
{
	return json_array_get_length(json_object_get_array_member(data, key));
}

static const struct {
	const char *table, *key;
	const char
	    *into; /* what the numbers are indices of: an array, or a table by one of its columns */
	const char *into_key;
	bool from_one;
} references[] = {
	{"events",    "title",      "texts",       NULL,    false},
	{ "events",   "why",        "texts",       NULL,    false},
	{ "events",   "layer",      "layers",      NULL,    false},
	{ "events",   "node",       "nodes",       NULL,    false},
	{ "events",   "mail",       "mails",       NULL,    true },
	{ "events",   "connection", "connections", NULL,    true },
	{ "events",   "cause",      "events",      "time",  true },
	{ "packets",  "event",      "events",      "time",  false},
	{ "hops",     "packet",     "packets",     "event", false},
	{ "hops",     "node",       "nodes",       NULL,    false},
	{ "hops",     "received",   "frames",      "at",    true },
	{ "hops",     "sent",       "frames",      "at",    true },
	{ "hops",     "why",        "texts",       NULL,    false},
	{ "hops",     "ledger",     "texts",       NULL,    false},
	{ "segments", "connection", "connections", NULL,    true },
	{ "stations", "mail",       "mails",       NULL,    true },
	{ "stations", "event",      "events",      "time",  true },
	{ "stations", "step",       "steps",       NULL,    false},
	{ "changes",  "mailbox",    "mailboxes",   NULL,    false},
	{ "changes",  "message",    "messages",    NULL,    true },
};

static void check_references(guint index)
{
	JsonArray *numbers = column(references[index].table, references[index].key);
	guint limit =
	    references[index].into_key == NULL
		? length_of(references[index].into)
		: json_array_get_length(column(references[index].into, references[index].into_key));

	ck_assert_uint_gt(json_array_get_length(numbers), 0);
	for (guint i = 0; i < json_array_get_length(numbers); i++) {
		gint64 number = json_array_get_int_element(numbers, i);

		ck_assert_int_ge(number, 0);
		ck_assert_int_lt(number, limit + references[index].from_one);
	}
}

static void check_columns(guint index)
{
	static const char *const tables[] = { "events",   "packets",  "hops",
					      "segments", "stations", "changes" };
	JsonObject *table = json_object_get_object_member(data, tables[index]);
	g_autoptr(GList) keys = json_object_get_members(table);
	guint length = json_array_get_length(column(tables[index], keys->data));

	ck_assert_uint_gt(length, 0);
	for (GList *key = keys; key != NULL; key = key->next)
		ck_assert_uint_eq(json_array_get_length(column(tables[index], key->data)), length);
}

START_TEST(numbers_refer_to_what_there_is_in_columns_of_one_length)
{
	for (guint i = 0; i < G_N_ELEMENTS(references); i++)
		check_references(i);
	for (guint i = 0; i < 6; i++)
		check_columns(i);
}
END_TEST

/* Each frame begins with the address of the interface where it came in, or with a broadcast's. */
START_TEST(frames_are_addressed_to_where_they_come_in)
{
	JsonObject *frames = json_object_get_object_member(data, "frames");
	const char *base64 = json_object_get_string_member(frames, "bytes");
	JsonArray *received = column("hops", "received"), *outcome = column("hops", "outcome");
	gint64 at = 0;
	guint checked = 0, frame_count = json_array_get_length(column("frames", "bytesAt"));
	g_autofree gint64 *starts = g_new(gint64, frame_count + 1);

	for (guint i = 0; i < frame_count; i++)
		starts[i + 1] = at += json_array_get_int_element(column("frames", "bytesAt"), i);
	for (guint i = 0; i < json_array_get_length(received); i++) {
		gint64 frame = json_array_get_int_element(received, i);
		JsonObject *node, *port;
		gsize length;

		if (frame == 0 || json_array_get_int_element(outcome, i) != 2) /* routed */
			continue;
		node = json_array_get_object_element(
		    json_object_get_array_member(data, "nodes"),
		    (guint)json_array_get_int_element(column("hops", "node"), i));
		port = json_array_get_object_element(
		    json_object_get_array_member(node, "interfaces"),
		    (guint)json_array_get_int_element(column("hops", "in"), i) - 1);
		g_autofree char *first = g_strndup(base64 + starts[frame], 8);
		g_autofree guchar *mac = g_base64_decode(first, &length);
		g_autofree char *text = g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
							mac[1], mac[2], mac[3], mac[4], mac[5]);

		ck_assert_str_eq(text, json_object_get_string_member(port, "mac"));
		checked++;
	}
	ck_assert_uint_gt(checked, 100);
}
END_TEST

START_TEST(the_page_is_small_and_the_same_each_time)
{
	g_autofree char *again = make_page("again.html", NULL, NULL);
	g_autofree char *other = make_page("other.html", "--seed", "2");
	g_autofree char *begin = make_page("begin.html", "--until", "2s");
	g_autoptr(GBytes) first = file_read(page_path), second = file_read(again);
	g_autoptr(GBytes) third = file_read(other), fourth = file_read(begin);

	ck_assert_uint_lt(g_bytes_get_size(first), 2000000);
	ck_assert(g_bytes_equal(first, second));
	ck_assert(!g_bytes_equal(first, third));
	ck_assert_uint_lt(g_bytes_get_size(fourth), g_bytes_get_size(first));
}
END_TEST

static const struct {
	const char *arguments[4];
	int status;
	const char *said;
} wrong[] = {
	{{ "office" },			  2, "-o page.html"  },
	{ { "office", "-o", "/nosuch/x.html" }, 3, "/nosuch/x.html"},
	{ { "nosuch", "-o", "-" },              2, "mailwire list" },
	{ { "office", "-o", "-", "--seed=x" },  2, "--seed"        },
	{ { "office", "-o", "-", "--until=5" }, 2, "1.5s"          },
	{ { "office", "-o", "-", "--set=a=b" }, 2, "a"             },
};

START_TEST(what_is_wrong_is_said_and_nothing_is_written)
{
	struct outcome *outcome =
	    program_run("html", wrong[_i].arguments[0], wrong[_i].arguments[1],
			wrong[_i].arguments[2], wrong[_i].arguments[3], NULL);

	ck_assert_status(outcome, wrong[_i].status);
	ck_assert_ptr_nonnull(strstr(outcome->err, wrong[_i].said));
	ck_assert_uint_eq(outcome->out_bytes, 0);
	outcome_free(outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("html");
	TCase *tests = tcase_create("html"), *usage = tcase_create("usage");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, numbers_refer_to_what_there_is_in_columns_of_one_length);
	tcase_add_test(tests, frames_are_addressed_to_where_they_come_in);
	tcase_add_test(tests, the_page_is_small_and_the_same_each_time);
	tcase_set_timeout(usage, 60);
	tcase_add_loop_test(usage, what_is_wrong_is_said_and_nothing_is_written, 0,
			    G_N_ELEMENTS(wrong));
	suite_add_tcase(suite, usage);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
