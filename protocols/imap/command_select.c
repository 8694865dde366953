/* SELECT and EXAMINE (RFC 3501 section 6.3), with CONDSTORE and QRESYNC (RFC 7162). */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"

struct selection {
	struct imap_session *session;
	char *name;
	bool is_read_only;
	bool wants_modseq;
	/* What the client knew when it was here last (RFC 7162 section 3.2.5). */
	bool resynchronizes;
	uint32_t uid_validity;
	uint64_t modseq;
	struct imap_sequence_set known; /* UIDs; no ranges: all */
};

/* Parameters. */

/* A set of numbers without "*"; it is resolved. */
static bool parse_known(struct imap_parser *parser, struct imap_sequence_set *set)
{
	if (!imap_parse_sequence_set(parser, set))
		return false;
	for (unsigned i = 0; i < set->ranges->len; i++) {
		struct imap_range range = g_array_index(set->ranges, struct imap_range, i);

		if (range.first == 0 || range.last == 0)
			return imap_parser_fail(parser, "Invalid messageset");
	}
	imap_sequence_resolve(set, 0);
	return true;
}

/* seq-match-data = "(" known-sequence-set SP known-uid-set ")"; we remember more than it could tell. */
static bool parse_match_data(struct imap_parser *parser)
{
	struct imap_sequence_set numbers = IMAP_SEQUENCE_INIT, uids = IMAP_SEQUENCE_INIT;
	bool is_read = imap_parse_char(parser, '(') && parse_known(parser, &numbers) &&
		       imap_parse_space(parser) && parse_known(parser, &uids) &&
		       imap_parse_char(parser, ')');

	imap_sequence_clear(&numbers);
	imap_sequence_clear(&uids);
	return is_read;
}

/*
 * "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
 */
static bool parse_qresync(struct selection *selection, struct imap_parser *parser)
{
	if (!imap_has_enabled(selection->session, IMAP_CAN_QRESYNC))
		return imap_parser_fail(parser, "QRESYNC not enabled");
	if (!imap_parse_space(parser) || !imap_parse_char(parser, '(') ||
	    !imap_parse_number(parser, &selection->uid_validity) || !imap_parse_space(parser) ||
	    !imap_parse_number64(parser, &selection->modseq))
		return false;
	if (selection->uid_validity == 0 || selection->modseq == 0)
		return imap_parser_fail(parser, "Invalid number");
	selection->resynchronizes = true;
	if (imap_skip(parser, ' ') && imap_peek(parser) != '(') {
		if (!parse_known(parser, &selection->known))
			return false;
		imap_skip(parser, ' ');
	}
	if (imap_peek(parser) == '(' && !parse_match_data(parser))
		return false;
	return imap_parse_char(parser, ')');
}

static bool take_parameter(void *owner, struct imap_parser *parser, struct bytes name)
{
	struct selection *selection = owner;

	if (imap_is(name, "CONDSTORE")) {
		selection->wants_modseq = true;
		return imap_offers(selection->session, IMAP_CAN_CONDSTORE);
	}
	return imap_is(name, "QRESYNC") && imap_offers(selection->session, IMAP_CAN_QRESYNC) &&
	       !selection->resynchronizes && parse_qresync(selection, parser);
}

/* [SP "(" select-param *(SP select-param) ")"] */
static bool parse_parameters(struct selection *selection, struct imap_parser *parser)
{
	if (!imap_offers(selection->session, IMAP_CAN_CONDSTORE) || !imap_skip(parser, ' '))
		return imap_parse_end(parser);
	return imap_parse_options(parser, take_parameter, selection) && imap_parse_end(parser);
}

/* What the client is told. */

static void print_list(GString *out, const struct imap_session *session, const char *name)
{
	char *wire = imap_encode_name(session, name);

	g_string_append(out, "* LIST () \"/\" ");
	imap_print_astring(out, wire);
	g_string_append(out, "\r\n");
	g_free(wire);
}

static void print_mailbox(GString *out, const struct imap_session *session, const char *name)
{
	const struct imap_view *view = &session->view;
	uint32_t unseen = imap_view_first_unseen(view);

	imap_view_print_permanent(out, view);
	g_string_append_printf(out, "* %u EXISTS\r\n", imap_view_count(view));
	if (!view->hides_recent) {
		g_string_append_printf(out, "* %u RECENT\r\n", imap_view_recent(view));
		if (unseen != 0)
			g_string_append_printf(out, "* OK [UNSEEN %u] First unseen.\r\n", unseen);
	}
	g_string_append_printf(out,
			       "* OK [UIDVALIDITY %u] UIDs valid\r\n"
			       "* OK [UIDNEXT %u] Predicted next UID\r\n",
			       view->mailbox->uid_validity, view->mailbox->uid_next);
	if (imap_offers(session, IMAP_CAN_CONDSTORE))
		g_string_append_printf(out,
				       "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Highest\r\n",
				       view->mailbox->modseq);
	if (imap_has_enabled(session, IMAP_CAN_REV2))
		print_list(out, session, name);
}

/* What happened since the client was here: what is gone, then what is new or changed. */
static void print_news(GString *out, struct imap_session *session,
		       const struct selection *selection)
{
	struct imap_view *view = &session->view;
	const struct imap_sequence_set *known =
	    selection->known.ranges != NULL ? &selection->known : NULL;

	if (!selection->resynchronizes || selection->uid_validity != view->mailbox->uid_validity)
		return;
	imap_print_vanished(out, view->mailbox, selection->modseq, known);
	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		const struct imap_view_entry *seen = imap_view_at(view, number);

		if (seen->entry->modseq > selection->modseq &&
		    (known == NULL || imap_sequence_contains(known, seen->uid)))
			imap_view_print_changed(out, view, number, true, true);
	}
}

/* Opens the mailbox, to read only for who may change nothing in it. */
static void open_selected(struct imap_session *session, const struct selection *selection,
			  struct mailbox *mailbox, GString *text)
{
	uint32_t settable = imap_permitted_flags(session, mailbox);

	imap_view_open(&session->view, mailbox, selection->is_read_only || settable == 0);
	session->view.shows_modseq = imap_has_enabled(session, IMAP_CAN_CONDSTORE);
	session->view.shows_vanished = imap_has_enabled(session, IMAP_CAN_QRESYNC);
	session->view.hides_recent = imap_has_enabled(session, IMAP_CAN_REV2);
	session->view.is_examined = selection->is_read_only;
	session->view.settable = settable;
	session->view.keeps_keywords = (settable & MAILBOX_FLAGGED) != 0;
	if (selection->wants_modseq || selection->resynchronizes) {
		session->enabled |= imap_capability_bit(IMAP_CAN_CONDSTORE);
		session->view.shows_modseq = true;
	}
	print_mailbox(text, session, selection->name);
	print_news(text, session, selection);
}

/* A mailbox that is open is closed first, even when this one cannot be opened. */
static void open_mailbox(struct imap_session *session, const struct selection *selection)
{
	bool was_open = imap_view_is_open(&session->view);
	struct mailbox *mailbox = imap_find_mailbox(session, selection->name);
	bool may_read = mailbox != NULL && imap_may(session, mailbox, RIGHT_READ);
	/* RFC 7162 section 3.2.11, and part of RFC 9051 */
	bool tells_closed =
	    imap_offers(session, IMAP_CAN_QRESYNC) || imap_offers(session, IMAP_CAN_REV2);
	GString *text = g_string_new(NULL);

	imap_view_close(&session->view);
	imap_sequence_clear(&session->saved);
	if (was_open && tells_closed)
		g_string_append(text, "* OK [CLOSED] Previous mailbox closed.\r\n");
	if (may_read)
		open_selected(session, selection, mailbox, text);
	imap_send_string(session, text);
	if (was_open != may_read)
		imap_enter(session, may_read ? IMAP_SELECTED : IMAP_AUTHENTICATED);
	if (mailbox == NULL)
		imap_no_mailbox(session, "NONEXISTENT", selection->name);
	else if (!may_read)
		imap_no(session, "[NOPERM] Permission denied.");
	else if (selection->is_read_only)
		imap_ok(session, "[READ-ONLY] Examine completed.");
	else if (session->view.is_read_only)
		imap_ok(session, "[READ-ONLY] Select completed.");
	else
		imap_ok(session, "[READ-WRITE] Select completed.");
}

/*
 * select  = "SELECT" SP mailbox [select-params]
 * examine = "EXAMINE" SP mailbox [select-params]
 */
static void run(struct imap_session *session, struct imap_parser *parser, bool is_read_only)
{
	struct selection selection = { .session = session, .is_read_only = is_read_only };

	if (imap_parse_mailbox(session, parser, &selection.name) &&
	    parse_parameters(&selection, parser))
		open_mailbox(session, &selection);
	else
		imap_bad_arguments(session, parser);
	imap_sequence_clear(&selection.known);
	g_free(selection.name);
}

void imap_run_select(struct imap_session *session, struct imap_parser *parser)
{
	run(session, parser, false);
}

void imap_run_examine(struct imap_session *session, struct imap_parser *parser)
{
	run(session, parser, true);
}
