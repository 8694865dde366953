#include "protocols/smtp/names.h"

#include "protocols/layer.h"

static const char *const details[SMTP_DETAIL_COUNT] = {
	[SMTP_EHLO] = "EHLO",
	[SMTP_HELO] = "HELO",
	[SMTP_AUTH] = "AUTH",
	[SMTP_MAIL] = "MAIL",
	[SMTP_RCPT] = "RCPT",
	[SMTP_DATA] = "DATA",
	[SMTP_BDAT] = "BDAT",
	[SMTP_RSET] = "RSET",
	[SMTP_NOOP] = "NOOP",
	[SMTP_VRFY] = "VRFY",
	[SMTP_EXPN] = "EXPN",
	[SMTP_HELP] = "HELP",
	[SMTP_STARTTLS] = "STARTTLS",
	[SMTP_QUIT] = "QUIT",
	[SMTP_UNKNOWN] = "unknown command",
	[SMTP_CREDENTIALS] = "credentials",
	[SMTP_MESSAGE] = "message",
	[SMTP_CHUNK] = "chunk of the message",
	[SMTP_GREETING] = "greeting",
	[SMTP_COMPLETED] = "completed",
	[SMTP_CONTINUE] = "go on",
	[SMTP_TRY_LATER] = "try later",
	[SMTP_REFUSED] = "refused",
	[SMTP_STATE] = "session state",
};

const struct layer_names smtp_layer_names = {
	.layer = LAYER_SMTP,
	.name = "SMTP",
	.key = "smtp",
	.details = details,
	.detail_count = SMTP_DETAIL_COUNT,
};

const char *const smtp_state_names[SMTP_STATE_COUNT] = {
	[SMTP_CONNECTED] = "connected",
	[SMTP_GREETED] = "greeted",
	[SMTP_READY] = "ready",
	[SMTP_IN_AUTH] = "authenticating",
	[SMTP_HAS_SENDER] = "has sender",
	[SMTP_HAS_RECIPIENT] = "has recipient",
	[SMTP_IN_DATA] = "receiving message",
	[SMTP_IN_CHUNK] = "receiving chunk",
	[SMTP_HAS_CHUNK] = "has chunk",
	[SMTP_OVER] = "over",
};
