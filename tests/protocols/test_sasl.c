/* SASL mechanisms against the examples of their RFCs, and against each other. */
#include <check.h>
#include <stdlib.h>
#include "protocols/sasl/sasl.h"

static const uint8_t salt_of_7677[] = { 0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
					0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81 };

static void expect(GByteArray *out, const char *wanted)
{
	ck_assert_uint_eq(out->len, strlen(wanted));
	ck_assert_mem_eq(out->data, wanted, out->len);
	g_byte_array_set_size(out, 0);
}

/* RFC 7677 section 3, both sides. */
START_TEST(scram_is_as_in_rfc_7677)
{
	GByteArray *out = g_byte_array_new();
	struct sasl_keys *keys = sasl_keys_new();

	for (int round = 0; round < 2; round++) { /* the second from the keys kept */
		struct sasl_client *client = sasl_client_new(SASL_SCRAM_SHA_256, "user", "pencil",
							     "rOprNGfwEbeRWgbNEkqO", keys);
		struct sasl_server *server = sasl_server_new(
		    SASL_SCRAM_SHA_256, "host", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", keys);
		static const char first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
		static const char challenge[] =
		    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
		static const char proof[] =
		    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
		static const char verifier[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
		struct bytes initial = bytes_of(first);

		ck_assert(sasl_client_start(client, out));
		expect(out, first);
		ck_assert_int_eq(sasl_server_start(server, &initial, out), SASL_ASK);
		ck_assert_str_eq(sasl_server_login(server), "user");
		ck_assert_int_eq(sasl_server_answer(server, "pencil", salt_of_7677, out), SASL_SAY);
		expect(out, challenge);
		ck_assert_int_eq(sasl_client_step(client, bytes_of(challenge), out), SASL_SAY);
		expect(out, proof);
		ck_assert(!sasl_client_may_trust(client));
		ck_assert_int_eq(sasl_server_step(server, bytes_of(proof), out), SASL_SAY);
		expect(out, verifier);
		ck_assert_int_eq(sasl_client_step(client, bytes_of(verifier), out), SASL_SAY);
		expect(out, "");
		ck_assert(sasl_client_may_trust(client));
		ck_assert_int_eq(sasl_server_step(server, bytes_of(""), out), SASL_SUCCEEDED);
		ck_assert_int_eq(sasl_server_step(server, bytes_of(""), out), SASL_MALFORMED);
		sasl_client_free(client);
		sasl_server_free(server);
	}
	sasl_keys_free(keys);
	g_byte_array_unref(out);
}
END_TEST

/* RFC 2195 section 2. */
START_TEST(cram_md5_is_as_in_rfc_2195)
{
	GByteArray *out = g_byte_array_new();
	struct sasl_client *client =
	    sasl_client_new(SASL_CRAM_MD5, "tim", "tanstaaftanstaaf", NULL, NULL);
	struct sasl_server *server =
	    sasl_server_new(SASL_CRAM_MD5, "postoffice.reston.mci.net", "1896.697170952", NULL);
	static const char answer[] = "tim b913a602c7eda7a495b4e6e7334d3890";

	ck_assert(!sasl_client_start(client, out));
	ck_assert_int_eq(sasl_server_start(server, NULL, out), SASL_SAY);
	expect(out, "<1896.697170952@postoffice.reston.mci.net>");
	ck_assert_int_eq(
	    sasl_client_step(client, bytes_of("<1896.697170952@postoffice.reston.mci.net>"), out),
	    SASL_SAY);
	expect(out, answer);
	ck_assert_int_eq(sasl_server_step(server, bytes_of(answer), out), SASL_ASK);
	ck_assert_str_eq(sasl_server_login(server), "tim");
	ck_assert_int_eq(sasl_server_answer(server, "tanstaaftanstaaf", salt_of_7677, out),
			 SASL_SUCCEEDED);
	ck_assert_int_eq(sasl_server_answer(server, "other", salt_of_7677, out), SASL_REFUSED);
	ck_assert_int_eq(sasl_server_answer(server, NULL, salt_of_7677, out), SASL_REFUSED);
	sasl_client_free(client);
	sasl_server_free(server);
	g_byte_array_unref(out);
}
END_TEST

/* RFC 4616 section 4: both examples. That Kurt may act as Ursel, as in the second, nothing here can say. */
START_TEST(plain_is_as_in_rfc_4616)
{
	static const char tim[] = "\0tim\0tanstaaftanstaaf", kurt[] = "Ursel\0Kurt\0xipj3plmq";
	struct bytes message = { (const uint8_t *)tim, sizeof tim - 1 };
	struct bytes for_another = { (const uint8_t *)kurt, sizeof kurt - 1 };
	struct sasl_server *server = sasl_server_new(SASL_PLAIN, "host", "nonce", NULL);
	GByteArray *out = g_byte_array_new();

	ck_assert_int_eq(sasl_server_start(server, &message, out), SASL_ASK);
	ck_assert_str_eq(sasl_server_login(server), "tim");
	ck_assert_int_eq(sasl_server_answer(server, "tanstaaftanstaaf", salt_of_7677, out),
			 SASL_SUCCEEDED);
	sasl_server_free(server);

	server = sasl_server_new(SASL_PLAIN, "host", "nonce", NULL);
	ck_assert_int_eq(sasl_server_start(server, &for_another, out), SASL_ASK);
	ck_assert_str_eq(sasl_server_authorization(server), "Ursel");
	ck_assert_str_eq(sasl_server_login(server), "Kurt");
	sasl_server_free(server);

	struct sasl_client *client =
	    sasl_client_new(SASL_PLAIN, "tim", "tanstaaftanstaaf", NULL, NULL);

	ck_assert(sasl_client_start(client, out));
	ck_assert_uint_eq(out->len, message.length);
	ck_assert_mem_eq(out->data, message.data, out->len);
	sasl_client_free(client);
	g_byte_array_unref(out);
}
END_TEST

/* Plays a client with `password` against a server that knows "secret"; NULL: it knows nobody. */
static enum sasl_status play(enum sasl_mechanism mechanism, const char *password, const char *known,
			     bool *trusts)
{
	struct sasl_client *client =
	    sasl_client_new(mechanism, "a=b,c", password, "abcdefgh", NULL);
	struct sasl_server *server = sasl_server_new(mechanism, "host", "ijklmnop", NULL);
	GByteArray *said = g_byte_array_new(), *answer = g_byte_array_new();
	bool has_initial = sasl_client_start(client, said);
	struct bytes initial = { said->data, said->len };
	uint8_t salt[SASL_SALT_BYTES];
	enum sasl_status status;

	if (initial.data == NULL)
		initial.data = (const uint8_t *)"";
	status = sasl_server_start(server, has_initial ? &initial : NULL, answer);
	while (status == SASL_SAY || status == SASL_ASK) {
		if (status == SASL_ASK) {
			ck_assert_str_eq(sasl_server_login(server), "a=b,c");
			sasl_salt("host", sasl_server_login(server), salt);
			status = sasl_server_answer(server, known, salt, answer);
			continue;
		}
		g_byte_array_set_size(said, 0);
		g_byte_array_append(answer, (const guint8 *)"", 1);
		ck_assert_int_eq(sasl_client_step(client,
						  (struct bytes) { answer->data, answer->len - 1 },
						  said),
				 SASL_SAY);
		g_byte_array_set_size(answer, 0);
		g_byte_array_append(said, (const guint8 *)"", 1);
		status =
		    sasl_server_step(server, (struct bytes) { said->data, said->len - 1 }, answer);
	}
	*trusts = sasl_client_may_trust(client);
	sasl_client_free(client);
	sasl_server_free(server);
	g_byte_array_unref(said);
	g_byte_array_unref(answer);
	return status;
}

START_TEST(each_mechanism_lets_in_who_knows_the_password_and_nobody_else)
{
	enum sasl_mechanism mechanism = (enum sasl_mechanism)_i;
	bool trusts;

	ck_assert_int_eq(play(mechanism, "secret", "secret", &trusts), SASL_SUCCEEDED);
	ck_assert(trusts);
	ck_assert_int_eq(play(mechanism, "wrong", "secret", &trusts), SASL_REFUSED);
	ck_assert_int_eq(play(mechanism, "secret", NULL, &trusts), SASL_REFUSED);
	ck_assert_int_eq(play(mechanism, "", NULL, &trusts), SASL_REFUSED);
}
END_TEST

START_TEST(malformed_messages_of_clients_are_told_apart_from_wrong_passwords)
{
	static const struct {
		enum sasl_mechanism mechanism;
		const char *message;
	} rows[] = {
		{SASL_PLAIN,          "tim"                     },
		{ SASL_PLAIN,         ""                        },
		{ SASL_LOGIN,         ""                        },
		{ SASL_CRAM_MD5,      "tim"                     },
		{ SASL_CRAM_MD5,      "tim b913"                },
		{ SASL_SCRAM_SHA_256, ""                        },
		{ SASL_SCRAM_SHA_256, "n,,n=user"               },
		{ SASL_SCRAM_SHA_256, "p=tls-unique,,n=user,r=x"},
		{ SASL_SCRAM_SHA_256, "n,b=x,n=user,r=x"        },
		{ SASL_SCRAM_SHA_256, "n,,n=us=er,r=x"          },
		{ SASL_SCRAM_SHA_256, "n,,m=x,n=user,r=x"       },
		{ SASL_SCRAM_SHA_256, "n,,n=,r=x"               },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct sasl_server *server =
		    sasl_server_new(rows[i].mechanism, "host", "nonce", NULL);
		GByteArray *out = g_byte_array_new();

		ck_assert_int_eq(sasl_server_start(server, NULL, out), SASL_SAY);
		ck_assert_msg(sasl_server_step(server, bytes_of(rows[i].message), out) ==
				  SASL_MALFORMED,
			      "%s", rows[i].message);
		g_byte_array_unref(out);
		sasl_server_free(server);
	}
}
END_TEST

/* `authorization`: whom it must ask for; NULL: nobody but itself. */
static enum sasl_status first_step(enum sasl_mechanism mechanism, struct bytes message,
				   const char *authorization)
{
	struct sasl_server *server = sasl_server_new(mechanism, "host", "nonce", NULL);
	GByteArray *out = g_byte_array_new();
	enum sasl_status status = sasl_server_start(server, &message, out);

	ck_assert_pstr_eq(sasl_server_authorization(server), authorization);
	g_byte_array_unref(out);
	sasl_server_free(server);
	return status;
}

#define OCTETS(text)                                                                               \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

START_TEST(whom_to_act_as_is_asked)
{
	static const struct {
		enum sasl_mechanism mechanism;
		struct bytes message;
		const char *authorization;
	} rows[] = {
		{SASL_PLAIN,          OCTETS("\0tim\0pass"),              NULL           },
		{ SASL_PLAIN,         OCTETS("tim@x.example\0tim\0pass"), "tim@x.example"},
		{ SASL_SCRAM_SHA_256, OCTETS("n,,n=t=2Cm,r=x"),           NULL           },
		{ SASL_SCRAM_SHA_256, OCTETS("n,a=t=2Cm,n=tim,r=x"),      "t,m"          },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		ck_assert_int_eq(
		    first_step(rows[i].mechanism, rows[i].message, rows[i].authorization),
		    SASL_ASK);
	ck_assert_int_eq(
	    first_step(SASL_SCRAM_SHA_256, (struct bytes)OCTETS("n,a=a=nn,n=tim,r=x"), NULL),
	    SASL_MALFORMED);
}
END_TEST

START_TEST(clients_break_off_when_servers_do_not_keep_to_scram)
{
	static const char *const firsts[] = {
		"",
		"r=other,s=c2FsdA==,i=4096",
		"r=abc,s=c2FsdA==,i=4096",
		"r=abcx,s=!,i=4096",
		"r=abcx,s=c2FsdA==,i=0",
		"r=abcx,s=c2FsdA==,i=99999999",
		"r=abcx,s=c2FsdA==",
		"m=x,r=abcx,s=c2FsdA==,i=4096",
	};
	GByteArray *out = g_byte_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(firsts); i++) {
		struct sasl_client *client =
		    sasl_client_new(SASL_SCRAM_SHA_256, "a", "b", "abc", NULL);

		sasl_client_start(client, out);
		ck_assert_msg(sasl_client_step(client, bytes_of(firsts[i]), out) == SASL_MALFORMED,
			      "%s", firsts[i]);
		sasl_client_free(client);
	}

	/* It proves that it does not know the password. */
	struct sasl_client *client = sasl_client_new(SASL_SCRAM_SHA_256, "a", "b", "abc", NULL);

	sasl_client_start(client, out);
	ck_assert_int_eq(sasl_client_step(client, bytes_of("r=abcx,s=c2FsdA==,i=1"), out),
			 SASL_SAY);
	ck_assert_int_eq(sasl_client_step(client, bytes_of("v=AAAA"), out), SASL_REFUSED);
	ck_assert(!sasl_client_may_trust(client));
	sasl_client_free(client);
	g_byte_array_unref(out);
}
END_TEST

START_TEST(names_are_known_in_any_case_and_the_strongest_is_chosen)
{
	GString *names = g_string_new(NULL);

	ck_assert_int_eq(sasl_mechanism_parse(bytes_of("scram-sha-256")), SASL_SCRAM_SHA_256);
	ck_assert_int_eq(sasl_mechanism_parse(bytes_of("PLAIN2")), SASL_MECHANISM_COUNT);
	ck_assert_int_eq(sasl_strongest(SASL_ALL), SASL_SCRAM_SHA_256);
	ck_assert_int_eq(sasl_strongest(SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN)), SASL_PLAIN);
	ck_assert_int_eq(sasl_strongest(0), SASL_MECHANISM_COUNT);
	sasl_append_names(SASL_ALL, " ", names);
	ck_assert_str_eq(names->str, " SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN");
	g_string_free(names, TRUE);
}
END_TEST

START_TEST(base64_is_strict)
{
	static const char *const bad[] = { "A", "AA=A", "A===", "AAAA=", "AA A", "!AAA", "====" };
	size_t length;
	char *decoded;

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(sasl_base64_decode(bytes_of(bad[i]), &length) == NULL, "%s", bad[i]);
	decoded = sasl_base64_decode(bytes_of("="), &length);
	ck_assert_uint_eq(length, 0);
	g_free(decoded);
	decoded = sasl_base64_decode(bytes_of("AGFsaWNlAHNlY3JldA=="), &length);
	ck_assert_uint_eq(length, 13);
	ck_assert_mem_eq(decoded, "\0alice\0secret", 13);
	g_free(decoded);
}
END_TEST

START_TEST(base64_is_what_another_has_encoded)
{
	uint8_t octets[256];

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 37 + 11);
	for (size_t wanted = 0; wanted <= sizeof octets; wanted++) {
		g_autofree char *text = g_base64_encode(octets, wanted);
		size_t length;
		g_autofree char *decoded = sasl_base64_decode(bytes_of(text), &length);

		ck_assert_uint_eq(length, wanted);
		ck_assert_mem_eq(decoded, octets, wanted);
		ck_assert_int_eq(decoded[wanted], '\0');
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sasl");
	TCase *tests = tcase_create("sasl");

	tcase_add_test(tests, scram_is_as_in_rfc_7677);
	tcase_add_test(tests, cram_md5_is_as_in_rfc_2195);
	tcase_add_test(tests, plain_is_as_in_rfc_4616);
	tcase_add_loop_test(tests, each_mechanism_lets_in_who_knows_the_password_and_nobody_else, 0,
			    SASL_MECHANISM_COUNT);
	tcase_add_test(tests, malformed_messages_of_clients_are_told_apart_from_wrong_passwords);
	tcase_add_test(tests, whom_to_act_as_is_asked);
	tcase_add_test(tests, clients_break_off_when_servers_do_not_keep_to_scram);
	tcase_add_test(tests, names_are_known_in_any_case_and_the_strongest_is_chosen);
	tcase_add_test(tests, base64_is_strict);
	tcase_add_test(tests, base64_is_what_another_has_encoded);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
