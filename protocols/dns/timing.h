/* How fast each server answers, so how long to wait for it; in the manner of RFC 6298. Pure. */
#pragma once
#include <stdint.h>
#include "sim/time.h"

/* Values of unbound, but for the upper bound: its 120 s outlast every client. */
#define DNS_TIMEOUT_UNKNOWN_NS (376 * NS_PER_MS) /* for a server never asked before */
#define DNS_TIMEOUT_MIN_NS     (50 * NS_PER_MS)
#define DNS_TIMEOUT_MAX_NS     (6 * NS_PER_S)

#define DNS_TIMING_SLOTS       256 /* servers remembered; a new one may displace another */

/* All zeros: nothing is known of any server. */
struct dns_timing {
	struct dns_timing_slot {
		uint32_t address;                  /* 0: empty */
		int64_t smoothed_ns, variation_ns; /* 0: it never answered */
		int64_t timeout_ns;
	} slots[DNS_TIMING_SLOTS];
};

/* How long to wait for an answer of the server at `address`. */
int64_t dns_timing_timeout(const struct dns_timing *timing, uint32_t address);

/* It answered after `round_trip_ns`. */
void dns_timing_answered(struct dns_timing *timing, uint32_t address, int64_t round_trip_ns);

/* It did not answer in time: the next wait is twice as long. */
void dns_timing_lost(struct dns_timing *timing, uint32_t address);
