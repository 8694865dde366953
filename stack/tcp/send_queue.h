/*
 * The bytes a connection has written and the peer has not acknowledged: a ring that grows with what
 * waits in it, and is given back when nothing does. A byte lies at its sequence number modulo
 * the ring's size, so that acknowledging moves nothing.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sim/bytes.h"

struct send_queue {
	uint8_t *ring;     /* NULL: empty */
	uint32_t capacity; /* a power of two, or 0 */
};

#define SEND_QUEUE_MAX_BYTES (UINT32_C(4) << 20) /* Linux's tcp_wmem maximum */

/*
 * Stores `bytes` from sequence number `end` on, behind the bytes from `una` up to `end` that are
 * there already. At most SEND_QUEUE_MAX_BYTES in all.
 */
void send_queue_write(struct send_queue *queue, uint32_t una, uint32_t end, struct bytes bytes);

/* Copies `length` stored bytes from `sequence` on to `out` and returns their sum (checksum.h). */
uint32_t send_queue_copy(const struct send_queue *queue, uint32_t sequence, uint32_t length,
			 uint8_t *out);

/*
 * The bytes that were written last, up to `end`, belong to the user action or message `root`; and so
 * do all packets made of them, whatever made them be sent, now or again. Those before `una` are gone.
 * More than a few changes of root in what waits blur into the last.
 */
void send_queue_belong(struct send_queue *queue, uint32_t una, uint32_t end, uint64_t root);

/* Whom the byte at `sequence` belongs to; 0: nobody said. */
uint64_t send_queue_root(const struct send_queue *queue, uint32_t sequence);

/* Gives the ring back: nothing in it is needed any more. */
void send_queue_clear(struct send_queue *queue);
