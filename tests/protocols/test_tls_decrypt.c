/* Connections that OpenSSL's two ends made are decrypted from outside by the secrets they logged. */
#include <check.h>
#include <stdlib.h>
#include "protocols/tls/decrypt.h"
#include "protocols/tls/session.h"

/* What went over the wire, and what was logged. */
struct wire {
	GByteArray *sent[2]; /* by the client, by the server */
	GArray *turns;       /* of struct turn, in order */
	GString *log;
};

struct turn {
	unsigned from;
	size_t begin, length;
};

/* What the decrypter told. */
struct seen {
	GString *text[2]; /* application data by direction */
	GString *problems;
	unsigned handshakes, alerts, encrypted;
	unsigned from;
};

static const char *const names[] = { "mail.office.example" };

static void no_record(void *owner, const struct tls_record *record)
{
	(void)owner;
	(void)record;
}

static void log_secret(void *owner, const char *line)
{
	struct wire *wire = owner;

	g_string_append_printf(wire->log, "%s\n", line);
}

static void feed_session(struct tls_session *session, struct bytes in)
{
	GByteArray *opened = g_byte_array_new();

	while (in.length > 0) {
		size_t taken = tls_session_receive(session, in, opened);

		in = bytes_from(in, taken);
		ck_assert_int_ne(tls_session_state(session), TLS_FAILED);
	}
	g_byte_array_unref(opened);
}

static bool carry(struct wire *wire, struct tls_session *from, struct tls_session *to,
		  unsigned index)
{
	GByteArray *bytes = tls_session_take_output(from);

	if (bytes == NULL)
		return false;
	struct turn turn = { index, wire->sent[index]->len, bytes->len };

	g_array_append_val(wire->turns, turn);
	g_byte_array_append(wire->sent[index], bytes->data, bytes->len);
	feed_session(to, (struct bytes) { bytes->data, bytes->len });
	g_byte_array_unref(bytes);
	return true;
}

static void exchange(struct wire *wire, struct tls_session *client, struct tls_session *server)
{
	bool is_news = true;

	while (is_news) {
		is_news = carry(wire, client, server, 0);
		is_news |= carry(wire, server, client, 1);
	}
}

/* A conversation of the given version between a client and a server with such a key. */
static struct wire *wire_new(enum tls_version version, enum tls_key_kind key)
{
	struct wire *wire = g_new0(struct wire, 1);
	struct world *world = world_new(1, 1767600000);
	struct node node;
	struct tls_library *library = tls_library_new();
	struct tls_authority *authority =
	    tls_authority_new(library, 1, "CA", 0, INT64_C(4000000000));
	struct tls_certificate wish = {
		.names = names, .name_count = 1, .key = key, .not_after_s = INT64_C(4000000000)
	};
	struct tls_observer observer = { no_record, log_secret, wire };

	wire->sent[0] = g_byte_array_new();
	wire->sent[1] = g_byte_array_new();
	wire->turns = g_array_new(FALSE, FALSE, sizeof(struct turn));
	wire->log = g_string_new("# a comment\r\n\n");
	node_init(&node, world, "host", NODE_HOST);
	struct tls_context *server_side = tls_context_new(
	    library, &node,
	    &(struct tls_context_config) { .credential = tls_authority_issue(authority, &wish) });
	struct tls_context *client_side = tls_context_new(
	    library, &node,
	    &(struct tls_context_config) { .trusted = authority, .newest = version });
	struct tls_session *client = tls_session_new(client_side, names[0], &observer);
	struct tls_session *server = tls_session_new(server_side, NULL, &observer);

	tls_session_start(client);
	exchange(wire, client, server);
	ck_assert_uint_eq(tls_session_version(client), version);
	tls_session_write(client, bytes_of("EHLO a.example\r\n"));
	exchange(wire, client, server);
	tls_session_write(server, bytes_of("250-mail\r\n"));
	tls_session_write(server, bytes_of("250 SIZE\r\n"));
	exchange(wire, client, server);
	tls_session_close(client);
	tls_session_close(server);
	exchange(wire, client, server);
	tls_session_free(client);
	tls_session_free(server);
	tls_context_free(client_side);
	tls_context_free(server_side);
	tls_authority_free(authority);
	tls_library_free(library);
	world_free(world);
	return wire;
}

static void wire_free(struct wire *wire)
{
	g_byte_array_unref(wire->sent[0]);
	g_byte_array_unref(wire->sent[1]);
	g_array_unref(wire->turns);
	g_string_free(wire->log, TRUE);
	g_free(wire);
}

static void see(void *owner, const struct tls_opened *opened)
{
	struct seen *seen = owner;

	seen->encrypted += opened->is_encrypted;
	if (opened->problem != NULL) {
		if (strstr(seen->problems->str, opened->problem) == NULL)
			g_string_append_printf(seen->problems, "%s; ", opened->problem);
		ck_assert_uint_eq(opened->plaintext.length, 0);
		return;
	}
	if (opened->content == TLS_APPLICATION_DATA)
		g_string_append_len(seen->text[seen->from], (const char *)opened->plaintext.data,
				    (gssize)opened->plaintext.length);
	seen->handshakes += opened->content == TLS_HANDSHAKE;
	seen->alerts += opened->content == TLS_ALERT;
}

static void seen_init(struct seen *seen)
{
	*seen = (struct seen) {
		{g_string_new(NULL), g_string_new(NULL)},
                g_string_new(NULL), 0, 0, 0, 0
	};
}

static void seen_clear(struct seen *seen)
{
	g_string_free(seen->text[0], TRUE);
	g_string_free(seen->text[1], TRUE);
	g_string_free(seen->problems, TRUE);
}

/* Feeds all turns in pieces of `piece` bytes. */
static void watch(const struct wire *wire, struct tls_decrypter *decrypter, size_t piece,
		  struct seen *seen)
{
	for (guint i = 0; i < wire->turns->len; i++) {
		struct turn turn = g_array_index(wire->turns, struct turn, i);

		seen->from = turn.from;
		for (size_t at = 0; at < turn.length; at += piece)
			tls_decrypter_feed(
			    decrypter, turn.from == 1,
			    (struct bytes) { wire->sent[turn.from]->data + turn.begin + at,
					     MIN(piece, turn.length - at) },
			    0, see, seen);
	}
}

static const struct {
	enum tls_version version;
	enum tls_key_kind key;
	size_t piece;
	unsigned handshakes, encrypted; /* records */
} kinds[] = {
	{TLS_1_3,  TLS_KEY_ECDSA_P256, 1,     7, 10},
	{ TLS_1_3, TLS_KEY_RSA_2048,   65536, 7, 10},
	{ TLS_1_2, TLS_KEY_ECDSA_P256, 1,     8, 7 },
	{ TLS_1_2, TLS_KEY_RSA_2048,   65536, 8, 7 },
};

START_TEST(what_both_ends_said_is_read)
{
	struct wire *wire = wire_new(kinds[_i].version, kinds[_i].key);
	struct tls_decryption *decryption = tls_decryption_new();
	struct tls_decrypter *decrypter = tls_decrypter_new(decryption);
	struct seen seen;

	seen_init(&seen);
	tls_secrets_add(tls_decryption_secrets(decryption), bytes_of(wire->log->str));
	watch(wire, decrypter, kinds[_i].piece, &seen);
	ck_assert_str_eq(seen.problems->str, "");
	ck_assert_str_eq(seen.text[0]->str, "EHLO a.example\r\n");
	ck_assert_str_eq(seen.text[1]->str, "250-mail\r\n250 SIZE\r\n");
	ck_assert_uint_eq(seen.handshakes, kinds[_i].handshakes);
	ck_assert_uint_eq(seen.alerts, 2);
	ck_assert_uint_eq(seen.encrypted, kinds[_i].encrypted);
	ck_assert_uint_eq(tls_decrypter_held(decrypter), 0);
	seen_clear(&seen);
	tls_decrypter_free(decrypter);
	tls_decryption_free(decryption);
	wire_free(wire);
}
END_TEST

/* What is wrong with the secrets, and what is said of it. */
static void spoil(GString *log, unsigned how)
{
	char *line;

	if (how == 0) { /* there are none */
		g_string_truncate(log, 0);
	} else if (how == 1) { /* they are of another connection */
		for (line = log->str; (line = strchr(line, '\n')) != NULL; line++)
			if (strchr(line, ' ') != NULL) {
				char *random = strchr(line, ' ') + 1;

				*random = *random == '0' ? '1' : '0';
			}
	} else { /* they are not those */
		for (char *at = log->str; *at != '\0'; at++)
			if (*at == '\n' && at - log->str > 20)
				at[-1] = at[-1] == '0' ? '1' : '0';
	}
}

START_TEST(what_cannot_be_read_is_told_with_the_reason)
{
	static const char *const reasons[] = { "no secret of this connection; ",
					       "no secret of this connection; ",
					       "the secret is wrong, or the record was changed; " };
	struct wire *wire = wire_new(_i % 2 == 0 ? TLS_1_3 : TLS_1_2, TLS_KEY_ECDSA_P256);
	struct tls_decryption *decryption = tls_decryption_new();
	struct tls_decrypter *decrypter = tls_decrypter_new(decryption);
	struct seen seen;

	seen_init(&seen);
	spoil(wire->log, (unsigned)_i / 2);
	tls_secrets_add(tls_decryption_secrets(decryption), bytes_of(wire->log->str));
	watch(wire, decrypter, 65536, &seen);
	ck_assert_msg(strstr(seen.problems->str, reasons[_i / 2]) != NULL, "%s",
		      seen.problems->str);
	ck_assert_uint_eq(seen.text[0]->len + seen.text[1]->len, 0);
	seen_clear(&seen);
	tls_decrypter_free(decrypter);
	tls_decryption_free(decryption);
	wire_free(wire);
}
END_TEST

/* The last byte of the server's first words is missing: that record is, and those behind are not. */
START_TEST(a_record_lost_in_part_costs_that_one_alone)
{
	struct wire *wire = wire_new(_i == 0 ? TLS_1_3 : TLS_1_2, TLS_KEY_ECDSA_P256);
	struct tls_decryption *decryption = tls_decryption_new();
	struct tls_decrypter *decrypter = tls_decrypter_new(decryption);
	const struct turn *talk = NULL;
	struct bytes all;
	struct seen seen;

	seen_init(&seen);
	tls_secrets_add(tls_decryption_secrets(decryption), bytes_of(wire->log->str));
	/* Behind what the server says there is only its close_notify. */
	for (guint i = 0, behind = 0; i < wire->turns->len && behind < 2; i++) {
		talk = &g_array_index(wire->turns, struct turn, wire->turns->len - 1 - i);
		behind += talk->from == 1;
	}
	/* All of it but what the server says, in which the first record lacks its middle. */
	for (guint i = 0; i < wire->turns->len; i++) {
		struct turn turn = g_array_index(wire->turns, struct turn, i);

		all = (struct bytes) { wire->sent[turn.from]->data + turn.begin, turn.length };
		seen.from = turn.from;
		if (&g_array_index(wire->turns, struct turn, i) != talk) {
			tls_decrypter_feed(decrypter, turn.from == 1, all, 0, see, &seen);
			continue;
		}
		tls_decrypter_feed(decrypter, true, bytes_first(all, 10), 0, see, &seen);
		tls_decrypter_feed(decrypter, true, bytes_from(all, 14), 4, see, &seen);
	}
	ck_assert_str_eq(seen.text[1]->str, "250 SIZE\r\n");
	ck_assert_ptr_null(tls_decrypter_lost(decrypter, true));

	/* Where it is not known how many records are missing, nothing behind them is read. */
	tls_decrypter_feed(decrypter, true, all, 100000, see, &seen);
	ck_assert_ptr_nonnull(tls_decrypter_lost(decrypter, true));
	seen_clear(&seen);
	tls_decrypter_free(decrypter);
	tls_decryption_free(decryption);
	wire_free(wire);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tls_decrypt");
	TCase *tests = tcase_create("tests");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, what_both_ends_said_is_read, 0, (int)G_N_ELEMENTS(kinds));
	tcase_add_loop_test(tests, what_cannot_be_read_is_told_with_the_reason, 0, 6);
	tcase_add_loop_test(tests, a_record_lost_in_part_costs_that_one_alone, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
