/*
 * What one session sees of the selected mailbox: message sequence numbers that stay as they are until
 * the client was told otherwise (RFC 3501 section 7.4.1), whatever other sessions do meanwhile.
 */
#pragma once
#include "protocols/mail/mailbox.h"

struct imap_view_entry {
	uint32_t uid;
	bool is_recent;   /* \Recent in this session */
	bool is_expunged; /* gone from the mailbox, the client does not know yet */
	bool is_changed;  /* flags changed, the client does not know yet */
	/* The mailbox's own, or once expunged a copy of what it was; never NULL. */
	struct mailbox_entry *entry;
};

struct imap_view {
	struct mailbox *mailbox; /* NULL: none is selected, or it was deleted */
	struct mailbox_watcher watcher;
	GArray *entries;     /* of struct imap_view_entry, by number - 1; NULL: closed */
	GPtrArray *keywords; /* of char *: those the client knows of; NULL: none */
	uint32_t told_exists, told_recent;
	bool is_read_only;   /* examined, or the user may change nothing */
	bool is_examined;    /* by EXAMINE: read-only whatever the rights */
	bool shows_modseq;   /* with UID, wherever flags are told unasked (RFC 7162 section 3.1) */
	bool shows_vanished; /* VANISHED in place of EXPUNGE (RFC 7162 section 3.2.10) */
	bool hides_recent;   /* IMAP4rev2 knows no RECENT */
	uint32_t settable;   /* flags the user may change: enum mailbox_flag */
	bool keeps_keywords; /* the user may change keywords */
	bool has_expunged, has_changed; /* some entry is */
	uint64_t expunged_from;    /* with has_expunged: the modification sequence of the first */
	bool was_deleted;          /* the mailbox, by another session */
	void (*news)(void *owner); /* called when there is something to tell; may be NULL */
	void *owner;
};

/* Opens `mailbox`. Unless `read_only` the session takes the messages' \Recent. */
void imap_view_open(struct imap_view *view, struct mailbox *mailbox, bool read_only);

/* Closes it; nothing happens when none is open. */
void imap_view_close(struct imap_view *view);

static inline bool imap_view_is_open(const struct imap_view *view)
{
	return view->entries != NULL;
}

/* How many messages the client knows of: its largest number. */
uint32_t imap_view_count(const struct imap_view *view);
uint32_t imap_view_recent(const struct imap_view *view);

/* The message with `number`, 1 to imap_view_count(). */
struct imap_view_entry *imap_view_at(const struct imap_view *view, uint32_t number);

/* The number of the first message whose UID is `uid` or more; count + 1 when there is none. */
uint32_t imap_view_number_of(const struct imap_view *view, uint32_t uid);

/* The number of the first message without \Seen, or 0. */
uint32_t imap_view_first_unseen(const struct imap_view *view);

/* Flags as this session shows them. */
uint32_t imap_view_flags(const struct imap_view_entry *entry);

/* Appends "FLAGS (...)" of the entry. */
void imap_view_print_flags(GString *out, const struct imap_view *view,
			   const struct imap_view_entry *entry);

/*
 * Appends "* n FETCH (FLAGS (...))" for the message, which thereby is told of; with UID and MODSEQ
 * where the client knows these, with UID alone when `with_uid`. Without `with_flags` it tells MODSEQ.
 */
void imap_view_print_changed(GString *out, struct imap_view *view, uint32_t number, bool with_uid,
			     bool with_flags);

/* Appends the FLAGS and PERMANENTFLAGS responses. */
void imap_view_print_permanent(GString *out, const struct imap_view *view);

/* Notes keywords the client does not know of; true when there are any: print the above then. */
bool imap_view_learn_keywords(struct imap_view *view, const GPtrArray *keywords);

/* Appends the same when there are any: before the flags of a message with `keywords` are told. */
void imap_view_announce_keywords(GString *out, struct imap_view *view, const GPtrArray *keywords);

/* True when imap_view_sync() would say something. */
bool imap_view_has_news(const struct imap_view *view);

/*
 * Appends what the client has to be told (EXPUNGE, EXISTS, RECENT, FETCH). Without `may_expunge`
 * expunged messages keep their number and are told of later.
 */
void imap_view_sync(struct imap_view *view, bool may_expunge, GString *out);
