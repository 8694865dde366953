/* mailwire run: a scenario from its first event to its last, with the views the user asked for. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/expect.h"
#include "app/live_record.h"
#include "app/observer.h"
#include "app/readable.h"
#include "app/run.h"
#include "app/run_options.h"
#include "views/dialog.h"
#include "views/output.h"

#define PROGRESS_INTERVAL_MS 250
#define PROGRESS_AFTER_MS    1000

struct run {
	const struct run_options *options;
	const struct run_driver *driver;
	struct run_setup setup;
	const char *file;
	struct scenario *scenario;
	struct simulation *simulation;
	struct observer observer;
	bool is_observed;
	bool has_printed_log;
	bool has_repetitions; /* the capture holds a packet once for each interface it passed */
	struct expect *expect;
	struct readable *readable;
	FILE *key_log_file;        /* of options->keylog; NULL: none */
	FILE *log_file;            /* standard output, or a way into log_output */
	struct output *log_output; /* of options->log_path; NULL: none */
	bool *hosts;
	uint64_t seed;
	gint64 started_us;
	int64_t ended_ns; /* virtual time at which the events ended */
	int status;
};

/* Names become node indexes when the world is built. */
static bool resolve_hosts(struct run *run)
{
	char **names;
	bool is_valid = true;

	if (run->options->host_names == NULL)
		return true;
	run->hosts = g_new0(bool, model_node_count(run->observer.model) + 1);
	names = g_strsplit(run->options->host_names, ",", -1);
	for (char **name = names; *name != NULL && is_valid; name++) {
		uint32_t node = model_find_node(run->observer.model, g_strstrip(*name));

		if (node == 0) {
			command_complain("--host: there is no host, router or switch \"%s\"; "
					 "mailwire topology %s lists them",
					 *name, run->file);
			is_valid = false;
		}
		run->hosts[node] = true;
	}
	g_strfreev(names);
	return is_valid;
}

/* The log goes to standard output unless a capture does, or it is not wanted. */
static bool wants_log(const struct run *run)
{
	const struct run_options *options = run->options;

	if (options->log_path != NULL)
		return true;
	return !options->is_quiet && !run->driver->is_quiet &&
	       !run_options_is_stdout(options->pcap);
}

static bool wants_model(const struct run *run)
{
	return wants_log(run) || run->options->pcap != NULL || run->options->keylog != NULL ||
	       run->options->has_report || run_options_instead(run->options) != NULL;
}

static bool open_log_file(struct run *run)
{
	const char *path = run->options->log_path;
	GError *error = NULL;

	run->log_file = stdout;
	if (path == NULL || run_options_is_stdout(path))
		return true;
	run->log_output = output_open(path, &error);
	if (run->log_output == NULL) {
		run->log_file = NULL;
		command_complain("--log: %s", error->message);
		g_error_free(error);
		return false;
	}
	run->log_file = fdopen(dup(output_descriptor(run->log_output)), "w");
	g_assert(run->log_file != NULL);
	return true;
}

/* A terminal's lines are not to be broken in the midst of words. */
static unsigned columns_for(const struct run *run, FILE *out)
{
	if (run->options->columns > 0)
		return run->options->columns;
	return out == run->log_file && out != stdout ? 0 : command_columns(fileno(out));
}

/* "  ✓ step 3 of 9": as the `way` lines of the scenario have it. */
static void append_tick(void *owner, const struct trace_record *record, GString *out)
{
	const struct run *run = owner;
	struct expect_tick tick;

	if (expect_tick(run->expect, record->id, &tick))
		g_string_append_printf(out, "  ✓ step %u of %u", tick.number, tick.count);
}

static bool open_log(struct run *run)
{
	bool is_json = g_strcmp0(run->options->format, "json") == 0;

	if (!wants_log(run))
		return true;
	if (!open_log_file(run)) {
		run->status = EXIT_OUTPUT;
		return false;
	}
	if (is_json)
		run->observer.json = json_view_new(run->log_file, run->observer.model,
						   &(struct json_options) {
						       .layers = run->options->layers,
						       .nodes = run->hosts,
						       .message = run->options->message,
						   });
	else if (run_options_instead(run->options) == NULL)
		run->observer.log =
		    log_new(run->observer.model,
			    &(struct log_options) {
				.out = run->log_file,
				.colour = run->log_file == stdout && command_colours(STDOUT_FILENO),
				.columns = columns_for(run, run->log_file),
				.unfold = run->options->is_unfolded,
				.layers = run->options->layers,
				.nodes = run->hosts,
				.message = run->options->message,
				.dissectors = all_dissectors,
				.append_remark = append_tick,
				.owner = run,
			    });
	return true;
}

static char **scenario_interfaces(const struct scenario_capture *capture)
{
	char **labels = g_new0(char *, capture->interfaces->len + 1);

	for (guint i = 0; i < capture->interfaces->len; i++)
		labels[i] = scenario_interface_print(
		    ((struct scenario_capture_interface *)capture->interfaces->pdata[i])
			->interface);
	return labels;
}

/* "sent", "all" or a list of interfaces; without --capture what the scenario says. */
static void capture_mode(const struct run *run, struct recorder_options *options)
{
	const struct scenario_capture *capture = &run->scenario->capture;
	const char *wanted = run->options->capture;

	if (wanted == NULL && capture->interfaces != NULL && capture->interfaces->len > 0)
		options->interfaces = scenario_interfaces(capture);
	else if (wanted != NULL && strcmp(wanted, "sent") != 0 && strcmp(wanted, "all") != 0)
		options->interfaces = g_strsplit(wanted, ",", -1);
	if (options->interfaces != NULL)
		options->mode = RECORDER_INTERFACES;
	else if (wanted != NULL ? strcmp(wanted, "all") == 0 : capture->record == RECORD_ALL)
		options->mode = RECORDER_ALL;
	else
		options->mode = RECORDER_SENT;
}

static bool open_capture(struct run *run)
{
	struct recorder_options options = {
		.path = run->options->pcap,
		.has_comments =
		    run->scenario->capture.has_comments && !run->options->has_no_comments,
		.filter = run->options->filter,
		.has_no_secrets = run->options->has_no_secrets,
		.epoch_s = run->scenario->epoch_s,
		.dissectors = all_dissectors,
	};
	GError *error = NULL;

	if (run->options->pcap == NULL)
		return true;
	capture_mode(run, &options);
	run->has_repetitions =
	    options.mode == RECORDER_ALL ||
	    (options.mode == RECORDER_INTERFACES && g_strv_length(options.interfaces) > 1);
	run->observer.recorder = recorder_new(run->observer.model, &options, &error);
	g_strfreev(options.interfaces);
	if (run->observer.recorder != NULL)
		return true;
	bool is_unknown = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);

	command_complain("%s: %s", is_unknown ? "--capture" : "--pcap", error->message);
	run->status = is_unknown ? EXIT_USAGE : EXIT_OUTPUT;
	g_error_free(error);
	return false;
}

/* Signals may only set flags: what interrupted the run, and whether the engine shall return. */
static volatile sig_atomic_t interrupted, shall_return;

static void on_alarm(int number)
{
	(void)number;
	shall_return = 1;
}

static void on_interrupt(int number)
{
	interrupted = number;
	shall_return = 1;
}

/*
 * On a terminal, unless a log is read there too: what is written over it would mix with its lines,
 * or with what a pager shows of it.
 */
static bool may_show_progress(const struct run *run)
{
	bool has_log = run->observer.log != NULL || run->observer.json != NULL;
	struct stat standard_output;

	if (!isatty(STDERR_FILENO))
		return false;
	return !has_log || run->log_file != stdout ||
	       (fstat(STDOUT_FILENO, &standard_output) == 0 && S_ISREG(standard_output.st_mode));
}

static void start_alarms(struct run *run)
{
	struct itimerval interval = {
		.it_interval = { .tv_usec = PROGRESS_INTERVAL_MS * 1000 },
		.it_value = { .tv_sec = PROGRESS_AFTER_MS / 1000 },
	};

	engine_watch(simulation_world(run->simulation)->engine, &shall_return);
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	if (!may_show_progress(run))
		return;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &interval, NULL);
}

static void stop_alarms(void)
{
	struct itimerval never = { .it_value = { 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

static void show_progress(const struct run *run)
{
	const struct engine *engine = simulation_world(run->simulation)->engine;
	double wall_s = (double)(g_get_monotonic_time() - run->started_us) / 1e6;

	fprintf(stderr, "\r\033[K%.3f s simulated, %.0f events per second",
		(double)engine_now(engine) / 1e9, (double)engine_events(engine) / wall_s);
}

/* "x.pcapng and x.log": the files that would have been written. */
static char *thrown_away(const struct run_options *options)
{
	const char *paths[] = { options->pcap, options->log_path };
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		if (paths[i] != NULL && !run_options_is_stdout(paths[i]))
			g_string_append_printf(text, "%s%s", text->len > 0 ? " and " : "",
					       paths[i]);
	return g_string_free(text, FALSE);
}

static void report_interrupt(const struct run *run)
{
	g_autofree char *files = thrown_away(run->options);

	command_complain("interrupted at %.6f s simulated%s%s", (double)run->ended_ns / 1e9,
			 *files == '\0' ? "" : "; thrown away, as it is not whole: ", files);
}

static enum engine_outcome run_events(struct run *run)
{
	enum engine_outcome outcome;
	bool has_shown = false;

	run->started_us = g_get_monotonic_time();
	start_alarms(run);
	while ((outcome = simulation_run(run->simulation, run->options->until_ns)) ==
	       ENGINE_STOPPED) {
		shall_return = 0; /* before looking: an interrupt from here on sets it again */
		if (interrupted)
			break;
		has_shown = true;
		show_progress(run);
	}
	stop_alarms();
	run->ended_ns = engine_now(simulation_world(run->simulation)->engine);
	if (has_shown)
		fputs("\r\033[K", stderr);
	if (interrupted)
		report_interrupt(run);
	if (outcome == ENGINE_LIVELOCK) {
		command_complain(
		    "the simulation does not advance any more: a program goes round in "
		    "circles; please report this scenario");
		run->status = EXIT_OUTPUT;
	}
	return outcome;
}

static bool open_key_log(struct run *run)
{
	const char *path = run->options->keylog;

	if (path == NULL)
		return true;
	run->key_log_file = fopen(path, "w");
	if (run->key_log_file == NULL) {
		command_complain("--keylog: %s: %s", path, g_strerror(errno));
		run->status = EXIT_OUTPUT;
		return false;
	}
	run->observer.key_log = key_log_new(run->key_log_file);
	return true;
}

static bool open_eavesdrop(struct run *run)
{
	GError *error = NULL;

	if (run->options->eavesdrop == NULL)
		return true;
	run->observer.eavesdrop =
	    eavesdrop_new(run->observer.model, run->options->eavesdrop, all_dissectors, &error);
	if (run->observer.eavesdrop != NULL)
		return true;
	command_complain("--eavesdrop: %s", error->message);
	g_error_free(error);
	run->status = EXIT_USAGE;
	return false;
}

static bool build(struct run *run)
{
	struct trace_sink *sinks[3];
	size_t count = 0;

	run->expect = expect_new(run->scenario);
	sinks[count++] = expect_sink(run->expect);
	run->readable = readable_new(run->scenario);
	sinks[count++] = readable_sink(run->readable);
	run->is_observed = wants_model(run);
	if (run->is_observed) {
		observer_init(&run->observer, TRACE_ALL);
		sinks[count++] = &run->observer.sink;
	}
	run->simulation = simulation_new(run->scenario, &(struct simulation_options) {
							    .seed = run->seed,
							    .sinks = sinks,
							    .sink_count = count,
							    .attachments = run->setup.attachments,
							});
	if (!run->is_observed)
		return true;
	if (!resolve_hosts(run)) {
		run->status = EXIT_USAGE;
		return false;
	}
	if (!open_capture(run) || !open_log(run) || !open_key_log(run) || !open_eavesdrop(run))
		return false;
	/* A log closes with a summary. */
	if (run->options->has_report || run->observer.log != NULL)
		run->observer.report = report_new(run->observer.model, all_dissectors);
	observer_start(&run->observer);
	return true;
}

static void output_failed(struct run *run, const char *what, const char *why)
{
	command_complain("%s: %s", what, why);
	run->status = EXIT_OUTPUT;
}

static void finish_capture(struct run *run, bool is_whole)
{
	GError *error = NULL;

	if (run->observer.recorder == NULL)
		return;
	if (!is_whole) {
		recorder_abandon(run->observer.recorder);
	} else if (!recorder_finish(run->observer.recorder, &error)) {
		if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE))
			output_failed(run, "--pcap", error->message);
		else if (run->status == EXIT_OK)
			run->status = EXIT_OUTPUT; /* a reader that has seen enough knows why */
		g_error_free(error);
	}
	run->observer.recorder = NULL;
}

/* The log file gets its name only when it is whole. */
static void finish_log_file(struct run *run, bool is_whole)
{
	GError *error = NULL;

	if (run->log_output == NULL)
		return;
	if (fflush(run->log_file) != 0 || ferror(run->log_file))
		output_fail(run->log_output, errno);
	fclose(run->log_file);
	if (!is_whole) {
		output_abandon(run->log_output);
	} else if (!output_close(run->log_output, &error)) {
		output_failed(run, "--log", error->message);
		g_error_free(error);
	}
	run->log_output = NULL;
}

static void finish_key_log(struct run *run)
{
	if (run->key_log_file == NULL)
		return;
	key_log_free(run->observer.key_log);
	run->observer.key_log = NULL;
	if (fclose(run->key_log_file) != 0)
		output_failed(run, "--keylog", g_strerror(errno));
	run->key_log_file = NULL;
}

static void print_dialog(const struct run *run)
{
	struct page page;
	FILE *out = page_begin(&page, run->log_file, columns_for(run, run->log_file));

	dialog_print(run->observer.model,
		     &(struct dialog_options) {
			 .out = out,
			 .colour = run->log_file == stdout && command_colours(STDOUT_FILENO),
			 .layers = run->options->layers,
			 .nodes = run->hosts,
			 .message = run->options->message,
		     });
	page_end(&page);
}

static void print_eavesdrop(const struct run *run)
{
	struct page page;
	FILE *out = page_begin(&page, run->log_file, columns_for(run, run->log_file));

	eavesdrop_print(run->observer.eavesdrop,
			&(struct eavesdrop_options) {
			    .out = out,
			    .colour = run->log_file == stdout && command_colours(STDOUT_FILENO),
			});
	page_end(&page);
}

static void finish_views(struct run *run, bool is_whole)
{
	if (!run->is_observed)
		return;
	observer_stop(&run->observer);
	finish_capture(run, is_whole);
	finish_key_log(run);
	if (run->observer.log != NULL)
		log_finish(run->observer.log);
	if (run->observer.json != NULL && !json_view_finish(run->observer.json))
		output_failed(run, "--format json", g_strerror(errno));
	run->has_printed_log = run->observer.log != NULL;
	run->observer.log = NULL;
	run->observer.json = NULL;
	if (run->options->has_dialog && is_whole)
		print_dialog(run);
	if (run->observer.eavesdrop != NULL && is_whole)
		print_eavesdrop(run);
}

/* Text at the end that belongs to people: not among JSON, and not when nothing is wanted. */
static bool wants_summary(const struct run *run)
{
	return run->observer.report != NULL && run->has_printed_log && !run->options->is_quiet &&
	       !run_options_is_stdout(run->options->pcap) && run->options->layers == 0 &&
	       run->hosts == NULL && run->options->message == 0;
}

static void print_capture_hint(const struct run *run, FILE *out)
{
	const char *path = run->options->pcap;

	if (path == NULL || run_options_is_stdout(path) || interrupted)
		return;
	if (g_str_has_suffix(path, "/")) {
		fprintf(out,
			"  captured to %s, a file for each interface; open one of them with  "
			"wireshark %sNAME.pcapng\n",
			path, path);
		return;
	}
	fprintf(out, "  captured to %s: open it with  wireshark %s\n", path, path);
	if (run->has_repetitions)
		fputs("  it holds each packet at every interface it passed that is captured; to "
		      "keep Wireshark from taking\n"
		      "  these for retransmissions, show one interface: frame.interface_name == "
		      "\"...\"\n",
		      out);
}

/* Only at the end is it known how many mails there were. */
static void check_message(struct run *run)
{
	unsigned count = model_mail_count(run->observer.model);

	if (run->options->message <= count)
		return;
	command_complain("--message: there is no mail number %u; %u %s written in this run",
			 run->options->message, count, count == 1 ? "was" : "were");
	run->status = EXIT_USAGE;
}

static void print_ending(struct run *run)
{
	bool colour = command_colours(STDOUT_FILENO);
	struct page page;
	FILE *out;

	if (!run->is_observed)
		return;
	check_message(run);
	out = page_begin(&page, stdout, columns_for(run, stdout));
	if (run->options->has_report)
		report_print(run->observer.report, out, colour);
	if (wants_summary(run)) {
		report_print_summary(run->observer.report, out, colour);
		print_capture_hint(run, out);
		readable_hint(run->readable, out);
	}
	page_end(&page);
}

/* What people should know even where no summary is wanted; among bytes or JSON it is not to be. */
static void warn(const struct run *run)
{
	bool has_summary = wants_summary(run);
	struct page page;
	FILE *out = has_summary ? stdout : stderr;

	if (run->driver->is_silent)
		return;
	fflush(stdout); /* what standard error says comes behind it */
	readable_warn(run->readable, page_begin(&page, out, columns_for(run, out)),
		      command_colours(has_summary ? STDOUT_FILENO : STDERR_FILENO));
	page_end(&page);
}

static void run_free(struct run *run)
{
	simulation_free(run->simulation);
	expect_free(run->expect);
	readable_free(run->readable);
	if (run->is_observed) {
		report_free(run->observer.report);
		eavesdrop_free(run->observer.eavesdrop);
		recorder_abandon(run->observer.recorder);
		observer_clear(&run->observer);
	}
	scenario_free(run->scenario);
	g_free(run->hosts);
}

/* What the driver has to say before the world is built. */
static int prepare(struct run *run)
{
	run->setup = (struct run_setup) {
		.file = run->file,
		.scenario = run->scenario,
		.seed = run->options->has_seed ? run->options->seed : run->scenario->seed,
		.has_seed_option = run->options->has_seed,
	};
	int status = run->driver->prepare(run->driver->owner, &run->setup);

	run->seed = run->setup.seed;
	return status;
}

static void flush_views(void *owner)
{
	struct run *run = owner;

	if (run->observer.json != NULL)
		json_view_flush(run->observer.json);
	if (run->log_file != NULL)
		fflush(run->log_file);
	if (run->observer.recorder != NULL)
		recorder_flush(run->observer.recorder);
}

static bool writes_to_stdout(const struct run *run)
{
	return run->log_file == stdout || run_options_is_stdout(run->options->pcap);
}

static void drive(struct run *run)
{
	int status =
	    run->setup.drive(run->driver->owner,
			     &(struct run_session) {
				 .simulation = run->simulation,
				 .until_ns = MIN(run->options->until_ns, run->scenario->until_ns),
				 .flush = flush_views,
				 .owner = run,
				 .reader = writes_to_stdout(run) ? STDOUT_FILENO : -1,
			     });

	finish_views(run, true);
	print_ending(run);
	warn(run);
	finish_log_file(run, true);
	run_free(run);
	if (run->status == EXIT_OK)
		run->status = status;
	if (run->status == EXIT_OK)
		run->status = command_flush();
}

/* Nothing is held against a run that could not go to its end. */
static unsigned judge(struct run *run, enum engine_outcome outcome)
{
	bool is_cut =
	    interrupted || outcome == ENGINE_LIVELOCK ||
	    (outcome == ENGINE_DEADLINE && run->options->until_ns < run->scenario->until_ns);
	bool has_summary = wants_summary(run);

	fflush(stdout); /* what standard error says comes behind it */
	struct page page;
	FILE *out = has_summary ? stdout : stderr;
	unsigned unmet = expect_finish(
	    run->expect,
	    &(struct expect_ending) {
		.out = page_begin(&page, out, columns_for(run, out)),
		.file = run->file,
		.colour = command_colours(has_summary ? STDOUT_FILENO : STDERR_FILENO),
		.is_quiet = !has_summary,
		.cut_ns = is_cut ? run->ended_ns : TIME_NEVER,
		.cut_by = outcome == ENGINE_DEADLINE ? "after --until" : "the run was interrupted",
	    });

	page_end(&page);
	return unmet;
}

static int run_scenario(struct run *run, struct run_options *options)
{
	enum engine_outcome outcome;
	unsigned unmet;
	bool is_whole;
	int status;

	run->scenario =
	    command_load_changed(run->file, run->options->receive, run->options->settings);
	if (run->scenario == NULL || !run_options_check(options)) {
		scenario_free(run->scenario);
		return EXIT_USAGE;
	}
	status = prepare(run);
	if (status != EXIT_OK) {
		scenario_free(run->scenario);
		return status;
	}
	if (!build(run)) {
		finish_log_file(run, false);
		run_free(run);
		return run->status;
	}
	if (run->setup.drive != NULL) {
		drive(run);
		return run->status;
	}
	outcome = run_events(run);
	is_whole = !interrupted;
	finish_views(run, is_whole);
	print_ending(run);
	warn(run);
	unmet = judge(run, outcome);
	finish_log_file(run, is_whole);
	run_free(run);
	if (run->status == EXIT_OK)
		run->status = command_flush();
	if (interrupted)
		return 128 + interrupted;
	return run->status != EXIT_OK ? run->status : unmet > 0 ? EXIT_EXPECTATION : EXIT_OK;
}

int run_with(const struct command *command, int argc, char **argv, const struct run_driver *driver)
{
	struct run_options options = { 0 };
	struct run run = { .options = &options, .driver = driver };
	int status = run_options_parse(&options, command, argc, argv, driver, &run.file);

	if (status < 0)
		status = run_scenario(&run, &options);
	run_options_clear(&options);
	return status;
}

/* The event queue drives it, or the record of a live session. */
int command_run(const struct command *command, int argc, char **argv)
{
	struct replay replay = { 0 };
	const GOptionEntry entries[] = {
		{"replay", 0, 0, G_OPTION_ARG_FILENAME, &replay.path,
                 "Repeat the live session recorded in PATH: same frames, epoch and seed", "PATH"},
	};
	int status = run_with(command, argc, argv,
			      &(struct run_driver) {
				  .options = entries,
				  .option_count = G_N_ELEMENTS(entries),
				  .prepare = replay_prepare,
				  .owner = &replay,
			      });

	replay_clear(&replay);
	return status;
}
