/* DNS messages in a stream: framing, several at once, the order of closing. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/tcp_session.h"

#define S NS_PER_S

struct fixture {
	struct session *session;
	GString *messages; /* those that came, each with a bar behind it */
	bool answers_at_once;
};

static void take_message(void *owner, struct session *session, struct bytes message)
{
	struct fixture *fixture = owner;

	g_string_append_len(fixture->messages, (const char *)message.data, (gssize)message.length);
	g_string_append_c(fixture->messages, '|');
	if (fixture->answers_at_once)
		dns_tcp_session_send(session, message);
}

static void set_up(struct fixture *fixture, bool is_server)
{
	*fixture = (struct fixture) { .messages = g_string_new(NULL) };
	fixture->session = dns_tcp_session_new(&(struct dns_tcp_config) {
	    .is_server = is_server,
	    .query = bytes_of("query"),
	    .message = take_message,
	    .owner = fixture,
	});
	fixture->session->now_ns = 100 * S;
	fixture->session->operations->opened(fixture->session);
}

static void tear_down(struct fixture *fixture)
{
	session_free(fixture->session);
	g_string_free(fixture->messages, TRUE);
}

static const uint8_t two_messages[] = "\0\3one\0\5three";

START_TEST(messages_are_read_whatever_the_segments)
{
	struct fixture fixture;
	struct bytes in = { two_messages, sizeof two_messages - 1 };
	size_t step = (size_t)_i, consumed = 0;

	set_up(&fixture, true);
	fixture.answers_at_once = true;
	/* Loop test: bytes come _i at a time; what was not consumed is offered again. */
	for (size_t arrived = step; consumed < in.length; arrived += step)
		consumed +=
		    session_offer(fixture.session, bytes_from(bytes_first(in, arrived), consumed));
	ck_assert_str_eq(fixture.messages->str, "one|three|");
	ck_assert_uint_eq(fixture.session->output->len, in.length);
	ck_assert_mem_eq(fixture.session->output->data, two_messages, in.length);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_client_sends_its_query_first)
{
	struct fixture fixture;

	set_up(&fixture, false);
	ck_assert_uint_eq(fixture.session->output->len, 7);
	ck_assert_mem_eq(fixture.session->output->data, "\0\5query", 7);
	ck_assert_int_eq(fixture.session->deadline_ns, TIME_NEVER);
	session_offer(fixture.session, (struct bytes) { (const uint8_t *)"\0\6answer", 8 });
	ck_assert_str_eq(fixture.messages->str, "answer|");
	ck_assert(!fixture.session->is_closing);
	dns_tcp_session_close(fixture.session);
	ck_assert(fixture.session->is_closing);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_server_closes_idle_connections)
{
	struct fixture fixture;

	set_up(&fixture, true);
	ck_assert_int_eq(fixture.session->deadline_ns, 130 * S);
	fixture.session->now_ns = 120 * S;
	session_offer(fixture.session, (struct bytes) { two_messages, 5 });
	ck_assert_int_eq(fixture.session->deadline_ns, 150 * S);
	fixture.session->operations->expired(fixture.session);
	ck_assert(fixture.session->is_closing);
	tear_down(&fixture);
}
END_TEST

START_TEST(queries_before_the_end_are_still_answered)
{
	struct fixture fixture;

	set_up(&fixture, true);
	session_offer(fixture.session, (struct bytes) { two_messages, sizeof two_messages - 1 });
	fixture.session->operations->ended(fixture.session);
	ck_assert(!fixture.session->is_closing);
	dns_tcp_session_send(fixture.session, bytes_of("1"));
	ck_assert(!fixture.session->is_closing);
	dns_tcp_session_send(fixture.session, bytes_of("3"));
	ck_assert(fixture.session->is_closing);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_connection_that_ends_idle_is_closed)
{
	struct fixture fixture;

	set_up(&fixture, _i == 0);
	fixture.session->operations->ended(fixture.session);
	ck_assert(fixture.session->is_closing);
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns tcp session");
	TCase *tcase = tcase_create("tcp session");

	tcase_add_loop_test(tcase, messages_are_read_whatever_the_segments, 1, 14);
	tcase_add_test(tcase, a_client_sends_its_query_first);
	tcase_add_test(tcase, a_server_closes_idle_connections);
	tcase_add_test(tcase, queries_before_the_end_are_still_answered);
	tcase_add_loop_test(tcase, a_connection_that_ends_idle_is_closed, 0, 2);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
