/*
 * Joins a session to a stream on a host: feeds it bytes and time, sends its output, emits its notes
 * as trace records. The only place where protocols meet the network's streams.
 *
 * Like a process that is woken by its kernel, the adapter lets `wakeup_ns` pass between what the
 * stream tells (opened, readable, ended, lost) and the session's hearing of it. All input that
 * arrived meanwhile is handled together, and all output it made leaves in one write. Room for
 * output, an answer and the deadline are no news of the stream: the session goes on at once.
 */
#pragma once
#include "protocols/actor.h"
#include "protocols/linger.h"
#include "protocols/session.h"
#include "protocols/tls/tls.h"
#include "stack/socket.h"

struct adapter;

/* Who opens a connection with TLS but no handshake comes about is given up after so long. */
#define ADAPTER_TLS_TIMEOUT_NS (300 * NS_PER_S)

#define ADAPTER_ORDERLY        (-1) /* `why` of an end that the session or its peer chose */

struct adapter_config {
	unsigned layer;    /* enum protocol_layer: on every record */
	enum actor actor;  /* whose session it is: what the session does is that program's doing */
	int64_t wakeup_ns; /* time between bytes arriving and the program reading them */
	int64_t
	    connect_timeout_ns; /* to give up a connecting stream as STREAM_TIMED_OUT; 0: TCP's own */
	/*
	 * For servers: what closes the stream when the session hangs up before its peer has ended.
	 * Borrowed. NULL: closed at once, which resets the connection when more comes.
	 */
	struct linger_pool *lingers;
	/*
	 * What TLS is spoken with: from the first byte when `begins_with_tls` (implicit TLS, RFC
	 * 8314 section 3), else once the session wants it. Borrowed. NULL: it may not want it.
	 */
	struct tls_context *tls;
	const char *tls_name; /* the server's name, at clients; see tls_stream_new(). Borrowed */
	bool begins_with_tls;
	/*
	 * The stream is open, with TLS on it where that begins at once; the session hears of it next.
	 * It may not be freed in this call. May be NULL.
	 */
	void (*opened)(void *owner);
	/*
	 * The session is over: `why` is ADAPTER_ORDERLY, else enum stream_failure. The session and
	 * the adapter are freed afterwards; adapter_free() inside `done` is harmless. May be NULL.
	 */
	void (*done)(void *owner, struct session *session, int why);
	void *owner;
};

/*
 * Drives `session` (taken) over `stream` (taken, from accept or connect). Frees both when they are
 * over. `is_open` says that the stream is open (accepted); otherwise it is still connecting. The
 * session hears of nothing before this call returned. The record PHASE_CONNECT is made here; those
 * of later phases are the session's.
 */
struct adapter *adapter_new(struct host *host, struct stream *stream, struct session *session,
			    bool is_open, const struct adapter_config *config);

/* Ends it now: resets the stream if it still lives, frees the session; `done` is not called. */
void adapter_free(struct adapter *adapter);

struct session *adapter_session(struct adapter *adapter);

/* The stream, or NULL when it is gone. */
struct stream *adapter_stream(struct adapter *adapter);

/* The trace object of the session: what PHASE and STATE records of it name. */
uint64_t adapter_object(const struct adapter *adapter);
