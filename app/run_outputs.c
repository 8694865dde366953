/* What a run writes: log, capture, key log, dialogues, what an eavesdropper reads. */
#include <errno.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/node_names.h"
#include "app/run_private.h"
#include "views/dialog.h"

/* The log goes to standard output unless a capture does, or it is not wanted. */
static bool wants_log(const struct run *run)
{
	const struct run_options *options = run->options;

	if (options->log_path != NULL)
		return true;
	return !options->is_quiet && !run->driver->is_quiet &&
	       !run_options_is_stdout(options->pcap);
}

bool run_wants_model(const struct run *run)
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

unsigned run_columns_for(const struct run *run, FILE *out)
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
	if (!wants_log(run))
		return true;
	if (!open_log_file(run)) {
		run->status = EXIT_OUTPUT;
		return false;
	}
	if (run_options_is_json(run->options) && run->options->eavesdrop == NULL)
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
				.columns = run_columns_for(run, run->log_file),
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

static bool is_folder(const char *path)
{
	return g_str_has_suffix(path, "/");
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

/*
 * "sent", "all" or a list of interfaces; without --capture what the scenario says. In a folder each interface has
 * a file, and all of its frames in it unless that is asked for otherwise.
 */
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
	else if (wanted != NULL ? strcmp(wanted, "all") == 0
				: capture->record == RECORD_ALL || is_folder(options->path))
		options->mode = RECORDER_ALL;
	else
		options->mode = RECORDER_SENT;
}

/* Captures of an earlier run that stay beside those of this one. */
static void tell_of_others(const struct run *run)
{
	g_autofree char *others = recorder_others(run->observer.recorder);

	if (others != NULL && !run->driver->is_silent)
		command_complain("--pcap: %s also holds captures that are not of this run: %s",
				 run->options->pcap, others);
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
	    !is_folder(options.path) &&
	    (options.mode == RECORDER_ALL ||
	     (options.mode == RECORDER_INTERFACES && g_strv_length(options.interfaces) > 1));
	run->observer.recorder = recorder_new(run->observer.model, &options, &error);
	g_strfreev(options.interfaces);
	if (run->observer.recorder != NULL) {
		tell_of_others(run);
		return true;
	}
	bool is_unknown = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);

	command_complain("%s: %s", is_unknown ? "--capture" : "--pcap", error->message);
	run->status = is_unknown ? EXIT_USAGE : EXIT_OUTPUT;
	g_error_free(error);
	return false;
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

bool run_open_outputs(struct run *run)
{
	if (!node_names_choose(run->observer.model, run->options->host_names, run->file,
			       &run->hosts)) {
		run->status = EXIT_USAGE;
		return false;
	}
	return open_capture(run) && open_log(run) && open_key_log(run) && open_eavesdrop(run);
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

void run_finish_log_file(struct run *run, bool is_whole)
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

static void print_dialog(struct run *run)
{
	struct page page;
	FILE *out = page_begin(&page, run->log_file, run_columns_for(run, run->log_file));

	run->found = dialog_print(run->observer.model, &(struct dialog_options) {
							   .out = out,
							   .colour = run->log_file == stdout &&
								     command_colours(STDOUT_FILENO),
							   .layers = run->options->layers,
							   .nodes = run->hosts,
							   .message = run->options->message,
						       });
	page_end(&page);
}

static void print_eavesdrop(const struct run *run)
{
	if (run_options_is_json(run->options)) {
		eavesdrop_print_json(run->observer.eavesdrop, run->log_file);
		return;
	}

	struct page page;
	FILE *out = page_begin(&page, run->log_file, run_columns_for(run, run->log_file));

	eavesdrop_print(run->observer.eavesdrop,
			&(struct eavesdrop_options) {
			    .out = out,
			    .colour = run->log_file == stdout && command_colours(STDOUT_FILENO),
			});
	page_end(&page);
}

/* A reader that has seen enough knows why it ends. */
static void finish_json(struct run *run, int error)
{
	if (error != EPIPE)
		output_failed(run, "--format json", g_strerror(error));
	else if (run->status == EXIT_OK)
		run->status = EXIT_OUTPUT;
}

void run_finish_views(struct run *run, bool is_whole)
{
	if (!run->is_observed)
		return;
	observer_stop(&run->observer);
	if (run->observer.report != NULL)
		report_finish(run->observer.report);
	finish_capture(run, is_whole);
	finish_key_log(run);
	if (run->observer.log != NULL)
		run->found = log_finish(run->observer.log);
	if (run->observer.json != NULL)
		run->found = json_view_found(run->observer.json);
	if (run->observer.json != NULL && !json_view_finish(run->observer.json))
		finish_json(run, errno);
	run->has_selected = is_whole && (run->observer.log != NULL || run->observer.json != NULL ||
					 run->options->has_dialog);
	run->has_printed_log = run->observer.log != NULL;
	run->observer.log = NULL;
	run->observer.json = NULL;
	if (run->options->has_dialog && is_whole)
		print_dialog(run);
	if (run->observer.eavesdrop != NULL && is_whole)
		print_eavesdrop(run);
}
