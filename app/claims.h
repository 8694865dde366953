/*
 * Statements that courses make about email, tested: scenarios/claims.yaml says of each which scenarios
 * show it and what must be seen there. Whether it is true comes from the runs alone.
 */
#pragma once
#include <stdio.h>
#include "app/expect.h"
#include "app/list_read.h"

/* A setting of a scenario, as it stands in the list. */
struct claim_setting {
	const struct yaml_node *path, *value;
};

/* One scenario, as it is or with settings, and what is seen there if the statement holds. */
struct claim_case {
	struct mark mark;
	const char *scenario; /* its name */
	const char *when;     /* the setting in words: "mail is left on the server"; NULL */
	GArray *settings;     /* of struct claim_setting */
	GPtrArray *expect;    /* of struct yaml_node *: lines; of a comparison both, one by one */
	GArray
	    *comparisons; /* of guint: indexes of lines that shall count more than the next one */
};

struct claim {
	struct mark mark;
	const char *id;         /* "T1-15" */
	const char *statement;  /* in a sentence or two */
	const char *untested;   /* the part of it that no run can show; NULL */
	const char *note;       /* where it is simpler than the matter; NULL */
	const char *glossary;   /* the entry that tells more; NULL */
	GPtrArray *see;         /* of const char *: other claims */
	GPtrArray *contradicts; /* likewise */
	GPtrArray *cases;       /* of struct claim_case *; empty: it is in the glossary alone */
	unsigned decisive_case; /* index of the case that */
	GArray *decisive;       /* these settings change: of struct claim_setting */
};

struct claims {
	struct list_file file; /* texts and nodes above belong to it */
	GPtrArray *list;       /* of struct claim *, in the order of the file */
};

/*
 * Reads the list that comes with the scenarios, or the one at `path` when that is not NULL. NULL when it
 * is not right; `diagnostics` (fresh) says why.
 */
struct claims *claims_load(const char *path, struct diagnostics *diagnostics);

/* The same from memory: `name` is what messages call it. */
struct claims *claims_load_bytes(struct bytes text, const char *name,
				 struct diagnostics *diagnostics);
void claims_free(struct claims *claims);

const struct claim *claims_find(const struct claims *claims, const char *id);

enum claim_verdict {
	CLAIM_TRUE,        /* all cases hold */
	CLAIM_PARTLY,      /* likewise, and a part of it cannot be tested */
	CLAIM_CONDITIONAL, /* some do */
	CLAIM_FALSE,       /* none does */
	CLAIM_TOLD,        /* it has no cases: the glossary tells of it */
	CLAIM_VERDICT_COUNT,
};

/* A case that was run. */
struct case_outcome {
	bool holds; /* every expectation was met */
	GPtrArray
	    *judgements; /* of struct expect_judgement *, one for each expectation or comparison */
};

struct claim_outcome {
	const struct claim *claim;
	enum claim_verdict verdict;
	bool is_altered; /* the decisive setting was changed */
	GArray *cases;   /* of struct case_outcome, in the order of the claim's cases */
};

struct claims_run_options {
	bool is_altered; /* the decisive setting of each claim is changed */
	FILE *progress;  /* how far it is, rewritten on one line; NULL: nothing is said */
};

/*
 * Runs what tests `wanted` (of const struct claim *), each scenario with the same settings once for all.
 * Returns their outcomes in that order, an array of struct claim_outcome * that frees its elements; NULL
 * when a scenario is not right, then `diagnostics` says why. `runs` gets the number of runs.
 */
GPtrArray *claims_run(const struct claims *claims, const GPtrArray *wanted,
		      const struct claims_run_options *options, struct diagnostics *diagnostics,
		      unsigned *runs);

/* "true", "true under conditions"; the key of it for programs, "conditional". */
const char *claim_verdict_name(enum claim_verdict verdict);
const char *claim_verdict_key(enum claim_verdict verdict);

/* Prints outcomes in lines of `columns`. */
void claims_print(const GPtrArray *outcomes, FILE *out, bool colour, unsigned columns);

/* The verdicts counted, and the number of runs, likewise. */
void claims_print_sum(const GPtrArray *outcomes, unsigned runs, FILE *out, unsigned columns);

/* As one JSON value (RFC 8259). */
void claims_print_json(const GPtrArray *outcomes, FILE *out);

/* Identifiers and statements alone. */
void claims_print_list(const GPtrArray *claims, FILE *out, bool colour, unsigned columns);
