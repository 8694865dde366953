/*
 * Seeded random streams, one per named consumer, so that adding a consumer disturbs no other.
 * xoshiro256** seeded through SplitMix64; the same everywhere, and not for secrets.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random_stream {
	uint64_t state[4];
};

/*
 * Starts the stream of `consumer` ("tcp.isn", "loss") at the node called `node` in a run seeded
 * with `seed`. Different triples give unrelated streams.
 */
void random_init(struct random_stream *stream, uint64_t seed, const char *node,
		 const char *consumer);

/* The next 64 random bits. */
uint64_t random_next(struct random_stream *stream);

/* A uniform number in [0, bound); `bound` is not 0. */
uint64_t random_below(struct random_stream *stream, uint64_t bound);

/* True with a probability of `parts_per_million` in 1,000,000. Draws once whatever the value. */
bool random_chance(struct random_stream *stream, uint32_t parts_per_million);

/* Fills `out` with `length` random bytes. */
void random_bytes(struct random_stream *stream, void *out, size_t length);
