#include "protocols/imap/search.h"
#include "protocols/imap/date.h"
#include "protocols/imap/flags.h"
#include "protocols/imap/search_text.h"
#include "protocols/imap/sequence.h"

#define SECONDS_PER_DAY 86400

enum kind {
	KEY_ALL,
	KEY_FLAG,    /* has one of `flags` */
	KEY_NEW,     /* \Recent, not \Seen */
	KEY_KEYWORD, /* has `text` */
	KEY_FIELD,   /* header field `name` contains `text` */
	KEY_ADDRESS, /* the same, or an address in it as ENVELOPE tells it */
	KEY_BODY,
	KEY_TEXT,
	KEY_BEFORE, /* internal date, in `days` */
	KEY_ON,
	KEY_SINCE,
	KEY_SENT_BEFORE, /* Date header */
	KEY_SENT_ON,
	KEY_SENT_SINCE,
	KEY_LARGER, /* than `size` */
	KEY_SMALLER,
	KEY_NUMBERS, /* message number in `set` */
	KEY_UIDS,    /* UID in `set` */
	KEY_OLDER,   /* internal date not after `days`, here seconds since 1970 */
	KEY_YOUNGER, /* not before it */
	KEY_MODSEQ,  /* changed with `size` or later */
	KEY_OR,      /* one of the keys below */
	KEY_AND,     /* all of them */
};

struct imap_search {
	enum kind kind;
	bool is_negated;
	uint32_t flags;
	char *name;
	char *text; /* folded, but for keywords */
	int64_t days;
	uint64_t size;
	struct imap_sequence_set set;
	GPtrArray *keys;  /* of struct imap_search *, owned; NULL: none */
	bool uses_modseq; /* at the root: some key is KEY_MODSEQ */
};

/* What is being read. */
struct reading {
	struct imap_parser *parser;
	const struct imap_search_context *context;
	unsigned depth, key_count;
	bool uses_modseq;
};

void imap_search_free(struct imap_search *search)
{
	if (search == NULL)
		return;
	g_free(search->name);
	g_free(search->text);
	imap_sequence_clear(&search->set);
	g_clear_pointer(&search->keys, g_ptr_array_unref);
	g_free(search);
}

static void free_key(void *key)
{
	imap_search_free(key);
}

/* Parsing. */

enum argument {
	NOTHING,
	STRING,
	KEYWORD,
	DATE,
	NUMBER,
	UIDS,
	FIELD_AND_STRING,
	KEY,
	TWO_KEYS,
	INTERVAL,
	MODSEQ,
};

static const struct word {
	const char *name;
	enum kind kind;
	enum argument argument;
	uint32_t flags;
	bool is_negated;
	const char *field;
} words[] = {
	{"ALL",         KEY_ALL,         NOTHING,          0,                false, NULL     },
	{ "ANSWERED",   KEY_FLAG,        NOTHING,          MAILBOX_ANSWERED, false, NULL     },
	{ "BCC",        KEY_ADDRESS,     STRING,           0,                false, "Bcc"    },
	{ "BEFORE",     KEY_BEFORE,      DATE,             0,                false, NULL     },
	{ "BODY",       KEY_BODY,        STRING,           0,                false, NULL     },
	{ "CC",         KEY_ADDRESS,     STRING,           0,                false, "Cc"     },
	{ "DELETED",    KEY_FLAG,        NOTHING,          MAILBOX_DELETED,  false, NULL     },
	{ "DRAFT",      KEY_FLAG,        NOTHING,          MAILBOX_DRAFT,    false, NULL     },
	{ "FLAGGED",    KEY_FLAG,        NOTHING,          MAILBOX_FLAGGED,  false, NULL     },
	{ "FROM",       KEY_ADDRESS,     STRING,           0,                false, "From"   },
	{ "HEADER",     KEY_FIELD,       FIELD_AND_STRING, 0,                false, NULL     },
	{ "KEYWORD",    KEY_KEYWORD,     KEYWORD,          0,                false, NULL     },
	{ "LARGER",     KEY_LARGER,      NUMBER,           0,                false, NULL     },
	{ "MODSEQ",     KEY_MODSEQ,      MODSEQ,           0,                false, NULL     },
	{ "NEW",        KEY_NEW,         NOTHING,          0,                false, NULL     },
	{ "NOT",        KEY_AND,         KEY,              0,                true,  NULL     },
	{ "OLD",        KEY_FLAG,        NOTHING,          MAILBOX_RECENT,   true,  NULL     },
	{ "OLDER",      KEY_OLDER,       INTERVAL,         0,                false, NULL     },
	{ "ON",         KEY_ON,          DATE,             0,                false, NULL     },
	{ "OR",         KEY_OR,          TWO_KEYS,         0,                false, NULL     },
	{ "RECENT",     KEY_FLAG,        NOTHING,          MAILBOX_RECENT,   false, NULL     },
	{ "SEEN",       KEY_FLAG,        NOTHING,          MAILBOX_SEEN,     false, NULL     },
	{ "SENTBEFORE", KEY_SENT_BEFORE, DATE,             0,                false, NULL     },
	{ "SENTON",     KEY_SENT_ON,     DATE,             0,                false, NULL     },
	{ "SENTSINCE",  KEY_SENT_SINCE,  DATE,             0,                false, NULL     },
	{ "SINCE",      KEY_SINCE,       DATE,             0,                false, NULL     },
	{ "SMALLER",    KEY_SMALLER,     NUMBER,           0,                false, NULL     },
	{ "SUBJECT",    KEY_FIELD,       STRING,           0,                false, "Subject"},
	{ "TEXT",       KEY_TEXT,        STRING,           0,                false, NULL     },
	{ "TO",         KEY_ADDRESS,     STRING,           0,                false, "To"     },
	{ "UID",        KEY_UIDS,        UIDS,             0,                false, NULL     },
	{ "UNANSWERED", KEY_FLAG,        NOTHING,          MAILBOX_ANSWERED, true,  NULL     },
	{ "UNDELETED",  KEY_FLAG,        NOTHING,          MAILBOX_DELETED,  true,  NULL     },
	{ "UNDRAFT",    KEY_FLAG,        NOTHING,          MAILBOX_DRAFT,    true,  NULL     },
	{ "UNFLAGGED",  KEY_FLAG,        NOTHING,          MAILBOX_FLAGGED,  true,  NULL     },
	{ "UNKEYWORD",  KEY_KEYWORD,     KEYWORD,          0,                true,  NULL     },
	{ "UNSEEN",     KEY_FLAG,        NOTHING,          MAILBOX_SEEN,     true,  NULL     },
	{ "YOUNGER",    KEY_YOUNGER,     INTERVAL,         0,                false, NULL     },
};

static struct imap_search *parse_key(struct reading *reading);

/* Reads one more key below `search`. */
static bool parse_below(struct reading *reading, struct imap_search *search)
{
	struct imap_search *key = parse_key(reading);

	if (key == NULL)
		return false;
	if (search->keys == NULL)
		search->keys = g_ptr_array_new_with_free_func(free_key);
	g_ptr_array_add(search->keys, key);
	return true;
}

/* A string as texts are compared; the charset is UTF-8 or its subset US-ASCII. */
static bool parse_string(struct imap_parser *parser, struct imap_search *search)
{
	char *text;

	if (!imap_parse_space(parser) || !imap_parse_text(parser, &text))
		return false;
	search->text = g_utf8_validate(text, -1, NULL) ? imap_fold(text) : NULL;
	g_free(text);
	return search->text != NULL || imap_parser_fail(parser, "Invalid text in charset");
}

static bool parse_keyword(struct imap_parser *parser, struct imap_search *search)
{
	struct bytes atom;

	if (!imap_parse_space(parser) || !imap_parse_atom(parser, &atom))
		return false;
	search->text = g_strndup((const char *)atom.data, atom.length);
	return true;
}

/* A sequence set of message numbers, or of UIDs. */
static bool parse_set(struct reading *reading, struct imap_search *search)
{
	struct imap_parser *parser = reading->parser;
	const struct imap_search_context *context = reading->context;
	uint32_t count = imap_view_count(context->view);
	bool is_uids = search->kind == KEY_UIDS;

	if (imap_peek(parser) == '$' && context->parse_saved != NULL)
		return context->parse_saved(context->owner, parser, is_uids, &search->set) ||
		       imap_parser_fail(parser, "Invalid messageset");
	if (!imap_parse_sequence_set(parser, &search->set))
		return false;
	imap_sequence_resolve(
	    &search->set, is_uids && count > 0 ? imap_view_at(context->view, count)->uid : count);
	return true;
}

/* SP nz-number: seconds before now (RFC 5032 section 2) */
static bool parse_interval(struct reading *reading, struct imap_search *search)
{
	uint32_t seconds;

	if (!imap_parse_space(reading->parser) || !imap_parse_number(reading->parser, &seconds))
		return false;
	search->days = reading->context->unix_time - seconds;
	return seconds > 0 || imap_parser_fail(reading->parser, "Invalid number");
}

/*
 * [SP entry-name SP entry-type-req] SP mod-sequence-valzer (RFC 7162 section 3.1.5); what we keep is
 * one number for each message, so the entry makes no difference.
 */
static bool parse_modseq(struct reading *reading, struct imap_search *search)
{
	struct imap_parser *parser = reading->parser;
	struct bytes entry, type;

	reading->uses_modseq = true;
	if (!imap_parse_space(parser))
		return false;
	if (imap_peek(parser) == '"') {
		if (!imap_parse_string(parser, &entry) || !imap_parse_space(parser) ||
		    !imap_parse_atom(parser, &type) || !imap_parse_space(parser))
			return false;
		if (!imap_is(type, "all") && !imap_is(type, "priv") && !imap_is(type, "shared"))
			return imap_parser_fail(parser, "Invalid entry type");
		if (entry.length < 8 || !imap_is(bytes_first(entry, 7), "/flags/"))
			return imap_parser_fail(parser, "Invalid entry name");
	}
	return imap_parse_number64(parser, &search->size);
}

static bool parse_argument(struct reading *reading, enum argument argument,
			   struct imap_search *search)
{
	struct imap_parser *parser = reading->parser;

	switch (argument) {
	case NOTHING:
		return true;
	case STRING:
		return parse_string(parser, search);
	case KEYWORD:
		return parse_keyword(parser, search);
	case DATE:
		return imap_parse_space(parser) && imap_parse_date(parser, &search->days);
	case NUMBER:
		return imap_parse_space(parser) && imap_parse_number64(parser, &search->size);
	case UIDS:
		return imap_parse_space(parser) && parse_set(reading, search);
	case FIELD_AND_STRING:
		return imap_parse_space(parser) && imap_parse_text(parser, &search->name) &&
		       parse_string(parser, search);
	case KEY:
		return imap_parse_space(parser) && parse_below(reading, search);
	case TWO_KEYS:
		return imap_parse_space(parser) && parse_below(reading, search) &&
		       imap_parse_space(parser) && parse_below(reading, search);
	case INTERVAL:
		return parse_interval(reading, search);
	case MODSEQ:
		return parse_modseq(reading, search);
	}
	return false;
}

static const struct word *find_word(const struct imap_search_context *context, struct bytes name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!imap_is(name, words[i].name))
			continue;
		if ((words[i].argument == INTERVAL && !context->knows_within) ||
		    (words[i].argument == MODSEQ && !context->knows_modseq))
			return NULL;
		return &words[i];
	}
	return NULL;
}

static bool parse_word(struct reading *reading, struct imap_search *search)
{
	struct bytes name;

	if (!imap_parse_atom(reading->parser, &name))
		return false;
	const struct word *word = find_word(reading->context, name);
	if (word == NULL)
		return imap_parser_fail(reading->parser, "Unknown argument");
	search->kind = word->kind;
	search->flags = word->flags;
	search->is_negated = word->is_negated;
	search->name = g_strdup(word->field);
	return parse_argument(reading, word->argument, search);
}

/* "(" search-key *(SP search-key) ")" */
static bool parse_list(struct reading *reading, struct imap_search *search)
{
	search->kind = KEY_AND;
	do {
		if (!parse_below(reading, search))
			return false;
	} while (imap_skip(reading->parser, ' '));
	return imap_parse_char(reading->parser, ')');
}

/* search-key = word with arguments / sequence-set / "(" search-key *(SP search-key) ")" */
static struct imap_search *parse_key(struct reading *reading)
{
	struct imap_parser *parser = reading->parser;
	struct imap_search *search = g_new0(struct imap_search, 1);
	bool is_read;

	if (++reading->depth > IMAP_SEARCH_DEPTH_MAX ||
	    ++reading->key_count > IMAP_SEARCH_KEYS_MAX) {
		is_read = imap_parser_fail(parser, "Too complex a search");
	} else if (imap_skip(parser, '(')) {
		is_read = parse_list(reading, search);
	} else if (g_ascii_isdigit(imap_peek(parser)) || imap_peek(parser) == '*' ||
		   imap_peek(parser) == '$') {
		search->kind = KEY_NUMBERS;
		is_read = parse_set(reading, search);
	} else {
		is_read = parse_word(reading, search);
	}
	reading->depth--;
	if (!is_read)
		g_clear_pointer(&search, imap_search_free);
	return search;
}

struct imap_search *imap_search_parse(struct imap_parser *parser,
				      const struct imap_search_context *context)
{
	struct reading reading = { .parser = parser, .context = context };
	struct imap_search *search = g_new0(struct imap_search, 1);

	search->kind = KEY_AND;
	do {
		if (!imap_parse_space(parser) || !parse_below(&reading, search)) {
			imap_search_free(search);
			return NULL;
		}
	} while (imap_peek(parser) == ' ');
	search->uses_modseq = reading.uses_modseq;
	if (!imap_parse_end(parser))
		g_clear_pointer(&search, imap_search_free);
	return search;
}

bool imap_search_uses_modseq(const struct imap_search *search)
{
	return search->uses_modseq;
}

/* Matching. */

static bool matches(const struct imap_search *search, const struct imap_view *view,
		    uint32_t number);

static bool matches_below(const struct imap_search *search, const struct imap_view *view,
			  uint32_t number)
{
	bool is_or = search->kind == KEY_OR;

	for (unsigned i = 0; i < search->keys->len; i++)
		if (matches(g_ptr_array_index(search->keys, i), view, number) == is_or)
			return is_or;
	return !is_or;
}

static int64_t day_of(int64_t unix_time)
{
	int64_t day = unix_time / SECONDS_PER_DAY;

	return unix_time % SECONDS_PER_DAY < 0 ? day - 1 : day;
}

static bool matches_sent(const struct imap_search *search, const struct message *message)
{
	char *value = message_header(message_header_section(message_bytes(message)), "Date");
	int64_t days = 0;
	bool has_date = value != NULL && imap_day_of_header(value, &days);

	g_free(value);
	if (!has_date)
		return false;
	if (search->kind == KEY_SENT_BEFORE)
		return days < search->days;
	return search->kind == KEY_SENT_ON ? days == search->days : days >= search->days;
}

static bool matches_plainly(const struct imap_search *search, const struct imap_view *view,
			    uint32_t number)
{
	const struct imap_view_entry *seen = imap_view_at(view, number);
	struct message *message = seen->entry->message;
	uint32_t flags = imap_view_flags(seen);
	int64_t day = day_of(seen->entry->internal_date);

	switch (search->kind) {
	case KEY_ALL:
		return true;
	case KEY_FLAG:
		return (flags & search->flags) != 0;
	case KEY_NEW:
		return (flags & (MAILBOX_RECENT | MAILBOX_SEEN)) == MAILBOX_RECENT;
	case KEY_KEYWORD:
		return imap_keywords_find(seen->entry->keywords, search->text) >= 0;
	case KEY_FIELD:
		return imap_field_contains(message_header_section(message_bytes(message)),
					   search->name, search->text);
	case KEY_ADDRESS:
		return imap_address_field_contains(message_header_section(message_bytes(message)),
						   search->name, search->text);
	case KEY_BODY:
		return imap_body_contains(message, search->text);
	case KEY_TEXT:
		return imap_field_contains(message_header_section(message_bytes(message)), NULL,
					   search->text) ||
		       imap_body_contains(message, search->text);
	case KEY_BEFORE:
		return day < search->days;
	case KEY_ON:
		return day == search->days;
	case KEY_SINCE:
		return day >= search->days;
	case KEY_SENT_BEFORE:
	case KEY_SENT_ON:
	case KEY_SENT_SINCE:
		return matches_sent(search, message);
	case KEY_LARGER:
		return message_bytes(message).length > search->size;
	case KEY_SMALLER:
		return message_bytes(message).length < search->size;
	case KEY_NUMBERS:
		return imap_sequence_contains(&search->set, number);
	case KEY_UIDS:
		return imap_sequence_contains(&search->set, seen->uid);
	case KEY_OLDER:
		return seen->entry->internal_date <= search->days;
	case KEY_YOUNGER:
		return seen->entry->internal_date >= search->days;
	case KEY_MODSEQ:
		return seen->entry->modseq >= search->size;
	case KEY_OR:
	case KEY_AND:
		return matches_below(search, view, number);
	}
	return false;
}

static bool matches(const struct imap_search *search, const struct imap_view *view, uint32_t number)
{
	return matches_plainly(search, view, number) != search->is_negated;
}

bool imap_search_matches(const struct imap_search *search, const struct imap_view *view,
			 uint32_t number)
{
	return matches(search, view, number);
}
