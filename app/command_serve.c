/* mailwire serve: scenarios to edit and run in a browser. */
#include <stdio.h>
#include <string.h>
#include "app/command.h"
#include "app/serve.h"

/* What the user wrote; NULL: not given. */
struct texts {
	char *port, *address, *seconds, *memory, *records, *speed;
	char **names, **attach;
	gboolean is_live;
	char *worker, *place; /* in a child */
};

static void texts_clear(struct texts *texts)
{
	g_free(texts->port);
	g_free(texts->address);
	g_free(texts->seconds);
	g_free(texts->memory);
	g_free(texts->records);
	g_free(texts->speed);
	g_free(texts->worker);
	g_free(texts->place);
	g_strfreev(texts->names);
	g_strfreev(texts->attach);
}

#define SECONDS_MAX   3600
#define MEMORY_MB_MAX 1000000

static bool parse_limits(const struct texts *texts, struct serve_limits *limits)
{
	uint64_t memory_mb = 1500;

	*limits = (struct serve_limits) { .records = 500000, .seconds = 20 };
	if (!command_parse_number("--seconds", "runs may take from 1 to 3600 seconds",
				  texts->seconds, 1, SECONDS_MAX, &limits->seconds) ||
	    !command_parse_number("--memory", "it is in MB, from 100; 0 is no limit", texts->memory,
				  0, MEMORY_MB_MAX, &memory_mb) ||
	    !command_parse_number("--records", "traces have at least one", texts->records, 1,
				  UINT64_MAX - 1, &limits->records))
		return false;
	limits->memory_bytes = memory_mb * 1000000;
#if defined __SANITIZE_ADDRESS__
	limits->memory_bytes = 0; /* AddressSanitizer reserves terabytes of addresses */
#endif
	return true;
}

/* ---- In a child ---- */

static int work(const struct texts *texts, const char *file)
{
	struct serve_work work = { .work = texts->worker, .file = file };

	if (!parse_limits(texts, &work.limits))
		return EXIT_USAGE;
	if (texts->place != NULL && sscanf(texts->place, "%u:%u", &work.line, &work.column) != 2)
		return EXIT_USAGE;
	return serve_worker(&work);
}

/* ---- The server ---- */

#ifdef HAVE_SOUP
/* Each must be there; what is in it may be wrong, for that is what the editor is for. */
static bool find_files(char **names, struct serve_file *files, unsigned *count)
{
	for (*count = 0; names[*count] != NULL; (*count)++) {
		struct diagnostics *diagnostics = diagnostics_new();
		char *path = scenario_find(names[*count], diagnostics);
		g_autofree char *text = diagnostics_print(diagnostics);

		diagnostics_free(diagnostics);
		if (path == NULL) {
			fputs(text, stderr);
			return false;
		}
		files[*count].path = g_canonicalize_filename(path, NULL);
		files[*count].name = g_strdup(names[*count]);
		g_free(path);
	}
	return true;
}

static bool parse(const struct texts *texts, struct serve_options *options)
{
	uint64_t port = SERVE_PORT;
	char *end = NULL;

	if (!command_parse_number("--port", "ports are from 0 (a free one) to 65535", texts->port,
				  0, 65535, &port) ||
	    !parse_limits(texts, &options->limits))
		return false;
	options->port = (unsigned)port;
	options->address = texts->address;
	options->names = (const char *const *)texts->names;
	options->attach = (const char *const *)texts->attach;
	options->is_live = texts->is_live || texts->attach != NULL;
	options->speed = texts->speed == NULL ? 1 : g_ascii_strtod(texts->speed, &end);
	if (!(options->speed > 0) || options->speed > 1000 || (end != NULL && *end != '\0')) {
		command_complain("--speed: must be more than 0 and at most 1000");
		return false;
	}
	return true;
}

static int start(const struct texts *texts, char **names)
{
	unsigned count = g_strv_length(names);
	struct serve_file *files = g_new0(struct serve_file, count + 1);
	struct serve_options options = { .files = files };
	int status = EXIT_USAGE;

	if (find_files(names, files, &options.file_count) && parse(texts, &options))
		status = serve(&options);
	for (unsigned i = 0; i < count; i++) {
		g_free(files[i].path);
		g_free(files[i].name);
	}
	g_free(files);
	return status;
}
#else
static int start(const struct texts *texts, char **names)
{
	(void)texts;
	(void)names;
	command_complain(
	    "serve needs libsoup, which this mailwire was built without; on Debian and "
	    "Ubuntu: apt-get install libsoup-3.0-dev, then make again");
	return EXIT_USAGE;
}
#endif

int command_serve(const struct command *command, int argc, char **argv)
{
	struct texts texts = { 0 };
	const GOptionEntry entries[] = {
		{"port",          'p', 0, G_OPTION_ARG_STRING, &texts.port,
                 "Listen on this port (default 8625); 0 is a free one", "N" },
		{ "listen",              0, 0, G_OPTION_ARG_STRING, &texts.address,
                 "Listen on this address instead of loopback alone", "ADDRESS" },
		{ "name",    0, 0, G_OPTION_ARG_STRING_ARRAY, &texts.names,
                 "Answer by this name too, which others call this machine by; may be repeated", "NAME" },
		{ "live",            0, 0, G_OPTION_ARG_NONE, &texts.is_live,
                 "Scenarios may be run in real time, too", NULL },
		{ "speed",       0, 0, G_OPTION_ARG_STRING, &texts.speed,
                 "There: virtual seconds per real second (default 1)", "N" },
		{ "attach",              0, 0, G_OPTION_ARG_STRING_ARRAY, &texts.attach,
                 "There: plug in the interface IFACE, as mailwire live does; may be repeated", "IFACE=NETWORK" },
		{ "seconds", 0, 0, G_OPTION_ARG_STRING, &texts.seconds,
                 "A run may take so many seconds (default 20)", "N" },
		{ "memory",      0, 0, G_OPTION_ARG_STRING, &texts.memory,
                 "A run may use so many MB of memory (default 1500)", "N" },
		{ "records",         0, 0, G_OPTION_ARG_STRING, &texts.records,
                 "A run is cut off behind so many records of its trace (default 500000)", "N" },
		{ "worker",              0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &texts.worker, "", "" },
		{ "place",   0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &texts.place, "", "" },
		{ 0        }
	};
	char **files;
	int status = command_parse_many(command, argc, argv, entries, 1, &files);

	if (status < 0)
		status = texts.worker != NULL ? work(&texts, files[0]) : start(&texts, files);
	g_strfreev(files);
	texts_clear(&texts);
	return status;
}
