/*
 * Internet messages (RFC 5322, MIME 2045 to 2049): immutable bytes with CRLF line ends, shared by
 * whoever stores or sends them; composed and parsed by GMime, which nothing else includes.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "sim/bytes.h"

/*
 * One MIME entity of a parsed message, in the order of the bytes (RFC 3501 BODYSTRUCTURE).
 * A body ends before the line end that precedes a boundary (RFC 2046 section 5.1.1).
 */
struct message_part {
	char *type, *subtype; /* upper case as IMAP shows it: "TEXT", "PLAIN" */
	/*
	 * Of char *: name in lower case, value, name, value; NULL: none. Values are ASCII: others
	 * are in the extended form of RFC 2231, with '*' behind the name. Text without a charset
	 * has "charset" "us-ascii" (RFC 2045 section 5.2).
	 */
	GPtrArray *parameters;
	char *id, *description; /* Content-ID, Content-Description, raw; NULL: none */
	char *encoding;         /* upper case; "7BIT" when the header is missing */
	char *md5, *language, *location;
	char *disposition; /* "attachment"; NULL: none */
	GPtrArray *disposition_parameters;
	size_t header_offset, header_bytes; /* from the message's start; with the empty line */
	size_t body_offset, body_bytes;
	unsigned body_lines; /* line feeds in the body */
	/*
	 * Of struct message_part *; NULL: a leaf, which a multipart without any part and what is
	 * beyond the bounds below also are. message/rfc822 has one child: the message inside.
	 */
	GPtrArray *children;
};

struct message {
	unsigned references;
	GBytes *bytes;                  /* the whole message */
	uint64_t root;                  /* trace id of what it belongs to; 0 unknown */
	struct message_part *structure; /* made by message_structure() */
};

/* Wraps `bytes` (taken). */
struct message *message_new(GBytes *bytes, uint64_t root);
struct message *message_reference(struct message *message);
void message_free(struct message *message); /* gives up one reference; NULL is fine */

static inline struct bytes message_bytes(const struct message *message)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(message->bytes, &length);

	return (struct bytes) { data, length };
}

/* Parsed once, kept with the message. Never NULL: text that is not MIME is one TEXT/PLAIN part. */
const struct message_part *message_structure(struct message *message);

/* Bounds against hostile input: deeper or more parts are left as leaves. */
#define MESSAGE_DEPTH_MAX 32
#define MESSAGE_PARTS_MAX 1000

/*
 * The unfolded value of the first header called `name` inside `header` (as sliced from a message),
 * or NULL. The caller frees it. Raw: RFC 2047 words are not decoded.
 */
char *message_header(struct bytes header, const char *name);

/* The header section of `bytes`, with the empty line that ends it. */
struct bytes message_header_section(struct bytes bytes);

/* The length of the header field at the front of `in`: a line and those that continue it. */
size_t message_field_length(struct bytes in);

/* Whether `field` is that called `name`; then `body` is what stands behind its colon. */
bool message_field_body(struct bytes field, const char *name, struct bytes *body);

/* When it was sent: its Date as seconds since 1970, or `otherwise` when that says nothing. */
int64_t message_sent(const struct message *message, int64_t otherwise);

/* RFC 2047 words decoded to UTF-8; for display and searching. The caller frees it. */
char *message_decode_words(const char *value);

/* The first of `parameters` or `disposition_parameters` called `name`, decoded; NULL: none. */
char *message_parameter(const GPtrArray *parameters, const char *name);

/* The file name of an attachment in UTF-8 without any folder, or NULL; the caller frees it. */
char *message_part_filename(const struct message_part *part);

/* The bytes of a leaf part with the transfer encoding undone; the caller owns them. */
GBytes *message_part_content(const struct message *message, const struct message_part *part);

/* The text of a leaf part, transfer encoding undone and converted to UTF-8; the caller frees it. */
char *message_part_text(const struct message *message, const struct message_part *part);

/* An attachment of a composition. */
struct attachment {
	const char *name; /* file name shown to the reader */
	const char *type; /* "application/pdf" */
	GBytes *content;
};

/* What an author writes. Every field but those marked may be NULL or 0. */
struct composition {
	const char *from;    /* "Alice <alice@office.example>" in UTF-8; required */
	const char *to, *cc; /* address lists; at least one recipient somewhere */
	const char *subject;
	const char *text;       /* UTF-8 body with LF or CRLF line ends */
	int64_t unix_time;      /* for Date; required */
	int utc_offset_s;       /* for Date */
	const char *message_id; /* without angle brackets; required: a message is never random */
	const char *in_reply_to, *references; /* with angle brackets */
	const char *boundary;                 /* required with attachments */
	const char *user_agent;
	bool is_8bit; /* text beyond ASCII stays as it is, and needs 8BITMIME (RFC 6152) */
	const struct attachment *attachments;
	size_t attachment_count;
};

/* The message as it goes on the wire: CRLF, folded, by quoted-printable or base64 7-bit clean. */
GBytes *message_compose(const struct composition *composition);

/* "Sun, 22 Nov 2026 01:14:58 +0000" (RFC 5322 section 3.3). The caller frees it. */
char *message_date(int64_t unix_time, int utc_offset_s);

/* `header` lines (each with CRLF) put in front of `bytes`, e.g. Received and Return-Path. */
GBytes *message_prepend(GBytes *bytes, const char *header);
