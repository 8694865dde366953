/* Domain names in wire form and in text (RFC 1035 sections 3.1, 4.1.4 and 5.1; RFC 4343). */
#pragma once
#include "sim/bytes.h"

#define DNS_NAME_BYTES      255  /* the longest name on the wire, with its root label */
#define DNS_LABEL_BYTES     63   /* the longest label */
#define DNS_NAME_TEXT_BYTES 1024 /* room for every text dns_name_print() writes */

/*
 * A borrowed name: labels, each behind its length, up to and with the empty root label; never
 * compressed. Zeroed (length 0) it is no name at all; the root is one zero byte.
 */
struct dns_name {
	const uint8_t *wire;
	size_t length; /* 1 to DNS_NAME_BYTES */
};

/* Room for a name that is being made. */
struct dns_name_buffer {
	uint8_t wire[DNS_NAME_BYTES];
};

/*
 * Reads the name at `*offset` of `message`, following compression pointers (only backwards, so
 * that none can loop). On PARSE_OK `name` is in `buffer` and `*offset` is behind the name's last
 * byte at its own place; otherwise all three are undefined.
 */
enum parse_status dns_name_parse(struct bytes message, size_t *offset,
				 struct dns_name_buffer *buffer, struct dns_name *name);

/*
 * Reads a name from text, with or without the final dot; "." is the root. `\.` and `\DDD` are
 * understood. False when a label is empty or longer than 63 bytes, or the name longer than 255.
 */
bool dns_name_from_text(const char *text, struct dns_name_buffer *buffer, struct dns_name *name);

/*
 * Writes the name as text without the final dot (the root as "."), odd bytes as escapes, into
 * `out`, which it returns.
 */
char *dns_name_print(struct dns_name name, char out[DNS_NAME_TEXT_BYTES]);

/*
 * Reads one character of text, which is not at its end, with `\.` and `\DDD` resolved (RFC 1035
 * section 5.1); false on a bad escape.
 */
bool dns_character_from_text(const char **text, uint8_t *c);

/* The name at the front of `wire`, which is known to be uncompressed and whole. */
struct dns_name dns_name_at(const uint8_t *wire);

/* Compare without regard to the case of ASCII letters (RFC 4343). */
bool dns_name_equal(struct dns_name a, struct dns_name b);

/* Canonical order (RFC 4034 section 6.1): by labels from the right. Less than, 0, or more. */
int dns_name_compare(struct dns_name a, struct dns_name b);

/* A hash that does not see case. */
unsigned dns_name_hash(struct dns_name name);

/* True when `name` is `ancestor` or lies below it. */
bool dns_name_is_within(struct dns_name name, struct dns_name ancestor);

/* The name without its first label; the root of the root is the root. Borrows the same bytes. */
struct dns_name dns_name_parent(struct dns_name name);

/* Labels, not counting the root: 2 for office.example. */
unsigned dns_name_labels(struct dns_name name);

/* Writes `first` in front of `rest`, e.g. "*" before a zone's name; false when it is too long. */
bool dns_name_join(struct bytes first, struct dns_name rest, struct dns_name_buffer *buffer,
		   struct dns_name *name);

/* A copy of the bytes on the heap; free with g_free(). */
uint8_t *dns_name_copy(struct dns_name name);

/* Writes the name under in-addr.arpa of an IPv4 address (host order; RFC 1035 section 3.5). */
struct dns_name dns_name_of_address(uint32_t address, struct dns_name_buffer *buffer);

/* The root's name. */
struct dns_name dns_name_root(void);
