/* Line ends of messages that come from outside: only CR LF goes on (RFC 5321 section 2.3.8). */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

/* True when `run` ends in an LF without CR; `was_return`: a CR stands in front of the run. */
bool lines_end_bare(struct bytes run, bool was_return);

/*
 * Appends `text` to `out` with a CR in front of each LF that has none; the last octet in `out` counts.
 * All other octets stay what they are, a bare CR too.
 */
void lines_append(GByteArray *out, struct bytes text);
