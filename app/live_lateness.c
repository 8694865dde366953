#include "app/live_lateness.h"

/* Values below LATENESS_STEPS are counted one by one; above, each power of two in steps. */
static unsigned step_of(uint64_t value)
{
	if (value < LATENESS_STEPS)
		return (unsigned)value;
	unsigned power = 63 - (unsigned)__builtin_clzll(value);

	return (power - 4) * LATENESS_STEPS + (unsigned)(value >> (power - 5)) - LATENESS_STEPS;
}

/* The largest value that belongs to a step. */
static int64_t step_end(unsigned step)
{
	if (step < LATENESS_STEPS)
		return step;
	unsigned power = step / LATENESS_STEPS + 4;
	uint64_t first = step % LATENESS_STEPS + LATENESS_STEPS;

	return (int64_t)(((first + 1) << (power - 5)) - 1);
}

void lateness_add(struct lateness *lateness, int64_t late_ns)
{
	if (late_ns < 0)
		late_ns = 0;
	lateness->count++;
	lateness->counts[step_of((uint64_t)late_ns)]++;
	if (late_ns > lateness->largest_ns)
		lateness->largest_ns = late_ns;
}

int64_t lateness_percentile(const struct lateness *lateness, double percent)
{
	double wanted = (double)lateness->count * percent / 100;
	uint64_t seen = 0;

	for (unsigned step = 0; lateness->count > 0 && step < LATENESS_POWERS * LATENESS_STEPS;
	     step++) {
		seen += lateness->counts[step];
		if ((double)seen >= wanted && seen > 0)
			return step_end(step) < lateness->largest_ns ? step_end(step)
								     : lateness->largest_ns;
	}
	return lateness->largest_ns;
}
