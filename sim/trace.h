/*
 * The trace: typed records of all that happens, and the sinks that read them.
 *
 * Layers and programs emit records; views read them. A record holds no pointers and no text made
 * for people: names of details are registered tables, bytes are borrowed from the packet. With no
 * sink that wants a kind, emitting it costs one predictable branch.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/bytes.h"

struct node;
struct packet;

/* What a record says. The comment gives what `object`, `before`, `after` and the bytes hold. */
enum trace_kind {
	TRACE_NODE,      /* a node exists; detail: enum node_kind; bytes: its name */
	TRACE_INTERFACE, /* an interface exists; bytes: MAC 6, IPv4 4, prefix length 1, name */
	TRACE_LINK,   /* a cable; object: its id; before, after: its ends as node << 16 | interface;
	                      bytes: name of the network */
	TRACE_TABLE,  /* a row of a table (ARP, MAC, route, listener, DNS cache): object: key;
	                      before, after: old and new value, 0 for none; bytes: as the layer says */
	TRACE_ACTION, /* a user does something; detail: which action; bytes: its text */
	TRACE_TRANSMIT,    /* an interface starts sending; bytes: the whole frame without FCS;
	                      before: ns that it waits for frames in front of it; after: ns to its first
	                      bit on the wire; total_bytes: frame length */
	TRACE_RECEIVE,     /* an interface has received; bytes: the whole frame without FCS */
	TRACE_ENCAPSULATE, /* a header was put in front; start, header_bytes: where it is */
	TRACE_DECAPSULATE, /* a header was read and taken off; start, header_bytes: where it was */
	TRACE_FORWARD,     /* a switch or router passes it on; before, after: what changed (TTL) */
	TRACE_WAIT,   /* a packet waits for an answer of ARP, for other fragments, for a SYN from
	                      inside; detail: for what. Waits for other frames are TRANSMIT's `before` */
	TRACE_DROP,   /* a packet is lost here; detail: why */
	TRACE_IGNORE, /* a packet ends here and nothing is lost: it was for others, or it is
	                      answered by a refusal; detail: why */
	TRACE_IMPAIR, /* a cable did something to a frame; detail: what */
	TRACE_DERIVE, /* this packet or stream range was made from `object`: a packet (copy,
	                      fragment, reassembly), or stream direction with before, after: range;
	                      bytes, of fragments: the whole datagram, once */
	TRACE_STATE, /* an object's state changes from `before` to `after`; bytes: as the layer says */
	TRACE_UNIT,  /* bytes `before` to `before + after` of stream direction `object` are one
	                      command, reply, literal or message; detail: which; flags: TRACE_INBOUND */
	TRACE_PHASE, /* a session of a program enters a phase; object: the session; detail: which */
	TRACE_MAIL,  /* a message's life: composed, submitted, queued, delivered; object: message */
	TRACE_MAILBOX,    /* a mailbox changes; object: the mailbox; before: UID; after: flags */
	TRACE_LOOPBACK,   /* a host sends itself a datagram over no wire; bytes: all of it; flags:
	                   TRACE_INBOUND where it arrives */
	TRACE_CONGESTION, /* a congestion window changes; object: the stream direction; before,
	                      after: its bytes; detail: why; bytes: as the layer says */
	TRACE_KIND_COUNT,
};

#define TRACE_BIT(kind) (UINT64_C(1) << (kind))
#define TRACE_ALL       (TRACE_BIT(TRACE_KIND_COUNT) - 1)

enum trace_flag {
	TRACE_INBOUND = 1, /* UNIT: read from the peer, not written to it; LOOPBACK: it arrives */
	TRACE_RETRANSMIT = 2, /* ENCAPSULATE of TCP: these bytes were made into segments before */
	TRACE_CORRUPTED =
	    4,            /* RECEIVE: a cable changed bytes on the way; before: the FCS received */
	TRACE_SHARED = 8, /* TRANSMIT: one of several copies of a flooded frame, or for a mirror */
	TRACE_FIRST = 16, /* TRANSMIT: first time on a wire: by a host or router, not a switch */
	TRACE_ENCRYPTED = 64, /* UNIT of TLS: others on the way cannot read it */
	TRACE_ALTERED = 32,   /* RECEIVE: a faulty device changed bytes, and the FCS with them */
};

/* Ids: node << 40 | per-node sequence; 0 is none. They advance alike with tracing on or off. */
struct trace_record {
	int64_t time_ns;
	uint64_t id;
	uint64_t cause;         /* record that led here */
	uint64_t root;          /* user action or message; inherited, or set by a note */
	uint64_t packet;        /* kept across hops; a copy gets a new id and a DERIVE record */
	uint64_t object;        /* connection direction, mailbox, timer, parent packet */
	uint64_t blob;          /* arena offset + 1 of the bytes, filled in by a store; 0: none */
	uint64_t before, after; /* old and new value; or stream offset and length */
	uint32_t blob_bytes;    /* how many bytes came with the record */
	uint32_t total_bytes;   /* length of packet or message the record is about */
	uint32_t crossing;      /* groups one pass through a node */
	uint16_t start;         /* offset of the header in the packet's buffer */
	uint16_t header_bytes;
	uint16_t interface; /* index at the node, from 1; 0: none */
	uint16_t detail;    /* which state, reason, ...: index in the layer's table of names */
	uint8_t flags;      /* enum trace_flag */
	uint8_t actor; /* which program at the node, enum actor of protocols/actor.h; 0: none */
	uint8_t kind;  /* enum trace_kind */
	uint8_t layer; /* enum layer of stack/layer.h and protocols/layer.h */
};

#define TRACE_NODE_SHIFT 40

/* Index of the node that made the record, packet or object `id`. */
static inline uint32_t trace_node_of(uint64_t id)
{
	return (uint32_t)(id >> TRACE_NODE_SHIFT);
}

/*
 * A GHashFunc for tables whose keys are pointers to ids. The nodes of a world count alike: g_int64_hash()
 * would put the ids of all of them into the same places.
 */
unsigned trace_id_hash(const void *id);

struct trace_sink {
	uint64_t kinds; /* set of TRACE_BIT(kind); fixed once the sink is added */
	void *owner;
	/* `borrowed` are the record's bytes, valid during the call; only a store copies them. */
	void (*record)(void *owner, const struct trace_record *record, struct bytes borrowed);
	struct trace_sink *next; /* used by the trace */
};

struct trace {
	uint64_t kinds; /* the union over all sinks */
	struct trace_sink *sinks;
};

/* Adds `sink`, owned by the caller; sinks are called in the order they were added. */
void trace_add_sink(struct trace *trace, struct trace_sink *sink);

/* True when some sink wants records of this kind. */
static inline bool trace_wants(const struct trace *trace, enum trace_kind kind)
{
	return (trace->kinds & TRACE_BIT(kind)) != 0;
}
