/*
 * Crossings: the records of one pass of one packet through one node, gathered from the trace into
 * one thing to look at. The log, the report and the steppers all see these. A datagram that is cut
 * into fragments and each fragment, or a fragment and the datagram that it completes, are crossings
 * of their own, though they are of one pass.
 */
#pragma once
#include <glib.h>
#include "sim/trace.h"

struct crossing {
	uint32_t node, number;
	int64_t time_ns, last_ns; /* of its first and last record */
	uint64_t packet, root;
	GArray *records;      /* of struct trace_record, in order */
	GByteArray *received; /* the frame as it came in; NULL: it was made here */
	GByteArray *sent;     /* the frame as it went out first; NULL: it stayed here */
	GByteArray *unsent;   /* what was made to go out, and was dropped before; NULL: nothing. A
	                         datagram lies under an Ethernet header of zeros */
	bool is_waiting;      /* for ARP: more may come much later */
	bool is_part;         /* a fragment made here, or a datagram put together here */
	/*
	 * A datagram that was cut, or put together, here, or that the host sends itself: it is `sent`,
	 * or `received`, under an Ethernet header of zeros, but it was on no wire.
	 */
	bool is_off_wire;
};

/* The frame to describe: as it was to go out where there is one, else as it came in; may be empty. */
struct bytes crossing_frame(const struct crossing *crossing);

/* As it went out, or would have; may be empty. */
struct bytes crossing_outgoing(const struct crossing *crossing);
struct bytes crossing_received(const struct crossing *crossing);
struct bytes crossing_sent(const struct crossing *crossing);

static inline const struct trace_record *crossing_record(const struct crossing *crossing, guint i)
{
	return &g_array_index(crossing->records, struct trace_record, i);
}

/* Whether `frame` is such a datagram: no interface has the MAC address that is all zeros. */
bool crossing_is_wrapped(struct bytes frame);

/* True when the host sends it itself. */
bool crossing_is_loopback(const struct crossing *crossing);

/* A datagram that is on no wire as a frame, under an Ethernet header of zeros. The caller frees it. */
GByteArray *crossing_wrap(struct bytes datagram);

/* Its last transmit or receive: where it left, or came in; 0: neither. */
unsigned crossing_interface(const struct crossing *crossing);

/* True when the payload was taken: nothing was dropped, and TCP, UDP or ICMP was the last. */
bool crossing_was_delivered(const struct crossing *crossing);

struct crossings;

/*
 * `done` is called for each crossing that is complete, which it borrows, in order of their begin; one that had to
 * wait comes behind what let it go on.
 */
struct crossings *crossings_new(void (*done)(void *owner, const struct crossing *crossing),
				void *owner);
void crossings_free(struct crossings *crossings); /* open ones are forgotten */

/* Takes in a record in the order of the trace. Kinds that are of no packet are ignored. */
void crossings_feed(struct crossings *crossings, const struct trace_record *record,
		    struct bytes bytes);

/* Completes all that do not wait for something: call it before showing what is no crossing. */
void crossings_settle(struct crossings *crossings);

/* Completes all: the trace ends. */
void crossings_finish(struct crossings *crossings);
