#include "protocols/smtp/auth.h"

static bool is_base64(uint8_t octet)
{
	return g_ascii_isalnum((gchar)octet) || octet == '+' || octet == '/';
}

static bool is_well_formed(struct bytes text)
{
	size_t digits = 0;

	while (digits < text.length && is_base64(text.data[digits]))
		digits++;
	for (size_t i = digits; i < text.length; i++)
		if (text.data[i] != '=')
			return false;
	return text.length % 4 == 0 && text.length - digits <= 2;
}

char *smtp_base64_decode(struct bytes text, size_t *length)
{
	if (text.length == 1 && text.data[0] == '=')
		text.length = 0;
	if (!is_well_formed(text))
		return NULL;

	char *encoded = g_strndup((const char *)text.data, text.length);
	gsize decoded_length = 0;
	guchar *decoded = text.length > 0 ? g_base64_decode(encoded, &decoded_length) : NULL;

	g_free(encoded);
	decoded = g_realloc(decoded, decoded_length + 1);
	decoded[decoded_length] = '\0';
	*length = decoded_length;
	return (char *)decoded;
}

char *smtp_plain_encode(const char *login, const char *password)
{
	GByteArray *response = g_byte_array_new();
	char *encoded;

	g_byte_array_append(response, (const guint8 *)"", 1);
	g_byte_array_append(response, (const guint8 *)login, (guint)strlen(login) + 1);
	g_byte_array_append(response, (const guint8 *)password, (guint)strlen(password));
	encoded = g_base64_encode(response->data, response->len);
	g_byte_array_unref(response);
	return encoded;
}

bool smtp_plain_split(const char *response, size_t length, const char **login,
		      const char **password)
{
	const char *end = response + length;
	const char *first = memchr(response, '\0', length);

	if (first == NULL)
		return false;
	const char *second = memchr(first + 1, '\0', (size_t)(end - first - 1));

	if (second == NULL || second == first + 1 ||
	    memchr(second + 1, '\0', (size_t)(end - second - 1)))
		return false;
	*login = first + 1;
	*password = second + 1;
	return true;
}
