/* Numbers with units: "10ms", "100Mbps", "2MB", "0.5%". */
#pragma once
#include <glib.h>
#include <stdint.h>

/* Times of a scenario, and moments in its run, go up to this: 73 years. */
#define SCENARIO_TIME_MAX_NS (INT64_C(26687) * 86400 * 1000000000)
#define SCENARIO_TIME_MAX    "26687d"

struct unit {
	const char *name; /* NULL ends a table */
	uint64_t size;    /* in the smallest unit */
};

extern const struct unit time_units[];    /* in ns */
extern const struct unit rate_units[];    /* in bits per second */
extern const struct unit size_units[];    /* in bytes */
extern const struct unit percent_units[]; /* in parts per million */
extern const struct unit money_units[];   /* in millionths */
extern const struct unit no_units[];      /* whole numbers */

/* Reads the whole of `text`, exactly. Returns NULL, or why not, `value` untouched. */
const char *unit_parse(const char *text, const struct unit *units, uint64_t *value);

/* Appends `value` in the largest unit that needs no decimals. */
void unit_print(uint64_t value, const struct unit *units, GString *out);
