/* The parts of a history; for views/history*.c only. */
#pragma once
#include "views/crossing.h"
#include "views/history.h"

/* What a segment was when it was put on a wire: connections may be opened anew between two endpoints. */
struct history_segment {
	uint64_t packet;
	uint32_t connection;               /* index in the model */
	uint8_t direction;                 /* 1: from the server */
	uint8_t flags;                     /* of its header */
	uint32_t sequence, acknowledgment; /* relative */
	uint64_t offset, length;
};

struct history {
	struct model *model;
	struct trace_store *store;
	struct crossings *crossings;
	GArray *events;           /* of struct history_event */
	GArray *packets;          /* of struct history_packet */
	GArray *hops;             /* of struct history_hop */
	GArray *event_packets;    /* of uint32_t: indices of packets, grouped by event */
	GArray *packet_hops;      /* of uint32_t: indices of hops, grouped by packet */
	GArray *hop_packets;      /* of uint64_t: packet id of each hop, in order of completion */
	GArray *record_hops;      /* of uint32_t by record; HISTORY_NONE: of no hop */
	GArray *record_events;    /* the same */
	GHashTable *packet_by_id; /* to its index + 1 */
	GHashTable *segments;     /* packet id to struct history_segment * */
	GHashTable *rules; /* of packet filters, node << 32 | number, to their records' index + 1 */
	GPtrArray *off_wire; /* of GByteArray *: datagrams that were on no wire */
	GPtrArray *stations; /* of GArray of struct history_station, by number - 1 */
	struct state *state;
	struct mailboxes *mailboxes;
	uint64_t state_moment, mailboxes_moment;
};

/* Takes in a crossing that is complete. */
void history_keep_hop(void *owner, const struct crossing *crossing);

/* Sorts hops into packets, and packets and other records into events. Once, at the end. */
void history_arrange(struct history *history);

/* views/history_classify.c: the events. */
void history_make_events(struct history *history);

/* Collects the stations of all messages. */
void history_collect_stations(struct history *history);

/* The segment that a packet is; NULL: none. */
const struct history_segment *history_segment(const struct history *history, uint64_t packet);

/* The frame that tells best what a packet is: as it was first sent. May be empty. */
struct bytes history_packet_frame(const struct history *history,
				  const struct history_packet *packet);

/* Record `index`, and the bytes that came with it. */
const struct trace_record *history_record_at(const struct history *history, uint64_t index);
struct bytes history_bytes_at(const struct history *history, uint64_t index);

/* The next record of a hop at or behind record `from`; UINT64_MAX: there is none. */
uint64_t history_hop_record(const struct history *history, const struct history_hop *hop,
			    uint64_t from);

/* The first record of a hop of this kind, and layer (-1: any); NULL: none. */
const struct trace_record *history_hop_find(const struct history *history,
					    const struct history_hop *hop, enum trace_kind kind,
					    int layer);

/* The record that tells of rule `number` of the packet filter at `node`; UINT64_MAX: none does. */
uint64_t history_find_rule(const struct history *history, uint32_t node, uint64_t number);

/* The first record of an event. */
static inline const struct trace_record *history_event_record(const struct history *history,
							      const struct history_event *event)
{
	return history_record_at(history, event->record);
}
