/* What classifying packets is made of; for views/history_classify*.c only. */
#pragma once
#include "views/history_private.h"

/* Events of one connection. HISTORY_NONE: not begun. */
struct conversation {
	uint32_t handshake, close;
	bool is_open;      /* the handshake is complete */
	GArray *events[2]; /* of uint32_t: the event of each unit */
};

struct classifier {
	struct history *history;
	struct conversation *conversations;
	GHashTable *questions; /* ARP, asked address << 32 | asker, to the event that is open + 1 */
};

/* The event of this index. */
struct history_event *classifier_event(struct history *history, uint32_t index);

/* The number of the message that `root` is; 0: it is none. */
uint32_t classifier_mail(const struct history *history, uint64_t root);

/* A new event that begins with record `index`; returns its index. */
uint32_t classifier_begin(struct history *history, enum history_event_kind kind, unsigned layer,
			  uint64_t index);

/* The event of a segment, of which `hop` is the first hop. */
uint32_t classify_segment(struct classifier *classifier, const struct history_hop *hop,
			  const struct history_segment *segment);
