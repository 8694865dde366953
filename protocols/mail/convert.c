#include "protocols/mail/convert.h"

#include "protocols/mail/message.h"

#define ENCODED_LINE_MAX 76 /* characters (RFC 2045 section 6.7 and 6.8) */

static bool has_8bit(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] > 127)
			return true;
	return false;
}

static void append(GByteArray *out, struct bytes text)
{
	if (text.length > 0)
		g_byte_array_append(out, text.data, (guint)text.length);
}

static struct bytes slice(struct bytes all, size_t from, size_t to)
{
	return bytes_first(bytes_from(all, from), to > from ? to - from : 0);
}

static struct bytes all_of(GBytes *bytes)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(bytes, &length);

	return (struct bytes) { data, length };
}

/* Transfer encodings. */

/* Quoted-printable: a line that would be too long is broken softly, by "=" at its end. */
static void append_quoted(GByteArray *out, struct bytes body)
{
	size_t column = 0;

	for (size_t i = 0; i < body.length; i++) {
		uint8_t octet = body.data[i];
		bool is_line_end = octet == '\r' && i + 1 < body.length && body.data[i + 1] == '\n';
		bool ends_line = i + 1 == body.length || body.data[i + 1] == '\r';
		bool is_plain = (octet > 32 && octet < 127 && octet != '=') ||
				((octet == ' ' || octet == '\t') && !ends_line);
		char text[4] = { (char)octet, '\0' };

		if (is_line_end) {
			append(out, bytes_of("\r\n"));
			column = 0;
			i++;
			continue;
		}
		if (!is_plain)
			g_snprintf(text, sizeof text, "=%02X", octet);
		if (column + strlen(text) > ENCODED_LINE_MAX - 1) {
			append(out, bytes_of("=\r\n"));
			column = 0;
		}
		append(out, bytes_of(text));
		column += strlen(text);
	}
}

static void append_base64(GByteArray *out, struct bytes body)
{
	char *encoded = g_base64_encode(body.data, body.length);
	struct bytes rest = bytes_of(encoded);

	while (rest.length > 0) {
		append(out, bytes_first(rest, ENCODED_LINE_MAX));
		rest = bytes_from(rest, ENCODED_LINE_MAX);
		if (rest.length > 0)
			append(out, bytes_of("\r\n"));
	}
	g_free(encoded);
}

/* Into 7 bits. */

static bool is_called(const char *text, const char *name)
{
	return text != NULL && g_ascii_strcasecmp(text, name) == 0;
}

static bool is_wide(const struct message_part *part)
{
	return is_called(part->encoding, "8BIT") || is_called(part->encoding, "BINARY");
}

static bool is_composite(const struct message_part *part)
{
	return part->children != NULL || is_called(part->type, "MULTIPART") ||
	       is_called(part->type, "MESSAGE");
}

/* The transfer encoding that the entity gets; NULL: it keeps its own. */
static const char *new_encoding(const struct message_part *part, struct bytes body)
{
	if (is_composite(part))
		return is_wide(part) ? "7bit" : NULL;
	if (!has_8bit(body))
		return is_called(part->encoding, "8BIT") ? "7bit" : NULL;
	return is_called(part->type, "TEXT") ? "quoted-printable" : "base64";
}

/* The octets of the first field of `header` with its continuation lines; 0: the empty line. */
static size_t field_length(struct bytes header)
{
	size_t length = 0;

	if (header.length == 0 || header.data[0] == '\r' || header.data[0] == '\n')
		return 0;
	do {
		struct bytes rest = bytes_from(header, length);
		const uint8_t *feed = bytes_find_byte(rest, '\n');

		length = feed == NULL ? header.length : (size_t)(feed + 1 - header.data);
	} while (length < header.length &&
		 (header.data[length] == ' ' || header.data[length] == '\t'));
	return length;
}

static bool is_field(struct bytes field, const char *name)
{
	size_t length = strlen(name);

	return field.length > length && field.data[length] == ':' &&
	       g_ascii_strncasecmp((const char *)field.data, name, length) == 0;
}

/* The header with this transfer encoding, and at the top with what MIME needs. */
static void append_header(GByteArray *out, struct bytes header, const char *encoding, bool is_top)
{
	bool has_version = !is_top, has_type = !is_top;
	size_t length;

	while ((length = field_length(header)) > 0) {
		struct bytes field = bytes_first(header, length);

		has_version |= is_field(field, "MIME-Version");
		has_type |= is_field(field, "Content-Type");
		if (!is_field(field, "Content-Transfer-Encoding"))
			append(out, field);
		header = bytes_from(header, length);
	}
	if (!has_version)
		append(out, bytes_of("MIME-Version: 1.0\r\n"));
	if (!has_type) /* RFC 1428 section 3: 8 bits of nobody knows what */
		append(out, bytes_of("Content-Type: text/plain; charset=unknown-8bit\r\n"));
	append(out, bytes_of("Content-Transfer-Encoding: "));
	append(out, bytes_of(encoding));
	append(out, bytes_of("\r\n"));
	append(out, header);
}

static void append_entity(GByteArray *out, struct bytes all, const struct message_part *part,
			  bool is_top)
{
	size_t end = part->body_offset + part->body_bytes, offset = part->body_offset;
	struct bytes body = slice(all, offset, end);
	struct bytes header = slice(all, part->header_offset, part->body_offset);
	const char *encoding = new_encoding(part, body);

	if (encoding != NULL)
		append_header(out, header, encoding, is_top);
	else
		append(out, header);
	if (is_called(encoding, "quoted-printable")) {
		append_quoted(out, body);
		return;
	}
	if (is_called(encoding, "base64")) {
		append_base64(out, body);
		if (is_top)
			append(out, bytes_of("\r\n"));
		return;
	}
	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++) {
		const struct message_part *child = g_ptr_array_index(part->children, i);

		append(out, slice(all, offset, child->header_offset));
		append_entity(out, all, child, false);
		offset = child->body_offset + child->body_bytes;
	}
	append(out, slice(all, offset, end));
}

GBytes *message_to_7bit(GBytes *bytes)
{
	struct message *message = message_new(g_bytes_ref(bytes), 0);
	GByteArray *out = g_byte_array_new();

	append_entity(out, all_of(bytes), message_structure(message), true);
	message_free(message);
	if (has_8bit((struct bytes) { out->data, out->len })) {
		g_byte_array_unref(out);
		return NULL;
	}
	return g_byte_array_free_to_bytes(out);
}

/* Cut. */

/* The child that `limit` falls into, or in front of; NULL: it is behind all. */
static const struct message_part *child_at(const struct message_part *part, size_t limit)
{
	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++) {
		const struct message_part *child = g_ptr_array_index(part->children, i);

		if (child->body_offset + child->body_bytes > limit)
			return child;
	}
	return NULL;
}

/* Where the line that `offset` is in begins, not before `least`. */
static size_t line_start(struct bytes all, size_t least, size_t offset)
{
	while (offset > least && all.data[offset - 1] != '\n')
		offset--;
	return offset;
}

/* The octets to be kept, with the ends of the multiparts that are cut, the innermost first. */
static size_t cut_entity(struct bytes all, const struct message_part *part, size_t limit,
			 GString *ends)
{
	const struct message_part *child = child_at(part, limit);
	char *boundary = is_called(part->type, "MULTIPART")
			     ? message_parameter(part->parameters, "boundary")
			     : NULL;
	size_t kept;

	if (child == NULL)
		kept = line_start(all, part->body_offset, limit);
	else if (child->body_offset <= limit)
		kept = cut_entity(all, child, limit, ends);
	else if (boundary == NULL) /* a message inside whose header is too long */
		kept = line_start(all, part->body_offset, MIN(limit, part->body_offset));
	else /* in front of the delimiter before the child */
		kept = child->header_offset >= 2
			   ? line_start(all, part->body_offset, child->header_offset - 1)
			   : part->body_offset;
	if (boundary != NULL && part->children != NULL)
		g_string_append_printf(ends, "--%s--\r\n", boundary);
	g_free(boundary);
	return kept;
}

GBytes *message_cut(GBytes *bytes, size_t limit, size_t *kept)
{
	struct bytes all = all_of(bytes);
	struct message *message;
	GString *ends;
	GByteArray *out;

	*kept = all.length;
	if (all.length <= limit)
		return g_bytes_ref(bytes);
	if (message_header_section(all).length > limit)
		return NULL;
	message = message_new(g_bytes_ref(bytes), 0);
	ends = g_string_new(NULL);
	out = g_byte_array_new();
	*kept = cut_entity(all, message_structure(message), limit, ends);
	append(out, bytes_first(all, *kept));
	append(out, bytes_of(ends->str));
	g_string_free(ends, TRUE);
	message_free(message);
	return g_byte_array_free_to_bytes(out);
}
