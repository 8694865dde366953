/* A segment as a line of a dialogue describes it: read from words, built as bytes, compared. */
#pragma once
#include <glib.h>
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"

enum { /* what a line says of a segment; the rest is left to the other side of the comparison */
       SAYS_SEQ = 1,
       SAYS_ACK = 2,
       SAYS_WINDOW = 4,
       SAYS_MSS = 8,
       SAYS_SCALE = 16,
       SAYS_TIMESTAMP = 32,
       SAYS_TIMESTAMP_VALUE = 64,
       SAYS_ECHO = 128,
       SAYS_NO_TIMESTAMP = 256,
       SAYS_URGENT = 512,
       SAYS_PORT = 1024,
       SAYS_BAD = 2048,
       SAYS_SACK_PERMITTED = 4096,
       SAYS_DONT_FRAGMENT = 8192,
       SAYS_MAY_FRAGMENT = 16384,
};

struct described_segment {
	unsigned says;
	uint8_t flags;
	uint32_t sequence, acknowledgment; /* relative */
	uint32_t length;
	uint16_t window, urgent, port;
	struct tcp_options options; /* SACK relative; timestamp value relative when sent */
	char **message; /* the words behind "dns": a DNS message is the payload; NULL: a pattern */
	int64_t tolerance_ns;
};

/* Reads FLAGS and words; false: `problem` says what is wrong. */
bool described_segment_read(char **words, struct described_segment *segment, const char **problem);

/* Reads "40ms", "1.5s", "300us", or seconds without a unit; false when it is no time. */
bool dialogue_time_read(const char *word, int64_t *time_ns);

/* The byte at `offset` of either stream. */
uint8_t dialogue_pattern(uint64_t offset);
