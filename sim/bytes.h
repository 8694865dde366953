/* Borrowed views of bytes, and integers in network byte order. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes: valid during the call it is passed to, never stored beyond it. */
struct bytes {
	const uint8_t *data;
	size_t length;
};

/* What a parser of outside bytes found. Every value but PARSE_OK leaves the outputs untouched. */
enum parse_status {
	PARSE_OK,
	PARSE_TRUNCATED,    /* the bytes end before the structure does */
	PARSE_BAD_LENGTH,   /* a length field contradicts the bytes or the RFC */
	PARSE_BAD_VALUE,    /* a field holds a value that the RFC forbids */
	PARSE_BAD_CHECKSUM, /* the checksum does not match */
	PARSE_UNSUPPORTED,  /* well formed, but a version or type that is not handled */
};

/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct bytes bytes_of(const char *text)
{
	return (struct bytes) { (const uint8_t *)text, strlen(text) };
}

/* The part of `in` from `offset` on; empty when `offset` is past the end. */
static inline struct bytes bytes_from(struct bytes in, size_t offset)
{
	if (offset > in.length)
		offset = in.length;
	/* An empty run may have no address, and C allows no sum with that. */
	return (struct bytes) { offset > 0 ? in.data + offset : in.data, in.length - offset };
}

/* The first `length` bytes of `in`; all of it when it is shorter. */
static inline struct bytes bytes_first(struct bytes in, size_t length)
{
	return (struct bytes) { in.data, length < in.length ? length : in.length };
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Where the first `byte` stands in `in`; NULL when nowhere. An empty run may have no address. */
static inline const uint8_t *bytes_find_byte(struct bytes in, uint8_t byte)
{
	return in.length == 0 ? NULL : memchr(in.data, byte, in.length);
}

/*
 * Numbers in the order of the wire, at any address. Each is written by one store of its width: a
 * checksum that reads whole words right behind would have to wait for smaller pieces.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIRE_ORDER(bits, value) __builtin_bswap##bits(value)
#else
#define WIRE_ORDER(bits, value) (value)
#endif

static inline uint16_t get_be16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof value);
	return WIRE_ORDER(16, value);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof value);
	return WIRE_ORDER(32, value);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof value);
	return WIRE_ORDER(64, value);
}

static inline void put_be16(uint8_t *p, uint16_t value)
{
	value = WIRE_ORDER(16, value);
	memcpy(p, &value, sizeof value);
}

static inline void put_be32(uint8_t *p, uint32_t value)
{
	value = WIRE_ORDER(32, value);
	memcpy(p, &value, sizeof value);
}

static inline void put_be64(uint8_t *p, uint64_t value)
{
	value = WIRE_ORDER(64, value);
	memcpy(p, &value, sizeof value);
}
