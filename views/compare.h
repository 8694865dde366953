/*
 * Runs side by side: what each of them cost, where its mail is in the end, who can read it there, and
 * what follows for the eight questions by which mail protocols are told apart.
 *
 * All of it is read from trace records. No protocol is known by its name: a mailbox belongs to a server
 * when its node listens for connections, and to a device when it does not; a mail is on the server
 * because a mailbox there holds it, and readable offline because one on the device does.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include "protocols/dissect.h"
#include "sim/trace.h"

struct compare;

/* Units of figures. */
enum figure_unit {
	FIGURE_BYTES,
	FIGURE_COUNT,
	FIGURE_MAILS,   /* a count of which each one matters */
	FIGURE_TIME,    /* ns */
	FIGURE_MINUTES, /* ns, for people in minutes, below one in seconds */
	FIGURE_MONEY,   /* millionths of a currency unit */
	FIGURE_SHARE,   /* `value` of `of` */
	FIGURE_UNIT_COUNT,
};

enum figure_better { FIGURE_NEITHER, FIGURE_LESS, FIGURE_MORE };

/* What a figure says; constant. */
struct figure_kind {
	const char *key;   /* for JSON and CSV: "stored_bytes" */
	const char *label; /* for people: "stored on %s", the subject in place of %s */
	enum figure_unit unit;
	enum figure_better better; /* which of two is to be wished for */
	const char *group;         /* heading over it: "On the wires" */
};

struct figure {
	const struct figure_kind *kind;
	char *subject; /* a layer, a server or a device; "": the run as a whole */
	bool is_known; /* false: the scenario has nothing that it could be read from */
	uint64_t value, of;
};

/* One of the eight questions, answered. */
struct compare_answer {
	const char *key;      /* constant: "email_location" */
	const char *question; /* constant: "email location" */
	char *answer;         /* "server"; NULL: the scenario says nothing about it */
	char *evidence; /* the figures it follows from: "3 of 3 mails on mail, 0 on devices" */
};

#define COMPARE_ANSWERS 8

/* All that is known of one run. */
struct compare_result {
	char *title;
	GArray *figures; /* of struct figure, in order of display; (kind, subject) occurs once */
	struct compare_answer answers[COMPARE_ANSWERS];
};

/* Collects one run. `dissectors` is a NULL-terminated list that must outlive it. */
struct compare *compare_new(const char *title, const struct dissector *const *dissectors);

/* Takes in a record and its bytes, in the order of the trace; all kinds are needed. */
void compare_feed(struct compare *compare, const struct trace_record *record, struct bytes bytes);

/* The run is over: frees `compare` and returns what came of it, for compare_result_free(). */
struct compare_result *compare_finish(struct compare *compare);
void compare_result_free(struct compare_result *result);

/* The figure of that key and subject; NULL: the run has none. */
const struct figure *compare_find(const struct compare_result *result, const char *key,
				  const char *subject);

/* Several results, borrowed. */
struct comparison {
	struct compare_result *const *results;
	unsigned count;
};

/* Answers the last question, what each run is best for, which depends on the others. */
void compare_judge(const struct comparison *comparison);

/*
 * The table: 80 columns for one or two runs, 100 for three; more go on below. What differs is marked,
 * with `colour` by colour too.
 */
void compare_print(const struct comparison *comparison, FILE *out, bool colour);

/* One JSON document; one CSV table (RFC 4180). docs/COMPARE.md describes both. */
void compare_print_json(const struct comparison *comparison, FILE *out);
void compare_print_csv(const struct comparison *comparison, FILE *out);
