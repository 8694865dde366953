#include "protocols/mail/binary.h"

#define LINE_BYTES 57 /* in one line of base64: 76 characters (RFC 2045 section 6.8) */

static void add(GByteArray *out, struct bytes bytes)
{
	g_byte_array_append(out, bytes.data, (guint)bytes.length);
}

static void add_base64(GByteArray *out, struct bytes body)
{
	for (size_t at = 0; at < body.length; at += LINE_BYTES) {
		struct bytes piece = bytes_first(bytes_from(body, at), LINE_BYTES);
		char *line = g_base64_encode(piece.data, piece.length);

		add(out, bytes_of(line));
		add(out, bytes_of("\r\n"));
		g_free(line);
	}
}

static bool is_named(struct bytes line, const char *name)
{
	size_t length = strlen(name);

	return line.length > length &&
	       g_ascii_strncasecmp((const char *)line.data, name, length) == 0;
}

/* The header with another Content-Transfer-Encoding: `encoding`. */
static void add_header(GByteArray *out, struct bytes header, const char *encoding)
{
	bool is_skipping = false;

	while (header.length > 0) {
		const uint8_t *end = bytes_find_byte(header, '\n');
		size_t length = end != NULL ? (size_t)(end - header.data) + 1 : header.length;
		struct bytes line = bytes_first(header, length);
		bool goes_on = line.data[0] == ' ' || line.data[0] == '\t';

		if (!goes_on)
			is_skipping = is_named(line, "Content-Transfer-Encoding:");
		if (!goes_on && is_skipping) {
			add(out, bytes_of("Content-Transfer-Encoding: "));
			add(out, bytes_of(encoding));
			add(out, bytes_of("\r\n"));
		} else if (!is_skipping) {
			add(out, line);
		}
		header = bytes_from(header, length);
	}
}

/* What is being rewritten: all before `done` is in `out`. */
struct rewriting {
	struct bytes in;
	size_t done;
	GByteArray *out;
};

static void copy_up_to(struct rewriting *rewriting, size_t offset)
{
	if (offset <= rewriting->done)
		return;
	add(rewriting->out,
	    bytes_first(bytes_from(rewriting->in, rewriting->done), offset - rewriting->done));
	rewriting->done = offset;
}

static void rewrite(struct rewriting *rewriting, const struct message_part *part)
{
	bool is_binary = g_strcmp0(part->encoding, "BINARY") == 0;
	bool is_leaf = part->children == NULL;

	if (is_binary) {
		copy_up_to(rewriting, part->header_offset);
		add_header(
		    rewriting->out,
		    bytes_first(bytes_from(rewriting->in, part->header_offset), part->header_bytes),
		    is_leaf ? "base64" : "8bit");
		rewriting->done = part->header_offset + part->header_bytes;
	}
	if (is_binary && is_leaf) {
		copy_up_to(rewriting, part->body_offset);
		add_base64(rewriting->out, bytes_first(bytes_from(rewriting->in, part->body_offset),
						       part->body_bytes));
		rewriting->done = part->body_offset + part->body_bytes;
	}
	for (unsigned i = 0; !is_leaf && i < part->children->len; i++)
		rewrite(rewriting, g_ptr_array_index(part->children, i));
}

GBytes *message_without_binary(GBytes *bytes)
{
	struct message *message = message_new(bytes, 0);
	struct rewriting rewriting = {
		.in = message_bytes(message),
		.out = g_byte_array_new(),
	};

	rewrite(&rewriting, message_structure(message));
	copy_up_to(&rewriting, rewriting.in.length);
	message_free(message);
	return g_byte_array_free_to_bytes(rewriting.out);
}
