/*
 * How late events were run in live mode: a histogram of fixed size with an error below 4 percent,
 * for its largest value and percentiles.
 */
#pragma once
#include <stdint.h>

#define LATENESS_STEPS  32 /* per power of two */
#define LATENESS_POWERS 64

struct lateness {
	uint64_t count;
	int64_t largest_ns;
	uint64_t counts[LATENESS_POWERS * LATENESS_STEPS];
};

void lateness_add(struct lateness *lateness, int64_t late_ns);

/* The lateness that `percent` of 100 values do not exceed; 0 when there are none. */
int64_t lateness_percentile(const struct lateness *lateness, double percent);
