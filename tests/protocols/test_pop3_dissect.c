/* The POP3 dissector: a conversation in pieces of any size gives the same units. */
#include <check.h>
#include <glib.h>
#include "protocols/pop3/dissect.h"

struct turn {
	const char *text; /* S or C in front */
	const char *units;
};

static const struct turn conversation[] = {
	{"S+OK mailwire ready.\r\n",								   "greeting"								 },
	{ "CCAPA\r\n",										 "CAPA"								     },
	{ "S+OK\r\nUSER\r\nPIPELINING\r\n.\r\n",						       "+OK listing"                                                              },
	{ "Cauth plain\r\n",									   "AUTH"								     },
	{ "S+ \r\n",										   "PLAIN challenge"							  },
	{ "CAGJvYgB3cm9uZw==\r\n",								     "PLAIN message"							    },
	{ "S-ERR [AUTH] no\r\n",								       "-ERR"								     },
	{ "CUSER bob\r\nPASS secret\r\nSTAT\r\nUIDL 1\r\nUIDL\r\nRETR 1\r\nTOP 1 0\r\nRETR 9\r\n"
	  "LIST 1\r\nDELE 1\r\nFROB\r\nQUIT\r\n",					     "USER PASS STAT UIDL UIDL RETR TOP RETR LIST DELE unknown command QUIT"    },
	{ "S+OK\r\n+OK Logged in.\r\n+OK 1 20\r\n+OK 1 aaa\r\n+OK\r\n1 aaa\r\n.\r\n"
	  "+OK 20 octets\r\nSubject: x\r\n\r\n..\r\n..+OK\r\n+OK\r\n.\r\n"
	  "+OK\r\nSubject: x\r\n\r\n.\r\n-ERR\r\n+OK 1 20\r\n+OK\r\n-ERR Unknown\r\n+OK\r\n", "+OK +OK +OK +OK +OK listing +OK message +OK message -ERR +OK +OK -ERR +OK"},
};

/* The names of the units in one turn, fed `chunk` bytes at a time; they must tile the bytes. */
static char *dissect_turn(const struct turn *turn, size_t chunk, struct dissect_state *state)
{
	struct bytes all = bytes_of(turn->text + 1);
	GString *names = g_string_new(NULL);
	bool is_inside = false;

	for (size_t at = 0; at < all.length; at += chunk) {
		struct dissect_input input = {
			.bytes = bytes_first(bytes_from(all, at), chunk),
			.is_from_server = turn->text[0] == 'S',
			.is_stream = true,
			.state = state,
		};
		struct dissect_unit units[32];
		size_t count = pop3_dissector.dissect(&input, units, G_N_ELEMENTS(units));
		uint32_t next = 0;

		ck_assert_uint_le(count, G_N_ELEMENTS(units));
		for (size_t i = 0; i < count; i++) {
			if (units[i].depth > 0)
				continue;
			ck_assert_uint_eq(units[i].offset, next);
			next += units[i].length;
			if (!is_inside)
				g_string_append(names, names->len > 0 ? " " : "");
			/* Of a unit in pieces the last one knows best what it is. */
			bool is_last = next < input.bytes.length || units[i].is_complete ||
				       all.data[at + next - 1] == '\n';
			is_inside = !is_last;
			if (is_last)
				g_string_append(names, units[i].name);
		}
		ck_assert_uint_eq(next, input.bytes.length);
	}
	return g_string_free(names, FALSE);
}

START_TEST(units_are_named_in_order)
{
	struct dissect_state state = { { 0 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(conversation); i++) {
		char *names = dissect_turn(&conversation[i], SIZE_MAX / 2, &state);

		ck_assert_str_eq(names, conversation[i].units);
		g_free(names);
	}
}
END_TEST

START_TEST(single_lines_in_pieces_keep_their_names)
{
	struct dissect_state state = { { 0 } };

	for (unsigned i = 0; i < 7; i++) {
		if (i == 2)
			continue; /* its listing has line ends inside */
		char *names = dissect_turn(&conversation[i], (size_t)_i, &state);
		/* What a line of SASL says is read when all of it is there at once. */
		const char *wanted = i == 5 && _i < 18 ? "credentials" : conversation[i].units;

		if (conversation[i].text[0] == 'C')
			ck_assert_str_eq(names, wanted);
		g_free(names);
	}
}
END_TEST

/* A capture that has one side alone: of the server, then of the client. */
START_TEST(one_side_alone_is_understood)
{
	static const struct turn turns[] = {
		{"S+OK ready\r\n",						   "greeting"},
		{ "S+OK\r\nUSER\r\nPIPELINING\r\n.\r\n+OK\r\n-ERR no\r\n+OK\r\n",
                 "+OK listing +OK -ERR +OK"						    },
		{ "S+OK 20 octets\r\nSubject: x\r\n\r\n+OK\r\n.\r\n+OK bye\r\n",
                 "+OK listing +OK"							     },
		{ "CCAPA\r\nAUTH LOGIN\r\nYWxpY2U=\r\nc2VjcmV0\r\nSTAT\r\nFROB\r\n",
                 "CAPA AUTH LOGIN user name LOGIN password STAT unknown command"               },
	};
	struct dissect_state states[2] = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(turns); i++) {
		g_autofree char *names =
		    dissect_turn(&turns[i], SIZE_MAX / 2, &states[turns[i].text[0] == 'C']);

		ck_assert_str_eq(names, turns[i].units);
	}
}
END_TEST

START_TEST(a_message_over_several_segments_ends_where_its_dot_is)
{
	struct dissect_state state = { { 0 } };
	struct dissect_unit unit;
	const char *pieces[] = { "+OK 9 octets\r\n", "a\r\n.", "\r\n" };
	const bool is_complete[] = { true, false, false };

	g_free(dissect_turn(&conversation[0], SIZE_MAX / 2, &state));
	g_free(dissect_turn(&(struct turn) { "CRETR 1\r\n", "" }, SIZE_MAX / 2, &state));
	for (unsigned i = 0; i < 3; i++) {
		struct dissect_input input = { .bytes = bytes_of(pieces[i]),
					       .is_from_server = true,
					       .is_stream = true,
					       .state = &state };

		ck_assert_uint_eq(pop3_dissector.dissect(&input, &unit, 1), 1);
		ck_assert_uint_eq(unit.kind, i == 0 ? POP3_OK : POP3_MESSAGE);
		ck_assert(unit.is_complete == is_complete[i]);
	}
	struct dissect_input input = { .bytes = bytes_of("+OK\r\n"),
				       .is_from_server = true,
				       .is_stream = true,
				       .state = &state };
	ck_assert_uint_eq(pop3_dissector.dissect(&input, &unit, 1), 1);
	ck_assert_uint_eq(unit.kind, POP3_OK);
}
END_TEST

START_TEST(without_memory_it_guesses)
{
	struct dissect_unit units[8];
	struct dissect_input input = {
		.bytes = bytes_of("+OK 20 octets\r\nSubject: x\r\n\r\nx\r\n.\r\n+OK\r\n"),
		.is_from_server = true,
		.is_stream = true,
	};

	ck_assert_uint_eq(pop3_dissector.dissect(&input, units, 8), 3);
	ck_assert_uint_eq(units[0].kind, POP3_OK);
	ck_assert_uint_eq(units[1].kind, POP3_LISTING);
	ck_assert_uint_eq(units[2].kind, POP3_OK);
	ck_assert_str_eq(units[0].summary, "+OK 20 octets");
	ck_assert_str_eq(units[0].purpose, "The command succeeded.");
}
END_TEST

START_TEST(more_units_than_room_are_counted)
{
	struct dissect_unit unit;
	struct dissect_input input = { .bytes = bytes_of("NOOP\r\nNOOP\r\nQUIT\r\n"),
				       .is_from_server = false,
				       .is_stream = true,
				       .state = NULL };

	ck_assert_uint_eq(pop3_dissector.dissect(&input, &unit, 1), 3);
	ck_assert_uint_eq(unit.kind, POP3_NOOP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3 dissect");
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, units_are_named_in_order);
	tcase_add_loop_test(tests, single_lines_in_pieces_keep_their_names, 1, 20);
	tcase_add_test(tests, one_side_alone_is_understood);
	tcase_add_test(tests, a_message_over_several_segments_ends_where_its_dot_is);
	tcase_add_test(tests, without_memory_it_guesses);
	tcase_add_test(tests, more_units_than_room_are_counted);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
