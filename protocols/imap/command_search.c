/* SEARCH (RFC 3501 section 6.4.4), with RETURN (RFC 4731) and results that are kept (RFC 5182). */
#include "protocols/imap/find.h"

enum search_result {
	RESULT_MIN = 1,
	RESULT_MAX = 2,
	RESULT_ALL = 4,
	RESULT_COUNT = 8,
	RESULT_SAVE = 16,
};

struct asked {
	struct imap_session *session;
	bool is_extended; /* RETURN was there: the answer is ESEARCH */
	unsigned results; /* enum search_result */
};

/* search-return-opt = "MIN" / "MAX" / "ALL" / "COUNT" / "SAVE" */
static bool take_result(void *owner, struct imap_parser *parser, struct bytes name)
{
	static const struct {
		const char *name;
		enum search_result result;
		enum imap_capability needs;
	} results[] = {
		{"MIN",    RESULT_MIN,   IMAP_CAN_ESEARCH  },
		{ "MAX",   RESULT_MAX,   IMAP_CAN_ESEARCH  },
		{ "ALL",   RESULT_ALL,   IMAP_CAN_ESEARCH  },
		{ "COUNT", RESULT_COUNT, IMAP_CAN_ESEARCH  },
		{ "SAVE",  RESULT_SAVE,  IMAP_CAN_SEARCHRES},
	};
	struct asked *asked = owner;

	(void)parser;
	for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
		if (!imap_is(name, results[i].name))
			continue;
		asked->results |= results[i].result;
		return imap_offers(asked->session, results[i].needs);
	}
	return false;
}

/* [SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"] */
static bool parse_return(struct imap_parser *parser, struct asked *asked)
{
	size_t start = parser->position;

	if (!imap_offers(asked->session, IMAP_CAN_ESEARCH) || !imap_skip(parser, ' '))
		return true;
	if (!imap_skip_word(parser, "RETURN")) {
		parser->position = start;
		return true;
	}
	asked->is_extended = true;
	if (!imap_parse_space(parser) || !imap_parse_options(parser, take_result, asked))
		return false;
	if (asked->results == 0)
		asked->results = RESULT_ALL;
	return true;
}

/* [SP "CHARSET" SP astring]; `is_known` is false when it is none we know. */
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
	*is_known = imap_charset_is_known(charset);
	return true;
}

/* Answers. */

static void print_plain(GString *out, const struct imap_session *session,
			const struct imap_found *found)
{
	g_string_append(out, "* SEARCH");
	for (unsigned i = 0; i < found->numbers->len; i++)
		g_string_append_printf(out, " %u", imap_found_at(session, found, i));
	if (found->tells_modseq && found->numbers->len > 0)
		g_string_append_printf(out, " (MODSEQ %" G_GUINT64_FORMAT ")", found->modseq_max);
	g_string_append(out, "\r\n");
}

static uint64_t modseq_at(const struct imap_session *session, const struct imap_found *found,
			  unsigned index)
{
	uint32_t number = g_array_index(found->numbers, uint32_t, index);

	return imap_view_at(&session->view, number)->entry->modseq;
}

/* The highest modification sequence of what is returned (RFC 7162 section 3.1.10). */
static uint64_t modseq_of_results(const struct imap_session *session,
				  const struct imap_found *found, unsigned results)
{
	unsigned count = found->numbers->len;
	uint64_t modseq = 0;

	if (results & (RESULT_ALL | RESULT_COUNT))
		return found->modseq_max;
	if (results & RESULT_MIN)
		modseq = modseq_at(session, found, 0);
	if (results & RESULT_MAX)
		modseq = MAX(modseq, modseq_at(session, found, count - 1));
	return modseq;
}

static void print_set(GString *out, const struct imap_session *session,
		      const struct imap_found *found)
{
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;

	for (unsigned i = 0; i < found->numbers->len; i++)
		imap_sequence_add(&set, imap_found_at(session, found, i));
	imap_sequence_print(&set, out);
	imap_sequence_clear(&set);
}

/* esearch-response = "ESEARCH" SP "(" "TAG" SP tag-string ")" [SP "UID"] *(SP search-return-data) */
static void print_extended(GString *out, const struct imap_session *session,
			   const struct imap_found *found, unsigned results)
{
	unsigned count = found->numbers->len;

	g_string_append_printf(out, "* ESEARCH (TAG \"%s\")%s", session->tag,
			       session->is_uid ? " UID" : "");
	if (results & RESULT_MIN && count > 0)
		g_string_append_printf(out, " MIN %u", imap_found_at(session, found, 0));
	if (results & RESULT_MAX && count > 0)
		g_string_append_printf(out, " MAX %u", imap_found_at(session, found, count - 1));
	if (results & RESULT_ALL && count > 0) {
		g_string_append(out, " ALL ");
		print_set(out, session, found);
	}
	if (results & RESULT_COUNT)
		g_string_append_printf(out, " COUNT %u", count);
	if (found->tells_modseq && count > 0)
		g_string_append_printf(out, " MODSEQ %" G_GUINT64_FORMAT,
				       modseq_of_results(session, found, results));
	g_string_append(out, "\r\n");
}

/*
 * Keeps the UIDs for "$": all, but with MIN or MAX and neither ALL nor COUNT only these (RFC 5182
 * section 2.4).
 */
static void save(struct imap_session *session, const struct imap_found *found, unsigned results)
{
	bool keeps_all =
	    results & (RESULT_ALL | RESULT_COUNT) || !(results & (RESULT_MIN | RESULT_MAX));
	unsigned count = found->numbers->len;

	imap_sequence_clear(&session->saved);
	for (unsigned i = 0; i < count; i++) {
		uint32_t number = g_array_index(found->numbers, uint32_t, i);
		bool is_asked =
		    (results & RESULT_MIN && i == 0) || (results & RESULT_MAX && i == count - 1);

		if (keeps_all || is_asked)
			imap_sequence_add(&session->saved,
					  imap_view_at(&session->view, number)->uid);
	}
}

static void answer(struct imap_session *session, const struct asked *asked,
		   const struct imap_found *found)
{
	bool is_extended = asked->is_extended || imap_has_enabled(session, IMAP_CAN_REV2);
	GString *text = g_string_new(NULL);

	if (asked->results & RESULT_SAVE)
		save(session, found, asked->results);
	if (!is_extended)
		print_plain(text, session, found);
	else if (asked->results != RESULT_SAVE)
		print_extended(text, session, found,
			       asked->results != 0 ? asked->results : RESULT_ALL);
	imap_send_string(session, text);
	imap_ok(session, "Search completed.");
}

/* search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key) */
void imap_run_search(struct imap_session *session, struct imap_parser *parser)
{
	struct asked asked = { .session = session };
	struct imap_found found = { 0 };
	bool is_known;

	if (!parse_return(parser, &asked) || !parse_charset(parser, &is_known)) {
		imap_bad_arguments(session, parser);
	} else if (!is_known) {
		if (asked.results & RESULT_SAVE) /* RFC 5182 section 2.1 */
			imap_sequence_clear(&session->saved);
		imap_no_charset(session);
	} else if (imap_find(session, parser, &found)) {
		answer(session, &asked, &found);
	}
	imap_found_clear(&found);
}
