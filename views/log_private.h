/* The parts of the log that its own files share. */
#pragma once
#include "views/crossing.h"
#include "views/layout.h"
#include "views/log.h"

/* Why a block is folded away. */
enum fold {
	FOLD_NOT,
	FOLD_ARP,     /* address resolution: the block that waited for it says so */
	FOLD_SWITCH,  /* a switch that was seen at work before */
	FOLD_ROUTER,  /* likewise a router */
	FOLD_CONTROL, /* acknowledgements, handshakes and the like, as shown before */
	FOLD_COUNT,
};

/* An event to be told behind the crossing in which it happened. */
struct later_event {
	struct trace_record record;
	char *text;
};

struct log {
	const struct model *model;
	struct log_options options;
	struct crossings *crossings;
	GHashTable *seen;            /* signatures of blocks shown in full already */
	unsigned folded[FOLD_COUNT]; /* since the last block, and in all */
	unsigned folded_total[FOLD_COUNT];
	struct layout layout;
	struct view_found found;
	GHashTable *actors; /* id of an action to the name of its user */
	GArray *later; /* of struct later_event: they must not part the crossing they happened in */
};

/* True when lines of this layer are wanted. */
bool log_shows_layer(const struct log *log, unsigned layer);

/* Prints the block of one crossing, whatever the options say of folding. */
void log_print_crossing(struct log *log, const struct crossing *crossing);

/* Says what was folded since it was said last. */
void log_print_folded(struct log *log);

/* The sizes of a header and of what it is in front of. */
struct log_measure {
	size_t header_bytes;
	size_t size_bytes;    /* from the header to the end */
	size_t padding_bytes; /* at the end of the frame; of Ethernet only */
};

/*
 * The description of the header of `layer` in `frame`, e.g. "192.0.2.10 → 192.0.2.70 (mail), TTL 64",
 * and its sizes. False, `size` untouched, when the frame has no such header.
 */
bool log_describe(GString *out, const struct model *model, unsigned layer, struct bytes frame,
		  struct log_measure *size);

/* "3 fragments of datagram 4711": the datagram in `frame`. */
void log_describe_fragments(GString *out, struct bytes frame, unsigned count);

/* What happened to the IPv4 header between `in` and `out`: TTL and checksum. */
void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame);
