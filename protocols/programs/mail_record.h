/* TRACE_MAIL records of the programs on a mail server: the stations in a message's life. */
#pragma once
#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/screening/screening.h"
#include "sim/world.h"

/* What records of one message have in common. */
struct mail_identity {
	uint64_t object; /* this server's copy of it, on its way through queue and delivery */
	uint64_t root;   /* the user action that composed it, or the record that started it */
};

/*
 * The identity of a message that arrives now: the root is the context's. Where there is none the
 * message is its own root: the id of the record that is made next, which is to be its first.
 */
struct mail_identity mail_identity_of_arrival(struct node *node);

/* The identity of a message that this program makes: a root of its own, as above. */
struct mail_identity mail_identity_of_new(struct node *node);

/* Emits a record of what `actor` did to the message. `after` and `bytes` are as enum mail_detail says. */
void mail_record(struct node *node, enum actor actor, enum mail_detail detail,
		 const struct mail_identity *identity, uint64_t after, struct bytes bytes);

/* Emits MAIL_CHECKED: what a stage of the screening that `actor` does found. */
void mail_record_check(struct node *node, enum actor actor, const struct mail_identity *identity,
		       const struct screen_finding *finding);
