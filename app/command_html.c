/* mailwire html: a run as a page that opens in a browser, from disk. */
#include "app/command.h"
#include "app/history_record.h"
#include "app/page_make.h"

/* What the user wrote; NULL: not given. */
struct html_options {
	char *path, *seed_text, *until_text, *receive;
	char **settings;
	uint64_t seed;
	int64_t until_ns;
};

static void html_options_clear(struct html_options *options)
{
	g_free(options->path);
	g_free(options->seed_text);
	g_free(options->until_text);
	g_free(options->receive);
	g_strfreev(options->settings);
}

static bool html_options_check(struct html_options *options)
{
	if (options->path == NULL) {
		command_complain("say where the page goes: -o page.html, or -o - for standard "
				 "output");
		return false;
	}
	options->until_ns = TIME_NEVER;
	return command_parse_number("--seed", "seeds are whole numbers from 0", options->seed_text,
				    0, UINT64_MAX, &options->seed) &&
	       (options->until_text == NULL ||
		command_parse_time("--until", options->until_text, &options->until_ns));
}

static int write_page(struct output *output, const struct scenario *scenario, const char *file,
		      const struct html_options *options)
{
	struct history *history =
	    history_record(scenario, (struct history_options) { .seed = options->seed,
								.until_ns = options->until_ns });
	GError *error = NULL;

	page_make(output, history,
		  (struct page_options) {
		      .title = scenario->title,
		      .file = file,
		      .seed = options->seed,
		  });
	history_free(history);
	if (output_close(output, &error))
		return EXIT_OK;
	command_complain("%s", error->message);
	g_error_free(error);
	return EXIT_OUTPUT;
}

static int make_page(const char *file, struct html_options *options)
{
	struct scenario *scenario = command_load_changed(file, options->receive, options->settings);
	struct output *output;
	GError *error = NULL;
	int status;

	if (scenario == NULL)
		return EXIT_USAGE;
	if (options->seed_text == NULL)
		options->seed = scenario->seed;
	output = output_open(options->path, &error);
	if (output == NULL) {
		command_complain("%s", error->message);
		g_error_free(error);
		status = EXIT_OUTPUT;
	} else {
		status = write_page(output, scenario, file, options);
	}
	scenario_free(scenario);
	return status;
}

int command_html(const struct command *command, int argc, char **argv)
{
	struct html_options options = { 0 };
	const GOptionEntry entries[] = {
		{"output",       'o', 0, G_OPTION_ARG_FILENAME, &options.path,
                 "Write the page to PATH; - is standard output", "PATH" },
		{ "seed",             0, 0, G_OPTION_ARG_STRING, &options.seed_text,
                 "Use another seed than the scenario's", "N" },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &options.until_text, "Stop at this time",
                 "TIME" },
		{ "receive",        0, 0, G_OPTION_ARG_STRING, &options.receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ "set",        0, 0, G_OPTION_ARG_STRING_ARRAY, &options.settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ 0            }
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0 && !html_options_check(&options))
		status = EXIT_USAGE;
	if (status < 0)
		status = make_page(file, &options);
	html_options_clear(&options);
	return status;
}
