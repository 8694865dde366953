/* Virtual time: signed 64-bit nanoseconds since the scenario's epoch. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_S   INT64_C(1000000000)
#define TIME_NEVER INT64_MAX /* later than every event */

/*
 * Nanoseconds that `size_bytes` occupy a wire of `rate_bps` bits per second, rounded up, so that
 * no frame takes no time; TIME_NEVER where that is more than it can tell. `rate_bps` is from 1 to 10^15.
 */
static inline int64_t time_to_transmit(uint64_t size_bytes, uint64_t rate_bps)
{
	if (__builtin_expect(size_bytes < UINT64_C(1) << 30, 1)) /* 64 bits hold all of it */
		return (int64_t)((size_bytes * 8 * (uint64_t)NS_PER_S + rate_bps - 1) / rate_bps);
	unsigned __int128 bit_ns = (unsigned __int128)size_bytes * 8 * (uint64_t)NS_PER_S;
	unsigned __int128 time_ns = (bit_ns + rate_bps - 1) / rate_bps;

	return time_ns < (uint64_t)TIME_NEVER ? (int64_t)time_ns : TIME_NEVER;
}

/* Seconds for people to read, cut to whole microseconds: the same in every view, never too late. */
static inline double time_seconds(int64_t time_ns)
{
	int64_t whole_us = time_ns / NS_PER_US;

	return (double)whole_us / 1e6;
}

#define TIME_TEXT_BYTES 32 /* room for every text time_print() writes */

/* Writes `time_ns` as seconds with nine decimals ("1.004835000") into `out`; returns `out`. */
char *time_print(int64_t time_ns, char out[TIME_TEXT_BYTES]);
