/* The parts of a report; for views/report*.c only. */
#pragma once
#include "views/crossing.h"
#include "views/report.h"

/* A station in a message's life. */
struct station {
	struct trace_record record;
	char *text; /* what came with the record, when it is text; NULL: not */
};

/* What one node did to the bytes that carried one message, in one role. */
struct ledger_row {
	uint32_t node;
	bool is_sending, is_receiving; /* the stack of a host; neither: passing on */
	uint64_t frames;
	uint64_t in, removed, rewritten, added, out; /* bytes; in - removed + added = out */
};

/* All that is known of one message, or of another action. */
struct report_account {
	GArray *stations; /* of struct station, in order of time */
	GArray *ledger;   /* of struct ledger_row, in order of first use */
};

struct report {
	const struct model *model;
	const struct dissector *const *dissectors;
	struct crossings *crossings;
	GHashTable *accounts; /* root to struct report_account *; look-ups only */
	uint64_t frames, frame_bytes, drops, retransmissions;
	uint64_t payload_bytes, header_bytes; /* of packets where they were first sent */
	uint64_t unbalanced;                  /* crossings whose columns did not add up */
	int64_t end_ns;
};

/* The account of `root`; NULL when nothing is known of it. */
const struct report_account *report_account(const struct report *report, uint64_t root);
