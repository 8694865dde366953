/* A peer that talks without reading cannot make a server's output grow without end. */
#include <check.h>
#include <stdlib.h>
#include "protocols/imap/session.h"
#include "protocols/mail/mailbox.h"

START_TEST(answers_that_nobody_reads_stop_the_reading)
{
	static const char command[] = "a CAPABILITY\r\n";
	struct mail_store *store = mail_store_new(NULL);
	struct session *session = imap_session_new(
	    &(struct imap_session_config) { .store = store, .software = "mailwire" });
	GString *flood = g_string_new(NULL);
	size_t consumed, again;

	for (int i = 0; i < 200000; i++)
		g_string_append(flood, command);
	session->operations->opened(session);
	consumed = session_offer(session, (struct bytes) { (uint8_t *)flood->str, flood->len });
	ck_assert_uint_lt(consumed, flood->len);
	ck_assert_uint_ge(session->output->len, SESSION_OUTPUT_HIGH);
	ck_assert_uint_lt(session->output->len, 2 * SESSION_OUTPUT_HIGH);

	/* Once the peer has read, it is heard again. */
	g_byte_array_set_size(session->output, 0);
	again = session_offer(
	    session, (struct bytes) { (uint8_t *)flood->str + consumed, flood->len - consumed });
	ck_assert_uint_gt(again, 0);
	g_string_free(flood, TRUE);
	session_free(session);
	mail_store_free(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("back-pressure");
	TCase *tests = tcase_create("back-pressure");

	tcase_add_test(tests, answers_that_nobody_reads_stop_the_reading);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
