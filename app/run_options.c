#include "app/run_options.h"

#include <string.h>
#include "sim/time.h"
#include "views/packet_filter.h"
#include "views/names.h"

bool run_options_is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

/* Without a path of its own the log goes there too. */
static bool logs_to_stdout(const struct run_options *options)
{
	return options->log_path == NULL || run_options_is_stdout(options->log_path);
}

bool run_options_is_json(const struct run_options *options)
{
	return g_strcmp0(options->format, "json") == 0;
}

const char *run_options_instead(const struct run_options *options)
{
	return options->has_dialog ? "--dialog" : options->eavesdrop != NULL ? "--eavesdrop" : NULL;
}

static bool parse_layers(struct run_options *options)
{
	g_auto(GStrv) names = NULL;

	if (options->layer_names == NULL)
		return true;
	names = command_split_names("--layer", options->layer_names);
	for (char **name = names; name != NULL && *name != NULL; name++) {
		int layer = view_layer_find(*name);

		if (layer < 0) {
			g_autofree char *keys = view_layer_keys();

			command_complain("--layer: there is no layer \"%s\"; there are %s", *name,
					 keys);
			return false;
		}
		options->layers |= UINT64_C(1) << layer;
	}
	return names != NULL;
}

/* Text among the bytes of a capture or among JSON would spoil both. */
static bool check_stdout(const struct run_options *options)
{
	bool has_capture = run_options_is_stdout(options->pcap);
	bool has_json = run_options_is_json(options) && logs_to_stdout(options);
	const char *instead = logs_to_stdout(options) ? run_options_instead(options) : NULL;
	bool has_log = run_options_is_stdout(options->log_path);

	if (has_capture && (options->has_report || instead != NULL || has_log)) {
		command_complain(
		    "--pcap -: the capture takes standard output, where %s would go too",
		    options->has_report ? "--report"
		    : instead != NULL   ? instead
					: "--log -");
		return false;
	}
	if (run_options_is_json(options) && options->has_dialog) {
		command_complain("--format json: --dialog is text alone; leave one of them out");
		return false;
	}
	if (has_json && options->has_report) {
		command_complain(
		    "--format json: send the JSON elsewhere by --log PATH, for --report takes "
		    "standard output");
		return false;
	}
	return true;
}

/* What takes the log's place needs one. */
static bool check_quiet(const struct run_options *options)
{
	if (!options->is_quiet || !logs_to_stdout(options))
		return true;
	if (run_options_instead(options) == NULL && !run_options_is_json(options) &&
	    options->log_path == NULL)
		return true;
	command_complain("--quiet keeps the log off standard output, where %s would go; leave one "
			 "of them out, or say --log PATH",
			 run_options_instead(options) != NULL ? run_options_instead(options)
			 : run_options_is_json(options)       ? "--format json"
							      : "--log -");
	return false;
}

/* What selects from the log selects nothing where there is none. */
static bool check_selection(const struct run_options *options)
{
	const char *selection = options->layer_names != NULL  ? "--layer"
				: options->host_names != NULL ? "--host"
				: options->message_text != NULL && !options->has_report
				    ? "--message"
				    : NULL;

	if (selection != NULL && options->eavesdrop != NULL && !options->has_dialog) {
		command_complain("%s selects from the log, and --eavesdrop takes its place: leave "
				 "one of them out",
				 selection);
		return false;
	}
	if (!options->is_quiet || options->log_path != NULL || selection == NULL)
		return true;
	command_complain(
	    "%s selects from the log, and --quiet leaves the log out: leave one of them "
	    "out, or say --log PATH",
	    selection);
	return false;
}

/* The name under which the output of `path` appears; NULL: nowhere that another could spoil it. */
static char *file_name(const char *path)
{
	if (path == NULL || run_options_is_stdout(path) ||
	    (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)))
		return NULL;
	return g_canonicalize_filename(path, NULL);
}

/* No two outputs go to the same file; `record`: that of live sessions, NULL for none. */
static bool check_paths(const struct run_options *options, const char *record)
{
	const struct {
		const char *option, *path;
	} outputs[] = {
		{"--log",     options->log_path},
		{ "--pcap",   options->pcap    },
		{ "--keylog", options->keylog  },
		{ "--record", record           },
	};

	for (size_t i = 1; i < G_N_ELEMENTS(outputs); i++) {
		g_autofree char *name = file_name(outputs[i].path);

		for (size_t earlier = 0; name != NULL && earlier < i; earlier++) {
			g_autofree char *other = file_name(outputs[earlier].path);

			if (g_strcmp0(name, other) != 0)
				continue;
			command_complain(
			    "%s and %s both write to %s: give one of them another path",
			    outputs[earlier].option, outputs[i].option, name);
			return false;
		}
	}
	if (record == NULL || !run_options_is_stdout(record))
		return true;
	command_complain("--record -: a record needs a file of its own");
	return false;
}

static bool check_capture(const struct run_options *options)
{
	g_auto(GStrv) names = NULL;

	if (options->capture == NULL)
		return true;
	names = command_split_names("--capture", options->capture);
	return names != NULL;
}

static bool check_filter(const struct run_options *options)
{
	struct packet_filter *filter;
	GError *error = NULL;

	if (options->filter == NULL)
		return true;
	filter = packet_filter_new(options->filter, &error);
	if (filter == NULL) {
		command_complain("--filter: %s", error->message);
		g_error_free(error);
		return false;
	}
	packet_filter_free(filter);
	return true;
}

static bool parse_numbers(struct run_options *options)
{
	uint64_t message = 0, columns = 0;

	if (!command_parse_number("--message", "mails are numbered from 1", options->message_text,
				  1, UINT_MAX, &message) ||
	    !command_parse_number("--columns", "a line has 1 column at least",
				  options->columns_text, 1, UINT_MAX, &columns) ||
	    !command_parse_number("--seed", "seeds are whole numbers from 0", options->seed_text, 0,
				  UINT64_MAX, &options->seed))
		return false;
	options->message = (unsigned)message;
	options->columns = (unsigned)columns;
	options->has_seed = options->seed_text != NULL;
	return true;
}

bool run_options_check(struct run_options *options, const char *record)
{
	if (options->format != NULL && strcmp(options->format, "text") != 0 &&
	    !run_options_is_json(options)) {
		command_complain("--format: \"%s\" is neither text nor json", options->format);
		return false;
	}
	if ((options->capture != NULL || options->filter != NULL || options->has_no_secrets) &&
	    options->pcap == NULL) {
		command_complain("%s says what goes into a capture: give it a --pcap PATH too",
				 options->capture != NULL  ? "--capture"
				 : options->filter != NULL ? "--filter"
							   : "--no-secrets");
		return false;
	}
	options->until_ns = TIME_NEVER;
	if (options->until_text != NULL &&
	    !command_parse_time("--until", options->until_text, &options->until_ns))
		return false;
	return parse_numbers(options) && check_capture(options) && check_filter(options) &&
	       check_stdout(options) && check_quiet(options) && check_selection(options) &&
	       check_paths(options, record) && parse_layers(options);
}

int run_options_parse(struct run_options *options, const struct command *command, int argc,
		      char **argv, const struct run_driver *driver, const char **file)
{
	const GOptionEntry entries[] = {
		{"pcap",                0, 0, G_OPTION_ARG_FILENAME, &options->pcap,
                 "Capture to PATH: .pcapng, .pcap, a folder/ (a file per interface), or - for "
		  "standard output", "PATH" },
		{ "log",                    0, 0, G_OPTION_ARG_FILENAME, &options->log_path, "Write the log to PATH",
                 "PATH" },
		{ "format",       0, 0, G_OPTION_ARG_STRING, &options->format,
                 "The log as text (default) or json: one object per trace record; of --eavesdrop: "
		  "one object", "text|json" },
		{ "capture",               0, 0, G_OPTION_ARG_STRING, &options->capture,
                 "Capture every packet once (sent, default), at every interface (all), or these "
		  "interfaces", "sent|all|IFACE,..." },
		{ "filter",                0, 0, G_OPTION_ARG_STRING, &options->filter,
                 "Capture only packets that this filter lets pass, such as 'tcp port 25'", "BPF" },
		{ "no-comments",                    0, 0, G_OPTION_ARG_NONE, &options->has_no_comments,
                 "Capture without a comment on each packet", NULL },
		{ "no-secrets",   0, 0, G_OPTION_ARG_NONE, &options->has_no_secrets,
                 "Capture without the secrets of TLS, as others on the way see it", NULL },
		{ "keylog",                0, 0, G_OPTION_ARG_FILENAME, &options->keylog,
                 "Write the secrets of TLS to PATH, in the format of SSLKEYLOGFILE", "PATH" },
		{ "layer",             0, 0, G_OPTION_ARG_STRING, &options->layer_names,
                 "Log only these layers", "NAMES" },
		{ "host",                    0, 0, G_OPTION_ARG_STRING, &options->host_names,
                 "Log only these hosts, routers, switches", "NAMES" },
		{ "message",     0, 0, G_OPTION_ARG_STRING, &options->message_text,
                 "Log only what belongs to mail number N", "N" },
		{ "unfold",          0, 0, G_OPTION_ARG_NONE, &options->is_unfolded,
                 "Log what repeats in full as well", NULL },
		{ "columns",            0, 0, G_OPTION_ARG_STRING, &options->columns_text,
                 "Break lines longer than N (default: the terminal's width)", "N" },
		{ "dialog",                    0, 0, G_OPTION_ARG_NONE, &options->has_dialog,
                 "Print the conversations alone: C: and S: lines", NULL },
		{ "eavesdrop",    0, 0, G_OPTION_ARG_STRING, &options->eavesdrop,
                 "Print what an observer of this link learns: an interface (alice-pc:eth0) or a "
		  "network", "LINK" },
		{ "report", 0, 0, G_OPTION_ARG_NONE, &options->has_report,
                 "Print each message's way, its encapsulation ledger, figures per protocol, where "
		  "mail is kept", NULL },
		{ "seed",             0, 0, G_OPTION_ARG_STRING, &options->seed_text,
                 "Use another seed than the scenario's", "N" },
		{ "receive",                    0, 0, G_OPTION_ARG_STRING, &options->receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ "set",     0, 0, G_OPTION_ARG_STRING_ARRAY, &options->settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ "until",                0, 0, G_OPTION_ARG_STRING, &options->until_text, "Stop at this time",
                 "TIME" },
		{ "quiet",        'q', 0, G_OPTION_ARG_NONE, &options->is_quiet,
                 "Neither log nor summary on standard output", NULL },
		{ 0                   }
	};
	GArray *all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
	int status;

	g_array_append_vals(all, driver->options, (guint)driver->option_count);
	g_array_append_vals(all, entries, G_N_ELEMENTS(entries));
	status = command_parse(command, argc, argv, (const GOptionEntry *)(const void *)all->data,
			       1, file);
	g_array_free(all, TRUE);
	return status;
}

void run_options_clear(struct run_options *options)
{
	g_free(options->pcap);
	g_free(options->keylog);
	g_free(options->eavesdrop);
	g_free(options->log_path);
	g_free(options->format);
	g_free(options->capture);
	g_free(options->filter);
	g_free(options->layer_names);
	g_free(options->host_names);
	g_free(options->message_text);
	g_free(options->columns_text);
	g_free(options->seed_text);
	g_free(options->until_text);
	g_free(options->receive);
	g_strfreev(options->settings);
}
