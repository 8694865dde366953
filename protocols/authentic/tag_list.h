/* Lists of "tag=value; tag=value" (RFC 6376 section 3.2), as DKIM and DMARC write them. Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

#define TAG_LIST_MAX 64 /* tags of one list */

struct tag {
	char *name;
	char *value;       /* without white space around it; folded lines are as they are */
	size_t start, end; /* where the value, and the space around it, is in the text */
};

/*
 * Reads a list into tags, of struct tag *, in order. NULL when it breaks the grammar or names a tag
 * twice; then the whole list is invalid (section 3.2).
 */
GPtrArray *tag_list_parse(struct bytes text);

/* The value of the tag called `name`; letter case counts. NULL: it is not there. */
const char *tag_list_find(const GPtrArray *tags, const char *name);

/* A copy of `value` without any white space, as for base64. The caller frees it. */
char *tag_value_compact(const char *value);

/* The elements of a list within a value, between `separator`, without white space around them. */
char **tag_value_split(const char *value, char separator);

/* Reads digits, at most 12 (section 3.5); false when there is anything else. */
bool tag_value_number(const char *value, uint64_t *number);
