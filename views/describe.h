/*
 * A packet told of layer by layer, for people: one line per header, and one per command, reply or
 * message that it carries. Everything is read from the bytes; who is who comes from `names`.
 */
#pragma once
#include <glib.h>
#include "views/decode.h"
#include "stack/wire/tcp.h"
#include "views/model.h"

/* Appends what the header of `layer` says: "192.0.2.10 → 192.0.2.70 (mail), TTL 64". */
void describe_layer(GString *out, const struct account *account, const struct decode_layer *layer);

/*
 * Appends `before` and the blocks that the header acknowledges selectively (RFC 2018), numbered as its
 * acknowledgment is: "bytes 1449 to 2896 (SACK)". Nothing where there are none.
 */
void describe_selective(GString *out, const char *before, const struct tcp_header *header,
			const struct model_segment *segment);

/* One command, reply, message or piece of one, in a packet. */
struct application_line {
	const struct dissector *dissector;
	const char *summary;
	const char *changed;  /* the first line that was changed on the way; NULL: none was */
	const char *purpose;  /* NULL: nothing to say */
	uint16_t kind;        /* the dissector's */
	uint64_t length;      /* bytes of it that this packet carries */
	bool is_from_earlier; /* arrived before, and can be read now that a gap is filled */
};

/* Calls `print` for each of them, in order of the bytes. */
void describe_application(const struct account *account,
			  void (*print)(void *owner, const struct application_line *line),
			  void *owner);
