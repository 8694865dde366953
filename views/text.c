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
	char digits[20]; /* of UINT64_MAX */
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	for (size_t length = sizeof digits - at; length < width; length++)
		g_string_append_c(out, fill);
	text_append_bytes(out, digits + at, sizeof digits - at);
}

void text_number(GString *out, uint64_t number)
{
	text_number_right(out, number, 0, ' ');
}
