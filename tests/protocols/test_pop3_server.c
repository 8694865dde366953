/* The POP3 server on a simulated network: large messages, pipelining, a cut connection. */
#include <check.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "protocols/pop3/client.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/server.h"
#include "tests/wiretest.h"

#define MESSAGE_LINES 8000 /* of 70 bytes: many times what a stream takes at once */

struct scene {
	struct wiretest wire;
	struct mail_store *store;
	struct pop3_server *server;
	struct adapter *client;
	unsigned retrieved, broken;
	size_t expected_bytes;
	int over; /* enum pop3_outcome; -1: not yet */
};

static struct mailbox *inbox(struct scene *scene)
{
	return account_find_mailbox(mail_store_find(scene->store, "bob@corp.test"), "INBOX");
}

static void deliver_large(struct scene *scene)
{
	GString *text = g_string_new("Subject: large\r\n\r\n");

	for (unsigned i = 0; i < MESSAGE_LINES; i++)
		g_string_append_printf(text, ".%067u\r\n", i);
	scene->expected_bytes = text->len;
	struct message *message = message_new(g_string_free_to_bytes(text), 0);
	mailbox_append(inbox(scene), message, 0, 0);
	message_free(message);
}

static void scene_init(struct scene *scene, unsigned messages)
{
	*scene = (struct scene) { .over = -1 };
	wiretest_init(&scene->wire, NULL);
	scene->store = mail_store_new(host_node(scene->wire.bob));
	mail_store_add_account(scene->store, "bob@corp.test", "secret");
	for (unsigned i = 0; i < messages; i++)
		deliver_large(scene);
	scene->server = pop3_server_start(scene->wire.bob, &(struct pop3_server_config) {
							       .store = scene->store,
							       .software = "mailwire",
							       .host_name = "mail.corp.test",
							   });
	ck_assert_ptr_nonnull(scene->server);
}

static void scene_clear(struct scene *scene)
{
	adapter_free(scene->client);
	pop3_server_stop(scene->server);
	mail_store_free(scene->store);
	wiretest_clear(&scene->wire);
}

static uint64_t retrieved(void *owner, const char *unique_id, GBytes *message)
{
	struct scene *scene = owner;

	(void)unique_id;
	scene->retrieved++;
	scene->broken += g_bytes_get_size(message) != scene->expected_bytes;
	return 0;
}

static void over(void *owner, const struct pop3_result *result)
{
	((struct scene *)owner)->over = (int)result->outcome;
}

static const struct pop3_client_events events = { .retrieved = retrieved, .over = over };

static void done(void *owner, struct session *session, int why)
{
	(void)session;
	(void)why;
	((struct scene *)owner)->client = NULL;
}

static void start_client(struct scene *scene, unsigned window)
{
	struct endpoint server = { scene->wire.bob_address, POP3_PORT };
	struct session *session = pop3_client_new(&(struct pop3_client_config) {
	    .user = "bob",
	    .password = "secret",
	    .deletes = true,
	    .window = window,
	    .events = &events,
	    .owner = scene,
	});

	scene->client = adapter_new(
	    scene->wire.alice, tcp_connect(scene->wire.alice, server, NULL, NULL), session, false,
	    &(struct adapter_config) {
		.layer = LAYER_POP3,
		.wakeup_ns = 50 * NS_PER_US,
		.done = done,
		.owner = scene,
	    });
}

/* Loop test: _i is the number of commands that may be under way. */
START_TEST(large_messages_come_whole)
{
	struct scene scene;

	scene_init(&scene, 3);
	start_client(&scene, (unsigned)_i);
	wiretest_run(&scene.wire);
	ck_assert_int_eq(scene.over, POP3_DONE);
	ck_assert_uint_eq(scene.retrieved, 3);
	ck_assert_uint_eq(scene.broken, 0);
	ck_assert_uint_eq(inbox(&scene)->entries->len, 0);
	scene_clear(&scene);
}
END_TEST

START_TEST(two_clients_never_share_a_maildrop)
{
	struct scene scene;

	scene_init(&scene, 1);
	start_client(&scene, 1);
	struct adapter *first = scene.client;
	start_client(&scene, 1);
	wiretest_run(&scene.wire);
	ck_assert_ptr_nonnull(first);
	ck_assert_uint_eq(scene.retrieved, 1);
	scene_clear(&scene);
}
END_TEST

START_TEST(a_client_that_vanishes_leaves_its_messages_and_the_lock)
{
	struct scene scene;

	scene_init(&scene, 1);
	start_client(&scene, 1);
	wiretest_run_until(&scene.wire, 3 * NS_PER_MS);
	ck_assert(mail_store_find(scene.store, "bob@corp.test")->maildrop_is_locked);
	adapter_free(scene.client);
	scene.client = NULL;
	wiretest_run(&scene.wire);
	ck_assert(!mail_store_find(scene.store, "bob@corp.test")->maildrop_is_locked);
	ck_assert_uint_eq(inbox(&scene)->entries->len, 1);

	start_client(&scene, 1);
	wiretest_run(&scene.wire);
	ck_assert_int_eq(scene.over, POP3_DONE);
	ck_assert_uint_eq(inbox(&scene)->entries->len, 0);
	scene_clear(&scene);
}
END_TEST

START_TEST(the_server_stops_with_a_session_under_way)
{
	struct scene scene;

	scene_init(&scene, 1);
	start_client(&scene, 1);
	wiretest_run_until(&scene.wire, 3 * NS_PER_MS);
	pop3_server_stop(scene.server);
	scene.server = NULL;
	wiretest_run(&scene.wire);
	ck_assert_int_eq(scene.over, POP3_LOST);
	ck_assert_uint_eq(inbox(&scene)->entries->len, 1);
	scene_clear(&scene);
}
END_TEST

START_TEST(a_taken_port_is_refused)
{
	struct scene scene;
	const uint16_t ports[] = { 995, POP3_PORT };

	scene_init(&scene, 0);
	ck_assert_ptr_null(pop3_server_start(scene.wire.bob, &(struct pop3_server_config) {
								 .store = scene.store,
								 .software = "mailwire",
								 .ports = ports,
								 .port_count = 2,
							     }));
	scene_clear(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3 server");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, large_messages_come_whole, 1, 5);
	tcase_add_test(tests, two_clients_never_share_a_maildrop);
	tcase_add_test(tests, a_client_that_vanishes_leaves_its_messages_and_the_lock);
	tcase_add_test(tests, the_server_stops_with_a_session_under_way);
	tcase_add_test(tests, a_taken_port_is_refused);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
