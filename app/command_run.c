/* mailwire run: a scenario from its first event to its last, with the views the user asked for. */
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/live_record.h"
#include "app/run_private.h"
#include "views/names.h"

static bool build(struct run *run)
{
	struct trace_sink *sinks[4];
	size_t count = 0;

	run->expect = expect_new(run->scenario);
	sinks[count++] = expect_sink(run->expect);
	run->readable = readable_new(run->scenario);
	sinks[count++] = readable_sink(run->readable);
	run->is_observed = run_wants_model(run);
	if (run->is_observed) {
		observer_init(&run->observer, TRACE_ALL);
		sinks[count++] = &run->observer.sink;
	}
	if (run->setup.sink != NULL)
		sinks[count++] = run->setup.sink;
	run->simulation = simulation_new(run->scenario, &(struct simulation_options) {
							    .seed = run->seed,
							    .sinks = sinks,
							    .sink_count = count,
							    .attachments = run->setup.attachments,
							});
	if (!run->is_observed)
		return true;
	if (!run_open_outputs(run))
		return false;
	/* A log closes with a summary. */
	if (run->options->has_report || run->observer.log != NULL)
		run->observer.report = report_new(run->observer.model, all_dissectors);
	observer_start(&run->observer);
	return true;
}

/* Text at the end that belongs to people: not among JSON, and not when nothing is wanted. */
static bool wants_summary(const struct run *run)
{
	return run->observer.report != NULL && run->has_printed_log && !run->options->is_quiet &&
	       !run_options_is_stdout(run->options->pcap) && run->options->layers == 0 &&
	       run->hosts == NULL && run->options->message == 0;
}

static bool has_spoken_tls(const struct model *model)
{
	for (unsigned i = 0; i < model_connection_count(model); i++)
		if (model_connection(model, i)->is_tls)
			return true;
	return false;
}

/* Classic pcap has no place for secrets. */
static void print_secrets_hint(const struct run *run, FILE *out)
{
	const char *keylog = run->options->keylog;

	if (!g_str_has_suffix(run->options->pcap, ".pcap") || !has_spoken_tls(run->observer.model))
		return;
	fprintf(out,
		"  the secrets of TLS are not in it, as in pcapng: %s  wireshark -o "
		"tls.keylog_file:%s %s\n",
		keylog == NULL ? "write them by --keylog PATH, then" : "say",
		keylog == NULL ? "PATH" : keylog, run->options->pcap);
}

static void print_capture_hint(const struct run *run, FILE *out)
{
	const char *path = run->options->pcap;

	if (path == NULL || run_options_is_stdout(path) || run_interruption())
		return;
	if (g_str_has_suffix(path, "/")) {
		fprintf(out,
			"  captured to %s, a file for each interface; open one of them with  "
			"wireshark %sNAME.pcapng\n",
			path, path);
		return;
	}
	fprintf(out, "  captured to %s: open it with  wireshark %s\n", path, path);
	print_secrets_hint(run, out);
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

/* "--layer icmp --message 3": what was asked for, as it was written; "": nothing was. */
static char *selection_text(const char *layers, const struct run_options *options)
{
	const struct {
		const char *option, *value;
	} parts[] = {
		{"--layer",    layers               },
		{ "--host",    options->host_names  },
		{ "--message", options->message_text},
	};
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i].value != NULL)
			g_string_append_printf(text, "%s%s %s", text->len > 0 ? " " : "",
					       parts[i].option, parts[i].value);
	return g_string_free(text, FALSE);
}

/* That nothing was chosen may be an answer, or a mistake: it is said, and what there is. */
static void check_selection(const struct run *run)
{
	g_autofree char *all = selection_text(run->options->layer_names, run->options);
	g_autofree char *others = selection_text(NULL, run->options);
	g_autofree char *layers = view_layer_list(run->found.layers);

	if (!run->has_selected || run->found.has_any || *all == '\0')
		return;
	if (*layers == '\0')
		command_complain(
		    "nothing in this run is of %s; mailwire run %s --report tells which "
		    "way each mail went",
		    all, run->file);
	else
		command_complain("nothing in this run is of %s; %s%s there are %s", all,
				 *others == '\0' ? "of the layers" : "of ", others, layers);
}

static void print_ending(struct run *run)
{
	bool colour = command_colours(STDOUT_FILENO);
	struct page page;
	FILE *out;

	if (!run->is_observed)
		return;
	check_message(run);
	if (run->status == EXIT_OK)
		check_selection(run);
	out = page_begin(&page, stdout, run_columns_for(run, stdout));
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
	readable_warn(run->readable, page_begin(&page, out, run_columns_for(run, out)),
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

	run_finish_views(run, true);
	print_ending(run);
	warn(run);
	run_finish_log_file(run, true);
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
	    run_interruption() || outcome == ENGINE_LIVELOCK ||
	    (outcome == ENGINE_DEADLINE && run->options->until_ns < run->scenario->until_ns);
	bool has_summary = wants_summary(run);

	fflush(stdout); /* what standard error says comes behind it */
	struct page page;
	FILE *out = has_summary ? stdout : stderr;
	unsigned unmet = expect_finish(
	    run->expect,
	    &(struct expect_ending) {
		.out = page_begin(&page, out, run_columns_for(run, out)),
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
	if (run->scenario == NULL ||
	    !run_options_check(options, run->driver->record_path != NULL ? *run->driver->record_path
									 : NULL)) {
		scenario_free(run->scenario);
		return EXIT_USAGE;
	}
	status = prepare(run);
	if (status != EXIT_OK) {
		scenario_free(run->scenario);
		return status;
	}
	if (!build(run)) {
		run_finish_log_file(run, false);
		run_free(run);
		return run->status;
	}
	if (run->setup.drive != NULL) {
		drive(run);
		return run->status;
	}
	outcome = run_events(run);
	is_whole = !run_interruption();
	run_finish_views(run, is_whole);
	print_ending(run);
	warn(run);
	unmet = judge(run, outcome);
	run_finish_log_file(run, is_whole);
	run_free(run);
	if (run->status == EXIT_OK)
		run->status = command_flush();
	if (run_interruption())
		return 128 + run_interruption();
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
