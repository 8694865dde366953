/*
 * A mail client program (MUA): one user's account at a host. It composes and submits by SMTP, and
 * gets mail by POP3 into folders of its own, or works by IMAP on folders of the server; or it is a
 * browser at a webmail site, which does all of that.
 *
 * Whatever the user does is an action: it emits a TRACE_ACTION record, and all that follows from it
 * has that record as its root; a message that it composes has the same root. When the action ends,
 * a STATE record (USER_DONE) and the callback tell how. Actions on the server run one after the
 * other, in the order they were asked for; sending does not wait for reading, nor the reverse.
 * Servers are found by DNS each time.
 */
#pragma once
#include "protocols/dns/resolver.h"
#include "protocols/mail/mailbox.h"
#include "protocols/session.h"
#include "stack/socket.h"

struct mua;
struct tls_context;

enum mua_protocol {
	MUA_POP3,
	MUA_IMAP,
	MUA_WEB, /* the client is a browser; what it sends is composed and submitted by the site */
};

/* What becomes of retrieved messages on a POP3 server. */
enum mua_leave {
	MUA_LEAVE_NOTHING,       /* they are deleted: the classic way */
	MUA_LEAVE_ALL,           /* they stay for `leave_ns` */
	MUA_LEAVE_UNTIL_DELETED, /* they stay until the user deletes them here */
};

#define MUA_RETRY_NS  (10 * NS_PER_S)
#define MUA_RETRIES   8

#define MUA_PORTS_MAX 8

struct mua_config {
	const char *address;          /* "alice@office.example" */
	const char *full_name;        /* NULL: none */
	const char *login, *password; /* for both servers */
	const char *host_name;        /* of this host: "alice-pc.office.example" */
	enum mua_protocol protocol;   /* of the incoming server */
	const char *incoming_server;  /* a domain name */
	uint16_t incoming_port;
	const char *outgoing_server;
	/*
	 * Tried in this order until one lets connect, beginning with that which worked last; 0 ends
	 * them.
	 */
	uint16_t outgoing_ports[MUA_PORTS_MAX + 1];
	enum session_tls incoming_tls, outgoing_tls;
	struct tls_context *tls; /* borrowed; NULL: TLS is never spoken */
	bool authenticates;      /* at the outgoing server too */
	enum mua_leave leave;    /* POP3 */
	int64_t leave_ns;        /* TIME_NEVER: without limit */
	bool pipelines;          /* POP3: commands need not wait, where the server offers it */
	/*
	 * IMAP: so long the connection stays open when there is nothing left to do, waiting for news
	 * by IDLE; 0: it is closed at once. TIME_NEVER: until the user goes offline.
	 */
	int64_t stay_ns;
	int64_t check_every_ns; /* TIME_NEVER: mail is checked only when the user says so */
	bool is_online;         /* at the start */
	bool files_sent;        /* keeps a copy of what was sent in "Sent": IMAP on the server */
	bool asks_aaaa;         /* also asks for IPv6 addresses, as most programs do */
	/*
	 * What failed but may pass is tried again after `retry_ns` (0: MUA_RETRY_NS), `retries`
	 * times (0: MUA_RETRIES); then the user is told.
	 */
	int64_t retry_ns;
	unsigned retries;
	bool gives_up_at_once;      /* it is not tried again */
	int utc_offset_s;           /* of the user's clock, for Date */
	bool uses_chunks;           /* sends by BDAT where it can */
	const char *user_agent;     /* NULL: none is named */
	int64_t wakeup_ns;          /* between bytes arriving and the program reading them */
	int64_t connect_timeout_ns; /* 0: TCP's own */
};

/*
 * A mail client on `host`, which asks `resolver` (outlives it). `config` is copied. Folders of its
 * own are in a mail store at the host's node: POP3 INBOX and others, and Outbox for both protocols.
 * By IMAP they hold copies of the messages whose bodies were fetched, as long as the server has them.
 * What is there can be read and searched offline; flags changed then are not told to the server.
 */
struct mua *mua_new(struct host *host, struct dns_resolver *resolver,
		    const struct mua_config *config);

/* Stops it: connections are reset, actions under way are forgotten. NULL is fine. */
void mua_free(struct mua *mua);

/* The folders it keeps itself: an account with its address. */
struct account *mua_account(struct mua *mua);

bool mua_is_online(const struct mua *mua);

/* How an action ended. */
enum mua_outcome {
	MUA_DONE,
	MUA_KEPT,          /* offline: the message is in the outbox */
	MUA_OFFLINE,       /* it needs the network */
	MUA_NOT_FOUND,     /* there is no such message or folder */
	MUA_BAD_ADDRESS,   /* no recipient, or one that is no mail address */
	MUA_NO_NAME,       /* the server's name does not exist, or has no address */
	MUA_NO_CONNECTION, /* refused: nobody listens there */
	MUA_INSECURE,      /* no TLS, or with nobody to be trusted; the text says why */
	MUA_LOGIN_REFUSED,
	MUA_REFUSED, /* the server would not do it; the text is its reply */

	/* What may pass: it was tried several times. */
	MUA_NO_DNS,      /* DNS did not answer */
	MUA_UNREACHABLE, /* no route, or silence */
	MUA_LOST,        /* the connection broke, or the server hung up */
	MUA_TRY_LATER,   /* the server said so; the text is its reply */
	MUA_OUTCOME_COUNT,
};

/* True when trying again makes sense without anyone changing anything. */
static inline bool mua_may_pass(enum mua_outcome outcome)
{
	return outcome >= MUA_NO_DNS;
}

extern const char *const mua_outcome_names[MUA_OUTCOME_COUNT];

/*
 * Told how an action ended; `text` is for people, e.g. the deciding reply or "2 new messages".
 * Called once, maybe before the action's function returns.
 */
struct mua_callback {
	void (*done)(void *owner, enum mua_outcome outcome,
		     const char *text); /* NULL: nobody asks */
	void *owner;
};

/* What the user writes; everything is copied. Fields may be NULL or 0. */
struct mua_letter {
	const char *from; /* the From field, as "Alice <alice@office.example>"; NULL: the own one */
	const char *mail_from; /* reverse-path, as "alice@office.example"; NULL: the own address */
	const char *to, *cc, *bcc; /* address lists; replies add theirs */
	const char *subject;       /* replies have their own */
	const char *text;          /* UTF-8 */
	bool is_8bit;              /* goes into the message as it is, not encoded */
	unsigned notify;           /* set of enum smtp_notify; 0: nothing is said */
	const struct attachment *attachments;
	size_t attachment_count;
};

enum mua_pick {
	MUA_NEWEST,
	MUA_OLDEST,
	MUA_ALL,
	MUA_SUBJECT, /* the newest message with this subject */
};

/* Which message. Borrowed during the call. */
struct mua_choice {
	const char *folder; /* NULL: INBOX */
	enum mua_pick pick;
	const char *subject; /* with MUA_SUBJECT, decoded */
};

enum mua_scope { MUA_ANYWHERE, MUA_IN_SUBJECT, MUA_IN_FROM, MUA_IN_TO, MUA_IN_BODY };

/*
 * Composes a message and submits it. What cannot be sent now stays in the outbox, and is tried
 * again whenever the client goes online, checks mail or sends; what a server refuses for good goes
 * to the folder Drafts.
 */
void mua_send(struct mua *mua, const struct mua_letter *letter, struct mua_callback callback);

/* The same as an answer to a message, which is quoted; `to_all`: to its other recipients too. */
void mua_reply(struct mua *mua, const struct mua_choice *choice, const struct mua_letter *letter,
	       bool to_all, struct mua_callback callback);

/* Gets mail: POP3 retrieves what is new, IMAP looks what is in `folder` (NULL: INBOX). */
void mua_check(struct mua *mua, const char *folder, struct mua_callback callback);

/* The user reads it: by POP3 a matter of this host, by IMAP it is fetched unless it was before. */
void mua_read(struct mua *mua, const struct mua_choice *choice, struct mua_callback callback);

void mua_delete(struct mua *mua, const struct mua_choice *choice, struct mua_callback callback);

/* Moves to the folder `into`, which is made when there is none. */
void mua_move(struct mua *mua, const struct mua_choice *choice, const char *into,
	      struct mua_callback callback);

/* Looks for `text` in any case: in the folders here (POP3), or the server looks (IMAP SEARCH). */
void mua_search(struct mua *mua, const char *folder, enum mua_scope scope, const char *text,
		struct mua_callback callback);

/*
 * POP3: copies the folders to another disk (any earlier copy is forgotten), and puts the copy in
 * place of them. What waits in the outbox is no part of it. No packet leaves the host.
 */
void mua_back_up(struct mua *mua, struct mua_callback callback);
void mua_restore(struct mua *mua, struct mua_callback callback);

/*
 * The program ends without a word: its connections are reset, actions under way fail. What is on the
 * disk stays: folders, outbox, what POP3 knows. mua_go_online() starts it again.
 */
void mua_crash(struct mua *mua, struct mua_callback callback);

/* The same, and everything on the disk is gone; a copy made before is not. */
void mua_lose_disk(struct mua *mua, struct mua_callback callback);

/* Online, the outbox is sent. Offline, connections are closed and actions under way fail. */
void mua_go_online(struct mua *mua, struct mua_callback callback);
void mua_go_offline(struct mua *mua, struct mua_callback callback);

/* At a webmail site; other clients have nothing to do for it. Any action signs in when it must. */
void mua_sign_in(struct mua *mua, struct mua_callback callback);
void mua_sign_out(struct mua *mua, struct mua_callback callback);
