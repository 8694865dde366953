/* The parts of the log that its own files share. */
#pragma once
#include "views/crossing.h"
#include "views/held.h"
#include "views/layout.h"
#include "sim/time.h"
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
	GHashTable *actors;      /* id of an action to the name of its user */
	struct held *held;       /* by receivers of TCP */
	struct held_news news;   /* of the crossing that is looked at */
	int64_t folded_queue_ns; /* the longest wait for other frames since the last block */
	GArray *later; /* of struct later_event: they must not part the crossing they happened in */
};

/* True when lines of this layer are wanted. */
bool log_shows_layer(const struct log *log, unsigned layer);

/* Prints the block of one crossing, whatever the options say of folding. */
void log_print_crossing(struct log *log, const struct crossing *crossing);

/* Says what was folded since it was said last. */
void log_print_folded(struct log *log);

/*
 * A frame of a crossing, `decode`, `segment` and `account` filled in: why TCP sent it, and what became of it
 * where it was received.
 */
void log_account(const struct log *log, const struct crossing *crossing, struct bytes frame,
		 struct decode *decode, struct model_segment *segment, struct account *account);

/* Whether TCP keeps what the segment carries, because bytes before it are missing. */
static inline bool log_is_early(const struct log *log)
{
	return log->news.missing_end > log->news.missing_begin;
}

#define LOG_QUEUE_NS NS_PER_MS /* a wait for other frames that is worth a line in a folded log */

/* "85.330 ms", "3.000 s". */
void log_append_duration(GString *line, int64_t duration_ns);

/* How long frames of the crossing wait for other frames, at most. */
int64_t log_queue_ns(const struct crossing *crossing);

/* The sizes of a header and of what it is in front of. */
struct log_measure {
	size_t header_bytes;
	size_t size_bytes;    /* from the header to the end */
	size_t padding_bytes; /* at the end of the frame; of Ethernet only */
};

/*
 * The description of the header of `layer` in the frame of `account`, e.g. "192.0.2.10 → 192.0.2.70 (mail),
 * TTL 64", and its sizes. False, `size` untouched, when the frame has no such header.
 */
bool log_describe(GString *out, const struct account *account, unsigned layer,
		  struct log_measure *size);

/* "3 fragments of datagram 4711": the datagram in `frame`. */
void log_describe_fragments(GString *out, struct bytes frame, unsigned count);

/* What happened to the IPv4 header between `in` and `out`: TTL and checksum. */
void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame);
