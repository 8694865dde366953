/* The full-screen stepper without a terminal: keys go in, a canvas comes out. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "app/dissectors.h"
#include "app/history_record.h"
#include "app/stepper.h"
#include "protocols/layer.h"
#include "tests/app/scenario_test.h"

static struct scenario *scenario;
static struct history *office, *blocked;
static struct stepper *stepper;

static struct history *record(const char *file)
{
	struct history *history;

	scenario_free(scenario);
	scenario = load_good_file(file);
	history = history_record(scenario, history_options_of(scenario));
	return history;
}

static void record_all(void)
{
	blocked = record("scenarios/blocked.yaml");
	office = record("scenarios/office.yaml");
}

static void forget_all(void)
{
	history_free(office);
	history_free(blocked);
	scenario_free(scenario);
	scenario = NULL;
}

static void begin(void)
{
	stepper = stepper_new(office, "An office");
}

static void end(void)
{
	stepper_free(stepper);
}

static void press(unsigned key)
{
	ck_assert(stepper_press(stepper, key));
}

static void type(const char *text)
{
	for (; *text != '\0'; text++)
		press((unsigned char)*text == '\n' ? STEPPER_ENTER : (unsigned char)*text);
}

/* The whole screen, rows with a line end behind each; to be freed. */
static char *screen_of(unsigned columns, unsigned rows)
{
	struct canvas *canvas = canvas_new(columns, rows);
	GString *text = g_string_new(NULL);

	stepper_draw(stepper, canvas);
	for (unsigned i = 0; i < rows; i++) {
		g_autofree char *row = canvas_row(canvas, i);

		g_string_append_printf(text, "%s\n", row);
	}
	canvas_free(canvas);
	return g_string_free(text, FALSE);
}

/* Each of `parts`, "|" between them, is on the screen of 80 by 24. */
static void expect(const char *parts)
{
	g_autofree char *screen = screen_of(80, 24);
	g_auto(GStrv) all = g_strsplit(parts, "|", -1);

	for (char **part = all; *part != NULL; part++)
		ck_assert_msg(strstr(screen, *part) != NULL, "no \"%s\" on\n%s", *part, screen);
}

static void expect_not(const char *text)
{
	g_autofree char *screen = screen_of(80, 24);

	ck_assert_msg(strstr(screen, text) == NULL, "\"%s\" is on\n%s", text, screen);
}

/* At the EHLO, where it is at the router: hops 0 to 4 are alice-pc, client-lan, gw, server-lan, mail. */
static void go_to_router(void)
{
	type("/EHLO alice-pc.office\n...");
}

START_TEST(the_screen_shows_a_router_at_work)
{
	go_to_router();
	expect("alice-pc ═══ [client-lan] ══▶ gw ─── [server-lan]|"
	       "mail 1  outbox ◉ MSA ○|gw: before|after| SMTP EHLO alice-pc|"
	       "*│TTL  64|*│TTL  63|*┌IPv4 20 B|(untouched)|, 96 bytes|[3f]|"
	       "IPv4 Time to Live = 63|The router gw takes the Ethernet header off|? help");
}
END_TEST

static const struct {
	const char *keys; /* \1 to \7: left, right, up, down, shift-left, shift-right, tab */
	const char *shows, *hides;
} ways[] = {
	{"",				 "step 1/|alice sends \"Quarterly report\" to bob",                 "before"        },
	{ "\2",			      "step 2/",							 NULL            },
	{ "\2\2\1",			  "step 2/",							 NULL            },
	{ "\1",			      "this is the first step",					  NULL            },
	{ "7\n",			     "step 7/",							 NULL            },
	{ "9999\n",			  "steps go from 1 to ",					     NULL            },
	{ "m",			       "Greeting: 220 mail",					      NULL            },
	{ "mM",			      "no mail command or reply comes before",                           NULL            },
	{ "/SYN\n\6\6",                      "client-lan: before|SYN  connection",                              NULL            },
	{ "/SYN\n\6\6\5",                    "alice-pc: before|SYN  connection",                                NULL            },
	{ "/SYN\n\4\4",                      "alice-pc 74 B SYN|SYN  connection",                               NULL            },
	{ "/SYN\n\4\3",                      "SYN  connection",						 NULL            },
	{ "/235 2.7.0\n",                    "Authentication suc",                                              NULL            },
	{ "/no such words\n",                "no step says that",                                               NULL            },
	{ "/first sequence number\n",        "found in: sentence|SYN  connection",                              NULL            },
	{ "/time to live = 64\n",            "found in: Time to Live|IPv4 Time to Live = 64",                   NULL            },
	{ "/192.0.2.75\n",                   "found in: Destination Address",                                   NULL            },
	{ "/confirm the delivery\n",         "found in: text that is carried",                                  NULL            },
	{ "/quit\nn",			"QUIT",							    NULL            },
	{ "t1.5s\n",			 "1.510",							   NULL            },
	{ "t99m\n",			  "this is the last step",                                           NULL            },
	{ "tsoon\n",			 "a time, such as 1.5s",                                            NULL            },
	{ "lsmtp,dns\n",                     "events are shown|filtered",                                       "ARP  who"      },
	{ "lnothing\n",                      "no layer \"nothing\"; there are",                                 NULL            },
	{ "lpop3\nl\n",                      "events are shown",						NULL            },
	{ "oroot\n",			 "filtered",							"EHLO"          },
	{ "onobody\n",		       "no host, router or switch \"nobody\"",                            NULL            },
	{ "/bob checks\nf",                  "due to no message",                                               NULL            },
	{ "/mail 2  composed\nf",            "mail 2 only",						     NULL            },
	{ "/mail 2  composed\nff",           "events are shown",                                                "only"          },
	{ "z",			       "events are shown|mailbox created",                                NULL            },
	{ "btcp port 110\n",                 "port 110",							NULL            },
	{ "b/354\nc",			"354",							     NULL            },
	{ "bstate established\n",            "ESTABLISHED",						     NULL            },
	{ "bthis is no filter\n",            "syntax error",						    NULL            },
	{ "c",			       "b sets a condition",					      NULL            },
	{ "m\2w",			    "why?|this |because of |mail: Greeting",                           "before"        },
	{ "m\2wx",			   "before",							  "because of"    },
	{ "m\2w1",			   "SMTP Greeting|before",					    "because of"    },
	{ "m\2w\4\n",			"before",							  "because of"    },
	{ "m\2w\3\n",			"EHLO",							    "because of"    },
	{ "lsmtp\nm\2w\4\4\4\4\4\4\4\4\4\n", "all steps are shown again",                                       "because of"    },
	{ "m\2s",			    "state at this instant|alice-pc (host)|ARP table|TCP connections", NULL            },
	{ "m\2e",			    "what happens here|alice-pc says to mail, by SMTP",                NULL            },
	{ "?",			       "keys|predict",						    NULL            },
	{ "d",			       "no frame to pin",						 NULL            },
	{ "m\2d",			    "pinned",							  NULL            },
	{ "m\7\2\2",			 "over the bytes",						  NULL            },
	{ "m\7\7",			   "? help",							  "over the bytes"},
	{ "\7",			      "this step has no frame",					  NULL            },
	{ "m\n",			     "▸",							     "AGAIN"         },
	{ "!",			       "that key does nothing",					   NULL            },
};

static void type_keys(const char *keys)
{
	static const unsigned special[] = { 0,
					    STEPPER_LEFT,
					    STEPPER_RIGHT,
					    STEPPER_UP,
					    STEPPER_DOWN,
					    STEPPER_SHIFT_LEFT,
					    STEPPER_SHIFT_RIGHT,
					    STEPPER_TAB };

	for (; *keys != '\0'; keys++) {
		const char one[] = { *keys, '\0' };

		if (*keys < (char)G_N_ELEMENTS(special))
			press(special[(unsigned char)*keys]);
		else
			type(one);
	}
}

/* Records of TLS go around what the program says, and come off at the other end. */
START_TEST(tls_is_put_on_and_taken_off_as_a_layer)
{
	static const char *const parts[] = { "+ TLS + TCP + IP + Eth", "− Eth − IP − TCP − TLS",
					     "+┌TLS 22 B, encrypted", "│ ┌SMTP 191 B" };
	struct history *history = record("scenarios/tls.yaml");

	stepper = stepper_new(history, "TLS");
	type("/EHLO\n");
	press(STEPPER_RIGHT);
	g_autofree char *screen = screen_of(120, 40);

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		ck_assert_msg(strstr(screen, parts[i]) != NULL, "no \"%s\" in\n%s", parts[i],
			      screen);
	stepper_free(stepper);
	history_free(history);
	scenario_free(scenario);
	scenario = NULL;
}
END_TEST

START_TEST(keys_lead_to_what_they_name)
{
	type_keys(ways[_i].keys);
	expect(ways[_i].shows);
	if (ways[_i].hides != NULL)
		expect_not(ways[_i].hides);
}
END_TEST

/* "TTL 64 to 63", between the frame of the sender and that of the router. */
START_TEST(two_pinned_frames_are_compared_field_by_field)
{
	type("/EHLO alice-pc.office\n.d..d");
	expect("two frames compared|first:  frame |at alice-pc|second: frame |at gw|"
	       "* IPv4      Time to Live             64  →  63|* Ethernet  Source Address");
	expect_not("Sequence Number");
}
END_TEST

/* The chain ends with what the user did. */
START_TEST(why_goes_back_to_the_user)
{
	go_to_router();
	press('w');
	g_autofree char *screen = screen_of(100, 60);
	const char *last = g_strrstr(screen, "because of");

	ck_assert_ptr_nonnull(last);
	ck_assert_msg(strstr(last, "alice-pc: alice sends \"Quarterly report\"") != NULL, "%s",
		      screen);
}
END_TEST

/* One of the four is right, always the same one; a score is kept. */
START_TEST(predictions_are_counted)
{
	unsigned right = 0;

	press('m');
	press('p');
	for (unsigned i = 0; i < 8; i++) {
		press(STEPPER_RIGHT);
		expect("What comes next?|  1  |  2  ");
		press('1');
		g_autofree char *screen = screen_of(80, 24), *score = NULL;

		right += strstr(screen, "right! ") != NULL;
		score = g_strdup_printf("%u of %u right so far", right, i + 1);
		ck_assert_msg(strstr(screen, score) != NULL, "no %s on\n%s", score, screen);
	}
	ck_assert_uint_gt(right, 0);
	ck_assert_uint_lt(right, 8);
	press('p');
	press(STEPPER_RIGHT);
	expect_not("What comes next?");
}
END_TEST

START_TEST(it_runs_by_itself_until_a_key_a_condition_or_the_end)
{
	ck_assert_int_eq(stepper_wait_ms(stepper), -1);
	press('r');
	ck_assert_int_gt(stepper_wait_ms(stepper), 0);
	stepper_tick(stepper);
	stepper_tick(stepper);
	expect("step 3/");
	press('>');
	ck_assert_int_lt(stepper_wait_ms(stepper), 500);
	press(' ');
	ck_assert_int_eq(stepper_wait_ms(stepper), -1);
	type("b/EHLO\n1\nr");
	for (int i = 0; i < 1000 && stepper_wait_ms(stepper) > 0; i++)
		stepper_tick(stepper);
	expect("stopped: the condition holds here|SMTP EHLO");
	press(STEPPER_END);
	press('r');
	for (int i = 0; i < 100 && stepper_wait_ms(stepper) > 0; i++)
		stepper_tick(stepper);
	ck_assert_int_eq(stepper_wait_ms(stepper), -1);
}
END_TEST

START_TEST(what_is_lost_and_sent_again_is_marked)
{
	struct stepper *office_stepper = stepper;

	stepper = stepper_new(blocked, NULL);
	type("t310s\n/SYN\n");
	g_autofree char *screen = screen_of(140, 60);

	ck_assert_msg(strstr(screen, "AGAIN LOST") != NULL, "%s", screen);
	ck_assert_msg(strstr(screen, "✗ denied") != NULL, "%s", screen);
	type("...");
	expect("gw: before|denied by rule 2 (deny TCP| ══▶ gw ✗");
	stepper_free(stepper);
	stepper = office_stepper;
}
END_TEST

/* Of any size: nothing is drawn beside the canvas (the sanitizer looks), and each row says something. */
START_TEST(any_size_is_drawn)
{
	static const unsigned sizes[][2] = {
		{80,   24},
                { 200, 60},
                { 59,  24},
                { 40,  12},
                { 20,  8 },
                { 10,  4 },
		{ 4,   3 },
                { 3,   2 },
                { 1,   1 },
                { 300, 5 },
                { 5,   90},
	};

	go_to_router();
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *screen = screen_of(sizes[i][0], sizes[i][1]);

		if (sizes[i][0] >= 20 && sizes[i][1] >= 5)
			ck_assert_ptr_nonnull(strstr(screen, "gw"));
	}
}
END_TEST

/* Any keys, at any size, in both runs: whatever they lead to can be drawn and left again. */
START_TEST(any_keys_are_harmless)
{
	static const char keys[] = "mMyYhHnNc/tblo0123456789xafzdswe?pr<>.,j \n\n\nEHLO tcp,smtp";
	uint32_t random = 12345;
	struct stepper *before = stepper;

	stepper = _i == 0 ? stepper : stepper_new(blocked, "b");
	for (int i = 0; i < 1500; i++) {
		unsigned key;

		random = random * 1664525 + 1013904223;
		key = random >> 16;
		press(key % 3 == 0 ? STEPPER_LEFT + key / 3 % 14
				   : (unsigned char)keys[key / 3 % (sizeof keys - 1)]);
		stepper_tick(stepper);
		if (i % 5 == 0)
			g_free(screen_of(key % 130 + 1, key % 50 + 1));
	}
	if (_i != 0) {
		stepper_free(stepper);
		stepper = before;
	}
}
END_TEST

START_TEST(q_quits_where_it_is_no_letter_of_a_text)
{
	type("/q");
	press(STEPPER_BACKSPACE);
	press(STEPPER_ESCAPE);
	type("?q"); /* leads back from the help */
	ck_assert(!stepper_press(stepper, 'q'));
}
END_TEST

/* Other traces. */

#define NODE_1 (UINT64_C(1) << TRACE_NODE_SHIFT)

static void feed(struct history *history, const struct trace_record *record, const char *text)
{
	history_feed(history, record, bytes_of(text));
}

START_TEST(an_empty_trace_and_one_event_are_shown)
{
	static const char *const shown[] = { "nothing happens in this run",
					     "nothing happens in this run: only states",
					     "eve waits|step 1/1" };

	for (unsigned count = 0; count < 3; count++) {
		struct history *history = history_new(all_dissectors);

		if (count == 1)
			feed(history,
			     &(struct trace_record) { .kind = TRACE_TABLE, .id = NODE_1 + 1 }, "");
		if (count == 2)
			feed(history,
			     &(struct trace_record) {
				 .kind = TRACE_ACTION, .id = NODE_1 + 1, .blob_bytes = 9 },
			     "eve waits");
		history_finish(history);
		stepper = stepper_new(history, "t");
		expect(shown[count]);
		type("mMyYhHnNcxafzdswe x.,p r r1\n");
		press(STEPPER_RIGHT);
		press(STEPPER_UP);
		press(STEPPER_END);
		g_free(screen_of(80, 24));
		stepper_free(stepper);
		history_free(history);
	}
}
END_TEST

/* Names, actions and headers may hold anything: on the canvas are printable characters alone. */
START_TEST(nothing_but_printable_characters_gets_on_the_screen)
{
	struct history *history = history_new(all_dissectors);
	struct canvas *canvas = canvas_new(100, 30);

	feed(history,
	     &(struct trace_record) { .kind = TRACE_NODE, .id = NODE_1 + 1, .blob_bytes = 12 },
	     "e\033[31m\xc2\x9bvil\n");
	feed(history,
	     &(struct trace_record) { .kind = TRACE_ACTION, .id = NODE_1 + 2, .blob_bytes = 29 },
	     "\033]0;x\007 \xff\xe2\x80\xae <script> \033[2J\r\n\t");
	feed(history,
	     &(struct trace_record) { .kind = TRACE_MAIL,
				      .layer = LAYER_MAIL,
				      .id = NODE_1 + 3,
				      .root = NODE_1 + 3,
				      .detail = MAIL_COMPOSED,
				      .blob_bytes = 54 },
	     "From: <a>\r\nSubject: =?utf-8?q?=1B[2J=E2=80=AEhi?=\r\n\r\n");
	history_finish(history);
	stepper = stepper_new(history, "t\033[31m");
	for (const char *keys = "wwsssee"; *keys != '\0'; keys++) {
		press(STEPPER_RIGHT);
		press((unsigned char)*keys);
		stepper_draw(stepper, canvas);
		for (unsigned i = 0; i < canvas->rows * canvas->columns; i++)
			ck_assert_msg(canvas->cells[i].character == 0 ||
					  g_unichar_isprint(canvas->cells[i].character),
				      "U+%04X", canvas->cells[i].character);
	}
	canvas_free(canvas);
	stepper_free(stepper);
	history_free(history);
}
END_TEST

/* Wide characters take two columns, and long texts end with an ellipsis. */
START_TEST(a_canvas_keeps_to_its_columns)
{
	struct canvas *canvas = canvas_new(10, 3);

	ck_assert_uint_eq(canvas_write(canvas, 0, 0, 10, 0, 0, "abc"), 3);
	ck_assert_uint_eq(canvas_write(canvas, 1, 0, 5, 0, 0, "日本語"), 5);
	ck_assert_uint_eq(canvas_write(canvas, 2, 8, 10, 0, 0, "abc"), 2);
	ck_assert_uint_eq(canvas_write(canvas, 3, 0, 10, 0, 0, "abc"), 0);
	ck_assert_uint_eq(canvas_write(canvas, 0, 10, 10, 0, 0, "abc"), 0);
	g_autofree char *wide = canvas_row(canvas, 1), *cut = canvas_row(canvas, 2);

	ck_assert_str_eq(wide, "日本…");
	ck_assert_str_eq(cut, "        a…");
	ck_assert_uint_eq(
	    canvas_paragraph(canvas, 0, 0, 10, 3, "one two three four five six", NULL), 3);
	g_autofree char *first = canvas_row(canvas, 0), *last = canvas_row(canvas, 2);

	ck_assert_str_eq(first, "one two");
	ck_assert_str_eq(last, "four five…");
	canvas_free(canvas);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stepper");
	TCase *run = tcase_create("office"), *other = tcase_create("others");

	tcase_set_timeout(run, 60);
	tcase_add_unchecked_fixture(run, record_all, forget_all);
	tcase_add_checked_fixture(run, begin, end);
	tcase_add_test(run, the_screen_shows_a_router_at_work);
	tcase_add_loop_test(run, keys_lead_to_what_they_name, 0, (int)G_N_ELEMENTS(ways));
	tcase_add_test(run, two_pinned_frames_are_compared_field_by_field);
	tcase_add_test(run, why_goes_back_to_the_user);
	tcase_add_test(run, predictions_are_counted);
	tcase_add_test(run, it_runs_by_itself_until_a_key_a_condition_or_the_end);
	tcase_add_test(run, what_is_lost_and_sent_again_is_marked);
	tcase_add_test(run, any_size_is_drawn);
	tcase_add_loop_test(run, any_keys_are_harmless, 0, 2);
	tcase_add_test(run, q_quits_where_it_is_no_letter_of_a_text);
	suite_add_tcase(suite, run);
	tcase_set_timeout(other, 60);
	tcase_add_test(other, tls_is_put_on_and_taken_off_as_a_layer);
	tcase_add_test(other, an_empty_trace_and_one_event_are_shown);
	tcase_add_test(other, nothing_but_printable_characters_gets_on_the_screen);
	tcase_add_test(other, a_canvas_keeps_to_its_columns);
	suite_add_tcase(suite, other);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
