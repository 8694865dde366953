/* mailwire compare: runs scenarios one after the other, and prints what came of each side by side. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/simulation.h"
#include "views/compare.h"

#define RUNS_MAX 64

struct comparing {
	char *receive, *format;
	char **settings;  /* of --set; NULL: none */
	char **variants;  /* of --variant; NULL: none */
	gint64 seed;      /* -1: the scenario's own */
	char **protocols; /* of --receive; NULL: as written */
	struct compare_result *results[RUNS_MAX];
	unsigned file_count, count; /* count: of results */
};

/* What taking the world down records is no part of the run. */
struct watch {
	struct trace_sink sink;
	struct compare *compare;
	bool is_over;
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct watch *watch = owner;

	if (!watch->is_over)
		compare_feed(watch->compare, record, bytes);
}

/* How one scenario is run: by which protocol its clients receive, and what is set. */
struct way {
	const char *receive; /* NULL: as written */
	const char *variant; /* settings with ';' between them; NULL: none */
};

/* "security=none", of "clients/alice/security=none". */
static void append_setting(GString *title, const char *setting)
{
	const char *equals = strchrnul(setting, '='), *from = equals;

	while (from > setting && from[-1] != '/' && from[-1] != ' ')
		from--;
	g_string_append_printf(title, "%s%s", title->len > 0 ? " " : "", from);
}

/* "two-devices", "two-devices pop3"; variants of one file alone are known by what they set. */
static char *title_of(const struct comparing *comparing, const char *file, const struct way *way)
{
	bool is_alone = comparing->file_count == 1 && way->receive == NULL && way->variant != NULL;
	g_autofree char *base = g_path_get_basename(file);
	g_auto(GStrv) settings = g_strsplit(way->variant == NULL ? "" : way->variant, ";", -1);
	GString *title = g_string_new(is_alone ? NULL : base);

	if (!is_alone && g_str_has_suffix(base, ".yaml"))
		g_string_truncate(title, title->len - strlen(".yaml"));
	if (way->receive != NULL)
		g_string_append_printf(title, " %s", way->receive);
	for (char **setting = settings; *setting != NULL; setting++)
		append_setting(title, g_strstrip(*setting));
	return g_string_free(title, FALSE);
}

/* The settings of --set, and behind them those of the variant. NULL: none. */
static char **settings_of(const struct comparing *comparing, const char *variant)
{
	g_auto(GStrv) own = g_strsplit(variant == NULL ? "" : variant, ";", -1);
	GStrvBuilder *all = g_strv_builder_new();
	char **settings;

	if (comparing->settings != NULL)
		g_strv_builder_addv(all, (const char **)comparing->settings);
	for (char **setting = own; *setting != NULL; setting++)
		g_strv_builder_add(all, g_strstrip(*setting));
	settings = g_strv_builder_end(all);
	g_strv_builder_unref(all);
	if (settings[0] == NULL)
		g_clear_pointer(&settings, g_strfreev);
	return settings;
}

/* Runs one scenario and keeps its result. EXIT_OK, or the status to end with after complaining. */
static int run_one(struct comparing *comparing, const char *file, const struct way *way)
{
	g_auto(GStrv) settings = settings_of(comparing, way->variant);
	struct scenario *scenario = command_load_changed(file, way->receive, settings);
	struct watch watch = {
		.sink = {.kinds = TRACE_ALL, .record = observe}
	};
	struct trace_sink *sinks[] = { &watch.sink };
	struct simulation *simulation;
	enum engine_outcome outcome;
	char *title;

	if (scenario == NULL)
		return EXIT_USAGE;
	title = title_of(comparing, file, way);
	watch.compare = compare_new(title, all_dissectors);
	watch.sink.owner = &watch;
	simulation = simulation_new(
	    scenario, &(struct simulation_options) {
			  .seed = comparing->seed >= 0 ? (uint64_t)comparing->seed : scenario->seed,
			  .sinks = sinks,
			  .sink_count = 1,
		      });
	outcome = simulation_run(simulation, TIME_NEVER);
	watch.is_over = true;
	simulation_free(simulation);
	scenario_free(scenario);
	comparing->results[comparing->count++] = compare_finish(watch.compare);
	if (outcome == ENGINE_LIVELOCK)
		command_complain("%s does not advance any more: a program goes round in circles; "
				 "please report this scenario",
				 title);
	g_free(title);
	return outcome == ENGINE_LIVELOCK ? EXIT_OUTPUT : EXIT_OK;
}

static int run_variants(struct comparing *comparing, const char *file, const char *receive)
{
	struct way way = { .receive = receive };
	int status = EXIT_OK;

	if (comparing->variants == NULL)
		return run_one(comparing, file, &way);
	for (char **variant = comparing->variants; *variant != NULL && status == EXIT_OK;
	     variant++) {
		way.variant = *variant;
		status = run_one(comparing, file, &way);
	}
	return status;
}

static int run_file(struct comparing *comparing, const char *file)
{
	int status = EXIT_OK;

	if (comparing->protocols == NULL)
		return run_variants(comparing, file, NULL);
	for (char **protocol = comparing->protocols; *protocol != NULL && status == EXIT_OK;
	     protocol++)
		status = run_variants(comparing, file, *protocol);
	return status;
}

static unsigned count_or_one(char **strings)
{
	return strings == NULL ? 1 : g_strv_length(strings);
}

static bool parse_protocols(struct comparing *comparing)
{
	unsigned seen = 0;

	if (comparing->receive == NULL)
		return true;
	comparing->protocols = g_strsplit(comparing->receive, ",", -1);
	if (comparing->protocols[0] == NULL) {
		command_complain("--receive: say by which protocol, such as pop3,imap");
		return false;
	}
	for (char **protocol = comparing->protocols; *protocol != NULL; protocol++) {
		enum scenario_protocol which;

		if (!command_parse_receive(g_strstrip(*protocol), &which))
			return false;
		if (seen & 1u << which) {
			command_complain("--receive: %s is named twice; the runs would be the same",
					 *protocol);
			return false;
		}
		seen |= 1u << which;
	}
	return true;
}

static bool check_options(struct comparing *comparing, char **files)
{
	static const char *const formats[] = { "text", "json", "csv", NULL };
	unsigned runs;

	comparing->file_count = g_strv_length(files);
	if (comparing->format != NULL && !command_parse_format(comparing->format, formats))
		return false;
	if (!parse_protocols(comparing))
		return false;
	runs = comparing->file_count * count_or_one(comparing->protocols) *
	       count_or_one(comparing->variants);
	if (runs > RUNS_MAX) {
		command_complain("%u runs are too many to compare; at most %d", runs, RUNS_MAX);
		return false;
	}
	return true;
}

static int print(struct comparing *comparing)
{
	struct comparison comparison = { comparing->results, comparing->count };

	compare_judge(&comparison);
	if (g_strcmp0(comparing->format, "json") == 0)
		compare_print_json(&comparison, stdout);
	else if (g_strcmp0(comparing->format, "csv") == 0)
		compare_print_csv(&comparison, stdout);
	else
		compare_print(&comparison, stdout, command_colours(STDOUT_FILENO));
	return command_flush();
}

int command_compare(const struct command *command, int argc, char **argv)
{
	struct comparing comparing = { .seed = -1 };
	const GOptionEntry entries[] = {
		{"receive",           0, 0, G_OPTION_ARG_STRING, &comparing.receive,
                 "Run each scenario once for each of these protocols, by which all its clients "
		  "then "
		  "receive: pop3, imap", "NAMES" },
		{ "format",                  0, 0, G_OPTION_ARG_STRING, &comparing.format,
                 "A table (text, default), or json or csv: see docs/COMPARE.md", "text|json|csv" },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &comparing.settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ "variant",            0, 0, G_OPTION_ARG_STRING_ARRAY, &comparing.variants,
                 "Run each scenario once with each of these set, as by --set; several settings in "
		  "one, "
		  "with ';' between them", "PATH=VALUE" },
		{ "seed",           0, 0, G_OPTION_ARG_INT64, &comparing.seed,
                 "Use another seed than the scenarios'", "N" },
		{ 0                 }
	};
	char **files = NULL;
	int status = command_parse_many(command, argc, argv, entries, 1, &files);

	if (status < 0)
		status = check_options(&comparing, files) ? EXIT_OK : EXIT_USAGE;
	else
		g_clear_pointer(&files, g_strfreev);
	for (char **file = files; file != NULL && *file != NULL && status == EXIT_OK; file++)
		status = run_file(&comparing, *file);
	if (files != NULL && status == EXIT_OK)
		status = print(&comparing);
	for (unsigned i = 0; i < comparing.count; i++)
		compare_result_free(comparing.results[i]);
	g_strfreev(files);
	g_strfreev(comparing.protocols);
	g_strfreev(comparing.settings);
	g_strfreev(comparing.variants);
	g_free(comparing.receive);
	g_free(comparing.format);
	return status;
}
