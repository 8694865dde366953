#include "stack/tcp/flight.h"

#include <glib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/tcp/sequence.h"

void flight_init(struct flight *flight)
{
	memset(flight, 0, offsetof(struct flight, initial));
	flight->segments = flight->initial;
	flight->capacity = G_N_ELEMENTS(flight->initial);
}

void flight_clear(struct flight *flight)
{
	if (flight->segments != flight->initial)
		g_free(flight->segments);
	flight->segments = NULL;
}

static uint32_t segment_end(const struct sent_segment *segment)
{
	return segment->start + segment->length;
}

/* Doubles the ring; segments keep their numbers. */
static void grow(struct flight *flight)
{
	struct sent_segment *old = flight->segments;
	uint32_t old_mask = flight->capacity - 1;

	flight->capacity *= 2;
	flight->segments = g_new0(struct sent_segment, flight->capacity);
	for (uint32_t n = flight->first; n != flight->next; n++)
		*flight_segment(flight, n) = old[n & old_mask];
	if (old != flight->initial)
		g_free(old);
}

void flight_append(struct flight *flight, uint32_t start, uint16_t length, uint8_t flags,
		   int64_t now_ns)
{
	if (flight->next - flight->first == flight->capacity)
		grow(flight);
	*flight_segment(flight, flight->next++) = (struct sent_segment) {
		.sent_ns = now_ns,
		.start = start,
		.length = length,
		.flags = flags,
	};
}

/* Marks. All counters are kept by these two. */

static void count(struct flight *flight, const struct sent_segment *segment, uint32_t length,
		  int sign)
{
	uint32_t bytes = sign > 0 ? length : -length;

	if (segment->flags & SENT_SACKED)
		flight->sacked_bytes += bytes;
	if (segment->flags & SENT_LOST)
		flight->lost_bytes += bytes;
	if (segment->flags & SENT_AGAIN)
		flight->again_bytes += bytes;
	if ((segment->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST)
		flight->wanted_bytes += bytes;
}

static void set_flags(struct flight *flight, struct sent_segment *segment, uint8_t flags)
{
	count(flight, segment, segment->length, -1);
	flight->sacked_segments -= (segment->flags & SENT_SACKED) != 0;
	segment->flags = flags;
	flight->sacked_segments += (segment->flags & SENT_SACKED) != 0;
	count(flight, segment, segment->length, +1);
}

void flight_mark_lost(struct flight *flight, uint32_t number)
{
	struct sent_segment *segment = flight_segment(flight, number);

	set_flags(flight, segment, (uint8_t)((segment->flags | SENT_LOST) & ~SENT_AGAIN));
	if (sequence_before(number, flight->first_wanted))
		flight->first_wanted = number;
}

void flight_mark_all_lost(struct flight *flight, int64_t sent_by_ns, bool forget_sack)
{
	flight->first_wanted = flight->first;
	if (forget_sack)
		memset(flight->seen, 0, sizeof flight->seen);
	for (uint32_t n = flight->first; n != flight->next; n++) {
		struct sent_segment *segment = flight_segment(flight, n);

		if (forget_sack)
			set_flags(flight, segment, (uint8_t)(segment->flags & ~SENT_SACKED));
		if (segment->flags & SENT_SACKED)
			continue;
		if (n == flight->first || segment->sent_ns <= sent_by_ns)
			flight_mark_lost(flight, n);
	}
}

void flight_unmark_lost(struct flight *flight)
{
	for (uint32_t n = flight->first; n != flight->next; n++) {
		struct sent_segment *segment = flight_segment(flight, n);

		set_flags(flight, segment, (uint8_t)(segment->flags & ~SENT_LOST));
	}
}

void flight_repeat(struct flight *flight, uint32_t number, int64_t now_ns)
{
	struct sent_segment *segment = flight_segment(flight, number);

	set_flags(flight, segment, (uint8_t)(segment->flags | SENT_AGAIN | SENT_REPEAT));
	segment->sent_ns = now_ns;
}

bool flight_next_wanted(struct flight *flight, uint32_t *number)
{
	if (flight->wanted_bytes == 0)
		return false;
	if (sequence_before(flight->first_wanted, flight->first))
		flight->first_wanted = flight->first;
	for (uint32_t n = flight->first_wanted; n != flight->next; n++) {
		if ((flight_segment(flight, n)->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST) {
			flight->first_wanted = n;
			*number = n;
			return true;
		}
	}
	return false;
}

void flight_split(struct flight *flight, uint32_t number, uint16_t length)
{
	if (flight->next - flight->first == flight->capacity)
		grow(flight);
	for (uint32_t n = flight->next++; n != number; n--)
		*flight_segment(flight, n) = *flight_segment(flight, n - 1);

	struct sent_segment *front = flight_segment(flight, number);
	struct sent_segment *back = flight_segment(flight, number + 1);

	/* Together they count as before, but as one segment more. */
	flight->sacked_segments += (front->flags & SENT_SACKED) != 0;
	front->length = length;
	front->flags &= (uint8_t) ~(SENT_FIN | SENT_PUSH);
	back->start += length;
	back->length -= length;
}

/* Delivery. */

/* RFC 8985 section 6.2, steps 2 and 3, for one segment newly known to be delivered. */
static void rack_update(struct flight *flight, const struct sent_segment *segment,
			uint32_t minimum_round_trip_us, int64_t now_ns, struct delivery *delivery)
{
	struct rack *rack = &flight->rack;
	uint32_t end = segment_end(segment);
	int64_t round_trip_us = (now_ns - segment->sent_ns) / NS_PER_US;
	bool is_repeat = (segment->flags & SENT_REPEAT) != 0;

	if (rack->round_trip_us == 0 || sequence_after(end, rack->highest))
		rack->highest = end;
	else if (sequence_before(end, rack->highest) && !is_repeat)
		delivery->found_reordering = true;

	/* A retransmission answered sooner than a round trip takes: the original was delivered. */
	if (is_repeat && round_trip_us < minimum_round_trip_us)
		return;
	if (rack->round_trip_us != 0 &&
	    (segment->sent_ns < rack->sent_ns ||
	     (segment->sent_ns == rack->sent_ns && sequence_before(end, rack->end))))
		return;
	rack->round_trip_us = (uint32_t)CLAMP(round_trip_us, 1, INT32_MAX);
	rack->sent_ns = segment->sent_ns;
	rack->end = end;
}

static void deliver(struct flight *flight, const struct sent_segment *segment, uint32_t length,
		    uint32_t minimum_round_trip_us, int64_t now_ns, struct delivery *delivery)
{
	delivery->delivered_bytes += length;
	if (!(segment->flags & SENT_REPEAT)) {
		if (delivery->oldest_sent_ns < 0)
			delivery->oldest_sent_ns = segment->sent_ns;
		delivery->newest_sent_ns = MAX(delivery->newest_sent_ns, segment->sent_ns);
	}
	rack_update(flight, segment, minimum_round_trip_us, now_ns, delivery);
}

void flight_acknowledge(struct flight *flight, uint32_t una, uint32_t minimum_round_trip_us,
			int64_t now_ns, struct delivery *delivery)
{
	while (!flight_is_empty(flight)) {
		struct sent_segment *segment = flight_first(flight);
		uint32_t covered = una - segment->start;

		if (sequence_at_most(una, segment->start))
			return;
		covered = MIN(covered, segment->length);
		if (segment->flags & SENT_REPEAT)
			delivery->acked_repeat = true;
		if (!(segment->flags & SENT_SACKED))
			deliver(flight, segment, covered, minimum_round_trip_us, now_ns, delivery);
		count(flight, segment, covered, -1);
		segment->start += covered;
		segment->length -= (uint16_t)covered;
		if (segment->length > 0)
			return;
		flight->sacked_segments -= (segment->flags & SENT_SACKED) != 0;
		flight->first++;
	}
}

/* Number of the first segment that ends behind `sequence`. */
static uint32_t find_segment(const struct flight *flight, uint32_t sequence)
{
	uint32_t low = 0, high = flight->next - flight->first;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (sequence_after(segment_end(flight_segment(flight, flight->first + middle)),
				   sequence))
			high = middle;
		else
			low = middle + 1;
	}
	return flight->first + low;
}

/* RFC 2883 section 4: the first block reports a duplicate when it lies before the acknowledgment,
 * or inside the second block. */
static bool is_dsack(const struct tcp_sack_block *blocks, unsigned count, uint32_t una)
{
	if (count > 0 && sequence_at_most(blocks[0].right, una))
		return true;
	return count > 1 && sequence_at_least(blocks[0].left, blocks[1].left) &&
	       sequence_at_most(blocks[0].right, blocks[1].right);
}

/* Where marking of `block` must begin: behind what the last acknowledgment had covered of it. */
static uint32_t unseen_start(const struct flight *flight, const struct tcp_sack_block *block)
{
	for (unsigned i = 0; i < TCP_SACK_BLOCKS_MAX; i++)
		if (flight->seen[i].left == block->left && flight->seen[i].right != block->left &&
		    sequence_at_most(flight->seen[i].right, block->right))
			return flight->seen[i].right;
	return block->left;
}

void flight_sack(struct flight *flight, const struct tcp_sack_block *blocks, unsigned block_count,
		 uint32_t una, uint32_t snd_nxt, uint32_t minimum_round_trip_us, int64_t now_ns,
		 struct delivery *delivery)
{
	delivery->has_dsack = is_dsack(blocks, block_count, una);
	for (unsigned i = 0; i < block_count; i++) {
		const struct tcp_sack_block *block = &blocks[i];

		if (sequence_at_least(block->left, block->right) ||
		    sequence_after(block->right, snd_nxt) || sequence_at_most(block->left, una))
			continue;
		for (uint32_t n = find_segment(flight, unseen_start(flight, block));
		     n != flight->next; n++) {
			struct sent_segment *segment = flight_segment(flight, n);

			if (sequence_after(segment_end(segment), block->right))
				break;
			if ((segment->flags & SENT_SACKED) ||
			    sequence_before(segment->start, block->left))
				continue;
			deliver(flight, segment, segment->length, minimum_round_trip_us, now_ns,
				delivery);
			set_flags(
			    flight, segment,
			    (uint8_t)((segment->flags | SENT_SACKED) & ~(SENT_LOST | SENT_AGAIN)));
		}
	}
	memset(flight->seen, 0, sizeof flight->seen);
	memcpy(flight->seen, blocks, block_count * sizeof blocks[0]);
}

int64_t flight_detect_losses(struct flight *flight, int64_t reordering_window_ns, int64_t now_ns)
{
	const struct rack *rack = &flight->rack;
	int64_t longest_ns = 0;

	if (rack->round_trip_us == 0)
		return 0;
	for (uint32_t n = flight->first; n != flight->next; n++) {
		struct sent_segment *segment = flight_segment(flight, n);
		bool is_later = segment->sent_ns > rack->sent_ns ||
				(segment->sent_ns == rack->sent_ns &&
				 sequence_at_least(segment_end(segment), rack->end));

		/* All that follows a segment sent once was sent no earlier. */
		if (is_later && !(segment->flags & SENT_REPEAT))
			break;
		if (is_later || (segment->flags & SENT_SACKED) ||
		    (segment->flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST)
			continue;
		int64_t left_ns = segment->sent_ns + rack->round_trip_us * NS_PER_US +
				  reordering_window_ns - now_ns;

		if (left_ns <= 0)
			flight_mark_lost(flight, n);
		else
			longest_ns = MAX(longest_ns, left_ns);
	}
	return longest_ns;
}
