/* What the user asks of a run: the options that all kinds of runs share. */
#pragma once
#include "app/run.h"

struct run_options {
	/* As they were written; NULL: not given. */
	char *pcap, *log_path, *format, *capture, *filter, *layer_names, *host_names;
	char *message_text, *columns_text, *seed_text, *until_text, *receive;
	char **settings;
	char *keylog, *eavesdrop;
	gboolean has_no_secrets;
	gboolean has_dialog, has_report, is_quiet, is_unfolded, has_no_comments;
	/* Read from those by run_options_check(). */
	uint64_t layers;  /* set of 1 << layer; 0: all */
	unsigned message; /* 0: all */
	unsigned columns; /* 0: as wide as the terminal */
	uint64_t seed;
	bool has_seed; /* false: the scenario's */
	int64_t until_ns;
};

/*
 * Parses the options of `command`, those of `driver` among them; the scenario goes to `file`. As
 * command_parse(): -1 to go on, else the exit status.
 */
int run_options_parse(struct run_options *options, const struct command *command, int argc,
		      char **argv, const struct run_driver *driver, const char **file);

/* Reads the values and finds out whether all goes together, also with the record of a live session at `record`
 * (NULL: none); false after a complaint. */
bool run_options_check(struct run_options *options, const char *record);

/* The option that puts something else in the place of the log; NULL: none does. */
const char *run_options_instead(const struct run_options *options);

/* Whether the log is asked for as JSON. */
bool run_options_is_json(const struct run_options *options);

/* Whether a path that was given (NULL: none) means standard output. */
bool run_options_is_stdout(const char *path);

void run_options_clear(struct run_options *options);
