/*
 * FETCH (RFC 3501 section 6.4.5). The answer is made piece by piece as the output has room: message by
 * message, item by item, and large literals in parts straight from the shared message.
 */
#include "protocols/imap/command.h"
#include "protocols/imap/date.h"
#include "protocols/imap/envelope.h"
#include "protocols/imap/section.h"
#include "protocols/imap/structure.h"

#define ITEMS_MAX  256
#define PART_BYTES 16384 /* of a literal that is copied to the output at a time */

enum item_kind {
	ITEM_FLAGS,
	ITEM_UID,
	ITEM_INTERNALDATE,
	ITEM_SIZE,
	ITEM_ENVELOPE,
	ITEM_BODY,
	ITEM_BODYSTRUCTURE,
	ITEM_SECTION,
};

struct item {
	enum item_kind kind;
	bool marks_seen;
	const char *label; /* of an RFC822 item; NULL: BODY[section] */
	struct imap_section section;
	bool is_partial;
	uint32_t partial_from, partial_bytes;
};

struct imap_fetch {
	GArray *items; /* of struct item */
	struct imap_sequence_set set;
	bool has_flags, marks_seen; /* some item does */
	uint32_t number;            /* message being answered; 0: none yet */
	unsigned item_index;        /* next item of it */
	bool shows_flags;           /* \Seen was just set: FLAGS unasked */
	GString *text;              /* line in the making */
	GBytes *literal;            /* what follows `text`; NULL: none */
	size_t literal_sent;
};

static void item_clear(void *data)
{
	imap_section_clear(&((struct item *)data)->section);
}

void imap_fetch_free(struct imap_fetch *fetch)
{
	g_array_unref(fetch->items);
	imap_sequence_clear(&fetch->set);
	g_string_free(fetch->text, TRUE);
	g_clear_pointer(&fetch->literal, g_bytes_unref);
	g_free(fetch);
}

static struct imap_fetch *fetch_new(void)
{
	struct imap_fetch *fetch = g_new0(struct imap_fetch, 1);

	fetch->items = g_array_new(FALSE, FALSE, sizeof(struct item));
	g_array_set_clear_func(fetch->items, item_clear);
	fetch->text = g_string_new(NULL);
	return fetch;
}

/* Parsing. */

static void add_item(struct imap_fetch *fetch, const struct item *item)
{
	g_array_append_val(fetch->items, *item);
	fetch->has_flags |= item->kind == ITEM_FLAGS;
	fetch->marks_seen |= item->marks_seen;
}

static void add_kind(struct imap_fetch *fetch, enum item_kind kind)
{
	add_item(fetch, &(struct item) { .kind = kind });
}

/* "ALL" / "FULL" / "FAST": the macros stand alone. */
static bool parse_macro(struct imap_parser *parser, struct imap_fetch *fetch)
{
	bool is_full = imap_skip_word(parser, "FULL");
	bool is_all = is_full || imap_skip_word(parser, "ALL");

	if (!is_all && !imap_skip_word(parser, "FAST"))
		return false;
	add_kind(fetch, ITEM_FLAGS);
	add_kind(fetch, ITEM_INTERNALDATE);
	add_kind(fetch, ITEM_SIZE);
	if (is_all)
		add_kind(fetch, ITEM_ENVELOPE);
	if (is_full)
		add_kind(fetch, ITEM_BODY);
	return true;
}

/* The letters, digits and dots at the position: the name of an item. */
static struct bytes read_name(struct imap_parser *parser)
{
	size_t start = parser->position;

	while (g_ascii_isalnum(imap_peek(parser)) || imap_peek(parser) == '.')
		parser->position++;
	return (struct bytes) { parser->data + start, parser->position - start };
}

/* "<" number "." nz-number ">" */
static bool parse_partial(struct imap_parser *parser, struct item *item)
{
	if (!imap_skip(parser, '<'))
		return true;
	item->is_partial = true;
	if (!imap_parse_number(parser, &item->partial_from) || !imap_parse_char(parser, '.') ||
	    !imap_parse_number(parser, &item->partial_bytes) || !imap_parse_char(parser, '>'))
		return false;
	return item->partial_bytes > 0 || imap_parser_fail(parser, "Invalid BODY[] range");
}

/* "BODY" section ["<" number "." nz-number ">"] / "BODY.PEEK" section [...] */
static bool parse_body(struct imap_parser *parser, struct imap_fetch *fetch, bool is_peek)
{
	struct item item = { .kind = ITEM_SECTION, .marks_seen = !is_peek };
	bool is_read = imap_parse_section(parser, &item.section) && parse_partial(parser, &item);

	if (is_read)
		add_item(fetch, &item);
	else
		imap_section_clear(&item.section);
	return is_read;
}

static const struct {
	const char *name;
	struct item item;
} named_items[] = {
	{"FLAGS",          { .kind = ITEM_FLAGS }                                         },
	{ "UID",           { .kind = ITEM_UID }					   },
	{ "INTERNALDATE",  { .kind = ITEM_INTERNALDATE }                                  },
	{ "RFC822.SIZE",   { .kind = ITEM_SIZE }                                          },
	{ "ENVELOPE",      { .kind = ITEM_ENVELOPE }                                      },
	{ "BODY",          { .kind = ITEM_BODY }					  },
	{ "BODYSTRUCTURE", { .kind = ITEM_BODYSTRUCTURE }                                 },
	{ "RFC822",        { .kind = ITEM_SECTION, .marks_seen = true, .label = "RFC822" }},
	{ "RFC822.HEADER",
         { .kind = ITEM_SECTION,
	    .label = "RFC822.HEADER",
	    .section = { .text = IMAP_SECTION_HEADER } }                                  },
	{ "RFC822.TEXT",
         { .kind = ITEM_SECTION,
	    .marks_seen = true,
	    .label = "RFC822.TEXT",
	    .section = { .text = IMAP_SECTION_TEXT } }                                    },
};

/*
 * fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] /
 *             "BODY" ["STRUCTURE"] / "UID" / "BODY" section [...] / "BODY.PEEK" section [...]
 */
static bool parse_item(struct imap_parser *parser, struct imap_fetch *fetch)
{
	struct bytes name = read_name(parser);

	if (fetch->items->len >= ITEMS_MAX)
		return imap_parser_fail(parser, "Too many items");
	if (imap_peek(parser) == '[') {
		if (imap_is(name, "BODY") || imap_is(name, "BODY.PEEK"))
			return parse_body(parser, fetch, name.length > strlen("BODY"));
		return imap_parser_fail(parser, "Unknown parameter");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(named_items); i++) {
		if (!imap_is(name, named_items[i].name))
			continue;
		add_item(fetch, &named_items[i].item);
		return true;
	}
	return imap_parser_fail(parser, "Unknown parameter");
}

/* SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") */
static bool parse_items(struct imap_parser *parser, struct imap_fetch *fetch)
{
	if (!imap_parse_space(parser))
		return false;
	if (parse_macro(parser, fetch))
		return true;
	if (!imap_skip(parser, '('))
		return parse_item(parser, fetch);
	do {
		if (!parse_item(parser, fetch))
			return false;
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

/* A response to UID FETCH always names the UID (RFC 3501 section 6.4.8). */
static void want_uid(struct imap_fetch *fetch)
{
	struct item item = { .kind = ITEM_UID };

	for (unsigned i = 0; i < fetch->items->len; i++)
		if (g_array_index(fetch->items, struct item, i).kind == ITEM_UID)
			return;
	g_array_prepend_val(fetch->items, item);
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
static GBytes *cut(GBytes *bytes, const struct item *item)
{
	if (!item->is_partial)
		return bytes;

	size_t length = g_bytes_get_size(bytes);
	size_t from = MIN(item->partial_from, length);
	GBytes *part = g_bytes_new_from_bytes(bytes, from, MIN(item->partial_bytes, length - from));
	g_bytes_unref(bytes);
	return part;
}

/* Announces the section as a literal, which is sent by and by. */
static void begin_section(struct imap_fetch *fetch, const struct item *item,
			  struct message *message)
{
	GBytes *bytes = imap_section_of(&item->section, message);
	GString *out = fetch->text;

	g_string_append(out, item->label != NULL ? item->label : "BODY");
	if (item->label == NULL)
		imap_section_print(out, &item->section);
	if (item->is_partial)
		g_string_append_printf(out, "<%u>", item->partial_from);
	if (bytes == NULL) {
		g_string_append(out, " NIL");
		return;
	}
	bytes = cut(bytes, item);
	if (g_bytes_get_size(bytes) == 0) {
		g_string_append(out, " \"\"");
		g_bytes_unref(bytes);
		return;
	}
	g_string_append_printf(out, " {%zu}\r\n", g_bytes_get_size(bytes));
	fetch->literal = bytes;
	fetch->literal_sent = 0;
}

/* FLAGS, unasked: once, in front of all but the UID. */
static void show_flags(struct imap_fetch *fetch, const struct imap_view_entry *seen)
{
	imap_view_print_flags(fetch->text, seen);
	fetch->shows_flags = false;
}

static void begin_item(struct imap_fetch *fetch, const struct item *item,
		       struct imap_view_entry *seen)
{
	struct message *message = seen->entry->message;
	GString *out = fetch->text;

	switch (item->kind) {
	case ITEM_FLAGS:
		imap_view_print_flags(out, seen);
		seen->is_changed = false; /* this tells it */
		break;
	case ITEM_UID:
		g_string_append_printf(out, "UID %u", seen->uid);
		if (fetch->shows_flags) {
			g_string_append_c(out, ' ');
			show_flags(fetch, seen);
		}
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
		begin_section(fetch, item, message);
		break;
	}
}

/* Going on. */

/* Reading a message's text makes it \Seen, unless the mailbox is open to read only. */
static void mark_seen(struct imap_session *session, struct imap_view_entry *seen)
{
	struct mailbox_entry *entry = seen->entry;

	if (session->view.is_read_only || seen->is_expunged || entry->flags & MAILBOX_SEEN)
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
	return g_array_index(fetch->items, struct item, 0).kind == ITEM_UID;
}

/* Begins the next message; false when there is none left. */
static bool begin_message(struct imap_session *session)
{
	struct imap_fetch *fetch = session->fetch;

	fetch->number = imap_next_message(session, &fetch->set, fetch->number);
	if (fetch->number == 0)
		return false;

	struct imap_view_entry *seen = imap_view_at(&session->view, fetch->number);
	fetch->item_index = 0;
	fetch->shows_flags = false;
	if (fetch->marks_seen)
		mark_seen(session, seen);
	g_string_append_printf(fetch->text, "* %u FETCH (", fetch->number);
	if (fetch->shows_flags && !begins_with_uid(fetch)) {
		show_flags(fetch, seen);
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
		begin_item(fetch, &g_array_index(fetch->items, struct item, fetch->item_index++),
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
		g_clear_pointer(&session->fetch, imap_fetch_free);
		session->base.is_busy = false;
		imap_ok(session, "Fetch completed.");
		return;
	}
}

static bool reads_messages(const struct imap_fetch *fetch)
{
	for (unsigned i = 0; i < fetch->items->len; i++) {
		const struct item *item = &g_array_index(fetch->items, struct item, i);

		if (item->kind == ITEM_SECTION && (item->section.text == IMAP_SECTION_ALL ||
						   item->section.text == IMAP_SECTION_TEXT))
			return true;
	}
	return false;
}

/* fetch = "FETCH" SP sequence-set SP items */
void imap_run_fetch(struct imap_session *session, struct imap_parser *parser)
{
	struct imap_fetch *fetch = fetch_new();

	if (!imap_parse_messages(session, parser, &fetch->set) || !parse_items(parser, fetch) ||
	    !imap_parse_end(parser)) {
		imap_fetch_free(fetch);
		imap_bad_arguments(session, parser);
		return;
	}
	if (session->is_uid)
		want_uid(fetch);
	if (reads_messages(fetch))
		imap_enter_phase(session, PHASE_RETRIEVE);
	session->fetch = fetch;
	session->base.is_busy = true;
	imap_fetch_continue(session);
}
