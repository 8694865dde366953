/*
 * What waits at a moment: bytes in the queues of sockets, as `ss` shows them, and frames in those of
 * interfaces. Folded from the records up to that moment alone: TCP's segments, the units that sessions write and
 * read, and TRANSMIT.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "sim/trace.h"

struct backlog;

/* Of one TCP connection at one of its ends, in bytes. */
struct backlog_socket {
	uint64_t unsent;  /* written, not yet sent */
	uint64_t unacked; /* sent, not yet acknowledged */
	uint64_t
	    unread; /* received in order, and of no command, reply or message that was read yet: not
	                      more than this waits to be read */
	uint64_t held; /* received behind a gap */
};

/* Of one interface. */
struct backlog_queue {
	unsigned frames; /* whose first bit is not on the wire yet */
	uint64_t bytes;
	int64_t leaves_ns; /* when the last of them begins to leave */
};

struct backlog *backlog_new(void);
void backlog_free(struct backlog *backlog);

/* Takes in a record, of all in their order. */
void backlog_feed(struct backlog *backlog, const struct trace_record *record, struct bytes bytes);

/* The connection whose STATE records have this object. */
struct backlog_socket backlog_socket(const struct backlog *backlog, uint64_t object);

/* The queue of an interface at `now_ns`, which no record fed is later than. */
struct backlog_queue backlog_queue(const struct backlog *backlog, uint32_t node, unsigned interface,
				   int64_t now_ns);
