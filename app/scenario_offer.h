/*
 * What may be written at a place of a scenario, for editors. It is found by the reader's own tables, in
 * a tree by its own reader of YAML, so it offers what `mailwire check` takes.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

struct scenario_offer {
	char *word;
	bool is_key;   /* a colon belongs behind it */
	char *meaning; /* a sentence for people; NULL: speaks for itself */
};

struct scenario_offers {
	GPtrArray
	    *list; /* of struct scenario_offer *, in the order of the tables, names as written */
	/* The characters of the line that a word of the list replaces; columns count from 1. */
	unsigned column, length;
	char *hint; /* what a value that cannot be listed should be; NULL: nothing to say */
};

#define SCENARIO_OFFERS_MAX 500 /* more are left out */

/*
 * For the place before character `column` of line `line` in `text`, both from 1; beyond the end is the
 * end. Nothing is offered where the text cannot be understood, or anything may stand. To be freed.
 */
struct scenario_offers *scenario_offer(struct bytes text, unsigned line, unsigned column);
void scenario_offers_free(struct scenario_offers *offers);
