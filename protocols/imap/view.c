#include "protocols/imap/view.h"
#include "protocols/imap/flags.h"
#include "protocols/imap/sequence.h"

static struct imap_view_entry *entry_at(const struct imap_view *view, unsigned index)
{
	return &g_array_index(view->entries, struct imap_view_entry, index);
}

/* Index of the first entry whose UID is `uid` or more. */
static unsigned find(const struct imap_view *view, uint32_t uid)
{
	unsigned low = 0, high = view->entries->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (entry_at(view, middle)->uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void tell_news(struct imap_view *view)
{
	if (view->news != NULL)
		view->news(view->owner);
}

/* The copy an expunged message lives on in until the client knows. */
static void make_ghost(struct imap_view_entry *seen)
{
	const struct mailbox_entry *entry = seen->entry;
	struct mailbox_entry *copy = g_new(struct mailbox_entry, 1);

	*copy = *entry;
	copy->keywords = NULL;
	for (unsigned i = 0; entry->keywords != NULL && i < entry->keywords->len; i++)
		imap_keywords_add(&copy->keywords, g_ptr_array_index(entry->keywords, i));
	message_reference(copy->message);
	seen->entry = copy;
	seen->is_expunged = true;
}

static void free_ghost(struct imap_view_entry *seen)
{
	if (!seen->is_expunged)
		return;
	g_clear_pointer(&seen->entry->keywords, g_ptr_array_unref);
	message_free(seen->entry->message);
	g_free(seen->entry);
}

static void add_entry(struct imap_view *view, struct mailbox_entry *entry)
{
	struct imap_view_entry seen = { .uid = entry->uid, .entry = entry };

	seen.is_recent = (entry->flags & MAILBOX_RECENT) != 0;
	if (seen.is_recent && !view->is_read_only)
		mailbox_take_recent(entry);
	g_array_append_val(view->entries, seen);
}

/* What the mailbox tells. */

static void has_appended(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry)
{
	struct imap_view *view = owner;

	(void)mailbox;
	add_entry(view, entry);
	tell_news(view);
}

static void has_changed(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry)
{
	struct imap_view *view = owner;
	unsigned index = find(view, entry->uid);

	(void)mailbox;
	if (index == view->entries->len || entry_at(view, index)->entry != entry)
		return;
	entry_at(view, index)->is_changed = true;
	view->has_changed = true;
	tell_news(view);
}

static void has_expunged(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry,
			 unsigned index)
{
	struct imap_view *view = owner;

	index = find(view, entry->uid);
	if (index == view->entries->len || entry_at(view, index)->entry != entry)
		return;
	make_ghost(entry_at(view, index));
	if (!view->has_expunged)
		view->expunged_from = mailbox->modseq;
	view->has_expunged = true;
	tell_news(view);
}

static void is_gone(void *owner, struct mailbox *mailbox)
{
	struct imap_view *view = owner;

	(void)mailbox;
	for (unsigned i = 0; i < view->entries->len; i++)
		if (!entry_at(view, i)->is_expunged)
			make_ghost(entry_at(view, i));
	view->mailbox = NULL;
	view->was_deleted = true;
	tell_news(view);
}

void imap_view_open(struct imap_view *view, struct mailbox *mailbox, bool read_only)
{
	unsigned count = mailbox->entries->len;

	view->mailbox = mailbox;
	view->is_read_only = read_only;
	view->settable = IMAP_FLAGS_SETTABLE;
	view->keeps_keywords = true;
	view->entries =
	    g_array_sized_new(FALSE, FALSE, sizeof(struct imap_view_entry), MAX(count, 1));
	for (unsigned i = 0; i < count; i++) {
		struct mailbox_entry *entry = g_ptr_array_index(mailbox->entries, i);

		add_entry(view, entry);
		imap_view_learn_keywords(view, entry->keywords);
	}
	view->told_exists = count;
	view->told_recent = imap_view_recent(view);
	view->watcher = (struct mailbox_watcher) {
		.owner = view,
		.appended = has_appended,
		.changed = has_changed,
		.expunged = has_expunged,
		.gone = is_gone,
	};
	mailbox_watch(mailbox, &view->watcher);
}

void imap_view_close(struct imap_view *view)
{
	if (!imap_view_is_open(view))
		return;
	if (view->mailbox != NULL)
		mailbox_unwatch(view->mailbox, &view->watcher);
	for (unsigned i = 0; i < view->entries->len; i++)
		free_ghost(entry_at(view, i));
	g_array_unref(view->entries);
	g_clear_pointer(&view->keywords, g_ptr_array_unref);
	*view = (struct imap_view) { .news = view->news, .owner = view->owner };
}

uint32_t imap_view_count(const struct imap_view *view)
{
	return view->told_exists;
}

uint32_t imap_view_recent(const struct imap_view *view)
{
	uint32_t recent = 0;

	for (unsigned i = 0; i < view->entries->len; i++)
		recent += entry_at(view, i)->is_recent;
	return recent;
}

struct imap_view_entry *imap_view_at(const struct imap_view *view, uint32_t number)
{
	g_assert(number >= 1 && number <= view->told_exists);
	return entry_at(view, number - 1);
}

uint32_t imap_view_number_of(const struct imap_view *view, uint32_t uid)
{
	return MIN(find(view, uid), view->told_exists) + 1;
}

uint32_t imap_view_first_unseen(const struct imap_view *view)
{
	for (unsigned i = 0; i < view->entries->len; i++)
		if ((entry_at(view, i)->entry->flags & MAILBOX_SEEN) == 0)
			return i + 1;
	return 0;
}

uint32_t imap_view_flags(const struct imap_view_entry *entry)
{
	uint32_t flags = entry->entry->flags & IMAP_FLAGS_SETTABLE;

	return entry->is_recent ? flags | MAILBOX_RECENT : flags;
}

void imap_view_print_flags(GString *out, const struct imap_view *view,
			   const struct imap_view_entry *entry)
{
	uint32_t flags = imap_view_flags(entry);

	if (view->hides_recent)
		flags &= ~(uint32_t)MAILBOX_RECENT;
	g_string_append(out, "FLAGS (");
	imap_flags_print(out, flags, entry->entry->keywords);
	g_string_append_c(out, ')');
}

void imap_view_print_changed(GString *out, struct imap_view *view, uint32_t number, bool with_uid,
			     bool with_flags)
{
	struct imap_view_entry *seen = entry_at(view, number - 1);

	g_string_append_printf(out, "* %u FETCH (", number);
	if (with_uid || view->shows_modseq)
		g_string_append_printf(out, "UID %u ", seen->uid);
	if (with_flags) {
		imap_view_print_flags(out, view, seen);
		seen->is_changed = false;
	}
	if (view->shows_modseq)
		g_string_append_printf(out, "%sMODSEQ (%" G_GUINT64_FORMAT ")",
				       with_flags ? " " : "", seen->entry->modseq);
	g_string_append(out, ")\r\n");
}

/* What the user may change (RFC 4314 section 5.1); `known` has all flags of the mailbox. */
static void print_permitted(GString *out, const struct imap_view *view, const GString *known)
{
	GString *flags = g_string_new(NULL);

	if (view->settable == IMAP_FLAGS_SETTABLE && view->keeps_keywords)
		g_string_append(flags, known->str);
	else
		imap_flags_print(flags, view->settable,
				 view->keeps_keywords ? view->keywords : NULL);
	if (view->keeps_keywords)
		g_string_append(flags, " \\*");
	g_string_append_printf(out, "* OK [PERMANENTFLAGS (%s)] Flags permitted.\r\n", flags->str);
	g_string_free(flags, TRUE);
}

void imap_view_print_permanent(GString *out, const struct imap_view *view)
{
	GString *flags = g_string_new(NULL);

	imap_flags_print(flags, IMAP_FLAGS_SETTABLE, view->keywords);
	g_string_append_printf(out, "* FLAGS (%s)\r\n", flags->str);
	if (view->is_read_only)
		g_string_append(out, "* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n");
	else
		print_permitted(out, view, flags);
	g_string_free(flags, TRUE);
}

bool imap_view_learn_keywords(struct imap_view *view, const GPtrArray *keywords)
{
	bool is_new = false;

	for (unsigned i = 0; keywords != NULL && i < keywords->len; i++)
		if (imap_keywords_add(&view->keywords, g_ptr_array_index(keywords, i)))
			is_new = true;
	return is_new;
}

void imap_view_announce_keywords(GString *out, struct imap_view *view, const GPtrArray *keywords)
{
	if (imap_view_learn_keywords(view, keywords))
		imap_view_print_permanent(out, view);
}

bool imap_view_has_news(const struct imap_view *view)
{
	return imap_view_is_open(view) &&
	       (view->has_expunged || view->has_changed || view->was_deleted ||
		view->entries->len != view->told_exists);
}

/*
 * "* n EXPUNGE" for each message gone; those behind it move down as it is told. Or all of them at
 * once by their UIDs.
 */
static void sync_expunged(struct imap_view *view, GString *out)
{
	struct imap_sequence_set vanished = IMAP_SEQUENCE_INIT;
	uint32_t told = view->told_exists;
	unsigned kept = 0;

	for (unsigned i = 0; i < view->entries->len; i++) {
		struct imap_view_entry *seen = entry_at(view, i);

		if (!seen->is_expunged) {
			*entry_at(view, kept++) = *seen;
			continue;
		}
		if (i < told) { /* else it came and went untold */
			if (view->shows_vanished)
				imap_sequence_add(&vanished, seen->uid);
			else
				g_string_append_printf(out, "* %u EXPUNGE\r\n", kept + 1);
			view->told_exists--;
		}
		free_ghost(seen);
	}
	g_array_set_size(view->entries, kept);
	view->has_expunged = false;
	if (vanished.ranges != NULL) {
		g_string_append(out, "* VANISHED ");
		imap_sequence_print(&vanished, out);
		g_string_append(out, "\r\n");
	}
	imap_sequence_clear(&vanished);
}

static void sync_changed(struct imap_view *view, GString *out)
{
	GString *fetches = g_string_new(NULL);
	bool has_keywords = false;

	for (unsigned i = 0; i < view->entries->len; i++) {
		struct imap_view_entry *seen = entry_at(view, i);

		if (!seen->is_changed)
			continue;
		seen->is_changed = false;
		if (seen->is_expunged)
			continue;
		if (imap_view_learn_keywords(view, seen->entry->keywords))
			has_keywords = true;
		imap_view_print_changed(fetches, view, i + 1, view->hides_recent, true);
	}
	if (has_keywords)
		imap_view_print_permanent(out, view);
	g_string_append_len(out, fetches->str, (gssize)fetches->len);
	g_string_free(fetches, TRUE);
	view->has_changed = false;
}

void imap_view_sync(struct imap_view *view, bool may_expunge, GString *out)
{
	if (!imap_view_has_news(view))
		return;
	if (may_expunge && view->has_expunged && !view->was_deleted)
		sync_expunged(view, out);

	uint32_t exists = view->entries->len, recent = imap_view_recent(view);
	for (unsigned i = view->told_exists; i < exists; i++)
		imap_view_announce_keywords(out, view, entry_at(view, i)->entry->keywords);
	if (exists != view->told_exists)
		g_string_append_printf(out, "* %u EXISTS\r\n", exists);
	if (!view->hides_recent && (exists != view->told_exists || recent != view->told_recent))
		g_string_append_printf(out, "* %u RECENT\r\n", recent);
	view->told_exists = exists;
	view->told_recent = recent;
	if (view->has_changed)
		sync_changed(view, out);
}
