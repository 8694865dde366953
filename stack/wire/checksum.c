#include "stack/wire/checksum.h"

/*
 * The sum does not depend on the byte order in which words are added, nor on their width (RFC 1071
 * section 2B), so the loops add native 32-bit words, many at a time, and swap once at the end.
 *
 * Eight 64-bit lanes of a vector hold two words each. `all` adds whole lanes and loses carries, `high`
 * adds their upper words; the sum of the lower words fits in 64 bits and follows from the two.
 */
typedef uint64_t lanes __attribute__((vector_size(64)));

#define BLOCK_BYTES sizeof(lanes)

/*
 * The loops over blocks exist three times where the loader can choose: for processors with vectors
 * of 512 bits, of 256, and for all. The sums are the same. The sanitizers do not go together with
 * such a choice.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) &&                            \
    !defined(__SANITIZE_ADDRESS__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Adds `blocks` blocks from `p` on, and copies them to `out` unless it is NULL. */
static inline __attribute__((always_inline)) uint64_t add_blocks(const uint8_t *p, uint8_t *out,
								 size_t blocks)
{
	lanes all = { 0 }, high = { 0 };

#pragma GCC unroll 2
	for (; blocks > 0; blocks--, p += BLOCK_BYTES) {
		lanes block;

		memcpy(&block, p, sizeof block);
		if (out != NULL) {
			memcpy(out, &block, sizeof block);
			out += BLOCK_BYTES;
		}
		all += block;
		high += block >> 32;
	}
	lanes both = all - (high << 32) + high;
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK_BYTES / sizeof sum; i++)
		sum += both[i];
	return sum;
}

FOR_EACH_PROCESSOR static uint64_t sum_blocks(const uint8_t *p, size_t blocks)
{
	return add_blocks(p, NULL, blocks);
}

FOR_EACH_PROCESSOR static uint64_t copy_blocks(const uint8_t *p, uint8_t *restrict out,
					       size_t blocks)
{
	return add_blocks(p, out, blocks);
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* The last 1 to 3 bytes as a word, zeros behind them. */
static inline uint32_t load_rest(const uint8_t *p, size_t length)
{
	uint8_t padded[4] = { 0 };

	memcpy(padded, p, length);
	return load32(padded);
}

/* Folds 64 bits to 32, the carry going around: the upper half of the number plus its halves exchanged. */
static inline uint32_t fold64(uint64_t sum)
{
	return (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);
}

/* Adds a sum of words of this machine to one in the order of the wire. */
static inline uint32_t add_native(uint32_t sum, uint64_t native)
{
	return checksum_join(sum, fold64(native), __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

/*
 * Words that lie one behind the other; their number is a constant, so that no loop is left. They are
 * read one by one, as headers are written: a vector would wait until all of its pieces have reached the
 * cache. The empty statement, which wants each in a register, keeps the compiler from making one.
 */
static inline uint64_t sum_of_words(const uint8_t *p, size_t words)
{
	uint64_t sum = 0;

#pragma GCC unroll 8
	for (size_t i = 0; i < words; i++) {
		uint64_t word = load32(p + 4 * i);

		__asm__("" : "+r"(word));
		sum += word;
	}
	return sum;
}

/* Less than a block: headers, the rest of a payload. */
static inline uint64_t sum_of_few(const uint8_t *p, size_t length)
{
	uint64_t sum = 0;

	if (length == 20) /* IPv4, TCP; below: TCP with timestamps */
		return sum_of_words(p, 5);
	if (length == 32)
		return sum_of_words(p, 8);

	for (; length >= 4; length -= 4, p += 4)
		sum += load32(p);
	return length == 0 ? sum : sum + load_rest(p, length);
}

static __attribute__((noinline)) uint32_t add_many(uint32_t sum, struct bytes in)
{
	size_t in_blocks = in.length - in.length % BLOCK_BYTES;
	uint64_t total = sum_blocks(in.data, in.length / BLOCK_BYTES);

	return add_native(sum, total + sum_of_few(in.data + in_blocks, in.length - in_blocks));
}

uint32_t checksum_add(uint32_t sum, struct bytes in)
{
	if (in.length >= BLOCK_BYTES)
		return add_many(sum, in);
	return add_native(sum, sum_of_few(in.data, in.length));
}

uint32_t checksum_copy(uint32_t sum, uint8_t *restrict out, struct bytes in)
{
	size_t in_blocks = in.length - in.length % BLOCK_BYTES;
	const uint8_t *rest = in.data + in_blocks;
	uint64_t total = 0;

	if (in_blocks > 0)
		total = copy_blocks(in.data, out, in.length / BLOCK_BYTES);
	memcpy(out + in_blocks, rest, in.length - in_blocks);
	return add_native(sum, total + sum_of_few(rest, in.length - in_blocks));
}

uint32_t checksum_pseudo(uint32_t source, uint32_t destination, uint8_t protocol,
			 size_t length_bytes)
{
	return fold64((uint64_t)source + destination + protocol + length_bytes);
}

uint16_t checksum_of(struct bytes in)
{
	return checksum_finish(checksum_add(0, in));
}

uint16_t checksum_update(uint16_t checksum, uint16_t old_word, uint16_t new_word)
{
	/* HC' = ~(~HC + ~m + m') */
	uint32_t sum = (uint16_t)~checksum + (uint32_t)(uint16_t)~old_word + new_word;

	return checksum_finish(sum);
}
