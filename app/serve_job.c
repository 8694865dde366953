#include "app/serve_private.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>

/* How much is done at once, waits, and may be begun in a second; a rest is saved up for `burst`. */
static const struct {
	unsigned at_once, waiting;
	double a_second, burst;
} allowed[SERVE_JOB_KINDS] = {
	[SERVE_JOB_LOOK] = {4,  32, 30, 60},
	[SERVE_JOB_RUN] = { 2, 8,  2,  10},
};

struct queue {
	GQueue waiting; /* of struct job * */
	GList *running; /* of struct job * */
	double credit;  /* jobs that may be begun now */
	int64_t credited_us;
};

struct serve_jobs {
	struct serve_limits limits;
	struct queue queues[SERVE_JOB_KINDS];
};

struct job {
	struct serve_jobs *jobs; /* NULL: the server ends */
	enum serve_job_kind kind;
	GPtrArray *arguments; /* of char *, up to a NULL */
	GBytes *input;
	GByteArray *output;
	GSubprocess *child;
	GCancellable *cancellable;
	unsigned timeout; /* source id; 0: none */
	unsigned pending; /* of reading, writing and waiting */
	bool is_late, is_too_long;
	uint8_t buffer[65536];
	void (*done)(void *owner, const struct serve_result *result);
	void *owner;
};

char *serve_program(void)
{
	char *program = g_file_read_link("/proc/self/exe", NULL);

	if (program == NULL)
		program = g_find_program_in_path("mailwire");
	return program;
}

static void job_free(struct job *job)
{
	if (job->timeout != 0)
		g_source_remove(job->timeout);
	g_clear_object(&job->child);
	g_object_unref(job->cancellable);
	g_ptr_array_unref(job->arguments);
	g_bytes_unref(job->input);
	g_byte_array_unref(job->output);
	g_free(job);
}

static struct queue *queue_of(struct job *job)
{
	return &job->jobs->queues[job->kind];
}

/* ---- What came of it ---- */

static char *why_failed(const struct job *job)
{
	const struct serve_limits *limits = &job->jobs->limits;
	bool is_killed = job->child != NULL && g_subprocess_get_if_signaled(job->child);
	int signal_number = is_killed ? g_subprocess_get_term_sig(job->child) : 0;

	if (job->is_too_long)
		return g_strdup_printf("What came of it is longer than %d MB, the most that this "
				       "server keeps. Give the scenario an earlier `until`.",
				       SERVE_PAGE_BYTES_MAX / 1000000);
	if (job->is_late || signal_number == SIGKILL || signal_number == SIGXCPU)
		return g_strdup_printf("It took more than %" G_GUINT64_FORMAT " seconds, and was "
				       "ended. Give the scenario an earlier `until`, or start the "
				       "server with --seconds.",
				       limits->seconds);
	if (is_killed)
		return g_strdup_printf("It needed more than %" G_GUINT64_FORMAT
				       " MB of memory, or failed otherwise (signal %d), and was "
				       "ended. Make the scenario smaller, or start the server with "
				       "--memory.",
				       limits->memory_bytes / 1000000, signal_number);
	return g_strdup("It could not be done: the program that should do it failed.");
}

static void report(struct job *job)
{
	const uint8_t *bytes = job->output->data;
	const uint8_t *end = job->output->len == 0 ? NULL : memchr(bytes, '\n', job->output->len);
	bool is_good = end != NULL && job->child != NULL &&
		       g_subprocess_get_if_exited(job->child) &&
		       g_subprocess_get_exit_status(job->child) == 0 && !job->is_too_long &&
		       (size_t)(end - bytes) < SERVE_LINE_BYTES_MAX;
	struct serve_result result = { 0 };
	g_autofree char *problem = NULL;

	if (is_good) {
		size_t line_bytes = (size_t)(end - bytes);

		result.line = g_bytes_new(bytes, line_bytes);
		result.page = g_bytes_new(end + 1, job->output->len - line_bytes - 1);
	} else {
		result.problem = problem = why_failed(job);
	}
	job->done(job->owner, &result);
	g_clear_pointer(&result.line, g_bytes_unref);
	g_clear_pointer(&result.page, g_bytes_unref);
}

static void begin_next(struct serve_jobs *jobs, enum serve_job_kind kind);

/* Reading, writing or waiting has ended; behind the last of them, the job has. */
static void settle(struct job *job)
{
	struct serve_jobs *jobs = job->jobs;

	if (--job->pending > 0)
		return;
	if (jobs != NULL) {
		queue_of(job)->running = g_list_remove(queue_of(job)->running, job);
		report(job);
		begin_next(jobs, job->kind);
	}
	job_free(job);
}

/* ---- The child ---- */

static void end_child(struct job *job)
{
	g_subprocess_force_exit(job->child);
	g_cancellable_cancel(job->cancellable);
}

static gboolean on_timeout(gpointer owner)
{
	struct job *job = owner;

	job->timeout = 0;
	job->is_late = true;
	end_child(job);
	return G_SOURCE_REMOVE;
}

static void on_written(GObject *stream, GAsyncResult *result, gpointer owner)
{
	struct job *job = owner;

	/* A child that ends before it has read all says why otherwise. */
	g_output_stream_write_all_finish(G_OUTPUT_STREAM(stream), result, NULL, NULL);
	g_output_stream_close(G_OUTPUT_STREAM(stream), NULL, NULL);
	settle(job);
}

static void read_on(struct job *job);

static void on_read(GObject *stream, GAsyncResult *result, gpointer owner)
{
	struct job *job = owner;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, NULL);

	if (length > 0 &&
	    job->output->len + (size_t)length > SERVE_LINE_BYTES_MAX + SERVE_PAGE_BYTES_MAX) {
		job->is_too_long = true;
		end_child(job);
		length = 0;
	}
	if (length <= 0) {
		settle(job);
		return;
	}
	g_byte_array_append(job->output, job->buffer, (guint)length);
	read_on(job);
}

static void read_on(struct job *job)
{
	g_input_stream_read_async(g_subprocess_get_stdout_pipe(job->child), job->buffer,
				  sizeof job->buffer, G_PRIORITY_DEFAULT, job->cancellable, on_read,
				  job);
}

static void on_ended(GObject *child, GAsyncResult *result, gpointer owner)
{
	g_subprocess_wait_finish(G_SUBPROCESS(child), result, NULL);
	settle(owner);
}

static void begin(struct job *job)
{
	gsize length;
	const void *bytes = g_bytes_get_data(job->input, &length);

	queue_of(job)->running = g_list_prepend(queue_of(job)->running, job);
	job->child =
	    g_subprocess_newv((const char *const *)job->arguments->pdata,
			      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
				  G_SUBPROCESS_FLAGS_STDERR_SILENCE,
			      NULL);
	if (job->child == NULL) {
		job->pending = 1;
		settle(job);
		return;
	}
	job->pending = 3;
	job->timeout = g_timeout_add_seconds((guint)job->jobs->limits.seconds, on_timeout, job);
	g_output_stream_write_all_async(g_subprocess_get_stdin_pipe(job->child), bytes, length,
					G_PRIORITY_DEFAULT, job->cancellable, on_written, job);
	read_on(job);
	g_subprocess_wait_async(job->child, NULL, on_ended, job);
}

static void begin_next(struct serve_jobs *jobs, enum serve_job_kind kind)
{
	struct queue *queue = &jobs->queues[kind];

	while (g_list_length(queue->running) < allowed[kind].at_once &&
	       !g_queue_is_empty(&queue->waiting))
		begin(g_queue_pop_head(&queue->waiting));
}

/* ---- What is asked for ---- */

struct serve_jobs *serve_jobs_new(const struct serve_limits *limits)
{
	struct serve_jobs *jobs = g_new0(struct serve_jobs, 1);

	jobs->limits = *limits;
	for (unsigned kind = 0; kind < SERVE_JOB_KINDS; kind++) {
		g_queue_init(&jobs->queues[kind].waiting);
		jobs->queues[kind].credit = allowed[kind].burst;
		jobs->queues[kind].credited_us = g_get_monotonic_time();
	}
	return jobs;
}

void serve_jobs_free(struct serve_jobs *jobs)
{
	struct job *job;

	for (unsigned kind = 0; kind < SERVE_JOB_KINDS; kind++) {
		struct queue *queue = &jobs->queues[kind];

		while ((job = g_queue_pop_head(&queue->waiting)) != NULL)
			job_free(job);
		for (GList *at = queue->running; at != NULL; at = at->next) {
			job = at->data;
			job->jobs = NULL;
			end_child(job);
			/* It is killed by another thread, which must have done so before the end. */
			g_subprocess_wait(job->child, NULL, NULL);
		}
		g_list_free(queue->running);
	}
	g_free(jobs);
}

static bool is_affordable(struct queue *queue, enum serve_job_kind kind)
{
	int64_t now_us = g_get_monotonic_time();
	double saved = (double)(now_us - queue->credited_us) / 1e6 * allowed[kind].a_second;

	queue->credit = MIN(queue->credit + saved, allowed[kind].burst);
	queue->credited_us = now_us;
	if (queue->credit < 1 || queue->waiting.length >= allowed[kind].waiting)
		return false;
	queue->credit -= 1;
	return true;
}

bool serve_jobs_add(struct serve_jobs *jobs, enum serve_job_kind kind, const char *const *arguments,
		    GBytes *input, void (*done)(void *owner, const struct serve_result *result),
		    void *owner)
{
	const struct serve_limits *limits = &jobs->limits;
	struct job *job;

	if (!is_affordable(&jobs->queues[kind], kind))
		return false;
	job = g_new0(struct job, 1);
	job->jobs = jobs;
	job->kind = kind;
	job->input = g_bytes_ref(input);
	job->output = g_byte_array_new();
	job->cancellable = g_cancellable_new();
	job->done = done;
	job->owner = owner;
	job->arguments = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(job->arguments, serve_program());
	g_ptr_array_add(job->arguments, g_strdup("serve"));
	g_ptr_array_add(job->arguments,
			g_strdup_printf("--seconds=%" G_GUINT64_FORMAT, limits->seconds));
	g_ptr_array_add(job->arguments, g_strdup_printf("--memory=%" G_GUINT64_FORMAT,
							limits->memory_bytes / 1000000));
	g_ptr_array_add(job->arguments,
			g_strdup_printf("--records=%" G_GUINT64_FORMAT, limits->records));
	for (; *arguments != NULL; arguments++)
		g_ptr_array_add(job->arguments, g_strdup(*arguments));
	g_ptr_array_add(job->arguments, NULL);
	g_queue_push_tail(&jobs->queues[kind].waiting, job);
	begin_next(jobs, kind);
	return true;
}
