/* What dissections of SMTP say about commands, replies and capabilities: text for people. */
#pragma once
#include "protocols/smtp/names.h"
#include "sim/bytes.h"

struct smtp_explanation {
	const char *name, *purpose, *reference;
};

/* A unit of the client: a command, credentials, a message or a chunk. */
const struct smtp_explanation *smtp_explain_unit(enum smtp_detail detail);

/* What stands behind the verb of a command; NULL where nothing can. */
const struct smtp_explanation *smtp_explain_argument(enum smtp_detail verb);

/* A reply with this code. Never NULL. */
const struct smtp_explanation *smtp_explain_reply(unsigned code);

/* A line of the reply to EHLO, or a parameter of MAIL and RCPT; NULL when the keyword is not known. */
const struct smtp_explanation *smtp_explain_keyword(struct bytes line);
