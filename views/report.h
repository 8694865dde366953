/*
 * The report of a run: the way of each message with its times, the encapsulation ledger of every hop
 * it took, payload against header bytes, and per protocol connections, round trips and bytes.
 */
#pragma once
#include <stdio.h>
#include "views/model.h"

struct report;

/* A report that reads records through `model`, which must be fed each record before it is. */
struct report *report_new(const struct model *model, const struct dissector *const *dissectors);
void report_feed(struct report *report, const struct trace_record *record, struct bytes bytes);

/* The closing lines of every run: messages, frames, bytes, retransmissions, drops. */
void report_print_summary(const struct report *report, FILE *out, bool colour);

/* The whole report. */
void report_print(const struct report *report, FILE *out, bool colour);

/* How many crossings had columns that do not add up: in - removed + added = out. Should be 0. */
uint64_t report_unbalanced(struct report *report);

void report_free(struct report *report);
