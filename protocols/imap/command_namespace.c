/* NAMESPACE (RFC 2342). */
#include "protocols/imap/command.h"

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
