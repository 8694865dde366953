/* TLS over the real stack: two sessions talk through it, and what the trace says of that. */
#include <check.h>
#include <malloc.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/layer.h"
#include "protocols/tls/session.h"
#include "tests/wiretest.h"

#define PORT      465
#define DAY       (24 * 3600)
#define WAKEUP_NS (60 * NS_PER_US)

/* A session that sends what it is told to and keeps what it hears. */
struct talker {
	struct session session;
	GString *heard;
	const char *says; /* when it may speak */
	size_t says_bytes;
	const char *injects; /* said in plaintext behind STARTTLS, or behind the reply to it */
	bool is_server, starts_tls, was_secured, has_ended;
	int failed; /* enum stream_failure; -1: not */
	char *why;
	const char *version;
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
		session_printf(session, "STARTTLS\r\n%s",
			       talker->injects != NULL ? talker->injects : "");
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
		session_printf(session, "220 Ready to start TLS\r\n%s",
			       talker->injects != NULL ? talker->injects : "");
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
	g_free(talker->why);
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

/* What the client says of the failure, or NULL when there was none. */
static const char *failure_of(const struct scene *scene)
{
	return scene->client.failed < 0 ? NULL : scene->client.why;
}

struct refusal {
	const char *name;
	struct wish wish;
	const char *words; /* in what the client says; NULL: it goes on */
};

static const char *const other_names[] = { "somebody-else.example" };

/* clang-format off */
static const struct refusal refusals[] = {
	{ .name = "valid", .wish = { .client.verify = TLS_VERIFY_PEER } },
	{ .name = "self-signed",
	  .wish = { .client.verify = TLS_VERIFY_PEER,
		    .certificate.issuer = TLS_ISSUED_BY_ITSELF },
	  .words = "self-signed" },
	{ .name = "wrong name",
	  .wish = { .client.verify = TLS_VERIFY_PEER,
		    .certificate = { .names = other_names, .name_count = 1 } },
	  .words = "hostname mismatch" },
	{ .name = "called by another name",
	  .wish = { .client.verify = TLS_VERIFY_PEER, .name = "mail.else.example" },
	  .words = "hostname mismatch" },
	{ .name = "expired",
	  .wish = { .client.verify = TLS_VERIFY_PEER,
		    .certificate = { .not_before_s = 1, .not_after_s = 1000 } },
	  .words = "expired" },
	{ .name = "not yet valid",
	  .wish = { .client.verify = TLS_VERIFY_PEER,
		    .certificate = { .not_before_s = INT64_C(4000000000),
				     .not_after_s = INT64_C(4100000000) } },
	  .words = "not yet valid" },
	{ .name = "revoked",
	  .wish = { .client.verify = TLS_VERIFY_PEER, .certificate.is_revoked = true },
	  .words = "revoked" },
	{ .name = "expired, and nobody looks",
	  .wish = { .client.verify = TLS_VERIFY_NOT,
		    .certificate = { .not_before_s = 1, .not_after_s = 1000 } } },
	{ .name = "no version in common",
	  .wish = { .client = { .newest = TLS_1_2 }, .server = { .oldest = TLS_1_3 } },
	  .words = "protocol_version" },
};
/* clang-format on */

/* Loop test, implicit and by STARTTLS. */
START_TEST(a_client_goes_on_only_with_whom_it_trusts)
{
	const struct refusal *row = &refusals[_i / 2];
	struct wish wish = row->wish;
	struct scene scene;

	wish.starts_tls = _i % 2 != 0;
	set_up(&scene, wish);
	say(&scene.client, "secret");
	connect_client(&scene);
	wiretest_run(&scene.net);
	if (row->words == NULL) {
		ck_assert_msg(failure_of(&scene) == NULL, "%s: %s", row->name, failure_of(&scene));
		ck_assert_str_eq(scene.server.heard->str, "secret");
		adapter_free(scene.client_adapter);
		wiretest_run(&scene.net);
	} else {
		ck_assert_int_eq(scene.client.failed, STREAM_INSECURE);
		ck_assert_msg(strstr(failure_of(&scene), row->words) != NULL, "%s: %s", row->name,
			      failure_of(&scene));
		ck_assert_uint_eq(scene.server.heard->len, 0);
		ck_assert_uint_gt(wiretest_count(&scene.net, TRACE_STATE, LAYER_TLS, TLS_BROKEN),
				  0);
	}
	tear_down(&scene);
}
END_TEST

static char *long_text(size_t length)
{
	char *text = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i % 26);
	text[length] = '\0';
	return text;
}

/* Loop test: over a good cable, and over one that loses frames. */
START_TEST(much_text_arrives_whole_and_in_order)
{
	char *text = long_text(1000000);
	struct scene scene;

	set_up(
	    &scene,
	    (struct wish) {
		.client.verify = TLS_VERIFY_PEER,
		.cable = {.rate_bps = 100000000, .delay_ns = NS_PER_MS, .queue_bytes = 1514000},
        });
	if (_i == 1)
		link_impair(scene.net.alice_cable, LINK_A,
			    &(struct impairment) { .loss_ppm = 20000 });
	say(&scene.client, text);
	connect_client(&scene);
	wiretest_run(&scene.net);
	ck_assert_uint_eq(scene.server.heard->len, strlen(text));
	ck_assert_str_eq(scene.server.heard->str, text);
	adapter_free(scene.client_adapter);
	wiretest_run(&scene.net);
	tear_down(&scene);
	g_free(text);
}
END_TEST

/* Who hangs up says close_notify first: the other side knows that nothing was cut off. */
START_TEST(an_orderly_end_is_no_truncation)
{
	struct scene scene;

	set_up(&scene, (struct wish) { .client.verify = TLS_VERIFY_PEER });
	say(&scene.client, "bye");
	say(&scene.server, "and bye");
	connect_client(&scene);
	wiretest_run(&scene.net);
	scene.client.session.is_closing = true;
	scene.client.session.wake(scene.client.session.driver);
	wiretest_run(&scene.net);
	ck_assert(scene.server.has_ended);
	ck_assert_int_eq(scene.server.failed, -1);
	ck_assert_uint_eq(wiretest_count(&scene.net, TRACE_UNIT, LAYER_TLS, TLS_RECORD_ALERT), 3);
	ck_assert_uint_eq(wiretest_count(&scene.net, TRACE_STATE, LAYER_TLS, TLS_BROKEN), 0);
	tear_down(&scene);
}
END_TEST

/* A FIN without close_notify: somebody on the way may have cut the rest off (RFC 8446 section 6.1). */
START_TEST(an_end_without_close_notify_is_a_truncation)
{
	struct scene scene;
	struct stream *below, *stream;

	set_up(&scene, (struct wish) { .client.verify = TLS_VERIFY_PEER });
	say(&scene.client, "hello");
	below = tcp_connect(scene.net.alice, (struct endpoint) { scene.net.bob_address, PORT },
			    NULL, NULL);
	stream = tls_stream_new(scene.client_tls, below, false, names[0], 0);
	scene.client_adapter = adapter_new(scene.net.alice, stream, &scene.client.session, false,
					   &(struct adapter_config) { .layer = LAYER_SMTP });
	wiretest_run(&scene.net);
	stream_shutdown(below);
	wiretest_run(&scene.net);
	ck_assert_int_eq(scene.server.failed, STREAM_TRUNCATED);
	ck_assert_str_eq(scene.server.heard->str, "hello");
	tear_down(&scene);
}
END_TEST

/* CVE-2011-0411, at the server: what came with STARTTLS is not run when TLS is there. */
START_TEST(a_server_throws_away_what_came_before_tls)
{
	struct scene scene;

	set_up(&scene, (struct wish) { .client.verify = TLS_VERIFY_PEER, .starts_tls = true });
	scene.client.injects = "MAIL FROM:<evil@example>\r\n";
	say(&scene.client, "hello");
	connect_client(&scene);
	wiretest_run(&scene.net);
	ck_assert_str_eq(scene.server.heard->str, "hello");
	ck_assert_uint_eq(wiretest_count(&scene.net, TRACE_STATE, LAYER_TLS, TLS_DISCARDED), 1);
	adapter_free(scene.client_adapter);
	wiretest_run(&scene.net);
	tear_down(&scene);
}
END_TEST

/* The same at a client, whom somebody tells what the server did not say. */
START_TEST(a_client_breaks_off_when_more_came_before_tls)
{
	struct scene scene;

	set_up(&scene, (struct wish) { .client.verify = TLS_VERIFY_PEER, .starts_tls = true });
	scene.server.injects = "250 you are trusted\r\n";
	say(&scene.client, "secret");
	connect_client(&scene);
	wiretest_run(&scene.net);
	ck_assert_int_eq(scene.client.failed, STREAM_INSECURE);
	ck_assert_uint_eq(scene.server.heard->len, 0);
	tear_down(&scene);
}
END_TEST

/* All that is on the wires, as one text. */
static char *wire_of_a_run(enum tls_key_kind key, enum tls_version newest)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const struct trace_record *record;
	struct scene scene;
	char *digest;

	set_up(&scene, (struct wish) {
			   .client = {.verify = TLS_VERIFY_PEER, .newest = newest},
			   .certificate.key = key
        });
	say(&scene.client, "hello");
	connect_client(&scene);
	wiretest_run(&scene.net);
	for (unsigned i = 0;
	     (record = wiretest_record(&scene.net, TRACE_TRANSMIT, ANY, ANY, i)) != NULL; i++) {
		struct bytes bytes = wiretest_bytes(&scene.net, record);

		g_checksum_update(sum, bytes.data, (gssize)bytes.length);
	}
	digest = g_strdup(g_checksum_get_string(sum));
	g_checksum_free(sum);
	adapter_free(scene.client_adapter);
	wiretest_run(&scene.net);
	tear_down(&scene);
	return digest;
}

/* Keys, nonces and blinding: nothing comes from outside. Loop test: kinds of keys and versions. */
START_TEST(two_runs_are_the_same_byte_by_byte)
{
	enum tls_key_kind key = _i % 2 == 0 ? TLS_KEY_ECDSA_P256 : TLS_KEY_RSA_2048;
	enum tls_version newest = _i < 2 ? TLS_1_3 : TLS_1_2;
	char *first = wire_of_a_run(key, newest), *second = wire_of_a_run(key, newest);

	ck_assert_str_eq(first, second);
	g_free(first);
	g_free(second);
}
END_TEST

/* Pairs of sessions without any network. */

static void no_record(void *owner, const struct tls_record *record)
{
	(void)owner;
	(void)record;
}

static void no_secret(void *owner, const char *line)
{
	(void)owner;
	(void)line;
}

static const struct tls_observer nobody = { no_record, no_secret, NULL };

static void carry(struct tls_session *from, struct tls_session *to)
{
	GByteArray *bytes = tls_session_take_output(from), *opened;
	size_t taken = 0;

	if (bytes == NULL)
		return;
	opened = g_byte_array_new();
	while (taken < bytes->len)
		taken += tls_session_receive(
		    to, (struct bytes) { bytes->data + taken, bytes->len - taken }, opened);
	g_byte_array_unref(opened);
	g_byte_array_unref(bytes);
}

struct pair {
	struct tls_session *client, *server;
};

static struct pair shake_hands(const struct scene *scene)
{
	struct pair pair = {
		tls_session_new(scene->client_tls, names[0], &nobody),
		tls_session_new(scene->server_tls, NULL, &nobody),
	};

	tls_session_start(pair.client);
	for (int i = 0; i < 4; i++) {
		carry(pair.client, pair.server);
		carry(pair.server, pair.client);
	}
	ck_assert_int_eq(tls_session_state(pair.client), TLS_OPEN);
	ck_assert_int_eq(tls_session_state(pair.server), TLS_OPEN);
	tls_session_write(pair.client, bytes_of("NOOP\r\n"));
	carry(pair.client, pair.server);
	tls_session_write(pair.server, bytes_of("250 Ok\r\n"));
	carry(pair.server, pair.client);
	return pair;
}

static void pair_free(struct pair pair)
{
	tls_session_free(pair.client);
	tls_session_free(pair.server);
}

#define IDLE_PAIRS     200
#define IDLE_BYTES_MAX 20480 /* of one end */

/* Loop test: TLS 1.3 and 1.2. Says nothing under a sanitizer, which has an allocator of its own. */
START_TEST(an_idle_connection_needs_little_memory)
{
	struct pair pairs[IDLE_PAIRS];
	struct scene scene;
	size_t before, each;

	set_up(&scene, (struct wish) {
			   .client = {.verify = TLS_VERIFY_PEER,
                                      .newest = _i == 0 ? TLS_1_3 : TLS_1_2}
        });
	pair_free(shake_hands(&scene)); /* what the library keeps for all */
	before = mallinfo2().uordblks;
	for (int i = 0; i < IDLE_PAIRS; i++)
		pairs[i] = shake_hands(&scene);
	each = (mallinfo2().uordblks - before) / (2 * IDLE_PAIRS);
	if (getenv("VERBOSE") != NULL)
		printf("an idle end of TLS needs %zu bytes\n", each);
	ck_assert_uint_le(each, IDLE_BYTES_MAX);
	for (int i = 0; i < IDLE_PAIRS; i++)
		pair_free(pairs[i]);
	tear_down(&scene);
}
END_TEST

#define HANDSHAKES     1000
#define SETTLING_BYTES 262144 /* what the allocator keeps at hand, and tables grown to their size */

/*
 * A handshake leaves nothing behind; LeakSanitizer sees it too, when this runs with it. HANDSHAKES in the
 * environment is another number of them.
 */
START_TEST(many_handshakes_leave_nothing_behind)
{
	const char *wanted = getenv("HANDSHAKES");
	struct scene scene;
	size_t before;

	set_up(&scene, (struct wish) { .client.verify = TLS_VERIFY_PEER });
	for (int i = 0; i < 10; i++)
		pair_free(shake_hands(&scene));
	before = mallinfo2().uordblks;
	for (int i = 0; i < (wanted != NULL ? atoi(wanted) : HANDSHAKES); i++)
		pair_free(shake_hands(&scene));
	ck_assert_uint_le(mallinfo2().uordblks, before + SETTLING_BYTES);
	tear_down(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tls");
	TCase *talk = tcase_create("talk");

	suite_add_tcase(suite, talk);
	tcase_add_loop_test(talk, what_is_said_arrives_at_the_other_end, 0, 4);
	tcase_add_loop_test(talk, a_client_goes_on_only_with_whom_it_trusts, 0,
			    2 * G_N_ELEMENTS(refusals));
	tcase_add_loop_test(talk, much_text_arrives_whole_and_in_order, 0, 2);
	tcase_add_test(talk, an_orderly_end_is_no_truncation);
	tcase_add_test(talk, an_end_without_close_notify_is_a_truncation);
	tcase_add_test(talk, a_server_throws_away_what_came_before_tls);
	tcase_add_test(talk, a_client_breaks_off_when_more_came_before_tls);
	tcase_add_loop_test(talk, two_runs_are_the_same_byte_by_byte, 0, 4);
	tcase_add_loop_test(talk, an_idle_connection_needs_little_memory, 0, 2);
	tcase_add_test(talk, many_handshakes_leave_nothing_behind);
	tcase_set_timeout(talk, 300);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
