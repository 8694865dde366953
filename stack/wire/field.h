/*
 * Tables that describe wire formats field by field, and the one reader that works on them all.
 * Each codec exports its table; whatever is shown of a header is read by it.
 */
#pragma once
#include "sim/bytes.h"

enum field_format {
	FIELD_DECIMAL, /* the number with `unit` behind it; "20 bytes (5)" when `scale` is not 1 */
	FIELD_HEX,     /* 0x and as many digits as the width has */
	FIELD_FLAG,    /* one bit: "set" or "not set" */
	FIELD_ENUM,    /* `names` holds values: "TCP (6)", or the bare number */
	FIELD_MAC,
	FIELD_IPV4,
	FIELD_IPV6,  /* 128 bits */
	FIELD_BYTES, /* "12 bytes: 01 02 ..." */
};

struct field_name {
	uint32_t value;
	const char *name;
};

struct field {
	const char *name;               /* in the words of the RFC */
	uint16_t bit_offset;            /* from the start of the structure, as RFC figures count */
	uint16_t bit_width;             /* 0: the rest of the structure, in whole bytes */
	uint8_t format;                 /* enum field_format */
	uint8_t scale;                  /* the number counts units of so many; 0 is 1 */
	const char *unit;               /* of the scaled number; NULL: none */
	const struct field_name *names; /* ends with a NULL name; NULL: none */
	const char *purpose;            /* what it is for, one sentence */
	const char *reference;          /* "RFC 791 section 3.1" */
};

struct field_table {
	const char *name; /* "IPv4 header" */
	const struct field *fields;
	uint16_t field_count;
	uint16_t repeat_first; /* fields from here on repeat as long as there are bytes, */
	uint16_t repeat_bytes; /* in steps of so many; 0: nothing repeats */
	const char *purpose;   /* what the structure is for; NULL: see its fields */
};

#define FIELD_TEXT_BYTES 96 /* room for every text field_print() writes */

/*
 * Reads the number in `field` of the structure that starts `in`. PARSE_TRUNCATED when it ends
 * before the field does; PARSE_UNSUPPORTED when the field is wider than 64 bits or open-ended.
 */
enum parse_status field_value(const struct field *field, struct bytes in, uint64_t *value);

/* The whole bytes that `field` touches; fewer where `in` is too short. */
struct bytes field_bytes(const struct field *field, struct bytes in);

/* The name that `field` has for `value`, or NULL. */
const char *field_value_name(const struct field *field, uint64_t value);

/*
 * Prints the value of `field` in the structure `in` as people read it; "(missing)" when `in` is too
 * short. Long bytes are cut with "...". Returns `out`.
 */
char *field_print(const struct field *field, struct bytes in, char out[FIELD_TEXT_BYTES]);
