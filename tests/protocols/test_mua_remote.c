/* What the mail client remembers of an IMAP folder, and when it must ask again. */
#include <check.h>
#include "protocols/programs/mua_remote.h"

static void take(struct remote_folder *folder, uint32_t uid, const char *subject)
{
	struct imap_envelope envelope = { .subject = (char *)subject };
	struct imap_fetched fetched = {
		.uid = uid,
		.has_flags = true,
		.flags = MAILBOX_SEEN,
		.envelope = subject != NULL ? &envelope : NULL,
	};

	remote_folder_take(folder, &fetched, 0);
}

/* A folder that knows the messages 1, 2 and 5; the next UID is 6. */
static struct remote_folder *known_folder(void)
{
	struct remote_folder *folder = remote_folder_new("INBOX");
	struct imap_mailbox_status status = {
		.name = "INBOX",
		.messages = 3,
		.uid_next = 6,
		.uid_validity = 9,
	};

	ck_assert_uint_eq(remote_folder_first_unknown(folder, &status), 1);
	take(folder, 5, "five");
	take(folder, 1, "one");
	take(folder, 2, "=?utf-8?q?tw=C3=B6?=");
	remote_folder_settle(folder, 0);
	ck_assert_uint_eq(folder->messages->len, 3);
	return folder;
}

struct change {
	const char *name;
	uint32_t messages, uid_next, uid_validity;
	uint32_t first; /* UID whose header must be fetched first */
};

static const struct change changes[] = {
	{"nothing",		      3, 6, 9,  0},
	{ "two new ones",                5, 8, 9,  6},
	{ "one went",                    2, 6, 9,  1},
	{ "one went, one came",          3, 7, 9,  1},
	{ "a new one came and went",     3, 7, 9,  1},
	{ "all went",                    0, 6, 9,  0},
	{ "another folder of this name", 3, 6, 10, 1},
	{ "an empty one",                0, 1, 10, 0},
};

START_TEST(only_what_changed_is_asked_for)
{
	const struct change *change = &changes[_i];
	struct remote_folder *folder = known_folder();
	struct imap_mailbox_status status = {
		.name = "INBOX",
		.messages = change->messages,
		.uid_next = change->uid_next,
		.uid_validity = change->uid_validity,
	};

	ck_assert_msg(remote_folder_first_unknown(folder, &status) == change->first, "%s",
		      change->name);
	remote_folder_free(folder);
}
END_TEST

START_TEST(what_is_not_heard_of_again_has_gone)
{
	struct remote_folder *folder = known_folder();
	struct imap_mailbox_status status = {
		.name = "INBOX",
		.messages = 2,
		.uid_next = 6,
		.uid_validity = 9,
	};

	ck_assert_uint_eq(remote_folder_first_unknown(folder, &status), 1);
	take(folder, 1, "one");
	take(folder, 5, "five");
	remote_folder_settle(folder, 0);
	ck_assert_uint_eq(folder->messages->len, 2);
	ck_assert_ptr_null(remote_folder_find(folder, 2));
	ck_assert_ptr_nonnull(remote_folder_find(folder, 5));
	ck_assert_uint_eq(remote_folder_highest(folder), 5);

	status.messages = 0;
	ck_assert_uint_eq(remote_folder_first_unknown(folder, &status), 0);
	remote_folder_settle(folder, 0);
	ck_assert_uint_eq(folder->messages->len, 0);
	ck_assert_uint_eq(remote_folder_highest(folder), 0);
	remote_folder_free(folder);
}
END_TEST

/* With QRESYNC what has gone was named: new messages alone are asked for, however many went. */
START_TEST(resynchronised_folder_asks_for_new_messages_alone)
{
	struct remote_folder *folder = known_folder();
	struct imap_mailbox_status status = {
		.name = "INBOX",
		.messages = 3,
		.uid_next = 9,
		.uid_validity = 9,
		.modseq = 20,
		.is_resynchronized = true,
	};

	remote_folder_settle(folder, 12);
	ck_assert_uint_eq(folder->modseq, 12);
	remote_folder_remove(folder, 0, 2);
	ck_assert_uint_eq(remote_folder_first_unknown(folder, &status), 6);
	ck_assert_uint_eq(folder->modseq, 0); /* until the listing is complete */
	take(folder, 8, "eight");
	remote_folder_settle(folder, status.modseq);
	ck_assert_uint_eq(folder->messages->len, 3);
	ck_assert_uint_eq(remote_folder_first_unknown(folder, &status), 0);
	remote_folder_free(folder);
}
END_TEST

START_TEST(messages_are_removed_by_number_or_uid)
{
	struct remote_folder *folder = known_folder();

	remote_folder_remove(folder, 9, 0);
	remote_folder_remove(folder, 0, 7);
	ck_assert_uint_eq(folder->messages->len, 3);
	remote_folder_remove(folder, 2, 0);
	ck_assert_ptr_null(remote_folder_find(folder, 2));
	remote_folder_remove(folder, 1, 5);
	ck_assert_ptr_null(remote_folder_find(folder, 5));
	ck_assert_ptr_nonnull(remote_folder_find(folder, 1));
	remote_folder_free(folder);
}
END_TEST

static const struct {
	enum mua_pick pick;
	const char *subject;
	unsigned count;
	uint32_t first;
} picks[] = {
	{MUA_NEWEST,   NULL,         1, 5},
        { MUA_OLDEST,  NULL,         1, 1},
	{ MUA_ALL,     NULL,         3, 1},
        { MUA_SUBJECT, "tw\xc3\xb6", 1, 2},
	{ MUA_SUBJECT, "missing",    0, 0},
};

START_TEST(messages_are_picked)
{
	struct remote_folder *folder = known_folder();
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	remote_folder_pick(folder, picks[_i].pick, picks[_i].subject, uids);
	ck_assert_uint_eq(uids->len, picks[_i].count);
	if (uids->len > 0)
		ck_assert_uint_eq(g_array_index(uids, uint32_t, 0), picks[_i].first);
	g_array_unref(uids);
	remote_folder_free(folder);
}
END_TEST

START_TEST(a_body_is_kept_when_flags_change)
{
	struct remote_folder *folder = known_folder();
	struct imap_fetched fetched = { .uid = 2, .body = g_bytes_new_static("text", 4) };

	remote_folder_take(folder, &fetched, 77);
	take(folder, 2, NULL);
	struct remote_message *message = remote_folder_find(folder, 2);
	ck_assert_uint_eq(message->message->root, 77);
	ck_assert_uint_eq(message->flags, MAILBOX_SEEN);
	ck_assert_str_eq(message->subject, "tw\xc3\xb6");
	g_bytes_unref(fetched.body);
	remote_folder_free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mua remote folder");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, only_what_changed_is_asked_for, 0, G_N_ELEMENTS(changes));
	tcase_add_test(tests, resynchronised_folder_asks_for_new_messages_alone);
	tcase_add_test(tests, what_is_not_heard_of_again_has_gone);
	tcase_add_test(tests, messages_are_removed_by_number_or_uid);
	tcase_add_loop_test(tests, messages_are_picked, 0, G_N_ELEMENTS(picks));
	tcase_add_test(tests, a_body_is_kept_when_flags_change);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
