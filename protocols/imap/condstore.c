/* Modification sequences and what is gone (RFC 7162), as several commands tell them. */
#include "protocols/imap/command.h"

void imap_enable_condstore(struct imap_session *session)
{
	struct imap_view *view = &session->view;

	if (imap_has_enabled(session, IMAP_CAN_CONDSTORE))
		return;
	session->enabled |= imap_capability_bit(IMAP_CAN_CONDSTORE);
	view->shows_modseq = true;
	if (imap_view_is_open(view) && view->mailbox != NULL)
		imap_sendf(session, "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Highest\r\n",
			   view->mailbox->modseq);
}

void imap_print_safe_modseq(const struct imap_session *session, GString *out)
{
	const struct imap_view *view = &session->view;

	if (view->has_expunged && view->shows_vanished && view->mailbox != NULL)
		g_string_append_printf(out,
				       "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Highest\r\n",
				       view->expunged_from - 1);
}

/* RFC 7162 sections 3.2.7 and 3.2.9. */
void imap_ok_expunged(struct imap_session *session, bool has_expunged, const char *text)
{
	const struct mailbox *mailbox = session->view.mailbox;

	if (has_expunged && mailbox != NULL && imap_has_enabled(session, IMAP_CAN_QRESYNC))
		imap_ok(session, "[HIGHESTMODSEQ %" G_GUINT64_FORMAT "] %s", mailbox->modseq, text);
	else
		imap_ok(session, "%s", text);
}

/* What is remembered to have gone after `modseq`. */
static void add_remembered(const struct mailbox *mailbox, uint64_t modseq, GArray *ranges)
{
	for (unsigned i = mailbox->expunged->len; i-- > 0;) {
		const struct mailbox_expunged *expunged =
		    &g_array_index(mailbox->expunged, struct mailbox_expunged, i);
		struct imap_range range = { expunged->uid, expunged->uid };

		if (expunged->modseq <= modseq)
			break;
		g_array_append_val(ranges, range);
	}
}

/* All that is not there: what has gone with a modification sequence that is forgotten is among it. */
static void add_gaps(const struct mailbox *mailbox, GArray *ranges)
{
	struct imap_range gap = { 1, 0 };

	for (unsigned i = 0; i <= mailbox->entries->len; i++) {
		const struct mailbox_entry *entry =
		    i < mailbox->entries->len ? g_ptr_array_index(mailbox->entries, i) : NULL;

		gap.last = (entry != NULL ? entry->uid : mailbox->uid_next) - 1;
		if (gap.first <= gap.last)
			g_array_append_val(ranges, gap);
		gap.first = gap.last + 2;
	}
}

/* The part of `set` that is in `known` too. */
static void intersect(struct imap_sequence_set *set, const struct imap_sequence_set *known)
{
	GArray *both = g_array_new(FALSE, FALSE, sizeof(struct imap_range));

	for (unsigned i = 0, k = 0; i < set->ranges->len && k < known->ranges->len;) {
		struct imap_range a = g_array_index(set->ranges, struct imap_range, i);
		struct imap_range b = g_array_index(known->ranges, struct imap_range, k);

		if (known->has_star && k == known->ranges->len - 1)
			b.last = UINT32_MAX; /* "*" was the largest UID then */
		struct imap_range range = { MAX(a.first, b.first), MIN(a.last, b.last) };

		if (range.first <= range.last)
			g_array_append_val(both, range);
		if (a.last < b.last)
			i++;
		else
			k++;
	}
	g_array_unref(set->ranges);
	set->ranges = both;
}

void imap_print_vanished(GString *out, const struct mailbox *mailbox, uint64_t modseq,
			 const struct imap_sequence_set *known)
{
	struct imap_sequence_set gone = {
		.ranges = g_array_new(FALSE, FALSE, sizeof(struct imap_range)),
	};

	if (modseq < mailbox->forgotten)
		add_gaps(mailbox, gone.ranges);
	else
		add_remembered(mailbox, modseq, gone.ranges);
	imap_sequence_resolve(&gone, 0);
	if (known != NULL)
		intersect(&gone, known);
	if (gone.ranges->len > 0) {
		g_string_append(out, "* VANISHED (EARLIER) ");
		imap_sequence_print(&gone, out);
		g_string_append(out, "\r\n");
	}
	imap_sequence_clear(&gone);
}
