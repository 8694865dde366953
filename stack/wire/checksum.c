#include "stack/wire/checksum.h"

/*
 * The sum does not depend on the byte order in which words are added (RFC 1071 section 2B), so the
 * loops add native 64-bit words with end-around carry and swap once at the end.
 */
static inline uint64_t add_with_carry(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < b);
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* Folds to 16 bits; never turns a sum that is not 0 into 0. */
static inline uint32_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* From the order of this machine to that of the wire. */
static inline uint32_t from_native(uint64_t native)
{
	uint32_t folded = fold(native);

	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		folded = (folded << 8 | folded >> 8) & 0xffff;
	return folded;
}

/* The last 0 to 7 bytes as one native word, zeros behind them. */
static inline uint64_t load_rest(const uint8_t *p, size_t length)
{
	uint8_t padded[8] = { 0 };

	for (size_t i = 0; i < length; i++)
		padded[i] = p[i];
	return load64(padded);
}

uint32_t checksum_add(uint32_t sum, struct bytes in)
{
	const uint8_t *p = in.data;
	size_t left = in.length;
	uint64_t even = 0, odd = 0;

	for (; left >= 32; left -= 32, p += 32) {
		even = add_with_carry(even, load64(p));
		odd = add_with_carry(odd, load64(p + 8));
		even = add_with_carry(even, load64(p + 16));
		odd = add_with_carry(odd, load64(p + 24));
	}
	for (; left >= 8; left -= 8, p += 8)
		even = add_with_carry(even, load64(p));
	if (left > 0)
		odd = add_with_carry(odd, load_rest(p, left));
	return fold((uint64_t)sum + from_native(add_with_carry(even, odd)));
}

uint32_t checksum_copy(uint32_t sum, uint8_t *restrict out, struct bytes in)
{
	const uint8_t *p = in.data;
	size_t left = in.length;
	uint64_t even = 0, odd = 0;

	for (; left >= 16; left -= 16, p += 16, out += 16) {
		uint64_t first = load64(p), second = load64(p + 8);

		memcpy(out, &first, 8);
		memcpy(out + 8, &second, 8);
		even = add_with_carry(even, first);
		odd = add_with_carry(odd, second);
	}
	if (left > 0)
		memcpy(out, p, left);
	if (left >= 8) {
		even = add_with_carry(even, load64(p));
		p += 8;
		left -= 8;
	}
	if (left > 0)
		odd = add_with_carry(odd, load_rest(p, left));
	return fold((uint64_t)sum + from_native(add_with_carry(even, odd)));
}

uint32_t checksum_join(uint32_t sum, uint32_t piece, size_t offset)
{
	piece = fold(piece);
	if (offset & 1)
		piece = (piece << 8 | piece >> 8) & 0xffff;
	return fold((uint64_t)sum + piece);
}

uint32_t checksum_pseudo(uint32_t source, uint32_t destination, uint8_t protocol,
			 size_t length_bytes)
{
	return fold((uint64_t)source + destination + protocol + length_bytes);
}

uint16_t checksum_finish(uint32_t sum)
{
	return (uint16_t)~fold(sum);
}

uint16_t checksum_of(struct bytes in)
{
	return checksum_finish(checksum_add(0, in));
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word)
{
	/* HC' = ~(~HC + ~m + m') */
	uint32_t sum = (uint16_t)~checksum + (uint32_t)(uint16_t)~old_word + new_word;

	return (uint16_t)~fold(sum);
}
