/*
 * A POP3 client session (RFC 1939) as a pure machine: logs in by the strongest way that both sides
 * know (SCRAM-SHA-256, CRAM-MD5, APOP, PLAIN, LOGIN, USER), fetches what is new, deletes what its
 * owner wants gone, quits. It acts on what CAPA offers (RFC 2449); without UIDL every message is new,
 * and UTF8 is said where it is offered (RFC 6856).
 *
 * A message is deleted only after all of it has come, and only QUIT makes that final: a connection
 * lost before leaves the messages where they are, and the next session can delete them by their
 * unique id without fetching them again.
 *
 * Notes: UNIT for every line, listing and message both ways, STATE, PHASE, and MAIL_RETRIEVED with
 * the bytes of each message.
 */
#pragma once
#include "protocols/sasl/sasl.h"
#include "protocols/session.h"

struct pop3_client;

/* What shall be done with a message of the maildrop. */
enum pop3_wish {
	POP3_FETCH,  /* it is new */
	POP3_KEEP,   /* it was fetched before and stays on the server */
	POP3_REMOVE, /* it was fetched before and shall go */
};

enum pop3_outcome {
	POP3_DONE,            /* to the end; deletions are final */
	POP3_REFUSED,         /* the server did not greet, or ended the session early */
	POP3_LOGIN_REFUSED,   /* wrong password, or no way to log in that both know */
	POP3_INSECURE,        /* TLS is wanted, and not to be had */
	POP3_MAILDROP_IN_USE, /* another session holds the lock */
	POP3_BROKEN,          /* the server's answers made no sense */
	POP3_LOST,            /* the connection failed, or silence for too long */
	POP3_OUTCOME_COUNT,
};

extern const char *const pop3_outcome_names[POP3_OUTCOME_COUNT];

struct pop3_result {
	enum pop3_outcome outcome;
	const char *text; /* the deciding reply of the server; "" without one. Borrowed. */
	unsigned offered; /* messages in the maildrop */
	unsigned retrieved;
	unsigned deleted; /* 0 when the deletions did not become final */
};

struct pop3_client_events {
	/* Asked for each message that has a unique id. NULL: all are new. */
	enum pop3_wish (*judge)(void *owner, const char *unique_id);
	/*
	 * All of a message has come; `message` is borrowed. `unique_id` is "" without UIDL. Returns
	 * the message's trace root, which its DELE shall have, or 0.
	 */
	uint64_t (*retrieved)(void *owner, const char *unique_id, GBytes *message);
	/* The message is gone from the server for good. May be NULL. */
	void (*deleted)(void *owner, const char *unique_id);
	/* The last event; `result` is borrowed. None comes when the session is freed before. */
	void (*over)(void *owner, const struct pop3_result *result);
};

struct pop3_client_config {
	const char *user, *password;  /* copied */
	struct random_stream *random; /* for AUTH, see sasl.h; NULL: nonces are all alike */
	struct sasl_keys *keys;       /* likewise; may be NULL */
	bool deletes;                 /* what was fetched is deleted in the same session */
	enum session_tls tls;         /* with more than NEVER the adapter's config has TLS */
	/*
	 * So many commands may be under way at once where PIPELINING is offered; 0 or 1: each waits
	 * for its answer, as most clients do.
	 */
	unsigned window;
	uint64_t root;            /* what no message is the reason of belongs to it */
	int64_t timeout_ns;       /* of silence; 0: POP3_CLIENT_TIMEOUT_NS */
	size_t message_bytes_max; /* a larger one ends the session; 0: 64 MiB */
	const struct pop3_client_events *events; /* outlives the client */
	void *owner;                             /* handed to the events */
};

#define POP3_CLIENT_TIMEOUT_NS (60 * NS_PER_S)
#define POP3_CLIENT_LINE_MAX   4096   /* of an answer that is no message */
#define POP3_CLIENT_ITEMS_MAX  100000 /* messages of a maildrop that are looked at */

struct session *pop3_client_new(const struct pop3_client_config *config);
