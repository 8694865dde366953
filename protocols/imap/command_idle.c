/* IDLE (RFC 2177). */
#include "protocols/imap/command.h"

/* idle = "IDLE" CRLF "DONE" (RFC 2177) */
void imap_run_idle(struct imap_session *session, struct imap_parser *parser)
{
	GString *text = g_string_new(NULL);

	if (!imap_parse_end(parser)) {
		g_string_free(text, TRUE);
		imap_bad_arguments(session, parser);
		return;
	}
	session->expects = IMAP_EXPECTS_DONE;
	imap_enter_phase(session, PHASE_ONLINE);
	g_string_append(text, "+ idling\r\n");
	imap_view_sync(&session->view, true, text);
	imap_send_string(session, text);
}

void imap_continue_idle(struct imap_session *session, struct bytes line)
{
	session->expects = IMAP_EXPECTS_COMMAND;
	session->news_ns = TIME_NEVER;
	if (imap_is(line, "DONE"))
		imap_ok(session, "Idle completed.");
	else
		imap_bad(session, "Expected DONE.");
}
