/* What a state holds; for views/state*.c only. */
#pragma once
#include "views/backlog.h"
#include "views/state.h"

/* A row of a table, or an object with a state: the last record about it. */
struct row {
	uint32_t number; /* of all rows, in order of first appearance */
	uint32_t node;
	uint16_t interface;    /* of the key; 0 where the rest is enough */
	uint16_t of_interface; /* of the last record */
	uint8_t layer;
	uint8_t actor;  /* of the last record */
	uint16_t table; /* which of the layer's tables */
	uint64_t object;
	int64_t time_ns;
	uint64_t before, after;
	GBytes *bytes;
	uint64_t packets; /* of a rule of a packet filter: that it has decided about */
};

/* A message in a queue, for one recipient. */
struct queued {
	uint32_t number; /* of all that were ever queued */
	uint32_t node;
	uint64_t object;
	char *queue_id, *recipient, *reason;
	int64_t since_ns, next_ns;
};

struct state {
	const struct model *model;
	struct mailboxes *mailboxes;
	GPtrArray *rows;   /* of struct row *, in order of first appearance */
	GHashTable *index; /* struct row * by its key, to itself */
	struct backlog *backlog;
	GPtrArray *queued;     /* of struct queued * */
	uint32_t queued_count; /* ever */

	/* What the record fed last was about; one of them, or neither. */
	const struct row *last_row;
	const struct queued *last_queued; /* still there, else: */
	uint32_t left_queue;              /* its number + 1; 0: none */
	uint32_t left_node;
};

/* Tables of one layer that must not be mixed. The DNS cache and the MAC table are one each. */
enum { TABLE_ONLY, TABLE_STATE, TABLE_ROUTE, TABLE_PATH_MTU, TABLE_CONGESTION };

/* The row of the same key; NULL: none. */
const struct row *state_find_row(const struct state *state, const struct row *key);
