#include "app/expect_describe.h"

#include <inttypes.h>
#include "app/expect_private.h"
#include "app/scenario_table.h"

void expect_append_count(GString *out, const struct scenario_expectation *expectation,
			 uint64_t count)
{
	if (expectation->kind == EXPECT_COST)
		g_string_append_printf(out, "%g", (double)count / 1e6);
	else
		g_string_append_printf(out, "%" PRIu64, count);
}

static void append_range(GString *out, const struct scenario_expectation *expectation,
			 const struct scenario_range *range)
{
	if (range->most == UINT64_MAX)
		g_string_append(out, "at least ");
	expect_append_count(out, expectation, range->least);
	if (range->most == range->least || range->most == UINT64_MAX)
		return;
	g_string_append(out, " to ");
	expect_append_count(out, expectation, range->most);
}

void expect_append_condition(GString *out, const char *word, const char *value)
{
	if (value != NULL)
		g_string_append_printf(out, " %s %s", word, value);
}

const char *expect_name_of(const struct scenario_item *item)
{
	return item == NULL ? NULL : item->name;
}

const char *expect_word(const char *key, int value)
{
	const struct word *word = mapping_key(&expectation_mapping, key)->words;

	while (word->value != value && word->text != NULL)
		word++;
	return word->text == NULL ? "?" : word->text;
}

char *expect_describe(const struct scenario_expectation *expectation)
{
	const struct scenario_range *range = expect_range(expectation);
	GString *text = g_string_new(NULL);

	predicate_of(expectation)->describe(text, expectation);
	expect_append_condition(text, "at", expect_name_of(expectation->node));
	g_string_append(text, ": ");
	append_range(text, expectation, range);
	if (range == &expectation->messages)
		g_string_append(text, range->most == 1 ? " message" : " messages");
	else if (range == &expectation->times)
		g_string_append(text, range->least == 1 && range->most != 0 ? " time" : " times");
	if (expectation->within_ns != TIME_NEVER &&
	    (range == &expectation->messages || expectation->kind == EXPECT_MESSAGE))
		g_string_append_printf(text, ", within %g s", (double)expectation->within_ns / 1e9);
	if (expectation->kind == EXPECT_MESSAGE && expectation->since != STATION_COMPOSED)
		expect_append_condition(text, "since",
					expect_word("since", (int)expectation->since));
	if (expectation->at_ns != TIME_NEVER)
		g_string_append_printf(text, ", at %g s", (double)expectation->at_ns / 1e9);
	return g_string_free(text, FALSE);
}
