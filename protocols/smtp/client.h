/*
 * An SMTP client session (RFC 5321) as a pure machine: what an MUA or MTA says to a server to hand
 * it messages, one after the other on one connection. Acts on what the server offers: PIPELINING,
 * SIZE, 8BITMIME, CHUNKING, DSN, SMTPUTF8, and the strongest mechanism of AUTH.
 */
#pragma once
#include "protocols/sasl/sasl.h"
#include "protocols/session.h"
#include "protocols/smtp/envelope.h"
#include "protocols/smtp/names.h"

struct smtp_client;

/* What became of one recipient. */
enum smtp_outcome {
	SMTP_PENDING,  /* never seen in a result */
	SMTP_SENT,     /* the server has taken the message for it */
	SMTP_DEFERRED, /* not now: a reply 4yz, or the connection failed */
	SMTP_FAILED,   /* never: a reply 5yz */
};

/* How far the conversation had come when the outcome was decided. */
enum smtp_stage {
	SMTP_STAGE_CONNECT,
	SMTP_STAGE_GREETING,
	SMTP_STAGE_HELLO,
	SMTP_STAGE_TLS,
	SMTP_STAGE_AUTH,
	SMTP_STAGE_MAIL,
	SMTP_STAGE_RCPT,
	SMTP_STAGE_DATA,
	SMTP_STAGE_CONTENT, /* the message and the reply to its final dot */
	SMTP_STAGE_COUNT,
};

extern const char *const smtp_stage_names[SMTP_STAGE_COUNT]; /* "RCPT TO", "end of data", ... */

struct smtp_result {
	enum smtp_outcome outcome;
	enum smtp_stage stage;
	unsigned code;   /* of the deciding reply; 0: there was none */
	char *text;      /* that reply with its code, lines joined by blanks; or what went wrong */
	bool is_relayed; /* sent to a server without DSN, which will not tell what becomes of it */
};

/* A message to send. Strings are copied, the data is referenced. */
struct smtp_transfer {
	const char *sender; /* reverse-path without brackets; "" is the null one */
	const char *const *recipients;
	const struct smtp_recipient_wish *wishes; /* of each of them; NULL: none has any */
	unsigned recipient_count;                 /* at least 1 */
	struct smtp_message_wish wish;
	GBytes *data; /* lines end in CRLF; dots are added here */
};

struct smtp_client_config {
	const char *host_name;        /* said in EHLO */
	const char *login, *password; /* NULL: no AUTH */
	bool pipelines;               /* uses PIPELINING where it is offered, as MTAs do */
	bool declares_size;           /* says SIZE= where it is offered, as MTAs do */
	bool names_originals;         /* says ORCPT= where DSN is offered, as MTAs do */
	bool uses_chunks;             /* says BDAT in place of DATA where CHUNKING is offered */
	bool converts;                /* 8-bit messages, for a server without 8BITMIME */
	enum session_tls tls;         /* with more than NEVER the adapter's config has TLS */
	struct random_stream *random; /* for AUTH, see sasl.h; NULL: nonces are all alike */
	struct sasl_keys *keys;       /* likewise; may be NULL */
	/* The transaction of a message begins: MAIL has just been said. Borrowed. NULL: not told. */
	void (*begun)(void *owner, const struct smtp_transfer *transfer);
	/*
	 * A message is done with; one result for each recipient, in order. Called exactly once per
	 * message. May call smtp_client_send() for the next one, or smtp_client_quit().
	 */
	void (*sent)(void *owner, struct smtp_client *client, const struct smtp_result *results,
		     unsigned count);
	/*
	 * Will another message follow this one? Asked when all of it is written: if not, QUIT leaves
	 * together with its end, as Postfix does it. NULL: smtp_client_quit() tells.
	 */
	bool (*has_more)(void *owner);
	void *owner;
};

/* `config` is copied; its strings are borrowed and must outlive the session. */
struct session *smtp_client_new(const struct smtp_client_config *config);

static inline struct session *smtp_client_session(struct smtp_client *client)
{
	return (struct session *)client;
}

static inline struct smtp_client *smtp_client_of(struct session *session)
{
	return (struct smtp_client *)session;
}

/* True while a further message may be sent: no message under way, and the server is willing. */
bool smtp_client_is_free(const struct smtp_client *client);

/*
 * Sends a message; before the greeting it waits for that. The session must be free. With
 * smtp_client_quit() called behind it, QUIT leaves together with the message's end.
 */
void smtp_client_send(struct smtp_client *client, const struct smtp_transfer *transfer);

/* No more messages: QUIT follows the one under way, if any. */
void smtp_client_quit(struct smtp_client *client);
