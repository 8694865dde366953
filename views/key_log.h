/*
 * The secrets of TLS connections in the NSS key log format (draft-ietf-tls-keylogfile), by which
 * Wireshark decrypts. Both ends of a connection tell of the same secrets: each line is taken once.
 */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "sim/trace.h"

struct key_log;

/* `out` gets each line as it comes, and is flushed; NULL: nothing is written. */
struct key_log *key_log_new(FILE *out);
void key_log_free(struct key_log *log); /* not `out`; NULL is fine */

/* True when the record is a secret that was not there before; then `bytes` is its line, without end. */
bool key_log_feed(struct key_log *log, const struct trace_record *record, struct bytes bytes);
