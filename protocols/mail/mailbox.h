/*
 * The mail store of one server: accounts with mailboxes, two doors (POP3, IMAP) and an MDA to it.
 * A mailbox holds immutable messages with UID, flags and internal date (RFC 3501 section 2.3).
 */
#pragma once
#include <glib.h>
#include "protocols/mail/message.h"
#include "sim/world.h"

struct mail_store;

/* System flags (RFC 3501 section 2.3.2) as a set; keywords are kept apart. */
enum mailbox_flag {
	MAILBOX_SEEN = 1,
	MAILBOX_ANSWERED = 2,
	MAILBOX_FLAGGED = 4,
	MAILBOX_DELETED = 8,
	MAILBOX_DRAFT = 16,
	MAILBOX_RECENT = 32, /* set by delivery, taken by the first session that selects it */
};

struct mailbox_entry {
	uint32_t uid;
	uint32_t flags;        /* enum mailbox_flag */
	GPtrArray *keywords;   /* of char *, owned; NULL: none */
	int64_t internal_date; /* seconds since 1970 */
	uint64_t modseq;
	struct message *message; /* one reference */
};

struct account;

/* A message that is gone, so that clients that were away can be told (RFC 7162 section 3.2). */
struct mailbox_expunged {
	uint64_t modseq; /* of its going */
	uint32_t uid;
};

#define MAILBOX_EXPUNGED_MAX 10000 /* so many are remembered */

struct mailbox {
	struct account *account;
	char *name;  /* UTF-8, "INBOX", "Sent", hierarchy separator '/' */
	uint64_t id; /* trace object */
	uint32_t uid_validity, uid_next;
	uint64_t modseq;    /* of the last change (RFC 7162: HIGHESTMODSEQ) */
	GArray *expunged;   /* of struct mailbox_expunged, by ascending modseq */
	uint64_t forgotten; /* what went with this modseq or a lower one is remembered no more */
	uint64_t bytes;     /* of all its messages */
	GPtrArray *entries; /* of struct mailbox_entry *, by ascending UID */
	GList *watchers;    /* of struct mailbox_watcher *, in order of registration */
	GPtrArray *grants;  /* of struct mailbox_grant *, see rights.h; NULL: nobody else's */
	bool is_subscribed; /* by its owner, as the trace was told */
};

struct account {
	struct mail_store *store;
	char *address; /* alice@office.example */
	char *password;
	uint64_t quota_bytes; /* 0: none */
	uint64_t used_bytes;
	GPtrArray *mailboxes; /* of struct mailbox *, owned, in order of creation; [0] is INBOX */
	GPtrArray *subscriptions; /* of char *, in order: names, also of what is no mailbox */
	GHashTable *deliveries;   /* set of envelope keys; NULL: none yet */
	bool maildrop_is_locked;  /* by a POP3 session (RFC 1939 section 3) */
};

/* A session that has the mailbox open and wants to know of changes by others. */
struct mailbox_watcher {
	void *owner;
	void (*appended)(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry);
	void (*changed)(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry);
	/* The entry is about to go; its index in `entries` is given. */
	void (*expunged)(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry,
			 unsigned index);
	void (*gone)(void *owner, struct mailbox *mailbox); /* deleted under the session */
};

/* A store at `node`, whose records go to its trace; NULL for a store without a world (tests). */
struct mail_store *mail_store_new(struct node *node);
void mail_store_free(struct mail_store *store);

/*
 * Accounts. Addresses compare without regard to case (documented deviation from RFC 5321 2.4).
 * An address that is there already gives its account, unchanged.
 */
struct account *mail_store_add_account(struct mail_store *store, const char *address,
				       const char *password);
struct account *mail_store_find(struct mail_store *store, const char *address);

/* All accounts, of struct account *, in order of creation; borrowed. */
const GPtrArray *mail_store_accounts(const struct mail_store *store);

/* The account whose address, or local part if only one has it, is `login`. */
struct account *mail_store_find_login(struct mail_store *store, const char *login);

/*
 * The same for one who wants to act as `authorization` (RFC 4422 section 3.4.1; NULL: as itself), which must be
 * a name of that account: nobody acts for another here, and NULL is returned.
 */
struct account *mail_store_find_identity(struct mail_store *store, const char *login,
					 const char *authorization);

/* The same, when the password fits too. */
struct account *mail_store_authenticate(struct mail_store *store, const char *login,
					const char *password);

/*
 * Valid: UTF-8 of 1 to 255 bytes without control characters, '*' and '%', and with no empty level
 * ("a//b", "/a", "a/").
 */
bool mailbox_name_is_valid(const char *name);

/*
 * Mailboxes. INBOX always exists and is found in any case. Creating one that exists or has no
 * valid name gives NULL. Deleting INBOX is refused; watchers of a deleted mailbox are told.
 * Renaming takes the mailboxes below along; it is refused when a name is taken or invalid.
 * Renaming INBOX moves its messages to a new mailbox of that name (RFC 3501 section 6.3.5).
 */
struct mailbox *account_find_mailbox(struct account *account, const char *name);
struct mailbox *account_create_mailbox(struct account *account, const char *name);
bool account_delete_mailbox(struct account *account, struct mailbox *mailbox);
bool account_rename_mailbox(struct account *account, struct mailbox *mailbox, const char *name);

/* True when `bytes` more fit into the quota. */
bool account_has_room(const struct account *account, size_t bytes);

/* The entry with `uid` and its index in `entries`; NULL when there is none. `index` may be NULL. */
struct mailbox_entry *mailbox_find(const struct mailbox *mailbox, uint32_t uid, unsigned *index);

/*
 * The account's list of names that its user wants to see; a name stays on it when its mailbox goes
 * (RFC 3501 section 6.3.6), and may be in any namespace.
 */
bool account_is_subscribed(const struct account *account, const char *name);
void account_set_subscribed(struct account *account, const char *name, bool is_subscribed);

/* Appends `message` (a reference is taken). MAILBOX_RECENT is added to `flags`. */
struct mailbox_entry *mailbox_append(struct mailbox *mailbox, struct message *message,
				     uint32_t flags, int64_t internal_date);

/* Replaces the flags and keywords (`keywords` may be NULL; copied). `who` is not told. */
void mailbox_set_flags(struct mailbox *mailbox, struct mailbox_entry *entry, uint32_t flags,
		       GPtrArray *keywords, const struct mailbox_watcher *who);

/* A modification sequence for a change that the mailbox does not keep: one session alone sees it. */
uint64_t mailbox_next_modseq(struct mailbox *mailbox);

/* The first session that selects the mailbox takes \Recent away; nobody is told. */
void mailbox_take_recent(struct mailbox_entry *entry);

/* Removes the entry; every watcher is told, `who` included. */
void mailbox_expunge(struct mailbox *mailbox, struct mailbox_entry *entry);

/*
 * The same message, flags, keywords and internal date under a new UID; a move is a copy and an
 * expunge. Returns the new entry.
 */
struct mailbox_entry *mailbox_copy(struct mailbox *to, const struct mailbox_entry *entry);

/* The same with those of its flags that are in `permitted`; keywords go along with MAILBOX_FLAGGED. */
struct mailbox_entry *mailbox_copy_with(struct mailbox *to, const struct mailbox_entry *entry,
					uint32_t permitted);

void mailbox_watch(struct mailbox *mailbox, struct mailbox_watcher *watcher);
void mailbox_unwatch(struct mailbox *mailbox, struct mailbox_watcher *watcher);

/* Takes or gives back the exclusive lock of a POP3 session; false when another holds it. */
bool account_lock_maildrop(struct account *account);
void account_unlock_maildrop(struct account *account);

/*
 * The MDA's check against a second delivery that SMTP cannot avoid (RFC 5321 section 6.1: the reply
 * to the final dot was lost). `envelope_key` joins reverse-path, recipient and Message-ID.
 */
bool account_delivered_before(struct account *account, const char *envelope_key);
void account_note_delivery(struct account *account, const char *envelope_key);
