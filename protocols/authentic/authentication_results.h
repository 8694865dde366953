/* The field by which a server tells what it found of a message's origin (RFC 8601). Pure. */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

#define AUTHENTICATION_RESULTS_FIELD "Authentication-Results"
#define AUTHENTICATION_RESULTS_MAX   100 /* results read from one field */

/* "smtp.mailfrom=alice@office.example". */
struct authentication_property {
	char *type, *name, *value;
};

/* "dkim=pass reason=... header.d=office.example". */
struct authentication_result {
	char *method, *result;
	char *reason;          /* NULL: none */
	GPtrArray *properties; /* of struct authentication_property * */
};

struct authentication_results {
	char *server;       /* authserv-id */
	GPtrArray *results; /* of struct authentication_result *; none at all: "none" */
};

struct authentication_results *authentication_results_new(const char *server);
void authentication_results_free(struct authentication_results *results); /* NULL is fine */

/* Appends a result; `reason` may be NULL. It belongs to `results`. */
struct authentication_result *authentication_results_add(struct authentication_results *results,
							 const char *method, const char *result,
							 const char *reason);
void authentication_result_add_property(struct authentication_result *result, const char *type,
					const char *name, const char *value);

/* Reads the value of a field; comments are skipped. NULL: it breaks the grammar. */
struct authentication_results *authentication_results_parse(struct bytes value);

/* The field, folded, with a CRLF at its end. The caller frees it. */
char *authentication_results_emit(const struct authentication_results *results);

/*
 * Takes the fields out of `message` that claim to be of `server`, and those that cannot be read
 * (section 5): only what the server itself puts in may be believed behind it. NULL: there is none,
 * and the message stays as it is. The caller owns the result.
 */
GBytes *authentication_results_remove(GBytes *message, const char *server);
