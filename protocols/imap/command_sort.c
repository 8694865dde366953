/* SORT (RFC 5256): SEARCH with its results in order. */
#include "protocols/imap/find.h"
#include "protocols/imap/subject.h"
#include "protocols/mail/address.h"

#define CRITERIA_MAX 16

enum criterion_kind {
	BY_ARRIVAL,
	BY_CC,
	BY_DATE,
	BY_FROM,
	BY_SIZE,
	BY_SUBJECT,
	BY_TO,
};

static const struct {
	const char *name;
	enum criterion_kind kind;
} words[] = {
	{"ARRIVAL",  BY_ARRIVAL},
        { "CC",      BY_CC     },
        { "DATE",    BY_DATE   },
	{ "FROM",    BY_FROM   },
        { "SIZE",    BY_SIZE   },
        { "SUBJECT", BY_SUBJECT},
	{ "TO",      BY_TO     },
};

struct criterion {
	enum criterion_kind kind;
	bool is_reverse;
};

struct order {
	struct criterion criteria[CRITERIA_MAX];
	unsigned count;
};

/* A message with what it is compared by: of each criterion a number or a text. */
struct row {
	uint32_t number;
	int64_t numbers[CRITERIA_MAX];
	char *texts[CRITERIA_MAX];
};

/* sort-criterion = ["REVERSE" SP] sort-key */
static bool parse_criterion(struct imap_parser *parser, struct criterion *criterion)
{
	struct bytes name;

	criterion->is_reverse = imap_skip_word(parser, "REVERSE");
	if (criterion->is_reverse && !imap_parse_space(parser))
		return false;
	if (!imap_parse_atom(parser, &name))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!imap_is(name, words[i].name))
			continue;
		criterion->kind = words[i].kind;
		return true;
	}
	return imap_parser_fail(parser, "Unknown sort key");
}

/* SP "(" sort-criterion *(SP sort-criterion) ")" */
static bool parse_order(struct imap_parser *parser, struct order *order)
{
	if (!imap_parse_space(parser) || !imap_parse_char(parser, '('))
		return false;
	do {
		if (order->count == CRITERIA_MAX)
			return imap_parser_fail(parser, "Too many sort keys");
		if (!parse_criterion(parser, &order->criteria[order->count++]))
			return false;
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

/* The local part of the first address of the field (RFC 5256 section 3). */
static char *address_key(const struct message *message, const char *field)
{
	char *value = message_header(message_header_section(message_bytes(message)), field);
	GPtrArray *list = address_list_parse(value != NULL ? value : "");
	const struct address *first = list->len > 0 ? g_ptr_array_index(list, 0) : NULL;
	char *key = imap_collation_key(first != NULL && first->local != NULL ? first->local : "");

	g_ptr_array_unref(list);
	g_free(value);
	return key;
}

static char *subject_key(const struct message *message)
{
	char *value = message_header(message_header_section(message_bytes(message)), "Subject");
	char *key = imap_base_subject(value, NULL);

	g_free(value);
	return key;
}

static void fill(struct row *row, const struct order *order, const struct mailbox_entry *entry)
{
	static const char *const fields[] = { [BY_CC] = "Cc", [BY_FROM] = "From", [BY_TO] = "To" };

	for (unsigned i = 0; i < order->count; i++) {
		switch (order->criteria[i].kind) {
		case BY_ARRIVAL:
			row->numbers[i] = entry->internal_date;
			break;
		case BY_DATE:
			row->numbers[i] = message_sent(entry->message, entry->internal_date);
			break;
		case BY_SIZE:
			row->numbers[i] = (int64_t)message_bytes(entry->message).length;
			break;
		case BY_SUBJECT:
			row->texts[i] = subject_key(entry->message);
			break;
		default:
			row->texts[i] =
			    address_key(entry->message, fields[order->criteria[i].kind]);
		}
	}
}

static int compare(const void *a, const void *b, void *owner)
{
	const struct order *order = owner;
	const struct row *left = a, *right = b;

	for (unsigned i = 0; i < order->count; i++) {
		int way;

		if (left->texts[i] != NULL)
			way = strcmp(left->texts[i], right->texts[i]);
		else
			way = (left->numbers[i] > right->numbers[i]) -
			      (left->numbers[i] < right->numbers[i]);
		if (way != 0)
			return order->criteria[i].is_reverse ? -way : way;
	}
	return left->number < right->number ? -1 : left->number > right->number;
}

static void row_clear(void *data)
{
	struct row *row = data;

	for (unsigned i = 0; i < CRITERIA_MAX; i++)
		g_free(row->texts[i]);
}

static GArray *sorted(const struct imap_session *session, const struct imap_found *found,
		      struct order *order)
{
	GArray *rows = g_array_new(FALSE, TRUE, sizeof(struct row));

	g_array_set_clear_func(rows, row_clear);
	g_array_set_size(rows, found->numbers->len);
	for (unsigned i = 0; i < rows->len; i++) {
		struct row *row = &g_array_index(rows, struct row, i);

		row->number = g_array_index(found->numbers, uint32_t, i);
		fill(row, order, imap_view_at(&session->view, row->number)->entry);
	}
	g_array_sort_with_data(rows, compare, order);
	return rows;
}

static void answer(struct imap_session *session, const struct imap_found *found,
		   struct order *order)
{
	GArray *rows = sorted(session, found, order);
	GString *text = g_string_new("* SORT");

	for (unsigned i = 0; i < rows->len; i++) {
		uint32_t number = g_array_index(rows, struct row, i).number;

		g_string_append_printf(text, " %u",
				       session->is_uid ? imap_view_at(&session->view, number)->uid
						       : number);
	}
	if (found->tells_modseq && rows->len > 0)
		g_string_append_printf(text, " (MODSEQ %" G_GUINT64_FORMAT ")", found->modseq_max);
	g_string_append(text, "\r\n");
	g_array_unref(rows);
	imap_send_string(session, text);
	imap_ok(session, "Sort completed.");
}

/* sort = "SORT" SP sort-criteria SP charset 1*(SP search-key) */
void imap_run_sort(struct imap_session *session, struct imap_parser *parser)
{
	struct order order = { .count = 0 };
	struct imap_found found = { 0 };
	struct bytes charset;

	if (!parse_order(parser, &order) || !imap_parse_space(parser) ||
	    !imap_parse_astring(parser, &charset))
		imap_bad_arguments(session, parser);
	else if (!imap_charset_is_known(charset))
		imap_no_charset(session);
	else if (imap_find(session, parser, &found))
		answer(session, &found, &order);
	imap_found_clear(&found);
}
