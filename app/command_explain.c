/* The subcommand that explains captures: mailwire explain. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "sim/plural.h"
#include "views/explain.h"

struct request {
	const char *path;
	char *filter, *format, *packet_text, *columns_text, *key_log;
	char *secrets;   /* what is in the file of --keylog; NULL: none */
	uint64_t packet; /* 0: not asked for */
};

static bool read_key_log(struct request *request, struct explain_options *options)
{
	GError *error = NULL;
	gsize length;

	if (request->key_log == NULL)
		return true;
	if (!g_file_get_contents(request->key_log, &request->secrets, &length, &error)) {
		command_complain("--keylog: %s", error->message);
		g_error_free(error);
		return false;
	}
	options->key_log = (struct bytes) { (const uint8_t *)request->secrets, length };
	return true;
}

/* What the options say; false after a complaint. */
static bool take_options(struct request *request, struct explain_options *options)
{
	uint64_t columns = command_columns(STDOUT_FILENO);
	GError *error = NULL;

	*options = (struct explain_options) {
		.out = stdout,
		.json = g_strcmp0(request->format, "json") == 0,
		.dissectors = all_dissectors,
	};
	if (!command_parse_number("--columns", "a line has 1 column at least",
				  request->columns_text, 1, UINT_MAX, &columns) ||
	    !command_parse_number("--packet", "frames count from 1", request->packet_text, 1,
				  UINT64_MAX, &options->packet))
		return false;
	request->packet = options->packet;
	if (options->packet > 0 && request->filter != NULL) {
		command_complain("--packet shows one packet by its number, --filter those that it "
				 "lets pass: give one of them");
		return false;
	}
	options->colour = !options->json && command_colours(STDOUT_FILENO);
	if (request->format != NULL && !options->json && strcmp(request->format, "text") != 0) {
		command_complain("--format: \"%s\" is neither text nor json", request->format);
		return false;
	}
	if (!options->json)
		options->columns = (unsigned)columns;
	if (!read_key_log(request, options))
		return false;
	if (request->filter == NULL)
		return true;
	options->filter = packet_filter_new(request->filter, &error);
	if (options->filter == NULL)
		command_complain("--filter: %s; pcap-filter(7) has the language", error->message);
	g_clear_error(&error);
	return options->filter != NULL;
}

/* The one line on what could not be read. */
static void complain_of_damage(const char *name, const struct capture_damage *damage,
			       uint64_t frames)
{
	GString *line = g_string_new(name);

	if (damage->places == 1)
		g_string_append_printf(line,
				       ": %" G_GUINT64_FORMAT
				       " byte%s passed over behind frame %" G_GUINT64_FORMAT ": %s",
				       damage->bytes, damage->bytes == 1 ? "" : "s",
				       damage->first_frame, damage->first);
	else if (damage->places > 1)
		g_string_append_printf(
		    line,
		    ": %" G_GUINT64_FORMAT " bytes passed over at %" G_GUINT64_FORMAT
		    " places, first behind frame %" G_GUINT64_FORMAT ": %s",
		    damage->bytes, damage->places, damage->first_frame, damage->first);
	if (damage->end != NULL)
		g_string_append_printf(line,
				       "%s %s, behind frame %" G_GUINT64_FORMAT
				       ": what follows could not be read",
				       damage->places > 0 ? "; then" : ":", damage->end, frames);
	command_complain("%s", line->str);
	g_string_free(line, TRUE);
}

/* Says how reading ended, and what the exit status is. */
static int conclude(const struct request *request, const struct capture_reader *reader,
		    const struct explain_result *result)
{
	const struct capture_damage *damage = capture_reader_damage(reader);
	const char *name = strcmp(request->path, "-") == 0 ? "standard input" : request->path;

	if (result->is_damaged && result->frames == 0) {
		const char *what = damage->end != NULL ? damage->end : damage->first;

		command_complain("%s: %s%s", name, what,
				 capture_reader_is_capture(reader) ? ", in front of the first frame"
								   : "");
		return EXIT_USAGE;
	}
	if (result->is_damaged) {
		complain_of_damage(name, damage, result->frames);
		return EXIT_DAMAGED;
	}
	if (request->packet > 0 && result->shown == 0) {
		command_complain("--packet: %s has %" G_GUINT64_FORMAT " frame%s", name,
				 result->frames, plural(result->frames));
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static void do_nothing(int number)
{
	(void)number;
}

/*
 * Control-C goes to all that stand in a pipe. Who captures at its other end hands over what is left and ends;
 * that is told still, and the sum. A second one ends this, too.
 */
static void outlive_the_writer(int descriptor)
{
	struct sigaction before,
	    once = { .sa_handler = do_nothing, .sa_flags = SA_RESTART | (int)SA_RESETHAND };
	struct stat status;

	if (fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode) &&
	    sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(SIGINT, &once, NULL);
}

static int run_explain(const struct request *request, const struct explain_options *options)
{
	bool is_standard_input = strcmp(request->path, "-") == 0;
	int descriptor =
	    is_standard_input ? STDIN_FILENO : open(request->path, O_RDONLY | O_CLOEXEC);
	struct capture_reader *reader;
	struct explain_result result;
	int status, output;

	if (descriptor < 0) {
		command_complain("%s: %s", request->path, g_strerror(errno));
		return EXIT_USAGE;
	}
	setvbuf(stdout, NULL, _IONBF, 0); /* it is written by whole pages */
	outlive_the_writer(descriptor);
	reader = capture_reader_open(descriptor);
	result = explain(reader, options);
	output = command_flush();
	status = output != EXIT_OK ? output : conclude(request, reader, &result);
	capture_reader_free(reader);
	if (!is_standard_input)
		close(descriptor);
	return status;
}

int command_explain(const struct command *command, int argc, char **argv)
{
	struct request request = { 0 };
	const GOptionEntry entries[] = {
		{"filter",         'f', 0, G_OPTION_ARG_STRING, &request.filter,
                 "Show only packets that pass this filter, as of tcpdump: 'tcp port 25'", "BPF" },
		{ "packet",               'p', 0, G_OPTION_ARG_STRING, &request.packet_text,
                 "Show every field of frame N alone", "N" },
		{ "format", 0, 0, G_OPTION_ARG_STRING, &request.format,
                 "text, or json: one object per packet", "FORMAT" },
		{ "keylog",           0, 0, G_OPTION_ARG_FILENAME, &request.key_log,
                 "Decrypt TLS by the secrets in this file too (NSS key log, SSLKEYLOGFILE)", "FILE" },
		{ "columns",        0, 0, G_OPTION_ARG_STRING, &request.columns_text,
                 "Break lines longer than N (default: the terminal's width)", "N" },
		{ 0              },
	};
	struct explain_options options;
	int status = command_parse(command, argc, argv, entries, 1, &request.path);

	if (status >= 0)
		return status;
	status = EXIT_USAGE;
	if (take_options(&request, &options))
		status = run_explain(&request, &options);
	packet_filter_free(options.filter);
	g_free(request.filter);
	g_free(request.format);
	g_free(request.packet_text);
	g_free(request.columns_text);
	g_free(request.key_log);
	g_free(request.secrets);
	return status;
}
