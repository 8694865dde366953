/* Opening and closing a mailbox, and removing messages: SELECT to EXPUNGE (RFC 3501 6.3, 6.4). */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"
#include "protocols/imap/utf7.h"

/* Arguments that name mailboxes and messages. */

bool imap_parse_mailbox(struct imap_parser *parser, char **name)
{
	struct bytes wire;

	if (!imap_parse_space(parser) || !imap_parse_astring(parser, &wire))
		return false;
	if (wire.length > 0 && wire.data[wire.length - 1] == '/')
		wire.length--; /* "name/" announces names below it (RFC 3501 section 6.3.3) */
	*name = imap_utf7_decode(wire);
	if (*name == NULL)
		return imap_parser_fail(parser, "Mailbox name is not valid modified UTF-7");
	if (g_ascii_strncasecmp(*name, "INBOX/", 6) == 0)
		memcpy(*name, "INBOX", 5); /* it has no case, not even above others */
	return true;
}

void imap_no_mailbox(struct imap_session *session, const char *code, const char *name)
{
	char *wire = imap_utf7_encode(name);

	imap_no(session, "[%s] Mailbox doesn't exist: %s", code, wire);
	g_free(wire);
}

struct mailbox *imap_parse_existing(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	struct mailbox *mailbox = NULL;

	if (!imap_parse_mailbox(parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		mailbox = account_find_mailbox(session->account, name);
		if (mailbox == NULL)
			imap_no_mailbox(session, "NONEXISTENT", name);
	}
	g_free(name);
	return mailbox;
}

bool imap_parse_messages(struct imap_session *session, struct imap_parser *parser,
			 struct imap_sequence_set *set)
{
	uint32_t count = imap_view_count(&session->view);
	uint32_t largest = count;

	if (session->is_uid && count > 0)
		largest = imap_view_at(&session->view, count)->uid;
	if (!imap_parse_space(parser) || !imap_parse_sequence_set(parser, set))
		return false;
	imap_sequence_resolve(set, largest);
	if (!session->is_uid && (count == 0 || imap_sequence_largest(set) > count))
		return imap_parser_fail(parser, "Invalid messageset");
	return true;
}

uint32_t imap_next_message(const struct imap_session *session, const struct imap_sequence_set *set,
			   uint32_t number)
{
	const struct imap_view *view = &session->view;

	while (++number <= imap_view_count(view)) {
		uint32_t key = session->is_uid ? imap_view_at(view, number)->uid : number;
		uint32_t next = imap_sequence_next(set, key);

		if (next == key)
			return number;
		if (next == 0)
			return 0;
		number = (session->is_uid ? imap_view_number_of(view, next) : next) - 1;
	}
	return 0;
}

/* SELECT, EXAMINE. */

static void print_mailbox(GString *out, const struct imap_session *session)
{
	const struct imap_view *view = &session->view;
	uint32_t unseen = imap_view_first_unseen(view);

	imap_view_print_permanent(out, view);
	g_string_append_printf(out, "* %u EXISTS\r\n* %u RECENT\r\n", imap_view_count(view),
			       imap_view_recent(view));
	if (unseen != 0)
		g_string_append_printf(out, "* OK [UNSEEN %u] First unseen.\r\n", unseen);
	g_string_append_printf(out,
			       "* OK [UIDVALIDITY %u] UIDs valid\r\n"
			       "* OK [UIDNEXT %u] Predicted next UID\r\n",
			       view->mailbox->uid_validity, view->mailbox->uid_next);
}

/*
 * select  = "SELECT" SP mailbox
 * examine = "EXAMINE" SP mailbox
 *
 * A mailbox that is open is closed first, even when this one cannot be opened.
 */
static void open_mailbox(struct imap_session *session, struct imap_parser *parser, bool read_only)
{
	bool was_open = imap_view_is_open(&session->view);
	char *name = NULL;
	GString *text = g_string_new(NULL);

	if (!imap_parse_mailbox(parser, &name) || !imap_parse_end(parser)) {
		g_string_free(text, TRUE);
		g_free(name);
		imap_bad_arguments(session, parser);
		return;
	}
	imap_view_close(&session->view);
	if (was_open)
		g_string_append(text, "* OK [CLOSED] Previous mailbox closed.\r\n");
	struct mailbox *mailbox = account_find_mailbox(session->account, name);
	if (mailbox != NULL) {
		imap_view_open(&session->view, mailbox, read_only);
		print_mailbox(text, session);
	}
	imap_send_string(session, text);
	if (was_open != (mailbox != NULL))
		imap_enter(session, mailbox != NULL ? IMAP_SELECTED : IMAP_AUTHENTICATED);
	if (mailbox == NULL)
		imap_no_mailbox(session, "NONEXISTENT", name);
	else if (read_only)
		imap_ok(session, "[READ-ONLY] Examine completed.");
	else
		imap_ok(session, "[READ-WRITE] Select completed.");
	g_free(name);
}

void imap_run_select(struct imap_session *session, struct imap_parser *parser)
{
	open_mailbox(session, parser, false);
}

void imap_run_examine(struct imap_session *session, struct imap_parser *parser)
{
	open_mailbox(session, parser, true);
}

/* CHECK, CLOSE, UNSELECT, EXPUNGE. */

void imap_run_check(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser))
		imap_bad_arguments(session, parser);
	else
		imap_ok(session, "Check completed.");
}

void imap_expunge_deleted(struct imap_session *session, const struct imap_sequence_set *set)
{
	struct imap_view *view = &session->view;

	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		struct imap_view_entry *seen = imap_view_at(view, number);

		if (seen->is_expunged || (seen->entry->flags & MAILBOX_DELETED) == 0)
			continue;
		if (set != NULL && !imap_sequence_contains(set, seen->uid))
			continue;
		imap_note_mail(session, MAIL_DELETED, seen->entry->message);
		mailbox_expunge(view->mailbox, seen->entry);
	}
}

static void leave_mailbox(struct imap_session *session, const char *text)
{
	imap_view_close(&session->view);
	imap_enter(session, IMAP_AUTHENTICATED);
	imap_ok(session, "%s", text);
}

/* close = "CLOSE": expunges, but tells nothing of it (RFC 3501 section 6.4.2). */
void imap_run_close(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		return;
	}
	if (!session->view.is_read_only)
		imap_expunge_deleted(session, NULL);
	leave_mailbox(session, "Close completed.");
}

/* unselect = "UNSELECT": closes without expunging (RFC 3691). */
void imap_run_unselect(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser))
		imap_bad_arguments(session, parser);
	else
		leave_mailbox(session, "Unselect completed.");
}

/* expunge = "EXPUNGE"; uid-expunge = "UID" SP "EXPUNGE" SP sequence-set (RFC 4315) */
void imap_run_expunge(struct imap_session *session, struct imap_parser *parser)
{
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;
	bool is_parsed = !session->is_uid || imap_parse_messages(session, parser, &set);

	if (!is_parsed || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if (session->view.is_read_only) {
		imap_no(session, "Mailbox is read-only.");
	} else {
		imap_expunge_deleted(session, session->is_uid ? &set : NULL);
		imap_ok(session, "Expunge completed.");
	}
	imap_sequence_clear(&set);
}
