/* What trace records of HTTP sessions (RFC 9110, 9112) talk about: units on the wire. */
#pragma once
#include "sim/bytes.h"
#include "stack/layer.h"

/* Details of the HTTP layer: units that tile the stream. A head ends with its empty line. */
enum http_detail {
	HTTP_UNKNOWN, /* what is no HTTP */

	/* Heads of requests, by method. */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_REQUEST, /* any other method */

	/* Heads of responses, by the first digit of the status code (RFC 9110 section 15). */
	HTTP_INFORMATIONAL,
	HTTP_SUCCESSFUL,
	HTTP_REDIRECTION,
	HTTP_CLIENT_ERROR,
	HTTP_SERVER_ERROR,

	HTTP_CONTENT, /* or a piece of it, with the framing of chunks */
	HTTP_DETAIL_COUNT,
};

extern const struct layer_names http_layer_names;

/* What kind of head begins with `line`: a start-line or the front of one. Pure. */
enum http_detail http_detail_of(struct bytes line, bool is_response);
