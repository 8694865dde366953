/* The words of a line, read one after the other; the first problem is kept. */
#pragma once
#include <glib.h>
#include "stack/address.h"

struct words {
	char **next;   /* NULL-terminated */
	char *problem; /* NULL while all is well; freed by the reader's caller */
};

/* Notes that `what` was expected here, unless there was a problem before. */
void words_complain(struct words *words, const char *what);

/* Takes the next word if it is this one. */
bool words_accept(struct words *words, const char *word);

/* Takes the next word, which must be this one. */
void words_expect(struct words *words, const char *word);

/* Take what the next word says; a problem and 0 when it says no such thing. */
uint32_t words_number(struct words *words);
uint32_t words_address(struct words *words);
struct mac words_mac(struct words *words);

/* Any next word, or "" and a problem. */
const char *words_any(struct words *words, const char *what);

/* Splits at blanks; freed with g_strfreev(). */
char **words_split(const char *line);
