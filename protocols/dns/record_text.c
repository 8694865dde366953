/* The text form of RDATA (RFC 1035 section 5.1). */
#include "protocols/dns/record.h"

#include <arpa/inet.h>

#include "stack/address.h"

static void append_be16(GByteArray *out, uint16_t value)
{
	uint8_t bytes[2];

	put_be16(bytes, value);
	g_byte_array_append(out, bytes, sizeof bytes);
}

static void append_be32(GByteArray *out, uint32_t value)
{
	uint8_t bytes[4];

	put_be32(bytes, value);
	g_byte_array_append(out, bytes, sizeof bytes);
}

/* Takes the next word, blanks around it skipped, off `*text` into `word`. */
static bool next_word(const char **text, char *word, size_t room)
{
	const char *start = *text + strspn(*text, " \t");
	size_t length = strcspn(start, " \t");

	if (length == 0 || length >= room)
		return false;
	memcpy(word, start, length);
	word[length] = '\0';
	*text = start + length + strspn(start + length, " \t");
	return true;
}

static bool number_from_text(const char *word, uint64_t max, uint64_t *number)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(word, 10, 0, max, &value, NULL))
		return false;
	*number = value;
	return true;
}

/* Appends one character string, quoted or a bare word, that starts at `*text`. */
static bool string_from_text(const char **text, GByteArray *out)
{
	guint length_at = out->len;
	const char *p = *text;
	bool is_quoted = *p == '"';

	g_byte_array_append(out, (const uint8_t *)"", 1);
	p += is_quoted;
	while (*p != '\0' && (is_quoted ? *p != '"' : *p != ' ' && *p != '\t')) {
		uint8_t c;

		if (!dns_character_from_text(&p, &c))
			return false;
		g_byte_array_append(out, &c, 1);
	}
	if (is_quoted && *p++ != '"')
		return false;
	if (out->len - length_at - 1 > UINT8_MAX)
		return false;
	out->data[length_at] = (uint8_t)(out->len - length_at - 1);
	*text = p + strspn(p, " \t");
	return true;
}

static bool strings_from_text(const char **text, GByteArray *out)
{
	*text += strspn(*text, " \t");
	if (**text == '\0')
		return false;
	while (**text != '\0')
		if (!string_from_text(text, out))
			return false;
	return true;
}

/* "\# 4 0a000001": the form for any type (RFC 3597 section 5). */
static bool opaque_from_text(const char **text, GByteArray *out)
{
	char word[DNS_NAME_TEXT_BYTES];
	uint64_t length;
	const char *hex;

	if (!next_word(text, word, sizeof word) || strcmp(word, "\\#") != 0 ||
	    !next_word(text, word, sizeof word) || !number_from_text(word, UINT16_MAX, &length))
		return false;
	for (hex = *text; length > 0; length--, hex += 2) {
		if (!g_ascii_isxdigit(hex[0]) || !g_ascii_isxdigit(hex[1]))
			return false;
		uint8_t byte =
		    (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
		g_byte_array_append(out, &byte, 1);
	}
	*text = hex;
	return true;
}

/* Appends the field that `word` says. */
static bool word_from_text(char kind, const char *word, GByteArray *out)
{
	struct dns_name_buffer buffer;
	struct dns_name name;
	uint64_t number;
	uint32_t address;
	uint8_t address6[16];

	switch (kind) {
	case 'n':
	case 'N':
		if (!dns_name_from_text(word, &buffer, &name))
			return false;
		g_byte_array_append(out, name.wire, (guint)name.length);
		return true;
	case '2':
		if (!number_from_text(word, UINT16_MAX, &number))
			return false;
		append_be16(out, (uint16_t)number);
		return true;
	case '4':
		if (!number_from_text(word, UINT32_MAX, &number))
			return false;
		append_be32(out, (uint32_t)number);
		return true;
	case 'a':
		if (!ipv4_parse(word, &address))
			return false;
		append_be32(out, address);
		return true;
	case '6':
		if (inet_pton(AF_INET6, word, address6) != 1)
			return false;
		g_byte_array_append(out, address6, sizeof address6);
		return true;
	default:
		g_assert_not_reached();
	}
}

static bool field_from_text(char kind, const char **text, GByteArray *out)
{
	char word[DNS_NAME_TEXT_BYTES];

	switch (kind) {
	case 's':
		return strings_from_text(text, out);
	case 'x':
		return opaque_from_text(text, out);
	default:
		return next_word(text, word, sizeof word) && word_from_text(kind, word, out);
	}
}

bool dns_data_from_text(uint16_t type, const char *text, GByteArray *out)
{
	guint before = out->len;
	bool is_good = true;

	for (const char *kind = dns_data_layout(type); *kind != '\0' && is_good; kind++)
		is_good = field_from_text(*kind, &text, out);
	if (is_good && *text == '\0' && out->len - before <= UINT16_MAX)
		return true;
	g_byte_array_set_size(out, before);
	return false;
}

static void print_strings(struct bytes data, GString *out)
{
	while (data.length > 0) {
		struct bytes string = bytes_first(bytes_from(data, 1), data.data[0]);

		g_string_append_c(out, '"');
		for (size_t i = 0; i < string.length; i++) {
			uint8_t c = string.data[i];

			if (c == '"' || c == '\\')
				g_string_append_printf(out, "\\%c", c);
			else if (c < ' ' || c > '~')
				g_string_append_printf(out, "\\%03u", c);
			else
				g_string_append_c(out, (char)c);
		}
		g_string_append_c(out, '"');
		data = bytes_from(data, 1 + string.length);
		if (data.length > 0)
			g_string_append_c(out, ' ');
	}
}

static void print_opaque(struct bytes data, GString *out)
{
	g_string_append_printf(out, "\\# %zu%s", data.length, data.length > 0 ? " " : "");
	for (size_t i = 0; i < data.length; i++)
		g_string_append_printf(out, "%02x", data.data[i]);
}

static void print_field(char kind, struct bytes field, GString *out)
{
	char text[DNS_NAME_TEXT_BYTES];

	switch (kind) {
	case 'n':
	case 'N':
		g_string_append(out, dns_name_print(dns_name_at(field.data), text));
		break;
	case '2':
		g_string_append_printf(out, "%u", get_be16(field.data));
		break;
	case '4':
		g_string_append_printf(out, "%u", get_be32(field.data));
		break;
	case 'a':
		g_string_append(out, ipv4_print(get_be32(field.data), text));
		break;
	case '6':
		g_string_append(out, inet_ntop(AF_INET6, field.data, text, sizeof text));
		break;
	case 's':
		print_strings(field, out);
		break;
	default:
		print_opaque(field, out);
		break;
	}
}

void dns_data_print(const struct dns_record *record, GString *out)
{
	struct bytes rest = record->data;

	for (const char *kind = dns_data_layout(record->type); *kind != '\0'; kind++) {
		size_t length = dns_field_length(*kind, rest);

		print_field(*kind, bytes_first(rest, length), out);
		rest = bytes_from(rest, length);
		if (kind[1] != '\0')
			g_string_append_c(out, ' ');
	}
}
