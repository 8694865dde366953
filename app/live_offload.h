/*
 * What a network card would do to a frame before it is on the wire: Linux hands over frames whose
 * checksum is not finished and that are longer than the MTU, and says so in a virtio_net_hdr. Here
 * they become what a cable carries: checksums complete, TCP and UDP cut to segments.
 */
#pragma once
#include "sim/bytes.h"

struct virtio_net_hdr;

#define OFFLOAD_FRAME_BYTES_MAX 65600 /* what one read may bring: 64 KiB and headers */

struct offload_result {
	unsigned frames;   /* emitted */
	bool is_completed; /* a checksum was finished */
	bool is_split;     /* it was longer than one segment */
};

/*
 * Finishes `frame`, whose bytes may be changed, as `header` asks and hands each frame that results
 * to `emit`, borrowed. What makes no sense (offsets beyond the frame, kinds unknown or of IPv6) is
 * emitted not at all: `frames` is 0.
 */
struct offload_result offload_finish(const struct virtio_net_hdr *header, uint8_t *frame,
				     size_t length, void (*emit)(void *owner, struct bytes frame),
				     void *owner);
