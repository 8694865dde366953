/* IMAP's tokens, names, dates, sets and units against bytes from the RFCs and by hand. */
#include <check.h>
#include <stdlib.h>
#include "protocols/imap/date.h"
#include "protocols/imap/dissect.h"
#include "protocols/imap/flags.h"
#include "protocols/imap/names.h"
#include "protocols/imap/reader.h"
#include "protocols/imap/sequence.h"
#include "protocols/imap/utf7.h"

/* A parser over an exact copy on the heap, so that the sanitizer sees a read beyond it. */
static struct imap_parser parser_over(const char *text)
{
	size_t length = strlen(text);
	uint8_t *copy = malloc(length ? length : 1);
	struct imap_parser parser;

	memcpy(copy, text, length);
	imap_parser_init(&parser, copy, length);
	return parser;
}

/* Mailbox names (the first two are RFC 3501 section 5.1.3's). */

static const struct {
	const char *utf8, *wire;
} names[] = {
	{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
	{ "INBOX",		       "INBOX"                          },
	{ "a&b",			 "a&-b"			   },
	{ "Entwürfe",                   "Entw&APw-rfe"                   },
	{ "☺!",			"&Jjo-!"			 },
	{ "\xf0\x9f\x98\x80",            "&2D3eAA-"                       }, /* U+1F600: two units in UTF-16 */
	{ "é&é",		       "&AOk-&-&AOk-"                   },
	{ "",			    ""			       },
};

START_TEST(name_is_encoded_and_decoded)
{
	char *wire = imap_utf7_encode(names[_i].utf8);
	char *utf8 = imap_utf7_decode(bytes_of(names[_i].wire));

	ck_assert_str_eq(wire, names[_i].wire);
	ck_assert_str_eq(utf8, names[_i].utf8);
	g_free(wire);
	g_free(utf8);
}
END_TEST

static const char *const bad_names[] = {
	"&",          "&Jjo",  "&Jjo!", "a\x80", "a\tb", "&AGE-", /* "a" must not be shifted */
	"&Jjo-&Jjo-",                                             /* superfluous shift */
	"&2D0-",                                                  /* half of a pair */
	"&3gA-",                                                  /* the other half */
	"&2D0AYQ-",   "&AOl-",                                    /* padding that is not zero */
	"&AOkA-",     "&AAA-",
};

START_TEST(bad_name_is_refused)
{
	char *utf8 = imap_utf7_decode(bytes_of(bad_names[_i]));

	ck_assert_msg(utf8 == NULL, "%s became %s", bad_names[_i], utf8);
}
END_TEST

/* Sets. */

static const struct {
	const char *set;
	uint32_t largest;
	const char *resolved; /* NULL: it is none */
} sets[] = {
	{"2,4:7,9,12:*",             15, "2,4:7,9,12:15"}, /* RFC 3501 section 9, seq-set example */
	{ "*:4,5:7",                 10, "4:10"         },
	{ "7:5,6",		   10, "5:7"          },
	{ "3,2,1",		   10, "1:3"          },
	{ "1:3,2:5,9",               10, "1:5,9"        },
	{ "500:*",		   10, "10:500"       },
	{ "4294967295,1",            10, "1,4294967295" },
	{ "1:4294967295,4294967295", 10, "1:4294967295" },
	{ "4294967296",              10, NULL           },
	{ "0",		       10, NULL           },
	{ "1,",		      10, NULL           },
	{ "1:",		      10, NULL           },
	{ ":1",		      10, NULL           },
	{ "",			10, NULL           },
};

START_TEST(set_is_resolved)
{
	struct imap_parser parser = parser_over(sets[_i].set);
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;
	bool is_read = imap_parse_sequence_set(&parser, &set);
	GString *text = g_string_new(NULL);

	ck_assert_int_eq(is_read, sets[_i].resolved != NULL);
	if (is_read) {
		imap_sequence_resolve(&set, sets[_i].largest);
		imap_sequence_print(&set, text);
		ck_assert_str_eq(text->str, sets[_i].resolved);
	}
	g_string_free(text, TRUE);
	imap_sequence_clear(&set);
	free(parser.data);
}
END_TEST

START_TEST(set_knows_what_it_contains)
{
	struct imap_parser parser = parser_over("2,4:7,9");
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;
	static const uint32_t next[] = { 2, 2, 2, 4, 4, 5, 6, 7, 9, 9, 0 };

	ck_assert(imap_parse_sequence_set(&parser, &set));
	imap_sequence_resolve(&set, 10);
	for (uint32_t i = 1; i < G_N_ELEMENTS(next); i++) {
		ck_assert_uint_eq(imap_sequence_next(&set, i), next[i]);
		ck_assert_int_eq(imap_sequence_contains(&set, i), next[i] == i);
	}
	ck_assert_uint_eq(imap_sequence_largest(&set), 9);
	imap_sequence_clear(&set);
	free(parser.data);
}
END_TEST

/* Dates. */

static const struct {
	const char *text;
	int64_t unix_time; /* -1: it is none */
} date_times[] = {
	{"\"17-Jul-1996 02:44:25 -0700\"",  837596665}, /* RFC 3501 section 8 */
	{ "\" 7-Feb-1994 22:43:04 -0800\"", 760689784},
	{ "\"01-Jan-1970 00:00:00 +0000\"", 0        },
	{ "\"29-Feb-2000 23:59:59 +0530\"", 951848999},
	{ "\"29-Feb-1900 00:00:00 +0000\"", -1       },
	{ "\"31-Apr-2026 00:00:00 +0000\"", -1       },
	{ "\"1-Foo-2026 00:00:00 +0000\"",  -1       },
	{ "\"1-Jan-2026 24:00:00 +0000\"",  -1       },
	{ "\"1-Jan-2026 00:00:00\"",        -1       },
	{ "\"1-Jan-2026 00:00:00 +0000",    -1       },
	{ "\"1-J",			  -1       },
	{ "",			       -1       },
};

START_TEST(date_time_is_read)
{
	struct imap_parser parser = parser_over(date_times[_i].text);
	int64_t unix_time = -1;
	bool is_read = imap_parse_date_time(&parser, &unix_time);

	ck_assert_int_eq(is_read, date_times[_i].unix_time != -1);
	ck_assert_int_eq(unix_time, date_times[_i].unix_time);
	free(parser.data);
}
END_TEST

START_TEST(date_time_is_printed)
{
	char text[IMAP_DATE_TIME_BYTES];

	imap_date_time_print(837596665, text);
	ck_assert_str_eq(text, "17-Jul-1996 09:44:25 +0000");
}
END_TEST

static const struct {
	const char *value;
	int64_t day; /* -1: there is none */
} headers[] = {
	{"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)", 9694 },
	{ "17 Jul 96 02:23:25 GMT",               9694 },
	{ "1 Jan 1970",			   0    },
	{ " Thu,1 Jan 2026 00:00:00 +0000",       20454},
	{ "17 July 1996",                         -1   },
	{ "Jul 17 1996",			  -1   },
	{ "",				     -1   },
	{ ",",				    -1   },
};

START_TEST(day_of_a_date_header_is_read)
{
	int64_t day = -1;
	bool is_read = imap_day_of_header(headers[_i].value, &day);

	ck_assert_int_eq(is_read, headers[_i].day != -1);
	ck_assert_int_eq(day, headers[_i].day);
}
END_TEST

/* Tokens. */

START_TEST(quoted_string_loses_its_escapes)
{
	struct imap_parser parser = parser_over("\"a \\\"b\\\" \\\\\" x");
	struct bytes string;

	ck_assert(imap_parse_string(&parser, &string));
	ck_assert(bytes_equal(string, bytes_of("a \"b\" \\")));
	ck_assert(imap_parse_space(&parser));
	ck_assert_int_eq(imap_peek(&parser), 'x');
	free(parser.data);
}
END_TEST

START_TEST(every_truncation_of_a_value_is_refused)
{
	const char *whole = "(a \"b\\\"\" {3}\r\nxyz (NIL))";
	char *text = g_strndup(whole, (size_t)_i);
	struct imap_parser parser = parser_over(text);

	ck_assert_int_eq(imap_parse_any(&parser), _i == (int)strlen(whole));
	free(parser.data);
	g_free(text);
}
END_TEST

/* Reading a stream. */

static const struct {
	const char *line;
	bool announces;
	uint64_t size;
	bool is_synchronizing;
} announcements[] = {
	{"a {0}",			true,  0,          true },
        { "a {12+}",                     true,  12,         false},
	{ "{1}",			 true,  1,          true },
        { "a {99999999999999999999999}", true,  UINT64_MAX, true },
	{ "a {}",			false, 0,          false},
        { "a {+}",                       false, 0,          false},
	{ "a 1}",			false, 0,          false},
        { "a {1} ",                      false, 0,          false},
	{ "a {-1}",		      false, 0,          false},
        { "}",                           false, 0,          false},
	{ "",			    false, 0,          false},
};

START_TEST(announcement_of_a_literal_is_seen)
{
	uint64_t size = 0;
	bool is_synchronizing = false;

	ck_assert_int_eq(
	    imap_literal_at_end(bytes_of(announcements[_i].line), &size, &is_synchronizing),
	    announcements[_i].announces);
	ck_assert_uint_eq(size, announcements[_i].size);
	ck_assert_int_eq(is_synchronizing, announcements[_i].is_synchronizing);
}
END_TEST

/* Feeds up to the next event; returns it and how many bytes were taken. */
static enum imap_reader_event feed(struct imap_reader *reader, const char *text, size_t *taken)
{
	enum imap_reader_event event;
	size_t length = strlen(text);
	uint8_t *copy = malloc(length ? length : 1);

	memcpy(copy, text, length);
	*taken = imap_reader_feed(reader, (struct bytes) { copy, length }, &event);
	free(copy);
	return event;
}

START_TEST(overlong_line_is_dropped_to_its_end)
{
	struct imap_reader reader;
	size_t taken;

	imap_reader_init(&reader, 10);
	ck_assert_int_eq(feed(&reader, "123456789", &taken), IMAP_READ_MORE);
	ck_assert_uint_eq(taken, 0);
	ck_assert_int_eq(feed(&reader, "1234567890a", &taken), IMAP_READ_MORE);
	ck_assert_uint_eq(taken, 11);
	ck_assert_int_eq(feed(&reader, "{3}\r\nNOOP\r\n", &taken), IMAP_READ_TOO_LONG);
	ck_assert_uint_eq(taken, 5);
	imap_reader_reset(&reader);
	ck_assert_int_eq(feed(&reader, "NOOP\r\n", &taken), IMAP_READ_COMPLETE);
	ck_assert(bytes_equal(imap_reader_command(&reader), bytes_of("NOOP")));
	imap_reader_clear(&reader);
}
END_TEST

START_TEST(refused_command_is_dropped_with_all_its_literals)
{
	struct imap_reader reader;
	size_t taken;

	imap_reader_init(&reader, 100);
	ck_assert_int_eq(feed(&reader, "a {3+}\r\n", &taken), IMAP_READ_ANNOUNCED);
	imap_reader_refuse(&reader);
	ck_assert_int_eq(feed(&reader, "\r\nx {2+}\r\n", &taken), IMAP_READ_LITERAL);
	ck_assert_uint_eq(taken, 3);
	ck_assert_int_eq(feed(&reader, " {2+}\r\n", &taken), IMAP_READ_MORE);
	ck_assert_int_eq(feed(&reader, "yz", &taken), IMAP_READ_LITERAL);
	ck_assert_int_eq(feed(&reader, "\r\n", &taken), IMAP_READ_COMPLETE);
	ck_assert(reader.is_refused);
	imap_reader_reset(&reader);
	ck_assert(!reader.is_refused);
	imap_reader_clear(&reader);
}
END_TEST

/* Units. */

struct unit {
	const char *text;
	enum imap_detail detail;
};

static const struct unit said_by_client[] = {
	{"a1 login x {2+}\r\n",        IMAP_LOGIN          },
	{ "\r\n",		      IMAP_LITERAL        },
	{ "\r\n",		      IMAP_REST           },
	{ "a2 AUTHENTICATE PLAIN\r\n", IMAP_AUTHENTICATE   },
	{ "AGFsaWNl\r\n",              IMAP_SASL_RESPONSE  },
	{ "a3 UID fetch 1 FLAGS\r\n",  IMAP_UID_FETCH      },
	{ "a4 UID NOOP\r\n",           IMAP_COMMAND_UNKNOWN},
	{ "a5 APPEND INBOX {5}\r\n",   IMAP_APPEND         },
	{ "a {9}",		     IMAP_LITERAL        },
	{ " {0}\r\n",                  IMAP_REST           },
	{ "\r\n",		      IMAP_REST           },
	{ "a6 IDLE\r\n",               IMAP_IDLE           },
	{ "DONE\r\n",                  IMAP_DONE           },
	{ "nonsense\r\n",              IMAP_SASL_RESPONSE  },
	{ "a7 LOGOUT\r\n",             IMAP_LOGOUT         },
};

static const struct unit said_by_server[] = {
	{"* OK [CAPABILITY IMAP4rev1] ready {5}\r\n", IMAP_UNTAGGED_OK},
	{ "+ go on\r\n",			      IMAP_CONTINUE   },
	{ "* 1 FETCH (BODY[] {3}\r\n",                IMAP_DATA_FETCH },
	{ "x\r\n",				    IMAP_LITERAL    },
	{ " FLAGS ())\r\n",                           IMAP_REST       },
	{ "* 18 EXISTS\r\n",                          IMAP_DATA_EXISTS},
	{ "* SEARCH 1\r\n",                           IMAP_DATA_SEARCH},
	{ "a2 OK done {9}\r\n",                       IMAP_OK         },
	{ "a3 NO no\r\n",			     IMAP_NO         },
	{ "* BYE\r\n",				IMAP_BYE        },
};

static void check_units(const struct unit *expected, size_t count, bool is_from_server)
{
	GString *text = g_string_new(NULL);
	struct dissect_unit units[20];
	struct dissect_state state = { { 0 } };

	for (size_t i = 0; i < count; i++)
		g_string_append(text, expected[i].text);
	struct dissect_input input = {
		.bytes = {(const uint8_t *)text->str, text->len},
		.is_from_server = is_from_server,
		.is_stream = true,
		.state = &state,
	};
	size_t found = imap_dissector.dissect(&input, units, G_N_ELEMENTS(units)), whole = 0;

	for (size_t i = 0; i < found; i++)
		if (units[i].depth == 0) /* parts are looked at elsewhere */
			units[whole++] = units[i];
	ck_assert_uint_eq(whole, count);
	for (size_t i = 0, offset = 0; i < count; i++) {
		ck_assert_msg(units[i].kind == expected[i].detail, "\"%s\" is %s", expected[i].text,
			      units[i].name);
		ck_assert_uint_eq(units[i].offset, offset);
		ck_assert_uint_eq(units[i].length, strlen(expected[i].text));
		ck_assert(units[i].is_complete);
		offset += units[i].length;
	}
	g_string_free(text, TRUE);
}

START_TEST(units_of_both_directions_are_named)
{
	check_units(said_by_client, G_N_ELEMENTS(said_by_client), false);
	check_units(said_by_server, G_N_ELEMENTS(said_by_server), true);
}
END_TEST

/* Cut at any two places, the pieces still are what they are part of. */
START_TEST(units_are_named_across_segments)
{
	const char *text = "* 1 FETCH (BODY[] {16}\r\n* 2 EXISTS {4}\r\nx)\r\na OK\r\n";
	size_t length = strlen(text), literal = 24, rest = literal + 16;

	for (size_t cut = 1; cut < length; cut++) {
		struct dissect_state state = { { 0 } };
		struct dissect_unit units[8];
		struct bytes pieces[2] = {
			{(const uint8_t *)text, cut},
                        bytes_from(bytes_of(text), cut)
		};

		for (unsigned piece = 0, from = 0; piece < 2; piece++) {
			struct dissect_input input = { .bytes = pieces[piece],
						       .is_from_server = true,
						       .is_stream = true,
						       .state = &state };
			size_t count = imap_dissector.dissect(&input, units, 8);

			for (size_t i = 0; i < count; i++) {
				size_t at = from + units[i].offset;

				if (at >= literal && at < rest)
					ck_assert_uint_eq(units[i].kind, IMAP_LITERAL);
				else if (at >= rest && at < length - 6)
					ck_assert_uint_eq(units[i].kind, IMAP_REST);
			}
			from += (unsigned)pieces[piece].length;
		}
	}
}
END_TEST

START_TEST(refused_literal_does_not_hide_the_next_command)
{
	struct dissect_state state = { { 0 } };
	struct dissect_unit unit;
	struct dissect_input append = { .bytes = bytes_of("a APPEND x {500}\r\n"),
					.is_from_server = false,
					.is_stream = true,
					.state = &state };
	struct dissect_input no = { .bytes = bytes_of("a NO too big\r\n"),
				    .is_from_server = true,
				    .is_stream = true,
				    .state = &state };
	struct dissect_input noop = { .bytes = bytes_of("b NOOP\r\n"),
				      .is_from_server = false,
				      .is_stream = true,
				      .state = &state };

	imap_dissector.dissect(&append, &unit, 1);
	imap_dissector.dissect(&no, &unit, 1);
	ck_assert_uint_eq(unit.kind, IMAP_NO);
	imap_dissector.dissect(&noop, &unit, 1);
	ck_assert_uint_eq(unit.kind, IMAP_NOOP);
	ck_assert_str_eq(unit.summary, "b NOOP");
}
END_TEST

START_TEST(every_detail_and_state_has_a_name)
{
	for (unsigned i = 0; i < IMAP_DETAIL_COUNT; i++)
		ck_assert_ptr_nonnull(imap_layer_names.details[i]);
	for (unsigned i = 0; i < IMAP_STATE_COUNT; i++)
		ck_assert_ptr_nonnull(imap_state_names[i]);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("syntax");
	Suite *suite = suite_create("imap syntax");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(cases, name_is_encoded_and_decoded, 0, G_N_ELEMENTS(names));
	tcase_add_loop_test(cases, bad_name_is_refused, 0, G_N_ELEMENTS(bad_names));
	tcase_add_loop_test(cases, set_is_resolved, 0, G_N_ELEMENTS(sets));
	tcase_add_test(cases, set_knows_what_it_contains);
	tcase_add_loop_test(cases, date_time_is_read, 0, G_N_ELEMENTS(date_times));
	tcase_add_test(cases, date_time_is_printed);
	tcase_add_loop_test(cases, day_of_a_date_header_is_read, 0, G_N_ELEMENTS(headers));
	tcase_add_test(cases, quoted_string_loses_its_escapes);
	tcase_add_loop_test(cases, every_truncation_of_a_value_is_refused, 0, 25);
	tcase_add_loop_test(cases, announcement_of_a_literal_is_seen, 0,
			    G_N_ELEMENTS(announcements));
	tcase_add_test(cases, overlong_line_is_dropped_to_its_end);
	tcase_add_test(cases, refused_command_is_dropped_with_all_its_literals);
	tcase_add_test(cases, units_of_both_directions_are_named);
	tcase_add_test(cases, units_are_named_across_segments);
	tcase_add_test(cases, refused_literal_does_not_hide_the_next_command);
	tcase_add_test(cases, every_detail_and_state_has_a_name);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
