/*
 * Datagrams on their way from a socket to the program: a program is woken a while after they came.
 * Each keeps the context, so the cause, in which it arrived.
 */
#pragma once
#include "sim/world.h"
#include "stack/address.h"

struct dns_inbox;

/* A datagram, `wakeup_ns` after it came; `tag` is what dns_inbox_add() was given. */
typedef void dns_inbox_deliver_fn(void *owner, uint64_t tag, struct endpoint from,
				  struct bytes payload);

struct dns_inbox *dns_inbox_new(struct node *node, int64_t wakeup_ns, dns_inbox_deliver_fn *deliver,
				void *owner);
void dns_inbox_free(struct dns_inbox *inbox); /* what waits is forgotten; NULL is fine */

/* Takes a copy of `payload`; delivers it at once when the wakeup takes no time. */
void dns_inbox_add(struct dns_inbox *inbox, uint64_t tag, struct endpoint from,
		   struct bytes payload);
