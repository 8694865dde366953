/*
 * HTTP/1.1 messages (RFC 9112; semantics RFC 9110): the head as a codec, the content as a resumable
 * decoder. Pure. Whatever two readers could frame differently is refused (RFC 9112 section 11.2).
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

#define HTTP_PORT                 80
#define HTTPS_PORT                443   /* RFC 9110 section 4.2.2 */
#define HTTP_HEAD_BYTES_MAX       16384 /* start-line and fields, empty line included */
#define HTTP_TARGET_BYTES_MAX     8000  /* of a request (RFC 9112 section 3) */
#define HTTP_FIELDS_MAX           100
#define HTTP_CHUNK_LINE_BYTES_MAX 256  /* chunk-size with its extensions */
#define HTTP_TRAILER_BYTES_MAX    4096 /* all trailer fields together; they are dropped */

struct http_field {
	char *name, *value; /* as written; white space around the value is gone */
};

/* A head, and the content once it came. */
struct http_message {
	char *method, *target;  /* of a request; NULL in a response */
	unsigned status;        /* of a response; 0 in a request */
	unsigned minor_version; /* 1 for HTTP/1.1 */
	GPtrArray *fields;      /* of struct http_field *, in order */
	GByteArray *content;    /* never NULL */
};

void http_message_free(struct http_message *message); /* NULL is fine */

/*
 * How many bytes the head at the front of `in` takes, empty line included; 0: it is not complete.
 * Lines end in CRLF; a bare LF is taken too (RFC 9112 section 2.2).
 */
size_t http_head_length(struct bytes in);

/*
 * Parses a complete head. On success returns 0 and sets `message`, which the caller frees; else the
 * status code that says what is wrong with it (400, 414, 431, 501, 505): for a response any is "bad".
 */
unsigned http_head_parse(struct bytes head, bool is_response, struct http_message **message);

/* The value of the field `name` (any case), or NULL. The first of several. */
const char *http_field(const struct http_message *message, const char *name);

/* True when a field of that name lists `token` (RFC 9110 section 5.6.1), in any case. */
bool http_field_lists(const struct http_message *message, const char *name, const char *token);

/* True when the connection stays open behind this message (RFC 9112 section 9.3). */
bool http_is_persistent(const struct http_message *message);

/* "404" gives "Not Found"; "" when the code is not known here. */
const char *http_reason(unsigned status);

enum http_framing { HTTP_BY_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

/* Reads the content behind a head, in pieces of any size (RFC 9112 section 6 and 7). */
struct http_body {
	enum http_framing framing;
	uint64_t left; /* of the content, or of the present chunk */
	uint8_t state; /* inside the framing of chunks */
	bool is_done;
	char line[HTTP_CHUNK_LINE_BYTES_MAX];
	unsigned line_bytes, trailer_bytes;
};

/*
 * Prepares to read what follows the head `message`. `is_answer_to_head`: a response that has no
 * content whatever its fields say. Returns 0, or a status code as above (400, 501).
 */
unsigned http_body_init(struct http_body *body, const struct http_message *message,
			bool is_answer_to_head);

/*
 * Consumes from `in`, appends content to `out` (NULL: it is only counted). Returns 0 and how many
 * bytes it took in `consumed`; 400 when the framing makes no sense; 413 when `out` would exceed
 * `limit` bytes. Takes all of `in` unless the content ends before.
 */
unsigned http_body_feed(struct http_body *body, struct bytes in, GByteArray *out, size_t limit,
			size_t *consumed);
