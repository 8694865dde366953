/*
 * A stream: an ordered, reliable run of bytes each way, whoever carries it. A TCP connection is a
 * stream; TLS is a stream that wraps a stream. Programs see nothing else.
 *
 * Rules. The user's events are called from the stream's own events, never from inside a call the
 * user makes. `closed` or `failed` is the last event; after it the stream is gone and must not be
 * touched. Inside `failed` what had arrived can still be read, by stream_peek() and stream_consume():
 * like Linux, and unlike RFC 9293 section 3.10.7.4, which has a reset destroy it. A user that no
 * longer wants events calls stream_release().
 */
#pragma once
#include <stdbool.h>
#include "sim/bytes.h"
#include "stack/address.h"

struct stream;

enum stream_failure {
	STREAM_REFUSED,     /* the peer answered the SYN with RST */
	STREAM_RESET,       /* RST from the peer */
	STREAM_TIMED_OUT,   /* retransmitted in vain */
	STREAM_UNREACHABLE, /* an ICMP error, or no route */
	STREAM_TRUNCATED,   /* a wrapped stream ended before its own close (TLS) */
	STREAM_INSECURE, /* the TLS handshake came to nothing, or nothing that is to be trusted */
	STREAM_FAILURE_COUNT,
};

/* What the user of a stream is told. Each may be NULL. */
struct stream_events {
	void (*opened)(void *owner);   /* an active open succeeded */
	void (*readable)(void *owner); /* new bytes: stream_peek() */
	void (*writable)(void *owner); /* room again after a short stream_write() */
	void (*ended)(void *owner);    /* the peer sends no more, and all was read */
	void (*closed)(void *owner);   /* both directions ended in order */
	void (*failed)(void *owner, enum stream_failure why);
};

struct stream_operations {
	struct bytes (*peek)(struct stream *stream);
	void (*consume)(struct stream *stream, size_t length);
	size_t (*write)(struct stream *stream, struct bytes bytes, bool more);
	void (*shutdown)(struct stream *stream);
	void (*abort)(struct stream *stream);
	void (*release)(struct stream *stream);
	uint64_t (*arrived_root)(const struct stream *stream); /* NULL: not known */
	void (*send_at_once)(struct stream *stream);           /* NULL: it does anyway */
};

/* What protects a stream from others' eyes and hands. */
struct tls_protection {
	const char *version; /* "TLS 1.3" */
	const char *cipher;  /* "TLS_AES_128_GCM_SHA256" */
	int bits;            /* of the cipher's key */
	char *distrust;      /* what is wrong with the peer's certificate; NULL: nothing */
};

/* Base of every stream. The fields below are set by the stream and read by its user. */
struct stream {
	const struct stream_operations *operations;
	const struct stream_events *events;
	void *owner; /* handed to the events */
	struct endpoint local, remote;
	uint64_t sent_object;                    /* trace id of the direction that we write */
	uint64_t received_object;                /* trace id of the direction that we read */
	uint64_t written_bytes;                  /* stream offset of the next byte to be written */
	uint64_t consumed_bytes;                 /* stream offset of the next byte to be read */
	const struct tls_protection *protection; /* NULL: anybody on the way can read it */
	const char *failure; /* in `failed`: why, in words; NULL: there is no more to say */
};

/* Sets who is told of events from now on. */
static inline void stream_listen(struct stream *stream, const struct stream_events *events,
				 void *owner)
{
	stream->events = events;
	stream->owner = owner;
}

/*
 * The longest contiguous run of bytes waiting to be read, borrowed until the next call on this
 * stream. Consuming all of it may bring up more: loop until empty.
 */
static inline struct bytes stream_peek(struct stream *stream)
{
	return stream->operations->peek(stream);
}

/* Trace root of the packet that brought the first byte to be read; 0: none waits, or not known. */
static inline uint64_t stream_arrived_root(const struct stream *stream)
{
	return stream->operations->arrived_root != NULL ? stream->operations->arrived_root(stream)
							: 0;
}

/* Marks `length` bytes of the last peek as read; that opens the window. */
static inline void stream_consume(struct stream *stream, size_t length)
{
	stream->operations->consume(stream, length);
}

/*
 * Writes as much of `bytes` as there is room for and returns how much; less than asked means that
 * `writable` will tell of room. With `more`, the writer promises to go on at once, so the last
 * partial segment may wait and PSH is not set on it (like MSG_MORE).
 */
static inline size_t stream_write(struct stream *stream, struct bytes bytes, bool more)
{
	return stream->operations->write(stream, bytes, more);
}

/* From now on small writes do not wait for the acknowledgment of others (TCP_NODELAY). */
static inline void stream_send_at_once(struct stream *stream)
{
	if (stream->operations->send_at_once != NULL)
		stream->operations->send_at_once(stream);
}

/* No more will be written: sends FIN behind what was written. Reading goes on. */
static inline void stream_shutdown(struct stream *stream)
{
	stream->operations->shutdown(stream);
}

/* Ends both directions at once (TCP: RST). No further event; the stream is gone. */
static inline void stream_abort(struct stream *stream)
{
	stream->operations->abort(stream);
}

/*
 * The user has done with the stream: like close() it shuts our direction down if that is still
 * open, and no further event comes. Unread or later input makes TCP answer RST (RFC 1122
 * 4.2.2.13). The pointer is invalid afterwards.
 */
static inline void stream_release(struct stream *stream)
{
	stream->operations->release(stream);
}
