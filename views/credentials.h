/*
 * What gives a user away in a connection that others can read: passwords, proofs of passwords, and the
 * cookies that stand for a login. Read from what the client says alone, as its dissector cuts it up.
 */
#pragma once
#include <glib.h>
#include "views/streams.h"

#define CREDENTIAL_CONTENT_MAX 8192 /* bytes of a form, or of an IMAP command with its literals */

enum credential_kind {
	CREDENTIAL_PASSWORD, /* readable, base64 or not */
	CREDENTIAL_PROOF,    /* computed from the password, which can be guessed at by it */
	CREDENTIAL_COOKIE,   /* whoever sends it is taken for the user, as long as it is valid */
};

struct credential {
	enum credential_kind kind;
	const char *protocol; /* constant: "POP3" */
	const char *how;      /* constant: "AUTH PLAIN", "USER, PASS", "form" */
	const char *user;     /* as the client gave it; "" where it did not. Any bytes but NUL; */
	const char *secret;   /* likewise the password, the cookie; "" of a proof. Both borrowed */
};

struct credentials;

typedef void credential_found(void *owner, const struct model_connection *connection,
			      const struct credential *credential);

/* Tells `found` of each, when the last byte of it was heard. */
struct credentials *credentials_new(credential_found *found, void *owner);
void credentials_free(struct credentials *credentials); /* NULL is fine */

/* Hears what streams_listen() gives; what a server says, and TLS, is passed over. */
void credentials_hear(struct credentials *credentials, const struct stream_said *said);
