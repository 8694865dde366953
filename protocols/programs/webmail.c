/* The webmail server: connections of browsers, sessions, and which request is whose. */
#include "protocols/programs/webmail_private.h"

#include <stdlib.h>

#define COOKIE "session"

/* What every answer says to the browser: no guessing of types, nothing from elsewhere, no frames. */
#define SAFETY                                                                                     \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"Referrer-Policy: same-origin\r\n"                                                         \
	"Content-Security-Policy: default-src 'none'; style-src 'self'; img-src data:; "           \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"

/* RFC 9110 section 15.5.2 asks for a challenge; no registered scheme stands for a form. */
#define CHALLENGE "WWW-Authenticate: Form realm=\"webmail\"\r\n"

static void answer(struct web_connection *connection, const struct http_reply *reply)
{
	connection->job = NULL;
	http_server_answer(connection->server, reply);
}

void web_answer_page(struct web_connection *connection, unsigned status, const char *fields,
		     GString *html, uint64_t root)
{
	char *all = g_strconcat("Cache-Control: no-store\r\n" SAFETY, fields, NULL);

	if (connection != NULL)
		answer(connection, &(struct http_reply) {
				       .status = status,
				       .fields = all,
				       .content_type = "text/html; charset=utf-8",
				       .content = {(const uint8_t *)html->str, html->len},
				       .root = root,
                });
	g_free(all);
	g_string_free(html, TRUE);
}

void web_redirect(struct web_connection *connection, const char *location, const char *fields)
{
	char *all = g_strdup_printf("Location: %s\r\nCache-Control: no-store\r\n%s", location,
				    fields != NULL ? fields : "");

	if (connection != NULL)
		answer(connection, &(struct http_reply) { .status = 303, .fields = all });
	g_free(all);
}

/* ---- Sessions ---- */

/* The session that the request's cookie names; one that was unused for too long has ended. */
static struct web_user *find_user(const struct webmail *webmail, const struct http_message *request)
{
	char *id = cookie_value(http_field(request, "Cookie"), COOKIE);
	struct web_user *found = NULL;

	for (unsigned i = 0; id != NULL && i < webmail->users->len; i++) {
		struct web_user *user = g_ptr_array_index(webmail->users, i);

		if (user->is_signed_in && !user->is_leaving && strcmp(user->id, id) == 0)
			found = user;
	}
	g_free(id);
	if (found == NULL)
		return NULL;
	if (node_now(webmail->node) - found->used_ns > WEBMAIL_SESSION_NS &&
	    g_queue_is_empty(&found->jobs)) {
		web_user_leave(found);
		return NULL;
	}
	found->used_ns = node_now(webmail->node);
	return found;
}

/* Room for one more: of those who wait for nothing, the one unused for longest goes. */
static void make_room(struct webmail *webmail)
{
	struct web_user *oldest = NULL;

	if (webmail->users->len < WEBMAIL_SESSIONS_MAX)
		return;
	for (unsigned i = 0; i < webmail->users->len; i++) {
		struct web_user *user = g_ptr_array_index(webmail->users, i);

		if (g_queue_is_empty(&user->jobs) && !user->is_leaving &&
		    (oldest == NULL || user->used_ns < oldest->used_ns))
			oldest = user;
	}
	if (oldest != NULL)
		web_user_leave(oldest);
}

/* ---- Requests ---- */

/* A form that another site's page sends has that site's origin (RFC 6454 section 7). */
static bool is_from_elsewhere(const struct web_connection *connection,
			      const struct http_message *request)
{
	const char *scheme = connection->is_protected ? "https://" : "http://";
	const char *origin = http_field(request, "Origin"), *host = http_field(request, "Host");

	return origin != NULL && host != NULL &&
	       (!g_str_has_prefix(origin, scheme) || strcmp(origin + strlen(scheme), host) != 0);
}

static struct web_job *new_job(struct web_connection *connection, enum web_page page,
			       GPtrArray *form)
{
	struct web_job *job = g_new0(struct web_job, 1);

	job->connection = connection;
	job->page = page;
	job->form = g_ptr_array_ref(form);
	job->root = engine_context(node_engine(connection->webmail->node))->root;
	connection->job = job;
	return job;
}

static void sign_in(struct web_connection *connection, GPtrArray *form)
{
	struct webmail *webmail = connection->webmail;
	const char *login = form_value(form, "login"), *password = form_value(form, "password");

	if (login == NULL || login[0] == '\0' || password == NULL) {
		web_answer_page(connection, 401, CHALLENGE,
				web_sign_in_page(webmail, login, "Please give name and password."),
				0);
		return;
	}
	make_room(webmail);
	if (webmail->users->len >= 2 * WEBMAIL_SESSIONS_MAX) {
		web_answer_page(connection, 503, "Retry-After: 10\r\n",
				web_error_page(NULL, 503, "Too many people are signed in."), 0);
		return;
	}
	struct web_user *user = web_user_new(webmail, login, password);
	g_ptr_array_add(webmail->users, user);
	web_user_add(user, new_job(connection, WEB_SIGN_IN, form));
}

static void sign_out(struct web_connection *connection, struct web_user *user)
{
	web_redirect(connection, "/login",
		     "Set-Cookie: " COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0\r\n");
	web_user_leave(user);
}

static void show_style_sheet(struct web_connection *connection)
{
	answer(connection, &(struct http_reply) {
			       .status = 200,
			       .fields = "Cache-Control: max-age=86400\r\n" SAFETY,
			       .content_type = "text/css; charset=utf-8",
			       .content = bytes_of(web_style_sheet),
			   });
}

enum web_action { ASK_MAIL, SHOW_SIGN_IN, DO_SIGN_IN, DO_SIGN_OUT, SHOW_STYLE, GO_HOME };

struct route {
	const char *path;
	bool is_post;
	enum web_action action;
	enum web_page page;
};

static const struct route routes[] = {
	{"/",           false, GO_HOME,      0          },
	{ "/login",     false, SHOW_SIGN_IN, 0          },
	{ "/login",     true,  DO_SIGN_IN,   WEB_SIGN_IN},
	{ "/logout",    true,  DO_SIGN_OUT,  0          },
	{ "/style.css", false, SHOW_STYLE,   0          },
	{ "/folder",    false, ASK_MAIL,     WEB_FOLDER },
	{ "/search",    false, ASK_MAIL,     WEB_SEARCH },
	{ "/message",   false, ASK_MAIL,     WEB_MESSAGE},
	{ "/compose",   false, ASK_MAIL,     WEB_COMPOSE},
	{ "/send",      true,  ASK_MAIL,     WEB_SEND   },
	{ "/delete",    true,  ASK_MAIL,     WEB_DELETE },
	{ "/move",      true,  ASK_MAIL,     WEB_MOVE   },
};

/* What a request asks for. `status`: why there is no such route. */
static const struct route *find_route(const struct http_message *request, const char *path,
				      size_t path_bytes, unsigned *status)
{
	bool is_post = strcmp(request->method, "POST") == 0;
	bool is_get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;

	*status = 404;
	for (unsigned i = 0; i < G_N_ELEMENTS(routes); i++) {
		if (strlen(routes[i].path) != path_bytes ||
		    strncmp(routes[i].path, path, path_bytes) != 0)
			continue;
		if (routes[i].is_post ? is_post : is_get)
			return &routes[i];
		*status = 405;
	}
	return NULL;
}

/* Whoever posts must have got the form from us: its token is known to nobody else. */
static bool is_forged(const struct route *route, const struct web_user *user, GPtrArray *form)
{
	return route->is_post && route->action != DO_SIGN_IN &&
	       g_strcmp0(form_value(form, "token"), user->token) != 0;
}

static void serve(struct web_connection *connection, const struct route *route,
		  struct web_user *user, GPtrArray *form)
{
	const struct webmail *webmail = connection->webmail;
	bool needs_user = route->action == ASK_MAIL || route->action == DO_SIGN_OUT;

	if (needs_user && user == NULL) {
		web_answer_page(connection, 401, CHALLENGE,
				web_sign_in_page(webmail, NULL, "Please sign in."), 0);
		return;
	}
	if (is_forged(route, user, form)) {
		web_answer_page(connection, 403, NULL,
				web_error_page(user, 403,
					       "This form is not one of ours, or too "
					       "old. Nothing was done."),
				0);
		return;
	}
	switch (route->action) {
	case GO_HOME:
		web_redirect(connection, user != NULL ? "/folder?name=INBOX" : "/login", NULL);
		break;
	case SHOW_SIGN_IN:
		web_answer_page(connection, 200, NULL, web_sign_in_page(webmail, NULL, NULL), 0);
		break;
	case DO_SIGN_IN:
		sign_in(connection, form);
		break;
	case DO_SIGN_OUT:
		sign_out(connection, user);
		break;
	case SHOW_STYLE:
		show_style_sheet(connection);
		break;
	case ASK_MAIL:
		web_user_add(user, new_job(connection, route->page, form));
		break;
	}
}

/* The path of a target, also of one that names the site (RFC 9112 section 3.2.2); not terminated. */
static const char *path_of(const char *target)
{
	const char *path;

	if (!g_str_has_prefix(target, "http://"))
		return target;
	path = strchr(target + strlen("http://"), '/');
	return path != NULL ? path : "/";
}

/* The form of a request: what was posted, else its query. */
static GPtrArray *form_of(const struct http_message *request, const char *query)
{
	struct bytes content = { request->content->data, request->content->len };

	if (strcmp(request->method, "POST") == 0)
		return form_parse(content);
	return form_parse(bytes_of(query[0] == '?' ? query + 1 : ""));
}

static bool is_posted_otherwise(const struct http_message *request)
{
	const char *type = http_field(request, "Content-Type");

	return strcmp(request->method, "POST") == 0 &&
	       (type == NULL ||
		g_ascii_strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0);
}

static void requested(void *owner, struct http_server *server, const struct http_message *request)
{
	struct web_connection *connection = owner;
	struct web_user *user = find_user(connection->webmail, request);
	const char *path = path_of(request->target);
	size_t path_bytes = strcspn(path, "?");
	unsigned status;
	const struct route *route = find_route(request, path, path_bytes, &status);

	(void)server;
	if (route == NULL) {
		web_answer_page(connection, status,
				status == 405 ? "Allow: GET, HEAD, POST\r\n" : NULL,
				web_error_page(user, status,
					       status == 405 ? "This page cannot be asked for so."
							     : "There is no such page."),
				0);
		return;
	}
	if (is_posted_otherwise(request) ||
	    (route->is_post && is_from_elsewhere(connection, request))) {
		status = is_posted_otherwise(request) ? 415 : 403;
		web_answer_page(connection, status, NULL,
				web_error_page(user, status, "This form is not one of ours."), 0);
		return;
	}
	GPtrArray *form = form_of(request, path + path_bytes);
	serve(connection, route, user, form);
	g_ptr_array_unref(form);
}

/* ---- Connections ---- */

static void connection_done(void *owner, struct session *session, int why)
{
	struct web_connection *connection = owner;

	(void)session;
	(void)why;
	if (connection->job != NULL)
		connection->job->connection = NULL;
	connection->webmail->connections =
	    g_list_remove(connection->webmail->connections, connection);
	g_free(connection);
}

static void begin_connection(struct webmail *webmail, struct stream *stream, bool is_protected)
{
	struct web_connection *connection = g_new0(struct web_connection, 1);
	struct session *session = http_server_new(&(struct http_server_config) {
	    .software = webmail->config->software,
	    .requested = requested,
	    .owner = connection,
	});

	connection->webmail = webmail;
	connection->is_protected = is_protected;
	connection->server = (struct http_server *)session;
	webmail->connections = g_list_prepend(webmail->connections, connection);
	connection->adapter = adapter_new(webmail->host, stream, session, true,
					  &(struct adapter_config) {
					      .layer = LAYER_HTTP,
					      .actor = ACTOR_WEBMAIL,
					      .wakeup_ns = webmail->config->wakeup_ns,
					      .lingers = webmail->lingers,
					      .tls = webmail->config->tls,
					      .begins_with_tls = is_protected,
					      .done = connection_done,
					      .owner = connection,
					  });
}

static void accept_connection(void *owner, struct stream *stream)
{
	begin_connection(owner, stream, false);
}

static void accept_tls_connection(void *owner, struct stream *stream)
{
	begin_connection(owner, stream, true);
}

static bool listen_on_ports(struct webmail *webmail)
{
	const struct webmail_config *config = webmail->config;

	webmail->listener = tcp_listen(webmail->host, config->port != 0 ? config->port : HTTP_PORT,
				       accept_connection, webmail);
	if (config->tls != NULL)
		webmail->tls_listener =
		    tcp_listen(webmail->host, config->tls_port != 0 ? config->tls_port : HTTPS_PORT,
			       accept_tls_connection, webmail);
	return webmail->listener != NULL && (config->tls == NULL || webmail->tls_listener != NULL);
}

struct webmail *webmail_start(struct host *host, const struct webmail_config *config)
{
	struct webmail *webmail = g_new0(struct webmail, 1);

	webmail->host = host;
	webmail->node = host_node(host);
	webmail->config = config;
	webmail->users = g_ptr_array_new();
	node_random_init(webmail->node, &webmail->random, "webmail.session");
	node_random_init(webmail->node, &webmail->nonces, "webmail.sasl");
	webmail->keys = sasl_keys_new();
	webmail->lingers = linger_pool_new(webmail->node);
	uint8_t before = node_act_as(webmail->node, ACTOR_WEBMAIL);
	bool is_listening = listen_on_ports(webmail);

	node_act_as(webmail->node, before);
	if (!is_listening) {
		webmail_stop(webmail);
		return NULL;
	}
	return webmail;
}

void webmail_stop(struct webmail *webmail)
{
	if (webmail == NULL)
		return;
	if (webmail->listener != NULL)
		tcp_listener_close(webmail->listener);
	if (webmail->tls_listener != NULL)
		tcp_listener_close(webmail->tls_listener);
	while (webmail->connections != NULL) {
		struct web_connection *connection = webmail->connections->data;

		if (connection->job != NULL)
			connection->job->connection = NULL;
		webmail->connections =
		    g_list_delete_link(webmail->connections, webmail->connections);
		adapter_free(connection->adapter);
		g_free(connection);
	}
	while (webmail->users->len > 0)
		web_user_free(g_ptr_array_index(webmail->users, webmail->users->len - 1));
	linger_pool_free(webmail->lingers);
	sasl_keys_free(webmail->keys);
	g_ptr_array_unref(webmail->users);
	g_free(webmail);
}
