/*
 * The explanation rests on the trace alone: take a record away, and what it was said of it is gone; with
 * nothing, or rubbish, it says little and does not fail.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "app/dissectors.h"
#include "app/history_record.h"
#include "app/scenario.h"
#include "protocols/layer.h"
#include "views/narrate.h"
#include "views/quiz.h"

static struct scenario *scenario;
static struct history *whole;
static struct story *told;

static struct story *tell(struct history *history, enum narrate_level level)
{
	return narrate(history, &(struct narrate_options) {
				    .title = "T", .level = level, .wants_questions = true });
}

static void set_up(void)
{
	struct diagnostics *diagnostics = diagnostics_new();

	scenario = scenario_load("scenarios/office.yaml", diagnostics);
	ck_assert_ptr_nonnull(scenario);
	diagnostics_free(diagnostics);
	whole = history_record(scenario, history_options_of(scenario));
	told = tell(whole, NARRATE_COURSE);
}

static void tear_down(void)
{
	story_free(told);
	history_free(whole);
	scenario_free(scenario);
}

/* The office's history without some records: those for which `drop` returns true. */
static struct history *history_without(bool (*drop)(const struct trace_record *record,
						    uint64_t what),
				       uint64_t what)
{
	const struct trace_store *store = history_store(whole);
	struct history *history = history_new(all_dissectors);

	for (uint64_t i = 0; i < trace_store_count(store); i++) {
		const struct trace_record *record = trace_store_record(store, i);

		if (!drop(record, what))
			history_feed(history, record, trace_store_bytes(store, record));
	}
	history_finish(history);
	return history;
}

static bool has_id(const struct trace_record *record, uint64_t what)
{
	return record->id == what;
}

static bool is_one_of_three(const struct trace_record *record, uint64_t what)
{
	return (record->id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % 3 == what;
}

static bool is_late(const struct trace_record *record, uint64_t what)
{
	return record->id > what && record->time_ns > 0;
}

static bool is_any(const struct trace_record *record, uint64_t what)
{
	(void)record;
	(void)what;
	return true;
}

static unsigned count_text(const struct story *story, const char *text)
{
	unsigned count = 0;

	for (guint i = 0; i < story->blocks->len; i++) {
		const struct story_block *block = story->blocks->pdata[i];

		for (guint k = 0; k < block->sentences->len; k++) {
			const struct story_sentence *sentence = block->sentences->pdata[k];

			count += strcmp(sentence->text->str, text) == 0;
		}
	}
	return count;
}

/* Every record that a sentence rests on is in the trace that it was told from. */
static void check_evidence(const struct story *story, const struct history *history)
{
	for (guint i = 0; i < story->blocks->len; i++) {
		const struct story_block *block = story->blocks->pdata[i];

		for (guint k = 0; k < block->sentences->len; k++) {
			const struct story_sentence *sentence = block->sentences->pdata[k];

			for (guint m = 0; m < sentence->records->len; m++)
				ck_assert_msg(trace_store_find(
						  history_store(history),
						  g_array_index(sentence->records, uint64_t, m)) !=
						  UINT64_MAX,
					      "%s", sentence->text->str);
		}
	}
}

/* Takes away the record behind one fact of a sentence, and looks that the sentence is not there. */
static void take_away(const struct story_sentence *sentence, uint64_t id)
{
	struct history *history = history_without(has_id, id);
	struct story *story = tell(history, NARRATE_COURSE);

	check_evidence(story, history);
	ck_assert_msg(
	    count_text(story, sentence->text->str) < count_text(told, sentence->text->str),
	    "without record %" G_GUINT64_FORMAT " it still says: %s", id, sentence->text->str);
	story_free(story);
	history_free(history);
}

/* Each fact of a sentence; of those alike (source, kind, layer, detail of the record) two. */
static unsigned take_facts_away(const struct story_sentence *sentence, GHashTable *seen)
{
	const struct trace_store *store = history_store(whole);
	unsigned taken = 0;

	for (guint i = 0; i < sentence->spans->len; i++) {
		const struct story_span *span =
		    &g_array_index(sentence->spans, struct story_span, i);
		const struct trace_record *record;
		g_autofree char *key = NULL;
		gsize times;

		if (span->evidence.source == STORY_NOWHERE || span->evidence.record == 0)
			continue;
		record = trace_store_record(store, trace_store_find(store, span->evidence.record));
		key = g_strdup_printf("%u %u %u %u", span->evidence.source, record->kind,
				      record->layer, record->detail);
		times = GPOINTER_TO_SIZE(g_hash_table_lookup(seen, key)) + 1;
		if (times > 2)
			continue;
		g_hash_table_insert(seen, g_strdup(key), GSIZE_TO_POINTER(times));
		take_away(sentence, record->id);
		taken++;
	}
	return taken;
}

START_TEST(without_its_record_a_sentence_is_not_said)
{
	GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned taken = 0;

	for (guint i = 0; i < told->blocks->len; i++) {
		const struct story_block *block = told->blocks->pdata[i];

		for (guint k = 0; block->kind == STORY_PARAGRAPH && k < block->sentences->len; k++)
			taken += take_facts_away(block->sentences->pdata[k], seen);
	}
	ck_assert_uint_gt(taken, 20);
	g_hash_table_unref(seen);
}
END_TEST

START_TEST(the_deletion_is_told_because_it_is_there)
{
	const struct trace_store *store = history_store(whole);
	unsigned found = 0;

	for (uint64_t i = 0; i < trace_store_count(store); i++) {
		const struct trace_record *record = trace_store_record(store, i);
		struct history *history;
		struct story *story;

		if (record->kind != TRACE_MAIL || record->detail != MAIL_DELETED)
			continue;
		found++;
		ck_assert_uint_eq(
		    count_text(
			told,
			"On remote-mail the message \"Quarterly report\" is deleted at 10.002 s."),
		    1);
		history = history_without(has_id, record->id);
		story = tell(history, NARRATE_COURSE);
		ck_assert_uint_eq(
		    count_text(
			story,
			"On remote-mail the message \"Quarterly report\" is deleted at 10.002 s."),
		    0);
		story_free(story);
		history_free(history);
	}
	ck_assert_uint_eq(found, 1);
}
END_TEST

static void tell_all(struct history *history)
{
	for (unsigned level = 0; level < NARRATE_LEVEL_COUNT; level++) {
		struct story *story = tell(history, (enum narrate_level)level);

		check_evidence(story, history);
		story_free(story);
	}
	for (uint64_t seed = 0; seed < 3; seed++) {
		GPtrArray *questions =
		    quiz_new(history, &(struct quiz_options) { .count = 50, .seed = seed });

		for (guint i = 0; i < questions->len; i++) {
			const struct quiz_question *question = questions->pdata[i];

			for (guint k = 0; k < question->wrong->len; k++)
				ck_assert_str_ne(question->right, question->wrong->pdata[k]);
		}
		g_ptr_array_unref(questions);
	}
	history_free(history);
}

START_TEST(a_trace_with_holes_is_told_as_far_as_it_goes)
{
	tell_all(history_without(is_one_of_three, (uint64_t)_i));
}
END_TEST

START_TEST(nothing_at_all_is_told_in_a_sentence)
{
	struct history *history = history_without(is_any, 0);
	struct story *story = tell(history, NARRATE_COURSE);

	ck_assert_uint_eq(count_text(story, "No packet was sent in this run."), 1);
	story_free(story);
	tell_all(history);
}
END_TEST

START_TEST(one_action_is_told)
{
	tell_all(history_without(is_late, UINT64_C(1099511627783)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("narrate");
	TCase *shared = tcase_create("office");
	int failed;

	tcase_set_timeout(shared, 120);
	tcase_add_unchecked_fixture(shared, set_up, tear_down);
	tcase_add_test(shared, without_its_record_a_sentence_is_not_said);
	tcase_add_test(shared, the_deletion_is_told_because_it_is_there);
	tcase_add_loop_test(shared, a_trace_with_holes_is_told_as_far_as_it_goes, 0, 3);
	tcase_add_test(shared, nothing_at_all_is_told_in_a_sentence);
	tcase_add_test(shared, one_action_is_told);
	suite_add_tcase(suite, shared);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
