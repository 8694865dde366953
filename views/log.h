/*
 * The log: for each pass of a packet through a node one block, one line per layer, from the
 * application down to Ethernet where it is sent, up again where it is received. Every header shown
 * is read from the bytes of the frame.
 */
#pragma once
#include <stdio.h>
#include "views/found.h"
#include "views/model.h"

struct crossing;
struct log;

struct log_options {
	FILE *out;         /* not closed */
	bool colour;       /* one colour per layer */
	bool unfold;       /* show what repeats in full too */
	uint64_t layers;   /* set of 1 << layer; 0: all */
	const bool *nodes; /* by node index, at least as many as nodes exist; NULL: all */
	unsigned columns;  /* of a line, longer ones are broken; 0: one line each, however long */
	unsigned message;  /* only what belongs to this mail number; 0: all */
	bool repeat_purposes; /* say what a command is for each time, not only the first */
	const struct dissector *const *dissectors;
	/* Called behind each block and each event that was printed; NULL: nobody is. */
	void (*crossing_printed)(void *owner, const struct crossing *crossing);
	void (*event_printed)(void *owner, const struct trace_record *record);
	/* Appends what else there is to say of an event, behind its line; NULL: nothing. */
	void (*append_remark)(void *owner, const struct trace_record *record, GString *out);
	void *owner;
};

/* A log that reads records through `model`, which must be fed each record before the log is. */
struct log *log_new(const struct model *model, const struct log_options *options);
void log_feed(struct log *log, const struct trace_record *record, struct bytes bytes);

/* Prints what is still open and what was folded; then frees. Returns what of the options was met. */
struct view_found log_finish(struct log *log);
