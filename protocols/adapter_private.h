/* What the files adapter*.c share. */
#pragma once
#include "protocols/adapter.h"
#include "sim/world.h"

struct adapter {
	struct node *node;
	struct stream *stream; /* NULL once it is gone */
	struct session *session;
	struct adapter_config config;
	struct timer wakeup;   /* the program runs again and looks at what happened */
	struct timer deadline; /* the session's */
	struct timer unread;   /* output waits, and the stream takes none of it */
	GByteArray *input;     /* bytes the session has not consumed yet; NULL: none */
	uint64_t object;       /* trace id of the session */
	uint64_t sent_object, received_object;
	uint64_t output_root; /* what is being said belongs to it; 0: to what was heard */
	uint64_t sent_base, received_base; /* stream offset minus the session's own count */
	bool must_open;                    /* the stream opened, the session has not heard of it */
	bool is_open;                      /* the session was told that the stream is open */
	bool has_ended;                    /* the peer will send no more */
	bool must_end;                     /* and the session has not heard of it */
	bool is_wrapped;                   /* `stream` is a TLS stream */
	bool must_expire;                  /* the session's deadline came, likewise */
	int loss;                          /* why `stream` is NULL, for `done` */
	char *failure;                     /* the same in words; NULL: there are none */
	bool is_running;                   /* the session, or `done`, is being called */
	bool is_woken;                     /* there is more to do meanwhile */
	bool is_over;                      /* `done` was called, or adapter_free() */
};

/* Notes and time; adapter_notes.c. Both are called by the session, with the adapter as `owner`. */
void adapter_emit(void *owner, const struct note *note);
void adapter_tick(void *owner);

/* Makes `stream` the one that is heard and spoken to; adapter.c. */
void adapter_adopt_stream(struct adapter *adapter, struct stream *stream);

/* Input; adapter_flow.c. */

/* True while the session takes input: it is not over, and waits for nothing. */
bool adapter_accepts_input(const struct adapter *adapter);

/* Keeps `rest`, that the stream will not show again, for the session to have before what follows. */
void adapter_keep_input(struct adapter *adapter, struct bytes rest);

/*
 * Offers the session what was kept and what the stream has. While the session waits for an answer
 * its input stays in the stream, which closes the window.
 */
void adapter_offer_input(struct adapter *adapter);

/* TLS; adapter_tls.c. */

/* The stream below TLS that opens or is open, and from then on the TLS stream in its place. */
struct stream *adapter_begin_tls(struct adapter *adapter, struct stream *stream, bool is_open);

/*
 * Wraps the stream as the session wants it, when all was sent that it said before. False: the peer
 * said more before TLS, and a client must not go on.
 */
bool adapter_start_tls(struct adapter *adapter);

/* The stream is protected: the session may know. */
void adapter_tell_secured(struct adapter *adapter);

/* Output; adapter_flow.c. */

/* Bytes that the session has said and the stream has not taken. */
size_t adapter_output_length(const struct adapter *adapter);

/* Writes what the stream takes, and asks the session for more; the rest waits for `writable`. */
void adapter_flush_output(struct adapter *adapter);
