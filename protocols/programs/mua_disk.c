/*
 * The disk under the mail client: copying what is stored here to another one and back, the program's
 * death, the disk's. None of it causes a packet but resets of what was connected.
 */
#include "protocols/programs/mua_private.h"
#include "sim/plural.h"

/* A folder as it was when it was copied. */
struct folder_copy {
	char *name;
	GPtrArray *entries; /* of struct mailbox_entry *: flags, keywords, date, message */
};

struct mua_backup {
	GPtrArray *folders; /* of struct folder_copy * */
	GHashTable *known;  /* what POP3 fetched before: mua_pop3_known() */
	unsigned messages;
	uint64_t bytes;
};

static void entry_copy_free(gpointer data)
{
	struct mailbox_entry *entry = data;

	g_clear_pointer(&entry->keywords, g_ptr_array_unref);
	message_free(entry->message);
	g_free(entry);
}

static void folder_copy_free(gpointer data)
{
	struct folder_copy *folder = data;

	g_ptr_array_unref(folder->entries);
	g_free(folder->name);
	g_free(folder);
}

void mua_backup_free(struct mua_backup *backup)
{
	if (backup == NULL)
		return;
	g_ptr_array_unref(backup->folders);
	g_hash_table_unref(backup->known);
	g_free(backup);
}

/* Mail on its way out is no part of it: sent twice it would be worse than lost. */
static bool is_stored(const struct mailbox *folder)
{
	return strcmp(folder->name, MUA_OUTBOX) != 0;
}

static struct folder_copy *copy_folder(const struct mailbox *folder, struct mua_backup *backup)
{
	struct folder_copy *copy = g_new0(struct folder_copy, 1);

	copy->name = g_strdup(folder->name);
	copy->entries = g_ptr_array_new_with_free_func(entry_copy_free);
	for (unsigned i = 0; i < folder->entries->len; i++) {
		const struct mailbox_entry *entry = g_ptr_array_index(folder->entries, i);
		struct mailbox_entry *kept = g_new(struct mailbox_entry, 1);

		*kept = *entry;
		kept->message = message_reference(entry->message);
		if (kept->keywords != NULL)
			g_ptr_array_ref(kept->keywords);
		g_ptr_array_add(copy->entries, kept);
		backup->messages++;
		backup->bytes += message_bytes(entry->message).length;
	}
	return copy;
}

static struct mua_backup *back_up(const struct mua *mua)
{
	struct mua_backup *backup = g_new0(struct mua_backup, 1);

	backup->folders = g_ptr_array_new_with_free_func(folder_copy_free);
	backup->known = mua_pop3_known(mua->pop3);
	for (unsigned i = 0; i < mua->account->mailboxes->len; i++) {
		const struct mailbox *folder = g_ptr_array_index(mua->account->mailboxes, i);

		if (is_stored(folder))
			g_ptr_array_add(backup->folders, copy_folder(folder, backup));
	}
	return backup;
}

static void clear_folders(struct mua *mua)
{
	for (unsigned i = 0; i < mua->account->mailboxes->len; i++) {
		struct mailbox *folder = g_ptr_array_index(mua->account->mailboxes, i);

		while (is_stored(folder) && folder->entries->len > 0)
			mailbox_expunge(
			    folder, g_ptr_array_index(folder->entries, folder->entries->len - 1));
	}
}

static void restore(struct mua *mua, const struct mua_backup *backup)
{
	clear_folders(mua);
	for (unsigned i = 0; i < backup->folders->len; i++) {
		const struct folder_copy *copy = g_ptr_array_index(backup->folders, i);
		struct mailbox *folder = mua_folder(mua, copy->name);

		for (unsigned k = 0; k < copy->entries->len; k++)
			mailbox_copy(folder, g_ptr_array_index(copy->entries, k));
	}
	mua_pop3_know(mua->pop3, backup->known);
}

static char *describe(const struct mua_backup *backup)
{
	return g_strdup_printf("%u message%s, %" G_GUINT64_FORMAT " byte%s", backup->messages,
			       plural(backup->messages), backup->bytes, plural(backup->bytes));
}

/* Of IMAP there are only copies of what the server has: those are not worth a copy. */
static bool refuse_imap(struct mua *mua, struct mua_action *action)
{
	if (mua->pop3 != NULL)
		return false;
	mua_finish(mua, action, MUA_NOT_FOUND, "the mail is on the server");
	return true;
}

void mua_disk_back_up(struct mua *mua, struct mua_action *action)
{
	if (refuse_imap(mua, action))
		return;
	mua_backup_free(mua->backup);
	mua->backup = back_up(mua);
	char *text = describe(mua->backup);

	mua_finish(mua, action, MUA_DONE, text);
	g_free(text);
}

void mua_disk_restore(struct mua *mua, struct mua_action *action)
{
	if (refuse_imap(mua, action))
		return;
	if (mua->backup == NULL) {
		mua_finish(mua, action, MUA_NOT_FOUND, "there is no copy");
		return;
	}
	restore(mua, mua->backup);
	char *text = describe(mua->backup);

	mua_finish(mua, action, MUA_DONE, text);
	g_free(text);
}

void mua_disk_lose(struct mua *mua)
{
	mua_outbox_lose(mua->outbox);
	if (mua->imap != NULL)
		mua_imap_forget(mua->imap);
	else
		mua_pop3_know(mua->pop3, NULL);
	clear_folders(mua);
}
