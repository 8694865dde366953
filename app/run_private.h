/* What the parts of a run share: command_run.c, run_outputs.c, run_progress.c. */
#pragma once
#include <stdio.h>
#include "app/expect.h"
#include "app/observer.h"
#include "app/readable.h"
#include "app/run.h"
#include "app/run_options.h"
#include "views/found.h"
#include "views/output.h"

struct run {
	const struct run_options *options;
	const struct run_driver *driver;
	struct run_setup setup;
	const char *file;
	struct scenario *scenario;
	struct simulation *simulation;
	struct observer observer;
	bool is_observed;
	bool has_printed_log;
	bool has_selected;       /* a log, JSON or dialogues were written, of what was asked for */
	struct view_found found; /* of what --layer, --host and --message ask for */
	bool has_repetitions;    /* the capture holds a packet once for each interface it passed */
	struct expect *expect;
	struct readable *readable;
	FILE *key_log_file;        /* of options->keylog; NULL: none */
	FILE *log_file;            /* standard output, or a way into log_output */
	struct output *log_output; /* of options->log_path; NULL: none */
	bool *hosts;
	uint64_t seed;
	gint64 started_us;
	int64_t ended_ns; /* virtual time at which the events ended */
	int status;
};

/* What the user asked for (run_outputs.c). */

/* Whether anything is wanted that reads the model. */
bool run_wants_model(const struct run *run);

/*
 * Opens log, capture, key log and eavesdropper, once the world is built. False: it was said why, and
 * `status` is set.
 */
bool run_open_outputs(struct run *run);

/* Ends all views but the log's file. `is_whole`: the run came to its end; else files are thrown away. */
void run_finish_views(struct run *run, bool is_whole);

/* The log file gets its name only when it is whole. */
void run_finish_log_file(struct run *run, bool is_whole);

/* A terminal's lines are not to be broken in the midst of words. */
unsigned run_columns_for(const struct run *run, FILE *out);

/* The way through virtual time, and what interrupts it (run_progress.c). */

/* Runs until the end, or until somebody interrupts it, which is said. */
enum engine_outcome run_events(struct run *run);

/* The number of the signal that interrupted it; 0: none did. */
int run_interruption(void);
