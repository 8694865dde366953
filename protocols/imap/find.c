#include "protocols/imap/find.h"

bool imap_charset_is_known(struct bytes charset)
{
	return imap_is(charset, "UTF-8") || imap_is(charset, "US-ASCII");
}

void imap_no_charset(struct imap_session *session)
{
	imap_no(session, "[BADCHARSET (US-ASCII UTF-8)] Unknown charset");
}

static bool parse_saved(void *owner, struct imap_parser *parser, bool is_uids,
			struct imap_sequence_set *set)
{
	return imap_parse_saved(owner, parser, is_uids, set);
}

static void look(struct imap_session *session, const struct imap_search *search,
		 struct imap_found *found)
{
	const struct imap_view *view = &session->view;

	found->numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		const struct imap_view_entry *seen = imap_view_at(view, number);

		if (seen->is_expunged || !imap_search_matches(search, view, number))
			continue;
		g_array_append_val(found->numbers, number);
		found->modseq_max = MAX(found->modseq_max, seen->entry->modseq);
	}
}

bool imap_find(struct imap_session *session, struct imap_parser *parser, struct imap_found *found)
{
	struct imap_search *search =
	    imap_search_parse(parser, &(struct imap_search_context) {
					  .view = &session->view,
					  .unix_time = session->base.unix_time,
					  .knows_within = imap_offers(session, IMAP_CAN_WITHIN),
					  .knows_modseq = imap_offers(session, IMAP_CAN_CONDSTORE),
					  .parse_saved = parse_saved,
					  .owner = session,
				      });

	if (search == NULL) {
		imap_bad_arguments(session, parser);
		return false;
	}
	found->tells_modseq = imap_search_uses_modseq(search);
	if (found->tells_modseq)
		imap_enable_condstore(session);
	look(session, search, found);
	imap_search_free(search);
	return true;
}

void imap_found_clear(struct imap_found *found)
{
	g_clear_pointer(&found->numbers, g_array_unref);
}

uint32_t imap_found_at(const struct imap_session *session, const struct imap_found *found,
		       unsigned index)
{
	uint32_t number = g_array_index(found->numbers, uint32_t, index);

	return session->is_uid ? imap_view_at(&session->view, number)->uid : number;
}
