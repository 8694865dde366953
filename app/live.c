#include "app/live.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "app/live_lateness.h"
#include "app/live_record.h"
#include "app/live_services.h"
#include "stack/link.h"

/*
 * The clock advances by at most this before devices are read again. When the machine cannot keep
 * up, virtual time falls behind, instead of timers running out while answers wait unread.
 */
#define TURN_NS (1 * NS_PER_MS)

/* Frames wait in the interface, as before a real card, while this much is in front on the cable. */
#define BACKLOG_NS (200 * NS_PER_US)

/* Reads of one device in one turn, each of one frame or a long one. */
#define READS_MAX 32

/* Views are handed to the system at least so often, and before every sleep longer than that. */
#define FLUSH_NS     (100 * NS_PER_MS)

#define SLEEP_MAX_NS (1 * NS_PER_S)

struct live_state {
	const struct run_session *session;
	struct engine *engine;
	int64_t started_ns; /* real time at virtual time 0 */
	int64_t flushed_ns; /* real time of the last flush */
	struct live_services *services;
	struct lateness lateness;
	size_t receiving; /* index of the attachment that is being read */
	bool is_over, has_failed;
};

void live_init(struct live *live)
{
	*live = (struct live) {
		.speed = 1,
		.ended_descriptor = -1,
		.signals = -1,
		.attachments = g_ptr_array_new_with_free_func(g_free),
	};
}

bool live_speed_is_valid(double speed)
{
	return speed > 0 && speed <= LIVE_SPEED_MAX;
}

void live_clear(struct live *live)
{
	for (guint i = 0; i < live->attachments->len; i++)
		live_device_free(((struct live_attachment *)live->attachments->pdata[i])->device);
	g_ptr_array_unref(live->attachments);
	g_free(live->configs);
	if (live->signals >= 0)
		close(live->signals);
	g_free(live->record_path);
	g_free(live->services_host);
}

static void send_frame(void *owner, struct bytes frame)
{
	live_device_send(owner, frame);
}

void live_add(struct live *live, struct live_device *device, const struct attachment_config *config)
{
	struct live_attachment *added = g_new0(struct live_attachment, 1);

	added->device = device;
	added->config = *config;
	added->config.send = send_frame;
	added->config.owner = device;
	g_ptr_array_add(live->attachments, added);
}

static struct live_attachment *attachment_at(const struct live *live, guint index)
{
	return live->attachments->pdata[index];
}

/* ---- Before the world is built ---- */

const struct scenario_network *live_find_network(const struct scenario *scenario, const char *file,
						 const char *option, const char *name)
{
	const struct scenario_network *network =
	    (const void *)scenario_lookup(scenario, SCENARIO_NETWORK, name);
	struct suggestion suggestion = { .word = name };

	if (network != NULL && network->kind == NETWORK_LAN)
		return network;
	if (network != NULL) {
		command_complain(
		    "%s: the network \"%s\" is a single cable between two routers; only a "
		    "LAN has a switch to plug into",
		    option, name);
		return NULL;
	}
	for (guint i = 0; i < scenario->networks->len; i++)
		suggest_offer(&suggestion,
			      ((struct scenario_network *)scenario->networks->pdata[i])->item.name);
	if (suggestion.best != NULL)
		command_complain("%s: %s has no network \"%s\"; did you mean \"%s\"?", option, file,
				 name, suggestion.best);
	else
		command_complain("%s: %s has no network \"%s\"; mailwire topology %s lists them",
				 option, file, name, file);
	return NULL;
}

static int catch_signals(struct live *live)
{
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	live->signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
	return live->signals >= 0 ? EXIT_OK : EXIT_OUTPUT;
}

/* Numbers of connections seen before would meet the kernel's memory of them: TIME-WAIT and PAWS. */
static void choose_seed(struct run_setup *setup)
{
	if (setup->has_seed_option)
		return;
	if (getrandom(&setup->seed, sizeof setup->seed, 0) != sizeof setup->seed)
		setup->seed = (uint64_t)g_get_real_time();
	setup->seed >>= 1; /* as --seed takes them */
}

static bool open_record(struct live *live, const struct run_setup *setup)
{
	GError *error = NULL;

	if (live->record_path == NULL)
		return true;
	live->record = record_new(live->record_path, setup, live->services_host, &error);
	if (live->record != NULL)
		return true;
	command_complain("--record: %s", error->message);
	g_error_free(error);
	return false;
}

static void plug_in(struct live *live, struct run_setup *setup)
{
	guint count = live->attachments->len;

	live->configs = g_new0(struct attachment_config, count);
	for (guint i = 0; i < count; i++)
		live->configs[i] = attachment_at(live, i)->config;
	setup->attachments = (struct network_attachments) { live->configs, count };
	setup->scenario->epoch_s = g_get_real_time() / G_USEC_PER_SEC;
	choose_seed(setup);
}

int live_prepare(struct live *live, struct run_setup *setup)
{
	if (live->attachments->len > 0)
		plug_in(live, setup);
	if (!open_record(live, setup))
		return EXIT_OUTPUT;
	return catch_signals(live);
}

/* ---- Real time ---- */

static int64_t real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* What the virtual clock should show. */
static int64_t due_ns(const struct live *live)
{
	int64_t passed_ns = real_ns() - live->state->started_ns;

	if (isinf(live->speed))
		return TIME_NEVER - 1;
	return live->speed == 1 ? passed_ns : (int64_t)((double)passed_ns * live->speed);
}

/* ---- Turns ---- */

static void receive_frame(void *owner, struct bytes frame)
{
	struct live *live = owner;
	struct live_state *state = live->state;
	struct live_attachment *from = attachment_at(live, (guint)state->receiving);

	if (live->record != NULL)
		record_frame(live->record, state->receiving, engine_now(state->engine), frame);
	attachment_receive(from->attachment, frame);
}

/* How long frames sent into the cable now would wait for others, beyond what is fine. */
static int64_t backlog_ns(const struct live_attachment *attachment)
{
	struct link *link = attachment_interface(attachment->attachment)->link;

	return link_backlog_ns(link, LINK_A) - BACKLOG_NS;
}

static bool read_device(struct live *live, size_t index)
{
	struct live_attachment *from = attachment_at(live, (guint)index);
	bool has_any = false;

	live->state->receiving = index;
	for (unsigned count = 0; count < READS_MAX && backlog_ns(from) <= 0; count++) {
		switch (live_device_read(from->device, receive_frame, live)) {
		case LIVE_DEVICE_FRAMES:
			has_any = true;
			continue;
		case LIVE_DEVICE_GONE:
			command_complain("the interface %s is gone",
					 live_device_name(from->device));
			live->state->is_over = live->state->has_failed = true;
			return has_any;
		case LIVE_DEVICE_EMPTY:
			return has_any;
		}
	}
	return has_any;
}

static bool read_devices(struct live *live)
{
	bool has_any = false;

	for (guint i = 0; i < live->attachments->len; i++)
		has_any = read_device(live, i) || has_any;
	return has_any;
}

/* From outside something may always come; where nothing is plugged in, quiet is the end. */
static enum engine_outcome run_until(const struct live *live, int64_t until_ns)
{
	struct simulation *simulation = live->state->session->simulation;

	if (live->attachments->len == 0)
		return simulation_run(simulation, until_ns);
	return simulation_advance(simulation, until_ns) ? ENGINE_DEADLINE : ENGINE_LIVELOCK;
}

/* Runs what is due, at most a turn's length. */
static void advance(struct live *live)
{
	struct live_state *state = live->state;
	int64_t now_ns = engine_now(state->engine), wanted_ns = due_ns(live);
	int64_t next_ns = engine_next(state->engine);
	int64_t until_ns = CLAMP(wanted_ns, now_ns, now_ns + TURN_NS);
	enum engine_outcome outcome;

	/* Nothing lies between now and the next event: no need to go there in steps. */
	if (next_ns > until_ns)
		until_ns = CLAMP(next_ns - 1, until_ns, MAX(until_ns, wanted_ns));
	until_ns = MIN(until_ns, state->session->until_ns);
	if (next_ns <= until_ns)
		lateness_add(&state->lateness,
			     (int64_t)((double)(wanted_ns - next_ns) / live->speed));
	outcome = run_until(live, until_ns);
	if (outcome == ENGINE_LIVELOCK) {
		command_complain(
		    "the simulation does not advance any more: a program goes round in "
		    "circles; please report this scenario");
		state->has_failed = true;
	}
	if (outcome != ENGINE_DEADLINE || until_ns >= state->session->until_ns)
		state->is_over = true;
}

static void flush(struct live *live)
{
	live->state->session->flush(live->state->session->owner);
	if (live->record != NULL)
		record_flush(live->record);
	live->state->flushed_ns = real_ns();
}

/* Real time until something is due; at most SLEEP_MAX_NS. */
static int64_t sleep_ns(const struct live *live)
{
	struct live_state *state = live->state;
	int64_t next_ns = MIN(engine_next(state->engine), state->session->until_ns);
	int64_t until_ns = next_ns - due_ns(live);

	if ((double)until_ns > (double)SLEEP_MAX_NS * live->speed)
		return SLEEP_MAX_NS;
	return live->speed == 1 ? until_ns : (int64_t)((double)until_ns / live->speed);
}

/* What ends a session: a signal, its descriptor, the reader of standard output; and who asks for pages. */
enum { SIGNALLED, ENDED, READER, PAGES, WATCHED };

static void watch_for_end(const struct live *live, struct pollfd *polled)
{
	bool has_own_end = live->ended_descriptor >= 0;

	polled[SIGNALLED] = (struct pollfd) { live->signals, POLLIN, 0 };
	polled[ENDED] = (struct pollfd) { live->ended_descriptor, POLLIN, 0 };
	polled[READER] = (struct pollfd) { has_own_end ? -1 : live->state->session->reader, 0, 0 };
	polled[PAGES] = (struct pollfd) { live_pages_descriptor(live->pages), POLLIN, 0 };
}

static bool has_ended(const struct pollfd *polled)
{
	return polled[SIGNALLED].revents != 0 || polled[ENDED].revents != 0 ||
	       (polled[READER].revents & (POLLERR | POLLHUP)) != 0;
}

/* Waits for a frame, the next event, a signal or the end. */
static void wait_for_something(struct live *live, bool has_more)
{
	guint devices = live->attachments->len;
	struct pollfd *polled = g_newa(struct pollfd, devices + WATCHED);
	int64_t timeout_ns = has_more ? 0 : sleep_ns(live);

	/* A device that has to wait is read when the cable has emptied. */
	for (guint i = 0; i < devices; i++) {
		int64_t full_ns = backlog_ns(attachment_at(live, i));
		int descriptor = live_device_descriptor(attachment_at(live, i)->device);

		polled[i] = (struct pollfd) { full_ns > 0 ? -1 : descriptor, POLLIN, 0 };
		if (full_ns > 0)
			timeout_ns = MIN(timeout_ns, full_ns);
	}
	watch_for_end(live, polled + devices);
	if (timeout_ns > FLUSH_NS || real_ns() - live->state->flushed_ns > FLUSH_NS)
		flush(live);
	timeout_ns = MAX(timeout_ns, 0);
	ppoll(polled, devices + WATCHED,
	      &(struct timespec) { timeout_ns / NS_PER_S, timeout_ns % NS_PER_S }, NULL);
	if (has_ended(polled + devices))
		live->state->is_over = true;
	if (polled[devices + PAGES].revents != 0)
		live_pages_answer(live->pages);
}

/* ---- The session ---- */

/* "1 frame", "2 frames" */
#define COUNT_OF      "%" G_GUINT64_FORMAT " %s%s"
#define COUNTED(n, w) (n), (w), (n) == 1 ? "" : "s"

static void report(const struct live *live)
{
	const struct lateness *lateness = &live->state->lateness;

	fprintf(stderr,
		"mailwire: real time: " COUNT_OF "; late by %.3f ms in the median, "
		"%.3f ms in 99%%, %.3f ms in 99.9%%, %.3f ms at most\n",
		COUNTED(lateness->count, "turn"), (double)lateness_percentile(lateness, 50) / 1e6,
		(double)lateness_percentile(lateness, 99) / 1e6,
		(double)lateness_percentile(lateness, 99.9) / 1e6,
		(double)lateness->largest_ns / 1e6);
	for (guint i = 0; i < live->attachments->len; i++) {
		const struct live_device *device = attachment_at(live, i)->device;
		const struct live_device_counters *counters = live_device_counters(device);

		fprintf(stderr,
			"mailwire: %s: " COUNT_OF " in (" COUNT_OF " finished, " COUNT_OF
			" cut, %" G_GUINT64_FORMAT " ignored), %" G_GUINT64_FORMAT
			" out (%" G_GUINT64_FORMAT " lost)\n",
			live_device_name(device), COUNTED(counters->received_frames, "frame"),
			COUNTED(counters->completed_frames, "checksum"),
			COUNTED(counters->split_frames, "long frame"), counters->ignored_frames,
			counters->sent_frames, counters->lost_frames);
	}
}

static void finish_record(struct live *live)
{
	GError *error = NULL;

	if (live->record == NULL)
		return;
	if (!record_finish(live->record, engine_now(live->state->engine), &error)) {
		command_complain("--record: %s", error->message);
		g_error_free(error);
		live->state->has_failed = true;
	}
	live->record = NULL;
}

static bool start(struct live *live)
{
	struct live_state *state = live->state;
	struct network *network = simulation_network(state->session->simulation);

	for (guint i = 0; i < live->attachments->len; i++)
		attachment_at(live, i)->attachment = network_attachment(network, i);
	if (live->services_host != NULL) {
		state->services =
		    live_services_start(state->session->simulation, live->services_host);
		if (state->services == NULL) {
			command_complain("--services: there is no host \"%s\"",
					 live->services_host);
			return false;
		}
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* waking up late is being late */
	state->started_ns = state->flushed_ns = real_ns();
	return true;
}

int live_drive(struct live *live, const struct run_session *session)
{
	struct live_state *state = g_new0(struct live_state, 1);
	bool has_failed;

	live->state = state;
	state->session = session;
	state->engine = simulation_world(session->simulation)->engine;
	state->has_failed = state->is_over = !start(live);
	while (!state->is_over) {
		advance(live);
		wait_for_something(live, read_devices(live));
	}
	finish_record(live);
	if (live->pages != NULL)
		live_pages_finish(live->pages, live->signals);
	if (!live->is_silent)
		report(live);
	live_services_stop(state->services);
	has_failed = state->has_failed;
	g_free(state);
	live->state = NULL;
	return has_failed ? EXIT_OUTPUT : EXIT_OK;
}
