/* STORE (RFC 3501 section 6.4.6). */
#include "protocols/imap/command.h"
#include "protocols/imap/flags.h"

struct store {
	struct imap_sequence_set set;
	enum { REPLACE, ADD, REMOVE } mode;
	bool is_silent;
	struct imap_flags flags;
};

/* store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) */
static bool parse_store(struct imap_session *session, struct imap_parser *parser,
			struct store *store)
{
	if (!imap_parse_messages(session, parser, &store->set) || !imap_parse_space(parser))
		return false;
	store->mode = imap_skip(parser, '+') ? ADD : imap_skip(parser, '-') ? REMOVE : REPLACE;
	store->is_silent = imap_skip_word(parser, "FLAGS.SILENT");
	if (!store->is_silent && !imap_skip_word(parser, "FLAGS"))
		return imap_parser_fail(parser, "Invalid arguments");
	return imap_parse_space(parser) && imap_parse_flags(parser, true, false, &store->flags) &&
	       imap_parse_end(parser);
}

static uint32_t changed_flags(const struct store *store, uint32_t flags)
{
	switch (store->mode) {
	case ADD:
		return flags | store->flags.flags;
	case REMOVE:
		return flags & ~store->flags.flags;
	default:
		return (flags & ~(uint32_t)IMAP_FLAGS_SETTABLE) | store->flags.flags;
	}
}

/* The keywords `entry` shall have; the caller frees them; NULL: none. */
static GPtrArray *changed_keywords(const struct store *store, const struct mailbox_entry *entry)
{
	const GPtrArray *given = store->flags.keywords;
	GPtrArray *keywords = NULL;

	for (unsigned i = 0;
	     store->mode != REPLACE && entry->keywords != NULL && i < entry->keywords->len; i++) {
		const char *keyword = g_ptr_array_index(entry->keywords, i);

		if (store->mode == ADD || imap_keywords_find(given, keyword) < 0)
			imap_keywords_add(&keywords, keyword);
	}
	for (unsigned i = 0; store->mode != REMOVE && given != NULL && i < given->len; i++)
		imap_keywords_add(&keywords, g_ptr_array_index(given, i));
	return keywords;
}

static bool has_too_many(const GPtrArray *keywords)
{
	return keywords != NULL && keywords->len > IMAP_KEYWORDS_MAX;
}

static bool same_keywords(const GPtrArray *a, const GPtrArray *b)
{
	unsigned a_count = a != NULL ? a->len : 0, b_count = b != NULL ? b->len : 0;

	for (unsigned i = 0; a_count == b_count && i < a_count; i++)
		if (imap_keywords_find(b, g_ptr_array_index(a, i)) < 0)
			return false;
	return a_count == b_count;
}

/* Changes one message; false when it would have too many keywords. */
static bool change(struct imap_session *session, const struct store *store,
		   struct imap_view_entry *seen)
{
	struct mailbox_entry *entry = seen->entry;
	uint32_t flags = changed_flags(store, entry->flags);
	GPtrArray *keywords = changed_keywords(store, entry);
	bool is_possible = !has_too_many(keywords);

	if (is_possible && (flags != entry->flags || !same_keywords(keywords, entry->keywords)))
		mailbox_set_flags(session->view.mailbox, entry, flags, keywords,
				  &session->view.watcher);
	if (keywords != NULL)
		g_ptr_array_unref(keywords);
	return is_possible;
}

static void print_flags(struct imap_session *session, GString *text, uint32_t number)
{
	struct imap_view_entry *seen = imap_view_at(&session->view, number);

	seen->is_changed = false; /* this tells it */
	g_string_append_printf(text, "* %u FETCH (", number);
	if (session->is_uid)
		g_string_append_printf(text, "UID %u ", seen->uid);
	imap_view_print_flags(text, seen);
	g_string_append(text, ")\r\n");
}

static void store_all(struct imap_session *session, const struct store *store)
{
	GString *text = g_string_new(NULL);
	unsigned gone = 0, refused = 0;

	if (imap_view_learn_keywords(&session->view, store->flags.keywords))
		imap_view_print_permanent(text, &session->view);
	for (uint32_t number = 0;
	     (number = imap_next_message(session, &store->set, number)) != 0;) {
		struct imap_view_entry *seen = imap_view_at(&session->view, number);

		if (seen->is_expunged) {
			gone++;
			continue;
		}
		refused += !change(session, store, seen);
		if (!store->is_silent)
			print_flags(session, text, number);
	}
	imap_send_string(session, text);
	if (refused > 0)
		imap_no(session, "[LIMIT] Too many keywords.");
	else if (gone > 0)
		imap_no(session, "[EXPUNGEISSUED] Some of the messages no longer exist.");
	else
		imap_ok(session, "Store completed.");
}

void imap_run_store(struct imap_session *session, struct imap_parser *parser)
{
	struct store store = { .set = IMAP_SEQUENCE_INIT };

	if (!parse_store(session, parser, &store))
		imap_bad_arguments(session, parser);
	else if (session->view.is_read_only)
		imap_no(session, "[CANNOT] Mailbox is read-only.");
	else
		store_all(session, &store);
	imap_sequence_clear(&store.set);
	imap_flags_clear(&store.flags);
}
