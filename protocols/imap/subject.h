/* Base subjects, by which messages are sorted and threaded (RFC 5256 section 2.1). Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>

/*
 * The base subject of a Subject field's value (raw, or NULL): without "Re:", "Fwd:", "[list]" and
 * "(fwd)", letter case undone as i;unicode-casemap has it (RFC 5051). `is_reply` (may be NULL) tells
 * whether it said to be a reply or forwarded. The caller frees it; never NULL.
 */
char *imap_base_subject(const char *value, bool *is_reply);

/* `text` so that comparing bytes compares by i;unicode-casemap; the caller frees it. */
char *imap_collation_key(const char *text);
