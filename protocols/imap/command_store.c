/* STORE (RFC 3501 section 6.4.6), with UNCHANGEDSINCE (RFC 7162 section 3.1.3). */
#include "protocols/imap/command.h"
#include "protocols/imap/flags.h"

struct store {
	struct imap_session *session;
	struct imap_sequence_set set;
	bool is_conditional;
	uint64_t unchanged_since;
	enum { REPLACE, ADD, REMOVE } mode;
	bool is_silent;
	struct imap_flags flags;
};

/* "UNCHANGEDSINCE" SP mod-sequence-valzer */
static bool take_modifier(void *owner, struct imap_parser *parser, struct bytes name)
{
	struct store *store = owner;

	if (!imap_is(name, "UNCHANGEDSINCE") || !imap_parse_space(parser) ||
	    !imap_parse_number64(parser, &store->unchanged_since))
		return false;
	store->is_conditional = true;
	imap_enable_condstore(store->session);
	return true;
}

/* [SP "(" store-modifier *(SP store-modifier) ")"] SP */
static bool parse_modifiers(struct imap_parser *parser, struct store *store)
{
	if (!imap_parse_space(parser))
		return false;
	if (imap_peek(parser) != '(' || !imap_offers(store->session, IMAP_CAN_CONDSTORE))
		return true;
	return imap_parse_options(parser, take_modifier, store) && imap_parse_space(parser);
}

/* store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) */
static bool parse_store(struct imap_session *session, struct imap_parser *parser,
			struct store *store)
{
	if (!imap_parse_messages(session, parser, &store->set) || !parse_modifiers(parser, store))
		return false;
	store->mode = imap_skip(parser, '+') ? ADD : imap_skip(parser, '-') ? REMOVE : REPLACE;
	store->is_silent = imap_skip_word(parser, "FLAGS.SILENT");
	if (!store->is_silent && !imap_skip_word(parser, "FLAGS"))
		return imap_parser_fail(parser, "Invalid arguments");
	return imap_parse_space(parser) && imap_parse_flags(parser, true, false, &store->flags) &&
	       imap_parse_end(parser);
}

/* Of the flags only those change that the user may change (RFC 4314 section 4). */
static uint32_t changed_flags(const struct store *store, uint32_t flags)
{
	uint32_t given = store->flags.flags & store->session->view.settable;

	switch (store->mode) {
	case ADD:
		return flags | given;
	case REMOVE:
		return flags & ~given;
	default:
		return (flags & ~store->session->view.settable) | given;
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

static void change_ghost(struct imap_view *view, struct mailbox_entry *entry, uint32_t flags)
{
	if (flags != entry->flags && view->mailbox != NULL)
		entry->modseq = mailbox_next_modseq(view->mailbox);
	entry->flags = flags;
}

/* Changes one message; false when it would have too many keywords. */
static bool change(const struct store *store, struct imap_view_entry *seen)
{
	struct imap_view *view = &store->session->view;
	struct mailbox_entry *entry = seen->entry;
	uint32_t flags = changed_flags(store, entry->flags);
	GPtrArray *keywords = changed_keywords(store, entry);
	bool is_possible = !has_too_many(keywords);
	bool keeps_keywords = !view->keeps_keywords || same_keywords(keywords, entry->keywords);

	if (seen->is_expunged) /* a copy of what it was: no one else sees it */
		change_ghost(view, entry, flags);
	else if (is_possible && (flags != entry->flags || !keeps_keywords))
		mailbox_set_flags(view->mailbox, entry, flags,
				  keeps_keywords ? entry->keywords : keywords, &view->watcher);
	if (keywords != NULL)
		g_ptr_array_unref(keywords);
	return is_possible;
}

/* What became of the messages. */
struct outcome {
	unsigned gone, refused;
	struct imap_sequence_set modified; /* numbers or UIDs: they had changed since */
};

/* .SILENT keeps flags silent, but not the modification sequence (RFC 7162 section 3.1.3). */
static void store_one(const struct store *store, uint32_t number, struct outcome *outcome,
		      GString *text)
{
	struct imap_session *session = store->session;
	struct imap_view_entry *seen = imap_view_at(&session->view, number);

	outcome->gone += seen->is_expunged;
	if (store->is_conditional && seen->entry->modseq > store->unchanged_since) {
		imap_sequence_add(&outcome->modified, session->is_uid ? seen->uid : number);
		return;
	}
	outcome->refused += !change(store, seen);
	if (!store->is_silent)
		imap_view_announce_keywords(text, &session->view, seen->entry->keywords);
	if (!store->is_silent || session->view.shows_modseq)
		imap_view_print_changed(text, &session->view, number, session->is_uid,
					!store->is_silent);
}

static void reply(struct imap_session *session, const struct outcome *outcome)
{
	GString *modified = g_string_new(NULL);

	if (outcome->modified.ranges != NULL) {
		g_string_append(modified, "[MODIFIED ");
		imap_sequence_print(&outcome->modified, modified);
		g_string_append(modified, "] ");
	}
	if (outcome->refused > 0)
		imap_no(session, "[LIMIT] Too many keywords.");
	else if (modified->len > 0)
		imap_ok(session, "%sConditional store failed.", modified->str);
	else if (outcome->gone > 0) /* RFC 5530, RFC 2180 section 4.2 */
		imap_ok(session, "[EXPUNGEISSUED] Store completed.");
	else
		imap_ok(session, "Store completed.");
	g_string_free(modified, TRUE);
}

static void store_all(const struct store *store)
{
	struct imap_session *session = store->session;
	struct outcome outcome = { .modified = IMAP_SEQUENCE_INIT };
	GString *text = g_string_new(NULL);

	imap_view_announce_keywords(text, &session->view, store->flags.keywords);
	for (uint32_t number = 0; (number = imap_next_message(session, &store->set, number)) != 0;)
		store_one(store, number, &outcome, text);
	imap_send_string(session, text);
	reply(session, &outcome);
	imap_sequence_clear(&outcome.modified);
}

/* True when the user may change none of what the command is about. */
static bool is_forbidden(const struct store *store)
{
	const struct imap_view *view = &store->session->view;
	uint32_t flags = store->flags.flags;

	if (flags == 0 && store->flags.keywords == NULL)
		return view->settable == 0;
	return (flags & view->settable) == 0 &&
	       (store->flags.keywords == NULL || !view->keeps_keywords);
}

/*
 * store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
 */
void imap_run_store(struct imap_session *session, struct imap_parser *parser)
{
	struct store store = { .session = session, .set = IMAP_SEQUENCE_INIT };

	if (!parse_store(session, parser, &store))
		imap_bad_arguments(session, parser);
	else if (session->view.is_examined)
		imap_no(session, "[CANNOT] Mailbox is read-only.");
	else if (session->view.is_read_only || is_forbidden(&store))
		imap_no(session, "[NOPERM] Permission denied.");
	else
		store_all(&store);
	imap_sequence_clear(&store.set);
	imap_flags_clear(&store.flags);
}
