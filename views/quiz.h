/*
 * Questions about a run, drawn from its trace: each with the right answer, plausible wrong ones of
 * the same run, and the frame that proves it.
 */
#pragma once
#include "views/history.h"

#define QUIZ_WRONG_MAX 3

struct quiz_question {
	const char *kind; /* "mac", "ttl", ...: docs/NARRATE.md */
	char *text;
	char *right;
	GPtrArray *wrong; /* of char *; at least one, none like the right one or one another */
	char *proof;      /* one sentence, with the frame */
	uint64_t frame;   /* of the default capture; 0: the answer is in no single one */
	uint64_t record;  /* id of the record with the answer */
	unsigned place;   /* of the right answer among all, from 0 */
};

struct quiz_options {
	unsigned count; /* of questions wanted */
	uint64_t seed;  /* the same seed draws the same */
};

/* Questions, fewer than wanted where the run has no more; of struct quiz_question *. */
GPtrArray *quiz_new(struct history *history, const struct quiz_options *options);

/* On paper; the caller frees each. `title` says of which run. */
GString *quiz_text(const GPtrArray *questions, const char *title);
GString *quiz_gift(const GPtrArray *questions, const char *title); /* Moodle's GIFT format */
GString *quiz_json(const GPtrArray *questions, const char *title);
