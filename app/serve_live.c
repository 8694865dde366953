#include "app/serve_private.h"

#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCKS_KEPT      5000  /* for who comes later */
#define BLOCK_BYTES      16384 /* a longer block is cut in two */
#define BEAT_SECONDS     15
#define WATCHERS_MAX     16
#define PAGES_DESCRIPTOR 3                    /* of a session, where it is asked for pages */
#define ANSWER_PAUSE_US  (G_USEC_PER_SEC / 2) /* an answer younger than that is new enough */
#define BACKLOG_BYTES    (4 * 1000000) /* a watcher that does not read so much is sent away */

struct block {
	guint64 number; /* from 1, over all sessions */
	const char *event;
	char *text;
};

struct watcher {
	struct serve_live *live;
	SoupServerMessage *message;
	gulong finished, wrote;
	goffset sent_bytes, written_bytes;
};

typedef void (*page_done)(void *owner, SoupServerMessage *message, GBytes *page,
			  const char *problem);

/* A request for the session's page. */
struct page_asked {
	SoupServerMessage *message;
	page_done done;
	void *owner;
};

struct serve_live {
	const struct serve_options *options;
	SoupServer *server;
	GQueue blocks;   /* of struct block * */
	guint64 count;   /* of blocks ever made */
	GList *watchers; /* of struct watcher * */
	GSubprocess *child;
	GDataInputStream *lines;
	GCancellable *cancellable;
	GString *text; /* of the block that is read */
	unsigned beat; /* source id */

	GIOStream *pages;   /* where the session is asked for pages and answers; NULL: none runs */
	GByteArray *answer; /* what has come of one */
	uint8_t buffer[65536];
	GBytes *page;        /* the last; NULL: none */
	const char *problem; /* why the last answer was none; NULL: it was `page`, or none came */
	int64_t answer_us;   /* when it came */
	bool is_asked;       /* an answer is under way */
	GQueue asked;        /* of struct page_asked * */
};

/* ---- Watchers ---- */

static void watcher_free(struct watcher *watcher)
{
	g_signal_handler_disconnect(watcher->message, watcher->finished);
	g_signal_handler_disconnect(watcher->message, watcher->wrote);
	watcher->live->watchers = g_list_remove(watcher->live->watchers, watcher);
	g_object_unref(watcher->message);
	g_free(watcher);
}

static void on_finished(SoupServerMessage *message, gpointer owner)
{
	(void)message;
	watcher_free(owner);
}

static void on_wrote(SoupServerMessage *message, unsigned bytes, gpointer owner)
{
	(void)message;
	((struct watcher *)owner)->written_bytes += bytes;
}

/* An event of HTML's server-sent events: a line "data:" for each line. */
static void send_block(struct watcher *watcher, const struct block *block)
{
	SoupMessageBody *body = soup_server_message_get_response_body(watcher->message);
	GString *out = g_string_new(NULL);
	g_auto(GStrv) lines = g_strsplit(block->text, "\n", -1);
	GBytes *bytes;

	g_string_append_printf(out, "id: %" G_GUINT64_FORMAT "\nevent: %s\n", block->number,
			       block->event);
	for (char **line = lines; *line != NULL; line++)
		g_string_append_printf(out, "data: %s\n", *line);
	g_string_append_c(out, '\n');
	watcher->sent_bytes += (goffset)out->len;
	bytes = g_string_free_to_bytes(out);
	soup_message_body_append_bytes(body, bytes);
	g_bytes_unref(bytes);
}

static void wake(struct watcher *watcher)
{
	if (watcher->sent_bytes - watcher->written_bytes > BACKLOG_BYTES)
		soup_message_body_complete(soup_server_message_get_response_body(watcher->message));
	soup_server_unpause_message(watcher->live->server, watcher->message);
}

/* What the watcher has already; 0: nothing. */
static guint64 last_seen(SoupServerMessage *message)
{
	const char *text = soup_message_headers_get_one(
	    soup_server_message_get_request_headers(message), "Last-Event-ID");
	guint64 number;

	if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &number, NULL))
		return 0;
	return number;
}

void serve_live_watch(struct serve_live *live, SoupServerMessage *message)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
	guint64 seen = last_seen(message);
	struct watcher *watcher;

	if (g_list_length(live->watchers) >= WATCHERS_MAX) {
		serve_refuse(message, SERVE_TOO_MANY_REQUESTS, "Too many are watching already.");
		return;
	}
	serve_guard_answer(message, "default-src 'none'; frame-ancestors 'none'");
	soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
	soup_message_headers_set_content_type(headers, "text/event-stream", NULL);
	soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
	soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
	watcher = g_new0(struct watcher, 1);
	*watcher = (struct watcher) { .live = live, .message = g_object_ref(message) };
	watcher->finished = g_signal_connect(message, "finished", G_CALLBACK(on_finished), watcher);
	watcher->wrote =
	    g_signal_connect(message, "wrote-body-data", G_CALLBACK(on_wrote), watcher);
	live->watchers = g_list_prepend(live->watchers, watcher);
	for (GList *at = live->blocks.head; at != NULL; at = at->next)
		if (((struct block *)at->data)->number > seen)
			send_block(watcher, at->data);
	soup_message_body_append(soup_server_message_get_response_body(message), SOUP_MEMORY_STATIC,
				 ": hello\n\n", strlen(": hello\n\n"));
}

/* ---- Blocks ---- */

static void block_free(struct block *block)
{
	g_free(block->text);
	g_free(block);
}

static void add_block(struct serve_live *live, const char *event, const char *text)
{
	struct block *block = g_new(struct block, 1);
	GList *next;

	*block = (struct block) { ++live->count, event, g_utf8_make_valid(text, -1) };
	g_strdelimit(block->text, "\r", ' ');
	g_queue_push_tail(&live->blocks, block);
	while (live->blocks.length > BLOCKS_KEPT)
		block_free(g_queue_pop_head(&live->blocks));
	for (GList *at = live->watchers; at != NULL; at = next) {
		next = at->next;
		send_block(at->data, block);
		wake(at->data);
	}
}

static void flush_block(struct serve_live *live)
{
	if (live->text->len > 0)
		add_block(live, "log", live->text->str);
	g_string_truncate(live->text, 0);
}

/* ---- Pages of the session ---- */

static void answer_one(struct page_asked *asked, GBytes *page, const char *problem)
{
	asked->done(asked->owner, asked->message, page, problem);
	g_object_unref(asked->message);
	g_free(asked);
}

static void answer_asked(struct serve_live *live, const char *problem)
{
	struct page_asked *asked;

	while ((asked = g_queue_pop_head(&live->asked)) != NULL)
		answer_one(asked, problem == NULL ? live->page : NULL, problem);
}

/* Whether the other end is closed, which libsoup does not notice while the answer is waited for. */
static bool is_gone(SoupServerMessage *message)
{
	GSocket *socket = soup_server_message_get_socket(message);
	char byte;

	return socket == NULL ||
	       recv(g_socket_get_fd(socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void drop_gone(struct serve_live *live)
{
	for (guint left = live->asked.length; left > 0; left--) {
		struct page_asked *asked = g_queue_pop_head(&live->asked);

		if (is_gone(asked->message))
			answer_one(asked, NULL, "Nobody waits for this answer.");
		else
			g_queue_push_tail(&live->asked, asked);
	}
}

/* A length, a line end, and so many bytes: see app/live_pages.h. True: one is complete. */
static bool take_page(struct serve_live *live)
{
	GByteArray *answer = live->answer;
	const uint8_t *end =
	    answer->len == 0 ? NULL : memchr(answer->data, '\n', MIN(answer->len, 32));
	size_t head, length;

	if (end == NULL)
		return false;
	head = (size_t)(end - answer->data) + 1;
	length = MIN((size_t)strtoull((const char *)answer->data, NULL, 10),
		     (size_t)SERVE_PAGE_BYTES_MAX);
	if (answer->len - head < length)
		return false;
	if (length > 0) {
		g_clear_pointer(&live->page, g_bytes_unref);
		live->page = g_bytes_new(answer->data + head, length);
	}
	live->problem = length > 0 ? NULL
				   : "The page could not be made: it takes more than this server "
				     "allows (--seconds, --memory), or is longer than 64 MB.";
	live->answer_us = g_get_monotonic_time();
	live->is_asked = false;
	g_byte_array_remove_range(answer, 0, (guint)(head + length));
	answer_asked(live, live->problem);
	return true;
}

static void read_pages(struct serve_live *live);

static void on_page_bytes(GObject *stream, GAsyncResult *result, gpointer owner)
{
	struct serve_live *live = owner;
	GError *error = NULL;
	gssize length = g_input_stream_read_finish(G_INPUT_STREAM(stream), result, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return;
	}
	g_clear_error(&error);
	if (length <= 0) {
		g_clear_object(&live->pages);
		answer_asked(live, live->page != NULL ? NULL : "The session has ended.");
		return;
	}
	g_byte_array_append(live->answer, live->buffer, (guint)length);
	while (take_page(live))
		;
	read_pages(live);
}

static void read_pages(struct serve_live *live)
{
	g_input_stream_read_async(g_io_stream_get_input_stream(live->pages), live->buffer,
				  sizeof live->buffer, G_PRIORITY_DEFAULT, live->cancellable,
				  on_page_bytes, live);
}

static void forget_pages(struct serve_live *live)
{
	g_clear_object(&live->pages);
	g_byte_array_set_size(live->answer, 0);
	answer_asked(live, "The session has ended.");
}

/* One that is ending does not read it: its last page, or its end, is the answer. */
static void ask_session(struct serve_live *live)
{
	if (live->is_asked)
		return;
	live->is_asked = true;
	g_output_stream_write(g_io_stream_get_output_stream(live->pages), "p", 1, NULL, NULL);
}

static bool is_answer_new(const struct serve_live *live)
{
	return (live->page != NULL || live->problem != NULL) &&
	       g_get_monotonic_time() - live->answer_us < ANSWER_PAUSE_US;
}

/* By what there is: of a session that has ended, its last page. */
static void answer_now(struct serve_live *live, SoupServerMessage *message, page_done done,
		       void *owner)
{
	if (live->page != NULL && (live->pages == NULL || live->problem == NULL))
		done(owner, message, live->page, NULL);
	else
		done(owner, message, NULL,
		     live->problem != NULL ? live->problem : "No session runs: start one.");
}

void serve_live_page(struct serve_live *live, SoupServerMessage *message, page_done done,
		     void *owner)
{
	struct page_asked *asked;

	if (live->pages == NULL || is_answer_new(live)) {
		answer_now(live, message, done, owner);
		return;
	}
	if (live->asked.length >= WATCHERS_MAX)
		drop_gone(live);
	if (live->asked.length >= WATCHERS_MAX) {
		done(owner, message, NULL, "Too many ask for this page already.");
		return;
	}
	asked = g_new(struct page_asked, 1);
	*asked = (struct page_asked) { g_object_ref(message), done, owner };
	g_queue_push_tail(&live->asked, asked);
	ask_session(live);
}

/* ---- The session ---- */

static void read_line(struct serve_live *live);

static void end_session(struct serve_live *live)
{
	flush_block(live);
	g_clear_object(&live->child);
	g_clear_object(&live->lines);
	add_block(live, "end", "The session has ended.");
}

static void on_line(GObject *stream, GAsyncResult *result, gpointer owner)
{
	struct serve_live *live = owner;
	GError *error = NULL;
	gsize length;
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(stream),
								     result, &length, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_error_free(error);
		return; /* `live` may be gone, or busy with the next session */
	}
	g_clear_error(&error);
	if (line == NULL) {
		end_session(live);
		return;
	}
	if (*line == '\0' || live->text->len > BLOCK_BYTES)
		flush_block(live);
	if (*line != '\0')
		g_string_append_printf(live->text, "%s%s", live->text->len > 0 ? "\n" : "", line);
	read_line(live);
}

static void read_line(struct serve_live *live)
{
	g_data_input_stream_read_line_async(live->lines, G_PRIORITY_LOW, live->cancellable, on_line,
					    live);
}

void serve_live_stop(struct serve_live *live)
{
	if (live->child == NULL)
		return;
	g_subprocess_force_exit(live->child);
	g_subprocess_wait(live->child, NULL, NULL);
	g_cancellable_cancel(live->cancellable);
	g_object_unref(live->cancellable);
	live->cancellable = g_cancellable_new();
	forget_pages(live);
	end_session(live);
}

static GPtrArray *arguments_of(const struct serve_live *live, unsigned index, double speed)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	const char *const *attach = live->options->attach;
	const struct serve_limits *limits = &live->options->limits;
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	g_ptr_array_add(arguments, serve_program());
	g_ptr_array_add(arguments, g_strdup("live"));
	g_ptr_array_add(
	    arguments, g_strconcat("--speed=", g_ascii_dtostr(number, sizeof number, speed), NULL));
	if (attach == NULL || *attach == NULL)
		g_ptr_array_add(arguments, g_strdup("--alone"));
	g_ptr_array_add(arguments,
			g_strdup_printf("--pages=%d:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT
					":%" G_GUINT64_FORMAT,
					PAGES_DESCRIPTOR, MIN(limits->records, G_MAXINT32),
					limits->seconds, limits->memory_bytes / 1000000));
	for (; attach != NULL && *attach != NULL; attach++)
		g_ptr_array_add(arguments, g_strconcat("--attach=", *attach, NULL));
	g_ptr_array_add(arguments, g_strdup(live->options->files[index].path));
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

/* The session's process, with a socket by which it is asked for pages. */
static bool spawn(struct serve_live *live, const GPtrArray *arguments)
{
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
	    G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
	g_autoptr(GSocket) socket = NULL;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	g_subprocess_launcher_take_fd(launcher, ends[1], PAGES_DESCRIPTOR);
	live->child =
	    g_subprocess_launcher_spawnv(launcher, (const char *const *)arguments->pdata, NULL);
	g_subprocess_launcher_close(launcher);
	if (live->child == NULL) {
		close(ends[0]);
		return false;
	}
	g_clear_object(&live->pages);
	g_clear_pointer(&live->page, g_bytes_unref);
	live->problem = NULL;
	live->is_asked = false;
	g_byte_array_set_size(live->answer, 0);
	socket = g_socket_new_from_fd(ends[0], NULL);
	if (socket == NULL) {
		close(ends[0]);
		return true; /* it runs, but has no pages */
	}
	live->pages = G_IO_STREAM(g_socket_connection_factory_create_connection(socket));
	read_pages(live);
	return true;
}

bool serve_live_start(struct serve_live *live, unsigned index, double speed)
{
	g_autoptr(GPtrArray) arguments = NULL;

	if (!(speed > 0) || speed > 1000)
		return false;
	serve_live_stop(live);
	arguments = arguments_of(live, index, speed);
	if (!spawn(live, arguments))
		return false;
	live->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(live->child));
	add_block(live, "start", live->options->files[index].name);
	read_line(live);
	return true;
}

/* Something is said now and then, so that it is noticed when a watcher has gone. */
static gboolean on_beat(gpointer owner)
{
	struct serve_live *live = owner;

	for (GList *at = live->watchers; at != NULL; at = at->next) {
		struct watcher *watcher = at->data;

		soup_message_body_append(soup_server_message_get_response_body(watcher->message),
					 SOUP_MEMORY_STATIC, ":\n\n", strlen(":\n\n"));
		soup_server_unpause_message(live->server, watcher->message);
	}
	return G_SOURCE_CONTINUE;
}

struct serve_live *serve_live_new(SoupServer *server, const struct serve_options *options)
{
	struct serve_live *live = g_new0(struct serve_live, 1);

	live->options = options;
	live->server = server;
	live->cancellable = g_cancellable_new();
	live->text = g_string_new(NULL);
	live->answer = g_byte_array_new();
	g_queue_init(&live->asked);
	g_queue_init(&live->blocks);
	live->beat = g_timeout_add_seconds(BEAT_SECONDS, on_beat, live);
	return live;
}

void serve_live_free(struct serve_live *live)
{
	GList *watchers;

	if (live == NULL)
		return;
	serve_live_stop(live);
	g_cancellable_cancel(live->cancellable);
	forget_pages(live);
	g_clear_pointer(&live->page, g_bytes_unref);
	g_byte_array_unref(live->answer);
	g_source_remove(live->beat);
	watchers = g_steal_pointer(&live->watchers);
	g_list_free_full(watchers, (GDestroyNotify)watcher_free);
	g_object_unref(live->cancellable);
	g_string_free(live->text, TRUE);
	g_queue_clear_full(&live->blocks, (GDestroyNotify)block_free);
	g_free(live);
}
