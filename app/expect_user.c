/* Expectations about what users find out for themselves: pings, questions to DNS, lines heard, waiting. */
#include <string.h>
#include "app/expect_private.h"
#include "app/mail_actions.h"
#include "protocols/dns/names.h"
#include "protocols/dns/record.h"
#include "protocols/layer.h"

/* ---- Pings ---- */

static void observe_ping(struct expect *expect, struct judge *judge,
			 const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (record->layer != LAYER_USER || record->detail != USER_PING_DONE ||
	    !expect_is_at(expect, record->id, expect_item_of(expectation->from)) ||
	    !expect_has_address(expectation->to, (uint32_t)record->before))
		return;
	if (record->after == (uint64_t)expectation->ping)
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

static void describe_ping(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "pings");
	expect_append_condition(text, "from", expect_name_of(expect_item_of(expectation->from)));
	expect_append_condition(text, "to", expect_name_of(expect_item_of(expectation->to)));
	g_string_append_printf(text, " %s", expect_word("ping", (int)expectation->ping));
}

const struct predicate predicate_ping = {
	.kinds = TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_ping,
	.describe = describe_ping,
};

/* ---- Questions to DNS ---- */

/* The name that was asked for comes first, then the data. */
static struct bytes data_of(struct bytes bytes)
{
	size_t name = 0;

	while (name < bytes.length && bytes.data[name] != '\0')
		name++;
	return bytes_from(bytes, MIN(name + 1, bytes.length));
}

/* `datum` may be written in any way that a zone file allows: it is compared as answers print it. */
static bool names_datum(struct bytes data, uint16_t type, const char *datum)
{
	GByteArray *wire = g_byte_array_new();
	GString *text = g_string_new(NULL);
	bool is_named;

	if (datum != NULL && dns_data_from_text(type, datum, wire))
		dns_data_print(
		    &(struct dns_record) {
			.type = type, .data = {wire->data, wire->len}
                },
		    text);
	else
		g_string_append(text, datum == NULL ? "" : datum);
	is_named = datum == NULL || expect_has_part(data, text->str);
	g_string_free(text, TRUE);
	g_byte_array_unref(wire);
	return is_named;
}

/* An answer to the question that is expected to be answered, whatever it says. */
static bool is_dig(const struct expect *expect, const struct trace_record *record,
		   struct bytes bytes, const struct scenario_expectation *expectation)
{
	size_t length = expectation->question == NULL ? 0 : strlen(expectation->question);

	return record->layer == LAYER_USER && record->detail == USER_DIG_DONE &&
	       expect_is_at(expect, record->id, expect_item_of(expectation->from)) &&
	       (expectation->question == NULL ||
		expect_has_part(bytes_first(bytes, length), expectation->question)) &&
	       (expectation->record_type == 0 || record->before == expectation->record_type);
}

/* Keeps an answer that is not as expected, to be told. */
static void keep_other_answer(struct judge *judge, const struct trace_record *record,
			      struct bytes data)
{
	g_free(judge->other_answer);
	judge->other_answer = g_strndup((const char *)data.data, data.length);
	for (size_t i = 0; i < data.length; i++)
		if (judge->other_answer[i] == '\0')
			judge->other_answer[i] = ',';
	judge->other_outcome = (enum scenario_answer)record->after;
}

static void observe_dig(struct expect *expect, struct judge *judge,
			const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	uint16_t type = record->after == ANSWER_REFERRAL ? DNS_NS : (uint16_t)record->before;

	if (!is_dig(expect, record, bytes, expectation))
		return;
	if (record->after == (uint64_t)expectation->answer &&
	    names_datum(data_of(bytes), type, expectation->value)) {
		expect_count(expect, judge, record, bytes, 1);
		return;
	}
	keep_other_answer(judge, record, data_of(bytes));
	expect_witness(expect, judge, record, bytes, true);
}

/* "questions to DNS from bob-pc for MX of remote.example: found with 10 mail.remote.example" */
static void describe_dig(GString *text, const struct scenario_expectation *expectation)
{
	static const char *const words[] = {
		[ANSWER_FOUND] = "found",          [ANSWER_NO_NAME] = "no such name",
		[ANSWER_NO_DATA] = "no such data", [ANSWER_FAILED] = "failed",
		[ANSWER_REFERRAL] = "a referral",
	};
	char type[DNS_TYPE_TEXT_BYTES];
	bool has_type = expectation->record_type != 0;

	g_string_append(text, "questions to DNS");
	expect_append_condition(text, "from", expect_name_of(expect_item_of(expectation->from)));
	if (has_type)
		expect_append_condition(text, "for",
					dns_type_print((uint16_t)expectation->record_type, type));
	expect_append_condition(text, has_type ? "of" : "for", expectation->question);
	g_string_append_printf(text, ": %s", words[expectation->answer]);
	expect_append_condition(text, "with", expectation->value);
}

const struct predicate predicate_dig = {
	.kinds = TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_dig,
	.describe = describe_dig,
};

/* ---- Lines at a terminal ---- */

static void observe_heard(struct expect *expect, struct judge *judge,
			  const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	size_t length = strlen(expectation->heard);

	if (record->layer != LAYER_USER || record->detail != USER_HEARD ||
	    !expect_is_by(expect, record->id, expectation->by))
		return;
	if (bytes.length >= length && memcmp(bytes.data, expectation->heard, length) == 0)
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

static void describe_heard(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "heard \"%s\"", expectation->heard);
	expect_append_condition(text, "by", expect_name_of(expectation->by));
}

const struct predicate predicate_heard = {
	.kinds = TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_heard,
	.describe = describe_heard,
};

/* ---- Waiting ---- */

/* From the wish to its end, whether it came true or not; the longest counts. */
static void observe_end(struct expect *expect, struct judge *judge,
			const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct expect_action *action;
	uint64_t waited;

	if (record->kind != TRACE_STATE || record->layer != LAYER_USER ||
	    record->detail != USER_DONE || !expect_is_by(expect, record->id, expectation->by))
		return;
	action = g_hash_table_lookup(expect->actions, &record->object);
	if (action == NULL || action->verb != action_user_verb(expectation->verb))
		return;
	waited = (uint64_t)((record->time_ns - action->time_ns) / NS_PER_MS);
	if (waited >= judge->count)
		expect_witness(expect, judge, record, bytes, false);
	expect_count_to(expect, judge, MAX(judge->count, waited));
}

static void describe_waited(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "longest wait for `%s`",
			       expect_word("of", (int)expectation->verb));
	expect_append_condition(text, "of", expect_name_of(expectation->by));
	g_string_append(text, " in ms");
}

const struct predicate predicate_waited = {
	.kinds = TRACE_BIT(TRACE_ACTION) | TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(count),
	.observe = observe_end,
	.describe = describe_waited,
};
