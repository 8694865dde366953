/*
 * An SMTP server session (RFC 5321, message submission RFC 6409) as a pure machine. What it cannot
 * know itself it asks its environment, which answers by call, at once or later.
 */
#pragma once
#include "protocols/sasl/sasl.h"
#include "protocols/session.h"
#include "protocols/smtp/envelope.h"
#include "protocols/smtp/names.h"

struct smtp_server;

/* What a server offers in its reply to EHLO. */
enum smtp_capability {
	SMTP_CAN_PIPELINE = 1, /* PIPELINING (RFC 2920) */
	SMTP_CAN_SIZE = 2,     /* SIZE (RFC 1870) */
	SMTP_CAN_VRFY = 4,
	SMTP_CAN_AUTH = 8,    /* AUTH (RFC 4954) */
	SMTP_CAN_STATUS = 16, /* ENHANCEDSTATUSCODES (RFC 2034) */
	SMTP_CAN_8BIT = 32,   /* 8BITMIME (RFC 6152) */
	SMTP_CAN_CHUNK = 64,  /* CHUNKING (RFC 3030) */
	SMTP_CAN_DSN = 128,   /* DSN (RFC 3461) */
	SMTP_CAN_UTF8 = 256,  /* SMTPUTF8 (RFC 6531) */
	SMTP_CAN_TLS = 512,   /* STARTTLS (RFC 3207); who sets it has TLS in the adapter's config */
};

/* All that need nothing else. */
#define SMTP_CAPABILITIES_ALL 511

/* What the environment thinks of a recipient. */
enum smtp_verdict {
	SMTP_RECIPIENT_OK,
	SMTP_RECIPIENT_UNKNOWN, /* one of our domains, but no such mailbox: 550 5.1.1 */
	SMTP_RECIPIENT_FOREIGN, /* not ours, and this client may not relay: 554 5.7.1 */
	SMTP_RECIPIENT_FULL,    /* its quota is used up: 452 4.2.2 */
	SMTP_RECIPIENT_LATER,   /* we cannot say now: 451 4.3.0 */
};

/*
 * A mail transaction, and where it comes from. Borrowed until the end of the call; what its pointers
 * lead to, until the question is answered.
 */
struct smtp_arrival {
	uint64_t transaction;          /* its number in the session, from 1 */
	const char *sender;            /* reverse-path without brackets; "" is the null one */
	const char *const *recipients; /* those accepted, in order */
	const struct smtp_recipient_wish *wishes; /* of each of them */
	unsigned recipient_count;
	struct smtp_message_wish wish;
	GBytes *data;            /* the message; NULL: it has not come yet */
	bool is_8bit;            /* declared by BODY=8BITMIME */
	const char *protocol;    /* "SMTP", "ESMTP", "ESMTPSA" (RFC 3848), "UTF8SMTP" (RFC 6531) */
	const char *helo;        /* what the client calls itself */
	const char *client_name; /* what DNS calls it; "unknown" */
	uint32_t client_address;
	const char *login;                       /* whom it proved to be; NULL: nobody */
	const struct tls_protection *protection; /* of the connection; NULL: none */
};

/* What goes wrong at a command, by the scenario. Strings are borrowed. */
struct smtp_fault {
	int64_t delay_ns;     /* before the command is looked at */
	const char *reply;    /* what is said to it in place of the right answer; NULL: nothing */
	bool resets;          /* the connection is reset */
	uint64_t reset_after; /* SMTP_MESSAGE: octets of it that come before */
};

/*
 * Each function asks a question; the session waits until the answer of the same name is given. Any
 * may be given from inside the call.
 */
struct smtp_environment {
	/* Which name has the client? Asked before the greeting; NULL: the name is not wanted. */
	void (*name_client)(void *owner, struct smtp_server *server);
	/* Which password has this user, who may act as `authorization`? NULL there: as itself. */
	void (*find_password)(void *owner, struct smtp_server *server, const char *login,
			      const char *authorization);
	/*
	 * May this client send to `recipient`, which stays until the answer? smtp_server_login()
	 * tells who it is. RCPT, or VRFY: see smtp_server_is_verifying().
	 */
	void (*check_recipient)(void *owner, struct smtp_server *server, const char *recipient);
	/*
	 * Is there room for a message? Asked at MAIL, and the value is the answer. Another session
	 * may fill it before this message has come whole. NULL: there is.
	 */
	bool (*has_room)(void *owner);
	/*
	 * Is there something wrong with us when `command` comes (SMTP_GREETING: a connection,
	 * SMTP_MESSAGE: the message itself)? `address` is the path of MAIL or RCPT, or NULL. The
	 * value is the answer, and fills in `fault`. NULL: nothing ever is.
	 */
	bool (*find_fault)(void *owner, struct smtp_server *server, enum smtp_detail command,
			   const char *address, struct smtp_fault *fault);
	/* Will you take this message? */
	void (*accept_message)(void *owner, struct smtp_server *server,
			       const struct smtp_arrival *arrival);
};

/* The same for all sessions of a service. Borrowed: must outlive them. */
struct smtp_server_config {
	const char *host_name;        /* in greeting and EHLO: mail.office.example */
	const char *software;         /* behind ESMTP in the greeting */
	unsigned capabilities;        /* set of enum smtp_capability */
	unsigned mechanisms;          /* set of SASL_BIT() for AUTH; 0: all */
	struct sasl_keys *keys;       /* see sasl.h; may be NULL */
	struct random_stream *random; /* for the challenges of AUTH; NULL: they are all alike */
	bool requires_login;          /* submission: no recipient without AUTH */
	bool hides_auth;              /* AUTH only under TLS (RFC 4954 section 4) */
	uint64_t size_limit;          /* octets of a message; 0: none */
	unsigned recipient_limit;     /* of one message; RFC 5321 4.5.3.1.8 asks for 100 at least */
	unsigned error_limit;         /* refusals until the server hangs up */
	int64_t timeout_ns;           /* of silence, or of replies unread, until it hangs up
				     (4.5.3.2.7: 5 minutes) */
	const struct smtp_environment *environment;
};

/* The reply to MAIL, or to the message itself, when there is no room for it (RFC 1870, RFC 3463). */
#define SMTP_NO_ROOM           "452 4.3.1 Insufficient system storage"

#define SMTP_SERVER_TIMEOUT_NS (300 * NS_PER_S)

/* A session with the client at `client_address`; `owner` is handed to the environment. */
struct session *smtp_server_new(const struct smtp_server_config *config, uint32_t client_address,
				void *owner);

/* What is known of the client. Strings belong to the session; NULL where not known. */
uint32_t smtp_server_client_address(const struct smtp_server *server);
const char *smtp_server_login(const struct smtp_server *server);

/* Octets of the message that comes, as MAIL of this transaction declared (RFC 1870); 0: it did not. */
uint64_t smtp_server_declared_bytes(const struct smtp_server *server);

/* True while a recipient is asked about for VRFY, not for RCPT. */
bool smtp_server_is_verifying(const struct smtp_server *server);

/* The mail transaction that is open, as far as it is known: from RCPT on. */
struct smtp_arrival smtp_server_arrival(const struct smtp_server *server);

/*
 * Before the stream opens: the client gets `status_and_reason` ("4.3.2 All server ports are busy")
 * with code 421 in place of the greeting, and the session ends (RFC 5321 section 3.8). Copied.
 */
void smtp_server_turn_away(struct smtp_server *server, const char *status_and_reason);

static inline struct session *smtp_server_session(struct smtp_server *server)
{
	return (struct session *)server;
}

static inline struct smtp_server *smtp_server_of(struct session *session)
{
	return (struct smtp_server *)session;
}

/* Answers. The session may be gone when they return. */
void smtp_server_answer_name(struct smtp_server *server, const char *name); /* NULL: unknown */
void smtp_server_answer_password(struct smtp_server *server, const char *password); /* NULL: none */
void smtp_server_answer_recipient(struct smtp_server *server, enum smtp_verdict verdict);

/* RCPT is refused with another `reply` than the verdicts have: "450 4.7.1 ...". */
void smtp_server_answer_recipient_refused(struct smtp_server *server, const char *reply);

/* The message is taken and will not be lost (RFC 5321 section 4.1.1.4). */
void smtp_server_answer_accepted(struct smtp_server *server, const char *queue_id);

/* It is not: `reply` is what the client is told, "554 5.7.1 ...". */
void smtp_server_answer_refused(struct smtp_server *server, const char *reply);
