/*
 * An HTTP/1.1 server session (RFC 9112) as a pure machine: requests in, answers out, in order, on a
 * connection that is kept. What a request asks for is its owner's matter, at once or later.
 *
 * What is malformed or too large is answered here (400, 413, 414, 417, 431, 501, 505), and the
 * connection closed behind the answer. Notes: UNIT for each head and each piece of content.
 */
#pragma once
#include "protocols/http/message.h"
#include "protocols/session.h"

struct http_server;

#define HTTP_SERVER_IDLE_NS       (60 * NS_PER_S) /* between requests; then it closes */
#define HTTP_REQUEST_TIMEOUT_NS   (30 * NS_PER_S) /* silence inside a request: 408 */
#define HTTP_SERVER_CONTENT_BYTES 4000000         /* of a request, unless configured */

struct http_reply {
	unsigned status;
	const char *fields;       /* header field lines, each with CRLF; NULL: none */
	const char *content_type; /* NULL: there is no content */
	struct bytes content;
	uint64_t root; /* the message it tells of, as in struct note; 0: the context's */
};

struct http_server_config {
	const char *software;     /* for the Server field; outlives the session */
	size_t content_bytes_max; /* 0: HTTP_SERVER_CONTENT_BYTES */
	/*
	 * A request is complete; borrowed. Must lead to one http_server_answer(), now or later; until
	 * then no other comes. HEAD is answered like GET: the content is left out here.
	 */
	void (*requested)(void *owner, struct http_server *server,
			  const struct http_message *request);
	void *owner;
};

struct session *http_server_new(const struct http_server_config *config);

static inline struct session *http_server_session(struct http_server *server)
{
	return (struct session *)server;
}

/* Answers the request under way. Connection, Date, Server and Content-Length are added. */
void http_server_answer(struct http_server *server, const struct http_reply *reply);
