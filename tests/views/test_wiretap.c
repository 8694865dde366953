/* What who listens on a wire takes from the bytes of logins: passwords, proofs, cookies, or nothing. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "tests/views/segments.h"
#include "views/wiretap.h"

static GString *told;

static void found(void *owner, const struct model_connection *connection,
		  const struct credential *credential)
{
	static const char kinds[] = {
		[CREDENTIAL_PASSWORD] = 'P', [CREDENTIAL_PROOF] = 'd', [CREDENTIAL_COOKIE] = 'c'
	};

	ck_assert_ptr_null(owner);
	g_string_append_printf(told, "%c:%u:%s:%s:%s:%s ", kinds[credential->kind],
			       connection->server.port, credential->protocol, credential->how,
			       credential->user, credential->secret);
}

/* What is said in turns, "C..." and "S...", each of them cut into pieces of `size` bytes. */
static void say(struct wiretap *wiretap, uint16_t port, const char *const *turns, size_t size)
{
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	uint32_t next[2] = { 1000, 5000 };
	struct test_segment segment = { .flags = TCP_SYN, .sequence = 999, .server_port = port };

	wiretap_feed(wiretap, segment_frame(&segment, room), 0);
	segment.flags = TCP_SYN | TCP_ACK;
	segment.is_from_server = true;
	segment.sequence = 4999;
	segment.acknowledgment = 1000;
	wiretap_feed(wiretap, segment_frame(&segment, room), 0);
	segment.flags = TCP_ACK;
	for (; *turns != NULL; turns++)
		for (const char *at = *turns + 1; *at != '\0';) {
			g_autofree char *piece = g_strndup(at, size);

			segment.is_from_server = **turns == 'S';
			segment.sequence = next[segment.is_from_server];
			segment.acknowledgment = next[!segment.is_from_server];
			segment.payload = piece;
			wiretap_feed(wiretap, segment_frame(&segment, room), 0);
			next[segment.is_from_server] += (uint32_t)strlen(piece);
			at += strlen(piece);
		}
}

struct conversation {
	const char *name;
	uint16_t port;
	const char *turns[12];
	const char *expected;
};

/* "AGFsaWNlAGNocmlzdG1hcw==" is NUL alice NUL christmas, by RFC 4616. */
static const struct conversation conversations[] = {
	{"SMTP PLAIN at once",
         587,					{ "S220 mail\r\n", "CEHLO pc\r\n", "S250 AUTH PLAIN\r\n",
	    "CAUTH PLAIN AGFsaWNlAGNocmlzdG1hcw==\r\n", "S235 ok\r\n" },
         "P:587:SMTP:AUTH PLAIN:alice:christmas "														 },
	{ "SMTP PLAIN when asked",
         2525,				       { "S220 mail\r\n", "CAUTH PLAIN\r\n", "S334 \r\n", "CAGFsaWNlAGNocmlzdG1hcw==\r\n" },
         "P:2525:SMTP:AUTH PLAIN:alice:christmas "														},
	{ "SMTP LOGIN",
         25,					 { "S220 mail\r\n", "CAUTH LOGIN\r\n", "S334 VXNlcm5hbWU6\r\n", "CYWxpY2U=\r\n",
	    "S334 UGFzc3dvcmQ6\r\n", "CY2hyaXN0bWFz\r\n" },
         "P:25:SMTP:AUTH LOGIN:alice:christmas "														  },
	{ "SMTP LOGIN, the server not heard",
         25,					 { "CAUTH LOGIN\r\n", "CYWxpY2U=\r\n", "CY2hyaXN0bWFz\r\n" },
         "P:25:SMTP:AUTH LOGIN:alice:christmas "														  },
	{ "SMTP LOGIN refused",
         25,					 { "S220 mail\r\n", "CAUTH LOGIN\r\n", "S504 no\r\n", "CQUIT\r\n" },
         ""																		       },
	{ "SMTP PLAIN that is no base64",
         25,					 { "S220 mail\r\n", "CAUTH PLAIN !!\r\n", "S501 no\r\n" },
         ""																		       },
	{ "SMTP PLAIN without a password",     25,   { "CAUTH PLAIN YWxpY2U=\r\n" },                                                       ""                     },
	{ "SMTP CRAM-MD5",
         25,					 { "S220 mail\r\n", "CAUTH CRAM-MD5\r\n", "S334 PDE+\r\n", "CYWxpY2UgMDEyMw==\r\n" },
         "d:25:SMTP:AUTH CRAM-MD5:alice: "															},
	{ "SMTP SCRAM",
         25,					 { "S220 mail\r\n", "CAUTH SCRAM-SHA-256 biwsbj1hbGljZSxyPWFiYw==\r\n" },
         "d:25:SMTP:AUTH SCRAM-SHA-256:alice: "														   },
	{ "a message that tells of AUTH",
         25,					 { "S220 mail\r\n", "CDATA\r\n", "S354 go\r\n",
	    "CAUTH PLAIN AGFsaWNlAGNocmlzdG1hcw==\r\n.\r\n", "S250 ok\r\n" },
         ""																		       },
	{ "POP3 with a blank in the password",
         110,					{ "S+OK\r\n", "CUSER bob\r\n", "S+OK\r\n", "CPASS two words\r\n", "S+OK\r\n" },
         "P:110:POP3:USER, PASS:bob:two words "														   },
	{ "POP3 APOP",			 110,  { "S+OK <1@x>\r\n", "CAPOP bob 0123\r\n" },                                           "d:110:POP3:APOP:bob: "},
	{ "POP3 PLAIN",
         110,					{ "S+OK\r\n", "CAUTH PLAIN\r\n", "S+ \r\n", "CAGFsaWNlAGNocmlzdG1hcw==\r\n" },
         "P:110:POP3:AUTH PLAIN:alice:christmas "														 },
	{ "IMAP LOGIN, quoted",
         143,					{ "S* OK\r\n", "Ca login alice \"chris \\\"t\\\" mas\"\r\n", "Sa OK\r\n" },
         "P:143:IMAP:LOGIN:alice:chris \"t\" mas "														},
	{ "IMAP LOGIN by literals",
         143,					{ "S* OK\r\n", "Ca LOGIN {5}\r\n", "S+ go\r\n", "Calice {9}\r\n", "S+ go\r\n",
	    "Cchristmas\r\n", "Sa OK\r\n" },
         "P:143:IMAP:LOGIN:alice:christmas "														      },
	{ "IMAP AUTHENTICATE",
         143,					{ "S* OK\r\n", "Ca AUTHENTICATE PLAIN AGFsaWNlAGNocmlzdG1hcw==\r\n" },
         "P:143:IMAP:AUTH PLAIN:alice:christmas "														 },
	{ "HTTP basic",
         80,					 { "CGET / HTTP/1.1\r\nAuthorization: Basic YWxpY2U6eDp5\r\n\r\n" },
         "P:80:HTTP:basic authentication:alice:x:y "													      },
	{ "HTTP form and cookie",
         80,					 { "CPOST /in HTTP/1.1\r\nContent-Length: 29\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=alice&password=a%26b+c",
	    "C;", "SHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	    "CGET / HTTP/1.1\r\nCookie: s=1\r\n\r\n" },
         "P:80:HTTP:form:alice:a&b c; c:80:HTTP:cookie::s=1 "												     },
	{ "HTTP content that is no form",
         80,					 { "CPOST / HTTP/1.1\r\nContent-Length: 10\r\n\r\npassword=1" },
         ""																		       },
	{ "TLS from the first byte",
         995,					{ "C\x16\x03\x01\x01\x05\x01", "CPASS christmas\r\n" },
         ""																		       },
	{ "TLS behind STLS",
         110,					{ "S+OK\r\n", "CSTLS\r\n", "S+OK\r\n", "C\x16\x03\x01\x01\x05\x01", "CPASS x\r\n" },
         ""																		       },
	{ "a port that nobody knows",          4000, { "CUSER bob\r\n", "CPASS x\r\n" },                                                   ""                     },
};

/* Loop test: each conversation, said in one piece each, and byte by byte. */
START_TEST(logins_are_heard)
{
	const struct conversation *conversation =
	    &conversations[(size_t)_i % G_N_ELEMENTS(conversations)];
	size_t size = (size_t)_i < G_N_ELEMENTS(conversations) ? 1000 : 1;
	struct wiretap *wiretap = wiretap_new(all_dissectors, found, NULL);

	told = g_string_new(NULL);
	say(wiretap, conversation->port, conversation->turns, size);
	/* Of TLS byte by byte nothing tells that it is TLS, but records that are all of one piece. */
	if (size > 1 || strstr(conversation->name, "TLS") == NULL)
		ck_assert_msg(strcmp(told->str, conversation->expected) == 0, "%s by %zu: %s",
			      conversation->name, size, told->str);
	wiretap_free(wiretap);
	g_string_free(told, TRUE);
}
END_TEST

START_TEST(ports_that_were_spoken_to_are_known)
{
	static const char *const turns[] = { "S220 mail\r\n", "CEHLO pc\r\n", NULL };
	struct wiretap *wiretap = wiretap_new(all_dissectors, found, NULL);

	ck_assert(!wiretap_has_heard(wiretap, 2525));
	say(wiretap, 2525, turns, 1000);
	ck_assert(wiretap_has_heard(wiretap, 2525));
	ck_assert(!wiretap_has_heard(wiretap, 2524));
	wiretap_free(wiretap);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("views/wiretap");
	TCase *tcase = tcase_create("wiretap");

	tcase_add_loop_test(tcase, logins_are_heard, 0, 2 * (int)G_N_ELEMENTS(conversations));
	tcase_add_test(tcase, ports_that_were_spoken_to_are_known);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
