/*
 * A run with the views that the user asked for, by whatever makes it advance: the event queue alone,
 * real time with something plugged in from outside, or a record of that.
 */
#pragma once
#include "app/command.h"
#include "app/simulation.h"

/* The run that is built, for who makes it advance. */
struct run_session {
	struct simulation *simulation;
	int64_t until_ns;           /* --until or the scenario's own end; TIME_NEVER: none */
	void (*flush)(void *owner); /* hands to the system what the views have written so far */
	void *owner;
	int reader; /* standard output where views go there; -1: none does */
};

/* Decided after the scenario was loaded and before anything is built. */
struct run_setup {
	const char *file;          /* the scenario, as the user called it */
	struct scenario *scenario; /* its epoch may be changed */
	uint64_t seed;             /* may be changed */
	bool has_seed_option;      /* the user chose the seed */
	struct network_attachments attachments;
	struct trace_sink *sink; /* one more that the trace goes to; NULL: none */
	/*
	 * Makes the run advance to its end and returns the exit status. NULL: the event queue alone,
	 * until all is quiet; then expectations are judged.
	 */
	int (*drive)(void *owner, const struct run_session *session);
};

struct run_driver {
	const GOptionEntry *options; /* besides those of all runs, without an ending NULL */
	size_t option_count;
	char *const
	    *record_path; /* where --record of `options` leaves its path; NULL: there is none */
	bool is_quiet;    /* no log on standard output unless --log - asks for it */
	bool is_silent; /* no warnings: a program reads standard error, and takes all for errors */
	/* Completes `setup`. EXIT_OK, or else the exit status after complaining. */
	int (*prepare)(void *owner, struct run_setup *setup);
	void *owner;
};

/* Parses options and runs the scenario; returns the exit status. */
int run_with(const struct command *command, int argc, char **argv, const struct run_driver *driver);
