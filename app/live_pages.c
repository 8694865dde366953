#include "app/live_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "app/dissectors.h"
#include "app/page_make.h"

#define PAGE_BYTES_MAX 64000000 /* what a server keeps */
#define SEND_SECONDS   20       /* who asks and does not read for so long gets no more pages */

struct live_pages {
	int descriptor;
	uint64_t records_left, seconds, memory_bytes;
	bool is_cut; /* records are left out */
	const struct run_setup *setup;
	struct history *history;
	struct trace_sink sink;
	pid_t child; /* makes a page; 0: none does */
	int result;  /* of the child: a byte when it begins to send; its end is the end of this */
	bool is_sending; /* it has begun: a part of the answer may be out */
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct live_pages *pages = owner;

	if (pages->records_left == 0) {
		pages->is_cut = true;
		return;
	}
	pages->records_left--;
	history_feed(pages->history, record, bytes);
}

struct live_pages *live_pages_new(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ":", -1);
	guint64 numbers[4];
	struct live_pages *pages;

	if (g_strv_length(parts) != G_N_ELEMENTS(numbers))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		if (!g_ascii_string_to_unsigned(parts[i], 10, 0, G_MAXINT32, &numbers[i], NULL))
			return NULL;
	pages = g_new0(struct live_pages, 1);
	pages->descriptor = (int)numbers[0];
	pages->records_left = numbers[1];
	pages->seconds = numbers[2];
	pages->memory_bytes = numbers[3] * 1000000;
	pages->history = history_new(all_dissectors);
	pages->sink = (struct trace_sink) { .kinds = TRACE_ALL, .owner = pages, .record = observe };
	return pages;
}

void live_pages_free(struct live_pages *pages)
{
	if (pages == NULL)
		return;
	history_free(pages->history);
	g_free(pages);
}

void live_pages_describe(struct live_pages *pages, const struct run_setup *setup)
{
	pages->setup = setup;
}

struct trace_sink *live_pages_sink(struct live_pages *pages)
{
	return &pages->sink;
}

int live_pages_descriptor(const struct live_pages *pages)
{
	if (pages == NULL)
		return -1;
	return pages->child > 0 ? pages->result : pages->descriptor;
}

/* ---- Making one: in a process of its own ---- */

static void limit_all(const struct live_pages *pages)
{
	struct rlimit memory = { pages->memory_bytes, pages->memory_bytes };

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the session is gone: nobody waits */
	if (pages->memory_bytes != 0)
		setrlimit(RLIMIT_AS, &memory);
	alarm((unsigned)pages->seconds);
}

/* Writes the page to a file without a name; -1: that did not go. */
static int make_page(struct live_pages *pages)
{
	g_autofree char *name = g_path_get_basename(pages->setup->file);
	int file = memfd_create("page", MFD_CLOEXEC);
	struct output *output;

	if (file < 0 || dup2(file, STDOUT_FILENO) < 0)
		return -1;
	output = output_open("-", NULL);
	if (output == NULL)
		return -1;
	history_finish(pages->history);
	page_make(output, pages->history,
		  (struct page_options) {
		      .title = pages->setup->scenario->title,
		      .file = name,
		      .seed = pages->setup->seed,
		      .left_out = pages->is_cut ? "What came after the last record that is kept "
						  "(mailwire serve --records). "
						: NULL,
		  });
	return output_close(output, NULL) ? file : -1;
}

static bool write_all(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static bool send_page(const struct live_pages *pages, int file, int result)
{
	off_t length = file < 0 ? 0 : lseek(file, 0, SEEK_END);
	char head[32];
	void *bytes;

	if (length < 0 || length > PAGE_BYTES_MAX)
		length = 0;
	bytes = length == 0 ? NULL : mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED)
		length = 0;
	alarm(SEND_SECONDS);
	g_snprintf(head, sizeof head, "%lld\n", (long long)length);
	return write_all(result, "s", 1) && write_all(pages->descriptor, head, strlen(head)) &&
	       (length == 0 || write_all(pages->descriptor, bytes, (size_t)length));
}

static void stop_answering(struct live_pages *pages)
{
	shutdown(pages->descriptor, SHUT_RDWR);
	pages->descriptor = -1;
}

/* Does not wait for who asks: the clock would, too. */
static void say_failed(struct live_pages *pages)
{
	if (send(pages->descriptor, "0\n", 2, MSG_DONTWAIT | MSG_NOSIGNAL) != 2)
		stop_answering(pages);
}

static void begin_page(struct live_pages *pages)
{
	int ends[2];

	pages->is_sending = false;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		say_failed(pages);
		return;
	}
	pages->child = fork();
	if (pages->child == 0) {
		close(ends[0]);
		limit_all(pages);
		_exit(send_page(pages, make_page(pages), ends[1]) ? 0 : 1);
	}
	close(ends[1]);
	if (pages->child > 0) {
		pages->result = ends[0];
		return;
	}
	close(ends[0]);
	pages->child = 0;
	say_failed(pages);
}

/* ---- Who asks ---- */

/* The child has ended. One that failed has said nothing, or a part, behind which nothing can follow. */
static void reap(struct live_pages *pages)
{
	int status = 0;
	bool is_known = waitpid(pages->child, &status, 0) == pages->child;

	close(pages->result);
	pages->child = 0;
	if (!pages->is_sending)
		say_failed(pages);
	else if (!is_known || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		stop_answering(pages);
}

static void take_result(struct live_pages *pages)
{
	char byte;
	ssize_t length = read(pages->result, &byte, 1);

	if (length > 0)
		pages->is_sending = true;
	else if (length == 0 || errno != EINTR)
		reap(pages);
}

void live_pages_answer(struct live_pages *pages)
{
	char asked;

	if (pages->child > 0)
		take_result(pages);
	else if (read(pages->descriptor, &asked, 1) == 1)
		begin_page(pages);
	else
		pages->descriptor = -1;
}

/* False: there was a signal first, so the page is given up. */
static bool wait_for_page(struct live_pages *pages, int signals)
{
	struct pollfd polled[] = {
		{signals,        POLLIN, 0},
                { pages->result, POLLIN, 0}
	};

	while (pages->child > 0) {
		if (poll(polled, G_N_ELEMENTS(polled), -1) < 0)
			continue;
		if (polled[0].revents != 0) {
			kill(pages->child, SIGKILL);
			reap(pages);
			return false;
		}
		take_result(pages);
	}
	return true;
}

static bool is_readable(int descriptor)
{
	struct pollfd polled = { descriptor, POLLIN, 0 };

	return poll(&polled, 1, 0) > 0;
}

void live_pages_finish(struct live_pages *pages, int signals)
{
	if (!wait_for_page(pages, signals) || pages->descriptor < 0 || is_readable(signals))
		return;
	begin_page(pages);
	wait_for_page(pages, signals);
}
