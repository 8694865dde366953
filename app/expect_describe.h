/* What an expectation says, in words; for app/expect*.c only. */
#pragma once
#include "app/scenario.h"

/* How often that shall be, or how many there shall be, which the expectation counts. */
const struct scenario_range *expect_range(const struct scenario_expectation *expectation);

/* Appends a count of it: a cost as an amount, all else as a number. */
void expect_append_count(GString *out, const struct scenario_expectation *expectation,
			 uint64_t count);

/*
 * "message \"Hello\" delivered for bob@remote.example: 1 time, within 2 s", with every condition that
 * it sets. To be freed.
 */
char *expect_describe(const struct scenario_expectation *expectation);
