/* IMAP client and server over simulated TCP: bytes, notes and times as they meet the network. */
#include <check.h>
#include "protocols/adapter.h"
#include "protocols/imap/client.h"
#include "protocols/imap/names.h"
#include "protocols/imap/server.h"
#include "protocols/layer.h"
#include "tests/wiretest.h"

struct net {
	struct wiretest wire;
	struct mail_store *store;
	struct imap_server *server;
	struct imap_client *client;
	struct adapter *adapter; /* NULL once it is over */
	unsigned done, over;
	uint32_t exists;
	int64_t heard_ns; /* when EXISTS came last */
	GBytes *body;
};

static void on_exists(void *owner, uint32_t messages)
{
	struct net *net = owner;

	net->exists = messages;
	net->heard_ns = node_now(host_node(net->wire.alice));
}

static void on_fetched(void *owner, const struct imap_fetched *fetched)
{
	struct net *net = owner;

	if (fetched->body != NULL)
		net->body = g_bytes_ref(fetched->body);
}

static void on_done(void *owner, unsigned operation, enum imap_result result, const char *text)
{
	struct net *net = owner;

	ck_assert_msg(result == IMAP_RESULT_OK, "operation %u: %s", operation, text);
	net->done++;
}

static void on_over(void *owner, bool is_orderly)
{
	struct net *net = owner;

	ck_assert(is_orderly);
	net->over++;
}

static void on_end(void *owner, struct session *session, int why)
{
	(void)session;
	(void)why;
	((struct net *)owner)->adapter = NULL;
}

static const struct imap_client_events events = {
	.exists = on_exists,
	.fetched = on_fetched,
	.done = on_done,
	.over = on_over,
};

static GBytes *message_of(size_t size)
{
	GByteArray *bytes = g_byte_array_new();

	g_byte_array_append(bytes, (const uint8_t *)"Subject: x\r\n\r\n", 14);
	while (bytes->len < size)
		g_byte_array_append(bytes, (const uint8_t *)"0123456789abcdef0123456789\r\n", 28);
	return g_byte_array_free_to_bytes(bytes);
}

static void deliver(struct net *net, GBytes *bytes)
{
	struct message *message = message_new(g_bytes_ref(bytes), 0);
	struct account *alice = mail_store_find(net->store, "alice@office.example");

	mailbox_append(account_find_mailbox(alice, "INBOX"), message, 0, 0);
	message_free(message);
}

static void net_init(struct net *net)
{
	*net = (struct net) { 0 };
	wiretest_init(&net->wire, NULL);
	net->store = mail_store_new(host_node(net->wire.bob));
	mail_store_add_account(net->store, "alice@office.example", "wonderland");
	net->server = imap_server_start(net->wire.bob, &(struct imap_server_config) {
							   .store = net->store,
							   .software = "mailwire",
							   .wakeup_ns = 50 * NS_PER_US,
						       });
	ck_assert_ptr_nonnull(net->server);
	net->client = imap_client_new(&(struct imap_client_config) {
	    .user = "alice@office.example",
	    .password = "wonderland",
	    .events = &events,
	    .owner = net,
	});
	struct endpoint server = { net->wire.bob_address, IMAP_PORT };
	struct stream *stream = tcp_connect(net->wire.alice, server, NULL, NULL);
	net->adapter = adapter_new(net->wire.alice, stream, imap_client_session(net->client), false,
				   &(struct adapter_config) {
				       .layer = LAYER_IMAP,
				       .wakeup_ns = 50 * NS_PER_US,
				       .done = on_end,
				       .owner = net,
				   });
}

static void net_clear(struct net *net)
{
	if (net->adapter != NULL)
		adapter_free(net->adapter);
	imap_server_stop(net->server);
	mail_store_free(net->store);
	g_clear_pointer(&net->body, g_bytes_unref);
	wiretest_clear(&net->wire);
}

/* Units of each direction at each end, as records of it: they must lie end to end. */
static void check_units_tile(const struct wiretest *wire, uint64_t object)
{
	uint64_t end = 0;
	unsigned count = 0;

	for (unsigned i = 0;; i++) {
		const struct trace_record *record =
		    wiretest_record(wire, TRACE_UNIT, LAYER_IMAP, ANY, i);

		if (record == NULL)
			break;
		if (record->object != object)
			continue;
		ck_assert_uint_eq(record->before, end);
		end += record->after;
		count++;
	}
	ck_assert_uint_ge(count, 5);
}

START_TEST(large_message_crosses_the_network)
{
	struct net net;
	GBytes *sent = message_of(500000);

	net_init(&net);
	deliver(&net, sent);
	imap_client_select(net.client, "INBOX", false);
	imap_client_fetch_headers(net.client, 1);
	imap_client_fetch_body(net.client, 1, true);
	imap_client_logout(net.client);
	wiretest_run(&net.wire);
	ck_assert_uint_eq(net.done, 4);
	ck_assert_uint_eq(net.over, 1);
	ck_assert_ptr_nonnull(net.body);
	ck_assert(g_bytes_equal(net.body, sent));

	const struct trace_record *login =
	    wiretest_record(&net.wire, TRACE_UNIT, LAYER_IMAP, IMAP_AUTHENTICATE, 0);
	const struct trace_record *literal =
	    wiretest_record(&net.wire, TRACE_UNIT, LAYER_IMAP, IMAP_LITERAL, 0);
	ck_assert_uint_eq(literal->after, g_bytes_get_size(sent));
	check_units_tile(&net.wire, login->object);
	check_units_tile(&net.wire, literal->object);
	ck_assert_uint_eq(wiretest_count(&net.wire, TRACE_MAIL, LAYER_MAIL, MAIL_RETRIEVED), 1);
	g_bytes_unref(sent);
	net_clear(&net);
}
END_TEST

START_TEST(idle_client_hears_of_new_mail_half_a_second_later)
{
	struct net net;
	GBytes *sent = message_of(100);

	net_init(&net);
	imap_client_select(net.client, "INBOX", false);
	imap_client_idle(net.client);
	wiretest_run_until(&net.wire, 2 * NS_PER_S);
	ck_assert_uint_eq(net.exists, 0);
	deliver(&net, sent);
	wiretest_run_until(&net.wire, 3 * NS_PER_S);
	ck_assert_uint_eq(net.exists, 1);
	ck_assert_int_ge(net.heard_ns, 2500 * NS_PER_MS);
	ck_assert_int_lt(net.heard_ns, 2600 * NS_PER_MS);
	imap_client_logout(net.client);
	wiretest_run(&net.wire);
	ck_assert_uint_eq(net.over, 1);
	g_bytes_unref(sent);
	net_clear(&net);
}
END_TEST

/* An idle session does not keep a run going, but ends by itself in the long run. */
START_TEST(idle_session_is_background)
{
	struct net net;

	net_init(&net);
	imap_client_select(net.client, "INBOX", false);
	wiretest_run(&net.wire);
	ck_assert_int_lt(node_now(host_node(net.wire.alice)), 10 * NS_PER_S);
	ck_assert_uint_eq(wiretest_count(&net.wire, TRACE_UNIT, LAYER_IMAP, IMAP_BYE), 0);
	net_clear(&net);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("network");
	Suite *suite = suite_create("imap network");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(cases, large_message_crosses_the_network);
	tcase_add_test(cases, idle_client_hears_of_new_mail_half_a_second_later);
	tcase_add_test(cases, idle_session_is_background);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
