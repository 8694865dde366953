/* Leaving a mailbox and removing messages: CHECK, CLOSE, EXPUNGE (RFC 3501 section 6.4), UNSELECT (RFC 3691). */
#include "protocols/imap/command.h"

void imap_run_check(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser))
		imap_bad_arguments(session, parser);
	else
		imap_ok(session, "Check completed.");
}

bool imap_expunge_deleted(struct imap_session *session, const struct imap_sequence_set *set)
{
	struct imap_view *view = &session->view;
	bool has_expunged = false;

	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		struct imap_view_entry *seen = imap_view_at(view, number);

		if (seen->is_expunged || (seen->entry->flags & MAILBOX_DELETED) == 0)
			continue;
		if (set != NULL && !imap_sequence_contains(set, seen->uid))
			continue;
		imap_note_mail(session, MAIL_DELETED, seen->entry->message);
		mailbox_expunge(view->mailbox, seen->entry);
		has_expunged = true;
	}
	return has_expunged;
}

static void leave_mailbox(struct imap_session *session, const char *text)
{
	imap_sequence_clear(&session->saved);
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
	if (!session->view.is_examined && imap_may(session, session->view.mailbox, RIGHT_EXPUNGE))
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
	} else if (session->view.is_examined) {
		imap_no(session, "Mailbox is read-only.");
	} else if (imap_require(session, session->view.mailbox, RIGHT_EXPUNGE)) {
		bool has_expunged = imap_expunge_deleted(session, session->is_uid ? &set : NULL);

		imap_ok_expunged(session, has_expunged, "Expunge completed.");
	}
	imap_sequence_clear(&set);
}
