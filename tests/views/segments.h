/* TCP segments as whole frames, and a model that is fed with them: for tests of views. */
#pragma once
#include "stack/wire/tcp.h"
#include "views/model.h"

#define SEGMENT_FRAME_BYTES_MAX 1514

struct test_segment {
	bool is_from_server; /* 192.0.2.2 port 25; the client is 192.0.2.1 port 1025 */
	uint8_t flags;
	uint32_t sequence, acknowledgment;
	uint16_t window;
	struct bytes options;
	const char *payload;  /* NULL: none */
	size_t payload_bytes; /* of it; 0: up to its NUL */
	uint16_t server_port; /* 0: 25 */
};

/* Writes the frame of `segment` at `out` (SEGMENT_FRAME_BYTES_MAX); borrowed from there. */
struct bytes segment_frame(const struct test_segment *segment, uint8_t *out);

/* Feeds `model` with the segment as packet `packet` of stream direction `object`. */
void segment_feed(struct model *model, const struct test_segment *segment, uint64_t packet,
		  uint64_t object);
