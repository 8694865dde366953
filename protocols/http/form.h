/*
 * What browsers and sites say to each other inside of HTTP: names and values of forms and queries
 * (URL Standard section 5.1, application/x-www-form-urlencoded), and cookies (RFC 6265). Pure.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

#define FORM_FIELDS_MAX 200

struct form_field {
	char *name, *value; /* UTF-8, NUL-terminated */
};

/* Of struct form_field *. */
GPtrArray *form_new(void);

/* Reads "a=1&b=x+y"; what is no UTF-8 or holds a NUL is left out, as is all beyond the limit. */
GPtrArray *form_parse(struct bytes text);

/* The value of the first field `name`, or NULL. */
const char *form_value(const GPtrArray *form, const char *name);

/* Sets the field `name`, which is added where there is none. NULL as value is "". */
void form_set(GPtrArray *form, const char *name, const char *value);

/* "a=1&b=x+y"; the caller frees it. */
char *form_encode(const GPtrArray *form);

/* Appends `text` encoded as a value. */
void form_encode_value(GString *out, const char *text);

/* The value of the cookie `name` in a Cookie field, or NULL; the caller frees it. */
char *cookie_value(const char *field, const char *name);
