/* What views are told of DNS messages, in datagrams and in pieces of streams. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/dissect.h"

#define NAME "\6remote\7example"

/* Header bytes 2 and 3 are flags; the last bytes of each pair of counts vary. */
#define HEADER(flags, answers, authority, additional)                                              \
	"\x94\x09" flags "\0\1\0" answers "\0" authority "\0" additional

#define TABLE_ROW(text, bytes)                                                                     \
	{                                                                                          \
		text, bytes, sizeof bytes - 1                                                      \
	}

static const struct {
	const char *summary;
	const char *bytes;
	size_t length;
} messages[] = {
	TABLE_ROW("asks for MX of remote.example",
		  HEADER("\1\0", "\0", "\0", "\0") NAME "\0\0\xf\0\1"),
	TABLE_ROW("asks for MX of remote.example",
		  HEADER("\1\0", "\0", "\0", "\1") NAME "\0\0\xf\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"),
	TABLE_ROW("answer: remote.example MX 10 mail.remote.example (+1 additional)",
		  HEADER("\x84\0", "\1", "\0", "\1") NAME
		  "\0\0\xf\0\1"
		  "\xc0\xc\0\xf\0\1\0\0\0\1\0\11\0\12\4mail\xc0\xc"
		  "\xc0\x2e\0\1\0\1\0\0\0\1\0\4\xcb\0\x71\12"),
	TABLE_ROW("answer: remote.example A 192.0.2.1 (+1 more)",
		  HEADER("\x84\0", "\2", "\0", "\0") NAME "\0\0\1\0\1"
							  "\xc0\xc\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"
							  "\xc0\xc\0\1\0\1\0\0\0\1\0\4\xc0\0\2\2"),
	TABLE_ROW("answer: remote.example does not exist",
		  HEADER("\x84\3", "\0", "\0", "\0") NAME "\0\0\1\0\1"),
	TABLE_ROW("answer: no AAAA of remote.example",
		  HEADER("\x84\0", "\0", "\0", "\0") NAME "\0\0\x1c\0\1"),
	TABLE_ROW("error: server failure, asked for A of remote.example",
		  HEADER("\x80\2", "\0", "\0", "\0") NAME "\0\0\1\0\1"),
	TABLE_ROW("referral: example, ask ns.example (+1 additional)",
		  HEADER("\x80\0", "\0", "\1", "\1") NAME "\0\0\1\0\1"
							  "\xc0\x13\0\2\0\1\0\0\0\1\0\5\2ns\xc0\x13"
							  "\xc0\x2c\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"),
	TABLE_ROW("truncated answer: A of remote.example did not fit, ask over TCP",
		  HEADER("\x82\0", "\0", "\0", "\0") NAME "\0\0\1\0\1"),
	/* By the upper bits in OPT (RFC 6891 section 6.1.3), 1 above NOERROR: BADVERS. */
	TABLE_ROW("error: EDNS version not supported, asked for MX of remote.example",
		  HEADER("\x80\0", "\0", "\0", "\1") NAME "\0\0\xf\0\1\0\0\x29\4\xd0\1\0\0\0\0\0"),
	TABLE_ROW("error: the server's cookie is missing or wrong, asked for MX of remote.example",
		  HEADER("\x80\7", "\0", "\0", "\1") NAME "\0\0\xf\0\1\0\0\x29\4\xd0\1\0\0\0\0\0"),
	TABLE_ROW("error 15, asked for A of remote.example",
		  HEADER("\x80\xf", "\0", "\0", "\0") NAME "\0\0\1\0\1"),
	TABLE_ROW("tells of a change: SOA of remote.example",
		  HEADER("\x24\0", "\0", "\0", "\0") NAME "\0\0\6\0\1"),
	TABLE_ROW("answer: heard of a change: SOA of remote.example",
		  HEADER("\xa4\0", "\0", "\0", "\0") NAME "\0\0\6\0\1"),
	TABLE_ROW("asks to update remote.example: 1 change",
		  HEADER("\x28\0", "\0", "\1", "\0") NAME "\0\0\6\0\1"
							  "\xc0\xc\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"),
	TABLE_ROW("error: a name is not in the zone, asked to update remote.example",
		  HEADER("\xa8\xa", "\0", "\0", "\0") NAME "\0\0\6\0\1"),
	TABLE_ROW("answer: updated remote.example",
		  HEADER("\xa8\0", "\0", "\0", "\0") NAME "\0\0\6\0\1"),
	TABLE_ROW("answer: remote.example TXT \"hello\" \"w\" (malformed)",
		  HEADER("\x80\0", "\1", "\0", "\0") NAME
		  "\0\0\x10\0\1"
		  "\xc0\xc\0\x10\0\1\0\0\0\1\0\10\5hello\5w"),
	TABLE_ROW("answer: nothing was asked, and there is none", "\x94\x09\x80\0\0\0\0\0\0\0\0\0"),
	TABLE_ROW("asks for HTTPS of remote.example (+1 question)",
		  "\x94\x09\1\0\0\2\0\0\0\0\0\0" NAME "\0\0\x41\0\1"
		  "\xc0\xc\1\1\0\1"),
	TABLE_ROW("answer: remote.example CNAME nowhere.example, error: there is no such name",
		  HEADER("\x80\3", "\1", "\0", "\0") NAME
		  "\0\0\1\0\1"
		  "\xc0\xc\0\5\0\1\0\0\0\1\0\12\7nowhere\xc0\x13"),
	TABLE_ROW("malformed message",
		  HEADER("\x80\0", "\1", "\0", "\0") NAME "\0\0\1\0\1\xc0\xc\0"),
	TABLE_ROW("malformed message", "\x94\x09\1"),
};

static size_t dissect(const void *bytes, size_t length, bool is_stream, struct dissect_state *state,
		      struct dissect_unit units[64])
{
	const struct dissect_input input = {
		.bytes = {bytes, length},
		.is_stream = is_stream,
		.state = state,
	};

	return dns_dissector.dissect(&input, units, 64);
}

/* How many units there would be, with room for none. */
static size_t dissect_count(const void *bytes, size_t length)
{
	const struct dissect_input input = {
		.bytes = {bytes, length}
	};

	return dns_dissector.dissect(&input, NULL, 0);
}

START_TEST(a_message_is_told_in_a_sentence)
{
	struct dissect_unit units[64];

	ck_assert_uint_gt(dissect(messages[_i].bytes, messages[_i].length, false, NULL, units), 0);
	ck_assert_str_eq(units[0].summary, messages[_i].summary);
	ck_assert_uint_eq(units[0].offset, 0);
	ck_assert_uint_eq(units[0].length, messages[_i].length);
}
END_TEST

START_TEST(the_parts_are_named_and_placed)
{
	static const struct {
		const char *name, *summary;
		unsigned depth, offset, length;
	} expected[] = {
		{"Response",    "answer: remote.example MX 10 mail.remote.example (+1 additional)", 0,
                 0,											69},
		{ "Header",     "id 0x9409",							1, 0,  12},
		{ "ID",         "0x9409",							   2, 0,  2 },
		{ "QR",         "response (1)",						     2, 2,  1 },
		{ "Question",   "remote.example MX",                                                1, 12, 20},
		{ "QNAME",      "remote.example",						   2, 12, 16},
		{ "QTYPE",      "MX (15)",							  2, 28, 2 },
		{ "QCLASS",     "IN (1)",							   2, 30, 2 },
		{ "Answer",     "remote.example MX 10 mail.remote.example",                         1, 32, 21},
		{ "NAME",       "remote.example",						   2, 32, 2 },
		{ "TTL",        "1 s",							      2, 38, 4 },
		{ "RDATA",      "10 mail.remote.example",                                           2, 44, 9 },
		{ "PREFERENCE", "10",							       3, 44, 2 },
		{ "EXCHANGE",   "mail.remote.example",                                              3, 46, 7 },
		{ "Additional", "mail.remote.example A 203.0.113.10",                               1, 53, 16},
	};
	struct dissect_unit units[64];
	size_t count = dissect(messages[2].bytes, messages[2].length, false, NULL, units);
	size_t next = 0;

	ck_assert_uint_eq(count, 1 + 16 + 4 + 7 + 2 + 7);
	for (size_t i = 0; i < count && next < G_N_ELEMENTS(expected); i++) {
		if (strcmp(units[i].name, expected[next].name) != 0)
			continue;
		ck_assert_str_eq(units[i].summary, expected[next].summary);
		ck_assert_uint_eq(units[i].depth, expected[next].depth);
		ck_assert_uint_eq(units[i].offset, expected[next].offset);
		ck_assert_uint_eq(units[i].length, expected[next].length);
		next++;
	}
	ck_assert_uint_eq(next, G_N_ELEMENTS(expected));
}
END_TEST

/* A query with all kinds of options, the last of them cut short. */
static const char with_options[] =
    HEADER("\1\x20", "\0", "\0", "\1") NAME "\0\1\1\0\1"
					    "\0\0\x29\4\xd0\0\0\x80\0\0\x35"
					    "\0\3\0\0"
					    "\0\10\0\7\0\1\30\0\xc0\0\2"
					    "\0\12\0\10\1\2\3\4\5\6\7\10"
					    "\0\14\0\3\0\0\0"
					    "\0\17\0\6\0\22full"
					    "\xff\xfe\0\1\xab"
					    "\0\12\0\10";

START_TEST(an_update_deletes_records_without_data)
{
	static const char update[] =
	    HEADER("\x28\0", "\0", "\1", "\0") NAME "\0\0\6\0\1"
						    "\xc0\xc\0\xf\0\xff\0\0\0\0\0\0";
	struct dissect_unit units[64];
	size_t count = dissect(update, sizeof update - 1, false, NULL, units);

	ck_assert_uint_eq(count, 1 + 16 + 4 + 7);
	ck_assert_uint_eq(dissect_count(update, sizeof update - 1), count);
	ck_assert_str_eq(units[17].name, "Zone");
	ck_assert_str_eq(units[21].name, "Update");
	ck_assert_str_eq(units[21].summary, "remote.example MX (any)");
	ck_assert_str_eq(units[24].summary, "ANY (255)");
}
END_TEST

START_TEST(bits_and_options_are_placed)
{
	static const struct {
		const char *name, *summary;
		unsigned offset, length, bit, bits;
	} expected[] = {
		{"QR",                "query (0)",                                    2,  1,  0, 1 },
		{ "Opcode",           "QUERY (0)",                                    2,  1,  1, 4 },
		{ "Authentic Data",   "set",                                          3,  1,  2, 1 },
		{ "Response Code",    "NOERROR (0)",                                  3,  1,  4, 4 },
		{ "QTYPE",            "CAA (257)",                                    28, 2,  0, 0 },
		{ "UDP payload size", "1232",                                         35, 2,  0, 0 },
		{ "Extended RCODE",   "0 (in all 0)",                                 37, 1,  0, 0 },
		{ "Version",          "0",					    38, 1,  0, 0 },
		{ "DNSSEC OK",        "set",					  39, 1,  0, 1 },
		{ "Z",                "0x0000",				       39, 2,  1, 15},
		{ "RDLENGTH",         "53",					   41, 2,  0, 0 },
		{ "Option",           "NSID (3): asked for",                          43, 4,  0, 0 },
		{ "Option",           "CLIENT-SUBNET (8): 192.0.2.0/24, scope 0",     47, 11, 0, 0 },
		{ "Option",           "COOKIE (10): 0102030405060708",                58, 12, 0, 0 },
		{ "Option",           "PADDING (12): 3 bytes",                        70, 7,  0, 0 },
		{ "Option",           "EXTENDED-ERROR (15): info code 18: full",      77, 10, 0, 0 },
		{ "Option",           "65534: ab",                                    87, 5,  0, 0 },
		{ "Option",           "malformed: it ends before its length says so", 92, 4,  0, 0 },
	};
	struct dissect_unit units[64];
	size_t count = dissect(with_options, sizeof with_options - 1, false, NULL, units);
	size_t next = 0;

	for (size_t i = 0; i < count && next < G_N_ELEMENTS(expected); i++) {
		if (strcmp(units[i].name, expected[next].name) != 0)
			continue;
		ck_assert_str_eq(units[i].summary, expected[next].summary);
		ck_assert_uint_eq(units[i].offset, expected[next].offset);
		ck_assert_uint_eq(units[i].length, expected[next].length);
		ck_assert_uint_eq(units[i].bit, expected[next].bit);
		ck_assert_uint_eq(units[i].bits, expected[next].bits);
		next++;
	}
	ck_assert_uint_eq(next, G_N_ELEMENTS(expected));
	ck_assert_uint_eq(dissect_count(with_options, sizeof with_options - 1), count);
}
END_TEST

/* Two queries behind their lengths, as a client sends them over TCP. */
static const uint8_t stream[] = "\0\x20" HEADER("\1\0", "\0", "\0", "\0") NAME
    "\0\0\xf\0\1"
    "\0\x20" HEADER("\1\0", "\0", "\0", "\0") NAME "\0\0\1\0\1";

START_TEST(a_stream_holds_several_messages)
{
	struct dissect_unit units[64];
	size_t count = dissect(stream, sizeof stream - 1, true, NULL, units), second = 1;

	while (second < count && units[second].depth > 0)
		second++;
	ck_assert_uint_lt(second, count);
	ck_assert_str_eq(units[0].summary, "asks for MX of remote.example");
	ck_assert_uint_eq(units[0].length, 34);
	ck_assert_str_eq(units[second].summary, "asks for A of remote.example");
	ck_assert_uint_eq(units[second].offset, 34);
	ck_assert_uint_eq(units[second].kind, DNS_UNIT_QUERY);
}
END_TEST

/* Loop test: the last segment begins after _i bytes. */
START_TEST(a_message_in_many_segments_does_not_confuse_the_next)
{
	struct dissect_unit units[64];
	struct dissect_state state = { 0 };
	bool found = false;

	/* One byte at a time up to there, the rest at once. */
	for (int i = 0; i < _i; i++)
		dissect(stream + i, 1, true, &state, units);
	size_t count = dissect(stream + _i, sizeof stream - 1 - _i, true, &state, units);
	for (size_t i = 0; i < count; i++)
		found |= strcmp(units[i].summary, "asks for A of remote.example") == 0;
	ck_assert(found);
}
END_TEST

/* Notes the summaries of whole messages, and hands in again what is kept, as views/pieces.c does. */
static void feed(struct dissect_state *state, GByteArray *kept, const uint8_t *bytes, size_t length,
		 uint64_t missing, GString *told)
{
	struct dissect_unit units[64];
	size_t unfinished = 0, count;

	if (missing > 0)
		g_byte_array_set_size(kept, 0);
	g_byte_array_append(kept, bytes, (guint)length);
	count = dns_dissector.dissect(
	    &(struct dissect_input) {
		.bytes = {kept->data, kept->len},
		.is_stream = true,
		.state = state,
		.missing = missing,
		.unfinished = &unfinished,
        },
	    units, 64);
	for (size_t i = 0; i < count; i++)
		if (units[i].depth == 0 && units[i].kind != DISSECT_PART)
			g_string_append_printf(told, "%s; ", units[i].summary);
	g_byte_array_remove_range(kept, 0, (guint)(kept->len - unfinished));
}

/* Loop test: cut behind _i bytes. */
START_TEST(a_message_in_pieces_is_told_of_when_it_is_whole)
{
	struct dissect_state state = { 0 };
	g_autoptr(GString) told = g_string_new(NULL);
	g_autoptr(GByteArray) kept = g_byte_array_new();

	feed(&state, kept, stream, (size_t)_i, 0, told);
	feed(&state, kept, stream + _i, sizeof stream - 1 - (size_t)_i, 0, told);
	ck_assert_str_eq(told->str,
			 "asks for MX of remote.example; asks for A of remote.example; ");
	ck_assert_uint_eq(kept->len, 0);
}
END_TEST

/* The middle of the first message is lost: the second one is found all the same. */
START_TEST(a_gap_in_a_message_in_pieces_hides_that_one_alone)
{
	struct dissect_state state = { 0 };
	g_autoptr(GString) told = g_string_new(NULL);
	g_autoptr(GByteArray) kept = g_byte_array_new();

	feed(&state, kept, stream, 10, 0, told);
	feed(&state, kept, stream + 15, sizeof stream - 1 - 15, 5, told);
	ck_assert_str_eq(told->str, "continues, 19 bytes; asks for A of remote.example; ");
}
END_TEST

START_TEST(units_that_do_not_fit_are_counted)
{
	struct dissect_unit unit;
	const struct dissect_input input = {
		.bytes = {(const uint8_t *)messages[2].bytes, messages[2].length},
	};

	ck_assert_uint_eq(dns_dissector.dissect(&input, &unit, 1), 37);
	ck_assert_str_eq(unit.summary, messages[2].summary);
	ck_assert_uint_eq(dns_dissector.dissect(&input, NULL, 0), 37);
}
END_TEST

START_TEST(a_long_summary_is_cut)
{
	/* A name of 240 bytes asked for. */
	uint8_t message[12 + 241 + 4] = { 0, 0, 1, 0, 0, 1 };
	struct dissect_unit units[64];

	for (int label = 0; label < 4; label++) {
		message[12 + label * 60] = 59;
		memset(message + 13 + label * 60, 'x', 59);
	}
	message[12 + 241 + 1] = 1;
	dissect(message, sizeof message, false, NULL, units);
	ck_assert_uint_eq(strlen(units[0].summary), DISSECT_TEXT_BYTES - 1);
	ck_assert(g_str_has_prefix(units[0].summary, "asks for A of xxx"));
	ck_assert(g_str_has_suffix(units[0].summary, "xxx..."));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns dissect");
	TCase *tcase = tcase_create("dissect");

	tcase_add_loop_test(tcase, a_message_is_told_in_a_sentence, 0, G_N_ELEMENTS(messages));
	tcase_add_test(tcase, the_parts_are_named_and_placed);
	tcase_add_test(tcase, an_update_deletes_records_without_data);
	tcase_add_test(tcase, bits_and_options_are_placed);
	tcase_add_test(tcase, a_stream_holds_several_messages);
	tcase_add_loop_test(tcase, a_message_in_pieces_is_told_of_when_it_is_whole, 1,
			    sizeof stream - 1);
	tcase_add_test(tcase, a_gap_in_a_message_in_pieces_hides_that_one_alone);
	tcase_add_loop_test(tcase, a_message_in_many_segments_does_not_confuse_the_next, 1, 34);
	tcase_add_test(tcase, units_that_do_not_fit_are_counted);
	tcase_add_test(tcase, a_long_summary_is_cut);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
