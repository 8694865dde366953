/* The parts of a model; for views/model.c and views/conversation*.c only. */
#pragma once
#include "protocols/mail/message.h"
#include "views/model.h"
#include "views/sent_segments.h"

#define IP_PROTOCOL_NUMBER_TCP 6

/* All TCP connections of a trace, found again in the bytes of frames. */
struct conversations {
	const struct dissector *const *dissectors;
	GPtrArray *connections;   /* of struct model_connection *, in order of opening */
	GHashTable *by_endpoints; /* struct conversation_key * to the newest connection */
	GHashTable *roots;        /* stream object id to GArray of struct root_range */
	GHashTable *protected;    /* stream object id to struct protected_stream * */
	GHashTable *translations; /* TCP endpoint at a router that translates to the inside one,
	                             each as address << 16 | port */
};

/* What is kept of a packet that was on a wire: its frame number, and why TCP sent it. */
#define MODEL_SENT(frame, is_again, why) ((frame) << 9 | (gsize)(is_again) << 8 | (why))

struct model {
	struct view_names names; /* its owner is the model */
	GPtrArray *nodes;        /* of struct model_node * */
	GHashTable *macs;        /* 48-bit number to struct model_node * */
	GHashTable *addresses;   /* IPv4 address to struct model_node * */
	GHashTable *frames;      /* packet id to what MODEL_SENT() makes */
	struct sent_segments *segments;
	GHashTable *sockets; /* address << 32 | 1 << 16 for TCP | port to enum actor */
	uint64_t frame_count, retransmissions;
	struct lines *lines;
	GPtrArray *mails;          /* of struct model_mail * */
	GHashTable *mails_by_id;   /* Message-ID to struct model_mail *; look-ups only */
	GHashTable *mails_by_root; /* uint64_t to struct model_mail *; look-ups only */
	struct conversations conversations;
};

void conversations_init(struct conversations *conversations,
			const struct dissector *const *dissectors);
void conversations_clear(struct conversations *conversations);

/*
 * A frame that was put on a wire for the first time: by its first sender, in order. `segment` is what its
 * sender's records say of it; all 0: nothing.
 */
void conversations_feed_frame(struct conversations *conversations,
			      const struct trace_record *record, struct bytes frame,
			      const struct sent_segment *segment);

/* A session says which message a range of its stream belongs to. */
void conversations_feed_unit(struct conversations *conversations,
			     const struct trace_record *record);

/* One end of a TLS connection begins, and says what is in the records it sends. */
void conversations_feed_tls(struct conversations *conversations, const struct trace_record *record,
			    struct bytes bytes);

/* A router gives an endpoint inside one of its own: segments with either are of one connection. */
void conversations_translate(struct conversations *conversations, struct endpoint outside,
			     uint64_t inside);

bool conversations_find(const struct conversations *conversations, struct bytes frame,
			struct model_segment *segment);
