#include "stack/tcp/secret.h"

/* SipHash: a fast short-input PRF, Aumasson and Bernstein, 2012. */
struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

uint64_t siphash_words(const uint64_t key[2], const uint64_t *words, unsigned count)
{
	struct sip s = {
		.v0 = key[0] ^ UINT64_C(0x736f6d6570736575),
		.v1 = key[1] ^ UINT64_C(0x646f72616e646f6d),
		.v2 = key[0] ^ UINT64_C(0x6c7967656e657261),
		.v3 = key[1] ^ UINT64_C(0x7465646279746573),
	};

	for (unsigned i = 0; i < count; i++)
		sip_word(&s, words[i]);
	sip_word(&s, (uint64_t)(8 * count & 0xff) << 56); /* the length in the last byte */
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t secret_hash(const struct secret *secret, const struct flow *flow)
{
	uint64_t words[2] = {
		(uint64_t)flow->local_address << 32 | flow->remote_address,
		(uint64_t)flow->local_port << 16 | flow->remote_port,
	};

	return siphash_words(secret->key, words, 2);
}
