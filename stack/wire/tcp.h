/* TCP header codec (RFC 9293 section 3.1). Pure: no state, no allocation. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"

#define TCP_HEADER_BYTES      20
#define TCP_HEADER_MAX_BYTES  60
#define TCP_OPTIONS_MAX_BYTES 40

enum tcp_flag { /* as they stand in the flags byte */
		TCP_FIN = 0x01,
		TCP_SYN = 0x02,
		TCP_RST = 0x04,
		TCP_PSH = 0x08,
		TCP_ACK = 0x10,
		TCP_URG = 0x20,
		TCP_ECE = 0x40, /* RFC 3168 */
		TCP_CWR = 0x80, /* RFC 3168 */
};

struct tcp_header { /* all fields in host byte order */
	uint16_t source_port;
	uint16_t destination_port;
	uint32_t sequence;
	uint32_t acknowledgment;
	uint8_t header_bytes; /* data offset in bytes; set by parse, ignored by emit */
	uint8_t flags;        /* set of enum tcp_flag */
	uint16_t window;      /* as on the wire: not scaled */
	uint16_t checksum;
	uint16_t urgent_pointer;
	struct bytes options; /* borrowed; a multiple of 4 bytes up to 40: tcp_options.h */
};

extern const struct field_table tcp_fields;

/*
 * Parses the segment `in`; `payload` is what follows header and options. A data offset below 20
 * bytes or beyond the segment is PARSE_BAD_LENGTH. Does not verify the checksum.
 */
enum parse_status tcp_header_parse(struct bytes in, struct tcp_header *header,
				   struct bytes *payload);

/*
 * The same for a segment whose end may be missing, as captures of few bytes per packet have them:
 * options and payload are what there is of them. The first TCP_HEADER_BYTES must be there.
 */
enum parse_status tcp_header_parse_cut(struct bytes in, struct tcp_header *header,
				       struct bytes *payload);

/* The bytes that tcp_header_emit() will write: 20 plus the options. */
static inline size_t tcp_header_length(const struct tcp_header *header)
{
	return TCP_HEADER_BYTES + header->options.length;
}

/*
 * Writes tcp_header_length() bytes at `out`, `header->checksum` as it is. The options may already
 * stand at their place, `out` + 20, e.g. from tcp_options_emit().
 */
void tcp_header_emit(const struct tcp_header *header, uint8_t *out);

/*
 * Completes the emitted header at `out` with its checksum, whatever stood there. `payload_sum` is
 * checksum_add() or checksum_copy() of the `payload_bytes` of payload from 0.
 */
void tcp_checksum_set(uint8_t *out, uint32_t payload_sum, size_t payload_bytes, uint32_t source,
		      uint32_t destination);

/* Verifies `segment`, header and payload. */
bool tcp_checksum_is_right(struct bytes segment, uint32_t source, uint32_t destination);

/*
 * The same where the sum of its last `payload_bytes` bytes is known: checksum_add() of them from 0. They
 * are not read.
 */
bool tcp_checksum_is_right_with(struct bytes segment, uint32_t payload_sum, size_t payload_bytes,
				uint32_t source, uint32_t destination);

/* Sequence numbers the segment occupies: payload, SYN and FIN count (RFC 9293 section 3.4). */
static inline uint32_t tcp_sequence_length(const struct tcp_header *header, size_t payload_bytes)
{
	return (uint32_t)payload_bytes + ((header->flags & TCP_SYN) != 0) +
	       ((header->flags & TCP_FIN) != 0);
}

/* A ninth flag in the byte before the others (RFC 9768 section 3.1, once NS of RFC 3540). */
#define TCP_AE_BYTE          12
#define TCP_AE               0x01

#define TCP_FLAGS_TEXT_BYTES 32

/* Prints flags as "SYN ACK" into `out`, or "none"; returns `out`. */
char *tcp_flags_print(uint8_t flags, char out[TCP_FLAGS_TEXT_BYTES]);
