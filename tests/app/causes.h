/*
 * Why each frame of a run's default capture was sent, from the trace: for judging what another
 * program remarks on that frame.
 */
#pragma once
#include <glib.h>
#include "app/scenario.h"

struct sent_frame {
	bool is_tcp;
	bool is_retransmission; /* put on a wire again */
	bool is_made_again;     /* TCP had made it before: on a wire, or dropped before any */
	uint16_t detail;        /* enum tcp_detail: why the segment was sent */
	uint64_t outcomes; /* set of 1 << enum tcp_detail: what became of the packet it answers */
	unsigned answers;  /* number of the frame of that packet; 0: it answers none */
	unsigned quotes;   /* an ICMP error: number of the frame of the packet in it; 0: none */
	size_t bytes;      /* of the frame */
	bool is_dns;       /* UDP, a question to a DNS server or its answer */
	bool was_unsent;   /* the same segment was made before, and dropped before any cable */
	bool has_unsent;   /* such a segment was of the same direction of its connection */
	bool is_typed;     /* it belongs to what somebody says by telnet */
};

struct causes {
	GArray *frames;       /* of struct sent_frame; index + 1 is the frame's number */
	unsigned asked_again; /* DNS: a server was asked once more */
	unsigned duplicated;  /* cables made copies of frames */
	unsigned unanswered_pings;
};

/* Runs `scenario` (taken) with its own seed until all is quiet. */
struct causes *causes_find(struct scenario *scenario);
void causes_free(struct causes *causes);
