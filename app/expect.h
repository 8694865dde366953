/* The `expect:` lines of a scenario, judged from the trace: a sink that reads records only. */
#pragma once
#include <stdio.h>
#include "app/scenario.h"
#include "sim/trace.h"

struct expect;

/* Judges the expectations of `scenario`, which must outlive it. */
struct expect *expect_new(const struct scenario *scenario);

/* The same, and keeps what decided: see struct expect_judgement. */
struct expect *expect_new_with_evidence(const struct scenario *scenario);
void expect_free(struct expect *expect);

/* The sink to add to a simulation; owned by `expect`. Asks only for the kinds it needs. */
struct trace_sink *expect_sink(struct expect *expect);

/* A step of a message's way that met the line it was expected by. */
struct expect_tick {
	unsigned number, count; /* of the lines about this message's way */
};

/* Which line the record `record` has just met; false: none. */
bool expect_tick(const struct expect *expect, uint64_t record, struct expect_tick *tick);

struct expect_ending {
	FILE *out;
	const char *file; /* where the expectations are written */
	bool colour;
	bool is_quiet;      /* say only what is not met */
	int64_t cut_ns;     /* the run was cut off here, before its end; TIME_NEVER: it was not */
	const char *cut_by; /* "after --until" */
};

/*
 * Ends the judging and says of each expectation whether it was met, and if not where it is written,
 * what was expected and what was found. In a run that was cut off one is judged only when nothing
 * that might still have come could change the verdict; the others are "not judged". Returns how many
 * were not met.
 */
unsigned expect_finish(struct expect *expect, const struct expect_ending *ending);

/* A record that counted, or one that happened instead of what was expected. */
struct evidence {
	int64_t time_ns;
	uint64_t packet;         /* that it is of, or that led to it; 0: none */
	uint64_t object, offset; /* of what a program wrote: the stream and where; 0: no such */
	uint64_t frame;          /* number of the packet in the default capture; 0: none */
	char *text;              /* "mail (MTA): queued, \"Minutes\"" */
};

#define EVIDENCE_MAX 3 /* of each sort; the first that counted, the last that did not */

/* How one expectation came out, and why. */
struct expect_judgement {
	bool is_met;
	uint64_t found;
	struct scenario_range range; /* of what was expected */
	char *expected;              /* "connections to mail port 143 refused: at least 1 time" */
	char *found_text;            /* "there were 0" */
	GArray *counted;             /* of struct evidence */
	GArray *contrary;            /* likewise: what happened instead */
};

/* Ends the judging of a run that went to its end. */
void expect_close(struct expect *expect);

/* How expectation number `index`, from 0, came out; to be asked once, and freed. */
struct expect_judgement *expect_take_judgement(struct expect *expect, unsigned index);
void expect_judgement_free(struct expect_judgement *judgement);
