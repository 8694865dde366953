/*
 * Numbers that an outsider cannot guess but that the same connection gets again: a keyed hash of
 * its addresses and ports (SipHash-2-4), for initial sequence numbers and timestamp offsets.
 */
#pragma once
#include <stdint.h>
#include "stack/tcp/demux.h"

struct secret {
	uint64_t key[2];
};

/* The hash of the four addresses and ports of `flow`. */
uint64_t secret_hash(const struct secret *secret, const struct flow *flow);

/* SipHash-2-4 of whole 64-bit words, for the test vectors' sake. */
uint64_t siphash_words(const uint64_t key[2], const uint64_t *words, unsigned count);
