#include "protocols/mail/marking.h"

#include <string.h>
#include "protocols/mail/message.h"

static bool is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static struct bytes skip_blank(struct bytes in)
{
	size_t blank = 0;

	while (blank < in.length && is_blank(in.data[blank]))
		blank++;
	return bytes_from(in, blank);
}

static bool begins_with(struct bytes in, const char *text)
{
	size_t length = strlen(text);

	return in.length >= length && g_ascii_strncasecmp((const char *)in.data, text, length) == 0;
}

static bool is_removed(struct bytes field, const struct message_marking *marking)
{
	struct bytes body;

	for (unsigned i = 0; i < marking->removed_count; i++) {
		const struct header_field_name *each = &marking->removed[i];

		if (message_field_body(field, each->name, &body) &&
		    (each->value_prefix == NULL ||
		     begins_with(skip_blank(body), each->value_prefix)))
			return true;
	}
	return false;
}

static void append(GByteArray *out, struct bytes bytes)
{
	if (bytes.length > 0)
		g_byte_array_append(out, bytes.data, (guint)bytes.length);
}

/* "Subject:" and what is blank behind it, the prefix, the rest. */
static void append_subject(GByteArray *out, struct bytes field, struct bytes body,
			   const char *prefix)
{
	struct bytes value = skip_blank(body);

	append(out, bytes_first(field, field.length - body.length));
	append(out, bytes_of(" "));
	append(out, bytes_of(prefix));
	append(out, value.length > 0 ? value : bytes_of("\r\n"));
}

static void append_new_subject(GByteArray *out, const char *prefix)
{
	if (prefix == NULL)
		return;
	append(out, bytes_of("Subject: "));
	append(out, bytes_of(prefix));
	append(out, bytes_of("\r\n"));
}

GBytes *message_mark(GBytes *message, const struct message_marking *marking)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(message, &length);
	struct bytes whole = { octets, length }, rest = message_header_section(whole), body;
	struct bytes text = bytes_from(whole, rest.length);
	GByteArray *out = g_byte_array_sized_new((guint)(length + strlen(marking->fields)));
	const char *prefix = marking->subject_prefix;
	size_t field_bytes;

	append(out, bytes_of(marking->fields));
	for (; (field_bytes = message_field_length(rest)) > 0;
	     rest = bytes_from(rest, field_bytes)) {
		struct bytes field = bytes_first(rest, field_bytes);
		bool is_end = field.data[0] == '\r' || field.data[0] == '\n';

		if (is_removed(field, marking))
			continue;
		if (prefix != NULL && message_field_body(field, "Subject", &body)) {
			append_subject(out, field, body, prefix);
			prefix = NULL;
			continue;
		}
		if (is_end)
			append_new_subject(out, g_steal_pointer(&prefix));
		append(out, field);
	}
	append_new_subject(out, prefix);
	append(out, text);
	return g_byte_array_free_to_bytes(out);
}
