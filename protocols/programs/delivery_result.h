/* What a conversation with a server means for the queue, and in words. Pure. */
#pragma once
#include "protocols/programs/queue.h"
#include "protocols/smtp/client.h"

/* Fills in the status that a reply carries (RFC 3463), or what its code alone says. */
void delivery_read_status(const struct smtp_result *from, struct mail_result *result);

/* "host mail.remote.example[203.0.113.70] said: 550 ... (in reply to ...)"; the caller frees it. */
char *delivery_explain(const struct smtp_result *from, const char *host);
