/*
 * What TRACE_MAIL records bring along to show that a step was taken: texts and behind them facts, as
 * enum mail_detail says and protocols/mail/names.h reads.
 */
#pragma once
#include "protocols/programs/mail_record.h"
#include "protocols/smtp/client.h"

#define EVIDENCE_RECIPIENTS 5 /* named; of more it is said how many there are */

/* Begins with one text, and goes on with others. The caller frees it, or a function that takes it. */
GString *evidence_new(const char *text);
void evidence_text(GString *evidence, const char *text);

/* Adds the fact "name=" and what the format makes. */
void evidence_fact(GString *evidence, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Facts of an envelope: from, to, size. */
void evidence_envelope(GString *evidence, const char *sender, const char *const *recipients,
		       unsigned recipient_count, size_t size_bytes);

/* "mail.remote.example[203.0.113.70]:25"; the caller frees it. */
char *evidence_server(const char *host, struct endpoint endpoint);

/* The SMTP transaction with `server` that begins. */
GString *evidence_transaction(const char *server, const struct smtp_transfer *transfer);

static inline struct bytes evidence_bytes(const GString *evidence)
{
	return (struct bytes) { (const uint8_t *)evidence->str, evidence->len };
}

/* mail_record() with the evidence, which it frees. */
void evidence_record(struct node *node, enum actor actor, enum mail_detail detail,
		     const struct mail_identity *identity, uint64_t after, GString *evidence);
