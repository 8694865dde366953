/*
 * Runs side by side, from records written by hand: what is said of a run follows from what its mailboxes
 * hold, and turns round when one record does.
 */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "sim/time.h"
#include "sim/world.h"
#include "stack/names.h"
#include "views/columns.h"
#include "views/compare.h"
#include "views/names.h"

static const struct dissector *const no_dissectors[] = { NULL };

enum { SERVER = 1, LAPTOP, PHONE };
enum { BOX_OF_SERVER = 11, BOX_OF_LAPTOP, BOX_OF_PHONE };

#define OWNER "dana@post.example"
#define MAIL  "From: b@b.example\r\nSubject: x\r\n\r\ntext\r\n"
#define SEEN  1

struct bench {
	struct compare *compare;
	uint64_t ids;
	int64_t now_ns;
};

/* Feeds a record of a node; the id is made. Returns it. */
static uint64_t feed(struct bench *bench, uint32_t node, struct trace_record record,
		     const void *bytes, size_t length)
{
	record.id = (uint64_t)node << TRACE_NODE_SHIFT | ++bench->ids;
	record.time_ns = bench->now_ns;
	compare_feed(bench->compare, &record, (struct bytes) { bytes, length });
	return record.id;
}

static void add_node(struct bench *bench, uint32_t node, const char *name, uint64_t box)
{
	static const char names[] = OWNER "\0INBOX";

	feed(bench, node, (struct trace_record) { .kind = TRACE_NODE, .detail = NODE_HOST }, name,
	     strlen(name));
	feed(bench, node,
	     (struct trace_record) {
		 .kind = TRACE_MAILBOX,
		 .layer = LAYER_MAIL,
		 .detail = MAILBOX_CREATED,
		 .object = box,
	     },
	     names, sizeof names - 1);
}

static void bench_init(struct bench *bench)
{
	*bench = (struct bench) { .compare = compare_new("x", no_dissectors) };
	add_node(bench, SERVER, "mail", BOX_OF_SERVER);
	add_node(bench, LAPTOP, "laptop", BOX_OF_LAPTOP);
	add_node(bench, PHONE, "phone", BOX_OF_PHONE);
	feed(bench, SERVER,
	     (struct trace_record) {
		 .kind = TRACE_TABLE, .layer = LAYER_TCP, .object = 4711, .after = 1 },
	     NULL, 0);
}

static void change(struct bench *bench, uint32_t node, uint64_t box, enum mailbox_detail detail,
		   uint64_t root, uint64_t after)
{
	bool has_bytes = detail == MAILBOX_APPENDED;

	feed(bench, node,
	     (struct trace_record) {
		 .kind = TRACE_MAILBOX,
		 .layer = LAYER_MAIL,
		 .detail = (uint16_t)detail,
		 .object = box,
		 .root = root,
		 .before = root, /* UIDs are those of messages here */
		 .after = after,
	     },
	     MAIL, has_bytes ? strlen(MAIL) : 0);
}

static void tell(struct bench *bench, uint32_t node, enum mail_detail detail, uint64_t root,
		 const char *text)
{
	feed(
	    bench, node,
	    (struct trace_record) {
		.kind = TRACE_MAIL, .layer = LAYER_MAIL, .detail = (uint16_t)detail, .root = root },
	    text, strlen(text));
}

static void deliver(struct bench *bench, uint64_t root)
{
	change(bench, SERVER, BOX_OF_SERVER, MAILBOX_APPENDED, root, 0);
	tell(bench, SERVER, MAIL_DELIVERED, root, OWNER);
}

static void assert_figure(const struct compare_result *result, const char *key, const char *subject,
			  uint64_t value, uint64_t of)
{
	const struct figure *figure = compare_find(result, key, subject);

	ck_assert_msg(figure != NULL, "there is no %s of \"%s\"", key, subject);
	ck_assert_msg(figure->is_known && figure->value == value && figure->of == of,
		      "%s of \"%s\": %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, key, subject,
		      figure->value, figure->of);
}

static void assert_answer(const struct compare_result *result, const char *key, const char *answer)
{
	for (unsigned i = 0; i < COMPARE_ANSWERS; i++)
		if (strcmp(result->answers[i].key, key) == 0)
			ck_assert_msg(g_strcmp0(result->answers[i].answer, answer) == 0,
				      "%s: %s (%s)", key, result->answers[i].answer,
				      result->answers[i].evidence);
}

START_TEST(what_the_mailbox_keeps_every_device_reaches)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	bench.now_ns = 5000;
	tell(&bench, LAPTOP, MAIL_READ, 100, "");
	tell(&bench, PHONE, MAIL_READ, 100, "");
	change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_FLAGS, 100, SEEN);

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "on_server", "", 1, 1);
	assert_figure(result, "reachable", "", 1, 1);
	assert_figure(result, "read_everywhere", "", 1, 1);
	assert_figure(result, "offline", "laptop", 0, 1);
	assert_figure(result, "lost_with", "phone", 0, 1);
	assert_figure(result, "server_bytes", "mail", strlen(MAIL), 0);
	assert_answer(result, "email_location", "on the server");
	assert_answer(result, "multi_device_access", "every device has all");
	assert_answer(result, "offline_access", "none of it");
	assert_answer(result, "synchronisation", "yes");
	assert_answer(result, "server_storage", "only grows");
	assert_answer(result, "backup", "on the server");
	compare_result_free(result);
}
END_TEST

/* A server that marks what it hands over does not know what is read of it. */
START_TEST(a_mark_from_before_the_reading_tells_nobody_of_it)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_FLAGS, 100, SEEN);
	bench.now_ns = 5000;
	tell(&bench, LAPTOP, MAIL_READ, 100, "");

	struct compare_result *result = compare_finish(bench.compare);

	assert_answer(result, "synchronisation", "no");
	compare_result_free(result);
}
END_TEST

/* The same, but a device takes it out of the mailbox. */
START_TEST(what_a_device_takes_away_the_other_misses)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	change(&bench, LAPTOP, BOX_OF_LAPTOP, MAILBOX_APPENDED, 100, 0);
	change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_EXPUNGED, 100, 0);
	tell(&bench, LAPTOP, MAIL_READ, 100, "");

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "on_server", "", 0, 1);
	assert_figure(result, "reachable", "", 0, 1);
	assert_figure(result, "offline", "laptop", 1, 1);
	/* Nothing is in its reach, so there is no share of it. */
	ck_assert(!compare_find(result, "offline", "phone")->is_known);
	assert_figure(result, "lost_with", "laptop", 1, 1);
	assert_figure(result, "lost_with", "phone", 0, 1);
	assert_figure(result, "server_bytes", "mail", 0, 0);
	assert_figure(result, "server_bytes_most", "mail", strlen(MAIL), 0);
	assert_figure(result, "device_bytes", "laptop", strlen(MAIL), 0);
	assert_answer(result, "email_location", "on devices");
	assert_answer(result, "multi_device_access", "each mail on one device");
	assert_answer(result, "storage", "the devices'");
	assert_answer(result, "synchronisation", "no");
	assert_answer(result, "server_storage", "emptied");
	assert_answer(result, "backup", "up to the user");
	compare_result_free(result);
}
END_TEST

/* And then the device dies with what it holds: the one record more decides. */
START_TEST(what_dies_with_its_device_is_in_no_mailbox_any_more)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	deliver(&bench, 101);
	change(&bench, LAPTOP, BOX_OF_LAPTOP, MAILBOX_APPENDED, 100, 0);
	change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_EXPUNGED, 100, 0);
	change(&bench, LAPTOP, BOX_OF_LAPTOP, MAILBOX_REMOVED, 100, 0);

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "nowhere", "", 1, 2);
	assert_figure(result, "reachable", "", 1, 2);
	assert_figure(result, "device_bytes", "laptop", 0, 0);
	assert_answer(result, "email_location", "on the server, the rest nowhere");
	compare_result_free(result);
}
END_TEST

START_TEST(copies_on_two_devices_outlive_one_of_them)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	change(&bench, LAPTOP, BOX_OF_LAPTOP, MAILBOX_APPENDED, 100, 0);
	change(&bench, PHONE, BOX_OF_PHONE, MAILBOX_APPENDED, 100, 0);
	change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_EXPUNGED, 100, 0);

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "reachable", "", 1, 1);
	assert_figure(result, "lost_with", "laptop", 0, 1);
	assert_answer(result, "multi_device_access", "every device has all");
	assert_answer(result, "offline_access", "all of it");
	assert_answer(result, "backup", "on several devices");
	compare_result_free(result);
}
END_TEST

START_TEST(trouble_counts_unless_it_was_overcome)
{
	static const char bounce[] = OWNER "\0mailbox is full";
	struct bench bench;

	bench_init(&bench);
	tell(&bench, SERVER, MAIL_DEFERRED, 100, "try later");
	deliver(&bench, 100);
	feed(&bench, SERVER,
	     (struct trace_record) {
		 .kind = TRACE_MAIL, .layer = LAYER_MAIL, .detail = MAIL_BOUNCED, .root = 101 },
	     bounce, sizeof bounce - 1);
	tell(&bench, SERVER, MAIL_DEFERRED, 102, "no way");
	tell(&bench, SERVER, MAIL_DEFERRED, 102, "still none");

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "undelivered", "", 2, 0);
	ck_assert_ptr_nonnull(
	    strstr(result->answers[5].evidence, "2 not delivered (mailbox is full)"));
	compare_result_free(result);
}
END_TEST

/* Begins an action at 1 s and ends it at `end_ns`; what is read at `read_ns` is read for it. */
static void read_by_action(struct bench *bench, int64_t begin_ns, int64_t read_ns, int64_t end_ns)
{
	bench->now_ns = begin_ns;
	uint64_t action = feed(bench, PHONE,
			       (struct trace_record) {
				   .kind = TRACE_ACTION, .layer = LAYER_USER, .detail = USER_ACTS },
			       NULL, 0);

	bench->now_ns = read_ns;
	tell(bench, PHONE, MAIL_READ, 100, "");
	bench->now_ns = end_ns;
	feed(bench, PHONE,
	     (struct trace_record) {
		 .kind = TRACE_STATE, .layer = LAYER_USER, .detail = USER_DONE, .object = action },
	     NULL, 0);
}

START_TEST(a_reader_waits_from_the_wish_to_the_text)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	read_by_action(&bench, 1000, 1700, 1900);
	read_by_action(&bench, 5000, 5030, 5040);

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "first_reading", "", 700, 0);
	assert_figure(result, "second_reading", "", 30, 0);
	compare_result_free(result);
}
END_TEST

/* The detail of the link layer that has this name; -1: cables know of no such thing. */
static int link_detail(const char *name)
{
	for (uint16_t detail = 0; detail < 64; detail++)
		if (strcmp(view_detail_name(&(struct trace_record) {
			       .kind = TRACE_STATE, .layer = LAYER_LINK, .detail = detail }),
			   name) == 0)
			return detail;
	return -1;
}

static void set_line(struct bench *bench, uint16_t detail, int64_t now_ns, uint64_t after)
{
	bench->now_ns = now_ns;
	feed(bench, PHONE,
	     (struct trace_record) {
		 .kind = TRACE_STATE,
		 .layer = LAYER_LINK,
		 .detail = detail,
		 .object = 9,
		 .after = after,
	     },
	     NULL, 0);
}

START_TEST(each_begun_minute_of_a_call_costs)
{
	int tariff = link_detail("dial-up tariff"), line = link_detail("dial-up line");
	const int64_t minute_ns = 60 * NS_PER_S;
	struct bench bench;

	bench_init(&bench);
	if (tariff < 0 || line < 0) {
		struct compare_result *without = compare_finish(bench.compare);

		ck_assert(!compare_find(without, "line_cost", "")->is_known);
		ck_assert(!compare_find(without, "line_time", "")->is_known);
		compare_result_free(without);
		return;
	}
	set_line(&bench, (uint16_t)tariff, 0, 50000);
	set_line(&bench, (uint16_t)line, 10, 1);
	set_line(&bench, (uint16_t)line, minute_ns, 2);
	set_line(&bench, (uint16_t)line, 2 * minute_ns + 1, 0);
	set_line(&bench, (uint16_t)line, 3 * minute_ns, 2);
	set_line(&bench, (uint16_t)line, 4 * minute_ns, 0);

	struct compare_result *result = compare_finish(bench.compare);

	assert_figure(result, "line_time", "", (uint64_t)(2 * minute_ns + 1), 0);
	assert_figure(result, "line_cost", "", 150000, 0);
	compare_result_free(result);
}
END_TEST

static struct compare_result *small_run(bool keeps)
{
	struct bench bench;

	bench_init(&bench);
	deliver(&bench, 100);
	if (!keeps) {
		change(&bench, PHONE, BOX_OF_PHONE, MAILBOX_APPENDED, 100, 0);
		change(&bench, SERVER, BOX_OF_SERVER, MAILBOX_EXPUNGED, 100, 0);
	}
	return compare_finish(bench.compare);
}

static char *print(const struct comparison *comparison, bool colour)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	compare_print(comparison, memory, colour);
	fclose(memory);
	return text;
}

static const unsigned widths[] = { 80, 80, 100, 100 };

START_TEST(tables_are_as_wide_as_they_may_be)
{
	struct compare_result *results[4];
	unsigned count = (unsigned)_i + 1;

	for (unsigned i = 0; i < count; i++)
		results[i] = small_run(i % 2 == 0);
	struct comparison comparison = { results, count };

	compare_judge(&comparison);
	char *text = print(&comparison, true);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line != NULL; line++)
		ck_assert_msg(columns_of(*line) <= widths[_i], "%u columns: %s", columns_of(*line),
			      *line);
	free(text);
	for (unsigned i = 0; i < count; i++)
		compare_result_free(results[i]);
}
END_TEST

START_TEST(differences_are_marked_and_named)
{
	struct compare_result *results[] = { small_run(true), small_run(false) };
	struct comparison both = { results, 2 }, one = { results, 1 };
	char *text;

	text = print(&one, false);
	ck_assert_ptr_null(strstr(text, "≠"));
	ck_assert_ptr_null(strstr(text, "best for"));
	free(text);
	compare_judge(&both);
	assert_answer(results[0], "best_for", "several devices, keeping mail safe");
	assert_answer(results[1], "best_for", "reading without a network, a small server");
	ck_assert_str_eq(results[1]->answers[COMPARE_ANSWERS - 1].evidence,
			 "better in: readable offline, kept on server");
	text = print(&both, false);
	ck_assert_ptr_nonnull(strstr(text, "\n≠ in reach of every device"));
	ck_assert_ptr_nonnull(strstr(text, "\n  mails delivered"));
	ck_assert_ptr_nonnull(strstr(text, "\n≠ backup"));
	ck_assert_ptr_null(strchr(text, '\033'));
	free(text);
	compare_result_free(results[0]);
	compare_result_free(results[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tests = tcase_create("compare");

	tcase_add_test(tests, what_the_mailbox_keeps_every_device_reaches);
	tcase_add_test(tests, a_mark_from_before_the_reading_tells_nobody_of_it);
	tcase_add_test(tests, what_a_device_takes_away_the_other_misses);
	tcase_add_test(tests, what_dies_with_its_device_is_in_no_mailbox_any_more);
	tcase_add_test(tests, copies_on_two_devices_outlive_one_of_them);
	tcase_add_test(tests, trouble_counts_unless_it_was_overcome);
	tcase_add_test(tests, a_reader_waits_from_the_wish_to_the_text);
	tcase_add_test(tests, each_begun_minute_of_a_call_costs);
	tcase_add_loop_test(tests, tables_are_as_wide_as_they_may_be, 0, G_N_ELEMENTS(widths));
	tcase_add_test(tests, differences_are_marked_and_named);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
