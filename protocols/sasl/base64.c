/* Base64 as SASL has it (RFC 4648 section 4, padding required). */
#include "protocols/sasl/sasl.h"

/* One more than each digit stands for; 0: it is none. */
/* clang-format off */
static const uint8_t digits[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

bool sasl_is_base64(struct bytes text)
{
	size_t count = 0;

	if (text.length == 1 && text.data[0] == '=')
		return true;
	while (count < text.length && digits[text.data[count]] != 0)
		count++;
	for (size_t i = count; i < text.length; i++)
		if (text.data[i] != '=')
			return false;
	return text.length % 4 == 0 && text.length - count <= 2;
}

/* The bits of a group of four; padding stands for none. */
static uint32_t group_at(const uint8_t *text)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4; i++)
		bits = bits << 6 | (text[i] == '=' ? 0 : digits[text[i]] - 1u);
	return bits;
}

size_t sasl_base64_read(struct bytes text, uint8_t *out)
{
	size_t length = text.length / 4 * 3;

	for (; text.length >= 4; text = bytes_from(text, 4), out += 3) {
		uint32_t bits = group_at(text.data);

		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
		length -= (text.data[2] == '=') + (text.data[3] == '=');
	}
	return length;
}

char *sasl_base64_decode(struct bytes text, size_t *length)
{
	uint8_t *octets;

	if (!sasl_is_base64(text))
		return NULL;
	octets = g_malloc(text.length / 4 * 3 + 1);
	*length = sasl_base64_read(text, octets);
	octets[*length] = '\0';
	return (char *)octets;
}
