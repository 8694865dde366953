/* Printable ASCII in bytes from outside, many of them at a time: most of what mail consists of is text. */
#pragma once
#include "sim/bytes.h"

/* SP to "~". */
static inline bool ascii_is_printable(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

/* The highest bit of the first of eight bytes that is not printable, and perhaps of others behind it. */
static inline uint64_t ascii_others(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	/* Beyond ASCII; below a space; DEL. What is borrowed comes from such a byte. */
	return (word | (word - ones * ' ') | ((word ^ ones * 0x7f) - ones)) & ones * 0x80;
}

#define ASCII_RUN_BYTES 16

/* Whether so many bytes are all printable. */
static inline bool ascii_is_run(const uint8_t *p)
{
	typedef int8_t run __attribute__((vector_size(ASCII_RUN_BYTES)));
	const run zero = { 0 };
	run bytes;
	uint64_t others[2];

	memcpy(&bytes, p, sizeof bytes);
	bytes = (run)(bytes < zero + ' ') | (run)(bytes == zero + 0x7f);
	memcpy(others, &bytes, sizeof others);
	return (others[0] | others[1]) == 0;
}

/* How many bytes at the beginning are printable. */
static inline size_t ascii_printable_bytes(struct bytes in)
{
	size_t count = 0;
	uint64_t others;

	while (count + ASCII_RUN_BYTES <= in.length && ascii_is_run(in.data + count))
		count += ASCII_RUN_BYTES;
	for (; count + sizeof others <= in.length; count += sizeof others) {
		others = ascii_others(in.data + count);
		if (others != 0)
			return count + (size_t)__builtin_ctzll(others) / 8;
	}
	if (count > 0 && count < in.length) { /* the last eight: those in front are printable */
		others = ascii_others(in.data + in.length - sizeof others);
		return others == 0
			   ? in.length
			   : in.length - sizeof others + (size_t)__builtin_ctzll(others) / 8;
	}
	while (count < in.length && ascii_is_printable(in.data[count]))
		count++;
	return count;
}

/* Writes as many characters as there are bytes, without a NUL: '.' for those that are not printable. */
static inline void ascii_print(struct bytes in, char *out)
{
	while (in.length > 0) {
		size_t plain = ascii_printable_bytes(in);

		memcpy(out, in.data, plain);
		if (plain < in.length)
			out[plain++] = '.';
		out += plain;
		in = bytes_from(in, plain);
	}
}
