/* Commands of any state: CAPABILITY, NOOP, LOGOUT (RFC 3501 section 6.1). */
#include "protocols/imap/command.h"

/* capability = "CAPABILITY" (RFC 3501 section 6.1.1) */
void imap_run_capability(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	char *capabilities = imap_capabilities(session);
	imap_sendf(session, "* CAPABILITY %s\r\n", capabilities);
	g_free(capabilities);
	imap_ok(session, "Capability completed.");
}

void imap_run_noop(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser))
		imap_bad_arguments(session, parser);
	else
		imap_ok(session, "NOOP completed.");
}

void imap_run_logout(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	imap_view_close(&session->view);
	imap_enter_phase(session, PHASE_QUIT);
	imap_sendf(session, "* BYE Logging out\r\n");
	imap_ok(session, "Logout completed.");
	imap_enter(session, IMAP_LOGGED_OUT);
	session->base.is_closing = true;
}
