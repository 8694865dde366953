/* The items and modifiers of FETCH (RFC 3501 section 6.4.5, RFC 3516, RFC 7162). */
#include "protocols/imap/fetch.h"

#define ITEMS_MAX 256

static void add_item(struct imap_fetch *fetch, const struct imap_item *item)
{
	g_array_append_val(fetch->items, *item);
	fetch->has_flags |= item->kind == ITEM_FLAGS;
	fetch->marks_seen |= item->marks_seen;
}

static void add_kind(struct imap_fetch *fetch, enum imap_item_kind kind)
{
	add_item(fetch, &(struct imap_item) { .kind = kind });
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

/* "<" number "." nz-number ">"; of BINARY a number alone means all that follows. */
static bool parse_partial(struct imap_parser *parser, struct imap_item *item)
{
	if (!imap_skip(parser, '<'))
		return true;
	item->is_partial = true;
	if (!imap_parse_number(parser, &item->partial_from))
		return false;
	if (item->kind == ITEM_BINARY && imap_skip(parser, '>')) {
		item->partial_bytes = UINT32_MAX;
		return true;
	}
	if (!imap_parse_char(parser, '.') || !imap_parse_number(parser, &item->partial_bytes) ||
	    !imap_parse_char(parser, '>'))
		return false;
	return item->partial_bytes > 0 || imap_parser_fail(parser, "Invalid BODY[] range");
}

/* A name that a section stands behind. */
static const struct {
	const char *name;
	enum imap_item_kind kind;
	bool marks_seen;
} section_items[] = {
	{"BODY",         ITEM_SECTION,     true },
	{ "BODY.PEEK",   ITEM_SECTION,     false},
	{ "BINARY",      ITEM_BINARY,      true },
	{ "BINARY.PEEK", ITEM_BINARY,      false},
	{ "BINARY.SIZE", ITEM_BINARY_SIZE, false},
};

/*
 * ("BODY" / "BODY.PEEK" / "BINARY" / "BINARY.PEEK") section ["<" number "." nz-number ">"] /
 * "BINARY.SIZE" section
 */
static bool parse_section_item(struct imap_parser *parser, struct imap_fetch *fetch,
			       struct bytes name)
{
	struct imap_item item = { 0 };
	size_t i = 0;

	while (i < G_N_ELEMENTS(section_items) && !imap_is(name, section_items[i].name))
		i++;
	if (i == G_N_ELEMENTS(section_items))
		return imap_parser_fail(parser, "Unknown parameter");
	item.kind = section_items[i].kind;
	item.marks_seen = section_items[i].marks_seen;
	if (item.kind != ITEM_SECTION && !imap_offers(fetch->session, IMAP_CAN_BINARY))
		return imap_parser_fail(parser, "Unknown parameter");

	bool is_read = imap_parse_section(parser, &item.section) &&
		       (item.kind == ITEM_BINARY_SIZE || parse_partial(parser, &item));
	if (is_read)
		add_item(fetch, &item);
	else
		imap_section_clear(&item.section);
	return is_read;
}

static const struct {
	const char *name;
	struct imap_item item;
} named_items[] = {
	{"FLAGS",          { .kind = ITEM_FLAGS }                                         },
	{ "MODSEQ",        { .kind = ITEM_MODSEQ }                                        },
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
	if (imap_peek(parser) == '[')
		return parse_section_item(parser, fetch, name);
	for (size_t i = 0; i < G_N_ELEMENTS(named_items); i++) {
		if (!imap_is(name, named_items[i].name))
			continue;
		if (named_items[i].item.kind == ITEM_MODSEQ) {
			if (!imap_offers(fetch->session, IMAP_CAN_CONDSTORE))
				break;
			imap_enable_condstore(fetch->session);
		}
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

bool imap_fetch_wants(const struct imap_fetch *fetch, enum imap_item_kind kind)
{
	for (unsigned i = 0; i < fetch->items->len; i++)
		if (g_array_index(fetch->items, struct imap_item, i).kind == kind)
			return true;
	return false;
}

/* fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED" (RFC 7162 section 7) */
static bool take_modifier(void *owner, struct imap_parser *parser, struct bytes name)
{
	struct imap_fetch *fetch = owner;

	if (imap_is(name, "VANISHED") && fetch->session->is_uid &&
	    imap_has_enabled(fetch->session, IMAP_CAN_QRESYNC)) {
		fetch->wants_vanished = true;
		return true;
	}
	if (!imap_is(name, "CHANGEDSINCE") || !imap_parse_space(parser) ||
	    !imap_parse_number64(parser, &fetch->changed_since) || fetch->changed_since == 0)
		return false;
	imap_enable_condstore(fetch->session);
	return true;
}

/* [SP "(" fetch-modifier *(SP fetch-modifier) ")"] */
static bool parse_modifiers(struct imap_parser *parser, struct imap_fetch *fetch)
{
	if (!imap_offers(fetch->session, IMAP_CAN_CONDSTORE) || !imap_skip(parser, ' '))
		return true;
	if (!imap_parse_options(parser, take_modifier, fetch))
		return false;
	return !fetch->wants_vanished || fetch->changed_since != 0 ||
	       imap_parser_fail(parser, "VANISHED without CHANGEDSINCE");
}

/*
 * What answers hold unasked: UID FETCH the UID (RFC 3501 section 6.4.8), CHANGEDSINCE the
 * modification sequence, and so do changes of flags once the client knows these (RFC 7162).
 */
static void complete_items(struct imap_fetch *fetch)
{
	bool tells_change = fetch->marks_seen && fetch->session->view.shows_modseq;
	struct imap_item uid = { .kind = ITEM_UID };

	if ((fetch->session->is_uid || tells_change) && !imap_fetch_wants(fetch, ITEM_UID))
		g_array_prepend_val(fetch->items, uid);
	if ((fetch->changed_since != 0 || tells_change) && !imap_fetch_wants(fetch, ITEM_MODSEQ))
		add_kind(fetch, ITEM_MODSEQ);
}

bool imap_parse_fetch(struct imap_parser *parser, struct imap_fetch *fetch)
{
	if (!imap_parse_messages(fetch->session, parser, &fetch->set) ||
	    !parse_items(parser, fetch) || !parse_modifiers(parser, fetch) ||
	    !imap_parse_end(parser))
		return false;
	complete_items(fetch);
	return true;
}
