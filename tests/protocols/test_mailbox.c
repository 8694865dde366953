/* The mail store: accounts, mailboxes, watchers, and that its records alone rebuild it. */
#include <check.h>
#include "protocols/mail/mailbox.h"
#include "protocols/mail/names.h"

static struct message *message_of(const char *text)
{
	return message_new(g_bytes_new(text, strlen(text)), 0);
}

/* Appends a fresh message and gives up the reference. */
static struct mailbox_entry *append(struct mailbox *mailbox, const char *text)
{
	struct message *message = message_of(text);
	struct mailbox_entry *entry = mailbox_append(mailbox, message, 0, 1795310098);

	message_free(message);
	return entry;
}

static struct mailbox *inbox_of(struct mail_store *store, const char *address)
{
	return account_find_mailbox(mail_store_find(store, address), "INBOX");
}

START_TEST(accounts_are_found_in_any_case)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "Alice@Office.example", "wonderland");

	ck_assert_ptr_eq(mail_store_find(store, "alice@office.EXAMPLE"), alice);
	ck_assert_ptr_eq(mail_store_add_account(store, "ALICE@office.example", "x"), alice);
	ck_assert_ptr_null(mail_store_find(store, "alice"));
	mail_store_free(store);
}
END_TEST

START_TEST(a_login_is_an_address_or_a_local_part_of_its_own)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "wonderland");
	mail_store_add_account(store, "bob@office.example", "b");
	mail_store_add_account(store, "bob@remote.example", "b");

	ck_assert_ptr_eq(mail_store_authenticate(store, "alice", "wonderland"), alice);
	ck_assert_ptr_eq(mail_store_authenticate(store, "ALICE@office.example", "wonderland"),
			 alice);
	ck_assert_ptr_null(mail_store_authenticate(store, "alice", "Wonderland"));
	ck_assert_ptr_null(mail_store_authenticate(store, "bob", "b"));
	ck_assert_ptr_nonnull(mail_store_authenticate(store, "bob@remote.example", "b"));
	ck_assert_ptr_null(mail_store_authenticate(store, "carol", ""));
	mail_store_free(store);
}
END_TEST

static const struct {
	const char *name;
	bool is_valid;
} names[] = {
	{"Sent",             true },
        { "a/b/c",           true },
        { "Entw\xc3\xbcrfe", true },
        { "",                false},
	{ "/a",              false},
        { "a/",              false},
        { "a//b",            false},
        { "a*",              false},
	{ "a%",              false},
        { "a\nb",            false},
        { "\xff",            false},
};

START_TEST(mailbox_names_are_checked)
{
	ck_assert_msg(mailbox_name_is_valid(names[_i].name) == names[_i].is_valid, "%s",
		      names[_i].name);
}
END_TEST

START_TEST(mailboxes_are_created_renamed_with_their_children_and_deleted)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = account_find_mailbox(alice, "inbox");
	struct mailbox *work = account_create_mailbox(alice, "Work");
	struct mailbox *child = account_create_mailbox(alice, "Work/2026");
	struct mailbox *other = account_create_mailbox(alice, "Workshop");

	ck_assert_ptr_nonnull(inbox);
	ck_assert_ptr_null(account_create_mailbox(alice, "Work"));
	ck_assert_ptr_null(account_create_mailbox(alice, "iNbOx"));
	ck_assert_uint_gt(child->uid_validity, work->uid_validity);
	ck_assert(!account_rename_mailbox(alice, work, "Workshop"));
	ck_assert(account_rename_mailbox(alice, work, "Jobs"));
	ck_assert_str_eq(work->name, "Jobs");
	ck_assert_str_eq(child->name, "Jobs/2026");
	ck_assert_str_eq(other->name, "Workshop");
	ck_assert(account_delete_mailbox(alice, work));
	ck_assert_ptr_null(account_find_mailbox(alice, "Jobs"));
	ck_assert_ptr_eq(account_find_mailbox(alice, "Jobs/2026"), child);
	ck_assert(!account_delete_mailbox(alice, inbox));
	mail_store_free(store);
}
END_TEST

START_TEST(renaming_inbox_moves_its_messages)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = inbox_of(store, "alice@office.example");

	append(inbox, "one");
	append(inbox, "two");
	ck_assert(account_rename_mailbox(alice, inbox, "Old"));
	ck_assert_uint_eq(inbox->entries->len, 0);
	ck_assert_str_eq(inbox->name, "INBOX");
	ck_assert_uint_eq(account_find_mailbox(alice, "Old")->entries->len, 2);
	ck_assert_uint_eq(append(inbox, "three")->uid, 3);
	ck_assert_uint_eq(alice->used_bytes, 3 + 3 + 5);
	mail_store_free(store);
}
END_TEST

START_TEST(uids_ascend_and_are_never_used_again)
{
	struct mail_store *store = mail_store_new(NULL);
	mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = inbox_of(store, "alice@office.example");
	unsigned index;

	append(inbox, "one");
	struct mailbox_entry *two = append(inbox, "two");
	append(inbox, "three");
	ck_assert_ptr_eq(mailbox_find(inbox, 2, &index), two);
	ck_assert_uint_eq(index, 1);
	mailbox_expunge(inbox, two);
	ck_assert_ptr_null(mailbox_find(inbox, 2, NULL));
	ck_assert_ptr_nonnull(mailbox_find(inbox, 3, &index));
	ck_assert_uint_eq(index, 1);
	ck_assert_uint_eq(append(inbox, "four")->uid, 4);
	ck_assert_uint_eq(inbox->uid_next, 5);
	mail_store_free(store);
}
END_TEST

START_TEST(a_copy_keeps_flags_keywords_and_date)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = inbox_of(store, "alice@office.example");
	struct mailbox *work = account_create_mailbox(alice, "Work");
	struct mailbox_entry *entry = append(inbox, "text");
	GPtrArray *keywords = g_ptr_array_new();

	g_ptr_array_add(keywords, (char *)"$Forwarded");
	mailbox_set_flags(inbox, entry, MAILBOX_SEEN, keywords, NULL);
	g_ptr_array_unref(keywords);
	struct mailbox_entry *copy = mailbox_copy(work, entry);
	mailbox_expunge(inbox, entry);
	ck_assert_uint_eq(copy->flags, MAILBOX_SEEN | MAILBOX_RECENT);
	ck_assert_str_eq(g_ptr_array_index(copy->keywords, 0), "$Forwarded");
	ck_assert_int_eq(copy->internal_date, 1795310098);
	ck_assert_uint_eq(message_bytes(copy->message).length, 4);
	ck_assert_uint_eq(copy->message->references, 1);
	mail_store_free(store);
}
END_TEST

START_TEST(quota_counts_every_byte)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = inbox_of(store, "alice@office.example");

	ck_assert(account_has_room(alice, SIZE_MAX));
	alice->quota_bytes = 10;
	struct mailbox_entry *entry = append(inbox, "1234567");
	ck_assert(account_has_room(alice, 3));
	ck_assert(!account_has_room(alice, 4));
	ck_assert(!account_has_room(alice, SIZE_MAX));
	mailbox_expunge(inbox, entry);
	ck_assert(account_has_room(alice, 10));
	mail_store_free(store);
}
END_TEST

/* What a watcher heard, in letters. */
static GString *heard;

static void hear_appended(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry)
{
	(void)mailbox;
	g_string_append_printf(heard, "%sa%u ", (const char *)owner, entry->uid);
}

static void hear_changed(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry)
{
	(void)mailbox;
	g_string_append_printf(heard, "%sc%u=%x ", (const char *)owner, entry->uid, entry->flags);
}

static void hear_expunged(void *owner, struct mailbox *mailbox, struct mailbox_entry *entry,
			  unsigned index)
{
	(void)mailbox;
	g_string_append_printf(heard, "%se%u@%u ", (const char *)owner, entry->uid, index);
}

static void hear_gone(void *owner, struct mailbox *mailbox)
{
	(void)mailbox;
	g_string_append_printf(heard, "%sg ", (const char *)owner);
}

START_TEST(watchers_hear_of_changes_in_order)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *work = account_create_mailbox(alice, "Work");
	struct mailbox_watcher one = { (char *)"1", hear_appended, hear_changed, hear_expunged,
				       hear_gone };
	struct mailbox_watcher two = { (char *)"2", hear_appended, hear_changed, hear_expunged,
				       hear_gone };

	heard = g_string_new(NULL);
	mailbox_watch(work, &one);
	mailbox_watch(work, &two);
	struct mailbox_entry *first = append(work, "one");
	append(work, "two");
	mailbox_set_flags(work, first, MAILBOX_SEEN, NULL, &one);
	mailbox_unwatch(work, &one);
	mailbox_expunge(work, first);
	account_delete_mailbox(alice, work);
	ck_assert_str_eq(heard->str, "1a1 2a1 1a2 2a2 2c1=1 2e1@0 2g ");
	g_string_free(heard, TRUE);
	mail_store_free(store);
}
END_TEST

START_TEST(the_maildrop_has_one_lock)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");

	ck_assert(account_lock_maildrop(alice));
	ck_assert(!account_lock_maildrop(alice));
	account_unlock_maildrop(alice);
	ck_assert(account_lock_maildrop(alice));
	mail_store_free(store);
}
END_TEST

START_TEST(a_second_delivery_is_recognised)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");

	ck_assert(!account_delivered_before(alice, "a b <1@x>"));
	account_note_delivery(alice, "a b <1@x>");
	ck_assert(account_delivered_before(alice, "a b <1@x>"));
	ck_assert(!account_delivered_before(alice, "a b <2@x>"));
	mail_store_free(store);
}
END_TEST

/* A view of one mailbox built from records alone. */
struct replay {
	GString *log;
};

static void replay_record(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct replay *replay = owner;
	const char *name = mail_layer_names.details[record->detail];

	ck_assert_uint_eq(record->layer, LAYER_MAIL);
	g_string_append_printf(replay->log, "%s %u ", name, (unsigned)record->object & 0xff);
	switch (record->detail) {
	case MAILBOX_CREATED:
		g_string_append_printf(
		    replay->log, "%u %s %.*s\n", (unsigned)record->before, (const char *)bytes.data,
		    (int)(bytes.length - strlen((const char *)bytes.data) - 1),
		    (const char *)bytes.data + strlen((const char *)bytes.data) + 1);
		return;
	case MAILBOX_APPENDED:
	case MAILBOX_COPIED:
		g_string_append_printf(replay->log, "%u %x %d ", (unsigned)record->before,
				       mailbox_record_flags(record->after),
				       (int)mailbox_record_date(record->after));
		break;
	default:
		g_string_append_printf(replay->log, "%u %x ", (unsigned)record->before,
				       (unsigned)record->after);
	}
	g_string_append_printf(replay->log, "%.*s\n", (int)bytes.length, (const char *)bytes.data);
}

START_TEST(records_tell_all_that_changes)
{
	struct world *world = world_new(1, 1000);
	struct node node;
	struct replay replay = { g_string_new(NULL) };
	struct trace_sink sink = {
		.kinds = TRACE_BIT(TRACE_MAILBOX),
		.owner = &replay,
		.record = replay_record,
	};

	trace_add_sink(&world->trace, &sink);
	node_init(&node, world, "mail", NODE_HOST);
	struct mail_store *store = mail_store_new(&node);
	struct account *alice = mail_store_add_account(store, "alice@office.example", "w");
	struct mailbox *inbox = inbox_of(store, "alice@office.example");
	struct mailbox *work = account_create_mailbox(alice, "Work");
	struct mailbox_entry *entry = append(inbox, "text");
	GPtrArray *keywords = g_ptr_array_new();

	g_ptr_array_add(keywords, (char *)"$A");
	g_ptr_array_add(keywords, (char *)"b");
	mailbox_set_flags(inbox, entry, MAILBOX_SEEN, keywords, NULL);
	g_ptr_array_unref(keywords);
	mailbox_copy(work, entry);
	mailbox_expunge(inbox, entry);
	account_set_subscribed(alice, "Work", true);
	account_set_subscribed(alice, "Work", true);
	account_rename_mailbox(alice, work, "Jobs");
	account_delete_mailbox(alice, work);
	ck_assert_str_eq(replay.log->str, "mailbox created 1 1000 alice@office.example INBOX\n"
					  "mailbox created 2 1001 alice@office.example Work\n"
					  "message appended 1 1 20 1795310098 text\n"
					  "flags changed 1 1 1 $A b\n"
					  "message copied 2 1 21 1795310098 text\n"
					  "flags changed 2 1 21 $A b\n"
					  "message expunged 1 1 1 \n"
					  "subscription changed 2 0 1 \n"
					  "mailbox renamed 2 0 0 Jobs\n"
					  "subscription changed 2 0 0 \n"
					  "mailbox removed 2 0 0 \n");
	mail_store_free(store);
	g_string_free(replay.log, TRUE);
	world_free(world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, accounts_are_found_in_any_case);
	tcase_add_test(tests, a_login_is_an_address_or_a_local_part_of_its_own);
	tcase_add_loop_test(tests, mailbox_names_are_checked, 0, G_N_ELEMENTS(names));
	tcase_add_test(tests, mailboxes_are_created_renamed_with_their_children_and_deleted);
	tcase_add_test(tests, renaming_inbox_moves_its_messages);
	tcase_add_test(tests, uids_ascend_and_are_never_used_again);
	tcase_add_test(tests, a_copy_keeps_flags_keywords_and_date);
	tcase_add_test(tests, quota_counts_every_byte);
	tcase_add_test(tests, watchers_hear_of_changes_in_order);
	tcase_add_test(tests, the_maildrop_has_one_lock);
	tcase_add_test(tests, a_second_delivery_is_recognised);
	tcase_add_test(tests, records_tell_all_that_changes);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
