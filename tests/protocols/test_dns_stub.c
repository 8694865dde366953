/* The stub resolver against a scripted server: retries, forgeries, truncation. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/stub.h"

#define S      NS_PER_S

#define SERVER UINT32_C(0xc0000235)

/* The query for "A of a.example", but for its id. */
static const uint8_t query_bytes[] = {
	0x01, 0x00, 0, 1,   0,   0,   0,   0,   0,   0, /* RD; one question, no EDNS */
	1,    'a',  7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1,
};

/* What dig 9.18 sends for the same, but for its id and the 8 bytes of its cookie at the end. */
static const uint8_t dig_bytes[] = {
	0x01, 0x20, 0,  1,    0,    0,   0,   0,   0,   1, /* RD and AD; one question, one OPT */
	1,    'a',  7,  'e',  'x',  'a', 'm', 'p', 'l', 'e',
	0,    0,    1,  0,    1, /* A, IN */
	0,    0,    41, 0x04, 0xd0, 0,   0,   0,   0,   0,
	12,   0,    10, 0,    8, /* 1232 bytes, COOKIE */
};

/* Responses to it, without the id. */
#define QUESTION "\1a\7example\0\0\1\0\1"
#define FOUND    "\x81\x80\0\1\0\1\0\0\0\0" QUESTION "\xc0\xc\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
#define NO_DATA  "\x81\x80\0\1\0\0\0\0\0\0" QUESTION
#define NO_NAME  "\x81\x83\0\1\0\0\0\0\0\0" QUESTION
#define SERVFAIL "\x81\x82\0\1\0\0\0\0\0\0" QUESTION
#define REFUSED  "\x81\x85\0\1\0\0\0\0\0\0" QUESTION
#define CUT      "\x83\x80\0\1\0\0\0\0\0\0" QUESTION
#define OTHER    "\x81\x80\0\1\0\0\0\0\0\0\1b\7example\0\0\1\0\1"
/* a CNAME b, b A 192.0.2.1; and a CNAME that leads nowhere. */
#define ALIAS                                                                                      \
	"\x81\x80\0\1\0\2\0\0\0\0" QUESTION "\xc0\xc\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\xe"              \
	"\xc0\x27\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
#define DANGLING "\x81\x80\0\1\0\1\0\0\0\0" QUESTION "\xc0\xc\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\xe"

/* The root does not ask itself: NS of example, without AA and RA. With RA it is an answer. */
#define REFERRAL "\x81\0\0\1\0\0\0\1\0\0" QUESTION "\xc0\xe\0\2\0\1\0\0\0\x3c\0\4\1b\xc0\xe"
#define RECURSED "\x81\x80\0\1\0\0\0\1\0\0" QUESTION "\xc0\xe\0\2\0\1\0\0\0\x3c\0\4\1b\xc0\xe"

struct fixture {
	struct dns_stub *stub;
	enum dns_asker asker;
	uint8_t cookie[8];
	int64_t now_ns;
	unsigned sent, sent_over_tcp, closed, drops;
	uint64_t exchange;
	uint8_t id[2];
	unsigned answers;
	enum dns_outcome outcome;
	bool has_message;
};

static void send_query(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
		       struct bytes message)
{
	struct fixture *fixture = owner;

	ck_assert_uint_eq(server.address, SERVER);
	ck_assert_uint_eq(server.port, 53);
	if (fixture->asker == DNS_ASKER_DIG) {
		ck_assert_uint_eq(message.length, 2 + sizeof dig_bytes + 8);
		ck_assert_mem_eq(message.data + 2, dig_bytes, sizeof dig_bytes);
		memcpy(fixture->cookie, message.data + 2 + sizeof dig_bytes, 8);
	} else {
		ck_assert_uint_eq(message.length, 2 + sizeof query_bytes);
		ck_assert_mem_eq(message.data + 2, query_bytes, sizeof query_bytes);
	}
	memcpy(fixture->id, message.data, 2);
	fixture->exchange = exchange;
	fixture->sent++;
	fixture->sent_over_tcp += over_tcp;
}

static void close_exchange(void *owner, uint64_t exchange)
{
	struct fixture *fixture = owner;

	ck_assert_uint_eq(exchange, fixture->exchange);
	fixture->closed++;
}

static void note_drop(void *owner, enum dns_detail why, struct bytes message)
{
	(void)why;
	(void)message;
	((struct fixture *)owner)->drops++;
}

static const struct dns_network network = {
	.send = send_query,
	.close = close_exchange,
	.dropped = note_drop,
};

static void take_answer(void *owner, const struct dns_answer *answer)
{
	struct fixture *fixture = owner;

	fixture->answers++;
	fixture->outcome = answer->outcome;
	fixture->has_message = answer->message != NULL;
}

static void set_up_as(struct fixture *fixture, enum dns_asker asker)
{
	struct random_stream random;
	struct dns_name_buffer buffer;
	struct dns_question question = { .type = DNS_A, .class = DNS_IN };

	*fixture = (struct fixture) { .now_ns = 7 * S, .asker = asker };
	random_init(&random, 1, "alice", "dns.stub");
	fixture->stub =
	    dns_stub_new((struct endpoint) { SERVER, 53 }, asker, &random, &network, fixture);
	ck_assert(dns_name_from_text("a.example", &buffer, &question.name));
	dns_stub_ask(fixture->stub, fixture->now_ns, &question, take_answer, fixture);
	ck_assert_uint_eq(fixture->sent, 1);
	ck_assert_uint_eq(fixture->answers, 0);
}

static void set_up(struct fixture *fixture)
{
	set_up_as(fixture, DNS_ASKER_LIBRARY);
}

static void tear_down(struct fixture *fixture)
{
	dns_stub_free(fixture->stub);
}

static void deliver(struct fixture *fixture, const char *response, size_t length)
{
	uint8_t *message = g_malloc(2 + length);

	memcpy(message, fixture->id, 2);
	memcpy(message + 2, response, length);
	dns_stub_receive(fixture->stub, fixture->now_ns, fixture->exchange,
			 (struct endpoint) { SERVER, 53 }, (struct bytes) { message, 2 + length });
	g_free(message);
}

#define DELIVER(fixture, response) deliver(fixture, response, sizeof response - 1)

static void wait_in_vain(struct fixture *fixture, int64_t expected_ns)
{
	ck_assert_int_eq(dns_stub_deadline(fixture->stub), fixture->now_ns + expected_ns);
	fixture->now_ns += expected_ns;
	dns_stub_expire(fixture->stub, fixture->now_ns);
}

#define OUTCOME_ROW(response, outcome)                                                             \
	{                                                                                          \
		response, sizeof response - 1, outcome                                             \
	}

static const struct {
	const char *response;
	size_t length;
	enum dns_outcome outcome;
} outcomes[] = {
	OUTCOME_ROW(FOUND, DNS_FOUND),      OUTCOME_ROW(NO_DATA, DNS_NO_DATA),
	OUTCOME_ROW(NO_NAME, DNS_NO_NAME),  OUTCOME_ROW(ALIAS, DNS_FOUND),
	OUTCOME_ROW(DANGLING, DNS_NO_DATA), OUTCOME_ROW(REFERRAL, DNS_REFERRAL),
	OUTCOME_ROW(RECURSED, DNS_NO_DATA),
};

START_TEST(a_response_has_an_outcome)
{
	struct fixture fixture;

	set_up(&fixture);
	deliver(&fixture, outcomes[_i].response, outcomes[_i].length);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, outcomes[_i].outcome);
	ck_assert(fixture.has_message);
	ck_assert_uint_eq(fixture.closed, 1);
	ck_assert_int_eq(dns_stub_deadline(fixture.stub), TIME_NEVER);
	tear_down(&fixture);
}
END_TEST

START_TEST(it_asks_twice_with_the_same_id_and_gives_up)
{
	struct fixture fixture;
	uint8_t first_id[2];

	set_up(&fixture);
	memcpy(first_id, fixture.id, 2);
	wait_in_vain(&fixture, 5 * S);
	ck_assert_uint_eq(fixture.sent, 2);
	ck_assert_mem_eq(fixture.id, first_id, 2);
	ck_assert_uint_eq(fixture.closed, 0);
	wait_in_vain(&fixture, 5 * S);
	ck_assert_uint_eq(fixture.sent, 2);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	ck_assert(!fixture.has_message);
	tear_down(&fixture);
}
END_TEST

START_TEST(an_answer_to_the_second_attempt_is_good)
{
	struct fixture fixture;

	set_up(&fixture);
	wait_in_vain(&fixture, 5 * S);
	DELIVER(&fixture, FOUND);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_server_that_fails_is_asked_once_more)
{
	static const struct {
		const char *response;
		size_t length;
	} rows[] = {
		{SERVFAIL, sizeof SERVFAIL - 1},
                { REFUSED, sizeof REFUSED - 1 }
	};
	struct fixture fixture;

	set_up(&fixture);
	deliver(&fixture, rows[_i].response, rows[_i].length);
	ck_assert_uint_eq(fixture.answers, 0);
	ck_assert_uint_eq(fixture.sent, 2);
	ck_assert_uint_eq(fixture.closed, 1); /* the socket is another */
	deliver(&fixture, rows[_i].response, rows[_i].length);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	tear_down(&fixture);
}
END_TEST

START_TEST(forgeries_are_dropped)
{
	struct fixture fixture;

	set_up(&fixture);
	DELIVER(&fixture, OTHER);
	DELIVER(&fixture, "\x81\x80\0\1");
	fixture.id[0] ^= 1;
	DELIVER(&fixture, FOUND);
	fixture.id[0] ^= 1;
	ck_assert_uint_eq(fixture.drops, 3);
	ck_assert_uint_eq(fixture.answers, 0);
	ck_assert_uint_eq(fixture.sent, 1);
	DELIVER(&fixture, FOUND);
	ck_assert_uint_eq(fixture.answers, 1);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_truncated_answer_is_fetched_over_tcp)
{
	struct fixture fixture;

	set_up(&fixture);
	DELIVER(&fixture, CUT);
	ck_assert_uint_eq(fixture.sent, 2);
	ck_assert_uint_eq(fixture.sent_over_tcp, 1);
	DELIVER(&fixture, FOUND);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_refused_connection_is_an_attempt)
{
	struct fixture fixture;

	set_up(&fixture);
	dns_stub_failed(fixture.stub, fixture.now_ns, fixture.exchange);
	ck_assert_uint_eq(fixture.sent, 2);
	dns_stub_failed(fixture.stub, fixture.now_ns, fixture.exchange);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	ck_assert_uint_eq(fixture.answers, 1);
	tear_down(&fixture);
}
END_TEST

START_TEST(dig_takes_any_status_for_the_answer)
{
	static const struct {
		const char *response;
		size_t length;
	} rows[] = {
		{SERVFAIL, sizeof SERVFAIL - 1},
                { REFUSED, sizeof REFUSED - 1 }
	};
	struct fixture fixture;

	set_up_as(&fixture, DNS_ASKER_DIG);
	deliver(&fixture, rows[_i].response, rows[_i].length);
	ck_assert_uint_eq(fixture.sent, 1);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	ck_assert(fixture.has_message);
	tear_down(&fixture);
}
END_TEST

START_TEST(dig_asks_three_times_from_new_sockets)
{
	struct fixture fixture;
	uint8_t first_id[2], cookie[8];

	set_up_as(&fixture, DNS_ASKER_DIG);
	memcpy(first_id, fixture.id, 2);
	memcpy(cookie, fixture.cookie, 8);
	for (unsigned sent = 2; sent <= 3; sent++) {
		wait_in_vain(&fixture, 5 * S);
		ck_assert_uint_eq(fixture.sent, sent);
		ck_assert_uint_eq(fixture.closed, sent - 1);
		ck_assert_mem_eq(fixture.id, first_id, 2);
		ck_assert_mem_eq(fixture.cookie, cookie, 8);
	}
	wait_in_vain(&fixture, 5 * S);
	ck_assert_uint_eq(fixture.sent, 3);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	tear_down(&fixture);
}
END_TEST

START_TEST(dig_takes_another_id_over_tcp_and_keeps_its_cookie)
{
	struct fixture fixture;
	uint8_t first_id[2], cookie[8];

	set_up_as(&fixture, DNS_ASKER_DIG);
	memcpy(first_id, fixture.id, 2);
	memcpy(cookie, fixture.cookie, 8);
	DELIVER(&fixture, CUT);
	ck_assert_uint_eq(fixture.sent_over_tcp, 1);
	ck_assert_mem_ne(fixture.id, first_id, 2);
	ck_assert_mem_eq(fixture.cookie, cookie, 8);
	DELIVER(&fixture, FOUND);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns stub");
	TCase *tcase = tcase_create("stub");

	tcase_add_loop_test(tcase, a_response_has_an_outcome, 0, G_N_ELEMENTS(outcomes));
	tcase_add_test(tcase, it_asks_twice_with_the_same_id_and_gives_up);
	tcase_add_test(tcase, an_answer_to_the_second_attempt_is_good);
	tcase_add_loop_test(tcase, a_server_that_fails_is_asked_once_more, 0, 2);
	tcase_add_test(tcase, forgeries_are_dropped);
	tcase_add_test(tcase, a_truncated_answer_is_fetched_over_tcp);
	tcase_add_test(tcase, a_refused_connection_is_an_attempt);
	tcase_add_loop_test(tcase, dig_takes_any_status_for_the_answer, 0, 2);
	tcase_add_test(tcase, dig_asks_three_times_from_new_sockets);
	tcase_add_test(tcase, dig_takes_another_id_over_tcp_and_keeps_its_cookie);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
