/* Terms of email, its history, and the analogies that teachers use: scenarios/glossary.yaml. */
#pragma once
#include <stdio.h>
#include "app/list_read.h"

struct glossary_entry {
	const char *term;      /* "post-office box" */
	GPtrArray *also;       /* of const char *: other names for it */
	const char *text;      /* paragraphs, an empty line between them */
	const char *breaks;    /* of an analogy: where it breaks; NULL */
	const char *reference; /* "RFC 1939"; NULL */
	GPtrArray *see;        /* of const char *: other terms */
};

struct glossary {
	struct list_file file; /* texts above belong to it */
	GPtrArray *list;       /* of struct glossary_entry *, in the order of the file */
};

/* Reads the glossary that comes with the program. NULL when it is not right; `diagnostics` says why. */
struct glossary *glossary_load(struct diagnostics *diagnostics);
void glossary_free(struct glossary *glossary);

/* The entry of a term or of another name for it, in whatever case, hyphens as spaces; NULL: none. */
const struct glossary_entry *glossary_find(const struct glossary *glossary, const char *term);

/* One entry, and the claims that point to it (NULL: none are known). */
struct claims;
void glossary_print(const struct glossary_entry *entry, const struct claims *claims, FILE *out,
		    bool colour, unsigned columns);

/* All terms, with the first sentence of each. */
void glossary_print_terms(const struct glossary *glossary, FILE *out, bool colour,
			  unsigned columns);
