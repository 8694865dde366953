/* Mailboxes: the messages in them, who watches them, and the records of every change. */
#include "protocols/mail/store.h"

void mailbox_trace(const struct mailbox *mailbox, enum mailbox_detail detail, uint64_t before,
		   uint64_t after, uint64_t root, struct bytes bytes)
{
	struct node *node = mailbox->account->store->node;
	if (node == NULL)
		return;

	trace_emit(node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAILBOX,
		       .layer = LAYER_MAIL,
		       .detail = (uint16_t)detail,
		       .object = mailbox->id,
		       .before = before,
		       .after = after,
		       .root = root,
		   },
		   bytes);
}

static void entry_free(struct mailbox_entry *entry)
{
	g_clear_pointer(&entry->keywords, g_ptr_array_unref);
	message_free(entry->message);
	g_free(entry);
}

void mailbox_free(struct mailbox *mailbox)
{
	for (unsigned i = 0; i < mailbox->entries->len; i++)
		entry_free(g_ptr_array_index(mailbox->entries, i));
	g_ptr_array_unref(mailbox->entries);
	g_list_free(mailbox->watchers);
	g_array_unref(mailbox->expunged);
	g_clear_pointer(&mailbox->grants, g_ptr_array_unref);
	g_free(mailbox->name);
	g_free(mailbox);
}

struct mailbox_entry *mailbox_find(const struct mailbox *mailbox, uint32_t uid, unsigned *index)
{
	unsigned low = 0, high = mailbox->entries->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct mailbox_entry *entry = g_ptr_array_index(mailbox->entries, middle);

		if (entry->uid == uid) {
			if (index != NULL)
				*index = middle;
			return entry;
		}
		if (entry->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static GPtrArray *keywords_copy(const GPtrArray *keywords)
{
	if (keywords == NULL || keywords->len == 0)
		return NULL;

	GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < keywords->len; i++)
		g_ptr_array_add(copy, g_strdup(g_ptr_array_index(keywords, i)));
	return copy;
}

static void trace_flags(const struct mailbox *mailbox, const struct mailbox_entry *entry)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; entry->keywords != NULL && i < entry->keywords->len; i++) {
		const char *keyword = g_ptr_array_index(entry->keywords, i);

		g_string_append_printf(text, "%s%s", i > 0 ? " " : "", keyword);
	}
	mailbox_trace(mailbox, MAILBOX_FLAGS, entry->uid, entry->flags, entry->message->root,
		      (struct bytes) { (const uint8_t *)text->str, text->len });
	g_string_free(text, TRUE);
}

static struct mailbox_entry *add_entry(struct mailbox *mailbox, enum mailbox_detail detail,
				       const struct mailbox_entry *like)
{
	struct mailbox_entry *entry = g_new(struct mailbox_entry, 1);

	*entry = *like;
	entry->uid = mailbox->uid_next++;
	entry->flags |= MAILBOX_RECENT;
	entry->keywords = keywords_copy(like->keywords);
	entry->modseq = ++mailbox->modseq;
	message_reference(entry->message);
	g_ptr_array_add(mailbox->entries, entry);
	mailbox->account->used_bytes += message_bytes(entry->message).length;
	mailbox->bytes += message_bytes(entry->message).length;

	mailbox_trace(mailbox, detail, entry->uid,
		      mailbox_record_state(entry->flags, entry->internal_date),
		      entry->message->root, message_bytes(entry->message));
	if (entry->keywords != NULL)
		trace_flags(mailbox, entry);

	/* A watcher may unregister itself, or another one that comes before it. */
	for (GList *each = mailbox->watchers, *next; each != NULL; each = next) {
		struct mailbox_watcher *watcher = each->data;

		next = each->next;
		if (watcher->appended != NULL)
			watcher->appended(watcher->owner, mailbox, entry);
	}
	return entry;
}

struct mailbox_entry *mailbox_append(struct mailbox *mailbox, struct message *message,
				     uint32_t flags, int64_t internal_date)
{
	struct mailbox_entry like = {
		.flags = flags,
		.internal_date = internal_date,
		.message = message,
	};

	return add_entry(mailbox, MAILBOX_APPENDED, &like);
}

struct mailbox_entry *mailbox_copy(struct mailbox *to, const struct mailbox_entry *entry)
{
	return add_entry(to, MAILBOX_COPIED, entry);
}

struct mailbox_entry *mailbox_copy_with(struct mailbox *to, const struct mailbox_entry *entry,
					uint32_t permitted)
{
	struct mailbox_entry like = *entry;

	like.flags &= permitted;
	if (!(permitted & MAILBOX_FLAGGED))
		like.keywords = NULL;
	return add_entry(to, MAILBOX_COPIED, &like);
}

void mailbox_set_flags(struct mailbox *mailbox, struct mailbox_entry *entry, uint32_t flags,
		       GPtrArray *keywords, const struct mailbox_watcher *who)
{
	GPtrArray *copy = keywords_copy(keywords); /* first: `keywords` may be the entry's own */

	g_clear_pointer(&entry->keywords, g_ptr_array_unref);
	entry->keywords = copy;
	entry->flags = flags;
	entry->modseq = ++mailbox->modseq;
	trace_flags(mailbox, entry);

	for (GList *each = mailbox->watchers, *next; each != NULL; each = next) {
		struct mailbox_watcher *watcher = each->data;

		next = each->next;
		if (watcher != who && watcher->changed != NULL)
			watcher->changed(watcher->owner, mailbox, entry);
	}
}

uint64_t mailbox_next_modseq(struct mailbox *mailbox)
{
	return ++mailbox->modseq;
}

void mailbox_take_recent(struct mailbox_entry *entry)
{
	entry->flags &= ~(uint32_t)MAILBOX_RECENT;
}

/* Remembers that the UID is gone; at the bound the older half is forgotten. */
static void remember_expunged(struct mailbox *mailbox, uint32_t uid)
{
	struct mailbox_expunged expunged = { ++mailbox->modseq, uid };

	if (mailbox->expunged->len >= MAILBOX_EXPUNGED_MAX) {
		unsigned half = MAILBOX_EXPUNGED_MAX / 2;

		mailbox->forgotten =
		    g_array_index(mailbox->expunged, struct mailbox_expunged, half - 1).modseq;
		g_array_remove_range(mailbox->expunged, 0, half);
	}
	g_array_append_val(mailbox->expunged, expunged);
}

void mailbox_expunge(struct mailbox *mailbox, struct mailbox_entry *entry)
{
	unsigned index;
	struct mailbox_entry *found = mailbox_find(mailbox, entry->uid, &index);
	g_assert(found == entry);

	remember_expunged(mailbox, entry->uid);
	for (GList *each = mailbox->watchers, *next; each != NULL; each = next) {
		struct mailbox_watcher *watcher = each->data;

		next = each->next;
		if (watcher->expunged != NULL)
			watcher->expunged(watcher->owner, mailbox, entry, index);
	}
	mailbox_trace(mailbox, MAILBOX_EXPUNGED, entry->uid, entry->flags, entry->message->root,
		      (struct bytes) { NULL, 0 });
	mailbox->account->used_bytes -= message_bytes(entry->message).length;
	mailbox->bytes -= message_bytes(entry->message).length;
	g_ptr_array_remove_index(mailbox->entries, index);
	entry_free(entry);
}

void mailbox_watch(struct mailbox *mailbox, struct mailbox_watcher *watcher)
{
	mailbox->watchers = g_list_append(mailbox->watchers, watcher);
}

void mailbox_unwatch(struct mailbox *mailbox, struct mailbox_watcher *watcher)
{
	mailbox->watchers = g_list_remove(mailbox->watchers, watcher);
}
