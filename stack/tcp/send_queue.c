#include "stack/tcp/send_queue.h"

#include <glib.h>
#include "stack/wire/checksum.h"

#define FIRST_CAPACITY 512

/* Where `sequence` lies, and how many bytes follow before the ring's end. */
static uint8_t *place(const struct send_queue *queue, uint32_t sequence, uint32_t *contiguous)
{
	uint32_t index = sequence & (queue->capacity - 1);

	*contiguous = queue->capacity - index;
	return queue->ring + index;
}

static void store(struct send_queue *queue, uint32_t sequence, struct bytes bytes)
{
	uint32_t contiguous;
	uint8_t *at = place(queue, sequence, &contiguous);
	struct bytes first = bytes_first(bytes, contiguous);
	struct bytes rest = bytes_from(bytes, contiguous);

	memcpy(at, first.data, first.length);
	if (rest.length > 0)
		memcpy(queue->ring, rest.data, rest.length);
}

/* Moves the bytes from `una` up to `end` to a ring of `capacity`. */
static void grow(struct send_queue *queue, uint32_t una, uint32_t end, uint32_t capacity)
{
	struct send_queue larger = { .ring = g_malloc(capacity), .capacity = capacity };

	while (una != end) {
		uint32_t contiguous;
		const uint8_t *from = place(queue, una, &contiguous);
		uint32_t length = MIN(contiguous, end - una);

		store(&larger, una, (struct bytes) { from, length });
		una += length;
	}
	g_free(queue->ring);
	*queue = larger;
}

void send_queue_write(struct send_queue *queue, uint32_t una, uint32_t end, struct bytes bytes)
{
	size_t needed = end - una + bytes.length;

	g_assert(needed <= SEND_QUEUE_MAX_BYTES);
	if (bytes.length == 0)
		return;
	if (needed > queue->capacity) {
		uint32_t capacity = queue->capacity != 0 ? queue->capacity : FIRST_CAPACITY;

		while (capacity < needed)
			capacity *= 2;
		grow(queue, una, end, capacity);
	}
	store(queue, end, bytes);
}

uint32_t send_queue_copy(const struct send_queue *queue, uint32_t sequence, uint32_t length,
			 uint8_t *out)
{
	uint32_t contiguous;
	const uint8_t *from = place(queue, sequence, &contiguous);

	g_assert(length <= queue->capacity);
	if (length <= contiguous)
		return checksum_copy(0, out, (struct bytes) { from, length });

	uint32_t sum = checksum_copy(0, out, (struct bytes) { from, contiguous });
	struct bytes rest = { queue->ring, length - contiguous };

	return checksum_join(sum, checksum_copy(0, out + contiguous, rest), contiguous);
}

void send_queue_clear(struct send_queue *queue)
{
	g_free(queue->ring);
	*queue = (struct send_queue) { 0 };
}
