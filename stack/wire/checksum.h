/*
 * The Internet checksum (RFC 1071): whole, in pieces, while copying, and updated in place (RFC 1624).
 *
 * A "sum" is a one's complement sum of 16-bit words in progress, in 32 bits: several values stand for
 * the same sum until checksum_finish() makes a header field of it. It starts as 0 or
 * checksum_pseudo(). Received bytes that include their checksum are right when checksum_finish()
 * gives 0.
 */
#pragma once
#include "sim/bytes.h"

/* Adds `in` to `sum`. Only the last piece of a message may have an odd length. */
uint32_t checksum_add(uint32_t sum, struct bytes in);

/* The same while copying `in` to `out`, which must not overlap it: one pass over memory. */
uint32_t checksum_copy(uint32_t sum, uint8_t *out, struct bytes in);

/*
 * Joins the sum of a piece that was summed on its own from 0, and that lies `offset` bytes into the
 * message: at an odd offset its bytes stand in the other halves of the words (RFC 1071 section 2B).
 */
static inline uint32_t checksum_join(uint32_t sum, uint32_t piece, size_t offset)
{
	if (offset & 1)
		piece = piece << 8 | piece >> 24;
	sum += piece;
	return sum + (sum < piece); /* the carry goes around */
}

/*
 * The sum of the pseudo header of UDP (RFC 768) and TCP (RFC 9293 section 3.1). Addresses in host
 * order; `length_bytes` is that of the transport header and payload.
 */
uint32_t checksum_pseudo(uint32_t source, uint32_t destination, uint8_t protocol,
			 size_t length_bytes);

/* The header field for `sum`: its complement in 16 bits, in host order. */
static inline uint16_t checksum_finish(uint32_t sum)
{
	/* The upper half of the number plus its halves exchanged: never 0 but for 0. */
	return (uint16_t) ~((sum + (sum << 16 | sum >> 16)) >> 16);
}

/* checksum_finish(checksum_add(0, in)). */
uint16_t checksum_of(struct bytes in);

/*
 * The checksum field after a 16-bit word of the summed bytes changed from `old_word` to `new_word`
 * (RFC 1624 equation 3). The word must lie at an even offset.
 */
uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word);
