/*
 * A cable: full duplex Ethernet between two interfaces, each direction with its own rate,
 * propagation delay and drop-tail queue (IEEE 802.3). Preamble, FCS and interpacket gap take their time on the wire.
 *
 * One engine event per frame: its arrival. When it starts is computed, not waited for.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/impairment.h"

struct dial_up_config;
struct interface;
struct link;

enum link_side { LINK_A, LINK_B };

#define LINK_DEFAULT_RATE_BPS    UINT64_C(1000000000)
#define LINK_DEFAULT_QUEUE_BYTES (1000 * 1514) /* what Linux's default of 1000 frames holds */

/* One direction. Zero values mean the defaults; a delay of 0 is 0. */
struct link_config {
	uint64_t rate_bps;
	int64_t delay_ns; /* propagation */
	uint64_t
	    queue_bytes; /* of frames not yet begun or finished; a frame always enters an empty one */
};

/*
 * Lays a cable from `a` to `b`, both free of any other, alike in both directions, and emits its
 * TRACE_LINK record, which names `network` (copied into the trace; may be NULL).
 */
struct link *link_new(struct interface *a, struct interface *b, const char *network,
		      const struct link_config *config);

/* Takes the cable away; frames on it are gone. Must precede freeing the interfaces. */
void link_free(struct link *link);

/* Changes the direction from side `from`, for frames sent from now on. */
void link_configure(struct link *link, enum link_side from, const struct link_config *config);

/* Impairs the direction from side `from`; `impairment` is copied. NULL: no longer. */
void link_impair(struct link *link, enum link_side from, const struct impairment *impairment);

/*
 * Makes the cable a dial-up line that is down; side A calls (stack/dial_up.h). At most once, before
 * anything is sent.
 */
void link_dial_up(struct link *link, const struct dial_up_config *config);

/* Cuts the cable: what is on it is lost, nothing passes until it is mended. */
void link_cut(struct link *link);
void link_mend(struct link *link);
bool link_is_cut(const struct link *link);

/* The interface at a side. */
struct interface *link_interface(const struct link *link, enum link_side side);

/* The id of the link in trace records. */
uint64_t link_object(const struct link *link);

/* How long a frame sent now from side `from` would wait for those before it, in ns. */
int64_t link_backlog_ns(const struct link *link, enum link_side from);

/*
 * Sends `frame` (taken) from side `from`. It is ready to go out at `ready_ns` and follows those
 * before it. Emits TRANSMIT with `flags`, or DROP. Used by stack/interface.c.
 */
void link_send(struct link *link, enum link_side from, struct packet *frame, int64_t ready_ns,
	       uint8_t flags);
