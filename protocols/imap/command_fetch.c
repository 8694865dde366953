/*
 * FETCH (RFC 3501 section 6.4.5). The answer is made piece by piece as the output has room: message by
 * message, item by item, and large literals in parts straight from the shared message.
 */
#include "protocols/imap/date.h"
#include "protocols/imap/envelope.h"
#include "protocols/imap/fetch.h"
#include "protocols/imap/structure.h"

#define PART_BYTES 16384 /* of a literal that is copied to the output at a time */

static void item_clear(void *data)
{
	imap_section_clear(&((struct imap_item *)data)->section);
}

void imap_fetch_free(struct imap_fetch *fetch)
{
	g_array_unref(fetch->items);
	imap_sequence_clear(&fetch->set);
	g_string_free(fetch->flags, TRUE);
	g_string_free(fetch->text, TRUE);
	g_clear_pointer(&fetch->literal, g_bytes_unref);
	g_free(fetch);
}

static struct imap_fetch *fetch_new(struct imap_session *session)
{
	struct imap_fetch *fetch = g_new0(struct imap_fetch, 1);

	fetch->session = session;
	fetch->items = g_array_new(FALSE, FALSE, sizeof(struct imap_item));
	g_array_set_clear_func(fetch->items, item_clear);
	fetch->flags = g_string_new(NULL);
	fetch->text = g_string_new(NULL);
	return fetch;
}

/* Printing. */

static void print_envelope(GString *out, const struct message *message)
{
	struct imap_envelope *envelope =
	    imap_envelope_of(message_header_section(message_bytes(message)));

	g_string_append(out, "ENVELOPE ");
	imap_envelope_print(out, envelope);
	imap_envelope_free(envelope);
}

static void print_date(GString *out, int64_t internal_date)
{
	char date[IMAP_DATE_TIME_BYTES];

	imap_date_time_print(internal_date, date);
	g_string_append_printf(out, "INTERNALDATE \"%s\"", date);
}

/* The part of `bytes` (taken) that the item wants. */
static GBytes *cut(GBytes *bytes, const struct imap_item *item)
{
	if (!item->is_partial)
		return bytes;

	size_t length = g_bytes_get_size(bytes);
	size_t from = MIN(item->partial_from, length);
	GBytes *part = g_bytes_new_from_bytes(bytes, from, MIN(item->partial_bytes, length - from));
	g_bytes_unref(bytes);
	return part;
}

/* "BODY[section]<from>", or what else the item is called. */
static void print_label(GString *out, const struct imap_item *item)
{
	static const char *const labels[] = {
		[ITEM_SECTION] = "BODY",
		[ITEM_BINARY] = "BINARY",
		[ITEM_BINARY_SIZE] = "BINARY.SIZE",
	};

	g_string_append(out, item->label != NULL ? item->label : labels[item->kind]);
	if (item->label == NULL)
		imap_section_print(out, &item->section);
	if (item->is_partial)
		g_string_append_printf(out, "<%u>", item->partial_from);
}

static bool has_nul(GBytes *bytes)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length);

	return length > 0 && memchr(data, '\0', length) != NULL;
}

/*
 * Announces `bytes` (taken; may be NULL) as a literal, which is sent by and by. What holds NUL takes a
 * literal8, and so does every piece of it (RFC 3516 section 4.2).
 */
static void begin_literal(struct imap_fetch *fetch, const struct imap_item *item, GBytes *bytes)
{
	GString *out = fetch->text;

	print_label(out, item);
	if (bytes == NULL) {
		g_string_append(out, " NIL");
		return;
	}
	bool is_binary = item->kind == ITEM_BINARY && has_nul(bytes);
	bytes = cut(bytes, item);
	if (g_bytes_get_size(bytes) == 0) {
		g_string_append(out, " \"\"");
		g_bytes_unref(bytes);
		return;
	}
	g_string_append_printf(out, " %s{%zu}\r\n", is_binary ? "~" : "", g_bytes_get_size(bytes));
	fetch->literal = bytes;
	fetch->literal_sent = 0;
}

static GBytes *decoded(struct imap_fetch *fetch, const struct imap_item *item,
		       struct message *message)
{
	bool is_known;
	GBytes *bytes = imap_section_decoded(&item->section, message, &is_known);

	fetch->has_unknown_encoding |= !is_known;
	return bytes;
}

static void print_binary_size(struct imap_fetch *fetch, const struct imap_item *item,
			      struct message *message)
{
	GBytes *bytes = decoded(fetch, item, message);

	print_label(fetch->text, item);
	g_string_append_printf(fetch->text, " %zu", bytes != NULL ? g_bytes_get_size(bytes) : 0);
	if (bytes != NULL)
		g_bytes_unref(bytes);
}

/* FLAGS, unasked: once, in front of all but the UID. */
static void show_flags(struct imap_fetch *fetch)
{
	g_string_append(fetch->text, fetch->flags->str);
	fetch->shows_flags = false;
}

static void begin_item(struct imap_fetch *fetch, const struct imap_item *item,
		       const struct imap_view_entry *seen)
{
	struct message *message = seen->entry->message;
	GString *out = fetch->text;

	switch (item->kind) {
	case ITEM_FLAGS:
		g_string_append(out, fetch->flags->str);
		break;
	case ITEM_UID:
		g_string_append_printf(out, "UID %u", seen->uid);
		if (fetch->shows_flags) {
			g_string_append_c(out, ' ');
			show_flags(fetch);
		}
		break;
	case ITEM_MODSEQ:
		g_string_append_printf(out, "MODSEQ (%" G_GUINT64_FORMAT ")", fetch->modseq);
		break;
	case ITEM_INTERNALDATE:
		print_date(out, seen->entry->internal_date);
		break;
	case ITEM_SIZE:
		g_string_append_printf(out, "RFC822.SIZE %zu", message_bytes(message).length);
		break;
	case ITEM_ENVELOPE:
		print_envelope(out, message);
		break;
	case ITEM_BODY:
	case ITEM_BODYSTRUCTURE:
		g_string_append(out, item->kind == ITEM_BODY ? "BODY " : "BODYSTRUCTURE ");
		imap_structure_print(out, message, message_structure(message),
				     item->kind == ITEM_BODYSTRUCTURE);
		break;
	case ITEM_SECTION:
		begin_literal(fetch, item, imap_section_of(&item->section, message));
		break;
	case ITEM_BINARY:
		begin_literal(fetch, item, decoded(fetch, item, message));
		break;
	case ITEM_BINARY_SIZE:
		print_binary_size(fetch, item, message);
		break;
	}
}

/* Going on. */

/* Reading a message's text makes it \Seen, unless the mailbox is open to read only. */
static void mark_seen(struct imap_session *session, struct imap_view_entry *seen)
{
	struct mailbox_entry *entry = seen->entry;

	if (session->view.is_read_only || seen->is_expunged || entry->flags & MAILBOX_SEEN ||
	    !(session->view.settable & MAILBOX_SEEN))
		return;
	mailbox_set_flags(session->view.mailbox, entry, entry->flags | MAILBOX_SEEN,
			  entry->keywords, &session->view.watcher);
	session->fetch->shows_flags = !session->fetch->has_flags;
}

static void send_text(struct imap_session *session, uint64_t root)
{
	GString *text = session->fetch->text;

	imap_send(session, (struct bytes) { (const uint8_t *)text->str, text->len }, root);
	g_string_truncate(text, 0);
}

static bool begins_with_uid(const struct imap_fetch *fetch)
{
	return g_array_index(fetch->items, struct imap_item, 0).kind == ITEM_UID;
}

/*
 * Notes the flags as they are told of this message, and announces its keywords. Another session may change
 * them while a literal in front of them leaves: that is told afterwards.
 */
static void note_flags(struct imap_session *session, struct imap_view_entry *seen)
{
	struct imap_fetch *fetch = session->fetch;

	fetch->modseq = seen->entry->modseq;
	if (!fetch->has_flags && !fetch->shows_flags)
		return;
	imap_view_announce_keywords(fetch->text, &session->view, seen->entry->keywords);
	g_string_truncate(fetch->flags, 0);
	imap_view_print_flags(fetch->flags, &session->view, seen);
	if (fetch->has_flags)
		seen->is_changed = false; /* this tells it */
}

/* Begins the next message; false when there is none left. */
static bool begin_message(struct imap_session *session)
{
	struct imap_fetch *fetch = session->fetch;

	do
		fetch->number = imap_next_message(session, &fetch->set, fetch->number);
	while (fetch->number != 0 &&
	       imap_view_at(&session->view, fetch->number)->entry->modseq <= fetch->changed_since);
	if (fetch->number == 0)
		return false;

	struct imap_view_entry *seen = imap_view_at(&session->view, fetch->number);
	fetch->item_index = 0;
	fetch->shows_flags = false;
	if (fetch->marks_seen)
		mark_seen(session, seen);
	note_flags(session, seen);
	g_string_append_printf(fetch->text, "* %u FETCH (", fetch->number);
	if (fetch->shows_flags && !begins_with_uid(fetch)) {
		show_flags(fetch);
		g_string_append_c(fetch->text, ' ');
	}
	return true;
}

static void send_part(struct imap_session *session, uint64_t root)
{
	struct imap_fetch *fetch = session->fetch;
	gsize length;
	const uint8_t *data = g_bytes_get_data(fetch->literal, &length);
	struct bytes rest = { data + fetch->literal_sent, length - fetch->literal_sent };
	struct bytes part = bytes_first(rest, PART_BYTES);

	imap_send(session, part, root);
	fetch->literal_sent += part.length;
	if (fetch->literal_sent == length)
		g_clear_pointer(&fetch->literal, g_bytes_unref);
}

/* Makes one item, sends one part, or ends the message. False when all is done. */
static bool step(struct imap_session *session)
{
	struct imap_fetch *fetch = session->fetch;

	if (fetch->number == 0 && !begin_message(session))
		return false;
	struct imap_view_entry *seen = imap_view_at(&session->view, fetch->number);
	uint64_t root = seen->entry->message->root;

	if (fetch->literal != NULL) {
		send_part(session, root);
	} else if (fetch->item_index < fetch->items->len) {
		if (fetch->item_index > 0)
			g_string_append_c(fetch->text, ' ');
		begin_item(fetch,
			   &g_array_index(fetch->items, struct imap_item, fetch->item_index++),
			   seen);
		if (fetch->literal != NULL)
			send_text(session, root);
	} else {
		g_string_append(fetch->text, ")\r\n");
		send_text(session, root);
		return begin_message(session);
	}
	return true;
}

static bool has_room(const struct imap_session *session)
{
	const GByteArray *output = session->base.output;

	return output == NULL || output->len < SESSION_OUTPUT_LOW;
}

void imap_fetch_continue(struct imap_session *session)
{
	while (has_room(session)) {
		if (step(session))
			continue;
		bool is_known = !session->fetch->has_unknown_encoding;

		g_clear_pointer(&session->fetch, imap_fetch_free);
		session->base.is_busy = false;
		if (is_known)
			imap_ok(session, "Fetch completed.");
		else
			imap_no(session, "[UNKNOWN-CTE] Unknown transfer encoding.");
		return;
	}
}

static bool reads_messages(const struct imap_fetch *fetch)
{
	for (unsigned i = 0; i < fetch->items->len; i++) {
		const struct imap_item *item = &g_array_index(fetch->items, struct imap_item, i);

		if ((item->kind == ITEM_SECTION || item->kind == ITEM_BINARY) &&
		    (item->section.text == IMAP_SECTION_ALL ||
		     item->section.text == IMAP_SECTION_TEXT))
			return true;
	}
	return false;
}

/* fetch = "FETCH" SP sequence-set SP items [fetch-modifiers] */
void imap_run_fetch(struct imap_session *session, struct imap_parser *parser)
{
	struct imap_fetch *fetch = fetch_new(session);

	if (!imap_parse_fetch(parser, fetch)) {
		imap_fetch_free(fetch);
		imap_bad_arguments(session, parser);
		return;
	}
	if (fetch->wants_vanished) {
		imap_print_vanished(fetch->text, session->view.mailbox, fetch->changed_since,
				    &fetch->set);
		imap_sendf(session, "%s", fetch->text->str);
		g_string_truncate(fetch->text, 0);
	}
	if (reads_messages(fetch))
		imap_enter_phase(session, PHASE_RETRIEVE);
	session->fetch = fetch;
	session->base.is_busy = true;
	imap_fetch_continue(session);
}
