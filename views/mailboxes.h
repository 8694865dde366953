/*
 * All mailboxes of a run as they are at a moment: on servers and, for clients that keep mail
 * themselves, on clients. Folded from TRACE_MAILBOX records alone.
 */
#pragma once
#include <glib.h>
#include "sim/trace.h"

struct mailboxes;

struct mailbox_message {
	uint32_t uid;
	uint32_t flags;        /* enum mailbox_flag of protocols/mail/mailbox.h */
	int64_t internal_date; /* seconds since 1970 */
	GBytes *bytes;         /* the whole message */
	char *subject, *from;  /* decoded; "" when missing */
	uint64_t root;
};

/* Another user's rights on a mailbox. */
struct mailbox_share {
	char *with;      /* "bob@office.example" */
	uint32_t rights; /* bits of MAILBOX_RIGHT_LETTERS, protocols/mail/names.h */
};

struct mailbox_state {
	uint64_t id;
	uint32_t node; /* where it is kept */
	char *owner;   /* "alice@office.example" */
	char *name;    /* "INBOX" */
	uint32_t uid_validity;
	bool is_subscribed;
	GPtrArray *messages; /* of struct mailbox_message *, by UID */
	GPtrArray *shares;   /* of struct mailbox_share *, in order of granting */
};

struct mailboxes *mailboxes_new(void);
void mailboxes_free(struct mailboxes *mailboxes);

/* Takes in a record; all kinds but TRACE_MAILBOX are ignored. */
void mailboxes_feed(struct mailboxes *mailboxes, const struct trace_record *record,
		    struct bytes bytes);

/* In order of creation. */
unsigned mailboxes_count(const struct mailboxes *mailboxes);
const struct mailbox_state *mailboxes_get(const struct mailboxes *mailboxes, unsigned index);

/* The mailbox that TRACE_MAILBOX records call `id`; NULL: there is none, or no longer. */
const struct mailbox_state *mailboxes_find(const struct mailboxes *mailboxes, uint64_t id);

/* "\Seen \Flagged"; appended to `out`. */
void mailbox_flags_append(GString *out, uint32_t flags);
