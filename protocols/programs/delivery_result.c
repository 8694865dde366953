#include "protocols/programs/delivery_result.h"

#include "protocols/smtp/syntax.h"

void delivery_read_status(const struct smtp_result *from, struct mail_result *result)
{
	const char *text = from->text;
	size_t length = strlen(text) > 4 ? smtp_status_length(bytes_of(text + 4)) : 0;
	const char *status = from->outcome == SMTP_FAILED ? "5.0.0" : "4.0.0";

	if (length > 0 && length < sizeof result->status) {
		memcpy(result->status, text + 4, length);
		result->status[length] = '\0';
		return;
	}
	if (from->code == 0)
		status = from->stage == SMTP_STAGE_CONNECT ? "4.4.1" : "4.4.2";
	g_strlcpy(result->status, status, sizeof result->status);
}

char *delivery_explain(const struct smtp_result *from, const char *host)
{
	static const char *const commands[SMTP_STAGE_COUNT] = {
		[SMTP_STAGE_CONNECT] = "connect",
		[SMTP_STAGE_GREETING] = "connect",
		[SMTP_STAGE_HELLO] = "EHLO command",
		[SMTP_STAGE_TLS] = "STARTTLS command",
		[SMTP_STAGE_AUTH] = "AUTH command",
		[SMTP_STAGE_MAIL] = "MAIL FROM command",
		[SMTP_STAGE_RCPT] = "RCPT TO command",
		[SMTP_STAGE_DATA] = "DATA command",
		[SMTP_STAGE_CONTENT] = "end of DATA command",
	};

	if (from->code == 0)
		return g_strdup_printf("%s: %s", host, from->text);
	return g_strdup_printf("host %s said: %s (in reply to %s)", host, from->text,
			       commands[from->stage]);
}
