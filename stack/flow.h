/*
 * Flows: who talks with whom, as a packet filter and a translator of addresses must know it. The
 * reader is pure; the table is bounded, and ages lazily: what has expired is noticed by the next
 * call of flows_age().
 */
#pragma once
#include <glib.h>
#include "stack/wire/ipv4.h"
#include "stack/address.h"

/*
 * Protocol and endpoints of a packet. ICMP queries (RFC 5508 section 1) have their identifier where
 * the port of the one who asks would be, and 0 for the other: so an answer has the ends exchanged.
 */
struct flow_ends {
	struct endpoint source, destination;
	uint8_t protocol; /* enum ip_protocol */
};

enum flow_reading {
	FLOW_PACKET, /* TCP, UDP or an ICMP query or its answer: `ends` are there */
	FLOW_ERROR,  /* an ICMP error: `quoted` are the ends of the datagram it quotes */
	FLOW_OTHER,  /* without ports; `ends` have ports 0 */
	FLOW_BROKEN, /* too short for its protocol, or an ICMP error that quotes nothing useful */
};

struct flow_packet {
	struct flow_ends ends;
	struct flow_ends quoted;
	uint8_t tcp_flags; /* set of enum tcp_flag; 0 for other protocols */
	bool opens;        /* a flow, when there is none: no RST and no answer to a query does */
};

/* ICMP messages that ask, and those that answer: echo and timestamp. */
bool flow_is_query(uint8_t icmp_type);
bool flow_is_query_answer(uint8_t icmp_type);

/*
 * Reads the datagram at the front of `datagram`, which is no fragment. Checksums are not looked at.
 * FLOW_BROKEN leaves addresses and protocol alone in `ends`.
 */
enum flow_reading flow_read(struct bytes datagram, struct flow_packet *out);

/* The ends of a datagram that may be cut short, as ICMP errors quote them; false: they are not there. */
bool flow_read_quoted(struct bytes datagram, struct flow_ends *ends);

/* The ends of an answer. */
static inline struct flow_ends flow_reverse(struct flow_ends ends)
{
	return (struct flow_ends) { ends.destination, ends.source, ends.protocol };
}

/* How long a flow lasts without a packet. */
enum flow_timeout {
	FLOW_UDP,
	FLOW_ICMP,
	FLOW_TCP_TRANSITORY, /* not yet open, closing, or reset */
	FLOW_TCP_ESTABLISHED,
	FLOW_TIMEOUT_COUNT,
};

#define FLOW_UDP_NS             (INT64_C(300) * 1000000000)  /* RFC 4787 REQ-5: 5 minutes */
#define FLOW_ICMP_NS            (INT64_C(60) * 1000000000)   /* RFC 5508 REQ-2 */
#define FLOW_TCP_TRANSITORY_NS  (INT64_C(240) * 1000000000)  /* RFC 5382 REQ-5: 4 minutes */
#define FLOW_TCP_ESTABLISHED_NS (INT64_C(7440) * 1000000000) /* the same: 2 hours 4 minutes */

#define FLOWS_MAX               16384 /* in one table */

struct flow_state {
	struct flow_ends ends; /* as the packet that opened it has them */
	enum flow_timeout timeout;
	int64_t used_ns;                  /* the last packet that keeps it alive */
	uint8_t tcp;                      /* set of what was seen of each side; private to flow.c */
	bool has_question, has_answer;    /* packets both ways: it is no mere attempt */
	struct flow_state *older, *newer; /* of the same timeout, by `used_ns` */
	void *owner;                      /* of whoever added it */
};

struct flows {
	GHashTable *index; /* to itself; look-ups only */
	struct flow_state *oldest[FLOW_TIMEOUT_COUNT], *newest[FLOW_TIMEOUT_COUNT];
	/* Told of each flow that has expired, before it is freed; NULL: nobody. */
	void (*expired)(void *owner, struct flow_state *flow);
	void *owner;
};

void flows_init(struct flows *table, void (*expired)(void *owner, struct flow_state *flow),
		void *owner);

/* Frees all flows; `expired` is not told. */
void flows_clear(struct flows *table);

unsigned flows_count(const struct flows *table);

/* The flow that was opened with these very ends, or NULL. */
struct flow_state *flows_find(const struct flows *table, const struct flow_ends *ends);

/*
 * A new flow. In a full table it takes the place of the oldest that has packets one way alone, so that
 * attempts in vain keep nobody out; NULL when there is none among the oldest.
 */
struct flow_state *flows_add(struct flows *table, const struct flow_ends *ends, int64_t now_ns);

/*
 * A packet of the flow has passed: `is_answer` against the direction it was opened in. Follows the
 * states of TCP: established once both sides have sent SYN and one of them goes on; transitory again
 * after both FINs, or a RST. `refreshes`: the packet keeps the flow alive.
 */
void flows_use(struct flows *table, struct flow_state *flow, bool is_answer, uint8_t tcp_flags,
	       bool refreshes, int64_t now_ns);

/* Ends what has not been used for as long as its timeout. */
void flows_age(struct flows *table, int64_t now_ns);
