#include "stack/tcp/round_trip.h"

#include <glib.h>
#include "sim/time.h"

#define MINIMUM_LIFE_S 300 /* Linux's tcp_min_rtt_wlen */

static void measure_minimum(struct round_trip *round_trip, uint32_t now_s, uint32_t us)
{
	if (round_trip->minimum_us != 0 && us > round_trip->minimum_us &&
	    now_s - round_trip->minimum_at_s < MINIMUM_LIFE_S)
		return;
	round_trip->minimum_us = us;
	round_trip->minimum_at_s = now_s;
}

static uint32_t sample_us(int64_t sample_ns)
{
	return (uint32_t)CLAMP(sample_ns / NS_PER_US, 1, (int64_t)RTO_MAX_US);
}

void round_trip_measure(struct round_trip *round_trip, int64_t now_ns, int64_t oldest_ns,
			int64_t newest_ns)
{
	uint32_t sample = sample_us(oldest_ns);

	measure_minimum(round_trip, (uint32_t)(now_ns / NS_PER_S), sample_us(newest_ns));
	if (round_trip->srtt_8 == 0) {
		round_trip->srtt_8 = 8 * sample;
		round_trip->rttvar_4 = 2 * sample;
		return;
	}
	uint32_t srtt = round_trip_smoothed_us(round_trip);
	uint32_t error = sample > srtt ? sample - srtt : srtt - sample;

	/* RTTVAR before SRTT, beta 1/4, alpha 1/8. */
	round_trip->rttvar_4 += error - round_trip->rttvar_4 / 4;
	round_trip->srtt_8 += sample - srtt;
}

uint32_t round_trip_timeout_us(const struct round_trip *round_trip)
{
	if (round_trip->srtt_8 == 0)
		return RTO_INITIAL_US;
	uint32_t variance_us = MAX(round_trip->rttvar_4, RTO_MIN_US); /* K * RTTVAR, K = 4 */

	return MIN(round_trip_smoothed_us(round_trip) + variance_us, RTO_MAX_US);
}
