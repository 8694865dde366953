/*
 * Connections in TIME-WAIT (RFC 9293 section 3.6.1): all that is left of one are the few numbers
 * that answering a stray segment takes. All last equally long, so that they leave in the order they
 * came, by one timer for the whole host.
 */
#pragma once
#include <stdint.h>
#include "sim/engine.h"
#include "stack/tcp/demux.h"

struct tcp;
struct tcp_connection;
struct segment;

#define TIME_WAIT_NS (60 * NS_PER_S) /* 2 MSL with Linux's MSL of 30 s; the RFC says 2 min */

struct time_wait {
	struct flow flow; /* first */
	uint64_t object;  /* the connection's id in the trace */
	int64_t leaves_ns;
	uint32_t snd_nxt, rcv_nxt;
	uint32_t ts_recent; /* RFC 7323: the peer's last timestamp */
	uint32_t ts_offset; /* of our timestamps */
	uint16_t window;    /* as on the wire */
	bool has_timestamps;
	bool is_gone; /* reused, reset or moved: nothing but a hole in its chunk */
};

struct time_wait_chunk;

struct time_wait_queue {
	struct time_wait_chunk *first, *last;
	uint32_t taken;  /* entries used of the first chunk that have left */
	uint32_t filled; /* entries used of the last chunk */
	struct timer timer;
};

void time_wait_init(struct tcp *tcp);
void time_wait_clear(struct tcp *tcp);

/* Puts what is needed of `connection` into TIME-WAIT; the connection itself leaves the demux. */
void time_wait_enter(struct tcp_connection *connection);

/*
 * Handles `segment` for an entry of the demux that is in TIME-WAIT. True: the segment is a SYN that
 * may open a new connection; the entry is gone, and `initial_sequence` is where our sequence
 * numbers must at least start (RFC 6191).
 */
bool time_wait_receive(struct tcp *tcp, struct flow *flow, struct segment *segment,
		       uint32_t *initial_sequence);

/* Calls `visit` for each entry, the one that leaves first first. */
void time_wait_for_each(const struct tcp *tcp,
			void (*visit)(void *owner, const struct time_wait *entry), void *owner);
