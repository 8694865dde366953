/*
 * The steps of a run, for going through them forwards and backwards: each block and each event of the
 * unfolded log is one. All of them are recorded before the first is shown, so going back costs nothing.
 */
#pragma once
#include <glib.h>
#include "app/scenario.h"

struct step {
	char *text;       /* as the log prints it; no line end behind the last line */
	char *where;      /* "mail:eth0", or a node's name */
	int64_t time_ns;  /* when it was done with */
	uint64_t frame;   /* number in the default capture; 0: none */
	uint32_t node;    /* index of the node */
	bool begins_unit; /* a command or reply of mail is sent here */
};

struct steps;

/* Runs `scenario` to its end. Texts have lines of at most `columns` columns; 0: however long. */
struct steps *steps_record(const struct scenario *scenario, unsigned columns, bool colour);
void steps_free(struct steps *steps);

guint steps_count(const struct steps *steps);
const struct step *steps_at(const struct steps *steps, guint index); /* index from 0 */

enum step_way {
	STEP_NEXT,
	STEP_BACK,
	STEP_NEXT_HOST, /* the first step at another node than this one's */
	STEP_LAST_HOST,
	STEP_NEXT_UNIT, /* the first that sends a command or reply of mail */
	STEP_LAST_UNIT,
};

/* Where `way` leads from step `index`. False, `index` untouched: nowhere. */
bool steps_follow(const struct steps *steps, enum step_way way, guint *index);

/* "this is the last step": what to say where steps_follow() led nowhere. Constant. */
const char *steps_nowhere(enum step_way way);

/*
 * The first step behind `index` whose text holds `text`, whatever its case; behind the last step it
 * goes on with the first. False, `index` untouched: none does.
 */
bool steps_search(const struct steps *steps, const char *text, guint *index);

/* Reads the number of a step, from 1. False, `index` untouched: `text` is none. */
bool steps_parse(const struct steps *steps, const char *text, guint *index);
