#include "app/serve_private.h"

#include <string.h>

void serve_guard_answer(SoupServerMessage *message, const char *policy)
{
	static const char *const always[][2] = {
		{"X-Content-Type-Options",        "nosniff"    },
		{ "Referrer-Policy",              "no-referrer"},
		{ "Cross-Origin-Resource-Policy", "same-origin"},
		{ "Cross-Origin-Opener-Policy",   "same-origin"},
		{ "Cache-Control",                "no-store"   },
	};
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

	for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
		soup_message_headers_replace(headers, always[i][0], always[i][1]);
	soup_message_headers_replace(headers, "Content-Security-Policy", policy);
}

void serve_refuse(SoupServerMessage *message, unsigned status, const char *text)
{
	g_autofree char *line = g_strconcat(text, "\n", NULL);

	serve_guard_answer(message, "default-src 'none'; frame-ancestors 'none'");
	soup_server_message_set_status(message, status, NULL);
	soup_server_message_set_response(message, "text/plain; charset=utf-8", SOUP_MEMORY_COPY,
					 line, strlen(line));
}

static const char *header(SoupServerMessage *message, const char *name)
{
	return soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
}

/* ---- The name that the server was called by ---- */

/* "name" of "name:port", an address of IPv6 without its brackets; NULL: it is none. */
static char *name_of(const char *host)
{
	const char *end;

	if (host == NULL)
		return NULL;
	if (*host == '[') {
		end = strchr(host, ']');
		return end == NULL ? NULL : g_strndup(host + 1, (gsize)(end - host - 1));
	}
	return g_strndup(host, strcspn(host, ":"));
}

/* The address at which the request came in is a name of this server; no other site owns it. */
static bool is_local_address(SoupServerMessage *message, const char *name)
{
	GSocketAddress *address = soup_server_message_get_local_address(message);
	g_autofree char *text = NULL;

	if (!G_IS_INET_SOCKET_ADDRESS(address))
		return false;
	text = g_inet_address_to_string(
	    g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
	return strcmp(text, name) == 0;
}

/*
 * A site can have its own name lead to this machine (DNS rebinding); then its pages are of the same
 * origin as the server that they ask, but the name is not one of ours.
 */
static bool host_is_ours(SoupServerMessage *message, const char *const *names)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1", "::1" };
	g_autofree char *name = name_of(header(message, "Host"));

	if (name == NULL)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(loopback); i++)
		if (g_ascii_strcasecmp(name, loopback[i]) == 0)
			return true;
	for (; names != NULL && *names != NULL; names++)
		if (g_ascii_strcasecmp(name, *names) == 0)
			return true;
	return is_local_address(message, name);
}

/* ---- Whose page asks ---- */

/* What browsers say of the page behind a request. Programs that are no browsers say nothing. */
static bool origin_is_ours(SoupServerMessage *message, const char *path)
{
	const char *origin = header(message, "Origin"), *site = header(message, "Sec-Fetch-Site");
	const char *mode = header(message, "Sec-Fetch-Mode");
	g_autofree char *ours = g_strconcat("http://", header(message, "Host"), NULL);

	if (origin != NULL && g_ascii_strcasecmp(origin, ours) != 0)
		return false;
	if (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
		return true;
	/* A link to the editor may stand anywhere: following it does nothing. */
	return strcmp(path, "/") == 0 && mode != NULL && strcmp(mode, "navigate") == 0;
}

/* ---- What is sent ---- */

static bool body_is_fine(SoupServerMessage *message)
{
	SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
	const char *type = soup_message_headers_get_content_type(headers, NULL);

	switch (soup_message_headers_get_encoding(headers)) {
	case SOUP_ENCODING_CONTENT_LENGTH:
		break;
	case SOUP_ENCODING_NONE:
		return true;
	default:
		serve_refuse(message, SOUP_STATUS_LENGTH_REQUIRED,
			     "Say how long what you send is: Content-Length.");
		return false;
	}
	if (soup_message_headers_get_content_length(headers) > SERVE_BODY_BYTES_MAX) {
		serve_refuse(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE,
			     "The scenario is longer than this server takes: 1 MB.");
		return false;
	}
	/* Forms of other sites cannot send this type, and scripts must ask first. */
	if (soup_message_headers_get_content_length(headers) > 0 &&
	    (type == NULL || strcmp(type, "application/yaml") != 0)) {
		serve_refuse(message, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE,
			     "Scenarios are sent as application/yaml.");
		return false;
	}
	return true;
}

/* The body of what is refused is read, but not kept; then the connection is closed. */
static void end_connection(SoupServerMessage *message)
{
	soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
	soup_message_headers_replace(soup_server_message_get_response_headers(message),
				     "Connection", "close");
}

static bool refuse(SoupServerMessage *message, const char *path, const char *const *names)
{
	const char *method = soup_server_message_get_method(message);

	if (!host_is_ours(message, names)) {
		serve_refuse(message, SOUP_STATUS_FORBIDDEN,
			     "This server is not called that. If it should be: mailwire serve "
			     "--name NAME.");
		return true;
	}
	if (!origin_is_ours(message, path)) {
		serve_refuse(message, SOUP_STATUS_FORBIDDEN,
			     "Pages of other sites may ask nothing of this server.");
		return true;
	}
	if (method != SOUP_METHOD_GET && method != SOUP_METHOD_POST) {
		serve_refuse(message, SOUP_STATUS_METHOD_NOT_ALLOWED, "Only GET and POST.");
		return true;
	}
	if (method == SOUP_METHOD_POST && header(message, "Content-Length") == NULL &&
	    header(message, "Transfer-Encoding") == NULL) {
		serve_refuse(message, SOUP_STATUS_LENGTH_REQUIRED,
			     "Say how long what you send is: Content-Length.");
		return true;
	}
	return !body_is_fine(message);
}

bool serve_guard(SoupServerMessage *message, const char *path, const char *const *names)
{
	if (!refuse(message, path, names))
		return false;
	end_connection(message);
	return true;
}
