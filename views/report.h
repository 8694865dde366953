/*
 * The report of a run: the way of each message with its times, the encapsulation ledger of every hop
 * it took, payload against header bytes, and per protocol connections, round trips and bytes.
 */
#pragma once
#include <stdio.h>
#include "protocols/layer.h"
#include "views/model.h"

struct report;

#define REPORT_LAYERS                                                                              \
	(LAYER_COUNT + 1) /* those of protocols/layer.h; behind them other payload: of pings,
					      of what no dissector knows */

/*
 * What went over the wires, each packet counted where it was sent first, as the default capture does.
 * Frames are counted without FCS; padding is Ethernet's.
 */
struct report_totals {
	uint64_t packets;
	uint64_t layer_bytes[REPORT_LAYERS]; /* headers of a layer, or what an application said */
	unsigned connections;                /* of TCP */
	unsigned round_trips; /* questions that waited for an answer, handshakes included */
};

/* A report that reads records through `model`, which must be fed each record before it is. */
struct report *report_new(const struct model *model, const struct dissector *const *dissectors);
void report_feed(struct report *report, const struct trace_record *record, struct bytes bytes);

/* The totals so far. */
struct report_totals report_totals(const struct report *report);

/* The closing lines of every run: messages, frames, bytes, retransmissions, drops. */
void report_print_summary(const struct report *report, FILE *out, bool colour);

/* The whole report. */
void report_print(const struct report *report, FILE *out, bool colour);

/* The trace ends: what is still under way is counted. Call it before printing. */
void report_finish(struct report *report);

/* How many crossings had columns that do not add up: in - removed + added = out. Should be 0. */
uint64_t report_unbalanced(struct report *report);

void report_free(struct report *report);
