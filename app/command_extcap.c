/*
 * Wireshark's external capture interface (extcap): started by Wireshark from its extcap folder, it
 * offers every scenario as an interface to capture on, and the capture is a run of that scenario.
 * What is printed for Wireshark is its grammar of sentences: a word, then {key=value} pairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "app/live.h"
#include "views/packet_filter.h"

#define INTERFACE_PREFIX "mailwire-"

struct extcap_options {
	/* What Wireshark wants. */
	gboolean wants_interfaces, wants_version, wants_links, wants_config, wants_capture;
	char *interface, *fifo, *filter;
	/* What the user chose in the dialogue. */
	char *scenario, *seed, *speed;

	struct live live;
};

/* What run_with() calls itself where an option is wrong. */
static const struct command extcap_command = {
	.name = "--capture",
	.arguments = "--extcap-interface INTERFACE --fifo PATH [OPTION...]",
	.summary = "Captures a run of a scenario for Wireshark.",
	.example = "tshark -D",
};

/* ---- Interfaces ---- */

/* Braces and ends of lines are the grammar's own. */
static void print_pair(const char *key, const char *value)
{
	g_autofree char *plain = g_strdup(value);

	printf("{%s=%s}", key, g_strdelimit(plain, "{}\r\n", ' '));
}

static bool is_sayable(const struct scenario_listed *listed)
{
	return strpbrk(listed->name, "{}/\r\n") == NULL && strpbrk(listed->path, "{}\r\n") == NULL;
}

static void print_version(void)
{
	printf("extcap {version=%s}{display=mailwire, a simulator of email}\n", MAILWIRE_VERSION);
}

static void print_interfaces(void)
{
	g_autoptr(GPtrArray) list = scenario_list();

	print_version();
	for (guint i = 0; i < list->len; i++) {
		const struct scenario_listed *listed = list->pdata[i];

		if (!is_sayable(listed))
			continue;
		g_autofree char *interface = g_strconcat(INTERFACE_PREFIX, listed->name, NULL);
		g_autofree char *display =
		    g_strdup_printf("mailwire %s: %s", listed->name,
				    listed->title != NULL ? listed->title : listed->path);

		fputs("interface ", stdout);
		print_pair("value", interface);
		print_pair("display", display);
		puts("");
	}
}

static const struct scenario_listed *find_interface(const GPtrArray *list, const char *interface)
{
	struct suggestion suggestion = { .word = interface };
	bool has_prefix = g_str_has_prefix(interface, INTERFACE_PREFIX);

	if (has_prefix)
		suggestion.word += strlen(INTERFACE_PREFIX);
	for (guint i = 0; i < list->len; i++) {
		const struct scenario_listed *listed = list->pdata[i];

		if (has_prefix && strcmp(listed->name, suggestion.word) == 0)
			return listed;
		suggest_offer(&suggestion, listed->name);
	}
	if (suggestion.best != NULL)
		command_complain("there is no interface \"%s\"; did you mean \"" INTERFACE_PREFIX
				 "%s\"?",
				 interface, suggestion.best);
	else
		command_complain("there is no interface \"%s\"; --extcap-interfaces lists them",
				 interface);
	return NULL;
}

/* ---- The dialogue ---- */

static void print_config(const struct scenario_listed *listed)
{
	g_autofree char *path = g_canonicalize_filename(listed->path, NULL);

	printf("arg {number=0}{call=--scenario}{display=Scenario}{type=fileselect}{mustexist=true}"
	       "{fileext=Scenarios (*.yaml)}{tooltip=The scenario to run}");
	print_pair("default", path);
	puts("");
	puts("arg {number=1}{call=--seed}{display=Seed}{type=string}{validation=^[0-9]*$}"
	     "{placeholder=the scenario's own}"
	     "{tooltip=Another seed gives other ports, sequence numbers and losses; the same seed "
	     "gives the same frames}");
	printf("arg {number=2}{call=--speed}{display=Speed (0: as fast as possible, 1: real time)}"
	       "{type=double}{range=0,%d}{default=0}"
	       "{tooltip=Virtual seconds per real second: 0.1 is ten times slower, 10 ten times "
	       "faster}\n",
	       LIVE_SPEED_MAX);
}

/* Says in libpcap's words what is wrong with a filter; Wireshark takes silence as consent. */
static void check_filter(const char *text)
{
	GError *error = NULL;
	struct packet_filter *filter = packet_filter_new(text, &error);

	if (filter == NULL)
		puts(error->message);
	g_clear_error(&error);
	packet_filter_free(filter);
}

/* ---- The capture ---- */

/* 0 is what a user can say for no limit. */
static bool take_speed(struct extcap_options *options)
{
	const char *text = options->speed != NULL ? options->speed : "0";
	char *end;
	double speed = g_ascii_strtod(text, &end);
	bool is_number = end != text && *end == '\0';

	options->live.speed = speed == 0 ? INFINITY : speed;
	if (is_number && (speed == 0 || live_speed_is_valid(speed)))
		return true;
	command_complain("--speed: should be 0 (as fast as possible) to %d, not \"%s\"",
			 LIVE_SPEED_MAX, text);
	return false;
}

static int drive(void *owner, const struct run_session *session)
{
	struct extcap_options *options = owner;

	return live_drive(&options->live, session);
}

static int prepare(void *owner, struct run_setup *setup)
{
	struct extcap_options *options = owner;

	setup->drive = drive;
	return live_prepare(&options->live, setup);
}

/*
 * Makes the FIFO standard output, where captures go. Waits for the reader; who wants to end that
 * kills us, as nothing is written yet. Before anything else can go wrong: the reader waits for us,
 * too, and would do so for ever.
 */
static bool open_fifo(const struct extcap_options *options)
{
	int fifo = open(options->fifo, O_WRONLY | O_CLOEXEC);
	bool is_open = fifo >= 0 && dup2(fifo, STDOUT_FILENO) >= 0;

	if (!is_open)
		command_complain("--fifo: cannot write %s: %s", options->fifo, g_strerror(errno));
	if (fifo > STDOUT_FILENO)
		close(fifo);
	return is_open;
}

static bool reader_is_gone(void)
{
	struct pollfd polled = { .fd = STDOUT_FILENO };

	return poll(&polled, 1, 0) > 0 && (polled.revents & POLLERR) != 0;
}

static int run(struct extcap_options *options, const char *path)
{
	const char *seed = options->seed;
	const char *arguments[9] = { extcap_command.name, path, "--pcap", "-" };
	int count = 4;

	if (seed != NULL && *seed != '\0') {
		arguments[count++] = "--seed";
		arguments[count++] = options->seed;
	}
	if (options->filter != NULL && *options->filter != '\0') {
		arguments[count++] = "--filter";
		arguments[count++] = options->filter;
	}
	return run_with(&extcap_command, count, (char **)arguments,
			&(struct run_driver) {
			    .is_quiet = true,
			    .is_silent = true,
			    .prepare = prepare,
			    .owner = options,
			});
}

static int capture(struct extcap_options *options)
{
	g_autoptr(GPtrArray) list = scenario_list();
	const struct scenario_listed *listed = find_interface(list, options->interface);
	const char *path;
	int status;

	if (listed == NULL || !take_speed(options))
		return EXIT_USAGE;
	path = listed->path;
	if (options->scenario != NULL && *options->scenario != '\0')
		path = options->scenario;
	status = run(options, path);
	/* That the capture was stopped is no failure. */
	return status == EXIT_OUTPUT && reader_is_gone() ? EXIT_OK : status;
}

/* ---- What is wanted ---- */

static int serve_interface(struct extcap_options *options)
{
	g_autoptr(GPtrArray) list = scenario_list();
	const struct scenario_listed *listed = find_interface(list, options->interface);

	if (listed == NULL)
		return EXIT_USAGE;
	if (options->wants_links)
		puts("dlt {number=1}{name=EN10MB}{display=Ethernet}");
	else if (options->wants_config)
		print_config(listed);
	else if (options->filter != NULL)
		check_filter(options->filter);
	return command_flush();
}

static int refuse(const char *why)
{
	command_complain("%s", why);
	return EXIT_USAGE;
}

static int serve(struct extcap_options *options)
{
	if (options->wants_interfaces)
		print_interfaces();
	else if (options->wants_version && options->interface == NULL)
		print_version();
	else if (options->interface == NULL)
		return refuse("this needs --extcap-interface INTERFACE; --extcap-interfaces lists "
			      "them");
	else if (!options->wants_capture)
		return serve_interface(options);
	else if (options->fifo == NULL)
		return refuse("--capture needs --fifo PATH, where the frames go");
	else
		return open_fifo(options) ? capture(options) : EXIT_OUTPUT;
	return command_flush();
}

/* "--extcap-version" alone asks for ours; "--extcap-version=4.0" tells Wireshark's. */
static gboolean take_version(const char *name, const char *value, void *owner, GError **error)
{
	struct extcap_options *options = owner;

	(void)name;
	(void)value;
	(void)error;
	options->wants_version = TRUE;
	return TRUE;
}

static bool parse(struct extcap_options *options, int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{"extcap-interfaces",         0, 0, G_OPTION_ARG_NONE, &options->wants_interfaces, NULL,
                 NULL },
		{ "extcap-version",                          0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK,
                 (void *)take_version, NULL, NULL },
		{ "extcap-interface", 0, 0, G_OPTION_ARG_STRING, &options->interface, NULL, NULL },
		{ "extcap-dlts",                        0, 0, G_OPTION_ARG_NONE, &options->wants_links, NULL, NULL },
		{ "extcap-config",           0, 0, G_OPTION_ARG_NONE, &options->wants_config, NULL, NULL },
		{ "extcap-capture-filter", 0, 0, G_OPTION_ARG_STRING, &options->filter, NULL,
                 NULL },
		{ "capture",        0, 0, G_OPTION_ARG_NONE, &options->wants_capture, NULL, NULL },
		{ "fifo",                       0, 0, G_OPTION_ARG_FILENAME, &options->fifo, NULL, NULL },
		{ "scenario",         0, 0, G_OPTION_ARG_FILENAME, &options->scenario, NULL, NULL },
		{ "seed",			  0, 0, G_OPTION_ARG_STRING, &options->seed, NULL, NULL },
		{ "speed",        0, 0, G_OPTION_ARG_STRING, &options->speed, NULL, NULL },
		{ 0		      }
	};
	GOptionContext *context = g_option_context_new(NULL);
	GOptionGroup *group = g_option_group_new("extcap", "", "", options, NULL);
	GError *error = NULL;
	bool is_parsed;

	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(context, group);
	g_option_context_set_help_enabled(context, FALSE);
	is_parsed = g_option_context_parse(context, &argc, &argv, &error);
	if (!is_parsed)
		command_complain("%s", error->message);
	else if (argc > 1)
		command_complain("\"%s\" is no option of a capture for Wireshark", argv[1]);
	g_clear_error(&error);
	g_option_context_free(context);
	return is_parsed && argc == 1;
}

int command_extcap(int argc, char **argv)
{
	struct extcap_options options = { 0 };
	int status = EXIT_USAGE;

	live_init(&options.live);
	options.live.is_silent = true;
	if (parse(&options, argc, argv))
		status = serve(&options);
	live_clear(&options.live);
	g_free(options.interface);
	g_free(options.fifo);
	g_free(options.filter);
	g_free(options.scenario);
	g_free(options.seed);
	g_free(options.speed);
	return status;
}
