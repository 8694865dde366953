/* What a view sees in pieces of an SMTP connection. */
#include <check.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/names.h"

#define UNITS 40

static size_t dissect(const char *text, bool is_from_server, struct dissect_state *state,
		      struct dissect_unit units[UNITS])
{
	return smtp_dissector.dissect(
	    &(struct dissect_input) {
		.bytes = bytes_of(text),
		.is_from_server = is_from_server,
		.is_stream = true,
		.state = state,
	    },
	    units, UNITS);
}

/* "name@offset+length" of the units at `depth`, each on a line; '*' behind incomplete ones. */
static void expect(const char *text, bool is_from_server, struct dissect_state *state,
		   unsigned depth, const char *wanted)
{
	struct dissect_unit units[UNITS];
	size_t count = dissect(text, is_from_server, state, units);
	char found[2000] = "";

	ck_assert_uint_le(count, UNITS);
	for (size_t i = 0; i < count; i++) {
		size_t used = strlen(found);

		if (units[i].depth == depth)
			snprintf(found + used, sizeof found - used, "%s@%u+%u%s\n", units[i].name,
				 units[i].offset, units[i].length, units[i].is_complete ? "" : "*");
	}
	ck_assert_str_eq(found, wanted);
}

START_TEST(commands_and_replies_are_named)
{
	struct dissect_state state = { 0 };

	expect("220 mail.test ESMTP x\r\n", true, &state, 0, "Greeting@0+23\n");
	expect("EHLO vm\r\n", false, &state, 0, "EHLO command@0+9\n");
	expect("250-mail.test\r\n250-PIPELINING\r\n250 SIZE 100\r\n", true, &state, 0,
	       "Reply 250@0+45\n");
	expect("MAIL FROM:<a@b.test> SIZE=18\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", false, &state, 0,
	       "MAIL command@0+30\nRCPT command@30+20\nDATA command@50+6\n");
	expect("250 2.1.0 Ok\r\n550 5.1.1 No\r\n354 go\r\n", true, &state, 0,
	       "Reply 250@0+14\nReply 550@14+14\nReply 354@28+8\n");
	expect("Subject: x\r\n\r\nMAIL\r\n.\r\nQUIT\r\n", false, &state, 0,
	       "Message@0+23\nQUIT command@23+6\n");
	expect("250 ok\r\n221 bye\r\n", true, &state, 0, "Reply 250@0+8\nReply 221@8+9\n");
}
END_TEST

/* The same units but for their parts, and the same is remembered. */
START_TEST(an_outline_leaves_out_parts_alone)
{
	static const struct {
		const char *text;
		bool is_from_server;
	} said[] = {
		{"220 mail.test ESMTP x\r\n",                                       true },
		{ "EHLO vm\r\n",						    false},
		{ "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 100\r\n",      true },
		{ "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n",                            false},
		{ "235 2.7.0 in\r\n",					       true },
		{ "AUTH LOGIN\r\n",						 false},
		{ "334 VXNlcm5hbWU6\r\n",					   true },
		{ "YWxpY2U=\r\n",						   false},
		{ "MAIL FROM:<a@b.test> SIZE=18\r\nRCPT TO:<c@d.test>\r\nDATA\r\n", false},
		{ "250 2.1.0 Ok\r\n550 5.1.1 No\r\n354 go\r\n",                     true },
		{ "Subject: x\r\n\r\nMAIL\r\n.\r\nQUIT\r\n",                        false},
	};
	struct dissect_state whole_state = { 0 }, state = { 0 };

	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		struct dissect_unit whole[UNITS], units[UNITS];
		size_t whole_count =
		    dissect(said[i].text, said[i].is_from_server, &whole_state, whole);
		size_t count = smtp_dissector.dissect(
		    &(struct dissect_input) {
			.bytes = bytes_of(said[i].text),
			.is_from_server = said[i].is_from_server,
			.is_stream = true,
			.is_outline = true,
			.state = &state,
		    },
		    units, UNITS);
		size_t found = 0;

		for (size_t j = 0; j < whole_count; j++) {
			if (whole[j].depth > 0)
				continue;
			ck_assert_uint_lt(found, count);
			ck_assert_str_eq(units[found].name, whole[j].name);
			ck_assert_str_eq(units[found].summary, whole[j].summary);
			ck_assert_uint_eq(units[found].offset, whole[j].offset);
			ck_assert_uint_eq(units[found].length, whole[j].length);
			found++;
		}
		ck_assert_uint_eq(found, count);
		ck_assert_mem_eq(&state, &whole_state, sizeof state);
	}
}
END_TEST

START_TEST(parts_of_commands_and_replies_are_named)
{
	expect("MAIL FROM:<a@b.test> SIZE=18 X=y\r\n", false, NULL, 1,
	       "Reverse-path@10+10\nSIZE@21+7\nParameter@29+3\n");
	expect("EHLO vm\r\n", false, NULL, 1, "Domain@5+2\n");
	expect("550 5.1.1 No such\r\n", true, NULL, 1,
	       "Reply code@0+3\nEnhanced status code@4+5\nText@10+7\n");
	expect("250-mail.test\r\n250-PIPELINING\r\n250 SIZE 100\r\n", true, NULL, 1,
	       "Reply line@0+13\nPIPELINING@15+14\nSIZE@31+12\n");
	expect("QUIT\r\n", false, NULL, 1, "");
}
END_TEST

START_TEST(a_message_in_several_segments_is_told_as_pieces)
{
	struct dissect_state state = { 0 };

	expect("354 go\r\n", true, &state, 0, "Reply 354@0+8\n");
	expect("Subject: x\r\n", false, &state, 0, "Message@0+12*\n");
	expect("QUIT\r\n.", false, &state, 0, "Message@0+7*\n");
	expect("\r\nQUIT\r\n", false, &state, 0, "Message@0+2*\nQUIT command@2+6\n");
}
END_TEST

/* Its first line says nothing of a piece from the midst: where it is does. */
START_TEST(a_piece_of_a_message_is_known_by_its_place)
{
	static const struct {
		const char *bytes, *summary;
		bool is_from_server;
		uint64_t missing;
	} pieces[] = {
		{"354 go\r\n",       "354 go",                          true,  0  },
		{ "Subject: x\r\n",  "Subject: x",                      false, 0  },
		{ "b3Vy",            "bytes 13 to 16 of the message",   false, 0  },
		{ "rSgp\r\n",        "bytes 117 to 122 of the message", false, 100},
		{ ".\r\n",           ". (the end of the message)",      false, 0  },
		{ "250 ok\r\n",      "250 ok",                          true,  0  },
		{ "BDAT 8 LAST\r\n", "BDAT 8 LAST",                     false, 0  },
		{ "abcd",            "abcd",                            false, 0  },
		{ "efgh",            "bytes 5 to 8 of the chunk",       false, 0  },
	};
	struct dissect_state state = { 0 };
	struct dissect_unit units[4];

	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
		const struct dissect_input input = {
			.bytes = bytes_of(pieces[i].bytes),
			.is_from_server = pieces[i].is_from_server,
			.is_stream = true,
			.state = &state,
			.missing = pieces[i].missing,
		};

		ck_assert_uint_ge(smtp_dissector.dissect(&input, units, G_N_ELEMENTS(units)), 1);
		ck_assert_str_eq(units[0].summary, pieces[i].summary);
	}
}
END_TEST

START_TEST(a_chunk_is_counted)
{
	struct dissect_state state = { 0 };

	expect("BDAT 8 LAST\r\nQUIT\r\n", false, &state, 0, "BDAT command@0+13\nChunk@13+6*\n");
	expect("\r\nQUIT\r\n", false, &state, 0, "Chunk@0+2*\nQUIT command@2+6\n");
}
END_TEST

START_TEST(credentials_are_a_line_behind_a_challenge)
{
	struct dissect_state state = { 0 };

	expect("334 VXNlcm5hbWU6\r\n", true, &state, 0, "SASL challenge@0+18\n");
	expect("YWxpY2U=\r\nQUIT\r\n", false, &state, 0, "SASL response@0+10\nQUIT command@10+6\n");
}
END_TEST

/* The replies took another way, as behind NAT: what is no command goes on with AUTH. */
START_TEST(credentials_are_known_without_the_replies)
{
	struct dissect_state state = { 0 }, both = { 0 };

	expect("EHLO x\r\nAUTH LOGIN\r\n", false, &state, 0,
	       "EHLO command@0+8\nAUTH command@8+12\n");
	expect("YWxpY2U=\r\n", false, &state, 0, "LOGIN user name@0+10\n");
	expect("c2VjcmV0\r\n", false, &state, 0, "LOGIN password@0+10\n");
	expect("NOOP\r\nFROB\r\n", false, &state, 0, "NOOP command@0+6\nUnknown command@6+6\n");
	expect("AUTH FOO\r\n", false, &both, 0, "AUTH command@0+10\n");
	expect("504 no\r\n", true, &both, 0, "Reply 504@0+8\n");
	expect("FROB\r\n", false, &both, 0, "Unknown command@0+6\n");
}
END_TEST

START_TEST(a_line_cut_in_two_is_two_pieces)
{
	struct dissect_state state = { 0 };

	expect("RCPT TO:<a", false, &state, 0, "RCPT command@0+10*\n");
	expect("@b.test>\r\nDATA\r\n", false, &state, 0, "RCPT command@0+10*\nDATA command@10+6\n");
	expect("250-a\r\n250", true, &state, 0, "Reply 250@0+10*\n");
	expect("-b\r\n250 c\r\n221 d\r\n", true, &state, 0, "Reply 250@0+11*\nReply 221@11+7\n");
}
END_TEST

START_TEST(without_memory_text_is_taken_for_a_message)
{
	expect("Received: from x\r\n", false, NULL, 0, "Message@0+18*\n");
	expect("RSET\r\nQUIT\r\n", false, NULL, 0, "RSET command@0+6\nQUIT command@6+6\n");
}
END_TEST

START_TEST(more_units_than_fit_are_counted)
{
	struct dissect_unit units[2];
	struct dissect_input input = { .bytes = bytes_of("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n") };

	ck_assert_uint_eq(smtp_dissector.dissect(&input, units, 2), 4);
	ck_assert_uint_eq(units[1].offset, 6);
	ck_assert_uint_eq(units[1].kind, SMTP_NOOP);
	ck_assert_str_eq(units[1].summary, "NOOP");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp dissect");
	TCase *tcase = tcase_create("dissect");

	tcase_add_test(tcase, commands_and_replies_are_named);
	tcase_add_test(tcase, an_outline_leaves_out_parts_alone);
	tcase_add_test(tcase, parts_of_commands_and_replies_are_named);
	tcase_add_test(tcase, a_message_in_several_segments_is_told_as_pieces);
	tcase_add_test(tcase, a_piece_of_a_message_is_known_by_its_place);
	tcase_add_test(tcase, a_chunk_is_counted);
	tcase_add_test(tcase, credentials_are_a_line_behind_a_challenge);
	tcase_add_test(tcase, credentials_are_known_without_the_replies);
	tcase_add_test(tcase, a_line_cut_in_two_is_two_pieces);
	tcase_add_test(tcase, without_memory_text_is_taken_for_a_message);
	tcase_add_test(tcase, more_units_than_fit_are_counted);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
