/* The subcommands of `mailwire`, and what they share. */
#pragma once
#include <glib.h>
#include <stdio.h>
#include "app/scenario.h"

#define MAILWIRE_VERSION "0.1"

enum exit_status {
	EXIT_OK = 0,
	EXIT_EXPECTATION = 1, /* an `expect:` line failed */
	EXIT_USAGE = 2,       /* bad usage or a bad scenario */
	EXIT_OUTPUT = 3,      /* an output could not be written */
	EXIT_DAMAGED = 4,     /* a capture could be read in part only */
};

struct command {
	const char *name;
	const char *arguments; /* "FILE [OPTION...]" */
	const char *summary;   /* one line */
	const char *example;   /* for --help */
	int (*run)(const struct command *command, int argc, char **argv);
};

/* Each in command_<name>.c or with its kin. */
int command_run(const struct command *command, int argc, char **argv);
int command_check(const struct command *command, int argc, char **argv);
int command_show(const struct command *command, int argc, char **argv);
int command_topology(const struct command *command, int argc, char **argv);
int command_state(const struct command *command, int argc, char **argv);
int command_mailbox(const struct command *command, int argc, char **argv);
int command_html(const struct command *command, int argc, char **argv);
int command_serve(const struct command *command, int argc, char **argv);
int command_step(const struct command *command, int argc, char **argv);
int command_live(const struct command *command, int argc, char **argv);
int command_shell(const struct command *command, int argc, char **argv);
int command_explain(const struct command *command, int argc, char **argv);
int command_compare(const struct command *command, int argc, char **argv);
int command_claims(const struct command *command, int argc, char **argv);
int command_glossary(const struct command *command, int argc, char **argv);
int command_quiz(const struct command *command, int argc, char **argv);
int command_narrate(const struct command *command, int argc, char **argv);
int command_list(const struct command *command, int argc, char **argv);
int command_new(const struct command *command, int argc, char **argv);

/*
 * The program as Wireshark calls it from its extcap folder, with --extcap-... instead of a
 * subcommand; returns the exit status.
 */
int command_extcap(int argc, char **argv);

/*
 * Parses options and exactly `count` further arguments, which go to `arguments`. Answers --help, and
 * refuses an option of one value that stands twice, and a path that is empty.
 * Returns -1 to go on, else the exit status to end with; complaints are on standard error.
 */
int command_parse(const struct command *command, int argc, char **argv, const GOptionEntry *options,
		  unsigned count, const char **arguments);

/* The same with `least` further arguments or more, which go to `arguments` for g_strfreev(). */
int command_parse_many(const struct command *command, int argc, char **argv,
		       const GOptionEntry *options, unsigned least, char ***arguments);

/*
 * Loads the scenario that `file` means, a path or the name of a shipped one. NULL after saying on
 * standard error what is wrong; warnings go there too.
 */
struct scenario *command_load(const char *file);

/*
 * The same for --receive NAME, a protocol in place of that which is written (NULL: as written), and
 * --set PATH=VALUE, any number of times (NULL: never).
 */
struct scenario *command_load_changed(const char *file, const char *receive, char **settings);

/* Whether `format` is one of --format's words, up to a NULL. False with a complaint. */
bool command_parse_format(const char *format, const char *const *formats);

/* The protocol of --receive NAME. False with a complaint when `name` is none. */
bool command_parse_receive(const char *name, enum scenario_protocol *protocol);

/* Of the option that commands which load so share. */
#define COMMAND_SET_HELP                                                                           \
	"Write a part of the scenario otherwise, such as clients/alice/incoming=pop3; may stand "  \
	"several times"

/*
 * Ends output on standard output: EXIT_OK, or EXIT_OUTPUT after saying why it could not be written.
 */
int command_flush(void);

/* Whether to use colours on `fd`: a terminal, and NO_COLOR is not set (no-color.org). */
bool command_colours(int fd);

/* Columns of the terminal that `fd` is; 0: it is none. */
unsigned command_columns(int fd);

/* How wide prose on standard output is: 80 columns, or what the terminal has less. */
unsigned command_page_columns(void);

/* Text that is kept until it is whole, to have its lines broken where the terminal ends. */
struct page {
	FILE *in; /* print here */
	FILE *out;
	unsigned columns;
	char *text;
	size_t text_bytes;
};

/* Begins a page for `out`, in lines of at most `columns` columns; 0: however long. Returns `in`. */
FILE *page_begin(struct page *page, FILE *out, unsigned columns);
void page_end(struct page *page);

/* "mailwire: " and the text on standard error. */
void command_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/*
 * The names in `text`, which has commas between them; for g_strfreev(). NULL with a complaint when
 * one of them is empty.
 */
char **command_split_names(const char *option, const char *text);

/*
 * Whether a file can be made at `path` (NULL and "-": standard output): asked before a run, for the
 * end of one is too late. False with a complaint.
 */
bool command_can_write(const char *path);

/*
 * Parses a whole number from `least` to `most` in decimal; NULL is none and leaves `number` as it is.
 * False with a complaint that says `rule` ("mails are numbered from 1") when it is no such number.
 */
bool command_parse_number(const char *option, const char *rule, const char *text, uint64_t least,
			  uint64_t most, uint64_t *number);

/* Parses "1.5s", "300ms", "2h", as scenarios write times. False with a complaint of what is wrong. */
bool command_parse_time(const char *option, const char *text, int64_t *time_ns);
