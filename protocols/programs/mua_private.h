/* What the files of the mail client share. */
#pragma once
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "protocols/programs/lookup.h"
#include "protocols/programs/mua.h"
#include "protocols/sasl/sasl.h"
#include "sim/world.h"

enum mua_verb {
	MUA_SEND,
	MUA_REPLY,
	MUA_CHECK,
	MUA_READ,
	MUA_DELETE,
	MUA_MOVE,
	MUA_SEARCH,
	MUA_GO_ONLINE,
	MUA_GO_OFFLINE,
	MUA_SIGN_IN,
	MUA_SIGN_OUT,
	MUA_BACK_UP,
	MUA_RESTORE,
	MUA_CRASH,
	MUA_LOSE_DISK,
	MUA_FILE_SENT, /* no user's action: a copy of what was sent goes to the server */
};

/* A letter with everything in it copied. */
struct mua_draft {
	char *from, *mail_from; /* NULL: the user's own */
	char *to, *cc, *bcc, *subject, *text;
	char *in_reply_to, *references; /* NULL: it answers nothing */
	bool is_8bit;
	unsigned notify;
	GArray *attachments; /* of struct attachment */
};

/* What the user asked for. Taken by whoever works on it, until mua_finish(). */
struct mua_action {
	enum mua_verb verb;
	uint64_t id; /* of its ACTION record: the root of all that follows */
	struct mua_callback callback;
	char *folder; /* "INBOX" by default */
	enum mua_pick pick;
	char *subject;           /* with MUA_SUBJECT */
	char *into;              /* MUA_MOVE */
	enum mua_scope scope;    /* MUA_SEARCH */
	char *text;              /* MUA_SEARCH */
	struct mua_draft *draft; /* MUA_SEND, MUA_REPLY */
	bool to_all;             /* MUA_REPLY */
	GBytes *message;         /* MUA_FILE_SENT */
	unsigned attempts;       /* that failed so far */
};

#define MUA_OUTBOX "Outbox" /* the folder of what is to be sent */

struct mua_backup;
struct mua_outbox;
struct mua_pop3;
struct mua_imap;
struct mua_web;

struct mua {
	struct host *host;
	struct node *node;
	struct dns_resolver *resolver;
	struct mua_config config; /* with strings of our own */
	char *user;               /* "alice" */
	struct mail_store *store;
	struct account *account; /* its folders */
	bool is_online;
	unsigned composed;           /* messages so far, for Message-ID */
	struct random_stream random; /* for logging in */
	struct sasl_keys *keys;      /* likewise */
	struct timer check;          /* the next check by itself */
	struct mua_outbox *outbox;
	/* One of them, as the account's protocol is; the others are NULL. */
	struct mua_pop3 *pop3;
	struct mua_imap *imap;
	struct mua_web *web;
	struct mua_backup *backup; /* a copy of the folders, elsewhere; NULL: none was made */
};

/* Everything done from here on, until the event ends, belongs to the action or message `root`. */
void mua_belong(const struct mua *mua, uint64_t root);

/* Tells how `action` ended, and frees it. `text` may be NULL. */
void mua_finish(struct mua *mua, struct mua_action *action, enum mua_outcome outcome,
		const char *text);

/*
 * Decides about a failure: true when `action` shall be tried again as soon as `timer` fires, which
 * is set. Otherwise it is to be finished.
 */
bool mua_retry(struct mua *mua, struct mua_action *action, enum mua_outcome outcome,
	       const char *text, struct timer *timer);

/* Tells that `action` goes on by another way at once: `text` says what failed, and which way. */
void mua_turn(struct mua *mua, const struct mua_action *action, enum mua_outcome outcome,
	      const char *text);

void mua_action_free(struct mua_action *action);

/* What the failure of a lookup or a stream means to the user. */
enum mua_outcome mua_outcome_of_lookup(enum lookup_outcome outcome);
enum mua_outcome mua_outcome_of_failure(const struct session *session, int why, const char **text);

/*
 * Emits a TRACE_MAIL record of the message `object` that belongs to `root`; `after` as the detail
 * says.
 */
void mua_record(const struct mua *mua, enum mail_detail detail, uint64_t root, uint64_t object,
		uint64_t after, struct bytes bytes);

/* Own folders. Made when there is none of that name; NULL: it has no valid name. */
struct mailbox *mua_folder(struct mua *mua, const char *name);

/* mua_compose.c */
struct mua_draft *mua_draft_new(const struct mua_letter *letter);
void mua_draft_free(struct mua_draft *draft);

/* Makes `draft` an answer to `original`: recipients, subject, references, quotation. */
void mua_draft_answer(struct mua *mua, struct mua_draft *draft, struct message *original,
		      bool to_all);

/*
 * Composes what the action's draft says, and hands it to the outbox, which takes the action. A
 * draft without a valid recipient ends the action.
 */
void mua_compose(struct mua *mua, struct mua_action *action);

/* mua_outbox.c */
struct mua_outbox *mua_outbox_new(struct mua *mua);
void mua_outbox_free(struct mua_outbox *outbox);

/* Takes a composed message: `recipients` (taken) of char *, `message` (taken). */
void mua_outbox_add(struct mua_outbox *outbox, struct mua_action *action, GPtrArray *recipients,
		    struct message *message, uint64_t object);

/* Tries everything that is there (again). */
void mua_outbox_flush(struct mua_outbox *outbox);
void mua_outbox_stop(struct mua_outbox *outbox); /* offline */
void mua_outbox_lose(struct mua_outbox *outbox); /* what waits is gone; after a stop */

/* mua_pop3.c */
struct mua_pop3 *mua_pop3_new(struct mua *mua);
void mua_pop3_free(struct mua_pop3 *pop3);
void mua_pop3_check(struct mua_pop3 *pop3, struct mua_action *action); /* takes it */
void mua_pop3_stop(struct mua_pop3 *pop3);

/* The user has deleted `message` here. */
void mua_pop3_deleted(struct mua_pop3 *pop3, const struct message *message);

/*
 * What was fetched before and when, by unique id: a copy for a backup; and putting such a table
 * (NULL: an empty one; copied) in place of what is known.
 */
GHashTable *mua_pop3_known(const struct mua_pop3 *pop3);
void mua_pop3_know(struct mua_pop3 *pop3, GHashTable *known);

/* mua_disk.c. The first two take the action and end it; the last one follows a stop. */
void mua_disk_back_up(struct mua *mua, struct mua_action *action);
void mua_disk_restore(struct mua *mua, struct mua_action *action);
void mua_disk_lose(struct mua *mua);
void mua_backup_free(struct mua_backup *backup); /* NULL is fine */

/* mua_local.c: actions on own folders. Each takes the action and ends it. */
void mua_local_read(struct mua *mua, struct mua_action *action);
void mua_local_delete(struct mua *mua, struct mua_action *action);
void mua_local_move(struct mua *mua, struct mua_action *action);
void mua_local_search(struct mua *mua, struct mua_action *action);
void mua_local_reply(struct mua *mua, struct mua_action *action);

/* True when a message that the action means is here. */
bool mua_local_has(struct mua *mua, const struct mua_action *action);

/* mua_imap.c */
struct mua_imap *mua_imap_new(struct mua *mua);
void mua_imap_free(struct mua_imap *imap);
void mua_imap_add(struct mua_imap *imap, struct mua_action *action); /* takes it */
void mua_imap_start(struct mua_imap *imap);                          /* online */
void mua_imap_stop(struct mua_imap *imap);
void mua_imap_abort(struct mua_imap *imap);  /* without a word; before a stop */
void mua_imap_forget(struct mua_imap *imap); /* all it knew; after both */

/* mua_web.c */
struct mua_web *mua_web_new(struct mua *mua);
void mua_web_free(struct mua_web *web);
void mua_web_add(struct mua_web *web, struct mua_action *action); /* takes it */
void mua_web_stop(struct mua_web *web);
