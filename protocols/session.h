/*
 * What every protocol session is to the outside: a pure machine. Bytes and time come in by call,
 * bytes, notes and the next deadline go out by value; it knows no socket, no node, no trace.
 *
 * So the same session runs in a unit test on a buffer, in a fuzzer, in the simulation, under TLS
 * and behind a real network. protocols/adapter.h joins a session to a stream.
 */
#pragma once
#include <glib.h>
#include "sim/time.h"
#include "sim/trace.h"
#include "stack/stream.h"

struct session;

struct session_operations {
	/* The stream is open. A server greets here, a client of a protocol that speaks first too. */
	void (*opened)(struct session *session);
	/*
	 * Offers all input that waits. Returns how many bytes were consumed: whole lines, literals,
	 * or parts of a message. The rest is offered again together with what follows. Must make
	 * progress or have set `is_waiting` or `is_busy` or wait for more bytes; a line longer than the
	 * session's limit must be consumed and answered, not waited for. May handle one line per
	 * call: session_offer() calls until nothing is consumed, and counts `received_bytes`.
	 */
	size_t (*receive)(struct session *session, struct bytes in);
	/*
	 * TLS, which the session asked for by `wants_tls`, protects the stream from here on. NULL
	 * for sessions that never ask.
	 */
	void (*secured)(struct session *session);
	/* The peer will send no more. May be NULL: then the session is closed. */
	void (*ended)(struct session *session);
	/* `deadline_ns` has come. May be NULL when the session never sets one. */
	void (*expired)(struct session *session);
	/* The stream is lost; no output will be sent any more. May be NULL. */
	void (*failed)(struct session *session, enum stream_failure why);
	/* Output ran low (below SESSION_OUTPUT_LOW bytes): append more, if any. May be NULL. */
	void (*refill)(struct session *session);
	void (*free)(struct session *session);
};

#define SESSION_OUTPUT_LOW  65536  /* bytes; refill() tops up from here */
#define SESSION_OUTPUT_HIGH 262144 /* bytes; while so many wait to be sent, no input is offered */

/* What a client wants of TLS. */
enum session_tls {
	SESSION_TLS_NEVER,
	SESSION_TLS_IF_OFFERED, /* by STARTTLS or STLS; else without (RFC 7435: opportunistic) */
	SESSION_TLS_REQUIRED,   /* likewise; else not at all */
	SESSION_TLS_AT_ONCE,    /* from the first byte (RFC 8314 section 3) */
};

/* Something the adapter shall put into the trace. */
struct note {
	enum trace_kind kind;   /* TRACE_UNIT, TRACE_STATE, TRACE_PHASE or TRACE_MAIL */
	uint16_t detail;        /* from the protocol's table of names */
	uint8_t flags;          /* TRACE_INBOUND on units that were read */
	uint64_t before, after; /* as the kind says; for units stream offset and length */
	uint64_t root;   /* message it belongs to; 0: the context's. A unit with one passes it on
	                           to what is said from there on, segments included */
	uint64_t object; /* 0: the session's direction (units) or the session */
	GBytes *bytes;   /* owned by the note; may be NULL */
};

/*
 * Base of every session, first member of it. The driver sets what the first group holds before it
 * calls; the session sets the second group, and whoever drives it obeys after the call.
 */
struct session {
	const struct session_operations *operations;
	int64_t now_ns;    /* virtual time of this call */
	int64_t unix_time; /* the same as seconds since 1970, for Date headers */
	bool wants_notes;  /* false: notes need no bytes, nobody would read them */

	GByteArray *output;      /* bytes to send, from the front; NULL while there is none */
	uint64_t received_bytes; /* stream offset of the next byte to be consumed */
	uint64_t produced_bytes; /* stream offset behind the last byte of output */
	int64_t deadline_ns;     /* when expired() is wanted; TIME_NEVER for never */
	/* The deadline shall not keep a run "until quiet" going: idle logout. */
	bool deadline_is_background;
	/*
	 * How long output may wait while the stream takes none of it, because the peer does not read.
	 * Then the stream is reset, and the session hears of STREAM_TIMED_OUT. 0: for ever.
	 */
	int64_t send_timeout_ns;
	/*
	 * For an answer: offer no input until it is false again; output is held too, so that
	 * pipelined replies leave together.
	 */
	bool is_waiting;
	/* With a long answer that refill() goes on with: offer no input, but let output flow. */
	bool is_busy;
	bool is_closing; /* shut the stream down once the output is sent */
	bool is_aborted; /* reset the stream now */
	bool is_ended;   /* the peer has closed its side. Set by the driver */
	/*
	 * Wrap the stream by TLS once the output is sent. No input is offered until secured() or
	 * failed(); the driver clears it. What the peer said behind what led to this, in plaintext,
	 * is nothing it may be believed (RFC 3207 section 4.2): a server's driver throws it away, a
	 * client's fails.
	 */
	bool wants_tls;
	const struct tls_protection *protection; /* of the stream; NULL: none. Set by the driver */
	bool lacks_tls; /* the session ends because it may not go on without TLS, and gets none */
	const char *failure; /* in failed(): more about it in words; NULL: nothing. By the driver */
	GArray *notes;       /* of struct note; NULL while there is none */

	/*
	 * Set by the driver, or all NULL. `wake`: an answer changed the session from outside a call.
	 * `tick`: bring `now_ns` and `unix_time` up to date. `emit`: a note, at once, borrowed.
	 */
	void (*wake)(void *driver);
	void (*tick)(void *driver);
	void (*emit)(void *driver, const struct note *note);
	void *driver;
};

void session_init(struct session *session, const struct session_operations *operations);

/* Frees output and notes, not the session itself: for the end of operations->free. */
void session_clear(struct session *session);

static inline void session_free(struct session *session)
{
	if (session != NULL)
		session->operations->free(session);
}

/*
 * True while no input is to be offered: the session waits for an answer or for TLS, is busy, or the
 * peer does not read what was answered so far, so that a peer cannot make the output grow without end.
 */
static inline bool session_must_wait(const struct session *session)
{
	return session->is_waiting || session->is_busy || session->wants_tls ||
	       (session->output != NULL && session->output->len >= SESSION_OUTPUT_HIGH);
}

/*
 * For drivers: offers `in` until the session waits, is busy, is over, or wants more bytes than there are.
 * Returns how many bytes it consumed and counts them in `received_bytes`.
 */
size_t session_offer(struct session *session, struct bytes in);

/* For drivers: true when no input shall be offered any more. */
static inline bool session_is_over(const struct session *session)
{
	return session->is_closing || session->is_aborted;
}

/* Appends output. The printf form is for replies; format strings hold their own CRLF. */
void session_write(struct session *session, struct bytes bytes);
void session_printf(struct session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Hands a note to whoever drives the session; takes note->bytes. Whether there is a note must not
 * depend on `wants_notes`: records are numbered alike with tracing on or off.
 */
void session_note(struct session *session, const struct note *note);

/*
 * Notes that the next `length` bytes of input (about to be consumed from `received_bytes` plus
 * `skip`) are one unit, e.g. a command line.
 */
void session_note_input(struct session *session, unsigned detail, size_t skip, size_t length);

/* Notes that the output from stream offset `from` up to now is one unit, e.g. a reply. */
void session_note_output(struct session *session, unsigned detail, uint64_t from);

/* Brings the session's time up to date: call it first in every answer from outside. */
static inline void session_tick(struct session *session)
{
	if (session->tick != NULL)
		session->tick(session->driver);
}

/* Tells the driver that an answer came; call it last, it may free the session. */
static inline void session_wake(struct session *session)
{
	if (session->wake != NULL)
		session->wake(session->driver);
}

/*
 * The first line of `in` without its CRLF (a bare LF is taken too, as real servers do, when
 * `lenient`). Returns how many bytes it takes with its end, or 0 when the line is not complete.
 */
size_t session_line(struct bytes in, bool lenient, struct bytes *line);
