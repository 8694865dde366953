/* What dissections of SMTP say about commands, replies and capabilities: text for people. */
#pragma once
#include "protocols/dissect.h"
#include "protocols/smtp/names.h"

/* A unit of the client: a command, credentials, a message or a chunk. */
const struct dissect_text *smtp_explain_unit(enum smtp_detail detail);

/* What stands behind the verb of a command; NULL where nothing can. */
const struct dissect_text *smtp_explain_argument(enum smtp_detail verb);

/* A reply with this code. Never NULL. */
const struct dissect_text *smtp_explain_reply(unsigned code);

/* A line of the reply to EHLO, or a parameter of MAIL and RCPT; NULL when the keyword is not known. */
const struct dissect_text *smtp_explain_keyword(struct bytes line);
