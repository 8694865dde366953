/* ENABLE (RFC 5161). */
#include "protocols/imap/command.h"

/* Those of our capabilities that change what clients get, so that they must ask for it. */
static bool needs_enabling(enum imap_capability capability)
{
	return capability == IMAP_CAN_CONDSTORE || capability == IMAP_CAN_QRESYNC ||
	       capability == IMAP_CAN_REV2;
}

/* What is now on for the first time, and what comes with it. */
static void switch_on(struct imap_session *session, imap_capability_set asked)
{
	if (imap_capability_is_in(asked, IMAP_CAN_CONDSTORE) ||
	    imap_capability_is_in(asked, IMAP_CAN_QRESYNC))
		imap_enable_condstore(session);
	session->enabled |= asked;
	session->view.shows_vanished = imap_has_enabled(session, IMAP_CAN_QRESYNC);
	session->view.hides_recent = imap_has_enabled(session, IMAP_CAN_REV2);
}

/* enable = "ENABLE" 1*(SP capability) */
void imap_run_enable(struct imap_session *session, struct imap_parser *parser)
{
	imap_capability_set asked = 0;
	GString *text = g_string_new("* ENABLED");
	struct bytes name;
	enum imap_capability capability;

	do {
		if (!imap_parse_space(parser) || !imap_parse_atom(parser, &name)) {
			g_string_free(text, TRUE);
			imap_bad_arguments(session, parser);
			return;
		}
		if (!imap_capability_by_name(name, &capability) ||
		    !imap_offers(session, capability) || !needs_enabling(capability) ||
		    imap_has_enabled(session, capability) ||
		    imap_capability_is_in(asked, capability))
			continue;
		asked |= imap_capability_bit(capability);
		g_string_append_printf(text, " %s", imap_capability_name(capability));
	} while (imap_peek(parser) == ' ');
	if (!imap_parse_end(parser)) {
		g_string_free(text, TRUE);
		imap_bad_arguments(session, parser);
		return;
	}
	g_string_append(text, "\r\n");
	imap_send_string(session, text);
	switch_on(session, asked);
	imap_ok(session, "Enabled.");
}
