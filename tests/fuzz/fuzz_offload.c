/* Frames with the kernel's wishes in front, a virtio_net_hdr, as a TAP device hands them over. */
#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "app/live_offload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(void *owner, struct bytes frame)
{
	for (size_t i = 0; i < frame.length; i++)
		*(volatile uint8_t *)owner ^= frame.data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_net_hdr header;
	uint8_t sum = 0;

	if (size <= sizeof header || size > OFFLOAD_FRAME_BYTES_MAX)
		return 0;
	memcpy(&header, data, sizeof header);
	/* Of its very size, so that the sanitizer sees what lies outside. */
	uint8_t *frame = malloc(size - sizeof header);

	memcpy(frame, data + sizeof header, size - sizeof header);
	offload_finish(&header, frame, size - sizeof header, read_all, &sum);
	free(frame);
	return 0;
}
