/* Names of mechanisms, and what all of them need. */
#include "protocols/sasl/sasl.h"

#define NONCE_BYTES 18

const char *const sasl_mechanism_names[SASL_MECHANISM_COUNT] = {
	[SASL_LOGIN] = "LOGIN",
	[SASL_PLAIN] = "PLAIN",
	[SASL_CRAM_MD5] = "CRAM-MD5",
	[SASL_SCRAM_SHA_256] = "SCRAM-SHA-256",
};

enum sasl_mechanism sasl_mechanism_parse(struct bytes name)
{
	for (unsigned i = 0; i < SASL_MECHANISM_COUNT; i++)
		if (name.length == strlen(sasl_mechanism_names[i]) &&
		    g_ascii_strncasecmp((const char *)name.data, sasl_mechanism_names[i],
					name.length) == 0)
			return (enum sasl_mechanism)i;
	return SASL_MECHANISM_COUNT;
}

enum sasl_mechanism sasl_strongest(unsigned mechanisms)
{
	for (unsigned i = SASL_MECHANISM_COUNT; i > 0; i--)
		if (mechanisms & SASL_BIT(i - 1))
			return (enum sasl_mechanism)(i - 1);
	return SASL_MECHANISM_COUNT;
}

void sasl_append_names(unsigned mechanisms, const char *before, GString *out)
{
	for (unsigned i = SASL_MECHANISM_COUNT; i > 0; i--)
		if (mechanisms & SASL_BIT(i - 1))
			g_string_append_printf(out, "%s%s", before, sasl_mechanism_names[i - 1]);
}

char *sasl_nonce_new(struct random_stream *random)
{
	uint8_t octets[NONCE_BYTES];

	if (random == NULL)
		return g_strdup("0");
	random_bytes(random, octets, sizeof octets);
	return g_base64_encode(octets, sizeof octets);
}

static bool is_digit(uint8_t octet)
{
	return g_ascii_isalnum((gchar)octet) || octet == '+' || octet == '/';
}

bool sasl_is_base64(struct bytes text)
{
	size_t digits = 0;

	if (text.length == 1 && text.data[0] == '=')
		return true;
	while (digits < text.length && is_digit(text.data[digits]))
		digits++;
	for (size_t i = digits; i < text.length; i++)
		if (text.data[i] != '=')
			return false;
	return text.length % 4 == 0 && text.length - digits <= 2;
}

char *sasl_base64_decode(struct bytes text, size_t *length)
{
	if (!sasl_is_base64(text))
		return NULL;
	if (text.length == 1)
		text.length = 0;

	char *encoded = g_strndup((const char *)text.data, text.length);
	gsize decoded_length = 0;
	guchar *decoded = text.length > 0 ? g_base64_decode(encoded, &decoded_length) : NULL;

	g_free(encoded);
	decoded = g_realloc(decoded, decoded_length + 1);
	decoded[decoded_length] = '\0';
	*length = decoded_length;
	return (char *)decoded;
}
