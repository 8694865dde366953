/*
 * What a record that is of no packet says, in words: what users do and what comes of it, stations of
 * messages, states, tables, phases, mailboxes. For the log, the steppers and the explanation.
 */
#pragma once
#include <glib.h>
#include "views/model.h"

/*
 * Appends one line: "mail 1  queued  132F8512001 bob@remote.example", "TCP connection with mail port
 * 587: SYN-SENT → ESTABLISHED". Control characters become dots. `who` is whose action an outcome is
 * of; NULL: not known.
 */
void record_text_append(GString *out, const struct model *model, const struct trace_record *record,
			struct bytes bytes, const char *who);

/*
 * Who does it, by the first word of an action's text, or for whom a mail client does it ("the mail
 * client of ann checks ..."); to be freed, NULL: nobody.
 */
char *record_text_who(struct bytes action);
