/* Mailboxes as such: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 3501 section 6.3). */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"
#include "protocols/imap/utf7.h"

/* Makes those of the mailboxes above `name` that are missing (RFC 3501 section 6.3.3). */
static void create_parents(struct account *account, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		char *parent = g_strndup(name, (size_t)(slash - name));

		account_create_mailbox(account, parent);
		g_free(parent);
	}
}

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

/* Ends the command when no mailbox can have that name. */
static bool refuse_name(struct imap_session *session, const char *name)
{
	if (!mailbox_name_is_valid(name))
		imap_no(session, "[CANNOT] Invalid mailbox name.");
	else if (account_find_mailbox(session->account, name) != NULL)
		imap_no(session, "[ALREADYEXISTS] Mailbox already exists");
	else
		return false;
	return true;
}

/* create = "CREATE" SP mailbox */
void imap_run_create(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;

	if (!imap_parse_mailbox(parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if (!refuse_name(session, name)) {
		create_parents(session->account, name);
		account_create_mailbox(session->account, name);
		imap_ok(session, "Create completed.");
	}
	g_free(name);
}

/*
 * delete = "DELETE" SP mailbox
 *
 * Mailboxes below it stay; LIST then shows its name as \Noselect (RFC 3501 section 6.3.4).
 */
void imap_run_delete(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;

	if (!imap_parse_mailbox(parser, &name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
		g_free(name);
		return;
	}
	struct mailbox *mailbox = account_find_mailbox(session->account, name);
	if (mailbox == NULL && has_children(session->account, name)) {
		imap_no(session, "[HASCHILDREN] Mailbox has children, delete them first.");
	} else if (mailbox == NULL) {
		imap_no_mailbox(session, "NONEXISTENT", name);
	} else if (g_ascii_strcasecmp(name, "INBOX") == 0) {
		imap_no(session, "[CANNOT] INBOX can't be deleted.");
	} else {
		if (mailbox == session->view.mailbox) {
			imap_view_close(&session->view);
			imap_enter(session, IMAP_AUTHENTICATED);
		}
		account_delete_mailbox(session->account, mailbox);
		imap_ok(session, "Delete completed.");
	}
	g_free(name);
}

/* rename = "RENAME" SP mailbox SP mailbox */
void imap_run_rename(struct imap_session *session, struct imap_parser *parser)
{
	char *from = NULL, *to = NULL;
	struct mailbox *mailbox;

	if (!imap_parse_mailbox(parser, &from) || !imap_parse_mailbox(parser, &to) ||
	    !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if ((mailbox = account_find_mailbox(session->account, from)) == NULL) {
		imap_no_mailbox(session, "NONEXISTENT", from);
	} else if (!refuse_name(session, to)) {
		if (account_rename_mailbox(session->account, mailbox, to)) {
			create_parents(session->account, to);
			imap_ok(session, "Rename completed.");
		} else {
			imap_no(session, "[CANNOT] Mailbox can't be renamed to that.");
		}
	}
	g_free(from);
	g_free(to);
}

static void set_subscribed(struct imap_session *session, struct imap_parser *parser,
			   bool is_subscribed)
{
	struct mailbox *mailbox = imap_parse_existing(session, parser);

	if (mailbox == NULL)
		return;
	mailbox_set_subscribed(mailbox, is_subscribed);
	imap_ok(session, "%s completed.", is_subscribed ? "Subscribe" : "Unsubscribe");
}

/* subscribe = "SUBSCRIBE" SP mailbox */
void imap_run_subscribe(struct imap_session *session, struct imap_parser *parser)
{
	set_subscribed(session, parser, true);
}

/* unsubscribe = "UNSUBSCRIBE" SP mailbox */
void imap_run_unsubscribe(struct imap_session *session, struct imap_parser *parser)
{
	set_subscribed(session, parser, false);
}

/* STATUS. */

enum status_item {
	STATUS_MESSAGES = 1,
	STATUS_RECENT = 2,
	STATUS_UIDNEXT = 4,
	STATUS_UIDVALIDITY = 8,
	STATUS_UNSEEN = 16,
};

/* In the order in which they are answered. */
static const struct {
	const char *name;
	enum status_item item;
} status_items[] = {
	{"MESSAGES",     STATUS_MESSAGES   },
        { "RECENT",      STATUS_RECENT     },
	{ "UIDNEXT",     STATUS_UIDNEXT    },
        { "UIDVALIDITY", STATUS_UIDVALIDITY},
	{ "UNSEEN",      STATUS_UNSEEN     },
};

/* SP "(" status-att *(SP status-att) ")" */
static bool parse_status_items(struct imap_parser *parser, unsigned *items)
{
	struct bytes word;

	if (!imap_parse_space(parser) || !imap_parse_char(parser, '('))
		return false;
	do {
		unsigned found = 0;

		if (!imap_parse_atom(parser, &word))
			return false;
		for (size_t i = 0; i < G_N_ELEMENTS(status_items); i++)
			if (imap_is(word, status_items[i].name))
				found = status_items[i].item;
		if (found == 0)
			return imap_parser_fail(parser, "Invalid status item");
		*items |= found;
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

static uint32_t status_value(const struct mailbox *mailbox, enum status_item item)
{
	uint32_t unseen = 0, recent = 0;

	for (unsigned i = 0; i < mailbox->entries->len; i++) {
		const struct mailbox_entry *entry = g_ptr_array_index(mailbox->entries, i);

		unseen += (entry->flags & MAILBOX_SEEN) == 0;
		recent += (entry->flags & MAILBOX_RECENT) != 0;
	}
	switch (item) {
	case STATUS_MESSAGES:
		return mailbox->entries->len;
	case STATUS_RECENT:
		return recent;
	case STATUS_UIDNEXT:
		return mailbox->uid_next;
	case STATUS_UIDVALIDITY:
		return mailbox->uid_validity;
	case STATUS_UNSEEN:
		break;
	}
	return unseen;
}

static void print_status(GString *out, const struct mailbox *mailbox, unsigned items)
{
	char *wire = imap_utf7_encode(mailbox->name);
	char separator = '(';

	g_string_append(out, "* STATUS ");
	imap_print_astring(out, wire);
	g_string_append_c(out, ' ');
	for (size_t i = 0; i < G_N_ELEMENTS(status_items); i++) {
		if (!(items & status_items[i].item))
			continue;
		g_string_append_printf(out, "%c%s %u", separator, status_items[i].name,
				       status_value(mailbox, status_items[i].item));
		separator = ' ';
	}
	g_string_append(out, ")\r\n");
	g_free(wire);
}

/* status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")" */
void imap_run_status(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	unsigned items = 0;
	struct mailbox *mailbox;

	if (!imap_parse_mailbox(parser, &name) || !parse_status_items(parser, &items) ||
	    !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if ((mailbox = account_find_mailbox(session->account, name)) == NULL) {
		imap_no_mailbox(session, "NONEXISTENT", name);
	} else {
		GString *text = g_string_new(NULL);

		print_status(text, mailbox, items);
		imap_send_string(session, text);
		imap_ok(session, "Status completed.");
	}
	g_free(name);
}
