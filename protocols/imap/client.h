/*
 * An IMAP4rev1 client session (RFC 3501) as a pure machine driven by a queue of operations.
 *
 * Make it, give imap_client_session() to an adapter, queue operations at any time. The client waits
 * for the greeting, learns what the server offers, logs in, then runs the operations one after
 * the other, using an extension only where it was offered. Results come by the events; `done` ends
 * each operation. Operations may be queued from inside events. With IDLE running, queueing another
 * operation ends it.
 *
 * Notes: UNIT for every line and literal both ways, STATE, PHASE, and MAIL_RETRIEVED with the bytes
 * of every message that came whole.
 */
#pragma once
#include "protocols/imap/envelope.h"
#include "protocols/sasl/sasl.h"
#include "protocols/session.h"

struct imap_client;

enum imap_result {
	IMAP_RESULT_OK,
	IMAP_RESULT_NO,   /* the server refused */
	IMAP_RESULT_BAD,  /* the server did not understand, or the answer made no sense */
	IMAP_RESULT_LOST, /* the connection ended before the answer */
};

/* One mailbox of a LIST or LSUB answer. */
struct imap_listing {
	const char *name;    /* UTF-8 */
	char separator;      /* '/', or 0 for a flat name */
	bool is_selectable;  /* no \Noselect */
	bool has_children;   /* \HasChildren */
	const char *special; /* "Sent", "Drafts", "Trash", "Junk", "Archive", or NULL (RFC 6154) */
	bool is_subscribed;  /* it is a line of LSUB */
};

/* The selected mailbox as the server described it; or the answer to STATUS. */
struct imap_mailbox_status {
	const char *name;                  /* UTF-8; NULL: none selected */
	uint32_t messages, recent, unseen; /* unseen: number of the first one after SELECT, */
					   /* how many after STATUS; 0 none */
	uint32_t uid_next, uid_validity;
	uint64_t
	    modseq; /* the highest one when it was selected (RFC 7162); 0: the server has none */
	bool is_read_only;
	/* The server has told all that changed since the state that imap_client_resume() named. */
	bool is_resynchronized;
};

/* What a FETCH answer said of a message. Borrowed during the event. */
struct imap_fetched {
	uint32_t number; /* message sequence number */
	uint32_t uid;    /* 0: not known */
	bool has_flags;
	uint32_t flags;      /* enum mailbox_flag, when has_flags */
	GPtrArray *keywords; /* of char *; NULL: none */
	bool has_date;
	int64_t internal_date; /* seconds since 1970, when has_date */
	bool has_size;
	uint64_t size_bytes;                  /* of the whole message, when has_size */
	const struct imap_envelope *envelope; /* NULL: not in this answer */
	GBytes *body; /* the whole message, once all of it is there; else NULL */
};

/*
 * What the owner of a client is told. Each may be NULL. Operations may be queued inside of them, but
 * the session must not be freed there.
 */
struct imap_client_events {
	/* Logged in; the first operation is about to run. */
	void (*ready)(void *owner);
	/* The server refused name and password; `over` follows. `text` is the server's. */
	void (*login_failed)(void *owner, const char *text);
	/* BYE, not as the answer to LOGOUT; `over` follows. `is_refusal`: in place of a greeting. */
	void (*goodbye)(void *owner, bool is_refusal, const char *text);
	void (*listed)(void *owner, const struct imap_listing *listing);
	void (*status)(void *owner, const struct imap_mailbox_status *status);
	/* EXISTS came: the selected mailbox holds that many messages now. Also unasked. */
	void (*exists)(void *owner, uint32_t messages);
	/*
	 * A message went; later numbers move down by one. `uid` is 0 when it was not known, `number`
	 * when the server named the UID and its number was not known.
	 */
	void (*expunged)(void *owner, uint32_t number, uint32_t uid);
	/* An answer to a fetch or store, or flags changed by someone else. */
	void (*fetched)(void *owner, const struct imap_fetched *fetched);
	/* Answer to a search. */
	void (*found)(void *owner, const uint32_t *uids, size_t count);
	/* `text` is the server's, with its response code in front; NULL when lost. */
	void (*done)(void *owner, unsigned operation, enum imap_result result, const char *text);
	/*
	 * The session will run no more operations: logged out, BYE, login refused or stream lost. All
	 * operations still queued were reported as lost before. The last event.
	 */
	void (*over)(void *owner, bool is_orderly);
};

struct imap_client_config {
	const char *user, *password;  /* copied */
	struct random_stream *random; /* for AUTHENTICATE, see sasl.h; NULL: nonces are all alike */
	struct sasl_keys *keys;       /* likewise; may be NULL */
	const struct imap_client_events *events; /* outlives the client */
	void *owner;                             /* handed to the events */
	enum session_tls tls;     /* with more than NEVER the adapter's config has TLS */
	uint32_t chunk_bytes;     /* bodies are fetched in pieces of this size; 0: whole */
	int64_t idle_renew_ns;    /* IDLE is begun anew after so long (RFC 2177: 29 minutes); */
				  /* 0: never */
	int64_t reply_timeout_ns; /* silence of so long while an answer is due ends it; 0: never */
	size_t message_bytes_max; /* a larger literal ends the session; 0: 64 MiB */
};

struct imap_client *imap_client_new(const struct imap_client_config *config);

/* The session to be driven; it owns the client, and freeing it frees the client. */
struct session *imap_client_session(struct imap_client *client);

/* What was selected last; `name` is NULL when nothing is. */
const struct imap_mailbox_status *imap_client_selected(const struct imap_client *client);

/* True when the server offers the capability, in any case; known from the greeting on. */
bool imap_client_offers(const struct imap_client *client, const char *capability);

/* How many operations wait or run. */
unsigned imap_client_pending(const struct imap_client *client);

/*
 * Operations. Each is queued, copies its arguments and returns its number, which `done` gives back;
 * 0 when the session is over and will run it never. Mailbox names are UTF-8; messages are named by
 * UID.
 */
unsigned imap_client_select(struct imap_client *client, const char *mailbox, bool read_only);

/*
 * Selects a mailbox that was known up to `modseq`. Where QRESYNC is offered it is enabled, if
 * no mailbox was selected before, and what
 * changed since comes as `expunged` and `fetched` (flags alone) before `done`; elsewhere this is
 * imap_client_select(). imap_client_selected() tells which.
 */
unsigned imap_client_resume(struct imap_client *client, const char *mailbox, uint32_t uid_validity,
			    uint64_t modseq);

/* Flags of messages that changed after `modseq`, where CONDSTORE is offered. */
unsigned imap_client_fetch_changes(struct imap_client *client, uint64_t modseq);

unsigned imap_client_list(struct imap_client *client, const char *reference, const char *pattern);
unsigned imap_client_lsub(struct imap_client *client, const char *reference, const char *pattern);
unsigned imap_client_status(struct imap_client *client, const char *mailbox);
unsigned imap_client_create(struct imap_client *client, const char *mailbox);
unsigned imap_client_delete(struct imap_client *client, const char *mailbox);
unsigned imap_client_rename(struct imap_client *client, const char *from, const char *to);
unsigned imap_client_subscribe(struct imap_client *client, const char *mailbox, bool subscribed);

/* UID, flags, date, size and envelope of every message from `first_uid` on. */
unsigned imap_client_fetch_headers(struct imap_client *client, uint32_t first_uid);

/*
 * The whole message `uid`, in pieces when the configuration says so. Without `mark_seen` its flags
 * stay as they are (BODY.PEEK). One `fetched` with the body comes when it is complete; none when
 * there is no such message.
 */
unsigned imap_client_fetch_body(struct imap_client *client, uint32_t uid, bool mark_seen);

enum imap_store_mode { IMAP_STORE_REPLACE, IMAP_STORE_ADD, IMAP_STORE_REMOVE };

/* Changes `flags` (enum mailbox_flag) of the messages; the new flags come as `fetched`. */
unsigned imap_client_store(struct imap_client *client, const uint32_t *uids, size_t count,
			   enum imap_store_mode mode, uint32_t flags);

/* `criteria` are search keys as RFC 3501 section 6.4.4 writes them: "UNSEEN FROM \"alice\"". */
unsigned imap_client_search(struct imap_client *client, const char *criteria);

unsigned imap_client_copy(struct imap_client *client, const uint32_t *uids, size_t count,
			  const char *mailbox);

/* MOVE where offered, else COPY, STORE \Deleted and EXPUNGE: one operation either way. */
unsigned imap_client_move(struct imap_client *client, const uint32_t *uids, size_t count,
			  const char *mailbox);

/* Stores `message` (a reference is taken) with `flags` in `mailbox`. */
unsigned imap_client_append(struct imap_client *client, const char *mailbox, uint32_t flags,
			    GBytes *message);

/* Removes all messages marked \Deleted; with `uids` those alone, where UIDPLUS is offered. */
unsigned imap_client_expunge(struct imap_client *client, const uint32_t *uids, size_t count);

/* Waits for news until another operation is queued; a NOOP where IDLE is not offered. */
unsigned imap_client_idle(struct imap_client *client);

unsigned imap_client_noop(struct imap_client *client);
unsigned imap_client_logout(struct imap_client *client);
