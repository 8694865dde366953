/* What the two halves of the mail store share: store.c (accounts, names) and mailbox.c (messages). */
#pragma once
#include "protocols/mail/mailbox.h"
#include "protocols/mail/names.h"

struct mail_store {
	struct node *node;         /* NULL: no world, no records */
	GPtrArray *accounts;       /* of struct account *, owned, in order of creation */
	GHashTable *by_address;    /* lower case address -> account */
	GHashTable *by_local_part; /* lower case local part -> account; NULL: several share it */
	uint32_t uid_validity;     /* the last one handed out */
	uint64_t objects;          /* mailbox ids handed out without a world */
};

/* Emits a TRACE_MAILBOX record about `mailbox`; `root` 0 leaves the context's. */
void mailbox_trace(const struct mailbox *mailbox, enum mailbox_detail detail, uint64_t before,
		   uint64_t after, uint64_t root, struct bytes bytes);

void mailbox_free(struct mailbox *mailbox);
