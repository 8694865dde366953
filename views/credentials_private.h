/* What hears credentials: for views/credentials*.c only. */
#pragma once
#include "views/credentials.h"

/* What the client's next line is, behind AUTH and AUTHENTICATE. */
enum awaited { NOTHING, PLAIN_MESSAGE, LOGIN_NAME, LOGIN_PASSWORD, DIGEST_MESSAGE };

/* What is remembered of one connection. */
struct listener {
	enum awaited awaited;
	const char *how;
	char *user;            /* named, and not proved yet; NULL: none is */
	GByteArray *collected; /* an IMAP command with literals, a form; NULL: none is read */
	GString *head;         /* of HTTP, as far as it has come; NULL: none has begun */
	uint64_t content_left; /* of the form */
};

/* What is being heard, and by whom. */
struct hearing {
	struct credentials *credentials;
	struct listener *listener;
	const struct stream_said *said;
	struct bytes line; /* without its end */
};

/* Tells of a credential; texts may be NULL. */
void credentials_tell(const struct hearing *hearing, enum credential_kind kind, const char *how,
		      const char *user, const char *secret);

void credentials_forget_collected(struct listener *listener);
void credentials_forget_head(struct listener *listener);

/* credentials_http.c: a unit of HTTP, or a piece of one. */
void credentials_hear_http(const struct hearing *hearing);
