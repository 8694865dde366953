/*
 * The written explanation of a run, from its trace and nothing else: how mail was sent and received,
 * by which protocols, and where headers were put on and taken off. What did not happen is not told.
 */
#pragma once
#include "views/history.h"
#include "views/story.h"

enum narrate_level {
	NARRATE_SHORT,  /* a page */
	NARRATE_COURSE, /* everything once */
	NARRATE_EXPERT, /* everything */
	NARRATE_LEVEL_COUNT,
};

extern const char *const narrate_level_names[NARRATE_LEVEL_COUNT];

struct narrate_options {
	const char *title;        /* of the run, for the headline; NULL: none */
	const char *topology_svg; /* a picture of the network; NULL: none */
	int64_t epoch_s;
	enum narrate_level level;
	bool wants_questions; /* also the five questions of interviews */
};

/* The explanation; the caller frees it. The history must be finished. */
struct story *narrate(struct history *history, const struct narrate_options *options);
