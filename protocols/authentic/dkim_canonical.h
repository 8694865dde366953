/* The canonical forms in which DKIM signs a message (RFC 6376 section 3.4). Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

enum dkim_form { DKIM_SIMPLE, DKIM_RELAXED };

extern const char *const dkim_form_names[]; /* "simple", "relaxed" */

#define DKIM_FIELDS_MAX 2000 /* header fields of a message that are looked at */

/* A header field as it is in the message. */
struct dkim_field {
	struct bytes raw;  /* name, colon, value and the CRLF that ends it */
	struct bytes name; /* without white space before the colon */
	bool is_used;      /* selected by h= already */
};

/* A message taken apart; borrows its bytes. */
struct dkim_message {
	GArray *fields; /* of struct dkim_field, in order */
	struct bytes body;
};

/*
 * Lines may end with a bare LF; they are signed as if with CRLF, as SMTP carries them. Lines of the
 * header that are no field are left out.
 */
struct dkim_message *dkim_message_new(struct bytes message);
void dkim_message_free(struct dkim_message *message); /* NULL is fine */

/* True when the field has this name, whatever the case of its letters. */
bool dkim_field_is(const struct dkim_field *field, const char *name);

/* The bytes behind the colon, up to the CRLF that ends the field. */
struct bytes dkim_field_value(const struct dkim_field *field);

/* Appends the field `raw` in canonical form. With `is_last`, without the CRLF at its end. */
void dkim_canonicalize_field(enum dkim_form form, struct bytes raw, bool is_last, GString *out);

/* The body in canonical form. */
GString *dkim_canonicalize_body(enum dkim_form form, struct bytes body);

/*
 * Appends the fields that `names` selects (section 5.4.2): of several of a name the last one that
 * is not used yet; a name without one left adds nothing, which keeps others from adding such a field.
 */
void dkim_canonicalize_header(enum dkim_form form, struct dkim_message *message,
			      const char *const *names, GString *out);
