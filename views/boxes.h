/*
 * A frame as nested boxes, one for each header, and what a hop changed in them: for every view that draws
 * envelopes inside envelopes. Read by the codecs' field tables and the dissectors alone.
 */
#pragma once
#include <glib.h>
#include "views/decode.h"
#include "views/model.h"

enum box_change {
	BOX_SAME,
	BOX_CHANGED, /* there before and after, with another value */
	BOX_ADDED,   /* not there before */
	BOX_REMOVED, /* not there after */
};

struct box_field {
	const char *name;         /* in the words of the RFC; constant */
	char *value;              /* as people read it */
	const char *who;          /* the node that has this address; NULL: none */
	const char *purpose;      /* one sentence; NULL: nothing to say */
	const char *reference;    /* "RFC 791 section 3.1"; NULL: none */
	uint32_t start_bit, bits; /* in the frame */
	uint8_t change;           /* enum box_change, against the other frame */
	bool is_main;             /* one that is worth a place where there is little */
};

struct box {
	const char *name;             /* "IPv4", "SMTP" */
	uint8_t layer;                /* of protocols/layer.h: its colour */
	uint8_t protocol;             /* enum decode_protocol */
	uint8_t change;               /* enum box_change: of the header as a whole */
	bool is_quoted;               /* part of the datagram that an ICMP error quotes */
	uint32_t start, header_bytes; /* in the frame; of an application, all its bytes */
	uint32_t total_bytes;         /* with all that is inside */
	char *summary;                /* "alice-pc → mail, TTL 64": views/describe.h */
	const char *complaint;        /* "checksum wrong"; NULL: all is well */
	bool is_encrypted;            /* TLS: what is inside cannot be read on the wire */
	bool is_around;   /* TLS: its records enclose what is inside, as a header does */
	GArray *fields;   /* of struct box_field */
	GPtrArray *lines; /* of char *: commands, replies, messages that it carries */
};

/* The boxes of `frame` (Ethernet, no FCS; empty: none), outermost first; of struct box *. */
GPtrArray *boxes_new(const struct model *model, struct bytes frame);
void boxes_free(GPtrArray *boxes);

/* Marks in both what differs between them. Boxes are matched by protocol from the inside out. */
void boxes_compare(GPtrArray *before, GPtrArray *after);

/* The innermost field that covers a byte; NULL: none. `box` gets its box. */
const struct box_field *boxes_field_at(const GPtrArray *boxes, uint32_t byte,
				       const struct box **box);
