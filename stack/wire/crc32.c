#include "stack/wire/crc32.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * Slicing by 8: row k of the tables holds, for each byte, its remainder when k more bytes follow.
 *
 * The remainder of a byte is the exclusive or of those of its bits, so a row follows from 8
 * constants. All 64 are the powers x^32 to x^95 modulo the polynomial, bit-reversed as Ethernet
 * sends bits: each is the one before, shifted, and reduced by 0xedb88320 when a one fell out.
 */
#define ENTRY(i, a, b, c, d, e, f, g, h)                                                           \
	(((i)&128 ? (a) : 0) ^ ((i)&64 ? (b) : 0) ^ ((i)&32 ? (c) : 0) ^ ((i)&16 ? (d) : 0) ^      \
	 ((i)&8 ? (e) : 0) ^ ((i)&4 ? (f) : 0) ^ ((i)&2 ? (g) : 0) ^ ((i)&1 ? (h) : 0))
#define ENTRIES_4(i, ...)                                                                          \
	ENTRY(i, __VA_ARGS__), ENTRY((i) + 1, __VA_ARGS__), ENTRY((i) + 2, __VA_ARGS__),           \
	    ENTRY((i) + 3, __VA_ARGS__)
#define ENTRIES_16(i, ...)                                                                         \
	ENTRIES_4(i, __VA_ARGS__), ENTRIES_4((i) + 4, __VA_ARGS__),                                \
	    ENTRIES_4((i) + 8, __VA_ARGS__), ENTRIES_4((i) + 12, __VA_ARGS__)
#define ENTRIES_64(i, ...)                                                                         \
	ENTRIES_16(i, __VA_ARGS__), ENTRIES_16((i) + 16, __VA_ARGS__),                             \
	    ENTRIES_16((i) + 32, __VA_ARGS__), ENTRIES_16((i) + 48, __VA_ARGS__)
#define ROW(...)                                                                                   \
	{                                                                                          \
		ENTRIES_64(0, __VA_ARGS__), ENTRIES_64(64, __VA_ARGS__),                           \
		    ENTRIES_64(128, __VA_ARGS__), ENTRIES_64(192, __VA_ARGS__)                     \
	}

/* clang-format off */
static const uint32_t table[8][256] = {
	ROW(0xedb88320, 0x76dc4190, 0x3b6e20c8, 0x1db71064, 0x0edb8832, 0x076dc419, 0xee0e612c, 0x77073096),
	ROW(0x3b83984b, 0xf0794f05, 0x958424a2, 0x4ac21251, 0xc8d98a08, 0x646cc504, 0x32366282, 0x191b3141),
	ROW(0xe1351b80, 0x709a8dc0, 0x384d46e0, 0x1c26a370, 0x0e1351b8, 0x0709a8dc, 0x0384d46e, 0x01c26a37),
	ROW(0xed59b63b, 0x9b14583d, 0xa032af3e, 0x5019579f, 0xc5b428ef, 0x8f629757, 0xaa09c88b, 0xb8bc6765),
	ROW(0xb1e6b092, 0x58f35849, 0xc1c12f04, 0x60e09782, 0x30704bc1, 0xf580a6c0, 0x7ac05360, 0x3d6029b0),
	ROW(0x1eb014d8, 0x0f580a6c, 0x07ac0536, 0x03d6029b, 0xec53826d, 0x9b914216, 0x4dc8a10b, 0xcb5cd3a5),
	ROW(0x8816eaf2, 0x440b7579, 0xcfbd399c, 0x67de9cce, 0x33ef4e67, 0xf44f2413, 0x979f1129, 0xa6770bb4),
	ROW(0x533b85da, 0x299dc2ed, 0xf9766256, 0x7cbb312b, 0xd3e51bb5, 0x844a0efa, 0x4225077d, 0xccaa009e),
};
/* clang-format on */

static inline uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Both ways below work on the inverted register that Ethernet prescribes. */
static uint32_t slice_by_8(uint32_t crc, const uint8_t *p, size_t length)
{
	for (; length >= 8; length -= 8, p += 8) {
		uint32_t low = crc ^ get_le32(p), high = get_le32(p + 4);

		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		      table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^ table[3][high & 0xff] ^
		      table[2][high >> 8 & 0xff] ^ table[1][high >> 16 & 0xff] ^
		      table[0][high >> 24];
	}
	if (length >= 4) {
		crc ^= get_le32(p);
		crc = table[3][crc & 0xff] ^ table[2][crc >> 8 & 0xff] ^
		      table[1][crc >> 16 & 0xff] ^ table[0][crc >> 24];
		p += 4;
		length -= 4;
	}
	for (; length > 0; length--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return crc;
}

uint32_t crc32_add_by_table(uint32_t crc, struct bytes in)
{
	return ~slice_by_8(~crc, in.data, in.length);
}

#if defined(__x86_64__)

bool crc32_can_multiply(void)
{
	return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse2");
}

__attribute__((target("pclmul,sse2"))) static inline __m128i load128(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Moves `folded` forward by the distance that `powers` stands for, onto `next`. */
__attribute__((target("pclmul,sse2"))) static inline __m128i fold(__m128i folded, __m128i powers,
								  __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(folded, powers, 0x00);
	__m128i high = _mm_clmulepi64_si128(folded, powers, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/*
 * Folding: 128 bits of message, times x^n modulo the polynomial, are worth the same n bits
 * further on. The constants are x^(n+32) and x^(n-32) modulo the polynomial, bit-reversed and
 * shifted up by one, because the product of two reversed numbers is one bit short.
 */
__attribute__((target("pclmul,sse2"))) uint32_t crc32_add_by_multiplication(uint32_t crc,
									    struct bytes in)
{
	const __m128i by_512 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
	const __m128i by_128 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
	const uint8_t *p = in.data;
	size_t left = in.length;

	if (left < 16)
		return crc32_add_by_table(crc, in);

	__m128i a = _mm_xor_si128(load128(p), _mm_cvtsi32_si128((int)~crc));

	/* Four multiplications at a time do not wait for each other. */
	if (left >= 64) {
		__m128i b = load128(p + 16), c = load128(p + 32), d = load128(p + 48);

		for (p += 64, left -= 64; left >= 64; p += 64, left -= 64) {
			a = fold(a, by_512, load128(p));
			b = fold(b, by_512, load128(p + 16));
			c = fold(c, by_512, load128(p + 32));
			d = fold(d, by_512, load128(p + 48));
		}
		a = fold(fold(fold(a, by_128, b), by_128, c), by_128, d);
	} else {
		p += 16;
		left -= 16;
	}
	for (; left >= 16; p += 16, left -= 16)
		a = fold(a, by_128, load128(p));

	/* The 16 bytes left in `a` are worth all of the message before `p`. */
	uint8_t last[16];

	_mm_storeu_si128((__m128i *)(void *)last, a);
	return ~slice_by_8(slice_by_8(0, last, sizeof last), p, left);
}

#else

bool crc32_can_multiply(void)
{
	return false;
}

uint32_t crc32_add_by_multiplication(uint32_t crc, struct bytes in)
{
	return crc32_add_by_table(crc, in);
}

#endif

uint32_t crc32_add(uint32_t crc, struct bytes in)
{
	return crc32_can_multiply() ? crc32_add_by_multiplication(crc, in)
				    : crc32_add_by_table(crc, in);
}
