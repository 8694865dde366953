/* Lines said by hand to a port: their pace, both widths, and how it ends. Over the real stack. */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/pop3/server.h"
#include "protocols/programs/telnet.h"
#include "tests/wiretest.h"

struct site {
	struct wiretest net;
	struct mail_store *store;
	struct pop3_server *server;
	struct telnet *telnet; /* NULL: it is over */
	unsigned over;
};

static void set_up(struct site *site)
{
	*site = (struct site) { 0 };
	wiretest_init(&site->net, NULL);
	site->store = mail_store_new(host_node(site->net.bob));
	mail_store_add_account(site->store, "bob@corp.test", "x");
	site->server = pop3_server_start(site->net.bob, &(struct pop3_server_config) {
							    .store = site->store,
							    .software = "mailwire",
							});
}

static void tear_down(struct site *site)
{
	telnet_free(site->telnet);
	pop3_server_stop(site->server);
	mail_store_free(site->store);
	wiretest_clear(&site->net);
}

static void over(void *owner)
{
	struct site *site = owner;

	site->telnet = NULL;
	site->over++;
}

static void start(struct site *site, uint16_t port, const char *text, bool is_wide)
{
	site->telnet = telnet_new(site->net.alice, &(struct telnet_config) {
						       .to = {site->net.bob_address, port},
						       .text = text,
						       .is_wide = is_wide,
						       .layer = LAYER_POP3,
						       .action = 7,
						       .done = over,
						       .owner = site,
        });
}

/* What the records of `detail` say, each with a line feed. */
static char *told(const struct site *site, enum user_detail detail)
{
	struct wanted wanted = { TRACE_STATE, LAYER_USER, (int)detail, NULL };
	GString *text = g_string_new(NULL);
	const struct trace_record *record;

	for (unsigned i = 0; (record = recorder_find(&site->net.recorder, wanted, i)) != NULL;
	     i++) {
		struct bytes bytes = recorder_bytes(&site->net.recorder, record);

		ck_assert_uint_eq(record->object, 7);
		g_string_append_len(text, (const char *)bytes.data, (gssize)bytes.length);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

static void expect_told(const struct site *site, const char *heard, const char *done)
{
	char *lines = told(site, USER_HEARD), *ending = told(site, USER_DONE);

	ck_assert_str_eq(lines, heard);
	ck_assert_str_eq(ending, done);
	g_free(lines);
	g_free(ending);
}

/* With and without a line feed at the end of the text. */
START_TEST(each_line_waits_for_the_answer_to_the_one_before)
{
	static const char *const texts[] = { "USER bob\nPASS x\nQUIT\n", "USER bob\nPASS x\nQUIT" };
	struct site site;

	set_up(&site);
	start(&site, 110, texts[_i], false);
	wiretest_run(&site.net);
	expect_told(&site, "+OK mailwire ready.\n+OK\n+OK Logged in.\n+OK Logging out.\n",
		    "4 lines heard\n");
	ck_assert_uint_eq(site.over, 1);
	tear_down(&site);
}
END_TEST

START_TEST(wide_characters_are_two_octets_each)
{
	struct site site;

	set_up(&site);
	start(&site, 110, "QUIT\n\xc3\xa4\n", true);
	wiretest_run(&site.net);
	expect_told(&site, "+OK mailwire ready.\n-ERR Unknown command.\n-ERR Unknown command.\n",
		    "3 lines heard\n");
	tear_down(&site);
}
END_TEST

START_TEST(a_closed_port_is_told)
{
	struct site site;

	set_up(&site);
	start(&site, 4711, "QUIT\n", false);
	wiretest_run(&site.net);
	expect_told(&site, "", "no connection\n");
	ck_assert_uint_eq(site.over, 1);
	tear_down(&site);
}
END_TEST

/* Freed in the midst of it: the connection is reset, and nobody is told. */
START_TEST(forgetting_it_is_silent)
{
	struct site site;

	set_up(&site);
	start(&site, 110, "NOOP\n", false);
	wiretest_run_until(&site.net, 100 * NS_PER_US);
	telnet_free(g_steal_pointer(&site.telnet));
	wiretest_run(&site.net);
	ck_assert_uint_eq(site.over, 0);
	tear_down(&site);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("telnet");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, each_line_waits_for_the_answer_to_the_one_before, 0, 2);
	tcase_add_test(tests, wide_characters_are_two_octets_each);
	tcase_add_test(tests, a_closed_port_is_told);
	tcase_add_test(tests, forgetting_it_is_silent);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
