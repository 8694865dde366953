#include "protocols/authentic/dkim_canonical.h"

const char *const dkim_form_names[] = { "simple", "relaxed" };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* The line at the front of `text` with its line end; empty at the end of the text. */
static struct bytes line_of(struct bytes text)
{
	const uint8_t *feed = bytes_find_byte(text, '\n');

	return bytes_first(text, feed != NULL ? (size_t)(feed - text.data) + 1 : text.length);
}

static struct bytes without_end(struct bytes line)
{
	if (line.length > 0 && line.data[line.length - 1] == '\n')
		line.length--;
	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	return line;
}

static void add_field(GArray *fields, struct bytes raw)
{
	const uint8_t *colon = bytes_find_byte(raw, ':');
	struct dkim_field field = { .raw = raw };

	if (colon == NULL || fields->len == DKIM_FIELDS_MAX)
		return;
	field.name = bytes_first(raw, (size_t)(colon - raw.data));
	while (field.name.length > 0 && is_blank(field.name.data[field.name.length - 1]))
		field.name.length--;
	if (field.name.length > 0)
		g_array_append_val(fields, field);
}

/* A field at the front of `text` with the lines that continue it. */
static struct bytes field_of(struct bytes text)
{
	size_t length = line_of(text).length;

	while (length < text.length && is_blank(text.data[length]))
		length += line_of(bytes_from(text, length)).length;
	return bytes_first(text, length);
}

struct dkim_message *dkim_message_new(struct bytes message)
{
	struct dkim_message *taken = g_new0(struct dkim_message, 1);

	taken->fields = g_array_new(FALSE, FALSE, sizeof(struct dkim_field));
	while (message.length > 0) {
		struct bytes raw = field_of(message);

		if (without_end(line_of(message)).length == 0) {
			message = bytes_from(message, line_of(message).length);
			break;
		}
		add_field(taken->fields, raw);
		message = bytes_from(message, raw.length);
	}
	taken->body = message;
	return taken;
}

void dkim_message_free(struct dkim_message *message)
{
	if (message == NULL)
		return;
	g_array_unref(message->fields);
	g_free(message);
}

bool dkim_field_is(const struct dkim_field *field, const char *name)
{
	return field->name.length == strlen(name) &&
	       g_ascii_strncasecmp((const char *)field->name.data, name, field->name.length) == 0;
}

struct bytes dkim_field_value(const struct dkim_field *field)
{
	const uint8_t *colon = bytes_find_byte(field->raw, ':');

	return without_end(bytes_from(field->raw, (size_t)(colon - field->raw.data) + 1));
}

static void append(GString *out, struct bytes text)
{
	g_string_append_len(out, (const char *)text.data, (gssize)text.length);
}

/* Section 3.4.1: not changed at all; only the line ends are those of SMTP. */
static void simple_field(struct bytes raw, GString *out)
{
	while (raw.length > 0) {
		struct bytes line = line_of(raw);

		append(out, without_end(line));
		g_string_append(out, "\r\n");
		raw = bytes_from(raw, line.length);
	}
}

/*
 * Section 3.4.2: name in lower case, unfolded, runs of white space as one space, none around the
 * colon and at the end.
 */
static void relaxed_field(struct bytes raw, GString *out)
{
	size_t i = 0;
	bool has_space = false, is_value = false;

	for (; i < raw.length && raw.data[i] != ':'; i++)
		if (!is_blank(raw.data[i]))
			g_string_append_c(out, g_ascii_tolower((char)raw.data[i]));
	g_string_append_c(out, ':');
	for (i++; i < raw.length; i++) {
		uint8_t c = raw.data[i];

		if (c == '\r' || c == '\n')
			continue;
		if (is_blank(c)) {
			has_space = true;
			continue;
		}
		if (has_space && is_value)
			g_string_append_c(out, ' ');
		has_space = false;
		is_value = true;
		g_string_append_c(out, (char)c);
	}
	g_string_append(out, "\r\n");
}

void dkim_canonicalize_field(enum dkim_form form, struct bytes raw, bool is_last, GString *out)
{
	if (form == DKIM_SIMPLE)
		simple_field(raw, out);
	else
		relaxed_field(raw, out);
	if (is_last)
		g_string_truncate(out, out->len - 2);
}

/* Section 3.4.4: runs of white space within a line as one space, none at its end. */
static void relaxed_line(struct bytes line, GString *out)
{
	while (line.length > 0 && is_blank(line.data[line.length - 1]))
		line.length--;
	for (size_t i = 0; i < line.length; i++) {
		if (!is_blank(line.data[i]))
			g_string_append_c(out, (char)line.data[i]);
		else if (!is_blank(line.data[i + 1])) /* the line does not end in one */
			g_string_append_c(out, ' ');
	}
}

/* Sections 3.4.3 and 3.4.4: empty lines at the end do not count. */
GString *dkim_canonicalize_body(enum dkim_form form, struct bytes body)
{
	GString *out = g_string_sized_new(body.length + 2);
	size_t end = 0; /* behind the last line that is not empty */

	while (body.length > 0) {
		struct bytes line = line_of(body);
		size_t start = out->len;

		if (form == DKIM_RELAXED)
			relaxed_line(without_end(line), out);
		else
			append(out, without_end(line));
		if (out->len > start)
			end = out->len + 2;
		g_string_append(out, "\r\n");
		body = bytes_from(body, line.length);
	}
	g_string_truncate(out, end);
	if (end == 0 && form == DKIM_SIMPLE)
		g_string_append(out, "\r\n");
	return out;
}

static struct dkim_field *last_unused(struct dkim_message *message, const char *name)
{
	for (guint i = message->fields->len; i > 0; i--) {
		struct dkim_field *field =
		    &g_array_index(message->fields, struct dkim_field, i - 1);

		if (!field->is_used && dkim_field_is(field, name))
			return field;
	}
	return NULL;
}

void dkim_canonicalize_header(enum dkim_form form, struct dkim_message *message,
			      const char *const *names, GString *out)
{
	for (guint i = 0; i < message->fields->len; i++)
		g_array_index(message->fields, struct dkim_field, i).is_used = false;
	for (; *names != NULL; names++) {
		struct dkim_field *field = last_unused(message, *names);

		if (field == NULL)
			continue;
		field->is_used = true;
		dkim_canonicalize_field(form, field->raw, false, out);
	}
}
