/* TCP options: MSS (RFC 9293), window scale and timestamps (RFC 7323), SACK (RFC 2018). Pure. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"
#include "stack/wire/option.h"

#define TCP_SACK_BLOCKS_MAX  4  /* what fits into 40 bytes; 3 together with timestamps */
#define TCP_WINDOW_SCALE_MAX 14 /* RFC 7323 section 2.3 */

enum tcp_option_kind {
	TCP_OPTION_END = 0,
	TCP_OPTION_NOP = 1,
	TCP_OPTION_MSS = 2,
	TCP_OPTION_WINDOW_SCALE = 3,
	TCP_OPTION_SACK_PERMITTED = 4,
	TCP_OPTION_SACK = 5,
	TCP_OPTION_TIMESTAMPS = 8,
};

struct tcp_sack_block { /* RFC 2018 section 3 */
	uint32_t left;  /* first sequence number of the block */
	uint32_t right; /* the one behind its last */
};

struct tcp_options { /* zero is "no options" */
	bool has_mss;
	bool has_window_scale;
	bool has_sack_permitted;
	bool has_timestamps;
	uint8_t window_scale; /* shift count as received; more than 14 is to be used as 14 */
	uint8_t sack_count;
	uint16_t mss;
	uint32_t timestamp_value; /* TSval */
	uint32_t timestamp_echo;  /* TSecr */
	struct tcp_sack_block sack[TCP_SACK_BLOCKS_MAX];
};

/* The fields of an option of `kind`, for views; of any option when the kind is not known. */
const struct field_table *tcp_option_fields(uint8_t kind);

/*
 * Parses the option bytes of a header. Unknown options are skipped; an option of a known kind with
 * a wrong length is PARSE_BAD_LENGTH. Where one comes twice, the last counts.
 */
enum parse_status tcp_options_parse(struct bytes in, struct tcp_options *options);

/* The bytes that tcp_options_emit() will write: a multiple of 4, at most 40. */
size_t tcp_options_length(const struct tcp_options *options);

/*
 * Writes the options at `out` in the order and with the NOPs that Linux uses, so that 4-byte words
 * are aligned; returns their length. SACK blocks that do not fit are left out.
 */
size_t tcp_options_emit(const struct tcp_options *options, uint8_t *out);
