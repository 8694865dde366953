/* What trace records of POP3 sessions (RFC 1939) talk about: units on the wire and states. */
#pragma once
#include "sim/bytes.h"
#include "stack/layer.h"

/* Details of the POP3 layer. All but the first are units: they tile the stream, none overlaps. */
enum pop3_detail {
	POP3_STATE, /* TRACE_STATE: before, after are enum pop3_state */

	/* Lines of the client. */
	POP3_UNKNOWN, /* a line that is no command we know */
	POP3_CAPA,
	POP3_USER,
	POP3_PASS,
	POP3_APOP,
	POP3_AUTH,
	POP3_CREDENTIALS, /* the answer to a challenge of AUTH */
	POP3_STLS,
	POP3_UTF8,
	POP3_LANG,
	POP3_STAT,
	POP3_LIST,
	POP3_UIDL,
	POP3_RETR,
	POP3_TOP,
	POP3_DELE,
	POP3_RSET,
	POP3_NOOP,
	POP3_QUIT,

	/* What the server sends. */
	POP3_GREETING, /* the first line */
	POP3_OK,       /* "+OK": one line, or the first one of several */
	POP3_ERR,      /* "-ERR" */
	POP3_CONTINUE, /* "+": a challenge of AUTH */
	POP3_LISTING,  /* the lines behind the first up to and with the single dot */
	POP3_MESSAGE,  /* the same, when they are a message */
	POP3_DETAIL_COUNT,
};

/* Where a session stands (RFC 1939 section 3), at the server and as the client knows it. */
enum pop3_state {
	POP3_CONNECTED,     /* no greeting yet */
	POP3_AUTHORIZATION, /* greeted, or a login failed */
	POP3_HAS_USER,      /* USER was accepted: PASS is to come */
	POP3_IN_AUTH,       /* a challenge was sent: credentials are to come */
	POP3_TRANSACTION,   /* logged in; the maildrop is locked */
	POP3_UPDATE,        /* QUIT in TRANSACTION: messages marked deleted are removed */
	POP3_OVER,          /* nothing more is said */
	POP3_STATE_COUNT,
};

extern const struct layer_names pop3_layer_names;
extern const char *const pop3_state_names[POP3_STATE_COUNT];

/* The command at the front of a line, in any case; POP3_UNKNOWN for others. Pure. */
enum pop3_detail pop3_command_of(struct bytes line);
