/* Names of what IMAP sessions put into the trace (RFC 3501): pure tables for views. */
#pragma once
#include "stack/layer.h"

/* Details of the IMAP layer. All but the first are units: they tile the stream, none overlaps. */
enum imap_detail {
	IMAP_STATE, /* TRACE_STATE: before, after are enum imap_state */

	/* What a client sends: command lines, and lines the server asked for. */
	IMAP_COMMAND_UNKNOWN,
	IMAP_CAPABILITY,
	IMAP_NOOP,
	IMAP_LOGOUT,
	IMAP_ID,
	IMAP_AUTHENTICATE,
	IMAP_LOGIN,
	IMAP_STARTTLS,
	IMAP_ENABLE,
	IMAP_NAMESPACE,
	IMAP_SELECT,
	IMAP_EXAMINE,
	IMAP_CREATE,
	IMAP_DELETE,
	IMAP_RENAME,
	IMAP_SUBSCRIBE,
	IMAP_UNSUBSCRIBE,
	IMAP_LIST,
	IMAP_LSUB,
	IMAP_STATUS,
	IMAP_APPEND,
	IMAP_IDLE,
	IMAP_CHECK,
	IMAP_CLOSE,
	IMAP_UNSELECT,
	IMAP_EXPUNGE,
	IMAP_SEARCH,
	IMAP_FETCH,
	IMAP_STORE,
	IMAP_COPY,
	IMAP_MOVE,
	IMAP_SORT,
	IMAP_THREAD,
	IMAP_GETQUOTA,
	IMAP_GETQUOTAROOT,
	IMAP_SETQUOTA,
	IMAP_SETACL,
	IMAP_DELETEACL,
	IMAP_GETACL,
	IMAP_LISTRIGHTS,
	IMAP_MYRIGHTS,
	IMAP_UID_EXPUNGE,
	IMAP_UID_SEARCH,
	IMAP_UID_SORT,
	IMAP_UID_THREAD,
	IMAP_UID_FETCH,
	IMAP_UID_STORE,
	IMAP_UID_COPY,
	IMAP_UID_MOVE,
	IMAP_DONE,          /* ends IDLE */
	IMAP_SASL_RESPONSE, /* answers a challenge of AUTHENTICATE */

	/* What a server sends. */
	IMAP_CONTINUE,     /* "+": go on */
	IMAP_OK,           /* tagged: the command succeeded */
	IMAP_NO,           /* tagged: it failed */
	IMAP_BAD,          /* tagged: it was no valid command */
	IMAP_UNTAGGED_OK,  /* the greeting, and information */
	IMAP_UNTAGGED_NO,  /* a warning */
	IMAP_UNTAGGED_BAD, /* an error that belongs to no command */
	IMAP_PREAUTH,      /* greeting of a session that needs no login */
	IMAP_BYE,          /* the server is about to close */
	IMAP_DATA_CAPABILITY,
	IMAP_DATA_ENABLED,
	IMAP_DATA_ID,
	IMAP_DATA_NAMESPACE,
	IMAP_DATA_LIST,
	IMAP_DATA_LSUB,
	IMAP_DATA_STATUS,
	IMAP_DATA_SEARCH,
	IMAP_DATA_FLAGS,
	IMAP_DATA_EXISTS,
	IMAP_DATA_RECENT,
	IMAP_DATA_EXPUNGE,
	IMAP_DATA_FETCH,
	IMAP_DATA_ESEARCH,
	IMAP_DATA_SORT,
	IMAP_DATA_THREAD,
	IMAP_DATA_VANISHED,
	IMAP_DATA_QUOTA,
	IMAP_DATA_QUOTAROOT,
	IMAP_DATA_ACL,
	IMAP_DATA_LISTRIGHTS,
	IMAP_DATA_MYRIGHTS,
	IMAP_DATA_UNKNOWN,

	/* Both. */
	IMAP_LITERAL, /* counted bytes inside a command or response, e.g. a message */
	IMAP_REST,    /* the rest of a command or response behind a literal */
	IMAP_DETAIL_COUNT,
};

/* States of a session (RFC 3501 section 3), at the server and as the client knows them. */
enum imap_state {
	IMAP_CONNECTED,         /* no greeting yet */
	IMAP_NOT_AUTHENTICATED, /* greeted */
	IMAP_AUTHENTICATED,     /* LOGIN or AUTHENTICATE succeeded, or the mailbox was closed */
	IMAP_SELECTED,          /* SELECT or EXAMINE succeeded */
	IMAP_LOGGED_OUT,        /* LOGOUT, or BYE */
	IMAP_STATE_COUNT,
};

extern const struct layer_names imap_layer_names;
extern const char *const imap_state_names[IMAP_STATE_COUNT];
