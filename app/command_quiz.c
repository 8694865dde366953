/* mailwire quiz: runs a scenario and draws questions from it. */
#include <stdio.h>
#include <string.h>
#include "app/command.h"
#include "app/history_record.h"
#include "views/quiz.h"

#define COUNT_DEFAULT 10
#define COUNT_MAX     500

struct quizzing {
	char *count_text, *format, *seed_text, *receive;
	char **settings;
	uint64_t count, seed;
};

static GString *write_quiz(const char *format, const GPtrArray *questions, const char *title)
{
	if (g_strcmp0(format, "gift") == 0)
		return quiz_gift(questions, title);
	if (g_strcmp0(format, "json") == 0)
		return quiz_json(questions, title);
	return quiz_text(questions, title);
}

static int draw(const struct quizzing *quizzing, const char *file)
{
	struct scenario *scenario =
	    command_load_changed(file, quizzing->receive, quizzing->settings);
	struct history *history;
	GPtrArray *questions;
	GString *text;

	if (scenario == NULL)
		return EXIT_USAGE;
	history = history_record(scenario, history_options_of(scenario));
	questions =
	    quiz_new(history, &(struct quiz_options) { (unsigned)quizzing->count, quizzing->seed });
	text = write_quiz(quizzing->format, questions,
			  scenario->title == NULL ? file : scenario->title);
	fwrite(text->str, 1, text->len, stdout);
	if (questions->len > 0 && questions->len < quizzing->count)
		command_complain("the run has matter for %u questions only", questions->len);
	g_string_free(text, TRUE);
	g_ptr_array_unref(questions);
	history_free(history);
	scenario_free(scenario);
	return command_flush();
}

static bool check_options(struct quizzing *quizzing)
{
	static const char *const formats[] = { "text", "gift", "json", NULL };

	if (quizzing->format != NULL && !command_parse_format(quizzing->format, formats))
		return false;
	return command_parse_number("--count", "there are from 1 to 500 questions",
				    quizzing->count_text, 1, COUNT_MAX, &quizzing->count) &&
	       command_parse_number("--seed", "seeds are whole numbers", quizzing->seed_text, 0,
				    UINT64_MAX, &quizzing->seed);
}

int command_quiz(const struct command *command, int argc, char **argv)
{
	struct quizzing quizzing = { .count = COUNT_DEFAULT, .seed = 1 };
	const GOptionEntry entries[] = {
		{"count",               0, 0, G_OPTION_ARG_STRING, &quizzing.count_text,
                 "How many questions; 10 unless said otherwise", "N" },
		{ "format",                    0, 0, G_OPTION_ARG_STRING, &quizzing.format,
                 "As text (default), as GIFT for Moodle's import, or as JSON", "text|gift|json" },
		{ "seed", 0, 0, G_OPTION_ARG_STRING, &quizzing.seed_text,
                 "Another number draws other questions of the same run", "N" },
		{ "receive",                  0, 0, G_OPTION_ARG_STRING, &quizzing.receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ "set",             0, 0, G_OPTION_ARG_STRING_ARRAY, &quizzing.settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ 0                   }
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0)
		status = check_options(&quizzing) ? draw(&quizzing, file) : EXIT_USAGE;
	g_free(quizzing.count_text);
	g_free(quizzing.format);
	g_free(quizzing.seed_text);
	g_free(quizzing.receive);
	g_strfreev(quizzing.settings);
	return status;
}
