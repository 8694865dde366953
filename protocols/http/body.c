/* The content of a message: by Content-Length, in chunks, or until the connection closes. */
#include <string.h>
#include "protocols/http/message.h"

/* Inside the framing of chunks (RFC 9112 section 7.1). */
enum {
	CHUNK_SIZE,    /* the line with the size is being read */
	CHUNK_DATA,    /* `left` bytes of it are to come */
	CHUNK_END,     /* the CRLF behind the data */
	CHUNK_TRAILER, /* lines up to an empty one */
};

#define CHUNK_DIGITS_MAX  8  /* chunk-size = 1*HEXDIG; longer ones are beyond any limit */
#define LENGTH_DIGITS_MAX 18 /* Content-Length = 1*DIGIT */

/* Returns 0, 400 when the values contradict each other or are none. */
static unsigned parse_length(const struct http_message *message, uint64_t *length)
{
	const char *first = NULL;

	for (unsigned i = 0; i < message->fields->len; i++) {
		const struct http_field *field = g_ptr_array_index(message->fields, i);

		if (g_ascii_strcasecmp(field->name, "Content-Length") != 0)
			continue;
		if (first != NULL && strcmp(first, field->value) != 0)
			return 400;
		first = field->value;
	}
	*length = 0;
	if (first == NULL)
		return 0;
	size_t digits = strspn(first, "0123456789");

	if (digits == 0 || first[digits] != '\0' || digits > LENGTH_DIGITS_MAX)
		return 400;
	*length = g_ascii_strtoull(first, NULL, 10);
	return 0;
}

static bool never_has_content(const struct http_message *message, bool is_answer_to_head)
{
	return is_answer_to_head || message->status == 204 || message->status == 304 ||
	       (message->status >= 100 && message->status < 200);
}

/* RFC 9112 section 6.3, in its order. */
unsigned http_body_init(struct http_body *body, const struct http_message *message,
			bool is_answer_to_head)
{
	const char *coding = http_field(message, "Transfer-Encoding");
	bool has_length = http_field(message, "Content-Length") != NULL;
	unsigned problem;

	*body = (struct http_body) { .framing = HTTP_BY_LENGTH };
	if (never_has_content(message, is_answer_to_head)) {
		body->is_done = true;
		return 0;
	}
	if (coding != NULL) {
		/* Both, or an old version with a coding: the marks of request smuggling. */
		if (has_length || message->minor_version == 0)
			return 400;
		if (g_ascii_strcasecmp(coding, "chunked") != 0)
			return 501;
		body->framing = HTTP_CHUNKED;
		return 0;
	}
	problem = parse_length(message, &body->left);
	if (message->status != 0 && !has_length)
		body->framing = HTTP_UNTIL_CLOSE;
	else
		body->is_done = body->left == 0;
	return problem;
}

static void append(GByteArray *out, struct bytes bytes)
{
	if (out != NULL)
		g_byte_array_append(out, bytes.data, (guint)bytes.length);
}

/* Collects a line; true when it is complete, with `line` NUL-terminated and without its end. */
static bool collect_line(struct http_body *body, uint8_t byte, unsigned *problem)
{
	if (byte == '\n') {
		if (body->line_bytes > 0 && body->line[body->line_bytes - 1] == '\r')
			body->line_bytes--;
		body->line[body->line_bytes] = '\0';
		return true;
	}
	if (body->line_bytes + 1 == sizeof body->line || byte == '\0')
		*problem = 400;
	else
		body->line[body->line_bytes++] = (char)byte;
	return false;
}

/* chunk = chunk-size [ chunk-ext ] CRLF */
static unsigned begin_chunk(struct http_body *body)
{
	size_t digits = strspn(body->line, "0123456789abcdefABCDEF");
	char behind = body->line[digits];

	body->line_bytes = 0;
	if (digits == 0 || digits > CHUNK_DIGITS_MAX ||
	    (behind != '\0' && behind != ';' && behind != ' ' && behind != '\t'))
		return 400;
	body->left = g_ascii_strtoull(body->line, NULL, 16);
	body->state = body->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
	return 0;
}

/* A line of the framing is complete. */
static unsigned end_line(struct http_body *body)
{
	unsigned length = body->line_bytes;

	switch (body->state) {
	case CHUNK_SIZE:
		return begin_chunk(body);
	case CHUNK_END:
		body->state = CHUNK_SIZE;
		body->line_bytes = 0;
		return length == 0 ? 0 : 400;
	default:
		body->is_done = length == 0;
		body->trailer_bytes += length;
		body->line_bytes = 0;
		return body->trailer_bytes > HTTP_TRAILER_BYTES_MAX ? 400 : 0;
	}
}

static unsigned feed_line(struct http_body *body, struct bytes in, size_t *consumed)
{
	unsigned problem = 0;

	while (*consumed < in.length && problem == 0)
		if (collect_line(body, in.data[(*consumed)++], &problem))
			return end_line(body);
	return problem;
}

unsigned http_body_feed(struct http_body *body, struct bytes in, GByteArray *out, size_t limit,
			size_t *consumed)
{
	unsigned problem = 0;

	*consumed = 0;
	while (*consumed < in.length && !body->is_done && problem == 0) {
		struct bytes rest = bytes_from(in, *consumed);
		bool is_data = body->framing != HTTP_CHUNKED || body->state == CHUNK_DATA;

		if (!is_data) {
			problem = feed_line(body, in, consumed);
			continue;
		}
		if (body->framing != HTTP_UNTIL_CLOSE)
			rest = bytes_first(rest, body->left);
		if (out != NULL && (rest.length > limit || out->len > limit - rest.length))
			return 413;
		append(out, rest);
		*consumed += rest.length;
		if (body->framing == HTTP_UNTIL_CLOSE)
			continue;
		body->left -= rest.length;
		if (body->left == 0 && body->framing == HTTP_CHUNKED)
			body->state = CHUNK_END;
		body->is_done = body->left == 0 && body->framing == HTTP_BY_LENGTH;
	}
	return problem;
}
