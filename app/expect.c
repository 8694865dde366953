#include <string.h>
#include "app/dissectors.h"
#include "app/expect_describe.h"
#include "app/expect_private.h"
#include "protocols/mail/message.h"
#include "protocols/mail/names.h"
#include "views/names.h"

/* In the order of the selecting keys of the language. */
static const struct predicate *const predicates[EXPECT_COUNT] = {
	[EXPECT_MAILBOX] = &predicate_mailbox,
	[EXPECT_MESSAGE] = &predicate_message,
	[EXPECT_CONNECTION] = &predicate_connection,
	[EXPECT_RETRANSMISSIONS] = &predicate_retransmissions,
	[EXPECT_DROPPED] = &predicate_dropped,
	[EXPECT_DUPLICATES] = &predicate_duplicates,
	[EXPECT_TRANSLATED] = &predicate_translated,
	[EXPECT_BYTES] = &predicate_bytes,
	[EXPECT_PING] = &predicate_ping,
	[EXPECT_DIG] = &predicate_dig,
	[EXPECT_MINUTES] = &predicate_minutes,
	[EXPECT_COST] = &predicate_cost,
	[EXPECT_PACKETS] = &predicate_packets,
	[EXPECT_DEVICE] = &predicate_device,
	[EXPECT_HEARD] = &predicate_heard,
	[EXPECT_STORED] = &predicate_stored,
	[EXPECT_SAID] = &predicate_said,
	[EXPECT_CONNECTED] = &predicate_connected,
	[EXPECT_AT_ONCE] = &predicate_connections_at_once,
	[EXPECT_LAYER] = &predicate_layer,
	[EXPECT_WAITED] = &predicate_waited,
	[EXPECT_PARTS] = &predicate_parts,
	[EXPECT_SCREENING] = &predicate_screening,
	[EXPECT_WAY] = &predicate_way,
	[EXPECT_TAMPERED] = &predicate_tampered,
	[EXPECT_PASSWORD] = &predicate_password,
};

const struct predicate *predicate_of(const struct scenario_expectation *expectation)
{
	return predicates[expectation->kind];
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes);

static uint64_t kinds_needed(const struct expect *expect)
{
	uint64_t kinds = 0;

	if (expect->model != NULL || expect->packets != NULL)
		return TRACE_ALL;
	for (guint i = 0; i < expect->scenario->expectations->len; i++)
		kinds |= expect->judges[i].predicate->kinds;
	return kinds == 0 ? 0 : kinds | TRACE_BIT(TRACE_NODE);
}

static void evidence_free(GArray *list)
{
	for (guint i = 0; list != NULL && i < list->len; i++)
		g_free(g_array_index(list, struct evidence, i).text);
	if (list != NULL)
		g_array_free(list, TRUE);
}

static void packets_free(void *list)
{
	g_array_free(list, TRUE);
}

static void action_free(void *data)
{
	struct expect_action *action = data;

	g_free(action->text);
	g_free(action);
}

void expect_free(struct expect *expect)
{
	if (expect == NULL)
		return;
	for (guint i = 0; i < expect->mails->len; i++) {
		g_free(g_array_index(expect->mails, struct expect_mail, i).subject);
		g_free(g_array_index(expect->mails, struct expect_mail, i).message_id);
	}
	g_ptr_array_free(expect->nodes, TRUE);
	mailboxes_free(expect->mailboxes);
	lines_free(expect->lines);
	g_hash_table_unref(expect->actions);
	g_array_free(expect->mails, TRUE);
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		g_free(expect->judges[i].other_answer);
		expect_tap_free(expect->judges[i].tap);
		sent_segments_free(expect->judges[i].segments);
		evidence_free(expect->judges[i].counted);
		evidence_free(expect->judges[i].contrary);
	}
	g_free(expect->judges);
	if (expect->packets != NULL)
		g_ptr_array_free(expect->packets, TRUE);
	if (expect->model != NULL)
		model_free(expect->model);
	g_free(expect);
}

struct trace_sink *expect_sink(struct expect *expect)
{
	return &expect->sink;
}

/* ---- Who and where ---- */

const char *expect_node_name(const struct expect *expect, uint32_t node)
{
	return node == 0 || node > expect->nodes->len ? "" : expect->nodes->pdata[node - 1];
}

bool expect_is_at(const struct expect *expect, uint64_t id, const struct scenario_item *node)
{
	return node == NULL || strcmp(expect_node_name(expect, trace_node_of(id)), node->name) == 0;
}

const char *expect_host_name(const struct scenario_item *by)
{
	if (by != NULL && by->kind == SCENARIO_CLIENT)
		return ((const struct scenario_client *)(const void *)by)->host->item.name;
	return expect_name_of(by);
}

bool expect_is_by(const struct expect *expect, uint64_t id, const struct scenario_item *by)
{
	return by == NULL ||
	       strcmp(expect_node_name(expect, trace_node_of(id)), expect_host_name(by)) == 0;
}

const struct scenario_item *expect_item_of(const struct scenario_node *node)
{
	return node == NULL ? NULL : &node->item;
}

bool expect_has_address(const struct scenario_node *node, uint32_t address)
{
	for (guint i = 0; node != NULL && i < node->interfaces->len; i++)
		if (((struct scenario_interface *)node->interfaces->pdata[i])->address == address)
			return true;
	return node == NULL;
}

bool expect_has_part(struct bytes bytes, const char *part)
{
	size_t length = part == NULL ? 0 : strlen(part);

	if (part == NULL)
		return true;
	for (size_t i = 0; i + length <= bytes.length; i++)
		if ((i == 0 || bytes.data[i - 1] == '\0') &&
		    (i + length == bytes.length || bytes.data[i + length] == '\0') &&
		    g_ascii_strncasecmp((const char *)bytes.data + i, part, length) == 0)
			return true;
	return false;
}

/* ---- Counting ---- */

const struct scenario_range *expect_range(const struct scenario_expectation *expectation)
{
	return (const void *)((const char *)expectation + predicate_of(expectation)->range);
}

static bool in_range(const struct scenario_range *range, uint64_t count)
{
	return count >= range->least && count <= range->most;
}

/* Keeps when the count came into the range, and left it again. */
void expect_count_to(struct expect *expect, struct judge *judge, uint64_t count)
{
	bool was_in = judge->reached_ns != TIME_NEVER;
	bool is_in = in_range(expect_range(judge->expectation), count);

	judge->count = count;
	if (is_in && !was_in)
		judge->reached_ns = expect->now_ns;
	if (!is_in)
		judge->reached_ns = TIME_NEVER;
}

void expect_count(struct expect *expect, struct judge *judge, const struct trace_record *record,
		  struct bytes bytes, uint64_t more)
{
	expect_count_to(expect, judge, judge->count + more);
	expect_witness(expect, judge, record, bytes, false);
}

static bool needs_model(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->expectations->len; i++)
		if (predicate_of(scenario->expectations->pdata[i])->needs_model)
			return true;
	return false;
}

static struct expect *new (const struct scenario *scenario, bool keeps_evidence)
{
	struct expect *expect = g_new0(struct expect, 1);

	expect->scenario = scenario;
	expect->nodes = g_ptr_array_new_with_free_func(g_free);
	expect->mailboxes = mailboxes_new();
	expect->lines = lines_new();
	expect->actions = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, action_free);
	expect->mails = g_array_new(FALSE, FALSE, sizeof(struct expect_mail));
	if (keeps_evidence)
		expect->packets = g_ptr_array_new_with_free_func(packets_free);
	if (keeps_evidence || needs_model(scenario))
		expect->model = model_new(all_dissectors);
	expect->judges = g_new0(struct judge, scenario->expectations->len + 1);
	for (guint i = 0; i < scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		judge->expectation = scenario->expectations->pdata[i];
		judge->predicate = predicate_of(judge->expectation);
		judge->reached_ns = TIME_NEVER;
		if (keeps_evidence) {
			judge->counted = g_array_new(FALSE, FALSE, sizeof(struct evidence));
			judge->contrary = g_array_new(FALSE, FALSE, sizeof(struct evidence));
		}
		expect_count_to(expect, judge, 0);
	}
	expect->sink = (struct trace_sink) { .kinds = kinds_needed(expect),
					     .owner = expect,
					     .record = observe };
	return expect;
}

struct expect *expect_new(const struct scenario *scenario)
{
	return new (scenario, false);
}

struct expect *expect_new_with_evidence(const struct scenario *scenario)
{
	return new (scenario, true);
}

/* ---- Records ---- */

static void recount(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	if (judge->predicate->recount != NULL)
		judge->predicate->recount(expect, judge, now_ns);
}

/* Those with a moment of their own are judged when the trace has passed it. */
static void judge_moments(struct expect *expect, int64_t now_ns)
{
	int64_t next_ns = TIME_NEVER;

	if (expect->next_moment_ns >= now_ns)
		return;
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		if (!judge->is_judged && judge->expectation->at_ns < now_ns) {
			recount(expect, judge, judge->expectation->at_ns);
			judge->is_judged = true;
			judge->found = judge->count;
		}
		if (!judge->is_judged)
			next_ns = MIN(next_ns, judge->expectation->at_ns);
	}
	expect->next_moment_ns = next_ns;
}

static void keep_action(struct expect *expect, const struct trace_record *record,
			struct bytes bytes)
{
	struct expect_action *action = g_new(struct expect_action, 1);

	*action = (struct expect_action) { .id = record->id,
					   .verb = record->after,
					   .time_ns = record->time_ns,
					   .text = bytes_to_text(bytes) };
	g_hash_table_replace(expect->actions, &action->id, action);
}

/* What several predicates need to know, whichever record they look at. */
static void learn(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	lines_feed(expect->lines, record, bytes);
	switch (record->kind) {
	case TRACE_ACTION:
		keep_action(expect, record, bytes);
		break;
	case TRACE_NODE:
		g_ptr_array_add(expect->nodes, bytes_to_text(bytes));
		break;
	case TRACE_MAILBOX:
		mailboxes_feed(expect->mailboxes, record, bytes);
		break;
	default:
		break;
	}
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct expect *expect = owner;

	if (record->time_ns > expect->now_ns)
		judge_moments(expect, record->time_ns);
	expect->now_ns = record->time_ns;
	if (expect->model != NULL)
		model_feed(expect->model, record, bytes);
	expect_trace_packet(expect, record);
	learn(expect, record, bytes);
	expect_mail_begin(expect, record, bytes);
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		if (judge->predicate->kinds & TRACE_BIT(record->kind) &&
		    judge->predicate->observe != NULL)
			judge->predicate->observe(expect, judge, record, bytes);
	}
	expect_mail_end(expect, record, bytes);
}

/* ---- Verdicts ---- */

static bool is_met(const struct judge *judge, uint64_t found)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (!in_range(expect_range(expectation), found))
		return false;
	return !judge->predicate->may_fall || expectation->within_ns == TIME_NEVER ||
	       judge->reached_ns <= expectation->within_ns;
}

enum verdict {
	MET,
	NOT_MET,
	NOT_JUDGED,
};

static const struct {
	const char *text, *colour;
} verdicts[] = {
	[MET] = {"as expected",      "\033[32m"  },
	[NOT_MET] = { "NOT AS EXPECTED", "\033[1;31m"},
	[NOT_JUDGED] = { "not judged",      "\033[33m"  },
};

/* What happened can only become more; what a mailbox holds can change either way. */
static bool may_change(const struct judge *judge, const struct expect_ending *ending)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct scenario_range *range = expect_range(expectation);

	if (ending->cut_ns == TIME_NEVER || expectation->at_ns <= ending->cut_ns)
		return false;
	if (expectation->at_ns != TIME_NEVER || judge->predicate->may_fall)
		return true;
	return judge->count <= range->most &&
	       !(judge->count >= range->least && range->most == UINT64_MAX);
}

static uint64_t found_by(const struct judge *judge)
{
	return judge->is_judged ? judge->found : judge->count;
}

static enum verdict verdict_of(const struct judge *judge, const struct expect_ending *ending)
{
	if (may_change(judge, ending))
		return NOT_JUDGED;
	return is_met(judge, found_by(judge)) ? MET : NOT_MET;
}

/* "; the answer was 10 mail.school.example": what came in place of the answer expected. */
static void append_other_answer(GString *out, const struct judge *judge)
{
	static const char *const outcomes[] = {
		[ANSWER_FOUND] = "",
		[ANSWER_NO_NAME] = "no such name",
		[ANSWER_NO_DATA] = "no such data",
		[ANSWER_FAILED] = "none that is usable",
		[ANSWER_REFERRAL] = "a referral to ",
	};

	if (judge->other_answer != NULL)
		g_string_append_printf(out, "; the answer was %s%s", outcomes[judge->other_outcome],
				       judge->other_answer);
}

/* "there were 2; the answer was ..." */
static char *found_text(const struct judge *judge)
{
	uint64_t found = found_by(judge);
	GString *text = g_string_new(found == 1 ? "there was " : "there were ");

	expect_append_count(text, judge->expectation, found);
	append_other_answer(text, judge);
	return g_string_free(text, FALSE);
}

static void print_verdict(const struct expect_ending *ending, const struct judge *judge,
			  enum verdict verdict)
{
	g_autofree char *text = expect_describe(judge->expectation);
	g_autofree char *found = found_text(judge);

	fprintf(ending->out, "  %s%s%s  %s:%u  %s", ending->colour ? verdicts[verdict].colour : "",
		verdicts[verdict].text, ending->colour ? "\033[0m" : "", ending->file,
		judge->expectation->item.mark.line, text);
	if (verdict == NOT_MET)
		fprintf(ending->out, "; %s", found);
	if (verdict == NOT_JUDGED)
		fprintf(ending->out, " (%s)", ending->cut_by);
	fputc('\n', ending->out);
}

/* Some go on behind the last record: they are counted up to the moment at which they are judged. */
static void count_until(struct expect *expect, struct judge *judge, int64_t cut_ns)
{
	int64_t end_ns = cut_ns == TIME_NEVER ? expect->now_ns : cut_ns;

	if (!judge->is_judged)
		recount(expect, judge, MIN(end_ns, judge->expectation->at_ns));
}

unsigned expect_finish(struct expect *expect, const struct expect_ending *ending)
{
	unsigned count = expect->scenario->expectations->len, unmet = 0;

	for (unsigned i = 0; i < count; i++) {
		count_until(expect, &expect->judges[i], ending->cut_ns);
		enum verdict verdict = verdict_of(&expect->judges[i], ending);

		unmet += verdict == NOT_MET;
		if (verdict == NOT_MET || !ending->is_quiet)
			print_verdict(ending, &expect->judges[i], verdict);
	}
	return unmet;
}

void expect_close(struct expect *expect)
{
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		count_until(expect, judge, TIME_NEVER);
		expect_find_frames(expect, judge->counted);
		expect_find_frames(expect, judge->contrary);
	}
}

struct expect_judgement *expect_take_judgement(struct expect *expect, unsigned index)
{
	struct expect_judgement *judgement = g_new(struct expect_judgement, 1);
	struct judge *judge = &expect->judges[index];

	*judgement = (struct expect_judgement) {
		.is_met = is_met(judge, found_by(judge)),
		.found = found_by(judge),
		.range = *expect_range(judge->expectation),
		.expected = expect_describe(judge->expectation),
		.found_text = found_text(judge),
		.counted = g_steal_pointer(&judge->counted),
		.contrary = g_steal_pointer(&judge->contrary),
	};
	return judgement;
}

void expect_judgement_free(struct expect_judgement *judgement)
{
	evidence_free(judgement->counted);
	evidence_free(judgement->contrary);
	g_free(judgement->expected);
	g_free(judgement->found_text);
	g_free(judgement);
}
