/*
 * The history of a run: its trace kept, and arranged as people look at it. The steppers, the page, the
 * written explanation and the quiz all read this one thing, so going backwards re-runs nothing.
 *
 * Three levels. An event is what a person would name: a user's action, a command, an answer, a
 * handshake, a question to DNS, an ARP exchange, a message put into a queue. Packets carry events; a hop
 * is one pass of a packet through one node (views/crossing.h). Events are in order of their first
 * record; so are the packets of an event, and the hops of a packet. Hops also stand in one list over all,
 * in order of time. Indices count from 0; HISTORY_NONE is none.
 *
 * A moment is a number of records: 0 before the first, trace_store_count() behind the last.
 */
#pragma once
#include <glib.h>
#include "sim/store.h"
#include "views/mailboxes.h"
#include "views/model.h"
#include "views/state.h"

struct history;

#define HISTORY_NONE UINT32_MAX

enum history_event_kind {
	HISTORY_ACTION,   /* a user does something */
	HISTORY_UNIT,     /* a command, reply, piece of a message, HTTP request, TLS message, ... */
	HISTORY_DATAGRAM, /* a DNS question or answer, an ICMP message */
	HISTORY_HANDSHAKE, /* a connection opens: SYN, SYN-ACK, ACK */
	HISTORY_CLOSE,     /* a connection ends: FIN, RST and what acknowledges them */
	HISTORY_CONTROL, /* segments without payload that belong to none of these: probes, window updates */
	HISTORY_RESOLVE, /* ARP: question and answer */
	HISTORY_MAIL,    /* a step of a message's way, or what becomes of it: no packet */
	HISTORY_CHANGE,  /* a state, table, phase or mailbox changes: no packet */
	HISTORY_OTHER,   /* packets of no kind above: garbage, what no one understands */
	HISTORY_EVENT_KIND_COUNT,
};

struct history_event {
	uint8_t kind;              /* enum history_event_kind */
	uint8_t layer;             /* of protocols/layer.h: its colour */
	bool is_encrypted;         /* others on the way cannot read it */
	int64_t time_ns, last_ns;  /* of its first and last record */
	uint64_t moment;           /* just behind its first record */
	uint64_t record;           /* index of the record that it is or begins with */
	uint64_t root;             /* message or action that it is due to; 0: none */
	uint32_t node;             /* where it begins */
	uint32_t mail;             /* number of the message that caused it, from 1; 0: none */
	uint32_t connection;       /* index in the model; HISTORY_NONE */
	uint8_t direction;         /* of the connection: 0 from the client, 1 from the server */
	uint32_t unit, unit_count; /* in that direction's list; HISTORY_NONE */
	uint32_t first_packet, packet_count; /* in history_event_packet() order */
};

struct history_packet {
	uint64_t id;
	uint64_t frame; /* number in the default capture; 0: never on a wire */
	uint32_t event; /* index of its event */
	uint32_t place; /* which packet of that event */
	bool is_retransmission;
	bool is_lost; /* it never arrived: not dropped as unwanted where it was to go */
	uint32_t first_hop, hop_count; /* in history_packet_hop() order */
};

enum history_outcome {
	HISTORY_MADE,      /* this node sends it */
	HISTORY_SWITCHED,  /* passed on as it is */
	HISTORY_ROUTED,    /* passed on with changed headers */
	HISTORY_DELIVERED, /* its payload was taken here */
	HISTORY_DROPPED,   /* lost here */
	HISTORY_IGNORED,   /* it ends here and nothing is lost */
	HISTORY_WAITING,   /* the run ends while it waits here */
};

struct history_hop {
	uint32_t event, packet; /* indices */
	uint32_t place;         /* which hop of that packet */
	uint32_t node;
	uint16_t in, out;         /* interfaces where it came and left; 0: neither */
	uint8_t outcome;          /* enum history_outcome */
	int64_t time_ns, last_ns; /* of its first and last record */
	uint64_t moment;          /* just behind its last record */
	uint64_t first_record; /* index of its first; the others have the same node and crossing */
	struct bytes received,
	    sent;           /* frames without FCS, valid as long as the history; may be empty */
	const char *reason; /* of a drop or an ignore, for people; NULL: none */
};

/* An empty history, to be fed each record in order. `dissectors` (ends with NULL) must outlive it. */
struct history *history_new(const struct dissector *const *dissectors);
void history_free(struct history *history);

/* Takes in one record. */
void history_feed(struct history *history, const struct trace_record *record, struct bytes bytes);

/* The trace ends: everything below may be asked from now on, nothing may be fed. */
void history_finish(struct history *history);

/* The whole run's model and records. */
const struct model *history_model(const struct history *history);
const struct trace_store *history_store(const struct history *history);

/* Why records are missing (no room to keep them); NULL: all are here. */
const char *history_error(const struct history *history);

uint32_t history_event_count(const struct history *history);
uint32_t history_packet_count(const struct history *history);
uint32_t history_hop_count(const struct history *history);

/* By index; valid as long as the history. */
const struct history_event *history_event(const struct history *history, uint32_t index);
const struct history_packet *history_packet(const struct history *history, uint32_t index);
const struct history_hop *history_hop(const struct history *history, uint32_t index);

/* Index of packet `place` of `event`, and of hop `place` of `packet`. */
uint32_t history_event_packet(const struct history *history, const struct history_event *event,
			      uint32_t place);
uint32_t history_packet_hop(const struct history *history, const struct history_packet *packet,
			    uint32_t place);

/* Index of the packet with this id, of the event a record belongs to; HISTORY_NONE: none. */
uint32_t history_find_packet(const struct history *history, uint64_t packet);
uint32_t history_find_event(const struct history *history, uint64_t record_id);

/* The first hop at or after a time, the last event that began at or before it; HISTORY_NONE: none. */
uint32_t history_hop_at(const struct history *history, int64_t time_ns);
uint32_t history_event_at(const struct history *history, int64_t time_ns);

/* Short title of an event: "EHLO alice-pc.office.example", "A of smtp.office.example?". Appends. */
void history_title(GString *out, const struct history *history, const struct history_event *event);

/*
 * What happens at a hop and why, in one or two sentences: "The router takes off the Ethernet header,
 * because that was addressed to it ...". From records and bytes. Appends.
 */
void history_explain_hop(GString *out, const struct history *history,
			 const struct history_hop *hop);

/*
 * Bytes of records that TLS puts around its payload at a hop that makes the packet, and takes off at one
 * that delivers it, as the log tells it; 0 at any other hop, and without TLS.
 */
uint64_t history_hop_tls_bytes(const struct history *history, const struct history_hop *hop);

/* What an event is and what it is for, in one or two sentences. Appends. */
void history_explain_event(GString *out, const struct history *history,
			   const struct history_event *event);

/*
 * The chain of causes of an event, itself first, the user's action last; indices of events. To be freed
 * with g_array_unref(); of uint32_t.
 */
GArray *history_causes(const struct history *history, uint32_t event);

/*
 * Everything as it is at a moment: sockets, tables, queues, mailboxes. Folded from the records up to
 * there; moving on costs what lies between, moving back begins again. Valid until the next call.
 */
const struct state *history_state(struct history *history, uint64_t moment);
const struct mailboxes *history_mailboxes(struct history *history, uint64_t moment);

/* A station of a message's way: each step, and what became of it, for each recipient as it comes. */
struct history_station {
	uint64_t moment;
	int64_t time_ns;
	uint32_t event, node;
	uint16_t detail; /* enum mail_detail */
	uint8_t step;    /* enum mail_step, STEP_NONE for an outcome */
	uint8_t actor;
};

/* Stations of message `number` (from 1) in order of time; owned by the history. */
const struct history_station *history_stations(const struct history *history, uint32_t number,
					       uint32_t *count);

/* How many of them are at or before `moment`. */
uint32_t history_stations_until(const struct history *history, uint32_t number, uint64_t moment);
