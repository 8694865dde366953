/*
 * The lingering close of a server that hangs up first.
 *
 * close() with input unread, or with input that comes later, makes TCP answer RST (RFC 1122
 * 4.2.2.13), and a reset destroys at the peer what that has not read yet: the last replies, and the
 * 421 that says why. A client that pipelines commands to a server that hangs up is in that place.
 * So the server ends its own direction, reads and discards until the peer ends the other, and only
 * then closes; after a time it closes whatever the peer does (RFC 9112 section 9.6 describes this;
 * nginx calls it lingering_close, and the times here are its own).
 */
#pragma once
#include "sim/world.h"
#include "stack/stream.h"

#define LINGER_SILENCE_NS (5 * NS_PER_S)  /* without a byte from the peer: close */
#define LINGER_MOST_NS    (30 * NS_PER_S) /* with bytes that go on coming: close too */
#define LINGER_STREAMS    256             /* at once; one more closes the oldest */

/* The streams of one program that linger. */
struct linger_pool;

struct linger_pool *linger_pool_new(struct node *node);
void linger_pool_free(struct linger_pool *pool); /* resets what lingers still; NULL is fine */

/* Shuts down and then closes `stream` (taken) as described above. */
void linger_close(struct linger_pool *pool, struct stream *stream);
