#include "protocols/mail/lines.h"

bool lines_end_bare(struct bytes run, bool was_return)
{
	if (run.length == 0 || run.data[run.length - 1] != '\n')
		return false;
	return run.length > 1 ? run.data[run.length - 2] != '\r' : !was_return;
}

void lines_append(GByteArray *out, struct bytes text)
{
	while (text.length > 0) {
		const uint8_t *feed = bytes_find_byte(text, '\n');
		size_t length = feed == NULL ? text.length : (size_t)(feed + 1 - text.data);
		struct bytes run = bytes_first(text, length);
		bool was_return = out->len > 0 && out->data[out->len - 1] == '\r';

		if (lines_end_bare(run, was_return)) {
			g_byte_array_append(out, run.data, (guint)length - 1);
			run = bytes_of("\r\n");
		}
		g_byte_array_append(out, run.data, (guint)run.length);
		text = bytes_from(text, length);
	}
}
