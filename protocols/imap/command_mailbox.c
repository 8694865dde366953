/* Mailboxes as such: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 3501 section 6.3). */
#include "protocols/imap/command.h"

/* True when there are mailboxes below `name`. */
static bool has_children(const struct account *account, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < account->mailboxes->len; i++) {
		const struct mailbox *mailbox = g_ptr_array_index(account->mailboxes, i);

		if (strncmp(mailbox->name, name, length) == 0 && mailbox->name[length] == '/')
			return true;
	}
	return false;
}

/* The nearest mailbox above `name` (as its owner calls it); NULL: there is none. */
static struct mailbox *parent_of(struct account *account, const char *name)
{
	char *above = g_strdup(name);
	struct mailbox *mailbox = NULL;

	for (char *slash; mailbox == NULL && (slash = strrchr(above, '/')) != NULL;) {
		*slash = '\0';
		mailbox = account_find_mailbox(account, above);
	}
	g_free(above);
	return mailbox;
}

/*
 * Makes the mailbox, unless it is there, and those above it that are missing (RFC 3501 section 6.3.3).
 * New ones get the rights of the one above them (RFC 4314 section 4).
 */
static void create_with_parents(struct account *account, const char *name)
{
	const struct mailbox *above = parent_of(account, name);
	const char *end = name;

	do {
		end += 1 + strcspn(end + 1, "/");
		char *part = g_strndup(name, (size_t)(end - name));
		struct mailbox *mailbox = account_create_mailbox(account, part);

		if (mailbox != NULL && above != NULL)
			mailbox_grant_like(mailbox, above);
		g_free(part);
	} while (*end != '\0');
}

/*
 * Where a new mailbox shall be: the account and its name there. False, and the command has ended, when
 * there can be none of that name, or the user may not make it.
 */
static bool locate_new(struct imap_session *session, const char *name, struct account **account,
		       const char **local)
{
	*account = imap_locate(session, name, local);
	if (*account == NULL || !mailbox_name_is_valid(*local)) {
		imap_no(session, "[CANNOT] Invalid mailbox name.");
		return false;
	}
	if (account_find_mailbox(*account, *local) != NULL &&
	    imap_find_mailbox(session, name) != NULL) {
		imap_no(session, "[ALREADYEXISTS] Mailbox already exists");
		return false;
	}
	if (*account == session->account)
		return true;

	struct mailbox *parent = parent_of(*account, *local);
	if (parent == NULL || account_find_mailbox(*account, *local) != NULL ||
	    !imap_may(session, parent, RIGHT_CREATE)) {
		imap_no(session, "[NOPERM] Permission denied.");
		return false;
	}
	return true;
}

/* create = "CREATE" SP mailbox */
void imap_run_create(struct imap_session *session, struct imap_parser *parser)
{
	struct account *account;
	const char *local;
	char *name = NULL;

	if (!imap_parse_mailbox(session, parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if (locate_new(session, name, &account, &local)) {
		create_with_parents(account, local);
		imap_ok(session, "Create completed.");
	}
	g_free(name);
}

/* Ends the command when the mailbox cannot be deleted or renamed by the user. */
static bool refuse_change(struct imap_session *session, const char *name,
			  const struct mailbox *mailbox)
{
	const char *local;
	struct account *account = imap_locate(session, name, &local);

	if (mailbox == NULL && account == session->account && has_children(account, local))
		imap_no(session, "[HASCHILDREN] Mailbox has children, delete them first.");
	else if (mailbox == NULL)
		imap_no_mailbox(session, "NONEXISTENT", name);
	else
		return !imap_require(session, mailbox, RIGHT_DELETE_MAILBOX);
	return true;
}

/*
 * delete = "DELETE" SP mailbox
 *
 * Mailboxes below it stay; LIST then shows its name as \Noselect (RFC 3501 section 6.3.4).
 */
void imap_run_delete(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;

	if (!imap_parse_mailbox(session, parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		g_free(name);
		return;
	}
	struct mailbox *mailbox = imap_find_mailbox(session, name);
	if (refuse_change(session, name, mailbox)) {
		g_free(name);
		return;
	}
	if (g_ascii_strcasecmp(mailbox->name, "INBOX") == 0) {
		imap_no(session, "[CANNOT] INBOX can't be deleted.");
	} else {
		if (mailbox == session->view.mailbox) {
			imap_view_close(&session->view);
			imap_enter(session, IMAP_AUTHENTICATED);
		}
		account_delete_mailbox(mailbox->account, mailbox);
		imap_ok(session, "Delete completed.");
	}
	g_free(name);
}

static void rename_mailbox(struct imap_session *session, struct mailbox *mailbox, const char *to)
{
	struct account *account;
	const char *local;

	if (!locate_new(session, to, &account, &local))
		return;
	if (account == mailbox->account && account_rename_mailbox(account, mailbox, local)) {
		create_with_parents(account, local);
		imap_ok(session, "Rename completed.");
	} else {
		imap_no(session, "[CANNOT] Mailbox can't be renamed to that.");
	}
}

/* rename = "RENAME" SP mailbox SP mailbox */
void imap_run_rename(struct imap_session *session, struct imap_parser *parser)
{
	char *from = NULL, *to = NULL;

	if (!imap_parse_mailbox(session, parser, &from) ||
	    !imap_parse_mailbox(session, parser, &to) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		struct mailbox *mailbox = imap_find_mailbox(session, from);

		if (mailbox == NULL)
			imap_no_mailbox(session, "NONEXISTENT", from);
		else if (imap_require(session, mailbox, RIGHT_DELETE_MAILBOX))
			rename_mailbox(session, mailbox, to);
	}
	g_free(from);
	g_free(to);
}

/* subscribe = "SUBSCRIBE" SP mailbox */
void imap_run_subscribe(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;

	if (imap_parse_existing(session, parser, &name) != NULL) {
		account_set_subscribed(session->account, name, true);
		imap_ok(session, "Subscribe completed.");
	}
	g_free(name);
}

/* unsubscribe = "UNSUBSCRIBE" SP mailbox; it may be gone already. */
void imap_run_unsubscribe(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;

	if (!imap_parse_mailbox(session, parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if (account_is_subscribed(session->account, name) ||
		   imap_find_mailbox(session, name) != NULL) {
		account_set_subscribed(session->account, name, false);
		imap_ok(session, "Unsubscribe completed.");
	} else {
		imap_no_mailbox(session, "NONEXISTENT", name);
	}
	g_free(name);
}
