/* What one node did to a packet: its records of one crossing, sorted. For narrate*.c and quiz*.c only. */
#pragma once
#include "views/narrate_prose.h"

struct passage {
	const struct history_hop *hop;
	const struct trace_record *receive, *transmit; /* NULL: made here; stays here */
	const struct trace_record *forward; /* IPv4's, with the TTL; a switch's, with its ports */
	const struct trace_record *translate;
	uint64_t tls_bytes;  /* that TLS puts around the payload here, or takes off; 0: none */
	GPtrArray *on, *off; /* of struct trace_record *: headers put on and taken off, in order */
};

void narrate_passage_read(const struct narrator *narrator, const struct history_hop *hop,
			  struct passage *passage);
void narrate_passage_clear(struct passage *passage);

/* The packet that a saying begins in; NULL: it is not in the history. */
const struct history_packet *narrate_packet_of(const struct narrator *narrator,
					       const struct saying *saying);

/* Its hop number `place`. */
const struct history_hop *narrate_hop_of(const struct narrator *narrator,
					 const struct history_packet *packet, uint32_t place);

/* The first thing that a client says on a connection and that a known packet carries; false: none. */
bool narrate_first_command(const struct narrator *narrator, const struct leg *leg,
			   struct saying *found);
