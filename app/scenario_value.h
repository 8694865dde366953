/* Scalars of the scenario language: units, addresses, dates, words; from text and back. */
#pragma once
#include "app/scenario_table.h"

/* What people call a type, an example, and how a JSON Schema describes it. */
struct value_type {
	const char *title;   /* "a time" */
	const char *example; /* "`10ms`, `1.5s` (units: ...)" */
	const char *json;    /* schema members, e.g. "\"type\": \"string\"" */
};

extern const struct value_type value_types[KEY_TYPE_COUNT];

/*
 * Reads `text` into `field` by the key's type and bounds. Returns NULL, or why it cannot be: a
 * static text, field untouched. Strings are copied into `strings`. Not for references and
 * collections, and KEY_MAIL is taken as it is.
 */
const char *value_parse(const struct key *key, const char *text, void *field,
			GStringChunk *strings);

/*
 * Appends the field as the shortest text that value_parse() reads as the same; for references the
 * names. False, `out` untouched, when there is nothing to write: no text, never, none.
 */
bool value_print(const struct key *key, const void *field, GString *out);

/*
 * Whether `text` can be the name of a host in a certificate: labels of lower-case letters, digits and
 * hyphens, no wildcard (RFC 1123 section 2.1). NULL, or why not: a static text.
 */
const char *value_check_server_name(const char *text);

/* The subject of a rule: the words of a key joined, "`lan` or `link`". The caller frees it. */
char *words_print(const struct word *words, const char *separator);
