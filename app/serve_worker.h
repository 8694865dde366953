/*
 * The child process in which `mailwire serve` does what a request asks for: it reads a scenario from
 * standard input, and writes one line of JSON to standard output, then the page where one is wanted.
 * What it may use is limited before it reads anything, so a hostile scenario ends this process alone.
 *
 * The line is an object with
 *   messages  list of {severity, line, column, length, text, hint}: what the checker says
 *   error     true when there are errors among them: there is no page then
 *   notice    why a run was cut off; absent: it went to its end
 *   expect    list of {line, column, length, met, expected, found}: absent when the run was cut off
 *   offers    {column, length, hint, words: list of {word, key, meaning}}
 */
#pragma once
#include <stdint.h>

/* What a run may cost. */
struct serve_limits {
	uint64_t records;      /* of the trace */
	uint64_t seconds;      /* of real time, and of the processor */
	uint64_t memory_bytes; /* of address space; 0: no limit */
};

#define SERVE_SIMULATED_DAYS_MAX 30

/* The work, as the parent names it in the child's arguments: serve --worker WORK. */
#define SERVE_WORK_CHECK "check" /* messages */
#define SERVE_WORK_OFFER "offer" /* offers, at a place */
#define SERVE_WORK_PAGE  "page"  /* messages, expect; and the page */

struct serve_work {
	const char *work;
	const char *file;      /* what the scenario is called; attachments are in its folder */
	unsigned line, column; /* SERVE_WORK_OFFER */
	struct serve_limits limits;
};

/* Does it; returns the exit status of the child. */
int serve_worker(const struct serve_work *work);
