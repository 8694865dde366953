/*
 * The reception of a message by an MSA or MTA, for the trace: that it has arrived, and what the server
 * by itself checked of it before it takes it: who the client is, the size, the recipients, the hops.
 * Screening (if any) adds checks of its own.
 */
#pragma once
#include "protocols/programs/mail_record.h"
#include "protocols/smtp/server.h"

/* How a server judged one recipient, for evidence: "xyz@example.com: relayed". */
typedef const char *reception_place(void *owner, const char *recipient);

struct reception {
	struct node *node;
	enum actor actor;
	struct mail_identity identity;
	const struct smtp_arrival *arrival;
	uint64_t size_limit; /* octets; 0: none */
	unsigned hops, hops_limit;
	reception_place *place; /* where a recipient's mail goes: "local", "alias", "relayed" */
	void *owner;
};

/* Records that the message has arrived (MAIL_ARRIVED). */
void reception_record_arrival(const struct reception *reception);

/* Records what was found (MAIL_CHECKED); `refusal` is the reply that it earns, NULL: it may pass. */
void reception_record_check(const struct reception *reception, const char *refusal);

/* Records that a recipient was refused, before there was a message: "550 5.1.1 ...". */
void reception_record_recipient(struct node *node, enum actor actor, const char *recipient,
				const char *why);
