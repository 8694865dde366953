/* SPF, DKIM and DMARC as stages: what they tell, what is done, and runs that are given up. */
#include <check.h>
#include <stdlib.h>
#include "protocols/authentic/dkim_sign.h"
#include "protocols/screening/screening.h"
#include "protocols/screening/stage.h"
#include "tests/protocols/fake_dns.h"

#define MAIL(from)                                                                                 \
	"From: " from "\r\nTo: bob@remote.example\r\nSubject: Hi\r\n"                              \
	"Date: Mon, 5 Jan 2026 08:00:00 +0000\r\n\r\nHi.\r\n"

/* A chain in front of DNS, of which each question waits until it is answered. */
struct bench {
	struct screening *screening;
	struct screen_marks *marks;
	struct screen_run *run; /* NULL: done */
	struct fake_dns *dns;
	struct dns_stub *stub; /* its questions go nowhere: they only are something to cancel */
	struct dns_query *query;
	struct dns_wish wish;
	dns_done_fn *done;
	void *asker;
	GString *findings; /* "spf failed reject: evidence\n" */
	char *reply;
};

static void send_nowhere(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
			 struct bytes message)
{
	(void)owner;
	(void)exchange;
	(void)server;
	(void)over_tcp;
	(void)message;
}

static void close_nothing(void *owner, uint64_t exchange)
{
	(void)owner;
	(void)exchange;
}

static const struct dns_network nowhere = { .send = send_nowhere, .close = close_nothing };

static struct dns_query *ask(void *owner, const char *name, uint16_t type, dns_done_fn *done,
			     void *asker)
{
	struct bench *bench = owner;
	struct dns_name_buffer buffer;
	struct dns_question question = { .type = type, .class = DNS_IN };

	ck_assert_ptr_null(bench->query);
	ck_assert(dns_name_from_text(name, &buffer, &question.name));
	g_strlcpy(bench->wish.name, name, sizeof bench->wish.name);
	bench->wish.type = type;
	bench->done = done;
	bench->asker = asker;
	bench->query = dns_stub_ask(bench->stub, 0, &question, done, asker);
	return bench->query;
}

static bool is_local(void *owner, const char *domain)
{
	(void)owner;
	return strcmp(domain, "remote.example") == 0;
}

static bool owns(void *owner, const char *login, const char *address)
{
	(void)owner;
	(void)login;
	(void)address;
	return false;
}

static const struct screen_environment environment = { .is_local = is_local,
						       .owns = owns,
						       .ask = ask };

static void found(void *owner, const struct screen_finding *finding)
{
	struct bench *bench = owner;

	g_string_append_printf(bench->findings, "%s %s %s: %s\n", screen_kind_names[finding->kind],
			       screen_verdict_names[finding->verdict],
			       screen_action_names[finding->action], finding->evidence);
}

static void done(void *owner, const char *reply)
{
	struct bench *bench = owner;

	bench->run = NULL;
	g_free(bench->reply);
	bench->reply = g_strdup(reply);
}

static const struct screen_events events = { .found = found, .done = done };

static struct bench bench;

static void set_up(enum screen_action spf, enum screen_action dkim, enum screen_action dmarc)
{
	struct screen_stage_config stages[] = {
		{.kind = SCREEN_SPF,    .action = spf  },
		{ .kind = SCREEN_DKIM,  .action = dkim },
		{ .kind = SCREEN_DMARC, .action = dmarc}
	};
	struct random_stream random;

	random_init(&random, 1, "mail", "dns");
	bench = (struct bench) { .findings = g_string_new(NULL), .dns = fake_dns_new() };
	bench.stub = dns_stub_new((struct endpoint) { .port = 53 }, DNS_ASKER_LIBRARY, &random,
				  &nowhere, &bench);
	bench.screening = screening_new(&(struct screening_config) {
	    .host_name = "mail.remote.example",
	    .stages = stages,
	    .stage_count = G_N_ELEMENTS(stages),
	    .environment = &environment,
	    .owner = &bench,
	});
	bench.marks = screen_marks_new(bench.screening);
}

static void tear_down(void)
{
	screen_run_cancel(bench.run);
	screen_marks_free(bench.marks);
	screening_free(bench.screening);
	dns_stub_free(bench.stub);
	fake_dns_free(bench.dns);
	g_string_free(bench.findings, TRUE);
	g_free(bench.reply);
}

static void take_answer(void *owner, const struct dns_answer *answer)
{
	(void)owner;
	bench.done(bench.asker, answer);
}

/* Answers the question under way. */
static void answer_one(void)
{
	dns_cancel(g_steal_pointer(&bench.query));
	fake_dns_answer(bench.dns, &bench.wish, take_answer, NULL);
}

static void start(enum screen_moment moment, const char *sender, const char *login, GBytes *data)
{
	bench.run = screen_run_new(bench.screening,
				   &(struct screen_case) {
				       .moment = moment,
				       .unix_time = 1767600000,
				       .client_address = 0xc0000201,
				       .client_name = "unknown",
				       .helo = "mail.office.example",
				       .login = login,
				       .sender = sender,
				       .recipient = "bob@remote.example",
				       .recipient_count = 1,
				       .data = data,
				   },
				   bench.marks, &events, &bench);
	screen_run_start(bench.run);
}

static void run(enum screen_moment moment, const char *sender, const char *login, GBytes *data)
{
	start(moment, sender, login, data);
	while (bench.query != NULL)
		answer_one();
	ck_assert_ptr_null(bench.run);
}

/* A whole transaction; the message with its marks, or NULL when it is refused. */
static GBytes *screen(const char *sender, const char *text)
{
	GBytes *data = g_bytes_new(text, strlen(text)), *marked = NULL;

	run(SCREEN_AT_RECIPIENT, sender, NULL, NULL);
	if (bench.reply == NULL)
		run(SCREEN_AT_MESSAGE, sender, NULL, data);
	if (bench.reply == NULL)
		marked = screen_marks_apply(bench.marks, data);
	g_bytes_unref(data);
	return marked;
}

START_TEST(what_spf_refuses_is_told_as_its_domain_explains_it)
{
	set_up(SCREEN_REJECT, SCREEN_TAG, SCREEN_REJECT);
	fake_dns_add_text(bench.dns, "office.example", "v=spf1 -all exp=why.office.example");
	fake_dns_add_text(bench.dns, "why.office.example", "not by %{i}");
	ck_assert_ptr_null(screen("alice@office.example", MAIL("alice@office.example")));
	ck_assert_str_eq(bench.reply,
			 "550 5.7.23 <bob@remote.example>: Recipient address rejected: SPF "
			 "validation failed: office.example explains: not by 192.0.2.1");
	ck_assert_str_eq(bench.findings->str,
			 "spf failed reject: result=fail; mailfrom=office.example; "
			 "client=192.0.2.1; mechanism=-all; lookups=0\n");
	tear_down();
}
END_TEST

/* What the policy asks for, and the action allows: the lesser of both. */
static const struct {
	const char *policy;
	enum screen_action action;
	const char *done;
	bool is_refused, goes_to_junk;
} limits[] = {
	{"reject",      SCREEN_REJECT,     "reject",     true,  false},
	{ "quarantine", SCREEN_REJECT,     "quarantine", false, true },
	{ "none",       SCREEN_REJECT,     "accept",     false, false},
	{ "reject",     SCREEN_QUARANTINE, "quarantine", false, true },
	{ "reject",     SCREEN_TAG,        "tag",        false, false},
	{ "none",       SCREEN_TAG,        "accept",     false, false},
};

START_TEST(dmarc_does_what_the_policy_asks_and_the_action_allows)
{
	char *record = g_strdup_printf("v=DMARC1; p=%s", limits[_i].policy);
	char *expected = g_strdup_printf("dmarc failed %s: ", limits[_i].done);
	GBytes *marked;

	set_up(SCREEN_TAG, SCREEN_TAG, limits[_i].action);
	fake_dns_add_text(bench.dns, "_dmarc.office.example", record);
	marked = screen("mallory@rogue.example", MAIL("alice@office.example"));
	ck_assert_ptr_nonnull(strstr(bench.findings->str, expected));
	ck_assert_int_eq(marked == NULL, limits[_i].is_refused);
	ck_assert_int_eq(screen_marks_quarantine(bench.marks), limits[_i].goes_to_junk);
	if (marked != NULL)
		g_bytes_unref(marked);
	tear_down();
	g_free(expected);
	g_free(record);
}
END_TEST

/* Each writes its results, and nobody else does in our name. */
START_TEST(results_are_written_and_forged_ones_taken_out)
{
	static const char expected[] =
	    "Authentication-Results: mail.remote.example;\r\n"
	    "\tspf=pass smtp.mailfrom=alice@office.example\r\n"
	    "Authentication-Results: mail.remote.example;\r\n\tdkim=none\r\n"
	    "Authentication-Results: mail.remote.example;\r\n"
	    "\tdmarc=pass header.from=office.example polrec.p=reject\r\n"
	    "\tpolrec.domain=office.example\r\n" MAIL("alice@office.example");
	GBytes *marked;
	const void *data;
	gsize length;

	set_up(SCREEN_TAG, SCREEN_TAG, SCREEN_REJECT);
	fake_dns_add_text(bench.dns, "office.example", "v=spf1 ip4:192.0.2.0/24 -all");
	fake_dns_add_text(bench.dns, "_dmarc.office.example", "v=DMARC1; p=reject");
	marked = screen("alice@office.example",
			"Authentication-Results: \"mail.remote.example\"; dkim=pass\r\n"
			"Authentication-Results: (x) mail.remote.example; "
			"spf=pass\r\n" MAIL("alice@office.example"));
	ck_assert_ptr_nonnull(marked);
	data = g_bytes_get_data(marked, &length);
	ck_assert_uint_eq(length, sizeof expected - 1);
	ck_assert_mem_eq(data, expected, length);
	g_bytes_unref(marked);
	tear_down();
}
END_TEST

START_TEST(a_signature_alone_passes_dmarc)
{
	struct random_stream random;
	struct dkim_key *key;
	char *field, *text, *record;
	GBytes *marked;

	random_init(&random, 1, "mail", "dkim");
	key = dkim_key_new(DKIM_ED25519_SHA256, &random);
	record = dkim_key_record_emit(key);
	field = dkim_sign(&(struct dkim_signer) { .domain = "office.example",
						  .selector = "s",
						  .key = key,
						  .header_form = DKIM_RELAXED },
			  bytes_of(MAIL("alice@office.example")), 1767600000);
	text = g_strconcat(field, MAIL("alice@office.example"), NULL);
	set_up(SCREEN_TAG, SCREEN_TAG, SCREEN_REJECT);
	fake_dns_add_text(bench.dns, "office.example", "v=spf1 -all");
	fake_dns_add_text(bench.dns, "_dmarc.office.example", "v=DMARC1; p=reject");
	fake_dns_add_text(bench.dns, "s._domainkey.office.example", record);
	marked = screen("alice@office.example", text);
	ck_assert_ptr_nonnull(marked);
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "spf failed tag"));
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "dkim passed"));
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "dmarc passed"));
	g_bytes_unref(marked);
	tear_down();
	g_free(text);
	g_free(field);
	g_free(record);
	dkim_key_free(key);
}
END_TEST

START_TEST(who_logged_in_is_not_checked)
{
	GBytes *data = g_bytes_new_static("x", 1);

	set_up(SCREEN_REJECT, SCREEN_REJECT, SCREEN_REJECT);
	run(SCREEN_AT_RECIPIENT, "alice@office.example", "alice", NULL);
	run(SCREEN_AT_MESSAGE, "alice@office.example", "alice", data);
	ck_assert_ptr_null(bench.reply);
	ck_assert_uint_eq(fake_dns_questions(bench.dns), 0);
	ck_assert_str_eq(bench.findings->str, "spf skipped accept: login=alice\n"
					      "dkim skipped accept: login=alice\n"
					      "dmarc skipped accept: login=alice\n");
	g_bytes_unref(data);
	tear_down();
}
END_TEST

/* The client hangs up while DNS is asked: at each of the questions. */
START_TEST(a_run_can_be_given_up_at_any_question)
{
	GBytes *data =
	    g_bytes_new_static(MAIL("a@office.example"), sizeof MAIL("a@office.example") - 1);

	set_up(SCREEN_TAG, SCREEN_TAG, SCREEN_REJECT);
	fake_dns_add_text(bench.dns, "office.example", "v=spf1 mx a -all");
	if (_i < 3) {
		start(SCREEN_AT_RECIPIENT, "a@office.example", NULL, NULL);
		for (int i = 0; i < _i; i++)
			answer_one();
	} else {
		run(SCREEN_AT_RECIPIENT, "a@office.example", NULL, NULL);
		start(SCREEN_AT_MESSAGE, "a@office.example", NULL, data);
		for (int i = 3; i < _i; i++)
			answer_one();
	}
	ck_assert_ptr_nonnull(bench.run);
	screen_run_cancel(g_steal_pointer(&bench.run));
	tear_down();
	g_bytes_unref(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authentic stages");
	TCase *tests = tcase_create("stages");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_spf_refuses_is_told_as_its_domain_explains_it);
	tcase_add_loop_test(tests, dmarc_does_what_the_policy_asks_and_the_action_allows, 0,
			    G_N_ELEMENTS(limits));
	tcase_add_test(tests, results_are_written_and_forged_ones_taken_out);
	tcase_add_test(tests, a_signature_alone_passes_dmarc);
	tcase_add_test(tests, who_logged_in_is_not_checked);
	tcase_add_loop_test(tests, a_run_can_be_given_up_at_any_question, 0, 5);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
