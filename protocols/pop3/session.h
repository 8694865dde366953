/* A POP3 server session (RFC 1939, 2449, 3206, 5034, 6856) as a pure machine over a mail store. */
#pragma once
#include "protocols/mail/mailbox.h"
#include "protocols/sasl/sasl.h"
#include "protocols/session.h"

#define POP3_LINE_BYTES_MAX 1024 /* RFC 2449 section 4 asks for 255; AUTH begins with more */
/* Without a command, or without reading an answer (RFC 1939 section 3). */
#define POP3_AUTOLOGOUT_NS        (600 * NS_PER_S)
#define POP3_BAD_COMMANDS_MAX     20 /* in a row; then the server hangs up */
#define POP3_UNKNOWN_COMMANDS_MAX 3  /* the same before the login, of commands it does not know */

/* What CAPA offers, APOP's time stamp in the greeting among it; without one its command is unknown. */
enum pop3_offer {
	POP3_OFFERS_USER = 1, /* and PASS */
	POP3_OFFERS_APOP = 2,
	POP3_OFFERS_UIDL = 4,
	POP3_OFFERS_TOP = 8,
	POP3_OFFERS_PIPELINING = 16,
	POP3_OFFERS_UTF8 = 32,
	POP3_OFFERS_LANG = 64,
	POP3_OFFERS_ALL = 127,
};

struct pop3_session_config {
	struct mail_store *store; /* outlives the session */
	const char *software;     /* in the greeting, e.g. "mailwire"; outlives it too */
	/*
	 * The time stamp of the greeting in angle brackets, never the same twice: then APOP is
	 * offered (RFC 1939 section 7). NULL: it is not. Copied.
	 */
	const char *timestamp;
	struct sasl_setting sasl;
	unsigned without;         /* not offered, a set of enum pop3_offer */
	unsigned no_mechanisms;   /* not offered by AUTH, a set of SASL_BIT() */
	int64_t refusal_delay_ns; /* a wrong password is answered so late; 0: at once */
	bool offers_tls;          /* STLS (RFC 2595); then the adapter's config has TLS */
	bool hides_login;         /* without TLS no way that shows the password */
	bool is_turned_away;      /* gets -ERR in place of the greeting, for there are too many */
};

/*
 * A session in the state after the connection was accepted. It greets when opened. Messages stay
 * unless QUIT was read in the TRANSACTION state. Notes: UNIT for every line, listing and message
 * both ways, STATE and PHASE, and MAIL_DELETED with the message's root.
 */
struct session *pop3_session_new(const struct pop3_session_config *config);
