/*
 * An HTTP/1.1 client session (RFC 9112) as a pure machine: one request after the other on one
 * connection, as long as the server keeps it.
 */
#pragma once
#include "protocols/http/message.h"
#include "protocols/session.h"

struct http_client;

#define HTTP_RESPONSE_TIMEOUT_NS (120 * NS_PER_S) /* silence while an answer is due */
#define HTTP_RESPONSE_BYTES      16000000         /* of content, unless configured */
#define HTTP_CLIENT_IDLE_NS      (50 * NS_PER_S)  /* it closes before the server does */

struct http_request {
	const char *method; /* "GET" */
	const char *target; /* "/folder?name=INBOX" */
	const char *host;
	const char *fields;       /* header field lines, each with CRLF; NULL: none */
	const char *content_type; /* NULL: no content */
	struct bytes content;
};

struct http_client_config {
	size_t content_bytes_max; /* 0: HTTP_RESPONSE_BYTES */
	/*
	 * The answer to the request under way, borrowed; NULL: there will be none, the stream ended
	 * or what came is no HTTP. A new request may be made inside, when http_client_is_free().
	 */
	void (*answered)(void *owner, struct http_client *client,
			 const struct http_message *response);
	void *owner;
};

struct session *http_client_new(const struct http_client_config *config);

static inline struct http_client *http_client_of(struct session *session)
{
	return (struct http_client *)session;
}

/* True while a further request may be made: none is under way, and the connection is kept. */
bool http_client_is_free(const struct http_client *client);

/* Makes a request; before the stream is open it waits for that. The session must be free. */
void http_client_request(struct http_client *client, const struct http_request *request);

/* No more requests: the connection is closed, once the one under way is answered. */
void http_client_close(struct http_client *client);
