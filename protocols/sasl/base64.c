/* Base64 as SASL has it (RFC 4648 section 4, padding required). */
#include "protocols/sasl/sasl.h"

/* One more than each digit stands for; padding is as good as the digit for 0. 0: neither. */
/* clang-format off */
static const uint8_t digits[256] = {
	['='] = 1,
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
	while (count < text.length && text.data[count] != '=' && digits[text.data[count]] != 0)
		count++;
	for (size_t i = count; i < text.length; i++)
		if (text.data[i] != '=')
			return false;
	return text.length % 4 == 0 && text.length - count <= 2;
}

/* The bits of a group of four. */
static uint32_t group_at(const uint8_t *text)
{
	const uint32_t ones = 1 << 18 | 1 << 12 | 1 << 6 | 1;

	return ((uint32_t)digits[text[0]] << 18) + ((uint32_t)digits[text[1]] << 12) +
	       ((uint32_t)digits[text[2]] << 6) + digits[text[3]] - ones;
}

size_t sasl_base64_read(struct bytes text, uint8_t *out)
{
	size_t groups = text.length / 4;

	if (groups == 0)
		return 0;
	for (size_t i = 0; i < groups; i++, out += 3) {
		uint32_t bits = group_at(text.data + 4 * i);

		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	return 3 * groups - (text.data[4 * groups - 1] == '=') - (text.data[4 * groups - 2] == '=');
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
