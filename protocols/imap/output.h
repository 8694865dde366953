/* What an IMAP session sends, noted unit by unit. */
#pragma once
#include "protocols/imap/tile.h"
#include "protocols/session.h"

/*
 * Appends `text` to the session's output and notes each unit in it: whole lines, but where it ends
 * inside a literal or with the line that announces one. `root` is the message it is about, or 0.
 */
void imap_output(struct session *session, struct imap_tiler *tiler, struct bytes text,
		 uint64_t root);
