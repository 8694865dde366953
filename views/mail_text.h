/* What a TRACE_MAIL record says, in words: for the log, reports and the table of a message's way. */
#pragma once
#include <glib.h>
#include "sim/trace.h"

/*
 * Appends what came with the record: "132F8512001 bob@remote.example", "policy passed: ...", "by IMAP,
 * UID 3". Control characters become dots. Nothing for a record that holds a message, but how it came.
 */
void mail_text_append(GString *out, const struct trace_record *record, struct bytes bytes);

/* Appends `bytes` as one line of UTF-8, at most `limit` bytes of it. */
void mail_text_append_line(GString *out, struct bytes bytes, size_t limit);

/*
 * The value of header field `name` of a whole message as one line that people read: encoded words decoded
 * (RFC 2047), what acts on a terminal replaced (text_append_printable()); "" when there is none. The caller
 * frees it.
 */
char *mail_text_header(struct bytes message, const char *name);
