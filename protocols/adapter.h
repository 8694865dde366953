/*
 * Joins a session to a stream on a host: feeds it bytes and time, sends its output, emits its notes
 * as trace records. The only place where protocols meet the network's streams.
 */
#pragma once
#include "protocols/session.h"
#include "stack/socket.h"

struct adapter;

struct adapter_config {
	unsigned layer;        /* enum protocol_layer: on every record */
	int64_t wakeup_ns;     /* time between bytes arriving and the program reading them */
	/*
	 * The session is over: `why` is -1 after an orderly end, else enum stream_failure. The
	 * session is freed afterwards, unless `done` frees it by adapter_free(). May be NULL.
	 */
	void (*done)(void *owner, struct session *session, int why);
	void *owner;
};

/*
 * Drives `session` (taken) over `stream` (taken, from accept or connect). Frees both when they are
 * over. For an accepted stream the session is opened at once; for a connecting one when it opens.
 */
struct adapter *adapter_new(struct host *host, struct stream *stream, struct session *session,
                            bool is_open, const struct adapter_config *config);

/* Ends it now: resets the stream if it still lives, frees the session; `done` is not called. */
void adapter_free(struct adapter *adapter);

struct session *adapter_session(struct adapter *adapter);
struct stream *adapter_stream(struct adapter *adapter);
