/* Commands that touch no mailbox: CAPABILITY, NOOP, LOGOUT, ID, ENABLE, NAMESPACE, IDLE. */
#include "protocols/imap/command.h"

#define ID_PAIRS_MAX 30 /* RFC 2971 section 3.3 */

/* capability = "CAPABILITY" (RFC 3501 section 6.1.1) */
void imap_run_capability(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	imap_sendf(session, "* CAPABILITY %s\r\n", imap_capabilities(session));
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

/* id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil (RFC 2971) */
static bool parse_id(struct imap_parser *parser)
{
	struct bytes field, value;

	if (!imap_parse_space(parser))
		return false;
	if (imap_skip_word(parser, "NIL"))
		return imap_parse_end(parser);
	if (!imap_parse_char(parser, '('))
		return false;
	for (unsigned pairs = 0; !imap_skip(parser, ')'); pairs++) {
		if (pairs == ID_PAIRS_MAX)
			return imap_parser_fail(parser, "Too many fields");
		if (pairs > 0 && !imap_parse_space(parser))
			return false;
		if (!imap_parse_string(parser, &field) || !imap_parse_space(parser) ||
		    !imap_parse_nstring(parser, &value))
			return false;
	}
	return imap_parse_end(parser);
}

void imap_run_id(struct imap_session *session, struct imap_parser *parser)
{
	if (!parse_id(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	imap_sendf(session, "* ID (\"name\" \"%s\")\r\n", session->config.software);
	imap_ok(session, "ID completed.");
}

/* enable = "ENABLE" 1*(SP capability) (RFC 5161); nothing that we offer needs to be enabled. */
void imap_run_enable(struct imap_session *session, struct imap_parser *parser)
{
	struct bytes capability;

	do {
		if (!imap_parse_space(parser) || !imap_parse_atom(parser, &capability)) {
			imap_bad_arguments(session, parser);
			return;
		}
	} while (imap_peek(parser) == ' ');
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	imap_sendf(session, "* ENABLED\r\n");
	imap_ok(session, "Enabled.");
}

/* namespace = "NAMESPACE" (RFC 2342): one personal namespace, without a prefix. */
void imap_run_namespace(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	imap_sendf(session, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	imap_ok(session, "Namespace completed.");
}

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
