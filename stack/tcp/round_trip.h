/* Round-trip time and retransmission timeout (RFC 6298). */
#pragma once
#include <stdint.h>

/* The floor under the variance term, as Linux has it: the timeout is at least SRTT + 200 ms, where
 * the RFC asks for at least 1 s in all. */
#define RTO_MIN_US     UINT32_C(200000)
#define RTO_MAX_US     UINT32_C(120000000)
#define RTO_INITIAL_US UINT32_C(1000000)

struct round_trip {
	uint32_t srtt_8;       /* SRTT in eighths of a us; 0: nothing measured yet */
	uint32_t rttvar_4;     /* RTTVAR in quarters of a us */
	uint32_t minimum_us;   /* the least of the last minutes; 0: nothing measured */
	uint32_t minimum_at_s; /* when that was */
};

/* SRTT in us; 0: nothing measured yet. */
static inline uint32_t round_trip_smoothed_us(const struct round_trip *round_trip)
{
	return round_trip->srtt_8 / 8;
}

/*
 * Takes a measurement in (RFC 6298 section 2): of the oldest segment that an acknowledgment covers, and
 * for the minimum, of the newest. Never of a retransmitted segment (Karn).
 */
void round_trip_measure(struct round_trip *round_trip, int64_t now_ns, int64_t oldest_ns,
			int64_t newest_ns);

/* The timeout before any backing off. */
uint32_t round_trip_timeout_us(const struct round_trip *round_trip);
