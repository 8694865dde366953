/*
 * What is wrong with a user's file, said so that it can be mended: file, line and column, the line
 * quoted with a caret, what is wrong, and what was probably meant.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

/* A place in a file. Line and column count from 1, columns in characters; line 0: no place. */
struct mark {
	unsigned line, column;
	unsigned length; /* characters to underline; 0 and 1 are one caret */
};

enum severity {
	SEVERITY_WARNING, /* suspicious, but it can run */
	SEVERITY_ERROR,
};

#define DIAGNOSTICS_SHOWN_MAX 20 /* more are counted, not shown */

struct diagnostics;

struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *diagnostics);

/* Names the file that the marks refer to and keeps a copy of its text for quoting. */
void diagnostics_set_source(struct diagnostics *diagnostics, const char *name, struct bytes text);

/*
 * Adds a second text, whose marks count on where those of the texts before it end: returns how many
 * lines to add to a line of its own.
 */
unsigned diagnostics_add_source(struct diagnostics *diagnostics, const char *name,
				struct bytes text);

/* Adds a complaint about the place `mark`. The text is one sentence without a final stop. */
void diagnostics_add(struct diagnostics *diagnostics, enum severity severity, struct mark mark,
		     const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Adds to the latest complaint what was meant or what to do: "did you mean `delay`?". */
void diagnostics_hint(struct diagnostics *diagnostics, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Forgets all complaints so far: a syntax error is reported alone. */
void diagnostics_clear(struct diagnostics *diagnostics);

unsigned diagnostics_count(const struct diagnostics *diagnostics, enum severity severity);

/*
 * All complaints as text for a terminal, by line and column, at most DIAGNOSTICS_SHOWN_MAX and a
 * line that counts the rest; "" when there are none. The caller frees it.
 */
char *diagnostics_print(const struct diagnostics *diagnostics);

/* A complaint, for who shows it otherwise: borrowed, until one is added or they are freed. */
struct diagnostic {
	enum severity severity;
	const char *source; /* the file it is about; NULL: none is named */
	struct mark mark;   /* in that file */
	const char *text;
	const char *hint; /* NULL: none */
};

/*
 * The complaints in the order of diagnostics_print(), at most DIAGNOSTICS_SHOWN_MAX of them, into
 * `shown`. Returns how many there are in all.
 */
unsigned diagnostics_list(const struct diagnostics *diagnostics, struct diagnostic *shown);

/*
 * Finds what a misspelt `word` was meant to be: hand every word that is known to suggest_offer(),
 * then `best` is the nearest by edit distance, or NULL when none is near. Ties: the first offered.
 */
struct suggestion {
	const char *word;
	const char *best; /* borrowed from the caller of suggest_offer() */
	unsigned distance;
};

void suggest_offer(struct suggestion *suggestion, const char *known);
