/*
 * What all views share: who is who, which frame is which, what the bytes of each connection say.
 * Built record by record from the trace alone; it knows no live object of the simulation.
 */
#pragma once
#include <glib.h>
#include "protocols/dissect.h"
#include "sim/trace.h"
#include "sim/world.h"
#include "stack/address.h"
#include "views/account.h"
#include "views/lines.h"

struct model;

struct model_interface {
	char *name;  /* "eth0" */
	char *label; /* "alice-pc:eth0" */
	struct mac mac;
	uint32_t address; /* 0: none (a switch port) */
	uint8_t prefix_length;
	char *network; /* of the cable plugged in; NULL: none */
	uint64_t peer; /* node << 16 | interface at the other end; 0: none */
	uint64_t rate_bps;
	uint64_t link; /* trace object of that cable; 0: none */
};

struct model_node {
	char *name;
	enum node_kind kind;
	GPtrArray *interfaces; /* of struct model_interface *; index - 1; may hold NULL */
};

#define MODEL_UNIT_BYTES_MAX 65536

/* One command, reply, literal or piece of one, as the dissector sees it in the bytes. */
struct model_unit {
	uint64_t offset, length; /* in the stream direction */
	uint64_t said_offset; /* likewise in what is said: in TLS, of plaintext; of runs alone, */
	uint64_t object;      /* as is this: how its sender's records call that; 0: unknown */
	const char *name;     /* constant: "MAIL command" */
	const struct dissector *dissector; /* which found it */
	uint16_t kind;
	bool is_complete;
	bool is_encrypted;   /* on the wire: TLS protects it */
	char *summary;       /* one line of text */
	const char *purpose; /* constant: what it is for; NULL: nothing to say */
	GBytes *bytes;       /* as they were first sent, decrypted; NULL beyond
	                        MODEL_UNIT_BYTES_MAX, and of TLS itself */
	int64_t time_ns;     /* when it was first sent, */
	uint64_t packet;     /* and by which packet; its beginning */
	uint64_t root;       /* message or action; 0: unknown */
};

struct model_connection;

/* One direction of a connection. */
struct model_direction {
	struct model_connection *connection;
	bool is_from_server;
	uint32_t initial_sequence; /* of the SYN */
	bool has_initial_sequence;
	bool has_syn;          /* it was seen, */
	bool is_answer;        /* and acknowledged the other side's; */
	bool is_scale_cut;     /* its options were not captured to their end, else */
	bool has_window_scale; /* it offered to scale its windows (RFC 7323 section 2), */
	uint8_t window_shift;  /* by this many bits: done when both SYNs offer it */
	bool has_fin;          /* an end was seen, */
	uint64_t fin_offset;   /* behind so many bytes */
	uint64_t fed_bytes;    /* stream offset up to which units are known */
	uint64_t
	    missing_bytes;   /* of them the last, which nobody has: its dissector is to be told */
	GByteArray *begun;   /* a line whose end has not come; NULL: none (views/pieces.h) */
	GPtrArray *units;    /* of struct model_unit *, by offset */
	uint64_t bytes_sent; /* payload, without repetitions */
	unsigned segments, retransmissions;
};

struct model_connection {
	unsigned number; /* from 1, in order of the first SYN */
	struct endpoint client, server;
	const struct dissector *dissector; /* NULL: unknown protocol */
	struct dissect_state state;
	bool is_tls; /* TLS is spoken, from the start or from some point on */
	struct dissect_state tls_state;
	struct model_direction directions[2]; /* 0 from the client, 1 from the server */
	int64_t opened_ns;                    /* first SYN */
	int64_t closed_ns;                    /* last segment seen so far */
	bool was_reset;                       /* an RST was sent */
	unsigned fins;                        /* set of 1: the client sent FIN, 2: the server */
	uint8_t actors[2]; /* enum actor: whose the client's end is, and the server's */
};

/* A message, numbered in order of composition. */
struct model_mail {
	unsigned number; /* from 1 */
	uint64_t root;
	uint64_t object;
	char *from, *subject, *message_id;
	char *to; /* "bob@remote.example, cc carol@office.example" */
	int64_t composed_ns;
	uint64_t size_bytes;
	uint32_t node; /* where it was composed */
};

/* Empty model. `dissectors` is a NULL-terminated list that must outlive it. */
struct model *model_new(const struct dissector *const *dissectors);
void model_free(struct model *model);

/* Takes in one record and its bytes; in the order of the trace. */
void model_feed(struct model *model, const struct trace_record *record, struct bytes bytes);

/* Look-ups. NULL or "?" when unknown; results live as long as the model. */
const struct model_node *model_node(const struct model *model, uint32_t node);
unsigned model_node_count(const struct model *model);
const char *model_node_name(const struct model *model, uint32_t node);
const struct model_interface *model_interface(const struct model *model, uint32_t node,
					      unsigned interface);

/* Whose socket has this port at this address, enum actor; 0: nobody's, or not known. */
uint8_t model_actor(const struct model *model, uint32_t address, bool is_tcp, uint16_t port);

/* Index of the node called `name`, or 0. */
uint32_t model_find_node(const struct model *model, const char *name);

/* Name of the node that has this address: "gw"; NULL: none. */
const char *model_name_of_mac(const struct model *model, struct mac mac);
const char *model_name_of_address(const struct model *model, uint32_t address);

/* Number in the default capture of the frame that carried `packet`; 0: none yet. */
uint64_t model_frame(const struct model *model, uint64_t packet);
uint64_t model_frame_count(const struct model *model);

/*
 * A retransmission: a segment that put bytes, a SYN or a FIN on a wire that were on one before
 * (views/sent_segments.h). Whether `packet` was one, and how many there were.
 */
bool model_is_again(const struct model *model, uint64_t packet);
uint64_t model_retransmissions(const struct model *model);

/* Why TCP made the segment that `packet` is, enum tcp_detail; 0: not known, or no segment. */
uint8_t model_why(const struct model *model, uint64_t packet);

/* Connections in order of opening. */
unsigned model_connection_count(const struct model *model);
const struct model_connection *model_connection(const struct model *model, unsigned index);

/* How a segment's bytes stand to those before it, where that is known. */
enum segment_order {
	SEGMENT_IN_ORDER,
	SEGMENT_REPEATED,  /* all of its bytes were there before */
	SEGMENT_ELSEWHERE, /* likewise, but at another interface: the same packet on its way */
	SEGMENT_KEEPALIVE, /* repeats one byte at most, to see whether the peer is there */
	SEGMENT_PROBE, /* repeats or sends one byte at most, while the peer's window is closed */
	SEGMENT_EARLY, /* bytes before it have not come yet: it is held */
	SEGMENT_FILLS_GAP,  /* what was held behind it can be read now */
	SEGMENT_AFTER_LOSS, /* bytes before it were never captured */
	SEGMENT_BEFORE,  /* all of it is from before the first byte of the stream that is known */
	SEGMENT_DAMAGED, /* its checksum is wrong: a receiver does not take it in */
};

/* What a stream that is followed shows of a segment without payload, beyond what its header says. */
enum segment_known {
	SEGMENT_KNOWN_NOTHING,
	SEGMENT_ACKNOWLEDGES_AGAIN, /* the same as before, and with the same window */
	SEGMENT_UPDATES_WINDOW,     /* acknowledges the same as before, with a larger window */
	SEGMENT_OF_EARLIER,   /* answers a SYN, and acknowledges what it did not send: RFC 5961 */
	SEGMENT_SIMULTANEOUS, /* a SYN, or its answer, while the other side opens as well */
};

/* A TCP segment found in a frame: which connection, which part of its direction. */
struct model_segment {
	const struct model_connection *connection;
	const struct model_direction *direction;
	uint64_t offset;       /* of the payload in the stream direction, */
	uint64_t length;       /* and its bytes on the wire */
	uint32_t before_bytes; /* of them, which are from before the stream's first known byte */
	uint32_t sequence, acknowledgment; /* relative to the SYNs, as Wireshark shows them */
	uint8_t flags;
	uint8_t order; /* enum segment_order */
	uint8_t why;   /* enum tcp_detail, as its sender or the stream says; 0: not known */
	uint8_t known; /* enum segment_known, of captures alone */
	uint64_t missing_bytes;       /* never captured, just before it */
	uint64_t other_missing_bytes; /* acknowledged by it, and never captured */
	uint64_t released_bytes;      /* what was held behind it, and can be read now */
	bool tells_other;      /* what the other side sent before can be read now: its units */
	bool tells_held;       /* likewise of its own side, though it has no payload */
	bool is_window_known;  /* how windows are scaled is known */
	uint32_t window_bytes; /* scaled where it is known, else the number in the header */
};

/* Where the payload of `segment` ends in the stream direction. */
static inline uint64_t model_segment_end(const struct model_segment *segment)
{
	return segment->offset + segment->length - segment->before_bytes;
}

/* The names of the nodes, as the functions that tell of packets want them. */
const struct view_names *model_names(const struct model *model);

/*
 * Takes `frame` (Ethernet, no FCS) apart into `decode`, without fields, finds its segment, and
 * makes `account` of both, which must live as long.
 */
void model_account(const struct model *model, struct bytes frame, struct decode *decode,
		   struct model_segment *segment, struct account *account);

/* The same of the frame of `packet`: its sender's records say why it was sent. */
void model_account_packet(const struct model *model, uint64_t packet, struct bytes frame,
			  struct decode *decode, struct model_segment *segment,
			  struct account *account);

/* Finds the segment in `frame` (Ethernet, no FCS). False: no TCP, a fragment, or unknown. */
bool model_find_segment(const struct model *model, struct bytes frame,
			struct model_segment *segment);

/* What is spoken as far as can be read: "SMTP", "TLS"; "stream" where nothing is known. */
const char *model_protocol(const struct model_connection *connection);

/*
 * How many bytes of the segment are those of units; with `without` only of units that others than that
 * dissector found. On a TLS connection what is left over is what TLS puts around what it encrypts.
 */
uint64_t model_unit_bytes(const struct model_segment *segment, const struct dissector *without);

/* Bytes that TLS adds to what the protocol above it says: of its own, and around that. */
uint64_t model_tls_bytes(const struct model_segment *segment);

/*
 * Bytes of records that TLS puts around what it encrypts in this segment: headers and tags. 0: it carries
 * only messages of TLS itself, or no TLS.
 */
uint64_t model_record_bytes(const struct model_segment *segment);

/* First unit that overlaps or follows `offset`; iterate on while unit->offset < end. */
unsigned model_unit_index(const struct model_direction *direction, uint64_t offset);

/* Messages in order of composition; by trace root (NULL: that root is no message). */
/* The dial-up lines and their calls so far. */
const struct lines *model_lines(const struct model *model);

unsigned model_mail_count(const struct model *model);
const struct model_mail *model_mail(const struct model *model, unsigned index);
const struct model_mail *model_mail_by_root(const struct model *model, uint64_t root);

/* The message that a TRACE_MAIL record with these bytes is about; NULL: not known. */
const struct model_mail *model_mail_of(const struct model *model, const struct trace_record *record,
				       struct bytes bytes);
