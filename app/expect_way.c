/* Expectations about the steps of a message's way, and the ticks that they give the log. */
#include <string.h>
#include "app/expect_private.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"

/* A step that is to be taken; with `times: 0` it is not, whenever. */
static bool is_step(const struct scenario_expectation *expectation)
{
	return expectation->kind == EXPECT_WAY && expectation->times.least > 0;
}

static bool is_same_way(const struct scenario_expectation *a, const struct scenario_expectation *b)
{
	return is_step(a) && is_step(b) && strcmp(a->subject, b->subject) == 0;
}

/* The line before `judge` that is about the way of the same message; NULL: there is none. */
static const struct judge *step_before(const struct expect *expect, const struct judge *judge)
{
	for (const struct judge *at = judge; at > expect->judges; at--)
		if (is_same_way(at[-1].expectation, judge->expectation))
			return at - 1;
	return NULL;
}

/* Met, and not by the record that is looked at now: one record is not two steps. */
static bool was_taken_before(const struct judge *before, const struct trace_record *record)
{
	return before == NULL || (before->count >= before->expectation->times.least &&
				  before->step_record != record->id);
}

static bool holds(struct bytes bytes, const char *text)
{
	return text == NULL ||
	       (bytes.length > 0 && memmem(bytes.data, bytes.length, text, strlen(text)) != NULL);
}

static bool is_meant(const struct expect *expect, const struct trace_record *record,
		     struct bytes bytes, const struct scenario_expectation *expectation)
{
	const struct expect_mail *mail = expect_mail_of(expect, record, bytes);

	return mail != NULL && strcmp(mail->subject, expectation->subject) == 0 &&
	       mail_step_of(record->detail) == expectation->step &&
	       (expectation->actor == ACTOR_NONE || record->actor == expectation->actor) &&
	       expect_has_part(bytes, expectation->recipient) &&
	       expect_is_by(expect, record->id, expectation->by) &&
	       holds(bytes, expectation->evidence);
}

static void observe_way(struct expect *expect, struct judge *judge,
			const struct trace_record *record, struct bytes bytes)
{
	if (record->kind != TRACE_MAIL || !is_meant(expect, record, bytes, judge->expectation) ||
	    !was_taken_before(step_before(expect, judge), record))
		return;
	expect_count(expect, judge, record, bytes, 1);
	if (judge->count <= judge->expectation->times.least)
		judge->step_record = record->id;
}

/* A record ticks the line that it was the last to meet. */
static bool is_tick_of(const struct judge *judge, uint64_t record)
{
	return is_step(judge->expectation) && judge->step_record == record &&
	       judge->count == judge->expectation->times.least;
}

bool expect_tick(const struct expect *expect, uint64_t record, struct expect_tick *tick)
{
	unsigned count = expect->scenario->expectations->len;
	const struct judge *met = NULL;

	for (unsigned i = 0; i < count && met == NULL; i++)
		if (is_tick_of(&expect->judges[i], record))
			met = &expect->judges[i];
	if (met == NULL)
		return false;
	*tick = (struct expect_tick) { 0 };
	for (const struct judge *at = met; at != NULL; at = step_before(expect, at))
		tick->number++;
	for (unsigned i = 0; i < count; i++)
		tick->count += is_same_way(expect->judges[i].expectation, met->expectation);
	return true;
}

/* "way of \"Hello\": check by MSA at mail with \"authenticated\"" */
static void describe_way(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "way of \"%s\": %s", expectation->subject,
			       mail_step_names[expectation->step]);
	expect_append_condition(text, "of", expectation->recipient);
	if (expectation->actor != ACTOR_NONE)
		expect_append_condition(text, "by", actor_name((uint8_t)expectation->actor));
	expect_append_condition(text, "at", expect_name_of(expectation->by));
	if (expectation->evidence != NULL)
		g_string_append_printf(text, " with \"%s\"", expectation->evidence);
}

const struct predicate predicate_way = {
	.kinds = TRACE_BIT(TRACE_MAIL),
	.range = PREDICATE_RANGE(times),
	.observe = observe_way,
	.describe = describe_way,
};
