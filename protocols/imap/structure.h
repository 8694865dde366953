/* BODY and BODYSTRUCTURE of a message (RFC 3501 section 7.4.2). */
#pragma once
#include "protocols/mail/message.h"

/* Appends the MIME structure of `part`; `is_extended` for BODYSTRUCTURE. */
void imap_structure_print(GString *out, const struct message *message,
			  const struct message_part *part, bool is_extended);
