/*
 * Mail over bad cables: 5 % loss, 2 % corruption, 2 % duplication and 5 % reordering on every cable.
 * Every message is in its mailbox exactly once, with every byte that its sender composed.
 */
#include <check.h>
#include "protocols/layer.h"
#include "tests/app/program.h"
#include "tests/app/watched.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 20 /* the sanitizers make a run ten times slower */
#else
#define SEEDS 200
#endif
#define SEEDS_PER_TEST 20

#define RUN_NS         (INT64_C(6) * 3600 * 1000000000)

/* The network and accounts of the office with another timeline. */
static char *office_with(const char *rest)
{
	GBytes *office = file_read("scenarios/office.yaml");
	const char *text = g_bytes_get_data(office, NULL);
	const char *timeline =
	    g_strstr_len(text, (gssize)g_bytes_get_size(office), "\ntimeline:\n");
	char *whole;

	ck_assert_ptr_nonnull(timeline);
	whole = g_strdup_printf("%.*s\n%s", (int)(timeline - text), text, rest);
	g_bytes_unref(office);
	return whole;
}

/* Users write once and look for mail again and again. */
static const char exchange[] =
    "timeline:\n"
    "  - {at: 1s, who: alice, do: send, to: bob@remote.example, subject: To Bob,\n"
    "     text: \".first\\n.\\nlast\\n\"}\n"
    "  - {at: 2s, who: bob, do: send, to: alice@office.example, subject: To Alice, text: Hello}\n"
    "  - {at: 3s, who: alice, do: send, to: carol@office.example, subject: To Carol,\n"
    "     attach: files/minutes.pdf}\n"
    "  - {at: 4s, who: bob, do: check, every: 5min, times: 60}\n"
    "  - {at: 5s, who: alice, do: check, every: 5min, times: 60}\n"
    "  - {at: 6s, who: carol, do: check, every: 5min, times: 60}\n";

static const char bad_cables[] =
    "impairments:\n"
    "  - {link: all, loss: 5%, corrupt: 2%, duplicate: 2%, reorder: 5%, to: 5h}\n";

/* The subject, and whether the message ends with what was composed: servers only put headers in front. */
static bool is_whole(GBytes *message, const GPtrArray *composed, const char *subject)
{
	gsize length, part;
	const char *bytes = g_bytes_get_data(message, &length);
	char *wanted = g_strdup_printf("Subject: %s\r\n", subject);
	bool is = false;

	for (guint i = 0; i < composed->len && !is; i++) {
		const char *own = g_bytes_get_data(composed->pdata[i], &part);

		is = g_strstr_len(own, (gssize)part, wanted) != NULL && part < length &&
		     memcmp(bytes + length - part, own, part) == 0;
	}
	g_free(wanted);
	return is;
}

/* How many messages there are in the INBOX of `owner`, on its server and with its client. */
static unsigned count_in_inbox(const struct watched *watched, const char *owner,
			       const char *subject, bool *are_whole)
{
	unsigned count = 0;

	for (unsigned i = 0; i < mailboxes_count(watched->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(watched->mailboxes, i);

		if (strcmp(mailbox->owner, owner) != 0 || strcmp(mailbox->name, "INBOX") != 0)
			continue;
		for (guint k = 0; k < mailbox->messages->len; k++) {
			const struct mailbox_message *message = mailbox->messages->pdata[k];

			count++;
			*are_whole &= is_whole(message->bytes, watched->composed, subject);
		}
	}
	return count;
}

/* What is wrong after a run; NULL: nothing. */
static char *complaint_about(const struct watched *watched)
{
	static const struct {
		const char *owner, *subject;
	} wanted[] = {
		{"bob@remote.example",    "To Bob"  },
		{ "alice@office.example", "To Alice"},
		{ "carol@office.example", "To Carol"},
	};
	const uint64_t *mails = watched->mails;

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		bool are_whole = true;
		unsigned count =
		    count_in_inbox(watched, wanted[i].owner, wanted[i].subject, &are_whole);

		if (count != 1)
			return g_strdup_printf("%u messages for %s", count, wanted[i].owner);
		if (!are_whole)
			return g_strdup_printf("the message for %s was changed", wanted[i].owner);
	}
	if (mails[MAIL_DELIVERED] != 3)
		return g_strdup_printf("%u deliveries", (unsigned)mails[MAIL_DELIVERED]);
	if (mails[MAIL_BOUNCED] != 0 || mails[MAIL_REFUSED] != 0)
		return g_strdup("bounced or refused");
	/* Whatever a server took ended somewhere: nothing is lost, no second copy is passed over. */
	if (mails[MAIL_QUEUED] !=
	    mails[MAIL_DELIVERED] + mails[MAIL_DUPLICATE] + mails[MAIL_TRANSFERRED])
		return g_strdup_printf(
		    "%u queued, %u delivered, %u again, %u transferred",
		    (unsigned)mails[MAIL_QUEUED], (unsigned)mails[MAIL_DELIVERED],
		    (unsigned)mails[MAIL_DUPLICATE], (unsigned)mails[MAIL_TRANSFERRED]);
	return NULL;
}

/* Loop test: SEEDS_PER_TEST seeds each. */
START_TEST(mail_survives_bad_cables)
{
	char *rest = g_strconcat(exchange, bad_cables, NULL), *text = office_with(rest);
	GString *failed = g_string_new(NULL);
	uint64_t retransmissions = 0;

	for (int i = 0; i < SEEDS_PER_TEST; i++) {
		uint64_t seed = (uint64_t)(_i * SEEDS_PER_TEST + i + 1);
		struct watched *watched =
		    watched_run(scenario_of_text(text), seed, RUN_NS, NULL, false);
		char *complaint = complaint_about(watched);

		retransmissions += watched->retransmissions;
		if (complaint != NULL)
			g_string_append_printf(failed, "seed %u: %s; ", (unsigned)seed, complaint);
		g_free(complaint);
		watched_free(watched);
	}
	ck_assert_msg(failed->len == 0, "%s", failed->str);
	ck_assert_uint_gt(retransmissions, SEEDS_PER_TEST * 10);
	g_string_free(failed, TRUE);
	g_free(text);
	g_free(rest);
}
END_TEST

/* The cable breaks when the message has crossed and its reply has not, until TCP gives up. */
static const struct {
	const char *break_, *by;
} lost_replies[] = {
	{"{link: uplink, from: 1552ms, to: 1h, down: yes}",                "remote-mail"},
	{ "{link: \"alice-pc:eth0\", from: 1078530us, to: 1h, down: yes}", "mail"       },
};

START_TEST(a_second_delivery_is_recognised_and_logged)
{
	char *rest = g_strdup_printf("%simpairments:\n  - %s\n", exchange, lost_replies[_i].break_);
	char *text = office_with(rest), *folder = folder_new();
	char *path = scenario_write(folder, text), *complaint;
	struct watched *watched = watched_run(scenario_of_text(text), 1, RUN_NS, NULL, false);
	struct outcome *outcome =
	    program_run("run", path, "--until", "6h", "--layer", "mail", NULL);

	complaint = complaint_about(watched);
	ck_assert_msg(complaint == NULL, "%s", complaint);
	ck_assert_uint_eq(watched->mails[MAIL_DUPLICATE], 1);
	ck_assert_status(outcome, 0);
	ck_assert_msg(strstr(outcome->out, "second delivery") != NULL, "%s", outcome->out);
	watched_free(watched);
	outcome_free(outcome);
	g_free(path);
	g_free(text);
	g_free(rest);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lossy");
	TCase *tests = tcase_create("lossy");

	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, mail_survives_bad_cables, 0, SEEDS / SEEDS_PER_TEST);
	tcase_add_loop_test(tests, a_second_delivery_is_recognised_and_logged, 0,
			    (int)G_N_ELEMENTS(lost_replies));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
