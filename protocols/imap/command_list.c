/* LIST and LSUB (RFC 3501 sections 6.3.8 and 6.3.9; \HasChildren RFC 3348, special use RFC 6154). */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"
#include "protocols/imap/utf7.h"

#define PATTERN_BYTES_MAX 1024 /* a longer one matches no name */

/* A name of the hierarchy: a mailbox, or a name only because there are some below it. */
struct listed {
	char *name; /* UTF-8 */
	bool exists, has_children, is_subscribed;
};

/* Lists. */

static void listed_free(void *data)
{
	struct listed *listed = data;

	g_free(listed->name);
	g_free(listed);
}

static int compare_listed(const void *a, const void *b)
{
	const struct listed *left = *(const struct listed *const *)a;
	const struct listed *right = *(const struct listed *const *)b;

	return strcmp(left->name, right->name);
}

static void add_listed(GPtrArray *list, const char *name, size_t length, bool exists,
		       bool is_subscribed)
{
	struct listed *listed = g_new(struct listed, 1);

	*listed = (struct listed) { g_strndup(name, length), exists, !exists, is_subscribed };
	g_ptr_array_add(list, listed);
}

/* Makes one of names that are there several times; they stand side by side. */
static void join_equal(GPtrArray *list)
{
	for (unsigned i = 0; i + 1 < list->len;) {
		struct listed *one = g_ptr_array_index(list, i);
		const struct listed *next = g_ptr_array_index(list, i + 1);

		if (strcmp(one->name, next->name) != 0) {
			i++;
			continue;
		}
		one->exists |= next->exists;
		one->has_children |= next->has_children;
		one->is_subscribed |= next->is_subscribed;
		g_ptr_array_remove_index(list, i + 1);
	}
}

/* All names of the account's hierarchy, each once, in order. */
static GPtrArray *list_names(const struct account *account, bool only_subscribed)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(listed_free);

	for (unsigned i = 0; i < account->mailboxes->len; i++) {
		const struct mailbox *mailbox = g_ptr_array_index(account->mailboxes, i);
		const char *name = mailbox->name;

		if (only_subscribed && !mailbox->is_subscribed)
			continue;
		add_listed(list, name, strlen(name), true, mailbox->is_subscribed);
		for (const char *slash = strchr(name, '/'); slash != NULL;
		     slash = strchr(slash + 1, '/'))
			add_listed(list, name, (size_t)(slash - name), false, false);
	}
	g_ptr_array_sort(list, compare_listed);
	join_equal(list);
	return list;
}

/* Patterns. */

static bool is_inbox(const char *name)
{
	return g_ascii_strncasecmp(name, "INBOX", 5) == 0 && (name[5] == '\0' || name[5] == '/');
}

static bool same_character(char a, char b, bool any_case)
{
	return a == b || (any_case && g_ascii_tolower(a) == g_ascii_tolower(b));
}

/*
 * "*" stands for any characters, "%" for any but the separator. Keeps the set of positions in the
 * pattern that the name may have led to, so the time is the product of the lengths at most.
 */
static bool pattern_matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern), name_length = strlen(name);
	bool *now = g_new0(bool, length + 1), *next = g_new0(bool, length + 1);
	bool begins_inbox = is_inbox(name);

	now[0] = true;
	for (size_t i = 0; i <= name_length; i++) {
		for (size_t p = 0; p < length; p++) /* wildcards may stand for nothing */
			if (now[p] && (pattern[p] == '*' || pattern[p] == '%'))
				now[p + 1] = true;
		if (i == name_length)
			break;
		memset(next, 0, (length + 1) * sizeof *next);
		for (size_t p = 0; p < length; p++) {
			if (!now[p])
				continue;
			if (pattern[p] == '*' || (pattern[p] == '%' && name[i] != '/'))
				next[p] = true;
			else if (pattern[p] != '%' &&
				 same_character(pattern[p], name[i], begins_inbox && i < 5))
				next[p + 1] = true;
		}
		bool *swapped = now;
		now = next;
		next = swapped;
	}
	bool matches = now[length];
	g_free(now);
	g_free(next);
	return matches;
}

/* Answers. */

static const char *special_use(const char *name)
{
	static const char *const uses[] = { "Drafts", "Sent", "Trash", "Junk", "Archive" };

	for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
		if (strcmp(name, uses[i]) == 0)
			return uses[i];
	return NULL;
}

static void print_listed(GString *out, const struct listed *listed, bool is_lsub)
{
	const char *use = is_lsub ? NULL : special_use(listed->name);
	char *wire = imap_utf7_encode(listed->name);

	g_string_append(out, is_lsub ? "* LSUB (" : "* LIST (");
	if (!listed->exists)
		g_string_append(out, "\\Noselect");
	if (!is_lsub)
		g_string_append_printf(out, "%s%s", listed->exists ? "" : " ",
				       listed->has_children ? "\\HasChildren" : "\\HasNoChildren");
	if (use != NULL && listed->exists)
		g_string_append_printf(out, " \\%s", use);
	g_string_append(out, ") \"/\" ");
	imap_print_astring(out, wire);
	g_string_append(out, "\r\n");
	g_free(wire);
}

/*
 * LSUB with "%" names what is above a subscribed mailbox, but with "*" only what is subscribed
 * (RFC 3501 section 6.3.9).
 */
static void list_matching(struct imap_session *session, const char *pattern, bool is_lsub)
{
	GPtrArray *list = list_names(session->account, is_lsub);
	bool shows_parents = !is_lsub || strchr(pattern, '%') != NULL;
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		const struct listed *listed = g_ptr_array_index(list, i);

		if ((listed->exists || shows_parents) && pattern_matches(pattern, listed->name))
			print_listed(text, listed, is_lsub);
	}
	imap_send_string(session, text);
	g_ptr_array_unref(list);
}

static bool parse_pattern(struct imap_parser *parser, char **pattern)
{
	struct bytes wire;

	if (!imap_parse_space(parser) || !imap_parse_list_mailbox(parser, &wire))
		return false;
	*pattern = imap_utf7_decode(wire);
	return *pattern != NULL ||
	       imap_parser_fail(parser, "Mailbox name is not valid modified UTF-7");
}

/*
 * list = "LIST" SP mailbox SP list-mailbox
 * lsub = "LSUB" SP mailbox SP list-mailbox
 *
 * An empty pattern asks for the separator and the root of the reference.
 */
static void run_list(struct imap_session *session, struct imap_parser *parser, bool is_lsub)
{
	char *reference = NULL, *pattern = NULL;

	if (!parse_pattern(parser, &reference) || !parse_pattern(parser, &pattern) ||
	    !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		char *whole = g_strconcat(pattern[0] == '/' ? "" : reference,
					  pattern[0] == '/' ? pattern + 1 : pattern, NULL);

		if (pattern[0] == '\0' && !is_lsub)
			imap_sendf(session, "* LIST (\\Noselect) \"/\" \"\"\r\n");
		else if (strlen(whole) <= PATTERN_BYTES_MAX)
			list_matching(session, whole, is_lsub);
		imap_ok(session, "%s completed.", is_lsub ? "Lsub" : "List");
		g_free(whole);
	}
	g_free(reference);
	g_free(pattern);
}

void imap_run_list(struct imap_session *session, struct imap_parser *parser)
{
	run_list(session, parser, false);
}

void imap_run_lsub(struct imap_session *session, struct imap_parser *parser)
{
	run_list(session, parser, true);
}
