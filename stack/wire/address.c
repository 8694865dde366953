#include "stack/wire/address.h"
#include <stdio.h>

const struct mac mac_broadcast = {
	{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
};

static const char hex_digits[] = "0123456789abcdef";

char *mac_print(struct mac mac, char out[MAC_TEXT_BYTES])
{
	for (int i = 0; i < 6; i++) {
		out[3 * i] = hex_digits[mac.octets[i] >> 4];
		out[3 * i + 1] = hex_digits[mac.octets[i] & 15];
		out[3 * i + 2] = i < 5 ? ':' : '\0';
	}
	return out;
}

char *ipv4_print(uint32_t address, char out[IPV4_TEXT_BYTES])
{
	char *p = out;

	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned octet = address >> shift & 0xff;

		if (octet >= 100)
			*p++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*p++ = (char)('0' + octet / 10 % 10);
		*p++ = (char)('0' + octet % 10);
		*p++ = shift > 0 ? '.' : '\0';
	}
	return out;
}

char *endpoint_print(struct endpoint endpoint, char out[ENDPOINT_TEXT_BYTES])
{
	char address[IPV4_TEXT_BYTES];

	snprintf(out, ENDPOINT_TEXT_BYTES, "%s:%u", ipv4_print(endpoint.address, address),
		 endpoint.port);
	return out;
}

static int hex_value(char c)
{
	const char *found = c == '\0' ? NULL : strchr("0123456789abcdefABCDEF", c);
	int index = found == NULL ? -1 : (int)(found - "0123456789abcdefABCDEF");

	return index > 15 ? index - 6 : index;
}

bool mac_parse(const char *text, struct mac *mac)
{
	struct mac parsed;

	for (int i = 0; i < 6; i++, text += 3) {
		int high = hex_value(text[0]);
		int low = high < 0 ? -1 : hex_value(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		parsed.octets[i] = (uint8_t)(high << 4 | low);
	}
	*mac = parsed;
	return true;
}

/* Reads a decimal number up to `max`, without leading zeros; returns what follows it, or NULL. */
static const char *decimal_parse(const char *text, unsigned max, unsigned *value)
{
	unsigned number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		number = number * 10 + (unsigned)(*p - '0');
		if (number > max)
			return NULL;
	}
	if (p == text || (text[0] == '0' && p > text + 1))
		return NULL;
	*value = number;
	return p;
}

/* Reads four numbers with dots; returns what follows them, or NULL. */
static const char *quad_parse(const char *text, uint32_t *address)
{
	uint32_t parsed = 0;

	for (int i = 0; i < 4; i++) {
		unsigned octet;

		if (i > 0 && *text++ != '.')
			return NULL;
		text = decimal_parse(text, 255, &octet);
		if (text == NULL)
			return NULL;
		parsed = parsed << 8 | octet;
	}
	*address = parsed;
	return text;
}

bool ipv4_parse(const char *text, uint32_t *address)
{
	uint32_t parsed;
	const char *end = quad_parse(text, &parsed);

	if (end == NULL || *end != '\0')
		return false;
	*address = parsed;
	return true;
}

bool ipv4_prefix_parse(const char *text, uint32_t *address, unsigned *prefix_length)
{
	uint32_t parsed;
	unsigned length;
	const char *end = quad_parse(text, &parsed);

	if (end == NULL || *end != '/')
		return false;
	end = decimal_parse(end + 1, 32, &length);
	if (end == NULL || *end != '\0')
		return false;
	*address = parsed;
	*prefix_length = length;
	return true;
}
