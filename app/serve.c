#include "app/serve.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "app/command.h"
#include "app/serve_private.h"
#include "views/text.h"

/* Only its own files may act in the editor; what it shows is a frame of its own. */
#define EDITOR_POLICY                                                                              \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "    \
	"'self'; "                                                                                 \
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#define DATA_POLICY "default-src 'none'; frame-ancestors 'none'"
/* A page is in a sandbox: of no origin, so that nothing in it could ask this server for anything. */
#define PAGE_POLICY "sandbox allow-scripts; frame-ancestors 'self'"

struct kept_page {
	unsigned number;
	GBytes *bytes;
};

struct serve {
	const struct serve_options *options;
	SoupServer *server;
	GMainLoop *loop;
	struct serve_jobs *jobs;
	struct serve_live *live; /* NULL: it is not asked for */
	GQueue pages;            /* of struct kept_page *, the latest first */
	unsigned page_count;     /* ever made */
};

/* A request that waits for a child. */
struct asked {
	struct serve *serve;
	SoupServerMessage *message;
};

/* ---- Answers ---- */

static void answer(SoupServerMessage *message, const char *policy, const char *type, GBytes *bytes)
{
	SoupMessageBody *body = soup_server_message_get_response_body(message);

	serve_guard_answer(message, policy);
	soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
	soup_message_headers_set_content_type(soup_server_message_get_response_headers(message),
					      type, NULL);
	soup_message_body_append_bytes(body, bytes);
	soup_message_body_complete(body);
}

static void answer_text(SoupServerMessage *message, const char *type, char *text)
{
	GBytes *bytes = g_bytes_new_take(text, strlen(text));

	answer(message, DATA_POLICY, type, bytes);
	g_bytes_unref(bytes);
}

static void answer_asset(SoupServerMessage *message, const struct serve_asset *asset)
{
	GBytes *bytes = g_bytes_new_static(asset->bytes, asset->length);
	bool is_document = strcmp(asset->path, "/") == 0;

	answer(message, is_document ? EDITOR_POLICY : DATA_POLICY, asset->type, bytes);
	g_bytes_unref(bytes);
}

/* A number that the query says; false: it says none from `least` to `most`. */
static bool query_number(GHashTable *query, const char *name, guint64 least, guint64 most,
			 guint64 *number)
{
	const char *text = query == NULL ? NULL : g_hash_table_lookup(query, name);

	return text != NULL && g_ascii_string_to_unsigned(text, 10, least, most, number, NULL);
}

/* The file that the query means: file=0 is the first. NULL after refusing. */
static const struct serve_file *asked_file(struct serve *serve, SoupServerMessage *message,
					   GHashTable *query)
{
	guint64 index;

	if (query_number(query, "file", 0, serve->options->file_count - 1, &index))
		return &serve->options->files[index];
	serve_refuse(message, SOUP_STATUS_NOT_FOUND, "There is no such file here: file=NUMBER.");
	return NULL;
}

/* ---- Pages that are kept ---- */

static void page_free(struct kept_page *page)
{
	g_bytes_unref(page->bytes);
	g_free(page);
}

static unsigned keep_page(struct serve *serve, GBytes *bytes)
{
	struct kept_page *latest = g_queue_peek_head(&serve->pages);
	struct kept_page *page;

	if (latest != NULL && latest->bytes == bytes)
		return latest->number;
	page = g_new(struct kept_page, 1);
	*page = (struct kept_page) { ++serve->page_count, g_bytes_ref(bytes) };
	g_queue_push_head(&serve->pages, page);
	while (serve->pages.length > SERVE_PAGES_KEPT)
		page_free(g_queue_pop_tail(&serve->pages));
	return page->number;
}

static void get_page(struct serve *serve, SoupServerMessage *message, const char *number)
{
	guint64 wanted;

	if (g_ascii_string_to_unsigned(number, 10, 1, G_MAXUINT, &wanted, NULL)) {
		for (GList *at = serve->pages.head; at != NULL; at = at->next) {
			struct kept_page *page = at->data;

			if (page->number != wanted)
				continue;
			answer(message, PAGE_POLICY, "text/html; charset=utf-8", page->bytes);
			return;
		}
	}
	serve_refuse(message, SOUP_STATUS_NOT_FOUND,
		     "This page is not kept any more: run the scenario again.");
}

/* ---- What children do ---- */

/* The line, with the number of the page where there is one. */
static char *line_with_page(struct serve *serve, const struct serve_result *result)
{
	gsize length;
	const char *line = g_bytes_get_data(result->line, &length);

	if (g_bytes_get_size(result->page) == 0)
		return g_strndup(line, length);
	return g_strdup_printf("{\"page\":%u,%.*s", keep_page(serve, result->page), (int)length - 1,
			       line + 1);
}

static void on_done(void *owner, const struct serve_result *result)
{
	struct asked *asked = owner;

	if (result->problem != NULL)
		serve_refuse(asked->message, SOUP_STATUS_UNPROCESSABLE_ENTITY, result->problem);
	else
		answer_text(asked->message, "application/json",
			    line_with_page(asked->serve, result));
	soup_server_unpause_message(asked->serve->server, asked->message);
	g_object_unref(asked->message);
	g_free(asked);
}

static void ask_child(struct serve *serve, SoupServerMessage *message, enum serve_job_kind kind,
		      const char *const *arguments)
{
	struct asked *asked = g_new(struct asked, 1);
	GBytes *body = soup_message_body_flatten(soup_server_message_get_request_body(message));

	*asked = (struct asked) { serve, g_object_ref(message) };
	soup_server_pause_message(serve->server, message);
	if (!serve_jobs_add(serve->jobs, kind, arguments, body, on_done, asked)) {
		serve_refuse(message, SERVE_TOO_MANY_REQUESTS,
			     "Too much is asked for just now. Try again in a moment.");
		soup_message_headers_replace(soup_server_message_get_response_headers(message),
					     "Retry-After", "1");
		soup_server_unpause_message(serve->server, message);
		g_object_unref(message);
		g_free(asked);
	}
	g_bytes_unref(body);
}

static void post_check(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	const struct serve_file *file = asked_file(serve, message, query);

	if (file != NULL)
		ask_child(serve, message, SERVE_JOB_LOOK,
			  (const char *const[]) { "--worker=" SERVE_WORK_CHECK, file->path, NULL });
}

static void post_offer(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	const struct serve_file *file = asked_file(serve, message, query);
	g_autofree char *place = NULL;
	guint64 line, column;

	if (file == NULL)
		return;
	if (!query_number(query, "line", 1, G_MAXINT, &line) ||
	    !query_number(query, "column", 1, G_MAXINT, &column)) {
		serve_refuse(message, SOUP_STATUS_BAD_REQUEST, "Say where: line=N&column=N.");
		return;
	}
	place = g_strdup_printf("--place=%u:%u", (unsigned)line, (unsigned)column);
	ask_child(serve, message, SERVE_JOB_LOOK,
		  (const char *const[]) { "--worker=" SERVE_WORK_OFFER, place, file->path, NULL });
}

static void post_run(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	const struct serve_file *file = asked_file(serve, message, query);

	if (file != NULL)
		ask_child(serve, message, SERVE_JOB_RUN,
			  (const char *const[]) { "--worker=" SERVE_WORK_PAGE, file->path, NULL });
}

/* ---- Files ---- */

static void get_files(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	GString *out = g_string_new("{\"files\":[");

	(void)query;
	for (unsigned i = 0; i < serve->options->file_count; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		text_json(out, serve->options->files[i].name,
			  strlen(serve->options->files[i].name));
	}
	g_string_append_printf(out, "],\"live\":%s,\"speed\":%g,\"bytes\":%d}",
			       serve->live != NULL ? "true" : "false", serve->options->speed,
			       SERVE_BODY_BYTES_MAX);
	answer_text(message, "application/json", g_string_free(out, FALSE));
}

static void get_file(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	const struct serve_file *file = asked_file(serve, message, query);
	GError *error = NULL;
	char *text;
	gsize length;

	if (file == NULL)
		return;
	if (!g_file_get_contents(file->path, &text, &length, &error)) {
		serve_refuse(message, SOUP_STATUS_NOT_FOUND, error->message);
		g_error_free(error);
		return;
	}
	if (length > SERVE_BODY_BYTES_MAX) {
		serve_refuse(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE,
			     "The scenario is longer than this server takes: 1 MB.");
		g_free(text);
		return;
	}
	GBytes *bytes = g_bytes_new_take(text, length);

	answer(message, DATA_POLICY, "text/plain; charset=utf-8", bytes);
	g_bytes_unref(bytes);
}

/* ---- Live mode ---- */

static void get_live(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	(void)query;
	if (serve->live == NULL)
		serve_refuse(message, SOUP_STATUS_NOT_FOUND,
			     "Live mode is off: start the server with --live.");
	else
		serve_live_watch(serve->live, message);
}

static void post_live(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	const char *text = query == NULL ? NULL : g_hash_table_lookup(query, "speed");
	double speed = text == NULL ? serve->options->speed : g_ascii_strtod(text, NULL);
	guint64 index;

	if (serve->live == NULL) {
		get_live(serve, message, query);
		return;
	}
	if (query == NULL || g_hash_table_lookup(query, "file") == NULL) {
		serve_live_stop(serve->live);
	} else if (asked_file(serve, message, query) == NULL) {
		return;
	} else if (!query_number(query, "file", 0, G_MAXUINT, &index) ||
		   !serve_live_start(serve->live, (unsigned)index, speed)) {
		serve_refuse(message, SOUP_STATUS_BAD_REQUEST,
			     "speed=N must be more than 0 and at most 1000.");
		return;
	}
	answer_text(message, "application/json", g_strdup("{}"));
}

static void on_live_page(void *owner, SoupServerMessage *message, GBytes *page, const char *problem)
{
	struct serve *serve = owner;

	if (page == NULL)
		serve_refuse(message, SOUP_STATUS_CONFLICT, problem);
	else
		answer_text(message, "application/json",
			    g_strdup_printf("{\"page\":%u}", keep_page(serve, page)));
	soup_server_unpause_message(serve->server, message);
}

static void post_live_page(struct serve *serve, SoupServerMessage *message, GHashTable *query)
{
	if (serve->live == NULL) {
		get_live(serve, message, query);
		return;
	}
	soup_server_pause_message(serve->server, message);
	serve_live_page(serve->live, message, on_live_page, serve);
}

/* ---- Requests ---- */

static const struct {
	const char *method, *path;
	void (*run)(struct serve *serve, SoupServerMessage *message, GHashTable *query);
} requests[] = {
	{"GET",   "/api/files",     get_files     },
        { "GET",  "/api/file",      get_file      },
	{ "POST", "/api/check",     post_check    },
        { "POST", "/api/offer",     post_offer    },
	{ "POST", "/api/run",       post_run      },
        { "GET",  "/api/live",      get_live      },
	{ "POST", "/api/live",      post_live     },
        { "POST", "/api/live/page", post_live_page},
};

static bool find_asset(SoupServerMessage *message, const char *path)
{
	for (const struct serve_asset *asset = serve_assets; asset->path != NULL; asset++) {
		if (strcmp(asset->path, path) != 0)
			continue;
		answer_asset(message, asset);
		return true;
	}
	return false;
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
		       GHashTable *query, gpointer owner)
{
	const char *method = soup_server_message_get_method(message);
	bool is_known = false;

	(void)server;
	if (soup_server_message_get_status(message) != 0)
		return; /* refused before its body came */
	for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
		if (strcmp(requests[i].path, path) != 0)
			continue;
		is_known = true;
		if (strcmp(requests[i].method, method) != 0)
			continue;
		requests[i].run(owner, message, query);
		return;
	}
	if (is_known || method != SOUP_METHOD_GET)
		serve_refuse(message, SOUP_STATUS_METHOD_NOT_ALLOWED,
			     "This is not asked for by that method.");
	else if (g_str_has_prefix(path, "/run/"))
		get_page(owner, message, path + strlen("/run/"));
	else if (!find_asset(message, path))
		serve_refuse(message, SOUP_STATUS_NOT_FOUND, "There is nothing of that name here.");
}

/* Before a body is read. */
static void on_headers(SoupServer *server, SoupServerMessage *message, const char *path,
		       GHashTable *query, gpointer owner)
{
	struct serve *serve = owner;

	(void)server;
	(void)query;
	serve_guard(message, path, serve->options->names);
}

/* Whoever connects and says nothing shall not hold the connection. */
static void on_started(SoupServer *server, SoupServerMessage *message, gpointer owner)
{
	GSocket *socket = soup_server_message_get_socket(message);

	(void)server;
	(void)owner;
	if (socket != NULL)
		g_socket_set_timeout(socket, SERVE_IDLE_SECONDS);
}

/* ---- The server's life ---- */

static bool listen_on(struct serve *serve, GError **error)
{
	const struct serve_options *options = serve->options;
	g_autoptr(GSocketAddress) address = NULL;

	if (options->address == NULL)
		return soup_server_listen_local(serve->server, options->port,
						(SoupServerListenOptions)0, error);
	address = g_inet_socket_address_new_from_string(options->address, options->port);
	if (address == NULL) {
		g_set_error(
		    error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		    "\"%s\" is no address; write one such as 192.0.2.10, or 0.0.0.0 for all",
		    options->address);
		return false;
	}
	return soup_server_listen(serve->server, address, (SoupServerListenOptions)0, error);
}

static void announce(struct serve *serve)
{
	GSList *uris = soup_server_get_uris(serve->server);

	if (uris != NULL) {
		g_autofree char *address = g_uri_to_string(uris->data);

		printf("Open %s in a browser. Ctrl+C ends the server.\n", address);
		fflush(stdout);
	}
	if (serve->options->address != NULL)
		command_complain("note: who can reach %s can run scenarios here, and read files "
				 "in their folders by attaching them",
				 serve->options->address);
	g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
}

static gboolean on_signal(gpointer owner)
{
	g_main_loop_quit(owner);
	return G_SOURCE_CONTINUE;
}

static void start(struct serve *serve, const struct serve_options *options)
{
	*serve = (struct serve) {
		.options = options,
		.server = soup_server_new("server-header", "mailwire", NULL),
		.loop = g_main_loop_new(NULL, FALSE),
		.jobs = serve_jobs_new(&options->limits),
	};
	g_queue_init(&serve->pages);
	if (options->is_live)
		serve->live = serve_live_new(serve->server, options);
	soup_server_add_early_handler(serve->server, NULL, on_headers, serve, NULL);
	soup_server_add_handler(serve->server, NULL, on_request, serve, NULL);
	g_signal_connect(serve->server, "request-started", G_CALLBACK(on_started), serve);
}

static void stop(struct serve *serve)
{
	serve_live_free(serve->live);
	serve_jobs_free(serve->jobs);
	soup_server_disconnect(serve->server);
	while (g_main_context_iteration(NULL, FALSE))
		;
	g_object_unref(serve->server);
	g_main_loop_unref(serve->loop);
	g_queue_clear_full(&serve->pages, (GDestroyNotify)page_free);
}

int serve(const struct serve_options *options)
{
	struct serve served;
	GError *error = NULL;
	int status = EXIT_OK;

	start(&served, options);
	unsigned signals[] = { g_unix_signal_add(SIGINT, on_signal, served.loop),
			       g_unix_signal_add(SIGTERM, on_signal, served.loop) };

	if (listen_on(&served, &error)) {
		announce(&served);
		g_main_loop_run(served.loop);
	} else {
		command_complain("%s%s", error->message,
				 g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)
				     ? "; choose another port by --port"
				     : "");
		g_error_free(error);
		status = EXIT_OUTPUT;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
		g_source_remove(signals[i]);
	stop(&served);
	return status;
}
