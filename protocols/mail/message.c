/* Messages: shared bytes, their headers, their structure and the decoding of their parts. */
#include "protocols/mail/message.h"
#include <gmime/gmime.h>
#include "protocols/mail/boundary.h"

#define DEFAULT_CHARSET "us-ascii"

/* GMime counts its users and does the work for the first one; it has no state per caller. */
static void start_gmime(void)
{
	g_mime_init();
}

static void part_free(struct message_part *part)
{
	g_free(part->type);
	g_free(part->subtype);
	g_free(part->id);
	g_free(part->description);
	g_free(part->encoding);
	g_free(part->md5);
	g_free(part->language);
	g_free(part->location);
	g_free(part->disposition);
	g_clear_pointer(&part->parameters, g_ptr_array_unref);
	g_clear_pointer(&part->disposition_parameters, g_ptr_array_unref);
	g_clear_pointer(&part->children, g_ptr_array_unref);
	g_free(part);
}

struct message *message_new(GBytes *bytes, uint64_t root)
{
	struct message *message = g_new0(struct message, 1);

	message->references = 1;
	message->bytes = bytes;
	message->root = root;
	return message;
}

struct message *message_reference(struct message *message)
{
	message->references++;
	return message;
}

void message_free(struct message *message)
{
	if (message == NULL || --message->references > 0)
		return;
	g_clear_pointer(&message->structure, part_free);
	g_bytes_unref(message->bytes);
	g_free(message);
}

/* Headers. */

/* The length of the line at the front of `in` with its line feed, or all of it. */
static size_t line_length(struct bytes in)
{
	const uint8_t *feed = bytes_find_byte(in, '\n');

	return feed != NULL ? (size_t)(feed - in.data) + 1 : in.length;
}

static bool is_empty_line(struct bytes line)
{
	return (line.length == 1 && line.data[0] == '\n') ||
	       (line.length == 2 && line.data[0] == '\r' && line.data[1] == '\n');
}

struct bytes message_header_section(struct bytes bytes)
{
	size_t offset = 0;

	while (offset < bytes.length) {
		struct bytes rest = bytes_from(bytes, offset);
		struct bytes line = bytes_first(rest, line_length(rest));

		offset += line.length;
		if (is_empty_line(line))
			break;
	}
	return bytes_first(bytes, offset);
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

size_t message_field_length(struct bytes in)
{
	size_t length = line_length(in);

	while (length < in.length && is_space(in.data[length]))
		length += line_length(bytes_from(in, length));
	return length;
}

/* White space before ':' is obs-syntax. */
bool message_field_body(struct bytes field, const char *name, struct bytes *body)
{
	size_t offset = strlen(name);

	if (field.length <= offset ||
	    g_ascii_strncasecmp((const char *)field.data, name, offset) != 0)
		return false;
	while (offset < field.length && is_space(field.data[offset]))
		offset++;
	if (offset == field.length || field.data[offset] != ':')
		return false;
	*body = bytes_from(field, offset + 1);
	return true;
}

/* Without line ends (RFC 5322 section 2.2.3), NULs and the white space around it. */
static char *unfold(struct bytes body)
{
	GString *value = g_string_sized_new(body.length);

	for (size_t i = 0; i < body.length; i++) {
		char c = (char)body.data[i];

		if (c != '\r' && c != '\n' && c != '\0')
			g_string_append_c(value, c);
	}
	return g_strstrip(g_string_free(value, FALSE));
}

char *message_header(struct bytes header, const char *name)
{
	for (struct bytes rest = header; rest.length > 0;) {
		struct bytes field = bytes_first(rest, message_field_length(rest));
		struct bytes body;

		if (message_field_body(field, name, &body))
			return unfold(body);
		rest = bytes_from(rest, field.length);
	}
	return NULL;
}

/* Valid UTF-8 as it is; anything else is taken for ISO 8859-1, whatever the locale. */
static char *to_utf8(const char *text, size_t length)
{
	if (g_utf8_validate(text, (gssize)length, NULL))
		return g_strndup(text, length);
	return g_convert(text, (gssize)length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

char *message_decode_words(const char *value)
{
	char *utf8 = to_utf8(value, strlen(value));

	start_gmime();
	char *decoded = g_mime_utils_header_decode_text(NULL, utf8);
	g_free(utf8);
	return decoded;
}

/* Parameters of Content-Type and Content-Disposition. */

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((uint8_t)*text >= 0x80)
			return false;
	return true;
}

/* ext-value := charset "''" and every byte but attribute-char as %XX (RFC 2231 section 7). */
static char *extended_value(const char *value)
{
	GString *out = g_string_new(g_utf8_validate(value, -1, NULL) ? "utf-8''" : "iso-8859-1''");

	for (; *value != '\0'; value++) {
		if (g_ascii_isalnum(*value) || strchr("!#$&+-.^_`{|}~", *value) != NULL)
			g_string_append_c(out, *value);
		else
			g_string_append_printf(out, "%%%02X", (uint8_t)*value);
	}
	return g_string_free(out, FALSE);
}

static void add_parameter(GPtrArray **parameters, const char *name, const char *value)
{
	char *lower = g_ascii_strdown(name, -1);

	if (*parameters == NULL)
		*parameters = g_ptr_array_new_with_free_func(g_free);
	if (is_ascii(value)) {
		g_ptr_array_add(*parameters, lower);
		g_ptr_array_add(*parameters, g_strdup(value));
		return;
	}
	g_ptr_array_add(*parameters, g_strconcat(lower, "*", NULL));
	g_ptr_array_add(*parameters, extended_value(value));
	g_free(lower);
}

static GPtrArray *copy_parameters(GMimeParamList *list)
{
	GPtrArray *parameters = NULL;

	for (int i = 0; i < g_mime_param_list_length(list); i++) {
		GMimeParam *parameter = g_mime_param_list_get_parameter_at(list, i);
		const char *name = g_mime_param_get_name(parameter);
		const char *value = g_mime_param_get_value(parameter);

		if (name != NULL && value != NULL && is_ascii(name))
			add_parameter(&parameters, name, value);
	}
	return parameters;
}

char *message_parameter(const GPtrArray *parameters, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; parameters != NULL && i + 1 < parameters->len; i += 2) {
		const char *each = g_ptr_array_index(parameters, i);
		const char *value = g_ptr_array_index(parameters, i + 1);

		if (g_ascii_strncasecmp(each, name, length) != 0)
			continue;
		if (each[length] == '\0')
			return g_strdup(value);
		if (strcmp(each + length, "*") != 0)
			continue;

		/* add_parameter() wrote it: charset''percent-encoded. */
		const char *encoded = strstr(value, "''");
		char *decoded = g_uri_unescape_string(encoded != NULL ? encoded + 2 : value, NULL);
		char *utf8 = decoded != NULL ? to_utf8(decoded, strlen(decoded)) : g_strdup(value);
		g_free(decoded);
		return utf8;
	}
	return NULL;
}

char *message_part_filename(const struct message_part *part)
{
	char *name = message_parameter(part->disposition_parameters, "filename");

	if (name == NULL)
		name = message_parameter(part->parameters, "name");
	if (name == NULL)
		return NULL;

	char *slash = strrchr(name, '/');
	char *backslash = strrchr(name, '\\');
	char *base = MAX(slash, backslash);
	char *result = g_strdup(base != NULL ? base + 1 : name);
	g_free(name);
	return result;
}

/* Structure. */

struct structure_parser {
	struct bytes message;
	unsigned part_count;
};

static struct message_part *parse_entity(struct structure_parser *parser, struct bytes entity,
					 const char *default_type, unsigned depth);

static void parse_content_type(struct message_part *part, struct bytes header,
			       const char *default_type)
{
	char *value = message_header(header, "Content-Type");
	bool is_usable = value != NULL && strchr(value, '/') != NULL;
	GMimeContentType *type = g_mime_content_type_parse(NULL, is_usable ? value : default_type);

	part->type = g_ascii_strup(g_mime_content_type_get_media_type(type), -1);
	part->subtype = g_ascii_strup(g_mime_content_type_get_media_subtype(type), -1);
	part->parameters = copy_parameters(g_mime_content_type_get_parameters(type));
	if (strcmp(part->type, "TEXT") == 0 &&
	    g_mime_content_type_get_parameter(type, "charset") == NULL)
		add_parameter(&part->parameters, "charset", DEFAULT_CHARSET);
	g_object_unref(type);
	g_free(value);
}

static void parse_disposition(struct message_part *part, struct bytes header)
{
	char *value = message_header(header, "Content-Disposition");
	if (value == NULL)
		return;

	GMimeContentDisposition *disposition = g_mime_content_disposition_parse(NULL, value);
	const char *name = g_mime_content_disposition_get_disposition(disposition);

	if (name != NULL && name[0] != '\0') {
		part->disposition = g_ascii_strdown(name, -1);
		part->disposition_parameters =
		    copy_parameters(g_mime_content_disposition_get_parameters(disposition));
	}
	g_object_unref(disposition);
	g_free(value);
}

static char *parse_encoding(struct bytes header)
{
	char *value = message_header(header, "Content-Transfer-Encoding");
	if (value == NULL)
		return g_strdup("7BIT");

	value[strcspn(value, " \t;(")] = '\0';
	char *upper = g_ascii_strup(value[0] != '\0' ? value : "7bit", -1);
	g_free(value);
	return upper;
}

static void parse_header(struct message_part *part, struct bytes header, const char *default_type)
{
	parse_content_type(part, header, default_type);
	parse_disposition(part, header);
	part->encoding = parse_encoding(header);
	part->id = message_header(header, "Content-ID");
	part->description = message_header(header, "Content-Description");
	part->md5 = message_header(header, "Content-MD5");
	part->language = message_header(header, "Content-Language");
	part->location = message_header(header, "Content-Location");
}

static void parse_multipart(struct structure_parser *parser, struct message_part *part,
			    struct bytes body, unsigned depth)
{
	char *boundary = message_parameter(part->parameters, "boundary");
	if (boundary == NULL || boundary[0] == '\0') {
		g_free(boundary);
		return;
	}

	const char *default_type =
	    strcmp(part->subtype, "DIGEST") == 0 ? "message/rfc822" : "text/plain";
	struct boundary_scan scan;
	size_t start, end;

	boundary_scan_init(&scan, body, boundary);
	while (parser->part_count < MESSAGE_PARTS_MAX && boundary_scan_next(&scan, &start, &end)) {
		struct bytes entity = { body.data + start, end - start };

		if (part->children == NULL)
			part->children = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
		g_ptr_array_add(part->children,
				parse_entity(parser, entity, default_type, depth + 1));
	}
	g_free(boundary);
}

/* RFC 2046 section 5.2.1 allows no other encoding around a message. */
static bool is_transparent(const char *encoding)
{
	return strcmp(encoding, "7BIT") == 0 || strcmp(encoding, "8BIT") == 0 ||
	       strcmp(encoding, "BINARY") == 0;
}

static void parse_children(struct structure_parser *parser, struct message_part *part,
			   struct bytes body, unsigned depth)
{
	if (depth >= MESSAGE_DEPTH_MAX || parser->part_count >= MESSAGE_PARTS_MAX)
		return;
	if (strcmp(part->type, "MULTIPART") == 0) {
		parse_multipart(parser, part, body, depth);
	} else if (strcmp(part->type, "MESSAGE") == 0 && strcmp(part->subtype, "RFC822") == 0 &&
		   is_transparent(part->encoding)) {
		part->children = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
		g_ptr_array_add(part->children,
				parse_entity(parser, body, "text/plain", depth + 1));
	}
}

static unsigned count_lines(struct bytes body)
{
	unsigned lines = 0;

	for (size_t i = 0; i < body.length; i++)
		lines += body.data[i] == '\n';
	return lines;
}

static struct message_part *parse_entity(struct structure_parser *parser, struct bytes entity,
					 const char *default_type, unsigned depth)
{
	struct message_part *part = g_new0(struct message_part, 1);
	struct bytes header = message_header_section(entity);
	struct bytes body = bytes_from(entity, header.length);

	parser->part_count++;
	part->header_offset = (size_t)(entity.data - parser->message.data);
	part->header_bytes = header.length;
	part->body_offset = part->header_offset + header.length;
	part->body_bytes = body.length;
	part->body_lines = count_lines(body);
	parse_header(part, header, default_type);
	parse_children(parser, part, body, depth);
	return part;
}

const struct message_part *message_structure(struct message *message)
{
	if (message->structure == NULL) {
		struct structure_parser parser = { .message = message_bytes(message) };

		start_gmime();
		message->structure = parse_entity(&parser, parser.message, "text/plain", 0);
	}
	return message->structure;
}

/* Contents. */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * White space at the end of an encoded line is padding and must be deleted (RFC 2045 section 6.7,
 * rule 3); then "=" at the end of a line is a soft break, whatever was behind it.
 */
static GByteArray *without_padding(struct bytes body)
{
	GByteArray *out = g_byte_array_sized_new((guint)body.length);

	while (body.length > 0) {
		const uint8_t *end = bytes_find_byte(body, '\n');
		size_t length = end != NULL ? (size_t)(end - body.data) + 1 : body.length;
		size_t text = length;

		while (text > 0 && is_blank(body.data[text - 1]))
			text--;
		g_byte_array_append(out, body.data, (guint)text);
		if (end != NULL)
			g_byte_array_append(out, (const uint8_t *)"\r\n", 2);
		body = bytes_from(body, length);
	}
	return out;
}

GBytes *message_part_content(const struct message *message, const struct message_part *part)
{
	start_gmime();

	GMimeContentEncoding encoding = g_mime_content_encoding_from_string(part->encoding);
	if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
	    encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
	    encoding != GMIME_CONTENT_ENCODING_UUENCODE)
		return g_bytes_new_from_bytes(message->bytes, part->body_offset, part->body_bytes);

	struct bytes encoded =
	    bytes_first(bytes_from(message_bytes(message), part->body_offset), part->body_bytes);
	GByteArray *clean = NULL;
	if (encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
		clean = without_padding(encoded);
		encoded = (struct bytes) { clean->data, clean->len };
	}
	GMimeEncoding decoder;
	g_mime_encoding_init_decode(&decoder, encoding);

	char *out = g_malloc(g_mime_encoding_outlen(&decoder, encoded.length) + 1);
	size_t length =
	    g_mime_encoding_flush(&decoder, (const char *)encoded.data, encoded.length, out);
	g_clear_pointer(&clean, g_byte_array_unref);
	return g_bytes_new_take(out, length);
}

char *message_part_text(const struct message *message, const struct message_part *part)
{
	gsize length;
	GBytes *content = message_part_content(message, part);
	const char *data = g_bytes_get_data(content, &length);
	char *charset = message_parameter(part->parameters, "charset");
	char *text = NULL;

	if (charset != NULL && length > 0 && g_ascii_strcasecmp(charset, "utf-8") != 0 &&
	    g_ascii_strcasecmp(charset, DEFAULT_CHARSET) != 0)
		text = g_convert(data, (gssize)length, "UTF-8", charset, NULL, NULL, NULL);
	if (text == NULL)
		text = to_utf8(data != NULL ? data : "", length);
	g_free(charset);
	g_bytes_unref(content);
	return text;
}

int64_t message_sent(const struct message *message, int64_t otherwise)
{
	char *value = message_header(message_header_section(message_bytes(message)), "Date");
	GDateTime *date;
	int64_t sent = otherwise;

	start_gmime();
	date = value != NULL ? g_mime_utils_header_decode_date(value) : NULL;
	if (date != NULL) {
		sent = g_date_time_to_unix(date);
		g_date_time_unref(date);
	}
	g_free(value);
	return sent;
}
