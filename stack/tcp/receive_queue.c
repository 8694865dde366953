#include "stack/tcp/receive_queue.h"

#include <glib.h>
#include "stack/tcp/sequence.h"

/* A contiguous run behind a gap, as a chain of packets that follow each other without overlap. */
struct range {
	uint32_t start, end;
	struct packet *first, *last;
	uint32_t changed; /* by out_of_order.changes: the larger, the more recent */
};

struct out_of_order {
	struct range *ranges; /* ascending, with gaps between them */
	uint32_t count, capacity;
	uint32_t changes;
};

/*
 * A small payload is copied behind the previous one where that has room, so that a peer that sends
 * byte by byte does not cost a packet each, in whatever order and with whatever gaps. Of two packets
 * in a row, one at least is thus larger than this or fills its buffer.
 */
#define SMALL_BYTES 128

static void free_chain(struct packet *packet)
{
	while (packet != NULL) {
		struct packet *next = packet->next;

		packet_free(packet);
		packet = next;
	}
}

void receive_queue_clear(struct receive_queue *queue)
{
	free_chain(queue->first);
	if (queue->out_of_order != NULL) {
		for (uint32_t i = 0; i < queue->out_of_order->count; i++)
			free_chain(queue->out_of_order->ranges[i].first);
		g_free(queue->out_of_order->ranges);
		g_free(queue->out_of_order);
	}
	*queue = (struct receive_queue) { 0 };
}

static bool join_small(struct packet *last, struct packet *packet)
{
	size_t length = packet_length(packet);

	if (length > SMALL_BYTES || last->references > 1 || last->end + length > last->capacity ||
	    last->root != packet->root)
		return false;
	memcpy(last->buffer + last->end, packet_data(packet), length);
	last->end += (uint32_t)length;
	packet_free(packet);
	return true;
}

/* Hangs the chain from `first` to `last` behind `*end`, which becomes its end. */
static void hang_behind(struct packet **end, struct packet *first, struct packet *last)
{
	struct packet *next = first->next;

	while (join_small(*end, first)) {
		if (next == NULL) {
			(*end)->next = NULL;
			return;
		}
		first = next;
		next = first->next;
	}
	(*end)->next = first;
	*end = last;
}

/* The same with the readable packets, of which there may be none. */
static void hang_behind_readable(struct receive_queue *queue, struct packet *first,
				 struct packet *last)
{
	if (queue->first != NULL) {
		hang_behind(&queue->last, first, last);
		return;
	}
	queue->first = first;
	queue->last = last;
}

void receive_queue_append(struct receive_queue *queue, struct packet *packet)
{
	packet->next = NULL;
	hang_behind_readable(queue, packet, packet);
}

void receive_queue_consume(struct receive_queue *queue, size_t length)
{
	while (length > 0) {
		struct packet *packet = queue->first;
		size_t available = packet_length(packet);

		if (length < available) {
			packet_pull(packet, length);
			return;
		}
		queue->first = packet->next;
		packet_free(packet);
		length -= available;
	}
}

/* Ranges. */

static void remove_range(struct out_of_order *kept, uint32_t index)
{
	kept->count--;
	memmove(&kept->ranges[index], &kept->ranges[index + 1],
		(kept->count - index) * sizeof kept->ranges[0]);
}

static void insert_range(struct out_of_order *kept, uint32_t index, const struct range *range)
{
	if (kept->count == kept->capacity) {
		kept->capacity = MAX(4, 2 * kept->capacity);
		kept->ranges = g_renew(struct range, kept->ranges, kept->capacity);
	}
	memmove(&kept->ranges[index + 1], &kept->ranges[index],
		(kept->count - index) * sizeof kept->ranges[0]);
	kept->ranges[index] = *range;
	kept->count++;
}

/* Index of the first range that ends at `sequence` or behind it. */
static uint32_t find_range(const struct out_of_order *kept, uint32_t sequence)
{
	uint32_t low = 0, high = kept->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sequence_before(kept->ranges[middle].end, sequence))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Frees the ranges from `index` on that lie wholly before `end`, and cuts `end` where one reaches
 * beyond it. */
static uint32_t make_room(struct out_of_order *kept, uint32_t index, uint32_t end)
{
	while (index < kept->count && sequence_before(kept->ranges[index].start, end)) {
		if (sequence_after(kept->ranges[index].end, end))
			return kept->ranges[index].start;
		free_chain(kept->ranges[index].first);
		remove_range(kept, index);
	}
	return end;
}

/* Joins range `index` with its neighbours where they touch. */
static void merge_neighbours(struct out_of_order *kept, uint32_t index)
{
	if (index + 1 < kept->count && kept->ranges[index].end == kept->ranges[index + 1].start) {
		struct range *range = &kept->ranges[index], *after = range + 1;

		hang_behind(&range->last, after->first, after->last);
		range->end = after->end;
		range->changed = MAX(range->changed, after->changed);
		remove_range(kept, index + 1);
	}
	if (index > 0 && kept->ranges[index - 1].end == kept->ranges[index].start)
		merge_neighbours(kept, index - 1);
}

/* Sets `duplicate` to the first part of [start, end) that is kept already. */
static void note_overlap(const struct out_of_order *kept, uint32_t start, uint32_t end,
			 struct tcp_sack_block *duplicate)
{
	for (uint32_t i = find_range(kept, start); i < kept->count; i++) {
		uint32_t left = sequence_max(start, kept->ranges[i].start);
		uint32_t right = sequence_min(end, kept->ranges[i].end);

		if (sequence_at_most(end, kept->ranges[i].start))
			return;
		if (sequence_before(left, right)) {
			*duplicate = (struct tcp_sack_block) { left, right };
			return;
		}
	}
}

enum receive_insertion receive_queue_insert(struct receive_queue *queue, uint32_t sequence,
					    struct packet *packet, struct tcp_sack_block *duplicate)
{
	if (queue->out_of_order == NULL)
		queue->out_of_order = g_new0(struct out_of_order, 1);
	struct out_of_order *kept = queue->out_of_order;
	uint32_t start = sequence, end = sequence + (uint32_t)packet_length(packet);
	uint32_t index = find_range(kept, start);

	note_overlap(kept, start, end, duplicate);
	if (index < kept->count && sequence_at_most(kept->ranges[index].start, start)) {
		kept->ranges[index].changed = ++kept->changes;
		if (sequence_at_most(end, kept->ranges[index].end)) {
			packet_free(packet);
			return RECEIVE_DUPLICATE;
		}
		start = kept->ranges[index].end;
		index++;
	}
	end = make_room(kept, index, end);
	if (kept->count >= RECEIVE_RANGES_MAX) {
		packet_free(packet);
		return RECEIVE_FULL;
	}
	packet_narrow(packet,
		      (struct bytes) { packet_data(packet) + (start - sequence), end - start });
	packet->next = NULL;
	insert_range(kept, index, &(struct range) { start, end, packet, packet, ++kept->changes });
	merge_neighbours(kept, index);
	return RECEIVE_KEPT;
}

/* Takes the first `length` bytes off the chain of `range`, which is longer. */
static void trim_front(struct range *range, uint32_t length)
{
	range->start += length;
	while (length >= packet_length(range->first)) {
		struct packet *packet = range->first;

		range->first = packet->next;
		length -= (uint32_t)packet_length(packet);
		packet_free(packet);
	}
	packet_pull(range->first, length);
}

uint32_t receive_queue_advance(struct receive_queue *queue, uint32_t next)
{
	struct out_of_order *kept = queue->out_of_order;

	if (kept == NULL)
		return next;
	while (kept->count > 0 && sequence_at_most(kept->ranges[0].start, next)) {
		struct range *range = &kept->ranges[0];

		if (sequence_at_most(range->end, next)) {
			free_chain(range->first);
			remove_range(kept, 0);
			continue;
		}
		trim_front(range, next - range->start);
		next = range->end;
		hang_behind_readable(queue, range->first, range->last);
		remove_range(kept, 0);
	}
	if (kept->count == 0) {
		g_free(kept->ranges);
		g_free(kept);
		queue->out_of_order = NULL;
	}
	return next;
}

unsigned receive_queue_sack(const struct receive_queue *queue, struct tcp_sack_block *blocks,
			    unsigned max)
{
	const struct out_of_order *kept = queue->out_of_order;
	uint32_t changed[TCP_SACK_BLOCKS_MAX];
	unsigned count = 0;

	if (kept == NULL)
		return 0;
	max = MIN(max, TCP_SACK_BLOCKS_MAX);

	/* Selection of the `max` most recent, sorted by insertion. */
	for (uint32_t i = 0; i < kept->count; i++) {
		const struct range *range = &kept->ranges[i];
		unsigned at = count;

		while (at > 0 && changed[at - 1] < range->changed)
			at--;
		if (at >= max)
			continue;
		unsigned moved = MIN(count, max - 1) - at;

		memmove(&blocks[at + 1], &blocks[at], moved * sizeof blocks[0]);
		memmove(&changed[at + 1], &changed[at], moved * sizeof changed[0]);
		blocks[at] = (struct tcp_sack_block) { range->start, range->end };
		changed[at] = range->changed;
		count = MIN(count + 1, max);
	}
	return count;
}
