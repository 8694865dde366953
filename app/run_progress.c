/* The way of a run through virtual time: how far it is, and what interrupts it. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "app/command.h"
#include "app/run_private.h"

#define PROGRESS_INTERVAL_MS 250
#define PROGRESS_AFTER_MS    1000

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

enum engine_outcome run_events(struct run *run)
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

int run_interruption(void)
{
	return interrupted;
}
