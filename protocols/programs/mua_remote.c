#include "protocols/programs/mua_remote.h"

static void remote_message_free(struct remote_message *message)
{
	g_free(message->subject);
	g_free(message->message_id);
	message_free(message->message);
	g_free(message);
}

struct remote_folder *remote_folder_new(const char *name, struct remote_screen screen)
{
	struct remote_folder *folder = g_new0(struct remote_folder, 1);

	folder->screen = screen;
	folder->name = g_strdup(name);
	folder->uid_next = 1;
	folder->messages = g_ptr_array_new_with_free_func((GDestroyNotify)remote_message_free);
	return folder;
}

void remote_folder_free(struct remote_folder *folder)
{
	g_ptr_array_unref(folder->messages);
	g_free(folder->name);
	g_free(folder);
}

static struct remote_message *message_at(const struct remote_folder *folder, unsigned index)
{
	return g_ptr_array_index(folder->messages, index);
}

/* What was never listed cannot be seen to change. */
static void show(const struct remote_folder *folder, const struct remote_message *message,
		 enum mail_detail detail)
{
	if (message->message_id != NULL)
		folder->screen.changed(folder->screen.owner, folder, message, detail);
}

/* Forgets the message at `index`, and its copy. */
static void drop(struct remote_folder *folder, unsigned index)
{
	const struct remote_message *message = message_at(folder, index);
	struct mailbox_entry *copy = NULL;

	show(folder, message, MAIL_UNLISTED);
	if (message->copy_uid != 0)
		copy = mailbox_find(folder->copies, message->copy_uid, NULL);
	if (copy != NULL)
		mailbox_expunge(folder->copies, copy);
	g_ptr_array_remove_index(folder->messages, index);
}

/* Where `uid` is, or would be. */
static unsigned position(const struct remote_folder *folder, uint32_t uid)
{
	unsigned low = 0, high = folder->messages->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (message_at(folder, middle)->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct remote_message *remote_folder_find(const struct remote_folder *folder, uint32_t uid)
{
	unsigned index = position(folder, uid);

	if (index == folder->messages->len || message_at(folder, index)->uid != uid)
		return NULL;
	return message_at(folder, index);
}

uint32_t remote_folder_highest(const struct remote_folder *folder)
{
	return folder->messages->len > 0 ? message_at(folder, folder->messages->len - 1)->uid : 0;
}

uint32_t remote_folder_first_unknown(struct remote_folder *folder,
				     const struct imap_mailbox_status *status)
{
	uint32_t known = folder->uid_next, count = folder->messages->len;

	if (folder->uid_validity != status->uid_validity) {
		while (folder->messages->len > 0)
			drop(folder, folder->messages->len - 1);
		known = 1;
		count = 0;
	}
	folder->modseq = 0; /* until it is settled */
	folder->uid_validity = status->uid_validity;
	folder->uid_next = MAX(status->uid_next, 1);
	if (status->messages == count && folder->uid_next == known)
		return 0;
	/* What has gone was named, so all that is new has a new UID. */
	if (status->is_resynchronized && known > 1)
		return status->messages > count ? known : 0;
	/* As many more messages as UIDs were given out since: none has gone. */
	if (known > 1 && status->messages == count + (folder->uid_next - known))
		return known;
	for (unsigned i = 0; i < count; i++)
		message_at(folder, i)->is_stale = true;
	return status->messages > 0 ? 1 : 0;
}

void remote_folder_settle(struct remote_folder *folder, uint64_t modseq)
{
	folder->modseq = modseq;
	for (unsigned i = folder->messages->len; i > 0; i--)
		if (message_at(folder, i - 1)->is_stale)
			drop(folder, i - 1);
}

static struct remote_message *find_or_add(struct remote_folder *folder, uint32_t uid)
{
	struct remote_message *message = remote_folder_find(folder, uid);

	if (message == NULL) {
		message = g_new0(struct remote_message, 1);
		message->uid = uid;
		g_ptr_array_insert(folder->messages, (int)position(folder, uid), message);
	}
	return message;
}

static void take_envelope(const struct remote_folder *folder, struct remote_message *message,
			  const struct imap_envelope *envelope)
{
	bool is_new = message->message_id == NULL;

	g_free(message->subject);
	message->subject = message_decode_words(envelope->subject != NULL ? envelope->subject : "");
	g_free(message->message_id);
	message->message_id = g_strdup(envelope->message_id != NULL ? envelope->message_id : "");
	if (is_new)
		show(folder, message, MAIL_LISTED);
}

void remote_folder_take(struct remote_folder *folder, const struct imap_fetched *fetched,
			uint64_t root)
{
	if (fetched->uid == 0)
		return;

	struct remote_message *message = find_or_add(folder, fetched->uid);
	message->is_stale = false;
	folder->uid_next = MAX(folder->uid_next, fetched->uid + 1);
	bool was_shown_read = message->message_id != NULL && message->flags & MAILBOX_SEEN;
	if (fetched->has_flags)
		message->flags = fetched->flags;
	if (fetched->envelope != NULL)
		take_envelope(folder, message, fetched->envelope);
	if (message->flags & MAILBOX_SEEN && !was_shown_read)
		show(folder, message, MAIL_SHOWN_READ);
	if (fetched->body != NULL) {
		message_free(message->message);
		message->message = message_new(g_bytes_ref(fetched->body), root);
	}
}

void remote_folder_keep(struct remote_folder *folder, uint32_t uid, int64_t unix_time)
{
	struct remote_message *message = remote_folder_find(folder, uid);

	if (message == NULL || message->message == NULL || message->copy_uid != 0 ||
	    folder->copies == NULL)
		return;
	message->copy_uid =
	    mailbox_append(folder->copies, message->message, message->flags, unix_time)->uid;
}

void remote_folder_remove(struct remote_folder *folder, uint32_t number, uint32_t uid)
{
	unsigned index = number - 1;

	if (uid != 0)
		index = remote_folder_find(folder, uid) != NULL ? position(folder, uid) : UINT_MAX;
	if (index < folder->messages->len)
		drop(folder, index);
}

void remote_folder_pick(const struct remote_folder *folder, enum mua_pick pick, const char *subject,
			GArray *uids)
{
	bool is_forward = pick == MUA_OLDEST || pick == MUA_ALL;
	unsigned count = folder->messages->len;

	for (unsigned i = 0; i < count; i++) {
		const struct remote_message *message =
		    message_at(folder, is_forward ? i : count - 1 - i);

		if (pick == MUA_SUBJECT && g_strcmp0(message->subject, subject) != 0)
			continue;
		g_array_append_val(uids, message->uid);
		if (pick != MUA_ALL)
			break;
	}
}
