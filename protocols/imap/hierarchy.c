#include "protocols/imap/hierarchy.h"

/* Names. */

static void listed_free(void *data)
{
	struct imap_listed *listed = data;

	g_free(listed->name);
	g_free(listed);
}

static int compare_listed(const void *a, const void *b)
{
	const struct imap_listed *left = *(const struct imap_listed *const *)a;
	const struct imap_listed *right = *(const struct imap_listed *const *)b;

	return strcmp(left->name, right->name);
}

/* Takes `name`. */
static void add_listed(GPtrArray *list, char *name, struct mailbox *mailbox, bool is_subscribed)
{
	struct imap_listed *listed = g_new(struct imap_listed, 1);

	*listed = (struct imap_listed) {
		.name = name,
		.mailbox = mailbox,
		.is_subscribed = is_subscribed,
	};
	g_ptr_array_add(list, listed);
}

/* The mailbox, and the names above it. */
static void add_mailbox(GPtrArray *list, struct mailbox *mailbox, const char *prefix)
{
	char *name = g_strconcat(prefix, mailbox->name, NULL);

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
		add_listed(list, g_strndup(name, (size_t)(slash - name)), NULL, false);
	add_listed(list, name, mailbox, false);
}

/* Those of the account that the user may look up. */
static void add_account(GPtrArray *list, const struct imap_session *session,
			const struct account *account)
{
	char *prefix = account == session->account
			   ? g_strdup("")
			   : g_strconcat(IMAP_SHARED_PREFIX, account->address, "/", NULL);

	for (unsigned i = 0; i < account->mailboxes->len; i++) {
		struct mailbox *mailbox = g_ptr_array_index(account->mailboxes, i);

		if (imap_may(session, mailbox, RIGHT_LOOKUP))
			add_mailbox(list, mailbox, prefix);
	}
	g_free(prefix);
}

/* Makes one of names that are there several times; they stand side by side. */
static void join_equal(GPtrArray *list)
{
	unsigned kept = 0;

	for (unsigned i = 1; i < list->len; i++) {
		struct imap_listed *one = g_ptr_array_index(list, kept);
		struct imap_listed *next = g_ptr_array_index(list, i);

		if (strcmp(one->name, next->name) == 0) {
			if (one->mailbox == NULL)
				one->mailbox = next->mailbox;
			one->is_subscribed |= next->is_subscribed;
			listed_free(next);
		} else {
			g_ptr_array_index(list, ++kept) = next;
		}
	}
	list->len = list->len > 0 ? kept + 1 : 0;
}

static struct imap_listed *find(const GPtrArray *list, const char *name, size_t length)
{
	unsigned low = 0, high = list->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct imap_listed *listed = g_ptr_array_index(list, middle);
		int order = strncmp(listed->name, name, length);

		if (order == 0)
			order = listed->name[length] != '\0';
		if (order == 0)
			return listed;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* A name has children when a mailbox is below it; what is only subscribed to does not count. */
static void mark_parents(GPtrArray *list)
{
	for (unsigned i = 0; i < list->len; i++) {
		const struct imap_listed *listed = g_ptr_array_index(list, i);
		const char *slash = strchr(listed->name, '/');

		for (; listed->mailbox != NULL && slash != NULL; slash = strchr(slash + 1, '/')) {
			struct imap_listed *above =
			    find(list, listed->name, (size_t)(slash - listed->name));

			if (above != NULL)
				above->has_children = true;
		}
	}
}

GPtrArray *imap_hierarchy(const struct imap_session *session)
{
	const GPtrArray *accounts = mail_store_accounts(session->config.store);
	const GPtrArray *subscriptions = session->account->subscriptions;
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < accounts->len; i++) {
		const struct account *account = g_ptr_array_index(accounts, i);

		if (account == session->account || imap_offers(session, IMAP_CAN_ACL))
			add_account(list, session, account);
	}
	for (unsigned i = 0; i < subscriptions->len; i++)
		add_listed(list, g_strdup(g_ptr_array_index(subscriptions, i)), NULL, true);
	g_ptr_array_sort(list, compare_listed);
	join_equal(list);
	g_ptr_array_set_free_func(list, listed_free);
	mark_parents(list);
	return list;
}

const char *imap_special_use(const struct imap_session *session, const struct imap_listed *listed)
{
	static const char *const uses[] = { "\\Drafts", "\\Sent", "\\Trash", "\\Junk",
					    "\\Archive" };

	if (!imap_offers(session, IMAP_CAN_SPECIAL_USE) || listed->mailbox == NULL)
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(uses); i++)
		if (strcmp(listed->name, uses[i] + 1) == 0)
			return uses[i];
	return NULL;
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
bool imap_pattern_matches(const char *pattern, const char *name)
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
