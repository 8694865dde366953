/* The lines of SMTP: commands, paths, parameters, replies, credentials, and the dots of mail data. */
#include <check.h>
#include <stdlib.h>
#include "protocols/mail/lines.h"
#include "protocols/smtp/data.h"
#include "protocols/smtp/syntax.h"

static const struct {
	const char *line;
	enum smtp_detail verb;
	const char *argument;
} commands[] = {
	{"EHLO vm",               SMTP_EHLO,    "vm"             },
	{ "mail FROM:<a@b.test>", SMTP_MAIL,    "FROM:<a@b.test>"},
	{ "Quit",                 SMTP_QUIT,    ""               },
	{ "QUIT  ",               SMTP_QUIT,    ""               },
	{ "RCPT  TO:<a@b>",       SMTP_RCPT,    "TO:<a@b>"       },
	{ "QUITE",                SMTP_UNKNOWN, "QUITE"          },
	{ "QUI",		  SMTP_UNKNOWN, "QUI"            },
	{ "",		     SMTP_UNKNOWN, ""               },
	{ "   ",		  SMTP_UNKNOWN, ""               },
};

START_TEST(a_command_line_is_verb_and_argument)
{
	struct smtp_command command = smtp_command_parse(bytes_of(commands[_i].line));

	ck_assert_int_eq(command.verb, commands[_i].verb);
	ck_assert(bytes_equal(command.argument, bytes_of(commands[_i].argument)));
}
END_TEST

/* RFC 5321 section 4.1.2. What follows the path is "|". */
static const struct {
	const char *path;
	enum smtp_path_status status;
	const char *address;
} paths[] = {
	{"<a@b.test>|",                  SMTP_PATH_OK,      "a@b.test"               },
	{ "<>|",			 SMTP_PATH_OK,      ""                       },
	{ " <a@b.test>|",                SMTP_PATH_OK,      "a@b.test"               },
	{ "<postmaster>|",               SMTP_PATH_OK,      "postmaster"             },
	{ "<first.last+tag@b-c.test>|",  SMTP_PATH_OK,      "first.last+tag@b-c.test"},
	{ "<\"a b\"@c.test>|",           SMTP_PATH_OK,      "\"a b\"@c.test"         },
	{ "<\"a>b\\\"\"@c.test>|",       SMTP_PATH_OK,      "\"a>b\\\"\"@c.test"     },
	{ "<\"a.b\"@c.test>|",           SMTP_PATH_OK,      "a.b@c.test"             },
	{ "<\"\\a\">|",                  SMTP_PATH_OK,      "a"                      },
	{ "<\"a.\"@c.test>|",            SMTP_PATH_OK,      "\"a.\"@c.test"          },
	{ "<\"\"@c.test>|",              SMTP_PATH_OK,      "\"\"@c.test"            },
	{ "<a@[192.0.2.1]>|",            SMTP_PATH_OK,      "a@[192.0.2.1]"          },
	{ "<a@[IPv6:2001:db8::1]>|",     SMTP_PATH_OK,      "a@[IPv6:2001:db8::1]"   },
	{ "<@x.test,@y.test:a@b.test>|", SMTP_PATH_OK,      "a@b.test"               },
	{ "<a@b.test",                   SMTP_PATH_MISSING, NULL                     },
	{ "",			    SMTP_PATH_MISSING, NULL                     },
	{ "<a@>|",		       SMTP_PATH_BAD,     NULL                     },
	{ "<@b.test>|",                  SMTP_PATH_BAD,     NULL                     },
	{ "<a..b@c.test>|",              SMTP_PATH_BAD,     NULL                     },
	{ "<.a@c.test>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a.@c.test>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a@b..test>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a@b.test.>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a@-b.test>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a@b-.test>|",                SMTP_PATH_BAD,     NULL                     },
	{ "<a@b@c.test>|",               SMTP_PATH_BAD,     NULL                     },
	{ "<a b@c.test>|",               SMTP_PATH_BAD,     NULL                     },
	{ "<a@[]>|",		     SMTP_PATH_BAD,     NULL                     },
	{ "<\"a@b.test>|",               SMTP_PATH_MISSING, NULL                     },
	{ "<a\x01@b.test>|",             SMTP_PATH_BAD,     NULL                     },
	{ "<j\xc3\xbcrgen@b.test>|",     SMTP_PATH_FOREIGN, NULL                     },
};

START_TEST(a_path_is_an_address_or_refused)
{
	char address[SMTP_PATH_MAX];
	struct bytes rest;

	ck_assert_int_eq(smtp_path_parse(bytes_of(paths[_i].path), false, address, &rest),
			 paths[_i].status);
	if (paths[_i].status == SMTP_PATH_OK) {
		ck_assert_str_eq(address, paths[_i].address);
		ck_assert(bytes_equal(rest, bytes_of("|")));
	}
}
END_TEST

/* Loop test: local parts around the limit of a path, 256 octets with its brackets (4.5.3.1.3). */
START_TEST(a_path_has_a_greatest_length)
{
	char address[SMTP_PATH_MAX];
	GString *path = g_string_new("<");
	struct bytes rest;

	while (path->len < (gsize)_i - strlen("@b.test>"))
		g_string_append_c(path, 'a');
	g_string_append(path, "@b.test>");
	ck_assert_uint_eq(path->len, _i);
	ck_assert_int_eq(smtp_path_parse(bytes_of(path->str), false, address, &rest),
			 _i <= 256 ? SMTP_PATH_OK : SMTP_PATH_BAD);
	g_string_free(path, TRUE);
}
END_TEST

START_TEST(parameters_come_one_by_one)
{
	struct bytes in = bytes_of(" SIZE=18  BODY=8BITMIME X-A =");
	struct smtp_parameter parameter;

	ck_assert(smtp_parameter_next(&in, &parameter));
	ck_assert(smtp_keyword_is(parameter.keyword, "size"));
	ck_assert(bytes_equal(parameter.value, bytes_of("18")));
	ck_assert(smtp_parameter_next(&in, &parameter));
	ck_assert(bytes_equal(parameter.value, bytes_of("8BITMIME")));
	ck_assert(smtp_parameter_next(&in, &parameter));
	ck_assert(smtp_keyword_is(parameter.keyword, "X-A"));
	ck_assert_ptr_null(parameter.value.data);
	ck_assert(!smtp_parameter_next(&in, &parameter));
	ck_assert_uint_eq(in.length, 1);
}
END_TEST

static const struct {
	const char *text;
	bool is_number;
	uint64_t number;
} numbers[] = {
	{"0",		     true,  0			    },
	{ "18",		   true,  18			   },
	{ "9999999999999999999",  true,  UINT64_C(9999999999999999999)},
	{ "99999999999999999999", false, 0                            },
	{ "",		     false, 0			    },
	{ "-1",		   false, 0			    },
	{ "1x",		   false, 0			    },
};

START_TEST(numbers_are_digits_that_fit)
{
	uint64_t number = 0;

	ck_assert_int_eq(smtp_number_parse(bytes_of(numbers[_i].text), &number),
			 numbers[_i].is_number);
	ck_assert_uint_eq(number, numbers[_i].number);
}
END_TEST

static const struct {
	const char *line;
	int status;
	unsigned code;
	bool is_last;
	const char *text;
} replies[] = {
	{"250 ok",           PARSE_OK,        250, true,  "ok"        },
	{ "250-PIPELINING",  PARSE_OK,        250, false, "PIPELINING"},
	{ "354",             PARSE_OK,        354, true,  ""          },
	{ "354 ",            PARSE_OK,        354, true,  ""          },
	{ "25",              PARSE_TRUNCATED, 0,   false, ""          },
	{ "2500",            PARSE_BAD_VALUE, 0,   false, ""          },
	{ "150 preliminary", PARSE_BAD_VALUE, 0,   false, ""          },
	{ "650 x",           PARSE_BAD_VALUE, 0,   false, ""          },
	{ "HTTP/1.1",        PARSE_BAD_VALUE, 0,   false, ""          },
};

START_TEST(a_reply_line_is_code_and_text)
{
	struct smtp_reply_line reply = { 0 };

	ck_assert_int_eq(smtp_reply_line_parse(bytes_of(replies[_i].line), &reply),
			 replies[_i].status);
	ck_assert_uint_eq(reply.code, replies[_i].code);
	ck_assert_int_eq(reply.is_last, replies[_i].is_last);
	ck_assert_uint_eq(reply.text.length, strlen(replies[_i].text));
}
END_TEST

static const struct {
	const char *text;
	size_t length;
} statuses[] = {
	{"5.1.1 <a@b>: unknown", 5},
	{ "2.0.0",               5},
	{ "4.12.123 x",          8},
	{ "3.0.0 x",             0},
	{ "5.1 x",               0},
	{ "5.1.1x",              0},
	{ "5.1234.1 x",          0},
	{ "5..1 x",              0},
	{ "",		    0},
};

START_TEST(a_status_code_has_three_numbers)
{
	ck_assert_uint_eq(smtp_status_length(bytes_of(statuses[_i].text)), statuses[_i].length);
}
END_TEST

/* Mail data on the wire, what is in it, and how many octets follow its end (RFC 5321 section 4.5.2). */
static const struct {
	const char *wire, *text;
	size_t behind;
} data[] = {
	{".\r\n",               "",                0},
	{ "a\r\n.\r\nQUIT\r\n", "a\r\n",           6},
	{ "..\r\n.\r\n",        ".\r\n",           0},
	{ ".a\r\n..b\r\n.\r\n", "a\r\n.b\r\n",     0},
	{ "a.\r\n.\r\n",        "a.\r\n",          0},
	{ "a\n.\nb\r\n.\r\n",   "a\r\n.\r\nb\r\n", 0}, /* bare LF ends a line, not the data */
	{ "a\n.\r\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", 0}, /* a dot behind it is text */
	{ "a\n..b\r\n.\r\n",    "a\r\n..b\r\n",    0},
	{ "\n\n.\r\n.\r\n",     "\r\n\r\n.\r\n",   0},
	{ "a\r\n.\nb\r\n.\r\n", "a\r\n\r\nb\r\n",  0}, /* a dot and a bare LF: the dot is dropped */
	{ "a\n\r\n.\r\n",       "a\r\n\r\n",       0},
	{ "a\r.\r\n.\r\n",      "a\r.\r\n",        0}, /* bare CR neither */
	{ "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n",    0},
	{ "a\r\n.\r\r\n.\r\n",  "a\r\n\r\r\n",     0},
	{ "a\r\r\n.\r\n",       "a\r\r\n",         0},
	{ "\r\n.\r\n",          "\r\n",            0},
};

START_TEST(data_ends_at_a_line_with_a_dot)
{
	for (size_t chunk = 1; chunk <= strlen(data[_i].wire); chunk++) {
		struct bytes in = bytes_of(data[_i].wire);
		enum smtp_data_state state = SMTP_LINE_START;
		GByteArray *out = g_byte_array_new();
		bool overflowed = false;

		while (state != SMTP_DATA_END) {
			ck_assert_uint_gt(in.length, 0);
			in = bytes_from(in, smtp_data_decode(&state, bytes_first(in, chunk), out,
							     1000, &overflowed));
		}
		ck_assert_uint_eq(in.length, data[_i].behind);
		ck_assert(!overflowed);
		ck_assert(
		    bytes_equal((struct bytes) { out->data, out->len }, bytes_of(data[_i].text)));
		g_byte_array_unref(out);
	}
}
END_TEST

/* Wherever the text is cut, also between CR and LF. */
START_TEST(each_bare_line_feed_gets_a_return)
{
	const struct bytes text = bytes_of("\na\r\nb\n\n\rc\r\r\n");

	for (size_t cut = 0; cut <= text.length; cut++) {
		GByteArray *out = g_byte_array_new();

		lines_append(out, bytes_first(text, cut));
		lines_append(out, bytes_from(text, cut));
		ck_assert(bytes_equal((struct bytes) { out->data, out->len },
				      bytes_of("\r\na\r\nb\r\n\r\n\rc\r\r\n")));
		g_byte_array_unref(out);
	}
}
END_TEST

START_TEST(data_beyond_the_limit_is_dropped)
{
	enum smtp_data_state state = SMTP_LINE_START;
	GByteArray *out = g_byte_array_new();
	bool overflowed = false;

	smtp_data_decode(&state, bytes_of("abcdef\r\n.\r\n"), out, 4, &overflowed);
	ck_assert_int_eq(state, SMTP_DATA_END);
	ck_assert(overflowed);
	ck_assert(bytes_equal((struct bytes) { out->data, out->len }, bytes_of("abcd")));
	g_byte_array_unref(out);
}
END_TEST

static const struct {
	const char *text, *wire;
} messages[] = {
	{"",             ".\r\n"                },
	{ "a\r\n",       "a\r\n.\r\n"           },
	{ "a",           "a\r\n.\r\n"           },
	{ ".\r\n..\r\n", "..\r\n...\r\n.\r\n"   },
	{ "a\r\n\r\n.b", "a\r\n\r\n..b\r\n.\r\n"},
};

START_TEST(a_message_is_written_with_its_dots)
{
	for (size_t room = 1; room < 12; room++) {
		struct smtp_data_writer writer = { 0 };
		GByteArray *out = g_byte_array_new();

		while (!writer.is_finished)
			smtp_data_encode(&writer, bytes_of(messages[_i].text), room, out);
		ck_assert(bytes_equal((struct bytes) { out->data, out->len },
				      bytes_of(messages[_i].wire)));
		g_byte_array_unref(out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp syntax");
	TCase *tcase = tcase_create("syntax");

	tcase_add_loop_test(tcase, a_command_line_is_verb_and_argument, 0, G_N_ELEMENTS(commands));
	tcase_add_loop_test(tcase, a_path_is_an_address_or_refused, 0, G_N_ELEMENTS(paths));
	tcase_add_loop_test(tcase, a_path_has_a_greatest_length, 250, 262);
	tcase_add_test(tcase, parameters_come_one_by_one);
	tcase_add_loop_test(tcase, numbers_are_digits_that_fit, 0, G_N_ELEMENTS(numbers));
	tcase_add_loop_test(tcase, a_reply_line_is_code_and_text, 0, G_N_ELEMENTS(replies));
	tcase_add_loop_test(tcase, a_status_code_has_three_numbers, 0, G_N_ELEMENTS(statuses));
	tcase_add_loop_test(tcase, data_ends_at_a_line_with_a_dot, 0, G_N_ELEMENTS(data));
	tcase_add_test(tcase, each_bare_line_feed_gets_a_return);
	tcase_add_test(tcase, data_beyond_the_limit_is_dropped);
	tcase_add_loop_test(tcase, a_message_is_written_with_its_dots, 0, G_N_ELEMENTS(messages));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
