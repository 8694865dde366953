#include "stack/tcp/hystart.h"

#include <glib.h>
#include <stdbool.h>
#include "stack/tcp/congestion.h"
#include "stack/tcp/sequence.h"

enum { /* RFC 9406 section 4.3 */
       MIN_RTT_THRESH_US = 4000,
       MAX_RTT_THRESH_US = 16000,
       MIN_RTT_DIVISOR = 8,
       N_RTT_SAMPLE = 8,
       CSS_GROWTH_DIVISOR = 4,
       CSS_ROUNDS = 5,
};

static void begin_round(struct hystart *hystart, const struct congestion_sample *sample)
{
	hystart->has_begun = true;
	hystart->round_end = sample->snd_nxt;
	hystart->last_minimum_us = hystart->minimum_us;
	hystart->minimum_us = 0;
	hystart->samples = 0;
}

static void take_sample(struct hystart *hystart, uint32_t round_trip_us)
{
	if (round_trip_us == 0)
		return;
	if (hystart->minimum_us == 0 || round_trip_us < hystart->minimum_us)
		hystart->minimum_us = round_trip_us;
	if (hystart->samples < N_RTT_SAMPLE)
		hystart->samples++;
}

/* Round trips grow: the queue in the network has begun to fill. */
static bool delay_has_grown(const struct hystart *hystart)
{
	uint32_t threshold_us =
	    CLAMP(hystart->last_minimum_us / MIN_RTT_DIVISOR, MIN_RTT_THRESH_US, MAX_RTT_THRESH_US);

	return hystart->last_minimum_us != 0 &&
	       hystart->minimum_us >= hystart->last_minimum_us + threshold_us;
}

static void judge(struct hystart *hystart)
{
	if (hystart->samples < N_RTT_SAMPLE)
		return;
	if (hystart->baseline_us == 0) {
		if (delay_has_grown(hystart)) {
			hystart->baseline_us = hystart->minimum_us;
			hystart->css_rounds = 0;
		}
	} else if (hystart->minimum_us < hystart->baseline_us) {
		hystart->baseline_us = 0; /* it was nothing: back to slow start */
	}
}

uint32_t hystart_growth(struct hystart *hystart, struct congestion *congestion,
			const struct congestion_sample *sample)
{
	if (!hystart->has_begun) {
		begin_round(hystart, sample);
	} else if (sequence_after(sample->snd_una, hystart->round_end)) {
		if (hystart->baseline_us != 0 && ++hystart->css_rounds >= CSS_ROUNDS)
			congestion->threshold = congestion->window;
		begin_round(hystart, sample);
	}
	take_sample(hystart, sample->latest_round_trip_us);
	judge(hystart);
	if (hystart->baseline_us != 0)
		return sample->acknowledged_bytes / CSS_GROWTH_DIVISOR;
	return sample->acknowledged_bytes;
}
