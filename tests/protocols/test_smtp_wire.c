/* SMTP over the real stack: what reality's facts 14 to 17 say of segments, and lossy cables. */
#include <check.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "protocols/programs/mail_server.h"
#include "protocols/smtp/client.h"
#include "stack/tcp/names.h"
#include "tests/wiretest.h"

struct site {
	struct wiretest net;
	struct mail_store *store;
	struct mail_server *server;
	GString *replies;
};

static const struct mail_server_port ports[] = { { .port = 25 } };

static void set_up(struct site *site, const struct wiretest_config *config)
{
	static const char *const domain = "corp.test";

	*site = (struct site) { .replies = g_string_new(NULL) };
	wiretest_init(&site->net, config);
	site->store = mail_store_new(host_node(site->net.bob));
	mail_store_add_account(site->store, "bob@corp.test", "x");
	mail_store_add_account(site->store, "carol@corp.test", "x");
	site->server = mail_server_new(site->net.bob, &(struct mail_server_config) {
							  .host_name = "mail.corp.test",
							  .domains = &domain,
							  .domain_count = 1,
							  .ports = ports,
							  .port_count = 1,
							  .store = site->store,
							  .size_limit = 10485760,
							  .wakeup_ns = 60 * NS_PER_US,
						      });
}

static void tear_down(struct site *site)
{
	mail_server_free(site->server);
	mail_store_free(site->store);
	g_string_free(site->replies, TRUE);
	wiretest_clear(&site->net);
}

static void sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
		 unsigned count)
{
	struct site *site = owner;

	(void)client;
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(site->replies, "%u ", results[i].code);
}

static void submit_to(struct site *site, const char *const *recipients, unsigned count,
		      GBytes *data)
{
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = "vm", .pipelines = true, .sent = sent, .owner = site });
	struct stream *stream = tcp_connect(
	    site->net.alice, (struct endpoint) { site->net.bob_address, 25 }, NULL, NULL);

	smtp_client_send(smtp_client_of(session), &(struct smtp_transfer) {
						      .sender = "alice@corp.test",
						      .recipients = recipients,
						      .recipient_count = count,
						      .data = data,
						  });
	smtp_client_quit(smtp_client_of(session));
	adapter_new(site->net.alice, stream, session, false,
		    &(struct adapter_config) { .layer = LAYER_SMTP, .wakeup_ns = 60 * NS_PER_US });
}

static void submit(struct site *site, GBytes *data)
{
	static const char *const recipients[] = { "bob@corp.test", "carol@corp.test" };

	submit_to(site, recipients, G_N_ELEMENTS(recipients), data);
}

static const struct mailbox_entry *delivered(const struct site *site, const char *address)
{
	const struct mailbox *inbox =
	    account_find_mailbox(mail_store_find(site->store, address), "INBOX");

	ck_assert_uint_eq(inbox->entries->len, 1);
	return inbox->entries->pdata[0];
}

static void expect_text(const struct site *site, const char *address, GBytes *data)
{
	struct bytes whole = message_bytes(delivered(site, address)->message);
	gsize length;
	const uint8_t *text = g_bytes_get_data(data, &length);

	ck_assert_uint_gt(whole.length, length);
	ck_assert_mem_eq(whole.data + whole.length - length, text, length);
}

/* The payload lengths of a node's TCP segments with payload, in order: "33 9 200 ". */
static char *payloads(const struct site *site, struct host *host)
{
	GString *text = g_string_new(NULL);
	const struct trace_record *record;

	for (unsigned i = 0; (record = recorder_find(&site->net.recorder,
						     (struct wanted) { TRACE_ENCAPSULATE, LAYER_TCP,
								       ANY, host_node(host) },
						     i)) != NULL;
	     i++)
		if (record->after > 0)
			g_string_append_printf(text, "%u ", (unsigned)record->after);
	return g_string_free(text, FALSE);
}

START_TEST(each_write_is_one_segment)
{
	static const char text[] = "Subject: x\r\n\r\nHello.\r\n";
	GBytes *data = g_bytes_new_static(text, strlen(text));
	struct site site;
	char *said;

	set_up(&site, NULL);
	submit(&site, data);
	wiretest_run(&site.net);
	ck_assert_str_eq(site.replies->str, "250 250 ");
	expect_text(&site, "bob@corp.test", data);
	/* EHLO vm; MAIL 29, RCPT 25 and 27, DATA 6 (reality fact 15); message 22, dot 3, QUIT 6 */
	said = payloads(&site, site.net.alice);
	ck_assert_str_eq(said, "9 87 31 ");
	g_free(said);
	/* The greeting; nine lines; 250, 250, 250 and 354 (fact 15); "queued as" with 221 */
	said = payloads(&site, site.net.bob);
	ck_assert_str_eq(said, "35 141 79 52 ");
	g_free(said);
	tear_down(&site);
	g_bytes_unref(data);
}
END_TEST

START_TEST(units_lie_where_the_stream_has_them)
{
	static const char text[] = "Subject: x\r\n\r\nHello.\r\n";
	GBytes *data = g_bytes_new_static(text, strlen(text));
	const struct trace_record *unit, *read, *segment;
	struct site site;

	set_up(&site, NULL);
	submit(&site, data);
	wiretest_run(&site.net);
	unit = recorder_find(
	    &site.net.recorder,
	    (struct wanted) { TRACE_UNIT, LAYER_SMTP, SMTP_MESSAGE, host_node(site.net.alice) }, 0);
	read = recorder_find(
	    &site.net.recorder,
	    (struct wanted) { TRACE_UNIT, LAYER_SMTP, SMTP_MESSAGE, host_node(site.net.bob) }, 0);
	ck_assert_ptr_nonnull(unit);
	ck_assert_ptr_nonnull(read);
	ck_assert_uint_eq(unit->before, 9 + 87);
	ck_assert_uint_eq(unit->after, 25);
	ck_assert_uint_eq(read->before, unit->before);
	ck_assert_uint_eq(read->after, unit->after);
	for (unsigned i = 0;; i++) {
		segment = recorder_find(&site.net.recorder,
					(struct wanted) { TRACE_ENCAPSULATE, LAYER_TCP, ANY,
							  host_node(site.net.alice) },
					i);
		ck_assert_ptr_nonnull(segment);
		if (segment->object == unit->object && segment->before == unit->before &&
		    segment->after >= unit->after)
			break;
	}
	tear_down(&site);
	g_bytes_unref(data);
}
END_TEST

static GBytes *long_message(size_t lines)
{
	GString *text = g_string_new("Subject: long\r\n\r\n");

	for (size_t i = 0; i < lines; i++)
		g_string_append_printf(text, "%sthe quick brown fox, line %zu\r\n",
				       i % 5 == 0 ? "." : "", i);
	return g_string_free_to_bytes(text);
}

START_TEST(a_long_message_crosses_whole)
{
	GBytes *data = long_message(40000); /* 1.3 MB: many times the windows and buffers */
	struct site site;

	set_up(&site, NULL);
	submit(&site, data);
	wiretest_run(&site.net);
	ck_assert_str_eq(site.replies->str, "250 250 ");
	expect_text(&site, "carol@corp.test", data);
	tear_down(&site);
	g_bytes_unref(data);
}
END_TEST

/* Loop test over seeds: what the issue asks every exchange to survive. */
START_TEST(bad_cables_change_nothing)
{
	const struct impairment bad = { .loss_ppm = 50000,
					.corrupt_ppm = 20000,
					.duplicate_ppm = 20000,
					.reorder_ppm = 50000 };
	struct wiretest_config config = { .seed = (uint64_t)_i };
	GBytes *data = long_message(2000);
	struct site site;

	set_up(&site, &config);
	link_impair(site.net.alice_cable, LINK_A, &bad);
	link_impair(site.net.alice_cable, LINK_B, &bad);
	submit(&site, data);
	wiretest_run(&site.net);
	ck_assert_str_eq(site.replies->str, "250 250 ");
	expect_text(&site, "bob@corp.test", data);
	expect_text(&site, "carol@corp.test", data);
	tear_down(&site);
	g_bytes_unref(data);
}
END_TEST

#define STRANGERS 500

/*
 * Recipients that do not exist, pipelined: more than the server puts up with, and more than lies in
 * the segments that it reads at once. It hangs up with input unread and input on the way.
 */
START_TEST(what_was_said_before_hanging_up_is_heard)
{
	static const char text[] = "Subject: x\r\n\r\nHello.\r\n";
	GBytes *data = g_bytes_new_static(text, strlen(text));
	char *recipients[STRANGERS];
	GString *expected = g_string_new(NULL);
	struct site site;

	set_up(&site, NULL);
	for (unsigned i = 0; i < STRANGERS; i++) {
		recipients[i] = g_strdup_printf("nobody-of-number-%u@corp.test", i);
		g_string_append(expected, i < MAIL_SERVER_ERRORS ? "550 " : "421 ");
	}
	submit_to(&site, (const char *const *)recipients, STRANGERS, data);
	wiretest_run(&site.net);
	ck_assert_str_eq(site.replies->str, expected->str);
	for (int reset = TCP_RESET_NO_CONNECTION; reset <= TCP_RESET_UNREAD; reset++)
		ck_assert_uint_eq(wiretest_count(&site.net, TRACE_ENCAPSULATE, LAYER_TCP, reset),
				  0);
	for (unsigned i = 0; i < STRANGERS; i++)
		g_free(recipients[i]);
	g_string_free(expected, TRUE);
	tear_down(&site);
	g_bytes_unref(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp on the wire");
	TCase *tcase = tcase_create("wire");

	tcase_add_test(tcase, each_write_is_one_segment);
	tcase_add_test(tcase, units_lie_where_the_stream_has_them);
	tcase_add_test(tcase, a_long_message_crosses_whole);
	tcase_add_test(tcase, what_was_said_before_hanging_up_is_heard);
	tcase_add_loop_test(tcase, bad_cables_change_nothing, 0, 20);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
