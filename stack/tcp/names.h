/*
 * The words TCP puts into trace records: connection states (RFC 9293 section 3.3.2) and details.
 * Pure: views read it without touching the stack.
 *
 * A STATE record of LAYER_TCP has as object the connection's id, which is the id of the direction it
 * sends; the direction it receives has the next id. `before` and `after` are enum tcp_state, and
 * the bytes are local address 4, local port 2, remote address 4, remote port 2, big-endian.
 * A TABLE record tells of a listener: object: its port; before, after: 0 closed, 1 listening.
 * A CONGESTION record has as object the direction that is sent, as `before` and `after` the congestion
 * window, and as bytes the slow start threshold 4, big-endian; there are none while it is unlimited.
 * It comes at the end of the event that changed window, threshold or both, behind what that let go:
 * a window that is as before has a new threshold. An event that did more than let the window grow is
 * told by that.
 */
#pragma once
#include "stack/layer.h"

enum tcp_state {
	TCP_CLOSED,       /* no connection: never opened, or over */
	TCP_LISTEN,       /* waits for a SYN on a port */
	TCP_SYN_SENT,     /* active open: SYN sent */
	TCP_SYN_RECEIVED, /* SYN received and sent, its acknowledgment is awaited */
	TCP_ESTABLISHED,  /* both directions are open */
	TCP_FIN_WAIT_1,   /* we closed first: FIN sent */
	TCP_FIN_WAIT_2,   /* our FIN is acknowledged, the peer may still send */
	TCP_CLOSE_WAIT,   /* the peer closed first, we may still send */
	TCP_CLOSING,      /* both closed at once: the acknowledgment of our FIN is awaited */
	TCP_LAST_ACK,     /* we closed second: the acknowledgment of our FIN is awaited */
	TCP_TIME_WAIT,    /* all is acknowledged; waits 2 MSL for stray segments to die */
	TCP_STATE_COUNT,
};

#define TCP_STATE_RECORD_BYTES      12
#define TCP_CONGESTION_RECORD_BYTES 4

/* The state's name as the RFC writes it: "SYN-RECEIVED". */
const char *tcp_state_name(enum tcp_state state);

enum tcp_detail {
	TCP_PLAIN,
	/* ENCAPSULATE: why this segment is sent. */
	TCP_NEW_DATA,
	TCP_HANDSHAKE, /* SYN or SYN-ACK */
	TCP_CLOSES,    /* FIN without data */
	TCP_ACK_AT_ONCE,
	TCP_ACK_DELAYED,        /* the delayed acknowledgment timer ran out */
	TCP_ACK_DUPLICATE,      /* something arrived out of order, or again */
	TCP_ACK_WINDOW,         /* the application read: the window is larger */
	TCP_ACK_CHALLENGE,      /* RFC 5961 */
	TCP_RETRANSMIT_TIMEOUT, /* RFC 6298 */
	TCP_RETRANSMIT_FAST,    /* RFC 5681, RFC 6675: duplicate acknowledgments or SACK */
	TCP_RETRANSMIT_RACK, /* RFC 8985: a later segment was delivered, this one should be there */
	TCP_RETRANSMIT_TAIL, /* RFC 8985: tail loss probe with the last segment */
	TCP_RETRANSMIT_PATH_MTU, /* RFC 1191: a router could not pass the larger segment on */
	TCP_RETRANSMIT_ASKED,    /* SYN-ACK again, because the SYN came again */
	TCP_PROBE_TAIL,          /* RFC 8985: tail loss probe with new data */
	TCP_PROBE_WINDOW,        /* RFC 9293 section 3.8.6.1: is the window still closed? */
	TCP_PROBE_KEEPALIVE,     /* RFC 9293 section 3.8.4 */
	TCP_RESET_NO_CONNECTION, /* answers a segment that belongs to nothing */
	TCP_RESET_ABORT,         /* the application gave the connection up */
	TCP_RESET_UNREAD,        /* RFC 1122 section 4.2.2.13: nobody will read what came */
	TCP_RESET_FILTERED,      /* a packet filter on the way answers for the peer */
	/* DECAPSULATE: what became of it. */
	TCP_IN_ORDER,
	TCP_OUT_OF_ORDER, /* kept until the gap before it is filled */
	TCP_NO_DATA,      /* acknowledgment or control only */
	/* DROP: why. */
	TCP_DROP_MALFORMED,
	TCP_DROP_BAD_CHECKSUM,
	TCP_DROP_NO_CONNECTION, /* IGNORE, where a RST answers it; DROP: a stray RST */
	TCP_DROP_BACKLOG_FULL,
	TCP_DROP_DUPLICATE, /* all of it had been received before */
	TCP_DROP_OUT_OF_WINDOW,
	TCP_DROP_OLD_TIMESTAMP, /* RFC 7323: PAWS */
	TCP_DROP_BAD_RESET,     /* RFC 5961: RST at another sequence number than the next */
	TCP_DROP_BAD_SYN,       /* RFC 5961: SYN on an open connection */
	TCP_DROP_BAD_ACK,       /* acknowledges what was never sent */
	TCP_DROP_NO_ACK,        /* carries no acknowledgment where every segment must */
	TCP_DROP_NOT_READ,      /* the application is gone */
	TCP_DROP_QUEUE_FULL,    /* too many gaps */
	/* IGNORE: why nothing is lost. */
	TCP_IGNORE_KEEPALIVE, /* it asks whether we are there, and that is answered */
	TCP_IGNORE_LATE_ACK,  /* in TIME-WAIT: of what is known to have arrived */
	/* STATE: what led to the change. */
	TCP_BY_USER,
	TCP_BY_SEGMENT,
	TCP_BY_RESET,
	TCP_BY_TIMEOUT,
	TCP_BY_ICMP,
	TCP_BY_ROUTING, /* there is no route to the peer */
	TCP_BY_REUSE,   /* a new SYN took the place of a connection in TIME-WAIT */
	/* CONGESTION: what changed window or threshold. */
	TCP_CWND_INITIAL,    /* the handshake is complete (RFC 6928) */
	TCP_CWND_SLOW_START, /* data was acknowledged, below the threshold (RFC 5681), or HyStart++
	                        set one (RFC 9406) */
	TCP_CWND_AVOIDANCE,  /* the same above it (RFC 5681, RFC 9438) */
	TCP_CWND_REPAIRING,  /* fast recovery: as much goes out as arrives (RFC 6937) */
	TCP_CWND_REPAIRED, /* it is over, or a tail loss probe was enough: down to the threshold */
	TCP_CWND_TIMEOUT,  /* RFC 5681 section 3.1 */
	TCP_CWND_SPURIOUS, /* nothing had been lost: back to what it was (RFC 3522) */
	TCP_CWND_IDLE,     /* nothing was sent for a while (RFC 5681 section 4.1) */
	TCP_DETAIL_COUNT,
};

extern const struct layer_names tcp_layer_names;
