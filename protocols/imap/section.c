#include "protocols/imap/section.h"
#include "protocols/imap/envelope.h"

#define FIELDS_MAX 1000 /* names in one HEADER.FIELDS */

/* Parsing. */

/* header-list = "(" header-fld-name *(SP header-fld-name) ")" */
static bool parse_fields(struct imap_parser *parser, struct imap_section *section)
{
	section->fields = g_ptr_array_new_with_free_func(g_free);
	if (!imap_parse_space(parser) || !imap_parse_char(parser, '('))
		return false;
	do {
		char *name;

		if (section->fields->len >= FIELDS_MAX)
			return imap_parser_fail(parser, "Too many header fields");
		if (!imap_parse_text(parser, &name))
			return false;
		g_ptr_array_add(section->fields, name);
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}

/*
 * section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
 * section-text    = section-msgtext / "MIME"
 */
static bool parse_text(struct imap_parser *parser, struct imap_section *section)
{
	static const struct {
		const char *word;
		enum imap_section_text text;
	} texts[] = {
		{"HEADER.FIELDS.NOT", IMAP_SECTION_FIELDS_NOT},
		{ "HEADER.FIELDS",    IMAP_SECTION_FIELDS    },
		{ "HEADER",           IMAP_SECTION_HEADER    },
		{ "TEXT",             IMAP_SECTION_TEXT      },
		{ "MIME",             IMAP_SECTION_MIME      },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (!imap_skip_word(parser, texts[i].word))
			continue;
		section->text = texts[i].text;
		if (section->text == IMAP_SECTION_MIME && section->depth == 0)
			break;
		bool has_fields = section->text == IMAP_SECTION_FIELDS ||
				  section->text == IMAP_SECTION_FIELDS_NOT;
		return !has_fields || parse_fields(parser, section);
	}
	return imap_parser_fail(parser, "Invalid BODY[] section");
}

/*
 * section      = "[" [section-spec] "]"
 * section-spec = section-msgtext / (section-part ["." section-text])
 * section-part = nz-number *("." nz-number)
 */
bool imap_parse_section(struct imap_parser *parser, struct imap_section *section)
{
	bool wants_text = true;

	if (!imap_parse_char(parser, '['))
		return false;
	while (g_ascii_isdigit(imap_peek(parser))) {
		if (section->depth == IMAP_SECTION_DEPTH_MAX)
			return imap_parser_fail(parser, "Too deep a section");
		uint32_t *number = &section->part[section->depth++];

		if (!imap_parse_number(parser, number) || *number == 0)
			return imap_parser_fail(parser, "Invalid BODY[] section");
		wants_text = imap_skip(parser, '.');
		if (!wants_text)
			break;
	}
	bool is_empty = section->depth == 0 && imap_peek(parser) == ']';
	if (wants_text && !is_empty && !parse_text(parser, section))
		return false;
	return imap_parse_char(parser, ']');
}

void imap_section_clear(struct imap_section *section)
{
	g_clear_pointer(&section->fields, g_ptr_array_unref);
}

void imap_section_print(GString *out, const struct imap_section *section)
{
	static const char *const words[] = {
		[IMAP_SECTION_ALL] = "",
		[IMAP_SECTION_HEADER] = "HEADER",
		[IMAP_SECTION_FIELDS] = "HEADER.FIELDS (",
		[IMAP_SECTION_FIELDS_NOT] = "HEADER.FIELDS.NOT (",
		[IMAP_SECTION_TEXT] = "TEXT",
		[IMAP_SECTION_MIME] = "MIME",
	};

	g_string_append_c(out, '[');
	for (unsigned i = 0; i < section->depth; i++)
		g_string_append_printf(out, i == 0 ? "%u" : ".%u", section->part[i]);
	if (section->depth > 0 && section->text != IMAP_SECTION_ALL)
		g_string_append_c(out, '.');
	g_string_append(out, words[section->text]);
	for (unsigned i = 0; section->fields != NULL && i < section->fields->len; i++) {
		if (i > 0)
			g_string_append_c(out, ' ');
		imap_print_astring(out, g_ptr_array_index(section->fields, i));
	}
	g_string_append(out, section->fields != NULL ? ")]" : "]");
}

/* Finding. */

static bool is_multipart(const struct message_part *part)
{
	return part->children != NULL && strcmp(part->type, "MULTIPART") == 0;
}

/* The message inside a message/rfc822 part; NULL when it is none. */
static const struct message_part *message_inside(const struct message_part *part)
{
	if (part->children == NULL || is_multipart(part))
		return NULL;
	return g_ptr_array_index(part->children, 0);
}

/*
 * Follows the numbers. A message that is no multipart has one part, its own body (RFC 3501 section
 * 6.4.5): then the part found is the message's entity itself.
 */
static const struct message_part *find_part(const struct imap_section *section,
					    const struct message_part *root)
{
	const struct message_part *part = root, *inside = root;

	for (unsigned i = 0; i < section->depth; i++) {
		uint32_t number = section->part[i];

		if (i > 0)
			inside = is_multipart(part) ? part : message_inside(part);
		if (inside == NULL)
			return NULL;
		if (is_multipart(inside)) {
			if (number > inside->children->len)
				return NULL;
			part = g_ptr_array_index(inside->children, number - 1);
		} else if (number == 1) {
			part = inside;
		} else {
			return NULL;
		}
	}
	return part;
}

bool imap_header_next(struct bytes *rest, struct bytes *name, struct bytes *field)
{
	size_t end = 0;

	if (rest->length == 0 || rest->data[0] == '\r' || rest->data[0] == '\n')
		return false;
	do { /* A line that begins with a space goes on with the field before it. */
		const uint8_t *feed = memchr(rest->data + end, '\n', rest->length - end);

		end = feed != NULL ? (size_t)(feed - rest->data) + 1 : rest->length;
	} while (end < rest->length && (rest->data[end] == ' ' || rest->data[end] == '\t'));

	*field = bytes_first(*rest, end);
	const uint8_t *colon = memchr(field->data, ':', end);
	*name = bytes_first(*field, colon != NULL ? (size_t)(colon - field->data) : 0);
	while (name->length > 0 && g_ascii_isspace(name->data[name->length - 1]))
		name->length--;
	*rest = bytes_from(*rest, end);
	return true;
}

static bool is_named(const struct imap_section *section, struct bytes name)
{
	for (unsigned i = 0; i < section->fields->len; i++)
		if (imap_is(name, g_ptr_array_index(section->fields, i)))
			return true;
	return false;
}

/* The fields that were asked for, and the empty line. */
static GBytes *choose_fields(const struct imap_section *section, struct bytes header)
{
	GByteArray *chosen = g_byte_array_new();
	struct bytes name, field;

	while (imap_header_next(&header, &name, &field))
		if (is_named(section, name) == (section->text == IMAP_SECTION_FIELDS))
			g_byte_array_append(chosen, field.data, (guint)field.length);
	g_byte_array_append(chosen, (const uint8_t *)"\r\n", 2);
	return g_byte_array_free_to_bytes(chosen);
}

static GBytes *slice(const struct message *message, size_t offset, size_t length)
{
	return g_bytes_new_from_bytes(message->bytes, offset, length);
}

GBytes *imap_section_of(const struct imap_section *section, struct message *message)
{
	if (section->depth == 0 && section->text == IMAP_SECTION_ALL)
		return g_bytes_ref(message->bytes);

	const struct message_part *part = find_part(section, message_structure(message));

	if (part == NULL)
		return NULL;
	if (section->text == IMAP_SECTION_ALL)
		return slice(message, part->body_offset, part->body_bytes);
	if (section->text == IMAP_SECTION_MIME)
		return slice(message, part->header_offset, part->header_bytes);
	if (section->depth > 0)
		part = message_inside(part);
	if (part == NULL)
		return NULL;
	if (section->text == IMAP_SECTION_TEXT)
		return slice(message, part->body_offset, part->body_bytes);
	if (section->text == IMAP_SECTION_HEADER)
		return slice(message, part->header_offset, part->header_bytes);
	return choose_fields(section,
			     (struct bytes) { message_bytes(message).data + part->header_offset,
					      part->header_bytes });
}

static bool is_known_encoding(const char *encoding)
{
	static const char *const known[] = { "7BIT", "8BIT", "BINARY", "BASE64",
					     "QUOTED-PRINTABLE" };

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_strcmp0(encoding, known[i]) == 0)
			return true;
	return encoding == NULL;
}

GBytes *imap_section_decoded(const struct imap_section *section, struct message *message,
			     bool *is_known)
{
	*is_known = true;
	if (section->depth == 0 || section->text != IMAP_SECTION_ALL)
		return imap_section_of(section, message);

	const struct message_part *part = find_part(section, message_structure(message));
	if (part == NULL || part->children != NULL)
		return imap_section_of(section, message);
	*is_known = is_known_encoding(part->encoding);
	return *is_known ? message_part_content(message, part) : NULL;
}
