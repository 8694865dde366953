/* mailwire step: by single keys on a terminal, by lines from a pipe. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "tests/app/program.h"
#include "tests/app/typist.h"

static const char *const step_hello[] = { "step", "hello", NULL };

/* On a pipe. */

static char *answers_to(const char *lines)
{
	struct outcome *outcome =
	    program_run_in(&(struct surroundings) { .input = lines }, step_hello);
	char *out;

	ck_assert_status(outcome, 0);
	ck_assert_msg(strchr(outcome->out, '\033') == NULL, "escape sequences in a pipe");
	out = g_strdup(outcome->out);
	outcome_free(outcome);
	return out;
}

/* Numbers of the steps shown, one after the other: "1 2 1 ". */
static char *steps_shown(const char *out)
{
	GString *numbers = g_string_new(NULL);
	unsigned number;

	for (const char *at = out; at != NULL; at = strstr(at + 1, "\nstep "))
		if (sscanf(at, "\nstep %u of", &number) == 1)
			g_string_append_printf(numbers, "%u ", number);
	return g_string_free(numbers, FALSE);
}

static const struct {
	const char *lines, *shown;
} ways[] = {
	{"",		       "1 "        },
	{ "\n\n\nb\n",             "1 2 3 4 3 "},
	{ "b\n",		   "1 "        },
	{ "7\n0\n100000\n8x\n9\n", "1 7 9 "    },
	{ "\n\nq\n\n\n",           "1 2 3 "    },
	{ "nonsense\n\n",          "1 2 "      },
	{ "/no such words\n\n",    "1 2 "      },
};

START_TEST(lines_lead_to_the_steps_they_name)
{
	g_autofree char *out = answers_to(ways[_i].lines), *shown = steps_shown(out);

	ck_assert_str_eq(shown, ways[_i].shown);
}
END_TEST

START_TEST(a_search_finds_what_is_said_whatever_its_case)
{
	g_autofree char *out = answers_to("/RCPT to:\n/rcpt TO:\nm\nM\n");
	const char *first = strstr(out, "RCPT TO:<"), *second;

	ck_assert_ptr_nonnull(first);
	second = strstr(strstr(first, "\nstep "), "RCPT TO:<");
	ck_assert_ptr_nonnull(second);
	g_autofree char *shown = steps_shown(out);
	unsigned steps[5];

	ck_assert_int_eq(
	    sscanf(shown, "%u %u %u %u %u", &steps[0], &steps[1], &steps[2], &steps[3], &steps[4]),
	    5);
	ck_assert_uint_lt(steps[1], steps[2]);
	ck_assert_uint_lt(steps[2], steps[3]);
	ck_assert_uint_lt(steps[4], steps[3]);
}
END_TEST

START_TEST(the_next_host_is_another_one_and_the_next_mail_command_is_sent)
{
	g_autofree char *out = answers_to("3\nn\nm\n");
	const char *third = strstr(out, "\nstep 3 of"), *other, *command;
	char host[2][64];

	ck_assert_ptr_nonnull(third);
	other = strstr(third + 1, "\nstep ");
	ck_assert_ptr_nonnull(other);
	ck_assert_int_eq(sscanf(third, "\nstep %*u of %*u\n %*u.%*u %*u s %63[^: ]", host[0]), 1);
	ck_assert_int_eq(sscanf(other, "\nstep %*u of %*u\n %*u.%*u %*u s %63[^: ]", host[1]), 1);
	ck_assert_str_ne(host[0], host[1]);
	command = strstr(other + 1, "\nstep ");
	ck_assert_ptr_nonnull(command);
	ck_assert_ptr_nonnull(strstr(command, "\n  send        SMTP            220 "));
}
END_TEST

START_TEST(where_nothing_is_it_says_so)
{
	g_autofree char *out = answers_to("99999\nb\nM\n/no such words\n");

	ck_assert_ptr_nonnull(strstr(out, "there is no step 99999: they go from 1 to "));
	ck_assert_ptr_nonnull(strstr(out, "this is the first step\n"));
	ck_assert_ptr_nonnull(strstr(out, "no mail command or reply comes before\n"));
	ck_assert_ptr_nonnull(strstr(out, "no step says that\n"));
}
END_TEST

/* On a terminal: that keys get to the stepper and its screen to the terminal. The rest is test_stepper.c. */

static struct typist typist;

/* Behind the keys ^L, for all of the screen: else ncurses writes what has changed, letter by letter. */
static void type(const char *keys)
{
	g_autofree char *all = g_strconcat(keys, "\f", NULL);

	typist_type(&typist, all);
}

static void sit_down(void)
{
	typist_start(&typist, "xterm", step_hello);
	typist_expect(&typist, "step 1/");
	typist_expect(&typist, "? help");
	ck_assert_msg(!typist_has_terminal_back(&typist), "keys wait for Enter");
}

static void stand_up(void)
{
	typist_clear(&typist);
}

START_TEST(a_key_alone_leads_on)
{
	static const struct {
		const char *key, *says;
	} keys[] = {
		{" ",             "step 2/"              },
		{ "\033OC",       "step 3/"              },
		{ "\033OD",       "step 2/"              },
		{ "\177",         "step 1/"              },
		{ "\033OD",       "first step"           },
		{ "12\r",         "step 12/"             },
		{ "12",           "step: "               },
		{ "\033",         "? help"               },
		{ "\033OH",       "step 1/"              },
		{ "/rcpt to\r",   "RCPT TO:<"            },
		{ "\033[1;2C",    "before"               },
		{ "w",            "because of"           },
		{ "x",            "? help"               },
		{ "?",            "leads back"           },
		{ "x",            "RCPT TO:<"            },
		{ "\033OF\033OC", "last step"            },
		{ "\303\244",     "that key does nothing"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		type(keys[i].key);
		typist_expect(&typist, keys[i].says);
		while (typist_look(&typist, 20))
			;
	}
	typist_type(&typist, "q");
	int status = typist_wait(&typist);

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert(typist_has_terminal_back(&typist));
	typist_expect(&typist, "\033[?1049l");
}
END_TEST

START_TEST(it_runs_by_itself)
{
	const char *step;
	unsigned number;

	typist_type(&typist, ">>>>r");
	for (int i = 0; i < 40; i++) /* 100 steps each second, on a machine with time for it */
		typist_look(&typist, 50);
	type(" ");
	typist_expect(&typist, "? help");
	step = strstr(typist.screen->str, "step ");
	ck_assert(step != NULL && sscanf(step, "step %u/", &number) == 1);
	ck_assert_uint_gt(number, 2);
	typist_type(&typist, "q");
	ck_assert_int_eq(typist_wait(&typist), 0);
}
END_TEST

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

START_TEST(a_signal_ends_it_and_the_terminal_is_as_before)
{
	if (endings[_i] == SIGINT)
		typist_type(&typist, "\003");
	else
		kill(typist.program, endings[_i]);
	int status = typist_wait(&typist);

	ck_assert_msg(WIFSIGNALED(status), "status 0x%x", (unsigned)status);
	ck_assert_int_eq(WTERMSIG(status), endings[_i]);
	ck_assert(typist_has_terminal_back(&typist));
	typist_expect(&typist, "\033[?1049l");
}
END_TEST

START_TEST(while_it_is_suspended_the_terminal_is_as_before)
{
	int status;

	type(" ");
	typist_expect(&typist, "step 2/");
	for (int i = 0; i < 2; i++) {
		typist_type(&typist, "\032");
		status = typist_wait(&typist);
		ck_assert(WIFSTOPPED(status));
		ck_assert(typist_has_terminal_back(&typist));
		g_string_truncate(typist.screen, 0);
		kill(typist.program, SIGCONT);
		typist_expect(&typist, "step 2/");
		ck_assert(!typist_has_terminal_back(&typist));
	}
	typist_type(&typist, "q");
	status = typist_wait(&typist);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(another_size_is_another_screen)
{
	static const unsigned sizes[][2] = {
		{130, 40},
                { 30, 10},
                { 8,  4 },
                { 80, 24}
	};

	type("10\r");
	typist_expect(&typist, "step 10/");
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_string_truncate(typist.screen, 0);
		typist_resize(&typist, sizes[i][0], sizes[i][1]);
		typist_expect(&typist, sizes[i][0] < 20 ? "\033[" : "step 10/");
	}
	typist_type(&typist, "q");
	ck_assert_int_eq(typist_wait(&typist), 0);
}
END_TEST

/* Lines also where there is a terminal: as asked for, and where it cannot show a screen. */
START_TEST(a_dumb_terminal_gets_lines)
{
	typist_start(&typist, "dumb", step_hello);
	typist_expect(&typist, "step 1 of ");
	ck_assert(typist_has_terminal_back(&typist));
	typist_type(&typist, "\n");
	typist_expect(&typist, "step 2 of ");
	typist_type(&typist, "q\n");
	ck_assert_int_eq(typist_wait(&typist), 0);
	typist_clear(&typist);
}
END_TEST

START_TEST(plain_steps_are_lines_on_any_terminal)
{
	static const char *const plain[] = { "step", "--plain", "hello", NULL };

	typist_start(&typist, "xterm", plain);
	typist_expect(&typist, "step 1 of ");
	ck_assert(typist_has_terminal_back(&typist));
	typist_type(&typist, "q\n");
	ck_assert_int_eq(typist_wait(&typist), 0);
	typist_clear(&typist);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step");
	TCase *lines = tcase_create("lines"), *keys = tcase_create("keys");

	tcase_set_timeout(lines, 60);
	tcase_add_loop_test(lines, lines_lead_to_the_steps_they_name, 0, (int)G_N_ELEMENTS(ways));
	tcase_add_test(lines, a_search_finds_what_is_said_whatever_its_case);
	tcase_add_test(lines, the_next_host_is_another_one_and_the_next_mail_command_is_sent);
	tcase_add_test(lines, where_nothing_is_it_says_so);
	tcase_add_test(lines, a_dumb_terminal_gets_lines);
	tcase_add_test(lines, plain_steps_are_lines_on_any_terminal);
	suite_add_tcase(suite, lines);
	tcase_set_timeout(keys, 60);
	tcase_add_checked_fixture(keys, sit_down, stand_up);
	tcase_add_test(keys, a_key_alone_leads_on);
	tcase_add_test(keys, it_runs_by_itself);
	tcase_add_loop_test(keys, a_signal_ends_it_and_the_terminal_is_as_before, 0,
			    (int)G_N_ELEMENTS(endings));
	tcase_add_test(keys, while_it_is_suspended_the_terminal_is_as_before);
	tcase_add_test(keys, another_size_is_another_screen);
	suite_add_tcase(suite, keys);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
