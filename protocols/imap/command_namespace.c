/* NAMESPACE (RFC 2342). */
#include "protocols/imap/command.h"

/* namespace = "NAMESPACE": one's own mailboxes without a prefix, and those of other users. */
void imap_run_namespace(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	if (imap_offers(session, IMAP_CAN_ACL))
		imap_sendf(session, "* NAMESPACE ((\"\" \"/\")) ((\"" IMAP_SHARED_PREFIX
				    "\" \"/\")) NIL\r\n");
	else
		imap_sendf(session, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	imap_ok(session, "Namespace completed.");
}
