/* An IMAP4rev1 server session (RFC 3501) as a pure machine over a mail store. */
#pragma once
#include "protocols/imap/capability.h"
#include "protocols/mail/mailbox.h"
#include "protocols/session.h"

#define IMAP_LINE_BYTES_MAX 65536 /* of a command without its literals */
/* Without a command, or without reading an answer (RFC 3501 section 5.4). */
#define IMAP_AUTOLOGOUT_NS         (1800 * NS_PER_S)
#define IMAP_BAD_COMMANDS_MAX      20                 /* in a row; then BYE */
#define IMAP_UNKNOWN_COMMANDS_MAX  3                  /* before the login: what is no command */
#define IMAP_APPEND_BYTES_MAX      (64 * 1024 * 1024) /* of all messages of one APPEND */
#define IMAP_MESSAGE_BYTES_DEFAULT (10 * 1024 * 1024)

struct imap_session_config {
	struct mail_store *store; /* outlives the session */
	const char *software;     /* in the greeting and in ID, e.g. "mailwire"; outlives it too */
	size_t message_bytes_max; /* of APPEND; 0: IMAP_MESSAGE_BYTES_DEFAULT */
	/* Sent as BYE in place of the greeting, "[UNAVAILABLE] ..."; copied. NULL: welcome. */
	const char *why_turned_away;
	/*
	 * May one more session be logged in to `account`? NULL: always. Else the answer is what the
	 * client is told, "[UNAVAILABLE] ...", to be freed; or NULL: it may.
	 */
	char *(*refuse_login)(void *owner, const struct account *account);
	void *owner;
	struct sasl_setting sasl;
	bool offers_tls;             /* STARTTLS; then the adapter's config has TLS */
	bool hides_login;            /* without TLS no way that shows the password: LOGINDISABLED */
	imap_capability_set without; /* what it does not offer; 0: it offers all it can */
};

/*
 * A session in the state after the connection was accepted. It greets when opened. Notes: UNIT for
 * every line and literal both ways, STATE and PHASE, and MAIL_DELETED with the message's root when a
 * client expunges it.
 */
struct session *imap_session_new(const struct imap_session_config *config);

/* The account the session is logged in to; NULL: none yet. */
const struct account *imap_session_account(const struct session *session);
