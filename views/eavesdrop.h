/*
 * What an observer of one link learns: who talks to whom, when and how much, which names are asked for,
 * what is readable, which passwords; and of encrypted sessions what can be seen of them, no more. Fed by
 * the frames that cross that link, and made of their bytes alone: names are those that these frames
 * themselves give away.
 */
#pragma once
#include <stdio.h>
#include "views/model.h"

struct eavesdrop;

/*
 * Listens at `link`: an interface as "alice-pc:eth0", a host with one interface by its name, or a
 * network, of which each frame is heard once, when it is sent there. The model tells which frames cross
 * it, and how they are numbered. NULL and G_FILE_ERROR_INVAL: there is no such link.
 */
struct eavesdrop *eavesdrop_new(const struct model *model, const char *link,
				const struct dissector *const *dissectors, GError **error);
void eavesdrop_free(struct eavesdrop *eavesdrop); /* NULL is fine */

/* Takes in a record, in the order of the trace; all but frames on that link are passed over. */
void eavesdrop_feed(struct eavesdrop *eavesdrop, const struct trace_record *record,
		    struct bytes bytes);

struct eavesdrop_options {
	FILE *out; /* not closed */
	bool colour;
};

/* Prints all that was learned, once and at the end. */
void eavesdrop_print(struct eavesdrop *eavesdrop, const struct eavesdrop_options *options);

/* The same as one JSON object on one line, in place of the words; docs/TRACE.md describes it. */
void eavesdrop_print_json(struct eavesdrop *eavesdrop, FILE *out);
