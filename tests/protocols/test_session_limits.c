/* How many clients POP3 and IMAP servers have at once, over the real stack. */
#include <check.h>
#include <stdlib.h>
#include "protocols/imap/server.h"
#include "protocols/pop3/server.h"
#include "tests/wiretest.h"

struct site {
	struct wiretest net;
	struct mail_store *store;
	struct pop3_server *pop3;
	struct imap_server *imap;
};

/* A client that says its line and listens. */
struct caller {
	struct stream *stream; /* NULL: the server hung up */
	const char *said;
	GString *heard;
};

static void set_up(struct site *site)
{
	*site = (struct site) { 0 };
	wiretest_init(&site->net, NULL);
	site->store = mail_store_new(host_node(site->net.bob));
	mail_store_add_account(site->store, "bob@corp.test", "x");
	mail_store_add_account(site->store, "carol@corp.test", "x");
	site->pop3 = pop3_server_start(site->net.bob, &(struct pop3_server_config) {
							  .store = site->store,
							  .software = "mailwire",
							  .session_limit = 3,
						      });
	site->imap = imap_server_start(site->net.bob, &(struct imap_server_config) {
							  .store = site->store,
							  .software = "mailwire",
							  .session_limit = 4,
							  .per_user_limit = 2,
						      });
}

static void tear_down(struct site *site)
{
	pop3_server_stop(site->pop3);
	imap_server_stop(site->imap);
	mail_store_free(site->store);
	wiretest_clear(&site->net);
}

static void say(void *owner)
{
	struct caller *caller = owner;

	stream_write(caller->stream, bytes_of(caller->said), false);
}

static void hear(void *owner)
{
	struct caller *caller = owner;
	struct bytes run;

	while ((run = stream_peek(caller->stream)).length > 0) {
		g_string_append_len(caller->heard, (const char *)run.data, (gssize)run.length);
		stream_consume(caller->stream, run.length);
	}
}

static void hang_up(void *owner)
{
	stream_release(g_steal_pointer(&((struct caller *)owner)->stream));
}

static const struct stream_events events = { .opened = say, .readable = hear, .ended = hang_up };

static void call(struct site *site, struct host *from, uint16_t port, const char *said,
		 struct caller *caller)
{
	*caller = (struct caller) { .said = said, .heard = g_string_new(NULL) };
	caller->stream =
	    tcp_connect(from, (struct endpoint) { site->net.bob_address, port }, &events, caller);
	wiretest_run_until(&site->net, engine_now(site->net.world->engine) + NS_PER_S);
}

static void end(struct caller *caller)
{
	if (caller->stream != NULL)
		hang_up(caller);
	g_string_free(caller->heard, TRUE);
}

START_TEST(one_client_too_many_is_told_so)
{
	static const struct {
		uint16_t port;
		unsigned limit;
		const char *greeting, *refusal;
	} rows[] = {
		{POP3_PORT,  3, "+OK ",  "-ERR [SYS/TEMP] Too many connections.\r\n"    },
		{ IMAP_PORT, 4, "* OK ", "* BYE [UNAVAILABLE] Too many connections.\r\n"},
	};
	struct caller callers[6];
	unsigned limit = rows[_i].limit;
	struct site site;

	set_up(&site);
	for (unsigned i = 0; i <= limit; i++)
		call(&site, site.net.alice, rows[_i].port, "", &callers[i]);
	for (unsigned i = 0; i < limit; i++)
		ck_assert(g_str_has_prefix(callers[i].heard->str, rows[_i].greeting));
	ck_assert_str_eq(callers[limit].heard->str, rows[_i].refusal);
	ck_assert_ptr_null(callers[limit].stream);

	/* When one has gone, the next is welcome. */
	end(&callers[limit]);
	hang_up(&callers[0]);
	wiretest_run_until(&site.net, engine_now(site.net.world->engine) + NS_PER_S);
	call(&site, site.net.alice, rows[_i].port, "", &callers[limit]);
	ck_assert(g_str_has_prefix(callers[limit].heard->str, rows[_i].greeting));
	for (unsigned i = 0; i <= limit; i++)
		end(&callers[i]);
	tear_down(&site);
}
END_TEST

START_TEST(a_user_may_be_logged_in_so_often_from_one_address)
{
	static const char bob[] = "a LOGIN bob@corp.test x\r\n";
	struct caller callers[4];
	struct site site;

	set_up(&site);
	call(&site, site.net.alice, IMAP_PORT, bob, &callers[0]);
	call(&site, site.net.alice, IMAP_PORT, bob, &callers[1]);
	call(&site, site.net.alice, IMAP_PORT, bob, &callers[2]);
	ck_assert_ptr_nonnull(strstr(callers[1].heard->str, "\r\na OK "));
	ck_assert_ptr_nonnull(
	    strstr(callers[2].heard->str,
		   "\r\na NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded "
		   "(mail_max_userip_connections=2)\r\n"));
	ck_assert_ptr_nonnull(callers[2].stream);
	end(&callers[2]);
	call(&site, site.net.alice, IMAP_PORT, "a LOGIN carol@corp.test x\r\n", &callers[2]);
	ck_assert_ptr_nonnull(strstr(callers[2].heard->str, "\r\na OK "));
	call(&site, site.net.gw, IMAP_PORT, bob, &callers[3]);
	ck_assert_ptr_nonnull(strstr(callers[3].heard->str, "\r\na OK "));
	for (unsigned i = 0; i < 4; i++)
		end(&callers[i]);
	tear_down(&site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session limits");
	TCase *tcase = tcase_create("limits");

	tcase_add_loop_test(tcase, one_client_too_many_is_told_so, 0, 2);
	tcase_add_test(tcase, a_user_may_be_logged_in_so_often_from_one_address);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
