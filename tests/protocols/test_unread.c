/* Clients that do not read what servers answer, over the real stack: they are left in time. */
#include <check.h>
#include <stdlib.h>
#include "protocols/imap/server.h"
#include "protocols/imap/session.h"
#include "protocols/mail/message.h"
#include "protocols/pop3/server.h"
#include "protocols/pop3/session.h"
#include "protocols/programs/mail_server.h"
#include "protocols/smtp/server.h"
#include "stack/tcp/names.h"
#include "tests/wiretest.h"

#define MESSAGE_BYTES 20000000 /* more than all windows and buffers on the way hold */
#define NOOPS         1000000

static const struct mail_server_port ports[] = { { .port = 25 } };

static const struct {
	uint16_t port;
	const char *said;
	const char *flood; /* said again and again behind it; NULL: nothing */
	int64_t timeout_ns;
} rows[] = {
	{25,   "EHLO x\r\n",							"NOOP\r\n", SMTP_SERVER_TIMEOUT_NS},
	{ 110, "USER bob@corp.test\r\nPASS x\r\nRETR 1\r\n",                        NULL,       POP3_AUTOLOGOUT_NS    },
	{ 143, "a LOGIN bob@corp.test x\r\nb SELECT INBOX\r\nc FETCH 1 BODY[]\r\n", NULL,
         IMAP_AUTOLOGOUT_NS											   },
};

struct site {
	struct wiretest net;
	struct mail_store *store;
	struct mail_server *smtp;
	struct pop3_server *pop3;
	struct imap_server *imap;
	struct stream *stream; /* of the client that does not read; NULL: lost */
	GString *to_say;
	size_t said;
	int64_t lost_ns;
	struct timer reading;
	unsigned readings; /* still to come */
};

static void add_message(struct site *site)
{
	struct account *account = mail_store_find(site->store, "bob@corp.test");
	char *text = g_malloc(MESSAGE_BYTES);

	memset(text, 'x', MESSAGE_BYTES);
	memcpy(text, "Subject: x\r\n\r\n", strlen("Subject: x\r\n\r\n"));
	for (size_t i = 999; i < MESSAGE_BYTES; i += 1000)
		memcpy(text + i - 1, "\r\n", 2);
	GBytes *data = g_bytes_new_take(text, MESSAGE_BYTES);
	struct message *message = message_new(data, 0);

	mailbox_append(account_find_mailbox(account, "INBOX"), message, 0, 0);
	message_free(message);
}

static void set_up(struct site *site)
{
	static const char *const domain = "corp.test";

	*site = (struct site) { .to_say = g_string_new(NULL) };
	wiretest_init(&site->net, NULL);
	site->store = mail_store_new(host_node(site->net.bob));
	mail_store_add_account(site->store, "bob@corp.test", "x");
	add_message(site);
	site->smtp = mail_server_new(site->net.bob, &(struct mail_server_config) {
							.host_name = "mail.corp.test",
							.domains = &domain,
							.domain_count = 1,
							.ports = ports,
							.port_count = 1,
							.store = site->store,
							.wakeup_ns = 60 * NS_PER_US,
						    });
	site->pop3 = pop3_server_start(site->net.bob, &(struct pop3_server_config) {
							  .store = site->store,
							  .software = "mailwire",
							  .wakeup_ns = 60 * NS_PER_US,
						      });
	site->imap = imap_server_start(site->net.bob, &(struct imap_server_config) {
							  .store = site->store,
							  .software = "mailwire",
							  .wakeup_ns = 60 * NS_PER_US,
						      });
}

static void tear_down(struct site *site)
{
	mail_server_free(site->smtp);
	pop3_server_stop(site->pop3);
	imap_server_stop(site->imap);
	mail_store_free(site->store);
	g_string_free(site->to_say, TRUE);
	wiretest_clear(&site->net);
}

static void say(void *owner)
{
	struct site *site = owner;

	site->said += stream_write(site->stream,
				   (struct bytes) { (const uint8_t *)site->to_say->str + site->said,
						    site->to_say->len - site->said },
				   false);
}

static void lost(void *owner, enum stream_failure why)
{
	struct site *site = owner;

	ck_assert_int_eq(why, STREAM_RESET);
	site->lost_ns = node_now(host_node(site->net.alice));
	site->stream = NULL;
}

static const struct stream_events events = { .opened = say, .writable = say, .failed = lost };

START_TEST(a_client_that_does_not_read_is_left_in_time)
{
	struct site site;

	set_up(&site);
	g_string_append(site.to_say, rows[_i].said);
	for (int i = 0; rows[_i].flood != NULL && i < NOOPS; i++)
		g_string_append(site.to_say, rows[_i].flood);
	site.stream =
	    tcp_connect(site.net.alice, (struct endpoint) { site.net.bob_address, rows[_i].port },
			&events, &site);
	wiretest_run(&site.net);
	ck_assert_ptr_null(site.stream);
	ck_assert_int_ge(site.lost_ns, rows[_i].timeout_ns);
	ck_assert_int_lt(site.lost_ns, rows[_i].timeout_ns + 60 * NS_PER_S);
	tear_down(&site);
}
END_TEST

#define READING_NS (400 * NS_PER_S) /* less than POP3_AUTOLOGOUT_NS */
#define READINGS   2

static void read_all(void *owner)
{
	struct site *site = owner;
	struct node *node = host_node(site->net.alice);

	if (site->stream == NULL)
		return;
	for (struct bytes run; (run = stream_peek(site->stream)).length > 0;)
		stream_consume(site->stream, run.length);
	if (--site->readings > 0)
		timer_schedule(node_engine(node), &site->reading, node_now(node) + READING_NS);
}

/* Whoever reads something now and then is slow, and not left: the time counts from the last of it. */
START_TEST(a_client_that_reads_slowly_is_waited_for)
{
	struct site site;

	set_up(&site);
	site.readings = READINGS;
	g_string_append(site.to_say, rows[1].said);
	timer_init(&site.reading, host_node(site.net.alice)->index, read_all, &site);
	timer_schedule(node_engine(host_node(site.net.alice)), &site.reading, READING_NS);
	site.stream =
	    tcp_connect(site.net.alice, (struct endpoint) { site.net.bob_address, rows[1].port },
			&events, &site);
	wiretest_run(&site.net);
	ck_assert_uint_eq(site.readings, 0);
	ck_assert_ptr_null(site.stream);
	ck_assert_int_ge(site.lost_ns, READINGS * READING_NS + POP3_AUTOLOGOUT_NS);
	ck_assert_int_lt(site.lost_ns, READINGS * READING_NS + POP3_AUTOLOGOUT_NS + 60 * NS_PER_S);
	tear_down(&site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unread");
	TCase *tcase = tcase_create("unread");

	tcase_add_loop_test(tcase, a_client_that_does_not_read_is_left_in_time, 0,
			    (int)G_N_ELEMENTS(rows));
	tcase_add_test(tcase, a_client_that_reads_slowly_is_waited_for);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
