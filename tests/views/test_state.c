/* The state of hosts from records, as text and row by row; words from outside do not act on a terminal. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/state.h"

static const struct dissector *const no_dissectors[] = { NULL };
static struct model *model;
static struct state *state;

static void set_up(void)
{
	model = model_new(no_dissectors);
	state = state_new(model);
}

static void tear_down(void)
{
	state_free(state);
	model_free(model);
}

static void feed(struct trace_record record, const char *bytes, size_t length)
{
	struct bytes with = { (const uint8_t *)bytes, length };

	record.id |= UINT64_C(1) << TRACE_NODE_SHIFT;
	record.blob_bytes = (uint32_t)length;
	model_feed(model, &record, with);
	state_feed(state, &record, with);
}

/* What the last record changed; the caller frees it. NULL: nothing. */
static char *last_change(struct state_change *change)
{
	GString *text = g_string_new(NULL);

	if (state_last_change(state, change, text))
		return g_string_free(text, FALSE);
	g_string_free(text, TRUE);
	return NULL;
}

static char *printed(void)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	state_print(state, memory, NS_PER_S, NULL, false);
	fclose(memory);
	return text;
}

#define WITH(literal) literal, sizeof(literal) - 1

static void feed_node(void)
{
	feed((struct trace_record) { .kind = TRACE_NODE, .detail = NODE_HOST, .id = 1 },
	     WITH("mail"));
}

START_TEST(a_row_comes_changes_and_goes)
{
	struct trace_record arp = {
		.kind = TRACE_TABLE,
		.layer = LAYER_ARP,
		.id = 2,
		.object = 0xc0000201,
		.after = (uint64_t)ARP_REACHABLE << 48 | UINT64_C(0x020000000001),
	};
	struct state_change first, second;
	g_autofree char *there = NULL, *gone = NULL;

	feed_node();
	ck_assert_ptr_null(last_change(&first));
	feed(arp, WITH(""));
	there = last_change(&first);
	ck_assert_ptr_nonnull(strstr(there, "192.0.2.1  02:00:00:00:00:01  reachable"));
	ck_assert_str_eq(state_section_title(first.section), "ARP table");
	ck_assert_uint_eq(first.node, 1);
	ck_assert_int_eq(first.until_ns, TIME_NEVER);
	arp.before = arp.after;
	arp.after = 0;
	feed(arp, WITH(""));
	gone = last_change(&second);
	ck_assert_str_eq(gone, "");
	ck_assert_uint_eq(second.row, first.row);
}
END_TEST

START_TEST(a_queue_is_told_with_words_that_do_not_act)
{
	struct state_change first, second;
	g_autofree char *queued = NULL, *deferred = NULL, *left = NULL, *all = NULL;

	feed_node();
	feed((struct trace_record) { .kind = TRACE_MAIL,
				     .layer = LAYER_MAIL,
				     .detail = MAIL_QUEUED,
				     .id = 2,
				     .object = 9 },
	     WITH("A1\0bob\033[31m@remote.example"));
	queued = last_change(&first);
	ck_assert(g_str_has_prefix(queued, "A1  for bob"));
	feed((struct trace_record) { .kind = TRACE_MAIL,
				     .layer = LAYER_MAIL,
				     .detail = MAIL_DEFERRED,
				     .id = 3,
				     .object = 9,
				     .after = 5 * NS_PER_S },
	     WITH("451 \033]0;pwned\007 try later"));
	deferred = last_change(&second);
	ck_assert_ptr_nonnull(strstr(deferred, "next try at 5 s: 451 "));
	ck_assert_uint_eq(first.row, second.row);
	all = printed();
	ck_assert_ptr_nonnull(strstr(all, "mail queue (MTA)"));
	for (const char *c = all; *c != '\0'; c++)
		ck_assert_msg(*c == '\n' || (unsigned char)*c >= 0x20, "%s", all);
	feed((struct trace_record) { .kind = TRACE_MAIL,
				     .layer = LAYER_MAIL,
				     .detail = MAIL_TRANSFERRED,
				     .id = 4,
				     .object = 9 },
	     WITH("bob\033[31m@remote.example"));
	left = last_change(&second);
	ck_assert_str_eq(left, "");
	ck_assert_uint_eq(first.row, second.row);
	ck_assert_uint_eq(second.node, 1);
}
END_TEST

START_TEST(a_connection_is_told_with_its_congestion_window)
{
	static const char ends[] = "\300\000\002\012\000\031\300\000\002\013\100\000";
	struct state_change change;
	g_autofree char *open = NULL, *all = NULL;

	feed_node();
	feed((struct trace_record) { .kind = TRACE_STATE,
				     .layer = LAYER_TCP,
				     .id = 2,
				     .object = 7,
				     .after = TCP_ESTABLISHED },
	     ends, TCP_STATE_RECORD_BYTES);
	open = last_change(&change);
	ck_assert_ptr_nonnull(strstr(open, "ESTABLISHED   192.0.2.10:25 - 192.0.2.11:16384"));
	feed((struct trace_record) { .kind = TRACE_CONGESTION,
				     .layer = LAYER_TCP,
				     .id = 3,
				     .object = 7,
				     .after = 14480 },
	     WITH("\000\000\034\110"));
	ck_assert_ptr_null(last_change(&change));
	all = printed();
	ck_assert_ptr_nonnull(strstr(all, "congestion window 14480 bytes, threshold 7240\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tests = tcase_create("state");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_row_comes_changes_and_goes);
	tcase_add_test(tests, a_queue_is_told_with_words_that_do_not_act);
	tcase_add_test(tests, a_connection_is_told_with_its_congestion_window);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
