#include "app/serve_private.h"

#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>

#define BLOCKS_KEPT   5000  /* for who comes later */
#define BLOCK_BYTES   16384 /* a longer block is cut in two */
#define WATCHERS_MAX  16
#define BACKLOG_BYTES (4 * 1000000) /* a watcher that does not read so much is sent away */

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
	end_session(live);
}

static GPtrArray *arguments_of(const struct serve_live *live, unsigned index, double speed)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	const char *const *attach = live->options->attach;
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	g_ptr_array_add(arguments, serve_program());
	g_ptr_array_add(arguments, g_strdup("live"));
	g_ptr_array_add(
	    arguments, g_strconcat("--speed=", g_ascii_dtostr(number, sizeof number, speed), NULL));
	if (attach == NULL || *attach == NULL)
		g_ptr_array_add(arguments, g_strdup("--alone"));
	for (; attach != NULL && *attach != NULL; attach++)
		g_ptr_array_add(arguments, g_strconcat("--attach=", *attach, NULL));
	g_ptr_array_add(arguments, g_strdup(live->options->files[index].path));
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

bool serve_live_start(struct serve_live *live, unsigned index, double speed)
{
	g_autoptr(GPtrArray) arguments = NULL;

	if (!(speed > 0) || speed > 1000)
		return false;
	serve_live_stop(live);
	arguments = arguments_of(live, index, speed);
	live->child = g_subprocess_newv(
	    (const char *const *)arguments->pdata,
	    G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, NULL);
	if (live->child == NULL)
		return false;
	live->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(live->child));
	add_block(live, "start", live->options->files[index].name);
	read_line(live);
	return true;
}

struct serve_live *serve_live_new(SoupServer *server, const struct serve_options *options)
{
	struct serve_live *live = g_new0(struct serve_live, 1);

	live->options = options;
	live->server = server;
	live->cancellable = g_cancellable_new();
	live->text = g_string_new(NULL);
	g_queue_init(&live->blocks);
	return live;
}

void serve_live_free(struct serve_live *live)
{
	if (live == NULL)
		return;
	serve_live_stop(live);
	while (live->watchers != NULL)
		watcher_free(live->watchers->data);
	g_object_unref(live->cancellable);
	g_string_free(live->text, TRUE);
	g_queue_clear_full(&live->blocks, (GDestroyNotify)block_free);
	g_free(live);
}
