/*
 * Actions of the mail client on folders of its own: no packet leaves the host. POP3 works so, and
 * offline IMAP on its copies.
 */
#include "protocols/programs/mua_private.h"

#include <string.h>

/* A header of the message, decoded; "" without it. */
static char *header(const struct message *message, const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	char *decoded = raw != NULL ? message_decode_words(raw) : g_strdup("");

	g_free(raw);
	return decoded;
}

static bool has_subject(const struct mailbox_entry *entry, const char *wanted)
{
	char *subject = header(entry->message, "Subject");
	bool is_equal = strcmp(subject, wanted) == 0;

	g_free(subject);
	return is_equal;
}

/* The UIDs of the messages the user means; empty when there is none. */
static GArray *pick(const struct mailbox *folder, const struct mua_action *action)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	bool is_forward = action->pick == MUA_OLDEST || action->pick == MUA_ALL;
	unsigned count = folder != NULL ? folder->entries->len : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct mailbox_entry *entry =
		    g_ptr_array_index(folder->entries, is_forward ? i : count - 1 - i);

		if (action->pick == MUA_SUBJECT && !has_subject(entry, action->subject))
			continue;
		g_array_append_val(uids, entry->uid);
		if (action->pick != MUA_ALL)
			break;
	}
	return uids;
}

bool mua_local_has(struct mua *mua, const struct mua_action *action)
{
	GArray *uids = pick(account_find_mailbox(mua->account, action->folder), action);
	bool is_here = uids->len > 0;

	g_array_unref(uids);
	return is_here;
}

/* Does `act` to each message the user means, then ends the action. */
static void for_each(struct mua *mua, struct mua_action *action,
		     void (*act)(struct mua *mua, struct mua_action *action, struct mailbox *folder,
				 struct mailbox_entry *entry))
{
	struct mailbox *folder = account_find_mailbox(mua->account, action->folder);
	GArray *uids = pick(folder, action);
	unsigned count = uids->len;

	for (unsigned i = 0; i < count; i++)
		act(mua, action, folder,
		    mailbox_find(folder, g_array_index(uids, uint32_t, i), NULL));
	g_array_unref(uids);
	mua_finish(mua, action, count > 0 ? MUA_DONE : MUA_NOT_FOUND, NULL);
}

static void read_entry(struct mua *mua, struct mua_action *action, struct mailbox *folder,
		       struct mailbox_entry *entry)
{
	(void)action;
	mua_record(mua, MAIL_READ, entry->message->root, 0, 0, (struct bytes) { NULL, 0 });
	if (!(entry->flags & MAILBOX_SEEN))
		mailbox_set_flags(folder, entry, entry->flags | MAILBOX_SEEN, entry->keywords,
				  NULL);
}

void mua_local_read(struct mua *mua, struct mua_action *action)
{
	for_each(mua, action, read_entry);
}

static void delete_entry(struct mua *mua, struct mua_action *action, struct mailbox *folder,
			 struct mailbox_entry *entry)
{
	(void)action;
	mua_pop3_deleted(mua->pop3, entry->message);
	mailbox_expunge(folder, entry);
}

void mua_local_delete(struct mua *mua, struct mua_action *action)
{
	for_each(mua, action, delete_entry);
}

static void move_entry(struct mua *mua, struct mua_action *action, struct mailbox *folder,
		       struct mailbox_entry *entry)
{
	mailbox_copy(mua_folder(mua, action->into), entry);
	mailbox_expunge(folder, entry);
}

void mua_local_move(struct mua *mua, struct mua_action *action)
{
	if (mua_folder(mua, action->into) == NULL)
		mua_finish(mua, action, MUA_NOT_FOUND, "no valid folder name");
	else
		for_each(mua, action, move_entry);
}

/* Searching. */

/* True when `text` holds `wanted`, in any case. */
static bool holds(const char *text, const char *wanted)
{
	char *folded_text = g_utf8_casefold(text, -1);
	char *folded_wanted = g_utf8_casefold(wanted, -1);
	bool is_found = strstr(folded_text, folded_wanted) != NULL;

	g_free(folded_text);
	g_free(folded_wanted);
	return is_found;
}

static bool header_holds(const struct message *message, const char *name, const char *wanted)
{
	char *value = header(message, name);
	bool is_found = holds(value, wanted);

	g_free(value);
	return is_found;
}

static bool body_holds(const struct message *message, const struct message_part *part,
		       const char *wanted)
{
	if (part->children == NULL) {
		char *text = strcmp(part->type, "TEXT") == 0 ? message_part_text(message, part)
							     : g_strdup("");
		bool is_found = holds(text, wanted);

		g_free(text);
		return is_found;
	}
	for (unsigned i = 0; i < part->children->len; i++)
		if (body_holds(message, g_ptr_array_index(part->children, i), wanted))
			return true;
	return false;
}

static bool anywhere(struct message *message, const char *wanted)
{
	return header_holds(message, "Subject", wanted) || header_holds(message, "From", wanted) ||
	       header_holds(message, "To", wanted) || header_holds(message, "Cc", wanted) ||
	       body_holds(message, message_structure(message), wanted);
}

static bool fits(struct message *message, enum mua_scope scope, const char *wanted)
{
	switch (scope) {
	case MUA_IN_SUBJECT:
		return header_holds(message, "Subject", wanted);
	case MUA_IN_FROM:
		return header_holds(message, "From", wanted);
	case MUA_IN_TO:
		return header_holds(message, "To", wanted);
	case MUA_IN_BODY:
		return body_holds(message, message_structure(message), wanted);
	case MUA_ANYWHERE:
		break;
	}
	return anywhere(message, wanted);
}

void mua_local_search(struct mua *mua, struct mua_action *action)
{
	struct mailbox *folder = account_find_mailbox(mua->account, action->folder);
	unsigned found = 0;

	if (folder == NULL) {
		mua_finish(mua, action, MUA_NOT_FOUND, "no such folder");
		return;
	}
	for (unsigned i = 0; i < folder->entries->len; i++) {
		const struct mailbox_entry *entry = g_ptr_array_index(folder->entries, i);

		found += fits(entry->message, action->scope, action->text);
	}
	char *text = g_strdup_printf("%u found", found);
	mua_finish(mua, action, MUA_DONE, text);
	g_free(text);
}

/* Answering. */

void mua_local_reply(struct mua *mua, struct mua_action *action)
{
	struct mailbox *folder = account_find_mailbox(mua->account, action->folder);
	GArray *uids = pick(folder, action);

	if (uids->len == 0) {
		mua_finish(mua, action, MUA_NOT_FOUND, NULL);
	} else {
		struct mailbox_entry *entry =
		    mailbox_find(folder, g_array_index(uids, uint32_t, 0), NULL);

		mailbox_set_flags(folder, entry, entry->flags | MAILBOX_ANSWERED, entry->keywords,
				  NULL);
		mua_draft_answer(mua, action->draft, entry->message, action->to_all);
		mua_compose(mua, action);
	}
	g_array_unref(uids);
}
