/* mailwire step: one step after the other, by keys on a terminal, by lines from anywhere else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/command.h"
#include "app/history_record.h"
#include "app/stepper.h"
#include "app/steps.h"

static const char keys_help[] =
    "Enter: next step; or one of these and Enter: b back, n next host (N: back), m next mail "
    "command\n"
    "(M: back), a number: that step, /text: next step that says it, ? help, q quit\n";

static const struct {
	const char *line;
	enum step_way way;
} ways[] = {
	{"",   STEP_NEXT     },
        { "b", STEP_BACK     },
        { "n", STEP_NEXT_HOST},
	{ "N", STEP_LAST_HOST},
        { "m", STEP_NEXT_UNIT},
        { "M", STEP_LAST_UNIT},
};

static void show(const struct steps *steps, guint index)
{
	printf("step %u of %u\n%s\n\n", index + 1, steps_count(steps),
	       steps_at(steps, index)->text);
}

/* Goes where `line` says; complains, on standard output as all of it, where there is nothing. */
static void obey(const struct steps *steps, const char *line, guint *index)
{
	bool is_search = line[0] == '/', is_number = g_ascii_isdigit(line[0]);
	bool is_known = is_search || is_number, is_found = false;
	const char *nowhere = "no step says that";

	if (is_search)
		is_found = steps_search(steps, line + 1, index);
	if (is_number)
		is_found = steps_parse(steps, line, index);
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (strcmp(line, ways[i].line) != 0)
			continue;
		is_known = true;
		is_found = steps_follow(steps, ways[i].way, index);
		nowhere = steps_nowhere(ways[i].way);
	}
	if (!is_known)
		fputs(keys_help, stdout);
	else if (is_found)
		show(steps, *index);
	else if (is_number)
		printf("there is no step %s: they go from 1 to %u\n", line, steps_count(steps));
	else
		puts(nowhere);
	fflush(stdout);
}

static void obey_lines(const struct steps *steps)
{
	char *line = NULL;
	size_t size = 0;
	guint index = 0;

	fputs(keys_help, stdout);
	show(steps, index);
	fflush(stdout);
	while (getline(&line, &size, stdin) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strcmp(line, "q") == 0)
			break;
		obey(steps, line, &index);
	}
	free(line);
}

static void step_by_lines(const struct scenario *scenario)
{
	struct steps *steps =
	    steps_record(scenario, command_columns(STDOUT_FILENO), command_colours(STDOUT_FILENO));

	if (steps_count(steps) == 0)
		puts("nothing happens in this run");
	else
		obey_lines(steps);
	steps_free(steps);
}

/* On the whole screen of a terminal; false: there is none. */
static bool step_on_screen(const struct scenario *scenario)
{
	struct history *history;
	bool is_done;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	history = history_record(scenario, history_options_of(scenario));
	is_done = stepper_on_terminal(history, scenario->title, command_colours(STDOUT_FILENO));
	history_free(history);
	return is_done;
}

static int step(const char *file, const char *receive, char **settings, const char *seed,
		bool is_plain)
{
	struct scenario *scenario = command_load_changed(file, receive, settings);

	if (scenario == NULL)
		return EXIT_USAGE;
	if (!command_parse_number("--seed", "a seed is a whole number", seed, 0, UINT64_MAX,
				  &scenario->seed)) {
		scenario_free(scenario);
		return EXIT_USAGE;
	}
	if (is_plain || !step_on_screen(scenario))
		step_by_lines(scenario);
	scenario_free(scenario);
	return command_flush();
}

int command_step(const struct command *command, int argc, char **argv)
{
	gboolean is_plain = FALSE;
	char *receive = NULL, *seed = NULL, **settings = NULL;
	const GOptionEntry entries[] = {
		{"plain",    0, 0, G_OPTION_ARG_NONE, &is_plain,
                 "By lines of text, as from a pipe, also on a terminal", NULL },
		{ "receive",         0, 0, G_OPTION_ARG_STRING, &receive,
                 "All clients receive by NAME: pop3 or imap", "NAME" },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ "seed",      0, 0, G_OPTION_ARG_STRING, &seed, "Random numbers from this seed",
                 "NUMBER" },
		{ 0}
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0)
		status = step(file, receive, settings, seed, is_plain);
	g_free(receive);
	g_free(seed);
	g_strfreev(settings);
	return status;
}
