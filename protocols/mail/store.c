/* Accounts of a mail store, and the names of their mailboxes. */
#include "protocols/mail/store.h"

#define MAILBOX_NAME_MAX 255

static void account_free(struct account *account)
{
	g_ptr_array_unref(account->mailboxes);
	g_ptr_array_unref(account->subscriptions);
	g_clear_pointer(&account->deliveries, g_hash_table_unref);
	g_free(account->address);
	g_free(account->password);
	g_free(account);
}

struct mail_store *mail_store_new(struct node *node)
{
	struct mail_store *store = g_new0(struct mail_store, 1);

	store->node = node;
	store->accounts = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	store->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	store->by_local_part = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return store;
}

void mail_store_free(struct mail_store *store)
{
	if (store == NULL)
		return;
	g_hash_table_unref(store->by_address);
	g_hash_table_unref(store->by_local_part);
	g_ptr_array_unref(store->accounts);
	g_free(store);
}

/* Grows with every mailbox, also one made again under its old name (RFC 3501 section 2.3.1.1). */
static uint32_t next_uid_validity(struct mail_store *store)
{
	int64_t now = store->node != NULL ? world_unix_time(store->node->world) : 0;

	store->uid_validity = MAX((uint32_t)now, store->uid_validity + 1);
	return store->uid_validity;
}

static void trace_created(const struct mailbox *mailbox)
{
	GByteArray *bytes = g_byte_array_new();
	const char *owner = mailbox->account->address;
	g_byte_array_append(bytes, (const uint8_t *)owner, (guint)strlen(owner) + 1);
	g_byte_array_append(bytes, (const uint8_t *)mailbox->name, (guint)strlen(mailbox->name));
	mailbox_trace(mailbox, MAILBOX_CREATED, mailbox->uid_validity, mailbox->is_subscribed, 0,
		      (struct bytes) { bytes->data, bytes->len });
	g_byte_array_unref(bytes);
}

static struct mailbox *add_mailbox(struct account *account, const char *name)
{
	struct mail_store *store = account->store;
	struct mailbox *mailbox = g_new0(struct mailbox, 1);

	mailbox->account = account;
	mailbox->name = g_strdup(name);
	mailbox->id = store->node != NULL ? node_new_object(store->node) : ++store->objects;
	mailbox->uid_validity = next_uid_validity(store);
	mailbox->uid_next = 1;
	mailbox->modseq = 1;
	mailbox->entries = g_ptr_array_new();
	mailbox->expunged = g_array_new(FALSE, FALSE, sizeof(struct mailbox_expunged));
	mailbox->is_subscribed = account_is_subscribed(account, name);
	g_ptr_array_add(account->mailboxes, mailbox);
	trace_created(mailbox);
	return mailbox;
}

static char *local_part_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return g_ascii_strdown(address, at != NULL ? at - address : -1);
}

struct account *mail_store_add_account(struct mail_store *store, const char *address,
				       const char *password)
{
	struct account *account = mail_store_find(store, address);
	if (account != NULL)
		return account;

	account = g_new0(struct account, 1);
	account->store = store;
	account->address = g_strdup(address);
	account->password = g_strdup(password);
	account->mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)mailbox_free);
	account->subscriptions = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(store->accounts, account);
	g_hash_table_insert(store->by_address, g_ascii_strdown(address, -1), account);

	char *local_part = local_part_of(address);
	bool is_shared = g_hash_table_contains(store->by_local_part, local_part);
	g_hash_table_insert(store->by_local_part, local_part, is_shared ? NULL : account);

	add_mailbox(account, "INBOX");
	return account;
}

static struct account *look_up(GHashTable *table, const char *text)
{
	char *key = g_ascii_strdown(text, -1);
	struct account *account = g_hash_table_lookup(table, key);

	g_free(key);
	return account;
}

const GPtrArray *mail_store_accounts(const struct mail_store *store)
{
	return store->accounts;
}

struct account *mail_store_find(struct mail_store *store, const char *address)
{
	return look_up(store->by_address, address);
}

struct account *mail_store_find_login(struct mail_store *store, const char *login)
{
	bool is_address = strchr(login, '@') != NULL;

	return look_up(is_address ? store->by_address : store->by_local_part, login);
}

struct account *mail_store_find_identity(struct mail_store *store, const char *login,
					 const char *authorization)
{
	struct account *account = mail_store_find_login(store, login);

	if (authorization != NULL && mail_store_find_login(store, authorization) != account)
		return NULL;
	return account;
}

struct account *mail_store_authenticate(struct mail_store *store, const char *login,
					const char *password)
{
	struct account *account = mail_store_find_login(store, login);

	if (account == NULL || g_strcmp0(account->password, password) != 0)
		return NULL;
	return account;
}

bool mailbox_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > MAILBOX_NAME_MAX || !g_utf8_validate(name, -1, NULL))
		return false;
	if (name[0] == '/' || name[length - 1] == '/' || strstr(name, "//") != NULL)
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if (g_ascii_iscntrl(*c) || *c == '*' || *c == '%')
			return false;
	return true;
}

static bool is_inbox(const char *name)
{
	return g_ascii_strcasecmp(name, "INBOX") == 0;
}

struct mailbox *account_find_mailbox(struct account *account, const char *name)
{
	if (is_inbox(name))
		return g_ptr_array_index(account->mailboxes, 0);
	for (unsigned i = 1; i < account->mailboxes->len; i++) {
		struct mailbox *mailbox = g_ptr_array_index(account->mailboxes, i);

		if (strcmp(mailbox->name, name) == 0)
			return mailbox;
	}
	return NULL;
}

struct mailbox *account_create_mailbox(struct account *account, const char *name)
{
	if (!mailbox_name_is_valid(name) || account_find_mailbox(account, name) != NULL)
		return NULL;
	return add_mailbox(account, name);
}

/* Where the name is on the list, or belongs. */
static bool find_subscription(const struct account *account, const char *name, unsigned *index)
{
	unsigned i = 0;
	int order = 1;

	while (i < account->subscriptions->len &&
	       (order = strcmp(g_ptr_array_index(account->subscriptions, i), name)) < 0)
		i++;
	*index = i;
	return i < account->subscriptions->len && order == 0;
}

bool account_is_subscribed(const struct account *account, const char *name)
{
	unsigned index;

	return find_subscription(account, name, &index);
}

static void trace_subscribed(struct mailbox *mailbox)
{
	bool is_subscribed = account_is_subscribed(mailbox->account, mailbox->name);

	if (mailbox->is_subscribed == is_subscribed)
		return;
	mailbox->is_subscribed = is_subscribed;
	mailbox_trace(mailbox, MAILBOX_SUBSCRIBED, 0, is_subscribed, 0, (struct bytes) { NULL, 0 });
}

void account_set_subscribed(struct account *account, const char *name, bool is_subscribed)
{
	unsigned index;
	bool was_subscribed = find_subscription(account, name, &index);
	struct mailbox *mailbox = account_find_mailbox(account, name);

	if (!was_subscribed && is_subscribed)
		g_ptr_array_insert(account->subscriptions, (gint)index, g_strdup(name));
	if (was_subscribed && !is_subscribed)
		g_ptr_array_remove_index(account->subscriptions, index);
	if (mailbox != NULL)
		trace_subscribed(mailbox);
}

static void tell_gone(struct mailbox *mailbox)
{
	while (mailbox->watchers != NULL) {
		struct mailbox_watcher *watcher = mailbox->watchers->data;

		mailbox->watchers = g_list_delete_link(mailbox->watchers, mailbox->watchers);
		if (watcher->gone != NULL)
			watcher->gone(watcher->owner, mailbox);
	}
}

bool account_delete_mailbox(struct account *account, struct mailbox *mailbox)
{
	if (mailbox == g_ptr_array_index(account->mailboxes, 0))
		return false;

	tell_gone(mailbox);
	for (unsigned i = 0; i < mailbox->entries->len; i++) {
		struct mailbox_entry *entry = g_ptr_array_index(mailbox->entries, i);

		account->used_bytes -= message_bytes(entry->message).length;
	}
	mailbox_trace(mailbox, MAILBOX_REMOVED, 0, 0, 0, (struct bytes) { NULL, 0 });
	g_ptr_array_remove(account->mailboxes, mailbox);
	return true;
}

/* The name that `mailbox` gets when what is called `from` becomes `to`; NULL: it keeps its own. */
static char *renamed(const struct mailbox *mailbox, const char *from, const char *to)
{
	size_t length = strlen(from);

	if (strncmp(mailbox->name, from, length) != 0)
		return NULL;
	if (mailbox->name[length] != '\0' && mailbox->name[length] != '/')
		return NULL;
	return g_strconcat(to, mailbox->name + length, NULL);
}

static bool can_rename(struct account *account, const char *from, const char *to)
{
	bool is_possible = true;

	for (unsigned i = 1; i < account->mailboxes->len; i++) {
		char *name = renamed(g_ptr_array_index(account->mailboxes, i), from, to);

		if (name != NULL &&
		    (!mailbox_name_is_valid(name) || account_find_mailbox(account, name) != NULL))
			is_possible = false;
		g_free(name);
	}
	return is_possible;
}

static void move_inbox(struct account *account, const char *name)
{
	struct mailbox *inbox = g_ptr_array_index(account->mailboxes, 0);
	struct mailbox *target = add_mailbox(account, name);

	for (unsigned i = 0; i < inbox->entries->len; i++)
		mailbox_copy(target, g_ptr_array_index(inbox->entries, i));
	while (inbox->entries->len > 0)
		mailbox_expunge(inbox, g_ptr_array_index(inbox->entries, 0));
}

bool account_rename_mailbox(struct account *account, struct mailbox *mailbox, const char *name)
{
	if (!mailbox_name_is_valid(name) || account_find_mailbox(account, name) != NULL)
		return false;
	if (mailbox == g_ptr_array_index(account->mailboxes, 0)) {
		move_inbox(account, name);
		return true;
	}
	if (!can_rename(account, mailbox->name, name))
		return false;

	char *from = g_strdup(mailbox->name);
	for (unsigned i = 1; i < account->mailboxes->len; i++) {
		struct mailbox *each = g_ptr_array_index(account->mailboxes, i);
		char *to = renamed(each, from, name);

		if (to == NULL)
			continue;
		g_free(each->name);
		each->name = to;
		mailbox_trace(each, MAILBOX_RENAMED, 0, 0, 0, bytes_of(to));
		trace_subscribed(each);
	}
	g_free(from);
	return true;
}

bool account_has_room(const struct account *account, size_t bytes)
{
	if (account->quota_bytes == 0)
		return true;
	return account->used_bytes <= account->quota_bytes &&
	       bytes <= account->quota_bytes - account->used_bytes;
}

bool account_lock_maildrop(struct account *account)
{
	if (account->maildrop_is_locked)
		return false;
	account->maildrop_is_locked = true;
	return true;
}

void account_unlock_maildrop(struct account *account)
{
	account->maildrop_is_locked = false;
}

bool account_delivered_before(struct account *account, const char *envelope_key)
{
	return account->deliveries != NULL &&
	       g_hash_table_contains(account->deliveries, envelope_key);
}

void account_note_delivery(struct account *account, const char *envelope_key)
{
	if (account->deliveries == NULL)
		account->deliveries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_add(account->deliveries, g_strdup(envelope_key));
}
