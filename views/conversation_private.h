/* What the parts of conversations share: conversation.c, conversation_roots.c, conversation_units.c. */
#pragma once
#include "views/model_private.h"

/* Bytes of a stream that no segment carried before. */
struct stream_part {
	const struct trace_record *record; /* of the frame that carried them */
	uint64_t object;                   /* the stream direction; 0: unknown */
	uint64_t object_offset;            /* of the bytes in that */
	uint64_t offset;                   /* of the bytes, or what stands for them, on the wire */
	struct bytes bytes;
	bool is_encrypted; /* they are what TLS made of others */
};

/* Which message a range of a stream is about (conversation_roots.c). */

void conversation_roots_init(struct conversations *conversations);

/* The root of the innermost range around `offset`; 0: there is none. */
uint64_t conversation_root_at(const struct conversations *conversations, uint64_t object,
			      uint64_t offset);

/* What is said in a direction (conversation_units.c). */

void conversation_units_init(struct conversations *conversations);

/* An empty array of struct model_unit *, which it owns. */
GPtrArray *conversation_units_new(void);

/* Dissects bytes that have come, with TLS or without, and keeps the units. */
void conversation_add_units(struct conversations *conversations, struct model_direction *direction,
			    const struct stream_part *part);
