#include "protocols/smtp/envelope.h"

static const struct {
	const char *name;
	unsigned bit;
} notify_words[] = {
	{"NEVER",    SMTP_NOTIFY_NEVER  },
	{ "SUCCESS", SMTP_NOTIFY_SUCCESS},
	{ "FAILURE", SMTP_NOTIFY_FAILURE},
	{ "DELAY",   SMTP_NOTIFY_DELAY  },
};

static unsigned notify_word(struct bytes word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(notify_words); i++)
		if (word.length == strlen(notify_words[i].name) &&
		    g_ascii_strncasecmp((const char *)word.data, notify_words[i].name,
					word.length) == 0)
			return notify_words[i].bit;
	return 0;
}

unsigned smtp_notify_parse(struct bytes value)
{
	unsigned notify = 0;

	do {
		const uint8_t *comma = bytes_find_byte(value, ',');
		size_t length = comma == NULL ? value.length : (size_t)(comma - value.data);
		unsigned bit = notify_word(bytes_first(value, length));

		if (bit == 0 || (comma != NULL && length + 1 == value.length))
			return 0;
		notify |= bit;
		value = bytes_from(value, comma == NULL ? length : length + 1);
	} while (value.length > 0);
	return notify & SMTP_NOTIFY_NEVER && notify != SMTP_NOTIFY_NEVER ? 0 : notify;
}

void smtp_notify_print(unsigned notify, GString *out)
{
	const char *before = "";

	for (size_t i = 0; i < G_N_ELEMENTS(notify_words); i++)
		if (notify & notify_words[i].bit) {
			g_string_append_printf(out, "%s%s", before, notify_words[i].name);
			before = ",";
		}
}

/* hexchar = "+" 2( DIGIT / "A".."F" ) */
static int hex_digit(uint8_t octet)
{
	return g_ascii_islower((gchar)octet) ? -1 : g_ascii_xdigit_value((gchar)octet);
}

bool smtp_xtext_is_valid(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++) {
		uint8_t octet = text.data[i];

		if (octet < 33 || octet > 126 || octet == '=')
			return false;
		if (octet != '+')
			continue;
		if (i + 2 >= text.length || hex_digit(text.data[i + 1]) < 0 ||
		    hex_digit(text.data[i + 2]) < 0)
			return false;
		i += 2;
	}
	return true;
}

char *smtp_xtext_decode(const char *text)
{
	GString *out = g_string_new(NULL);

	if (!smtp_xtext_is_valid(bytes_of(text)))
		return g_string_free(out, TRUE);
	for (; *text != '\0'; text++) {
		unsigned octet = (uint8_t)*text;

		if (*text == '+') {
			octet = (unsigned)hex_digit((uint8_t)text[1]) << 4 |
				(unsigned)hex_digit((uint8_t)text[2]);
			text += 2;
		}
		if (octet < 32 || octet == 127)
			return g_string_free(out, TRUE);
		g_string_append_c(out, (char)octet);
	}
	return g_string_free(out, FALSE);
}

char *smtp_xtext_encode(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		uint8_t octet = (uint8_t)*text;

		if (octet < 33 || octet > 126 || octet == '=' || octet == '+')
			g_string_append_printf(out, "+%02X", octet);
		else
			g_string_append_c(out, *text);
	}
	return g_string_free(out, FALSE);
}

bool smtp_original_is_valid(struct bytes value)
{
	const uint8_t *end = bytes_find_byte(value, ';');
	size_t length = end == NULL ? 0 : (size_t)(end - value.data);

	if (length == 0 || length + 1 == value.length || value.length > SMTP_ORIGINAL_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isalnum((gchar)value.data[i]) && value.data[i] != '-')
			return false;
	return smtp_xtext_is_valid(bytes_from(value, length + 1));
}

bool smtp_has_8bit(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] > 127)
			return true;
	return false;
}
