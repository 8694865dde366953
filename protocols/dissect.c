#include "protocols/dissect.h"
#include <glib.h>
#include <stdio.h>
#include <string.h>

bool dissect_keep(const struct dissect_input *input, struct bytes line, struct dissect_unit *unit)
{
	char text[DISSECT_TEXT_BYTES];

	if (input->unfinished == NULL || line.length > DISSECT_LINE_MAX)
		return false;
	*input->unfinished = line.length;
	if (unit == NULL)
		return true;
	dissect_print_line(line, text);
	unit->name = "Part of a line";
	unit->purpose = "The line is told of when its end has come.";
	unit->reference = NULL;
	unit->kind = DISSECT_PART;
	unit->depth = 0;
	unit->is_complete = false;
	unit->length = (uint32_t)line.length;
	snprintf(unit->summary, sizeof unit->summary, "part of a line: %.100s", text);
	return true;
}

void dissect_print_line(struct bytes in, char out[DISSECT_TEXT_BYTES])
{
	static const char ellipsis[] = "...";
	const size_t room = DISSECT_TEXT_BYTES - 1;
	size_t length = 0, blank = 0;

	while (length < in.length && in.data[length] != '\n' && in.data[length] != '\r')
		length++;

	while (blank < length && in.data[blank] == ' ')
		blank++;
	if (blank == length) {
		g_strlcpy(out, "(blank line)", DISSECT_TEXT_BYTES);
		return;
	}

	size_t shown = length <= room ? length : room - strlen(ellipsis);

	for (size_t i = 0; i < shown; i++) {
		uint8_t byte = in.data[i];

		out[i] = byte >= 0x20 && byte < 0x7f ? (char)byte : '.';
	}
	if (shown < length)
		memcpy(out + shown, ellipsis, sizeof ellipsis);
	else
		out[shown] = '\0';
}
