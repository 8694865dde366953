/*
 * HyStart++ (RFC 9406): leaves slow start when round trips grow longer, before the queue in the network
 * overflows.
 */
#pragma once
#include <stdint.h>

struct congestion;
struct congestion_sample;

struct hystart {                  /* RFC 9406 section 4.2; all zero: not begun */
	uint32_t round_end;       /* windowEnd: the round is over when this is acknowledged */
	uint32_t last_minimum_us; /* lastRoundMinRTT; 0: infinite */
	uint32_t minimum_us;      /* currentRoundMinRTT; 0: infinite */
	uint32_t baseline_us;     /* cssBaselineMinRtt; 0: not in Conservative Slow Start */
	uint8_t samples;          /* rttSampleCount */
	uint8_t css_rounds;
	uint8_t has_begun;
};

/*
 * Slow start with HyStart++: how many of the acknowledged bytes the window may grow by. Sets the
 * threshold to the window when slow start is over.
 */
uint32_t hystart_growth(struct hystart *hystart, struct congestion *congestion,
			const struct congestion_sample *sample);
