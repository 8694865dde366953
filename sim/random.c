#include "sim/random.h"

/* SplitMix64 step: spreads a seed over the whole state. */
static uint64_t mix(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* FNV-1a over a string and its NUL, so that ("a", "bc") and ("ab", "c") differ. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	while (*text++ != '\0');
	return hash;
}

void random_init(struct random_stream *stream, uint64_t seed, const char *node,
		 const char *consumer)
{
	uint64_t hash = mix(&seed) ^ UINT64_C(0xcbf29ce484222325);

	hash = hash_text(hash_text(hash, node), consumer);
	for (int i = 0; i < 4; i++)
		stream->state[i] = mix(&hash);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

uint64_t random_next(struct random_stream *stream)
{
	uint64_t *s = stream->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t random_below(struct random_stream *stream, uint64_t bound)
{
	/* Rejects the incomplete last run of `bound` values, so that none is favoured. */
	uint64_t unfair = -bound % bound;
	uint64_t value;

	do
		value = random_next(stream);
	while (value < unfair);
	return value % bound;
}

bool random_chance(struct random_stream *stream, uint32_t parts_per_million)
{
	return random_below(stream, 1000000) < parts_per_million;
}

void random_bytes(struct random_stream *stream, void *out, size_t length)
{
	uint8_t *to = out;

	for (size_t i = 0; i < length; i += 8) {
		uint64_t bits = random_next(stream);

		for (size_t k = i; k < i + 8 && k < length; k++, bits >>= 8)
			to[k] = (uint8_t)bits;
	}
}
