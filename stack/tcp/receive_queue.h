/*
 * What a connection has received and its user has not read: packets in order, and ranges that wait
 * behind gaps (RFC 9293 section 3.10.7.4, RFC 2018). Packets are kept as they came, and the reader
 * borrows their bytes; payload is copied only where small pieces that touch share a buffer. What is
 * kept is bounded: by the window, which the caller minds, by RECEIVE_RANGES_MAX gaps, and in buffers
 * by one for about 60 bytes besides, as Linux bounds it by collapsing its queues.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/wire/tcp_options.h"

struct out_of_order;

struct receive_queue {
	struct packet *first, *last;       /* in order, linked by their `next` */
	struct out_of_order *out_of_order; /* NULL: no gap */
};

/* Ranges kept behind gaps; data that would make one more is dropped. */
#define RECEIVE_RANGES_MAX 1024

void receive_queue_clear(struct receive_queue *queue);

/* Appends `packet` (taken), narrowed to payload that is next in order. */
void receive_queue_append(struct receive_queue *queue, struct packet *packet);

enum receive_insertion {
	RECEIVE_KEPT,
	RECEIVE_DUPLICATE, /* all of it was there already; the packet was freed */
	RECEIVE_FULL,      /* too many gaps; the packet was freed */
};

/*
 * Keeps `packet` (taken), narrowed to payload from `sequence` on, which lies behind a gap. Where it
 * overlaps what is kept already, `duplicate` is set to the overlap (RFC 2883), else left alone.
 */
enum receive_insertion receive_queue_insert(struct receive_queue *queue, uint32_t sequence,
					    struct packet *packet,
					    struct tcp_sack_block *duplicate);

/*
 * Moves what is now in order behind `next` (the next sequence number expected) to the readable part;
 * returns the new `next`.
 */
uint32_t receive_queue_advance(struct receive_queue *queue, uint32_t next);

/* The ranges behind gaps, the most recently changed first; at most `max`. Returns their number. */
unsigned receive_queue_sack(const struct receive_queue *queue, struct tcp_sack_block *blocks,
			    unsigned max);

/* The first readable packet's bytes; empty when there is none. */
static inline struct bytes receive_queue_peek(const struct receive_queue *queue)
{
	if (queue->first == NULL)
		return (struct bytes) { 0 };
	return packet_bytes(queue->first);
}

/* Drops `length` bytes, all of which peek showed or would show. */
void receive_queue_consume(struct receive_queue *queue, size_t length);
