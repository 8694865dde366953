/* ID (RFC 2971). */
#include "protocols/imap/command.h"

#define ID_PAIRS_MAX 30 /* section 3.3 */

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
