#include "protocols/dissect.h"

void dissect_print_line(struct bytes in, char out[DISSECT_TEXT_BYTES])
{
	static const char ellipsis[] = "...";
	const size_t room = DISSECT_TEXT_BYTES - 1;
	size_t length = 0;

	while (length < in.length && in.data[length] != '\n' && in.data[length] != '\r')
		length++;

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
