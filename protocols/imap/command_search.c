/* SEARCH (RFC 3501 section 6.4.4). */
#include "protocols/imap/command.h"
#include "protocols/imap/search.h"

/* [SP "CHARSET" SP astring]; false when it is none we know, or wrong. */
static bool parse_charset(struct imap_parser *parser, bool *is_known)
{
	struct bytes charset;

	*is_known = true;
	if (imap_peek(parser) != ' ')
		return imap_parse_space(parser);
	parser->position++;
	if (!imap_skip_word(parser, "CHARSET")) {
		parser->position--;
		return true;
	}
	if (!imap_parse_space(parser) || !imap_parse_astring(parser, &charset))
		return false;
	*is_known = imap_is(charset, "UTF-8") || imap_is(charset, "US-ASCII");
	return true;
}

static void answer(struct imap_session *session, const struct imap_search *search)
{
	const struct imap_view *view = &session->view;
	GString *text = g_string_new("* SEARCH");

	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		const struct imap_view_entry *seen = imap_view_at(view, number);

		if (!seen->is_expunged && imap_search_matches(search, view, number))
			g_string_append_printf(text, " %u", session->is_uid ? seen->uid : number);
	}
	g_string_append(text, "\r\n");
	imap_send_string(session, text);
	imap_ok(session, "Search completed.");
}

/* search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key) */
void imap_run_search(struct imap_session *session, struct imap_parser *parser)
{
	bool is_known;

	if (!parse_charset(parser, &is_known)) {
		imap_bad_arguments(session, parser);
		return;
	}
	if (!is_known) {
		imap_no(session, "[BADCHARSET (US-ASCII UTF-8)] Unknown charset");
		return;
	}
	struct imap_search *search = imap_search_parse(parser, &session->view);
	if (search == NULL)
		imap_bad_arguments(session, parser);
	else
		answer(session, search);
	imap_search_free(search);
}
