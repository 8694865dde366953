/* Sequence numbers: 32 bits, compared modulo 2^32 (RFC 9293 section 3.4). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* How far `a` lies behind `b` in sequence space, negative when it lies before. */
static inline int32_t sequence_distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool sequence_before(uint32_t a, uint32_t b)
{
	return sequence_distance(a, b) < 0;
}

static inline bool sequence_after(uint32_t a, uint32_t b)
{
	return sequence_distance(a, b) > 0;
}

static inline bool sequence_at_most(uint32_t a, uint32_t b)
{
	return sequence_distance(a, b) <= 0;
}

static inline bool sequence_at_least(uint32_t a, uint32_t b)
{
	return sequence_distance(a, b) >= 0;
}

/* True when `a` is one of the `length` numbers from `first` on. */
static inline bool sequence_in(uint32_t a, uint32_t first, uint32_t length)
{
	return a - first < length;
}

static inline uint32_t sequence_min(uint32_t a, uint32_t b)
{
	return sequence_before(a, b) ? a : b;
}

static inline uint32_t sequence_max(uint32_t a, uint32_t b)
{
	return sequence_after(a, b) ? a : b;
}
