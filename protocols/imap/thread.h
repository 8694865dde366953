/* Threads of messages: ORDEREDSUBJECT and REFERENCES (RFC 5256 section 3). Pure. */
#pragma once
#include <glib.h>
#include <stdint.h>
#include "protocols/mail/message.h"

#define IMAP_THREAD_REFERENCES_MAX 1000 /* message ids read from one References field */

struct imap_threaded {
	uint32_t id; /* what the answer calls it: a number or UID; not 0 */
	const struct message *message;
	int64_t internal_date; /* stands in for a missing Date */
};

/* Appends the threads of the messages, in ascending order of their numbers, as "(1 2)(3 (4)(5))". */
void imap_thread_by_subject(GString *out, const struct imap_threaded *messages, unsigned count);
void imap_thread_by_references(GString *out, const struct imap_threaded *messages, unsigned count);
