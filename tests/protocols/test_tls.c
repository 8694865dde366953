/* TLS over the real stack: two sessions talk through it, and what the trace says of that. */
#include <check.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "tests/wiretest.h"

#define PORT      465
#define EPOCH     INT64_C(1767600000) /* 2026-01-05T08:00:00Z, as the wiretest's world begins */
#define DAY       (24 * 3600)
#define WAKEUP_NS (60 * NS_PER_US)

/* A session that sends what it is told to and keeps what it hears. */
struct talker {
	struct session session;
	GString *heard;
	const char *says; /* when it may speak */
	size_t says_bytes;
	bool is_server, starts_tls, was_secured, has_ended;
	int failed; /* enum stream_failure; -1: not */
	char *why;
	const char *version;
	struct talker **home;
};

static void speak(struct talker *talker)
{
	if (talker->says != NULL)
		session_write(&talker->session,
			      (struct bytes) { (const uint8_t *)talker->says, talker->says_bytes });
}

static void talker_opened(struct session *session)
{
	struct talker *talker = (struct talker *)session;

	if (session->protection != NULL)
		talker->version = session->protection->version;
	if (!talker->starts_tls && !talker->is_server)
		speak(talker);
	else if (!talker->is_server)
		session_printf(session, "STARTTLS\r\n");
}

static size_t talker_receive(struct session *session, struct bytes in)
{
	struct talker *talker = (struct talker *)session;
	struct bytes line;
	size_t length;

	if (!talker->starts_tls || talker->was_secured) {
		g_string_append_len(talker->heard, (const char *)in.data, (gssize)in.length);
		return in.length;
	}
	length = session_line(in, true, &line);
	if (length > 0 && talker->is_server)
		session_printf(session, "220 Ready to start TLS\r\n");
	session->wants_tls = length > 0;
	return length;
}

static void talker_secured(struct session *session)
{
	struct talker *talker = (struct talker *)session;

	talker->was_secured = true;
	talker->version = session->protection->version;
	if (!talker->is_server)
		speak(talker);
}

static void talker_ended(struct session *session)
{
	struct talker *talker = (struct talker *)session;

	talker->has_ended = true;
	if (talker->is_server)
		speak(talker);
	session->is_closing = true;
}

static void talker_failed(struct session *session, enum stream_failure why)
{
	struct talker *talker = (struct talker *)session;

	talker->failed = (int)why;
	talker->why = g_strdup(session->failure);
}

static void talker_free(struct session *session)
{
	session_clear(session);
}

static const struct session_operations talker_operations = {
	.opened = talker_opened,
	.receive = talker_receive,
	.secured = talker_secured,
	.ended = talker_ended,
	.failed = talker_failed,
	.free = talker_free,
};

struct scene {
	struct wiretest net;
	struct tls_library *library;
	struct tls_authority *authority;
	struct tls_context *server_tls, *client_tls;
	struct tcp_listener *listener;
	struct linger_pool *lingers;
	struct adapter *client_adapter;
	struct talker client, server;
	bool starts_tls;
	const char *name; /* that the client calls */
};

static void talker_init(struct talker *talker, bool is_server, bool starts_tls)
{
	*talker = (struct talker) {
		.heard = g_string_new(NULL),
		.is_server = is_server,
		.starts_tls = starts_tls,
		.failed = -1,
	};
	session_init(&talker->session, &talker_operations);
}

static void accepted(void *owner, struct stream *stream)
{
	struct scene *scene = owner;

	adapter_new(scene->net.bob, stream, &scene->server.session, true,
		    &(struct adapter_config) {
			.layer = LAYER_SMTP,
			.wakeup_ns = WAKEUP_NS,
			.lingers = scene->lingers,
			.tls = scene->server_tls,
			.begins_with_tls = !scene->starts_tls,
		    });
}

struct wish {
	struct tls_certificate certificate;
	struct tls_context_config server, client;
	bool starts_tls;
	const char *name;
	struct link_config cable;
};

static const char *const names[] = { "mail.office.example" };

static void set_up(struct scene *scene, struct wish wish)
{
	const struct wiretest_config config = { .seed = 1, .cable = wish.cable };

	*scene = (struct scene) { .starts_tls = wish.starts_tls, .name = names[0] };
	if (wish.name != NULL)
		scene->name = wish.name;
	wiretest_init(&scene->net, wish.cable.rate_bps != 0 ? &config : NULL);
	scene->library = tls_library_new();
	scene->authority =
	    tls_authority_new(scene->library, 1, "Test CA", scene->net.world->epoch_s - DAY,
			      scene->net.world->epoch_s + 365 * DAY);
	if (wish.certificate.names == NULL) {
		wish.certificate.names = names;
		wish.certificate.name_count = 1;
	}
	if (wish.certificate.not_after_s == 0) {
		wish.certificate.not_before_s = scene->net.world->epoch_s - DAY;
		wish.certificate.not_after_s = scene->net.world->epoch_s + 90 * DAY;
	}
	wish.server.credential = tls_authority_issue(scene->authority, &wish.certificate);
	wish.client.trusted = scene->authority;
	scene->server_tls =
	    tls_context_new(scene->library, host_node(scene->net.bob), &wish.server);
	scene->client_tls =
	    tls_context_new(scene->library, host_node(scene->net.alice), &wish.client);
	scene->listener = tcp_listen(scene->net.bob, PORT, accepted, scene);
	scene->lingers = linger_pool_new(host_node(scene->net.bob));
	talker_init(&scene->client, false, wish.starts_tls);
	talker_init(&scene->server, true, wish.starts_tls);
}

static void connect_client(struct scene *scene)
{
	struct stream *stream = tcp_connect(
	    scene->net.alice, (struct endpoint) { scene->net.bob_address, PORT }, NULL, NULL);

	scene->client_adapter = adapter_new(scene->net.alice, stream, &scene->client.session, false,
					    &(struct adapter_config) {
						.layer = LAYER_SMTP,
						.wakeup_ns = WAKEUP_NS,
						.tls = scene->client_tls,
						.tls_name = scene->name,
						.begins_with_tls = !scene->starts_tls,
					    });
}

static void talker_clear(struct talker *talker)
{
	g_string_free(talker->heard, TRUE);
	g_free(talker->why);
}

static void tear_down(struct scene *scene)
{
	tcp_listener_close(scene->listener);
	linger_pool_free(scene->lingers);
	tls_context_free(scene->client_tls);
	tls_context_free(scene->server_tls);
	tls_authority_free(scene->authority);
	tls_library_free(scene->library);
	talker_clear(&scene->client);
	talker_clear(&scene->server);
	wiretest_clear(&scene->net);
}

static void say(struct talker *talker, const char *text)
{
	talker->says = text;
	talker->says_bytes = strlen(text);
}

START_TEST(what_is_said_arrives_at_the_other_end)
{
	static const enum tls_version versions[] = { TLS_1_3, TLS_1_2 };
	static const char *const expected[] = { "TLS 1.3", "TLS 1.2" };
	struct scene scene;

	set_up(&scene, (struct wish) {
			   .client = {.verify = TLS_VERIFY_PEER, .newest = versions[_i % 2]},
			   .certificate.key = _i >= 2 ? TLS_KEY_RSA_2048 : TLS_KEY_ECDSA_P256,
        });
	say(&scene.client, "hello");
	connect_client(&scene);
	wiretest_run(&scene.net);
	ck_assert_str_eq(scene.server.heard->str, "hello");
	ck_assert_str_eq(scene.server.version, expected[_i % 2]);
	ck_assert_str_eq(scene.client.version, expected[_i % 2]);
	adapter_free(scene.client_adapter);
	wiretest_run(&scene.net);
	tear_down(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tls");
	TCase *talk = tcase_create("talk");

	suite_add_tcase(suite, talk);
	tcase_add_loop_test(talk, what_is_said_arrives_at_the_other_end, 0, 4);
	tcase_set_timeout(talk, 60);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
