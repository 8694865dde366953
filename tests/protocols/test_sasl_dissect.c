/* What the dissectors say of the lines of SASL exchanges, in SMTP, POP3 and IMAP. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/imap/dissect.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"

#define UNITS 8

/* A line that crosses, and the unit that it is. */
struct turn {
	const char *text;    /* "C" or "S" in front */
	const char *name;    /* NULL: not looked at */
	const char *summary; /* NULL: likewise */
};

struct exchange {
	const struct dissector *dissector;
	struct turn turns[9];
};

static const struct exchange exchanges[] = {
  /* RFC 4616 section 4, as RFC 4954 section 4.3 carries it. */
	{&smtp_dissector,
         { { "S220 mail.test ESMTP\r\n", "Greeting", NULL },
	    { "CAUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=\r\n", "AUTH command",
	      "AUTH PLAIN [PLAIN message: user test, password 1234, acts as test]" },
	    { "S235 2.7.0 Authentication successful\r\n", "Reply 235", NULL } }            },
	{ &smtp_dissector,
         { { "CAUTH PLAIN\r\n", "AUTH command", "AUTH PLAIN" },
	    { "S334 \r\n", "PLAIN challenge", "334 [PLAIN challenge: (empty)]" },
	    { "CAGFsaWNlAHNlY3JldA==\r\n", "PLAIN message",
	      "[PLAIN message: user alice, password secret]" },
	    { "S535 5.7.8 No\r\n", "Reply 535", "535 5.7.8 No" } }                         },
	{ &smtp_dissector,
         { { "CAUTH LOGIN\r\n", NULL, NULL },
	    { "S334 VXNlcm5hbWU6\r\n", "LOGIN challenge", "334 [LOGIN challenge: Username:]" },
	    { "CYWxpY2U=\r\n", "LOGIN user name", "[LOGIN user name: alice]" },
	    { "S334 UGFzc3dvcmQ6\r\n", "LOGIN challenge", "334 [LOGIN challenge: Password:]" },
	    { "Cc2VjcmV0\r\n", "LOGIN password", "[LOGIN password: secret]" },
	    { "S235 ok\r\n", "Reply 235", NULL },
	    { "CMAIL FROM:<>\r\n", "MAIL command", "MAIL FROM:<>" } }                      },
 /* With the name as the initial response the password is asked for next. */
	{ &smtp_dissector,
         { { "CAUTH LOGIN YWxpY2U=\r\n", NULL, "AUTH LOGIN [LOGIN user name: alice]" },
	    { "S334 UGFzc3dvcmQ6\r\n", "LOGIN challenge", NULL },
	    { "C*\r\n", "SASL cancel", "[SASL cancel: the client gives up]" },
	    { "S501 cancelled\r\n", "Reply 501", NULL } }                                  },
 /* RFC 2195 section 2, which speaks IMAP. */
	{ &imap_dissector,
         { { "S* OK IMAP4 Server\r\n", NULL, NULL },
	    { "CA0001 AUTHENTICATE CRAM-MD5\r\n", "AUTHENTICATE", "A0001 AUTHENTICATE CRAM-MD5" },
	    { "S+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n",
	      "CRAM-MD5 challenge",
	      "+ [CRAM-MD5 challenge: <1896.697170952@postoffice.reston.mci.net>]" },
	    { "CdGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n", "CRAM-MD5 response",
	      "[CRAM-MD5 response: user tim, digest b913a602c7eda7a495b4e6e7334d3890]" },
	    { "SA0001 OK CRAM authentication successful\r\n", "OK", NULL },
	    { "CA2 IDLE\r\n", "IDLE", NULL },
	    { "S+ idling\r\n", "continuation request", "+ idling" },
	    { "CDONE\r\n", "DONE", "DONE" } }					      },
 /* RFC 7677 section 3, in POP3: the user's name has a comma and an equals sign here. */
	{ &pop3_dissector,
         { { "S+OK ready\r\n", NULL, NULL },
	    { "CAUTH SCRAM-SHA-256 biwsbj11PTJDcz0zRHIscj1yT3ByTkdmd0ViZVJXZ2JORWtxTw==\r\n",
	      "AUTH",
	      "AUTH SCRAM-SHA-256 [SCRAM client-first-message: user u,s=r, nonce "
	      "rOprNGfwEbeRWgbNEkqO]" },
	    { "S+ cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMl"
	      "phSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=\r\n",
	      "SCRAM server-first-message",
	      "+ [SCRAM server-first-message: iterations 4096, salt W22ZaJ0SNY7soEsUEjb6gQ==, "
	      "nonce "
	      "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2R..." },
	    { "CYz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAs"
	      "cD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==\r\n",
	      "SCRAM client-final-message",
	      "[SCRAM client-final-message: proof dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=, "
	      "nonce rOprNGfwEbeRWgbNEkqO%hvYDpWUa..." },
	    { "S+ dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\r\n",
	      "SCRAM server-final-message",
	      "+ [SCRAM server-final-message: signature "
	      "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=]" },
	    { "C\r\n", "SCRAM acknowledgement", "[SCRAM acknowledgement: (empty)]" },
	    { "S+OK Logged in.\r\n", "+OK", "+OK Logged in." },
	    { "CSTAT\r\n", "STAT", NULL } }						},
 /* What the server says last may be what is wrong. */
	{ &imap_dissector,
         { { "Ca AUTHENTICATE SCRAM-SHA-256 biwsbj1ib2Iscj14\r\n", NULL,
	      "a AUTHENTICATE SCRAM-SHA-256 [SCRAM client-first-message: user bob, nonce x]" },
	    { "S+ cj14eSxzPVFRPT0saT00MDk2\r\n", "SCRAM server-first-message", NULL },
	    { "CYz1iaXdzLHI9eHkscD1xdw==\r\n", "SCRAM client-final-message", NULL },
	    { "S+ ZT1pbnZhbGlkLXByb29m\r\n", "SCRAM server-final-message",
	      "+ [SCRAM server-final-message: error invalid-proof]" } }                    },
 /* A mechanism that nobody here knows, text that is no base64, and a peer that goes on and on. */
	{ &pop3_dissector,
         { { "S+OK\r\n", NULL, NULL },
	    { "CAUTH XOAUTH2 dXNlcj1h\r\n", NULL, "AUTH XOAUTH2 [SASL response: user=a]" },
	    { "S+ eyJhIjoxfQ==\r\n", "SASL challenge", "+ [SASL challenge: {\"a\":1}]" },
	    { "Cnot base64!\r\n", "SASL response", "[SASL response: no base64]" } }        },
	{ &imap_dissector,
         { { "Ca AUTHENTICATE PLAIN =\r\n", NULL,
	      "a AUTHENTICATE PLAIN [PLAIN message: user , password ]" },
	    { "S+\r\n", "SASL challenge", "+[SASL challenge: (empty)]" },
	    { "C*\r\n", "SASL cancel", NULL },
	    { "Sa BAD cancelled\r\n", "BAD", NULL },
	    { "S+ Ready for literal\r\n", "continuation request", "+ Ready for literal" } }},
};

static size_t dissect(const struct exchange *exchange, const char *text,
		      struct dissect_state *state, struct dissect_unit units[UNITS])
{
	return exchange->dissector->dissect(
	    &(struct dissect_input) {
		.bytes = bytes_of(text + 1),
		.is_from_server = text[0] == 'S',
		.is_stream = true,
		.state = state,
	    },
	    units, UNITS);
}

START_TEST(each_line_is_a_step_of_its_mechanism)
{
	const struct exchange *exchange = &exchanges[_i];
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[UNITS];

	for (const struct turn *turn = exchange->turns; turn->text != NULL; turn++) {
		ck_assert_uint_ge(dissect(exchange, turn->text, &state, units), 1);
		ck_assert_uint_eq(units[0].depth, 0);
		ck_assert_uint_eq(units[0].length, strlen(turn->text) - 1);
		if (turn->name != NULL)
			ck_assert_msg(strcmp(units[0].name, turn->name) == 0, "%s: %s, not %s",
				      turn->text, units[0].name, turn->name);
		if (turn->summary != NULL)
			ck_assert_str_eq(units[0].summary, turn->summary);
	}
}
END_TEST

START_TEST(an_initial_response_is_a_part_of_its_command)
{
	const char *lines[] = { "CAUTH PLAIN AGEAYg==\r\n", "CAUTH PLAIN AGEAYg==\r\n",
				"Cx AUTHENTICATE PLAIN AGEAYg==\r\n" };
	const struct exchange protocols[] = {
		{ .dissector = &smtp_dissector },
		{ .dissector = &pop3_dissector },
		{ .dissector = &imap_dissector },
	};
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[UNITS];

	ck_assert_uint_eq(dissect(&protocols[_i], lines[_i], &state, units), 3);
	ck_assert_str_eq(units[1].name, "Mechanism");
	ck_assert_str_eq(units[1].summary, "PLAIN");
	ck_assert_str_eq(units[2].name, "PLAIN message");
	ck_assert_str_eq(units[2].summary, "[PLAIN message: user a, password b]");
	ck_assert_uint_eq(units[2].depth, 1);
	ck_assert_uint_eq(units[2].length, strlen("AGEAYg=="));
	ck_assert_uint_eq(units[2].kind, units[0].kind);
}
END_TEST

/* An endless name is cut, and leaves no other mark. */
START_TEST(a_long_message_is_cut)
{
	struct dissect_state state = { { 0 } };
	struct dissect_unit units[UNITS];
	GString *line = g_string_new("CAUTH PLAIN ");
	char *message = g_strnfill(6000, 'x');
	char *base64 = g_base64_encode((const guchar *)message, strlen(message));

	g_string_append_printf(line, "%s\r\n", base64);
	ck_assert_uint_eq(dissect(&exchanges[0], line->str, &state, units), 3);
	ck_assert_uint_eq(strlen(units[0].summary), DISSECT_TEXT_BYTES - 1);
	ck_assert(
	    g_str_has_prefix(units[0].summary, "AUTH PLAIN [PLAIN message: user , password "));
	ck_assert(g_str_has_suffix(units[0].summary, "..."));
	g_free(base64);
	g_free(message);
	g_string_free(line, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("SASL, dissected");
	TCase *tests = tcase_create("lines");

	tcase_add_loop_test(tests, each_line_is_a_step_of_its_mechanism, 0,
			    (int)G_N_ELEMENTS(exchanges));
	tcase_add_loop_test(tests, an_initial_response_is_a_part_of_its_command, 0, 3);
	tcase_add_test(tests, a_long_message_is_cut);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
