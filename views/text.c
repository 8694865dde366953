#include "views/text.h"

void text_spaces(GString *out, size_t count)
{
	static const char spaces[] =
	    "                                                                ";

	for (; count >= sizeof spaces; count -= sizeof spaces - 1)
		text_append_bytes(out, spaces, sizeof spaces - 1);
	text_append_bytes(out, spaces, count);
}

void text_left(GString *out, const char *text, size_t width)
{
	size_t length = strlen(text);

	text_append_bytes(out, text, length);
	if (length < width)
		text_spaces(out, width - length);
}

void text_number_right(GString *out, uint64_t number, unsigned width, char fill)
{
	char digits[32]; /* UINT64_MAX has 20 */
	size_t at = sizeof digits, least = sizeof digits - MIN(width, sizeof digits - 1);

	for (; number >= 100; number /= 100) {
		unsigned low = (unsigned)(number % 100);

		digits[--at] = (char)('0' + low % 10);
		digits[--at] = (char)('0' + low / 10);
	}
	digits[--at] = (char)('0' + number % 10);
	if (number >= 10)
		digits[--at] = (char)('0' + number / 10);
	if (at > least) {
		memset(digits + least, fill, at - least);
		at = least;
	}
	text_append_bytes(out, digits + at, sizeof digits - at);
}

void text_number(GString *out, uint64_t number)
{
	text_number_right(out, number, 0, ' ');
}
