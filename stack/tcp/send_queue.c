#include "stack/tcp/send_queue.h"

#include <glib.h>
#include "stack/tcp/sequence.h"
#include "stack/wire/checksum.h"

#define FIRST_CAPACITY 512
#define RUNS_MAX       4

/* Bytes that belong to one user action or message, from where the run before ends. */
struct run {
	uint64_t root;
	uint32_t end; /* sequence number */
};

/* In front of the ring, so that a connection with nothing to send has none. */
struct owners {
	uint32_t count;
	struct run runs[RUNS_MAX];
};

static struct owners *owners_of(const struct send_queue *queue)
{
	return (struct owners *)(void *)(queue->ring - sizeof(struct owners));
}

/* A queue with an empty ring. */
static struct send_queue with_capacity(uint32_t capacity)
{
	uint8_t *block = g_malloc(sizeof(struct owners) + capacity);

	memset(block, 0, sizeof(struct owners));
	return (struct send_queue) { block + sizeof(struct owners), capacity };
}

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
	struct send_queue larger = with_capacity(capacity);

	g_assert(una == end || queue->ring != NULL); /* bytes lie in a ring */
	if (queue->ring != NULL)
		*owners_of(&larger) = *owners_of(queue);
	while (una != end) {
		uint32_t contiguous;
		const uint8_t *from = place(queue, una, &contiguous);
		uint32_t length = MIN(contiguous, end - una);

		store(&larger, una, (struct bytes) { from, length });
		una += length;
	}
	send_queue_clear(queue);
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

static void forget_before(struct owners *owners, uint32_t una)
{
	uint32_t gone = 0;

	while (gone < owners->count && sequence_at_most(owners->runs[gone].end, una))
		gone++;
	owners->count -= gone;
	memmove(owners->runs, owners->runs + gone, owners->count * sizeof owners->runs[0]);
}

void send_queue_belong(struct send_queue *queue, uint32_t una, uint32_t end, uint64_t root)
{
	struct owners *owners = owners_of(queue);

	forget_before(owners, una);
	if (owners->count > 0 && owners->runs[owners->count - 1].root == root) {
		owners->runs[owners->count - 1].end = end;
		return;
	}
	if (owners->count < RUNS_MAX)
		owners->count++;
	owners->runs[owners->count - 1] = (struct run) { root, end };
}

uint64_t send_queue_root(const struct send_queue *queue, uint32_t sequence)
{
	const struct owners *owners = owners_of(queue);

	for (uint32_t i = 0; i < owners->count; i++)
		if (sequence_before(sequence, owners->runs[i].end))
			return owners->runs[i].root;
	return 0;
}

void send_queue_clear(struct send_queue *queue)
{
	if (queue->ring != NULL)
		g_free(queue->ring - sizeof(struct owners));
	*queue = (struct send_queue) { 0 };
}
