/*
 * The screening of the mail transactions of one SMTP session: hands what arrives to the server's chain
 * (protocols/screening) and records what each stage finds. Without a chain everything passes at once.
 */
#pragma once
#include "protocols/programs/mail_record.h"
#include "protocols/screening/screening.h"
#include "protocols/smtp/server.h"

struct screen;

/* For a session that `actor` has at `node`; `screening` (borrowed) may be NULL. */
struct screen *screen_new(struct node *node, enum actor actor, struct screening *screening);
void screen_free(struct screen *screen); /* a run under way is forgotten; NULL is fine */

/* What became of a message. Borrowed during the call. */
struct screen_result {
	const char *reply; /* what refuses it; NULL: it is taken */
	GBytes *data;      /* the message with the header fields of the stages */
	bool goes_to_junk;
	struct mail_identity identity; /* of the records that were made of it */
};

/*
 * Screens a recipient, or the message. `arrival` and `recipient` must live until `done`, which may be
 * called before the function returns. One at a time.
 */
void screen_recipient(struct screen *screen, const struct smtp_arrival *arrival,
		      const char *recipient, void (*done)(void *owner, const char *reply),
		      void *owner);
void screen_message(struct screen *screen, const struct smtp_arrival *arrival,
		    const struct mail_identity *identity,
		    void (*done)(void *owner, const struct screen_result *result), void *owner);
