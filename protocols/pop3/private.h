/* What the files of the POP3 server session share. */
#pragma once
#include "protocols/layer.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/session.h"
#include "protocols/sasl/sasl.h"

/* A message of the maildrop as it was when the session locked it. */
struct pop3_entry {
	struct message *message; /* one reference: stays readable whatever IMAP does */
	uint32_t uid;
	bool is_deleted;   /* goes in the UPDATE state */
	bool is_retrieved; /* becomes \Seen then */
};

/* A message on its way out. */
struct pop3_transfer {
	struct bytes rest; /* of the message; empty: nothing is under way */
	uint64_t lines;    /* of the body still to be sent, UINT64_MAX: all */
	bool is_in_body;
	bool is_after_crlf; /* a dot at the front of what follows is doubled */
};

struct pop3_session {
	struct session base;
	struct mail_store *store;
	const char *software;
	char *timestamp;
	int64_t refusal_delay_ns;
	bool is_turned_away;
	bool offers_tls, hides_login;
	enum pop3_state state;
	struct sasl_setting sasl_setting;
	unsigned offers;          /* set of enum pop3_offer */
	unsigned mechanisms;      /* of AUTH, a set of SASL_BIT() */
	struct sasl_server *sasl; /* the exchange under way; NULL: none */
	char *user;               /* from USER; NULL: none */
	struct account *account;  /* whose maildrop is locked; NULL: none */
	GArray *maildrop;         /* of struct pop3_entry; index is message number - 1 */
	struct pop3_transfer transfer;
	unsigned bad_commands;           /* in a row */
	bool is_skipping;                /* the rest of a line that was too long */
	unsigned unknown_commands;       /* before the login, in a row */
	bool is_utf8;                    /* UTF8 was said: messages may have UTF-8 in headers */
	bool must_refuse;                /* a wrong password waits for its answer */
	bool has_retrieved, has_deleted; /* the phase was noted */
};

/* The only place where the state changes. */
void pop3_enter(struct pop3_session *session, enum pop3_state state);

/* One line "+OK text" or "-ERR text"; "" gives the bare word. */
void pop3_ok(struct pop3_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void pop3_err(struct pop3_session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void pop3_phase(struct pop3_session *session, enum session_phase phase);

/* False: the password may not cross the wire readable, and there is no TLS to hide it (RFC 2595 2.3). */
static inline bool pop3_may_show_password(const struct pop3_session *session)
{
	return !session->hides_login || session->base.protection != NULL;
}

/* authorization.c: commands before the login. */

/* True after an answer: this way to log in would show the password to everybody on the way. */
bool pop3_refuse_plaintext(struct pop3_session *session);
void pop3_capa(struct pop3_session *session, const char *argument);
void pop3_stls(struct pop3_session *session, const char *argument);
void pop3_user(struct pop3_session *session, const char *argument);
void pop3_pass(struct pop3_session *session, const char *argument);
void pop3_apop(struct pop3_session *session, const char *argument);

/* Forgets USER and an exchange of AUTH: back to AUTHORIZATION. */
void pop3_forget_user(struct pop3_session *session);

/*
 * What every way to log in ends with: locks the maildrop of `account` and enters TRANSACTION, or
 * answers why not. NULL: the proof failed, which is answered after a delay.
 */
void pop3_log_in(struct pop3_session *session, struct account *account);

/* auth.c: the SASL line of CAPA, and the command. */
void pop3_offer_mechanisms(struct pop3_session *session);
void pop3_auth(struct pop3_session *session, const char *argument);

/* A line in the state POP3_IN_AUTH. */
void pop3_credentials(struct pop3_session *session, struct bytes line);

/* The delay after a wrong password is over. */
void pop3_refuse(struct pop3_session *session);

/* language.c: UTF8 and LANG (RFC 6856). */
void pop3_utf8(struct pop3_session *session, const char *argument);
void pop3_lang(struct pop3_session *session, const char *argument);

/* False, and the client is told: the message may only be sent in UTF-8 mode (RFC 6856 section 4). */
bool pop3_may_send(struct pop3_session *session, const struct pop3_entry *entry);

/* transaction.c: commands after the login. */
void pop3_stat(struct pop3_session *session, const char *argument);
void pop3_list(struct pop3_session *session, const char *argument);
void pop3_uidl(struct pop3_session *session, const char *argument);
void pop3_retr(struct pop3_session *session, const char *argument);
void pop3_top(struct pop3_session *session, const char *argument);
void pop3_dele(struct pop3_session *session, const char *argument);
void pop3_rset(struct pop3_session *session, const char *argument);

/* Reads the maildrop of session->account, which is locked. */
void pop3_load(struct pop3_session *session);

/* The UPDATE state: removes what is marked. Returns how many messages went. */
unsigned pop3_update(struct pop3_session *session);

/* Writes more of the message under way until the output is full or all is written. */
void pop3_transfer_more(struct pop3_session *session);
