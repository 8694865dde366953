#include "stack/wire/checksum.h"

/*
 * The sum does not depend on the byte order in which words are added, nor on their width (RFC 1071
 * section 2B), so the loops add native 32-bit words, four at a time, and swap once at the end.
 *
 * Two 64-bit lanes of a vector hold two words each. `all` adds whole lanes and loses carries, `high`
 * adds their upper words; the sum of the lower words fits in 64 bits and follows from the two.
 */
typedef uint64_t lanes __attribute__((vector_size(16)));

struct lane_sums {
	lanes all, high;
};

static inline lanes load_lanes(const uint8_t *p)
{
	lanes loaded;

	memcpy(&loaded, p, sizeof loaded);
	return loaded;
}

static inline void add_lanes(struct lane_sums *sums, lanes added)
{
	sums->all += added;
	sums->high += added >> 32;
}

static inline uint64_t total_of(const struct lane_sums *sums)
{
	lanes both = sums->all - (sums->high << 32) + sums->high;

	return both[0] + both[1];
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/* The last 0 to 7 bytes as words, zeros behind them. */
static inline uint64_t sum_of_rest(const uint8_t *p, size_t length)
{
	uint8_t padded[4] = { 0 };
	uint64_t sum = 0;

	if (length & 4) {
		sum = load32(p);
		p += 4;
	}
	if (length & 2)
		memcpy(padded, p, 2);
	if (length & 1)
		padded[length & 2] = p[length & 2];
	return sum + load32(padded);
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

uint32_t checksum_add(uint32_t sum, struct bytes in)
{
	const uint8_t *p = in.data;
	size_t left = in.length;
	struct lane_sums sums = { 0 };

	for (; left >= 32; left -= 32, p += 32) {
		add_lanes(&sums, load_lanes(p));
		add_lanes(&sums, load_lanes(p + 16));
	}
	uint64_t total = total_of(&sums);

	for (; left >= 8; left -= 8, p += 8)
		total += (uint64_t)load32(p) + load32(p + 4);
	total += sum_of_rest(p, left);
	return fold((uint64_t)sum + from_native(total));
}

uint32_t checksum_copy(uint32_t sum, uint8_t *restrict out, struct bytes in)
{
	const uint8_t *p = in.data;
	size_t left = in.length;
	struct lane_sums sums = { 0 };

	for (; left >= 32; left -= 32, p += 32, out += 32) {
		lanes first = load_lanes(p), second = load_lanes(p + 16);

		memcpy(out, &first, 16);
		memcpy(out + 16, &second, 16);
		add_lanes(&sums, first);
		add_lanes(&sums, second);
	}
	uint64_t total = total_of(&sums);

	for (; left >= 8; left -= 8, p += 8, out += 8) {
		memcpy(out, p, 8);
		total += (uint64_t)load32(p) + load32(p + 4);
	}
	memcpy(out, p, left);
	total += sum_of_rest(p, left);
	return fold((uint64_t)sum + from_native(total));
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
