/* COPY (RFC 3501 section 6.4.7) and MOVE (RFC 6851), with the COPYUID of RFC 4315. */
#include "protocols/imap/command.h"

struct copied {
	struct imap_sequence_set from, to; /* UIDs */
};

static size_t bytes_of_set(const struct imap_session *session, const struct imap_sequence_set *set)
{
	size_t bytes = 0;

	for (uint32_t number = 0; (number = imap_next_message(session, set, number)) != 0;)
		bytes += message_bytes(imap_view_at(&session->view, number)->entry->message).length;
	return bytes;
}

/*
 * What another session expunged, and the client was not told of, can be copied all the same (RFC 2180
 * section 4.4.2), so that all of the set are; but it cannot be moved any more.
 */
static void copy_all(struct imap_session *session, const struct imap_sequence_set *set,
		     struct mailbox *target, bool is_move, struct copied *copied)
{
	uint32_t permitted = imap_permitted_flags(session, target);

	for (uint32_t number = 0; (number = imap_next_message(session, set, number)) != 0;) {
		struct imap_view_entry *seen = imap_view_at(&session->view, number);

		if (is_move && seen->is_expunged)
			continue;
		uint32_t from = seen->uid; /* copying into the open mailbox moves `seen` */
		imap_sequence_add(&copied->from, from);
		imap_sequence_add(&copied->to,
				  mailbox_copy_with(target, seen->entry, permitted)->uid);
	}
}

static void expunge_copied(struct imap_session *session, const struct imap_sequence_set *uids)
{
	struct imap_view *view = &session->view;

	for (uint32_t number = 1; number <= imap_view_count(view); number++) {
		struct imap_view_entry *seen = imap_view_at(view, number);

		if (!seen->is_expunged && imap_sequence_contains(uids, seen->uid))
			mailbox_expunge(view->mailbox, seen->entry);
	}
}

/* resp-code-copy = "COPYUID" SP nz-number SP uid-set SP uid-set; empty when nothing was copied */
static char *copyuid(const struct imap_session *session, const struct mailbox *target,
		     const struct copied *copied)
{
	GString *code = g_string_new(NULL);

	if (copied->from.ranges != NULL && imap_offers(session, IMAP_CAN_UIDPLUS)) {
		g_string_append_printf(code, "[COPYUID %u ", target->uid_validity);
		imap_sequence_print(&copied->from, code);
		g_string_append_c(code, ' ');
		imap_sequence_print(&copied->to, code);
		g_string_append(code, "] ");
	}
	return g_string_free(code, FALSE);
}

static void finish(struct imap_session *session, const struct mailbox *target,
		   const struct copied *copied, bool is_move)
{
	char *code = copyuid(session, target, copied);

	if (is_move && code[0] != '\0')
		imap_sendf(session, "* OK %sMoved UIDs.\r\n", code);
	if (is_move && copied->from.ranges != NULL)
		expunge_copied(session, &copied->from);
	if (is_move)
		imap_ok_expunged(session, copied->from.ranges != NULL, "Move completed.");
	else
		imap_ok(session, "%sCopy completed.", code);
	g_free(code);
}

/* Why it cannot be done; NULL: it can. */
static const char *obstacle(const struct imap_session *session, const struct imap_sequence_set *set,
			    const struct mailbox *target, bool is_move)
{
	const struct mailbox *from = session->view.mailbox;
	bool takes_room = !is_move || target->account != from->account;

	if (is_move && session->view.is_examined)
		return "[CANNOT] Mailbox is read-only.";
	if (!imap_may(session, target, RIGHT_INSERT) ||
	    (is_move && !imap_may(session, from, RIGHT_DELETE | RIGHT_EXPUNGE)))
		return "[NOPERM] Permission denied.";
	if (takes_room && !account_has_room(target->account, bytes_of_set(session, set)))
		return "[OVERQUOTA] Quota exceeded (mailbox for user is full).";
	return NULL;
}

/*
 * copy = "COPY" SP sequence-set SP mailbox
 * move = "MOVE" SP sequence-set SP mailbox
 */
static void copy_or_move(struct imap_session *session, struct imap_parser *parser, bool is_move)
{
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;
	struct copied copied = { .from = IMAP_SEQUENCE_INIT, .to = IMAP_SEQUENCE_INIT };
	const char *why;
	char *name = NULL;
	struct mailbox *target;

	if (!imap_parse_messages(session, parser, &set) ||
	    !imap_parse_mailbox(session, parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if ((target = imap_find_mailbox(session, name)) == NULL) {
		imap_no_mailbox(session, "TRYCREATE", name);
	} else if ((why = obstacle(session, &set, target, is_move)) != NULL) {
		imap_no(session, "%s", why);
	} else {
		copy_all(session, &set, target, is_move, &copied);
		finish(session, target, &copied, is_move);
	}
	imap_sequence_clear(&set);
	imap_sequence_clear(&copied.from);
	imap_sequence_clear(&copied.to);
	g_free(name);
}

void imap_run_copy(struct imap_session *session, struct imap_parser *parser)
{
	copy_or_move(session, parser, false);
}

void imap_run_move(struct imap_session *session, struct imap_parser *parser)
{
	copy_or_move(session, parser, true);
}
